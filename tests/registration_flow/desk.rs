//! A daemon with a registration platform beside it, and restaurants to register.

use std::time::{Duration, Instant};

use batchdesk::simulators::nzbn::{self, Nzbn};
use batchdesk::simulators::platform::{self, Platform};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::api::Api;
use crate::support::daemon::{Daemon, DaemonOptions, Db};

pub const SOON: Duration = Duration::from_secs(60);
const PLAN: &str = include_str!("../../config/workflows/registration.toml");

/// The steps are steered by configuration; what searches companies is tested elsewhere.
pub const NO_OFFICE: &[(&str, &str)] = &[
    ("handler = \"companies_office\"", "handler = \"http\""),
    (
        "url = \"{{ companies_office.url }}\"\nheaders = { Ocp-Apim-Subscription-Key = \"{{ secret('NZBN_SUBSCRIPTION_KEY') }}\" }",
        "url = \"{{ platform.url }}/v1/accounts?reference=none\"\n\
         headers = { Authorization = \"Bearer {{ secret('PLATFORM_API_KEY') }}\" }",
    ),
];

/// How the desk is to be.
#[derive(Default)]
pub struct Opening<'a> {
    /// Settings beside those of every desk.
    pub settings: &'a str,
    /// What is replaced in the built-in registration.toml.
    pub plan: &'a [(&'a str, &'a str)],
    /// The platform does the work of one key again each time.
    pub ignores_keys: bool,
}

/// The daemon and the platform.
pub struct Desk {
    pub daemon: Daemon,
    pub api: Api,
    pub platform: Platform,
    pub office: Nzbn,
    _directory: TempDir,
}

