//! Secrets that are looked for wherever the daemon writes.

use reqwest::Method;
use sea_orm::{ConnectionTrait as _, Database, DbBackend, Statement};
use serde_json::json;

use crate::PASSWORD;
use crate::browser::{Browser, JSON, SAME_ORIGIN};
use crate::support::daemon::{Daemon, DaemonOptions, Db};

const JWT_SECRET: &str = "canary-of-the-issuer-0123456789abcdef";
const OTHER_PASSWORD: &str = "canary password of another day";

/// All that the database holds, as text.
pub async fn dump(daemon: &Daemon) -> String {
    let db = Database::connect(daemon.database_url()).await.unwrap();
    let backend = db.get_database_backend();
    let tables = match backend {
        DbBackend::Postgres => "select tablename from pg_tables where schemaname = 'public'",
        _ => "select name from sqlite_master where type = 'table'",
    };
    let query = |sql: String| db.query_all_raw(Statement::from_string(backend, sql));
    let mut text = String::new();
    for table in query(tables.to_owned()).await.unwrap() {
        let table: String = table.try_get_by_index(0).unwrap();
        let rows = match backend {
            DbBackend::Postgres => format!("select row_to_json(t)::text from \"{table}\" t"),
            _ => {
                let columns = query(format!("select name from pragma_table_info('{table}')"))
                    .await
                    .unwrap();
                let columns: Vec<String> = columns
                    .iter()
                    .map(|column| format!("quote(\"{}\")", column.try_get_by_index::<String>(0).unwrap()))
                    .collect();
                format!("select {} from \"{table}\"", columns.join(" || ',' || "))
            }
        };
        for row in query(rows).await.unwrap() {
            text.push_str(&row.try_get_by_index::<String>(0).unwrap());
            text.push('\n');
        }
    }
    db.close().await.unwrap();
    text
}

pub async fn no_secret_is_written_anywhere(database: Db) {
    let daemon = Daemon::start(DaemonOptions {
        database: database.clone(),
        config_toml_extra: "log.level = 'debug'\n[jwt]\nissuer = 'https://id.example'\nsecret = 'env:CANARY_JWT'\n\
             organisation_claims = ['org_id']\n"
            .to_owned(),
        env: vec![("CANARY_JWT".to_owned(), JWT_SECRET.to_owned())],
        ..DaemonOptions::default()
    });
    let token = daemon.token("operator");
    let api = daemon.api(&token);
    let made = api
        .raw(
            Method::POST,
            "/api/users",
            json!({ "email": "ann@example.test", "role": "admin" }).to_string(),
            &[JSON, ("idempotency-key", "ann")],
        )
        .await
        .expect(201)
        .json();
    let link = made["invitation"]["token"].as_str().unwrap().to_owned();
    let accept = json!({ "token": link, "password": PASSWORD });
    daemon.api("").post("/api/accept-invitation", &accept).await.expect(204);
    let another = api
        .raw(
            Method::POST,
            "/api/tokens",
            json!({ "name": "canary" }).to_string(),
            &[JSON, ("idempotency-key", "canary")],
        )
        .await
        .expect(201)
        .json()["token"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut ann = Browser::signed_in(&daemon, "ann@example.test", PASSWORD).await;
    let session = ann.cookie("batchdesk_session").unwrap().to_owned();
    let device = ann.cookie("batchdesk_device").unwrap().to_owned();
    let csrf = ann.get("/api/me").await.expect(200).json()["csrf_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let change = json!({ "current": PASSWORD, "new": OTHER_PASSWORD });
    ann.post("/api/me/password", &change).await.expect(204);

    // What goes wrong is told without what was sent.
    let secrets = [
        token.as_str(),
        &another,
        &link,
        &session,
        &device,
        &csrf,
        PASSWORD,
        OTHER_PASSWORD,
        JWT_SECRET,
    ];
    let mut told = String::new();
    for secret in secrets {
        let anybody = daemon.api("");
        let broken = format!("{{\"email\": \"{secret}\", \"password\": \"{secret}\", ");
        let wrong = json!({ "email": "ann@example.test", "password": { "is": secret } }).to_string();
        for body in [
            broken,
            wrong,
            json!({ "token": secret, "password": secret, "more": secret }).to_string(),
        ] {
            for path in ["/api/session", "/api/setup", "/api/accept-invitation"] {
                let answer = anybody.raw(Method::POST, path, body.clone(), &[JSON]).await.expect(400);
                told.push_str(&answer.text());
            }
        }
        let answer = ann
            .send(Method::POST, "/api/me/password", secret, &[JSON, SAME_ORIGIN])
            .await
            .expect(400);
        told.push_str(&answer.text());
        told.push_str(
            &daemon
                .api(&format!("{secret}x"))
                .get("/api/me")
                .await
                .expect(401)
                .text(),
        );
        let cross = [
            JSON,
            ("cookie", &format!("batchdesk_session={secret}")[..]),
            ("x-csrf-token", secret),
        ];
        let answer = anybody.raw(Method::POST, "/api/exclusions", "{}", &cross).await;
        assert!([401, 403].contains(&answer.status.as_u16()), "{}", answer.text());
        told.push_str(&answer.text());
    }
    let job = api.create_job("website\nhttps://192.0.2.1/\n").await;
    api.wait_for(&job, "completed", std::time::Duration::from_secs(60))
        .await;
    for format in ["csv", "ndjson"] {
        told.push_str(&String::from_utf8_lossy(&api.export(&job, format).await));
    }
    for path in [
        "/metrics",
        "/api/audit?limit=500",
        "/api/users",
        "/api/tokens",
        "/api/sessions",
        "/api/admin/actors",
        "/api/failed-jobs",
        &format!("/api/jobs/{job}/logs"),
    ] {
        told.push_str(&api.get(path).await.expect(200).text());
    }
    told.push_str(&daemon.command_line(&["config", "show"], ""));
    let processes = std::fs::read(format!("/proc/{}/cmdline", daemon.pid())).unwrap();
    told.push_str(&String::from_utf8_lossy(&processes));
    let (log, database) = (daemon.log(), dump(&daemon).await);
    assert!(
        database.contains("ann@example.test") && log.contains("listening"),
        "the places are looked into"
    );
    for (at, secret) in secrets.iter().enumerate() {
        for (place, text) in [("an answer", &told), ("the log", &log), ("the database", &database)] {
            assert!(!text.contains(secret), "secret {at} is in {place}");
        }
    }
}
