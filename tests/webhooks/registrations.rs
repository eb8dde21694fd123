//! What is told of registration batches.

use serde_json::{Value, json};

use crate::desk::{Desk, text};
use crate::support::daemon::Db;

const BATCH: &str = "0190b000-0000-7000-8000-000000000001";
const OTHER: &str = "0190b000-0000-7000-8000-000000000002";

fn job(n: usize) -> String {
    format!("0190c000-0000-7000-8000-{n:012}")
}

/// Two drafts, so that nothing happens to them by itself: one of twelve restaurants, one of one.
async fn drafts(desk: &Desk) {
    for (batch, name, total) in [(BATCH, "Auckland Q4", 12), (OTHER, "Single", 1)] {
        desk.execute(&format!(
            "insert into registration_batch_jobs (id, organisation_id, name, total_restaurants, completed_restaurants, \
             failed_restaurants, waiting_restaurants, created_at, updated_at) select '{batch}', id, '{name}', {total}, \
             case when {total} > 1 then 3 else 0 end, case when {total} > 1 then 1 else 0 end, 1, created_at, created_at \
             from organisations where name = 'Example'"
        ))
        .await;
    }
    for n in 0..13 {
        let (restaurant, batch) = (
            format!("0190a000-0000-7000-8000-{n:012}"),
            if n < 12 { BATCH } else { OTHER },
        );
        desk.execute(&format!(
            "insert into restaurants (id, organisation_id, name, name_key, created_at, updated_at) \
             select '{restaurant}', id, 'Place {n}', 'place {n}', created_at, created_at from organisations \
             where name = 'Example'"
        ))
        .await;
        desk.execute(&format!(
            "insert into registration_jobs (id, batch_job_id, organisation_id, restaurant_id, position, reference, \
             created_at, updated_at) select '{}', '{batch}', organisation_id, id, {n}, id, created_at, created_at \
             from restaurants where id = '{restaurant}'",
            job(n)
        ))
        .await;
    }
}

/// Rows of the journal about registrations, written while the daemon is away: it numbers the rows itself.
struct Journal<'a> {
    desk: &'a Desk,
}

impl Journal<'_> {
    async fn add(&self, batch: &str, item: Option<usize>, operation: &str, step: &str, to: &str, details: &str) {
        let (item_id, registration) = match item {
            Some(n) => (format!("'{}'", job(n)), format!("'{}'", job(n))),
            None => ("null".to_owned(), "null".to_owned()),
        };
        // An endpoint is told of what happens after it was made.
        let (id, now) = (entity::Id::now(), chrono::Utc::now().to_rfc3339());
        self.desk
            .execute(&format!(
                "insert into batch_operation_logs (seq, id, organisation_id, batch_kind, batch_job_id, item_id, \
                 registration_job_id, step, actor, source, to_state, operation, details, created_at) \
                 select (select coalesce(max(seq), 0) + 1 from batch_operation_logs), '{id}', organisation_id, \
                 'registration', id, {item_id}, {registration}, {step}, 'system', 'engine', '{to}', '{operation}', \
                 '{details}', '{now}' from registration_batch_jobs where id = '{batch}'"
            ))
            .await;
    }

    async fn asks(&self, batch: &str, items: std::ops::Range<usize>, step: &str, details: &str) {
        for n in items {
            self.add(batch, Some(n), "action_required", step, "action_required", details)
                .await;
        }
    }
}

