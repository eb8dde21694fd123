//! What is done to all that match.

use std::time::Duration;

use crate::support::daemon::Db;
use crate::support::{list, start};
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
    let filter = json!({ "filter": { "status": "running", "q": "practices" }, "dry_run": true });
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
    assert_eq!(
        [&resumed["changed"], &resumed["refused"][0]["code"]],
        [&json!([]), &json!("illegal_transition")]
    );
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
