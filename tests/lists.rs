//! What stands around a list: previews, JSON, the exclusion list, keys that make a request count once, bulk commands,
//! batch runs.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on says so by a panic"
)]

#[macro_use]
mod support;

use std::time::Duration;

use batchdesk::simulators::load::LoadSite;
use reqwest::Method;
use serde_json::{Value, json};
use support::api::{Answer, Api};
use support::daemon::Db;
use support::{list, start};

const SOON: Duration = Duration::from_secs(60);
const CSV: (&str, &str) = ("content-type", "text/csv");
const JSON: (&str, &str) = ("content-type", "application/json");

on_both_databases!("lists":
    a_preview_tells_what_would_become_of_a_list,
    json_lists_are_lists,
    workbooks_are_lists,
    excluded_websites_are_never_contacted,
    a_key_makes_a_request_count_once,
    all_that_match_are_changed_with_a_count_first,
    batch_runs_of_others_are_kept,
);

async fn preview(api: &Api, csv: &str) -> Value {
    let answer = api
        .raw(Method::POST, "/api/imports?filename=spring.csv", csv, &[CSV])
        .await;
    let answer = answer.expect(201);
    let location = answer.headers["location"].to_str().unwrap().to_owned();
    let preview = answer.json();
    assert_eq!(
        location,
        format!("/api/imports/{}", preview["import_id"].as_str().unwrap())
    );
    preview
}

async fn a_preview_tells_what_would_become_of_a_list(database: Db) {
    let daemon = start(&database);
    let site = LoadSite::start().await.unwrap();
    let api = daemon.api(&daemon.token("member"));
    let csv = format!(
        "naïve;website;=note\nA;{0};1\nB;n/a;2\n;;\nC;{0};3\nD;mail@example.org;=1+1\nE;{1};\n",
        site.practice_url(1),
        site.practice_url(2)
    );
    let seen = preview(&api, &csv).await;
    assert_eq!(seen["delimiter"], ";");
    assert_eq!(seen["columns"], json!(["naïve", "website", "=note"]));
    assert_eq!(seen["url_column"], "website");
    let counts = &seen["counts"];
    assert_eq!(
        [
            &counts["rows"],
            &counts["blank_rows"],
            &counts["invalid"],
            &counts["duplicates"],
            &counts["excluded"]
        ],
        [&json!(5), &json!(1), &json!(2), &json!(1), &json!(0)]
    );
    assert_eq!(seen["rows"][1]["cells"]["website"], "n/a");
    assert_eq!(seen["problems"][0]["line"], 3);
    assert_eq!(seen["problems"][1]["column"], "website");
    let id = seen["import_id"].as_str().unwrap();

    let rejected = api.get(&format!("/api/imports/{id}/rejected")).await.expect(200).text();
    let mut lines = rejected.lines();
    assert_eq!(lines.next().unwrap(), "naïve,website,'=note,error");
    assert!(lines.next().unwrap().starts_with("B,n/a,2,"), "{rejected}");
    assert!(
        lines.next().unwrap().starts_with("D,mail@example.org,'=1+1,"),
        "{rejected}"
    );
    assert_eq!(lines.next(), None);

    let jobs = api.get("/api/jobs").await.expect(200).json();
    assert_eq!(jobs["data"], json!([]), "a preview starts nothing");
    let other = daemon.api(&daemon.token_in("Another", "admin"));
    other.get(&format!("/api/imports/{id}")).await.expect(403);
    let started = api
        .post("/api/jobs", &json!({ "import_id": id, "name": "Spring" }))
        .await
        .expect(201)
        .json();
    assert_eq!(
        [&started["total_practices"], &started["duplicates"], &started["invalid"]],
        [&json!(5), &json!(1), &json!(2)]
    );
    let job = started["job_id"].as_str().unwrap();
    api.wait_for(job, "completed", SOON).await;
    assert_eq!(api.job(job).await.json()["original_filename"], "spring.csv");

    api.raw(Method::DELETE, &format!("/api/imports/{id}"), "", &[])
        .await
        .expect(204);
    let gone = api
        .post("/api/jobs", &json!({ "import_id": id }))
        .await
        .expect(404)
        .json();
    assert!(
        gone["detail"].as_str().unwrap().contains("send the list again"),
        "{gone}"
    );

    let unclear = preview(
        &api,
        "website,url\nhttps://a.nz,https://b.nz\nhttps://c.nz,https://d.nz\n",
    )
    .await;
    assert_eq!(unclear["url_column"], Value::Null);
    assert_eq!(unclear["candidates"], json!(["website", "url"]));
    let id = unclear["import_id"].as_str().unwrap();
    let named = api
        .get(&format!("/api/imports/{id}?url_column=url"))
        .await
        .expect(200)
        .json();
    assert_eq!(named["url_column"], "url");
    api.post("/api/jobs", &json!({ "import_id": id })).await.expect(422);
    assert_eq!(
        std::fs::read_dir(daemon.data_dir().join("spool")).unwrap().count(),
        0,
        "nothing is left in the spool"
    );
}

