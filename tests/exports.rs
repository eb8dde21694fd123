//! Exports of the real daemon: all formats of a job say the same, to whoever reads them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on says so by a panic"
)]

mod support;

use std::io::{Cursor, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use batchdesk::exchange::write::{FIELDS, table_columns};
use batchdesk::simulators::load::LoadSite;
use calamine::{Data, Reader as _, Xlsx};
use reqwest::Method;
use serde_json::Value;
use support::api::{Answer, Api};
use support::daemon::{Daemon, Db};
use support::readers::{Table, converted_by_libreoffice, libreoffice_or_skip, python_or_skip, read_by_python};
use support::{postgres, start};

const SOON: Duration = Duration::from_secs(60);

/// Rows a spreadsheet would like to change: the numbers keep their zeros, formulas are not run, blanks stay.
const CELLS: [[&str; 3]; 8] = [
    ["Harbour Street Dental", "021 555 012", "plain"],
    ["=HYPERLINK(\"http://a.nz\",\"click\")", "+64 9 555 0123", "=1+1"],
    ["Zahnärzte, \"Am Markt\"", "0049", "two\nlines"],
    ["歯科 🦷", "1010", " blanks around "],
    ["-5%", "0610", "TRUE"],
    ["@SUM(A1)", "2024-01-31", "_x000D_ is no line break"],
    ["1e5", "00", "<b>&amp;</b>"],
    ["", "'04", "a | b"],
];

/// A finished job of difficult cells: some rows are found, some fail, one is a duplicate, one no address.
async fn finished_job(api: &Api, site: &LoadSite) -> String {
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record(["name", "website", "phone", "notes"]).unwrap();
    let urls = (0..5).map(|n| site.practice_url(n));
    let others = [site.practice_url(0), site.url("/fault/status/404"), "n/a".to_owned()];
    for ([name, phone, notes], url) in CELLS.into_iter().zip(urls.chain(others)) {
        csv.write_record([name, &url, phone, notes]).unwrap();
    }
    let job = api.create_job(csv.into_inner().unwrap()).await;
    let status = api.wait_for(&job, "completed", SOON).await;
    assert_eq!(
        (&status["counts"]["aggregated"], &status["counts"]["error"]),
        (&Value::from(6), &Value::from(2))
    );
    job
}

async fn exported(api: &Api, job: &str, query: &str) -> Answer {
    api.get(&format!("/api/jobs/{job}/export?{query}")).await.expect(200)
}

fn of_csv(bytes: &[u8]) -> Table {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(bytes);
    let rows = reader
        .records()
        .map(|row| row.unwrap().iter().map(str::to_owned).collect());
    rows.collect()
}

fn of_xlsx(bytes: &[u8]) -> Table {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).unwrap();
    let range = book.worksheet_range("Practices").unwrap();
    let text = |cell: &Data| match cell {
        Data::String(text) => text.clone(),
        Data::Empty => String::new(),
        other => panic!("{other:?} is no text"),
    };
    range.rows().map(|row| row.iter().map(text).collect()).collect()
}

