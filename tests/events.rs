//! Watching a job: events as they come, what a client that comes back has missed, and the journal as a list.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on says so by a panic"
)]

#[macro_use]
mod support;

use std::time::{Duration, Instant};

use batchdesk::simulators::load::LoadSite;
use reqwest::Method;
use sea_orm::{ConnectionTrait as _, Database};
use serde_json::{Value, json};
use support::api::Api;
use support::daemon::{Daemon, DaemonOptions, Db};
use support::events::{Event, Events, path};
use support::postgres::{self, Cluster, Durability};
use support::{list, start, start_with};

const SOON: Duration = Duration::from_secs(60);

/// Few at a time, so that a job lasts for as long as a test needs it.
const SLOWLY: &str = "[engine]\nwindow = 2\n";

on_both_databases!("events":
    a_job_is_watched_from_its_upload_to_its_end,
    a_client_that_comes_back_gets_what_it_missed_and_nothing_twice,
    pause_kill_and_redo_are_told_with_who_and_why,
    a_pruned_journal_is_told_and_then_left_alone,
    a_token_that_is_revoked_ends_its_streams,
    the_journal_is_a_list_too,
);

/// Every row of a job's journal in order, page by page.
async fn journal(api: &Api, job: &str, query: &str) -> Vec<Value> {
    let mut all = Vec::new();
    let mut next = format!("limit=40&{query}");
    loop {
        let mut page = api
            .get(&format!("/api/jobs/{job}/logs?{next}"))
            .await
            .expect(200)
            .json();
        all.append(page["data"].as_array_mut().unwrap());
        match page["next_cursor"].as_str() {
            Some(cursor) => next = format!("limit=40&{query}&cursor={cursor}"),
            None => break,
        }
    }
    all.reverse();
    all
}

fn items(events: &[Event]) -> Vec<Value> {
    let items = events.iter().filter(|event| event.name == "item");
    items.map(|event| event.data.clone()).collect()
}

fn operations(events: &[Event]) -> Vec<&str> {
    let jobs = events.iter().filter(|event| event.name == "job");
    jobs.map(Event::operation).collect()
}

/// A job of so many practices whose site answers slowly.
async fn slow_job(api: &Api, practices: u64) -> (String, LoadSite) {
    let site = LoadSite::start().await.unwrap();
    site.set_delay(Duration::from_millis(30));
    (api.create_job(list(&site, 0..practices)).await, site)
}

async fn paused_job(api: &Api) -> (String, LoadSite) {
    let (job, site) = slow_job(api, 500).await;
    api.pause(&job).await.expect(200);
    (job, site)
}

async fn execute(daemon: &Daemon, sql: &str) {
    let db = Database::connect(daemon.database_url()).await.unwrap();
    db.execute_unprepared(sql).await.unwrap();
    db.close().await.unwrap();
}

