//! What people did, for good.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use crate::PASSWORD;
use crate::browser::{Browser, add_user};
use crate::support::api::Api;
use crate::support::daemon::Db;
use crate::support::start;

/// Rows that are written beside an answer come a moment later.
async fn rows(api: &Api, query: &str, least: usize) -> Vec<Value> {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let found = api.get(&format!("/api/audit?{query}")).await.expect(200).json();
        let found = found["data"].as_array().unwrap().clone();
        if found.len() >= least {
            return found;
        }
        assert!(Instant::now() < deadline, "{query}: {found:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

pub async fn what_people_do_is_kept(database: Db) {
    let mut daemon = start(&database);
    let admin = daemon.api(&daemon.token("admin"));
    let member = daemon.api(&daemon.token("member"));
    let other = daemon.api(&daemon.token_in("Other", "admin"));
    let operator = daemon.api(&daemon.token_in("House", "operator"));
    let user = member.get("/api/me").await.expect(200).json()["user"]["id"]
        .as_str()
        .unwrap()
        .to_owned();

    // A change is there with its answer, with who, from where and what about.
    let csv = "website\nhttps://192.0.2.1/\n";
    let job = member.create_job(csv).await;
    member.wait_for(&job, "completed", Duration::from_secs(60)).await;
    member.redo(&job).await.expect(200);
    let found = rows(&admin, &format!("user_id={user}"), 2).await;
    let redone = &found[0];
    assert_eq!(redone["action"], "POST /api/redo-job", "{found:?}");
    assert_eq!(
        [&redone["object"], &redone["outcome"]],
        [&json!(format!("job {job}")), &json!("done")]
    );
    assert_eq!(redone["source"], "api 127.0.0.1");
    assert!(redone["actor"].as_str().unwrap().starts_with("token:"), "{redone}");
    assert_eq!(found[1]["action"], "POST /api/jobs");

    // What was refused, too.
    member.post("/api/tokens", &json!({ "name": "x" })).await.expect(403);
    let found = rows(&admin, "outcome=forbidden", 1).await;
    assert_eq!(
        [&found[0]["action"], &found[0]["object"]],
        [&json!("POST /api/tokens"), &json!("/api/tokens")]
    );
    other.kill(&job).await.expect(403);
    let found = rows(&other, "outcome=forbidden", 1).await;
    assert_eq!(found[0]["action"], "POST /api/kill-job");

    // A command without an origin of its own.
    admin
        .post("/api/exclusions", &json!({ "identifiers": ["a.example"] }))
        .await
        .expect(200);
    rows(&admin, "action=POST%20/api/exclusions&outcome=done", 1).await;

    // Signing in, and failing to.
    add_user(&daemon, "ann@example.test", "member", "Example");
    let mut ann = Browser::of(&daemon);
    ann.sign_in("ann@example.test", "a wrong password").await.expect(401);
    ann.sign_in("ann@example.test", PASSWORD).await.expect(201);
    ann.delete("/api/session").await.expect(204);
    let found = rows(&admin, "action=POST%20/api/session", 1).await;
    assert!(
        found[0]["object"].as_str().unwrap().starts_with("session "),
        "{found:?}"
    );
    rows(&admin, "action=DELETE%20/api/session", 1).await;
    let failed = rows(&admin, "outcome=wrong_password", 1).await;
    assert_eq!(
        [&failed[0]["details"]["email"], &failed[0]["actor"]],
        [&json!("ann@example.test"), &json!("anybody")]
    );

    // Reading leaves no row, organisations are apart, members see none of it.
    let before = rows(&operator, "limit=500", 1).await.len();
    admin.get("/api/users").await.expect(200);
    assert_eq!(rows(&operator, "limit=500", 1).await.len(), before);
    let others = rows(&other, "limit=500", 1).await;
    assert!(
        others
            .iter()
            .all(|row| row["action"] == "POST /api/kill-job" || row["source"] == "command line"),
        "{others:?}"
    );
    member.get("/api/audit").await.expect(403);

    // Pages follow each other, and nothing is lost by a restart.
    let first = admin.get("/api/audit?limit=2").await.expect(200).json();
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = admin
        .get(&format!("/api/audit?limit=2&cursor={cursor}"))
        .await
        .expect(200)
        .json();
    assert!(second["data"][0]["id"].as_str() < first["data"][1]["id"].as_str());
    admin.get("/api/audit?limit=0").await.expect(400);
    daemon.restart();
    let operator = daemon.api(&daemon.token_in("House", "operator"));
    assert!(rows(&operator, "limit=500", 1).await.len() >= before);
    let empty = operator
        .raw(Method::GET, "/api/audit?created_before=2020-01-01T00:00:00Z", "", &[])
        .await;
    assert_eq!(empty.expect(200).json()["data"], json!([]));
}
