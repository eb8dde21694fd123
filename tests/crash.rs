//! The process dies, or a part of it does: nothing recorded is lost or doubled.
//!
//! Needs the feature `breakpoints`: `cargo test --features breakpoints --test crash`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on says so by a panic"
)]

mod support;

use std::time::{Duration, Instant};

use batchdesk::simulators::load::LoadSite;
use reqwest::Method;
use sea_orm::{ConnectionTrait as _, Database, Statement};
use serde_json::Value;
use support::api::Api;
use support::daemon::{Daemon, DaemonOptions, Db};
use support::{list, postgres};

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
        "select 'logs behind: ' || ((select max(seq) from batch_operation_logs) - (select seq from log_cursors))",
    ];
    let mut text = String::new();
    for sql in parts {
        text.push_str(&query(url, sql).await);
        text.push_str("\n--\n");
    }
    text
}

/// Posts the list, also if the daemon dies over it: then the job either stands or does not.
async fn post_until_it_stands(daemon: &mut Daemon, token: &str, csv: &str) -> Option<String> {
    let headers = [("content-type", "text/csv")];
    let sent = tokio::time::timeout(SOON, {
        let api = daemon.api(token);
        let csv = csv.to_owned();
        tokio::spawn(async move { api.try_raw(Method::POST, "/api/jobs", csv, &headers).await })
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

/// Runs the list, killed at the k-th breakpoint; tells whether it was killed, and the state in the end.
async fn trial(prepared: &mut Prepared, csv: &str, kill_after: u64) -> (bool, String, Vec<u8>) {
    let Prepared { daemon, token } = prepared;
    daemon.spawn_again(env("BATCHDESK_KILL_AFTER", kill_after));
    let mut job = None;
    if daemon.ready_or_ended() {
        job = post_until_it_stands(daemon, token, csv).await;
        if let Some(job) = &job {
            let done = until_done_or_dead(daemon, token, job).await;
            if done && daemon.terminate().success() {
                daemon.spawn_again(Vec::new());
                daemon.wait_ready();
                let export = daemon.api(token).export(job, "ndjson").await;
                daemon.terminate();
                return (false, state(&daemon.database_url()).await, export);
            }
        }
    }
    daemon.wait_exit();
    daemon.spawn_again(Vec::new());
    daemon.wait_ready();
    let api = daemon.api(token);
    let job = match job {
        Some(job) => job,
        None => match the_only_job(&api).await {
            Some(job) => job,
            None => api.create_job(csv).await,
        },
    };
    api.wait_for(&job, "completed", SOON).await;
    let export = api.export(&job, "ndjson").await;
    assert!(daemon.terminate().success());
    (true, state(&daemon.database_url()).await, export)
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

async fn kill_anywhere(new_database: impl Fn() -> Db) {
    let site = LoadSite::start().await.unwrap();
    let mut csv = list(&site, 0..3);
    csv.push_str(&format!(
        "Copy,{}\nGone,{}\nNone,n/a\n",
        site.practice_url(0),
        site.url("/fault/status/404")
    ));
    let mut undisturbed = prepare(new_database(), "");
    let (killed, expected, export) = trial(&mut undisturbed, &csv, u64::MAX).await;
    assert!(!killed);
    assert!(expected.contains("completed 6 6 2 4 2"), "{expected}");
    let mut trials = 0;
    for kill_after in 1.. {
        site.forget();
        let mut prepared = prepare(new_database(), "");
        let (killed, seen, exported) = trial(&mut prepared, &csv, kill_after).await;
        assert_eq!(seen, expected, "killed at breakpoint {kill_after}");
        assert_eq!(String::from_utf8_lossy(&exported), String::from_utf8_lossy(&export));
        for n in 0..3 {
            assert!(site.hits(n) <= 2, "page {n} was fetched {} times", site.hits(n));
        }
        if !killed {
            break;
        }
        trials += 1;
    }
    assert!(trials > 20, "only {trials} breakpoints were passed");
    eprintln!("killed at each of {trials} breakpoints");
}

#[tokio::test]
async fn killed_anywhere_it_ends_the_same_on_sqlite() {
    kill_anywhere(|| Db::Sqlite).await;
}

#[tokio::test]
async fn killed_anywhere_it_ends_the_same_on_postgresql() {
    if postgres::require_or_skip("kill anywhere on PostgreSQL") {
        let databases = std::cell::RefCell::new(Vec::new());
        kill_anywhere(|| {
            let database = postgres::create_database();
            let url = database.url.clone();
            databases.borrow_mut().push(database);
            Db::Postgres(url)
        })
        .await;
    }
}

/// The promise of the whole: twenty thousand practices, twenty kills at random times.
#[tokio::test]
async fn twenty_kills_at_random_change_nothing() {
    const PRACTICES: u64 = 20_000;
    let site = LoadSite::start().await.unwrap();
    let config = "[engine]\nwindow = 128\n[scrape]\nmax_pages = 0\nrespect_robots = false\n[log]\nlevel = \"warn\"\n";
    let mut prepared = prepare(Db::Sqlite, config);
    let Prepared { daemon, token } = &mut prepared;
    daemon.spawn_again(Vec::new());
    daemon.wait_ready();
    let job = daemon.api(token).create_job(list(&site, 0..PRACTICES)).await;
    let mut in_flight = 0;
    for kill in 0..20_u64 {
        // Spread over the run: each kill comes after another twenty-first part of the practices.
        let after = PRACTICES * (kill + 1) / 21 + kill * 37 % 101;
        let path = format!("/api/check-job-status?job_id={job}");
        loop {
            let status = daemon.api(token).get(&path).await.expect(200).json();
            let done = status["counts"]["aggregated"].as_u64().unwrap();
            if done >= after {
                break;
            }
            tokio::time::sleep(Duration::from_millis(2 + kill)).await;
        }
        daemon.kill9();
        in_flight += 128 * 2;
        daemon.spawn_again(Vec::new());
        daemon.wait_ready();
    }
    daemon
        .api(token)
        .wait_for(&job, "completed", Duration::from_secs(300))
        .await;
    let api = daemon.api(token);
    let export = api.export(&job, "ndjson").await;
    let export = String::from_utf8(export).unwrap();
    for (n, line) in export.lines().enumerate() {
        let row: Value = serde_json::from_str(line).unwrap();
        assert_eq!(row["status"], "aggregated", "{line}");
        assert_eq!(row["row_number"], n + 1);
        assert_eq!(
            row["result"]["phones"][0]["e164"],
            batchdesk::simulators::load::facts(n as u64).phone_e164
        );
    }
    assert_eq!(export.lines().count() as u64, PRACTICES);
    assert!(daemon.terminate().success());
    let url = daemon.database_url();
    let logs = query(
        &url,
        "select count(*) || ' ' || count(distinct step_run_id) || ' ' || min(attempts) || ' ' || max(attempts) \
         from enrichment_results_log where status = 'completed'",
    );
    assert_eq!(
        logs.await,
        format!("{0} {0} 1 1", PRACTICES * 3),
        "one log row per step run, no attempt spent"
    );
    let counts =
        "select aggregated_count || ' ' || completed_practices || ' ' || failed_practices from enrichment_jobs";
    assert_eq!(query(&url, counts).await, format!("{PRACTICES} {PRACTICES} 0"));
    let again = site.total_hits() - PRACTICES;
    assert!(
        again <= in_flight,
        "{again} pages were fetched again, more than were in flight at the kills"
    );
    eprintln!("{again} of {PRACTICES} pages were fetched again over 20 kills");
}

#[tokio::test]
async fn an_item_that_ends_the_process_is_given_up_and_the_rest_goes_on() {
    let site = LoadSite::start().await.unwrap();
    let mut prepared = prepare(Db::Sqlite, "");
    let Prepared { daemon, token } = &mut prepared;
    daemon.spawn_again(Vec::new());
    daemon.wait_ready();
    site.set_delay(Duration::from_millis(300));
    let job = daemon.api(token).create_job(list(&site, 0..30)).await;
    daemon.kill9();
    site.set_delay(Duration::ZERO);
    let poison = env(
        "BATCHDESK_MISBEHAVE",
        format!("scrape|{}|overflow", site.practice_url(7)),
    );
    // Started again and again, as a service manager does, until it lives.
    let mut ended = 0;
    loop {
        daemon.spawn_again(poison.clone());
        if daemon.ready_or_ended() && until_done_or_dead(daemon, token, &job).await {
            break;
        }
        daemon.wait_exit();
        ended += 1;
        assert!(ended < 10, "the daemon does not come to rest: {}", daemon.log());
    }
    assert!(ended <= 3, "it ended {ended} times, and once by a kill before that");
    let practices = daemon.api(token).all_practices(&job).await;
    for practice in &practices {
        let expected = if practice["row_number"] == 8 {
            "error"
        } else {
            "aggregated"
        };
        assert_eq!(practice["status"], expected, "{practice}");
    }
    let message = practices[7]["error_message"].as_str().unwrap();
    assert!(message.starts_with("ended the process"), "{message}");
}

#[tokio::test]
async fn one_unclean_end_is_counted_once_however_often_the_job_is_paused_and_resumed() {
    let site = LoadSite::start().await.unwrap();
    let mut prepared = prepare(Db::Sqlite, "[engine]\nwindow = 4\n");
    let Prepared { daemon, token } = &mut prepared;
    daemon.spawn_again(Vec::new());
    daemon.wait_ready();
    site.set_delay(Duration::from_millis(300));
    let job = daemon.api(token).create_job(list(&site, 0..40)).await;
    let started = || site.total_hits() >= 4;
    let deadline = Instant::now() + SOON;
    while !started() {
        assert!(Instant::now() < deadline, "nothing started");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    daemon.kill9();
    daemon.spawn_again(Vec::new());
    daemon.wait_ready();
    let api = daemon.api(token);
    for _ in 0..4 {
        api.pause(&job).await.expect(200);
        no_supervisor(&api).await;
        api.resume(&job).await.expect(200);
    }
    let most = query(
        &daemon.database_url(),
        "select cast(max(crashes) as text) from job_practices",
    )
    .await;
    assert!(most == "0" || most == "1", "counted {most} times");
    site.set_delay(Duration::ZERO);
    let status = api.wait_for(&job, "completed", SOON).await;
    assert_eq!(status["counts"]["aggregated"], 40);
}

async fn no_supervisor(api: &Api) {
    let deadline = Instant::now() + SOON;
    loop {
        let tree = api.get("/api/admin/actors").await.expect(200).json();
        if tree["data"]
            .as_array()
            .unwrap()
            .iter()
            .all(|actor| actor["kind"] != "JobSupervisor")
        {
            return;
        }
        assert!(Instant::now() < deadline, "a supervisor is still there: {tree}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Runs a list while a part of the daemon misbehaves; gives the job's practices and the daemon.
async fn with_misbehaviour(plan: &str, site: &LoadSite) -> (Prepared, String) {
    let config = "[engine]\nrestart_base_ms = 5\nwindow = 4\n";
    let mut prepared = prepare(Db::Sqlite, config);
    prepared.daemon.spawn_again(env("BATCHDESK_MISBEHAVE", plan));
    assert!(prepared.daemon.ready_or_ended(), "{}", prepared.daemon.log());
    let job = prepared.daemon.api(&prepared.token).create_job(list(site, 0..20)).await;
    (prepared, job)
}

async fn assert_all_well(prepared: &mut Prepared, job: &str) {
    let api = prepared.daemon.api(&prepared.token);
    let status = api.wait_for(job, "completed", SOON).await;
    assert_eq!(status["counts"]["aggregated"], 20, "{status}");
    assert!(prepared.daemon.terminate().success());
    let logs = query(
        &prepared.daemon.database_url(),
        "select cast(count(*) as text) from enrichment_results_log",
    )
    .await;
    assert_eq!(logs, "60");
}

#[tokio::test]
async fn a_panic_in_any_supervised_actor_is_survived() {
    let site = LoadSite::start().await.unwrap();
    let practice = format!("practice|{}|panic_once", site.practice_url(3));
    let plans = [
        "logger|chunk|panic_once",
        "scheduler|look|panic_once",
        "job_supervisor|started|panic_once",
        "job_supervisor|tick|panic_once",
        "job_supervisor|read|panic_once",
        practice.as_str(),
    ];
    for plan in plans {
        eprintln!("{plan}");
        let (mut prepared, job) = with_misbehaviour(plan, &site).await;
        assert_all_well(&mut prepared, &job).await;
        assert!(prepared.daemon.log().contains("told to panic once"), "{plan}");
    }
}

#[tokio::test]
async fn a_practice_whose_actor_keeps_panicking_is_given_up_with_the_panic_s_text() {
    let site = LoadSite::start().await.unwrap();
    let plan = format!("practice|{}|panic", site.practice_url(3));
    let (prepared, job) = with_misbehaviour(&plan, &site).await;
    let api = prepared.daemon.api(&prepared.token);
    let status = api.wait_for(&job, "completed", SOON).await;
    assert_eq!(status["counts"]["aggregated"], 19);
    let practices = api.all_practices(&job).await;
    assert!(
        practices[3]["error_message"]
            .as_str()
            .unwrap()
            .contains("told to panic"),
        "{}",
        practices[3]
    );
}

#[tokio::test]
async fn a_panic_in_a_step_is_a_failed_attempt() {
    let site = LoadSite::start().await.unwrap();
    let plan = format!(
        "scrape|{}|panic_once;scrape|{}|panic",
        site.practice_url(3),
        site.practice_url(5)
    );
    let (prepared, job) = with_misbehaviour(&plan, &site).await;
    let api = prepared.daemon.api(&prepared.token);
    let status = api.wait_for(&job, "completed", SOON).await;
    assert_eq!(status["counts"]["aggregated"], 19);
    let practices = api.all_practices(&job).await;
    assert_eq!(
        practices[5]["attempt"], 4,
        "the first attempt and three retries: {}",
        practices[5]
    );
    assert!(
        practices[5]["error_message"].as_str().unwrap().contains("panicked"),
        "{}",
        practices[5]
    );
}

#[tokio::test]
async fn a_supervisor_that_keeps_failing_pauses_its_job_with_the_reason() {
    let site = LoadSite::start().await.unwrap();
    let (mut prepared, job) = with_misbehaviour("job_supervisor|started|panic", &site).await;
    let api = prepared.daemon.api(&prepared.token);
    api.wait_for(&job, "paused", SOON).await;
    let reason = api.job(&job).await.json()["error_message"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    assert!(reason.contains("told to panic"), "{reason}");
    prepared.daemon.spawn_again(Vec::new());
    prepared.daemon.wait_ready();
    let api = prepared.daemon.api(&prepared.token);
    api.resume(&job).await.expect(200);
    assert_all_well(&mut prepared, &job).await;
}

#[tokio::test]
async fn a_singleton_that_cannot_go_on_ends_the_process_and_the_next_start_recovers() {
    let site = LoadSite::start().await.unwrap();
    for plan in [
        "logger|chunk|panic",
        "overseer|reconcile|panic",
        "storage|transition|panic",
        "storage|commit of transitions|panic_once",
    ] {
        eprintln!("{plan}");
        let config = "[engine]\nrestart_base_ms = 5\nwindow = 4\n";
        let mut prepared = prepare(Db::Sqlite, config);
        prepared.daemon.spawn_again(Vec::new());
        prepared.daemon.wait_ready();
        site.set_delay(Duration::from_millis(200));
        let job = prepared
            .daemon
            .api(&prepared.token)
            .create_job(list(&site, 0..20))
            .await;
        prepared.daemon.kill9();
        site.set_delay(Duration::ZERO);
        prepared.daemon.spawn_again(env("BATCHDESK_MISBEHAVE", plan));
        assert_eq!(prepared.daemon.wait_exit().code(), Some(70), "{plan}");
        prepared.daemon.spawn_again(Vec::new());
        prepared.daemon.wait_ready();
        assert_all_well(&mut prepared, &job).await;
    }
}
