//! Pausing, resuming, cancelling, and what stops a whole batch.

use batchdesk::simulators::platform::{Fault, Resource};
use serde_json::json;

use crate::desk::{Desk, Opening, sub_step};
use crate::happy::NO_OFFICE;
use crate::support::daemon::Db;
use crate::support::events::{Event, Events};

async fn desk(database: Db, settings: &str) -> Desk {
    let opening = Opening {
        plan: NO_OFFICE,
        settings,
        ..Opening::default()
    };
    Desk::open(database, opening).await
}

pub async fn a_pause_lets_the_running_sub_step_end(database: Db) {
    let desk = desk(database, "").await;
    desk.platform.hold(Resource::Accounts);
    let batch = desk.executing(&["A"], json!({})).await;
    desk.platform.until_asked(Resource::Accounts, 1).await;
    let paused = desk.post(&batch, "pause", json!({})).await.expect(200).json();
    let again = desk.post(&batch, "pause", json!({})).await.expect(200).json();
    assert_eq!(paused["paused_at"], again["paused_at"]);
    desk.platform.release(Resource::Accounts);
    let seen = desk
        .until(&batch, |seen| {
            sub_step(&seen["jobs"][0], "create-account")["status"] == "completed"
        })
        .await;
    assert_eq!(seen["status"], "paused");
    assert_eq!(sub_step(&seen["jobs"][0], "register-restaurant")["status"], "pending");
    assert_eq!(seen["jobs"][0]["blocked_by"], "paused");
    let resumed = desk.post(&batch, "resume", json!({})).await.expect(200).json();
    assert!(resumed["resumed_at"].is_string(), "{resumed}");
    let ended = desk.until_status(&batch, "completed").await;
    for (resource, times) in desk.effects(&ended["jobs"][0]) {
        assert_eq!(times, 1, "{resource}");
    }
    let refused = desk.post(&batch, "resume", json!({})).await.expect(409).json();
    assert_eq!(
        (&refused["from"], &refused["to"]),
        (&json!("completed"), &json!("in_progress"))
    );
}

pub async fn a_call_under_way_ends_before_its_batch_is_cancelled(database: Db) {
    let desk = desk(database, "").await;
    desk.platform.hold(Resource::Accounts);
    let batch = desk.executing(&["A", "B"], json!({})).await;
    desk.platform.until_asked(Resource::Accounts, 1).await;
    desk.post(&batch, "cancel", json!({})).await.expect(200);
    let seen = desk.seen(&batch).await;
    assert_eq!((&seen["status"], &seen["cancelled"]), (&json!("cancelled"), &json!(1)));
    assert_eq!(seen["jobs"][1]["status"], "cancelled");
    desk.platform.release(Resource::Accounts);
    let seen = desk.until(&batch, |seen| seen["cancelled"] == 2).await;
    let first = &seen["jobs"][0];
    assert_eq!(
        (&first["status"], &sub_step(first, "create-account")["status"]),
        (&json!("cancelled"), &json!("completed"))
    );
    assert_eq!(sub_step(first, "register-restaurant")["status"], "pending");
    assert_eq!(desk.effects(first), [("accounts", 1)]);
    // Its restaurants are free again.
    let restaurants = [&seen["jobs"][0]["restaurant_id"], &seen["jobs"][1]["restaurant_id"]];
    let again = json!({ "restaurant_ids": restaurants });
    desk.api.post("/api/registration-batches", &again).await.expect(201);
}

pub async fn too_many_failures_pause_a_batch_once(database: Db) {
    let desk = desk(database, "").await;
    desk.platform
        .fault(Resource::Accounts, Fault::Refuse { status: 422 }, 3);
    let batch = desk.executing(&["A", "B", "C", "D", "E"], json!({})).await;
    let paused = desk.until_status(&batch, "paused").await;
    assert_eq!(paused["failed"], 3);
    assert!(
        paused["error_message"].as_str().unwrap().contains("3 of 5"),
        "{paused:#}"
    );
    desk.platform
        .fault(Resource::Accounts, Fault::Refuse { status: 422 }, 1);
    desk.post(&batch, "resume", json!({})).await.expect(200);
    // Whoever resumed has seen it: a fourth failure pauses nothing.
    let ended = desk.until_status(&batch, "completed").await;
    assert_eq!((&ended["completed"], &ended["failed"]), (&json!(1), &json!(4)));
}

