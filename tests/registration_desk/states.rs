//! Every command in every state of a batch: it is carried out, or refused with both states named and nothing changed.

use serde_json::{Value, json};

use crate::desk::Desk;
use crate::support::daemon::Db;

const STATES: [&str; 7] = [
    "draft",
    "pending",
    "in_progress",
    "paused",
    "completed",
    "failed",
    "cancelled",
];

/// A command, what a batch would become by it, and its status in each of the states.
const COMMANDS: [(&str, &str, [u16; 7]); 7] = [
    ("start", "pending", [200, 200, 200, 409, 409, 409, 409]),
    ("pause", "paused", [409, 200, 200, 200, 409, 409, 409]),
    ("resume", "in_progress", [409, 200, 200, 200, 409, 409, 409]),
    ("cancel", "cancelled", [200, 200, 200, 200, 409, 409, 200]),
    ("retry-failed", "retried", [409, 409, 409, 201, 201, 201, 201]),
    ("restart", "restarted", [409, 409, 409, 409, 201, 201, 201]),
    ("archive", "archived", [200, 409, 409, 409, 200, 200, 200]),
];

/// A batch in this state on which no work goes on; of one that can be retried a registration has failed.
async fn batch_that_is(desk: &Desk, state: &str) -> String {
    let runs = ["pending", "in_progress", "paused"].contains(&state);
    let batch = desk.batch(&["Failed", "Other"], json!({ "start": runs })).await;
    if runs {
        desk.until_asked(&batch, 3).await;
    }
    if state == "paused" {
        desk.post(&batch, "pause", json!({})).await.expect(200);
    } else {
        // A batch is pending for a moment only, and it ends by itself alone.
        let set = format!("update registration_batch_jobs set status = '{state}' where id = '{batch}'");
        crate::sql(desk, &set).await;
    }
    if !runs || state == "paused" {
        let of = format!("where batch_job_id = '{batch}' and position = 0");
        let set = format!("update registration_jobs set status = 'failed', is_open = false {of}");
        crate::sql(desk, &set).await;
    }
    batch
}

/// How the batch and its registrations stand, and all that happened to them.
async fn standing(desk: &Desk, batch: &str) -> Value {
    let mut seen = desk.seen(batch).await;
    for job in seen["jobs"].as_array_mut().unwrap() {
        *job = json!([job["status"], job["current_step"]]);
    }
    seen["summary"] = seen["summary"]["results"].clone();
    let logs = format!("/api/registration-batches/{batch}/logs?limit=500");
    json!([seen, desk.api.get(&logs).await.expect(200).json()])
}

pub async fn every_command_in_every_state(database: Db) {
    let desk = crate::open(database).await;
    for (command, target, expected) in COMMANDS {
        for (state, status) in STATES.into_iter().zip(expected) {
            let batch = batch_that_is(&desk, state).await;
            let before = standing(&desk, &batch).await;
            let answer = desk.post(&batch, command, json!({})).await;
            assert_eq!(
                answer.status.as_u16(),
                status,
                "{command} in {state}: {}",
                answer.text()
            );
            if status != 409 {
                continue;
            }
            let refused = answer.json();
            assert_eq!(refused["code"], "illegal_transition", "{command} in {state}");
            assert_eq!(
                (refused["from"].as_str(), refused["to"].as_str()),
                (Some(state), Some(target)),
                "{command} in {state}"
            );
            let detail = refused["detail"].as_str().unwrap();
            assert!(detail.contains(state) && detail.contains(target), "{command}: {detail}");
            assert_eq!(standing(&desk, &batch).await, before, "{command} in {state}");
        }
    }
}