async fn a_job_is_watched_from_its_upload_to_its_end(database: Db) {
    let daemon = start_with(&database, SLOWLY);
    let api = daemon.api(&daemon.token("member"));
    let (job, _site) = slow_job(&api, 40).await;
    let since = Instant::now();
    let mut events = Events::of(&api, &job, "items=1&last_event_id=0").await;
    let seen = events.rest().await;
    let took = since.elapsed();

    assert_eq!(events.retry, Some(2_000));
    assert_eq!(seen[0].name, "progress", "the present comes first");
    assert_eq!(seen[0].id, 0, "but no id that would skip what was not told yet");
    assert!(seen.is_sorted_by_key(|event| event.id), "{seen:#?}");
    let told = seen.iter().filter(|event| event.name == "progress").count();
    assert!(told as f64 <= 4.0 * took.as_secs_f64() + 1.0, "{told} in {took:?}");
    assert!(told > 2, "{told} in {took:?}");
    assert_eq!(operations(&seen), ["batch_created", "batch_started", "batch_completed"]);

    let rows = journal(&api, &job, "").await;
    let of_items: Vec<Value> = rows.iter().filter(|row| row["practice_id"].is_i64()).cloned().collect();
    assert_eq!(items(&seen), of_items, "one view in both places");
    assert_eq!(of_items.len(), 120);
    let first = &of_items[0];
    assert_eq!(
        (
            &first["operation"],
            &first["from_state"],
            &first["to_state"],
            &first["step"],
            &first["attempt"]
        ),
        (
            &json!("step_completed"),
            &json!("pending"),
            &json!("url_complete"),
            &json!(1),
            &json!(1)
        )
    );
    assert_eq!((&first["row_number"], &first["actor"]), (&json!(1), &json!("system")));

    let [.., progress, done] = &seen[..] else {
        panic!("{seen:#?}")
    };
    assert_eq!((progress.name.as_str(), done.name.as_str()), ("progress", "done"));
    let status = api.status(&job).await.json();
    for event in [progress, done] {
        for key in ["job_id", "status", "total_practices", "counts"] {
            assert_eq!(event.data[key], status[key], "{key}");
        }
    }
    assert_eq!(done.data["status"], "completed");
    assert_eq!(
        (&done.data["completed_practices"], &done.data["failed_practices"]),
        (&json!(40), &json!(0))
    );
    assert_eq!(done.id, rows.last().unwrap()["seq"].as_i64().unwrap());

    // A browser connects again when a stream ends; this is what stops it.
    let last = done.id.to_string();
    let again = api.open(&path(&job, ""), &[("Last-Event-ID", &last)]).await;
    assert_eq!(again.status(), 204);
    // Somebody who comes late is told how it ended.
    let late = Events::of(&api, &job, "").await.rest().await;
    let names: Vec<&str> = late.iter().map(|event| event.name.as_str()).collect();
    assert_eq!(names, ["progress", "done"]);
    assert_eq!(late[0].data["counts"], status["counts"]);
    assert_eq!(late[0].id, done.id);
    // The header of a reconnect counts more than the query of the first request.
    let both = api
        .open(&path(&job, "last_event_id=0"), &[("Last-Event-ID", &last)])
        .await;
    assert_eq!(both.status(), 204);
}

async fn a_client_that_comes_back_gets_what_it_missed_and_nothing_twice(database: Db) {
    let daemon = start_with(&database, SLOWLY);
    let api = daemon.api(&daemon.token("member"));
    let (job, _site) = slow_job(&api, 100).await;
    let mut seen: Vec<Value> = Vec::new();
    let mut last = 0;
    for part in 1..=3 {
        let mut events = Events::after(&api, &job, "items=1", last).await;
        let wanted = 30 * part;
        while seen.len() < wanted {
            let event = events.next().await.expect("the job goes on");
            last = event.id;
            seen.extend(items(&[event]));
        }
    }
    // More is missed now than one read gives.
    api.wait_for(&job, "completed", SOON).await;
    let rest = Events::after(&api, &job, "items=1", last).await.rest().await;
    assert!(rest.len() > 100, "{}", rest.len());
    seen.extend(items(&rest));
    let rows = journal(&api, &job, "").await;
    let of_items: Vec<Value> = rows.into_iter().filter(|row| row["practice_id"].is_i64()).collect();
    assert_eq!(seen.len(), 300);
    assert_eq!(seen, of_items);
    // Without items only what concerns the job comes.
    let brief = Events::after(&api, &job, "", 0).await.rest().await;
    assert_eq!(
        operations(&brief),
        ["batch_created", "batch_started", "batch_completed"]
    );
    assert!(items(&brief).is_empty());
}

