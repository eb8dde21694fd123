//! The main job through the real daemon over HTTP, on both databases.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on says so by a panic"
)]

mod support;

use std::time::Duration;

use batchdesk::simulators::load::LoadSite;
use batchdesk::simulators::sites::SampleSites;
use reqwest::Method;
use serde_json::{Value, json};
use support::api::Api;
use support::daemon::{Daemon, DaemonOptions, Db};
use support::postgres;

const SOON: Duration = Duration::from_secs(60);

/// Runs the test on SQLite and, where there is one, on PostgreSQL.
macro_rules! on_both_databases {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test] async fn $name() { super::$name(super::Db::Sqlite).await; })+
        }
        mod postgresql {
            $(#[tokio::test] async fn $name() {
                if super::postgres::require_or_skip("main job on PostgreSQL") {
                    let database = super::postgres::create_database();
                    super::$name(super::Db::Postgres(database.url.clone())).await;
                }
            })+
        }
    };
}

on_both_databases!(
    a_list_becomes_a_complete_spreadsheet,
    duplicates_take_the_outcome_of_their_first_row,
    pause_resume_kill_and_redo,
    another_organisation_sees_nothing,
    a_slow_host_holds_nobody_back,
    failures_are_retried_then_told,
);

fn start(database: &Db) -> Daemon {
    Daemon::start(DaemonOptions {
        database: database.clone(),
        ..DaemonOptions::default()
    })
}

fn start_with(database: &Db, config: &str) -> Daemon {
    let options = DaemonOptions {
        database: database.clone(),
        config_toml_extra: config.to_owned(),
        ..DaemonOptions::default()
    };
    Daemon::start(options)
}

