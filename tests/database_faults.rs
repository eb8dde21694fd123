//! The database goes away and comes back: the daemon rides it out, says so, and loses nothing.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on says so by a panic"
)]

mod support;

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use batchdesk::simulators::load::LoadSite;
use sea_orm::{ConnectionTrait as _, Database, Statement, TransactionTrait as _};
use serde_json::json;
use support::daemon::{Daemon, DaemonOptions, Db};
use support::postgres::{self, Cluster, Durability};

const SOON: Duration = Duration::from_secs(90);

fn list(site: &LoadSite, practices: std::ops::Range<u64>) -> String {
    let mut csv = "website\n".to_owned();
    for n in practices {
        csv.push_str(&format!("{}\n", site.practice_url(n)));
    }
    csv
}

async fn wait_until(what: &str, mut reached: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + SOON;
    while !reached().await {
        assert!(Instant::now() < deadline, "{what}: not in time");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn logs(url: &str) -> i64 {
    let db = Database::connect(url).await.unwrap();
    let sql = "select count(*) from enrichment_results_log";
    let row = db
        .query_one_raw(Statement::from_string(db.get_database_backend(), sql))
        .await
        .unwrap()
        .unwrap();
    let count = row.try_get_by::<i64, _>(0).unwrap();
    db.close().await.unwrap();
    count
}

#[tokio::test]
async fn a_locked_database_is_waited_for() {
    let mut daemon = Daemon::start(DaemonOptions {
        config_toml_extra: "[http]\ncommand_timeout_ms = 500\n[engine]\nwindow = 4\n".to_owned(),
        ..DaemonOptions::default()
    });
    let site = LoadSite::start().await.unwrap();
    site.set_delay(Duration::from_millis(20));
    let api = daemon.api(&daemon.token("member"));
    let job = api.create_job(list(&site, 0..60)).await;
    api.wait_until(&job, |status| status["counts"]["aggregated"].as_i64() >= Some(2), SOON)
        .await;

    let intruder = Database::connect(daemon.database_url()).await.unwrap();
    #[expect(clippy::disallowed_methods, reason = "an intruder knows no rules")]
    let lock = intruder.begin().await.unwrap();
    lock.execute_unprepared("update writer_state set last_end = last_end")
        .await
        .unwrap();
    wait_until("readyz says that writes do not go through", async || {
        api.get("/readyz").await.status == 503
    })
    .await;
    let answer = api.pause(&job).await.expect(503);
    assert_eq!(answer.json()["code"], "database_unavailable");
    assert_eq!(answer.headers["retry-after"], "5");
    assert_eq!(
        api.status(&job).await.expect(200).json()["counts"]["error"],
        0,
        "reads go on"
    );
    lock.rollback().await.unwrap();
    intruder.close().await.unwrap();

    // The pause stands in the queue: it was not lost with the answer.
    api.wait_for(&job, "paused", SOON).await;
    wait_until("ready again", async || api.get("/readyz").await.status == 200).await;
    api.resume(&job).await.expect(200);
    let status = api.wait_for(&job, "completed", SOON).await;
    assert_eq!(status["counts"]["aggregated"], 60);
    assert!(daemon.terminate().success());
    assert_eq!(logs(&daemon.database_url()).await, 180);
}

#[tokio::test]
async fn a_daemon_that_is_told_to_end_while_the_database_is_locked_ends_and_goes_on_later() {
    let mut daemon = Daemon::start(DaemonOptions {
        config_toml_extra: "[engine]\nwindow = 4\ndrain_timeout_ms = 500\n".to_owned(),
        ..DaemonOptions::default()
    });
    let site = LoadSite::start().await.unwrap();
    site.set_delay(Duration::from_millis(20));
    let token = daemon.token("member");
    let job = daemon.api(&token).create_job(list(&site, 0..60)).await;
    let api = daemon.api(&token);
    api.wait_until(&job, |status| status["counts"]["aggregated"].as_i64() >= Some(2), SOON)
        .await;
    let intruder = Database::connect(daemon.database_url()).await.unwrap();
    #[expect(clippy::disallowed_methods, reason = "an intruder knows no rules")]
    let lock = intruder.begin().await.unwrap();
    lock.execute_unprepared("update writer_state set last_end = last_end")
        .await
        .unwrap();
    daemon.signal("TERM");
    daemon.wait_exit();
    lock.rollback().await.unwrap();
    intruder.close().await.unwrap();
    daemon.restart();
    let status = daemon.api(&token).wait_for(&job, "completed", SOON).await;
    assert_eq!(status["counts"]["aggregated"], 60);
    assert!(daemon.terminate().success());
    assert_eq!(logs(&daemon.database_url()).await, 180);
}

#[tokio::test]
async fn a_postgresql_that_crashes_and_comes_back_loses_and_doubles_nothing() {
    if !postgres::require_or_skip("PostgreSQL restarted") {
        return;
    }
    let cluster = Cluster::start(Durability::Full);
    let database = cluster.create_database();
    let mut daemon = Daemon::start(DaemonOptions {
        database: Db::Postgres(database.url.clone()),
        ..DaemonOptions::default()
    });
    let site = LoadSite::start().await.unwrap();
    site.set_delay(Duration::from_millis(10));
    let token = daemon.token("member");
    let job = daemon.api(&token).create_job(list(&site, 0..2_000)).await;
    for outage in 1..=3 {
        let api = daemon.api(&token);
        api.wait_until(
            &job,
            |status| status["counts"]["aggregated"].as_i64() >= Some(outage * 300),
            SOON,
        )
        .await;
        cluster.crash();
        let client = daemon.api("");
        wait_until("readyz says that the database is away", async || {
            client.get("/readyz").await.status == 503
        })
        .await;
        cluster.start_again();
        wait_until("ready again", async || client.get("/readyz").await.status == 200).await;
    }
    let status = daemon.api(&token).wait_for(&job, "completed", SOON).await;
    assert_eq!(status["counts"]["aggregated"], 2_000);
    let export = String::from_utf8(daemon.api(&token).export(&job, "ndjson").await).unwrap();
    assert_eq!(export.lines().count(), 2_000);
    assert!(daemon.terminate().success());
    assert_eq!(logs(&database.url).await, 6_000, "one log row per step run");
}

#[tokio::test]
async fn a_daemon_whose_lock_was_lost_to_another_one_ends() {
    if !postgres::require_or_skip("lock lost to another daemon") {
        return;
    }
    let database = postgres::create_database();
    let options = || DaemonOptions {
        database: Db::Postgres(database.url.clone()),
        ..DaemonOptions::default()
    };
    let mut first = Daemon::start(options());
    let site = LoadSite::start().await.unwrap();
    site.set_delay(Duration::from_millis(20));
    let token = first.token("member");
    let job = first.api(&token).create_job(list(&site, 0..1_000)).await;
    let mut second = Daemon::spawn(options());
    let admin = Database::connect(&database.url).await.unwrap();
    let owner = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'batchdesk owner' \
        and pid in (select pid from pg_locks where locktype = 'advisory' and granted)";
    // The lock goes back and forth until the second has had it for long enough to take over.
    wait_until("the first loses its lock and the second takes over", async || {
        admin.execute_unprepared(owner).await.unwrap();
        first.exit_within(Duration::from_millis(700)).is_some()
    })
    .await;
    assert_eq!(first.wait_exit().code(), Some(70));
    admin.close().await.unwrap();
    second.wait_ready();
    let status = second.api(&token).wait_for(&job, "completed", SOON).await;
    assert_eq!(status["counts"]["aggregated"], 1_000);
    assert!(second.terminate().success());
    assert_eq!(logs(&database.url).await, 3_000);
}

/// A proxy before PostgreSQL that can swallow the answer to a COMMIT and cut the connection.
struct Proxy {
    address: String,
    swallow: Arc<AtomicBool>,
    swallowed: Arc<AtomicU32>,
}

impl Proxy {
    fn start(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (swallow, swallowed) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
        let (flag, count) = (Arc::clone(&swallow), Arc::clone(&swallowed));
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let upstream = TcpStream::connect(&server).unwrap();
                let committing = Arc::new(AtomicBool::new(false));
                let pair = (client.try_clone().unwrap(), upstream.try_clone().unwrap());
                let (flag, seen) = (Arc::clone(&flag), Arc::clone(&committing));
                std::thread::spawn(move || forward_requests(pair.0, pair.1, &flag, &seen));
                let count = Arc::clone(&count);
                std::thread::spawn(move || forward_answers(upstream, client, &committing, &count));
            }
        });
        Self {
            address,
            swallow,
            swallowed,
        }
    }
}

