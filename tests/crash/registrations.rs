//! Killed anywhere while three restaurants are registered: it ends the same, and the platform has done each sub-step's work once,
//! whether or not it honours keys.

use std::time::{Duration, Instant};

use batchdesk::simulators::platform::{self, Platform, Resource};
use reqwest::Method;
use sea_orm::ConnectionTrait as _;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::api::Api;
use crate::support::daemon::{Daemon, DaemonOptions, Db};
use crate::support::postgres;
use crate::{SOON, env, query};

const PLAN: &str = include_str!("../../config/workflows/registration.toml");
const RESTAURANTS: [&str; 3] = ["Pizza Palace", "Burger House", "Chicken Shop"];
const JSON: (&str, &str) = ("content-type", "application/json");

/// How the restaurants are registered.
#[derive(Clone, Copy)]
pub struct Way {
    honours_keys: bool,
    /// Side by side; and the menu of the third is refused, and mended in a retry.
    parallel_and_mended: bool,
}

/// A platform and a daemon that has three restaurants.
pub struct Trial {
    way: Way,
    pub platform: Platform,
    pub daemon: Daemon,
    pub token: String,
    pub restaurants: Vec<String>,
    _directory: TempDir,
}

pub async fn prepare(database: Db, way: Way) -> Trial {
    let directory = tempfile::tempdir().unwrap();
    let options = platform::Options {
        honours_keys: way.honours_keys,
        ..platform::Options::default()
    };
    let platform = Platform::with(options).await.unwrap();
    let workflows = directory.path().join("workflows");
    std::fs::create_dir(&workflows).unwrap();
    // No search of companies: it changes nothing, and is killed elsewhere.
    let mut plan = PLAN
        .replace("handler = \"companies_office\"", "handler = \"http\"")
        .replace(
            "url = \"{{ companies_office.url }}\"",
            "url = \"{{ platform.url }}/v1/accounts?reference=none\"",
        )
        .replace(
            "Ocp-Apim-Subscription-Key = \"{{ secret('NZBN_SUBSCRIPTION_KEY') }}\"",
            "Authorization = \"Bearer {{ secret('PLATFORM_API_KEY') }}\"",
        );
    if !way.honours_keys {
        plan = plan.replace("honours_keys = true", "honours_keys = false");
    }
    std::fs::write(workflows.join("registration.toml"), plan).unwrap();
    let key = directory.path().join("key");
    std::fs::write(&key, platform::KEY).unwrap();
    let settings = format!(
        "[network]\nallow_cidrs = [\"127.0.0.0/8\"]\n[workflows]\ndir = {workflows:?}\n[retry]\nbase_ms = 10\n\
         [secrets.PLATFORM_API_KEY]\nfrom = \"file:{}\"\nhosts = [\"127.0.0.1\"]\n\
         [registration]\nplatform_url = \"{}\"\n[log]\nlevel = \"warn\"\n",
        key.display(),
        platform.url(),
    );
    let mut daemon = Daemon::start(DaemonOptions {
        database,
        config_toml_extra: settings,
        ..DaemonOptions::default()
    });
    let token = daemon.token("operator");
    let me = daemon.api(&token).get("/api/me").await.expect(200).json();
    let organisation = me["organisation"]["id"].as_str().unwrap();
    let hq = sea_orm::Database::connect(daemon.database_url()).await.unwrap();
    let mut restaurants = Vec::new();
    for name in RESTAURANTS {
        let id = entity::Id::now();
        let sql = format!(
            "insert into restaurants (id, organisation_id, name, name_key, created_at, updated_at) values ('{id}', \
             '{organisation}', '{name}', '{name}', '2026-01-01T00:00:00+00:00', '2026-01-01T00:00:00+00:00')"
        );
        hq.execute_unprepared(&sql).await.unwrap();
        restaurants.push(id.to_string());
    }
    hq.close().await.unwrap();
    assert!(daemon.terminate().success());
    Trial {
        way,
        platform,
        daemon,
        token,
        restaurants,
        _directory: directory,
    }
}

fn config(name: &str) -> Value {
    json!({
        "account_email": "a@b.example", "contact_name": "Aroha Ngata", "contact_phone": "+6493001122",
        "restaurant_name": name, "phone": "+6493001122", "address": "1 Queen Street", "city": "Auckland",
        "country": "NZ", "subdomain": "a-b", "services": ["pickup"],
        "opening_hours": [{ "days": ["Mo"], "opens": "10:00", "closes": "22:00" }],
        "menu_csv": "category,name,price\nPizza,Margherita,18.00\n",
        "onboarding_user": { "name": "Aroha Ngata", "email": "a@b.example" },
    })
}

