//! Workflows that come from files.

use std::fs;
use std::path::Path;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::api::Api;
use crate::support::command::Place;
use crate::support::daemon::Db;
use crate::support::start_with;
use crate::{each, send};

fn settings(directory: &Path) -> String {
    format!("[workflows]\ndir = {:?}\n", directory.display().to_string())
}

fn write(directory: &Path, workflows: &[(&str, &str)]) {
    let mut text = "play = \"finding\"\n".to_owned();
    if workflows.is_empty() {
        text.push_str("workflow = []\n");
    }
    for (slug, more) in workflows {
        text.push_str(&format!(
            "[[workflow]]\nslug = {slug:?}\ntitle = \"Find\"\nstep = 1\nprovider = \"n8n\"\n{more}\n"
        ));
    }
    fs::write(directory.join("finding.toml"), text).unwrap();
}

const CALLS: &str =
    "settings = { url = \"https://n8n.example/webhook/1\", headers = { Authorization = \"Bearer s3cret\" } }";
const CALLS_ANOTHER: &str =
    "settings = { url = \"https://n8n.example/webhook/2\", headers = { Authorization = \"Bearer an0ther\" } }";

async fn workflow(api: &Api, slug: &str) -> Value {
    let found = api.get(&format!("/api/workflows?q={slug}")).await.expect(200).json();
    found["data"][0].clone()
}

pub async fn files_own_their_workflows(database: Db) {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), &[("find-a", CALLS), ("find-b", "")]);
    let daemon = start_with(&database, &settings(directory.path()));
    let operator = daemon.api(&daemon.token("operator"));
    let made = workflow(&operator, "find-a").await;
    assert_eq!(
        (&made["managed_by"], &made["shared"], &made["mode"]),
        (&json!("file"), &json!(true), &json!("async"))
    );
    let path = format!("/api/workflows/{}", made["id"].as_str().unwrap());
    for method in [Method::PUT, Method::PATCH, Method::DELETE] {
        let refused = send(&operator, method.clone(), &path, &made).await.expect(409).json();
        assert_eq!(refused["code"], "managed_by_file", "{method}");
        assert!(refused["detail"].as_str().unwrap().contains("copy"), "{refused}");
    }

    write(directory.path(), &[("find-a", CALLS_ANOTHER), ("find-c", "")]);
    let before = operator
        .post("/api/admin/reload?dry_run=true", &json!({}))
        .await
        .expect(200)
        .json();
    let diff = &before["workflows"];
    assert_eq!(each(&diff["created"], "workflow_slug"), ["find-c"]);
    assert_eq!(diff["disabled"], json!(["find-b"]));
    assert_eq!(
        each(&diff["changed"][0]["fields"], "field"),
        ["settings.headers.Authorization", "settings.url"]
    );
    assert!(
        !before.to_string().contains("s3cret") && !before.to_string().contains("an0ther"),
        "{before}"
    );
    assert_eq!(workflow(&operator, "find-a").await, made, "nothing has changed yet");
    operator.get("/api/admin/reload?dry_run=true").await.expect(405);
    let admin = daemon.api(&daemon.token("admin"));
    admin
        .post("/api/admin/reload?dry_run=true", &json!({}))
        .await
        .expect(403);

    let done = operator.post("/api/admin/reload", &json!({})).await.expect(200).json();
    assert_eq!(done["workflows_changed"], 3);
    assert_eq!(workflow(&operator, "find-a").await["version"], 2);
    let versions = operator.get(&format!("{path}/versions")).await.expect(200).json();
    assert_eq!(each(&versions["data"], "version"), [2, 1]);
    assert_eq!(versions["data"][1]["workflow"], made);
    assert_eq!(workflow(&operator, "find-b").await["enabled"], false);
    let again = operator.post("/api/admin/reload", &json!({})).await.expect(200).json();
    assert_eq!(again["workflows_changed"], 0);

    write(directory.path(), &[("find-a", "mode = \"later\"\ncolour = 1")]);
    let refused = operator
        .post("/api/admin/reload?dry_run=true", &json!({}))
        .await
        .expect(422)
        .json();
    assert!(
        refused["detail"].as_str().unwrap().contains("finding.toml"),
        "{refused}"
    );

    // What an operator made by request, a file may take over.
    let new = json!({ "workflow_slug": "find-d", "title": "D", "overall_step_number": 2, "provider": "clay", "shared": true });
    operator.post("/api/workflows", &new).await.expect(201);
    write(
        directory.path(),
        &[("find-a", CALLS_ANOTHER), ("find-c", ""), ("find-d", "")],
    );
    let diff = operator
        .post("/api/admin/reload?dry_run=true", &json!({}))
        .await
        .expect(200)
        .json();
    assert_eq!(diff["workflows"]["changed"][0]["taken_over"], true, "{diff}");
    operator.post("/api/admin/reload", &json!({})).await.expect(200);
    assert_eq!(workflow(&operator, "find-d").await["managed_by"], "file");
}

