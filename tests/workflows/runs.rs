//! Companies run through plays.

use batchdesk::simulators::sites::SampleSites;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::api::Api;
use crate::support::daemon::Db;
use crate::support::start;
use crate::{CSV, JSON, SOON, each, send};

const PLAY: &str = "/api/plays/practice-enrichment";

/// Makes companies of sites and tells their ids.
async fn companies(api: &Api, sites: &SampleSites, names: &[&str]) -> Vec<String> {
    let companies: Vec<Value> = names
        .iter()
        .map(|name| json!({ "domain": sites.url(name).unwrap(), "name": name, "data": { "from": "test" } }))
        .collect();
    let written = api
        .post("/api/companies", &json!({ "companies": companies }))
        .await
        .expect(200)
        .json();
    each(&written["companies"], "id")
        .iter()
        .map(|id| id.as_str().unwrap().to_owned())
        .collect()
}

async fn run(api: &Api, path: &str, body: Value) -> Value {
    api.post(path, &body).await.expect(201).json()
}

async fn done(api: &Api, run: &Value) -> String {
    let job = run["job_id"].as_str().unwrap().to_owned();
    api.wait_for(&job, "completed", SOON).await;
    job
}

/// How often the job's practices passed over a step.
async fn skipped(api: &Api, job: &str) -> usize {
    let logs = api
        .get(&format!("/api/jobs/{job}/logs?operation=step_skipped&limit=500"))
        .await
        .expect(200)
        .json();
    logs["data"].as_array().unwrap().len()
}

/// What a step would do; by the time of the answer all that has happened is in the logs.
async fn dry_run(api: &Api, path: &str) -> (Option<u64>, Option<u64>) {
    let counted = api
        .post(path, &json!({ "all": true, "dry_run": true }))
        .await
        .expect(200)
        .json();
    (counted["companies"].as_u64(), counted["completed_before"].as_u64())
}

pub async fn companies_run_through_a_play(database: Db) {
    let daemon = start(&database);
    let sites = SampleSites::start().await.unwrap();
    let api = daemon.api(&daemon.token("member"));
    let ids = companies(
        &api,
        &sites,
        &["harbour-street-dental", "fitzroy-dental", "ashdown-surgery"],
    )
    .await;
    let last_step = format!("{PLAY}/steps/3/run");
    assert_eq!(dry_run(&api, &last_step).await, (Some(3), Some(0)));
    assert_eq!(
        api.get("/api/jobs").await.json()["data"],
        json!([]),
        "a dry run makes nothing"
    );

    let body = json!({ "all": true, "name": "First" }).to_string();
    let key = [JSON, ("idempotency-key", "run-1")];
    let path = format!("{PLAY}/run");
    let made = api.raw(Method::POST, &path, body.clone(), &key).await.expect(201);
    let location = made.headers["location"].to_str().unwrap().to_owned();
    let made = made.json();
    assert_eq!(
        (&made["companies"], &made["play"]),
        (&json!(3), &json!("practice-enrichment"))
    );
    let again = api.raw(Method::POST, &path, body, &key).await.expect(201);
    assert_eq!(
        (again.headers["idempotent-replayed"].to_str().unwrap(), again.json()),
        ("true", made.clone())
    );
    let job = done(&api, &made).await;
    assert_eq!(location, format!("/api/jobs/{job}"));
    let shown = api.job(&job).await.expect(200).json();
    assert_eq!(
        [&shown["name"], &shown["original_filename"], &shown["url_column"]],
        ["First", "companies", "domain"]
    );
    let practices = api.all_practices(&job).await;
    assert_eq!(each(&json!(practices), "status"), ["aggregated"; 3]);
    let export = String::from_utf8(api.export(&job, "csv").await).unwrap();
    assert!(
        export.starts_with("domain,name,status,") && export.contains(",harbour-street-dental,aggregated,"),
        "{export}"
    );
    let runs = api.get("/api/batch-runs").await.expect(200).json();
    assert_eq!(each(&runs["data"], "job_id"), [job]);

    assert_eq!(dry_run(&api, &last_step).await, (Some(3), Some(3)));
    let completions = format!("/api/companies/{}/completions", ids[0]);
    let page = api.get(&format!("{completions}?limit=2")).await.expect(200).json();
    assert_eq!(each(&page["data"], "step_number"), [1, 2]);
    let cursor = page["next_cursor"].as_str().unwrap();
    let rest = api
        .get(&format!("{completions}?cursor={cursor}"))
        .await
        .expect(200)
        .json();
    assert_eq!(each(&rest["data"], "workflow_slug"), ["practice-aggregate"]);

    // What is completed is passed over, unless it is forced.
    let job = done(&api, &run(&api, &path, json!({ "all": true })).await).await;
    assert_eq!(skipped(&api, &job).await, 9);
    let job = done(
        &api,
        &run(&api, &path, json!({ "company_ids": ids[1..], "force": true })).await,
    )
    .await;
    assert_eq!((skipped(&api, &job).await, api.all_practices(&job).await.len()), (0, 2));

    // A company that goes leaves its results and takes its completions along.
    api.raw(Method::DELETE, &format!("/api/companies/{}", ids[2]), "", &[])
        .await
        .expect(204);
    assert_eq!(dry_run(&api, &last_step).await, (Some(2), Some(2)));
    assert_eq!(api.all_practices(&job).await.len(), 2);
}

