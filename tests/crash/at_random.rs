//! Killed at random times under load.

use std::time::Duration;

use batchdesk::simulators::load::LoadSite;
use serde_json::Value;

use crate::support::daemon::Db;
use crate::support::list;
use crate::{Prepared, prepare, query};

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
