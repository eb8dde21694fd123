//! Calls of ended registrations of which nobody knows what they did: nothing is begun anew over them unseen.

use batchdesk::simulators::platform::{Fault, Resource};
use serde_json::{Value, json};

use crate::desk::Desk;
use crate::doubts::{done, unsure};
use crate::support::api::Answer;
use crate::support::daemon::Db;

/// What a refusal tells of a job whose account may have been made.
fn calls_of(job: &Value) -> Value {
    json!([{
        "restaurant_id": job["restaurant_id"], "registration_job_id": job["id"], "sub_steps": ["create-account"],
    }])
}

fn assert_unknown(answer: Answer, job: &Value) {
    let refused = answer.expect(409).json();
    assert_eq!(
        (&refused["code"], &refused["calls"]),
        (&json!("outcome_unknown"), &calls_of(job))
    );
}

impl Desk {
    /// A batch of these restaurants.
    async fn batch_of(&self, restaurants: &[&Value], start: bool) -> String {
        let body = json!({ "restaurant_ids": restaurants, "start": start });
        let made = self
            .api
            .post("/api/registration-batches", &body)
            .await
            .expect(201)
            .json();
        made["batch_id"].as_str().unwrap().to_owned()
    }

    /// Cancels a batch while nobody knows whether the account of its only restaurant was made; that registration.
    async fn leave_unknown(&self, batch: &str) -> Value {
        self.platform.fault(Resource::Accounts, Fault::DieBeforeAnswer, 1);
        self.select_none(batch).await;
        self.configure(batch).await;
        self.until_asked(batch, 6).await;
        self.post(batch, "cancel", json!({})).await.expect(200);
        let seen = self.until(batch, |seen| seen["cancelled"] == 1).await;
        seen["jobs"][0].clone()
    }
}

pub async fn nothing_is_begun_anew_over_a_call_that_nobody_knows_of(database: Db) {
    let desk = unsure(database).await;
    desk.platform.fault(Resource::Accounts, Fault::DieBeforeAnswer, 1);
    let batch = desk.executing(&["A"], json!({})).await;
    let seen = desk.until_asked(&batch, 6).await;
    let early = desk.post(&batch, "restart", json!({})).await.expect(409).json();
    assert_eq!(
        (&early["code"], &early["to"]),
        (&json!("illegal_transition"), &json!("restarted"))
    );
    desk.post(&batch, "cancel", json!({})).await.expect(200);
    let refused = desk.post(&batch, "restart", json!({})).await.expect(409).json();
    assert_eq!(refused["code"], "outcome_unknown");
    assert_eq!(refused["calls"], calls_of(&seen["jobs"][0]));
    // A new batch would do it again too.
    let restaurant = &seen["jobs"][0]["restaurant_id"];
    let mut new = json!({ "restaurant_ids": [restaurant] });
    let refused = desk
        .api
        .post("/api/registration-batches", &new)
        .await
        .expect(409)
        .json();
    assert_eq!(refused["code"], "outcome_unknown");
    assert_eq!(
        (
            &refused["errors"][0]["pointer"],
            &refused["errors"][0]["registration_job_id"]
        ),
        (&json!("/restaurant_ids/0"), &seen["jobs"][0]["id"])
    );
    let single = json!({ "restaurant_id": restaurant });
    let refused = desk
        .api
        .post("/api/registration-jobs", &single)
        .await
        .expect(409)
        .json();
    assert_eq!(refused["code"], "outcome_unknown");
    new["despite_unknown_outcomes"] = json!(true);
    desk.api.post("/api/registration-batches", &new).await.expect(201);
    let despite = json!({ "despite_unknown_outcomes": true });
    let made = desk.post(&batch, "restart", despite).await.expect(201).json();
    let anew = made["new_batch_id"].as_str().unwrap();
    // What was completed later settles it.
    desk.select_none(anew).await;
    desk.configure(anew).await;
    desk.until_status(anew, "completed").await;
    desk.post(&batch, "restart", json!({})).await.expect(201);
}

