//! The process dies, or a part of it does: nothing recorded is lost or doubled.
//!
//! Needs the feature `breakpoints`: `cargo test --features breakpoints --test crash`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on says so by a panic"
)]

mod at_random;
mod killed_anywhere;
mod misbehaviour;
mod registration_actors;
mod registrations;
mod scene;
mod schedules;
#[path = "../support/mod.rs"]
mod support;
mod workflows;

use std::time::{Duration, Instant};

use reqwest::Method;
use sea_orm::{ConnectionTrait as _, Database, Statement};
use support::api::Api;
use support::daemon::{Daemon, DaemonOptions, Db};

const SOON: Duration = Duration::from_secs(120);

fn env(name: &str, value: impl ToString) -> Vec<(String, String)> {
    vec![(name.to_owned(), value.to_string())]
}

/// A daemon with a token, ended again: what a trial begins with.
struct Prepared {
    daemon: Daemon,
    token: String,
}

fn prepare(database: Db, config: &str) -> Prepared {
    let mut daemon = Daemon::start(DaemonOptions {
        database,
        config_toml_extra: config.to_owned(),
        ..DaemonOptions::default()
    });
    let token = daemon.token("operator");
    assert!(daemon.terminate().success());
    Prepared { daemon, token }
}

/// Rows of a query as text, one line each.
async fn query(url: &str, sql: &str) -> String {
    let db = Database::connect(url).await.unwrap();
    let rows = db
        .query_all_raw(Statement::from_string(db.get_database_backend(), sql))
        .await
        .unwrap();
    let lines: Vec<String> = rows.iter().map(|row| row.try_get_by::<String, _>(0).unwrap()).collect();
    db.close().await.unwrap();
    lines.join("\n")
}

/// All that must be the same however often the process died: rows, counters, logs, failures.
async fn state(url: &str) -> String {
    let parts = [
        "select status || ' ' || total_practices || ' ' || completed_practices || ' ' || failed_practices || ' ' || \
         aggregated_count || ' ' || error_count || ' ' || pending_count || ' ' || url_complete_count || ' ' || \
         scraped_count from enrichment_jobs",
        "select row_number || ' ' || status || ' ' || step_number || ' ' || life || ' ' || attempt || ' ' || \
         coalesce(error_message, '') from job_practices order by row_number",
        "select p.row_number || ' ' || l.step_number || ' ' || l.life || ' ' || l.status || ' ' || l.attempts || ' ' || \
         l.workflow_slug from enrichment_results_log l join job_practices p on p.id = l.practice_id \
         order by p.row_number, l.step_number, l.life",
        "select f.error_message || ' ' || f.failed_workflow_name from failed_jobs f order by f.practice_id",
        "select status from batch_runs",
        "select 'logs behind: ' || ((select max(seq) from batch_operation_logs) - (select seq from log_cursors where name = 'logger'))",
    ];
    let mut text = String::new();
    for sql in parts {
        text.push_str(&query(url, sql).await);
        text.push_str("\n--\n");
    }
    text
}

/// Posts the list to a play, also if the daemon dies over it: then the job either stands or does not.
async fn post_until_it_stands(daemon: &mut Daemon, token: &str, play: &str, csv: &str) -> Option<String> {
    let path = format!("/api/jobs?play={play}");
    let headers = [("content-type", "text/csv")];
    let sent = tokio::time::timeout(SOON, {
        let api = daemon.api(token);
        let csv = csv.to_owned();
        tokio::spawn(async move { api.try_raw(Method::POST, &path, csv, &headers).await })
    });
    match sent.await.unwrap().unwrap() {
        Ok(answer) => Some(answer.expect(201).json()["job_id"].as_str().unwrap().to_owned()),
        Err(_) => None,
    }
}

async fn the_only_job(api: &Api) -> Option<String> {
    let jobs = api.get("/api/jobs").await.expect(200).json();
    let jobs = jobs["data"].as_array().unwrap().clone();
    assert!(jobs.len() <= 1, "{jobs:?}");
    jobs.first().map(|job| job["job_id"].as_str().unwrap().to_owned())
}

async fn until_done_or_dead(daemon: &mut Daemon, token: &str, job: &str) -> bool {
    let api = daemon.api(token);
    let deadline = Instant::now() + SOON;
    loop {
        let path = format!("/api/check-job-status?job_id={job}");
        match api.try_raw(Method::GET, &path, Vec::new(), &[]).await {
            Ok(answer) if answer.json()["status"] == "completed" => return true,
            Ok(_) => {}
            Err(_) => return false,
        }
        if !daemon.is_running() {
            return false;
        }
        assert!(Instant::now() < deadline, "neither done nor dead");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
