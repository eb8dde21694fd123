//! Actors of registrations panic: a registration goes on, is given up alone, or its batch is paused with the reason.

use std::time::{Duration, Instant};

use batchdesk::simulators::platform::Resource;
use reqwest::Method;
use serde_json::{Value, json};

use crate::registrations::{IGNORED, Trial, effects, go_on, outcome, prepare};
use crate::support::daemon::Db;
use crate::{SOON, env};

/// A batch that has not been started, the ids of its registrations, and a daemon that runs by this plan from now on. In the plan
/// `{}` stands for the second registration.
async fn batch_under(plan: &str) -> (Trial, String) {
    let mut trial = prepare(Db::Sqlite, IGNORED).await;
    trial.daemon.spawn_again(Vec::new());
    trial.daemon.wait_ready();
    let api = trial.daemon.api(&trial.token);
    let new = json!({ "restaurant_ids": trial.restaurants, "name": "Auckland Q4" });
    let made = api.post("/api/registration-batches", &new).await.expect(201).json();
    let batch = made["batch_id"].as_str().unwrap().to_owned();
    let seen = seen(&trial, &batch).await;
    let second = seen["jobs"][1]["id"].as_str().unwrap();
    let plan = plan.replace("{}", second);
    assert!(trial.daemon.terminate().success());
    trial.daemon.spawn_again(env("BATCHDESK_MISBEHAVE", plan));
    assert!(trial.daemon.ready_or_ended(), "{}", trial.daemon.log());
    (trial, batch)
}

async fn seen(trial: &Trial, batch: &str) -> Value {
    let api = trial.daemon.api(&trial.token);
    let path = format!("/api/registration-batches/{batch}");
    api.get(&path).await.expect(200).json()
}

async fn until(trial: &Trial, batch: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let deadline = Instant::now() + SOON;
    loop {
        let seen = seen(trial, batch).await;
        if wanted(&seen) {
            return seen;
        }
        assert!(Instant::now() < deadline, "{seen:#}\n{}", trial.daemon.log());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Answers for the people and starts the batch.
async fn start(trial: &Trial, batch: &str) {
    let api = trial.daemon.api(&trial.token);
    let mut batch = Some(batch.to_owned());
    assert_eq!(go_on(&api, trial, &mut batch).await, Some(false));
}

#[tokio::test]
async fn a_panic_in_an_actor_of_registrations_is_survived() {
    let mut expected = None;
    // The first plan asks for nothing.
    for plan in [
        "registration|nobody|panic_once",
        "registration|{}|panic_once",
        "registration_supervisor|started|panic_once",
        "registration_supervisor|tick|panic_once",
    ] {
        eprintln!("{plan}");
        let (trial, batch) = batch_under(plan).await;
        // Long enough that every actor of the batch does what it does now and then.
        trial.platform.hold(Resource::Accounts);
        start(&trial, &batch).await;
        if expected.is_some() {
            until(&trial, &batch, |_| trial.daemon.log().contains("told to panic once")).await;
        }
        trial.platform.release(Resource::Accounts);
        until(&trial, &batch, |seen| seen["status"] == "completed").await;
        let ended = (outcome(&trial).await, effects(&trial).await);
        match &expected {
            None => expected = Some(ended),
            Some(expected) => assert_eq!(&ended, expected, "{plan}"),
        }
    }
}

#[tokio::test]
async fn a_registration_whose_actor_keeps_panicking_is_given_up_alone() {
    let (trial, batch) = batch_under("registration|{}|panic").await;
    start(&trial, &batch).await;
    let seen = until(&trial, &batch, |seen| seen["status"] == "completed").await;
    let statuses: Vec<&str> = seen["jobs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|job| job["status"].as_str().unwrap())
        .collect();
    assert_eq!(statuses, ["completed", "failed", "completed"]);
    let why = seen["jobs"][1]["error_message"].as_str().unwrap();
    assert!(why.contains("told to panic"), "{why}");
}

#[tokio::test]
async fn a_supervisor_of_registrations_that_keeps_failing_pauses_its_batch() {
    let (mut trial, batch) = batch_under("registration_supervisor|started|panic").await;
    start(&trial, &batch).await;
    let paused = until(&trial, &batch, |seen| seen["status"] == "paused").await;
    let why = paused["error_message"].as_str().unwrap();
    assert!(why.contains("told to panic"), "{why}");
    trial.daemon.kill9();
    trial.daemon.spawn_again(Vec::new());
    trial.daemon.wait_ready();
    let api = trial.daemon.api(&trial.token);
    let resume = format!("/api/registration-batches/{batch}/resume");
    api.raw(Method::POST, &resume, "", &[]).await.expect(200);
    until(&trial, &batch, |seen| seen["status"] == "completed").await;
    assert!(effects(&trial).await.iter().all(|(_, times)| *times <= 1));
}
