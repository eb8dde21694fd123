//! A daemon that has no user yet.

use serde_json::json;

use crate::PASSWORD;
use crate::browser::Browser;
use crate::support::daemon::{Daemon, DaemonOptions, Db};
use crate::support::start;

pub async fn a_daemon_without_users_is_set_up_once(database: Db) {
    let mut daemon = start(&database);
    let api = daemon.api("");
    let log = daemon.log();
    let printed = log.split("/setup?token=").nth(1).expect("a set-up link");
    let printed = printed.lines().next().unwrap().to_owned();
    let page = api.get(&format!("/setup?token={printed}")).await.expect(200);
    assert!(page.text().contains(&format!("value=\"{printed}\"")), "{}", page.text());
    let set_up = |token: &str, password: &str| json!({ "token": token, "email": "Ann@Example.test", "password": password, "organisation": "First" });
    let wrong = api
        .post("/api/setup", &set_up("guessed", PASSWORD))
        .await
        .expect(410)
        .json();
    assert_eq!(wrong["code"], "no_such_link");
    let short = api
        .post("/api/setup", &set_up(&printed, "short"))
        .await
        .expect(422)
        .json();
    assert_eq!(short["code"], "bad_password");
    api.post("/api/setup", &set_up(&printed, PASSWORD)).await.expect(201);
    api.post("/api/setup", &set_up(&printed, PASSWORD)).await.expect(410);
    let mut ann = Browser::signed_in(&daemon, "ann@example.test", PASSWORD).await;
    let me = ann.get("/api/me").await.expect(200).json();
    assert_eq!(
        [&me["role"], &me["organisation"]["name"]],
        [&json!("operator"), &json!("First")]
    );
    daemon.restart();
    assert_eq!(
        daemon.log().matches("/setup?token=").count(),
        1,
        "no link where there is a user"
    );
}

#[tokio::test]
async fn the_environment_makes_the_first_user() {
    let variables = [
        ("BATCHDESK_ADMIN_EMAIL", "Root@Example.test"),
        ("BATCHDESK_ADMIN_PASSWORD", PASSWORD),
    ];
    let options = DaemonOptions {
        env: variables
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec(),
        ..DaemonOptions::default()
    };
    let mut daemon = Daemon::start(options);
    let mut root = Browser::signed_in(&daemon, "root@example.test", PASSWORD).await;
    assert_eq!(root.get("/api/me").await.expect(200).json()["role"], "operator");
    assert!(!daemon.log().contains(PASSWORD));
    daemon.restart();
    root = Browser::signed_in(&daemon, "root@example.test", PASSWORD).await;
    root.get("/api/me").await.expect(200);
}

#[tokio::test]
async fn half_of_the_environment_is_refused() {
    let options = DaemonOptions {
        env: vec![("BATCHDESK_ADMIN_EMAIL".to_owned(), "root@example.test".to_owned())],
        ..DaemonOptions::default()
    };
    let mut daemon = Daemon::spawn(options);
    assert_eq!(daemon.wait_exit().code(), Some(1));
    assert!(daemon.log().contains("BATCHDESK_ADMIN_PASSWORD"), "{}", daemon.log());
}
