//! The description of the interface is kept: a tester that knows nothing but `/openapi.json` finds no error of the daemon's own, and no
//! answer that is not described.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on says so by a panic"
)]

#[macro_use]
mod support;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;

use reqwest::Method;
use serde_json::{Value, json};
use support::daemon::Db;
use support::{skip, start, start_with};

on_both_databases!("described API":
    whatever_is_asked_is_answered_as_described,
    a_character_that_no_text_may_hold_is_refused_where_it_comes_in,
);

/// What is looked for in each answer.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";
/// Answers that have no end.
const STREAMS: &str = "/events$";

fn tester() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|directory| directory.join("schemathesis"))
        .find(|path| path.is_file())
}

async fn whatever_is_asked_is_answered_as_described(database: Db) {
    let Some(tester) = tester() else {
        skip("described API", "schemathesis is not on the path");
        return;
    };
    let daemon = start_with(&database, "[http]\nrequests_per_minute = 0\n");
    // Something for the reads to find, so that answers with content are compared too.
    let api = daemon.api(&daemon.token("operator"));
    let restaurant = json!({ "name": "Pizza Palace", "city": "Auckland", "country": "NZ" });
    let restaurant = api.post("/api/restaurants", &restaurant).await.expect(201).json();
    let batch = json!({ "restaurant_ids": [restaurant["id"]] });
    api.post("/api/registration-batches", &batch).await.expect(201);
    api.post("/api/leads", &json!({ "name": "Burger House" }))
        .await
        .expect(201);
    let directory = tempfile::tempdir().unwrap();
    let report = directory.path().join("report.json");
    let mut run = Command::new(tester);
    run.current_dir(directory.path())
        .env("NO_PROXY", "127.0.0.1")
        .args(["run", &format!("{}/openapi.json", daemon.base_url())])
        .args(["-H", &format!("Authorization: Bearer {}", daemon.token("operator"))])
        .args([
            "--phases",
            "coverage,fuzzing",
            "--max-examples",
            "3",
            "--max-time",
            "45",
            "--seed",
            "20261126",
        ])
        .args([
            "--checks",
            CHECKS,
            "--exclude-path-regex",
            STREAMS,
            "--continue-on-failure",
            "--no-shrink",
        ])
        .args(["--suppress-health-check", "all", "--warnings", "off"])
        .args(["--report", "json", "--report-json-path"])
        .arg(&report);
    let ran = tokio::task::spawn_blocking(move || run.output())
        .await
        .unwrap()
        .unwrap();
    let text = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(ran.status.success(), "{text}{}", String::from_utf8_lossy(&ran.stderr));
    // A tester that was let in nowhere finds nothing wrong.
    let told: Value = serde_json::from_slice(&std::fs::read(&report).unwrap()).unwrap();
    let tested = told["operations"]["tested"].as_u64().unwrap_or_default();
    assert!(tested > 100, "{:#}", told["operations"]);
    api.get("/api/jobs").await.expect(200);
}

async fn a_character_that_no_text_may_hold_is_refused_where_it_comes_in(database: Db) {
    let daemon = start(&database);
    let api = daemon.api(&daemon.token("admin"));
    for (path, body) in [
        ("/api/restaurants", json!({ "name": "Pizza\0Palace" })),
        ("/api/leads", json!([{ "name": "A" }, { "name": "\0" }])),
        ("/api/exclusions", json!({ "kind": "domain", "values": ["a\0.nz"] })),
        (
            "/api/registration-batches",
            json!({ "restaurant_ids": [], "common_config": { "a\0": 1 } }),
        ),
        ("/api/tokens", json!({ "name": "\0" })),
    ] {
        let refused = api.post(path, &body).await.expect(422).json();
        assert_eq!(refused["code"], "unknown_character", "{path}: {refused:#}");
        assert!(refused["detail"].as_str().unwrap().contains("U+0000"), "{refused:#}");
    }
    // In bodies that may be left out, in the query and in the path.
    let id = "0190a000-0000-7000-8000-000000000000";
    let retry = format!("/api/registration-batches/{id}/retry-failed");
    let refused = api.post(&retry, &json!({ "a": "\0" })).await.expect(422).json();
    assert_eq!(refused["code"], "unknown_character");
    for path in ["/api/leads?q=a%00b", "/api/plays/%00"] {
        let refused = api.get(path).await.expect(422).json();
        assert_eq!(refused["code"], "unknown_character", "{path}");
    }
    // Compressed, and in the fields of a form.
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed
        .write_all(json!({ "name": "Pizza\0Palace" }).to_string().as_bytes())
        .unwrap();
    let headers = [("content-type", "application/json"), ("content-encoding", "gzip")];
    let packed = packed.finish().unwrap();
    let refused = api
        .raw(Method::POST, "/api/restaurants", packed, &headers)
        .await
        .expect(422)
        .json();
    assert_eq!(refused["code"], "unknown_character");
    let part = |name: &str, value: &str| format!("--b\r\ncontent-disposition: form-data; {name}\r\n\r\n{value}\r\n");
    let list = part("name=\"file\"; filename=\"a.csv\"", "website\nhttps://a.nz/\n");
    let form = [("content-type", "multipart/form-data; boundary=b")];
    for field in [
        part("name=\"name\"", "a\0b"),
        part("name=\"settings\"", "{\"a\": \"\\u0000\"}"),
    ] {
        let refused = api
            .raw(Method::POST, "/api/jobs", format!("{field}{list}--b--\r\n"), &form)
            .await;
        assert_eq!(refused.expect(422).json()["code"], "unknown_character", "{field:?}");
    }
    // An escaped backslash before it makes it a text of six letters.
    let name = json!({ "name": "Pizza \\u0000 Palace" });
    let made = api.post("/api/restaurants", &name).await.expect(201).json();
    assert_eq!(made["name"], "Pizza \\u0000 Palace");
}
