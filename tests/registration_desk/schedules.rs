//! Schedules with mistakes: they are told, and stop no other.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;

use crate::support::daemon::Db;

pub async fn both_mistakes_of_a_timetable_are_told(database: Db) {
    let desk = crate::open(database).await;
    let body = json!({ "name": "S", "filter": {}, "cron": "61 9 * * MON", "time_zone": "Pacific/Aukland" });
    let refused = desk.api.post("/api/batch-schedules", &body).await.expect(422).json();
    let pointers: Vec<&str> = refused["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["pointer"].as_str().unwrap())
        .collect();
    assert_eq!(pointers, ["/time_zone", "/cron"], "{refused:#}");
}

pub async fn a_schedule_that_cannot_be_read_stops_only_itself(database: Db) {
    let is_sqlite = matches!(database, Db::Sqlite);
    let desk = crate::open(database).await;
    desk.restaurant("A").await;
    let mut ids = Vec::new();
    for name in ["No JSON", "Another shape", "Good"] {
        let body = json!({ "name": name, "filter": {}, "cron": "0 9 1 1 *", "time_zone": "UTC" });
        let made = desk.api.post("/api/batch-schedules", &body).await.expect(201).json();
        ids.push(made["id"].as_str().unwrap().to_owned());
    }
    // PostgreSQL lets nothing in that is no JSON.
    let text = if is_sqlite { "{\"stage\":" } else { "7" };
    let due = "next_run_at = '2026-01-05T09:00:00+00:00', look_at = '2026-01-05T09:00:00+00:00'";
    for (id, set) in ids.iter().zip([
        format!("filter = '{text}', {due}"),
        format!("settings = '[7]', {due}"),
        due.to_owned(),
    ]) {
        crate::sql(&desk, &format!("update batch_schedules set {set} where id = '{id}'")).await;
    }
    let path = |id: &str| format!("/api/batch-schedules/{id}");
    let end = Instant::now() + crate::desk::SOON;
    loop {
        let good = desk.api.get(&path(&ids[2])).await.expect(200).json();
        if good["last_batch_id"].is_string() {
            break;
        }
        assert!(Instant::now() < end, "{good:#}\n{}", desk.daemon.log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    for id in &ids[..2] {
        let broken = desk.api.get(&path(id)).await.expect(200).json();
        let outcome = broken["last_outcome"].as_str().unwrap();
        assert!(
            outcome.starts_with("failed: its filter or its settings cannot be read"),
            "{outcome}"
        );
        assert!(broken["next_run_at"].is_string(), "{broken:#}");
    }
    // What is said anew is good again.
    let (headers, mended) = (
        [("content-type", "application/json")],
        json!({ "filter": {}, "settings": {} }),
    );
    for id in &ids[..2] {
        let answer = desk
            .api
            .raw(Method::PATCH, &path(id), mended.to_string(), &headers)
            .await;
        assert_eq!(answer.expect(200).json()["filter"], json!({}));
    }
}
