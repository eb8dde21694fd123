//! `backup`: a copy of the database beside a running daemon.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use crate::run::rows_of_ndjson;
use crate::support::command::Place;
use crate::support::daemon::{Daemon, DaemonOptions};
use crate::support::list;
use batchdesk::simulators::load::{LoadSite, facts};
use serde_json::{Value, json};

const SOON: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_backup_under_load_is_restored_and_goes_on() {
    const ROWS: u64 = 200;
    let place = Place::new();
    let site = LoadSite::start().await.unwrap();
    site.set_delay(Duration::from_millis(20));
    let mut daemon = Daemon::start(DaemonOptions {
        config_toml_extra: "engine.window = 8".to_owned(),
        ..DaemonOptions::default()
    });
    let token = daemon.token("member");
    let api = daemon.api(&token);
    let job = api.create_job(list(&site, 0..ROWS)).await;
    site.until_total_hits(ROWS / 4).await;
    let file = place.path("backup.db");
    let file = file.to_str().unwrap();
    let report: Value = serde_json::from_str(&daemon.command_line(&["backup", file, "--json"], "")).unwrap();
    assert_eq!(
        api.status(&job).await.json()["status"],
        "running",
        "the backup came too late to say anything"
    );
    daemon.kill9();
    assert_eq!(
        (&report["integrity"], &report["jobs"], &report["practices"]),
        (&json!("ok"), &json!({ "running": 1 }), &json!(ROWS))
    );
    let finished = report["finished_practices"].as_u64().unwrap();
    assert!((1..ROWS).contains(&finished), "{report}");
    let metadata = fs::metadata(file).unwrap();
    assert_eq!(
        (metadata.len(), metadata.permissions().mode() & 0o777),
        (report["bytes"].as_u64().unwrap(), 0o600)
    );

    let verified = place
        .run(&["backup", "--verify", file, "--json"])
        .await
        .expect(0)
        .json();
    for key in ["journal_head", "finished_practices", "schema", "bytes", "users"] {
        assert_eq!(verified[key], report[key], "{key}");
    }
    assert_eq!(place.names("backup"), ["backup.db"], "looking leaves nothing beside it");

    // As the help says: the file in its place, and no log of another database beside it.
    let data_dir = place.path("restored");
    fs::create_dir(&data_dir).unwrap();
    fs::copy(file, data_dir.join("batchdesk.db")).unwrap();
    site.set_delay(Duration::ZERO);
    let restored = Daemon::start(DaemonOptions {
        data_dir: Some(data_dir),
        ..DaemonOptions::default()
    });
    let api = restored.api(&token);
    let status = api.wait_for(&job, "completed", SOON).await;
    assert_eq!(status["counts"]["aggregated"], ROWS);
    let rows = rows_of_ndjson(&String::from_utf8(api.export(&job, "ndjson").await).unwrap());
    assert_eq!(rows.len() as u64, ROWS);
    for (n, row) in (0..ROWS).zip(&rows) {
        assert_eq!(row["result"]["name"], facts(n).name, "{row}");
    }
}

#[tokio::test]
async fn a_backup_is_whole_or_refused() {
    let place = Place::new();
    let site = LoadSite::start().await.unwrap();
    place.write("list.csv", &list(&site, 0..5));
    place.run(&["run", "list.csv", "-o", "result.csv"]).await.expect(0);
    let url = format!("sqlite://{}?mode=rwc", place.path("result.batchdesk.db").display());
    let place = place.with("DATABASE__URL", url);
    place.run(&["backup", "backup.db"]).await.expect(0);
    place.run(&["backup", "backup.db"]).await.expect(1).says(&["--force"]);
    place.run(&["backup", "backup.db", "--force"]).await.expect(0);
    place
        .run(&["backup", "result.batchdesk.db", "--force"])
        .await
        .expect(1)
        .says(&["belongs to the database"]);
    let said = place.run(&["backup", "--verify", "backup.db"]).await.expect(0).stdout;
    assert!(
        said.contains("jobs          1 completed\npractices     5, 5 of them finished\n"),
        "{said}"
    );

    let mut bytes = fs::read(place.path("backup.db")).unwrap();
    // From the third page on; the first two hold the schema.
    bytes[2 * 4096..].fill(0xa5);
    fs::write(place.path("damaged.db"), bytes).unwrap();
    place
        .run(&["backup", "--verify", "damaged.db"])
        .await
        .expect(1)
        .says(&["not a usable backup"]);
    place
        .run(&["backup", "--verify", "list.csv"])
        .await
        .expect(1)
        .says(&["not a usable backup"]);
    place.run(&["backup", "--verify", "missing.db"]).await.expect(1);
    assert_eq!(place.names("missing.db"), Vec::<String>::new());

    let place = place.with("DATABASE__URL", "postgres://me:s3cret@127.0.0.1:1/desk");
    let refused = place.run(&["backup", "backup.db"]).await.expect(1);
    refused.says(&["pg_dump --format=custom --file=backup.db --dbname=postgres://me@127.0.0.1:1/desk"]);
    assert!(!refused.stderr.contains("s3cret"));
    let url = format!("sqlite://{}?mode=rwc", place.path("none.db").display());
    let place = place.with("DATABASE__URL", url);
    place.run(&["backup", "other.db"]).await.expect(1);
    assert_eq!(
        (place.names("none.db"), place.names("other.db")),
        (Vec::new(), Vec::<String>::new())
    );
}
