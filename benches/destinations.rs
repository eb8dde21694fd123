//! How many rows a workspace takes: mapped, coerced, sent through the lane, committed, and answered one by one.
//!
//! `cargo bench --bench destinations -- [--rows 100000] [--in-flight 512] [--workspace postgres://…]`
//!
//! The workspace is a SQLite file with `synchronous = full` unless another is named; its table `company_bench` is made
//! anew.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a benchmark may stop at any surprise"
)]

use std::sync::Arc;
use std::time::Instant;

use batchdesk::settings::Settings;
use batchdesk::store::Database;
use batchdesk::store::destinations::{DestinationDb, DestinationSpec, Destinations, Patience, RowIds, TablePlan};
use clap::Parser;
use entity::Id;
use futures_util::stream::{self, StreamExt as _};
use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, Statement};
use serde_json::{Value, json};

#[derive(Parser)]
struct Options {
    #[arg(long, default_value_t = 100_000)]
    rows: usize,
    /// Rows whose answer is waited for at a time.
    #[arg(long, default_value_t = 512)]
    in_flight: usize,
    /// A database whose table `company_bench` may be dropped; SQLite in a temporary directory if absent.
    #[arg(long)]
    workspace: Option<String>,
    #[arg(long, hide = true)]
    bench: bool,
}

/// What a scrape leaves, cut down to a usual size.
fn data(n: usize) -> Value {
    json!({
        "name": format!("Practice {n}"),
        "contact": {"phones": ["+6491234567"], "email": format!("info@practice-{n}.example")},
        "confidence": 0.875,
        "scraped_at": "2026-01-31T08:30:00Z",
        "description": "x".repeat(400),
    })
}

const MAPPINGS: [(&str, &str); 6] = [
    ("name", "name"),
    ("contact.phones", "phones"),
    ("contact.email", "email"),
    ("confidence", "confidence"),
    ("scraped_at", "scraped_at"),
    ("description", "description"),
];

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let options = Options::parse();
    let directory = tempfile::tempdir().unwrap();
    let url = options
        .workspace
        .clone()
        .unwrap_or_else(|| format!("sqlite://{}/workspace.db?mode=rwc", directory.path().display()));
    let settings = Settings::from_text(&format!(
        "data_dir = {:?}\n[workspace]\nurl = {url:?}\n",
        directory.path()
    ))
    .unwrap();
    let db = sea_orm::Database::connect(&url).await.unwrap();
    make_table(&db).await;
    let hq = Database::open(&settings).await.unwrap();
    let destinations = Destinations::new(&settings, hq.readers, Patience::default())
        .await
        .unwrap();
    let owned = |&(path, column): &(&str, &str)| (path.to_owned(), column.to_owned());
    let spec = DestinationSpec {
        database: DestinationDb::Workspace,
        table: "company_bench".to_owned(),
        mappings: MAPPINGS.iter().map(owned).collect(),
        conflict_columns: Vec::new(),
    };
    let plan = destinations.plan(&spec).await.unwrap();
    for pass in ["inserted", "repeated"] {
        let started = Instant::now();
        write(&destinations, &plan, &options).await;
        let rate = options.rows as f64 / started.elapsed().as_secs_f64();
        println!("rows {pass}, {} in flight: {rate:>8.0} rows/s", options.in_flight);
    }
    assert_eq!(count(&db).await, i64::try_from(options.rows).unwrap());
    destinations.close().await;
}

/// The same ids each time, so that a second pass updates.
async fn write(destinations: &Arc<Destinations>, plan: &Arc<TablePlan>, options: &Options) {
    let ids = |n: usize| RowIds {
        step_run_id: Id(uuid::Uuid::from_u64_pair(7, n as u64)),
        workflow_id: Id(uuid::Uuid::from_u64_pair(8, 0)),
        organisation_id: Id(uuid::Uuid::from_u64_pair(9, 0)),
        company_id: None,
        company_domain: Some(format!("practice-{n}.example")),
    };
    stream::iter(0..options.rows)
        .map(|n| {
            let (row, _) = plan.row(&ids(n), &data(n)).unwrap();
            destinations.write(row)
        })
        .buffer_unordered(options.in_flight)
        .for_each(async |outcome| outcome.unwrap())
        .await;
}

async fn make_table(db: &DatabaseConnection) {
    let types = match db.get_database_backend() {
        DbBackend::Postgres => ["uuid", "jsonb", "timestamptz"],
        _ => ["uuid_text", "jsonb_text", "timestamp_text"],
    };
    let [uuid, json, time] = types;
    for sql in [
        "drop table if exists company_bench".to_owned(),
        format!(
            "create table company_bench (id {uuid} primary key, company_id {uuid}, company_domain text, name text, \
             phones {json}, email text, confidence real, scraped_at {time}, description text, \
             created_at {time} default current_timestamp)"
        ),
    ] {
        db.execute_unprepared(&sql).await.unwrap();
    }
}

async fn count(db: &DatabaseConnection) -> i64 {
    let sql = Statement::from_string(db.get_database_backend(), "select count(*) from company_bench");
    let row = db.query_one_raw(sql).await.unwrap().unwrap();
    row.try_get_by::<i64, _>(0).unwrap()
}
