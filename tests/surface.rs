//! The surface: bad uploads, senders who go away, pages and queries, saved pages on the command line.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on says so by a panic"
)]

mod support;

use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use batchdesk::simulators::load::LoadSite;
use reqwest::Method;
use sea_orm::ConnectionTrait as _;
use serde_json::{Value, json};
use support::daemon::{Daemon, Db};
use support::{list, start, start_with};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const SOON: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_daemon_that_was_stopped_leaves_its_database_in_one_file() {
    let mut daemon = start(&Db::Sqlite);
    let token = daemon.token("member");
    let job = daemon.api(&token).create_job("website\nhttps://192.0.2.1/\n").await;
    daemon.api(&token).wait_for(&job, "completed", SOON).await;
    assert!(daemon.terminate().success());
    let file = daemon.data_dir().join("batchdesk.db");
    assert!(!file.with_extension("db-wal").try_exists().unwrap());
    let alone = sea_orm::Database::connect(format!("sqlite://{}?mode=ro", file.display()))
        .await
        .unwrap();
    let jobs = "select count(*) as jobs from enrichment_jobs where status = 'completed'";
    let jobs = sea_orm::Statement::from_string(sea_orm::DbBackend::Sqlite, jobs);
    let row = alone.query_one_raw(jobs).await.unwrap().unwrap();
    assert_eq!(row.try_get_by_index::<i64>(0).unwrap(), 1);
}

#[tokio::test]
async fn a_daemon_whose_reads_are_refused_is_not_ready() {
    if !support::postgres::require_or_skip("readiness on PostgreSQL") {
        return;
    }
    let database = support::postgres::create_database();
    let daemon = start(&Db::Postgres(database.url.clone()));
    let api = daemon.api("");
    api.get("/readyz").await.expect(200);
    let owner = sea_orm::Database::connect(&database.url).await.unwrap();
    let change = async |sql: &str| owner.execute_unprepared(sql).await.unwrap();
    change("revoke select on organisations from batchdesk_reader").await;
    assert_eq!(api.get("/readyz").await.expect(503).json()["code"], "not_ready");
    api.get("/healthz").await.expect(200);
    change("grant select on organisations to batchdesk_reader").await;
    api.get("/readyz").await.expect(200);
}

#[tokio::test]
async fn every_bad_upload_has_its_answer_and_leaves_nothing() {
    let daemon = start_with(
        &Db::Sqlite,
        "[http]\nmax_upload_bytes = 4000000\n[imports]\nmax_row_bytes = 100000\n",
    );
    let api = daemon.api(&daemon.token("member"));
    let long_line = format!("website\nhttps://a.nz/{}\n", "x".repeat(3_000_000));
    let over_the_limit = format!("website\n{}", "https://a.nz/\n".repeat(400_000));
    let cases: [(&str, Vec<u8>, u16, &str); 7] = [
        ("empty", Vec::new(), 422, "empty_file"),
        ("no URL column", b"name,city\nA,B\nC,D\n".to_vec(), 422, "no_url_column"),
        (
            "two columns",
            b"website,url\nhttps://a.nz,https://b.nz\nhttps://c.nz,https://d.nz\n".to_vec(),
            422,
            "ambiguous_url_column",
        ),
        ("binary", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec(), 422, "binary_file"),
        ("long line", long_line.into_bytes(), 413, "row_too_long"),
        ("header only", b"name,website\n".to_vec(), 422, "header_only"),
        ("too large", over_the_limit.into_bytes(), 413, "too_large"),
    ];
    for (name, body, status, code) in cases {
        let problem = api.upload_csv(body, "list.csv").await.expect(status).json();
        assert_eq!(problem["code"], code, "{name}: {problem}");
        assert!(problem["detail"].as_str().unwrap().len() > 10, "{name}: {problem}");
    }
    let both = api
        .upload_csv("website,url\nhttps://a.nz,https://b.nz\n", "l.csv")
        .await
        .json();
    assert_eq!(both["columns"], json!(["website", "url"]), "{both}");
    let named = api
        .raw(Method::POST, "/api/jobs", Vec::new(), &[("content-type", "image/png")])
        .await;
    assert_eq!(named.expect(415).json()["code"], "unsupported_media_type");
    for settings in ["{\"region\":\"UK\"}", "{\"regoin\":\"NZ\"}", "[]", "{"] {
        let path = format!("/api/jobs?settings={}", settings.replace('"', "%22"));
        let answer = api
            .raw(
                Method::POST,
                &path,
                "website\nhttps://a.nz\n",
                &[("content-type", "text/csv")],
            )
            .await;
        assert_eq!(answer.expect(422).json()["code"], "bad_settings", "{settings}");
    }
    let mistyped = api
        .raw(
            Method::POST,
            "/api/jobs?url_colum=x",
            "website\n",
            &[("content-type", "text/csv")],
        )
        .await;
    assert!(mistyped.expect(400).text().contains("url_colum"));
    let two =
        "--x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\nwebsite\nhttps://a.nz\n\r\n";
    let form = format!("{two}{two}--x--\r\n");
    let answer = api
        .raw(
            Method::POST,
            "/api/jobs",
            form,
            &[("content-type", "multipart/form-data; boundary=x")],
        )
        .await;
    assert!(answer.expect(400).text().contains("twice"));
    let untyped = api.raw(Method::POST, "/api/kill-job", "{}", &[]).await;
    assert!(untyped.expect(415).text().contains("application/json"));
    api.raw(Method::DELETE, "/api/jobs", "", &[]).await.expect(405);
    api.raw(Method::HEAD, "/readyz", "", &[]).await.expect(200);

    assert_eq!(api.get("/api/jobs").await.json()["data"], json!([]));
    let spool = daemon.data_dir().join("spool");
    assert_eq!(std::fs::read_dir(spool).unwrap().count(), 0);
}

