//! The company behind a restaurant: searched, picked by a person, looked up.

use std::time::Duration;

use batchdesk::simulators::load::LoadSite;
use batchdesk::simulators::nzbn::{Asked, Fault};
use batchdesk::simulators::platform::{self, Resource};
use serde_json::json;

use crate::desk::{Desk, NO_OFFICE, Opening, completed, ids};
use crate::support::daemon::Db;
use crate::support::list;

pub async fn the_company_that_was_picked_is_looked_up(database: Db) {
    let desk = Desk::open(database, Opening::default()).await;
    let batch = desk
        .batch(&["Pizza Palace", "Nobody Knows This One At All"], json!({}))
        .await;
    let seen = desk.until_asked(&batch, 3).await;
    let jobs: Vec<&str> = ids(&seen).collect();
    let actions = desk
        .api
        .get(&format!("/api/actions?batch_id={batch}"))
        .await
        .expect(200)
        .json();
    let of = |job: &str| {
        let mut all = actions["data"].as_array().unwrap().iter();
        all.find(|action| action["registration_job_id"] == job).unwrap()
    };
    let best = &of(jobs[0])["candidates"][0];
    assert!(
        best["name"].as_str().unwrap().to_lowercase().contains("pizza palace"),
        "{best:#}"
    );
    assert!(best["score"].as_f64().unwrap() > 0.6, "{best:#}");
    assert!(!best["match_reasons"].as_array().unwrap().is_empty(), "{best:#}");
    let ranks: Vec<_> = of(jobs[0])["candidates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|each| &each["rank"])
        .collect();
    assert!(ranks.len() > 1, "{ranks:?}");
    // The candidate of one cannot be picked for another.
    let foreign = json!({ "selections": [{ "registration_job_id": jobs[1], "candidate_id": best["id"] }] });
    let foreign = desk.post(&batch, "steps/3/complete", foreign).await.expect(422).json();
    assert_eq!(foreign["code"], "unknown_candidate");
    let selections = json!({ "selections": [
        { "registration_job_id": jobs[0], "candidate_id": best["id"] },
        { "registration_job_id": jobs[1], "none": true },
    ] });
    desk.post(&batch, "steps/3/complete", selections).await.expect(200);
    desk.until_asked(&batch, 5).await;
    let job = desk
        .api
        .get(&format!("/api/registration-jobs/{}", jobs[0]))
        .await
        .expect(200)
        .json();
    let details = &job["steps"][3]["result_data"];
    assert_eq!(details["nzbn"], best["nzbn"], "{details:#}");
    assert!(details["directors"][0]["name"].is_string(), "{details:#}");
    let whole = job.to_string();
    assert!(
        !whole.contains("roleAddress") && !whole.contains("Hidden Lane"),
        "{job:#}"
    );
    let selected: Vec<_> = job["candidates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|each| &each["selected"])
        .collect();
    assert_eq!(selected.iter().filter(|selected| ***selected == json!(true)).count(), 1);
    // The person who confirms sees who runs the company.
    let actions = desk
        .api
        .get(&format!("/api/actions?batch_id={batch}&step=5"))
        .await
        .expect(200)
        .json();
    let mut all = actions["data"].as_array().unwrap().iter();
    let asked = all.find(|action| action["registration_job_id"] == jobs[0]).unwrap();
    assert_eq!(
        asked["asked"]["config"]["contact_name"],
        details["directors"][0]["name"]
    );
    desk.configure(&batch).await;
    let ended = desk.until_status(&batch, "completed").await;
    let csv = format!("/api/registration-batches/{batch}/export?format=json");
    let rows = desk.api.get(&csv).await.expect(200).json();
    assert_eq!(rows[0]["nzbn"], best["nzbn"]);
    assert_eq!(ended["jobs"][1]["steps"][3]["status"], "skipped");
}

pub async fn a_refused_key_pauses_the_batch(database: Db) {
    let desk = Desk::open(database, Opening::default()).await;
    desk.office.fault(Asked::Search, Fault::RefuseKey, 1);
    let batch = desk.batch(&["Pizza Palace"], json!({})).await;
    let paused = desk.until_status(&batch, "paused").await;
    assert!(paused["error_message"].as_str().unwrap().contains("key"), "{paused:#}");
    assert_eq!(paused["jobs"][0]["status"], "in_progress");
    desk.post(&batch, "resume", json!({})).await.expect(200);
    // What was refused once is looked at again.
    desk.office.fault(Asked::Search, Fault::Fail { status: 503 }, 1);
    desk.until_asked(&batch, 3).await;
}

pub async fn a_retry_names_its_own_candidates(database: Db) {
    let desk = Desk::open(database, Opening::default()).await;
    desk.platform
        .fault(Resource::Accounts, platform::Fault::Refuse { status: 422 }, 1);
    let batch = desk.batch(&["Pizza Palace"], json!({})).await;
    let seen = desk.until_asked(&batch, 3).await;
    let job = ids(&seen).next().unwrap();
    let path = format!("/api/registration-jobs/{job}");
    let candidate = desk.api.get(&path).await.expect(200).json()["candidates"][0].clone();
    let selections = json!({ "selections": [{ "registration_job_id": job, "candidate_id": candidate["id"] }] });
    desk.post(&batch, "steps/3/complete", selections).await.expect(200);
    desk.configure(&batch).await;
    desk.until_status(&batch, "failed").await;
    let retry = desk
        .api
        .post(&format!("{path}/retry"), &json!({}))
        .await
        .expect(201)
        .json();
    let job = retry["registration_job_id"].as_str().unwrap();
    let copy = desk
        .api
        .get(&format!("/api/registration-jobs/{job}"))
        .await
        .expect(200)
        .json();
    let picked = &copy["steps"][2]["result_data"]["candidate_id"];
    assert_ne!(picked, &candidate["id"]);
    let of_its_own = copy["candidates"].as_array().unwrap().iter();
    let selected: Vec<_> = of_its_own.filter(|each| each["selected"] == true).collect();
    assert_eq!(selected.len(), 1, "{copy:#}");
    assert_eq!((&selected[0]["id"], &selected[0]["name"]), (picked, &candidate["name"]));
}

pub async fn a_company_that_was_mistyped_is_corrected_in_a_retry(database: Db) {
    let desk = Desk::open(database, Opening::default()).await;
    let batch = desk.batch(&["Pizza Palace"], json!({})).await;
    let seen = desk.until_asked(&batch, 3).await;
    let job = ids(&seen).next().unwrap();
    let path = format!("/api/registration-jobs/{job}");
    let candidate = desk.api.get(&path).await.expect(200).json()["candidates"][0].clone();
    let given = |company: serde_json::Value| {
        let mut selection = company;
        selection["registration_job_id"] = json!(job);
        json!({ "selections": [selection] })
    };
    // Confirmed for the first company: of no use for the next.
    let config = completed(&json!({
        "account_email": "a@b.example", "contact_phone": "+6493001122", "restaurant_name": "A", "phone": "+6493001122",
        "address": "1 Queen Street", "city": "Auckland", "country": "NZ", "subdomain": "a", "services": ["pickup"],
        "onboarding_user": { "email": "a@b.example" },
    }));
    let early = json!({ "configurations": [{ "registration_job_id": job, "config": config }] });
    desk.post(&batch, "steps/5/complete", early).await.expect(200);
    let mistyped = given(json!({ "company_number": "9999999" }));
    desk.post(&batch, "steps/3/complete", mistyped).await.expect(200);
    let failed = desk.until_status(&batch, "failed").await;
    assert_eq!(failed["jobs"][0]["current_step"], 4, "{failed:#}");
    let nobodys = given(json!({ "candidate_id": "0190a000-0000-7000-8000-000000000000" }));
    let refused = desk.post(&batch, "retry-failed", nobodys).await.expect(422).json();
    assert_eq!(refused["code"], "unknown_candidate");
    let right = given(json!({ "candidate_id": candidate["id"] }));
    let retry = desk.post(&batch, "retry-failed", right).await.expect(201).json();
    let retry = retry["new_batch_id"].as_str().unwrap();
    let seen = desk.until_asked(retry, 5).await;
    assert_eq!(seen["jobs"][0]["steps"][3]["result_data"]["nzbn"], candidate["nzbn"]);
    assert_eq!(desk.seen(&batch).await["retried_by"], json!([retry]));
    // Once the platform has been asked it is too late.
    desk.platform
        .fault(Resource::Accounts, platform::Fault::Refuse { status: 422 }, 1);
    desk.configure(retry).await;
    let failed = desk.until_status(retry, "failed").await;
    let late = json!({ "selections": [{ "registration_job_id": failed["jobs"][0]["id"], "none": true }] });
    let late = desk.post(retry, "retry-failed", late).await.expect(409).json();
    assert_eq!(late["code"], "execution_begun");
}

pub async fn a_company_that_is_given_with_a_retry_waits_for_the_search(database: Db) {
    let desk = Desk::open(database, Opening::default()).await;
    // As often as it is tried.
    desk.office.fault(Asked::Search, Fault::Fail { status: 503 }, 4);
    let batch = desk.batch(&["Pizza Palace"], json!({})).await;
    let failed = desk.until_status(&batch, "failed").await;
    assert_eq!(failed["jobs"][0]["current_step"], 2, "{failed:#}");
    let none = json!({ "selections": [{ "registration_job_id": failed["jobs"][0]["id"], "none": true }] });
    let retry = desk.post(&batch, "retry-failed", none).await.expect(201).json();
    let seen = desk.until_asked(retry["new_batch_id"].as_str().unwrap(), 5).await;
    let states: Vec<_> = (0..4).map(|step| &seen["jobs"][0]["steps"][step]["status"]).collect();
    assert_eq!(states, ["completed", "completed", "completed", "skipped"]);
}

pub async fn a_retry_without_a_company_keeps_nothing_of_the_first_one(database: Db) {
    let desk = Desk::open(database, Opening::default()).await;
    let batch = desk.batch(&["Pizza Palace"], json!({})).await;
    let seen = desk.until_asked(&batch, 3).await;
    let job = ids(&seen).next().unwrap();
    let path = format!("/api/registration-jobs/{job}");
    let candidate = desk.api.get(&path).await.expect(200).json()["candidates"][0].clone();
    let picked = json!({ "selections": [{ "registration_job_id": job, "candidate_id": candidate["id"] }] });
    desk.post(&batch, "steps/3/complete", picked).await.expect(200);
    desk.until_asked(&batch, 5).await;
    desk.post(&batch, "cancel", json!({})).await.expect(200);
    let none = json!({ "selections": [{ "registration_job_id": job, "none": true }] });
    let retry = desk.post(&batch, "retry-failed", none).await.expect(201).json();
    let seen = desk.until_asked(retry["new_batch_id"].as_str().unwrap(), 5).await;
    let steps = &seen["jobs"][0]["steps"];
    assert_eq!(steps[3]["status"], "skipped", "{seen:#}");
    assert_eq!(steps[3]["result_data"], json!(null), "{seen:#}");
    let number = candidate["company_number"].as_str().unwrap();
    assert!(!steps[4]["asked"].to_string().contains(number), "{seen:#}");
}

pub async fn the_extraction_job_of_a_restaurant_is_followed(database: Db) {
    let mut plan = NO_OFFICE.to_vec();
    plan.push((
        "handler = \"extraction\"\n",
        "handler = \"extraction\"\nsettings = { poll_seconds = 1 }\n",
    ));
    let opening = Opening {
        plan: &plan,
        ..Opening::default()
    };
    let desk = Desk::open(database, opening).await;
    let site = LoadSite::start().await.unwrap();
    site.set_delay(Duration::from_secs(2));
    let job = desk.api.create_job(list(&site, 0..1)).await;
    let website = site.practice_url(0);
    let restaurant = json!({ "name": "A", "website": website, "extraction_job_id": job });
    let restaurant = desk.api.post("/api/restaurants", &restaurant).await.expect(201).json();
    let new = json!({ "restaurant_ids": [restaurant["id"]], "start": true });
    let made = desk
        .api
        .post("/api/registration-batches", &new)
        .await
        .expect(201)
        .json();
    let batch = made["batch_id"].as_str().unwrap();
    // It is looked at while the job runs, and the website is asked by nobody else.
    desk.until(batch, |seen| {
        let waits = seen["jobs"][0]["blocked_by"].as_str().unwrap_or_default();
        waits.contains("extraction job")
    })
    .await;
    site.set_delay(Duration::ZERO);
    let seen = desk.until_asked(batch, 3).await;
    let path = format!("/api/registration-jobs/{}", ids(&seen).next().unwrap());
    let registration = desk.api.get(&path).await.expect(200).json();
    let told = &registration["steps"][0]["result_data"];
    assert_eq!(
        (&told["found"], &told["from"]),
        (&json!(true), &json!("extraction_job")),
        "{told:#}"
    );
    let learnt = desk
        .api
        .get(&format!("/api/restaurants/{}", restaurant["id"].as_str().unwrap()))
        .await;
    let learnt = learnt.expect(200).json();
    assert!(learnt["phone"].is_string(), "{learnt:#}");
    assert_eq!(site.hits(0), 1);
}
