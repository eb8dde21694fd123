//! `batchdesk extract`: what the scraper and the aggregator make of saved pages, with no network.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use serde::Serialize;
use url::Url;

use crate::scrape::charset;
use crate::scrape::fetch::kind::{Declared, declared, other_than_page};
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
    /// Take the pages for one website, home page first, and print one merged result. Where the others were found is told by the
    /// names of their files, as they stand beside the first.
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
    let mut refused = 0;
    for file in &options.pages {
        match page(options, &clean.url, file) {
            Ok(page) => pages.push((file.as_path(), page)),
            Err(error) => {
                eprintln!("batchdesk: {error:#}");
                refused += 1;
            }
        }
    }
    let groups: Vec<(&Path, Vec<ScrapedPage>)> = if options.site && !pages.is_empty() {
        vec![(pages[0].0, pages.into_iter().map(|(_, page)| page).collect())]
    } else {
        pages.into_iter().map(|(file, page)| (file, vec![page])).collect()
    };
    let mut out = std::io::stdout().lock();
    for (file, pages) in groups {
        let scraped = ScrapePayload {
            final_url: clean.url.to_string(),
            pages,
            extra: serde_json::Map::new(),
        };
        let result = merge(&url, &scraped);
        if result.confidence == 0.0 {
            eprintln!(
                "batchdesk: {}: nothing was found; pages that only scripts fill are to be saved as they are shown",
                file.display()
            );
        }
        let line = serde_json::to_string(&Extracted { file, result })?;
        super::unless_reader_left(writeln!(out, "{line}"))?;
    }
    anyhow::ensure!(
        refused == 0,
        "{refused} of {} files could not be read",
        options.pages.len()
    );
    Ok(())
}

/// What stands on one saved page.
fn page(options: &Options, url: &Url, file: &Path) -> anyhow::Result<ScrapedPage> {
    anyhow::ensure!(
        !file.is_dir(),
        "{0} is a directory: name its pages, such as {0}/*.html",
        file.display()
    );
    let body = read(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let content_type = options.content_type.as_deref();
    let declared = declared(content_type);
    anyhow::ensure!(
        declared != Declared::Other,
        "--content-type {}: that is no web page",
        content_type.unwrap_or_default()
    );
    if let Some(charset) = content_type.and_then(charset::unknown) {
        anyhow::bail!("--content-type: {charset} is no charset of the web; leave it out to have it found out");
    }
    if let Some(what) = other_than_page(declared, &body) {
        anyhow::bail!("{} holds {what}, not a web page: leave it out", file.display());
    }
    let at = address(options, url, file);
    let facts = extract_page(&body, content_type, &at, options.region.as_deref());
    Ok(ScrapedPage {
        url: at.into(),
        bytes: body.len() as u64,
        facts,
        ..ScrapedPage::default()
    })
}

/// Where a page was: those of a website behind the first stand where their files stand beside it.
fn address(options: &Options, url: &Url, file: &Path) -> Url {
    let first = options.pages[0].as_path();
    if !options.site || file == first {
        return url.clone();
    }
    let beside = first.parent().and_then(|parent| file.strip_prefix(parent).ok());
    let path = beside.or(file.file_name().map(Path::new)).unwrap_or(file);
    let mut at = url.clone();
    at.set_query(None);
    at.set_fragment(None);
    if let Ok(mut segments) = at.path_segments_mut() {
        // "/" and "/index.html" are pages of the same directory.
        segments.pop();
        segments.extend(path.components().map(|part| part.as_os_str().to_string_lossy()));
    }
    at
}

fn read(file: &Path) -> std::io::Result<Vec<u8>> {
    if file != Path::new("-") {
        return std::fs::read(file);
    }
    let mut body = Vec::new();
    std::io::stdin().lock().read_to_end(&mut body)?;
    Ok(body)
}
