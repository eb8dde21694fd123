//! Small reads by callers who show a token: how many a second, and how long each takes.
//!
//! `cargo bench --bench reads -- [--connections 32] [--seconds 5] [--database postgres://…]`. The callers are in this process, and
//! compete for the same cores; they do no more than write a request and find the end of its answer.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a benchmark may stop at any surprise"
)]

#[path = "support/daemon.rs"]
mod daemon;

use std::time::{Duration, Instant};

use clap::Parser;
use daemon::{Api, Daemon, make_token_of};
use reqwest::Client;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

#[derive(Parser)]
struct Options {
    #[arg(long, default_value_t = 32)]
    connections: usize,
    /// How long each path is read.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// A PostgreSQL database that may be filled; SQLite in a temporary directory if absent.
    #[arg(long)]
    database: Option<String>,
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() {
    let options = Options::parse();
    rustls::crypto::ring::default_provider().install_default().unwrap();
    actix_web::rt::System::new().block_on(measure(&options));
}

async fn measure(options: &Options) {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let of_file = format!("sqlite://{}/batchdesk.db?mode=rwc", data.display());
    let database = options.database.clone().unwrap_or(of_file);
    let config = directory.path().join("config.toml");
    let text = format!(
        "data_dir = {data:?}\n[database]\nurl = {database:?}\n[http]\nlisten = \"127.0.0.1:0\"\nrequests_per_minute = 0\n\
         [log]\nlevel = \"warn\"\n"
    );
    std::fs::write(&config, text).unwrap();
    let token = make_token_of(&config, "admin");
    let daemon = Daemon::start(&config).await;
    let api = Api {
        client: Client::builder().no_proxy().build().unwrap(),
        base: daemon.base.clone(),
        token,
    };
    let lead = api
        .post("/api/leads", &json!({ "name": "Burger House", "city": "Auckland" }))
        .await;
    let lead = format!("/api/leads/{}", lead["id"].as_str().unwrap());
    for (what, path) in [
        ("who the caller is", "/api/me"),
        ("one lead", &lead),
        ("a page of leads", "/api/leads"),
    ] {
        let cpu = daemon.cpu_seconds();
        let times = read(&api, path, options).await;
        let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
        println!(
            "{what:18} {:6.0} a second; {:.1} ms (median), {:.1} ms (p99); {:.0} µs of the daemon's processor time each",
            times.len() as f64 / options.seconds as f64,
            at(0.5),
            at(0.99),
            (daemon.cpu_seconds() - cpu) / times.len() as f64 * 1e6
        );
    }
}

/// Reads `path` over and over on every connection; gives how long each answer took, sorted.
async fn read(api: &Api, path: &str, options: &Options) -> Vec<Duration> {
    let address = api.base.strip_prefix("http://").unwrap().to_owned();
    let request = format!(
        "GET {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {}\r\n\r\n",
        api.token
    );
    let end = Instant::now() + Duration::from_secs(options.seconds);
    let callers: Vec<_> = (0..options.connections)
        .map(|_| tokio::spawn(call(address.clone(), request.clone(), end)))
        .collect();
    let mut times = Vec::new();
    for caller in callers {
        times.extend(caller.await.unwrap());
    }
    times.sort_unstable();
    times
}

async fn call(address: String, request: String, end: Instant) -> Vec<Duration> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let mut times = Vec::new();
    let mut answer = vec![0; 64 << 10];
    while Instant::now() < end {
        let asked = Instant::now();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut read = 0;
        while !is_whole(&answer[..read]) {
            read += stream.read(&mut answer[read..]).await.unwrap();
        }
        times.push(asked.elapsed());
    }
    times
}

/// Whether an answer has come to its end, which its `content-length` tells.
fn is_whole(answer: &[u8]) -> bool {
    let Some(head) = answer.windows(4).position(|end| end == b"\r\n\r\n") else {
        return false;
    };
    let text = std::str::from_utf8(&answer[..head]).unwrap();
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
    let length = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .unwrap();
    answer.len() >= head + 4 + length.parse::<usize>().unwrap()
}
