//! Finished jobs move to their archive: what is exported stays the same, whatever happens on the way.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on says so by a panic"
)]

#[cfg(feature = "breakpoints")]
#[path = "retention/killed_anywhere.rs"]
mod killed_anywhere;
#[path = "retention/pruning.rs"]
mod pruning;
#[macro_use]
mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use batchdesk::actors::{ArchiveFiles, Export, ExportSpool};
use batchdesk::exchange::write::Format;
use batchdesk::settings::Settings;
use batchdesk::simulators::load::LoadSite;
use batchdesk::simulators::sites::SampleSites;
use batchdesk::store::Database;
use batchdesk::store::read::Reader;
use entity::{Id, enrichment_jobs};
use futures_util::StreamExt as _;
use pruning::a_redo_comes_before_the_rows_go_or_not_at_all;
use sea_orm::{ConnectionTrait as _, EntityTrait as _, Statement};
use serde_json::{Value, json};
use support::api::Api;
use support::daemon::{Daemon, Db};
use support::{list, start};

const SOON: Duration = Duration::from_secs(60);
const LONG_AGO: &str = "2020-01-01T00:00:00+00:00";
const ONE_DAY: &str = "[retention]\ndays = 1\n";

on_both_databases!("retention":
    a_job_past_its_time_is_exported_from_its_archive_as_before,
    an_export_under_way_goes_on_from_the_archive,
    a_redo_comes_before_the_rows_go_or_not_at_all,
    keys_of_requests_are_forgotten_after_a_day,
);

async fn execute(url: &str, sql: &str) {
    let db = sea_orm::Database::connect(url).await.unwrap();
    db.execute_unprepared(sql).await.unwrap();
    db.close().await.unwrap();
}

async fn number(url: &str, sql: &str) -> i64 {
    let db = sea_orm::Database::connect(url).await.unwrap();
    let statement = Statement::from_string(db.get_database_backend(), sql);
    let row = db.query_one_raw(statement).await.unwrap().unwrap();
    let number = row.try_get_by::<i64, _>(0).unwrap();
    db.close().await.unwrap();
    number
}

async fn wait_until(what: &str, mut reached: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + SOON;
    while !reached().await {
        assert!(Instant::now() < deadline, "{what}: not in time");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn until_pruned(api: &Api, job: &str) -> Value {
    let mut seen = Value::Null;
    wait_until("the job is archived and pruned", async || {
        seen = api.job(job).await.expect(200).json();
        seen["pruned_at"].is_string()
    })
    .await;
    seen
}

/// Ends the daemon and lets the job have finished long ago.
async fn age(daemon: &mut Daemon, job: &str) {
    assert!(daemon.terminate().success());
    let sql = format!("update enrichment_jobs set finished_at = '{LONG_AGO}' where id = '{job}'");
    execute(&daemon.database_url(), &sql).await;
}

/// Every kind of export, so that any difference shows.
async fn exports(api: &Api, job: &str) -> Vec<(&'static str, String)> {
    let mut all = Vec::new();
    for query in [
        "format=csv",
        "format=csv&safe=false",
        "format=json",
        "format=ndjson",
        "format=ndjson&status=error",
        "format=csv&status=aggregated",
        "format=json&status=pending",
    ] {
        let answer = api.get(&format!("/api/jobs/{job}/export?{query}")).await.expect(200);
        all.push((query, answer.text()));
    }
    all
}

/// The files of the job: its practices, its journal.
fn archive(daemon: &Daemon, job: &str) -> (PathBuf, PathBuf) {
    let archive = daemon.data_dir().join("archive");
    let holds = |directory: &PathBuf| directory.join(format!("{job}.ndjson.zst")).is_file();
    let directories = fs::read_dir(archive).unwrap().map(|entry| entry.unwrap().path());
    let directory = directories.into_iter().find(holds).expect("an archive of the job");
    (
        directory.join(format!("{job}.ndjson.zst")),
        directory.join(format!("{job}.journal.ndjson.zst")),
    )
}

fn lines(file: &PathBuf) -> Vec<Value> {
    let text = zstd::decode_all(fs::File::open(file).unwrap()).unwrap();
    let text = String::from_utf8(text).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

async fn a_job_past_its_time_is_exported_from_its_archive_as_before(database: Db) {
    let mut daemon = start(&database);
    let url = daemon.database_url();
    let sites = SampleSites::start().await.unwrap();
    let token = daemon.token("member");
    let api = daemon.api(&token);
    let job = api.create_job(sites.demo_csv()).await;
    let recent = api.create_job(sites.demo_csv()).await;
    api.wait_for(&job, "completed", SOON).await;
    api.wait_for(&recent, "completed", SOON).await;
    let before = exports(&api, &job).await;
    assert_eq!(before[4].1.lines().count(), 5, "{}", before[4].1);
    age(&mut daemon, &job).await;
    let journal_of = |job: &str| format!("select count(*) from batch_operation_logs where batch_job_id = '{job}'");
    let journal = number(&url, &journal_of(&job)).await;
    let logs = "select (select count(*) from enrichment_results_log) + (select count(*) from failed_jobs)";
    let logged = number(&url, logs).await;

    daemon.rewrite_config(ONE_DAY);
    daemon.restart();
    let api = daemon.api(&token);
    let shown = until_pruned(&api, &job).await;
    assert!(shown["archived_at"].is_string(), "{shown}");
    assert_eq!(exports(&api, &job).await, before);
    let other = api.job(&recent).await.json();
    assert!(other.get("archived_at").is_none(), "{other}");

    // Counts and rows are still there, with what a list shows; payloads and journal are not.
    assert_eq!(
        shown["counts"],
        json!({ "pending": 0, "url_complete": 0, "scraped": 0, "aggregated": 23, "error": 5, "excluded": 0 })
    );
    let practices = api.all_practices(&job).await;
    assert_eq!(practices.len(), 28);
    assert!(practices.iter().any(|practice| practice["error_message"].is_string()));
    let practice = api
        .get(&format!("/api/jobs/{job}/practices/{}", practices[0]["id"]))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&practice["archived"], &practice["final_payload"]),
        (&json!(true), &Value::Null)
    );
    assert!(practice["note"].as_str().unwrap().contains("archive"), "{practice}");
    let kept = format!(
        "select count(*) from job_practices where job_id = '{job}' and (input is not null or step_data is not null or \
         url_worker_payload is not null or scraper_worker_payload is not null or final_payload is not null)"
    );
    assert_eq!(number(&url, &kept).await, 0);
    assert_eq!(number(&url, &journal_of(&job)).await, 0);
    assert!(number(&url, &journal_of(&recent)).await > 0);
    assert_eq!(number(&url, logs).await, logged, "logs are kept");

    let problem = api.redo(&job).await.expect(409).json();
    assert_eq!(problem["code"], "archived", "{problem}");

    let (practices, changes) = archive(&daemon, &job);
    let changes = lines(&changes);
    assert_eq!(
        changes.len() as i64,
        journal + 2,
        "all of the journal between head and end"
    );
    assert_eq!(changes[1]["operation"], "batch_created");
    assert_eq!(changes[changes.len() - 2]["operation"], "batch_completed");
    let rows = lines(&practices);
    assert_eq!(
        (&rows[0]["job"]["job_id"], &rows[0]["job"]["columns"][2]),
        (&json!(job), &json!("Website"))
    );
    assert_eq!(rows[29]["end"]["lines"], 28);
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&practices), mode(practices.parent().unwrap())), (0o600, 0o700));

    // A daemon that starts later finds nothing to do and serves the same.
    daemon.restart();
    assert_eq!(exports(&daemon.api(&token), &job).await, before);
}

