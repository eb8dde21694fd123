#![allow(clippy::unwrap_used, clippy::expect_used)]
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;
use crate::providers::call::Answered;
use crate::providers::state::CircuitState;
use crate::providers::test_server::{Answer, Asked, Bench, SECRET, Stub, answer, call, json_answer, spec};
use crate::providers::{Mode, ProviderName};

fn http(settings: Value) -> ProviderSpec {
    spec(ProviderName::Http, Mode::Sync, settings)
}

fn failure(report: CallReport) -> CallFailure {
    report.outcome.expect_err("a failure")
}

#[tokio::test]
async fn a_request_is_made_of_templates_and_its_secrets_stay_hidden() {
    let stub = Stub::start(|_| json_answer(200, &json!({"data": {"items": [{"name": "Ann"}]}})));
    let bench = Bench::new();
    let spec = http(json!({
        "url": stub.url("/v1/{{ company.domain }}/find?fixed=a%2Fb+c"),
        "method": "POST",
        "query": {"q": "{{ company.domain }}", "key": "{{ secret('KEY') }}", "none": "{{ none }}", "n": [1, 2]},
        "headers": {"Authorization": "Bearer {{ secret('KEY') }}", "X-Basic": "{{ basic_auth('me', 'KEY') }}"},
        "body": {"domain": "{{ company.domain }}", "key": "{{ secret('KEY') }}", "run": "{{ run }}"},
        "result": "data.items[0]",
    }));
    assert_eq!(bench.providers.check(&spec, "Acme"), []);
    let context = json!({"company": {"domain": "a.example"}});
    let shown = bench.providers.request_preview(&spec, call(&context)).unwrap();
    assert!(!shown.to_string().contains("s3cret"), "{shown}");
    assert_eq!(shown["headers"]["authorization"], "Bearer ***KEY***");
    assert_eq!(shown["body"]["key"], "***KEY***");

    let report = bench.call(&spec).await;
    assert_eq!(report.outcome, Ok(Answered::Data(json!({"name": "Ann"}))));
    assert_eq!(report.status, Some(200));
    let asked = &stub.asked()[0];
    assert!(
        asked
            .target
            .starts_with("/v1/a.example/find?fixed=a%2Fb+c&q=a.example&key="),
        "{}",
        asked.target
    );
    assert!(asked.target.ends_with("&n=1&n=2"), "{}", asked.target);
    assert_eq!(asked.query("key").as_deref(), Some(SECRET));
    assert_eq!(asked.header("authorization"), Some(format!("Bearer {SECRET}").as_str()));
    let basic = STANDARD.encode(format!("me:{SECRET}"));
    assert_eq!(asked.header("x-basic"), Some(format!("Basic {basic}").as_str()));
    assert_eq!(asked.json()["key"], SECRET);
    assert_eq!(asked.json()["run"]["attempt"], 1);
    assert_eq!(asked.header("content-type"), Some("application/json"));
    assert_eq!(
        asked.header("idempotency-key"),
        Some("00000000-0000-0000-0000-000000000007")
    );
}

#[tokio::test]
async fn a_secret_goes_nowhere_else() {
    let stub = Stub::start(|_| json_answer(200, &json!({})));
    let bench = Bench::new();
    for (name, told) in [
        ("OTHER", "may not be sent to 127.0.0.1"),
        ("THEIRS", "the organisation 'Acme' may not use"),
        ("NOBODYS", "is not declared"),
    ] {
        let template = format!("{{{{ secret('{name}') }}}}");
        let spec = http(json!({"url": stub.url("/"), "headers": {"X-Key": template}}));
        let mistakes = bench.providers.check(&spec, "Acme");
        assert!(
            mistakes.len() == 1 && mistakes[0].message.contains(told),
            "{name}: {mistakes:?}"
        );
        let failed = failure(bench.call(&spec).await);
        assert_eq!(failed.verdict, Verdict::FailWorkflow);
        assert!(failed.error.contains(told), "{}", failed.error);
        assert!(bench.providers.request_preview(&spec, call(&json!({}))).is_err());
    }
    for wrong in [
        json!({"url": stub.url("/{{ secret('KEY') }}")}),
        json!({"url": stub.url("/"), "headers": {"X": "{{ secret('KEY') | upper }}"}}),
        json!({"url": format!("http://user:pass@{}/", stub.host)}),
    ] {
        assert_eq!(failure(bench.call(&http(wrong)).await).verdict, Verdict::FailWorkflow);
    }
    assert!(stub.asked().is_empty());
}

