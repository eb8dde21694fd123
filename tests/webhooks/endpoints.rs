//! Endpoints: who may do what with them, where they may lead, and what is never told.

use reqwest::Method;
use serde_json::{Value, json};

use crate::desk::{Desk, FAST, post_keyed, text};
use crate::support::daemon::Db;

const ENDPOINTS: &str = "/api/webhook-endpoints";

pub async fn endpoints_are_made_changed_and_deleted(database: Db) {
    let desk = Desk::open(&database, "").await;
    let url = desk.hook.url("/in?key=k3y");
    let wanted =
        json!({ "url": url, "description": " For the desk ", "event_types": ["batch.paused", "batch.paused"] });
    let made = post_keyed(&desk.admin, ENDPOINTS, "make-1", &wanted).await.expect(201);
    assert_eq!(
        made.headers["location"],
        format!("{ENDPOINTS}/{}", text(&made.json()["id"]))
    );
    let again = post_keyed(&desk.admin, ENDPOINTS, "make-1", &wanted).await.expect(201);
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(again.json(), made.json(), "the answer that may have been lost");
    let made = made.json();
    assert!(text(&made["secret"]).starts_with("whsec_"));
    assert_eq!(made["description"], "For the desk");
    assert_eq!(made["event_types"], json!(["batch.paused"]));
    let list = desk.admin.get(ENDPOINTS).await.expect(200).json();
    let mut shown = made.clone();
    shown.as_object_mut().unwrap().remove("secret");
    assert_eq!(list["data"], json!([shown]));
    assert_eq!(text(&shown["url"]), desk.hook.url("/in?…"));

    let endpoint = crate::desk::Endpoint {
        id: text(&made["id"]),
        secret: text(&made["secret"]),
    };
    let change = json!({ "description": "", "event_types": ["batch.completed"], "url": desk.hook.url("/other") });
    let changed = desk.patch(&endpoint, change).await.expect(200).json();
    assert_eq!(
        (&changed["description"], &changed["enabled"]),
        (&json!(null), &json!(true))
    );
    desk.until_status(&desk.test(&endpoint).await, "delivered").await;
    assert_eq!(desk.hook.received(1).await[0].path, "/other");

    let off = desk
        .patch(&endpoint, json!({ "enabled": false }))
        .await
        .expect(200)
        .json();
    assert_eq!(off["disabled_reason"], "switched off");
    for (body, code) in [
        (json!({ "event_types": [] }), "bad_event_types"),
        (json!({ "event_types": ["webhook.test"] }), "bad_event_types"),
        (json!({ "url": "ftp://example.com/" }), "bad_webhook_url"),
    ] {
        let refused = desk.patch(&endpoint, body.clone()).await.expect(422).json();
        assert_eq!(refused["code"], code, "{body}");
    }
    let unknown = json!({ "url": url, "event_types": ["batch.exploded"] });
    desk.admin.post(ENDPOINTS, &unknown).await.expect(400);

    desk.admin
        .raw(Method::DELETE, &endpoint.path(""), "", &[])
        .await
        .expect(204);
    desk.admin
        .raw(Method::DELETE, &endpoint.path(""), "", &[])
        .await
        .expect(404);
    desk.admin.get(&endpoint.path("/deliveries")).await.expect(404);
}

pub async fn an_endpoint_belongs_to_its_organisation(database: Db) {
    let desk = Desk::open(&database, "").await;
    let endpoint = desk.endpoint("/in").await;
    let delivery = desk.test(&endpoint).await;
    desk.until_status(&delivery, "delivered").await;
    let stranger = desk.daemon.api(&desk.daemon.token_in("Elsewhere", "admin"));
    assert_eq!(stranger.get(ENDPOINTS).await.expect(200).json()["data"], json!([]));
    let of_delivery = format!("/api/webhook-deliveries/{delivery}");
    for path in [endpoint.path(""), endpoint.path("/deliveries"), of_delivery.clone()] {
        stranger.get(&path).await.expect(403);
    }
    let since = json!({ "since": "2020-01-01T00:00:00Z" });
    for path in ["/test", "/rotate-secret", "/redeliver"] {
        let body = if path == "/redeliver" { &since } else { &json!({}) };
        stranger.post(&endpoint.path(path), body).await.expect(403);
    }
    let again = format!("{of_delivery}/redeliver");
    stranger.post(&again, &json!({})).await.expect(403);
    stranger
        .raw(Method::DELETE, &endpoint.path(""), "", &[])
        .await
        .expect(403);

    let member = desk.daemon.api(&desk.daemon.token("member"));
    let viewer = desk.daemon.api(&desk.daemon.token("viewer"));
    for path in [ENDPOINTS.to_owned(), endpoint.path("")] {
        let seen = member.get(&path).await.expect(200);
        assert!(!seen.text().contains("whsec_"), "{path}");
        viewer.get(&path).await.expect(403);
    }
    // What was told is of everybody's jobs.
    for path in [endpoint.path("/deliveries"), of_delivery] {
        member.get(&path).await.expect(403);
    }
    member.post(&endpoint.path("/test"), &json!({})).await.expect(403);
    member.post(&again, &json!({})).await.expect(403);
    let body = json!({ "url": "https://example.com/" });
    member.post(ENDPOINTS, &body).await.expect(403);

    // What happens to a stranger's batch is told to the stranger alone.
    let body = json!({ "url": desk.hook.url("/stranger") });
    stranger.post(ENDPOINTS, &body).await.expect(201);
    let job = stranger.create_job(crate::support::list(&desk.site, 0..1)).await;
    let told = desk.hook.received(2).await;
    assert_eq!(
        (told[1].path.as_str(), &told[1].json()["data"]["id"]),
        ("/stranger", &json!(job))
    );
    assert_eq!(desk.deliveries(&endpoint, "").await.len(), 1);
}