fn forward_requests(mut client: TcpStream, mut server: TcpStream, swallow: &AtomicBool, committing: &AtomicBool) {
    let mut buffer = [0; 65_536];
    while let Ok(read @ 1..) = client.read(&mut buffer) {
        let commit = buffer[..read]
            .windows(6)
            .any(|window| window.eq_ignore_ascii_case(b"COMMIT"));
        if commit && swallow.swap(false, Ordering::SeqCst) {
            committing.store(true, Ordering::SeqCst);
        }
        if server.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    let _ = server.shutdown(Shutdown::Both);
}

fn forward_answers(mut server: TcpStream, mut client: TcpStream, committing: &AtomicBool, swallowed: &AtomicU32) {
    let mut buffer = [0; 65_536];
    while let Ok(read @ 1..) = server.read(&mut buffer) {
        if committing.load(Ordering::SeqCst) {
            // The server has committed; its client will never hear of it.
            swallowed.fetch_add(1, Ordering::SeqCst);
            break;
        }
        if client.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    let _ = client.shutdown(Shutdown::Both);
    let _ = server.shutdown(Shutdown::Both);
}

#[tokio::test]
async fn a_commit_whose_answer_is_lost_counts_once() {
    if !postgres::require_or_skip("lost answers to COMMIT") {
        return;
    }
    let database = postgres::create_database();
    let (head, rest) = database.url.split_once('@').unwrap();
    let (server, name) = rest.split_once('/').unwrap();
    let proxy = Proxy::start(server.to_owned());
    let url = format!("{head}@{}/{name}", proxy.address);
    let mut daemon = Daemon::start(DaemonOptions {
        database: Db::Postgres(url),
        config_toml_extra: "[engine]\nwindow = 8\n".to_owned(),
        ..DaemonOptions::default()
    });
    let site = LoadSite::start().await.unwrap();
    site.set_delay(Duration::from_millis(5));
    let api = daemon.api(&daemon.token("member"));
    let job = api.create_job(list(&site, 0..400)).await;
    for lost in 1..=8 {
        proxy.swallow.store(true, Ordering::SeqCst);
        wait_until("the answer to a COMMIT was swallowed", async || {
            proxy.swallowed.load(Ordering::SeqCst) >= lost
        })
        .await;
    }
    let status = api.wait_for(&job, "completed", SOON).await;
    assert_eq!(
        status["counts"],
        json!({
            "pending": 0, "url_complete": 0, "scraped": 0, "aggregated": 400, "error": 0, "excluded": 0
        })
    );
    assert_eq!(site.total_hits(), 400, "no page was fetched again");
    assert!(daemon.terminate().success());
    assert_eq!(logs(&database.url).await, 1_200);
    let db = Database::connect(&database.url).await.unwrap();
    let gaps = "select max(seq) - count(*) from batch_operation_logs";
    let row = db
        .query_one_raw(Statement::from_string(db.get_database_backend(), gaps))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        row.try_get_by::<i64, _>(0).unwrap(),
        0,
        "the journal has no gap and no double"
    );
}
