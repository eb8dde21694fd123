//! A daemon, somebody who may do everything in it, and a receiver.

use std::time::{Duration, Instant};

use batchdesk::simulators::hook::Hook;
use batchdesk::simulators::load::LoadSite;
use reqwest::Method;
use sea_orm::{ConnectionTrait as _, Database};
use serde_json::{Value, json};

use crate::support::api::{Answer, Api};
use crate::support::daemon::{Daemon, Db};
use crate::support::{list, start_with};

pub const SOON: Duration = Duration::from_secs(60);
const POLL_EVERY: Duration = Duration::from_millis(20);
const JSON: (&str, &str) = ("content-type", "application/json");

/// Retries that a test can wait for.
pub const FAST: &str = "[webhooks]\nretry_waits = ['20ms', '20ms', '20ms']\n";

pub struct Desk {
    pub daemon: Daemon,
    pub admin: Api,
    pub token: String,
    pub hook: Hook,
    pub site: LoadSite,
}

/// An endpoint, and what it signs with.
pub struct Endpoint {
    pub id: String,
    pub secret: String,
}

impl Endpoint {
    pub fn path(&self, rest: &str) -> String {
        format!("/api/webhook-endpoints/{}{rest}", self.id)
    }
}

impl Desk {
    pub async fn open(database: &Db, config: &str) -> Self {
        let daemon = start_with(database, config);
        let token = daemon.token("admin");
        Self {
            admin: daemon.api(&token),
            token,
            daemon,
            hook: Hook::start().await.unwrap(),
            site: LoadSite::start().await.unwrap(),
        }
    }

    /// The port is another after a restart.
    pub fn reconnect(&mut self) {
        self.admin = self.daemon.api(&self.token);
    }

    pub async fn endpoint(&self, path: &str) -> Endpoint {
        self.endpoint_with(json!({ "url": self.hook.url(path) })).await
    }

    pub async fn endpoint_with(&self, body: Value) -> Endpoint {
        let made = self
            .admin
            .post("/api/webhook-endpoints", &body)
            .await
            .expect(201)
            .json();
        Endpoint {
            id: text(&made["id"]),
            secret: made["secret"].as_str().unwrap_or_default().to_owned(),
        }
    }

    /// Runs a list to its end.
    pub async fn run_job(&self) -> String {
        let job = self.admin.create_job(list(&self.site, 0..2)).await;
        self.admin.wait_for(&job, "completed", SOON).await;
        job
    }

    /// Sends a test and gives the id of its delivery.
    pub async fn test(&self, endpoint: &Endpoint) -> String {
        let sent = self.admin.post(&endpoint.path("/test"), &json!({})).await.expect(202);
        let location = sent.headers["location"].to_str().unwrap().to_owned();
        let delivery = text(&sent.json()["delivery_id"]);
        assert_eq!(location, format!("/api/webhook-deliveries/{delivery}"));
        delivery
    }

    pub async fn detail(&self, endpoint: &Endpoint) -> Value {
        self.admin.get(&endpoint.path("")).await.expect(200).json()
    }

    pub async fn delivery(&self, id: &str) -> Value {
        let path = format!("/api/webhook-deliveries/{id}");
        self.admin.get(&path).await.expect(200).json()
    }

    /// Deliveries to an endpoint, newest first.
    pub async fn deliveries(&self, endpoint: &Endpoint, query: &str) -> Vec<Value> {
        let path = endpoint.path(&format!("/deliveries?{query}"));
        let page = self.admin.get(&path).await.expect(200).json();
        page["data"].as_array().unwrap().clone()
    }

    /// Waits until a delivery is as wanted.
    pub async fn until(&self, id: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let end = Instant::now() + SOON;
        loop {
            let seen = self.delivery(id).await;
            if wanted(&seen) {
                return seen;
            }
            assert!(Instant::now() < end, "last seen: {seen:#}");
            tokio::time::sleep(POLL_EVERY).await;
        }
    }

    pub async fn until_status(&self, id: &str, status: &str) -> Value {
        self.until(id, |delivery| delivery["status"] == status).await
    }

    /// Waits until so many deliveries to an endpoint have this status, and gives them, newest first.
    pub async fn until_all(&self, endpoint: &Endpoint, status: &str, deliveries: usize) -> Vec<Value> {
        let end = Instant::now() + SOON;
        loop {
            let seen = self.deliveries(endpoint, "limit=100").await;
            let as_wanted = seen.iter().filter(|delivery| delivery["status"] == status).count();
            if as_wanted == deliveries {
                return seen;
            }
            assert!(Instant::now() < end, "last seen: {seen:#?}");
            tokio::time::sleep(POLL_EVERY).await;
        }
    }

    pub async fn patch(&self, endpoint: &Endpoint, body: Value) -> Answer {
        let (path, body) = (endpoint.path(""), body.to_string());
        self.admin.raw(Method::PATCH, &path, body, &[JSON]).await
    }

    pub async fn execute(&self, sql: &str) {
        let db = Database::connect(self.daemon.database_url()).await.unwrap();
        db.execute_unprepared(sql).await.unwrap();
        db.close().await.unwrap();
    }
}

/// The header that makes a request count once.
pub async fn post_keyed(api: &Api, path: &str, key: &str, body: &Value) -> Answer {
    let headers = [JSON, ("idempotency-key", key)];
    api.raw(Method::POST, path, body.to_string(), &headers).await
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}
