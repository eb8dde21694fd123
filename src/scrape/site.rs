//! The scraper worker: one website, from its home page to the few pages that hold contact, team, services or hours.
//!
//! A website is what has one registrable domain: `www.` and every other subdomain belong to it, unless the Public Suffix
//! List says that the domain is shared by strangers. A page on another subdomain than the home page's, or in another
//! language, has to promise more.

mod maps;
mod visit;
mod walk;

use super::fetch::{FetchError, FetchErrorKind, Fetcher};
use super::payload::{PageLink, ScrapePayload, ScrapedPage};
use super::robots::RobotsCache;
use async_trait::async_trait;
use std::time::Duration;
use url::Url;
use visit::Visitor;
use walk::Walk;

/// Politeness towards a host, which the caller keeps across all jobs.
#[async_trait]
pub trait Pace: Send + Sync {
    /// Waits until a request to `host_key` is polite. The next one comes no sooner than `at_least` after it.
    ///
    /// # Errors
    /// A [`FetchError`] when the wait would be too long; it ends the scrape and says when to come back.
    async fn before_request(&self, host_key: &str, at_least: Duration) -> Result<(), FetchError>;

    /// Tells how the host answered, so that 429 and 503 slow others down too.
    fn report(&self, host_key: &str, status: u16, retry_after: Option<Duration>);
}

/// How a website is read.
#[derive(Debug, Clone)]
pub struct SiteSettings {
    /// Pages besides the home page (`scrape.max_pages`).
    pub max_pages: usize,
    /// Whether robots.txt decides (`scrape.respect_robots`).
    pub respect_robots: bool,
    /// ISO 3166-1 alpha-2 of where phones without a country code are, when neither address nor domain say so.
    pub region: Option<String>,
}

impl Default for SiteSettings {
    fn default() -> Self {
        Self {
            max_pages: 4,
            respect_robots: true,
            region: None,
        }
    }
}

/// Pages that robots.txt forbids, and that do not count as further pages: nobody was asked for them.
const FREE_REFUSALS: usize = 4;

/// Reads the website at `start`: its home page, then up to `max_pages` pages of the same website.
///
/// `former` are the pages as they were read in an earlier life. They are asked for with their validators, and where the
/// server says that one has not changed, what it gave then is taken again.
///
/// # Errors
/// [`FetchError`] when the home page cannot be had. A further page that fails is noted in the payload instead.
pub async fn scrape_site(
    fetcher: &Fetcher,
    robots: &RobotsCache,
    pace: &dyn Pace,
    start: &Url,
    settings: &SiteSettings,
    former: &[ScrapedPage],
) -> Result<ScrapePayload, FetchError> {
    let visitor = Visitor::new(fetcher, robots, pace, settings, former);
    let (home, mut home_facts) = visitor.home(start).await?;
    let mut walk = Walk::from(start, &home.url);
    walk.remember(&home);
    if home.unchanged {
        walk.add(links_of(former, &home.url));
    } else {
        walk.add(std::mem::take(&mut home_facts.links));
        if settings.max_pages > 0 && walk.finds_little() {
            walk.add(visitor.site_map(&home.url).await);
        }
    }
    let mut payload = ScrapePayload {
        final_url: home.url.to_string(),
        pages: vec![home.into_page(home_facts)],
        extra: serde_json::Map::new(),
    };
    let (mut left, mut free_refusals) = (settings.max_pages, FREE_REFUSALS);
    while left > 0 {
        let Some(next) = walk.take_best() else {
            break;
        };
        left -= 1;
        match visitor.page_behind_refreshes(&next, Some(walk.site())).await {
            Ok((page, mut facts)) => {
                walk.add(std::mem::take(&mut facts.links));
                if walk.remember(&page) {
                    payload.pages.push(page.into_page(facts));
                }
            }
            Err(error) => {
                if error.kind == FetchErrorKind::RobotsDisallowed && free_refusals > 0 {
                    (left, free_refusals) = (left + 1, free_refusals - 1);
                }
                let stop = matches!(error.kind, FetchErrorKind::Limited | FetchErrorKind::Status(429 | 503))
                    || visitor.has_no_time();
                payload.pages.push(failed_page(&next, &error));
                if stop {
                    break;
                }
            }
        }
    }
    Ok(payload)
}

/// The further pages that were read when the home page was as it is now: which links it has is not stored.
fn links_of(former: &[ScrapedPage], home: &Url) -> Vec<PageLink> {
    let urls = former.iter().filter_map(|page| Url::parse(&page.url).ok());
    urls.filter(|url| url != home)
        .map(|url| PageLink {
            url,
            score: 100,
            kind: None,
        })
        .collect()
}

fn failed_page(url: &Url, error: &FetchError) -> ScrapedPage {
    let status = match error.kind {
        FetchErrorKind::Status(status) => Some(status),
        _ => None,
    };
    ScrapedPage {
        url: url.to_string(),
        status,
        error: Some(error.to_string()),
        ..ScrapedPage::default()
    }
}

#[cfg(test)]
#[path = "site_tests.rs"]
mod tests;
