//! Answers that cannot be taken: all that stands against them is told, and none of the request counts.

use serde_json::{Value, json};

use crate::desk::{Desk, completed, ids};
use crate::support::daemon::Db;

/// An id that nothing has.
const NOBODY: &str = "0190a000-0000-7000-8000-000000000000";

fn errors(refused: &Value) -> Vec<(&str, &str)> {
    let all = refused["errors"].as_array().unwrap_or_else(|| panic!("{refused:#}"));
    all.iter()
        .map(|error| (error["pointer"].as_str().unwrap(), error["code"].as_str().unwrap()))
        .collect()
}

pub async fn all_that_stands_against_answers_is_told(database: Db) {
    let desk = crate::open(database).await;
    let batch = desk.batch(&["A", "B", "C"], json!({})).await;
    let seen = desk.until_asked(&batch, 3).await;
    let jobs: Vec<&str> = ids(&seen).collect();
    let none = |job: &str| json!({ "registration_job_id": job, "none": true });
    desk.post(&batch, "steps/3/complete", json!({ "selections": [none(jobs[0])] }))
        .await
        .expect(200);
    desk.until(&batch, |seen| {
        seen["jobs"][0]["current_step"] == 5 && seen["waiting"] == 3
    })
    .await;

    let selections = json!({ "selections": [
        none(jobs[2]),
        { "registration_job_id": jobs[0], "company_number": "9" },
        { "registration_job_id": jobs[1], "candidate_id": NOBODY },
        none(NOBODY),
    ] });
    let refused = desk
        .post(&batch, "steps/3/complete", selections)
        .await
        .expect(422)
        .json();
    assert_eq!(
        errors(&refused),
        [
            ("/selections/2", "unknown_candidate"),
            ("/selections/3", "unknown_registration"),
            ("/selections/1", "answered_differently"),
        ]
    );
    // The code is that of the first, and the status goes with it.
    assert_eq!(refused["code"], "unknown_candidate");
    assert_eq!(refused["errors"][2]["first"], json!({ "none": true }));
    let seen = desk.seen(&batch).await;
    assert_eq!(
        (&seen["waiting"], &seen["jobs"][2]["current_step"]),
        (&json!(3), &json!(3))
    );
    assert!(seen["jobs"][2]["steps"][2]["answer"].is_null(), "{seen:#}");

    // So are mistakes of form, each with its place.
    let whole = completed(&json!({ "restaurant_name": "A" }));
    let mut wrong = whole.clone();
    wrong["services"] = json!(["fax"]);
    let configurations = json!({ "configurations": [
        { "registration_job_id": jobs[0], "config": wrong },
        { "registration_job_id": jobs[1], "config": 7 },
        { "registration_job_id": jobs[0], "config": wrong },
    ] });
    let refused = desk
        .post(&batch, "steps/5/complete", configurations)
        .await
        .expect(422)
        .json();
    assert_eq!(refused["code"], "invalid");
    let told = errors(&refused);
    assert!(
        told.contains(&("/configurations/0/config/services/0", "invalid")),
        "{refused:#}"
    );
    assert!(told.contains(&("/configurations/1/config", "invalid")), "{refused:#}");
    assert!(told.contains(&("/configurations/2", "answered_twice")), "{refused:#}");
    for error in refused["errors"].as_array().unwrap() {
        assert!(
            error["registration_job_id"].is_string() && error["detail"].is_string(),
            "{error}"
        );
    }
}

pub async fn what_is_no_longer_asked_is_refused_with_both_states(database: Db) {
    let desk = crate::open(database).await;
    let batch = desk.batch(&["A", "B"], json!({})).await;
    let seen = desk.until_asked(&batch, 3).await;
    let jobs: Vec<&str> = ids(&seen).collect();
    let draft = desk.batch(&["C"], json!({ "start": false })).await;
    let drafted = desk.seen(&draft).await;
    let drafted = ids(&drafted).next().unwrap();
    // Nothing is asked of a draft yet: what is said already is kept.
    let early = json!({ "selections": [{ "registration_job_id": drafted, "none": true }] });
    let kept = desk.post(&draft, "steps/3/complete", early).await.expect(200).json();
    assert_eq!(kept["results"][0]["outcome"], "kept");
    desk.post(&draft, "start", json!({})).await.expect(200);
    desk.until_asked(&draft, 5).await;

    let finding = json!({ "answers": [{ "registration_job_id": jobs[0], "sub_step": "create-account", "done": true, "result": { "id": "1" } }] });
    let unasked = desk.post(&batch, "steps/6/complete", finding).await.expect(409).json();
    assert_eq!(errors(&unasked), [("/answers/0", "illegal_transition")]);
    let detail = unasked["detail"].as_str().unwrap();
    assert!(
        detail.contains("'pending'") && detail.contains("'completed'"),
        "{detail}"
    );
    desk.post(&batch, "cancel", json!({})).await.expect(200);
    let late = json!({ "selections": [{ "registration_job_id": jobs[1], "none": true }] });
    let late = desk.post(&batch, "steps/3/complete", late).await.expect(409).json();
    let detail = late["detail"].as_str().unwrap();
    for state in ["'skipped'", "'completed'", "'cancelled'"] {
        assert!(detail.contains(state), "{state}: {detail}");
    }
    assert_eq!(
        (&late["errors"][0]["from"], &late["errors"][0]["to"]),
        (&json!("skipped"), &json!("completed"))
    );
    // Of several that confirm and one that cannot, none does.
    let theirs: Desk = desk;
    let forbidden = theirs.daemon.api(&theirs.daemon.token_in("Theirs", "member"));
    let path = format!("/api/registration-batches/{draft}/steps/3/complete");
    let again = json!({ "selections": [{ "registration_job_id": drafted, "none": true }] });
    forbidden.post(&path, &again).await.expect(403);
}
