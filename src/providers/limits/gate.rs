use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::gates::GateKey;
use super::{Bucket, Change, Circuit, CircuitRule, Health, Position, Width};

/// What tells one value of a secret from the next, and nothing else.
pub(in crate::providers) type Fingerprint = [u8; 32];

/// What a workflow asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::providers) struct Tuning {
    /// Calls at a time, if the workflow says so.
    pub(in crate::providers) concurrency: Option<usize>,
    /// Calls a second, and at once after a rest.
    pub(in crate::providers) rate: Option<(f64, f64)>,
    /// Where neither is said.
    pub(in crate::providers) default_concurrency: usize,
    /// Whether the limit is learnt from the provider.
    pub(in crate::providers) learns: bool,
    pub(in crate::providers) circuit: CircuitRule,
}

/// Why no call may start now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::providers) enum Refused {
    /// Until somebody resumes it, or for so long.
    Paused { reason: String, rest: Option<Duration> },
    /// Not for so long.
    Later { wait: Duration, why: &'static str },
}

/// What a call's end means for the calls after it.
#[derive(Clone, Debug)]
pub(in crate::providers) struct Effect {
    pub(in crate::providers) health: Health,
    pub(in crate::providers) failed: bool,
    pub(in crate::providers) cost: Option<f64>,
    /// The limit that the provider names, and how much of it is free.
    pub(in crate::providers) limit: Option<usize>,
    pub(in crate::providers) remaining: Option<usize>,
    /// Refused as one too many at a time.
    pub(in crate::providers) crowded: bool,
    /// Nothing is to start for so long.
    pub(in crate::providers) rest: Option<Duration>,
    /// Nothing is to start until it is resumed, or for so long.
    pub(in crate::providers) pause: Option<(String, Option<Duration>)>,
}

impl Effect {
    pub(in crate::providers) fn of(health: Health) -> Self {
        Self {
            health,
            failed: health == Health::Bad,
            cost: None,
            limit: None,
            remaining: None,
            crowded: false,
            rest: None,
            pause: None,
        }
    }
}

#[derive(Debug)]
struct Pause {
    reason: String,
    until: Option<Instant>,
    /// The secret that was refused: another one is tried without being told to.
    with: Option<Fingerprint>,
}

#[derive(Debug)]
struct Core {
    in_flight: usize,
    width: Width,
    bucket: Option<Bucket>,
    circuit: Circuit,
    pause: Option<Pause>,
    rest_until: Option<Instant>,
    calls: u64,
    failures: u64,
    crowded: u64,
    cost: f64,
}

/// What people see of a gate.
#[derive(Clone, Debug)]
pub(in crate::providers) struct Snapshot {
    pub(in crate::providers) in_flight: usize,
    pub(in crate::providers) limit: usize,
    pub(in crate::providers) position: Position,
    pub(in crate::providers) paused: Option<(String, Option<Duration>)>,
    pub(in crate::providers) resting: Option<Duration>,
    pub(in crate::providers) calls: u64,
    pub(in crate::providers) failures: u64,
    pub(in crate::providers) crowded: u64,
    pub(in crate::providers) cost: f64,
}

/// The limits of one provider at one host with one secret, shared by all batches.
#[derive(Debug)]
pub(in crate::providers) struct Gate {
    key: GateKey,
    core: Mutex<Core>,
    /// Whoever has the turn is the next to get a place: first come, first served.
    turn: tokio::sync::Mutex<()>,
    freed: Notify,
}

enum Try {
    Granted { epoch: u64 },
    Full,
    Wait { wait: Duration, why: &'static str },
}

impl Gate {
    pub(super) fn new(key: GateKey, tuning: &Tuning) -> Self {
        let now = Instant::now();
        let start = tuning.concurrency.unwrap_or(tuning.default_concurrency);
        let width = if tuning.learns {
            Width::learning(start)
        } else {
            Width::fixed(start)
        };
        Self {
            key,
            core: Mutex::new(Core {
                in_flight: 0,
                width,
                bucket: tuning.rate.map(|(rate, burst)| Bucket::new(rate, burst, now)),
                circuit: Circuit::new(tuning.circuit),
                pause: None,
                rest_until: None,
                calls: 0,
                failures: 0,
                crowded: 0,
                cost: 0.0,
            }),
            turn: tokio::sync::Mutex::new(()),
            freed: Notify::new(),
        }
    }

    fn core(&self) -> MutexGuard<'_, Core> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(in crate::providers) fn key(&self) -> &GateKey {
        &self.key
    }

