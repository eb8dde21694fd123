//! The forms in which a list may be sent, and a look at it before it is started.

use crate::support::api::Api;
use crate::support::daemon::Db;
use crate::support::start;
use batchdesk::simulators::load::LoadSite;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{CSV, JSON, SOON};

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

pub async fn a_preview_tells_what_would_become_of_a_list(database: Db) {
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

pub async fn json_lists_are_lists(database: Db) {
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

pub async fn workbooks_are_lists(database: Db) {
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
