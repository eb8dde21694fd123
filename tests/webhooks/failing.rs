//! Endpoints that do not take what is sent.

use std::time::{Duration, Instant};

use batchdesk::simulators::hook::{Answer, Hook};
use serde_json::json;

use crate::desk::{Desk, FAST, text};
use crate::support::daemon::Db;

pub async fn a_refusal_is_sent_again_under_the_same_id(database: Db) {
    let desk = Desk::open(&database, FAST).await;
    let endpoint = desk.endpoint("/in").await;
    let elsewhere = desk.hook.url("/elsewhere");
    desk.hook.answer_first([
        Answer::status(500).body("out of order"),
        Answer::status(307).header("Location", elsewhere),
        Answer::status(404),
    ]);
    desk.run_job().await;
    let delivery = desk.until_all(&endpoint, "delivered", 1).await.remove(0);
    let received = desk.hook.received(4).await;
    assert_eq!(received.len(), 4, "a redirect is not followed: {received:#?}");
    for one in &received {
        one.verify(&endpoint.secret).unwrap();
        assert_eq!((one.path.as_str(), one.id.as_str()), ("/in", received[0].id.as_str()));
        assert_eq!(one.body, received[0].body);
    }
    let delivery = desk.delivery(&text(&delivery["id"])).await;
    assert_eq!(delivery["event_id"], received[0].id);
    assert_eq!(delivery["body"], received[0].json());
    assert_eq!((&delivery["attempts"], &delivery["next_at"]), (&json!(4), &json!(null)));
    let log = delivery["attempt_log"].as_array().unwrap();
    let codes: Vec<_> = log
        .iter()
        .map(|attempt| attempt["response_code"].as_i64().unwrap())
        .collect();
    assert_eq!(codes, [500, 307, 404, 200]);
    assert_eq!(log[0]["excerpt"], "out of order");
    assert!(text(&log[1]["error"]).contains("redirects"));
    assert_eq!(log[3]["error"], json!(null));
    assert_eq!(desk.detail(&endpoint).await["failing_since"], json!(null));

    // Refused for good: once, and once more for each wait.
    desk.hook.answer(Answer::status(503));
    let failed = desk.until_status(&desk.test(&endpoint).await, "failed").await;
    assert_eq!(failed["attempts"], 4);
    let state = desk.detail(&endpoint).await;
    assert_eq!(
        state["enabled"], true,
        "one message that fails says little of an endpoint"
    );
    assert!(state["failing_since"].is_string());
}

pub async fn gone_is_switched_off_and_what_was_skipped_can_be_sent(database: Db) {
    let desk = Desk::open(&database, FAST).await;
    let endpoint = desk.endpoint("/in").await;
    desk.hook.answer_first([Answer::status(410)]);
    let gone = desk.test(&endpoint).await;
    desk.until_status(&gone, "failed").await;
    let state = desk.detail(&endpoint).await;
    assert_eq!(state["enabled"], false);
    assert_eq!(state["disabled_reason"], "it answered 410 Gone");

    desk.run_job().await;
    let skipped = desk.until_all(&endpoint, "skipped", 1).await;
    assert_eq!(desk.hook.arrived(), 1, "nothing is sent to an endpoint that is off");
    let since = json!({ "since": "2020-01-01T00:00:00Z", "status": "skipped" });
    let off = desk.admin.post(&endpoint.path("/redeliver"), &since).await.expect(409);
    assert_eq!(off.json()["code"], "endpoint_disabled");
    desk.admin.post(&endpoint.path("/test"), &json!({})).await.expect(409);

    let on = desk
        .patch(&endpoint, json!({ "enabled": true }))
        .await
        .expect(200)
        .json();
    assert_eq!((&on["enabled"], &on["disabled_reason"]), (&json!(true), &json!(null)));
    let count = json!({ "since": "2020-01-01T00:00:00Z", "status": "skipped", "dry_run": true });
    let counted = desk.admin.post(&endpoint.path("/redeliver"), &count).await.expect(200);
    assert_eq!(counted.json(), json!({ "matched": 1, "dry_run": true }));
    let sent = desk.admin.post(&endpoint.path("/redeliver"), &since).await.expect(202);
    assert_eq!(sent.json(), json!({ "redelivered": 1 }));
    desk.until_status(&text(&skipped[0]["id"]), "delivered").await;
    let received = desk.hook.received(2).await;
    assert_eq!(received[1].id, text(&skipped[0]["event_id"]));
    assert_eq!(received[1].json()["type"], "batch.completed");
}

