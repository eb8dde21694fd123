//! Every route, with every kind of credential, every role, and from another organisation.
//!
//! The routes come from the description of the API. One that has no rule in [`RULES`] fails the test, so nobody adds a
//! route without saying who may use it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Utc;
use reqwest::Method;
use serde_json::{Value, json};

mod closed;

use crate::PASSWORD;
use crate::browser::{Browser, JSON, SAME_ORIGIN, add_user};
use crate::support::api::{Answer, Api};
use crate::support::daemon::{Daemon, DaemonOptions, Db};

const ROLES: [&str; 4] = ["viewer", "member", "admin", "operator"];
const SECRET: &str = "a secret of thirty-two bytes or more";
/// An id that nothing has.
const NOBODY: &str = "0190a000-0000-7000-8000-000000000000";

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Least {
    /// Also whoever presents nothing.
    Anybody,
    Viewer,
    Member,
    Admin,
    Operator,
}

use Least::{Admin, Anybody, Member, Operator, Viewer};

/// Method, path, who may use it, and a body that gets as far as the question who asks.
const RULES: &[(&str, &str, Least, &str)] = &[
    ("get", "/healthz", Anybody, ""),
    ("get", "/readyz", Anybody, ""),
    ("get", "/metrics", Anybody, ""),
    ("get", "/openapi.json", Anybody, ""),
    ("get", "/docs", Anybody, ""),
    ("get", "/setup", Anybody, ""),
    ("get", "/accept-invitation", Anybody, ""),
    ("post", "/api/setup", Anybody, "{}"),
    ("post", "/api/accept-invitation", Anybody, "{}"),
    ("post", "/api/session", Anybody, "{}"),
    ("delete", "/api/session", Viewer, ""),
    ("get", "/api/sessions", Viewer, ""),
    ("delete", "/api/sessions/{id}", Viewer, ""),
    ("get", "/api/me", Viewer, ""),
    (
        "post",
        "/api/me/password",
        Viewer,
        r#"{"current": "x", "new": "short"}"#,
    ),
    ("get", "/api/users", Admin, ""),
    ("post", "/api/users", Admin, r#"{"email": "nobody", "role": "viewer"}"#),
    ("get", "/api/users/{id}", Viewer, ""),
    ("patch", "/api/users/{id}", Admin, "{}"),
    ("delete", "/api/users/{id}", Admin, ""),
    ("post", "/api/users/{id}/invitation", Admin, ""),
    ("get", "/api/organisations", Viewer, ""),
    ("post", "/api/organisations", Operator, r#"{"name": ""}"#),
    ("patch", "/api/organisations/{id}", Operator, r#"{"name": "x"}"#),
    ("get", "/api/tokens", Viewer, ""),
    ("post", "/api/tokens", Admin, r#"{"name": ""}"#),
    ("delete", "/api/tokens/{id}", Viewer, ""),
    ("get", "/api/audit", Admin, ""),
    ("get", "/api/jobs", Viewer, ""),
    ("post", "/api/jobs", Member, r#"{"practices": []}"#),
    ("get", "/api/jobs/{id}", Viewer, ""),
    ("get", "/api/jobs/{id}/practices", Viewer, ""),
    ("get", "/api/jobs/{id}/practices/{practice}", Viewer, ""),
    ("get", "/api/jobs/{id}/export", Viewer, ""),
    ("get", "/api/jobs/{id}/events", Viewer, ""),
    ("get", "/api/jobs/{id}/logs", Viewer, ""),
    ("get", "/api/check-job-status", Viewer, ""),
    ("post", "/api/kill-job", Member, JOB),
    ("post", "/api/pause-job", Member, JOB),
    ("post", "/api/resume-job", Member, JOB),
    ("post", "/api/redo-job", Member, JOB),
    (
        "post",
        "/api/save-excluded-job",
        Admin,
        r#"{"job_id": "{id}", "identifiers": ["a.example"]}"#,
    ),
    ("get", "/api/exclusions", Viewer, ""),
    ("post", "/api/exclusions", Admin, r#"{"identifiers": []}"#),
    ("delete", "/api/exclusions", Admin, r#"{"identifiers": []}"#),
    ("delete", "/api/exclusions/{id}", Admin, ""),
    ("post", "/api/imports", Member, r#"{"practices": []}"#),
    ("get", "/api/imports/{id}", Viewer, ""),
    ("delete", "/api/imports/{id}", Member, ""),
    ("get", "/api/imports/{id}/rejected", Viewer, ""),
    ("get", "/api/failed-jobs", Viewer, ""),
    ("get", "/api/batch-runs", Viewer, ""),
    ("post", "/api/batch-runs", Member, r#"{"filename": ""}"#),
    ("get", "/api/batch-runs/{id}", Viewer, ""),
    ("patch", "/api/batch-runs/{id}", Member, "{}"),
    ("get", "/api/companies", Viewer, ""),
    ("post", "/api/companies", Member, r#"{"domain": ""}"#),
    ("post", "/api/companies/import", Member, r#"{"companies": []}"#),
    ("get", "/api/companies/{id}", Viewer, ""),
    ("patch", "/api/companies/{id}", Member, "{}"),
    ("delete", "/api/companies/{id}", Member, ""),
    ("get", "/api/companies/{id}/completions", Viewer, ""),
    ("get", "/api/leads", Viewer, ""),
    ("post", "/api/leads", Member, "{}"),
    ("post", "/api/leads/import", Member, "{}"),
    ("post", "/api/leads/convert", Member, r#"{"lead_ids": []}"#),
    ("get", "/api/leads/{id}", Viewer, ""),
    ("patch", "/api/leads/{id}", Member, "{}"),
    ("delete", "/api/leads/{id}", Member, ""),
    ("get", "/api/restaurants", Viewer, ""),
    ("post", "/api/restaurants", Member, "{}"),
    ("get", "/api/restaurants/{id}", Viewer, ""),
    ("patch", "/api/restaurants/{id}", Member, "{}"),
    ("delete", "/api/restaurants/{id}", Member, ""),
    ("get", "/api/workflows", Viewer, ""),
    ("post", "/api/workflows", Admin, WORKFLOW),
    ("get", "/api/workflows/{id}", Viewer, ""),
    ("put", "/api/workflows/{id}", Admin, WORKFLOW),
    ("patch", "/api/workflows/{id}", Admin, "{}"),
    ("delete", "/api/workflows/{id}", Admin, ""),
    ("post", "/api/workflows/{id}/copy", Admin, "{}"),
    ("get", "/api/workflows/{id}/versions", Viewer, ""),
    ("post", "/api/workflows/{id}/check", Member, "{}"),
    (
        "post",
        "/api/workflows/{id}/dry-run",
        Member,
        r#"{"company_id": "{id}"}"#,
    ),
    ("post", "/api/workflows/{id}/run", Member, r#"{"all": true}"#),
    ("get", "/api/plays", Viewer, ""),
    ("post", "/api/plays/{play}/run", Member, r#"{"all": true}"#),
    ("post", "/api/plays/{play}/steps/{step}/run", Member, r#"{"all": true}"#),
    (
        "post",
        "/api/storage-worker",
        Member,
        r#"{"workflow_id": "0190a000-0000-7000-8000-000000000000", "company_domain": "a.example", "data": {}}"#,
    ),
    // Its own token is the only credential: without one it is 404, whoever asks.
    ("post", "/api/receivers/{workflow_slug}", Anybody, "{}"),
    ("get", "/api/registration-batches", Viewer, ""),
    ("post", "/api/registration-batches", Member, r#"{"restaurant_ids": []}"#),
    ("get", "/api/registration-batches/{id}", Viewer, ""),
    ("post", "/api/registration-batches/{id}/start", Member, ""),
    ("post", "/api/registration-batches/{id}/pause", Member, ""),
    ("post", "/api/registration-batches/{id}/resume", Member, ""),
    ("post", "/api/registration-batches/{id}/cancel", Member, ""),
    ("post", "/api/registration-batches/{id}/retry-failed", Member, ""),
    ("post", "/api/registration-batches/{id}/restart", Member, ""),
    ("post", "/api/registration-batches/{id}/archive", Member, ""),
    (
        "post",
        "/api/registration-batches/{id}/steps/3/complete",
        Member,
        r#"{"selections": []}"#,
    ),
    (
        "post",
        "/api/registration-batches/{id}/steps/5/complete",
        Member,
        r#"{"configurations": []}"#,
    ),
    (
        "post",
        "/api/registration-batches/{id}/steps/6/complete",
        Member,
        r#"{"answers": []}"#,
    ),
    ("get", "/api/registration-batches/{id}/events", Viewer, ""),
    ("get", "/api/registration-batches/{id}/logs", Viewer, ""),
    ("get", "/api/registration-batches/{id}/export", Viewer, ""),
    ("get", "/api/registration-jobs", Viewer, ""),
    (
        "post",
        "/api/registration-jobs",
        Member,
        r#"{"restaurant_id": "0190a000-0000-7000-8000-000000000000"}"#,
    ),
    ("get", "/api/registration-jobs/{id}", Viewer, ""),
    ("post", "/api/registration-jobs/{id}/retry", Member, ""),
    ("get", "/api/actions", Viewer, ""),
    ("get", "/api/webhook-endpoints", Member, ""),
    ("post", "/api/webhook-endpoints", Admin, r#"{"url": "nowhere"}"#),
    ("get", "/api/webhook-endpoints/{id}", Member, ""),
    ("patch", "/api/webhook-endpoints/{id}", Admin, "{}"),
    ("delete", "/api/webhook-endpoints/{id}", Admin, ""),
    ("post", "/api/webhook-endpoints/{id}/test", Admin, "{}"),
    ("post", "/api/webhook-endpoints/{id}/rotate-secret", Admin, "{}"),
    ("get", "/api/webhook-endpoints/{id}/deliveries", Admin, ""),
    (
        "post",
        "/api/webhook-endpoints/{id}/redeliver",
        Admin,
        r#"{"since": "2026-01-01T00:00:00Z", "until": "2026-01-02T00:00:00Z"}"#,
    ),
    ("get", "/api/webhook-deliveries/{id}", Admin, ""),
    ("post", "/api/webhook-deliveries/{id}/redeliver", Admin, "{}"),
    ("get", "/api/batch-templates", Viewer, ""),
    ("post", "/api/batch-templates", Member, r#"{"name": ""}"#),
    ("get", "/api/batch-templates/{id}", Viewer, ""),
    ("patch", "/api/batch-templates/{id}", Member, "{}"),
    ("delete", "/api/batch-templates/{id}", Member, ""),
    ("post", "/api/batch-templates/{id}/preview", Viewer, ""),
    ("post", "/api/batch-templates/{id}/start", Member, ""),
    ("get", "/api/batch-schedules", Viewer, ""),
    ("post", "/api/batch-schedules", Member, r#"{"name": ""}"#),
    ("get", "/api/batch-schedules/{id}", Viewer, ""),
    ("patch", "/api/batch-schedules/{id}", Member, "{}"),
    ("delete", "/api/batch-schedules/{id}", Member, ""),
    ("post", "/api/batch-schedules/{id}/run-now", Member, ""),
    ("get", "/api/admin/actors", Operator, ""),
    ("get", "/api/admin/providers", Operator, ""),
    ("post", "/api/admin/providers/{name}/resume", Operator, ""),
    ("post", "/api/admin/reload", Operator, ""),
];

const WORKFLOW: &str = r#"{"workflow_slug": ""}"#;
const JOB: &str = r#"{"job_id": "{id}"}"#;

fn rule(method: &str, path: &str) -> (Least, &'static str) {
    let found = RULES.iter().find(|(of, at, ..)| (*of, *at) == (method, path));
    let (_, _, least, body) = found.unwrap_or_else(|| {
        panic!("{method} {path} has no rule here: say who may use it");
    });
    (*least, body)
}

/// Method and path of every route that the daemon describes.
async fn routes(api: &Api) -> Vec<(String, String)> {
    let document = api.get("/openapi.json").await.expect(200).json();
    let mut routes = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        routes.extend(
            item.as_object()
                .unwrap()
                .keys()
                .map(|method| (method.clone(), path.clone())),
        );
    }
    assert!(routes.len() > 40, "{routes:?}");
    routes
}

fn jwt(subject: &str, role: &str, organisation: &str) -> String {
    let claims = json!({
        "iss": "https://id.example", "sub": subject, "exp": Utc::now().timestamp() + 600, "org_id": organisation,
        "app_metadata": { "role": role },
    });
    let encode = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", encode(json!({ "alg": "HS256" })), encode(claims));
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, SECRET.as_bytes());
    let signature = URL_SAFE_NO_PAD.encode(ring::hmac::sign(&key, message.as_bytes()));
    format!("{message}.{signature}")
}

fn start(database: &Db) -> Daemon {
    let jwt = "[jwt]\nissuer = 'https://id.example'\nsecret = 'env:THE_JWT_SECRET'\nmax_role = 'operator'\n\
        organisation_claims = ['org_id']\n";
    Daemon::start(DaemonOptions {
        database: database.clone(),
        config_toml_extra: jwt.to_owned(),
        env: vec![("THE_JWT_SECRET".to_owned(), SECRET.to_owned())],
        ..DaemonOptions::default()
    })
}

struct Request {
    method: Method,
    path: String,
    body: String,
}

impl Request {
    fn of(method: &str, path: &str, body: &str, id: &str) -> Self {
        let mut path = path
            .replace("{id}", id)
            .replace("{practice}", "1")
            .replace("{step}", "1");
        if path.ends_with("/check-job-status") {
            path.push_str(&format!("?job_id={id}"));
        }
        Self {
            method: method.to_uppercase().parse().unwrap(),
            path,
            body: body.replace("{id}", id),
        }
    }

    async fn by(&self, api: &Api) -> Answer {
        api.raw(self.method.clone(), &self.path, self.body.clone(), &[JSON])
            .await
    }
}

pub async fn every_route_has_a_rule_and_keeps_it(database: Db) {
    let daemon = start(&database);
    let nobody = daemon.api("");
    let routes = routes(&nobody).await;
    for (method, path, ..) in RULES {
        let known = routes
            .iter()
            .any(|(of, at)| (of, at) == (&(*method).to_owned(), &(*path).to_owned()));
        assert!(known, "{method} {path} has a rule and is no route");
    }
    for (at, role) in ROLES.iter().enumerate() {
        let email = format!("browser-{role}@example.test");
        add_user(&daemon, &email, role, "Example");
        let mut browser = Browser::signed_in(&daemon, &email, PASSWORD).await;
        let token = daemon.api(&daemon.token(role));
        let issued = daemon.api(&jwt(role, role, "Example"));
        for (method, path) in &routes {
            let (least, body) = rule(method, path);
            let request = Request::of(method, path, body, NOBODY);
            if (method.as_str(), path.as_str()) == ("delete", "/api/session") {
                Browser::signed_in(&daemon, &email, PASSWORD)
                    .await
                    .delete(path)
                    .await
                    .expect(204);
                continue;
            }
            let by_cookie = browser
                .send(
                    request.method.clone(),
                    &request.path,
                    &request.body,
                    &[JSON, SAME_ORIGIN],
                )
                .await;
            for (kind, answer) in [
                ("token", request.by(&token).await),
                ("JWT", request.by(&issued).await),
                ("cookie", by_cookie),
            ] {
                let what = format!(
                    "{method} {path} as {role} by {kind}: {} {}",
                    answer.status,
                    answer.text()
                );
                let allowed = match least {
                    Anybody | Viewer => true,
                    Member => at >= 1,
                    Admin => at >= 2,
                    Operator => at >= 3,
                };
                let status = answer.status.as_u16();
                assert_ne!(status, 401, "{what}");
                assert_eq!(status != 403, allowed, "{what}");
                assert!(status < 500, "{what}");
            }
        }
    }
    for (method, path) in &routes {
        let (least, body) = rule(method, path);
        let request = Request::of(method, path, body, NOBODY);
        for api in [&nobody, &daemon.api("bd_guessed"), &daemon.api("a.b.c")] {
            let answer = request.by(api).await;
            let what = format!("{method} {path} by nobody: {} {}", answer.status, answer.text());
            assert_eq!(answer.status == 401, least != Anybody, "{what}");
        }
    }
    closed::another_organisation_is_closed(&daemon, &routes).await;
}
