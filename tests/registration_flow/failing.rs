//! What a failing sub-step costs: nothing where it may fail, one registration, or the whole batch.

use batchdesk::simulators::platform::{Fault, Resource};
use serde_json::{Value, json};

use crate::desk::{Desk, NO_OFFICE, Opening, sub_step};
use crate::support::daemon::Db;

fn statuses(batch: &Value) -> Vec<&str> {
    let jobs = batch["jobs"].as_array().unwrap().iter();
    jobs.map(|job| job["status"].as_str().unwrap()).collect()
}

pub async fn what_may_fail_is_left_out(database: Db) {
    let mut plan = NO_OFFICE.to_vec();
    plan.push(("slug = \"website\"\n", "slug = \"website\"\nskip_if_failed = true\n"));
    let opening = Opening {
        plan: &plan,
        ..Opening::default()
    };
    let desk = Desk::open(database, opening).await;
    desk.platform
        .fault(Resource::Websites, Fault::Refuse { status: 422 }, 1);
    let batch = desk.executing(&["A"], json!({})).await;
    let ended = desk.until_status(&batch, "completed").await;
    assert_eq!(statuses(&ended), ["completed"]);
    let website = sub_step(&ended["jobs"][0], "website");
    assert_eq!(website["status"], "skipped");
    assert!(website["reason"].as_str().unwrap().contains("422"), "{website:#}");
    let effects = desk.effects(&ended["jobs"][0]);
    assert!(effects.iter().all(|(_, times)| *times == 1), "{effects:?}");
    assert!(effects.iter().all(|(made, _)| *made != Resource::Websites.name()));
}

pub async fn what_is_forbidden_for_one_restaurant_stops_no_other(database: Db) {
    let opening = Opening {
        plan: NO_OFFICE,
        ..Opening::default()
    };
    let desk = Desk::open(database, opening).await;
    desk.platform
        .fault(Resource::Restaurants, Fault::Refuse { status: 403 }, 1);
    let batch = desk.executing(&["A", "B"], json!({})).await;
    let ended = desk.until_status(&batch, "completed").await;
    assert_eq!(statuses(&ended), ["failed", "completed"]);
    let why = ended["jobs"][0]["error_message"].as_str().unwrap();
    assert!(why.contains("403") && why.contains("key"), "{why}");
}

pub async fn too_many_failures_fail_a_batch_where_that_is_wanted(database: Db) {
    let opening = Opening {
        plan: NO_OFFICE,
        settings: "on_threshold = \"fail\"\n",
        ..Opening::default()
    };
    let desk = Desk::open(database, opening).await;
    desk.platform
        .fault(Resource::Accounts, Fault::Refuse { status: 422 }, 2);
    let batch = desk.executing(&["A", "B", "C"], json!({})).await;
    let failed = desk.until_status(&batch, "failed").await;
    assert_eq!(statuses(&failed), ["failed", "failed", "pending"]);
    let why = failed["error_message"].as_str().unwrap();
    assert!(why.contains("2 of 3"), "{why}");
    desk.post(&batch, "retry-failed", json!({})).await.expect(201);
}

pub async fn without_a_platform_a_batch_fails_and_says_so(database: Db) {
    let opening = Opening {
        settings: "platform_url = \"\"\n",
        ..Opening::default()
    };
    let desk = Desk::open(database, opening).await;
    let batch = desk.batch(&["A", "B"], json!({})).await;
    desk.select_none(&batch).await;
    desk.configure(&batch).await;
    let failed = desk.until_status(&batch, "failed").await;
    let why = failed["error_message"].as_str().unwrap();
    assert!(why.contains("platform_url"), "{why}");
    assert_eq!(statuses(&failed), ["failed", "pending"]);
    assert_eq!(desk.platform.requests().len(), 0);
}
