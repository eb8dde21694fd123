//! A workspace behind PostgREST.

use std::sync::Arc;
use std::time::Instant;

use batchdesk::settings::Settings;
use batchdesk::store::Database;
use batchdesk::store::destinations::{Blame, DestinationError, DestinationMistake, Destinations, Patience};
use futures_util::future::join_all;
use serde_json::json;
use tempfile::TempDir;

use crate::place::{hasty, ids, spec, wait_until, write};
use crate::rest_server::{Instead, RestServer};

const KEY: &str = "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoic2VydmljZV9yb2xlIn0.c2lnbmF0dXJl";
const LOOPBACK: &str = "[network]\nallow_cidrs = [\"127.0.0.0/8\"]\n";

async fn destinations(url: &str, patience: Patience) -> (Arc<Destinations>, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let key = directory.path().join("key");
    std::fs::write(&key, KEY).unwrap();
    let secret = format!(
        "{LOOPBACK}[secrets.WORKSPACE_SERVICE_ROLE_KEY]\nfrom = \"file:{}\"\nhosts = [\"127.0.0.1\"]\n",
        key.display()
    );
    let destinations = crate::place::destinations(&directory, url, &secret, patience).await;
    (destinations, directory)
}

#[tokio::test]
async fn a_row_is_an_upsert_with_the_key_in_its_headers() {
    let server = RestServer::start().await;
    let (destinations, _directory) = destinations(&server.url, hasty()).await;
    let spec = spec("company_x", &[("name", "name"), ("tags", "tags"), ("data", "data")]);
    let ids = ids();
    for name in ["one", "two"] {
        let data = json!({"name": name, "tags": ["a", "b c"], "data": {"x": [1, "\"q\""]}});
        write(&destinations, &spec, &ids, &data).await.unwrap();
    }
    let writes = server.writes();
    let asked = &writes[0];
    assert_eq!(asked.path, "/company_x");
    assert_eq!(asked.query, "on_conflict=id&columns=id%2Cname%2Ctags%2Cdata");
    assert_eq!(asked.headers["apikey"], KEY);
    assert_eq!(asked.headers["authorization"], format!("Bearer {KEY}"));
    assert_eq!(
        asked.headers["prefer"],
        "resolution=merge-duplicates,return=minimal,missing=default"
    );
    assert_eq!(
        asked.body,
        json!([{"id": ids.step_run_id, "name": "one", "tags": "{\"a\",\"b c\"}", "data": {"x": [1, "\"q\""]}}])
    );
    let seen = server.seen.lock().unwrap();
    assert_eq!(seen.rows.len(), 1);
    assert_eq!(seen.rows[&ids.step_run_id.to_string()]["name"], "two");
    assert_eq!(
        seen.asked.iter().filter(|asked| asked.method == "GET").count(),
        1,
        "asked once, then known"
    );
}

#[tokio::test]
async fn one_bad_row_fails_alone() {
    let server = RestServer::start().await;
    let (destinations, _directory) = destinations(&server.url, hasty()).await;
    let plan = destinations
        .plan(&spec("company_x", &[("name", "name")]))
        .await
        .unwrap();
    let outcomes = join_all((0..64).map(|n| {
        let name = if n == 40 { "bad" } else { "good" };
        let (row, _) = plan.row(&ids(), &json!({ "name": name })).unwrap();
        destinations.write(row)
    }))
    .await;
    for (n, outcome) in outcomes.into_iter().enumerate() {
        match outcome {
            Err(DestinationError::Rejected { reason, .. }) if n == 40 => {
                assert_eq!(reason, "duplicate key value Key (name)=(bad)");
            }
            other => assert_eq!(other, Ok(()), "{n}"),
        }
    }
    assert_eq!(server.seen.lock().unwrap().rows.len(), 63);
    assert!(server.writes().len() < 20, "rows go in groups");
}

