//! What every answer says, and how often one may ask.

use reqwest::Method;
use serde_json::json;

use crate::support::api::Answer;
use crate::support::daemon::Db;
use crate::support::{start, start_with};

fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer.headers.get(name).map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn every_answer_tells_browsers_to_do_nothing_with_it() {
    let daemon = start(&Db::Sqlite);
    let api = daemon.api(&daemon.token("viewer"));
    let cross = [("cookie", "batchdesk_session=x"), ("sec-fetch-site", "cross-site")];
    let answers = [
        api.get("/api/jobs").await.expect(200),
        api.get("/healthz").await.expect(200),
        api.get("/openapi.json").await.expect(200),
        api.get("/api/nothing").await.expect(404),
        api.get("/nothing").await.expect(404),
        api.post("/api/exclusions", &json!({})).await.expect(400),
        api.raw(Method::DELETE, "/api/jobs", "", &[]).await.expect(405),
        daemon.api("").get("/api/jobs").await.expect(401),
        daemon
            .api("")
            .raw(Method::POST, "/api/kill-job", "", &cross)
            .await
            .expect(403),
    ];
    for answer in answers {
        let policy = header(&answer, "content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'") && !policy.contains("unsafe"),
            "{policy}"
        );
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("x-frame-options", "DENY"),
            ("cross-origin-resource-policy", "same-origin"),
            ("strict-transport-security", ""),
            ("access-control-allow-origin", ""),
        ] {
            assert_eq!(header(&answer, name), value, "{name} of {}", answer.text());
        }
        assert!(!header(&answer, "x-request-id").is_empty());
    }
    assert_eq!(header(&api.get("/api/jobs").await, "cache-control"), "no-store");
}

/// A policy is only as good as the page that can live with it.
#[tokio::test]
async fn the_page_of_the_interface_has_its_style_by_hash() {
    use base64::Engine as _;
    use sha2::Digest as _;
    let daemon = start(&Db::Sqlite);
    let page = daemon.api("").get("/docs").await.expect(200);
    let text = page.text();
    let style = text.split("<style>").nth(1).unwrap().split("</style>").next().unwrap();
    let digest = base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(style));
    let policy = header(&page, "content-security-policy");
    assert!(policy.contains(&format!("style-src 'sha256-{digest}'")), "{policy}");
    assert!(!policy.contains("unsafe") && !text.contains("<script") && !text.contains(" style="));
}

#[tokio::test]
async fn other_origins_read_nothing_unless_they_are_listed() {
    let daemon = start_with(&Db::Sqlite, "[http]\ncors_origins = ['https://app.example.com']\n");
    let api = daemon.api(&daemon.token("viewer"));
    let listed = [("origin", "https://app.example.com")];
    let answer = api.raw(Method::GET, "/api/jobs", "", &listed).await.expect(200);
    assert_eq!(
        header(&answer, "access-control-allow-origin"),
        "https://app.example.com"
    );
    assert_eq!(
        header(&answer, "access-control-allow-credentials"),
        "",
        "cookies never count there"
    );
    let preflight = [listed[0], ("access-control-request-method", "POST")];
    let answer = daemon
        .api("")
        .raw(Method::OPTIONS, "/api/jobs", "", &preflight)
        .await
        .expect(204);
    assert!(header(&answer, "access-control-allow-headers").contains("authorization"));
    for origin in ["https://evil.example", "https://app.example.com.evil.example", "null"] {
        let preflight = [("origin", origin), ("access-control-request-method", "POST")];
        let answer = daemon
            .api("")
            .raw(Method::OPTIONS, "/api/jobs", "", &preflight)
            .await
            .expect(405);
        assert_eq!(header(&answer, "access-control-allow-origin"), "");
        let answer = api.raw(Method::GET, "/api/jobs", "", &preflight[..1]).await.expect(200);
        assert_eq!(header(&answer, "access-control-allow-origin"), "");
    }
}

#[tokio::test]
async fn who_asks_too_often_is_told_when_to_come_back() {
    let daemon = start_with(&Db::Sqlite, "[http]\nrequests_per_minute = 6\n");
    let api = daemon.api(&daemon.token("viewer"));
    for left in (0..6).rev() {
        let answer = api.get("/api/jobs").await.expect(200);
        assert_eq!(header(&answer, "ratelimit-policy"), "\"caller\";q=6;w=60");
        assert!(header(&answer, "ratelimit").starts_with(&format!("\"caller\";r={left};t=")));
    }
    let refused = api.get("/api/jobs").await.expect(429);
    assert_eq!(refused.json()["code"], "rate_limited");
    let wait: u32 = header(&refused, "retry-after").parse().unwrap();
    assert!((1..=10).contains(&wait), "{wait}");
    assert!(header(&refused, "ratelimit").starts_with("\"caller\";r=0;t="));
    daemon.api(&daemon.token("viewer")).get("/api/jobs").await.expect(200);
    let health = daemon.api("").get("/healthz").await.expect(200);
    assert_eq!(header(&health, "ratelimit"), "");
}
