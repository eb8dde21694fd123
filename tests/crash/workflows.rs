//! Killed anywhere while providers do the steps: rows, counters, logs, completions, failures and what stands in tables
//! come out the same, and nobody is asked again but for what was on its way.

use std::collections::HashMap;
use std::time::Duration;

use crate::scene::{Base, CallsBack, PLAY, Place, Scene, Trial};
use crate::support::postgres;
use crate::{SOON, env, post_until_it_stands, query, state, the_only_job, until_done_or_dead};

const LIST: &str = "website\none.example\ntwo.example\nthree.example\ngone.example\none.example\nn/a\n";

/// How often each was asked: page or webhook, and for whom.
type Asked = HashMap<String, usize>;

/// How a trial ended.
struct Ended {
    killed: bool,
    state: String,
    asked: Asked,
}

async fn outcome(trial: &Trial) -> String {
    let mut text = state(&trial.hq).await;
    for (url, sql) in [
        (
            &trial.hq,
            "select c.workflow_slug || ' ' || c.step_number || ' ' || o.domain from company_play_step_completions c \
             join companies o on o.id = c.company_id order by c.step_number",
        ),
        (
            &trial.hq,
            "select p.row_number || ' ' || l.step_number || ' ' || coalesce(l.result_table, '') || ' ' || \
             coalesce(l.error_message, '') || ' ' || coalesce(l.company_domain, '') from enrichment_results_log l \
             join job_practices p on p.id = l.practice_id order by p.row_number, l.step_number, l.life",
        ),
        (
            &trial.hq,
            "select 'open: ' || count(*) from step_runs where closed_at is null",
        ),
        (
            &trial.workspace,
            "select company_domain || ' ' || url || ' ' || status || ' ' || length(html) from company_pages \
             order by company_domain",
        ),
        (
            &trial.workspace,
            "select company_domain || ' ' || urls from company_studies order by company_domain",
        ),
    ] {
        text.push_str(&query(url, sql).await);
        text.push_str("\n--\n");
    }
    text
}

/// What was asked since the logs were so long.
fn asked_since(scene: &Scene, pages: usize, calls: usize) -> Asked {
    let mut asked = Asked::new();
    for request in &scene.zenrows.requests()[pages..] {
        *asked.entry(request.url.clone()).or_default() += 1;
    }
    for call in &scene.n8n.calls()[calls..] {
        let key = format!("{} for {}", call.path, call.body["company"]["domain"]);
        *asked.entry(key).or_default() += 1;
    }
    asked
}

/// Runs the list, killed at the k-th breakpoint.
async fn run(scene: &Scene, kill_after: u64) -> Ended {
    let (pages, calls) = (scene.zenrows.requests().len(), scene.n8n.calls().len());
    let mut trial = scene.trial(env("BATCHDESK_KILL_AFTER", kill_after));
    let base = Base::default();
    let calls_back = CallsBack::start(&scene.n8n, calls, &base);
    let Trial { daemon, token, .. } = &mut trial;
    let mut job = None;
    let mut killed = true;
    if daemon.ready_or_ended() {
        daemon.base_url().clone_into(&mut base.lock().unwrap());
        job = post_until_it_stands(daemon, token, PLAY, LIST).await;
        if let Some(job) = &job {
            killed = !until_done_or_dead(daemon, token, job).await;
        }
    }
    if killed {
        daemon.wait_exit();
        daemon.spawn_again(Vec::new());
        daemon.wait_ready();
        daemon.base_url().clone_into(&mut base.lock().unwrap());
        let api = daemon.api(token);
        let job = match job {
            Some(job) => job,
            None => match the_only_job(&api).await {
                Some(job) => job,
                None => post_until_it_stands(daemon, token, PLAY, LIST).await.unwrap(),
            },
        };
        api.wait_for(&job, "completed", SOON).await;
    }
    let asked = asked_since(scene, pages, calls);
    let studies = asked.iter().filter(|(key, _)| key.contains("case-studies"));
    let answered = calls_back.until(studies.map(|(_, times)| times).sum()).await;
    assert!(
        answered.iter().all(|status| matches!(status, 200 | 202)),
        "an answer was refused: {answered:?}"
    );
    if !daemon.terminate().success() {
        // The last breakpoints are those of its end.
        killed = true;
        daemon.spawn_again(Vec::new());
        daemon.wait_ready();
        assert!(daemon.terminate().success());
    }
    Ended {
        killed,
        state: outcome(&trial).await,
        asked,
    }
}

/// Nobody was asked that is not asked undisturbed, nor more than once more: at the kill one call for each was on its way.
fn assert_asked(asked: &Asked, undisturbed: &Asked, at_once: usize, when: &str) {
    let mut again = 0;
    for (key, times) in asked {
        let usual = undisturbed.get(key).copied().unwrap_or_default();
        assert!(
            *times <= usual + 1 && usual > 0,
            "{when}: {key} was asked {times} times"
        );
        again += times - (*times).min(usual);
    }
    assert!(again <= at_once, "{when}: {again} were asked again: {asked:?}");
}

