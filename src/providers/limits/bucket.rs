use std::time::{Duration, Instant};

/// A token bucket: so many calls a second, and so many at once after a rest.
#[derive(Clone, Debug)]
pub(in crate::providers) struct Bucket {
    rate: f64,
    burst: f64,
    tokens: f64,
    at: Instant,
}

impl Bucket {
    /// A full bucket. `rate` is more than 0, `burst` 1 or more.
    pub(in crate::providers) fn new(rate: f64, burst: f64, now: Instant) -> Self {
        Self {
            rate,
            burst,
            tokens: burst,
            at: now,
        }
    }

    /// Another rate from now on; what is in it stays, as far as it fits.
    pub(in crate::providers) fn tune(&mut self, rate: f64, burst: f64, now: Instant) {
        self.refill(now);
        self.rate = rate;
        self.burst = burst;
        self.tokens = self.tokens.min(burst);
    }

    fn refill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.tokens = (self.tokens + passed * self.rate).min(self.burst);
        self.at = self.at.max(now);
    }

    /// How long until a call may start; zero if now.
    pub(in crate::providers) fn wait(&mut self, now: Instant) -> Duration {
        self.refill(now);
        // A millionth of a token is the rounding of the clock, not a call.
        let lacking = 1.0 - self.tokens - 1e-6;
        if lacking <= 0.0 {
            Duration::ZERO
        } else {
            Duration::try_from_secs_f64(lacking / self.rate).unwrap_or(Duration::MAX)
        }
    }

    /// A call starts.
    pub(in crate::providers) fn take(&mut self, now: Instant) {
        self.refill(now);
        self.tokens -= 1.0;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_burst_and_then_the_rate() {
        let start = Instant::now();
        let mut bucket = Bucket::new(10.0, 20.0, start);
        for _ in 0..20 {
            assert_eq!(bucket.wait(start), Duration::ZERO);
            bucket.take(start);
        }
        let wait = bucket.wait(start);
        assert!(
            wait > Duration::from_millis(90) && wait <= Duration::from_millis(100),
            "{wait:?}"
        );
        assert_eq!(bucket.wait(start + Duration::from_millis(100)), Duration::ZERO);
    }

    proptest! {
        /// Whoever starts only when told to never starts more than `burst + rate × time` calls in any time.
        #[test]
        fn no_time_has_more_calls_than_its_share(
            rate in 0.5_f64..200.0,
            burst in 1.0_f64..50.0,
            pauses in proptest::collection::vec(0_u64..400, 1..200),
        ) {
            let start = Instant::now();
            let mut bucket = Bucket::new(rate, burst, start);
            let mut now = start;
            let mut starts: Vec<Instant> = Vec::new();
            for pause in pauses {
                now += Duration::from_millis(pause);
                now += bucket.wait(now);
                bucket.take(now);
                starts.push(now);
            }
            for (first, from) in starts.iter().enumerate() {
                for (last, to) in starts.iter().enumerate().skip(first) {
                    let allowed = burst + rate * (*to - *from).as_secs_f64() + 0.01;
                    prop_assert!((last - first + 1) as f64 <= allowed);
                }
            }
        }
    }
}
