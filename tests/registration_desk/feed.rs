//! The stream of a batch: it goes on where a listener left it.

use serde_json::json;

use crate::support::daemon::Db;
use crate::support::events::{Event, Events};

/// What happened, with its number.
fn told(events: &[Event]) -> Vec<(i64, String)> {
    let rows = events
        .iter()
        .filter(|event| ["batch", "item"].contains(&event.name.as_str()));
    rows.map(|event| (event.id, event.operation().to_owned())).collect()
}

pub async fn a_stream_goes_on_where_it_was_left(database: Db) {
    let desk = crate::open(database).await;
    let batch = desk.batch(&["A", "B"], json!({})).await;
    desk.until_asked(&batch, 3).await;
    let path = format!("/api/registration-batches/{batch}/events?items=true");
    let mut events = Events::at(&desk.api, &format!("{path}&last_event_id=0")).await;
    desk.post(&batch, "pause", json!({})).await.expect(200);
    let seen = events.until(|event| event.operation() == "batch_paused").await;
    assert!(seen.iter().any(|event| event.name == "progress"), "{seen:#?}");
    let seen = told(&seen);
    assert!(seen.len() > 6 && seen.is_sorted(), "{seen:?}");

    // Left in the middle: what comes then is what came before, and nothing twice.
    let (middle, _) = seen[3];
    let header = ("Last-Event-ID", middle.to_string());
    let mut again = Events::from(desk.api.open(&path, &[(header.0, &header.1)]).await);
    let rest = again.until(|event| event.operation() == "batch_paused").await;
    assert_eq!(told(&rest), seen[4..]);

    desk.post(&batch, "cancel", json!({})).await.expect(200);
    let end = again.rest().await;
    let done = end.last().unwrap();
    assert_eq!(
        (done.name.as_str(), &done.data["status"]),
        ("done", &json!("cancelled"))
    );
    assert!(
        end.iter().any(|event| event.operation() == "batch_cancelled"),
        "{end:#?}"
    );
    // Whoever has seen all of it is told that nothing comes.
    let last = done.id.to_string();
    let nothing = desk.api.open(&path, &[("Last-Event-ID", &last)]).await;
    assert_eq!(nothing.status(), 204);
    // Without items only the batch as a whole is told of.
    let mut whole = Events::at(
        &desk.api,
        &format!("/api/registration-batches/{batch}/events?last_event_id=0"),
    )
    .await;
    let whole = whole.rest().await;
    assert!(whole.iter().all(|event| event.name != "item"), "{whole:#?}");
    assert!(
        whole.iter().any(|event| event.operation() == "batch_paused"),
        "{whole:#?}"
    );
    // Nobody else listens.
    let theirs = desk.daemon.api(&desk.daemon.token_in("Theirs", "viewer"));
    assert_eq!(theirs.open(&path, &[]).await.status(), 403);
}