pub async fn older_batches_drafts_and_leads_are_not_begun_over_it_either(database: Db) {
    let desk = unsure(database).await;
    let lead = json!({ "name": "A", "email": "hello@restaurant.example", "phone": "+6493001122", "address": "1 Queen Street", "city": "Auckland", "country": "NZ" });
    let lead = desk.api.post("/api/leads", &lead).await.expect(201).json();
    let mut convert = json!({ "lead_ids": [lead["id"]] });
    let converted = desk.api.post("/api/leads/convert", &convert).await.expect(200).json();
    let restaurant = &converted["restaurants"][0]["id"];
    let draft = desk.batch_of(&[restaurant], false).await;
    let older = desk.batch_of(&[restaurant], true).await;
    desk.until_asked(&older, 3).await;
    desk.post(&older, "cancel", json!({})).await.expect(200);
    let batch = desk.batch_of(&[restaurant], true).await;
    let job = desk.leave_unknown(&batch).await;
    assert_unknown(desk.post(&draft, "start", json!({})).await, &job);
    assert_unknown(desk.post(&older, "restart", json!({})).await, &job);
    assert_unknown(desk.post(&older, "retry-failed", json!({})).await, &job);
    convert["create_registration_batch"] = json!(true);
    convert["batch"] = json!({ "start": true });
    assert_unknown(desk.api.post("/api/leads/convert", &convert).await, &job);
    convert["batch"] = json!({ "start": false, "despite_unknown_outcomes": true });
    desk.api.post("/api/leads/convert", &convert).await.expect(200);
    let mut single = json!({ "restaurant_id": restaurant });
    desk.api.post("/api/registration-jobs", &single).await.expect(409);
    single["despite_unknown_outcomes"] = json!(true);
    let made = desk
        .api
        .post("/api/registration-jobs", &single)
        .await
        .expect(201)
        .json();
    desk.post(made["batch_id"].as_str().unwrap(), "cancel", json!({}))
        .await
        .expect(200);
    // Whoever says so begins in spite of it, and what ends before it has called anybody has settled nothing.
    let despite = json!({ "despite_unknown_outcomes": true });
    desk.post(&draft, "start", despite).await.expect(200);
    desk.until_asked(&draft, 3).await;
    desk.post(&draft, "cancel", json!({})).await.expect(200);
    assert_unknown(desk.post(&older, "retry-failed", json!({})).await, &job);
    let despite = json!({ "despite_unknown_outcomes": true });
    let retry = desk.post(&older, "retry-failed", despite).await.expect(201).json();
    let newest = retry["new_batch_id"].as_str().unwrap().to_owned();
    desk.post(&newest, "cancel", json!({})).await.expect(200);
    // It is not asked again about what it was begun in spite of.
    let retry = desk.post(&draft, "retry-failed", json!({})).await.expect(201).json();
    let retry = retry["new_batch_id"].as_str().unwrap();
    desk.post(retry, "cancel", json!({})).await.expect(200);
    // A retry finds out, and then nothing stands against another registration.
    let path = format!("/api/registration-jobs/{}/retry", job["id"].as_str().unwrap());
    let retry = desk.api.post(&path, &json!({})).await.expect(201).json();
    let retry = retry["new_batch_id"].as_str().unwrap();
    let asked = desk.until_asked(retry, 6).await;
    let answer = done(&desk, &asked["jobs"][0], "create-account", Resource::Accounts);
    desk.post(retry, "steps/6/complete", answer).await.expect(200);
    desk.until_status(retry, "completed").await;
    desk.post(&newest, "retry-failed", json!({})).await.expect(201);
}

pub async fn a_template_leaves_out_who_has_such_calls(database: Db) {
    let desk = unsure(database).await;
    let mut restaurants = Vec::new();
    for name in ["A", "B"] {
        let batch = desk.batch(&[name], json!({})).await;
        restaurants.push(desk.leave_unknown(&batch).await["restaurant_id"].clone());
    }
    // They can be found.
    for (unknown, found) in [(true, 2), (false, 0)] {
        let path = format!("/api/restaurants?outcome_unknown={unknown}");
        let list = desk.api.get(&path).await.expect(200).json();
        assert_eq!(list["data"].as_array().unwrap().len(), found, "{path}");
    }
    let template = json!({ "name": "All", "settings": { "name": "All" } });
    let template = desk
        .api
        .post("/api/batch-templates", &template)
        .await
        .expect(201)
        .json();
    let start = format!("/api/batch-templates/{}/start", template["id"].as_str().unwrap());
    let none = desk.api.post(&start, &json!({})).await.expect(422).json();
    assert_eq!(none["code"], "no_restaurant_matches");
    let other = desk.restaurant("C").await;
    let made = desk.api.post(&start, &json!({ "limit": 1 })).await.expect(201).json();
    assert_eq!(made["jobs_count"], 1);
    let seen = desk.seen(made["batch_id"].as_str().unwrap()).await;
    assert_eq!(
        seen["jobs"][0]["restaurant_id"],
        json!(other),
        "none of {restaurants:?}"
    );
}

pub async fn nobody_is_told_of_such_calls_of_other_organisations(database: Db) {
    let desk = unsure(database).await;
    let batch = desk.batch(&["A"], json!({})).await;
    let job = desk.leave_unknown(&batch).await;
    let stranger = desk.daemon.api(&desk.daemon.token_in("Elsewhere", "member"));
    let body = json!({ "restaurant_ids": [job["restaurant_id"]] });
    let refused = stranger.post("/api/registration-batches", &body).await.expect(403);
    let told = refused.text();
    assert!(
        !told.contains(job["id"].as_str().unwrap()) && !told.contains("outcome_unknown"),
        "{told}"
    );
}
