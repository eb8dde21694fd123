//! The daemon dies while people are waited for, and in the middle of calls.

use batchdesk::simulators::platform::{Fault, Resource};
use serde_json::{Value, json};

use crate::desk::{Desk, Opening, sub_step};
use crate::doubts::{done, unsure};
use crate::happy::NO_OFFICE;
use crate::support::daemon::Db;

fn assert_effects_once(desk: &Desk, job: &Value) {
    let effects = desk.effects(job);
    assert!(!effects.is_empty(), "{job:#}");
    for (resource, times) in effects {
        assert_eq!(times, 1, "{resource}: {job:#}");
    }
}

pub async fn whoever_waits_for_people_waits_on_after_a_death(database: Db) {
    let mut desk = unsure(database).await;
    let batch = desk.batch(&["A", "B"], json!({})).await;
    let before = desk.until_asked(&batch, 3).await;
    desk.die();
    let after = desk.until_asked(&batch, 3).await;
    // The question is the same one, and not put again.
    for told in ["asked_at", "remind_at"] {
        assert_eq!(after["jobs"][0]["steps"][2][told], before["jobs"][0]["steps"][2][told]);
    }
    desk.select_none(&batch).await;
    desk.until_asked(&batch, 5).await;
    desk.die();
    desk.platform.fault(Resource::Accounts, Fault::DieBeforeAnswer, 2);
    desk.configure(&batch).await;
    desk.until_asked(&batch, 6).await;
    desk.die();
    let asked = desk.until_asked(&batch, 6).await;
    for job in asked["jobs"].as_array().unwrap() {
        let answer = done(&desk, job, "create-account", Resource::Accounts);
        desk.post(&batch, "steps/6/complete", answer).await.expect(200);
    }
    let ended = desk.until_status(&batch, "completed").await;
    for job in ended["jobs"].as_array().unwrap() {
        assert_effects_once(&desk, job);
    }
}

pub async fn a_call_that_a_death_cut_off_is_asked_about_where_nothing_tells(database: Db) {
    let mut desk = unsure(database).await;
    desk.platform.hold(Resource::Accounts);
    let batch = desk.executing(&["A"], json!({})).await;
    desk.platform.until_asked(Resource::Accounts, 1).await;
    desk.die();
    desk.platform.release(Resource::Accounts);
    let asked = desk.until_asked(&batch, 6).await;
    let job = &asked["jobs"][0];
    assert_eq!(sub_step(job, "create-account")["status"], "action_required");
    // A person looks: the call that was held has made it meanwhile, or has not.
    let reference = job["reference"].as_str().unwrap();
    let answer = if desk.platform.made(Resource::Accounts, reference).is_empty() {
        json!({ "answers": [{ "registration_job_id": job["id"], "sub_step": "create-account", "done": false }] })
    } else {
        done(&desk, job, "create-account", Resource::Accounts)
    };
    desk.post(&batch, "steps/6/complete", answer).await.expect(200);
    let ended = desk.until_status(&batch, "completed").await;
    assert_effects_once(&desk, &ended["jobs"][0]);
}

pub async fn a_call_that_outlived_its_batch_and_the_daemon_is_recorded(database: Db) {
    // Nothing tells: it stays a call of which nobody knows.
    let mut desk = unsure(database).await;
    let job = cancelled_in_a_call(&mut desk).await;
    assert_eq!(sub_step(&job, "create-account")["outcome_unknown"], true, "{job:#}");
    let new = json!({ "restaurant_ids": [job["restaurant_id"]] });
    let refused = desk
        .api
        .post("/api/registration-batches", &new)
        .await
        .expect(409)
        .json();
    assert_eq!(refused["code"], "outcome_unknown");
}

pub async fn a_call_that_outlived_its_batch_and_the_daemon_is_looked_for(database: Db) {
    let opening = Opening {
        plan: NO_OFFICE,
        ignores_keys: true,
        ..Opening::default()
    };
    let mut desk = Desk::open(database, opening).await;
    let job = cancelled_in_a_call(&mut desk).await;
    assert_eq!(
        sub_step(&job, "create-account")["outcome_unknown"],
        json!(null),
        "{job:#}"
    );
    let new = json!({ "restaurant_ids": [job["restaurant_id"]] });
    desk.api.post("/api/registration-batches", &new).await.expect(201);
}

/// Cancels a batch while the account of its only restaurant is being made, and kills the daemon in that call; the registration as
/// it is recorded then.
async fn cancelled_in_a_call(desk: &mut Desk) -> Value {
    desk.platform.hold(Resource::Accounts);
    let batch = desk.executing(&["A"], json!({})).await;
    desk.platform.until_asked(Resource::Accounts, 1).await;
    desk.post(&batch, "cancel", json!({})).await.expect(200);
    desk.die();
    desk.platform.release(Resource::Accounts);
    let ended = desk.until(&batch, |seen| seen["cancelled"] == 1).await;
    ended["jobs"][0].clone()
}