#[tokio::test]
async fn retry_after_is_waited_for() {
    let server = RestServer::start().await;
    let (destinations, _directory) = destinations(&server.url, Patience::default()).await;
    let spec = spec("company_x", &[("name", "name")]);
    destinations.plan(&spec).await.unwrap();
    server.answer_next_with(Instead {
        headers: vec![("retry-after", "1".to_owned())],
        ..Instead::new(429, json!({"message": "slow down"}))
    });
    server.answer_next_with(Instead::new(503, json!({"code": "PGRST001", "message": "no database"})));
    let started = Instant::now();
    write(&destinations, &spec, &ids(), &json!({"name": "x"}))
        .await
        .unwrap();
    assert!(started.elapsed().as_secs() >= 1);
    assert_eq!(server.writes().len(), 3);
}

#[tokio::test]
async fn a_long_wait_is_given_to_the_caller() {
    let server = RestServer::start().await;
    let (destinations, _directory) = destinations(&server.url, Patience::default()).await;
    let spec = spec("company_x", &[("name", "name")]);
    server.answer_next_with(Instead {
        headers: vec![("retry-after", "600".to_owned())],
        ..Instead::new(503, json!({"message": "maintenance"}))
    });
    for _ in 0..2 {
        let error = write(&destinations, &spec, &ids(), &json!({"name": "x"}))
            .await
            .unwrap_err();
        assert_eq!(error.blame(), Blame::Passing);
        let left = error.retry_after().unwrap().as_secs();
        assert!((590..=600).contains(&left), "{error:?}");
    }
    assert_eq!(server.writes().len(), 1, "while the breaker is open nothing is asked");
}

#[tokio::test]
async fn a_server_that_is_gone_is_away_until_it_is_back() {
    let server = RestServer::start().await;
    let (destinations, _directory) = destinations(&server.url, hasty()).await;
    let spec = spec("company_x", &[("name", "name")]);
    destinations.plan(&spec).await.unwrap();
    server.answer_next_with(Instead::new(502, json!("<html>")));
    let error = write(&destinations, &spec, &ids(), &json!({"name": "x"}))
        .await
        .unwrap_err();
    assert_eq!(error.blame(), Blame::Passing, "{error:?}");
    wait_until("rows go through again", async || {
        write(&destinations, &spec, &ids(), &json!({"name": "x"})).await.is_ok()
    })
    .await;
    drop(server);
    // A connection that is open is served to its end.
    wait_until("the server is gone", async || {
        let outcome = write(&destinations, &spec, &ids(), &json!({"name": "x"})).await;
        outcome.is_err_and(|error| error.blame() == Blame::Passing)
    })
    .await;
}

#[tokio::test]
async fn redirects_are_not_followed_and_refusals_are_told() {
    let server = RestServer::start().await;
    let other = RestServer::start().await;
    let (destinations, _directory) = destinations(&server.url, hasty()).await;
    let spec = spec("company_x", &[("name", "name")]);
    server.answer_next_with(Instead {
        headers: vec![("location", format!("{}/company_x", other.url))],
        ..Instead::new(307, json!({}))
    });
    server.answer_next_with(Instead::new(401, json!({"code": "PGRST301", "message": "JWT expired"})));
    for told in ["307", "JWT expired"] {
        let error = write(&destinations, &spec, &ids(), &json!({"name": "x"}))
            .await
            .unwrap_err();
        assert!(matches!(error, DestinationError::Refused { .. }), "{error:?}");
        assert!(error.to_string().contains(told), "{error}");
        assert!(!error.to_string().contains(KEY), "{error}");
    }
    assert!(other.seen.lock().unwrap().asked.is_empty());
    assert!(!format!("{destinations:?}").contains(KEY));
}

