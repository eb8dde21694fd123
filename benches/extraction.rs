//! How long one core reads a page, from its bytes to its facts: pages of usual sizes, and the costliest of the pages that
//! were made to cost.
//!
//! `cargo bench --bench extraction -- [--pages tests/labelled] [--hostile-bytes 2097152] [--only digits] [--every]`
//!
//! The pages of text and markup are those of the load simulator, one practice each; those of contact details are labelled
//! ones, repeated up to the size: there is more to read in them than on a page of that size elsewhere; memory is the most that the process held
//! while it read hostile pages, above what it held before.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a benchmark may stop at any surprise"
)]

#[path = "../src/scrape/extract/tests/hostile_pages.rs"]
mod hostile_pages;

use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use batchdesk::scrape::extract_page;
use batchdesk::simulators::load::page;
use clap::Parser;

#[derive(Parser)]
struct Options {
    /// Directory of labelled sites.
    #[arg(long, default_value = "tests/labelled")]
    pages: PathBuf,
    /// Size of the hostile pages; 2 MiB is the most that the scraper takes in by default.
    #[arg(long, default_value_t = 2 * 1024 * 1024)]
    hostile_bytes: usize,
    /// Only hostile pages of whose kind the name contains this.
    #[arg(long)]
    only: Option<String>,
    /// Print every kind of hostile page, not the costliest alone.
    #[arg(long)]
    every: bool,
    #[arg(long, hide = true)]
    bench: bool,
}

/// A page, as a server sends it, and its address.
struct Page {
    body: Vec<u8>,
    url: url::Url,
}

const SMALL: usize = 20_000;
const LARGE: usize = 1_000_000;

fn main() {
    let options = Options::parse();
    if options.only.is_none() {
        let pages = labelled(&options.pages);
        assert!(!pages.is_empty(), "there is no page under {}", options.pages.display());
        print_times("20 KB of text and markup", &simulated(), SMALL, 20);
        print_times("20 KB of contact details", &pages, SMALL, 20);
        print_times("1 MB of text and markup", &simulated(), LARGE, 1);
        print_times("1 MB of contact details", &pages, LARGE, 1);
    }
    hostile(&options);
}

/// Pages with contact details, a menu, headings and prose.
fn simulated() -> Vec<Page> {
    let url: url::Url = "https://www.practice.co.nz/".parse().unwrap();
    (0..25)
        .map(|n| Page {
            body: page(n).into_bytes(),
            url: url.clone(),
        })
        .collect()
}

/// The first page of each labelled site, by name.
fn labelled(directory: &Path) -> Vec<Page> {
    let mut sites: Vec<PathBuf> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    sites.sort();
    let mut pages = Vec::new();
    for site in sites {
        let Ok(labels) = fs::read(site.join("labels.json")) else {
            continue;
        };
        let labels: serde_json::Value = serde_json::from_slice(&labels).unwrap();
        let page = &labels["pages"][0];
        pages.push(Page {
            body: fs::read(site.join(page["file"].as_str().unwrap())).unwrap(),
            url: page["url"].as_str().unwrap().parse().unwrap(),
        });
    }
    pages
}

fn print_times(name: &str, pages: &[Page], size: usize, repeats: usize) {
    let mut times: Vec<Duration> = pages
        .iter()
        .map(|page| {
            let body = sized(&page.body, size);
            let mut runs: Vec<Duration> = (0..repeats + 2).map(|_| read(&body, &page.url)).collect();
            runs.sort();
            runs[runs.len() / 2]
        })
        .collect();
    times.sort();
    println!(
        "{name:<26} {:>3} pages: median {:>7.3} ms, slowest {:>7.3} ms",
        times.len(),
        milliseconds(times[times.len() / 2]),
        milliseconds(times[times.len() - 1]),
    );
}

/// The page's content again and again up to `size`: shorter pages are repeated, longer ones cut.
fn sized(body: &[u8], size: usize) -> Vec<u8> {
    body.iter().copied().cycle().take(size).collect()
}

fn hostile(options: &Options) {
    let url: url::Url = "https://www.smile-dental.co.nz/".parse().unwrap();
    let mut slowest = (Duration::ZERO, "");
    let before = peak();
    for (name, make) in hostile_pages::KINDS {
        if options.only.as_ref().is_some_and(|only| !name.contains(only.as_str())) {
            continue;
        }
        let body = make(options.hostile_bytes).into_bytes();
        let time = read(&body, &url);
        if options.every || options.only.is_some() {
            println!("{name:<44} {:>9.1} ms", milliseconds(time));
        }
        slowest = slowest.max((time, name));
    }
    println!(
        "hostile  {} kinds of {:.1} MB: slowest {:.0} ms ({}), memory {:.0} MB at most",
        hostile_pages::KINDS.len(),
        megabytes(options.hostile_bytes as u64),
        milliseconds(slowest.0),
        slowest.1,
        megabytes(peak().saturating_sub(before)),
    );
}

fn read(body: &[u8], url: &url::Url) -> Duration {
    let started = Instant::now();
    black_box(extract_page(
        black_box(body),
        Some("text/html; charset=utf-8"),
        url,
        None,
    ));
    started.elapsed()
}

/// Most memory that this process has held at once, in bytes (proc(5)).
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
