//! What the scraper and the aggregator make of every site, beside what `findings.txt` says that they should.

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::try_join_all;

use super::{Outcome, SampleSites, home};
use crate::scrape::payload::{Address, FinalPayload, OpeningHours, Person, PhoneKind, Source};
use crate::scrape::{
    AddressGuard, ByteBudget, CleanUrlPayload, FetchError, FetchSettings, Fetcher, Pace, RobotsCache, SiteSettings,
    clean_url, merge, scrape_site,
};

/// A paragraph a site: its name, then `field value` lines, several where a field has several values. `?` instead of a
/// value: what is found there now is not what the page says.
const FINDINGS: &str = include_str!("findings.txt");

/// The fields that are compared; one without a line has no value.
const FIELDS: [&str; 9] = [
    "name", "phone", "fax", "email", "address", "hours", "person", "service", "booking",
];

/// Sites that answer like this do so twice at most.
const ATTEMPTS: usize = 3;

struct NoPace;

#[async_trait::async_trait]
impl Pace for NoPace {
    async fn before_request(&self, _: &str, _: Duration) -> Result<(), FetchError> {
        Ok(())
    }

    fn report(&self, _: &str, _: u16, _: Option<Duration>) {}
}

/// A paragraph of [`FINDINGS`].
struct Written {
    site: &'static str,
    lines: Vec<(&'static str, &'static str)>,
}

impl Written {
    fn all() -> Vec<Self> {
        let mut out: Vec<Self> = Vec::new();
        for line in FINDINGS.lines().filter(|line| !line.is_empty()) {
            match (line.strip_prefix("  "), out.last_mut()) {
                (Some(line), Some(written)) => {
                    let (field, value) = line.split_once(' ').unwrap_or((line, ""));
                    assert!(FIELDS.contains(&field), "{field} of {}", written.site);
                    written.lines.push((field, value.trim_start()));
                }
                _ => out.push(Self {
                    site: line,
                    lines: Vec::new(),
                }),
            }
        }
        out
    }

    fn field(&self, name: &str) -> Vec<&str> {
        let lines = self.lines.iter().filter(|(field, _)| *field == name);
        lines.map(|(_, value)| *value).collect()
    }
}

async fn read(sites: &SampleSites, site: &str) -> Result<FinalPayload, Box<dyn Error>> {
    // Another test may have been first to install it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let settings = FetchSettings::default();
    let guard = AddressGuard::new(vec!["127.0.0.0/8".parse()?]);
    let budget = ByteBudget::new(4 << 20, settings.max_body_bytes);
    let robots = RobotsCache::new(&settings.user_agent);
    let fetcher = Fetcher::new(settings, Arc::new(guard), budget)?;
    let clean = clean_url(&home(sites, site)?)?;
    let mut attempt = 1;
    let scraped = loop {
        match scrape_site(&fetcher, &robots, &NoPace, &clean.url, &SiteSettings::default(), &[]).await {
            Err(error) if error.retryable && attempt < ATTEMPTS => attempt += 1,
            scraped => break scraped.map_err(|error| format!("{site}: {error}"))?,
        }
    };
    Ok(merge(&CleanUrlPayload::from(&clean), &scraped))
}

/// The values of a field, as `findings.txt` writes them.
fn values(found: &FinalPayload, field: &str) -> Vec<String> {
    let numbers = |kind: PhoneKind| {
        let numbers = found.phones.iter().filter(move |phone| phone.kind == kind);
        numbers.filter_map(|phone| phone.e164.clone()).collect()
    };
    match field {
        "name" => found.name.iter().cloned().collect(),
        "phone" => numbers(PhoneKind::Phone),
        "fax" => numbers(PhoneKind::Fax),
        "email" => found.emails.clone(),
        "address" => found.addresses.iter().map(address).collect(),
        "hours" => found.opening_hours.iter().map(hours).collect(),
        "person" => found.people.iter().map(person).collect(),
        "service" => found.services.clone(),
        "booking" => found.booking_url.iter().cloned().collect(),
        _ => Vec::new(),
    }
}

fn address(address: &Address) -> String {
    let parts = [
        &address.street,
        &address.locality,
        &address.region,
        &address.postal_code,
        &address.country,
    ];
    parts.map(|part| part.as_deref().unwrap_or("-")).join("; ")
}

fn hours(hours: &OpeningHours) -> String {
    let mut out = String::new();
    for day in &hours.days {
        out.push_str(&format!("{day:?} "));
    }
    out + &format!("{}-{}", hours.opens, hours.closes)
}

fn person(person: &Person) -> String {
    match &person.role {
        Some(role) => format!("{}: {role}", person.name),
        None => person.name.clone(),
    }
}

#[tokio::test]
async fn every_site_tells_what_stands_on_it() -> Outcome {
    let sites = SampleSites::start().await?;
    let written = Written::all();
    let found = try_join_all(written.iter().map(|written| read(&sites, written.site))).await?;
    let mut wrong = String::new();
    for (written, found) in written.iter().zip(&found) {
        for field in FIELDS {
            let (expected, values) = (written.field(field), values(found, field));
            if expected != ["?"] && expected != values {
                writeln!(
                    wrong,
                    "{} {field}: {values:#?}\nrather than {expected:#?}",
                    written.site
                )?;
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    Ok(())
}

#[tokio::test]
async fn every_site_that_can_be_read_is_written_down() -> Outcome {
    let sites = SampleSites::start().await?;
    let written: BTreeSet<&str> = Written::all().iter().map(|written| written.site).collect();
    for site in sites.addresses.keys() {
        let readable = read(&sites, site).await.is_ok();
        assert_eq!(readable, written.contains(site), "{site}");
    }
    Ok(())
}

#[tokio::test]
async fn together_the_sites_use_every_source() -> Outcome {
    let sites = SampleSites::start().await?;
    let found = try_join_all(Written::all().iter().map(|written| read(&sites, written.site))).await?;
    let sources: BTreeSet<Source> = found
        .iter()
        .flat_map(|found| found.provenance.values().map(|provenance| provenance.source))
        .collect();
    let all = [
        Source::JsonLd,
        Source::Microdata,
        Source::Rdfa,
        Source::Opengraph,
        Source::Link,
        Source::Text,
    ];
    assert_eq!(sources, BTreeSet::from(all));
    Ok(())
}