#[tokio::test]
async fn what_a_provider_sends_back_is_scrubbed() {
    let echo = |asked: &Asked| -> Answer {
        let said = format!(
            "you sent {} and {} to {} with {}",
            SECRET,
            STANDARD.encode(format!("x:{SECRET}")),
            asked.target,
            asked.body
        );
        let status = if asked.target.starts_with("/good") { 200 } else { 400 };
        json_answer(status, &json!({ "said": said }))
    };
    let stub = Stub::start(echo);
    let bench = Bench::new();
    let settings = |path: &str| {
        http(json!({
            "url": stub.url(path), "query": {"key": "{{ secret('KEY') }}"},
            "body": {"callback": "{{ callback_url }}"},
        }))
    };
    let failed = failure(bench.call(&settings("/bad")).await);
    assert_eq!(failed.verdict, Verdict::FailRow);
    let good = bench.call(&settings("/good")).await;
    for text in [format!("{failed:?}"), format!("{good:?}")] {
        assert!(text.contains("***KEY***"), "{text}");
        for trace in ["s3cret", "0123456789abcdef", &STANDARD.encode("s3cret+key")] {
            assert!(!text.contains(trace), "{trace}: {text}");
        }
    }
}

#[tokio::test]
async fn a_redirect_is_told_and_not_followed() {
    let stub = Stub::start(|asked| match asked.target.starts_with("/old") {
        true => (302, vec![("location", format!("/new?{}", asked.target))], String::new()),
        false => json_answer(200, &json!({})),
    });
    let bench = Bench::new();
    let spec = http(json!({"url": stub.url("/old"), "query": {"key": "{{ secret('KEY') }}"}}));
    let failed = failure(bench.call(&spec).await);
    assert_eq!(failed.verdict, Verdict::FailWorkflow);
    assert!(
        failed.error.contains("redirects to /new (HTTP 302)"),
        "{}",
        failed.error
    );
    assert_eq!(stub.asked().len(), 1);
}

#[tokio::test]
async fn each_status_has_its_verdict() {
    let stub = Stub::start(|asked| match asked.target.as_str() {
        "/html" => answer(200, "text/html", "<html><title>Log in</title></html>"),
        "/text" => answer(200, "text/plain", "fine"),
        "/empty" => answer(200, "application/json", ""),
        "/none" => answer(204, "text/plain", ""),
        "/created" => json_answer(201, &json!({"id": 1})),
        target => {
            let status: u16 = target[1..].parse().unwrap();
            (status, vec![("retry-after", "7".to_owned())], "no".to_owned())
        }
    });
    let retry = |seconds| Verdict::Retry {
        after: Some(Duration::from_secs(seconds)),
    };
    for (path, verdict) in [
        ("/400", Verdict::FailRow),
        ("/401", Verdict::FailWorkflow),
        ("/403", Verdict::Forbidden),
        ("/404", Verdict::FailRow),
        ("/408", retry(7)),
        ("/422", Verdict::FailRow),
        ("/500", retry(7)),
        ("/html", Verdict::FailRow),
        ("/text", Verdict::FailRow),
        ("/empty", Verdict::FailRow),
    ] {
        let failed = failure(Bench::new().call(&http(json!({"url": stub.url(path)}))).await);
        assert_eq!(failed.verdict, verdict, "{path}: {failed:?}");
    }
    let bench = Bench::new();
    assert!(
        failure(bench.call(&http(json!({"url": stub.url("/html")}))).await)
            .error
            .contains("a web page where JSON was expected")
    );
    let none = bench.call(&http(json!({"url": stub.url("/none")}))).await;
    assert_eq!(none.outcome, Ok(Answered::Data(Value::Null)));
    let created = bench
        .call(&http(json!({"url": stub.url("/created"), "success_status": 200})))
        .await;
    assert_eq!(failure(created).verdict, Verdict::FailRow);
    let taken = spec(ProviderName::Http, Mode::Async, json!({"url": stub.url("/text")}));
    assert_eq!(bench.call(&taken).await.outcome, Ok(Answered::Accepted));
    let missing = failure(
        bench
            .call(&http(json!({"url": stub.url("/created"), "result": "data.x"})))
            .await,
    );
    assert!(missing.error.contains("has no `data.x`"), "{missing:?}");
}

