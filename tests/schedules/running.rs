//! Schedules that run.

use reqwest::Method;
use serde_json::{Value, json};

use crate::desk::{Desk, text};
use crate::support::daemon::Db;

/// Once a year, so that nothing is due by itself while a test runs.
fn yearly(extra: Value) -> Value {
    let mut body = json!({
        "name": "Weekly five", "filter": { "stage": "hot" }, "cron": "0 9 1 1 *", "time_zone": "UTC", "limit": 5,
        "settings": { "common_config": { "menu": "csv" }, "name": "{name} {date} {time}" },
    });
    body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    body
}

async fn schedule(desk: &Desk, extra: Value) -> String {
    text(&desk.make("/api/batch-schedules", &yearly(extra)).await["id"])
}

/// A batch of a schedule that does not end by itself.
async fn open_batch(desk: &Desk, schedule: &str) -> String {
    let batch = "0190b000-0000-7000-8000-000000000001";
    desk.execute(&format!(
        "insert into registration_batch_jobs (id, organisation_id, name, status, schedule_id, created_at, updated_at) \
         select '{batch}', organisation_id, 'Earlier', 'paused', id, created_at, created_at from batch_schedules \
         where id = '{schedule}'"
    ))
    .await;
    batch.to_owned()
}

pub async fn a_schedule_that_is_due_makes_one_batch(database: Db) {
    let desk = Desk::open(&database, 12).await;
    let schedule = schedule(&desk, json!({})).await;
    desk.make_due(&schedule).await;
    let ran = desk.until_run(&schedule).await;
    assert_eq!(
        ran["last_outcome"],
        "made the batch 'Weekly five 2026-01-05 09:00' of 5 restaurants"
    );
    assert_eq!(desk.batches(&schedule).await, ["Weekly five 2026-01-05 09:00 5"]);
    assert_eq!(ran["version"], 1, "a run is no change");
    assert!(text(&ran["next_run_at"]).contains("-01-01T09:00:00"), "{ran}");
    let batch = text(&ran["last_batch_id"]);
    let journal = format!(
        "select operation || ' ' || actor from batch_operation_logs where batch_job_id = '{batch}' and item_id is null \
         order by seq"
    );
    let by_schedule = |operation: &str| format!("{operation} schedule:{schedule}");
    assert_eq!(
        desk.query(&journal).await[..2],
        [by_schedule("batch_created"), by_schedule("batch_started")]
    );
    let audited = format!("select action || ' ' || actor from audit_log where object = 'registration batch {batch}'");
    assert_eq!(desk.query(&audited).await, [by_schedule("schedule due")]);
    let jobs = format!("select restaurant_id from registration_jobs where batch_job_id = '{batch}' order by position");
    let expected: Vec<String> = [1, 2, 4, 5, 7].map(crate::desk::restaurant).into();
    let uuids = format!("select cast(restaurant_id as text) from ({jobs}) as j");
    assert_eq!(desk.query(&uuids).await, expected);
}

pub async fn a_run_is_left_out_while_a_batch_of_the_schedule_is_open(database: Db) {
    let desk = Desk::open(&database, 3).await;
    let schedule = schedule(&desk, json!({})).await;
    let open = open_batch(&desk, &schedule).await;
    desk.make_due(&schedule).await;
    let ran = desk.until_run(&schedule).await;
    assert_eq!(ran["last_outcome"], "skipped: the batch 'Earlier' still runs");
    assert_eq!(desk.batches(&schedule).await, ["Earlier 0"]);
    let run_now = format!("/api/batch-schedules/{schedule}/run-now");
    let refused = desk.member.post(&run_now, &json!({})).await.expect(409).json();
    assert_eq!(
        (&refused["code"], &refused["batch_id"]),
        (&json!("still_open"), &json!(open))
    );
    // Side by side, if that is wanted.
    let path = format!("/api/batch-schedules/{schedule}");
    desk.patch(&path, &json!({ "overlap": "allow" })).await.expect(200);
    desk.member.post(&run_now, &json!({})).await.expect(201);
}

pub async fn a_missed_run_is_made_up_for_once_after_a_restart(database: Db) {
    let mut desk = Desk::open(&database, 12).await;
    let once = schedule(&desk, json!({ "name": "once", "limit": 2 })).await;
    let never = schedule(&desk, json!({ "name": "never", "limit": 2, "missed": "skip" })).await;
    assert!(desk.daemon.terminate().success());
    for schedule in [&once, &never] {
        desk.make_due(schedule).await;
    }
    desk.restart();
    let ran = desk.until_run(&once).await;
    assert_eq!(
        ran["last_outcome"],
        "made the batch 'once 2026-01-05 09:00' of 2 restaurants"
    );
    let ran = desk.until_run(&never).await;
    assert_eq!(ran["last_outcome"], "skipped: the run of 2026-01-05 09:00 was missed");
    desk.restart();
    assert_eq!(desk.batches(&once).await, ["once 2026-01-05 09:00 2"]);
    assert_eq!(desk.batches(&never).await, [""; 0]);
}

pub async fn somebody_may_run_a_schedule_at_once(database: Db) {
    let desk = Desk::open(&database, 3).await;
    let schedule = schedule(&desk, json!({ "enabled": false })).await;
    let run_now = format!("/api/batch-schedules/{schedule}/run-now");
    let keyed = [("idempotency-key", "k1")];
    let made = desk.send(Method::POST, &run_now, &json!({}), &keyed).await.expect(201);
    let location = format!("/api/registration-batches/{}", text(&made.json()["batch_id"]));
    assert_eq!(made.headers["location"], location.as_str());
    assert_eq!(made.json()["jobs_count"], 2);
    let again = desk.send(Method::POST, &run_now, &json!({}), &keyed).await.expect(201);
    assert_eq!(again.json(), made.json());
    let seen = desk.get(&format!("/api/batch-schedules/{schedule}")).await;
    assert_eq!(seen["last_batch_id"], made.json()["batch_id"]);
    assert!(seen["next_run_at"].is_null());
    let actor = format!(
        "select actor from batch_operation_logs where batch_job_id = '{}' and operation = 'batch_created'",
        text(&made.json()["batch_id"])
    );
    assert!(desk.query(&actor).await[0].starts_with("token:"));
    let cold = json!({ "name": "nobody", "filter": { "city": "Nowhere" } });
    let nobody = self::schedule(&desk, cold).await;
    let refused = desk
        .member
        .post(&format!("/api/batch-schedules/{nobody}/run-now"), &json!({}))
        .await;
    assert_eq!(refused.expect(422).json()["code"], "no_restaurant_matches");
    desk.make_due(&nobody).await;
    assert_eq!(desk.until_run(&nobody).await["last_outcome"], "nothing matched");
    assert_eq!(desk.batches(&nobody).await, [""; 0]);
}
