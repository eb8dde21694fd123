//! Registrations that wait for people: the daemon's memory while they do, how long a start takes with them, and what a sub-step costs
//! besides its call.
//!
//! `cargo bench --bench registrations -- [--batches 200] [--restaurants 50] [--executed 20] [--database postgres://…]`. The register of
//! companies and the platform are simulators in this process, and compete for the same cores. The platform answers at once; what a call
//! to it takes is measured beside, with a client of this process.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a benchmark may stop at any surprise"
)]

#[path = "support/daemon.rs"]
mod daemon;
#[path = "support/hq.rs"]
mod hq;

use std::path::Path;
use std::time::{Duration, Instant};

use batchdesk::simulators::nzbn::{self, Nzbn};
use batchdesk::simulators::platform::{self, Platform};
use chrono::{DateTime, Utc};
use clap::Parser;
use daemon::{Api, Daemon, make_token_of};
use entity::Id;
use hq::Hq;
use reqwest::Client;
use serde_json::{Value, json};

#[derive(Parser)]
struct Options {
    #[arg(long, default_value_t = 200)]
    batches: usize,
    /// Restaurants of each batch.
    #[arg(long, default_value_t = 50)]
    restaurants: usize,
    /// Restaurants that are executed, one after the other.
    #[arg(long, default_value_t = 20)]
    executed: usize,
    /// A PostgreSQL database that may be filled; SQLite in a temporary directory if absent.
    #[arg(long)]
    database: Option<String>,
    #[arg(long, hide = true)]
    bench: bool,
}

const LOOK_EVERY: Duration = Duration::from_millis(10);

const SETTLE: Duration = Duration::from_secs(10);

fn main() {
    let options = Options::parse();
    rustls::crypto::ring::default_provider().install_default().unwrap();
    actix_web::rt::System::new().block_on(measure(&options));
}

async fn measure(options: &Options) {
    let directory = tempfile::tempdir().unwrap();
    let (office, platform) = (Nzbn::start().await.unwrap(), Platform::start().await.unwrap());
    let data = directory.path().join("data");
    let of_file = format!("sqlite://{}/batchdesk.db?mode=rwc", data.display());
    let database = options.database.clone().unwrap_or(of_file);
    let config = directory.path().join("config.toml");
    std::fs::write(&config, settings(directory.path(), &database, &office, &platform)).unwrap();
    let token = make_token_of(&config, "operator");
    let hq = Hq::open(&database).await;
    let restaurants = make_restaurants(&hq, options.batches * options.restaurants + options.executed).await;
    let (executed, waiting) = restaurants.split_at(options.executed);
    let daemon = Daemon::start(&config).await;
    let client = Client::builder().no_proxy().build().unwrap();
    let api = |daemon: &Daemon| Api {
        client: client.clone(),
        base: daemon.base.clone(),
        token: token.clone(),
    };

    let bare = daemon.memory("VmRSS");
    let started = Instant::now();
    for batch in waiting.chunks(options.restaurants) {
        start_batch(&api(&daemon), batch).await;
    }
    until_waiting(&hq, waiting.len()).await;
    let taken = started.elapsed().as_secs_f64();
    // What was needed to get there is given back when nothing has gone on for a while.
    tokio::time::sleep(SETTLE).await;
    println!(
        "{} batches of {} wait:  {:.0} registrations a second came to their question; {:.1} MB in use, {:.1} MB at most ({:.1} MB without any)",
        options.batches,
        options.restaurants,
        waiting.len() as f64 / taken,
        daemon.memory("VmRSS") as f64 / 1e6,
        daemon.memory("VmHWM") as f64 / 1e6,
        bare as f64 / 1e6,
    );

    drop(daemon);
    let started = Instant::now();
    let daemon = Daemon::start(&config).await;
    let api = api(&daemon);
    until_supervised(&api, options.batches).await;
    println!(
        "killed and restarted:   ready after {:.2} s, all batches under supervision after {:.2} s; {:.1} MB in use",
        daemon.ready_after.as_secs_f64(),
        started.elapsed().as_secs_f64(),
        daemon.memory("VmRSS") as f64 / 1e6,
    );

    let batch = start_batch(&api, executed).await;
    until_waiting(&hq, waiting.len() + executed.len()).await;
    let times = execute(&api, &batch).await;
    let call = call_alone(&client, &platform, times.len()).await;
    let at = |times: &[f64], share: f64| times[((times.len() - 1) as f64 * share) as usize];
    println!(
        "{} sub-steps, one after the other:  {:.2} ms each (median), {:.2} ms (p90); a call alone takes {:.2} ms: {:.2} ms of their own",
        times.len(),
        at(&times, 0.5),
        at(&times, 0.9),
        at(&call, 0.5),
        at(&times, 0.5) - at(&call, 0.5),
    );
    println!(
        "after all:              {:.1} MB in use, {:.1} MB at most",
        daemon.memory("VmRSS") as f64 / 1e6,
        daemon.memory("VmHWM") as f64 / 1e6
    );
}

fn settings(directory: &Path, database: &str, office: &Nzbn, platform: &Platform) -> String {
    let (data, key, register) = (
        directory.join("data"),
        directory.join("platform.key"),
        directory.join("register.key"),
    );
    std::fs::write(&key, platform::KEY).unwrap();
    std::fs::write(&register, nzbn::KEY).unwrap();
    format!(
        "data_dir = {data:?}\n[database]\nurl = {database:?}\n[http]\nlisten = \"127.0.0.1:0\"\n\
         [network]\nallow_cidrs = [\"127.0.0.0/8\"]\n[log]\nlevel = \"error\"\n\
         [registration]\nplatform_url = {:?}\ncompanies_office_url = {:?}\n\
         [secrets.PLATFORM_API_KEY]\nfrom = \"file:{}\"\nhosts = [\"127.0.0.1\"]\n\
         [secrets.NZBN_SUBSCRIPTION_KEY]\nfrom = \"file:{}\"\nhosts = [\"127.0.0.1\"]\n",
        platform.url(),
        office.url(),
        key.display(),
        register.display(),
    )
}

