//! Signing in and out with a browser.

use reqwest::Method;
use sea_orm::{ConnectionTrait as _, Database};
use serde_json::json;

use crate::PASSWORD;
use crate::browser::{Browser, FORM, JSON, SAME_ORIGIN, add_user};
use crate::support::daemon::{Daemon, Db};
use crate::support::{start, start_with};

const ANN: &str = "ann@example.test";

pub async fn execute(daemon: &Daemon, sql: &str) {
    let db = Database::connect(daemon.database_url()).await.unwrap();
    db.execute_unprepared(sql).await.unwrap();
    db.close().await.unwrap();
}

pub async fn sessions_begin_and_end(database: Db) {
    let daemon = start_with(&database, "[auth]\ntoken_cache_ms = 0\n");
    add_user(&daemon, ANN, "admin", "Example");
    let mut ann = Browser::of(&daemon);
    let begun = ann.sign_in("  Ann@example.TEST ", PASSWORD).await.expect(201).json();
    let session = ann
        .cookie("batchdesk_session")
        .expect("a plain cookie on loopback")
        .to_owned();
    assert_eq!(session.len(), 43, "256 bits");
    let me = ann.get("/api/me").await.expect(200).json();
    assert_eq!(
        [&me["credential"], &me["user"]["email"]],
        [&json!("session"), &json!(ANN)]
    );
    assert_eq!(me["csrf_token"], begun["csrf_token"]);

    // Another sign-in gives another id and ends the first.
    ann.sign_in(ANN, PASSWORD).await.expect(201);
    assert_ne!(ann.cookie("batchdesk_session"), Some(session.as_str()));
    let mut stolen = Browser::of(&daemon);
    stolen.set_cookie("batchdesk_session", &session);
    stolen.get("/api/me").await.expect(401);

    // The name for TLS is not taken without TLS, nor the plain one where the host is another.
    stolen.set_cookie("__Host-batchdesk_session", ann.cookie("batchdesk_session").unwrap());
    stolen.get("/api/me").await.expect(401);
    let cookie = format!("batchdesk_session={}", ann.cookie("batchdesk_session").unwrap());
    let elsewhere = [("cookie", cookie.as_str()), ("host", "desk.example.com")];
    daemon
        .api("")
        .raw(Method::GET, "/api/me", "", &elsewhere)
        .await
        .expect(401);

    // A list of all, and the end of one.
    let mut phone = Browser::signed_in(&daemon, ANN, PASSWORD).await;
    let listed = ann.get("/api/sessions").await.expect(200).json();
    let listed = listed["data"].as_array().unwrap();
    assert_eq!(listed.len(), 2);
    assert_eq!(
        [&listed[0]["current"], &listed[1]["current"]],
        [&json!(false), &json!(true)]
    );
    assert_eq!(listed[0]["address"], "127.0.0.1");
    let phones = format!("/api/sessions/{}", listed[0]["id"].as_str().unwrap());
    ann.delete(&phones).await.expect(204);
    phone.get("/api/me").await.expect(401);
    ann.delete(&phones).await.expect(404);

    // Another password ends all others.
    let mut phone = Browser::signed_in(&daemon, ANN, PASSWORD).await;
    let other = "another fine password";
    let change = |current: &str, new: &str| json!({ "current": current, "new": new });
    let wrong = ann
        .post("/api/me/password", &change("not mine, surely", other))
        .await
        .expect(403)
        .json();
    assert_eq!(wrong["code"], "wrong_password");
    ann.post("/api/me/password", &change(PASSWORD, "short"))
        .await
        .expect(422);
    ann.post("/api/me/password", &change(PASSWORD, other)).await.expect(204);
    ann.get("/api/me").await.expect(200);
    phone.get("/api/me").await.expect(401);
    ann.delete("/api/session").await.expect(204);
    assert_eq!(ann.cookie("batchdesk_session"), None);
    ann.get("/api/me").await.expect(401);
    ann.sign_in(ANN, PASSWORD).await.expect(401);
    ann.sign_in(ANN, other).await.expect(201);

    // A session that is not used, and one that is too old.
    for (column, value) in [
        ("last_used_at", "2020-01-01T00:00:00+00:00"),
        ("expires_at", "2020-01-01T00:00:00+00:00"),
    ] {
        let mut ann = Browser::signed_in(&daemon, ANN, other).await;
        ann.get("/api/me").await.expect(200);
        execute(&daemon, &format!("update sessions set {column} = '{value}'")).await;
        ann.get("/api/me").await.expect(401);
    }

    // One who is disabled is out at once.
    let mut ann = Browser::signed_in(&daemon, ANN, other).await;
    execute(&daemon, "update users set disabled_at = created_at").await;
    ann.get("/api/me").await.expect(401);
    ann.sign_in(ANN, other).await.expect(401);
}

