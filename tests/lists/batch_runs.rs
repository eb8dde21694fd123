//! Records of uploads that somebody else works on.

use crate::support::daemon::Db;
use crate::support::start;
use reqwest::Method;
use serde_json::{Value, json};

use crate::JSON;

pub async fn batch_runs_of_others_are_kept(database: Db) {
    let daemon = start(&database);
    let api = daemon.api(&daemon.token("member"));
    let new = json!({ "filename": "leads.csv", "meta": { "fileSize": 12, "fileType": "text/csv" } });
    let made = api.post("/api/batch-runs", &new).await.expect(201).json();
    assert_eq!(made["status"], "pending");
    let path = format!("/api/batch-runs/{}", made["id"].as_str().unwrap());
    let read = api.get(&path).await.expect(200);
    assert_eq!(read.headers["etag"], "\"1\"");
    assert_eq!(read.json(), made);
    let patch = |body: Value, tag: &'static str| {
        let (api, path) = (api.clone(), path.clone());
        async move {
            api.raw(Method::PATCH, &path, body.to_string(), &[JSON, ("if-match", tag)])
                .await
        }
    };
    let begun = patch(
        json!({ "status": "processing", "meta": { "rows": 3, "fileType": null } }),
        "\"1\"",
    )
    .await;
    let begun = begun.expect(200);
    assert_eq!(begun.headers["etag"], "\"2\"");
    let begun = begun.json();
    assert!(begun["started_at"].is_string());
    assert_eq!(begun["meta"], json!({ "fileSize": 12, "rows": 3 }));
    let late = patch(json!({ "status": "failed" }), "\"1\"").await.expect(412).json();
    assert_eq!((late["code"].as_str().unwrap(), &late["version"]), ("stale", &json!(2)));
    let done = patch(
        json!({ "status": "completed", "result_url": "https://x.example/r" }),
        "*",
    )
    .await
    .expect(200)
    .json();
    assert!(done["finished_at"].is_string());
    let back = patch(json!({ "status": "pending" }), "*").await.expect(409).json();
    assert_eq!([&back["from"], &back["to"]], ["completed", "pending"]);

    api.create_job("website\nn/a\n").await;
    let runs = api.get("/api/batch-runs").await.expect(200).json();
    let run = runs["data"]
        .as_array()
        .unwrap()
        .iter()
        .find(|run| run["job_id"].is_string())
        .unwrap();
    let path = format!("/api/batch-runs/{}", run["id"].as_str().unwrap());
    let refused = api
        .raw(Method::PATCH, &path, "{\"status\":\"failed\"}", &[JSON])
        .await
        .expect(409)
        .json();
    assert_eq!(
        (refused["code"].as_str().unwrap(), &refused["job_id"]),
        ("belongs_to_job", &run["job_id"])
    );
    let noted = api
        .raw(Method::PATCH, &path, "{\"meta\":{\"note\":\"x\"}}", &[JSON])
        .await
        .expect(200)
        .json();
    assert_eq!(noted["meta"]["note"], "x");
}