/// JSON has the cells by name and what was found as it is: the table is made of it here.
fn of_json(rows: &[Value], columns: &[&str]) -> Table {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let table_row = |row: &Value| {
        let input = columns.iter().map(|column| text(&row["input"][*column]));
        let duplicate_of = row["duplicate_of"].as_u64().map(|number| number.to_string());
        let outcome = [
            text(&row["status"]),
            text(&row["error"]),
            duplicate_of.unwrap_or_default(),
        ];
        let found = FIELDS
            .iter()
            .map(|field| (field.value)(&row["result"]).unwrap_or_default());
        input.chain(outcome).chain(found).collect()
    };
    let header = table_columns(&columns.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
    std::iter::once(header).chain(rows.iter().map(table_row)).collect()
}

async fn all_formats_agree(database: Db) {
    let daemon = start(&database);
    let site = LoadSite::start().await.unwrap();
    let api = daemon.api(&daemon.token("member"));
    let job = finished_job(&api, &site).await;
    let csv = of_csv(&exported(&api, &job, "format=csv&safe=false").await.body);
    assert_eq!(csv.len(), 1 + CELLS.len());
    for (row, [name, phone, notes]) in csv[1..].iter().zip(CELLS) {
        assert_eq!((&*row[0], &*row[2], &*row[3]), (name, phone, notes));
    }
    let xlsx = exported(&api, &job, "format=xlsx").await;
    assert_eq!(of_xlsx(&xlsx.body), csv);
    let columns = ["name", "website", "phone", "notes"];
    let ndjson = exported(&api, &job, "format=ndjson").await.text();
    let rows: Vec<Value> = ndjson.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(of_json(&rows, &columns), csv);
    let json = exported(&api, &job, "format=json").await.json();
    assert_eq!(json.as_array().unwrap(), &rows);

    let failed = of_xlsx(&exported(&api, &job, "format=xlsx&status=error").await.body);
    assert_eq!(failed[1..], csv[7..], "one status alone");
}

#[tokio::test]
async fn all_formats_agree_on_sqlite() {
    all_formats_agree(Db::Sqlite).await;
}

#[tokio::test]
async fn all_formats_agree_on_postgresql() {
    if postgres::require_or_skip("exports on PostgreSQL") {
        let database = postgres::create_database();
        all_formats_agree(Db::Postgres(database.url.clone())).await;
    }
}

#[tokio::test]
async fn other_programs_read_the_same_cells() {
    let python = python_or_skip("exports read by Python");
    let libreoffice = libreoffice_or_skip("exports read by LibreOffice");
    let daemon = start(&Db::Sqlite);
    let site = LoadSite::start().await.unwrap();
    let api = daemon.api(&daemon.token("member"));
    let job = finished_job(&api, &site).await;
    let csv = exported(&api, &job, "safe=false").await.body;
    let xlsx = exported(&api, &job, "format=xlsx").await.body;
    let expected = of_csv(&csv);
    if let Some(python) = python {
        let (by_csv, by_openpyxl) = read_by_python(&python, &csv, &xlsx);
        assert_eq!(by_csv, expected);
        assert_eq!(by_openpyxl, expected);
    }
    if let Some(libreoffice) = libreoffice {
        assert_eq!(converted_by_libreoffice(&libreoffice, &xlsx), expected);
    }
}

#[tokio::test]
async fn an_export_says_what_it_is() {
    let daemon = start(&Db::Sqlite);
    let api = daemon.api(&daemon.token("member"));
    let list = "website,note\nn/a,=1+1\nn/a,+64 9 555 0123\n";
    let created = api.upload_csv(list, "Zahnärzte 2024.csv").await.expect(201).json();
    let job = created["job_id"].as_str().unwrap();
    let name = "attachment; filename=\"Zahn_rzte 2024.END\"; filename*=UTF-8''Zahn%C3%A4rzte%202024.END";
    let excel = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    for (format, media_type) in [
        ("csv", "text/csv; charset=utf-8; header=present"),
        ("xlsx", excel),
        ("ndjson", "application/x-ndjson"),
        ("json", "application/json"),
    ] {
        let path = format!("/api/jobs/{job}/export?format={format}");
        for method in [Method::GET, Method::HEAD] {
            let answer = api
                .raw(method.clone(), &path, "", &[("accept-encoding", "zstd, gzip")])
                .await
                .expect(200);
            let header = |name: &str| answer.headers[name].to_str().unwrap();
            assert_eq!(header("content-type"), media_type);
            assert_eq!(header("content-disposition"), name.replace("END", format));
            assert_eq!(answer.body.is_empty(), method == Method::HEAD, "{method} {format}");
            if format == "xlsx" && method == Method::GET {
                assert!(answer.body.starts_with(b"PK"), "a workbook is compressed once");
            }
        }
    }

    let plain = exported(&api, job, "format=csv").await.text();
    assert!(plain.starts_with("website,note,status,"), "{plain}");
    assert!(
        plain.contains("n/a,'=1+1,") && plain.contains("n/a,+64 9 555 0123,"),
        "{plain}"
    );
    assert!(plain.ends_with("\r\n") && plain.matches("\r\n").count() == 3, "{plain}");
    let marked = exported(&api, job, "bom=true").await.text();
    assert_eq!(marked.strip_prefix('\u{feff}').unwrap(), plain);

    let wrong = api.get(&format!("/api/jobs/{job}/export?format=pdf")).await.expect(400);
    assert!(
        wrong.text().contains("csv, xlsx, json or ndjson, not 'pdf'"),
        "{}",
        wrong.text()
    );
}

/// Files in the spool that have no name any more and are still open.
fn spooled(daemon: &Daemon) -> usize {
    let spool = daemon.data_dir().join("spool").canonicalize().unwrap();
    let open = std::fs::read_dir(format!("/proc/{}/fd", daemon.pid())).unwrap();
    let files = open.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
    files.filter(|file| file.starts_with(&spool)).count()
}

async fn until_spooled(daemon: &Daemon, wanted: impl Fn(usize) -> bool) {
    let deadline = Instant::now() + SOON;
    while !wanted(spooled(daemon)) {
        assert!(Instant::now() < deadline, "{} spooled files", spooled(daemon));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A job of rows that no compression makes small; nothing is fetched for it.
async fn bulky_job(api: &Api, rows: usize) -> String {
    let mut list = "website,note\n".to_owned();
    for _ in 0..rows {
        let note: String = (0..150).map(|_| format!("{:016x}", rand::random::<u64>())).collect();
        list.push_str(&format!("n/a,{note}\n"));
    }
    api.create_job(list).await
}

#[tokio::test]
async fn a_client_who_goes_away_leaves_no_file() {
    let daemon = start(&Db::Sqlite);
    let token = daemon.token("member");
    // More than fits into the buffers of a connection that nobody reads.
    let job = bulky_job(&daemon.api(&token), 15_000).await;
    let address = daemon.base_url().strip_prefix("http://").unwrap().to_owned();
    let request =
        format!("GET /api/jobs/{job}/export?format=xlsx HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\r\n");
    let mut stream = TcpStream::connect(&address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    until_spooled(&daemon, |files| files >= 2).await;
    drop(stream);
    until_spooled(&daemon, |files| files == 0).await;

    let mut stream = TcpStream::connect(&address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let stream = tokio::task::spawn_blocking(move || {
        stream.read_exact(&mut [0; 15]).unwrap();
        stream
    });
    let stream = stream.await.unwrap();
    until_spooled(&daemon, |files| files == 1).await;
    drop(stream);
    until_spooled(&daemon, |files| files == 0).await;
    let named = std::fs::read_dir(daemon.data_dir().join("spool")).unwrap().count();
    assert_eq!(named, 0);
}

#[tokio::test]
async fn no_more_than_two_workbooks_are_built_at_a_time() {
    const ASKED: usize = 8;
    let daemon = start(&Db::Sqlite);
    let api = daemon.api(&daemon.token("member"));
    let job = bulky_job(&api, 3_000).await;
    let ask = || {
        let (api, job) = (api.clone(), job.clone());
        tokio::spawn(async move { exported(&api, &job, "format=xlsx").await.body })
    };
    let asked: Vec<_> = (0..ASKED).map(|_| ask()).collect();
    // A workbook that is built has two files, its sheet and itself; one that is sent has one.
    let most = 2 * 2 + (ASKED - 2);
    while asked.iter().any(|answer| !answer.is_finished()) {
        let files = spooled(&daemon);
        assert!(files <= most, "{files} spooled files");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let csv = of_csv(&exported(&api, &job, "safe=false").await.body);
    assert_eq!(csv.len(), 3_001);
    for answer in asked {
        assert!(of_xlsx(&answer.await.unwrap()) == csv);
    }
    until_spooled(&daemon, |files| files == 0).await;
}