async fn pause_kill_and_redo_are_told_with_who_and_why(database: Db) {
    let daemon = start_with(&database, SLOWLY);
    let api = daemon.api(&daemon.token("member"));
    let (job, site) = slow_job(&api, 500).await;
    let mut events = Events::of(&api, &job, "last_event_id=0").await;
    events.until(|event| event.operation() == "batch_started").await;
    let moving = events.until(|event| event.data["eta_seconds"].as_i64() > Some(0)).await;
    assert!(moving.last().unwrap().data["rate_per_second"].as_f64() > Some(0.0));
    api.pause(&job).await.expect(200);
    let paused = events.until(|event| event.data["status"] == "paused").await;
    let told = paused.iter().find(|event| event.operation() == "batch_paused").unwrap();
    assert!(told.data["actor"].as_str().unwrap().starts_with("token:"), "{told:?}");
    assert_eq!(
        (&told.data["from_state"], &told.data["to_state"]),
        (&json!("running"), &json!("paused"))
    );
    assert_eq!(told.id, told.seq());
    assert_eq!(paused.last().unwrap().data["eta_seconds"], Value::Null, "nothing moves");

    api.resume(&job).await.expect(200);
    events.until(|event| event.operation() == "batch_resumed").await;
    api.kill(&job).await.expect(200);
    let killed = events.rest().await;
    let told = killed.iter().find(|event| event.operation() == "batch_killed").unwrap();
    assert_eq!(told.data["details"]["reason"], "killed");
    let names: Vec<&str> = killed[killed.len() - 2..]
        .iter()
        .map(|event| event.name.as_str())
        .collect();
    assert_eq!(names, ["progress", "done"]);
    let last = killed.last().unwrap();
    assert_eq!(last.data["status"], "error");
    assert_eq!(last.data["counts"], api.status(&job).await.json()["counts"]);

    // A redo brings the job back, and with it its events.
    assert_eq!(
        api.open(&path(&job, ""), &[("Last-Event-ID", &last.id.to_string())])
            .await
            .status(),
        204
    );
    api.redo(&job).await.expect(200);
    site.set_delay(Duration::ZERO);
    let rest = Events::after(&api, &job, "", last.id).await.rest().await;
    assert_eq!(operations(&rest), ["batch_redone", "batch_completed"]);
    assert_eq!(rest.last().unwrap().data["completed_practices"], 500);
}

async fn a_pruned_journal_is_told_and_then_left_alone(database: Db) {
    let daemon = start(&database);
    let api = daemon.api(&daemon.token("member"));
    let site = LoadSite::start().await.unwrap();
    let job = api.create_job(list(&site, 0..3)).await;
    let seen = Events::of(&api, &job, "last_event_id=0").await.rest().await;
    let head = seen.last().unwrap().id;

    // The client has seen more than there is: its database was another one.
    let restored = Events::after(&api, &job, "", head + 1_000).await.rest().await;
    let names: Vec<&str> = restored.iter().map(|event| event.name.as_str()).collect();
    assert_eq!(names, ["reset", "progress", "done"]);
    assert_eq!(
        restored[0].data,
        json!({ "reason": "unknown", "last_event_id": head + 1_000 })
    );
    assert_eq!(restored[0].id, head);

    execute(
        &daemon,
        &format!("update enrichment_jobs set pruned_at = finished_at where id = '{job}'"),
    )
    .await;
    execute(
        &daemon,
        &format!("delete from batch_operation_logs where batch_job_id = '{job}'"),
    )
    .await;
    let pruned = Events::after(&api, &job, "items=1", head - 1).await.rest().await;
    let names: Vec<&str> = pruned.iter().map(|event| event.name.as_str()).collect();
    assert_eq!(names, ["reset", "progress", "done"]);
    assert_eq!(pruned[0].data["reason"], "pruned");
    assert_eq!(pruned[1].data["counts"]["aggregated"], 3, "the present state follows");
    let last = pruned.last().unwrap().id.to_string();
    assert_eq!(
        api.open(&path(&job, ""), &[("Last-Event-ID", &last)]).await.status(),
        204
    );
}

