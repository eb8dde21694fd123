//! Workflows that people make and change by request.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::api::Api;
use crate::support::daemon::Db;
use crate::support::start;
use crate::{JSON, each, send};

/// A workflow as a guide to the table shows it.
fn example() -> Value {
    json!({
        "id": "a30e9102-c4a5-4d0d-b07f-08ca3c54c98a",
        "workflow_slug": "scrape-homepage-via-zenrows",
        "title": "Scrape Homepage",
        "overall_step_number": 1,
        "provider": "zenrows",
        "destination_db": "workspace",
        "destination_table_name": "company_homepage_scrapes",
        "destination_field_mappings": { "homepage_html": "homepage_html", "scraped_at": "scraped_at" }
    })
}

fn native(slug: &str) -> Value {
    json!({
        "workflow_slug": slug, "title": "Clean", "overall_step_number": 1, "provider": "native", "play_name": "mine",
        "settings": { "handler": "url" }
    })
}

async fn create(api: &Api, body: &Value) -> Value {
    api.post("/api/workflows", body).await.expect(201).json()
}

fn path_of(workflow: &Value) -> String {
    format!("/api/workflows/{}", workflow["id"].as_str().unwrap())
}

pub async fn authors_make_and_change_workflows(database: Db) {
    let daemon = start(&database);
    let api = daemon.api(&daemon.token("admin"));
    let made = api.post("/api/workflows", &example()).await.expect(201);
    assert_eq!(
        made.headers["location"],
        "/api/workflows/a30e9102-c4a5-4d0d-b07f-08ca3c54c98a"
    );
    let made = made.json();
    for (name, value) in example().as_object().unwrap() {
        assert_eq!(&made[name], value, "{name}");
    }
    let defaults = ["play_name", "mode", "managed_by"].map(|name| made[name].as_str().unwrap());
    assert_eq!(defaults, ["default", "sync", "api"]);
    assert_eq!(
        (&made["enabled"], &made["shared"], &made["version"]),
        (&json!(true), &json!(false), &json!(1))
    );
    assert_eq!(
        api.post("/api/workflows", &example()).await.expect(409).json()["code"],
        "id_taken"
    );
    let mut again = example();
    again.as_object_mut().unwrap().remove("id");
    assert_eq!(
        api.post("/api/workflows", &again).await.expect(409).json()["code"],
        "slug_taken"
    );
    again["workflow_slug"] = "practice-url".into();
    assert_eq!(
        api.post("/api/workflows", &again).await.expect(409).json()["code"],
        "slug_taken",
        "a shared one has it"
    );

    let path = path_of(&made);
    let read = api.get(&path).await.expect(200);
    assert_eq!(
        (read.headers["etag"].to_str().unwrap(), read.json()),
        ("\"1\"", made.clone())
    );
    // What was given can be sent back whole; nothing changes by it.
    let same = send(&api, Method::PUT, &path, &made).await.expect(200);
    assert_eq!(
        (same.headers["etag"].to_str().unwrap(), same.json()),
        ("\"1\"", made.clone())
    );
    let patch =
        json!({ "title": "Home", "settings": { "timeout_ms": 200_000, "retry": { "max_retries": 1 } }, "mode": null });
    let patched = send(&api, Method::PATCH, &path, &patch).await.expect(200).json();
    assert_eq!((&patched["title"], &patched["version"]), (&json!("Home"), &json!(2)));
    let patch = json!({ "settings": { "retry": null }, "destination_field_mappings": { "scraped_at": null } });
    let patched = send(&api, Method::PATCH, &path, &patch).await.expect(200).json();
    assert_eq!(patched["settings"], json!({ "timeout_ms": 200_000 }));
    assert_eq!(
        patched["destination_field_mappings"],
        json!({ "homepage_html": "homepage_html" })
    );
    let replaced = send(&api, Method::PUT, &path, &native("cleaned"))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&replaced["destination_table_name"], &replaced["version"]),
        (&Value::Null, &json!(4))
    );

    let versions = api.get(&format!("{path}/versions?limit=3")).await.expect(200).json();
    assert_eq!(each(&versions["data"], "version"), [4, 3, 2]);
    assert_eq!(versions["data"][2]["workflow"]["title"], "Home");
    let cursor = versions["next_cursor"].as_str().unwrap();
    let first = api
        .get(&format!("{path}/versions?cursor={cursor}"))
        .await
        .expect(200)
        .json();
    assert_eq!(first["data"][0]["workflow"], made);

    api.raw(Method::DELETE, &path, "", &[]).await.expect(204);
    api.get(&path).await.expect(404);
    api.get(&format!("{path}/versions")).await.expect(404);
    assert_eq!(
        create(&api, &example()).await["version"],
        5,
        "one that comes back goes on"
    );
}