pub async fn parts_of_a_play_run_alone(database: Db) {
    let daemon = start(&database);
    let sites = SampleSites::start().await.unwrap();
    let api = daemon.api(&daemon.token("admin"));
    let ids = companies(&api, &sites, &["harbour-street-dental", "fitzroy-dental"]).await;
    let made = run(
        &api,
        &format!("{PLAY}/steps/1/run"),
        json!({ "company_ids": [ids[0], ids[0]] }),
    )
    .await;
    assert_eq!((&made["companies"], &made["step"]), (&json!(1), &json!(1)));
    done(&api, &made).await;
    let shown = api.job(made["job_id"].as_str().unwrap()).await.expect(200).json();
    assert_eq!(shown["selection"], json!({ "step": 1 }));
    let left = json!({ "filter": { "not_completed": { "play": "practice-enrichment", "step": 1 } } });
    let made = run(&api, &format!("{PLAY}/steps/1/run"), left).await;
    assert_eq!(made["companies"], 1, "the other one");
    done(&api, &made).await;
    let completed =
        json!({ "filter": { "completed": { "play": "practice-enrichment" }, "q": "FITZROY" }, "dry_run": true });
    let counted = api.post(&format!("{PLAY}/run"), &completed).await.expect(200).json();
    assert_eq!(counted["companies"], 1);

    let own = json!({
        "workflow_slug": "own-url", "title": "Own", "overall_step_number": 5, "provider": "native", "play_name": "own",
        "settings": { "handler": "url" }
    });
    let own = api.post("/api/workflows", &own).await.expect(201).json();
    let path = format!("/api/workflows/{}", own["id"].as_str().unwrap());
    let domains = json!({ "filter": { "domains": [sites.url("fitzroy-dental").unwrap()] } });
    let made = run(&api, &format!("{path}/run"), domains).await;
    assert_eq!((&made["workflow_id"], &made["play"]), (&own["id"], &json!("own")));
    let job = done(&api, &made).await;
    assert_eq!(each(&json!(api.all_practices(&job).await), "status"), ["aggregated"]);
    let (_, before) = dry_run(&api, &format!("{path}/run")).await;
    assert_eq!(before, Some(1));

    // Whom the organisation never contacts it does not run either.
    let excluded = json!({ "identifiers": [sites.url("fitzroy-dental").unwrap()] });
    api.post("/api/exclusions", &excluded).await.expect(200);
    let made = run(&api, &format!("{path}/run"), json!({ "all": true, "force": true })).await;
    assert_eq!((&made["companies"], &made["excluded"]), (&json!(2), &json!(1)));
    let job = done(&api, &made).await;
    assert_eq!(
        each(&json!(api.all_practices(&job).await), "status"),
        ["aggregated", "excluded"]
    );
    send(&api, Method::PATCH, &path, &json!({ "enabled": false }))
        .await
        .expect(200);
    let refused = api
        .post(&format!("{path}/run"), &json!({ "all": true }))
        .await
        .expect(409)
        .json();
    assert_eq!(refused["code"], "workflow_disabled");
    let refused = api
        .post("/api/plays/own/run", &json!({ "all": true }))
        .await
        .expect(409)
        .json();
    assert_eq!(refused["code"], "play_disabled");
    let refused = api
        .post("/api/plays/own/steps/5/run", &json!({ "all": true }))
        .await
        .expect(409)
        .json();
    assert_eq!(refused["code"], "step_disabled");
}

