//! API tokens over REST.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::daemon::Db;
use crate::support::start;

pub async fn tokens_are_limited_and_end(database: Db) {
    let daemon = start(&database);
    let admin = daemon.api(&daemon.token("admin"));
    let member = daemon.api(&daemon.token("member"));
    let others = daemon.api(&daemon.token_in("Other", "admin"));
    let make = async |body: Value| {
        let made = admin.post("/api/tokens", &body).await.expect(201).json();
        let token = made["token"].as_str().unwrap().to_owned();
        (daemon.api(&token), made["id"].as_str().unwrap().to_owned(), token)
    };

    let (reads, id, text) = make(json!({ "name": "dashboard", "scope": "read" })).await;
    assert!(
        text.starts_with("bd_") && text.len() == 52,
        "prefix, 256 bits and a checksum"
    );
    assert_eq!(reads.get("/api/me").await.expect(200).json()["role"], "viewer");
    reads.get("/api/jobs").await.expect(200);
    reads
        .post("/api/exclusions", &json!({ "identifiers": ["a.example"] }))
        .await
        .expect(403);
    let mistyped = if text.ends_with('A') { "B" } else { "A" };
    daemon
        .api(&format!("{}{mistyped}", &text[..51]))
        .get("/api/me")
        .await
        .expect(401);

    let (writes, _, _) = make(json!({ "name": "n8n" })).await;
    assert_eq!(writes.get("/api/me").await.expect(200).json()["role"], "member");
    writes.post("/api/tokens", &json!({ "name": "more" })).await.expect(403);

    let (exclusions, _, _) =
        make(json!({ "name": "lists", "scope": "admin", "groups": ["exclusions", "tokens"] })).await;
    exclusions
        .post("/api/exclusions", &json!({ "identifiers": ["a.example"] }))
        .await
        .expect(200);
    let refused = exclusions.get("/api/jobs").await.expect(403).json();
    assert!(refused["detail"].as_str().unwrap().contains("jobs"), "{refused}");
    exclusions
        .get("/api/check-job-status?job_id=0190a000-0000-7000-8000-000000000000")
        .await
        .expect(403);
    exclusions.get("/api/me").await.expect(200);
    let wider = json!({ "name": "wider", "scope": "admin", "groups": ["jobs"] });
    exclusions.post("/api/tokens", &wider).await.expect(403);
    let same = exclusions
        .post("/api/tokens", &json!({ "name": "same", "scope": "read" }))
        .await
        .expect(201)
        .json();
    assert_eq!(
        same["groups"],
        json!(["exclusions", "tokens"]),
        "one that is limited makes none that is not"
    );

    // Lists never hold what a token is checked by.
    let listed = admin.get("/api/tokens").await.expect(200);
    assert!(
        !listed.text().contains("bd_") && !listed.text().contains("hash"),
        "{}",
        listed.text()
    );
    let mine = member.get("/api/tokens").await.expect(200).json();
    assert_eq!(mine["data"].as_array().unwrap().len(), 1);
    member.post("/api/tokens", &json!({ "name": "mine" })).await.expect(403);
    member
        .raw(Method::DELETE, &format!("/api/tokens/{id}"), "", &[])
        .await
        .expect(403);
    others
        .raw(Method::DELETE, &format!("/api/tokens/{id}"), "", &[])
        .await
        .expect(403);

    // The use is written down, in a moment.
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let listed = admin.get("/api/tokens").await.expect(200).json();
        let token = listed["data"]
            .as_array()
            .unwrap()
            .iter()
            .find(|token| token["id"] == id.as_str())
            .unwrap()
            .clone();
        if !token["last_used_at"].is_null() {
            break;
        }
        assert!(Instant::now() < deadline, "{token}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }

    // The end is at once, also where the token was used a moment ago.
    reads.get("/api/me").await.expect(200);
    admin
        .raw(Method::DELETE, &format!("/api/tokens/{id}"), "", &[])
        .await
        .expect(204);
    reads.get("/api/me").await.expect(401);

    let past = json!({ "name": "late", "expires_at": "2020-01-01T00:00:00Z" });
    admin.post("/api/tokens", &past).await.expect(400);
    let soon = (chrono::Utc::now() + chrono::TimeDelta::milliseconds(1500)).to_rfc3339();
    let (short, _, _) = make(json!({ "name": "short", "expires_at": soon })).await;
    short.get("/api/me").await.expect(200);
    let deadline = Instant::now() + Duration::from_secs(20);
    while short.get("/api/me").await.status == 200 {
        assert!(Instant::now() < deadline, "it never ends");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    short.get("/api/me").await.expect(401);
}
