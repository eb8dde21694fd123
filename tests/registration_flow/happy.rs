//! Batches that go as they should, but for one restaurant.

use batchdesk::simulators::platform::{Fault, Resource};
use serde_json::{Value, json};

pub use crate::desk::NO_OFFICE;
use crate::desk::{Desk, Opening, completed, ids, sub_step};
use crate::support::daemon::Db;

/// Three restaurants, of which one fails at the menu upload, is retried from there, and succeeds.
pub async fn auckland_q4(database: Db) {
    let opening = Opening {
        plan: NO_OFFICE,
        ..Opening::default()
    };
    let desk = Desk::open(database, opening).await;
    let names = ["Pizza Palace", "Burger House", "Chicken Shop"];
    let batch = desk.batch(&names, json!({})).await;
    desk.select_none(&batch).await;
    desk.platform.hold(Resource::Menus);
    desk.configure(&batch).await;
    // The first restaurant's menu has arrived; the second one's is refused.
    desk.platform.until_asked(Resource::Menus, 1).await;
    desk.platform.fault(Resource::Menus, Fault::Refuse { status: 422 }, 1);
    desk.platform.release(Resource::Menus);
    let ended = desk.until_status(&batch, "completed").await;
    assert_eq!(
        (&ended["total"], &ended["completed"], &ended["failed"]),
        (&json!(3), &json!(2), &json!(1))
    );
    let statuses: Vec<_> = ended["jobs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|job| &job["status"])
        .collect();
    assert_eq!(statuses, ["completed", "failed", "completed"]);
    let failed = &ended["jobs"][1];
    assert_eq!(sub_step(failed, "menu-csv-upload")["status"], "failed");
    assert_eq!(sub_step(failed, "create-account")["status"], "completed");
    assert_eq!(sub_step(failed, "final-check")["status"], "skipped");
    assert!(failed["error_message"].as_str().unwrap().contains("422"), "{failed:#}");
    let summary = &ended["summary"];
    assert_eq!(summary["successful_percent"], 66);
    assert_eq!(summary["results"][0], "Pizza Palace: completed");

    // One row a restaurant, with the status of each sub-step.
    let csv = desk
        .api
        .get(&format!("/api/registration-batches/{batch}/export"))
        .await
        .expect(200)
        .text();
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines.len(), 4, "{csv}");
    assert!(lines[0].contains("create-account"), "{csv}");
    assert!(lines[2].contains("menu-csv-upload"), "{csv}");

    let retry = desk.post(&batch, "retry-failed", json!({})).await.expect(201).json();
    let retry = retry["new_batch_id"].as_str().unwrap();
    let retried = desk.until_status(retry, "completed").await;
    assert_eq!(retried["name"], "Auckland Q4 - Retry");
    assert_eq!(retried["retry_of"], json!(batch));
    let job = &retried["jobs"][0];
    assert_eq!(job["restaurant_name"], "Burger House");
    // Nothing that was done is done again.
    for (resource, times) in desk.effects(job) {
        assert_eq!(times, 1, "{resource}");
    }
    let logs = desk
        .api
        .get(&format!("/api/registration-batches/{retry}/logs?limit=500"))
        .await
        .expect(200)
        .json();
    let started: Vec<&Value> = logs["data"]
        .as_array()
        .unwrap()
        .iter()
        .rev()
        .filter(|row| row["operation"] == "step_started" && row["details"]["sub_step"].is_string())
        .map(|row| &row["details"]["sub_step"])
        .collect();
    assert_eq!(started[0], "menu-csv-upload");
    // A batch of which nothing failed has nothing to retry.
    let nothing = desk.post(retry, "retry-failed", json!({})).await.expect(409).json();
    assert_eq!(nothing["code"], "nothing_failed");
    assert_eq!(ids(&ended).count(), 3);
}

