use super::*;

fn n8n(mode: Mode, settings: Value) -> ProviderSpec {
    spec(ProviderName::N8n, mode, settings)
}

#[tokio::test]
async fn a_workflow_is_given_what_it_needs_and_calls_back() {
    let stub = Stub::start(|_| json_answer(200, &json!({"message": "Workflow was started"})));
    let bench = Bench::new();
    let spec = n8n(Mode::Async, json!({"url": stub.url("/webhook/x")}));
    let report = bench.call(&spec).await;
    assert_eq!(report.outcome, Ok(Answered::Accepted));
    let asked = &stub.asked()[0];
    assert_eq!(asked.method, "POST");
    assert_eq!(
        asked.json(),
        json!({
            "company": {"domain": "a.example"},
            "run": {"id": "00000000-0000-0000-0000-000000000007", "workflow": "find-owner", "attempt": 1},
            "callback_url": "https://desk.example/api/receivers/find-owner?token=0123456789abcdef",
            "data": null,
        })
    );
    let test = n8n(Mode::Async, json!({"url": stub.url("/webhook-test/x")}));
    let mistakes = bench.providers.check(&test, "Acme");
    assert!(mistakes.len() == 1 && mistakes[0].warning, "{mistakes:?}");
}

#[tokio::test]
async fn answers_of_a_sync_workflow() {
    let stub = Stub::start(|asked| match asked.target.as_str() {
        "/webhook/all" => json_answer(200, &json!([{"a": 1}, {"a": 2}])),
        "/webhook/first" => json_answer(200, &json!({"a": 1})),
        "/webhook/started" => json_answer(200, &json!({"message": "Workflow was started"})),
        "/webhook/failed" => json_answer(500, &json!({"message": "Error in workflow"})),
        "/webhook/empty" => answer(200, "text/html", ""),
        _ => json_answer(
            404,
            &json!({"code": 404, "message": "The requested webhook \"POST y\" is not registered."}),
        ),
    });
    let bench = Bench::new();
    for path in ["/webhook/all", "/webhook/first"] {
        let report = bench.call(&n8n(Mode::Sync, json!({"url": stub.url(path)}))).await;
        assert_eq!(report.outcome, Ok(Answered::Data(json!({"a": 1}))), "{path}");
    }
    for (path, verdict, told) in [
        ("/webhook/started", Verdict::FailWorkflow, "responds immediately"),
        ("/webhook/failed", Verdict::Retry { after: None }, "the n8n workflow at"),
        ("/webhook/empty", Verdict::FailWorkflow, "answers without data"),
        ("/webhook/none", Verdict::FailWorkflow, "activate the workflow"),
    ] {
        let failed = failure(bench.call(&n8n(Mode::Sync, json!({"url": stub.url(path)}))).await);
        assert_eq!(failed.verdict, verdict, "{path}");
        assert!(failed.error.contains(told), "{path}: {}", failed.error);
    }
}

#[tokio::test]
async fn a_resume_url_is_called_as_it_is() {
    let stub = Stub::start(|asked| match asked.target.as_str() {
        target if target.contains("/gone") => json_answer(404, &json!({"message": "does not exist"})),
        target if target.contains("/ended") => json_answer(409, &json!({"message": "has finished already"})),
        target if target.contains("/early") => json_answer(409, &json!({"message": "is running already"})),
        target if target.contains("/forged") => json_answer(401, &json!({"error": "Invalid token"})),
        _ => json_answer(200, &json!({"ok": true})),
    });
    let bench = Bench::new();
    let spec = n8n(Mode::Sync, json!({"url": "{{ steps.ask.resume_url }}"}));
    let resume = async |url: String| {
        let context = json!({"steps": {"ask": {"resume_url": url}}});
        bench.call_with(&spec, &context).await
    };
    let path = "/webhook-waiting/17/part?signature=a%2Fb%2fc%3D+d==&x=%C3%A9&y";
    assert_eq!(
        resume(stub.url(path)).await.outcome,
        Ok(Answered::Data(json!({"ok": true})))
    );
    assert_eq!(stub.asked()[0].target, path);
    for (path, verdict) in [
        ("/webhook-waiting/gone", Verdict::FailRow),
        ("/webhook-waiting/ended", Verdict::FailRow),
        ("/webhook-waiting/early", Verdict::Retry { after: None }),
        ("/webhook-waiting/forged", Verdict::FailRow),
    ] {
        assert_eq!(failure(resume(stub.url(path)).await).verdict, verdict, "{path}");
    }
}
