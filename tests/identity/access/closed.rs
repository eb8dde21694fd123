//! What belongs to one organisation, tried from another: by every role and every kind of credential, with its ids in paths,
//! queries and bodies.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};

use super::{ROLES, Request, jwt, rule};
use crate::PASSWORD;
use crate::browser::{Browser, JSON, SAME_ORIGIN, add_user};
use crate::support::api::{Answer, Api};
use crate::support::daemon::Daemon;

/// Method, path and body that name a thing elsewhere than in `/{id}`; `{/api/leads}` stands for the id of a lead.
const NAMED_ELSEWHERE: &[(&str, &str, &str)] = &[
    ("get", "/api/actions?batch_id={/api/registration-batches}", ""),
    ("get", "/api/failed-jobs?job_id={/api/jobs}", ""),
    ("get", "/api/registration-jobs?restaurant_id={/api/restaurants}", ""),
    ("get", "/api/sessions?user_id={/api/users}", ""),
    ("get", "/api/tokens?user_id={/api/users}", ""),
    ("get", "/api/audit?user_id={/api/users}", ""),
    ("get", "/api/audit?organisation_id={/api/organisations}", ""),
    ("get", "/api/users?organisation_id={/api/organisations}", ""),
    ("post", "/api/tokens", r#"{"name": "x", "user_id": "{/api/users}"}"#),
    (
        "post",
        "/api/users",
        r#"{"email": "in@example.org", "role": "viewer", "organisation_id": "{/api/organisations}"}"#,
    ),
    ("post", "/api/leads/convert", r#"{"lead_ids": ["{/api/leads}"]}"#),
    (
        "post",
        "/api/registration-batches",
        r#"{"name": "x", "restaurant_ids": ["{/api/restaurants}"]}"#,
    ),
    (
        "post",
        "/api/registration-batches",
        r#"{"name": "x", "restaurant_ids": ["{/api/restaurants}"], "template_id": "{/api/batch-templates}"}"#,
    ),
    (
        "post",
        "/api/registration-jobs",
        r#"{"restaurant_id": "{/api/restaurants}"}"#,
    ),
    (
        "post",
        "/api/batch-schedules",
        r#"{"name": "x", "template_id": "{/api/batch-templates}", "cron": "0 9 1 1 *", "time_zone": "UTC"}"#,
    ),
    ("post", "/api/kill-job", r#"{"job_ids": ["{/api/jobs}"]}"#),
    (
        "post",
        "/api/plays/theirs/run",
        r#"{"company_ids": ["{/api/companies}"]}"#,
    ),
    (
        "post",
        "/api/storage-worker",
        r#"{"workflow_id": "{/api/workflows}", "company_domain": "a.example", "data": {}}"#,
    ),
];

/// What there is in one organisation, by the beginning of the path under which it is found.
async fn things(daemon: &Daemon, member: &Api, admin: &Api) -> BTreeMap<&'static str, String> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let csv = "website\nhttps://192.0.2.1/\n";
    let job = member.create_job(csv).await;
    let import = member
        .raw(Method::POST, "/api/imports", csv, &[("content-type", "text/csv")])
        .await
        .expect(201)
        .json();
    let run = member
        .post("/api/batch-runs", &json!({ "filename": "x" }))
        .await
        .expect(201)
        .json();
    let me = admin.get("/api/me").await.expect(200).json();
    let token = admin
        .post("/api/tokens", &json!({ "name": "x" }))
        .await
        .expect(201)
        .json();
    admin
        .post("/api/exclusions", &json!({ "identifiers": ["a.example"] }))
        .await
        .expect(200);
    let exclusion = admin.get("/api/exclusions").await.expect(200).json();
    let mut browser = Browser::signed_in(daemon, "browser-viewer@example.test", PASSWORD).await;
    let session = browser.get("/api/sessions").await.expect(200).json();
    let company = member
        .post("/api/companies", &json!({ "domain": "a.example" }))
        .await
        .json();
    let lead = member.post("/api/leads", &json!({ "name": "Theirs" })).await.json();
    let restaurant = member
        .post("/api/restaurants", &json!({ "name": "Theirs" }))
        .await
        .json();
    let workflow = json!({
        "workflow_slug": "theirs", "title": "Theirs", "overall_step_number": 1, "provider": "http",
        "settings": { "url": "https://api.example/" },
    });
    let workflow = admin.post("/api/workflows", &workflow).await.expect(201).json();
    let endpoint = admin
        .post("/api/webhook-endpoints", &json!({ "url": "https://hooks.example/" }))
        .await
        .expect(201)
        .json();
    let at_endpoint = format!("/api/webhook-endpoints/{}", text(&endpoint["id"]));
    admin.post(&format!("{at_endpoint}/test"), &json!({})).await;
    let template = json!({ "name": "Theirs" });
    let template = member.post("/api/batch-templates", &template).await.expect(201).json();
    let schedule = json!({ "name": "Theirs", "filter": {}, "cron": "0 9 1 1 *", "time_zone": "UTC" });
    let schedule = member.post("/api/batch-schedules", &schedule).await.expect(201).json();
    let deliveries = admin.get(&format!("{at_endpoint}/deliveries")).await.expect(200).json();
    let registration = json!({ "restaurant_id": restaurant["id"] });
    let registration = member
        .post("/api/registration-jobs", &registration)
        .await
        .expect(201)
        .json();
    BTreeMap::from([
        ("/api/companies", text(&company["id"])),
        ("/api/leads", text(&lead["id"])),
        ("/api/restaurants", text(&restaurant["id"])),
        ("/api/registration-batches", text(&registration["batch_id"])),
        ("/api/registration-jobs", text(&registration["registration_job_id"])),
        ("/api/workflows", text(&workflow["id"])),
        ("/api/webhook-endpoints", text(&endpoint["id"])),
        ("/api/webhook-deliveries", text(&deliveries["data"][0]["id"])),
        ("/api/batch-templates", text(&template["id"])),
        ("/api/batch-schedules", text(&schedule["id"])),
        ("/api/jobs", job),
        ("/api/imports", text(&import["import_id"])),
        ("/api/batch-runs", text(&run["id"])),
        ("/api/users", text(&me["user"]["id"])),
        ("/api/organisations", text(&me["organisation"]["id"])),
        ("/api/tokens", text(&token["id"])),
        ("/api/exclusions", text(&exclusion["data"][0]["id"])),
        ("/api/sessions", text(&session["data"][0]["id"])),
    ])
}

/// Somebody who asks.
enum Stranger {
    Bearer(Api),
    Browser(Browser),
}

impl Stranger {
    async fn ask(&mut self, request: &Request) -> Answer {
        match self {
            Self::Bearer(api) => request.by(api).await,
            Self::Browser(browser) => {
                let headers = [JSON, SAME_ORIGIN];
                browser
                    .send(request.method.clone(), &request.path, &request.body, &headers)
                    .await
            }
        }
    }
}

/// Everybody of another organisation but its operator, who sees all.
async fn strangers(daemon: &Daemon) -> Vec<(String, Stranger)> {
    let mut strangers = Vec::new();
    for role in &ROLES[..3] {
        let email = format!("stranger-{role}@example.org");
        add_user(daemon, &email, role, "Other");
        let token = daemon.api(&daemon.token_in("Other", role));
        let issued = daemon.api(&jwt(&format!("stranger-{role}"), role, "Other"));
        let browser = Browser::signed_in(daemon, &email, PASSWORD).await;
        for (kind, stranger) in [
            ("token", Stranger::Bearer(token)),
            ("JWT", Stranger::Bearer(issued)),
            ("cookie", Stranger::Browser(browser)),
        ] {
            strangers.push((format!("{role} by {kind}"), stranger));
        }
    }
    strangers
}

/// The routes that name a thing, with the id of one.
fn requests(routes: &[(String, String)], things: &BTreeMap<&'static str, String>) -> Vec<Request> {
    let mut requests = Vec::new();
    for (method, path) in routes {
        let (_, body) = rule(method, path);
        let names_job = body.contains("{id}") || path == "/api/check-job-status";
        let thing = match path.split_once("/{id}") {
            Some((start, _)) => things.get(start),
            None if names_job => things.get("/api/jobs"),
            None => continue,
        };
        let id = thing.unwrap_or_else(|| panic!("{path}: nothing to reach; add it to `things`"));
        requests.push(Request::of(method, path, body, id));
    }
    assert!(requests.len() > 20, "{}", requests.len());
    requests
}

fn told(request: &Request, who: &str, answer: &Answer) -> String {
    let (method, path, body) = (&request.method, &request.path, &request.body);
    format!("{method} {path} {body} as {who}: {} {}", answer.status, answer.text())
}

pub async fn another_organisation_is_closed(daemon: &Daemon, routes: &[(String, String)]) {
    let (member, admin) = (daemon.api(&daemon.token("member")), daemon.api(&daemon.token("admin")));
    let things = things(daemon, &member, &admin).await;
    let requests = requests(routes, &things);
    let elsewhere: Vec<Request> = NAMED_ELSEWHERE
        .iter()
        .map(|(method, path, body)| {
            let filled = things
                .iter()
                .fold([path.to_string(), body.to_string()], |text, (at, id)| {
                    text.map(|text| text.replace(&format!("{{{at}}}"), id))
                });
            Request {
                method: method.to_uppercase().parse().unwrap(),
                path: filled[0].clone(),
                body: filled[1].clone(),
            }
        })
        .collect();
    for (who, mut stranger) in strangers(daemon).await {
        for request in &requests {
            let answer = stranger.ask(request).await;
            let what = told(request, &who, &answer);
            assert!([403, 404].contains(&answer.status.as_u16()), "{what}");
            tells_nothing(&answer, &what);
        }
        for request in &elsewhere {
            let answer = stranger.ask(request).await;
            let what = told(request, &who, &answer);
            if answer.status.is_success() {
                let listed = answer.json();
                let rows = listed["data"].as_array().or(listed["changed"].as_array());
                let theirs = things["/api/organisations"].as_str();
                let is_own = |row: &Value| row["organisation_id"].as_str().is_some_and(|id| id != theirs);
                assert!(rows.is_some_and(|rows| rows.iter().all(is_own)), "{what}");
            } else {
                assert!(answer.status.is_client_error() && answer.status != 400, "{what}");
            }
            tells_nothing(&answer, &what);
        }
    }
    let neighbour = daemon.api(&daemon.token("member"));
    for request in &requests {
        if request.path.contains(&things["/api/jobs"])
            || request.body.contains(&things["/api/jobs"])
            || request.path.starts_with("/api/batch-runs/")
        {
            let answer = request.by(&neighbour).await;
            assert_eq!(answer.status, 403, "{}", told(request, "a neighbour", &answer));
        }
    }
    // All of it is still there.
    for (method, path) in routes {
        if let ("get", Some((start, ""))) = (method.as_str(), path.split_once("/{id}")) {
            admin.get(&format!("{start}/{}", things[start])).await.expect(200);
        }
    }
}

fn tells_nothing(answer: &Answer, what: &str) {
    let said = answer.text();
    for theirs in ["192.0.2.1", "browser-", "Theirs"] {
        assert!(!said.contains(theirs), "{what}");
    }
}
