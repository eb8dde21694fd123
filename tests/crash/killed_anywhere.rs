//! Killed at every breakpoint of the built-in play.

use batchdesk::simulators::load::LoadSite;

use crate::support::daemon::Db;
use crate::support::{list, postgres};
use crate::{Prepared, SOON, env, post_until_it_stands, prepare, state, the_only_job, until_done_or_dead};

/// Runs the list, killed at the k-th breakpoint; tells whether it was killed, and the state in the end.
async fn trial(prepared: &mut Prepared, csv: &str, kill_after: u64) -> (bool, String, Vec<u8>) {
    let Prepared { daemon, token } = prepared;
    daemon.spawn_again(env("BATCHDESK_KILL_AFTER", kill_after));
    let mut job = None;
    if daemon.ready_or_ended() {
        job = post_until_it_stands(daemon, token, "practice-enrichment", csv).await;
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
