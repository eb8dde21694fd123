use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Slots that the window is kept in.
const SLOTS: u32 = 12;

/// What a call tells of its provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::providers) enum Health {
    /// It works.
    Good,
    /// It does not.
    Bad,
    /// Nothing: the fault is the row's, or the call never left.
    Neutral,
    /// It works and has been offended: enough of these have the key banned.
    Offended,
}

/// When the circuit opens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::providers) struct CircuitRule {
    /// The time that calls are counted over.
    pub(in crate::providers) window: Duration,
    /// Fewer calls than this tell nothing.
    pub(in crate::providers) least_calls: u32,
    /// Share of failures that opens it.
    pub(in crate::providers) share: f64,
    /// Offences within the window after which no further call starts.
    pub(in crate::providers) most_offences: Option<u32>,
    /// How long it stays open at first; twice as long each time that the trial fails.
    pub(in crate::providers) rest: Duration,
    pub(in crate::providers) longest_rest: Duration,
}

/// Where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::providers) enum Position {
    Closed,
    Open {
        until: Instant,
    },
    /// One call at a time tries whether it works again.
    HalfOpen {
        trial: bool,
    },
}

/// What an answer has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::providers) enum Change {
    Opened { rest: Duration },
    Closed,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    at: Instant,
    calls: u32,
    failures: u32,
    offences: u32,
}

/// A circuit breaker over a sliding window.
#[derive(Clone, Debug)]
pub(in crate::providers) struct Circuit {
    rule: CircuitRule,
    position: Position,
    slots: VecDeque<Slot>,
    /// Times that it has opened since it was last closed.
    opened: u32,
    /// Goes up with every change of position: answers of calls from before do not count as a trial's.
    epoch: u64,
}

impl Circuit {
    pub(in crate::providers) fn new(rule: CircuitRule) -> Self {
        Self {
            rule,
            position: Position::Closed,
            slots: VecDeque::new(),
            opened: 0,
            epoch: 0,
        }
    }

    pub(in crate::providers) fn position(&self, now: Instant) -> Position {
        match self.position {
            Position::Open { until } if until <= now => Position::HalfOpen { trial: false },
            other => other,
        }
    }

    fn forget(&mut self, now: Instant) {
        // One slot more than the window, so that a call counts for no less than all of it.
        let kept = self.rule.window + self.rule.window / SLOTS;
        while self
            .slots
            .front()
            .is_some_and(|slot| now.saturating_duration_since(slot.at) > kept)
        {
            self.slots.pop_front();
        }
    }

    /// Lets a call start and gives the epoch to report it with, or says how long to wait.
    pub(in crate::providers) fn ask(&mut self, now: Instant) -> Result<u64, Duration> {
        self.forget(now);
        match self.position(now) {
            Position::Open { until } => Err(until - now),
            Position::HalfOpen { trial: true } => Err(self.rule.window / SLOTS),
            Position::HalfOpen { trial: false } => {
                if matches!(self.position, Position::Open { .. }) {
                    self.epoch += 1;
                }
                self.position = Position::HalfOpen { trial: true };
                Ok(self.epoch)
            }
            Position::Closed => match self.offences_rest(now) {
                Some(wait) => Err(wait),
                None => Ok(self.epoch),
            },
        }
    }

    /// How long until so few offences are in the window that further ones do no harm.
    pub(in crate::providers) fn offences_rest(&self, now: Instant) -> Option<Duration> {
        let most = self.rule.most_offences?;
        let offences: u32 = self.slots.iter().map(|slot| slot.offences).sum();
        if offences < most {
            return None;
        }
        let oldest = self.slots.iter().find(|slot| slot.offences > 0)?;
        let gone = oldest.at + self.rule.window + self.rule.window / SLOTS;
        Some(gone.saturating_duration_since(now).max(Duration::from_millis(1)))
    }

    /// A call that was let start in `epoch` has ended.
    pub(in crate::providers) fn record(&mut self, health: Health, epoch: u64, now: Instant) -> Option<Change> {
        self.forget(now);
        self.count(health, now);
        match self.position {
            Position::HalfOpen { .. } if epoch == self.epoch => match health {
                Health::Good | Health::Offended => Some(self.close()),
                Health::Bad => Some(self.open(now)),
                Health::Neutral => {
                    self.position = Position::HalfOpen { trial: false };
                    None
                }
            },
            Position::Closed if health == Health::Bad && self.is_bad() => Some(self.open(now)),
            _ => None,
        }
    }

    fn count(&mut self, health: Health, now: Instant) {
        let width = self.rule.window / SLOTS;
        let fresh = self
            .slots
            .back()
            .is_none_or(|slot| now.saturating_duration_since(slot.at) >= width);
        if fresh {
            self.slots.push_back(Slot {
                at: now,
                calls: 0,
                failures: 0,
                offences: 0,
            });
        }
        if let Some(slot) = self.slots.back_mut() {
            slot.calls += u32::from(health != Health::Neutral);
            slot.failures += u32::from(health == Health::Bad);
            slot.offences += u32::from(health == Health::Offended);
        }
    }

    fn is_bad(&self) -> bool {
        let (calls, failures) = self.slots.iter().fold((0_u32, 0_u32), |(calls, failures), slot| {
            (calls + slot.calls, failures + slot.failures)
        });
        calls >= self.rule.least_calls && f64::from(failures) >= self.rule.share * f64::from(calls)
    }

    fn open(&mut self, now: Instant) -> Change {
        let doubled = self.rule.rest.saturating_mul(1 << self.opened.min(16));
        let rest = doubled.min(self.rule.longest_rest);
        self.opened += 1;
        self.epoch += 1;
        self.position = Position::Open { until: now + rest };
        Change::Opened { rest }
    }

