//! The log of deliveries, and sending again what was sent.

use serde_json::{Value, json};

use crate::desk::{Desk, post_keyed, text};
use crate::support::daemon::Db;

pub async fn deliveries_are_a_list(database: Db) {
    let desk = Desk::open(&database, "").await;
    let endpoint = desk.endpoint("/in").await;
    let mut made = Vec::new();
    for _ in 0..3 {
        made.push(desk.test(&endpoint).await);
    }
    for delivery in &made {
        desk.until_status(delivery, "delivered").await;
    }
    made.reverse();
    let first = desk
        .admin
        .get(&endpoint.path("/deliveries?limit=2"))
        .await
        .expect(200)
        .json();
    let cursor = text(&first["next_cursor"]);
    let rest = desk
        .admin
        .get(&endpoint.path(&format!("/deliveries?limit=2&cursor={cursor}")))
        .await
        .expect(200)
        .json();
    assert_eq!(rest["next_cursor"], json!(null));
    let rows: Vec<Value> = [&first, &rest]
        .into_iter()
        .flat_map(|page| page["data"].as_array().unwrap().clone())
        .collect();
    let ids: Vec<String> = rows.iter().map(|row| text(&row["id"])).collect();
    assert_eq!(ids, made, "newest first");
    let row = &rows[0];
    assert_eq!(
        (&row["type"], &row["response_code"], &row["excerpt"]),
        (&json!("webhook.test"), &json!(200), &json!("ok"))
    );
    assert!(row["duration_ms"].as_i64().unwrap() >= 0);
    assert_eq!(desk.deliveries(&endpoint, "status=delivered").await.len(), 3);
    assert_eq!(desk.deliveries(&endpoint, "status=failed").await.len(), 0);
    let refused = desk.admin.get(&endpoint.path("/deliveries?status=lost")).await;
    assert!(refused.expect(400).text().contains("skipped"));
}

pub async fn what_was_delivered_is_sent_again_when_asked_for(database: Db) {
    let desk = Desk::open(&database, "").await;
    let endpoint = desk.endpoint("/in").await;
    let job = desk.run_job().await;
    let delivered = desk.until_all(&endpoint, "delivered", 1).await.remove(0);
    let path = format!("/api/webhook-deliveries/{}/redeliver", text(&delivered["id"]));
    let again = post_keyed(&desk.admin, &path, "again-1", &json!({})).await.expect(202);
    assert_eq!(again.json(), json!({ "redelivered": 1 }));
    let received = desk.hook.received(2).await;
    assert_eq!(
        (&received[0].id, &received[0].body),
        (&received[1].id, &received[1].body)
    );
    received[1].verify(&endpoint.secret).unwrap();
    let settled = desk
        .until(&text(&delivered["id"]), |delivery| delivery["attempts"] == 2)
        .await;
    assert_eq!(
        (&settled["status"], &settled["batch_id"]),
        (&json!("delivered"), &json!(job))
    );
    let replayed = post_keyed(&desk.admin, &path, "again-1", &json!({})).await.expect(202);
    assert_eq!(replayed.headers["idempotent-replayed"], "true");
    assert_eq!(desk.hook.arrived(), 2, "sent again once");

    // A stretch of time, which ends before what comes last.
    let occurred = text(&delivered["occurred_at"]);
    let until = json!({ "since": "2020-01-01T00:00:00Z", "until": occurred });
    let none = desk.admin.post(&endpoint.path("/redeliver"), &until).await.expect(202);
    assert_eq!(none.json(), json!({ "redelivered": 0 }));
    let since = json!({ "since": occurred });
    let one = post_keyed(&desk.admin, &endpoint.path("/redeliver"), "range-1", &since).await;
    assert_eq!(one.expect(202).json(), json!({ "redelivered": 1 }));
    desk.hook.received(3).await;
    let replayed = post_keyed(&desk.admin, &endpoint.path("/redeliver"), "range-1", &since).await;
    assert_eq!(replayed.expect(202).headers["idempotent-replayed"], "true");

    desk.hook.hold();
    let pending = desk.test(&endpoint).await;
    let path = format!("/api/webhook-deliveries/{pending}/redeliver");
    let refused = post_keyed(&desk.admin, &path, "again-2", &json!({})).await.expect(409);
    assert_eq!(refused.json()["code"], "still_pending");
    desk.hook.release();
    desk.until_status(&pending, "delivered").await;
    post_keyed(&desk.admin, &path, "again-2", &json!({})).await.expect(202);
}

pub async fn events_are_kept_for_a_time(database: Db) {
    let mut desk = Desk::open(&database, "[webhooks]\nkeep_days = 1\n").await;
    let endpoint = desk.endpoint("/in").await;
    let old = desk.test(&endpoint).await;
    let waiting = desk.test(&endpoint).await;
    let young = desk.test(&endpoint).await;
    for delivery in [&old, &waiting, &young] {
        desk.until_status(delivery, "delivered").await;
    }
    desk.execute(&format!(
        "update webhook_events set occurred_at = '2024-01-01T00:00:00+00:00' where id in \
         (select event_id from webhook_deliveries where id in ('{old}', '{waiting}'))"
    ))
    .await;
    desk.execute(&format!(
        "update webhook_deliveries set status = 'pending', next_at = '2099-01-01T00:00:00+00:00' where id = '{waiting}'"
    ))
    .await;
    desk.daemon.restart();
    desk.reconnect();
    // It is looked for at the start.
    let left = desk.until_all(&endpoint, "delivered", 1).await;
    let ids: Vec<String> = left.iter().map(|delivery| text(&delivery["id"])).collect();
    assert_eq!(ids, [young, waiting], "what is still to be sent stays");
    let gone = format!("/api/webhook-deliveries/{old}");
    desk.admin.get(&gone).await.expect(404);
}