pub async fn mistakes_are_told_at_once(database: Db) {
    let daemon = start(&database);
    let api = daemon.api(&daemon.token("admin"));
    let wrong = json!({
        "id": 7, "workflow_slug": "a b", "overall_step_number": "1", "provider": "fax", "shared": "no",
        "settings": { "on_deadline": "wait", "skip_if_faild": true }, "colour": "red"
    });
    let refused = api.post("/api/workflows", &wrong).await.expect(422);
    assert_eq!(refused.headers["content-type"], "application/problem+json");
    let refused = refused.json();
    let pointers: Vec<Value> = each(&refused["errors"], "pointer");
    for pointer in [
        "/id",
        "/shared",
        "/colour",
        "/workflow_slug",
        "/title",
        "/overall_step_number",
        "/provider",
        "/settings/on_deadline",
        "/settings/skip_if_faild",
    ] {
        assert!(pointers.contains(&json!(pointer)), "no {pointer} in {refused}");
    }
    let made = create(&api, &native("right")).await;
    let refused = send(&api, Method::PATCH, &path_of(&made), &json!({ "mode": "async" }))
        .await
        .expect(422)
        .json();
    assert_eq!(each(&refused["errors"], "pointer"), ["/mode"]);
    api.raw(Method::POST, "/api/workflows", "[1]", &[JSON])
        .await
        .expect(400);
    assert_eq!(api.get(&path_of(&made)).await.json(), made);
}

pub async fn changes_meet_versions(database: Db) {
    let daemon = start(&database);
    let api = daemon.api(&daemon.token("admin"));
    let made = create(&api, &native("watched")).await;
    let path = path_of(&made);
    let title = |title: &str| json!({ "title": title }).to_string();
    let with = |tag: &'static str| [JSON, ("if-match", tag)];
    api.raw(Method::PATCH, &path, title("Two"), &with("\"1\""))
        .await
        .expect(200);
    let stale = api
        .raw(Method::PATCH, &path, title("Three"), &with("\"1\""))
        .await
        .expect(412)
        .json();
    assert_eq!((stale["code"].as_str(), &stale["version"]), (Some("stale"), &json!(2)));
    api.raw(Method::PUT, &path, native("watched").to_string(), &with("\"1\""))
        .await
        .expect(412);
    api.raw(Method::DELETE, &path, "", &with("\"1\"")).await.expect(412);
    api.raw(Method::PATCH, &path, title("Four"), &with("3"))
        .await
        .expect(400);
    assert_eq!(api.get(&path).await.json()["title"], "Two");
    api.raw(Method::DELETE, &path, "", &with("\"2\"")).await.expect(204);

    // Without a version nobody's change is lost either: each is made over what the other left.
    let made = create(&api, &native("busy")).await;
    let path = path_of(&made);
    let changes = ["title", "play_name"].map(|name| {
        let (api, path) = (api.clone(), path.clone());
        async move {
            send(&api, Method::PATCH, &path, &json!({ name: "changed" }))
                .await
                .expect(200)
        }
    });
    let [one, other] = changes;
    tokio::join!(one, other);
    let now = api.get(&path).await.json();
    assert_eq!(
        (&now["title"], &now["play_name"], &now["version"]),
        (&json!("changed"), &json!("changed"), &json!(3))
    );
}