#[tokio::test]
async fn a_sender_who_goes_away_leaves_nothing() {
    use std::io::Write as _;
    let daemon = start(&Db::Sqlite);
    let token = daemon.token("member");
    let address = daemon.base_url().strip_prefix("http://").unwrap().to_owned();
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    let head = format!(
        "POST /api/jobs HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-type: text/csv\r\ncontent-length: 100000\r\n\r\nwebsite\nhttps://a.nz\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    drop(stream);
    let api = daemon.api(&token);
    let spool = daemon.data_dir().join("spool");
    let deadline = std::time::Instant::now() + SOON;
    while std::fs::read_dir(&spool).unwrap().count() > 0 {
        assert!(std::time::Instant::now() < deadline, "the spooled part is still there");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(api.get("/api/jobs").await.json()["data"], json!([]));
}

#[tokio::test]
async fn pages_follow_each_other_and_bad_queries_say_what_is_wrong() {
    let daemon = start(&Db::Sqlite);
    let site = LoadSite::start().await.unwrap();
    let api = daemon.api(&daemon.token("member"));
    let job = api.create_job(list(&site, 0..7)).await;
    api.wait_for(&job, "completed", SOON).await;
    let mut seen = Vec::new();
    let mut query = "limit=3".to_owned();
    loop {
        let page = api.practices(&job, &query).await.json();
        seen.extend(
            page["data"]
                .as_array()
                .unwrap()
                .iter()
                .map(|row| row["row_number"].as_i64().unwrap()),
        );
        match page["next_cursor"].as_str() {
            Some(cursor) => query = format!("limit=3&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(seen, [1, 2, 3, 4, 5, 6, 7]);
    let prefix = api.practices(&job, &format!("q={}", site.practice_url(3))).await.json();
    assert_eq!(prefix["data"].as_array().unwrap().len(), 1);
    for query in ["limit=0", "limit=501", "cursor=!!", "status=done", "limit=many"] {
        let problem = api
            .get(&format!("/api/jobs/{job}/practices?{query}"))
            .await
            .expect(400)
            .json();
        assert_eq!(problem["code"], "bad_request", "{query}: {problem}");
    }
    api.get("/api/jobs/not-an-id").await.expect(404);
    api.get("/api/nothing").await.expect(404);
    let problem = api
        .post("/api/kill-job", &json!({ "job": job }))
        .await
        .expect(400)
        .json();
    assert!(problem["detail"].as_str().unwrap().contains("job_id"), "{problem}");
}

#[tokio::test]
async fn saved_pages_are_extracted_without_a_daemon() {
    let directory = tempfile::tempdir().unwrap();
    let page = directory.path().join("home.html");
    std::fs::write(&page, batchdesk::simulators::load::page(3)).unwrap();
    let run = |arguments: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_batchdesk"));
        command.arg("extract").arg(&page).args(arguments).output().unwrap()
    };
    let output = run(&["--url", "https://www.example.co.nz"]);
    assert!(output.status.success());
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        found["phones"][0]["e164"],
        batchdesk::simulators::load::facts(3).phone_e164
    );
    assert_eq!(found["domain"], "example.co.nz");
    let twice = run(&[page.to_str().unwrap(), "--url", "https://www.example.co.nz"]);
    assert_eq!(String::from_utf8(twice.stdout).unwrap().lines().count(), 2);
    let contact = directory.path().join("contact.html");
    std::fs::copy(&page, &contact).unwrap();
    let site = run(&[
        contact.to_str().unwrap(),
        "--site",
        "--url",
        "https://www.example.co.nz",
    ]);
    let found: Value = serde_json::from_slice(&site.stdout).unwrap();
    assert_eq!(found["pages"][1]["url"], "https://www.example.co.nz/contact.html");
    let picture = directory.path().join("picture.html");
    std::fs::write(&picture, b"\x89PNG\r\n\x1a\n").unwrap();
    let refused = run(&[picture.to_str().unwrap(), "--url", "https://www.example.co.nz"]);
    assert!(!refused.status.success());
    let told = String::from_utf8(refused.stderr).unwrap();
    assert!(
        told.contains("picture.html holds an image, not a web page: leave it out"),
        "{told}"
    );
    for (arguments, expected) in [
        (
            [directory.path().to_str().unwrap(), "--content-type=text/html"],
            "is a directory: name its pages",
        ),
        (
            [page.to_str().unwrap(), "--content-type=application/pdf"],
            "that is no web page",
        ),
        (
            [page.to_str().unwrap(), "--content-type=text/html; charset=utf-9"],
            "utf-9 is no charset of the web",
        ),
    ] {
        let refused = run(&[arguments[0], arguments[1], "--url", "https://www.example.co.nz"]);
        let told = String::from_utf8(refused.stderr).unwrap();
        assert!(!refused.status.success() && told.contains(expected), "{told}");
    }
    let evaluated = std::process::Command::new(env!("CARGO_BIN_EXE_batchdesk"))
        .arg("evaluate")
        .arg(&page)
        .output()
        .unwrap();
    let told = String::from_utf8(evaluated.stderr).unwrap();
    assert!(!evaluated.status.success() && told.contains("home.html"), "{told}");
    let refused = run(&["--url", "n/a"]);
    assert!(!refused.status.success());
    assert!(String::from_utf8(refused.stderr).unwrap().contains("--url"));
    // A reader who has seen enough, as `head` has, before anything was written.
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let left = std::process::Command::new(env!("CARGO_BIN_EXE_batchdesk"))
        .args(["extract", page.to_str().unwrap(), "--url", "https://www.example.co.nz"])
        .stdout(writer)
        .output()
        .unwrap();
    assert!(left.status.success(), "{}", String::from_utf8_lossy(&left.stderr));
}

/// A connection of which all that comes is read until it ends.
async fn until_closed(stream: &mut TcpStream) -> Vec<u8> {
    let mut read = Vec::new();
    // A connection that is reset has ended as well.
    let _ = tokio::time::timeout(SOON, stream.read_to_end(&mut read))
        .await
        .expect("it is held for good");
    read
}

async fn connected(daemon: &Daemon) -> TcpStream {
    TcpStream::connect(daemon.base_url().trim_start_matches("http://"))
        .await
        .unwrap()
}

#[tokio::test]
async fn a_client_that_does_not_go_on_is_not_waited_for() {
    let daemon = start_with(&Db::Sqlite, "[http]\nrequest_timeout_ms = 2000\n");
    // The first head, and one after a whole request.
    for begun in ["GET /he", "GET /healthz HTTP/1.1\r\nhost: a\r\n\r\nGET /he"] {
        let mut stream = connected(&daemon).await;
        stream.write_all(begun.as_bytes()).await.unwrap();
        until_closed(&mut stream).await;
    }
    // A body that stops, and one that drips.
    for every in [SOON, Duration::from_millis(50)] {
        let mut stream = connected(&daemon).await;
        let head = "POST /api/session HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n{";
        stream.write_all(head.as_bytes()).await.unwrap();
        let (mut reading, mut writing) = stream.into_split();
        let drip = tokio::spawn(async move {
            while writing.write_all(b" ").await.is_ok() {
                tokio::time::sleep(every).await;
            }
        });
        let mut answer = Vec::new();
        let _ = tokio::time::timeout(SOON, reading.read_to_end(&mut answer))
            .await
            .expect("it is held for good");
        drip.abort();
        assert!(
            answer.starts_with(b"HTTP/1.1 408 "),
            "{}",
            String::from_utf8_lossy(&answer)
        );
    }
    daemon.api("").get("/healthz").await.expect(200);
}

#[tokio::test]
async fn an_answer_that_nobody_reads_is_given_up() {
    let daemon = start_with(&Db::Sqlite, "[http]\nrequest_timeout_ms = 2000\n");
    let whole = daemon.api("").get("/openapi.json").await.expect(200).text().len();
    let mut stream = connected(&daemon).await;
    // More of them than the buffers on the way hold.
    let requests = 64 * 1024 * 1024 / whole;
    for _ in 0..requests {
        stream
            .write_all(b"GET /openapi.json HTTP/1.1\r\nhost: a\r\n\r\n")
            .await
            .unwrap();
    }
    let end = Instant::now() + SOON;
    while !daemon
        .api("")
        .get("/metrics")
        .await
        .text()
        .contains("batchdesk_stalled_connections_total 1")
    {
        assert!(Instant::now() < end, "it is held for good");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let read = until_closed(&mut stream).await;
    assert!(read.len() < requests * whole);
}

#[tokio::test]
async fn nobody_else_on_the_machine_reads_what_is_stored() {
    let daemon = start(&Db::Sqlite);
    let api = daemon.api(&daemon.token("member"));
    let job = api.create_job("website\nn/a\n").await;
    api.wait_for(&job, "completed", SOON).await;
    let mut rooms = vec![daemon.data_dir().to_owned()];
    let mut files = 0;
    while let Some(room) = rooms.pop() {
        for entry in std::fs::read_dir(room).unwrap() {
            let entry = entry.unwrap();
            let metadata = entry.metadata().unwrap();
            assert_eq!(metadata.permissions().mode() & 0o077, 0, "{}", entry.path().display());
            if metadata.is_dir() {
                rooms.push(entry.path());
            } else {
                files += 1;
            }
        }
    }
    assert!(files >= 2, "{files} files");
}
