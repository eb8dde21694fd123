//! What is done to all that match.

use std::time::Duration;

use crate::support::daemon::Db;
use crate::support::{list, start, start_with};
use batchdesk::simulators::load::LoadSite;
use serde_json::json;

use crate::SOON;

pub async fn all_that_match_are_changed_with_a_count_first(database: Db) {
    let daemon = start(&database);
    let site = LoadSite::start().await.unwrap();
    site.set_delay(Duration::from_secs(30));
    let api = daemon.api(&daemon.token("member"));
    let mut jobs = Vec::new();
    for _ in 0..3 {
        jobs.push(api.create_job(list(&site, 0..2)).await);
    }
    for job in &jobs {
        api.wait_for(job, "running", SOON).await;
    }
    let filter = json!({ "filter": { "status": "running", "q": "PRACTICES" }, "dry_run": true });
    assert_eq!(
        api.post("/api/pause-job", &filter).await.expect(200).json()["matched"],
        3
    );
    let paused = api
        .post("/api/pause-job", &json!({ "job_ids": jobs[..2] }))
        .await
        .expect(200)
        .json();
    assert_eq!(paused["changed"].as_array().unwrap().len(), 2);
    let killed = api
        .post("/api/kill-job", &json!({ "filter": {} }))
        .await
        .expect(200)
        .json();
    assert_eq!(killed["changed"].as_array().unwrap().len(), 3);
    let resumed = api
        .post("/api/resume-job", &json!({ "filter": { "status": "error" } }))
        .await
        .expect(200)
        .json();
    assert_eq!([&resumed["matched"], &resumed["changed"]], [&json!(0), &json!([])]);
    let resumed = api
        .post("/api/resume-job", &json!({ "job_ids": jobs[..1] }))
        .await
        .expect(200)
        .json();
    assert_eq!(resumed["refused"][0]["code"], "illegal_transition");
    api.post("/api/pause-job", &json!({})).await.expect(400);

    let csv = "website\nn/a\nhttps://a.invalid-name\nunknown\nn/a\n";
    let job = api.create_job(format!("{csv}{}\n", site.practice_url(9))).await;
    api.kill(&job).await.expect(200);
    let failed = api.practices(&job, "status=error").await.json();
    let id = failed["data"][0]["id"].as_i64().unwrap();
    let one = json!({ "job_id": job, "practice_ids": [id], "dry_run": true });
    assert_eq!(api.post("/api/redo-job", &one).await.expect(200).json()["matched"], 1);
    let some = json!({ "job_id": job, "filter": { "q": "n/" }, "dry_run": true });
    assert_eq!(api.post("/api/redo-job", &some).await.expect(200).json()["matched"], 2);
    let one = json!({ "job_id": job, "practice_ids": [id] });
    assert_eq!(api.post("/api/redo-job", &one).await.expect(200).json()["reset"], 1);
}

pub async fn what_does_not_move_says_why(database: Db) {
    let daemon = start_with(&database, "[scrape]\nhost_concurrency = 2\n");
    let site = LoadSite::start().await.unwrap();
    site.set_delay(Duration::from_secs(30));
    let api = daemon.api(&daemon.token("member"));
    let csv = format!("{}Again,{}\n", list(&site, 0..6), site.practice_url(0));
    let job = api.create_job(csv).await;
    // Two are at the host, which is as many as it takes; the last row repeats the first.
    let reasons = loop {
        let page = api.practices(&job, "").await.expect(200).json();
        let practices = page["data"].as_array().unwrap();
        let reasons: Vec<Option<String>> = practices
            .iter()
            .map(|practice| practice["blocked_by"].as_str().map(str::to_owned))
            .collect();
        if reasons.iter().filter(|reason| reason.is_none()).count() == 2 {
            break reasons;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let held_back = reasons
        .iter()
        .flatten()
        .filter(|reason| *reason == "host limit")
        .count();
    assert_eq!((held_back, reasons[6].as_deref()), (4, Some("row 1")), "{reasons:?}");
    api.pause(&job).await.expect(200);
    let page = api.practices(&job, "").await.expect(200).json();
    assert_eq!(page["data"][5]["blocked_by"], "paused");
    api.kill(&job).await.expect(200);
}
