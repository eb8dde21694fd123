//! Calls of which nobody knows what they did, while their batch runs and in its retries.

use batchdesk::simulators::platform::{Fault, Resource};
use serde_json::{Value, json};

use crate::desk::{Desk, Opening, sub_step};
use crate::happy::NO_OFFICE;
use crate::support::daemon::Db;

/// What tells whether an account was made.
const FIND: &str = "find = { url = \"{{ platform.url }}/v1/accounts\", query = { reference = \"{{ job.reference }}\" } }\n\
     found_when = \"found.data\"\nfound_result = \"{{ found.data[0] }}\"\n";

/// A desk at which nothing tells whether an account was made.
pub async fn unsure(database: Db) -> Desk {
    let mut plan = NO_OFFICE.to_vec();
    plan.push((FIND, ""));
    let opening = Opening {
        plan: &plan,
        ignores_keys: true,
        ..Opening::default()
    };
    Desk::open(database, opening).await
}

/// What a person says who has looked: it was done, and this came of it.
pub fn done(desk: &Desk, job: &Value, slug: &str, resource: Resource) -> Value {
    let made = desk.platform.made(resource, job["reference"].as_str().unwrap());
    json!({ "answers": [{
        "registration_job_id": job["id"], "sub_step": slug, "done": true, "result": { "id": made[0]["id"] },
    }] })
}

pub async fn an_execution_that_was_asked_about_waits_its_turn_again(database: Db) {
    let desk = unsure(database).await;
    desk.platform.fault(Resource::Accounts, Fault::DieBeforeAnswer, 1);
    desk.platform.hold(Resource::Restaurants);
    let batch = desk.executing(&["A", "B"], json!({})).await;
    // While a person is waited for, the next restaurant goes on.
    desk.platform.until_asked(Resource::Restaurants, 1).await;
    let seen = desk
        .until(&batch, |seen| seen["jobs"][0]["status"] == "action_required")
        .await;
    let (first, second) = (&seen["jobs"][0], &seen["jobs"][1]);
    // It is this sub-step that is asked about, and no other.
    let other = done(&desk, first, "register-restaurant", Resource::Accounts);
    let refused = desk.post(&batch, "steps/6/complete", other).await.expect(409).json();
    assert_eq!(
        (&refused["code"], &refused["errors"][0]["sub_step"]),
        (&json!("other_sub_step"), &json!("create-account"))
    );
    // What it gave is asked for, since others go on with it.
    let mut answer = done(&desk, first, "create-account", Resource::Accounts);
    let result = answer["answers"][0].as_object_mut().unwrap().remove("result").unwrap();
    let refused = desk
        .post(&batch, "steps/6/complete", answer.clone())
        .await
        .expect(422)
        .json();
    assert_eq!(
        (&refused["code"], &refused["errors"][0]["pointer"]),
        (&json!("result_missing"), &json!("/answers/0/result"))
    );
    answer["answers"][0]["result"] = result;
    desk.post(&batch, "steps/6/complete", answer).await.expect(200);
    let answered = &desk.seen(&batch).await["jobs"][0];
    assert_eq!(
        (&answered["status"], &answered["blocked_by"]),
        (&json!("in_progress"), &json!("waiting its turn"))
    );
    desk.platform.release(Resource::Restaurants);
    desk.until_status(&batch, "completed").await;
    // One after the other: all of the second, then the rest of the first.
    let requests = desk.platform.requests();
    let last_of = |job: &Value| {
        let of = |request: &&batchdesk::simulators::platform::Request| job["reference"] == request.reference.as_str();
        requests.iter().position(|request| of(&request)).unwrap()
            ..=requests.iter().rposition(|request| of(&request)).unwrap()
    };
    let (first, second) = (last_of(first), last_of(second));
    let between = requests[*second.start()..*second.end()].iter();
    let references: std::collections::HashSet<_> = between.map(|request| &request.reference).collect();
    assert_eq!(references.len(), 1, "{requests:#?}");
    assert!(first.end() > second.end(), "{requests:#?}");
}

pub async fn a_search_that_is_not_there_tells_nothing(database: Db) {
    let opening = Opening {
        plan: NO_OFFICE,
        ignores_keys: true,
        ..Opening::default()
    };
    let desk = Desk::open(database, opening).await;
    desk.platform.fault(Resource::Restaurants, Fault::DieBeforeAnswer, 1);
    desk.platform
        .fault_of_find(Resource::Restaurants, Fault::Refuse { status: 404 }, 1);
    let batch = desk.executing(&["A"], json!({})).await;
    let seen = desk.until_asked(&batch, 6).await;
    let job = &seen["jobs"][0];
    assert_eq!(sub_step(job, "register-restaurant")["status"], "action_required");
    assert_eq!(desk.platform.asked(Resource::Restaurants), 1);
    let answer = done(&desk, job, "register-restaurant", Resource::Restaurants);
    desk.post(&batch, "steps/6/complete", answer).await.expect(200);
    let ended = desk.until_status(&batch, "completed").await;
    for (resource, times) in desk.effects(&ended["jobs"][0]) {
        assert_eq!(times, 1, "{resource}");
    }
}

