//! Templates, and batches of them.

use reqwest::Method;
use serde_json::json;

use crate::desk::{Desk, restaurant, text};
use crate::support::daemon::Db;

pub async fn templates_are_made_changed_and_deleted(database: Db) {
    let desk = Desk::open(&database, 0).await;
    let body = json!({
        "name": "Hot in Auckland",
        "filter": { "stage": "hot", "city": "auckland", "icp_min": 3 },
        "settings": { "execution_mode": "parallel", "common_config": { "menu": "csv" } },
        "limit": 5,
    });
    let keyed = [("idempotency-key", "k1")];
    let made = desk
        .send(Method::POST, "/api/batch-templates", &body, &keyed)
        .await
        .expect(201);
    let template = made.json();
    let path = format!("/api/batch-templates/{}", text(&template["id"]));
    assert_eq!(made.headers["location"], path.as_str());
    let again = desk
        .send(Method::POST, "/api/batch-templates", &body, &keyed)
        .await
        .expect(201);
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(again.json(), template);
    assert_eq!(desk.get(&path).await, template);
    assert_eq!(template["filter"], body["filter"]);
    assert_eq!(
        (&template["source"], &template["version"]),
        (&json!("restaurants"), &json!(1))
    );

    let taken = desk.member.post("/api/batch-templates", &body).await.expect(409).json();
    assert_eq!(taken["code"], "name_taken");
    let wrong = json!({
        "name": " ", "limit": 51, "filter": { "icp_max": 11, "registered": "open" },
        "settings": { "name": "{week}" },
    });
    let refused = desk
        .member
        .post("/api/batch-templates", &wrong)
        .await
        .expect(422)
        .json();
    let mut pointers: Vec<String> = refused["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| text(&one["pointer"]))
        .collect();
    pointers.sort();
    let expected = [
        "/filter/icp_max",
        "/filter/registered",
        "/limit",
        "/name",
        "/settings/name",
    ];
    assert_eq!(pointers, expected);
    let unknown = json!({ "name": "a", "filter": { "town": "Auckland" } });
    let refused = desk
        .member
        .post("/api/batch-templates", &unknown)
        .await
        .expect(422)
        .json();
    assert!(text(&refused["detail"]).contains("town"), "{refused}");

    let patch = json!({ "limit": null, "filter": { "icp_min": null, "stage": "warm" } });
    let stale = desk.send(Method::PATCH, &path, &patch, &[("if-match", "\"7\"")]).await;
    assert_eq!(stale.expect(412).json()["code"], "stale");
    let changed = desk
        .send(Method::PATCH, &path, &patch, &[("if-match", "\"1\"")])
        .await
        .expect(200);
    assert_eq!(changed.headers["etag"], "\"2\"");
    let changed = changed.json();
    assert_eq!(changed["filter"], json!({ "stage": "warm", "city": "auckland" }));
    assert!(changed["limit"].is_null());
    assert_eq!(changed["settings"], template["settings"]);

    let viewer = desk.daemon.api(&desk.daemon.token("viewer"));
    viewer.get(&path).await.expect(200);
    viewer
        .post("/api/batch-templates", &json!({ "name": "b" }))
        .await
        .expect(403);
    let stranger = desk.daemon.api(&desk.daemon.token_in("Other", "admin"));
    for answer in [
        stranger.get(&path).await,
        stranger.post(&format!("{path}/preview"), &json!({})).await,
        stranger.post(&format!("{path}/start"), &json!({})).await,
        stranger.raw(Method::DELETE, &path, "", &[]).await,
    ] {
        answer.expect(403);
    }
    assert_eq!(
        stranger.get("/api/batch-templates").await.expect(200).json()["data"],
        json!([])
    );

    let schedule =
        json!({ "name": "Mondays", "template_id": template["id"], "cron": "0 9 * * MON", "time_zone": "UTC" });
    let schedule = desk.make("/api/batch-schedules", &schedule).await;
    let used = desk
        .send(Method::DELETE, &path, &json!({}), &[])
        .await
        .expect(409)
        .json();
    assert_eq!(
        (&used["code"], &used["schedules"]),
        (&json!("in_use"), &json!(["Mondays"]))
    );
    let schedule = format!("/api/batch-schedules/{}", text(&schedule["id"]));
    desk.send(Method::DELETE, &schedule, &json!({}), &[]).await.expect(204);
    desk.send(Method::DELETE, &path, &json!({}), &[]).await.expect(204);
    desk.member.get(&path).await.expect(404);
}

pub async fn a_batch_is_made_of_a_template(database: Db) {
    let desk = Desk::open(&database, 20).await;
    let body = json!({
        "name": "Hot", "filter": { "stage": "hot" }, "limit": 12,
        "settings": { "common_config": { "menu": "csv" }, "name": "{name}!" },
    });
    let template = text(&desk.make("/api/batch-templates", &body).await["id"]);
    let path = |rest: &str| format!("/api/batch-templates/{template}/{rest}");
    let preview = desk.member.post(&path("preview"), &json!({})).await.expect(200).json();
    assert_eq!((&preview["matched"], &preview["batch_of"]), (&json!(14), &json!(12)));
    assert_eq!(preview["more"], false);
    let shown = preview["restaurants"].as_array().unwrap();
    assert_eq!(shown.len(), 10);
    assert_eq!(
        (&shown[0]["id"], &shown[0]["name"]),
        (&json!(restaurant(1)), &json!("Place 1"))
    );

    let keyed = [("idempotency-key", "k1")];
    let started = desk
        .send(Method::POST, &path("start"), &json!({}), &keyed)
        .await
        .expect(201)
        .json();
    assert_eq!(started["jobs_count"], 12);
    let again = desk
        .send(Method::POST, &path("start"), &json!({}), &keyed)
        .await
        .expect(201)
        .json();
    assert_eq!(again, started);
    let batch = text(&started["batch_id"]);
    let seen = desk
        .query(&format!(
            "select name || ' ' || template_id || ' ' || total_restaurants from registration_batch_jobs where id = '{batch}'"
        ))
        .await;
    assert_eq!(seen, [format!("Hot! {template} 12")]);
    let journal = format!(
        "select operation from batch_operation_logs where batch_job_id = '{batch}' and item_id is null order by seq"
    );
    assert_eq!(desk.query(&journal).await[..2], ["batch_created", "batch_started"]);

    // As a draft, under another name, with fewer.
    let left = json!({ "name": "Rest", "start": false, "limit": 1 });
    let draft = desk.member.post(&path("start"), &left).await.expect(201).json();
    let sql = format!(
        "select name || ' ' || status || ' ' || total_restaurants from registration_batch_jobs where id = '{}'",
        text(&draft["batch_id"])
    );
    assert_eq!(desk.query(&sql).await, ["Rest draft 1"]);

    // One that is being registered is left out, whatever the filter says of registrations.
    let one = json!({ "name": "One", "filter": { "q": "place 3", "registered": "completed" } });
    let one = text(&desk.make("/api/batch-templates", &one).await["id"]);
    desk.register_elsewhere(&restaurant(3)).await;
    let taupo = json!({ "name": "Taupo", "filter": { "city": "Taupo" } });
    let taupo = text(&desk.make("/api/batch-templates", &taupo).await["id"]);
    let preview = desk
        .member
        .post(&format!("/api/batch-templates/{taupo}/preview"), &json!({}))
        .await;
    let preview = preview.expect(200).json();
    assert_eq!(preview["matched"], 5, "six, and one is busy");
    assert_eq!(preview["restaurants"][0]["id"], restaurant(6).as_str());
    let nobody = desk
        .member
        .post(&format!("/api/batch-templates/{one}/start"), &json!({}))
        .await;
    assert_eq!(nobody.expect(422).json()["code"], "no_restaurant_matches");

    let leads = json!({ "name": "Leads", "source": "leads", "filter": { "stage": "hot" } });
    let leads = text(&desk.make("/api/batch-templates", &leads).await["id"]);
    let refused = desk
        .member
        .post(&format!("/api/batch-templates/{leads}/start"), &json!({}))
        .await;
    assert_eq!(refused.expect(422).json()["code"], "no_restaurant_matches");
}
