//! Requests that are sent twice, and what names a request.

use crate::support::api::{Answer, Api};
use crate::support::daemon::Db;
use crate::support::{list, start};
use batchdesk::simulators::load::LoadSite;
use reqwest::Method;

use crate::CSV;

async fn keyed(api: &Api, key: &str, body: String) -> Answer {
    let headers = [CSV, ("idempotency-key", key)];
    api.raw(Method::POST, "/api/jobs?filename=a.csv", body, &headers).await
}

pub async fn a_key_makes_a_request_count_once(database: Db) {
    let mut daemon = start(&database);
    let site = LoadSite::start().await.unwrap();
    let api = daemon.api(&daemon.token("member"));
    let csv = list(&site, 0..3);
    let key = "5f0c1f1e-once";
    let first = keyed(&api, key, csv.clone()).await.expect(201);
    let again = keyed(&api, key, csv.clone()).await.expect(201);
    assert_eq!(first.body, again.body);
    assert_eq!(first.headers["location"], again.headers["location"]);
    assert!(!first.headers.contains_key("idempotent-replayed"));
    assert_eq!(again.headers["idempotent-replayed"], "true");
    let other = keyed(&api, key, list(&site, 0..4)).await.expect(422).json();
    assert_eq!(other["code"], "idempotency_key_reused");

    daemon.kill9();
    daemon.restart();
    let api = daemon.api(&daemon.token("member"));
    let jobs = api.get("/api/jobs").await.expect(200).json();
    assert_eq!(
        jobs["data"].as_array().unwrap().len(),
        0,
        "another member's jobs are not seen"
    );
    let bad = keyed(&api, "bad", "name\nA\n".to_owned()).await;
    bad.expect(422);
    keyed(&api, "bad", csv.clone()).await.expect(201);
    let (one, two) = tokio::join!(keyed(&api, "both", csv.clone()), keyed(&api, "both", csv.clone()));
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert!(matches!(statuses, [201, 201 | 409]), "{statuses:?}");
    let jobs = api.get("/api/jobs").await.expect(200).json();
    assert_eq!(jobs["data"].as_array().unwrap().len(), 2, "{jobs}");
    let headers = [CSV, ("idempotency-key", "with space")];
    let spaced = api
        .raw(Method::POST, "/api/jobs", csv, &headers)
        .await
        .expect(400)
        .json();
    assert_eq!(spaced["code"], "bad_idempotency_key");
}

#[tokio::test]
async fn every_answer_has_a_request_id() {
    let daemon = start(&Db::Sqlite);
    let api = daemon.api(&daemon.token("viewer"));
    let own = api.get("/api/jobs").await.expect(200);
    assert!(own.headers["x-request-id"].len() > 20);
    let sent = api
        .raw(Method::GET, "/api/jobs/x", "", &[("x-request-id", "abc-1")])
        .await
        .expect(404);
    assert_eq!(sent.headers["x-request-id"], "abc-1");
    assert_eq!(sent.json()["request_id"], "abc-1");
    let odd = api
        .raw(Method::GET, "/healthz", "", &[("x-request-id", "a b")])
        .await
        .expect(200);
    assert_ne!(odd.headers["x-request-id"], "a b");
}