async fn a_token_that_is_revoked_ends_its_streams(database: Db) {
    let daemon = start_with(&database, &format!("{SLOWLY}[auth]\ntoken_cache_ms = 100\n"));
    let api = daemon.api(&daemon.token("member"));
    let (job, _site) = paused_job(&api).await;
    let mut events = Events::of(&api, &job, "items=1").await;
    events.until(|event| event.name == "progress").await;
    execute(&daemon, "update api_tokens set revoked_at = created_at").await;
    events.rest().await;
    let after = api.open(&path(&job, ""), &[]).await;
    assert_eq!(after.status(), 401);
}

async fn the_journal_is_a_list_too(database: Db) {
    let daemon = start(&database);
    let api = daemon.api(&daemon.token("member"));
    let site = LoadSite::start().await.unwrap();
    let broken = format!("{}Gone,{}\n", list(&site, 0..30), site.url("/fault/status/404"));
    let job = api.create_job(broken).await;
    api.wait_for(&job, "completed", SOON).await;
    let rows = journal(&api, &job, "").await;
    assert_eq!(
        rows.len(),
        95,
        "three steps of 30 practices, two of one, and three of the job"
    );
    assert!(rows.is_sorted_by_key(|row| row["seq"].as_i64()));
    assert_eq!(rows[0]["operation"], "batch_created");
    assert!(rows[0].get("practice_id").is_none(), "{}", rows[0]);
    assert!(rows[0]["source"].as_str().unwrap().starts_with("api "), "{}", rows[0]);

    let failed = journal(&api, &job, "operation=step_failed").await;
    assert_eq!(
        (failed.len(), &failed[0]["row_number"], &failed[0]["to_state"]),
        (1, &json!(31), &json!("error"))
    );
    assert!(failed[0]["details"]["error"].is_string(), "{}", failed[0]);
    let practice = failed[0]["practice_id"].as_i64().unwrap();
    let of_practice = journal(&api, &job, &format!("practice={practice}")).await;
    let steps: Vec<&str> = of_practice
        .iter()
        .map(|row| row["operation"].as_str().unwrap())
        .collect();
    assert_eq!(steps, ["step_completed", "step_failed"]);
    let completed = journal(&api, &job, "operation=batch_completed").await;
    assert_eq!(completed.len(), 1);
    let none = journal(&api, &job, "practice=999999").await;
    assert!(none.is_empty());
}

#[tokio::test]
async fn others_see_nothing_and_bad_requests_say_what_is_wrong() {
    let daemon = start(&Db::Sqlite);
    let site = LoadSite::start().await.unwrap();
    let api = daemon.api(&daemon.token("member"));
    let job = api.create_job(list(&site, 0..2)).await;
    let missing = "0199f0d2-0000-7000-8000-000000000000";
    for path in ["events", "logs"] {
        for (token, id, status) in [
            (daemon.token("member"), job.as_str(), 403),
            (daemon.token_in("Theirs", "admin"), job.as_str(), 403),
            (daemon.token("admin"), missing, 404),
            (String::new(), job.as_str(), 401),
        ] {
            let answer = daemon.api(&token).get(&format!("/api/jobs/{id}/{path}")).await;
            answer.expect(status);
        }
    }
    Events::of(&daemon.api(&daemon.token("admin")), &job, "")
        .await
        .rest()
        .await;

    for query in [
        "items=maybe",
        "last_event_id=x",
        "last_event_id=-1",
        "last_event_id=1.5",
        "item=1",
    ] {
        let problem = api.get(&path(&job, query)).await.expect(400).json();
        assert_eq!(problem["code"], "bad_request", "{query}: {problem}");
    }
    for header in ["latest", "-1", "", "99999999999999999999", "1 2", "\u{e9}"] {
        let url = path(&job, "");
        let answer = api.raw(Method::GET, &url, "", &[("Last-Event-ID", header)]).await;
        assert!(answer.expect(400).text().contains("Last-Event-ID"), "{header}");
    }
    for query in ["operation=done", "practice=x", "limit=0", "cursor=!!", "status=error"] {
        let problem = api
            .get(&format!("/api/jobs/{job}/logs?{query}"))
            .await
            .expect(400)
            .json();
        assert_eq!(problem["code"], "bad_request", "{query}: {problem}");
    }
    let head = api.raw(Method::HEAD, &path(&job, ""), "", &[]).await.expect(200);
    assert_eq!(head.headers["content-type"], "text/event-stream");
    api.raw(Method::POST, &path(&job, ""), "", &[]).await.expect(405);
}

