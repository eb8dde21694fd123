#![allow(clippy::unwrap_used, clippy::expect_used)]
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::super::test_server::{Answer, Asked, Bench, SECRET, Stub, json_answer, spec};
use super::super::{CallReport, CircuitState, Mode, ProviderName};
use super::*;

fn zenrows(stub: &Stub, settings: Value) -> ProviderSpec {
    let mut settings = settings;
    settings["base_url"] = stub.url("/v1/").into();
    settings["secret"] = "KEY".into();
    spec(ProviderName::Zenrows, Mode::Sync, settings)
}

fn refusal(status: u16, code: &str) -> Answer {
    json_answer(
        status,
        &json!({"code": code, "title": "t", "detail": "in detail", "status": status}),
    )
}

fn page(limit: usize, asked: &Asked) -> Answer {
    let headers = vec![
        ("content-type", "text/html; charset=utf-8".to_owned()),
        ("concurrency-limit", limit.to_string()),
        (
            "concurrency-remaining",
            limit.saturating_sub(asked.running - 1).to_string(),
        ),
        ("x-request-cost", "0.5".to_owned()),
        ("x-request-id", "r1".to_owned()),
        ("zr-final-url", "https://www.a.example/".to_owned()),
    ];
    (200, headers, "<h1>Karori</h1>".to_owned())
}

fn verdict_of(report: CallReport) -> Verdict {
    report.outcome.expect_err("a failure").verdict
}

#[tokio::test]
async fn a_page_is_fetched() {
    let stub = Stub::start(|asked| page(20, asked));
    let bench = Bench::new();
    let spec = zenrows(
        &stub,
        json!({"params": {"js_render": true, "premium_proxy": false, "wait": 500, "css_extractor": {"a": "{{ 'h1' }}"},
                          "allowed_status_codes": [404, 500]}}),
    );
    assert_eq!(bench.providers.check(&spec, "Acme"), []);
    let report = bench.call(&spec).await;
    let Ok(Answered::Data(data)) = report.outcome else {
        panic!("{report:?}")
    };
    assert_eq!(data["homepage_html"], "<h1>Karori</h1>");
    assert_eq!(data["html"], data["homepage_html"]);
    assert_eq!(
        (data["final_url"].as_str(), data["status"].as_u64()),
        (Some("https://www.a.example/"), Some(200))
    );
    assert!(data["scraped_at"].as_str().unwrap().ends_with('Z'));
    assert_eq!((report.cost, report.request_id.as_deref()), (Some(0.5), Some("r1")));
    let asked = &stub.asked()[0];
    assert_eq!(asked.query("apikey").as_deref(), Some(SECRET));
    assert_eq!(asked.query("url").as_deref(), Some("https://a.example/"));
    assert_eq!(asked.query("js_render").as_deref(), Some("true"));
    assert_eq!(asked.query("premium_proxy"), None);
    assert_eq!(asked.query("css_extractor").as_deref(), Some("{\"a\":\"h1\"}"));
    assert_eq!(asked.query("allowed_status_codes").as_deref(), Some("404,500"));
    let state = &bench.providers.states()[0];
    assert!((state.cost - 0.5).abs() < f64::EPSILON);
}

