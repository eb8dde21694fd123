use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::super::callbacks::Delivery;
use super::super::test_client::{Outcome, Receiver, answer, client};
use super::{Auth, ExecutionState, N8n, Options, Respond, When, Workflow};

const PATH: &str = "case-studies";

async fn instance(workflow: Workflow) -> std::io::Result<N8n> {
    N8n::start(Options {
        workflows: vec![workflow],
        ..Options::default()
    })
    .await
}

async fn post(url: &str, body: &Value) -> Result<(u16, Value), reqwest::Error> {
    answer(client()?.post(url).json(body)).await
}

fn asked(receiver: &Receiver) -> Value {
    json!({ "website": "https://a.example", "callback_url": receiver.url() })
}

#[tokio::test]
async fn it_answers_at_once_and_calls_back() -> Outcome {
    let (n8n, receiver) = (N8n::start(Options::default()).await?, Receiver::start().await?);
    n8n.hold();
    let (status, body) = post(&n8n.webhook_url(PATH), &asked(&receiver)).await?;
    assert_eq!((status, body), (200, json!({ "message": "Workflow was started" })));
    assert_eq!(
        (receiver.count(), n8n.executions()[0].state),
        (0, ExecutionState::Running)
    );
    n8n.release();
    let received = receiver.received(1).await;
    assert_eq!(received[0].path_and_query, "/done?token=abc123");
    let result: Value = serde_json::from_str(received[0].body.as_deref().unwrap())?;
    assert_eq!(result["case_study_urls"][0], "https://a.example/case-studies/implants");
    assert!(result["extracted_at"].is_string());
    n8n.until_callbacks(1).await;
    let callback = &n8n.callbacks()[0];
    assert_eq!(
        (callback.answered.clone(), callback.answer.as_str()),
        (Ok(202), "taken")
    );
    assert_eq!((n8n.calls()[0].execution, callback.run), (Some(1), 1));
    Ok(())
}

#[tokio::test]
async fn it_answers_at_the_end_or_by_a_node() -> Outcome {
    let result = json!({ "found": 1 });
    let fixed = result.clone();
    let n8n = instance(Workflow {
        result: Arc::new(move |_| fixed.clone()),
        ..Workflow::default()
    })
    .await?;
    let said = json!({ "said": true });
    for (respond, expected) in [
        (Respond::FirstEntry, (200, result.clone())),
        (Respond::AllEntries, (200, json!([result.clone()]))),
        (Respond::NoData, (200, json!(""))),
        (
            Respond::Node {
                status: 202,
                body: None,
            },
            (202, result),
        ),
        (
            Respond::Node {
                status: 418,
                body: Some(said.clone()),
            },
            (418, said),
        ),
    ] {
        n8n.change(PATH, |workflow| workflow.respond = respond);
        assert_eq!(post(&n8n.webhook_url(PATH), &json!({})).await?, expected);
    }
    n8n.change(PATH, |workflow| {
        workflow.respond = Respond::FirstEntry;
        workflow.fails = true;
    });
    let (status, body) = post(&n8n.webhook_url(PATH), &json!({})).await?;
    assert_eq!((status, body), (500, json!({ "message": "Error in workflow" })));
    Ok(())
}

#[tokio::test]
async fn what_is_not_registered_is_said_in_its_words() -> Outcome {
    let n8n = instance(Workflow {
        methods: vec!["GET".to_owned(), "PUT".to_owned(), "PATCH".to_owned()],
        ..Workflow::default()
    })
    .await?;
    let (status, body) = post(&n8n.webhook_url("x"), &json!({})).await?;
    assert_eq!(status, 404);
    assert_eq!(body["message"], "The requested webhook \"POST x\" is not registered.");
    assert!(
        body["hint"]
            .as_str()
            .unwrap()
            .starts_with("The workflow must be active")
    );
    let (status, body) = post(&n8n.webhook_url(PATH), &json!({})).await?;
    assert_eq!(status, 404);
    assert_eq!(
        body["message"],
        "This webhook is not registered for POST requests. Did you mean to make a GET, PUT or PATCH request?"
    );
    assert!(body.get("hint").is_none());
    let get = || client().unwrap().get(format!("{}?a=1", n8n.webhook_url(PATH)));
    assert_eq!(get().send().await?.status(), 200);
    assert_eq!(n8n.calls()[2].body, json!({ "a": "1" }));
    n8n.set_active(PATH, false);
    assert_eq!(get().send().await?.status(), 404);
    Ok(())
}

#[tokio::test]
async fn a_test_url_takes_one_call() -> Outcome {
    let n8n = instance(Workflow {
        active: false,
        ..Workflow::default()
    })
    .await?;
    let url = n8n.test_url(PATH);
    let (status, body) = post(&url, &json!({})).await?;
    assert_eq!(status, 404);
    assert!(
        body["hint"]
            .as_str()
            .unwrap()
            .starts_with("Click the 'Execute workflow' button")
    );
    n8n.listen(PATH);
    assert_eq!(post(&url, &json!({})).await?.0, 200);
    assert_eq!(post(&url, &json!({})).await?.0, 404);
    Ok(())
}

