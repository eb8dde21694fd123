//! What people say of schedules.

use chrono::{DateTime, Datelike as _, Timelike as _, Utc, Weekday};
use reqwest::Method;
use serde_json::{Value, json};

use crate::desk::{Desk, text};
use crate::support::daemon::Db;

fn mondays() -> Value {
    json!({
        "name": "Mondays", "filter": { "stage": "hot" }, "cron": "0 9 * * MON", "time_zone": "Pacific/Auckland", "limit": 5,
    })
}

pub async fn schedules_are_made_changed_and_deleted(database: Db) {
    let desk = Desk::open(&database, 0).await;
    let keyed = [("idempotency-key", "k1")];
    let made = desk
        .send(Method::POST, "/api/batch-schedules", &mondays(), &keyed)
        .await
        .expect(201)
        .json();
    let again = desk
        .send(Method::POST, "/api/batch-schedules", &mondays(), &keyed)
        .await
        .expect(201);
    assert_eq!(again.json(), made);
    let path = format!("/api/batch-schedules/{}", text(&made["id"]));
    assert_eq!(desk.get(&path).await, made);
    assert_eq!(
        (&made["overlap"], &made["missed"]),
        (&json!("skip"), &json!("run_once"))
    );
    assert_eq!(made["only_unregistered"], true);
    let runs = made["next_runs"].as_array().unwrap();
    assert_eq!(runs.len(), 10);
    assert_eq!(runs[0]["utc"], made["next_run_at"]);
    let mut before = Utc::now();
    for run in runs {
        let utc: DateTime<Utc> = text(&run["utc"]).parse().unwrap();
        let local = DateTime::parse_from_rfc3339(&text(&run["local"])).unwrap();
        assert_eq!(local, utc);
        assert_eq!((local.weekday(), local.hour(), local.minute()), (Weekday::Mon, 9, 0));
        assert!(utc > before);
        before = utc;
    }

    let patch = json!({ "cron": "30 14 1 * *", "overlap": "wait", "missed": "skip" });
    desk.send(Method::PATCH, &path, &patch, &[("if-match", "\"3\"")])
        .await
        .expect(412);
    let changed = desk
        .send(Method::PATCH, &path, &patch, &[("if-match", "\"1\"")])
        .await
        .expect(200);
    assert_eq!(changed.headers["etag"], "\"2\"");
    let changed = changed.json();
    assert!(
        text(&changed["next_runs"][0]["local"]).contains("-01T14:30:00+1"),
        "{changed}"
    );
    assert_eq!(
        (&changed["overlap"], &changed["missed"]),
        (&json!("wait"), &json!("skip"))
    );
    let off = desk.patch(&path, &json!({ "enabled": false })).await.expect(200).json();
    assert_eq!((&off["next_run_at"], &off["next_runs"]), (&json!(null), &json!([])));
    let on = desk.patch(&path, &json!({ "enabled": true })).await.expect(200).json();
    assert_eq!(on["next_runs"], changed["next_runs"]);
    // From a filter of its own to a template.
    let template = desk.make("/api/batch-templates", &json!({ "name": "All" })).await;
    let by_template = json!({ "template_id": template["id"], "filter": null, "settings": null });
    let by_template = desk.patch(&path, &by_template).await.expect(200).json();
    assert_eq!(by_template["template_id"], template["id"]);
    assert!(by_template["filter"].is_null() && by_template["settings"].is_null());

    let viewer = desk.daemon.api(&desk.daemon.token("viewer"));
    viewer.get(&path).await.expect(200);
    viewer.post(&format!("{path}/run-now"), &json!({})).await.expect(403);
    let stranger = desk.daemon.api(&desk.daemon.token_in("Other", "admin"));
    stranger.get(&path).await.expect(403);
    stranger.post(&format!("{path}/run-now"), &json!({})).await.expect(403);
    let mut foreign = json!({ "name": "x", "template_id": template["id"], "cron": "0 9 * * *", "time_zone": "UTC" });
    stranger.post("/api/batch-schedules", &foreign).await.expect(403);
    foreign["template_id"] = json!("0190a000-0000-7000-8000-000000000000");
    desk.member.post("/api/batch-schedules", &foreign).await.expect(404);

    assert_eq!(
        desk.get("/api/batch-schedules").await["data"].as_array().unwrap().len(),
        1
    );
    desk.send(Method::DELETE, &path, &json!({}), &[("if-match", "\"1\"")])
        .await
        .expect(412);
    desk.send(Method::DELETE, &path, &json!({}), &[]).await.expect(204);
    desk.member.get(&path).await.expect(404);
}

pub async fn schedules_that_do_not_hold_are_refused(database: Db) {
    let desk = Desk::open(&database, 0).await;
    for (change, pointer, told) in [
        (
            json!({ "cron": "0 25 * * MON" }),
            "/cron",
            "has '25' for the hour, which must be 0 to 23",
        ),
        (
            json!({ "cron": "0 9 * * MOON" }),
            "/cron",
            "'MOON' for the day of the week",
        ),
        (json!({ "cron": "0 9 * *" }), "/cron", "has 4 fields"),
        (json!({ "cron": "0 9 31 2 *" }), "/cron", "never comes"),
        (json!({ "time_zone": "Auckland" }), "/time_zone", "Pacific/Auckland"),
        (json!({ "limit": 0 }), "/limit", "must be 1 to 50"),
        (json!({ "filter": null }), "/template_id", "name a template"),
        (
            json!({ "template_id": "0190a000-0000-7000-8000-000000000000" }),
            "/template_id",
            "one or the other",
        ),
    ] {
        let mut body = mondays();
        body.as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        let refused = desk.member.post("/api/batch-schedules", &body).await.expect(422).json();
        assert_eq!(refused["errors"][0]["pointer"], pointer, "{refused}");
        assert!(text(&refused["detail"]).contains(told), "{refused}");
    }
    assert_eq!(desk.get("/api/batch-schedules").await["data"], json!([]));
    let leads = desk
        .make("/api/batch-templates", &json!({ "name": "L", "source": "leads" }))
        .await;
    let body = json!({ "name": "x", "template_id": leads["id"], "cron": "0 9 * * *", "time_zone": "UTC" });
    let refused = desk.member.post("/api/batch-schedules", &body).await.expect(422).json();
    assert_eq!(refused["code"], "leads_unconverted");
}