async fn json_lists_are_lists(database: Db) {
    let daemon = start(&database);
    let site = LoadSite::start().await.unwrap();
    let api = daemon.api(&daemon.token("member"));
    let body = json!({
        "name": "From a script",
        "practices": [site.practice_url(1), { "name": "B", "website": site.practice_url(2), "staff": 4 }, "n/a"],
        "settings": { "region": "NZ" }
    });
    let accepted = api.post("/api/jobs", &body).await.expect(201).json();
    assert_eq!(
        [&accepted["total_practices"], &accepted["invalid"]],
        [&json!(3), &json!(1)]
    );
    assert_eq!(accepted["url_column"], "website");
    let job = accepted["job_id"].as_str().unwrap();
    api.wait_for(job, "completed", SOON).await;
    let export = String::from_utf8(api.export(job, "csv").await).unwrap();
    assert!(export.starts_with("website,name,staff,status,"), "{export}");
    for (body, status, code) in [
        ("{\"practices\": [7]}", 422, "bad_json"),
        ("{\"practices\": []}", 422, "empty_file"),
        ("{\"name\": \"x\"}", 422, "no_file"),
        ("{\"practices\": [\"a.nz\"], \"nmae\": \"x\"}", 400, "bad_request"),
    ] {
        let problem = api
            .raw(Method::POST, "/api/jobs", body, &[JSON])
            .await
            .expect(status)
            .json();
        assert_eq!(problem["code"], code, "{body}: {problem}");
    }
}

/// A workbook with a list on each sheet: a title, a blank row, a header, and the rows.
fn workbook(sheets: &[(&str, &[String])]) -> Vec<u8> {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    for (name, rows) in sheets {
        let sheet = workbook.add_worksheet();
        sheet.set_name(*name).unwrap();
        sheet.write(0, 0, "Practices of the spring campaign").unwrap();
        sheet.write(2, 0, "Name").unwrap().write(2, 1, "Website").unwrap();
        for (at, url) in (3..).zip(rows.iter()) {
            sheet.write(at, 0, 42).unwrap().write(at, 1, url).unwrap();
        }
    }
    workbook.save_to_buffer().unwrap()
}

async fn workbooks_are_lists(database: Db) {
    const XLSX: (&str, &str) = (
        "content-type",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    );
    let daemon = start(&database);
    let site = LoadSite::start().await.unwrap();
    let api = daemon.api(&daemon.token("member"));
    let (north, south) = (
        [site.practice_url(1), site.practice_url(2)],
        [site.practice_url(3), "n/a".to_owned(), site.practice_url(4)],
    );
    let both = workbook(&[("North", &north), ("South", &south)]);
    let unclear = api
        .raw(Method::POST, "/api/imports", both.clone(), &[XLSX])
        .await
        .expect(422)
        .json();
    assert_eq!(unclear["code"], "ambiguous_sheet");
    assert_eq!(unclear["sheets"], json!(["North", "South"]));
    let path = "/api/imports?sheet=South&filename=spring.xlsx";
    let seen = api.raw(Method::POST, path, both, &[XLSX]).await.expect(201).json();
    assert_eq!(
        [&seen["source"]["format"], &seen["source"]["workbook"]["sheet"]],
        ["xlsx", "South"]
    );
    assert_eq!(seen["title_rows"], json!(["Practices of the spring campaign"]));
    assert_eq!(
        [&seen["url_column"], &seen["counts"]["invalid"]],
        [&json!("Website"), &json!(1)]
    );
    assert_eq!(seen["rows"][0]["cells"]["Name"], "42");
    let job = api
        .upload_csv(workbook(&[("Only", &north)]), "only.xlsx")
        .await
        .expect(201)
        .json();
    assert_eq!(job["total_practices"], 2);
    api.wait_for(job["job_id"].as_str().unwrap(), "completed", SOON).await;
    let damaged = api
        .upload_csv(workbook(&[("Only", &north)])[..900].to_vec(), "cut.xlsx")
        .await;
    assert_eq!(damaged.expect(422).json()["code"], "damaged_workbook");
}