#[tokio::test]
async fn a_provider_that_asks_to_slow_down_is_left_alone_without_an_attempt() {
    let stub = Stub::start(|_| (429, vec![("retry-after", "60".to_owned())], String::new()));
    let bench = Bench::new();
    let spec = http(json!({"url": stub.url("/")}));
    for _ in 0..3 {
        let failed = failure(bench.call(&spec).await);
        assert!(
            matches!(failed.verdict, Verdict::PutOff { wait, .. } if wait > Duration::from_secs(50)),
            "{failed:?}"
        );
    }
    assert_eq!(stub.asked().len(), 1);
    assert_eq!(bench.providers.capacity(&spec), 0);
    assert!(matches!(bench.providers.states()[0].circuit, CircuitState::Open { .. }));
}

#[tokio::test]
async fn a_provider_that_fails_is_asked_no_more() {
    let stub = Stub::start(|_| answer(500, "text/plain", "oh no"));
    let bench = Bench::new();
    let spec = http(json!({"url": stub.url("/")}));
    for _ in 0..10 {
        let failed = failure(bench.call(&spec).await);
        assert_eq!(failed.verdict, Verdict::Retry { after: None });
        assert_eq!(failed.chain.as_deref(), Some("oh no"));
    }
    let failed = failure(bench.call(&spec).await);
    assert!(matches!(failed.verdict, Verdict::PutOff { .. }), "{failed:?}");
    assert_eq!(stub.asked().len(), 10);
    let state = &bench.providers.states()[0];
    assert_eq!((state.calls, state.failures), (10, 10));
    assert!(bench.providers.resume(&state.name));
    assert!(!bench.providers.resume("fax"));
    assert_eq!(bench.providers.capacity(&spec), 10);
}

#[tokio::test]
async fn a_call_that_nobody_waits_for_keeps_its_place() {
    let stub = Stub::start(|_| json_answer(200, &json!({})));
    let bench = Bench::new();
    let spec = http(json!({"url": stub.url("/"), "concurrency": 1}));
    stub.hold();
    let abandoned = tokio::time::timeout(Duration::from_secs(60), async {
        tokio::select! {
            report = bench.call(&spec) => panic!("{report:?}"),
            () = stub.until_running(1) => {}
        }
    });
    abandoned.await.unwrap();
    assert_eq!(bench.providers.states()[0].in_flight, 1);
    let placed = AtomicUsize::new(0);
    let context = json!({});
    let told = || {
        placed.fetch_add(1, Ordering::Relaxed);
    };
    let second = Call {
        on_place: Some(&told),
        ..call(&context)
    };
    let second = bench.providers.call(&spec, second);
    let mut second = std::pin::pin!(second);
    tokio::select! {
        biased;
        report = &mut second => panic!("{report:?}"),
        () = std::future::ready(()) => {}
    }
    assert_eq!(placed.load(Ordering::Relaxed), 0);
    stub.release();
    assert!(second.await.outcome.is_ok());
    assert_eq!(placed.load(Ordering::Relaxed), 1);
    assert!(stub.asked().iter().all(|asked| asked.running == 1));
}

#[tokio::test]
async fn no_answer_in_time_leaves_the_outcome_open() {
    let stub = Stub::start(|_| json_answer(200, &json!({})));
    stub.hold();
    let bench = Bench::new();
    let failed = failure(
        bench
            .call(&http(json!({"url": stub.url("/"), "timeout_ms": 100})))
            .await,
    );
    assert_eq!(failed.verdict, Verdict::Retry { after: None });
    assert!(failed.outcome_unknown, "{failed:?}");
    stub.release();
}

