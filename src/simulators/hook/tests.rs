use super::super::test_client::{Outcome, answer, client};
use super::{Answer, Hook, Refused, verify};

/// The example of the specification's libraries.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const BODY: &str = r#"{"test": 2432232314}"#;
const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

#[test]
fn it_believes_what_is_signed_and_nothing_else() {
    let check = |secret: &str, id: &str, body: &str, signature: &str| verify(secret, id, "1614265330", body, signature);
    assert_eq!(check(SECRET, ID, BODY, SIGNATURE), Ok(()));
    assert_eq!(check(SECRET, ID, BODY, &format!("v1,AAAA {SIGNATURE}")), Ok(()));
    assert_eq!(check(SECRET, ID, "{}", SIGNATURE), Err(Refused::WrongSignature));
    assert_eq!(check(SECRET, "other", BODY, SIGNATURE), Err(Refused::WrongSignature));
    assert_eq!(check(SECRET, ID, BODY, ""), Err(Refused::Unsigned));
    assert_eq!(check("s3cret", ID, BODY, SIGNATURE), Err(Refused::BadSecret));
    assert_eq!(verify(SECRET, ID, "soon", BODY, SIGNATURE), Err(Refused::Unsigned));
}

#[tokio::test]
async fn it_answers_as_it_is_told_and_remembers() -> Outcome {
    let hook = Hook::start().await?;
    hook.answer_first([Answer::status(500), Answer::status(429).header("Retry-After", "7")]);
    hook.answer(Answer::status(410).body("gone"));
    let client = client()?;
    let send = || {
        let request = client.post(hook.url("/x")).header("webhook-id", ID);
        request
            .header("webhook-timestamp", "1614265330")
            .header("webhook-signature", SIGNATURE)
            .body(BODY)
    };
    assert_eq!(answer(send()).await?.0, 500);
    let throttled = send().send().await?;
    assert_eq!(throttled.headers()["retry-after"], "7");
    assert_eq!(answer(send()).await?, (410, "gone".into()));
    let received = hook.received(3).await;
    assert_eq!(received.len(), 3);
    assert!(
        received
            .iter()
            .all(|one| one.path == "/x" && one.verify(SECRET).is_ok())
    );
    assert_eq!(
        received.iter().map(|one| one.status).collect::<Vec<_>>(),
        [500, 429, 410]
    );
    Ok(())
}

#[tokio::test]
async fn what_is_held_has_arrived_but_is_not_answered() -> Outcome {
    let hook = Hook::start().await?;
    hook.hold();
    let request = client()?.post(hook.url("/slow")).body("{}");
    let sent = tokio::spawn(request.send());
    hook.until_arrived(1).await;
    assert_eq!((hook.arrived(), hook.answered()), (1, 0));
    hook.release();
    assert_eq!(sent.await??.status(), 200);
    assert_eq!(hook.received(1).await[0].json(), serde_json::json!({}));
    Ok(())
}
