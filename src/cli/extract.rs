//! `batchdesk extract`: what the scraper and the aggregator make of saved pages, with no network.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use serde::Serialize;
use url::Url;

use crate::scrape::fetch::kind::other_than_page;
use crate::scrape::payload::ScrapedPage;
use crate::scrape::{CleanUrlPayload, FinalPayload, ScrapePayload, clean_url, extract_page, merge};

#[derive(Debug, Args)]
pub struct Options {
    /// Saved HTML pages; `-` is standard input.
    #[arg(required = true, value_name = "PAGE.html")]
    pages: Vec<PathBuf>,
    /// Where the pages were found: relative links and the domain are understood from it.
    #[arg(long)]
    url: String,
    /// Take the pages for one website, home page first, and print one merged result. Where the others were found is told by
    /// their names.
    #[arg(long)]
    site: bool,
    /// Country whose phone numbers are assumed where a page names none, such as NZ.
    #[arg(long, value_name = "COUNTRY", value_parser = crate::scrape::region_code)]
    region: Option<String>,
    /// The `Content-Type` that the pages came with, if its charset matters.
    #[arg(long, value_name = "TYPE")]
    content_type: Option<String>,
}

/// One line of the output.
#[derive(Serialize)]
struct Extracted<'a> {
    file: &'a Path,
    #[serde(flatten)]
    result: FinalPayload,
}

/// Prints one JSON object a line: one a page, or one for all.
pub fn run(options: &Options) -> anyhow::Result<()> {
    let clean = clean_url(&options.url).map_err(|refusal| anyhow::anyhow!("--url: {refusal}"))?;
    let url = CleanUrlPayload::from(&clean);
    let mut pages = Vec::with_capacity(options.pages.len());
    for file in &options.pages {
        let body = read(file).with_context(|| format!("{} cannot be read", file.display()))?;
        if let Some(what) = other_than_page(&body) {
            anyhow::bail!("{} holds {what}, not a web page", file.display());
        }
        let at = address(options, &clean.url, file, pages.len());
        let facts = extract_page(&body, options.content_type.as_deref(), &at, options.region.as_deref());
        pages.push(ScrapedPage {
            url: at.into(),
            status: Some(200),
            bytes: body.len() as u64,
            facts,
            ..ScrapedPage::default()
        });
    }
    let groups: Vec<(&Path, Vec<ScrapedPage>)> = if options.site {
        vec![(options.pages[0].as_path(), pages)]
    } else {
        options
            .pages
            .iter()
            .map(PathBuf::as_path)
            .zip(pages.into_iter().map(|page| vec![page]))
            .collect()
    };
    let mut out = std::io::stdout().lock();
    for (file, pages) in groups {
        let scraped = ScrapePayload {
            final_url: clean.url.to_string(),
            pages,
            extra: serde_json::Map::new(),
        };
        let line = serde_json::to_string(&Extracted {
            file,
            result: merge(&url, &scraped),
        })?;
        writeln!(out, "{line}")?;
    }
    Ok(())
}

/// Where a page was: of a website's further pages the file's name tells.
fn address(options: &Options, url: &Url, file: &Path, at: usize) -> Url {
    let name = file.file_name().filter(|_| options.site && at > 0);
    name.and_then(|name| url.join(&name.to_string_lossy()).ok())
        .unwrap_or_else(|| url.clone())
}

fn read(file: &Path) -> std::io::Result<Vec<u8>> {
    if file != Path::new("-") {
        return std::fs::read(file);
    }
    let mut body = Vec::new();
    std::io::stdin().lock().read_to_end(&mut body)?;
    Ok(body)
}
