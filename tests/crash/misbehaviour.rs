//! Parts of the daemon panic, or an item ends the process: the rest goes on.

use std::time::{Duration, Instant};

use batchdesk::simulators::load::LoadSite;

use crate::support::api::Api;
use crate::support::daemon::Db;
use crate::support::list;
use crate::{Prepared, SOON, env, prepare, query, until_done_or_dead};

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