    /// Closes it, whatever it was.
    pub(in crate::providers) fn close(&mut self) -> Change {
        self.position = Position::Closed;
        self.opened = 0;
        self.epoch += 1;
        for slot in &mut self.slots {
            // Offences stay: the provider has not forgotten them.
            slot.calls = 0;
            slot.failures = 0;
        }
        Change::Closed
    }

    /// One call may try next, as after an open circuit's rest.
    pub(in crate::providers) fn half_open(&mut self) {
        self.epoch += 1;
        self.position = Position::HalfOpen { trial: false };
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use proptest::prelude::*;

    use super::*;

    const RULE: CircuitRule = CircuitRule {
        window: Duration::from_secs(60),
        least_calls: 10,
        share: 0.5,
        most_offences: Some(5),
        rest: Duration::from_secs(15),
        longest_rest: Duration::from_secs(60),
    };

    fn fail(circuit: &mut Circuit, times: u32, now: Instant) -> Option<Change> {
        let mut last = None;
        for _ in 0..times {
            let epoch = circuit.ask(now).unwrap();
            last = circuit.record(Health::Bad, epoch, now);
        }
        last
    }

    #[test]
    fn it_opens_on_the_share_of_failures_and_closes_after_a_good_trial() {
        let mut circuit = Circuit::new(RULE);
        let start = Instant::now();
        assert_eq!(fail(&mut circuit, 9, start), None, "too few to tell");
        let opened = fail(&mut circuit, 1, start);
        assert_eq!(opened, Some(Change::Opened { rest: RULE.rest }));
        assert_eq!(circuit.ask(start), Err(RULE.rest));
        let later = start + RULE.rest;
        let trial = circuit.ask(later).unwrap();
        assert!(circuit.ask(later).is_err(), "one trial at a time");
        assert_eq!(circuit.record(Health::Good, trial, later), Some(Change::Closed));
        assert!(circuit.ask(later).is_ok());
    }

    #[test]
    fn each_failed_trial_doubles_the_rest_up_to_the_longest() {
        let mut circuit = Circuit::new(RULE);
        let mut now = Instant::now();
        fail(&mut circuit, 10, now);
        for seconds in [15, 30, 60, 60] {
            assert_eq!(circuit.ask(now), Err(Duration::from_secs(seconds)));
            now += Duration::from_secs(seconds);
            let trial = circuit.ask(now).unwrap();
            circuit.record(Health::Bad, trial, now);
        }
    }

    #[test]
    fn answers_from_before_it_opened_are_no_trial() {
        let mut circuit = Circuit::new(RULE);
        let now = Instant::now();
        let early = circuit.ask(now).unwrap();
        fail(&mut circuit, 10, now);
        let later = now + RULE.rest;
        let trial = circuit.ask(later).unwrap();
        assert_eq!(circuit.record(Health::Good, early, later), None);
        assert!(matches!(circuit.position(later), Position::HalfOpen { trial: true }));
        assert_eq!(circuit.record(Health::Neutral, trial, later), None);
        assert!(
            circuit.ask(later).is_ok(),
            "a trial that told nothing gives way to another"
        );
    }

    #[test]
    fn offences_hold_further_calls_back_until_they_are_forgotten() {
        let mut circuit = Circuit::new(RULE);
        let now = Instant::now();
        for _ in 0..5 {
            let epoch = circuit.ask(now).unwrap();
            circuit.record(Health::Offended, epoch, now);
        }
        let wait = circuit.ask(now).unwrap_err();
        assert!(wait >= RULE.window, "{wait:?}");
        assert!(circuit.ask(now + wait + Duration::from_millis(1)).is_ok());
    }

    proptest! {
        /// Whatever happens, no window of time has more offences than allowed and those that were on their way.
        #[test]
        fn offences_within_a_window_are_bounded(
            pauses in proptest::collection::vec((0_u64..9_000, 0_u8..4), 1..300),
        ) {
            let mut circuit = Circuit::new(RULE);
            let mut now = Instant::now();
            let mut offences: Vec<Instant> = Vec::new();
            for (pause, outcome) in pauses {
                now += Duration::from_millis(pause);
                let Ok(epoch) = circuit.ask(now) else { continue };
                let health = [Health::Good, Health::Bad, Health::Neutral, Health::Offended][usize::from(outcome)];
                if health == Health::Offended {
                    offences.push(now);
                }
                circuit.record(health, epoch, now);
            }
            for (n, from) in offences.iter().enumerate() {
                let within = offences[n..].iter().filter(|at| **at - *from < RULE.window).count();
                prop_assert!(within <= 5, "{within}");
            }
        }

        /// An open circuit never stays so: after the rest that it names, a call may try.
        #[test]
        fn it_is_never_stuck(outcomes in proptest::collection::vec(0_u8..4, 1..200)) {
            let mut circuit = Circuit::new(RULE);
            let mut now = Instant::now();
            for outcome in outcomes {
                let health = [Health::Good, Health::Bad, Health::Neutral, Health::Offended][usize::from(outcome)];
                let epoch = match circuit.ask(now) {
                    Ok(epoch) => epoch,
                    Err(wait) => {
                        now += wait + Duration::from_millis(1);
                        let again = circuit.ask(now);
                        prop_assert!(again.is_ok() || matches!(circuit.position(now), Position::Closed), "{again:?}");
                        match again {
                            Ok(epoch) => epoch,
                            Err(_) => continue,
                        }
                    }
                };
                circuit.record(health, epoch, now);
            }
        }
    }
}
