//! What is sent twice under one key is carried out once, and answered with the first answer.

use reqwest::Method;
use serde_json::{Value, json};

use crate::desk::{Desk, completed, ids};
use crate::support::api::Answer;
use crate::support::daemon::Db;

async fn keyed(desk: &Desk, path: &str, key: &str, body: &Value) -> Answer {
    let headers = [("content-type", "application/json"), ("idempotency-key", key)];
    desk.api.raw(Method::POST, path, body.to_string(), &headers).await
}

/// Sends it twice under one key; the answer to both.
async fn twice(desk: &Desk, path: &str, key: &str, body: Value) -> Value {
    let first = keyed(desk, path, key, &body).await;
    assert!(first.status.is_success(), "{path}: {}", first.text());
    assert!(!first.headers.contains_key("idempotent-replayed"), "{path}");
    let second = keyed(desk, path, key, &body).await;
    assert_eq!(second.headers["idempotent-replayed"], "true", "{path}");
    assert_eq!(
        (second.status, second.json(), second.headers.get("location")),
        (first.status, first.json(), first.headers.get("location")),
        "{path}"
    );
    first.json()
}

async fn batches(desk: &Desk) -> usize {
    let listed = desk.api.get("/api/registration-batches").await.expect(200).json();
    listed["data"].as_array().unwrap().len()
}

pub async fn requests_that_come_again_are_carried_out_once(database: Db) {
    let desk = crate::open(database).await;
    let (one, other) = (desk.restaurant("A").await, desk.restaurant("B").await);
    let body = json!({ "restaurant_ids": [one], "start": true });
    let made = twice(&desk, "/api/registration-batches", "k", body).await;
    let batch = made["batch_id"].as_str().unwrap().to_owned();
    let changed = json!({ "restaurant_ids": [other] });
    let reused = keyed(&desk, "/api/registration-batches", "k", &changed)
        .await
        .expect(422)
        .json();
    assert_eq!(reused["code"], "idempotency_key_reused");
    // A key belongs to a route.
    twice(&desk, "/api/registration-jobs", "k", json!({ "restaurant_id": other })).await;
    assert_eq!(batches(&desk).await, 2);

    let seen = desk.until_asked(&batch, 3).await;
    let job = ids(&seen).next().unwrap();
    let config = completed(&json!({
        "account_email": "a@b.example", "contact_phone": "+6493001122", "restaurant_name": "A", "phone": "+6493001122",
        "address": "1 Queen Street", "city": "Auckland", "country": "NZ", "subdomain": "a", "services": ["pickup"],
        "onboarding_user": { "email": "a@b.example" },
    }));
    let early = json!({ "configurations": [{ "registration_job_id": job, "config": config }] });
    let path = format!("/api/registration-batches/{batch}/steps/5/complete");
    let kept = twice(&desk, &path, "k", early).await;
    assert_eq!(kept["results"][0]["outcome"], "kept");
    let none = json!({ "selections": [{ "registration_job_id": job, "none": true }] });
    let answered = twice(
        &desk,
        &format!("/api/registration-batches/{batch}/steps/3/complete"),
        "k",
        none,
    )
    .await;
    assert_eq!(answered["results"][0]["outcome"], "accepted");

    // What is refused leaves its key free.
    let retry = format!("/api/registration-batches/{batch}/retry-failed");
    for _ in 0..2 {
        let refused = keyed(&desk, &retry, "k", &json!({})).await.expect(409);
        assert!(!refused.headers.contains_key("idempotent-replayed"));
        assert_eq!(refused.json()["code"], "illegal_transition");
    }
    desk.post(&batch, "cancel", json!({})).await.expect(200);
    let restart = format!("/api/registration-batches/{batch}/restart");
    let again = twice(&desk, &restart, "k", json!({})).await;
    assert_eq!(batches(&desk).await, 3);
    let again = again["new_batch_id"].as_str().unwrap();

    // A retry, and that of one registration.
    desk.until_asked(again, 3).await;
    let failed =
        format!("update registration_jobs set status = 'failed', is_open = false where batch_job_id = '{again}'");
    crate::sql(&desk, &failed).await;
    crate::sql(
        &desk,
        &format!("update registration_batch_jobs set status = 'failed' where id = '{again}'"),
    )
    .await;
    let retried = twice(
        &desk,
        &format!("/api/registration-batches/{again}/retry-failed"),
        "k",
        json!({}),
    )
    .await;
    let none_left = desk.post(again, "retry-failed", json!({})).await.expect(409).json();
    assert_eq!(none_left["code"], "nothing_failed");
    let retried = desk.seen(retried["new_batch_id"].as_str().unwrap()).await;
    assert_eq!(retried["retry_of"], json!(again));
    assert_eq!(batches(&desk).await, 4);
}

pub async fn a_batch_is_started_once(database: Db) {
    let desk = crate::open(database).await;
    let batch = desk.batch(&["A", "B"], json!({ "start": false })).await;
    let first = desk.post(&batch, "start", json!({})).await.expect(200).json();
    let seen = desk.until_asked(&batch, 3).await;
    assert_eq!(first["first_job_id"], seen["jobs"][0]["id"]);
    let second = desk.post(&batch, "start", json!({})).await.expect(200).json();
    assert_eq!(second, first);
    let logs = format!("/api/registration-batches/{batch}/logs?operation=batch_started");
    let started = desk.api.get(&logs).await.expect(200).json();
    assert_eq!(started["data"].as_array().unwrap().len(), 1, "{started:#}");
    // Its version is told, and another one after each change of the batch.
    let path = format!("/api/registration-batches/{batch}");
    let before = desk.api.get(&path).await.expect(200).headers["etag"].clone();
    desk.post(&batch, "pause", json!({})).await.expect(200);
    let after = desk.api.get(&path).await.expect(200).headers["etag"].clone();
    assert_ne!(after, before);
    desk.post(&batch, "pause", json!({})).await.expect(200);
    assert_eq!(desk.api.get(&path).await.expect(200).headers["etag"], after);
}