#[tokio::test]
async fn the_guard_stands_before_every_call() {
    let stub = Stub::start(|_| json_answer(200, &json!({})));
    let bench = Bench::with(tempfile::NamedTempFile::new().unwrap(), "");
    let fixed = http(json!({"url": stub.url("/")}));
    assert_eq!(failure(bench.call(&fixed).await).verdict, Verdict::FailWorkflow);
    assert_eq!(bench.providers.check(&fixed, "Acme").len(), 1);
    let of_row = http(json!({"url": "{{ address }}"}));
    for address in [stub.url("/"), stub.url("/").replace("127.0.0.1", "localhost")] {
        let failed = failure(bench.call_with(&of_row, &json!({ "address": address })).await);
        assert_eq!(failed.verdict, Verdict::FailRow, "{failed:?}");
        assert!(failed.error.contains("may not be reached"), "{failed:?}");
    }
    assert!(stub.asked().is_empty());
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_refused() {
    let stub = Stub::start(|_| json_answer(200, &json!("x".repeat(5_000))));
    let bench = Bench::new();
    let failed = failure(
        bench
            .call(&http(json!({"url": stub.url("/"), "max_body_bytes": 2_048})))
            .await,
    );
    assert_eq!(failed.verdict, Verdict::FailRow);
    assert!(failed.error.contains("larger than 2 KiB"), "{failed:?}");
}

#[tokio::test]
async fn a_large_answer_is_read_whole() {
    let stub = Stub::start(|_| json_answer(200, &json!({"page": "x".repeat(1 << 20)})));
    let report = Bench::new()
        .call(&http(json!({"url": stub.url("/"), "result": "page"})))
        .await;
    let Ok(Answered::Data(page)) = report.outcome else {
        panic!("{report:?}")
    };
    assert_eq!(page.as_str().map(str::len), Some(1 << 20));
}

#[tokio::test]
async fn a_new_secret_is_used_after_a_reload() {
    let stub = Stub::start(|_| json_answer(200, &json!({})));
    let bench = Bench::new();
    let spec = http(json!({"url": stub.url("/"), "headers": {"X-Key": "{{ secret('KEY') }}"}}));
    assert!(bench.call(&spec).await.outcome.is_ok());
    std::fs::write(bench.secret_file.path(), "rotated").unwrap();
    let same = bench.settings.borrow().as_ref().clone();
    bench.settings.send_replace(Arc::new(same));
    assert!(bench.call(&spec).await.outcome.is_ok());
    let sent: Vec<String> = stub
        .asked()
        .iter()
        .map(|asked| asked.header("x-key").unwrap().to_owned())
        .collect();
    assert_eq!(sent, [SECRET, "rotated"]);
}

#[tokio::test]
async fn what_is_missing_in_a_row_fails_the_row() {
    let bench = Bench::new();
    let failed = failure(
        bench
            .call(&http(json!({"url": "http://127.0.0.1:1/{{ nothing }}"})))
            .await,
    );
    assert_eq!(failed.verdict, Verdict::FailRow);
    let failed = failure(
        bench
            .call(&http(json!({"url": "http://127.0.0.1:1/{{ a | nothing }}"})))
            .await,
    );
    assert_eq!(failed.verdict, Verdict::FailWorkflow);
    let header = http(json!({"url": "http://127.0.0.1:1/", "headers": {"X": "{{ company.name }}"}}));
    let failed = failure(
        bench
            .call_with(&header, &json!({"company": {"name": "a\r\nb: c"}}))
            .await,
    );
    assert_eq!(failed.verdict, Verdict::FailRow);
    let refused = failure(bench.call(&http(json!({"url": "http://127.0.0.1:1/"}))).await);
    assert_eq!(refused.verdict, Verdict::Retry { after: None });
    assert!(!refused.outcome_unknown, "{refused:?}");
}

mod clay;
mod n8n;