/// Does what is next to be done; `None` where the daemon died over it, and whether the batch has ended otherwise.
pub async fn go_on(api: &Api, trial: &Trial, batch: &mut Option<String>) -> Option<bool> {
    let (restaurants, mends) = (&trial.restaurants, trial.way.parallel_and_mended);
    let post = async |path: String, key: &str, body: Value| {
        let headers = [JSON, ("idempotency-key", key)];
        let answer = api
            .try_raw(Method::POST, &path, body.to_string(), &headers)
            .await
            .ok()?;
        assert!(answer.status.is_success(), "{path}: {}", answer.text());
        Some(answer.json())
    };
    let at = match batch {
        Some(batch) => format!("/api/registration-batches/{batch}"),
        None => {
            let mode = if mends { "parallel" } else { "sequential" };
            let new = json!({ "restaurant_ids": restaurants, "name": "Auckland Q4", "execution_mode": mode });
            let made = post("/api/registration-batches".to_owned(), "make", new).await?;
            *batch = Some(made["batch_id"].as_str().unwrap().to_owned());
            format!("/api/registration-batches/{}", made["batch_id"].as_str().unwrap())
        }
    };
    let answer = api.try_raw(Method::GET, &at, Vec::new(), &[]).await.ok()?;
    let seen = answer.expect(200).json();
    match seen["status"].as_str().unwrap() {
        // What people say is known before it is asked.
        "draft" => {
            let jobs = seen["jobs"].as_array().unwrap();
            let selections: Vec<Value> = jobs
                .iter()
                .map(|job| json!({ "registration_job_id": job["id"], "none": true }))
                .collect();
            let told = json!({ "selections": selections });
            post(format!("{at}/steps/3/complete"), "select", told).await?;
            let configurations: Vec<Value> = jobs
                .iter()
                .map(|job| {
                    let name = job["restaurant_name"].as_str().unwrap();
                    let mut config = config(name);
                    if mends && name == RESTAURANTS[2] {
                        config["menu_csv"] = json!("no header at all");
                    }
                    json!({ "registration_job_id": job["id"], "config": config })
                })
                .collect();
            let told = json!({ "configurations": configurations });
            post(format!("{at}/steps/5/complete"), "configure", told).await?;
            post(format!("{at}/start"), "start", json!({})).await?;
            Some(false)
        }
        "completed" if seen["failed"] == 1 => {
            let job = &seen["jobs"][2];
            assert_eq!(job["status"], "failed", "{seen:#}");
            let mended = json!({ "registration_job_id": job["id"], "config": config(RESTAURANTS[2]) });
            let told = json!({ "configurations": [mended] });
            let retry = post(format!("{at}/retry-failed"), "retry", told).await?;
            *batch = Some(retry["new_batch_id"].as_str().unwrap().to_owned());
            Some(false)
        }
        "completed" => Some(true),
        "pending" | "in_progress" => Some(false),
        other => panic!("{other}: {seen:#}"),
    }
}

/// All that must be the same however often the process died.
pub async fn outcome(trial: &Trial) -> String {
    let url = trial.daemon.database_url();
    let mut text = String::new();
    for sql in [
        "select status || ' ' || total_restaurants || ' ' || completed_restaurants || ' ' || failed_restaurants || ' ' || \
         waiting_restaurants || ' ' || cancelled_restaurants from registration_batch_jobs order by id",
        "select position || ' ' || status || ' ' || current_step || ' ' || attempt || ' ' || coalesce(error_message, '') \
         from registration_jobs where not is_open and not call_open order by batch_job_id, position",
        "select j.position || ' ' || s.step_number || ' ' || s.status || ' ' || s.retry_count \
         from registration_job_steps s join registration_jobs j on j.id = s.registration_job_id \
         order by j.batch_job_id, j.position, s.step_number",
    ] {
        text.push_str(&query(&url, sql).await);
        text.push_str("\n--\n");
    }
    let steps = query(
        &url,
        "select cast(s.sub_step_progress as text) from registration_job_steps s \
         join registration_jobs j on j.id = s.registration_job_id where s.step_number = 6 order by j.batch_job_id, j.position",
    )
    .await;
    for line in steps.lines() {
        let progress: Vec<Value> = serde_json::from_str(line).unwrap();
        for each in progress {
            text.push_str(&format!(
                "{} {} {}\n",
                each["sub_step"],
                each["status"],
                each["result"]["id"].is_string()
            ));
        }
    }
    // Each trial has a platform of its own.
    text.replace(trial.platform.url().trim_start_matches("http://"), "the platform")
}

