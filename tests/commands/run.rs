//! `run`: a list from beginning to end in one process.

use std::os::unix::process::ExitStatusExt as _;
use std::time::Duration;

use crate::support::command::{Place, numbers};
use crate::support::list;
use batchdesk::simulators::load::{LoadSite, facts};
use batchdesk::simulators::sites::SampleSites;
use serde_json::{Value, json};

const SOON: Duration = Duration::from_secs(60);

pub fn rows_of_ndjson(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn a_list_becomes_a_file_in_any_format() {
    let place = Place::new();
    let sites = SampleSites::start().await.unwrap();
    place.write("list.csv", &sites.demo_csv());
    let expected: Vec<_> = sites.expected().iter().map(|row| (row.name, row.status)).collect();
    let done = place
        .run(&["run", "list.csv", "-o", "result.csv", "--json"])
        .await
        .expect(3);
    let summary = done.json();
    for (key, value) in [
        ("status", json!("completed")),
        ("output", json!("result.csv")),
        ("database", json!("result.batchdesk.db")),
        ("total", json!(expected.len())),
        ("found", json!(expected.len() - 5)),
        ("failed", json!(5)),
        ("left", json!(0)),
        ("duplicates", json!(1)),
        ("blank_rows", json!(1)),
    ] {
        assert_eq!(summary[key], value, "{key} in {summary}");
    }
    let csv = place.read("result.csv");
    assert!(csv.starts_with("Practice name,City,Website,"), "{csv}");
    assert_eq!(
        csv::Reader::from_reader(csv.as_bytes()).records().count(),
        expected.len()
    );

    // Without the sites there is nothing left that could be fetched.
    drop(sites);
    place
        .run(&["run", "list.csv", "-o", "result.ndjson"])
        .await
        .expect(3)
        .says(&["nothing is fetched"]);
    let rows = rows_of_ndjson(&place.read("result.ndjson"));
    assert_eq!(rows.len(), expected.len());
    for (row, (name, status)) in rows.iter().zip(&expected) {
        assert_eq!(row["status"], *status, "{name}: {row}");
    }
    place.run(&["run", "list.csv", "-o", "result.json"]).await.expect(3);
    let all: Vec<Value> = serde_json::from_str(&place.read("result.json")).unwrap();
    assert_eq!(all, rows);
    place.run(&["run", "list.csv", "-o", "result.csv"]).await.expect(3);
    assert_eq!(place.read("result.csv"), csv);
}

#[tokio::test]
async fn a_workbook_goes_in_and_a_workbook_comes_out() {
    let place = Place::new();
    let site = LoadSite::start().await.unwrap();
    let mut workbook = rust_xlsxwriter::Workbook::new();
    workbook.add_worksheet().write(0, 0, "read me first").unwrap();
    let sheet = workbook.add_worksheet();
    sheet.set_name("Spring").unwrap().write(0, 0, "website").unwrap();
    for n in 0..3 {
        sheet.write(n + 1, 0, site.practice_url(n.into())).unwrap();
    }
    workbook.save(place.path("list.xlsx")).unwrap();
    place.run(&["run", "list.xlsx", "-o", "result.xlsx"]).await.expect(0);
    place.run(&["run", "list.xlsx", "-o", "result.csv"]).await.expect(0);
    // The result is a list too.
    place
        .run(&["run", "result.xlsx", "-o", "again.ndjson", "--url-column", "website"])
        .await
        .expect(0);
    let again = rows_of_ndjson(&place.read("again.ndjson"));
    let csv = place.read("result.csv");
    let mut first = csv::Reader::from_reader(csv.as_bytes());
    let header = first.headers().unwrap().clone();
    for (record, row) in first.records().zip(&again) {
        let record = record.unwrap();
        for (name, cell) in header.iter().zip(&record) {
            assert_eq!(row["input"][name].as_str().unwrap_or_default(), cell, "{name}: {row}");
        }
    }
    assert_eq!(again.len(), 3);
}

#[tokio::test]
async fn all_done_is_silent_where_it_is_asked_to_be() {
    let place = Place::new();
    let site = LoadSite::start().await.unwrap();
    place.write("list.csv", &list(&site, 0..20));
    let done = place
        .run(&["run", "list.csv", "-o", "result.ndjson", "--quiet"])
        .await
        .expect(0);
    assert_eq!((done.stdout.as_str(), done.stderr.as_str()), ("", ""));
    let rows = rows_of_ndjson(&place.read("result.ndjson"));
    for (n, row) in (0..20).zip(&rows) {
        assert_eq!(row["result"]["name"], facts(n).name, "{row}");
    }
    // The database is one file again, and nothing tells of a crash.
    assert_eq!(
        place.names("result"),
        ["result.batchdesk.db", "result.batchdesk.db.lock", "result.ndjson"]
    );
}

#[tokio::test]
async fn a_killed_run_goes_on_and_gives_what_an_undisturbed_one_does() {
    const ROWS: u64 = 60;
    const WINDOW: u64 = 4;
    let place = Place::new().with("ENGINE__WINDOW", WINDOW);
    let site = LoadSite::start().await.unwrap();
    place.write("list.csv", &list(&site, 0..ROWS));
    place.run(&["run", "list.csv", "-o", "undisturbed.csv"]).await.expect(0);
    assert_eq!(site.total_hits(), ROWS);

    site.forget();
    site.set_delay(Duration::from_millis(20));
    let arguments = ["run", "list.csv", "-o", "killed.csv"];
    let run = place.start(&arguments);
    site.until_total_hits(ROWS / 2).await;
    run.signal("KILL");
    assert_eq!(run.end().await.status.signal(), Some(9));
    assert_eq!(place.names("killed.csv"), Vec::<String>::new());
    let finished = "select row_number from job_practices where status = 'aggregated'";
    let finished = numbers(&place.path("killed.batchdesk.db"), finished).await;
    assert!((1..ROWS as usize).contains(&finished.len()), "{finished:?}");

    place.run(&arguments).await.expect(0).says(&["going on: "]);
    assert_eq!(place.read("killed.csv"), place.read("undisturbed.csv"));
    for row in &finished {
        assert_eq!(site.hits(*row as u64 - 1), 1, "row {row} had been finished");
    }
    assert!(
        (ROWS..=ROWS + WINDOW).contains(&site.total_hits()),
        "{} pages were fetched",
        site.total_hits()
    );
}

#[tokio::test]
async fn an_interrupt_drains_and_says_how_to_go_on() {
    const ROWS: u64 = 40;
    let place = Place::new().with("ENGINE__WINDOW", 4);
    let site = LoadSite::start().await.unwrap();
    site.set_delay(Duration::from_millis(20));
    place.write("my list.csv", &list(&site, 0..ROWS));
    let run = place.start(&["run", "my list.csv", "-o", "result.csv", "--fresh", "--json"]);
    site.until_total_hits(ROWS / 4).await;
    run.signal("INT");
    let done = run.end().await.expect(130);
    done.says(&["to go on: ", " run 'my list.csv' -o result.csv --json"]);
    let summary = done.json();
    assert_eq!(
        (&summary["status"], &summary["output"]),
        (&json!("interrupted"), &Value::Null)
    );
    assert!(summary["left"].as_i64().unwrap() > 0, "{summary}");
    // Closed in order, and no result that is not complete.
    assert_eq!(
        place.names("result"),
        ["result.batchdesk.db", "result.batchdesk.db.lock"]
    );

    place.run(&["run", "my list.csv", "-o", "result.csv"]).await.expect(0);
    assert_eq!(
        site.total_hits(),
        ROWS,
        "what was running could end, so nothing was fetched twice"
    );
}

#[tokio::test]
async fn a_second_interrupt_ends_at_once() {
    let place = Place::new();
    let site = LoadSite::start().await.unwrap();
    site.set_delay(SOON);
    place.write("list.csv", &list(&site, 0..2));
    let mut run = place.start(&["run", "list.csv", "-o", "result.csv"]);
    site.until_total_hits(1).await;
    run.signal("INT");
    run.until_it_says("Ctrl-C again").await;
    run.signal("INT");
    run.end().await.expect(130).says(&["to go on: "]);
    site.set_delay(Duration::ZERO);
    place.run(&["run", "list.csv", "-o", "result.csv"]).await.expect(0);
}

#[tokio::test]
async fn another_list_or_other_arguments_are_refused() {
    let place = Place::new();
    let site = LoadSite::start().await.unwrap();
    place.write("list.csv", &list(&site, 0..3));
    place.run(&["run", "list.csv", "-o", "result.csv"]).await.expect(0);
    place.write("renamed.csv", &place.read("list.csv"));
    place.run(&["run", "renamed.csv", "-o", "result.csv"]).await.expect(0);

    place
        .run(&["run", "list.csv", "-o", "result.csv", "--url-column", "website"])
        .await
        .expect(1)
        .says(&["--url-column (then not given; now website) differs", "--fresh"]);
    place.write("list.csv", &list(&site, 0..4));
    let before = place.read("result.csv");
    place
        .run(&["run", "list.csv", "-o", "result.csv"])
        .await
        .expect(1)
        .says(&[
            "result.batchdesk.db was begun with other input",
            "the content of the list",
        ]);
    assert_eq!(place.read("result.csv"), before);

    place
        .run(&["run", "list.csv", "-o", "result.csv", "--fresh"])
        .await
        .expect(0);
    assert_eq!(place.read("result.csv").lines().count(), 5);
    let rows = "select count(*) from job_practices";
    assert_eq!(numbers(&place.path("result.batchdesk.db.old"), rows).await, [3]);
}

#[tokio::test]
async fn no_file_of_somebody_else_is_replaced() {
    let place = Place::new();
    let site = LoadSite::start().await.unwrap();
    let csv = list(&site, 0..2);
    place.write("list.csv", &csv);
    place.write("result.csv", "mine");
    let refused = place.run(&["run", "list.csv", "-o", "result.csv"]).await.expect(1);
    refused.says(&["--force"]);
    assert_eq!(place.names("result"), ["result.csv"], "nothing was begun");
    place
        .run(&["run", "list.csv", "-o", "list.csv", "--force"])
        .await
        .expect(1)
        .says(&["the list itself"]);
    place
        .run(&["run", "list.csv", "-o", "result.csv", "--force"])
        .await
        .expect(0);
    assert_eq!(place.read("result.csv").lines().count(), 3);
    place.write("result.json", "mine");
    place.run(&["run", "list.csv", "-o", "result.json"]).await.expect(1);
    place
        .run(&["run", "list.csv", "-o", "result.json", "--fresh"])
        .await
        .expect(1);
    assert_eq!(
        (place.read("result.json"), place.read("list.csv")),
        ("mine".to_owned(), csv)
    );
}

#[tokio::test]
async fn two_runs_on_one_result_refuse_each_other() {
    let place = Place::new();
    let site = LoadSite::start().await.unwrap();
    site.set_delay(Duration::from_millis(500));
    place.write("list.csv", &list(&site, 0..2));
    let first = place.start(&["run", "list.csv", "-o", "result.csv"]);
    site.until_total_hits(1).await;
    place
        .run(&["run", "list.csv", "-o", "result.csv"])
        .await
        .expect(1)
        .says(&["another batchdesk works on result.batchdesk.db"]);
    first.end().await.expect(0);
    assert_eq!(site.total_hits(), 2);
}

#[tokio::test]
async fn what_failed_is_run_again_when_asked_to() {
    let place = Place::new().with("RETRY__MAX_RETRIES", 0);
    let site = LoadSite::start().await.unwrap();
    let csv = format!(
        "{}Flaky,{}\n",
        list(&site, 0..3),
        site.url("/fault/status/500?times=1&key=redo")
    );
    place.write("list.csv", &csv);
    let arguments = ["run", "list.csv", "-o", "result.csv"];
    place.run(&arguments).await.expect(3);
    place.run(&arguments).await.expect(3).says(&["nothing is fetched"]);
    let mut again = arguments.to_vec();
    again.push("--redo");
    place.run(&again).await.expect(0).says(&["1 that failed are run again"]);
    assert_eq!(site.total_hits(), 3, "what was found is not fetched again");
    assert_eq!(site.path_hits("/fault/status/500"), 2);
    assert_eq!(place.read("result.csv").matches(",aggregated,").count(), 4);
}

#[tokio::test]
async fn a_list_may_come_from_a_pipe() {
    let place = Place::new();
    let site = LoadSite::start().await.unwrap();
    let csv = list(&site, 0..3);
    let arguments = ["run", "-", "-o", "result.csv"];
    place.start_with(&arguments, &csv).end().await.expect(0);
    place
        .start_with(&arguments, &csv)
        .end()
        .await
        .expect(0)
        .says(&["nothing is fetched"]);
    place
        .start_with(&arguments, "website\nother.example\n")
        .end()
        .await
        .expect(1);
    assert_eq!(
        place.names("result"),
        ["result.batchdesk.db", "result.batchdesk.db.lock", "result.csv"]
    );
}

#[tokio::test]
async fn a_list_of_sites_that_do_not_answer_ends() {
    let place = Place::new();
    // Port 1 of loopback: nobody listens there.
    place.write(
        "list.csv",
        "website\nhttp://127.0.0.1:1/\nhttp://10.0.0.1/\nnot a site\n",
    );
    let done = place
        .run(&["run", "list.csv", "-o", "result.json", "--json"])
        .await
        .expect(3);
    assert_eq!((&done.json()["found"], &done.json()["failed"]), (&json!(0), &json!(3)));
    let rows: Vec<Value> = serde_json::from_str(&place.read("result.json")).unwrap();
    assert!(rows.iter().all(|row| row["error"].is_string()), "{rows:?}");
}

#[tokio::test]
async fn a_list_that_cannot_be_used_is_refused_with_the_reason() {
    let place = Place::new();
    place.write("list.csv", "name,city\nA,Auckland\n");
    for (arguments, said) in [
        (
            &["run", "list.csv", "-o", "result.csv"][..],
            "No column holds website addresses",
        ),
        (
            &["run", "missing.csv", "-o", "result.csv"],
            "missing.csv cannot be read",
        ),
        (&["run", ".", "-o", "result.csv"], "is a directory"),
        (&["run", "list.csv", "-o", "result.doc"], "says no format"),
        (&["run", "list.csv", "-o", "nowhere/result.csv"], "is not there"),
        (
            &["run", "list.csv", "-o", "result.csv", "--play", "none"],
            "no play 'none'",
        ),
    ] {
        place.run(arguments).await.expect(1).says(&[said]);
    }
    assert_eq!(place.names("result.csv"), Vec::<String>::new());
    place.write(
        "list.batchdesk.db",
        "not a database at all, and longer than a page header would be",
    );
    place
        .run(&["run", "list.csv", "-o", "list.json"])
        .await
        .expect(1)
        .says(&["--fresh"]);
}