async fn excluded_websites_are_never_contacted(database: Db) {
    let daemon = start(&database);
    let site = LoadSite::start().await.unwrap();
    let admin = daemon.api(&daemon.token("admin"));
    let first = admin.create_job(list(&site, 0..3)).await;
    admin.wait_for(&first, "completed", SOON).await;
    let practices = admin.all_practices(&first).await;
    let ids: Vec<&Value> = practices.iter().take(2).map(|practice| &practice["id"]).collect();
    let body = json!({ "job_id": first, "practice_ids": ids, "reason": "asked not to be listed" });
    let member = daemon.api(&daemon.token("member"));
    member.post("/api/save-excluded-job", &body).await.expect(403);
    let saved = admin.post("/api/save-excluded-job", &body).await.expect(200).json();
    assert_eq!(saved["excluded"], 2);
    site.forget();

    let upload = admin
        .upload_csv(list(&site, 0..4), "again.csv")
        .await
        .expect(201)
        .json();
    assert_eq!(
        [&upload["total_practices"], &upload["excluded"]],
        [&json!(4), &json!(2)]
    );
    let second = upload["job_id"].as_str().unwrap();
    let status = admin.wait_for(second, "completed", SOON).await;
    assert_eq!(
        [&status["counts"]["excluded"], &status["counts"]["aggregated"]],
        [&json!(2), &json!(2)]
    );
    assert_eq!((site.hits(0), site.hits(1), site.hits(2)), (0, 0, 1));
    let excluded = admin.practices(second, "status=excluded").await.expect(200).json();
    assert!(
        excluded["data"][0]["error_message"]
            .as_str()
            .unwrap()
            .contains("asked not to be listed")
    );
    let elsewhere = daemon.api(&daemon.token_in("Another", "admin"));
    assert_eq!(
        elsewhere.get("/api/exclusions").await.expect(200).json()["data"],
        json!([])
    );

    let by_filter = json!({ "job_id": second, "filter": { "status": "aggregated" }, "dry_run": true });
    assert_eq!(
        admin
            .post("/api/save-excluded-job", &by_filter)
            .await
            .expect(200)
            .json()["matched"],
        2
    );
    let by_filter = json!({ "job_id": second, "filter": { "status": "aggregated" } });
    assert_eq!(
        admin
            .post("/api/save-excluded-job", &by_filter)
            .await
            .expect(200)
            .json()["excluded"],
        2
    );
    let listed = admin.get("/api/exclusions?limit=3").await.expect(200).json();
    assert_eq!(listed["data"].as_array().unwrap().len(), 3);
    let rest = format!("/api/exclusions?cursor={}", listed["next_cursor"].as_str().unwrap());
    assert_eq!(
        admin.get(&rest).await.expect(200).json()["data"]
            .as_array()
            .unwrap()
            .len(),
        1
    );

    let everything = json!({ "identifiers": (0..4).map(|n| site.practice_url(n)).collect::<Vec<_>>() }).to_string();
    let removed = admin
        .raw(Method::DELETE, "/api/exclusions", everything, &[JSON])
        .await
        .expect(200)
        .json();
    assert_eq!(removed["removed"], 4);
    let whole_site = json!({ "identifiers": [site.url("/"), "not a site"], "reason": null });
    let added = admin.post("/api/exclusions", &whole_site).await.expect(200).json();
    assert_eq!(
        [&added["excluded"], &added["invalid"][0]["identifier"]],
        [&json!(1), &json!("not a site")]
    );
    let upload = admin
        .upload_csv(list(&site, 0..4), "third.csv")
        .await
        .expect(201)
        .json();
    assert_eq!(upload["excluded"], 4, "an exclusion of a host covers its pages");
    admin
        .wait_for(upload["job_id"].as_str().unwrap(), "completed", SOON)
        .await;
}