    /// What a workflow says itself holds for all that share the gate; the last one to say it wins.
    pub(super) fn tune(&self, tuning: &Tuning) {
        let now = Instant::now();
        let mut core = self.core();
        if let Some(concurrency) = tuning.concurrency {
            core.width.tune(concurrency);
        }
        match (&mut core.bucket, tuning.rate) {
            (Some(bucket), Some((rate, burst))) => bucket.tune(rate, burst, now),
            (none @ None, Some((rate, burst))) => *none = Some(Bucket::new(rate, burst, now)),
            _ => {}
        }
    }

    /// Whether nothing would be lost with it.
    pub(super) fn is_at_rest(&self) -> bool {
        let now = Instant::now();
        let core = self.core();
        core.in_flight == 0
            && core.pause.is_none()
            && core.rest_until.is_none_or(|until| until <= now)
            && core.circuit.position(now) == Position::Closed
            && core.circuit.offences_rest(now).is_none()
            && self.turn.try_lock().is_ok()
    }

    /// How many calls may run at a time now.
    pub(in crate::providers) fn capacity(&self) -> usize {
        let now = Instant::now();
        let core = self.core();
        let paused = core
            .pause
            .as_ref()
            .is_some_and(|pause| pause.until.is_none_or(|until| until > now));
        let resting = core.rest_until.is_some_and(|until| until > now);
        match core.circuit.position(now) {
            _ if paused || resting => 0,
            Position::Open { .. } => 0,
            Position::HalfOpen { .. } => 1,
            Position::Closed if core.circuit.offences_rest(now).is_some() => 0,
            Position::Closed => core.width.now(),
        }
    }

    pub(in crate::providers) fn snapshot(&self) -> Snapshot {
        let now = Instant::now();
        let core = self.core();
        let left = |until: Instant| until.saturating_duration_since(now);
        Snapshot {
            in_flight: core.in_flight,
            limit: core.width.now(),
            position: core.circuit.position(now),
            paused: core
                .pause
                .as_ref()
                .map(|pause| (pause.reason.clone(), pause.until.map(left))),
            resting: core
                .rest_until
                .map(left)
                .into_iter()
                .chain(core.circuit.offences_rest(now))
                .max()
                .filter(|rest| !rest.is_zero()),
            calls: core.calls,
            failures: core.failures,
            crowded: core.crowded,
            cost: core.cost,
        }
    }

    /// It may be asked again.
    pub(in crate::providers) fn resume(&self) {
        let mut core = self.core();
        core.pause = None;
        core.rest_until = None;
        core.circuit.close();
        drop(core);
        self.freed.notify_waiters();
    }

    fn try_enter(&self, with: Option<Fingerprint>) -> Result<Try, Refused> {
        let now = Instant::now();
        let mut core = self.core();
        if let Some(pause) = &core.pause {
            let cooled = pause.until.is_some_and(|until| until <= now);
            let other_secret = pause.with.is_some() && pause.with != with;
            if !cooled && !other_secret {
                return Err(Refused::Paused {
                    reason: pause.reason.clone(),
                    rest: pause.until.map(|until| until - now),
                });
            }
            core.pause = None;
            core.circuit.half_open();
        }
        if let Some(wait) = core.rest_until.and_then(|until| until.checked_duration_since(now))
            && !wait.is_zero()
        {
            return Ok(Try::Wait {
                wait,
                why: "the provider asked to slow down",
            });
        }
        if core.in_flight >= core.width.now() {
            return Ok(Try::Full);
        }
        if let Some(wait) = core.bucket.as_mut().map(|bucket| bucket.wait(now))
            && !wait.is_zero()
        {
            return Ok(Try::Wait {
                wait,
                why: "the provider's rate limit",
            });
        }
        match core.circuit.ask(now) {
            Ok(epoch) => {
                if let Some(bucket) = &mut core.bucket {
                    bucket.take(now);
                }
                core.in_flight += 1;
                Ok(Try::Granted { epoch })
            }
            Err(wait) => Ok(Try::Wait {
                wait,
                why: if core.circuit.position(now) == Position::Closed {
                    "too many calls were refused; more could have the key banned"
                } else {
                    "the provider fails; its circuit is open"
                },
            }),
        }
    }

