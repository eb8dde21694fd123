//! The main job through the real daemon over HTTP, on both databases.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on says so by a panic"
)]

#[macro_use]
mod support;

use std::time::Duration;

use batchdesk::simulators::load::LoadSite;
use batchdesk::simulators::sites::SampleSites;
use serde_json::{Value, json};
use support::api::Api;
use support::daemon::{Daemon, DaemonOptions, Db};
use support::{list, postgres, start, start_with};

const SOON: Duration = Duration::from_secs(60);

on_both_databases!("main job":
    a_list_becomes_a_complete_spreadsheet,
    duplicates_take_the_outcome_of_their_first_row,
    pause_resume_kill_and_redo,
    another_organisation_sees_nothing,
    a_slow_host_holds_nobody_back,
    failures_are_retried_then_told,
);

async fn rows(api: &Api, job: &str) -> Vec<Value> {
    let text = String::from_utf8(api.export(job, "ndjson").await).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

async fn metric(daemon: &Daemon, name: &str) -> f64 {
    let text = daemon.api("").get("/metrics").await.text();
    let line = text
        .lines()
        .find(|line| line.starts_with(name))
        .unwrap_or_default()
        .to_owned();
    line.rsplit(' ')
        .next()
        .and_then(|value| value.parse().ok())
        .unwrap_or_default()
}

async fn until_no_supervisor(daemon: &Daemon) {
    let operator = daemon.api(&daemon.token("operator"));
    let deadline = std::time::Instant::now() + SOON;
    loop {
        let tree = operator.get("/api/admin/actors").await.expect(200).json();
        if tree["data"]
            .as_array()
            .unwrap()
            .iter()
            .all(|actor| actor["kind"] != "JobSupervisor")
        {
            return;
        }
        assert!(
            std::time::Instant::now() < deadline,
            "a supervisor is still there: {tree}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Waits until the logs have reached the head of the journal.
async fn daemon_has_logged(daemon: &Daemon) {
    let deadline = std::time::Instant::now() + SOON;
    while metric(daemon, "batchdesk_log_cursor ").await < metric(daemon, "batchdesk_journal_head ").await {
        assert!(std::time::Instant::now() < deadline, "the logs do not catch up");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn a_list_becomes_a_complete_spreadsheet(database: Db) {
    let daemon = start(&database);
    let sites = SampleSites::start().await.unwrap();
    let expected = sites.expected();
    let (total, errors) = (
        expected.len(),
        expected.iter().filter(|row| row.status == "error").count(),
    );
    let api = daemon.api(&daemon.token("member"));
    let accepted = api
        .upload_csv(sites.demo_csv(), "practices.csv")
        .await
        .expect(201)
        .json();
    assert_eq!(
        (
            &accepted["total_practices"],
            &accepted["duplicates"],
            &accepted["invalid"],
            &accepted["blank_rows"]
        ),
        (&json!(total), &json!(1), &json!(1), &json!(1))
    );
    assert_eq!(accepted["url_column"], "Website");
    let job = accepted["job_id"].as_str().unwrap();
    let status = api.wait_for(job, "completed", SOON).await;
    assert_eq!(
        (&status["counts"]["aggregated"], &status["counts"]["error"]),
        (&json!(total - errors), &json!(errors))
    );

    let rows = rows(&api, job).await;
    for (row, expected) in rows.iter().zip(expected) {
        assert_eq!(row["status"], expected.status, "{}: {row}", expected.name);
        if let Some(phone) = expected.phone {
            let phones = row["result"]["phones"].as_array().unwrap();
            assert!(
                phones.iter().any(|found| found["e164"] == phone),
                "{}: {row}",
                expected.name
            );
        }
    }
    assert_eq!(rows.len(), total);
    let csv = String::from_utf8(api.export(job, "csv").await).unwrap();
    assert!(
        csv.starts_with("Practice name,City,Website,Phone,Account owner,Last contact,Notes,status,error,duplicate_of,"),
        "{}",
        csv.lines().next().unwrap()
    );
    assert_eq!(csv::Reader::from_reader(csv.as_bytes()).records().count(), rows.len());

    daemon_has_logged(&daemon).await;
    let failures = api
        .get(&format!("/api/failed-jobs?job_id={job}"))
        .await
        .expect(200)
        .json();
    let failures = failures["data"].as_array().unwrap();
    // The row that is no web address failed at intake: it has no step run.
    assert_eq!(failures.len(), errors - 1, "{failures:?}");
    assert!(
        failures
            .iter()
            .all(|failure| failure["failed_workflow_name"] == "practice-scrape")
    );
    let runs = api.get("/api/batch-runs").await.expect(200).json();
    let run = &runs["data"][0];
    assert_eq!(
        (&run["status"], &run["filename"]),
        (&json!("completed"), &json!("practices.csv"))
    );
    let run = api
        .get(&format!("/api/batch-runs/{}", run["id"].as_str().unwrap()))
        .await
        .expect(200)
        .json();
    api.get(run["result_url"].as_str().unwrap()).await.expect(200);

    let detail = api.job(job).await.json();
    assert_eq!(detail["completed_practices"], total);
    assert_eq!(detail["practices"]["data"].as_array().unwrap().len(), total);
    let first = detail["practices"]["data"][0]["id"].as_i64().unwrap();
    let practice = api
        .get(&format!("/api/jobs/{job}/practices/{first}"))
        .await
        .expect(200)
        .json();
    assert!(
        practice["final_payload"]["provenance"]["name"]["source"].is_string(),
        "{practice}"
    );
    assert_eq!(practice["input"]["City"], "Auckland");
}

async fn duplicates_take_the_outcome_of_their_first_row(database: Db) {
    let daemon = start(&database);
    let site = LoadSite::start().await.unwrap();
    let api = daemon.api(&daemon.token("member"));
    let mut csv = "website\n".to_owned();
    for _ in 0..2_500 {
        csv.push_str(&format!("{}\n", site.practice_url(1)));
    }
    let accepted = api.upload_csv(csv, "copies.csv").await.expect(201).json();
    assert_eq!(accepted["duplicates"], 2_499);
    let job = accepted["job_id"].as_str().unwrap();
    let status = api.wait_for(job, "completed", SOON).await;
    assert_eq!(status["counts"]["aggregated"], 2_500);
    assert_eq!(site.hits(1), 1, "a duplicate is not scraped again");
    let rows = rows(&api, job).await;
    assert!(
        rows[1..]
            .iter()
            .all(|row| row["duplicate_of"] == 1 && row["result"] == rows[0]["result"])
    );
}

async fn pause_resume_kill_and_redo(database: Db) {
    let daemon = start_with(&database, "[engine]\nwindow = 2\n");
    let site = LoadSite::start().await.unwrap();
    site.set_delay(Duration::from_millis(30));
    let api = daemon.api(&daemon.token("member"));
    let job = api.create_job(list(&site, 0..60)).await;
    let finished = |status: &Value| status["counts"]["aggregated"].as_i64().unwrap_or(0);
    api.wait_until(&job, |status| finished(status) >= 4, SOON).await;

    assert_eq!(api.pause(&job).await.expect(200).json()["status"], "paused");
    assert_eq!(
        api.pause(&job).await.expect(200).json()["status"],
        "paused",
        "a target that holds is no error"
    );
    // Steps that were running end and count; then the job's part of the tree goes, and nothing moves.
    until_no_supervisor(&daemon).await;
    let settled = finished(&api.status(&job).await.json());
    assert!(settled < 60);
    let practices = api.practices(&job, "status=pending").await.json();
    assert_eq!(practices["data"][0]["blocked_by"], "paused");

    assert_eq!(api.resume(&job).await.expect(200).json()["status"], "running");
    api.wait_until(&job, |status| finished(status) > settled, SOON).await;
    assert_eq!(api.kill(&job).await.expect(200).json()["status"], "error");
    assert_eq!(api.kill(&job).await.expect(200).json()["status"], "error");
    let problem = api.pause(&job).await.expect(409).json();
    assert_eq!(
        (&problem["code"], &problem["from"]),
        (&json!("illegal_transition"), &json!("error"))
    );
    let killed_at = finished(&api.status(&job).await.json());
    assert!(killed_at < 60);

    assert_eq!(
        api.redo(&job).await.expect(200).json()["reset"],
        0,
        "nothing was in error; the unfinished go on"
    );
    let status = api.wait_for(&job, "completed", SOON).await;
    assert_eq!(finished(&status), 60);
    let again = (0..60).filter(|n| site.hits(*n) > 1).count();
    assert!(
        again <= 2,
        "{again} pages were fetched again; only those in flight at the kill may be"
    );
    assert_eq!(api.kill(&job).await.expect(409).json()["code"], "illegal_transition");
}

async fn another_organisation_sees_nothing(database: Db) {
    let daemon = start(&database);
    let site = LoadSite::start().await.unwrap();
    let ours = daemon.api(&daemon.token_in("Ours", "member"));
    let job = ours.create_job(list(&site, 0..3)).await;
    ours.wait_for(&job, "completed", SOON).await;
    let run = ours.get("/api/batch-runs").await.json()["data"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let theirs = daemon.token_in("Theirs", "admin");
    let colleague = daemon.token_in("Ours", "member");
    let missing = "0199f0d2-0000-7000-8000-000000000000";
    for (token, id, expected) in [
        (&theirs, job.as_str(), 403),
        (&colleague, job.as_str(), 403),
        (&theirs, missing, 404),
    ] {
        let api = daemon.api(token);
        for path in ["", "/practices", "/export", "/practices/1"] {
            api.get(&format!("/api/jobs/{id}{path}")).await.expect(expected);
        }
        api.get(&format!("/api/check-job-status?job_id={id}"))
            .await
            .expect(expected);
        for command in ["kill-job", "pause-job", "resume-job", "redo-job"] {
            api.post(&format!("/api/{command}"), &json!({ "job_id": id }))
                .await
                .expect(expected);
        }
        for path in ["/api/jobs", "/api/failed-jobs", "/api/batch-runs"] {
            assert_eq!(api.get(path).await.expect(200).json()["data"], json!([]), "{path}");
        }
        api.get(&format!("/api/failed-jobs?job_id={id}")).await.expect(expected);
        api.get(&format!("/api/batch-runs/{run}")).await.expect(403);
    }
    let admin = daemon.api(&daemon.token_in("Ours", "admin"));
    assert_eq!(
        admin.get("/api/jobs").await.json()["data"].as_array().unwrap().len(),
        1,
        "an admin sees all of it"
    );
    let viewer = daemon.api(&daemon.token_in("Ours", "viewer"));
    viewer.upload_csv(list(&site, 0..1), "x.csv").await.expect(403);
    viewer.get("/api/admin/actors").await.expect(403);
    for token in ["", "bd_forged", "nonsense"] {
        let refused = daemon.api(token).get("/api/jobs").await.expect(401);
        assert_eq!(refused.json()["code"], "unauthorized");
    }
}

async fn a_slow_host_holds_nobody_back(database: Db) {
    let daemon = start_with(
        &database,
        "[engine]\nwindow = 8\nmax_in_flight = 8\n[scrape]\nhost_concurrency = 2\n",
    );
    let (slow, quick, quick_too) = (
        LoadSite::start().await.unwrap(),
        LoadSite::start().await.unwrap(),
        LoadSite::start().await.unwrap(),
    );
    slow.set_delay(Duration::from_secs(2));
    let api = daemon.api(&daemon.token("member"));
    // Sorted by host, the slow one first.
    let mut sorted = list(&slow, 0..40);
    sorted.push_str(list(&quick, 0..40).strip_prefix("name,website\n").unwrap());
    let first = api.create_job(sorted).await;
    let second = api.create_job(list(&quick_too, 0..40)).await;
    let status = api.wait_for(&second, "completed", SOON).await;
    assert_eq!(status["counts"]["aggregated"], 40);
    let status = api
        .wait_until(
            &first,
            |status| status["counts"]["aggregated"].as_i64() >= Some(40),
            SOON,
        )
        .await;
    assert!(
        slow.total_hits() <= 20,
        "the slow host got {} requests; {status}",
        slow.total_hits()
    );
    api.kill(&first).await.expect(200);
}

async fn failures_are_retried_then_told(database: Db) {
    let daemon = start(&database);
    let site = LoadSite::start().await.unwrap();
    let api = daemon.api(&daemon.token("member"));
    let paths = [
        ("/fault/status/500?times=2&key=a", "aggregated"),
        ("/fault/status/429?times=1&key=b&retry_after=1", "aggregated"),
        ("/fault/status/500", "error"),
        ("/fault/reset", "error"),
        ("/fault/gzip-bomb", "error"),
        ("/fault/redirect-loop", "error"),
        ("/fault/redirect?to=http://10.0.0.1/", "error"),
        ("/fault/redirect?to=http://169.254.169.254/latest/meta-data", "error"),
        ("/fault/binary", "error"),
        ("/fault/status/404", "error"),
    ];
    let mut csv = "website\n".to_owned();
    for (path, _) in paths {
        csv.push_str(&format!("\"{}\"\n", site.url(path)));
    }
    let job = api.create_job(csv).await;
    api.wait_for(&job, "completed", SOON).await;
    for (row, (path, expected)) in rows(&api, &job).await.iter().zip(paths) {
        assert_eq!(row["status"], expected, "{path}: {row}");
        assert_eq!(row["error"].is_string(), expected == "error", "{path}: {row}");
    }
    // Three retries after the first attempt; what cannot pass is not tried again.
    assert_eq!(site.path_hits("/fault/status/500"), 3 + 4);
    assert_eq!(site.path_hits("/fault/status/404"), 1);

    site.forget();
    let reset = api.redo(&job).await.expect(200).json();
    assert_eq!(reset["reset"], 8);
    api.wait_for(&job, "completed", SOON).await;
    assert_eq!(
        site.path_hits("/fault/status/404"),
        1,
        "only practices in error run again"
    );
    assert_eq!(site.path_hits("/fault/status/500"), 4);
    assert_eq!(site.path_hits("/fault/status/429"), 0);
}

#[tokio::test]
async fn settings_reload_into_a_running_job_and_a_bad_file_changes_nothing() {
    let mut daemon = start_with(&Db::Sqlite, "[engine]\nwindow = 1\n");
    let site = LoadSite::start().await.unwrap();
    site.set_delay(Duration::from_millis(100));
    let api = daemon.api(&daemon.token("operator"));
    let job = api.create_job(list(&site, 0..300)).await;
    api.wait_until(&job, |status| status["counts"]["aggregated"].as_i64() >= Some(1), SOON)
        .await;

    daemon.rewrite_config("[engine]\nwindow = 0\n");
    let problem = api.post("/api/admin/reload", &json!({})).await.expect(422).json();
    assert_eq!(problem["problems"][0]["key"], "engine.window", "{problem}");
    daemon.rewrite_config("[engine]\nwindow = 32\n[scrape]\nhost_concurrency = 32\n[http]\nworkers = 7\n");
    let reloaded = api.post("/api/admin/reload", &json!({})).await.expect(200).json();
    assert!(
        reloaded["changed"]
            .as_array()
            .unwrap()
            .contains(&json!("engine.window")),
        "{reloaded}"
    );
    assert_eq!(reloaded["needs_restart"], json!(["http.workers"]));
    let deadline = std::time::Instant::now() + SOON;
    while metric(&daemon, "batchdesk_items_in_flight ").await < 8.0 {
        assert!(
            std::time::Instant::now() < deadline,
            "the wider window did not reach the running job"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    api.wait_for(&job, "completed", SOON).await;
}

#[tokio::test]
async fn the_tree_is_shown_and_a_drain_loses_no_attempt() {
    let mut daemon = start_with(&Db::Sqlite, "[engine]\nwindow = 4\n");
    let site = LoadSite::start().await.unwrap();
    site.set_delay(Duration::from_millis(50));
    let token = daemon.token("operator");
    let api = daemon.api(&token);
    let job = api.create_job(list(&site, 0..80)).await;
    api.wait_until(&job, |status| status["counts"]["aggregated"].as_i64() >= Some(5), SOON)
        .await;
    let tree = api.get("/api/admin/actors").await.expect(200).json();
    let kinds: Vec<&str> = tree["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["kind"].as_str().unwrap())
        .collect();
    for kind in [
        "Overseer",
        "StorageActor",
        "LoggerActor",
        "Scheduler",
        "JobSupervisor",
        "PracticeActor",
    ] {
        assert!(kinds.contains(&kind), "{kind} is not in {kinds:?}");
    }
    assert!(daemon.terminate().success());
    daemon.restart();
    let api = daemon.api(&token);
    api.wait_for(&job, "completed", SOON).await;
    let again = (0..80).filter(|n| site.hits(*n) > 1).count();
    assert_eq!(again, 0, "a drain lets running steps end");
    let practices = api.all_practices(&job).await;
    assert!(
        practices
            .iter()
            .all(|practice| practice["attempt"] == 0 && practice["status"] == "aggregated")
    );
}

#[tokio::test]
async fn one_daemon_owns_a_database() {
    let first = start(&Db::Sqlite);
    let options = DaemonOptions {
        data_dir: Some(first.data_dir().to_owned()),
        ..DaemonOptions::default()
    };
    let mut second = Daemon::spawn(options);
    let ended = second.exit_within(SOON).expect("the second daemon is refused");
    assert_eq!(ended.code(), Some(1));
    assert!(
        second.log().contains("another batchdesk daemon owns this database"),
        "{}",
        second.log()
    );
}

#[tokio::test]
async fn on_postgresql_a_second_daemon_stands_by_and_takes_over() {
    if !postgres::require_or_skip("take-over on PostgreSQL") {
        return;
    }
    let database = postgres::create_database();
    let options = || DaemonOptions {
        database: Db::Postgres(database.url.clone()),
        ..DaemonOptions::default()
    };
    let mut first = Daemon::start(options());
    let site = LoadSite::start().await.unwrap();
    site.set_delay(Duration::from_millis(50));
    let token = first.token("member");
    let job = first.api(&token).create_job(list(&site, 0..200)).await;
    let mut second = Daemon::spawn(options());
    first
        .api(&token)
        .wait_until(&job, |status| status["counts"]["aggregated"].as_i64() >= Some(3), SOON)
        .await;
    assert!(second.is_running());
    first.kill9();
    second.wait_ready();
    let status = second.api(&token).wait_for(&job, "completed", SOON).await;
    assert_eq!(status["counts"]["aggregated"], 200);
}
