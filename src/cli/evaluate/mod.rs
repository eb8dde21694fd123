//! `batchdesk evaluate`: how much of what stands on labelled pages is found, and how much of what is found stands there.

mod labels;
mod score;

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use serde_json::{Value, json};

use self::labels::{Entry, entries};
use self::score::{FIELDS, Mistake, Tally};
use crate::scrape::payload::ScrapedPage;
use crate::scrape::{CleanUrlPayload, ScrapePayload, clean_url, extract_page, merge};

#[derive(Debug, Args)]
#[command(after_help = "\
A labelled site is a directory with pages and a labels.json:
  {\"url\": \"https://…\", \"pages\": [{\"file\": \"index.html\", \"url\": \"https://…\"}], \"region\": \"NZ\",
   \"expected\": {\"name\": [\"any\", \"of these\"], \"phones\": [\"+64…\"], \"social\": [\"https://www.facebook.com/…\"],
                \"hours\": [{\"days\": [\"Mo\", \"Tu\"], \"opens\": \"09:00\", \"closes\": \"17:00\"}], \"people\": [{\"name\": \"…\"}]},
   \"never\": [\"must not be found\"], \"alternatives\": {\"streets\": [[\"one spelling\", \"another\"]]}, \"note\": \"for readers\"}
Fields of `expected`: name, phones, fax, emails, social, streets, localities, postal_codes, countries, hours (counted by the day), people,
services, languages.
A field that `expected` does not name is not scored, but for what `never` forbids; an empty list means that nothing must be found.")]
pub struct Options {
    /// Directories of labelled sites, at any depth.
    #[arg(required = true, value_name = "DIRECTORY")]
    directories: Vec<PathBuf>,
    /// List what was missed, and what was found and is wrong.
    #[arg(long)]
    mistakes: bool,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
}

/// Prints one line a field.
pub fn run(options: &Options) -> anyhow::Result<()> {
    let mut sites = 0;
    let mut tallies = vec![Tally::default(); FIELDS.len()];
    let mut mistakes = Vec::new();
    for directory in &options.directories {
        for entry in entries(directory)? {
            let found = payload(&entry).with_context(|| entry.directory.display().to_string())?;
            sites += 1;
            for (field, tally) in FIELDS.iter().zip(&mut tallies) {
                let outcome = field.judge(&entry.labels, &found);
                tally.add(&outcome);
                let site = entry.name();
                mistakes.extend(outcome.mistakes().map(|mistake| (site.clone(), field.name, mistake)));
            }
        }
    }
    anyhow::ensure!(sites > 0, "there is no labels.json under the directories");
    let mut out = std::io::stdout().lock();
    let written = if options.json {
        let told = as_json(sites, &tallies, options.mistakes.then_some(&mistakes));
        writeln!(out, "{told}")
    } else {
        let shown = if options.mistakes { &mistakes[..] } else { &[] };
        print_table(&mut out, sites, &tallies).and_then(|()| print_mistakes(&mut out, shown))
    };
    Ok(super::unless_reader_left(written)?)
}

fn print_mistakes(out: &mut impl Write, mistakes: &[(String, &str, Mistake)]) -> std::io::Result<()> {
    for (site, field, mistake) in mistakes {
        writeln!(out, "{site:<34} {field:<12} {mistake}")?;
    }
    Ok(())
}

/// What the scraper and the aggregator make of the pages.
fn payload(entry: &Entry) -> anyhow::Result<Value> {
    let clean = clean_url(&entry.labels.url).map_err(|refusal| anyhow::anyhow!("url: {refusal}"))?;
    let mut pages = Vec::with_capacity(entry.labels.pages.len());
    for page in &entry.labels.pages {
        let path = entry.directory.join(&page.file);
        let body = std::fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        let url = page.url.parse().with_context(|| page.url.clone())?;
        let region = entry.labels.region.as_deref();
        pages.push(ScrapedPage {
            url: page.url.clone(),
            status: Some(200),
            bytes: body.len() as u64,
            facts: extract_page(&body, page.content_type.as_deref(), &url, region),
            ..ScrapedPage::default()
        });
    }
    let scraped = ScrapePayload {
        final_url: clean.url.to_string(),
        pages,
        extra: serde_json::Map::new(),
    };
    Ok(serde_json::to_value(merge(&CleanUrlPayload::from(&clean), &scraped))?)
}

fn print_table(out: &mut impl Write, sites: usize, tallies: &[Tally]) -> std::io::Result<()> {
    writeln!(out, "{sites} sites")?;
    writeln!(
        out,
        "{:<14} {:>8} {:>7} {:>7} {:>7} {:>9} {:>10} {:>7} {:>6}",
        "field", "labelled", "right", "missed", "wrong", "forbidden", "precision", "recall", "F1"
    )?;
    for (field, tally) in FIELDS.iter().zip(tallies) {
        writeln!(
            out,
            "{:<14} {:>8} {:>7} {:>7} {:>7} {:>9} {:>10} {:>7} {:>6}",
            field.name,
            tally.right + tally.missed,
            tally.right,
            tally.missed,
            tally.wrong,
            tally.forbidden,
            figure(tally.precision()),
            figure(tally.recall()),
            figure(tally.f1())
        )?;
    }
    Ok(())
}

fn figure(share: Option<f64>) -> String {
    share.map_or("-".to_owned(), |share| format!("{share:.3}"))
}

fn as_json(sites: usize, tallies: &[Tally], mistakes: Option<&Vec<(String, &str, Mistake)>>) -> Value {
    let fields: serde_json::Map<String, Value> = FIELDS
        .iter()
        .zip(tallies)
        .map(|(field, tally)| {
            let figures = json!({
                "right": tally.right,
                "missed": tally.missed,
                "wrong": tally.wrong,
                "forbidden": tally.forbidden,
                "precision": tally.precision(),
                "recall": tally.recall(),
                "f1": tally.f1(),
            });
            (field.name.to_owned(), figures)
        })
        .collect();
    let mistakes = mistakes.map(|mistakes| {
        let told = mistakes
            .iter()
            .map(|(site, field, mistake)| json!({ "site": site, "field": field, "mistake": mistake.to_string() }));
        Value::Array(told.collect())
    });
    json!({ "sites": sites, "fields": fields, "mistakes": mistakes })
}