pub async fn what_was_retried_is_retried_from_its_newest_batch(database: Db) {
    let desk = unsure(database).await;
    desk.platform.fault(Resource::Menus, Fault::Refuse { status: 422 }, 1);
    let batch = desk.executing(&["A"], json!({})).await;
    let failed = desk.until_status(&batch, "failed").await;
    let retry = desk.post(&batch, "retry-failed", json!({})).await.expect(201).json();
    let retry = retry["new_batch_id"].as_str().unwrap();
    desk.until_status(retry, "completed").await;
    let again = desk.post(&batch, "retry-failed", json!({})).await.expect(409).json();
    assert_eq!(again["code"], "nothing_failed");
    let job = failed["jobs"][0]["id"].as_str().unwrap();
    let path = format!("/api/registration-jobs/{job}/retry");
    let again = desk.api.post(&path, &json!({})).await.expect(409).json();
    assert_eq!(again["code"], "nothing_failed");
    for (resource, times) in desk.effects(&failed["jobs"][0]) {
        assert_eq!(times, 1, "{resource}");
    }
}

pub async fn a_refusal_does_not_tell_what_an_earlier_call_has_done(database: Db) {
    let opening = Opening {
        plan: NO_OFFICE,
        ..Opening::default()
    };
    let desk = Desk::open(database, opening).await;
    // The account is made, and no answer ever says so.
    desk.platform.fault(Resource::Accounts, Fault::HalfSucceed, 50);
    let batch = desk.executing(&["A"], json!({})).await;
    let failed = desk.until_status(&batch, "failed").await;
    let job = &failed["jobs"][0];
    assert_eq!(sub_step(job, "create-account")["outcome_unknown"], true, "{failed:#}");
    desk.platform.clear_faults();
    // The same key with another request is refused, though the first request was carried out.
    let mut config = job["steps"][4]["answer"].clone();
    config["account_email"] = json!("other@example.org");
    let mended = json!({ "configurations": [{ "registration_job_id": job["id"], "config": config }] });
    let retry = desk.post(&batch, "retry-failed", mended).await.expect(201).json();
    let ended = desk
        .until_status(retry["new_batch_id"].as_str().unwrap(), "completed")
        .await;
    for (resource, times) in desk.effects(&ended["jobs"][0]) {
        assert_eq!(times, 1, "{resource}: {ended:#}");
    }
}

pub async fn nobody_is_left_out_of_a_retry_because_a_call_of_theirs_is_on_its_way(database: Db) {
    let opening = Opening {
        plan: NO_OFFICE,
        ..Opening::default()
    };
    let desk = Desk::open(database, opening).await;
    desk.platform.hold(Resource::Accounts);
    let batch = desk.executing(&["A", "B"], json!({})).await;
    desk.platform.until_asked(Resource::Accounts, 1).await;
    desk.post(&batch, "cancel", json!({})).await.expect(200);
    let seen = desk.seen(&batch).await;
    let early = desk.post(&batch, "retry-failed", json!({})).await.expect(409).json();
    assert_eq!(early["code"], "calls_open");
    assert_eq!(early["registration_job_ids"], json!([seen["jobs"][0]["id"]]));
    desk.platform.release(Resource::Accounts);
    desk.until(&batch, |seen| seen["cancelled"] == 2).await;
    let retry = desk.post(&batch, "retry-failed", json!({})).await.expect(201).json();
    let ended = desk
        .until_status(retry["new_batch_id"].as_str().unwrap(), "completed")
        .await;
    assert_eq!(ended["total"], 2, "{ended:#}");
    for job in ended["jobs"].as_array().unwrap() {
        for (resource, times) in desk.effects(job) {
            assert_eq!(times, 1, "{resource}: {ended:#}");
        }
    }
}

pub async fn a_question_about_a_call_is_put_again(database: Db) {
    let mut plan = NO_OFFICE.to_vec();
    plan.push((FIND, ""));
    plan.push((
        "title = \"Execution\"\nreminder = \"1d\"",
        "title = \"Execution\"\nreminder = \"1s\"",
    ));
    let opening = Opening {
        plan: &plan,
        ignores_keys: true,
        ..Opening::default()
    };
    let desk = Desk::open(database, opening).await;
    desk.platform.fault(Resource::Accounts, Fault::DieBeforeAnswer, 1);
    let batch = desk.executing(&["A"], json!({})).await;
    desk.until_asked(&batch, 6).await;
    let seen = desk.until(&batch, |seen| seen["jobs"][0]["steps"][5]["remind_at"].is_null());
    assert_eq!(seen.await["jobs"][0]["status"], "action_required");
    let logs = format!("/api/registration-batches/{batch}/logs?operation=action_required&limit=100");
    let logs = desk.api.get(&logs).await.expect(200).json();
    let reminded = logs["data"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["details"]["reminder"] == true);
    assert_eq!(reminded.count(), 1, "{logs:#}");
}