pub async fn a_refused_login_fails_the_batch_and_a_retry_takes_all_up(database: Db) {
    let desk = desk(database, "on_threshold = \"fail\"\n").await;
    desk.platform.fault(Resource::Accounts, Fault::RefuseLogin, 1);
    let batch = desk.executing(&["A", "B", "C"], json!({})).await;
    let failed = desk.until_status(&batch, "failed").await;
    let statuses: Vec<_> = failed["jobs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|job| &job["status"])
        .collect();
    assert_eq!(statuses, ["failed", "pending", "pending"]);
    assert!(
        failed["error_message"].as_str().unwrap().contains("refused access"),
        "{failed:#}"
    );
    let retry = desk.post(&batch, "retry-failed", json!({})).await.expect(201).json();
    let retry = retry["new_batch_id"].as_str().unwrap();
    let ended = desk.until_status(retry, "completed").await;
    assert_eq!((&ended["total"], &ended["completed"]), (&json!(3), &json!(3)));
    for job in ended["jobs"].as_array().unwrap() {
        for (resource, times) in desk.effects(job) {
            assert_eq!(times, 1, "{resource}");
        }
    }
}

pub async fn executions_go_one_by_one_or_side_by_side(database: Db) {
    let desk = desk(database, "max_parallel = 2\n").await;
    desk.platform.hold(Resource::Accounts);
    let batch = desk.executing(&["A", "B", "C"], json!({})).await;
    desk.platform.until_asked(Resource::Accounts, 1).await;
    let waits = |seen: &serde_json::Value| {
        let jobs = seen["jobs"].as_array().unwrap();
        jobs.iter()
            .filter(|job| job["blocked_by"] == "waiting its turn")
            .count()
    };
    desk.until(&batch, |seen| waits(seen) == 2).await;
    assert_eq!(desk.platform.asked(Resource::Accounts), 1);
    let parallel = desk
        .executing(&["D", "E", "F"], json!({ "execution_mode": "parallel" }))
        .await;
    desk.platform.until_asked(Resource::Accounts, 3).await;
    desk.until(&parallel, |seen| waits(seen) == 1).await;
    desk.platform.release(Resource::Accounts);
    desk.until_status(&batch, "completed").await;
    desk.until_status(&parallel, "completed").await;
}

pub async fn a_draft_that_is_started_after_all_is_seen_again(database: Db) {
    let desk = desk(database, "").await;
    let batch = desk.batch(&["A"], json!({ "start": false })).await;
    desk.post(&batch, "archive", json!({})).await.expect(200);
    let listed = async || {
        let list = desk.api.get("/api/registration-batches").await.expect(200).json();
        list["data"].as_array().unwrap().len()
    };
    assert_eq!(listed().await, 0);
    desk.post(&batch, "start", json!({})).await.expect(200);
    assert_eq!(listed().await, 1);
    assert!(desk.seen(&batch).await["archived_at"].is_null());
}

pub async fn a_call_that_outlives_its_batch_is_told_of_before_the_end(database: Db) {
    let desk = desk(database, "").await;
    desk.platform.hold(Resource::Accounts);
    let batch = desk.executing(&["A"], json!({})).await;
    desk.platform.until_asked(Resource::Accounts, 1).await;
    let path = format!("/api/registration-batches/{batch}/events?items=true");
    let mut events = Events::at(&desk.api, &path).await;
    desk.post(&batch, "cancel", json!({})).await.expect(200);
    // The stream has told of the end of the batch before the call has one.
    let told = events.until(|event| event.operation() == "batch_cancelled").await;
    assert!(
        told.iter()
            .all(|event| event.operation() != "step_completed" || event.data["step"] != 6)
    );
    desk.platform.release(Resource::Accounts);
    let rest = events.until(|event| event.name == "done").await;
    let is_told =
        |event: &Event| event.operation() == "step_completed" && event.data["details"]["sub_step"] == "create-account";
    assert!(rest.iter().any(is_told), "{rest:#?}");
    assert_eq!(rest.last().unwrap().data["cancelled"], 1);
}

pub async fn what_a_cancelled_batch_left_undone_is_taken_up_alone(database: Db) {
    let desk = desk(database, "").await;
    desk.platform.hold(Resource::Restaurants);
    let batch = desk.executing(&["A", "B"], json!({})).await;
    // The second has its account when the first is done, and waits for the next call.
    desk.platform.until_asked(Resource::Restaurants, 1).await;
    desk.platform.hold(Resource::Accounts);
    desk.platform.release(Resource::Restaurants);
    desk.platform.until_asked(Resource::Accounts, 2).await;
    desk.post(&batch, "cancel", json!({})).await.expect(200);
    desk.platform.release(Resource::Accounts);
    let seen = desk.until(&batch, |seen| seen["cancelled"] == 1).await;
    assert_eq!(seen["jobs"][0]["status"], "completed");
    let retry = desk.post(&batch, "retry-failed", json!({})).await.expect(201).json();
    let retry = retry["new_batch_id"].as_str().unwrap();
    let ended = desk.until_status(retry, "completed").await;
    assert_eq!(ended["total"], 1);
    assert_eq!(ended["jobs"][0]["restaurant_name"], "B");
    for job in [&seen["jobs"][0], &ended["jobs"][0]] {
        for (resource, times) in desk.effects(job) {
            assert_eq!(times, 1, "{resource}");
        }
    }
}