#[tokio::test]
async fn too_many_streams_are_refused_and_closed_ones_make_room() {
    let limits = "[http]\nmax_event_streams = 3\nmax_event_streams_per_user = 2\n";
    let daemon = start_with(&Db::Sqlite, &format!("{SLOWLY}{limits}"));
    let api = daemon.api(&daemon.token("member"));
    let admin = daemon.api(&daemon.token("admin"));
    let (job, _site) = paused_job(&api).await;
    let first = Events::of(&api, &job, "").await;
    let _second = Events::of(&api, &job, "").await;
    let refused = api.get(&path(&job, "")).await.expect(429);
    assert_eq!(refused.json()["code"], "too_many_streams");
    assert!(refused.headers["retry-after"].to_str().unwrap().parse::<u32>().unwrap() > 0);
    let _third = Events::of(&admin, &job, "").await;
    let refused = admin.get(&path(&job, "")).await.expect(503);
    assert_eq!(refused.json()["code"], "too_many_streams");
    assert!(refused.headers.contains_key("retry-after"));
    let metrics = api.get("/metrics").await.text();
    assert!(metrics.contains("batchdesk_event_streams 3"), "{metrics}");

    drop(first);
    let deadline = Instant::now() + SOON;
    while api.open(&path(&job, ""), &[]).await.status() != 200 {
        assert!(Instant::now() < deadline, "a closed stream keeps its place");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_drain_ends_streams_and_a_start_goes_on_with_them() {
    let mut daemon = start_with(&Db::Sqlite, SLOWLY);
    let token = daemon.token("member");
    let (job, site) = slow_job(&daemon.api(&token), 150).await;
    let mut events = Events::of(&daemon.api(&token), &job, "items=1&last_event_id=0").await;
    let mut seen = events.until(|event| event.name == "item").await;
    daemon.signal("TERM");
    // An end in order: a server that waits for its streams would break them off after a while.
    seen.extend(events.rest().await);
    assert!(seen.iter().all(|event| event.name != "done"));
    assert!(daemon.wait_exit().success());

    daemon.restart();
    site.set_delay(Duration::ZERO);
    let last = seen.last().unwrap().id;
    let api = daemon.api(&token);
    seen.extend(Events::after(&api, &job, "items=1", last).await.rest().await);
    assert_eq!(items(&seen).len(), 450);
    let rows = journal(&api, &job, "").await;
    let of_items: Vec<Value> = rows.into_iter().filter(|row| row["practice_id"].is_i64()).collect();
    assert_eq!(items(&seen), of_items);
}

#[tokio::test]
async fn a_database_that_goes_away_is_waited_for() {
    if !postgres::require_or_skip("events while PostgreSQL restarts") {
        return;
    }
    let cluster = Cluster::start(Durability::Full);
    let database = cluster.create_database();
    let daemon = Daemon::start(DaemonOptions {
        database: Db::Postgres(database.url.clone()),
        config_toml_extra: SLOWLY.to_owned(),
        ..DaemonOptions::default()
    });
    let api = daemon.api(&daemon.token("member"));
    let (job, site) = slow_job(&api, 150).await;
    let mut events = Events::of(&api, &job, "items=1&last_event_id=0").await;
    let mut seen = events.until(|event| event.name == "item").await;
    cluster.restart();
    site.set_delay(Duration::ZERO);
    seen.extend(events.rest().await);
    assert_eq!(seen.last().unwrap().name, "done");
    assert_eq!(items(&seen).len(), 450, "the same connection tells everything");
}
