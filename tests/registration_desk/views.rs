//! What batches, registrations and questions tell.

use batchdesk::simulators::platform::{Fault, Resource};
use serde_json::{Value, json};

use crate::desk::{Desk, NO_OFFICE, Opening, ids};
use crate::support::daemon::Db;

async fn action(desk: &Desk, batch: &str) -> Value {
    let actions = desk
        .api
        .get(&format!("/api/actions?batch_id={batch}"))
        .await
        .expect(200)
        .json();
    actions["data"][0].clone()
}

/// A desk that asks for a company with this besides.
async fn asking(database: Db, more: &str) -> Desk {
    let title = "title = \"Company selection\"\nreminder = \"1d\"";
    let asking = format!("title = \"Company selection\"\nreminder = \"1s\"\n{more}");
    let mut plan = NO_OFFICE.to_vec();
    plan.push((title, &asking));
    let opening = Opening {
        plan: &plan,
        ..Opening::default()
    };
    Desk::open(database, opening).await
}

pub async fn a_question_is_told_with_its_times(database: Db) {
    let desk = asking(database, "deadline = \"1d\"\ndefault = { none = true }").await;
    let batch = desk.batch(&["A"], json!({})).await;
    desk.until_asked(&batch, 3).await;
    let asked = action(&desk, &batch).await;
    assert_eq!(asked["default"], json!({ "none": true }));
    assert!(asked["since"].is_string() && asked["until"].is_string(), "{asked:#}");
    // A reminder asks nothing anew.
    let reminded = desk
        .until(&batch, |seen| seen["jobs"][0]["steps"][2]["remind_at"].is_null())
        .await;
    let again = action(&desk, &batch).await;
    assert_eq!((&again["since"], &again["until"]), (&asked["since"], &asked["until"]));
    let step = &reminded["jobs"][0]["steps"][2];
    assert_eq!((&step["asked_at"], &step["due_at"]), (&asked["since"], &asked["until"]));
    desk.select_none(&batch).await;
    desk.until_asked(&batch, 5).await;
    let asked = action(&desk, &batch).await;
    assert!(asked["until"].is_null() && asked["default"].is_null(), "{asked:#}");
    assert!(asked["remind_at"].is_string(), "{asked:#}");
}

pub async fn a_default_that_is_not_taken_is_not_shown(database: Db) {
    let more = "deadline = \"1d\"\non_deadline = \"fail\"\ndefault = { none = true }";
    let desk = asking(database, more).await;
    let batch = desk.batch(&["A"], json!({})).await;
    desk.until_asked(&batch, 3).await;
    let asked = action(&desk, &batch).await;
    assert!(asked["until"].is_string() && asked["default"].is_null(), "{asked:#}");
}

pub async fn what_nobody_answers_in_time_is_answered_by_default(database: Db) {
    let desk = asking(database, "deadline = \"2s\"\ndefault = { none = true }").await;
    let batch = desk.batch(&["A", "B"], json!({})).await;
    let seen = desk.until_asked(&batch, 5).await;
    for job in seen["jobs"].as_array().unwrap() {
        assert_eq!(job["steps"][2]["status"], "completed", "{seen:#}");
        assert_eq!(job["steps"][2]["answer"], json!({ "none": true }), "{seen:#}");
        assert_eq!(job["steps"][2]["answered_by"], "system", "{seen:#}");
    }
    // One that comes afterwards is told what was answered.
    let late = json!({ "selections": [{ "registration_job_id": seen["jobs"][0]["id"], "company_number": "1234567" }] });
    let late = desk.post(&batch, "steps/3/complete", late).await.expect(409).json();
    assert_eq!(late["code"], "answered_differently", "{late:#}");
}

pub async fn what_nobody_answers_in_time_fails_without_a_default(database: Db) {
    let desk = asking(database, "deadline = \"2s\"\non_deadline = \"fail\"").await;
    let batch = desk.batch(&["A"], json!({})).await;
    let failed = desk.until_status(&batch, "failed").await;
    let job = &failed["jobs"][0];
    assert_eq!((&job["status"], &job["current_step"]), (&json!("failed"), &json!(3)));
    assert!(job["error_message"].as_str().unwrap().contains("in time"), "{failed:#}");
    // It is asked anew in a retry, and may be answered then.
    let retry = desk.post(&batch, "retry-failed", json!({})).await.expect(201).json();
    let retry = retry["new_batch_id"].as_str().unwrap();
    desk.until_asked(retry, 3).await;
    desk.select_none(retry).await;
    desk.until_asked(retry, 5).await;
}

pub async fn a_registration_is_told_with_what_it_is_about(database: Db) {
    let desk = crate::open(database).await;
    desk.platform.fault(Resource::Menus, Fault::Refuse { status: 422 }, 1);
    let batch = desk.batch(&["A", "B"], json!({ "start": false })).await;
    let drafted = desk.seen(&batch).await;
    assert_eq!((&drafted["pending"], &drafted["in_progress"]), (&json!(2), &json!(0)));
    desk.post(&batch, "start", json!({})).await.expect(200);
    desk.select_none(&batch).await;
    let asked = desk.until_asked(&batch, 5).await;
    assert_eq!(
        (&asked["pending"], &asked["in_progress"], &asked["waiting"]),
        (&json!(0), &json!(0), &json!(2))
    );
    desk.platform.hold(Resource::Accounts);
    desk.configure(&batch).await;
    desk.platform.until_asked(Resource::Accounts, 1).await;
    let path = "/api/registration-batches";
    let listed = desk.api.get(path).await.expect(200).json();
    let listed = &listed["data"][0];
    assert_eq!(
        (&listed["pending"], &listed["in_progress"], &listed["total"]),
        (&json!(0), &json!(2), &json!(2))
    );
    desk.platform.release(Resource::Accounts);
    let ended = desk.until_status(&batch, "completed").await;
    let failed = &ended["jobs"][0];
    let place = failed["failed_at"].as_str().unwrap();
    assert!(place.starts_with("execution/") && place.contains("menu"), "{place}");
    let line = ended["summary"]["results"][0].as_str().unwrap();
    assert!(line.starts_with(&format!("A: failed at {place} (")), "{line}");
    assert!(ended["jobs"][1]["failed_at"].is_null());

    let job = format!("/api/registration-jobs/{}", ids(&ended).next().unwrap());
    let job = desk.api.get(&job).await.expect(200).json();
    assert_eq!(
        (&job["restaurant"]["name"], &job["restaurant"]["city"]),
        (&json!("A"), &json!("Auckland"))
    );
    assert_eq!(job["failed_at"], failed["failed_at"]);
    assert!(job["steps"][5]["sub_step_progress"][0]["result"].is_object(), "{job:#}");

    // Lists leave out what may be large.
    let jobs = desk.api.get("/api/registration-jobs").await.expect(200).json();
    for job in jobs["data"].as_array().unwrap() {
        assert_eq!(job["steps"].as_array().unwrap().len(), 6);
        assert!(job["execution_config"].is_null(), "{job:#}");
        for step in job["steps"].as_array().unwrap() {
            for heavy in ["result_data", "answer", "sub_step_progress"] {
                assert!(step.get(heavy).is_none(), "{step:#}");
            }
        }
    }
}
