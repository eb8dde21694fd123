//! Practices that wait for callbacks: the daemon's memory while they do, how fast callbacks are answered that come at a
//! steady rate, and how soon all of them are applied.
//!
//! `cargo bench --bench callbacks -- [--waiting 100000] [--rate 1000] [--database postgres://…]`. The webhook and the one
//! who calls back are in this process, and compete for the same cores. The time of an answer runs from the moment at which
//! its callback was due, so that a daemon that lags is not measured less often.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a benchmark may stop at any surprise"
)]

#[path = "support/daemon.rs"]
mod daemon;
#[path = "support/hq.rs"]
mod hq;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use actix_web::{App, HttpResponse, HttpServer, web};
use clap::Parser;
use daemon::{Api, Daemon, make_token};
use hq::Hq;
use reqwest::Client;
use serde_json::{Value, json};
use tokio::task::JoinSet;

#[derive(Parser)]
struct Options {
    #[arg(long, default_value_t = 100_000)]
    waiting: usize,
    /// Callbacks a second.
    #[arg(long, default_value_t = 1_000)]
    rate: u32,
    /// A PostgreSQL database that may be filled; SQLite in a temporary directory if absent.
    #[arg(long)]
    database: Option<String>,
    #[arg(long, hide = true)]
    bench: bool,
}

/// The callback addresses that the webhook was given.
type Given = Arc<Mutex<Vec<String>>>;

fn main() {
    let options = Options::parse();
    rustls::crypto::ring::default_provider().install_default().unwrap();
    actix_web::rt::System::new().block_on(measure(&options));
}

/// A webhook that takes every call, and does nothing about it.
fn webhook(given: &Given) -> String {
    let shared = Arc::clone(given);
    let take = |given: web::Data<Mutex<Vec<String>>>, asked: web::Json<Value>| async move {
        let url = asked["callback_url"].as_str().unwrap().to_owned();
        given.lock().unwrap_or_else(PoisonError::into_inner).push(url);
        HttpResponse::Ok().json(json!({ "message": "Workflow was started" }))
    };
    let app = move || {
        App::new()
            .app_data(web::Data::from(Arc::clone(&shared)))
            .route("/webhook/bench", web::post().to(take))
    };
    let server = HttpServer::new(app).workers(1).bind("127.0.0.1:0").unwrap();
    let address = server.addrs()[0];
    actix_web::rt::spawn(server.run());
    format!("http://{address}/webhook/bench")
}

async fn measure(options: &Options) {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let of_file = format!("sqlite://{}/batchdesk.db?mode=rwc", data.display());
    let database = options.database.clone().unwrap_or(of_file);
    let config = directory.path().join("config.toml");
    let text = format!(
        "data_dir = {data:?}\n[database]\nurl = {database:?}\n[http]\nlisten = \"127.0.0.1:0\"\n\
         [network]\nallow_cidrs = [\"127.0.0.0/8\"]\n[log]\nlevel = \"warn\"\n"
    );
    std::fs::write(&config, text).unwrap();
    let token = make_token(&config);
    let given = Given::default();
    let settings = json!({ "url": webhook(&given), "concurrency": 64 });
    let hq = Hq::open(&database).await;
    hq.workflow("bench", "n8n", "async", &settings).await;
    let daemon = Daemon::start(&config).await;
    let api = Api {
        client: Client::builder().no_proxy().build().unwrap(),
        base: daemon.base.clone(),
        token,
    };

    let mut csv = "website\n".to_owned();
    (0..options.waiting).for_each(|n| csv.push_str(&format!("practice-{n}.example\n")));
    let started = Instant::now();
    let job = api.upload_to("bench", csv).await;
    let waits = "select count(*) from job_practices where blocked_by like 'callback until%'";
    while hq.count(waits).await < options.waiting as i64 {
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    let asked = started.elapsed().as_secs_f64();
    println!(
        "{} practices wait:   asked for at {:.0} a second; {:.1} MB in use, {:.1} MB at most",
        options.waiting,
        options.waiting as f64 / asked,
        daemon.memory("VmRSS") as f64 / 1e6,
        daemon.memory("VmHWM") as f64 / 1e6
    );

    let urls = std::mem::take(&mut *given.lock().unwrap_or_else(PoisonError::into_inner));
    let cpu = daemon.cpu_seconds();
    let started = Instant::now();
    let times = call_back(&api.client, urls, options.rate).await;
    let called = started.elapsed().as_secs_f64();
    api.wait(&job, Duration::from_millis(20)).await;
    let applied = started.elapsed().as_secs_f64();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
    println!(
        "callbacks:           {:.0} a second over {called:.1} s; answered within {:.1} ms (median), {:.1} ms (p99), {:.1} ms at most",
        times.len() as f64 / called,
        at(0.5),
        at(0.99),
        at(1.0)
    );
    println!(
        "applied:             {:.1} s after the last answer; {:.2} CPU-s of the daemon per 1,000; {:.1} MB at most",
        applied - called,
        (daemon.cpu_seconds() - cpu) / times.len() as f64 * 1e3,
        daemon.memory("VmHWM") as f64 / 1e6
    );
}

/// Calls every address, so many a second; gives the times of the answers, sorted.
async fn call_back(client: &Client, urls: Vec<String>, rate: u32) -> Vec<Duration> {
    let interval = Duration::from_secs(1) / rate;
    let mut times = Vec::with_capacity(urls.len());
    let mut calls = JoinSet::new();
    let started = Instant::now();
    for (n, url) in (0_u32..).zip(urls) {
        let due = started + interval * n;
        tokio::time::sleep_until(due.into()).await;
        let answer = json!({ "case_study_urls": [format!("https://practice.example/{n}")] });
        let request = client.post(url).json(&answer);
        calls.spawn(async move {
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status().as_u16(), 202);
            due.elapsed()
        });
        while let Some(time) = calls.try_join_next() {
            times.push(time.unwrap());
        }
    }
    times.extend(calls.join_all().await);
    times.sort_unstable();
    times
}
