//! Users and organisations over REST.

use batchdesk::model::webhook::{SECRET_BYTES, secret_of};
use batchdesk::simulators::hook::{Answer, Hook};
use reqwest::Method;
use serde_json::{Value, json};

use crate::PASSWORD;
use crate::browser::{Browser, JSON};
use crate::support::api::Api;
use crate::support::daemon::{Daemon, DaemonOptions, Db};
use crate::support::{start, start_with};

async fn patch(api: &Api, path: &str, body: &Value) -> crate::support::api::Answer {
    api.raw(Method::PATCH, path, body.to_string(), &[JSON]).await
}

async fn delete(api: &Api, path: &str) -> crate::support::api::Answer {
    api.raw(Method::DELETE, path, "", &[]).await
}

pub async fn users_are_administered(database: Db) {
    let daemon = start_with(
        &database,
        "[http]\npublic_url = 'https://desk.example/'\n[auth]\ntoken_cache_ms = 0\n",
    );
    let admin = daemon.api(&daemon.token("admin"));
    let others = daemon.api(&daemon.token_in("Other", "admin"));
    let operator = daemon.api(&daemon.token_in("House", "operator"));

    let new = json!({ "email": "Bob@Example.test", "name": " Bob ", "role": "member" });
    let key = [JSON, ("idempotency-key", "bob")];
    let made = admin
        .raw(Method::POST, "/api/users", new.to_string(), &key)
        .await
        .expect(201)
        .json();
    let (user, token) = (
        made["user"].clone(),
        made["invitation"]["token"].as_str().unwrap().to_owned(),
    );
    assert_eq!(
        [&user["email"], &user["status"], &user["name"]],
        [&json!("bob@example.test"), &json!("invited"), &json!("Bob")]
    );
    assert_eq!(
        made["invitation"]["link"],
        format!("https://desk.example/accept-invitation?token={token}")
    );
    let again = admin
        .raw(Method::POST, "/api/users", new.to_string(), &key)
        .await
        .expect(201);
    assert_eq!(again.headers["idempotent-replayed"], "true");
    let again = again.json();
    assert_eq!(
        [&again["user"]["id"], &again["invitation"]["token"]],
        [&user["id"], &Value::Null],
        "shown once"
    );
    let taken = admin.post("/api/users", &new).await.expect(409).json();
    assert_eq!(taken["code"], "email_taken");

    let path = format!("/api/users/{}", user["id"].as_str().unwrap());
    let accept = |token: &str, password: &str| json!({ "token": token, "password": password });
    let anybody = daemon.api("");
    anybody
        .post("/api/accept-invitation", &accept(&token, "short"))
        .await
        .expect(422);
    anybody
        .post("/api/accept-invitation", &accept("guessed", PASSWORD))
        .await
        .expect(410);
    anybody
        .post("/api/accept-invitation", &accept(&token, PASSWORD))
        .await
        .expect(204);
    anybody
        .post("/api/accept-invitation", &accept(&token, PASSWORD))
        .await
        .expect(410);
    let mut bob = Browser::signed_in(&daemon, "bob@example.test", PASSWORD).await;

    // A member sees nobody but itself.
    bob.get("/api/users").await.expect(403);
    bob.get(&path).await.expect(200);
    bob.post("/api/users", &json!({ "email": "c@example.test", "role": "viewer" }))
        .await
        .expect(403);

    // Organisations are apart; the operator sees both.
    others.get(&path).await.expect(403);
    patch(&others, &path, &json!({ "role": "viewer" })).await.expect(403);
    delete(&others, &path).await.expect(403);
    others
        .get("/api/users/0190a000-0000-7000-8000-000000000000")
        .await
        .expect(404);
    let seen = others.get("/api/users").await.expect(200).json();
    assert_eq!(seen["data"].as_array().unwrap().len(), 1);
    let all = operator.get("/api/users").await.expect(200).json();
    assert!(all["data"].as_array().unwrap().len() >= 4);
    let some = operator.get("/api/users?q=bob").await.expect(200).json();
    assert_eq!(some["data"][0]["id"], user["id"]);
    let foreign = json!({ "email": "d@example.test", "role": "viewer", "organisation_id": user["organisation_id"] });
    others.post("/api/users", &foreign).await.expect(403);
    operator.post("/api/users", &foreign).await.expect(201);

    // Nobody gives more than they have.
    let above = json!({ "email": "e@example.test", "role": "operator" });
    admin.post("/api/users", &above).await.expect(403);
    patch(&admin, &path, &json!({ "role": "operator" })).await.expect(403);
    let bad = patch(&admin, &path, &json!({ "role": "root" }))
        .await
        .expect(400)
        .json();
    assert!(bad["detail"].as_str().unwrap().contains("viewer"), "{bad}");
    let changed = patch(&admin, &path, &json!({ "role": "admin", "name": "Robert" }))
        .await
        .expect(200)
        .json();
    assert_eq!(
        [&changed["role"], &changed["name"]],
        [&json!("admin"), &json!("Robert")]
    );
    bob.get("/api/users").await.expect(200);

    // Disabled: out at once, and back with a new session.
    patch(&admin, &path, &json!({ "disabled": true })).await.expect(200);
    bob.get("/api/me").await.expect(401);
    bob.sign_in("bob@example.test", PASSWORD).await.expect(401);
    admin.post(&format!("{path}/invitation"), &json!({})).await.expect(409);
    patch(&admin, &path, &json!({ "disabled": false })).await.expect(200);
    bob.sign_in("bob@example.test", PASSWORD).await.expect(201);

    // A link to reset the password takes the place of the one before, and ends sessions.
    let first = admin
        .post(&format!("{path}/invitation"), &json!({}))
        .await
        .expect(201)
        .json();
    let second = admin
        .post(&format!("{path}/invitation"), &json!({}))
        .await
        .expect(201)
        .json();
    let token = |made: &Value| made["token"].as_str().unwrap().to_owned();
    let other = "yet another password";
    anybody
        .post("/api/accept-invitation", &accept(&token(&first), other))
        .await
        .expect(410);
    anybody
        .post("/api/accept-invitation", &accept(&token(&second), other))
        .await
        .expect(204);
    bob.get("/api/me").await.expect(401);
    bob.sign_in("bob@example.test", other).await.expect(201);

    // Removed: nothing is left but the id, and the address is free.
    delete(&admin, &path).await.expect(204);
    bob.get("/api/me").await.expect(401);
    admin.get(&path).await.expect(404);
    delete(&admin, &path).await.expect(404);
    admin.post("/api/users", &new).await.expect(201);

    // Organisations.
    admin
        .post("/api/organisations", &json!({ "name": "Third" }))
        .await
        .expect(403);
    let third = operator
        .post("/api/organisations", &json!({ "name": "Third" }))
        .await
        .expect(201)
        .json();
    operator
        .post("/api/organisations", &json!({ "name": "Third" }))
        .await
        .expect(409);
    let path = format!("/api/organisations/{}", third["id"].as_str().unwrap());
    patch(&operator, &path, &json!({ "name": "Other" })).await.expect(409);
    assert_eq!(
        patch(&operator, &path, &json!({ "name": "3rd" }))
            .await
            .expect(200)
            .json()["name"],
        "3rd"
    );
    let own = admin.get("/api/organisations").await.expect(200).json();
    assert_eq!(own["data"].as_array().unwrap().len(), 1);
    assert_eq!(
        operator.get("/api/organisations").await.expect(200).json()["data"]
            .as_array()
            .unwrap()
            .len(),
        4
    );
}