#[tokio::test]
async fn each_code_has_its_verdict() {
    let retry = Verdict::Retry { after: None };
    for (status, code, verdict) in [
        (400, "REQS001", Verdict::FailRow),
        (400, "REQS002", Verdict::FailRow),
        (400, "REQS004", Verdict::FailWorkflow),
        (400, "REQS006", Verdict::FailRow),
        (400, "RESP004", Verdict::FailWorkflow),
        (400, "RESP008", Verdict::FailRow),
        (404, "RESP002", Verdict::FailRow),
        (404, "RESP007", Verdict::FailRow),
        (413, "RESP005", Verdict::FailRow),
        (422, "RESP001", retry.clone()),
        (424, "RESP006", retry.clone()),
        (500, "RESP003", retry.clone()),
        (502, "RESP003", retry.clone()),
        (504, "CTX0002", retry.clone()),
        (500, "", retry.clone()),
        (401, "AUTH001", Verdict::PauseProvider { cool_down: None }),
        (401, "AUTH003", Verdict::PauseProvider { cool_down: None }),
        (402, "AUTH004", Verdict::PauseProvider { cool_down: None }),
        (402, "AUTH010", Verdict::PauseProvider { cool_down: None }),
        (403, "AUTH009", Verdict::PauseProvider { cool_down: None }),
        (
            403,
            "BLK0001",
            Verdict::PauseProvider {
                cool_down: Some(BLOCKED_FOR),
            },
        ),
    ] {
        let stub = Stub::start(move |_| refusal(status, code));
        let failed = Bench::new().call(&zenrows(&stub, json!({}))).await.outcome.unwrap_err();
        assert_eq!(failed.verdict, verdict, "{code}: {failed:?}");
        if !code.is_empty() {
            assert!(failed.error.contains(code), "{code}: {failed:?}");
            assert_eq!(failed.chain.as_deref(), Some("in detail"));
        }
    }
    let older = Stub::start(|_| json_answer(404, &json!({"code": "RESP002", "message": "older words"})));
    let failed = Bench::new()
        .call(&zenrows(&older, json!({})))
        .await
        .outcome
        .unwrap_err();
    assert_eq!(failed.chain.as_deref(), Some("older words"));
}

#[tokio::test]
async fn parameters_are_added_once_and_both_calls_are_paid() {
    let stub = Stub::start(|asked| match asked.query("js_render") {
        Some(_) => page(20, asked),
        None => refusal(400, "REQS002"),
    });
    let bench = Bench::new();
    let spec = zenrows(
        &stub,
        json!({"escalate": [{"premium_proxy": true}, {"js_render": true}]}),
    );
    let report = bench.call(&spec).await;
    // The middle set did not help, so the last one was added to it.
    assert!(report.outcome.is_ok(), "{report:?}");
    let asked = stub.asked();
    assert_eq!(asked.len(), 3);
    assert_eq!(asked[2].query("premium_proxy").as_deref(), Some("true"));
    let stubborn = Stub::start(|_| refusal(422, "RESP001"));
    let spec = zenrows(&stubborn, json!({"escalate": [{"js_render": true}]}));
    assert_eq!(verdict_of(bench.call(&spec).await), Verdict::Retry { after: None });
    assert_eq!(stubborn.asked().len(), 2);
}

#[tokio::test]
async fn parsing_is_given_up_where_it_fails() {
    let stub = Stub::start(|asked| match asked.query("autoparse") {
        Some(_) => refusal(500, "RESP003"),
        None => page(20, asked),
    });
    let report = Bench::new()
        .call(&zenrows(&stub, json!({"params": {"autoparse": true}})))
        .await;
    assert!(report.outcome.is_ok(), "{report:?}");
    let stub = Stub::start(|asked| match asked.query("extract") {
        Some(_) => refusal(402, "AUTH010"),
        None => json_answer(200, &json!({"title": "t"})),
    });
    let bench = Bench::new();
    let report = bench
        .call(&zenrows(&stub, json!({"params": {"extract": "auto"}})))
        .await;
    let Ok(Answered::Data(data)) = report.outcome else {
        panic!("{report:?}")
    };
    assert_eq!(data["extracted"], json!({"title": "t"}));
    assert_eq!(stub.asked()[1].query("autoparse").as_deref(), Some("true"));
    assert_eq!(bench.providers.states()[0].circuit, CircuitState::Closed);
}