async fn an_export_under_way_goes_on_from_the_archive(database: Db) {
    let mut daemon = start(&database);
    let site = LoadSite::start().await.unwrap();
    let token = daemon.token("member");
    let api = daemon.api(&token);
    let job = api.create_job(list(&site, 0..650)).await;
    api.wait_for(&job, "completed", SOON).await;
    let before = String::from_utf8(api.export(&job, "ndjson").await).unwrap();
    age(&mut daemon, &job).await;

    let (database, row) = opened(&daemon, &job).await;
    let files = ArchiveFiles::new(daemon.data_dir());
    let reader = Reader::new(database.readers.clone());
    let spool = ExportSpool::new(daemon.data_dir().join("spool"));
    let export = Export::open(reader, files, row, None, Format::Ndjson, spool)
        .await
        .unwrap();
    let mut pieces = Box::pin(export.pieces());
    let mut seen = Vec::new();
    for _ in 0..2 {
        seen.extend(pieces.next().await.unwrap().unwrap());
    }
    let begun = seen.iter().filter(|byte| **byte == b'\n').count();
    assert!(
        (1..650).contains(&begun),
        "{begun} rows were sent before the job is archived"
    );

    daemon.rewrite_config(ONE_DAY);
    daemon.restart();
    until_pruned(&daemon.api(&token), &job).await;
    while let Some(piece) = pieces.next().await {
        seen.extend(piece.unwrap());
    }
    assert_eq!(String::from_utf8(seen).unwrap(), before);
}

/// The database of a daemon, and the job as it stands there.
async fn opened(daemon: &Daemon, job: &str) -> (Database, enrichment_jobs::Model) {
    let text = format!(
        "data_dir = {:?}\n[database]\nurl = {:?}\n",
        daemon.data_dir(),
        daemon.database_url()
    );
    let database = Database::open(&Settings::from_text(&text).unwrap()).await.unwrap();
    let row = job_row(&database, job).await;
    (database, row)
}

async fn job_row(database: &Database, job: &str) -> enrichment_jobs::Model {
    let id: Id = job.parse().unwrap();
    let found = enrichment_jobs::Entity::find_by_id(id).one(&database.readers).await;
    found.unwrap().unwrap()
}

