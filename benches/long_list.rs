//! One very long list through the real daemon: memory from upload to spreadsheet, the pace beside that of a short list,
//! how soon another job begins meanwhile, how fast lists answer, and how soon the daemon is ready again.
//!
//! `cargo bench --bench long_list -- [--practices 1000000]`. The pages come from nginx if there is one.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a benchmark may stop at any surprise"
)]

#[path = "support/daemon.rs"]
mod daemon;
#[path = "support/pages.rs"]
mod pages;

use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use clap::Parser;
use daemon::{Api, Daemon, make_token};
use pages::{Pages, serve_pages};
use reqwest::Client;
use serde_json::Value;

#[derive(Parser)]
struct Options {
    #[arg(long, default_value_t = 1_000_000)]
    practices: u64,
    /// Practices of the short list that the pace is compared with.
    #[arg(long, default_value_t = 10_000)]
    short: u64,
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
    println!("pages from {server}");
    let config = directory.path().join("config.toml");
    let text = format!(
        "data_dir = {:?}\n[http]\nlisten = \"127.0.0.1:0\"\nmax_upload_bytes = 1000000000\n[network]\n\
         allow_cidrs = [\"127.0.0.0/8\"]\n[scrape]\nmax_pages = 0\nhost_delay_ms = 0\nhost_concurrency = 64\n\
         respect_robots = false\n[log]\nlevel = \"warn\"\n",
        directory.path().join("data")
    );
    std::fs::write(&config, text).unwrap();
    let token = make_token(&config);
    let daemon = Daemon::start(&config).await;
    let api = Api {
        client: Client::new(),
        base: daemon.base.clone(),
        token,
    };

    let short = list(directory.path(), &pages, 0..options.short);
    let pace = pace(&api, &short, options.short).await;
    println!(
        "short list:               {:>8.0} us a practice ({})",
        pace.as_secs_f64() * 1e6,
        options.short
    );

    let long = list(directory.path(), &pages, 0..options.practices);
    let started = Instant::now();
    let uploading = tokio::spawn({
        let (api, long) = (api.clone(), long.clone());
        async move { api.upload(tokio::fs::File::open(long).await.unwrap()).await }
    });
    let begun = begins(&api, &pages, 10_000_001).await;
    println!(
        "another job begins:       {:>8.0} ms after it was sent, while the long list is taken in",
        begun.as_secs_f64() * 1e3
    );
    let job = uploading.await.unwrap();
    let accepted = started.elapsed();
    println!(
        "upload:                   {:>8.1} s for {} rows, {:.0} MB at most",
        accepted.as_secs_f64(),
        options.practices,
        daemon.memory("VmHWM") as f64 / 1e6
    );
    let begun = begins(&api, &pages, 10_000_101).await;
    println!(
        "another job begins:       {:>8.0} ms after it was sent, while the long list runs",
        begun.as_secs_f64() * 1e3
    );
    lists(&api, &job, "while it runs").await;
    api.wait(&job, Duration::from_millis(100)).await;
    let elapsed = started.elapsed() - accepted;
    let each = elapsed / u32::try_from(options.practices).unwrap();
    println!(
        "long list:                {:>8.0} us a practice, {:+.1} % beside the short one, {:.0} MB at most",
        each.as_secs_f64() * 1e6,
        (each.as_secs_f64() / pace.as_secs_f64() - 1.0) * 100.0,
        daemon.memory("VmHWM") as f64 / 1e6
    );
    lists(&api, &job, "when it is done").await;
    for format in ["csv", "ndjson", "json", "xlsx"] {
        let started = Instant::now();
        let bytes = export(&api, &job, format).await;
        println!(
            "export as {format:<6}          {:>8.1} s, {:.0} MB of file, {:.0} MB of memory at most",
            started.elapsed().as_secs_f64(),
            bytes as f64 / 1e6,
            daemon.memory("VmHWM") as f64 / 1e6
        );
    }
    drop(daemon);
    let again = Daemon::start(&config).await;
    println!(
        "ready after kill -9:      {:>8.0} ms",
        again.ready_after.as_secs_f64() * 1e3
    );
}

fn list(directory: &Path, pages: &Pages, practices: std::ops::Range<u64>) -> std::path::PathBuf {
    let path = directory.join(format!("{}.csv", practices.end));
    let mut file = std::io::BufWriter::new(std::fs::File::create(&path).unwrap());
    writeln!(file, "name,city,website,phone,notes").unwrap();
    for n in practices {
        writeln!(
            file,
            "Practice {n},Auckland,{},09 555 {:04},\"from the spring list, row {n}\"",
            pages.url(n),
            n % 10_000
        )
        .unwrap();
    }
    file.flush().unwrap();
    path
}

/// Time a practice of a list that runs alone, the upload not counted.
async fn pace(api: &Api, list: &Path, practices: u64) -> Duration {
    let job = api.upload(tokio::fs::File::open(list).await.unwrap()).await;
    let started = Instant::now();
    api.wait(&job, Duration::from_millis(5)).await;
    started.elapsed() / u32::try_from(practices).unwrap()
}

/// How long a job of ten takes from being sent to its first finished practice.
async fn begins(api: &Api, pages: &Pages, first: u64) -> Duration {
    let mut csv = "website\n".to_owned();
    (first..first + 10).for_each(|n| csv.push_str(&format!("{}\n", pages.url_elsewhere(n))));
    let started = Instant::now();
    let job = api.upload(csv).await;
    loop {
        let status = get(api, &format!("/api/check-job-status?job_id={job}")).await;
        if status["counts"]["aggregated"].as_u64() > Some(0) {
            return started.elapsed();
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

async fn get(api: &Api, path: &str) -> Value {
    let request = api.client.get(format!("{}{path}", api.base)).bearer_auth(&api.token);
    request
        .send()
        .await
        .unwrap()
        .error_for_status()
        .unwrap()
        .json()
        .await
        .unwrap()
}

/// Medians of what a person looks at.
async fn lists(api: &Api, job: &str, when: &str) {
    let middle = get(api, &format!("/api/jobs/{job}/practices?limit=500")).await;
    let cursor = middle["next_cursor"].as_str().unwrap_or_default().to_owned();
    let paths = [
        ("jobs", "/api/jobs".to_owned()),
        ("job", format!("/api/jobs/{job}")),
        ("counts", format!("/api/check-job-status?job_id={job}")),
        ("practices", format!("/api/jobs/{job}/practices?cursor={cursor}")),
        ("aggregated", format!("/api/jobs/{job}/practices?status=aggregated")),
        ("in error", format!("/api/jobs/{job}/practices?status=error")),
    ];
    for (what, path) in paths {
        let mut times = Vec::new();
        for _ in 0..21 {
            let started = Instant::now();
            get(api, &path).await;
            times.push(started.elapsed());
        }
        times.sort_unstable();
        println!(
            "list of {what:<18}{:>8.1} ms {when} (median)",
            times[10].as_secs_f64() * 1e3
        );
    }
}

async fn export(api: &Api, job: &str, format: &str) -> u64 {
    let url = format!("{}/api/jobs/{job}/export?format={format}", api.base);
    let mut answer = api.client.get(url).bearer_auth(&api.token).send().await.unwrap();
    assert!(answer.status().is_success(), "{}", answer.status());
    let mut bytes = 0;
    while let Some(chunk) = answer.chunk().await.unwrap() {
        bytes += chunk.len() as u64;
    }
    bytes
}