/// More companies than one command takes: each is in the job once, in the order in which they were made.
pub async fn many_companies_become_one_job(database: Db) {
    let daemon = start(&database);
    let api = daemon.api(&daemon.token("admin"));
    let mut csv = "domain,name\n".to_owned();
    for n in 0..2_300 {
        csv.push_str(&format!("company-{n}.nz,Company {n}\n"));
    }
    api.raw(Method::POST, "/api/companies/import", csv, &[CSV])
        .await
        .expect(200);
    let own = json!({
        "workflow_slug": "own-url", "title": "Own", "overall_step_number": 1, "provider": "native", "play_name": "own",
        "settings": { "handler": "url" }
    });
    api.post("/api/workflows", &own).await.expect(201);
    let made = run(&api, "/api/plays/own/run", json!({ "filter": { "q": "company" } })).await;
    assert_eq!((&made["companies"], &made["invalid"]), (&json!(2_300), &json!(0)));
    let job = done(&api, &made).await;
    let export = String::from_utf8(api.export(&job, "csv").await).unwrap();
    let domains: Vec<&str> = export
        .lines()
        .skip(1)
        .map(|line| line.split(',').next().unwrap())
        .collect();
    let expected: Vec<String> = (0..2_300).map(|n| format!("company-{n}.nz")).collect();
    assert_eq!(domains, expected);
    let page = api.practices(&job, "limit=1").await.expect(200).json();
    assert_eq!(page["data"][0]["row_number"], 1);
    assert_eq!(
        dry_run(&api, "/api/plays/own/steps/1/run").await,
        (Some(2_300), Some(2_300))
    );
    let again = json!({ "filter": { "not_completed": { "play": "own" } } });
    let refused = api.post("/api/plays/own/run", &again).await.expect(422).json();
    assert_eq!(refused["code"], "no_company_matches");
}

pub async fn runs_that_make_no_sense_are_refused(database: Db) {
    let daemon = start(&database);
    let api = daemon.api(&daemon.token("member"));
    let other = daemon.api(&daemon.token_in("Other", "member"));
    let path = format!("{PLAY}/run");
    for body in [
        json!({ "all": true }),
        json!({ "filter": { "q": "x" } }),
        json!({ "all": true, "dry_run": true }),
    ] {
        assert_eq!(
            api.post(&path, &body).await.expect(422).json()["code"],
            "no_company_matches",
            "{body}"
        );
    }
    assert_eq!(
        api.get("/api/jobs").await.json()["data"],
        json!([]),
        "and leave nothing"
    );
    let own = api
        .post("/api/companies", &json!({ "domain": "own.nz" }))
        .await
        .expect(201)
        .json();
    let theirs = other
        .post("/api/companies", &json!({ "domain": "theirs.nz" }))
        .await
        .expect(201)
        .json();
    let unknown = api
        .post(&path, &json!({ "company_ids": [own["id"], theirs["id"]] }))
        .await
        .expect(422)
        .json();
    assert_eq!(
        (unknown["code"].as_str(), &unknown["company_ids"]),
        (Some("unknown_companies"), &json!([theirs["id"]]))
    );
    for body in [
        json!({}),
        json!({ "all": false }),
        json!({ "all": true, "filter": {} }),
        json!({ "company_ids": [] }),
        json!({ "all": true, "forced": true }),
    ] {
        api.post(&path, &body).await.expect(400);
    }
    let wrong = json!({ "filter": { "domains": ["own.nz", "n/a"] } });
    assert_eq!(
        api.post(&path, &wrong).await.expect(422).json()["errors"][0]["pointer"],
        "/filter/domains/1"
    );
    let settings = json!({ "all": true, "settings": { "region": "UK" } });
    assert_eq!(
        api.post(&path, &settings).await.expect(422).json()["code"],
        "bad_settings"
    );
    let all = json!({ "all": true });
    api.post("/api/plays/nothing/run", &all).await.expect(404);
    api.post(&format!("{PLAY}/steps/9/run"), &all).await.expect(404);
    api.post("/api/workflows/01890000-0000-7000-8000-000000000000/run", &all)
        .await
        .expect(404);
    daemon.api(&daemon.token("viewer")).post(&path, &all).await.expect(403);
    let admin = daemon.api(&daemon.token_in("Other", "admin"));
    let theirs = json!({ "workflow_slug": "x", "title": "x", "overall_step_number": 1, "provider": "clay" });
    let theirs = admin.post("/api/workflows", &theirs).await.expect(201).json();
    let path = format!("/api/workflows/{}/run", theirs["id"].as_str().unwrap());
    api.post(&path, &all).await.expect(403);
    api.post("/api/plays/default/run", &all).await.expect(404);
}