pub async fn effects(trial: &Trial) -> Vec<(&'static str, u64)> {
    let url = trial.daemon.database_url();
    let references = query(
        &url,
        "select cast(reference as text) from registration_jobs order by batch_job_id, position",
    )
    .await;
    let mut effects = Vec::new();
    for reference in references.lines() {
        for resource in Resource::ALL {
            effects.push((resource.name(), trial.platform.effects(resource, reference)));
        }
    }
    effects
}

/// Registers the restaurants, killed at the k-th breakpoint; whether that came, and how it ended.
async fn run(database: Db, way: Way, kill_after: u64) -> (bool, String, Vec<(&'static str, u64)>) {
    let mut trial = prepare(database, way).await;
    let mut killed = false;
    let mut batch = None;
    trial.daemon.spawn_again(env("BATCHDESK_KILL_AFTER", kill_after));
    let mut up = trial.daemon.ready_or_ended();
    let deadline = Instant::now() + SOON;
    loop {
        if !up {
            killed = true;
            trial.daemon.wait_exit();
            trial.daemon.spawn_again(Vec::new());
            trial.daemon.wait_ready();
        }
        let api = trial.daemon.api(&trial.token);
        match go_on(&api, &trial, &mut batch).await {
            Some(true) => break,
            Some(false) => {
                tokio::time::sleep(Duration::from_millis(5)).await;
                up = trial.daemon.is_running();
            }
            None => up = false,
        }
        assert!(
            Instant::now() < deadline,
            "killed at {kill_after}: it does not end\n{}",
            trial.daemon.log()
        );
    }
    if !trial.daemon.terminate().success() {
        // The last breakpoints are those of its end.
        killed = true;
        trial.daemon.spawn_again(Vec::new());
        trial.daemon.wait_ready();
        assert!(trial.daemon.terminate().success());
    }
    (killed, outcome(&trial).await, effects(&trial).await)
}

/// Every so many breakpoints the process is killed. Six lie around each sub-step, so five falls on all of them in turn;
/// `BATCHDESK_EVERY_BREAKPOINT=1` leaves none out anywhere.
const FIFTH: usize = 5;

async fn killed_anywhere(new_database: impl Fn() -> Db, way: Way, every: usize) {
    let leaves_none_out = std::env::var("BATCHDESK_EVERY_BREAKPOINT").as_deref() == Ok("1");
    let every = if leaves_none_out { 1 } else { every };
    let (killed, expected, once) = run(new_database(), way, u64::MAX).await;
    assert!(!killed);
    let ends = if way.parallel_and_mended {
        "completed 3 2 1 0 0\ncompleted 1 1 0 0 0\n"
    } else {
        "completed 3 3 0 0 0\n"
    };
    assert!(expected.starts_with(ends), "{expected}");
    assert!(once.iter().all(|(_, times)| *times <= 1), "{once:?}");
    assert!(once.iter().filter(|(_, times)| *times == 1).count() > 15, "{once:?}");
    let mut trials = 0;
    for kill_after in (1..).step_by(every) {
        let (killed, seen, effects) = run(new_database(), way, kill_after).await;
        assert_eq!(seen, expected, "killed at breakpoint {kill_after}");
        assert_eq!(effects, once, "killed at breakpoint {kill_after}");
        if !killed {
            break;
        }
        trials += 1;
    }
    assert!(trials * every > 150, "only {trials} breakpoints were passed");
    eprintln!("keys honoured: {}: killed at {trials} breakpoints", way.honours_keys);
}

const HONOURED: Way = Way {
    honours_keys: true,
    parallel_and_mended: false,
};
pub const IGNORED: Way = Way {
    honours_keys: false,
    parallel_and_mended: false,
};

#[tokio::test]
async fn registrations_end_the_same_killed_anywhere_where_keys_are_honoured() {
    // The harder case, where they are ignored, is killed at every breakpoint.
    killed_anywhere(|| Db::Sqlite, HONOURED, FIFTH).await;
}

#[tokio::test]
async fn registrations_end_the_same_killed_anywhere_where_keys_are_ignored() {
    killed_anywhere(|| Db::Sqlite, IGNORED, 1).await;
}

#[tokio::test]
async fn registrations_side_by_side_and_their_retry_end_the_same_killed_anywhere() {
    let way = Way {
        parallel_and_mended: true,
        ..IGNORED
    };
    killed_anywhere(|| Db::Sqlite, way, FIFTH).await;
}

#[tokio::test]
async fn registrations_end_the_same_killed_anywhere_on_postgresql() {
    if postgres::require_or_skip("kill anywhere with registrations on PostgreSQL") {
        let databases = std::cell::RefCell::new(Vec::new());
        let new_database = || {
            let database = postgres::create_database();
            let url = database.url.clone();
            databases.borrow_mut().push(database);
            Db::Postgres(url)
        };
        killed_anywhere(new_database, IGNORED, FIFTH).await;
    }
}