pub async fn a_new_secret_signs_beside_the_old_one(database: Db) {
    let desk = Desk::open(&database, "").await;
    let endpoint = desk.endpoint("/in").await;
    let path = endpoint.path("/rotate-secret");
    let rotated = post_keyed(&desk.admin, &path, "rotate-1", &json!({}))
        .await
        .expect(200)
        .json();
    let repeated = post_keyed(&desk.admin, &path, "rotate-1", &json!({}))
        .await
        .expect(200)
        .json();
    assert_eq!(rotated, repeated, "sent twice, rotated once");
    let second = text(&rotated["secret"]);
    desk.until_status(&desk.test(&endpoint).await, "delivered").await;
    let both = desk.hook.received(1).await[0].clone();
    both.verify(&endpoint.secret).unwrap();
    both.verify(&second).unwrap();
    assert_eq!(both.signature.split(' ').count(), 2);
    assert!(desk.detail(&endpoint).await["previous_secret_until"].is_string());

    let at_once = json!({ "old_secret_hours": 0 });
    let rotated = desk.admin.post(&path, &at_once).await.expect(200).json();
    desk.until_status(&desk.test(&endpoint).await, "delivered").await;
    let one = desk.hook.received(2).await[1].clone();
    one.verify(&text(&rotated["secret"])).unwrap();
    assert!(one.verify(&second).is_err());
    assert_eq!(one.signature.split(' ').count(), 1);
    desk.admin
        .post(&path, &json!({ "old_secret_hours": 721 }))
        .await
        .expect(400);
    let slack = json!({ "url": desk.hook.url("/s"), "format": "slack" });
    let slack = desk.endpoint_with(slack).await;
    let refused = desk
        .admin
        .post(&slack.path("/rotate-secret"), &json!({}))
        .await
        .expect(409);
    assert_eq!(refused.json()["code"], "no_secret");
}

pub async fn no_secret_is_told_twice(database: Db) {
    let desk = Desk::open(&database, &format!("{FAST}[log]\nlevel = 'debug'\n")).await;
    let endpoint = desk.endpoint("/in?token=qu3ry").await;
    let slack = json!({ "url": desk.hook.url("/services/T9/B9/sl4ck"), "format": "slack" });
    let slack = desk.endpoint_with(slack).await;
    // Failures are where an address slips out most easily.
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = nobody.local_addr().unwrap();
    drop(nobody);
    for (endpoint, path) in [(&endpoint, "/in?token=qu3ry"), (&slack, "/services/T9/B9/sl4ck")] {
        let url = format!("http://{closed}{path}");
        desk.patch(endpoint, json!({ "url": url })).await.expect(200);
        desk.until_status(&desk.test(endpoint).await, "failed").await;
    }
    let mut told = desk.daemon.log();
    for path in [ENDPOINTS.to_owned(), endpoint.path(""), slack.path("")] {
        told.push_str(&desk.admin.get(&path).await.expect(200).text());
    }
    for one in [&endpoint, &slack] {
        for delivery in desk.deliveries(one, "").await {
            let detail = desk.delivery(&text(&delivery["id"])).await;
            assert!(text(&detail["error"]).contains("127.0.0.1"), "{detail:#}");
            told.push_str(&detail.to_string());
        }
    }
    for secret in [endpoint.secret.as_str(), "whsec_", "qu3ry", "sl4ck"] {
        assert!(!told.contains(secret), "{secret} is told");
    }
}

pub async fn addresses_are_checked_when_they_are_given_and_when_they_are_used(database: Db) {
    let desk = Desk::open(&database, &format!("{FAST}[network]\nallow_cidrs = []\n")).await;
    let make = async |url: &str| desk.admin.post(ENDPOINTS, &json!({ "url": url })).await;
    for url in [
        &desk.hook.url("/in"),
        "http://2130706433/",
        "http://[::1]/",
        "http://169.254.169.254/latest/meta-data",
        "http://10.1.2.3/",
    ] {
        let refused = make(url).await.expect(422).json();
        assert_eq!(refused["code"], "forbidden_address", "{url}");
    }
    for url in [
        "example.com/hook",
        "ftp://example.com/",
        "https://user:password@example.com/",
        "https://example.com/#part",
        &format!("https://example.com/{}", "x".repeat(2_048)),
    ] {
        let refused = make(url).await.expect(422).json();
        assert_eq!(refused["code"], "bad_webhook_url", "{url}");
    }
    // What a name stands for is known when it is used.
    let url = desk.hook.url("/in").replace("127.0.0.1", "localhost");
    let endpoint = desk.endpoint_with(json!({ "url": url })).await;
    let failed: Value = desk.until_status(&desk.test(&endpoint).await, "failed").await;
    assert_eq!(
        (&failed["attempts"], &failed["response_code"]),
        (&json!(4), &json!(null))
    );
    assert!(text(&failed["error"]).contains("loopback"), "{failed:#}");
    assert_eq!(desk.hook.arrived(), 0);
}
