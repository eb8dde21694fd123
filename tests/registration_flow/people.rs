//! What people say, and when.

use serde_json::{Value, json};

use crate::desk::{Desk, Opening, completed, ids};
use crate::happy::NO_OFFICE;
use crate::support::daemon::Db;

async fn desk(database: Db) -> Desk {
    let opening = Opening {
        plan: NO_OFFICE,
        ..Opening::default()
    };
    Desk::open(database, opening).await
}

fn selection(job: &str, more: Value) -> Value {
    let mut selection = more;
    selection["registration_job_id"] = json!(job);
    json!({ "selections": [selection] })
}

pub async fn answers_may_come_early_and_in_parts(database: Db) {
    let desk = desk(database).await;
    let batch = desk.batch(&["A", "B"], json!({})).await;
    let seen = desk.until_asked(&batch, 3).await;
    let jobs: Vec<&str> = ids(&seen).collect();
    // The configuration of one before it is asked for.
    let early = json!({ "configurations": [{ "registration_job_id": jobs[0], "config": completed(&json!({
        "account_email": "a@b.example", "contact_phone": "+6493001122", "restaurant_name": "A", "phone": "+6493001122",
        "address": "1 Queen Street", "city": "Auckland", "country": "NZ", "subdomain": "a", "services": ["pickup"],
        "onboarding_user": { "email": "a@b.example" },
    })) }] });
    let kept = desk.post(&batch, "steps/5/complete", early).await.expect(200).json();
    assert_eq!(kept["results"][0]["outcome"], "kept");
    // One goes on at once, and through the configuration that is known already, while the other waits.
    let one = desk
        .post(&batch, "steps/3/complete", selection(jobs[0], json!({ "none": true })))
        .await;
    assert_eq!(one.expect(200).json()["results"][0]["outcome"], "accepted");
    let seen = desk
        .until(&batch, |seen| seen["jobs"][0]["status"] == "completed")
        .await;
    assert_eq!(seen["jobs"][1]["status"], "action_required");
    assert_eq!(seen["jobs"][1]["blocked_by"], "person");
    let waiting = desk.api.get("/api/actions?count=true").await.expect(200).json();
    assert_eq!(waiting["count"], 1);
    let actions = desk.api.get("/api/actions").await.expect(200).json();
    let action = &actions["data"][0];
    assert_eq!((&action["step"], &action["restaurant_name"]), (&json!(3), &json!("B")));
    assert_eq!(
        action["answer_to"],
        json!(format!("/api/registration-batches/{batch}/steps/3/complete"))
    );
    assert!(action["form"]["oneOf"].is_array(), "{action:#}");
    assert!(action["until"].is_null() && action["since"].is_string(), "{action:#}");
    desk.post(
        &batch,
        "steps/3/complete",
        selection(jobs[1], json!({ "company_number": "123456" })),
    )
    .await
    .expect(200);
    let seen = desk
        .until(&batch, |seen| {
            seen["jobs"][1]["current_step"] == 5 && seen["waiting"] == 1
        })
        .await;
    assert_eq!(seen["jobs"][1]["steps"][2]["result_data"]["company_number"], "123456");
}

pub async fn answers_are_taken_once(database: Db) {
    let desk = desk(database).await;
    let batch = desk.batch(&["A"], json!({})).await;
    let seen = desk.until_asked(&batch, 3).await;
    let job = ids(&seen).next().unwrap();
    let none = selection(job, json!({ "none": true }));
    desk.post(&batch, "steps/3/complete", none.clone()).await.expect(200);
    let same = desk
        .post(&batch, "steps/3/complete", none.clone())
        .await
        .expect(200)
        .json();
    assert_eq!(same["results"][0]["outcome"], "same");
    let other = desk
        .post(
            &batch,
            "steps/3/complete",
            selection(job, json!({ "company_number": "99" })),
        )
        .await
        .expect(409)
        .json();
    assert_eq!(other["errors"][0]["code"], "answered_differently");
    assert_eq!(other["errors"][0]["first"], json!({ "none": true }));
    assert!(
        other["errors"][0]["answered_by"].as_str().unwrap().contains("user:"),
        "{other:#}"
    );
    // Two answers of one request: the form, then the twice.
    for (body, detail) in [
        (json!({ "selections": [] }), "at least one"),
        (selection(job, json!({})), "exactly one of"),
        (
            selection(job, json!({ "none": true, "company_number": "1" })),
            "exactly one of",
        ),
        (
            json!({ "selections": [
                { "registration_job_id": job, "none": true }, { "registration_job_id": job, "none": true },
            ] }),
            "twice",
        ),
    ] {
        let refused = desk.post(&batch, "steps/3/complete", body).await;
        assert!(refused.status.is_client_error(), "{}", refused.text());
        assert!(refused.text().contains(detail), "{detail}: {}", refused.text());
    }
}

pub async fn what_is_not_waited_for_is_refused(database: Db) {
    let desk = desk(database).await;
    let batch = desk.batch(&["A"], json!({})).await;
    let other = desk.batch(&["B"], json!({})).await;
    let seen = desk.until_asked(&batch, 3).await;
    let job = ids(&seen).next().unwrap().to_owned();
    let unknown = desk
        .post(&other, "steps/3/complete", selection(&job, json!({ "none": true })))
        .await;
    assert_eq!(unknown.expect(422).json()["code"], "unknown_registration");
    let nobodys = json!({ "candidate_id": "0190a000-0000-7000-8000-000000000000" });
    let candidate = desk.post(&batch, "steps/3/complete", selection(&job, nobodys)).await;
    assert_eq!(candidate.expect(422).json()["code"], "unknown_candidate");
    let finding = json!({ "answers": [{ "registration_job_id": job, "sub_step": "create-account", "done": true, "result": { "id": "1" } }] });
    let unasked = desk.post(&batch, "steps/6/complete", finding).await.expect(409).json();
    assert_eq!(unasked["code"], "illegal_transition");
    desk.post(&batch, "cancel", json!({})).await.expect(200);
    let late = desk
        .post(&batch, "steps/3/complete", selection(&job, json!({ "none": true })))
        .await;
    let late = late.expect(409).json();
    assert_eq!(
        (&late["errors"][0]["batch"], &late["errors"][0]["job"]),
        (&json!("cancelled"), &json!("cancelled"))
    );
    for (command, status) in [
        ("resume", 409),
        ("pause", 409),
        ("start", 409),
        ("cancel", 200),
        ("archive", 200),
    ] {
        let answer = desk.post(&batch, command, json!({})).await;
        assert_eq!(answer.status.as_u16(), status, "{command}: {}", answer.text());
    }
    let seen = desk.seen(&batch).await;
    assert_eq!((&seen["status"], &seen["cancelled"]), (&json!("cancelled"), &json!(1)));
    let listed = desk.api.get("/api/registration-batches").await.expect(200).json();
    assert_eq!(listed["data"].as_array().unwrap().len(), 1);
}
