#![allow(clippy::unwrap_used, clippy::expect_used)]
use super::*;
use crate::providers::limits::CircuitRule;
use crate::providers::spec::ProviderName;

fn gate(concurrency: usize) -> Arc<Gate> {
    let key = GateKey {
        provider: ProviderName::Zenrows,
        host: "api.example".to_owned(),
        secret: "KEY".to_owned(),
    };
    let tuning = Tuning {
        concurrency: Some(concurrency),
        rate: None,
        default_concurrency: 5,
        learns: false,
        circuit: CircuitRule {
            window: Duration::from_secs(60),
            least_calls: 2,
            share: 0.5,
            most_offences: None,
            rest: Duration::from_secs(60),
            longest_rest: Duration::from_secs(60),
        },
    };
    Arc::new(Gate::new(key, &tuning))
}

async fn is_waiting(mut future: std::pin::Pin<&mut impl Future>) -> bool {
    std::future::poll_fn(|context| std::task::Poll::Ready(future.as_mut().poll(context).is_pending())).await
}

const SHORT: Duration = Duration::from_millis(5);

#[tokio::test]
async fn places_are_given_in_the_order_of_asking() {
    let gate = gate(1);
    let first = gate.enter(None, SHORT).await.unwrap();
    assert!(matches!(gate.enter(None, SHORT).await, Err(Refused::Later { .. })));
    let mut second = std::pin::pin!(gate.enter(None, Duration::from_secs(10)));
    assert!(is_waiting(second.as_mut()).await);
    let mut third = std::pin::pin!(gate.enter(None, Duration::from_secs(10)));
    assert!(is_waiting(third.as_mut()).await);
    drop(first);
    assert!(is_waiting(third.as_mut()).await);
    let second = second.await.unwrap();
    drop(second);
    assert!(third.await.is_ok());
}

#[tokio::test]
async fn a_pause_ends_when_told_or_with_another_secret() {
    let gate = gate(5);
    let refused = Effect {
        pause: Some(("AUTH003".to_owned(), None)),
        ..Effect::of(Health::Neutral)
    };
    gate.enter(Some([1; 32]), SHORT).await.unwrap().settle(refused.clone());
    assert!(matches!(
        gate.enter(Some([1; 32]), SHORT).await,
        Err(Refused::Paused { rest: None, .. })
    ));
    assert_eq!(gate.capacity(), 0);
    let mut trial = gate.enter(Some([2; 32]), SHORT).await.unwrap();
    trial.settle(refused);
    drop(trial);
    assert!(gate.enter(Some([2; 32]), SHORT).await.is_err());
    gate.resume();
    assert!(gate.enter(Some([2; 32]), SHORT).await.is_ok());
    assert_eq!(gate.capacity(), 5);
}

#[tokio::test]
async fn a_failing_provider_is_left_alone() {
    let gate = gate(5);
    for _ in 0..2 {
        let mut place = gate.enter(None, SHORT).await.unwrap();
        place.settle(Effect::of(Health::Bad));
    }
    match gate.enter(None, SHORT).await {
        Err(Refused::Later { wait, .. }) => assert!(wait > Duration::from_secs(50), "{wait:?}"),
        other => panic!("{other:?}"),
    }
    let seen = gate.snapshot();
    assert_eq!((seen.calls, seen.failures, seen.in_flight), (2, 2, 0));
    assert_eq!(gate.capacity(), 0);
}

#[tokio::test]
async fn a_provider_that_asks_to_slow_down_rests() {
    let gate = gate(5);
    let mut place = gate.enter(None, SHORT).await.unwrap();
    place.settle(Effect {
        rest: Some(Duration::from_secs(30)),
        ..Effect::of(Health::Neutral)
    });
    assert!(matches!(
        gate.enter(None, Duration::from_secs(1)).await,
        Err(Refused::Later { wait, .. }) if wait > Duration::from_secs(25)
    ));
}