fn list(site: &LoadSite, practices: std::ops::Range<u64>) -> String {
    let mut csv = "name,website\n".to_owned();
    for n in practices {
        csv.push_str(&format!("Practice {n},{}\n", site.practice_url(n)));
    }
    csv
}

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
        (&json!(15), &json!(1), &json!(1), &json!(1))
    );
    assert_eq!(accepted["url_column"], "website");
    let job = accepted["job_id"].as_str().unwrap();
    let status = api.wait_for(job, "completed", SOON).await;
    assert_eq!(
        (&status["counts"]["aggregated"], &status["counts"]["error"]),
        (&json!(10), &json!(5))
    );

    let rows = rows(&api, job).await;
    for (row, expected) in rows.iter().zip(sites.expected()) {
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
    assert_eq!(rows.len(), sites.expected().len());
    let csv = String::from_utf8(api.export(job, "csv").await).unwrap();
    assert!(
        csv.starts_with("name,website,city,status,error,duplicate_of,"),
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
    assert_eq!(failures.len(), 4, "{failures:?}");
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
    assert_eq!(detail["completed_practices"], 15);
    assert_eq!(detail["practices"]["data"].as_array().unwrap().len(), 15);
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
    assert_eq!(practice["input"]["city"], rows[0]["input"]["city"]);
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
async fn every_bad_upload_has_its_answer_and_leaves_nothing() {
    let daemon = start_with(
        &Db::Sqlite,
        "[http]\nmax_upload_bytes = 4000000\n[imports]\nmax_row_bytes = 100000\n",
    );
    let api = daemon.api(&daemon.token("member"));
    let long_line = format!("website\nhttps://a.nz/{}\n", "x".repeat(3_000_000));
    let over_the_limit = format!("website\n{}", "https://a.nz/\n".repeat(400_000));
    let cases: [(&str, Vec<u8>, u16, &str); 7] = [
        ("empty", Vec::new(), 422, "empty_file"),
        ("no URL column", b"name,city\nA,B\nC,D\n".to_vec(), 422, "no_url_column"),
        (
            "two columns",
            b"website,url\nhttps://a.nz,https://b.nz\nhttps://c.nz,https://d.nz\n".to_vec(),
            422,
            "ambiguous_url_column",
        ),
        ("binary", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec(), 422, "binary_file"),
        ("long line", long_line.into_bytes(), 413, "row_too_long"),
        ("header only", b"name,website\n".to_vec(), 422, "header_only"),
        ("too large", over_the_limit.into_bytes(), 413, "too_large"),
    ];
    for (name, body, status, code) in cases {
        let problem = api.upload_csv(body, "list.csv").await.expect(status).json();
        assert_eq!(problem["code"], code, "{name}: {problem}");
        assert!(problem["detail"].as_str().unwrap().len() > 10, "{name}: {problem}");
    }
    let both = api
        .upload_csv("website,url\nhttps://a.nz,https://b.nz\n", "l.csv")
        .await
        .json();
    assert_eq!(both["columns"], json!(["website", "url"]), "{both}");
    let named = api
        .raw(Method::POST, "/api/jobs", Vec::new(), &[("content-type", "image/png")])
        .await;
    assert_eq!(named.expect(415).json()["code"], "unsupported_media_type");
    for settings in ["{\"region\":\"UK\"}", "{\"regoin\":\"NZ\"}", "[]", "{"] {
        let path = format!("/api/jobs?settings={}", settings.replace('"', "%22"));
        let answer = api
            .raw(
                Method::POST,
                &path,
                "website\nhttps://a.nz\n",
                &[("content-type", "text/csv")],
            )
            .await;
        assert_eq!(answer.expect(422).json()["code"], "bad_settings", "{settings}");
    }
    let mistyped = api
        .raw(
            Method::POST,
            "/api/jobs?url_colum=x",
            "website\n",
            &[("content-type", "text/csv")],
        )
        .await;
    assert!(mistyped.expect(400).text().contains("url_colum"));
    let two =
        "--x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\nwebsite\nhttps://a.nz\n\r\n";
    let form = format!("{two}{two}--x--\r\n");
    let answer = api
        .raw(
            Method::POST,
            "/api/jobs",
            form,
            &[("content-type", "multipart/form-data; boundary=x")],
        )
        .await;
    assert!(answer.expect(400).text().contains("twice"));
    let untyped = api.raw(Method::POST, "/api/kill-job", "{}", &[]).await;
    assert!(untyped.expect(415).text().contains("application/json"));
    api.raw(Method::DELETE, "/api/jobs", "", &[]).await.expect(405);
    api.raw(Method::HEAD, "/readyz", "", &[]).await.expect(200);

    assert_eq!(api.get("/api/jobs").await.json()["data"], json!([]));
    let spool = daemon.data_dir().join("spool");
    assert_eq!(std::fs::read_dir(spool).unwrap().count(), 0);
}

#[tokio::test]
async fn a_sender_who_goes_away_leaves_nothing() {
    use std::io::Write as _;
    let daemon = start(&Db::Sqlite);
    let token = daemon.token("member");
    let address = daemon.base_url().strip_prefix("http://").unwrap().to_owned();
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    let head = format!(
        "POST /api/jobs HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-type: text/csv\r\ncontent-length: 100000\r\n\r\nwebsite\nhttps://a.nz\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    drop(stream);
    let api = daemon.api(&token);
    let spool = daemon.data_dir().join("spool");
    let deadline = std::time::Instant::now() + SOON;
    while std::fs::read_dir(&spool).unwrap().count() > 0 {
        assert!(std::time::Instant::now() < deadline, "the spooled part is still there");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(api.get("/api/jobs").await.json()["data"], json!([]));
}

#[tokio::test]
async fn pages_follow_each_other_and_bad_queries_say_what_is_wrong() {
    let daemon = start(&Db::Sqlite);
    let site = LoadSite::start().await.unwrap();
    let api = daemon.api(&daemon.token("member"));
    let job = api.create_job(list(&site, 0..7)).await;
    api.wait_for(&job, "completed", SOON).await;
    let mut seen = Vec::new();
    let mut query = "limit=3".to_owned();
    loop {
        let page = api.practices(&job, &query).await.json();
        seen.extend(
            page["data"]
                .as_array()
                .unwrap()
                .iter()
                .map(|row| row["row_number"].as_i64().unwrap()),
        );
        match page["next_cursor"].as_str() {
            Some(cursor) => query = format!("limit=3&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(seen, [1, 2, 3, 4, 5, 6, 7]);
    let prefix = api.practices(&job, &format!("q={}", site.practice_url(3))).await.json();
    assert_eq!(prefix["data"].as_array().unwrap().len(), 1);
    for query in ["limit=0", "limit=501", "cursor=!!", "status=done", "limit=many"] {
        let problem = api
            .get(&format!("/api/jobs/{job}/practices?{query}"))
            .await
            .expect(400)
            .json();
        assert_eq!(problem["code"], "bad_request", "{query}: {problem}");
    }
    api.get("/api/jobs/not-an-id").await.expect(404);
    api.get("/api/nothing").await.expect(404);
    let problem = api
        .post("/api/kill-job", &json!({ "job": job }))
        .await
        .expect(400)
        .json();
    assert!(problem["detail"].as_str().unwrap().contains("job_id"), "{problem}");
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

#[tokio::test]
async fn saved_pages_are_extracted_without_a_daemon() {
    let directory = tempfile::tempdir().unwrap();
    let page = directory.path().join("home.html");
    std::fs::write(&page, batchdesk::simulators::load::page(3)).unwrap();
    let run = |arguments: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_batchdesk"));
        command.arg("extract").arg(&page).args(arguments).output().unwrap()
    };
    let output = run(&["--url", "https://www.example.co.nz"]);
    assert!(output.status.success());
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        found["phones"][0]["e164"],
        batchdesk::simulators::load::facts(3).phone_e164
    );
    assert_eq!(found["domain"], "example.co.nz");
    let twice = run(&[page.to_str().unwrap(), "--url", "https://www.example.co.nz"]);
    assert_eq!(String::from_utf8(twice.stdout).unwrap().lines().count(), 2);
    let site = run(&[page.to_str().unwrap(), "--site", "--url", "https://www.example.co.nz"]);
    assert_eq!(String::from_utf8(site.stdout).unwrap().lines().count(), 1);
    let refused = run(&["--url", "n/a"]);
    assert!(!refused.status.success());
    assert!(String::from_utf8(refused.stderr).unwrap().contains("--url"));
}
