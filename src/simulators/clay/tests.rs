use std::sync::Arc;

use serde_json::{Value, json};

use super::super::callbacks::Delivery;
use super::super::test_client::{Outcome, Receiver, answer, client};
use super::{Clay, Options};

async fn post(url: &str, body: &Value) -> Result<(u16, Value), reqwest::Error> {
    answer(client()?.post(url).json(body)).await
}

#[tokio::test]
async fn a_row_is_accepted_and_enriched_later() -> Outcome {
    let (clay, receiver) = (Clay::start(Options::default()).await?, Receiver::start().await?);
    clay.hold();
    let row = json!({ "domain": "a.example", "run": 7, "callback_url": receiver.url() });
    assert_eq!(post(&clay.webhook_url(), &row).await?, (200, json!({})));
    assert_eq!((receiver.count(), clay.submissions()[0].row), (0, Some(1)));
    clay.release();
    let received = receiver.received(1).await;
    let result: Value = serde_json::from_str(received[0].body.as_deref().unwrap())?;
    assert_eq!((&result["domain"], &result["run"]), (&json!("a.example"), &json!(7)));
    assert_eq!(result["employee_count"], 12);
    clay.until_callbacks(1).await;
    assert_eq!(
        (clay.callbacks()[0].run, clay.callbacks()[0].answered.clone()),
        (1, Ok(202))
    );
    Ok(())
}

#[tokio::test]
async fn the_column_runs_again_early_and_badly() -> Outcome {
    let (clay, receiver) = (Clay::start(Options::default()).await?, Receiver::start().await?);
    clay.set_column(|column| {
        column.reruns = 2;
        column.partial_first = true;
        column.enrich = Arc::new(|_| json!({ "a": 1, "b": 2 }));
    });
    let rows = json!([{ "callback_url": receiver.url() }]);
    post(&clay.webhook_url(), &rows).await?;
    let received = receiver.received(4).await;
    let bodies: Vec<_> = received
        .iter()
        .filter_map(|callback| callback.body.as_deref())
        .collect();
    let whole = r#"{"a":1,"b":2}"#;
    assert_eq!(bodies, [r#"{"a":1}"#, whole, whole, whole]);

    clay.set_column(|column| {
        column.reruns = 0;
        column.partial_first = false;
        column.delivery = Delivery::ForgedToken;
    });
    post(&clay.webhook_url(), &rows).await?;
    assert_eq!(receiver.received(5).await[4].path_and_query, "/done?token=baa234");
    Ok(())
}

#[tokio::test]
async fn rows_that_come_too_fast_are_refused() -> Outcome {
    let clay = Clay::start(Options {
        rate: 0.001,
        ..Options::default()
    })
    .await?;
    for _ in 0..20 {
        assert_eq!(post(&clay.webhook_url(), &json!({})).await?.0, 200);
    }
    let refused = client()?.post(clay.webhook_url()).json(&json!({})).send().await?;
    assert_eq!(refused.status(), 429);
    let wait: u64 = refused.headers()["retry-after"].to_str()?.parse()?;
    assert!((1..=1000).contains(&wait), "{wait}");
    assert_eq!(clay.taken(&clay.webhook_url()), 20);
    clay.set_rate(10.0, 1);
    assert_eq!(post(&clay.webhook_url(), &json!({})).await?.0, 200);
    Ok(())
}

#[tokio::test]
async fn a_webhook_has_a_life() -> Outcome {
    let clay = Clay::start(Options {
        lifetime: 2,
        ..Options::default()
    })
    .await?;
    let url = clay.webhook_url();
    assert_eq!(post(&url, &json!([{}, {}, {}])).await?.0, 403);
    assert_eq!(post(&url, &json!([{}, {}])).await?.0, 200);
    assert_eq!(post(&url, &json!({})).await?.0, 403);
    let other = clay.new_webhook();
    assert_eq!(post(&other, &json!({})).await?.0, 200);
    clay.set_lifetime(3);
    assert_eq!(post(&url, &json!({})).await?.0, 200);
    clay.delete_webhook(&url);
    assert_eq!(post(&url, &json!({})).await?.0, 404);
    let statuses: Vec<u16> = clay.submissions().iter().map(|submission| submission.status).collect();
    assert_eq!(statuses, [403, 200, 403, 200, 200, 404]);
    Ok(())
}

#[tokio::test]
async fn tokens_sizes_and_json_are_checked() -> Outcome {
    let clay = Clay::start(Options {
        auth: Some("t".to_owned()),
        ..Options::default()
    })
    .await?;
    let send = |token: &str, body: String| {
        let request = client().unwrap().post(clay.webhook_url());
        answer(request.header("x-clay-webhook-auth", token).body(body))
    };
    assert_eq!(send("u", "{}".to_owned()).await?.0, 401);
    assert_eq!(post(&clay.webhook_url(), &json!({})).await?.0, 401);
    assert_eq!(send("t", "{}".to_owned()).await?.0, 200);
    let sized = |bytes: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(bytes - 8));
    assert_eq!(send("t", sized(100 << 10)).await?.0, 200);
    assert_eq!(send("t", sized((100 << 10) + 1)).await?.0, 413);
    for bad in ["", "{", "7", "[]", "[1]"] {
        assert_eq!(send("t", bad.to_owned()).await?.0, 422, "{bad}");
    }
    Ok(())
}