pub async fn a_wrong_registration_file_changes_nothing(database: Db) {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), &[("find-a", CALLS)]);
    let mut daemon = start_with(&database, &settings(directory.path()));
    let operator = daemon.api(&daemon.token("operator"));
    let place = Place::new();
    let config = daemon.config_path().display().to_string();
    let run = async |arguments: &[&str]| place.run(&[arguments, &["--config", &config]].concat()).await;
    run(&["config", "check"]).await.expect(0);

    let right = include_str!("../../config/workflows/registration.toml");
    let wrong = right
        .replace("\"menu-csv-upload\"]", "\"menu\"]")
        .replace("{{ config.subdomain }}", "{{ config.subdomain");
    fs::write(directory.path().join("registration.toml"), wrong).unwrap();
    write(directory.path(), &[("find-a", CALLS_ANOTHER)]);
    let told = [
        "'sub_step' option-sets: 'depends_on' names 'menu', and there is no such sub-step",
        "'sub_step' item-tags: 'depends_on' names 'menu', and there is no such sub-step",
        "'sub_step' website: 'settings.body.subdomain' cannot be used: the template is wrong in line 1",
    ];
    for path in ["/api/admin/reload", "/api/admin/reload?dry_run=true"] {
        let refused = operator.post(path, &json!({})).await.expect(422).json();
        let detail = refused["detail"].as_str().unwrap();
        assert!(told.iter().all(|line| detail.contains(line)), "{refused}");
    }
    assert_eq!(workflow(&operator, "find-a").await["version"], 1);
    run(&["config", "check"]).await.expect(1).says(&told);
    daemon.terminate();
    run(&["workflows", "diff"]).await.expect(1).says(&told);

    fs::write(directory.path().join("registration.toml"), right).unwrap();
    run(&["config", "check"]).await.expect(0);
    run(&["workflows", "diff"]).await.expect(3);

    // Who registers somewhere needs the keys for it.
    let platform = "[registration]\nplatform_url = 'https://platform.example'\n";
    daemon.rewrite_config(&format!("{}{platform}", settings(directory.path())));
    run(&["config", "check"])
        .await
        .expect(1)
        .says(&["[secrets.PLATFORM_API_KEY]", "[secrets.NZBN_SUBSCRIPTION_KEY]"]);
}

pub async fn what_files_would_change_is_shown_first(database: Db) {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), &[("find-a", CALLS), ("find-b", "")]);
    let mut daemon = start_with(&database, &settings(directory.path()));
    let place = Place::new();
    let config = daemon.config_path().display().to_string();
    let run = async |arguments: &[&str]| {
        let arguments = [&["workflows"], arguments, &["--config", &config]].concat();
        place.run(&arguments).await
    };
    for arguments in [["diff"].as_slice(), &["apply", "--yes"]] {
        run(arguments)
            .await
            .expect(1)
            .says(&["a daemon owns the database", "POST /api/admin/reload"]);
    }
    daemon.terminate();
    let same = run(&["diff"]).await.expect(0);
    assert!(same.stdout.contains("says what the workflow files say"), "{same:?}");

    write(directory.path(), &[("find-a", CALLS_ANOTHER), ("find-c", "")]);
    let differs = run(&["diff"]).await.expect(3);
    for line in [
        "+ find-c (play finding, step 1, n8n): Find",
        "~ find-a",
        "settings.url: \"https://n8n.example/webhook/1\" -> \"https://n8n.example/webhook/2\"",
        "settings.headers.Authorization: \"(hidden)\" -> \"(hidden)\"",
        "- find-b",
        "create 1, change 1, disable 1",
    ] {
        assert!(differs.stdout.contains(line), "no '{line}' in {}", differs.stdout);
    }
    let json = run(&["diff", "--json"]).await.expect(3).json();
    assert_eq!(json["disabled"], serde_json::json!(["find-b"]));
    // Nobody is there to ask.
    run(&["apply"]).await.expect(1).says(&["--yes"]);
    run(&["diff"]).await.expect(3);
    let applied = run(&["apply", "--yes"]).await.expect(0);
    assert!(
        applied.stdout.contains("~ find-a"),
        "what is changed is shown: {applied:?}"
    );
    applied.says(&["workflows changed: 3"]);
    run(&["diff"]).await.expect(0);
    run(&["apply"]).await.expect(0);

    daemon.restart();
    let api = daemon.api(&daemon.token("viewer"));
    let changed = workflow(&api, "find-a").await;
    assert_eq!(
        (&changed["version"], &changed["settings"]["url"]),
        (&json!(2), &json!("https://n8n.example/webhook/2"))
    );
    let versions = format!("/api/workflows/{}/versions", changed["id"].as_str().unwrap());
    assert_eq!(
        each(&api.get(&versions).await.expect(200).json()["data"], "version"),
        [2, 1]
    );
    daemon.terminate();
    write(directory.path(), &[("find-a", "mode = \"later\"")]);
    run(&["diff"])
        .await
        .expect(1)
        .says(&["'mode' must be one of sync, async", "nothing was compared"]);
}

#[tokio::test]
async fn a_database_that_is_not_there_yet_is_made_by_apply_alone() {
    let place = Place::new();
    place
        .run(&["workflows", "diff"])
        .await
        .expect(1)
        .says(&["there is no database"]);
    assert_eq!(place.names("data"), Vec::<String>::new(), "a look makes nothing");
    let applied = place.run(&["workflows", "apply", "--yes"]).await.expect(0);
    assert!(
        applied
            .stdout
            .contains("+ practice-scrape (play practice-enrichment, step 2, native)"),
        "{applied:?}"
    );
    place.run(&["workflows", "diff"]).await.expect(0);
    let help = place.run(&["workflows", "--help"]).await.expect(0);
    for taught in ["[[workflow]]", "POST /api/admin/reload", "Exit status:"] {
        assert!(help.stdout.contains(taught), "no '{taught}' in {}", help.stdout);
    }
}
