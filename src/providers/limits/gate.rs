use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::gates::GateKey;
use super::terms::{Effect, Fingerprint, Refused, Snapshot, Tuning};
use super::{Bucket, Change, Circuit, Health, Position, Width};

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
        let rested = core.circuit.offences_rest(now).is_some();
        let change = core.circuit.record(effect.health, place.epoch, now);
        let offended = core.circuit.offences_rest(now).filter(|_| !rested);
        let paused_now = effect.pause.filter(|_| core.pause.is_none());
        if let Some((reason, rest)) = &paused_now {
            core.pause = Some(Pause {
                reason: reason.clone(),
                until: rest.map(|rest| now + rest),
                with: place.with,
            });
        }
        drop(core);
        if let Some(rest) = offended {
            let for_seconds = rest.as_secs();
            let provider = self.key.to_string();
            tracing::warn!(
                provider,
                for_seconds,
                "too many calls were refused; more could have the key banned"
            );
        }
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
    /// The request has ended. The place is kept.
    pub(in crate::providers) fn settle(&mut self, effect: Effect) {
        self.settled = true;
        self.gate.settle(self, effect);
    }

    /// Another request of the same call begins: it needs no other place, and does not stand behind others for it.
    pub(in crate::providers) fn renew(&mut self) {
        let now = Instant::now();
        self.settled = false;
        self.started = now;
        if let Some(bucket) = &mut self.gate.core().bucket {
            bucket.take(now);
        }
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
mod tests;