async fn keys_of_requests_are_forgotten_after_a_day(database: Db) {
    let mut daemon = start(&database);
    daemon.token("member");
    assert!(daemon.terminate().success());
    let url = daemon.database_url();
    let now = chrono::Utc::now();
    let hour_old = (now - chrono::TimeDelta::hours(23)).to_rfc3339();
    let day_old = (now - chrono::TimeDelta::hours(25)).to_rfc3339();
    for (key, at) in [("a", &day_old), ("b", &day_old), ("c", &hour_old)] {
        let sql = format!(
            "insert into idempotency_keys (user_id, route, key, fingerprint, owner, created_at) \
             select id, 'POST /api/jobs', '{key}', 'f', id, '{at}' from users"
        );
        execute(&url, &sql).await;
    }
    daemon.restart();
    wait_until("old keys are forgotten", async || {
        number(&url, "select count(*) from idempotency_keys").await == 1
    })
    .await;
    assert_eq!(
        number(&url, "select count(*) from idempotency_keys where key = 'c'").await,
        1
    );
}

#[tokio::test]
async fn a_killed_job_is_archived_with_what_it_did_not_do() {
    let mut daemon = start(&Db::Sqlite);
    let site = LoadSite::start().await.unwrap();
    site.set_delay(Duration::from_secs(30));
    let token = daemon.token("member");
    let api = daemon.api(&token);
    let job = api.create_job(list(&site, 0..10)).await;
    api.wait_for(&job, "running", SOON).await;
    api.kill(&job).await.expect(200);
    age(&mut daemon, &job).await;
    daemon.restart();
    let before = exports(&daemon.api(&token), &job).await;
    daemon.rewrite_config(ONE_DAY);
    daemon.restart();
    let api = daemon.api(&token);
    let shown = until_pruned(&api, &job).await;
    assert_eq!(
        (&shown["status"], &shown["error_message"]),
        (&json!("error"), &json!("killed"))
    );
    assert_eq!(exports(&api, &job).await, before);
    assert_eq!(api.redo(&job).await.expect(409).json()["code"], "archived");
}

#[tokio::test]
async fn an_archive_that_is_gone_or_damaged_is_told_before_a_byte_is_sent() {
    let mut daemon = start(&Db::Sqlite);
    let site = LoadSite::start().await.unwrap();
    let token = daemon.token("member");
    let job = daemon.api(&token).create_job(list(&site, 0..50)).await;
    daemon.api(&token).wait_for(&job, "completed", SOON).await;
    age(&mut daemon, &job).await;
    daemon.rewrite_config(ONE_DAY);
    daemon.restart();
    let api = daemon.api(&token);
    until_pruned(&api, &job).await;
    let whole_export = api.export(&job, "csv").await;
    let (file, _) = archive(&daemon, &job);
    let whole = fs::read(&file).unwrap();
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 0x10;
    let of_another = fs::read(archive(&daemon, &job).1).unwrap();
    for (what, bytes) in [
        ("cut off", &whole[..whole.len() / 2]),
        ("without its end", &whole[..whole.len() - 1]),
        ("empty", &[]),
        ("a flipped bit", flipped.as_slice()),
        ("another file", of_another.as_slice()),
    ] {
        fs::write(&file, bytes).unwrap();
        for format in ["csv", "json", "ndjson"] {
            let answer = api
                .get(&format!("/api/jobs/{job}/export?format={format}"))
                .await
                .expect(500);
            assert_eq!(answer.json()["code"], "archive_unreadable", "{what}: {}", answer.text());
        }
    }
    fs::remove_file(&file).unwrap();
    let problem = api.get(&format!("/api/jobs/{job}/export")).await.expect(500).json();
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("is not there") && detail.contains(&job), "{detail}");
    fs::write(&file, whole).unwrap();
    assert_eq!(
        api.export(&job, "csv").await,
        whole_export,
        "a restored file serves again"
    );
}

#[tokio::test]
async fn an_archive_that_cannot_be_written_loses_nothing() {
    let mut daemon = start(&Db::Sqlite);
    let site = LoadSite::start().await.unwrap();
    let token = daemon.token("member");
    let first = daemon.api(&token).create_job(list(&site, 0..5)).await;
    let second = daemon.api(&token).create_job(list(&site, 5..10)).await;
    daemon.api(&token).wait_for(&first, "completed", SOON).await;
    daemon.api(&token).wait_for(&second, "completed", SOON).await;
    let before = exports(&daemon.api(&token), &first).await;
    age(&mut daemon, &first).await;
    daemon.restart();
    age(&mut daemon, &second).await;
    let obstacle = daemon.data_dir().join("archive");
    fs::write(&obstacle, "not a directory").unwrap();
    daemon.rewrite_config(ONE_DAY);
    daemon.restart();
    let told = |daemon: &Daemon| daemon.log().matches("archiving finished jobs").count();
    wait_until("the failure is told", async || told(&daemon) > 0).await;
    let api = daemon.api(&token);
    assert_eq!(exports(&api, &first).await, before);
    assert!(api.job(&first).await.json().get("archived_at").is_none());
    assert!(daemon.terminate().success());
    assert_eq!(told(&daemon), 1, "once, and not for each job");
    fs::remove_file(&obstacle).unwrap();
    daemon.restart();
    let api = daemon.api(&token);
    until_pruned(&api, &first).await;
    until_pruned(&api, &second).await;
    assert_eq!(exports(&api, &first).await, before);
}