pub async fn nobody_can_be_locked_out(database: Db) {
    let daemon = start(&database);
    let operator = daemon.api(&daemon.token_in("House", "operator"));
    let admin = daemon.api(&daemon.token("admin"));
    let path = |me: &Value| format!("/api/users/{}", me["user"]["id"].as_str().unwrap());
    let operators = path(&operator.get("/api/me").await.expect(200).json());
    let admins = path(&admin.get("/api/me").await.expect(200).json());
    let role = json!({ "role": "viewer" });
    let disabled = json!({ "disabled": true });
    for body in [&role, &disabled] {
        let refused = patch(&operator, &operators, body).await.expect(409).json();
        assert_eq!(refused["code"], "last_operator");
        let refused = patch(&admin, &admins, body).await.expect(409).json();
        assert_eq!(refused["code"], "last_admin");
    }
    assert_eq!(
        delete(&operator, &operators).await.expect(409).json()["code"],
        "last_operator"
    );
    assert_eq!(delete(&admin, &admins).await.expect(409).json()["code"], "last_admin");
    // An operator may close an organisation, and with a second one each may go.
    patch(&operator, &admins, &disabled).await.expect(200);
    daemon.token_in("House", "operator");
    patch(&operator, &operators, &role).await.expect(200);
}

#[tokio::test]
async fn the_command_line_works_beside_the_daemon() {
    let daemon = start_with(&Db::Sqlite, "[auth]\ntoken_cache_ms = 0\n");
    let api = daemon.api(&daemon.token("operator"));
    crate::browser::add_user(&daemon, "ann@example.test", "member", "Example");
    let listed = daemon.command_line(&["user", "list"], "");
    assert!(
        listed.contains("Example\tann@example.test\tmember\tpassword"),
        "{listed}"
    );
    let ann = ["--email", "ann@example.test"];
    daemon.command_line(&["user", "password", ann[0], ann[1]], "another fine password\n");
    let mut browser = Browser::of(&daemon);
    browser.sign_in("ann@example.test", PASSWORD).await.expect(401);
    browser
        .sign_in("ann@example.test", "another fine password")
        .await
        .expect(201);
    let link = daemon.command_line(&["user", "link", ann[0], ann[1]], "");
    let (_, token) = link.trim().split_once("/accept-invitation?token=").unwrap();
    let with_address = json!({ "token": token, "password": "ann@example.test is my name" });
    let refused = daemon.api("").post("/api/accept-invitation", &with_address).await;
    assert_eq!(refused.expect(422).json()["code"], "bad_password");
    let accepted = json!({ "token": token, "password": PASSWORD });
    daemon
        .api("")
        .post("/api/accept-invitation", &accepted)
        .await
        .expect(204);
    browser.get("/api/me").await.expect(401);
    browser.sign_in("ann@example.test", PASSWORD).await.expect(201);
    daemon.command_line(&["user", "disable", ann[0], ann[1]], "");
    browser.get("/api/me").await.expect(401);
    let tokens = daemon.command_line(&["token", "list"], "");
    assert_eq!(tokens.lines().count(), 1, "{tokens}");
    assert!(!tokens.contains("bd_"));
    daemon.command_line(&["token", "revoke", tokens.split('\t').next().unwrap()], "");
    api.get("/api/me").await.expect(401);
    let rows = daemon
        .api(&daemon.token("operator"))
        .get("/api/audit?limit=500")
        .await
        .expect(200)
        .json();
    let rows = rows["data"].as_array().unwrap();
    for action in [
        "user add",
        "user password",
        "user link",
        "user disable",
        "token create",
        "token revoke",
    ] {
        let wanted = format!("batchdesk {action}");
        assert!(
            rows.iter().any(|row| row["action"] == wanted.as_str()),
            "{wanted}: {rows:?}"
        );
    }
}

