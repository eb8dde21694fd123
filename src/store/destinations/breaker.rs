//! When a destination that is away is asked again.

use std::time::{Duration, Instant};

use serde::Serialize;

/// How a lane stands to its destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BreakerState {
    /// Rows go through.
    Closed,
    /// Rows are refused at once.
    Open,
    /// The next rows are a trial.
    HalfOpen,
}

/// Opens when a destination has been away for longer than a lane has patience, and for longer each time.
#[derive(Debug)]
pub(super) struct Breaker {
    first: Duration,
    longest: Duration,
    /// Until when it is open, and how long that was.
    open: Option<(Instant, Duration)>,
}

impl Breaker {
    pub(super) fn new(first: Duration, longest: Duration) -> Self {
        Self {
            first,
            longest,
            open: None,
        }
    }

    pub(super) fn state(&self, now: Instant) -> BreakerState {
        match self.open {
            None => BreakerState::Closed,
            Some((until, _)) if now < until => BreakerState::Open,
            Some(_) => BreakerState::HalfOpen,
        }
    }

    /// For how long rows are still refused.
    pub(super) fn remaining(&self, now: Instant) -> Option<Duration> {
        self.open
            .map(|(until, _)| until.saturating_duration_since(now))
            .filter(|left| !left.is_zero())
    }

    /// Opens it for twice as long as the last time, and not for less than the destination asks for. Tells for how long.
    pub(super) fn open(&mut self, now: Instant, asked: Option<Duration>) -> Duration {
        let pause = match self.open {
            None => self.first,
            Some((_, last)) => (last * 2).min(self.longest),
        };
        let refused_for = pause.max(asked.unwrap_or_default());
        self.open = Some((now + refused_for, pause));
        refused_for
    }

    /// Tells whether it was not closed.
    pub(super) fn close(&mut self) -> bool {
        self.open.take().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_for_longer_each_time_until_a_trial_succeeds() {
        let second = Duration::from_secs(1);
        let mut breaker = Breaker::new(second, 3 * second);
        let mut now = Instant::now();
        assert_eq!(breaker.state(now), BreakerState::Closed);
        for expected in [1, 2, 3, 3] {
            assert_eq!(breaker.open(now, None), expected * second);
            assert_eq!(breaker.state(now), BreakerState::Open);
            assert_eq!(breaker.remaining(now), Some(expected * second));
            now += expected * second;
            assert_eq!(breaker.state(now), BreakerState::HalfOpen);
            assert_eq!(breaker.remaining(now), None);
        }
        assert_eq!(breaker.open(now, Some(10 * second)), 10 * second);
        assert!(breaker.close() && !breaker.close());
        assert_eq!(breaker.state(now), BreakerState::Closed);
        assert_eq!(breaker.open(now, None), second);
    }
}