pub async fn registrations_are_told_of_and_questions_gathered(database: Db) {
    let mut desk = Desk::open(&database, "").await;
    let all = [
        "batch.started",
        "batch.paused",
        "batch.resumed",
        "batch.completed",
        "batch.failed",
        "batch.cancelled",
        "action_required",
    ];
    let body = json!({ "url": desk.hook.url("/all"), "event_types": all });
    let endpoint = desk.endpoint_with(body).await;
    drafts(&desk).await;
    assert!(desk.daemon.terminate().success());
    let journal = Journal { desk: &desk };
    journal.add(BATCH, None, "batch_started", "null", "pending", "{}").await;
    journal
        .add(BATCH, Some(0), "step_started", "1", "in_progress", "{}")
        .await;
    journal.asks(BATCH, 0..6, "3", "{}").await;
    journal.asks(OTHER, 12..13, "5", "{}").await;
    journal.asks(BATCH, 6..12, "3", "{}").await;
    journal
        .add(
            BATCH,
            None,
            "batch_paused",
            "null",
            "paused",
            r#"{"reason": "too many have failed"}"#,
        )
        .await;
    journal
        .add(BATCH, None, "batch_resumed", "null", "in_progress", "{}")
        .await;
    journal.asks(BATCH, 0..1, "3", r#"{"reminder": true}"#).await;
    journal
        .add(BATCH, None, "batch_cancelled", "null", "cancelled", "{}")
        .await;
    desk.daemon.restart();
    desk.reconnect();
    desk.until_all(&endpoint, "delivered", 7).await;
    let received = desk.hook.received(7).await;
    assert_eq!(received.len(), 7);
    for one in &received {
        one.verify(&endpoint.secret).unwrap();
        assert_eq!(one.json()["data"]["kind"], "registration");
    }
    let told = |event: &str| -> Vec<Value> {
        let of = received
            .iter()
            .map(|one| one.json())
            .filter(|sent| sent["type"] == event);
        of.map(|sent| sent["data"].clone()).collect()
    };
    let paused = &told("batch.paused")[0];
    assert_eq!(
        (&paused["id"], &paused["name"], &paused["status"], &paused["reason"]),
        (
            &json!(BATCH),
            &json!("Auckland Q4"),
            &json!("paused"),
            &json!("too many have failed")
        )
    );
    assert_eq!(
        (&paused["total"], &paused["completed"], &paused["failed"]),
        (&json!(12), &json!(4), &json!(1))
    );
    assert_eq!(
        paused["counts"],
        json!({ "open": 7, "action_required": 1, "completed": 3, "failed": 1, "cancelled": 0 })
    );
    assert!(text(&paused["link"]).ends_with(&format!("/api/registration-batches/{BATCH}")));
    assert!(paused.get("action").is_none());
    for event in ["batch.started", "batch.resumed", "batch.cancelled"] {
        assert_eq!(told(event).len(), 1, "{event}");
    }
    let mut questions = told("action_required");
    questions.sort_by_key(|question| text(&question["reason"]));
    let reasons: Vec<String> = questions.iter().map(|question| text(&question["reason"])).collect();
    assert_eq!(
        reasons,
        [
            "12 restaurants wait for a company selection",
            "Place 0 still waits for a company selection",
            "Place 12 waits for a configuration"
        ]
    );
    let many = &questions[0]["action"];
    assert_eq!(
        (&many["step"], &many["step_name"]),
        (&json!(3), &json!("company_selection"))
    );
    assert_eq!((&many["count"], &many["reminder"]), (&json!(12), &json!(false)));
    assert_eq!(many["restaurants"].as_array().unwrap().len(), 10);
    assert_eq!(many["restaurants"][0]["registration_job_id"], job(0).as_str());
    assert!(text(&questions[0]["link"]).ends_with(&format!("/api/actions?batch_id={BATCH}")));
    assert_eq!(questions[1]["action"]["reminder"], true);
    assert_eq!(questions[2]["id"], OTHER);
}

pub async fn slack_hears_once_of_many_who_wait(database: Db) {
    let mut desk = Desk::open(&database, "").await;
    let slack = json!({ "url": desk.hook.url("/services/T0/B0/x1y2z3"), "format": "slack" });
    desk.endpoint_with(slack).await;
    drafts(&desk).await;
    assert!(desk.daemon.terminate().success());
    Journal { desk: &desk }.asks(BATCH, 0..12, "3", "{}").await;
    desk.daemon.restart();
    desk.reconnect();
    let sent = desk.hook.received(1).await[0].json();
    assert_eq!(
        sent["text"],
        "Batch Auckland Q4 waits for a decision: 12 restaurants wait for a company selection"
    );
    let more = text(&sent["blocks"][1]["elements"][0]["text"]);
    assert!(more.contains(&format!("/api/actions?batch_id={BATCH}|")), "{more}");
    // A test that is sent now comes next: nothing stands before it.
    let endpoints = desk.admin.get("/api/webhook-endpoints").await.expect(200).json();
    let test = format!("/api/webhook-endpoints/{}/test", text(&endpoints["data"][0]["id"]));
    desk.admin.post(&test, &json!({})).await.expect(202);
    let second = desk.hook.received(2).await[1].json();
    assert!(text(&second["text"]).starts_with("A test message"), "{second}");
}