pub async fn one_restaurant_is_a_batch_of_one(database: Db) {
    let opening = Opening {
        plan: NO_OFFICE,
        ..Opening::default()
    };
    let desk = Desk::open(database, opening).await;
    let restaurant = desk.restaurant("Pizza Palace").await;
    let made = desk
        .api
        .post("/api/registration-jobs", &json!({ "restaurant_id": restaurant }))
        .await
        .expect(201)
        .json();
    let batch = made["batch_id"].as_str().unwrap();
    let busy = json!({ "restaurant_ids": [restaurant] });
    let busy = desk
        .api
        .post("/api/registration-batches", &busy)
        .await
        .expect(409)
        .json();
    assert_eq!(
        (&busy["code"], &busy["busy"][0]["batch_id"]),
        (&json!("restaurant_busy"), &json!(batch))
    );
    desk.select_none(batch).await;
    desk.configure(batch).await;
    let ended = desk.until_status(batch, "completed").await;
    assert_eq!(ended["name"], "Single: Pizza Palace");
    let id = made["registration_job_id"].as_str().unwrap();
    let job = desk
        .api
        .get(&format!("/api/registration-jobs/{id}"))
        .await
        .expect(200)
        .json();
    assert_eq!(job["status"], "completed");
    let steps: Vec<_> = job["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| &step["status"])
        .collect();
    assert_eq!(
        steps,
        [
            "completed",
            "completed",
            "completed",
            "skipped",
            "completed",
            "completed"
        ]
    );
    assert!(job["steps"][5]["duration_ms"].is_i64(), "{job:#}");
    let refused = desk
        .api
        .post(&format!("/api/registration-jobs/{id}/retry"), &json!({}))
        .await;
    assert_eq!(refused.expect(409).json()["code"], "nothing_failed");
}

/// A person picks leads; they become restaurants and a batch in one go.
pub async fn leads_become_a_batch(database: Db) {
    let opening = Opening {
        plan: NO_OFFICE,
        ..Opening::default()
    };
    let desk = Desk::open(database, opening).await;
    let leads = json!({ "leads": [
        { "name": "Pizza Palace", "stage": "hot", "city": "Auckland", "phone": "+6493001122" },
        { "name": "Burger House", "stage": "hot", "city": "Auckland" },
        { "name": "Cold Fish", "stage": "cold", "city": "Auckland" },
    ] });
    let made = desk.api.post("/api/leads", &leads).await.expect(201).json();
    let ids: Vec<&Value> = made["leads"]
        .as_array()
        .unwrap()
        .iter()
        .map(|lead| &lead["id"])
        .collect();
    let convert = json!({
        "lead_ids": [ids[0], ids[1]], "create_registration_batch": true,
        "batch": { "name": "Auckland Q4", "execution_mode": "parallel", "common_config": { "services": ["pickup"] } },
    });
    let converted = desk.api.post("/api/leads/convert", &convert).await.expect(200).json();
    let batch = converted["registration_batch"]["batch_id"].as_str().unwrap();
    assert_eq!(converted["registration_batch"]["jobs_count"], 2);
    let seen = desk.seen(batch).await;
    assert_eq!(
        (&seen["status"], &seen["execution_mode"]),
        (&json!("draft"), &json!("parallel"))
    );
    let of_batch: Vec<_> = seen["jobs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|job| &job["restaurant_id"])
        .collect();
    let of_leads: Vec<_> = converted["restaurants"]
        .as_array()
        .unwrap()
        .iter()
        .map(|lead| &lead["id"])
        .collect();
    assert_eq!(of_batch, of_leads);
    let started = desk.post(batch, "start", json!({})).await.expect(200).json();
    assert_eq!(started["first_job_id"], seen["jobs"][0]["id"]);
    assert_eq!(desk.post(batch, "start", json!({})).await.expect(200).json(), started);
    // They are being registered: no second batch of them.
    let again = desk.api.post("/api/leads/convert", &convert).await.expect(409).json();
    assert_eq!(again["code"], "restaurant_busy");
    // A template over leads: those that are hot and none yet.
    let more = json!({ "name": "Noodle Bar", "stage": "hot", "city": "Auckland", "phone": "+6493001122" });
    desk.api.post("/api/leads", &more).await.expect(201);
    let template = json!({ "name": "hot leads", "source": "leads", "filter": { "stage": "hot", "city": "auckland" } });
    let template = desk
        .api
        .post("/api/batch-templates", &template)
        .await
        .expect(201)
        .json();
    let at = format!("/api/batch-templates/{}", template["id"].as_str().unwrap());
    let preview = desk
        .api
        .post(&format!("{at}/preview"), &json!({}))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&preview["matched"], &preview["restaurants"][0]["name"]),
        (&json!(1), &json!("Noodle Bar"))
    );
    let made = desk
        .api
        .post(&format!("{at}/start"), &json!({}))
        .await
        .expect(201)
        .json();
    let of_template = made["batch_id"].as_str().unwrap();
    desk.select_none(of_template).await;
    desk.until_asked(of_template, 5).await;
}

/// What was wrong with a configuration is mended with the retry.
pub async fn a_retry_may_mend_the_configuration(database: Db) {
    let opening = Opening {
        plan: NO_OFFICE,
        ..Opening::default()
    };
    let desk = Desk::open(database, opening).await;
    let batch = desk.batch(&["Pizza Palace"], json!({})).await;
    desk.select_none(&batch).await;
    let seen = desk.until_asked(&batch, 5).await;
    let job = ids(&seen).next().unwrap();
    let action = desk
        .api
        .get(&format!("/api/actions?batch_id={batch}"))
        .await
        .expect(200)
        .json();
    let mut config = completed(&action["data"][0]["asked"]["config"]);
    config["menu_csv"] = json!("no header at all");
    let told = |config: &Value| json!({ "configurations": [{ "registration_job_id": job, "config": config }] });
    desk.post(&batch, "steps/5/complete", told(&config)).await.expect(200);
    let failed = desk.until_status(&batch, "failed").await;
    assert!(
        failed["jobs"][0]["error_message"].as_str().unwrap().contains("header"),
        "{failed:#}"
    );
    config["menu_csv"] = json!("category,name,price\nPizza,Margherita,18.00\n");
    let unknown = json!({ "configurations": [{ "registration_job_id": batch, "config": config }] });
    let unknown = desk.post(&batch, "retry-failed", unknown).await.expect(422).json();
    assert_eq!(unknown["code"], "unknown_registration");
    let wrong = desk
        .post(&batch, "retry-failed", told(&json!({})))
        .await
        .expect(422)
        .json();
    assert_eq!(wrong["code"], "invalid");
    let retry = desk
        .post(&batch, "retry-failed", told(&config))
        .await
        .expect(201)
        .json();
    let ended = desk
        .until_status(retry["new_batch_id"].as_str().unwrap(), "completed")
        .await;
    let step = &ended["jobs"][0]["steps"][4];
    assert_eq!((&step["status"], &step["answer"]), (&json!("completed"), &config));
    for (resource, times) in desk.effects(&ended["jobs"][0]) {
        assert_eq!(times, 1, "{resource}");
    }
}
