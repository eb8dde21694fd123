//! The whole job through the real daemon, against pages of 20 KB on loopback: practices per second, the daemon's own
//! CPU time and memory, how soon it is ready, and how long one practice alone takes.
//!
//! `cargo bench --bench whole_job -- [--practices 20000]`. The pages come from nginx if there is one, else from a
//! simulator in this process, which then competes for the same cores.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a benchmark may stop at any surprise"
)]

#[path = "support/daemon.rs"]
mod daemon;
#[path = "support/pages.rs"]
mod pages;

use std::time::{Duration, Instant};

use batchdesk::simulators::load::page;
use clap::Parser;
use daemon::{Api, Daemon, make_token};
use pages::serve_pages;
use reqwest::Client;

#[derive(Parser)]
struct Options {
    #[arg(long, default_value_t = 20_000)]
    practices: u64,
    /// A PostgreSQL database that may be filled; SQLite in a temporary directory if absent.
    #[arg(long)]
    database: Option<String>,
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() {
    let options = Options::parse();
    rustls::crypto::ring::default_provider().install_default().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(measure(&options));
}

async fn measure(options: &Options) {
    let directory = tempfile::tempdir().unwrap();
    let (pages, server) = serve_pages(directory.path()).await;
    println!("pages of {} bytes from {server}", page(0).len());
    let database = options
        .database
        .as_ref()
        .map(|url| format!("[database]\nurl = {url:?}\n"))
        .unwrap_or_default();
    let config = directory.path().join("config.toml");
    let text = format!(
        "data_dir = {:?}\n{database}[http]\nlisten = \"127.0.0.1:0\"\n[network]\nallow_cidrs = [\"127.0.0.0/8\"]\n\
         [scrape]\nmax_pages = 0\nhost_delay_ms = 0\nhost_concurrency = 64\nrespect_robots = false\n[log]\nlevel = \"warn\"\n",
        directory.path().join("data")
    );
    std::fs::write(&config, text).unwrap();
    let token = make_token(&config);
    let daemon = Daemon::start(&config).await;
    println!(
        "ready:                    {:>8.0} ms after the process began",
        daemon.ready_after.as_secs_f64() * 1e3
    );
    tokio::time::sleep(Duration::from_secs(2)).await;
    println!(
        "idle:                     {:>8.1} MB",
        daemon.memory("VmRSS") as f64 / 1e6
    );
    let api = Api {
        client: Client::new(),
        base: daemon.base.clone(),
        token,
    };

    let mut alone = Vec::new();
    for n in 0..15 {
        let job = api.upload(format!("website\n{}\n", pages.url(1_000_000 + n))).await;
        let accepted = Instant::now();
        api.wait(&job, Duration::from_micros(500)).await;
        alone.push(accepted.elapsed());
    }
    alone.sort_unstable();
    println!(
        "one practice alone:       {:>8.1} ms from accepted to aggregated (median)",
        alone[7].as_secs_f64() * 1e3
    );

    let mut csv = "website\n".to_owned();
    (0..options.practices).for_each(|n| csv.push_str(&format!("{}\n", pages.url(n))));
    let cpu = daemon.cpu_seconds();
    let started = Instant::now();
    let job = api.upload(csv).await;
    let accepted = started.elapsed();
    api.wait(&job, Duration::from_millis(20)).await;
    let elapsed = (started.elapsed() - accepted).as_secs_f64();
    let practices = options.practices as f64;
    println!(
        "upload:                   {:>8.0} rows/s",
        practices / accepted.as_secs_f64()
    );
    println!(
        "whole job:                {:>8.0} practices/s, {:.2} CPU-s of the daemon per 1,000, {:.0} MB at most",
        practices / elapsed,
        (daemon.cpu_seconds() - cpu) / practices * 1_000.0,
        daemon.memory("VmHWM") as f64 / 1e6
    );
}