pub async fn an_endpoint_that_asks_is_left_alone(database: Db) {
    let desk = Desk::open(&database, FAST).await;
    let endpoint = desk.endpoint("/in").await;
    let asks = Answer::status(429).header("Retry-After", "2");
    desk.hook.answer_first([asks]);
    let first = desk.test(&endpoint).await;
    let waiting = desk.until(&first, |delivery| delivery["attempts"] == 1).await;
    let since = Instant::now();
    assert_eq!(
        (&waiting["status"], &waiting["response_code"]),
        (&json!("pending"), &json!(429))
    );
    assert!(desk.detail(&endpoint).await["throttled_until"].is_string());
    // Another message waits as well.
    let second = desk.test(&endpoint).await;
    for delivery in [&first, &second] {
        desk.until_status(delivery, "delivered").await;
    }
    assert!(since.elapsed() > Duration::from_millis(1_500), "{:?}", since.elapsed());
    assert_eq!(desk.hook.arrived(), 3);
}

pub async fn an_endpoint_that_fails_for_days_is_switched_off(database: Db) {
    let desk = Desk::open(&database, FAST).await;
    let endpoint = desk.endpoint("/in").await;
    desk.hook.answer_first((0..4).map(|_| Answer::status(500)));
    desk.until_status(&desk.test(&endpoint).await, "failed").await;
    assert_eq!(desk.detail(&endpoint).await["enabled"], true);
    desk.execute("update webhook_endpoints set failing_since = '2024-01-02T03:04:05+00:00'")
        .await;
    desk.hook.answer_first([Answer::status(500)]);
    let last = desk.until_status(&desk.test(&endpoint).await, "skipped").await;
    assert_eq!(last["attempts"], 1);
    let state = desk.detail(&endpoint).await;
    assert_eq!(state["enabled"], false);
    let reason = text(&state["disabled_reason"]);
    assert!(
        reason.starts_with("it has taken nothing since 2024-01-02 03:04:05 UTC: 127.0.0.1 answered HTTP 500"),
        "{reason}"
    );
}

pub async fn what_slack_refuses_is_not_sent_again(database: Db) {
    let desk = Desk::open(&database, FAST).await;
    let slack = json!({ "url": desk.hook.url("/services/T/B/x"), "format": "slack" });
    let endpoint = desk.endpoint_with(slack).await;
    desk.hook.answer_first([
        Answer::status(400).body("invalid_payload"),
        Answer::status(404).body("no_service"),
    ]);
    let refused = desk.until_status(&desk.test(&endpoint).await, "failed").await;
    assert_eq!(
        (&refused["attempts"], &refused["excerpt"]),
        (&json!(1), &json!("invalid_payload"))
    );
    assert_eq!(desk.detail(&endpoint).await["enabled"], true);
    desk.until_status(&desk.test(&endpoint).await, "failed").await;
    let state = desk.detail(&endpoint).await;
    assert_eq!(state["disabled_reason"], "Slack does not know it any more (no_service)");
}

pub async fn a_slow_endpoint_holds_up_nobody_else(database: Db) {
    let desk = Desk::open(&database, FAST).await;
    let slow = Hook::start().await.unwrap();
    slow.hold();
    let stuck = desk.endpoint_with(json!({ "url": slow.url("/slow") })).await;
    let quick = desk.endpoint("/quick").await;
    let waiting = [desk.test(&stuck).await, desk.test(&stuck).await];
    slow.until_arrived(1).await;
    for _ in 0..5 {
        desk.until_status(&desk.test(&quick).await, "delivered").await;
    }
    for delivery in &waiting {
        assert_eq!(desk.delivery(delivery).await["status"], "pending");
    }
    assert_eq!(slow.arrived(), 1, "one at a time");
    slow.release();
    for delivery in &waiting {
        desk.until_status(delivery, "delivered").await;
    }
}
