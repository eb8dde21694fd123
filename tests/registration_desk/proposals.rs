//! Many configurations are confirmed at once, after they were counted.

use serde_json::json;

use crate::desk::{completed, ids};
use crate::support::daemon::Db;

pub async fn many_are_confirmed_after_they_were_counted(database: Db) {
    let desk = crate::open(database).await;
    let names = ["A", "B", "C"];
    let batch = desk
        .batch(&names, json!({ "common_config": { "services": ["pickup"] } }))
        .await;
    let seen = desk.until_asked(&batch, 3).await;
    let jobs: Vec<String> = ids(&seen).map(str::to_owned).collect();
    // One is not there yet.
    let none = |job: &String| json!({ "registration_job_id": job, "none": true });
    let selections = json!({ "selections": [none(&jobs[0]), none(&jobs[1])] });
    desk.post(&batch, "steps/3/complete", selections).await.expect(200);
    desk.until(&batch, |seen| {
        seen["waiting"] == 3 && seen["jobs"][0]["current_step"] == 5 && seen["jobs"][1]["current_step"] == 5
    })
    .await;
    let counted = desk
        .post(&batch, "steps/5/complete", json!({ "all": true }))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&counted["matched"], &counted["dry_run"]),
        (&json!(0), &json!(true)),
        "{counted:#}"
    );
    let incomplete = counted["incomplete"].as_array().unwrap();
    assert_eq!((incomplete.len(), &incomplete[0]["restaurant_name"]), (2, &json!("A")));
    assert!(!incomplete[0]["errors"].as_array().unwrap().is_empty());

    // What all lack is said once.
    let common = completed(&json!({}));
    let all = |more: serde_json::Value| {
        let mut body = json!({ "all": true, "config": common });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let counted = desk
        .post(&batch, "steps/5/complete", all(json!({})))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&counted["matched"], &counted["incomplete"]),
        (&json!(2), &json!([])),
        "{counted:#}"
    );
    let changed = desk
        .post(&batch, "steps/5/complete", all(json!({ "confirm_count": 3 })))
        .await;
    let changed = changed.expect(409).json();
    assert_eq!(
        (&changed["code"], &changed["matched"]),
        (&json!("count_changed"), &json!(2))
    );
    assert_eq!(desk.seen(&batch).await["waiting"], 3);

    let taken = desk
        .post(&batch, "steps/5/complete", all(json!({ "confirm_count": 2 })))
        .await;
    assert_eq!(taken.expect(200).json()["answered"], 2);
    let seen = desk
        .until(&batch, |seen| {
            seen["jobs"][0]["status"] == "completed" && seen["jobs"][1]["status"] == "completed"
        })
        .await;
    let config = &seen["jobs"][1]["execution_config"];
    assert_eq!(
        (&config["restaurant_name"], &config["contact_name"]),
        (&json!("B"), &json!("Aroha Ngata"))
    );
    assert_eq!(
        (&seen["waiting"], &seen["jobs"][2]["current_step"]),
        (&json!(1), &json!(3))
    );

    for wrong in [
        json!({ "all": true, "configurations": [{ "registration_job_id": jobs[2], "config": {} }] }),
        json!({ "config": {}, "configurations": [{ "registration_job_id": jobs[2], "config": {} }] }),
        json!({ "all": true, "config": 7 }),
        json!({}),
    ] {
        desk.post(&batch, "steps/5/complete", wrong).await.expect(400);
    }
}
