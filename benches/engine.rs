//! How fast the engine is when its steps cost nothing, beside a raw loop that writes the same rows.
//!
//! `cargo bench --bench engine -- [--practices 50000] [--window 512] [--database postgres://…]`
//!
//! The time runs from the moment at which the job is accepted until every practice is finished and the log cursor has
//! reached the head of the journal.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a benchmark may stop at any surprise"
)]

#[path = "support/raw.rs"]
mod raw;

use std::sync::Arc;
use std::time::{Duration, Instant};

use batchdesk::actors::import::{ImportRequest, import};
use batchdesk::actors::{self, Drain, EngineHandle, Reconcile, authored};
use batchdesk::model::journal::Origin;
use batchdesk::settings::Settings;
use batchdesk::steps::{Handlers, StepContext, StepData, StepHandler, StepResult};
use batchdesk::store::Database;
use batchdesk::store::identity::{NewUser, add_user};
use batchdesk::store::read::Role;
use batchdesk::store::write::PayloadColumn;
use clap::Parser;
use migration::{Migrator, MigratorTrait as _};
use serde_json::json;

#[derive(Parser)]
struct Options {
    #[arg(long, default_value_t = 50_000)]
    practices: u64,
    #[arg(long, default_value_t = 512)]
    window: usize,
    /// A PostgreSQL database that may be filled; SQLite in a temporary directory if absent.
    #[arg(long)]
    database: Option<String>,
    /// Leave out the raw loop.
    #[arg(long)]
    no_raw: bool,
    #[arg(long, hide = true)]
    bench: bool,
}

/// A step that returns at once, with data of a usual size.
struct Instantly(PayloadColumn, usize);

#[async_trait::async_trait]
impl StepHandler for Instantly {
    async fn run(&self, context: &StepContext) -> StepResult {
        let data = json!({ "input": context.identifier, "data": "x".repeat(self.1) });
        StepData::new(self.0, &data)
    }
}

/// What the three steps of a practice leave, in bytes.
const SIZES: [usize; 3] = [120, 1_500, 900];

fn main() {
    let options = Options::parse();
    let directory = tempfile::tempdir().unwrap();
    let url = options
        .database
        .clone()
        .unwrap_or_else(|| "sqlite://{data_dir}/batchdesk.db?mode=rwc".to_owned());
    let settings = Settings::from_text(&format!(
        "data_dir = {:?}\n[database]\nurl = {url:?}\n[engine]\nwindow = {w}\nmax_in_flight = {w}\n[scrape]\nhost_delay_ms = 0\nhost_concurrency = 64\n",
        directory.path(),
        w = options.window,
    ))
    .unwrap();
    if !options.no_raw {
        let rate = raw::run(&settings, options.practices, options.window, SIZES);
        println!("raw loop, the same rows:  {rate:>8.0} practices/s");
    }
    actix::System::new().block_on(engine(Arc::new(settings), &options, directory.path()));
    drop(directory);
    // The pools' connections want the runtime that has just ended; there is nothing left for them to do.
    std::process::exit(0);
}

async fn engine(settings: Arc<Settings>, options: &Options, directory: &std::path::Path) {
    let database = Database::open(&settings).await.unwrap();
    Migrator::fresh(database.writer.raw()).await.unwrap();
    let user = NewUser {
        email: "bench@example.org".to_owned(),
        role: Role::Member,
        organisation: "Bench".to_owned(),
        password_hash: None,
    };
    let user_id = add_user(&database.writer, &user).await.unwrap();
    let organisation_id = organisation(&database).await;
    let handlers = Handlers::default()
        .with("url", Instantly(PayloadColumn::Url, SIZES[0]))
        .with("scrape", Instantly(PayloadColumn::Scraper, SIZES[1]))
        .with("aggregate", Instantly(PayloadColumn::Final, SIZES[2]));
    let authored = authored(&settings.workflows).unwrap();
    let handle = actors::start(settings, &database, false, authored, Some(handlers), None)
        .await
        .unwrap();

    let list = directory.join("list.csv");
    let mut text = String::from("name,website\n");
    for n in 0..options.practices {
        text.push_str(&format!("Practice {n},https://practice-{n}.co.nz/\n"));
    }
    std::fs::write(&list, text).unwrap();
    let request = ImportRequest {
        organisation_id,
        user_id,
        origin: Origin::engine(),
        file: list,
        filename: "list.csv".to_owned(),
        name: None,
        url_column: None,
        play: "practice-enrichment".to_owned(),
        settings: json!({}),
        source: json!({}),
        request_key: None,
    };
    let started = Instant::now();
    let imported = import(Arc::clone(&handle.engine), request).await.unwrap();
    println!(
        "upload:                   {:>8.0} rows/s",
        options.practices as f64 / started.elapsed().as_secs_f64()
    );

    let cpu = cpu_seconds();
    let started = Instant::now();
    handle.overseer.do_send(Reconcile);
    wait_for_end(&handle, imported.job_id).await;
    let elapsed = started.elapsed().as_secs_f64();
    let practices = options.practices as f64;
    println!(
        "engine, three steps each: {:>8.0} practices/s, {:.2} CPU-s per 1,000",
        practices / elapsed,
        (cpu_seconds() - cpu) / practices * 1_000.0
    );
    handle.overseer.send(Drain).await.unwrap();
}

async fn organisation(database: &Database) -> entity::Id {
    use sea_orm::EntityTrait as _;
    entity::organisations::Entity::find()
        .one(&database.writer)
        .await
        .unwrap()
        .unwrap()
        .id
}

async fn wait_for_end(handle: &EngineHandle, job: entity::Id) {
    loop {
        let open = handle
            .engine
            .reader
            .job(job)
            .await
            .unwrap()
            .is_some_and(|job| job.status.is_open());
        let head = handle.engine.storage.health().head();
        if !open && handle.engine.journal.cursor("logger").await.unwrap() >= head {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// User and system time of this process, in seconds (proc(5), fields 14 and 15, in hundredths).
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks = |index: usize| fields[index].parse::<f64>().unwrap();
    (ticks(11) + ticks(12)) / 100.0
}