pub async fn who_may_do_what(database: Db) {
    let daemon = start(&database);
    let admin = daemon.api(&daemon.token("admin"));
    let operator = daemon.api(&daemon.token("operator"));
    let member = daemon.api(&daemon.token("member"));
    let viewer = daemon.api(&daemon.token("viewer"));
    let other = daemon.api(&daemon.token_in("Other", "admin"));
    let own = create(&admin, &native("own")).await;
    let path = path_of(&own);
    for api in [&member, &viewer] {
        assert_eq!(api.get(&path).await.expect(200).json(), own);
        api.post("/api/workflows", &native("x")).await.expect(403);
        send(api, Method::PATCH, &path, &json!({ "title": "x" }))
            .await
            .expect(403);
        api.raw(Method::DELETE, &path, "", &[]).await.expect(403);
        api.post(&format!("{path}/copy"), &json!({})).await.expect(403);
    }
    other.get(&path).await.expect(403);
    send(&other, Method::PUT, &path, &native("own")).await.expect(403);
    other.raw(Method::DELETE, &path, "", &[]).await.expect(403);
    other.get(&format!("{path}/versions")).await.expect(403);
    admin
        .get("/api/workflows/01890000-0000-7000-8000-000000000000")
        .await
        .expect(404);
    create(&other, &native("own")).await;

    let mut shared = native("everybodys");
    shared["shared"] = true.into();
    admin.post("/api/workflows", &shared).await.expect(403);
    let shared = create(&operator, &shared).await;
    assert_eq!(
        (&shared["shared"], &shared["managed_by"]),
        (&json!(true), &json!("api"))
    );
    let path = path_of(&shared);
    assert_eq!(other.get(&path).await.expect(200).json(), shared);
    send(&other, Method::PATCH, &path, &json!({ "title": "mine" }))
        .await
        .expect(403);
    assert_eq!(
        other
            .post("/api/workflows", &native("everybodys"))
            .await
            .expect(409)
            .json()["code"],
        "slug_taken"
    );
    let clash = send(&operator, Method::PATCH, &path, &json!({ "workflow_slug": "own" })).await;
    assert_eq!(clash.expect(409).json()["code"], "slug_taken", "organisations have it");
    send(&operator, Method::PATCH, &path, &json!({ "title": "ours" }))
        .await
        .expect(200);

    let seen = other.get("/api/workflows?play=mine").await.expect(200).json();
    assert_eq!(each(&seen["data"], "shared"), [false, true], "{seen}");
    let plays = other.get("/api/plays").await.expect(200).json();
    assert_eq!(each(&plays["data"], "play"), ["mine", "practice-enrichment"]);
    assert_eq!(each(&plays["data"][1]["steps"], "step"), [1, 2, 3]);
    operator.raw(Method::DELETE, &path, "", &[]).await.expect(204);
}

pub async fn a_copy_can_be_changed(database: Db) {
    let daemon = start(&database);
    let api = daemon.api(&daemon.token("admin"));
    let found = api.get("/api/workflows?q=practice-scrape").await.expect(200).json();
    let file = &found["data"][0];
    let copy = format!("{}/copy", path_of(file));
    let first = api.raw(Method::POST, &copy, "", &[]).await.expect(201);
    let path = first.headers["location"].to_str().unwrap().to_owned();
    let first = first.json();
    assert_eq!(
        [&first["workflow_slug"], &first["managed_by"]],
        ["practice-scrape-copy", "api"]
    );
    assert_eq!(
        (&first["enabled"], &first["shared"], &first["settings"]),
        (&json!(false), &json!(false), &file["settings"])
    );
    send(&api, Method::PATCH, &path, &json!({ "title": "Ours" }))
        .await
        .expect(200);
    let second = api
        .post(&copy, &json!({ "play_name": "ours", "enabled": true }))
        .await
        .expect(201)
        .json();
    assert_eq!(
        [&second["workflow_slug"], &second["play_name"]],
        ["practice-scrape-copy-2", "ours"]
    );
    let taken = api
        .post(&copy, &json!({ "workflow_slug": "practice-scrape" }))
        .await
        .expect(409)
        .json();
    assert_eq!(taken["code"], "slug_taken");
    let wrong = api.post(&copy, &json!({ "provider": "fax" })).await.expect(422).json();
    assert_eq!(wrong["errors"][0]["pointer"], "/provider");

    // Several workflows of one number are one step, asked in their order, and what is disabled is shown as such.
    let plays = api.get("/api/plays").await.expect(200).json();
    let step = &plays["data"][1]["steps"][1];
    assert_eq!(
        each(&step["workflows"], "workflow_slug"),
        ["practice-scrape", "practice-scrape-copy"]
    );
    assert_eq!(each(&step["workflows"], "enabled"), [true, false]);
    send(&api, Method::PATCH, &path, &json!({ "settings": { "order": -1 } }))
        .await
        .expect(200);
    let plays = api.get("/api/plays").await.expect(200).json();
    let step = &plays["data"][1]["steps"][1];
    assert_eq!(
        each(&step["workflows"], "workflow_slug"),
        ["practice-scrape-copy", "practice-scrape"]
    );
}
