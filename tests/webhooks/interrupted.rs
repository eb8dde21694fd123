//! The daemon ends while there is something to tell.

use std::collections::BTreeSet;

use serde_json::json;

use crate::desk::{Desk, text};
use crate::support::daemon::Db;

pub async fn killed_before_the_answer_it_is_sent_again(database: Db) {
    let mut desk = Desk::open(&database, "").await;
    let endpoint = desk.endpoint("/in").await;
    desk.hook.hold();
    let job = desk.run_job().await;
    desk.hook.until_arrived(1).await;
    desk.daemon.kill9();
    desk.hook.release();
    desk.daemon.restart();
    desk.reconnect();
    let delivered = desk.until_all(&endpoint, "delivered", 1).await.remove(0);
    assert_eq!(delivered["batch_id"], json!(job));
    assert_eq!(delivered["attempts"], 1, "what nobody recorded counts as never sent");
    assert_eq!(desk.hook.arrived(), 2);
    // The first one may have lost its connection before it was looked at.
    for one in desk.hook.received(1).await {
        assert_eq!(one.id, text(&delivered["event_id"]));
        one.verify(&endpoint.secret).unwrap();
    }
}

pub async fn killed_after_the_commit_it_is_told_all_the_same(database: Db) {
    let mut desk = Desk::open(&database, "").await;
    let endpoint = desk.endpoint("/in").await;
    let mut jobs = BTreeSet::new();
    for _ in 0..5 {
        // As soon as it is seen to be committed: mostly before anybody has read the journal.
        jobs.insert(desk.run_job().await);
        desk.daemon.kill9();
        desk.daemon.restart();
        desk.reconnect();
    }
    let delivered = desk.until_all(&endpoint, "delivered", 5).await;
    let told: BTreeSet<String> = delivered.iter().map(|delivery| text(&delivery["batch_id"])).collect();
    assert_eq!(told, jobs);
    let sent: BTreeSet<String> = desk.hook.received(5).await.iter().map(|one| one.id.clone()).collect();
    let events: BTreeSet<String> = delivered.iter().map(|delivery| text(&delivery["event_id"])).collect();
    assert_eq!(sent, events, "however often each was sent");
}

pub async fn a_message_on_its_way_gets_the_time_of_the_drain(database: Db) {
    let mut desk = Desk::open(&database, "").await;
    let endpoint = desk.endpoint("/in").await;
    desk.hook.hold();
    let delivery = desk.test(&endpoint).await;
    desk.hook.until_arrived(1).await;
    desk.daemon.signal("TERM");
    desk.hook.release();
    assert!(desk.daemon.wait_exit().success());
    desk.daemon.restart();
    desk.reconnect();
    let delivered = desk.until_status(&delivery, "delivered").await;
    assert_eq!(delivered["attempts"], 1);
    assert_eq!(desk.hook.arrived(), 1, "sent once");
}