async fn make_restaurants(hq: &Hq, count: usize) -> Vec<Id> {
    let ids: Vec<Id> = (0..count).map(|_| Id::now()).collect();
    for (chunk, ids) in ids.chunks(500).enumerate() {
        let rows: Vec<String> = ids
            .iter()
            .enumerate()
            .map(|(place, id)| {
                let n = chunk * 500 + place;
                let id = if hq.is_postgres() { format!("'{id}'::uuid") } else { format!("'{id}'") };
                format!(
                    "select {id}, id, 'Place {n}', 'place {n}', 'place{n}@example.org', '1 Queen Street', 'Auckland', created_at, \
                     created_at from organisations"
                )
            })
            .collect();
        let columns = "id, organisation_id, name, name_key, email, address, city, created_at, updated_at";
        hq.execute(&format!(
            "insert into restaurants ({columns}) {}",
            rows.join(" union all ")
        ))
        .await;
    }
    ids
}

async fn start_batch(api: &Api, restaurants: &[Id]) -> String {
    let made = api
        .post(
            "/api/registration-batches",
            &json!({ "restaurant_ids": restaurants, "name": "Bench" }),
        )
        .await;
    let id = made["batch_id"].as_str().unwrap().to_owned();
    api.post(&format!("/api/registration-batches/{id}/start"), &json!({}))
        .await;
    id
}

async fn until_waiting(hq: &Hq, count: usize) {
    while hq
        .count("select count(*) from registration_jobs where status = 'action_required'")
        .await
        < count as i64
    {
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn until_supervised(api: &Api, batches: usize) {
    loop {
        let actors = api.get("/api/admin/actors").await;
        let actors = actors["data"].as_array().unwrap();
        let supervisors = actors.iter().filter(|actor| actor["kind"] == "RegistrationSupervisor");
        if supervisors.count() == batches {
            return;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Answers both questions about all registrations of the batch; gives how long each sub-step took, in milliseconds, sorted.
async fn execute(api: &Api, batch: &str) -> Vec<f64> {
    let at = format!("/api/registration-batches/{batch}");
    let jobs = async || api.get(&at).await["jobs"].as_array().unwrap().clone();
    let ids: Vec<Value> = jobs().await.into_iter().map(|job| job["id"].clone()).collect();
    let none = |id| json!({ "registration_job_id": id, "none": true });
    let selections: Vec<Value> = ids.iter().map(none).collect();
    api.post(&format!("{at}/steps/3/complete"), &json!({ "selections": selections }))
        .await;
    let confirmed = |(n, id)| json!({ "registration_job_id": id, "config": configuration(n) });
    let configurations: Vec<Value> = ids.iter().enumerate().map(confirmed).collect();
    api.post(
        &format!("{at}/steps/5/complete"),
        &json!({ "configurations": configurations }),
    )
    .await;
    while api.get(&at).await["status"] != "completed" {
        tokio::time::sleep(LOOK_EVERY * 10).await;
    }
    let mut times = Vec::new();
    for job in jobs().await {
        assert_eq!(job["status"], "completed", "{job}");
        let parts = job["steps"][5]["sub_step_progress"].as_array().unwrap();
        let starts: Vec<DateTime<Utc>> = parts
            .iter()
            .map(|part| part["started_at"].as_str().unwrap().parse().unwrap())
            .collect();
        // From one's start to the next one's: the call, two commits, and the way from one to the next.
        times.extend(starts.windows(2).map(|pair| (pair[1] - pair[0]).as_seconds_f64() * 1e3));
    }
    times.sort_unstable_by(f64::total_cmp);
    times
}

/// A configuration that no sub-step is skipped under.
fn configuration(n: usize) -> Value {
    json!({
        "account_email": format!("place{n}@example.org"), "contact_name": "A. Person", "contact_phone": "+6495550100",
        "restaurant_name": format!("Place {n}"), "phone": "+6495550100", "address": "1 Queen Street", "city": "Auckland",
        "region": "Auckland", "country": "NZ", "subdomain": format!("place-{n}"), "services": ["pickup"],
        "opening_hours": [{ "days": ["Mo"], "opens": "09:00", "closes": "17:00" }], "payment": { "method": "cash" },
        "menu_csv": "category,name,price\nMains,The usual,18.00\n",
        "images": [{ "kind": "logo", "url": "https://place.example/logo.png" }],
        "option_sets": [{ "name": "Size", "options": [{ "name": "Large", "price": 2 }] }],
        "item_tags": [{ "item": "The usual", "tags": ["vegan"] }],
        "onboarding_user": { "name": "A. Person", "email": format!("place{n}@example.org") },
    })
}

/// How long a call to the platform takes by itself, in milliseconds, sorted.
async fn call_alone(client: &Client, platform: &Platform, times: usize) -> Vec<f64> {
    let mut taken = Vec::with_capacity(times);
    for n in 0..times {
        let started = Instant::now();
        let body =
            json!({ "reference": format!("alone-{n}"), "email": format!("alone{n}@example.org"), "name": "Alone" });
        let request = client
            .post(format!("{}/v1/accounts", platform.url()))
            .bearer_auth(platform::KEY);
        request.json(&body).send().await.unwrap().bytes().await.unwrap();
        taken.push(started.elapsed().as_secs_f64() * 1e3);
    }
    taken.sort_unstable_by(f64::total_cmp);
    taken
}
