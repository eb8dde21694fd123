//! The platform hangs, half succeeds, dies, and talks nonsense: each sub-step has its effect once.

use batchdesk::simulators::platform::{Fault, Resource};
use serde_json::json;

use crate::desk::{Desk, Opening, sub_step};
use crate::happy::NO_OFFICE;
use crate::support::daemon::Db;

const FAULTS: [Fault; 8] = [
    Fault::Hang { effect: true },
    Fault::Hang { effect: false },
    Fault::HalfSucceed,
    Fault::DieBeforeAnswer,
    Fault::DieBeforeEffect,
    Fault::Garbage,
    Fault::SlowDown { retry_after: 0 },
    Fault::Slow { ms: 50 },
];

pub async fn every_fault_of_the_platform_leaves_one_effect(database: Db) {
    for ignores_keys in [false, true] {
        let opening = Opening {
            plan: NO_OFFICE,
            ignores_keys,
            ..Opening::default()
        };
        let desk = Desk::open(database.clone(), opening).await;
        for fault in FAULTS {
            desk.platform.fault(Resource::Restaurants, fault, 1);
            let batch = desk.executing(&["A"], json!({})).await;
            let ended = desk
                .until(&batch, |seen| {
                    ["completed", "failed"].contains(&seen["status"].as_str().unwrap())
                })
                .await;
            let what = format!("{fault:?}, keys ignored: {ignores_keys}: {ended:#}");
            assert_eq!(ended["status"], "completed", "{what}");
            for (resource, times) in desk.effects(&ended["jobs"][0]) {
                assert_eq!(times, 1, "{resource}, {what}");
            }
            let found = &sub_step(&ended["jobs"][0], "register-restaurant")["result"]["id"];
            assert!(found.is_string(), "{what}");
        }
    }
}

pub async fn a_call_that_nobody_knows_of_is_asked_about(database: Db) {
    // Neither keys nor a way to look.
    let mut plan = NO_OFFICE.to_vec();
    plan.push((
        "find = { url = \"{{ platform.url }}/v1/accounts\", query = { reference = \"{{ job.reference }}\" } }\n\
         found_when = \"found.data\"\nfound_result = \"{{ found.data[0] }}\"\n",
        "",
    ));
    let opening = Opening {
        plan: &plan,
        ignores_keys: true,
        ..Opening::default()
    };
    let desk = Desk::open(database, opening).await;
    for done in [true, false] {
        let fault = if done {
            Fault::DieBeforeAnswer
        } else {
            Fault::DieBeforeEffect
        };
        desk.platform.fault(Resource::Accounts, fault, 1);
        let batch = desk.executing(&["A"], json!({})).await;
        let seen = desk.until_asked(&batch, 6).await;
        let job = &seen["jobs"][0];
        assert_eq!(sub_step(job, "create-account")["status"], "action_required");
        let actions = desk
            .api
            .get(&format!("/api/actions?batch_id={batch}"))
            .await
            .expect(200)
            .json();
        assert_eq!(actions["data"][0]["asked"]["sub_step"], "create-account", "{actions:#}");
        let answer = json!({ "answers": [{ "registration_job_id": job["id"], "sub_step": "create-account", "done": done, "result": { "id": "accounts-1" } }] });
        desk.post(&batch, "steps/6/complete", answer).await.expect(200);
        let ended = desk.until_status(&batch, "completed").await;
        for (resource, times) in desk.effects(&ended["jobs"][0]) {
            assert_eq!(times, 1, "{resource}: {ended:#}");
        }
    }
}

pub async fn what_the_platform_refuses_for_good_fails_at_once(database: Db) {
    let opening = Opening {
        plan: NO_OFFICE,
        ..Opening::default()
    };
    let desk = Desk::open(database, opening).await;
    desk.platform
        .fault(Resource::Accounts, Fault::Refuse { status: 409 }, 1);
    let batch = desk.executing(&["A"], json!({})).await;
    let failed = desk.until_status(&batch, "failed").await;
    let job = &failed["jobs"][0];
    assert_eq!(sub_step(job, "create-account")["attempt"], 1);
    assert_eq!(failed["error_message"], "every registration failed");
    assert_eq!(desk.platform.asked(Resource::Accounts), 1);
    let key = |at: usize| desk.platform.requests()[at].idempotency_key.clone();
    let first = key(0);
    // After a definite refusal the next call is another one.
    let id = job["id"].as_str().unwrap();
    let retry = desk
        .api
        .post(&format!("/api/registration-jobs/{id}/retry"), &json!({}))
        .await
        .expect(201)
        .json();
    let retry = retry["new_batch_id"].as_str().unwrap();
    desk.until_status(retry, "completed").await;
    let again = desk
        .platform
        .requests()
        .into_iter()
        .rfind(|request| request.resource == Resource::Accounts && request.idempotency_key.is_some())
        .unwrap();
    assert_ne!(again.idempotency_key, first);
}