async fn keyed(api: &Api, key: &str, body: String) -> Answer {
    let headers = [CSV, ("idempotency-key", key)];
    api.raw(Method::POST, "/api/jobs?filename=a.csv", body, &headers).await
}

async fn a_key_makes_a_request_count_once(database: Db) {
    let mut daemon = start(&database);
    let site = LoadSite::start().await.unwrap();
    let api = daemon.api(&daemon.token("member"));
    let csv = list(&site, 0..3);
    let key = "5f0c1f1e-once";
    let first = keyed(&api, key, csv.clone()).await.expect(201);
    let again = keyed(&api, key, csv.clone()).await.expect(201);
    assert_eq!(first.body, again.body);
    assert_eq!(first.headers["location"], again.headers["location"]);
    assert!(!first.headers.contains_key("idempotent-replayed"));
    assert_eq!(again.headers["idempotent-replayed"], "true");
    let other = keyed(&api, key, list(&site, 0..4)).await.expect(422).json();
    assert_eq!(other["code"], "idempotency_key_reused");

    daemon.kill9();
    daemon.restart();
    let api = daemon.api(&daemon.token("member"));
    let jobs = api.get("/api/jobs").await.expect(200).json();
    assert_eq!(
        jobs["data"].as_array().unwrap().len(),
        0,
        "another member's jobs are not seen"
    );
    let bad = keyed(&api, "bad", "name\nA\n".to_owned()).await;
    bad.expect(422);
    keyed(&api, "bad", csv.clone()).await.expect(201);
    let (one, two) = tokio::join!(keyed(&api, "both", csv.clone()), keyed(&api, "both", csv.clone()));
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert!(matches!(statuses, [201, 201 | 409]), "{statuses:?}");
    let jobs = api.get("/api/jobs").await.expect(200).json();
    assert_eq!(jobs["data"].as_array().unwrap().len(), 2, "{jobs}");
    let headers = [CSV, ("idempotency-key", "with space")];
    let spaced = api
        .raw(Method::POST, "/api/jobs", csv, &headers)
        .await
        .expect(400)
        .json();
    assert_eq!(spaced["code"], "bad_idempotency_key");
}

async fn all_that_match_are_changed_with_a_count_first(database: Db) {
    let daemon = start(&database);
    let site = LoadSite::start().await.unwrap();
    site.set_delay(Duration::from_secs(30));
    let api = daemon.api(&daemon.token("member"));
    let mut jobs = Vec::new();
    for _ in 0..3 {
        jobs.push(api.create_job(list(&site, 0..2)).await);
    }
    for job in &jobs {
        api.wait_for(job, "running", SOON).await;
    }
    let filter = json!({ "filter": { "status": "running", "q": "practices" }, "dry_run": true });
    assert_eq!(
        api.post("/api/pause-job", &filter).await.expect(200).json()["matched"],
        3
    );
    let paused = api
        .post("/api/pause-job", &json!({ "job_ids": jobs[..2] }))
        .await
        .expect(200)
        .json();
    assert_eq!(paused["changed"].as_array().unwrap().len(), 2);
    let killed = api
        .post("/api/kill-job", &json!({ "filter": {} }))
        .await
        .expect(200)
        .json();
    assert_eq!(killed["changed"].as_array().unwrap().len(), 3);
    let resumed = api
        .post("/api/resume-job", &json!({ "filter": { "status": "error" } }))
        .await
        .expect(200)
        .json();
    assert_eq!(
        [&resumed["changed"], &resumed["refused"][0]["code"]],
        [&json!([]), &json!("illegal_transition")]
    );
    api.post("/api/pause-job", &json!({})).await.expect(400);

    let csv = "website\nn/a\nhttps://a.invalid-name\nunknown\nn/a\n";
    let job = api.create_job(format!("{csv}{}\n", site.practice_url(9))).await;
    api.kill(&job).await.expect(200);
    let failed = api.practices(&job, "status=error").await.json();
    let id = failed["data"][0]["id"].as_i64().unwrap();
    let one = json!({ "job_id": job, "practice_ids": [id], "dry_run": true });
    assert_eq!(api.post("/api/redo-job", &one).await.expect(200).json()["matched"], 1);
    let some = json!({ "job_id": job, "filter": { "q": "n/" }, "dry_run": true });
    assert_eq!(api.post("/api/redo-job", &some).await.expect(200).json()["matched"], 2);
    let one = json!({ "job_id": job, "practice_ids": [id] });
    assert_eq!(api.post("/api/redo-job", &one).await.expect(200).json()["reset"], 1);
}