    /// Waits for a place, for no longer than `patience`.
    pub(in crate::providers) async fn enter(
        self: &Arc<Self>,
        with: Option<Fingerprint>,
        patience: Duration,
    ) -> Result<Place, Refused> {
        let deadline = Instant::now() + patience;
        let in_turn = tokio::time::timeout(patience, self.turn.lock()).await;
        let Ok(_turn) = in_turn else {
            return Err(self.full());
        };
        loop {
            // Made before the look, so that a place that is freed in between is heard of.
            let mut freed = std::pin::pin!(self.freed.notified());
            freed.as_mut().enable();
            let left = deadline.saturating_duration_since(Instant::now());
            match self.try_enter(with)? {
                Try::Granted { epoch } => {
                    return Ok(Place {
                        gate: Arc::clone(self),
                        epoch,
                        with,
                        started: Instant::now(),
                        settled: false,
                    });
                }
                Try::Wait { wait, why } if wait > left => return Err(Refused::Later { wait, why }),
                Try::Wait { wait, .. } => {
                    let _ = tokio::time::timeout(wait, freed).await;
                }
                Try::Full => {
                    if left.is_zero() || tokio::time::timeout(left, freed).await.is_err() {
                        return Err(self.full());
                    }
                }
            }
        }
    }

    fn full(&self) -> Refused {
        Refused::Later {
            wait: Duration::from_secs(1),
            why: "as many calls as the provider allows are running",
        }
    }

    fn settle(&self, place: &Place, effect: Effect) {
        let now = Instant::now();
        let mut core = self.core();
        core.calls += 1;
        core.failures += u64::from(effect.failed);
        core.cost += effect.cost.unwrap_or_default();
        if let Some(limit) = effect.limit {
            core.width.name_limit(limit);
        }
        if effect.crowded {
            core.crowded += 1;
            core.width.crowded(place.started, now);
        } else if matches!(effect.health, Health::Good | Health::Neutral) {
            core.width.good(effect.remaining);
        }
        if let Some(rest) = effect.rest {
            let until = now + rest;
            core.rest_until = Some(core.rest_until.map_or(until, |at| at.max(until)));
        }
        let change = core.circuit.record(effect.health, place.epoch, now);
        let paused_now = effect.pause.filter(|_| core.pause.is_none());
        if let Some((reason, rest)) = &paused_now {
            core.pause = Some(Pause {
                reason: reason.clone(),
                until: rest.map(|rest| now + rest),
                with: place.with,
            });
        }
        drop(core);
        self.tell(change, paused_now);
    }

    fn tell(&self, change: Option<Change>, paused: Option<(String, Option<Duration>)>) {
        let provider = self.key.to_string();
        if let Some((reason, rest)) = paused {
            let for_seconds = rest.map(|rest| rest.as_secs());
            tracing::error!(provider, reason, for_seconds, "the provider is paused");
        }
        match change {
            Some(Change::Opened { rest }) => {
                tracing::warn!(
                    provider,
                    for_seconds = rest.as_secs(),
                    "the provider fails; its circuit is open"
                );
            }
            Some(Change::Closed) => tracing::info!(provider, "the provider works again"),
            None => {}
        }
    }

    fn leave(&self) {
        let mut core = self.core();
        core.in_flight = core.in_flight.saturating_sub(1);
        drop(core);
        // Only who has the turn listens.
        self.freed.notify_waiters();
    }
}

/// A call's place; given back when dropped.
#[derive(Debug)]
pub(in crate::providers) struct Place {
    gate: Arc<Gate>,
    epoch: u64,
    with: Option<Fingerprint>,
    started: Instant,
    settled: bool,
}

impl Place {
    /// The call has ended.
    pub(in crate::providers) fn settle(mut self, effect: Effect) {
        self.settled = true;
        self.gate.settle(&self, effect);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if !self.settled {
            let now = Instant::now();
            self.gate.core().circuit.record(Health::Neutral, self.epoch, now);
        }
        self.gate.leave();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
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
        let trial = gate.enter(Some([2; 32]), SHORT).await.unwrap();
        trial.settle(refused);
        assert!(gate.enter(Some([2; 32]), SHORT).await.is_err());
        gate.resume();
        assert!(gate.enter(Some([2; 32]), SHORT).await.is_ok());
        assert_eq!(gate.capacity(), 5);
    }

    #[tokio::test]
    async fn a_failing_provider_is_left_alone() {
        let gate = gate(5);
        for _ in 0..2 {
            let place = gate.enter(None, SHORT).await.unwrap();
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
        let place = gate.enter(None, SHORT).await.unwrap();
        place.settle(Effect {
            rest: Some(Duration::from_secs(30)),
            ..Effect::of(Health::Neutral)
        });
        assert!(matches!(
            gate.enter(None, Duration::from_secs(1)).await,
            Err(Refused::Later { wait, .. }) if wait > Duration::from_secs(25)
        ));
    }
}
