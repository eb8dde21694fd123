//! Calls to a provider with a limit on calls at once: how much of the limit is used, and how often it is run into.
//!
//! `cargo bench --bench zenrows -- [--calls 2000] [--concurrency 20] [--latency-ms 50]`. The stand-in is in this process,
//! and competes for the same cores.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a benchmark may stop at any surprise"
)]

#[path = "support/daemon.rs"]
mod daemon;
#[path = "support/hq.rs"]
mod hq;

use std::time::{Duration, Instant};

use batchdesk::simulators::zenrows::{self, KEY, ZenRows};
use clap::Parser;
use daemon::{Api, Daemon, make_token};
use hq::Hq;
use reqwest::Client;
use serde_json::json;

#[derive(Parser)]
struct Options {
    #[arg(long, default_value_t = 2_000)]
    calls: u64,
    #[arg(long, default_value_t = 20)]
    concurrency: usize,
    #[arg(long, default_value_t = 50)]
    latency_ms: u64,
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
    let key = directory.path().join("key");
    std::fs::write(&key, KEY).unwrap();
    let config = directory.path().join("config.toml");
    let text = format!(
        "data_dir = {data:?}\n[http]\nlisten = \"127.0.0.1:0\"\n[network]\nallow_cidrs = [\"127.0.0.0/8\"]\n\
         [secrets.ZENROWS_API_KEY]\nfrom = \"file:{}\"\nhosts = [\"127.0.0.1\"]\n[log]\nlevel = \"warn\"\n",
        key.display()
    );
    std::fs::write(&config, text).unwrap();
    let token = make_token(&config);
    let latency = Duration::from_millis(options.latency_ms);
    let service = ZenRows::start(zenrows::Options {
        concurrency: options.concurrency,
        latency,
        ..zenrows::Options::default()
    })
    .await
    .unwrap();
    let hq = Hq::open(&format!("sqlite://{}/batchdesk.db?mode=rwc", data.display())).await;
    hq.workflow("bench", "zenrows", "sync", &json!({ "base_url": service.base_url() }))
        .await;
    let daemon = Daemon::start(&config).await;
    let api = Api {
        client: Client::builder().no_proxy().build().unwrap(),
        base: daemon.base.clone(),
        token,
    };

    let mut csv = "website\n".to_owned();
    (0..options.calls).for_each(|n| csv.push_str(&format!("practice-{n}.example\n")));
    let job = api.upload_to("bench", csv).await;
    // The first calls learn the limit; what is asked is how well it is used once it is known.
    let learnt = options.calls / 10;
    service.until_total(learnt).await;
    let (began, started) = (service.total(), Instant::now());
    service.until_total(options.calls).await;
    let elapsed = started.elapsed();
    let allowed = elapsed.as_secs_f64() * options.concurrency as f64 / latency.as_secs_f64();
    println!(
        "calls:    {:.0} a second, {:.1} % of what {} at once allow at {} ms each",
        (service.total() - began) as f64 / elapsed.as_secs_f64(),
        (service.total() - began) as f64 / allowed * 100.0,
        options.concurrency,
        options.latency_ms
    );
    println!(
        "refused:  {:.2} % with 429; {} bans; {} at once at most",
        service.share_of_429() * 100.0,
        service.bans(),
        service.peak_concurrency(KEY)
    );
    api.wait(&job, Duration::from_millis(20)).await;
}