impl Desk {
    pub async fn open(database: Db, opening: Opening<'_>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let options = platform::Options {
            honours_keys: !opening.ignores_keys,
            ..platform::Options::default()
        };
        let platform = Platform::with(options).await.unwrap();
        let office = Nzbn::start().await.unwrap();
        let office_key = directory.path().join("office-key");
        std::fs::write(&office_key, nzbn::KEY).unwrap();
        let workflows = directory.path().join("workflows");
        std::fs::create_dir(&workflows).unwrap();
        let mut plan = PLAN.replace("timeout_ms = 60_000", "timeout_ms = 400");
        if opening.ignores_keys {
            plan = plan.replace("honours_keys = true", "honours_keys = false");
        }
        for (from, to) in opening.plan {
            assert!(plan.contains(from), "registration.toml has no {from:?}");
            plan = plan.replace(from, to);
        }
        std::fs::write(workflows.join("registration.toml"), plan).unwrap();
        let key = directory.path().join("key");
        std::fs::write(&key, platform::KEY).unwrap();
        let platform_url = if opening.settings.contains("platform_url") {
            String::new()
        } else {
            format!("platform_url = \"{}\"\n", platform.url())
        };
        let settings = format!(
            "[network]\nallow_cidrs = [\"127.0.0.0/8\"]\n[workflows]\ndir = {workflows:?}\n\
             [secrets.PLATFORM_API_KEY]\nfrom = \"file:{}\"\nhosts = [\"127.0.0.1\"]\n\
             [secrets.NZBN_SUBSCRIPTION_KEY]\nfrom = \"file:{}\"\nhosts = [\"127.0.0.1\"]\n\
             [retry]\nbase_ms = 20\n[registration]\n{platform_url}companies_office_url = \"{}\"\n{}",
            key.display(),
            office_key.display(),
            office.url(),
            opening.settings,
        );
        let daemon = Daemon::start(DaemonOptions {
            database,
            config_toml_extra: settings,
            ..DaemonOptions::default()
        });
        let api = daemon.api(&daemon.token("member"));
        Self {
            daemon,
            api,
            platform,
            office,
            _directory: directory,
        }
    }

    /// The daemon dies at once, and another one takes over.
    pub fn die(&mut self) {
        self.daemon.kill9();
        self.daemon.restart();
        self.api = self.daemon.api(&self.daemon.token("member"));
    }

    /// A restaurant of the organisation; its id.
    pub async fn restaurant(&self, name: &str) -> String {
        let body = json!({
            "name": name, "email": "hello@restaurant.example", "phone": "+6493001122", "address": "1 Queen Street",
            "city": "Auckland", "country": "NZ",
        });
        let made = self.api.post("/api/restaurants", &body).await.expect(201).json();
        made["id"].as_str().unwrap().to_owned()
    }

    /// A started batch of restaurants of these names.
    pub async fn batch(&self, names: &[&str], rest: Value) -> String {
        let mut ids = Vec::new();
        for name in names {
            ids.push(self.restaurant(name).await);
        }
        let mut body = json!({ "restaurant_ids": ids, "name": "Auckland Q4", "start": true });
        body.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        let made = self
            .api
            .post("/api/registration-batches", &body)
            .await
            .expect(201)
            .json();
        made["batch_id"].as_str().unwrap().to_owned()
    }

    /// The batch as it is now.
    pub async fn seen(&self, batch: &str) -> Value {
        self.api
            .get(&format!("/api/registration-batches/{batch}"))
            .await
            .expect(200)
            .json()
    }

    /// Waits until the batch is as wanted.
    pub async fn until(&self, batch: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let end = Instant::now() + SOON;
        loop {
            let seen = self.seen(batch).await;
            if wanted(&seen) {
                return seen;
            }
            assert!(Instant::now() < end, "{seen:#}\n{}", self.daemon.log());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub async fn until_status(&self, batch: &str, status: &str) -> Value {
        self.until(batch, |seen| seen["status"] == status).await
    }

    /// Waits until all jobs of the batch wait for a person at the step.
    pub async fn until_asked(&self, batch: &str, step: i64) -> Value {
        self.until(batch, |seen| {
            let mut jobs = seen["jobs"].as_array().unwrap().iter();
            jobs.all(|job| job["status"] == "action_required" && job["current_step"] == step)
        })
        .await
    }

    pub async fn post(&self, batch: &str, command: &str, body: Value) -> crate::support::api::Answer {
        self.api
            .post(&format!("/api/registration-batches/{batch}/{command}"), &body)
            .await
    }

    /// Answers the company selection of all jobs: there is none.
    pub async fn select_none(&self, batch: &str) {
        let seen = self.until_asked(batch, 3).await;
        let selections: Vec<Value> = ids(&seen)
            .map(|job| json!({ "registration_job_id": job, "none": true }))
            .collect();
        self.post(batch, "steps/3/complete", json!({ "selections": selections }))
            .await
            .expect(200);
    }

    /// Confirms the configuration of all jobs, as it is proposed and with what the proposal leaves open.
    pub async fn configure(&self, batch: &str) {
        self.until_asked(batch, 5).await;
        let actions = self
            .api
            .get(&format!("/api/actions?batch_id={batch}&limit=500"))
            .await
            .expect(200)
            .json();
        let configurations: Vec<Value> = actions["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|action| json!({ "registration_job_id": action["registration_job_id"], "config": completed(&action["asked"]["config"]) }))
            .collect();
        self.post(batch, "steps/5/complete", json!({ "configurations": configurations }))
            .await
            .expect(200);
    }

    /// A batch whose executions have begun.
    pub async fn executing(&self, names: &[&str], rest: Value) -> String {
        let batch = self.batch(names, rest).await;
        self.select_none(&batch).await;
        self.configure(&batch).await;
        batch
    }

    /// How often each of the platform's resources was made for one job.
    pub fn effects(&self, job: &Value) -> Vec<(&'static str, u64)> {
        let reference = job["reference"].as_str().unwrap();
        let made =
            platform::Resource::ALL.map(|resource| (resource.name(), self.platform.effects(resource, reference)));
        made.into_iter().filter(|(_, times)| *times > 0).collect()
    }
}

/// The ids of a batch's jobs.
pub fn ids(batch: &Value) -> impl Iterator<Item = &str> {
    batch["jobs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|job| job["id"].as_str().unwrap())
}

/// A proposed configuration with what nobody has told yet.
pub fn completed(proposed: &Value) -> Value {
    let mut config = proposed.clone();
    config["contact_name"] = json!("Aroha Ngata");
    config["opening_hours"] = json!([{ "days": ["Mo", "Tu"], "opens": "10:00", "closes": "22:00" }]);
    config["menu_csv"] = json!("category,name,price\nPizza,Margherita,18.00\n");
    config["onboarding_user"]["name"] = json!("Aroha Ngata");
    config
}

/// A job's sub-step.
pub fn sub_step<'a>(job: &'a Value, slug: &str) -> &'a Value {
    let all = job["steps"][5]["sub_step_progress"].as_array().unwrap();
    all.iter().find(|each| each["sub_step"] == slug).unwrap()
}