async fn batch_runs_of_others_are_kept(database: Db) {
    let daemon = start(&database);
    let api = daemon.api(&daemon.token("member"));
    let new = json!({ "filename": "leads.csv", "meta": { "fileSize": 12, "fileType": "text/csv" } });
    let made = api.post("/api/batch-runs", &new).await.expect(201).json();
    assert_eq!(made["status"], "pending");
    let path = format!("/api/batch-runs/{}", made["id"].as_str().unwrap());
    let read = api.get(&path).await.expect(200);
    assert_eq!(read.headers["etag"], "\"1\"");
    assert_eq!(read.json(), made);
    let patch = |body: Value, tag: &'static str| {
        let (api, path) = (api.clone(), path.clone());
        async move {
            api.raw(Method::PATCH, &path, body.to_string(), &[JSON, ("if-match", tag)])
                .await
        }
    };
    let begun = patch(
        json!({ "status": "processing", "meta": { "rows": 3, "fileType": null } }),
        "\"1\"",
    )
    .await;
    let begun = begun.expect(200);
    assert_eq!(begun.headers["etag"], "\"2\"");
    let begun = begun.json();
    assert!(begun["started_at"].is_string());
    assert_eq!(begun["meta"], json!({ "fileSize": 12, "rows": 3 }));
    let late = patch(json!({ "status": "failed" }), "\"1\"").await.expect(412).json();
    assert_eq!((late["code"].as_str().unwrap(), &late["version"]), ("stale", &json!(2)));
    let done = patch(
        json!({ "status": "completed", "result_url": "https://x.example/r" }),
        "*",
    )
    .await
    .expect(200)
    .json();
    assert!(done["finished_at"].is_string());
    let back = patch(json!({ "status": "pending" }), "*").await.expect(409).json();
    assert_eq!([&back["from"], &back["to"]], ["completed", "pending"]);

    api.create_job("website\nn/a\n").await;
    let runs = api.get("/api/batch-runs").await.expect(200).json();
    let run = runs["data"]
        .as_array()
        .unwrap()
        .iter()
        .find(|run| run["job_id"].is_string())
        .unwrap();
    let path = format!("/api/batch-runs/{}", run["id"].as_str().unwrap());
    let refused = api
        .raw(Method::PATCH, &path, "{\"status\":\"failed\"}", &[JSON])
        .await
        .expect(409)
        .json();
    assert_eq!(
        (refused["code"].as_str().unwrap(), &refused["job_id"]),
        ("belongs_to_job", &run["job_id"])
    );
    let noted = api
        .raw(Method::PATCH, &path, "{\"meta\":{\"note\":\"x\"}}", &[JSON])
        .await
        .expect(200)
        .json();
    assert_eq!(noted["meta"]["note"], "x");
}

#[tokio::test]
async fn every_answer_has_a_request_id() {
    let daemon = start(&Db::Sqlite);
    let api = daemon.api(&daemon.token("viewer"));
    let own = api.get("/api/jobs").await.expect(200);
    assert!(own.headers["x-request-id"].len() > 20);
    let sent = api
        .raw(Method::GET, "/api/jobs/x", "", &[("x-request-id", "abc-1")])
        .await
        .expect(404);
    assert_eq!(sent.headers["x-request-id"], "abc-1");
    assert_eq!(sent.json()["request_id"], "abc-1");
    let odd = api
        .raw(Method::GET, "/healthz", "", &[("x-request-id", "a b")])
        .await
        .expect(200);
    assert_ne!(odd.headers["x-request-id"], "a b");
}
