//! Keys that are lent to the daemon, and those that it lends: a provider that repeats all that it is sent brings none of them into
//! anything that is written.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use batchdesk::model::webhook::{SECRET_BYTES, secret_of};
use serde_json::json;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::canary::dump;
use crate::support::daemon::{Daemon, DaemonOptions, Db};

const KEY: &str = "canary-of-the-provider-0123456789";
const SLACK: &str = "canary-of-slack-0123456789";
const SOON: Duration = Duration::from_secs(60);

/// A provider that answers with the request, and the requests as they came.
fn parrot() -> (String, UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (hears, heard) = unbounded_channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = Vec::new();
            let mut part = [0; 4096];
            while !is_whole(&request) {
                match stream.read(&mut part) {
                    Ok(0) | Err(_) => break,
                    Ok(bytes) => request.extend_from_slice(&part[..bytes]),
                }
            }
            let request = String::from_utf8_lossy(&request).into_owned();
            let body = json!({ "repeated": &request }).to_string();
            let _ = hears.send(request);
            let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n";
            let _ = write!(stream, "{head}content-length: {}\r\n\r\n{body}", body.len());
        }
    });
    (url, heard)
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map_or(0, |(_, value)| value.trim().parse().unwrap());
    body.len() >= length
}

/// Whatever lies below a directory, one after another.
fn files_below(directory: &Path, into: &mut Vec<u8>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_below(&path, into);
        } else {
            into.extend(std::fs::read(&path).unwrap());
        }
    }
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

fn unpacked(workbook: Vec<u8>) -> String {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(workbook)).unwrap();
    let mut text = String::new();
    for at in 0..archive.len() {
        archive.by_index(at).unwrap().read_to_string(&mut text).unwrap();
    }
    text
}

pub async fn no_key_of_others_is_written_anywhere(database: Db) {
    let (url, mut heard) = parrot();
    let signing = secret_of([9; SECRET_BYTES]);
    let daemon = Daemon::start(DaemonOptions {
        database,
        config_toml_extra: format!(
            "log.level = 'debug'\n[auth]\nlink_webhook_url = '{url}/links'\nlink_webhook_secret = 'env:CANARY_SIGNING'\n\
             [secrets.CANARY_KEY]\nfrom = 'env:CANARY_KEY'\nhosts = ['127.0.0.1']\n"
        ),
        env: vec![
            ("CANARY_KEY".to_owned(), KEY.to_owned()),
            ("CANARY_SIGNING".to_owned(), signing.clone()),
        ],
        ..DaemonOptions::default()
    });
    let api = daemon.api(&daemon.token("operator"));
    let sync = json!({
        "workflow_slug": "parrot", "title": "Parrot", "overall_step_number": 1, "provider": "http", "play_name": "parrot",
        "settings": {
            "url": format!("{url}/sync"),
            "query": { "key": "{{ secret('CANARY_KEY') }}" },
            "headers": { "authorization": "Bearer {{ secret('CANARY_KEY') }}" },
        },
    });
    let later = json!({
        "workflow_slug": "later", "title": "Later", "overall_step_number": 2, "provider": "http", "play_name": "parrot",
        "mode": "async",
        "settings": { "url": format!("{url}/later"), "method": "POST", "body": { "back": "{{ callback_url }}" } },
    });
    for workflow in [sync, later] {
        api.post("/api/workflows", &workflow).await.expect(201);
    }
    let endpoint = json!({ "url": "https://hooks.example/in" });
    let endpoint = api.post("/api/webhook-endpoints", &endpoint).await.expect(201).json();
    let endpoint_secret = endpoint["secret"].as_str().unwrap().to_owned();
    let slack = json!({ "url": format!("https://hooks.slack.com/services/T0/B0/{SLACK}"), "format": "slack" });
    api.post("/api/webhook-endpoints", &slack).await.expect(201);
    let user = json!({ "email": "ann@example.test", "role": "member" });
    api.post("/api/users", &user).await.expect(201);

    let body = json!({ "practices": [{ "website": "one.example" }], "play": "parrot" });
    let job = api.post("/api/jobs", &body).await.expect(201).json();
    let job = job["job_id"].as_str().unwrap().to_owned();
    let mut said = String::new();
    let back = loop {
        let request = tokio::time::timeout(SOON, heard.recv()).await.unwrap().unwrap();
        said.push_str(&request);
        if let Some((_, back)) = request.split_once("/api/receivers/") {
            break back.split('"').next().unwrap().to_owned();
        }
    };
    while !said.contains("webhook-signature") {
        said.push_str(&tokio::time::timeout(SOON, heard.recv()).await.unwrap().unwrap());
    }
    let (_, callback_token) = back.rsplit_once(['=', '/']).unwrap();
    let answer = json!({ "said": format!("{KEY} came with {back}") });
    daemon
        .api("")
        .post(&format!("/api/receivers/{back}"), &answer)
        .await
        .expect(202);
    api.wait_for(&job, "completed", SOON).await;

    let mut told = String::new();
    for format in ["csv", "ndjson"] {
        told.push_str(&String::from_utf8_lossy(&api.export(&job, format).await));
    }
    told.push_str(&unpacked(api.export(&job, "xlsx").await));
    for path in [
        "/metrics",
        "/api/audit?limit=500",
        "/api/webhook-endpoints",
        "/api/workflows",
        "/api/admin/providers",
        "/api/failed-jobs",
        &format!("/api/jobs/{job}/logs"),
        &format!("/api/jobs/{job}/practices/1"),
    ] {
        told.push_str(&api.get(path).await.expect(200).text());
    }
    told.push_str(&daemon.command_line(&["config", "show"], ""));
    assert!(
        told.contains("repeated"),
        "what the provider said is looked into: {told}"
    );
    assert!(said.contains(KEY), "{said}");

    let stored = dump(&daemon).await;
    let mut files = Vec::new();
    files_below(daemon.data_dir(), &mut files);
    for (name, secret) in [
        ("the provider's key", KEY),
        ("what signs links", &signing),
        ("the token of the callback", callback_token),
    ] {
        assert!(!stored.contains(secret), "{name} is in the database");
        assert!(!holds(&files, secret), "{name} is in a file");
    }
    // The daemon signs with these, so they stand in the database and nowhere else.
    for (name, secret) in [
        ("the provider's key", KEY),
        ("what signs links", &signing),
        ("the token of the callback", callback_token),
        ("an endpoint's secret", &endpoint_secret),
        ("Slack's address", SLACK),
    ] {
        assert!(!told.contains(secret), "{name} is in an answer");
        assert!(!daemon.log().contains(secret), "{name} is in the log");
    }
}