pub async fn requests_of_other_sites_are_refused(database: Db) {
    let daemon = start(&database);
    add_user(&daemon, ANN, "admin", "Example");
    let mut ann = Browser::signed_in(&daemon, ANN, PASSWORD).await;
    let csrf = ann.get("/api/me").await.expect(200).json()["csrf_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let own = daemon.base_url().to_owned();
    let body = json!({ "identifiers": ["a.example"] }).to_string();
    // What a browser sends to a proxy that asks for a password of its own is no token.
    let basic = ("authorization", "Basic YTpi");
    let cases: [(&[(&str, &str)], u16); 11] = [
        (&[SAME_ORIGIN, basic], 200),
        (&[basic, ("sec-fetch-site", "cross-site")], 403),
        (&[SAME_ORIGIN], 200),
        (&[("sec-fetch-site", "none")], 200),
        (&[("sec-fetch-site", "same-site")], 403),
        (&[("sec-fetch-site", "cross-site"), ("origin", own.as_str())], 403),
        (&[("origin", own.as_str())], 200),
        (&[("origin", "https://evil.example")], 403),
        (&[], 403),
        (&[("x-csrf-token", csrf.as_str())], 200),
        (&[("x-csrf-token", "guessed")], 403),
    ];
    for (headers, status) in cases {
        let headers: Vec<_> = headers.iter().copied().chain([JSON]).collect();
        let answer = ann.send(Method::POST, "/api/exclusions", &body, &headers).await;
        assert_eq!(answer.status.as_u16(), status, "{headers:?}: {}", answer.text());
        if status == 403 {
            assert_eq!(answer.json()["code"], "cross_site");
        }
    }
    ann.send(Method::GET, "/api/exclusions", "", &[("sec-fetch-site", "cross-site")])
        .await
        .expect(200);

    // A form without scripts shows by a field that it is ours, and cannot be made to sign somebody in elsewhere.
    let form = format!("email=ann%40example.test&password=correct+horse+battery+staple&next=%2Fjobs&csrf_token={csrf}");
    let answer = ann.send(Method::POST, "/api/session", &form, &[FORM]).await.expect(303);
    assert_eq!(answer.headers["location"], "/jobs");
    let answer = ann.send(Method::POST, "/api/session", &form, &[FORM]).await.expect(403);
    assert_eq!(answer.json()["code"], "cross_site", "the token of the session before");
    let login = json!({ "email": ANN, "password": PASSWORD }).to_string();
    let cross = [JSON, ("sec-fetch-site", "cross-site")];
    // In whatever way the path is written that leads there.
    for path in ["/api/session", "/api/sessio%6e", "/%61pi/session"] {
        let answer = Browser::of(&daemon).send(Method::POST, path, &login, &cross).await;
        assert_eq!(answer.expect(403).json()["code"], "cross_site", "{path}");
    }

    // A token in the header needs none of this.
    let api = daemon.api(&daemon.token("admin"));
    let cross = [
        JSON,
        ("sec-fetch-site", "cross-site"),
        ("origin", "https://evil.example"),
    ];
    api.raw(Method::POST, "/api/exclusions", body, &cross).await.expect(200);
}

pub async fn guessing_is_slowed_down_and_locks_nobody_out(database: Db) {
    let daemon = start_with(&database, "[http]\ntrusted_proxies = ['127.0.0.0/8']\n");
    add_user(&daemon, ANN, "member", "Example");
    let mut own = Browser::of(&daemon);
    let login = |password: &str| json!({ "email": ANN, "password": password }).to_string();
    let from = |address: &'static str| [JSON, ("x-forwarded-for", address), ("x-forwarded-proto", "https")];
    let known = own
        .send(Method::POST, "/api/session", &login(PASSWORD), &from("203.0.113.1"))
        .await
        .expect(201);
    let cookies: Vec<_> = known
        .headers
        .get_all("set-cookie")
        .iter()
        .map(|line| line.to_str().unwrap())
        .collect();
    assert!(
        cookies
            .iter()
            .all(|line| line.starts_with("__Host-") && line.contains("; Secure")),
        "{cookies:?}"
    );
    assert!(known.headers.contains_key("strict-transport-security"));

    let mut attacker = Browser::of(&daemon);
    let mut unknown = Browser::of(&daemon);
    for _ in 0..3 {
        let guess = login("a wrong password of some length");
        let refused = attacker
            .send(Method::POST, "/api/session", &guess, &from("203.0.113.1"))
            .await
            .expect(401);
        let nobody = json!({ "email": "nobody@example.test", "password": "a wrong password" }).to_string();
        let unknown = unknown
            .send(Method::POST, "/api/session", &nobody, &from("203.0.113.9"))
            .await
            .expect(401);
        let (mut one, mut other) = (refused.json(), unknown.json());
        for body in [&mut one, &mut other] {
            body.as_object_mut().unwrap().remove("request_id");
        }
        assert_eq!(one, other, "an account that is there is answered as one that is not");
    }
    // Each further guess makes the wait longer, so that even a slow machine gets to one.
    let mut refused = None;
    for _ in 0..20 {
        let guess = login("a wrong password of some length");
        let answer = attacker
            .send(Method::POST, "/api/session", &guess, &from("203.0.113.1"))
            .await;
        if answer.status == 429 {
            refused = Some(answer);
            break;
        }
        answer.expect(401);
    }
    let refused = refused.expect("a wait");
    assert_eq!(refused.json()["code"], "too_many_attempts");
    let wait: u32 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!(wait >= 1, "{wait}");
    // The same address, but the browser that has been here before; and another address.
    own.send(
        Method::DELETE,
        "/api/session",
        "",
        &[SAME_ORIGIN, from("203.0.113.1")[1], from("203.0.113.1")[2]],
    )
    .await
    .expect(204);
    own.send(Method::POST, "/api/session", &login(PASSWORD), &from("203.0.113.1"))
        .await
        .expect(201);
    Browser::of(&daemon)
        .send(Method::POST, "/api/session", &login(PASSWORD), &from("203.0.113.2"))
        .await
        .expect(201);
}
