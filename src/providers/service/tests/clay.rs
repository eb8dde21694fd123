use super::*;

fn clay(settings: Value) -> ProviderSpec {
    spec(ProviderName::Clay, Mode::Async, settings)
}

#[tokio::test]
async fn a_row_is_submitted_and_counted() {
    let stub = Stub::start(|_| answer(200, "text/plain", "OK"));
    let bench = Bench::new();
    let spec = clay(json!({
        "url": stub.url("/v3/sources/webhook/x"), "secret": "KEY",
        "body": {"domain": "{{ company.domain }}", "callback_url": "{{ callback_url }}"},
    }));
    assert_eq!(bench.providers.check(&spec, "Acme"), []);
    for _ in 0..2 {
        assert_eq!(bench.call(&spec).await.outcome, Ok(Answered::Accepted));
    }
    let asked = &stub.asked()[0];
    assert_eq!(asked.header("x-clay-webhook-auth"), Some(SECRET));
    assert_eq!(asked.json()["domain"], "a.example");
    let submissions = bench.providers.submissions();
    assert_eq!(submissions.len(), 1);
    assert_eq!(submissions[0].1, 2);
    assert_eq!(bench.providers.states()[0].submissions, submissions);
}

#[tokio::test]
async fn refusals_say_whose_fault_it_is() {
    let stub = Stub::start(|asked| answer(asked.target[1..].parse().unwrap(), "text/plain", "no"));
    let bench = Bench::new();
    for (path, verdict) in [("/404", Verdict::FailWorkflow), ("/422", Verdict::FailRow)] {
        let failed = failure(bench.call(&clay(json!({"url": stub.url(path)}))).await);
        assert_eq!(failed.verdict, verdict, "{path}");
    }
    let large = clay(json!({"url": stub.url("/200"), "body": {"page": "{{ page }}"}}));
    let failed = failure(bench.call_with(&large, &json!({"page": "x".repeat(100_001)})).await);
    assert_eq!(failed.verdict, Verdict::FailRow);
    let list = clay(json!({"url": stub.url("/200"), "body": "{{ list }}"}));
    let failed = failure(bench.call_with(&list, &json!({"list": [1]})).await);
    assert_eq!(failed.verdict, Verdict::FailWorkflow);
    assert_eq!(stub.asked().len(), 2);
    assert!(bench.providers.submissions().is_empty());
}