async fn killed_anywhere(place: Place) {
    let scene = Scene::new(place, "").await;
    let undisturbed = run(&scene, u64::MAX).await;
    assert!(!undisturbed.killed);
    assert!(
        undisturbed.state.contains("completed 6 6 2 4 2"),
        "{}",
        undisturbed.state
    );
    assert!(undisturbed.state.contains("open: 0"), "{}", undisturbed.state);
    let mut trials = 0;
    for kill_after in 1.. {
        let ended = run(&scene, kill_after).await;
        let when = format!("killed at breakpoint {kill_after}");
        assert_eq!(ended.state, undisturbed.state, "{when}");
        assert_asked(&ended.asked, &undisturbed.asked, 4, &when);
        if !ended.killed {
            break;
        }
        trials += 1;
    }
    assert!(trials > 40, "only {trials} breakpoints were passed");
    eprintln!("{place:?}: killed at each of {trials} breakpoints");
}

#[tokio::test]
async fn killed_anywhere_it_ends_the_same_on_sqlite_with_a_workspace_apart() {
    killed_anywhere(Place::SqliteApart).await;
}

#[tokio::test]
async fn killed_anywhere_it_ends_the_same_on_sqlite_with_the_workspace_in_hq() {
    killed_anywhere(Place::SqliteInHq).await;
}

#[tokio::test]
async fn killed_anywhere_it_ends_the_same_on_postgresql_with_a_workspace_apart() {
    if postgres::require_or_skip("kill anywhere with workflows on PostgreSQL") {
        killed_anywhere(Place::PostgresApart).await;
    }
}

/// Ten kills while five hundred practices are at steps of providers.
async fn killed_at_random(place: Place) {
    const PRACTICES: usize = 500;
    let scene = Scene::new(place, "[log]\nlevel = \"warn\"\n").await;
    let mut trial = scene.trial(Vec::new());
    let base = Base::default();
    let calls_back = CallsBack::start(&scene.n8n, 0, &base);
    let Trial { daemon, token, .. } = &mut trial;
    daemon.wait_ready();
    daemon.base_url().clone_into(&mut base.lock().unwrap());
    scene.zenrows.set_latency(Duration::from_millis(150));
    let mut csv = "website\n".to_owned();
    (0..PRACTICES).for_each(|n| csv.push_str(&format!("p{n}.example\n")));
    let job = post_until_it_stands(daemon, token, PLAY, &csv).await.unwrap();
    for kill in 0..10_u64 {
        let pages = scene.zenrows.total() + 35 + rand::random_range(0..20);
        let _ = tokio::time::timeout(Duration::from_secs(5), scene.zenrows.until_total(pages)).await;
        tokio::time::sleep(Duration::from_millis(rand::random_range(0..20))).await;
        eprintln!("kill {kill} after {} pages", scene.zenrows.total());
        daemon.kill9();
        daemon.spawn_again(Vec::new());
        daemon.wait_ready();
        daemon.base_url().clone_into(&mut base.lock().unwrap());
    }
    let status = daemon.api(token).wait_for(&job, "completed", SOON).await;
    assert_eq!(status["counts"]["aggregated"], PRACTICES, "{status}");
    let asked = asked_since(&scene, 0, 0);
    let studies = asked.iter().filter(|(key, _)| key.contains("case-studies"));
    let answered = calls_back.until(studies.map(|(_, times)| times).sum()).await;
    assert!(
        answered.iter().all(|status| matches!(status, 200 | 202)),
        "{answered:?}"
    );
    assert!(daemon.terminate().success());
    let again: usize = asked.values().map(|times| times - 1).sum();
    let logs =
        "select count(*) || ' ' || count(distinct step_run_id) || ' ' || max(attempts) from enrichment_results_log";
    assert_eq!(query(&trial.hq, logs).await, format!("{0} {0} 1", PRACTICES * 4));
    let open = "select cast(count(*) as text) from step_runs where closed_at is null";
    assert_eq!(query(&trial.hq, open).await, "0");
    for table in ["company_pages", "company_studies"] {
        let rows = format!("select count(*) || ' ' || count(distinct company_domain) from {table}");
        assert_eq!(query(&trial.workspace, &rows).await, format!("{PRACTICES} {PRACTICES}"));
    }
    // No more at once than a window of practices, which is twice what the narrowest provider takes, and some besides.
    assert!(again <= 10 * 48, "{again} were asked again over 10 kills");
    eprintln!(
        "{place:?}: {again} of {} calls were made again over 10 kills",
        asked.len()
    );
}

#[tokio::test]
async fn ten_kills_at_random_change_nothing_on_sqlite() {
    killed_at_random(Place::SqliteApart).await;
}

#[tokio::test]
async fn ten_kills_at_random_change_nothing_on_postgresql() {
    if postgres::require_or_skip("kills at random with workflows on PostgreSQL") {
        killed_at_random(Place::PostgresApart).await;
    }
}
