//! What is told, to whom, and how often.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::DateTime;
use serde_json::json;

use crate::desk::{Desk, text};
use crate::support::daemon::Db;
use crate::support::list;

pub async fn each_event_is_told_once_and_signed(database: Db) {
    let mut desk = Desk::open(&database, "").await;
    let usual = desk.endpoint("/usual").await;
    let all = json!(["batch.started", "batch.completed", "batch.failed", "batch.killed"]);
    let all = desk
        .endpoint_with(json!({ "url": desk.hook.url("/all"), "event_types": all }))
        .await;
    let first = desk.run_job().await;
    desk.hook.received(3).await;
    desk.until_all(&all, "delivered", 2).await;
    desk.daemon.restart();
    desk.reconnect();
    let second = desk.run_job().await;
    let received = desk.hook.received(6).await;
    assert_eq!(received.len(), 6, "{received:#?}");
    for one in &received {
        let endpoint = if one.path == "/usual" { &usual } else { &all };
        one.verify(&endpoint.secret).unwrap();
        let sent = one.json();
        let job = text(&sent["data"]["id"]);
        assert!(job == first || job == second);
        assert_eq!(
            (&sent["data"]["kind"], &sent["data"]["name"]),
            (&json!("enrichment"), &json!("practices.csv"))
        );
        DateTime::parse_from_rfc3339(sent["timestamp"].as_str().unwrap()).unwrap();
        let link = text(&sent["data"]["link"]);
        assert!(link.ends_with(&format!("/api/jobs/{job}")), "{link}");
    }
    let mut told: Vec<(String, String, String)> = received
        .iter()
        .map(|one| {
            (
                one.path.clone(),
                text(&one.json()["data"]["id"]),
                text(&one.json()["type"]),
            )
        })
        .collect();
    told.sort();
    let row = |path: &str, job: &String, event: &str| (path.to_owned(), job.clone(), event.to_owned());
    let mut expected = vec![
        row("/all", &first, "batch.completed"),
        row("/all", &first, "batch.started"),
        row("/all", &second, "batch.completed"),
        row("/all", &second, "batch.started"),
        row("/usual", &first, "batch.completed"),
        row("/usual", &second, "batch.completed"),
    ];
    expected.sort();
    assert_eq!(told, expected);
    let ids: BTreeSet<&str> = received.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(ids.len(), 4, "an event has one id wherever it goes");
    let completed = received.iter().find(|one| one.path == "/usual").unwrap().json();
    let data = &completed["data"];
    assert_eq!(data["status"], "completed");
    assert_eq!(
        (&data["total"], &data["completed"], &data["failed"]),
        (&json!(2), &json!(2), &json!(0))
    );
    assert_eq!(data["counts"]["aggregated"], 2);
    assert!(data.get("reason").is_none());
}

pub async fn who_asks_hears_of_steering_too(database: Db) {
    let desk = Desk::open(&database, "[engine]\nwindow = 2\n").await;
    desk.site.set_delay(Duration::from_millis(30));
    let events = json!(["batch.paused", "batch.resumed", "batch.killed", "batch.completed"]);
    let endpoint = desk
        .endpoint_with(json!({ "url": desk.hook.url("/all"), "event_types": events }))
        .await;
    desk.endpoint("/usual").await;
    let job = desk.admin.create_job(list(&desk.site, 0..300)).await;
    desk.admin.pause(&job).await.expect(200);
    desk.admin.resume(&job).await.expect(200);
    desk.admin.kill(&job).await.expect(200);
    desk.until_all(&endpoint, "delivered", 3).await;
    let received = desk.hook.received(4).await;
    let of = |path: &str| -> Vec<(String, String)> {
        let mut told: Vec<_> = received.iter().filter(|one| one.path == path).collect();
        told.sort_by_key(|one| text(&one.json()["timestamp"]));
        let words = |one: &&batchdesk::simulators::hook::Received| {
            (text(&one.json()["type"]), text(&one.json()["data"]["status"]))
        };
        told.iter().map(words).collect()
    };
    let row = |event: &str, status: &str| (event.to_owned(), status.to_owned());
    assert_eq!(
        of("/all"),
        [
            row("batch.paused", "paused"),
            row("batch.resumed", "running"),
            row("batch.killed", "error")
        ]
    );
    assert_eq!(of("/usual"), [row("batch.paused", "paused")]);
}

pub async fn slack_is_told_in_its_own_way(database: Db) {
    let desk = Desk::open(&database, "").await;
    let slack = json!({ "url": desk.hook.url("/services/T0/B0/x1y2z3"), "format": "slack" });
    let endpoint = desk.endpoint_with(slack).await;
    assert_eq!(endpoint.secret, "");
    let job = desk.run_job().await;
    let message = desk.hook.received(1).await[0].clone();
    assert_eq!((message.id.as_str(), message.signature.as_str()), ("", ""));
    let sent = message.json();
    assert_eq!(sent["text"], "Batch practices.csv is complete");
    assert_eq!(sent["blocks"][0]["text"]["type"], "mrkdwn");
    let more = text(&sent["blocks"][1]["elements"][0]["text"]);
    assert!(more.starts_with("2 of 2 done, 0 failed"), "{more}");
    assert!(more.contains(&job), "{more}");

    // One a second, in the order in which they were asked for.
    let begun = std::time::Instant::now();
    let deliveries = [desk.test(&endpoint).await, desk.test(&endpoint).await];
    for delivery in &deliveries {
        desk.until_status(delivery, "delivered").await;
    }
    assert!(begun.elapsed() > Duration::from_secs(1), "{:?}", begun.elapsed());
    assert!(text(&desk.hook.received(3).await[2].json()["text"]).starts_with("A test message"));
}
