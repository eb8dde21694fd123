//! Websites that are never contacted.

use crate::support::daemon::Db;
use crate::support::{list, start};
use batchdesk::simulators::load::LoadSite;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{JSON, SOON};

pub async fn excluded_websites_are_never_contacted(database: Db) {
    let daemon = start(&database);
    let site = LoadSite::start().await.unwrap();
    let admin = daemon.api(&daemon.token("admin"));
    let first = admin.create_job(list(&site, 0..3)).await;
    admin.wait_for(&first, "completed", SOON).await;
    let practices = admin.all_practices(&first).await;
    let ids: Vec<&Value> = practices.iter().take(2).map(|practice| &practice["id"]).collect();
    let body = json!({ "job_id": first, "practice_ids": ids, "reason": "asked not to be listed" });
    let member = daemon.api(&daemon.token("member"));
    member.post("/api/save-excluded-job", &body).await.expect(403);
    let saved = admin.post("/api/save-excluded-job", &body).await.expect(200).json();
    assert_eq!(saved["excluded"], 2);
    site.forget();

    let upload = admin
        .upload_csv(list(&site, 0..4), "again.csv")
        .await
        .expect(201)
        .json();
    assert_eq!(
        [&upload["total_practices"], &upload["excluded"]],
        [&json!(4), &json!(2)]
    );
    let second = upload["job_id"].as_str().unwrap();
    let status = admin.wait_for(second, "completed", SOON).await;
    assert_eq!(
        [&status["counts"]["excluded"], &status["counts"]["aggregated"]],
        [&json!(2), &json!(2)]
    );
    assert_eq!((site.hits(0), site.hits(1), site.hits(2)), (0, 0, 1));
    let excluded = admin.practices(second, "status=excluded").await.expect(200).json();
    assert!(
        excluded["data"][0]["error_message"]
            .as_str()
            .unwrap()
            .contains("asked not to be listed")
    );
    let elsewhere = daemon.api(&daemon.token_in("Another", "admin"));
    assert_eq!(
        elsewhere.get("/api/exclusions").await.expect(200).json()["data"],
        json!([])
    );

    let by_filter = json!({ "job_id": second, "filter": { "status": "aggregated" }, "dry_run": true });
    assert_eq!(
        admin
            .post("/api/save-excluded-job", &by_filter)
            .await
            .expect(200)
            .json()["matched"],
        2
    );
    let by_filter = json!({ "job_id": second, "filter": { "status": "aggregated" } });
    assert_eq!(
        admin
            .post("/api/save-excluded-job", &by_filter)
            .await
            .expect(200)
            .json()["excluded"],
        2
    );
    let listed = admin.get("/api/exclusions?limit=3").await.expect(200).json();
    assert_eq!(listed["data"].as_array().unwrap().len(), 3);
    let rest = format!("/api/exclusions?cursor={}", listed["next_cursor"].as_str().unwrap());
    assert_eq!(
        admin.get(&rest).await.expect(200).json()["data"]
            .as_array()
            .unwrap()
            .len(),
        1
    );

    let everything = json!({ "identifiers": (0..4).map(|n| site.practice_url(n)).collect::<Vec<_>>() }).to_string();
    let removed = admin
        .raw(Method::DELETE, "/api/exclusions", everything, &[JSON])
        .await
        .expect(200)
        .json();
    assert_eq!(removed["removed"], 4);
    let whole_site = json!({ "identifiers": [site.url("/"), "not a site"], "reason": null });
    let added = admin.post("/api/exclusions", &whole_site).await.expect(200).json();
    assert_eq!(
        [&added["excluded"], &added["invalid"][0]["identifier"]],
        [&json!(1), &json!("not a site")]
    );
    let upload = admin
        .upload_csv(list(&site, 0..4), "third.csv")
        .await
        .expect(201)
        .json();
    assert_eq!(upload["excluded"], 4, "an exclusion of a host covers its pages");
    admin
        .wait_for(upload["job_id"].as_str().unwrap(), "completed", SOON)
        .await;
}