pub async fn links_are_sent_to_whoever_passes_them_on(database: Db) {
    let hook = Hook::start().await.unwrap();
    hook.answer_first([Answer::status(503)]);
    let secret = secret_of([7; SECRET_BYTES]);
    let daemon = Daemon::start(DaemonOptions {
        database,
        config_toml_extra: format!(
            "[auth]\nlink_webhook_url = '{}'\nlink_webhook_secret = 'env:LINK_SECRET'\n",
            hook.url("/links?key=s3cret")
        ),
        env: vec![("LINK_SECRET".to_owned(), secret.clone())],
        ..DaemonOptions::default()
    });
    let admin = daemon.api(&daemon.token("admin"));
    let new = json!({ "email": "bob@example.test", "name": "Bob", "role": "member" });
    let key = [JSON, ("idempotency-key", "bob")];
    let made = admin.raw(Method::POST, "/api/users", new.to_string(), &key).await;
    let made = made.expect(201).json();
    assert_eq!(made["invitation"]["sent"], true);
    let again = admin.raw(Method::POST, "/api/users", new.to_string(), &key).await;
    assert_eq!(again.expect(201).json()["invitation"]["sent"], Value::Null, "sent once");

    // Refused once, it comes again as the same message.
    let received = hook.received(2).await;
    assert_eq!(received[0].id, received[1].id);
    received[1].verify(&secret).unwrap();
    let told = received[1].json();
    let data = &told["data"];
    assert_eq!(told["type"], "user.invitation");
    assert_eq!(data["link"], made["invitation"]["link"]);
    assert_eq!(
        [&data["email"], &data["name"], &data["user_id"]],
        [&json!("bob@example.test"), &json!("Bob"), &made["user"]["id"]]
    );
    let token = data["link"]
        .as_str()
        .unwrap()
        .split_once("token=")
        .unwrap()
        .1
        .to_owned();
    let accepted = json!({ "token": token, "password": PASSWORD });
    daemon
        .api("")
        .post("/api/accept-invitation", &accepted)
        .await
        .expect(204);

    let path = format!("/api/users/{}/invitation", made["user"]["id"].as_str().unwrap());
    let reset = admin.post(&path, &json!({})).await.expect(201).json();
    let received = hook.received(3).await;
    let told = received[2].json();
    assert_eq!(told["type"], "user.password_reset");
    assert_eq!(told["data"]["link"], reset["link"]);
    let log = daemon.log();
    for secret in [&secret, "s3cret", &token] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}

#[tokio::test]
async fn links_that_could_not_be_signed_are_told_at_the_start() {
    for (secret, told) in [("", "link_webhook_secret"), ("s3cret", "whsec_")] {
        let mut daemon = Daemon::spawn(DaemonOptions {
            config_toml_extra: format!(
                "[auth]\nlink_webhook_url = 'https://mail.example/'\n{}",
                if secret.is_empty() {
                    ""
                } else {
                    "link_webhook_secret = 'env:LINK_SECRET'\n"
                }
            ),
            env: vec![("LINK_SECRET".to_owned(), secret.to_owned())],
            ..DaemonOptions::default()
        });
        assert_eq!(daemon.wait_exit().code(), Some(1));
        let log = daemon.log();
        assert!(log.contains(told) && !log.contains("s3cret"), "{log}");
    }
}
