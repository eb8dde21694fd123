//! The process dies while it archives a job.
//!
//! Needs the feature `breakpoints`: `cargo test --features breakpoints --test retention`.

use super::*;

/// Archives a job while the process dies at the k-th breakpoint; tells whether it did.
async fn trial(database: Db, site: &LoadSite, kill_after: u64) -> bool {
    let mut daemon = start(&database);
    let url = daemon.database_url();
    let token = daemon.token("member");
    let mut csv = list(site, 0..3);
    csv.push_str(&format!("Copy,{}\nNone,n/a\n", site.practice_url(0)));
    let job = daemon.api(&token).create_job(csv).await;
    daemon.api(&token).wait_for(&job, "completed", SOON).await;
    let before = exports(&daemon.api(&token), &job).await;
    age(&mut daemon, &job).await;
    daemon.rewrite_config(ONE_DAY);
    daemon.spawn_again(vec![("BATCHDESK_KILL_AFTER".to_owned(), kill_after.to_string())]);
    let mut lived = daemon.ready_or_ended();
    while lived {
        let path = format!("/api/jobs/{job}");
        match daemon
            .api(&token)
            .try_raw(reqwest::Method::GET, &path, Vec::new(), &[])
            .await
        {
            Ok(answer) if answer.json()["pruned_at"].is_string() => break,
            Ok(_) => tokio::time::sleep(Duration::from_millis(5)).await,
            Err(_) => lived = false,
        }
    }
    let killed = !(lived && daemon.terminate().success());
    if killed {
        daemon.wait_exit();
    }
    daemon.spawn_again(Vec::new());
    daemon.wait_ready();
    let api = daemon.api(&token);
    until_pruned(&api, &job).await;
    assert_eq!(exports(&api, &job).await, before, "killed at breakpoint {kill_after}");
    let (practices, journal) = archive(&daemon, &job);
    assert_eq!(lines(&practices).len(), 5 + 2);
    assert_eq!(lines(&journal)[1]["operation"], "batch_created");
    assert!(daemon.terminate().success());
    let drafts = daemon.data_dir().join("archive/drafts");
    assert_eq!(fs::read_dir(drafts).unwrap().count(), 0);
    let left = format!(
        "select (select count(*) from batch_operation_logs where batch_job_id = '{job}') + \
         (select count(*) from job_practices where input is not null)"
    );
    assert_eq!(number(&url, &left).await, 0, "killed at breakpoint {kill_after}");
    killed
}

async fn trials(new_database: impl Fn() -> Db) {
    let site = LoadSite::start().await.unwrap();
    let mut killed = 0;
    while trial(new_database(), &site, killed + 1).await {
        killed += 1;
    }
    assert!(killed > 10, "only {killed} breakpoints were passed");
    eprintln!("killed at each of {killed} breakpoints");
}

#[tokio::test]
async fn it_ends_the_same_on_sqlite() {
    trials(|| Db::Sqlite).await;
}

#[tokio::test]
async fn it_ends_the_same_on_postgresql() {
    if crate::support::postgres::require_or_skip("archives and kills on PostgreSQL") {
        let databases = std::cell::RefCell::new(Vec::new());
        trials(|| {
            let database = crate::support::postgres::create_database();
            let url = database.url.clone();
            databases.borrow_mut().push(database);
            Db::Postgres(url)
        })
        .await;
    }
}
