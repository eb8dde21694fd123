//! What people did, for good.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use crate::PASSWORD;
use crate::browser::{Browser, add_user};
use crate::support::api::Api;
use crate::support::daemon::Db;
use crate::support::start;

/// Rows that are written beside an answer come a moment later.
async fn rows(api: &Api, query: &str, least: usize) -> Vec<Value> {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let found = api.get(&format!("/api/audit?{query}")).await.expect(200).json();
        let found = found["data"].as_array().unwrap().clone();
        if found.len() >= least {
            return found;
        }
        assert!(Instant::now() < deadline, "{query}: {found:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

pub async fn what_people_do_is_kept(database: Db) {
    let mut daemon = start(&database);
    let admin = daemon.api(&daemon.token("admin"));
    let member = daemon.api(&daemon.token("member"));
    let other = daemon.api(&daemon.token_in("Other", "admin"));
    let operator = daemon.api(&daemon.token_in("House", "operator"));
    let user = member.get("/api/me").await.expect(200).json()["user"]["id"]
        .as_str()
        .unwrap()
        .to_owned();

    // A change is there with its answer, with who, from where and what about.
    let csv = "website\nhttps://192.0.2.1/\n";
    let job = member.create_job(csv).await;
    member.wait_for(&job, "completed", Duration::from_secs(60)).await;
    member.redo(&job).await.expect(200);
    let found = rows(&admin, &format!("user_id={user}"), 2).await;
    let redone = &found[0];
    assert_eq!(redone["action"], "POST /api/redo-job", "{found:?}");
    assert_eq!(
        [&redone["object"], &redone["outcome"]],
        [&json!(format!("job {job}")), &json!("done")]
    );
    assert_eq!(redone["source"], "api 127.0.0.1");
    assert!(redone["actor"].as_str().unwrap().starts_with("token:"), "{redone}");
    assert_eq!(found[1]["action"], "POST /api/jobs");

    // What was refused, too.
    member.post("/api/tokens", &json!({ "name": "x" })).await.expect(403);
    let found = rows(&admin, "outcome=forbidden", 1).await;
    assert_eq!(
        [&found[0]["action"], &found[0]["object"]],
        [&json!("POST /api/tokens"), &json!("/api/tokens")]
    );
    other.kill(&job).await.expect(403);
    let found = rows(&other, "outcome=forbidden", 1).await;
    assert_eq!(found[0]["action"], "POST /api/kill-job");

    // A command without an origin of its own.
    admin
        .post("/api/exclusions", &json!({ "identifiers": ["a.example"] }))
        .await
        .expect(200);
    rows(&admin, "action=POST%20/api/exclusions&outcome=done", 1).await;

    // Signing in, and failing to.
    add_user(&daemon, "ann@example.test", "member", "Example");
    let mut ann = Browser::of(&daemon);
    ann.sign_in("ann@example.test", "a wrong password").await.expect(401);
    ann.sign_in("ann@example.test", PASSWORD).await.expect(201);
    ann.delete("/api/session").await.expect(204);
    let found = rows(&admin, "action=POST%20/api/session", 1).await;
    assert!(
        found[0]["object"].as_str().unwrap().starts_with("session "),
        "{found:?}"
    );
    rows(&admin, "action=DELETE%20/api/session", 1).await;
    let failed = rows(&admin, "outcome=wrong_password", 1).await;
    assert_eq!(
        [&failed[0]["details"]["email"], &failed[0]["actor"]],
        [&json!("ann@example.test"), &json!("anybody")]
    );

    // Reading leaves no row, organisations are apart, members see none of it.
    let before = rows(&operator, "limit=500", 1).await.len();
    admin.get("/api/users").await.expect(200);
    assert_eq!(rows(&operator, "limit=500", 1).await.len(), before);
    let others = rows(&other, "limit=500", 1).await;
    assert!(
        others
            .iter()
            .all(|row| row["action"] == "POST /api/kill-job" || row["source"] == "command line"),
        "{others:?}"
    );
    member.get("/api/audit").await.expect(403);

    // Pages follow each other, and nothing is lost by a restart.
    let first = admin.get("/api/audit?limit=2").await.expect(200).json();
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = admin
        .get(&format!("/api/audit?limit=2&cursor={cursor}"))
        .await
        .expect(200)
        .json();
    assert!(second["data"][0]["id"].as_str() < first["data"][1]["id"].as_str());
    admin.get("/api/audit?limit=0").await.expect(400);
    daemon.restart();
    let operator = daemon.api(&daemon.token_in("House", "operator"));
    assert!(rows(&operator, "limit=500", 1).await.len() >= before);
    let empty = operator
        .raw(Method::GET, "/api/audit?created_before=2020-01-01T00:00:00Z", "", &[])
        .await;
    assert_eq!(empty.expect(200).json()["data"], json!([]));
}

/// The rows that there are right after an answer, of what was done, as action and object, the oldest first. What is written
/// beside an answer names the path.
async fn done(admin: &Api) -> Vec<(String, String)> {
    let found = admin.get("/api/audit?outcome=done&limit=500").await.expect(200).json();
    let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    let rows = found["data"].as_array().unwrap().iter().rev();
    let of_api = rows.filter(|row| row["source"] == "api 127.0.0.1");
    of_api.map(|row| (text(row, "action"), text(row, "object"))).collect()
}

pub async fn changes_and_their_rows_are_one(database: Db) {
    let daemon = crate::support::start_with(&database, "[network]\nallow_cidrs = [\"127.0.0.0/8\"]\n");
    let admin = daemon.api(&daemon.token("admin"));
    let mut expected: Vec<(String, String)> = Vec::new();
    let id = |answer: &Value| answer["id"].as_str().unwrap().to_owned();

    macro_rules! keeps {
        ($action:expr, $object:expr) => {
            expected.push(($action.to_owned(), $object));
            assert_eq!(done(&admin).await, expected);
        };
    }

    let body = json!({ "domain": "a.example", "name": "A" });
    let company = id(&admin.post("/api/companies", &body).await.expect(201).json());
    keeps!("POST /api/companies", format!("company {company}"));
    let several = json!({ "companies": [{ "domain": "a.example" }, { "domain": "b.example" }] });
    admin.post("/api/companies", &several).await.expect(200);
    keeps!("POST /api/companies", "companies".to_owned());
    let of_company = format!("/api/companies/{company}");
    change(&admin, Method::PATCH, &of_company, &json!({ "name": "B" }))
        .await
        .expect(200);
    keeps!("PATCH /api/companies/{id}", format!("company {company}"));
    change(&admin, Method::DELETE, &of_company, &json!({}))
        .await
        .expect(204);
    keeps!("DELETE /api/companies/{id}", format!("company {company}"));
    let list = admin.raw(
        Method::POST,
        "/api/companies/import",
        "website\nc.example\nd.example\n",
        &[("content-type", "text/csv")],
    );
    list.await.expect(200);
    keeps!("POST /api/companies/import", "companies".to_owned());

    let body = json!({
        "workflow_slug": "own", "title": "Own", "play_name": "own", "overall_step_number": 1,
        "provider": "native",
        "settings": { "handler": "url" },
    });
    let workflow = id(&admin.post("/api/workflows", &body).await.expect(201).json());
    keeps!("POST /api/workflows", format!("workflow {workflow}"));
    let of_workflow = format!("/api/workflows/{workflow}");
    for title in ["Other", "Other"] {
        change(&admin, Method::PATCH, &of_workflow, &json!({ "title": title }))
            .await
            .expect(200);
        keeps!("PATCH /api/workflows/{id}", format!("workflow {workflow}"));
    }
    change(&admin, Method::PUT, &of_workflow, &body).await.expect(200);
    keeps!("PUT /api/workflows/{id}", format!("workflow {workflow}"));
    change(&admin, Method::DELETE, &of_workflow, &json!({}))
        .await
        .expect(204);
    keeps!("DELETE /api/workflows/{id}", format!("workflow {workflow}"));

    // Nobody listens there.
    let body = json!({ "url": "http://127.0.0.1:9/", "event_types": ["batch.completed"] });
    let made = admin.post("/api/webhook-endpoints", &body).await.expect(201).json();
    let endpoint = id(&made);
    let object = format!("webhook endpoint {endpoint}");
    keeps!("POST /api/webhook-endpoints", object.clone());
    let of_endpoint = format!("/api/webhook-endpoints/{endpoint}");
    change(&admin, Method::PATCH, &of_endpoint, &json!({ "description": "x" }))
        .await
        .expect(200);
    keeps!("PATCH /api/webhook-endpoints/{id}", object.clone());
    admin
        .post(&format!("{of_endpoint}/rotate-secret"), &json!({}))
        .await
        .expect(200);
    keeps!("POST /api/webhook-endpoints/{id}/rotate-secret", object.clone());
    admin.post(&format!("{of_endpoint}/test"), &json!({})).await.expect(202);
    keeps!("POST /api/webhook-endpoints/{id}/test", object.clone());
    let day = json!({ "since": "2020-01-01T00:00:00Z", "until": "2020-01-02T00:00:00Z" });
    admin.post(&format!("{of_endpoint}/redeliver"), &day).await.expect(202);
    keeps!("POST /api/webhook-endpoints/{id}/redeliver", object.clone());
    change(&admin, Method::DELETE, &of_endpoint, &json!({}))
        .await
        .expect(204);
    keeps!("DELETE /api/webhook-endpoints/{id}", object);
}

async fn change(api: &Api, method: Method, path: &str, body: &Value) -> crate::support::api::Answer {
    let json = [("content-type", "application/json")];
    api.raw(method, path, body.to_string(), &json).await
}