#[tokio::test]
async fn a_table_is_checked_against_the_description() {
    let server = RestServer::start().await;
    let (destinations, _directory) = destinations(&server.url, hasty()).await;
    let mistakes = destinations.check(&spec("company_v", &[("name", "name")])).await;
    assert!(
        matches!(&mistakes[..], [DestinationMistake::ReadOnly { .. }]),
        "{mistakes:?}"
    );
    let mistakes = destinations.check(&spec("company_x", &[("name", "nam")])).await;
    assert!(
        matches!(&mistakes[..], [DestinationMistake::ColumnMissing { .. }]),
        "{mistakes:?}"
    );
    let mistakes = destinations.check(&spec("company_none", &[("name", "name")])).await;
    assert!(
        matches!(&mistakes[..], [DestinationMistake::TableMissing { .. }]),
        "{mistakes:?}"
    );

    let spec = spec("company_x", &[("name", "name")]);
    destinations.plan(&spec).await.unwrap();
    server.answer_next_with(Instead::new(404, json!({"code": "PGRST205", "message": "gone"})));
    let error = write(&destinations, &spec, &ids(), &json!({"name": "x"}))
        .await
        .unwrap_err();
    assert!(matches!(error, DestinationError::TableMissing { .. }), "{error:?}");
    let asked = || {
        server
            .seen
            .lock()
            .unwrap()
            .asked
            .iter()
            .filter(|asked| asked.path == "/")
            .count()
    };
    let before = asked();
    destinations.plan(&spec).await.unwrap();
    assert_eq!(asked(), before + 1, "what was learnt is forgotten");
}

#[tokio::test]
async fn addresses_of_the_own_network_need_a_permission() {
    let server = RestServer::start().await;
    for url in [server.url.clone(), server.url.replace("127.0.0.1", "localhost")] {
        let directory = tempfile::tempdir().unwrap();
        let key = directory.path().join("key");
        std::fs::write(&key, KEY).unwrap();
        let secret = format!(
            "[secrets.WORKSPACE_SERVICE_ROLE_KEY]\nfrom = \"file:{}\"\nhosts = [\"127.0.0.1\", \"localhost\"]\n",
            key.display()
        );
        let guarded = crate::place::destinations(&directory, &url, &secret, hasty()).await;
        let mistakes = guarded.check(&spec("company_x", &[("name", "name")])).await;
        assert!(
            matches!(&mistakes[..], [DestinationMistake::Unreachable(why)] if why.contains("network.allow_cidrs")),
            "{mistakes:?}"
        );
    }
    assert!(server.seen.lock().unwrap().asked.is_empty());
}

#[tokio::test]
async fn without_a_key_the_settings_are_wrong() {
    let directory = tempfile::tempdir().unwrap();
    let text = format!(
        "data_dir = {:?}\n[workspace]\nurl = \"https://abc.supabase.co\"\n",
        directory.path()
    );
    let settings = Settings::from_text(&text).unwrap();
    let hq = Database::open(&settings).await.unwrap();
    let error = Destinations::new(&settings, hq.readers, hasty()).await.err().unwrap();
    assert!(error.to_string().contains("WORKSPACE_SERVICE_ROLE_KEY"), "{error}");
}

#[tokio::test]
async fn a_workspace_at_an_address_that_is_not_public_is_not_asked() {
    let server = RestServer::start().await;
    let directory = tempfile::tempdir().unwrap();
    let key = directory.path().join("key");
    std::fs::write(&key, KEY).unwrap();
    let secret = format!(
        "[network]\nallow_cidrs = []\n[secrets.WORKSPACE_SERVICE_ROLE_KEY]\nfrom = \"file:{}\"\nhosts = [\"127.0.0.1\", \"localhost\"]\n",
        key.display()
    );
    let spec = spec("company_x", &[("name", "name")]);
    for url in [server.url.clone(), server.url.replace("127.0.0.1", "localhost")] {
        let destinations = crate::place::destinations(&directory, &url, &secret, hasty()).await;
        let refused = write(&destinations, &spec, &ids(), &json!({ "name": "one" })).await;
        assert!(refused.is_err(), "{url}: {refused:?}");
    }
    assert_eq!(server.seen.lock().unwrap().asked.len(), 0);
}