#[tokio::test]
async fn credentials_and_bodies_are_checked() -> Outcome {
    let n8n = N8n::start(Options {
        largest_body: 100,
        ..Options::default()
    })
    .await?;
    let large = json!({ "a": "x".repeat(100) });
    let (status, body) = post(&n8n.webhook_url(PATH), &large).await?;
    assert_eq!((status, &body["message"]), (413, &json!("request entity too large")));
    assert_eq!(Options::default().largest_body, 16 << 20);

    n8n.change(PATH, |workflow| {
        workflow.auth = Auth::Header("X-Key".to_owned(), "k".to_owned())
    });
    let request = || client().unwrap().post(n8n.webhook_url(PATH)).json(&json!({}));
    let wrong = (403, json!("Authorization data is wrong!"));
    assert_eq!(answer(request()).await?, wrong);
    assert_eq!(answer(request().header("X-Key", "j")).await?, wrong);
    assert_eq!(answer(request().header("X-Key", "k")).await?.0, 200);

    n8n.change(PATH, |workflow| {
        workflow.auth = Auth::Basic("u".to_owned(), "p".to_owned())
    });
    assert_eq!(answer(request()).await?, (401, json!("Authorization is required!")));
    assert_eq!(answer(request().basic_auth("u", Some("q"))).await?, wrong);
    assert_eq!(answer(request().basic_auth("u", Some("p"))).await?.0, 200);
    Ok(())
}

#[tokio::test]
async fn callbacks_come_early_late_or_never() -> Outcome {
    let (n8n, receiver) = (N8n::start(Options::default()).await?, Receiver::start().await?);
    n8n.change(PATH, |workflow| workflow.when = When::Early);
    n8n.hold();
    post(&n8n.webhook_url(PATH), &asked(&receiver)).await?;
    assert_eq!((receiver.count(), n8n.callbacks().len()), (1, 1));
    n8n.release();

    n8n.change(PATH, |workflow| workflow.when = When::Late(Duration::from_millis(30)));
    receiver.answer_with(410);
    post(&n8n.webhook_url(PATH), &asked(&receiver)).await?;
    n8n.until_callbacks(2).await;
    assert_eq!(n8n.callbacks()[1].answered, Ok(410));

    n8n.change(PATH, |workflow| {
        workflow.when = When::Early;
        workflow.delivery = Delivery::Never;
    });
    post(&n8n.webhook_url(PATH), &asked(&receiver)).await?;
    assert_eq!(receiver.count(), 2);
    Ok(())
}

#[tokio::test]
async fn callbacks_are_repeated_forged_oversized_and_garbled() -> Outcome {
    let (n8n, receiver) = (N8n::start(Options::default()).await?, Receiver::start().await?);
    n8n.change(PATH, |workflow| {
        workflow.when = When::Early;
        workflow.result = Arc::new(|_| json!({ "a": 1 }));
    });
    let mut seen = 0;
    for (delivery, count) in [
        (Delivery::TwiceSame, 2),
        (Delivery::TwiceDifferent, 2),
        (Delivery::ForgedToken, 1),
        (Delivery::Garbage, 1),
        (Delivery::Oversized, 1),
    ] {
        n8n.set_delivery(PATH, delivery);
        let mut body = asked(&receiver);
        body["callback_headers"] = json!({ "X-Token": "t1" });
        post(&n8n.webhook_url(PATH), &body).await?;
        seen += count;
        assert_eq!(receiver.count(), seen, "{delivery:?}");
    }
    let received = receiver.received(seen).await;
    let bodies: Vec<_> = received.iter().map(|callback| callback.body.as_deref()).collect();
    let [plain, changed] = [Some(r#"{"a":1}"#), Some(r#"{"a":1,"changed":true}"#)];
    assert_eq!(bodies[..5], [plain, plain, plain, changed, plain]);
    assert_eq!(bodies[5..], [Some("<html><h1>Bad gateway</h1>"), None]);
    assert_eq!(received[3].path_and_query, "/done?token=abc123");
    assert_eq!(received[4].path_and_query, "/done?token=baa234");
    let token = |at: usize| received[at].headers.iter().find(|(name, _)| name == "x-token").unwrap();
    assert_eq!((token(3).1.as_str(), token(4).1.as_str()), ("t1", "a2"));
    assert_eq!(n8n.callbacks()[6].answered, Ok(413));
    Ok(())
}

#[tokio::test]
async fn a_waiting_execution_is_resumed_by_its_url_and_nothing_else() -> Outcome {
    let (n8n, receiver) = (N8n::start(Options::default()).await?, Receiver::start().await?);
    n8n.change(PATH, |workflow| {
        workflow.waits = true;
        workflow.respond = Respond::Node {
            status: 200,
            body: None,
        };
    });
    let (_, told) = post(&n8n.webhook_url(PATH), &asked(&receiver)).await?;
    let resume = told["resume_url"].as_str().unwrap();
    let go = json!({ "go": true });
    let invalid = (401, json!({ "error": "Invalid token" }));
    let (path, _) = resume.split_once('?').unwrap();
    for wrong in [
        path.to_owned(),
        format!("{path}?signature=x"),
        format!("{resume}/suffix"),
    ] {
        assert_eq!(post(&wrong, &go).await?, invalid, "{wrong}");
    }
    let unknown = post(&resume.replace("waiting/1", "waiting/9"), &go).await?;
    assert_eq!(
        (unknown.0, &unknown.1["message"]),
        (404, &json!("The execution \"9\" does not exist."))
    );

    n8n.hold();
    assert_eq!(post(&resume.replace('?', "/suffix?"), &go).await?.0, 200);
    assert_eq!(n8n.executions()[0].resumed_with, Some(go.clone()));
    let conflict = |message: &str| (409, json!({ "code": 409, "message": message }));
    assert_eq!(
        post(resume, &go).await?,
        conflict("The execution \"1\" is running already.")
    );
    n8n.release();
    n8n.until_execution(1, ExecutionState::Finished).await;
    assert_eq!(n8n.callbacks().len(), 1);
    assert_eq!(
        post(resume, &go).await?,
        conflict("The execution \"1 has finished already.")
    );
    n8n.set_execution(1, ExecutionState::Errored);
    assert_eq!(
        post(resume, &go).await?,
        conflict("The execution \"1\" has finished with error.")
    );
    Ok(())
}