#[tokio::test]
async fn statuses_that_were_asked_for_are_pages() {
    let gone = |_: &Asked| -> Answer {
        (
            404,
            vec![("content-type", "text/html".to_owned())],
            "<p>gone".to_owned(),
        )
    };
    let stub = Stub::start(gone);
    let bench = Bench::new();
    for params in [
        json!({"original_status": true}),
        json!({"allowed_status_codes": "404,500"}),
    ] {
        let report = bench.call(&zenrows(&stub, json!({ "params": params }))).await;
        let Ok(Answered::Data(data)) = report.outcome else {
            panic!("{report:?}")
        };
        assert_eq!(
            (data["html"].as_str(), data["status"].as_u64()),
            (Some("<p>gone"), Some(404))
        );
    }
    assert_eq!(
        verdict_of(bench.call(&zenrows(&stub, json!({}))).await),
        Verdict::FailRow
    );
}

#[tokio::test]
async fn a_refused_key_pauses_the_provider_until_resumed() {
    let stub = Stub::start(|_| refusal(401, "AUTH003"));
    let bench = Bench::new();
    let spec = zenrows(&stub, json!({}));
    for _ in 0..3 {
        assert_eq!(
            verdict_of(bench.call(&spec).await),
            Verdict::PauseProvider { cool_down: None }
        );
    }
    assert_eq!(stub.asked().len(), 1);
    let state = &bench.providers.states()[0];
    assert!(matches!(&state.circuit, CircuitState::Paused { reason, for_ms: None } if reason.contains("AUTH003")));
    assert_eq!(bench.providers.capacity(&spec), 0);
    assert!(bench.providers.resume(&state.name));
    bench.call(&spec).await;
    assert_eq!(stub.asked().len(), 2);
}

#[tokio::test]
async fn offences_stop_long_before_a_ban() {
    let stub = Stub::start(|_| refusal(400, "REQS001"));
    let bench = Bench::new();
    let spec = zenrows(&stub, json!({}));
    let mut put_off = 0;
    for _ in 0..80 {
        put_off += usize::from(matches!(verdict_of(bench.call(&spec).await), Verdict::PutOff { .. }));
    }
    assert_eq!((stub.asked().len(), put_off), (50, 30));
}

#[tokio::test]
async fn a_second_way_is_tried_whatever_the_offences() {
    let stub = Stub::start(|asked| match asked.query("js_render") {
        Some(_) => page(20, asked),
        None => refusal(400, "REQS002"),
    });
    let bench = Bench::new();
    let spec = zenrows(&stub, json!({"escalate": [{"js_render": true}]}));
    let mut good = 0;
    for _ in 0..60 {
        good += usize::from(bench.call(&spec).await.outcome.is_ok());
    }
    assert_eq!((good, stub.asked().len()), (50, 100));
}

/// As ZenRows does it: a request above the limit is refused at once, and its place is free before its answer leaves.
#[tokio::test]
async fn the_allowed_concurrency_is_learnt_and_hardly_ever_exceeded() {
    const LIMIT: usize = 20;
    const CALLS: usize = 600;
    let refused = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&refused);
    let stub = Stub::slow(Duration::from_millis(150), move |asked| {
        if asked.running > LIMIT {
            counted.fetch_add(1, Ordering::Relaxed);
            return refusal(429, "AUTH006");
        }
        page(LIMIT, asked)
    });
    let bench = Arc::new(Bench::new());
    let spec = Arc::new(zenrows(&stub, json!({})));
    let left = Arc::new(AtomicUsize::new(CALLS));
    let workers: Vec<_> = (0..64)
        .map(|_| {
            let (bench, spec, left) = (Arc::clone(&bench), Arc::clone(&spec), Arc::clone(&left));
            tokio::spawn(async move {
                while left
                    .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
                    .is_ok()
                {
                    bench.call(&spec).await;
                }
            })
        })
        .collect();
    for worker in workers {
        worker.await.unwrap();
    }
    let refused = refused.load(Ordering::Relaxed);
    assert!(refused * 100 < CALLS, "{refused} of {CALLS} were refused");
    assert_eq!(bench.providers.states()[0].limit, LIMIT);
}
