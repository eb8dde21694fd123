//! When a failed step runs again.

use std::time::Duration;

/// How often and how fast a step is tried again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RetryPolicy {
    /// Attempts after the first one.
    pub max_retries: u32,
    pub base: Duration,
    /// What each delay is multiplied by to give the next.
    pub factor: f64,
    /// Share of the delay by which it varies, up and down: 0.1 is ±10 %.
    pub jitter: f64,
    pub longest: Duration,
}

impl RetryPolicy {
    /// The delay after `failed` failed attempts (1 or more), or `None` when there is no further one.
    ///
    /// `asked` is what the other side wants us to wait (`Retry-After`): never less than that, even where it exceeds
    /// the longest delay of the policy. `unit` is a random number from 0 to 1.
    #[must_use]
    pub fn delay(&self, failed: u32, asked: Option<Duration>, unit: f64) -> Option<Duration> {
        if failed > self.max_retries {
            return None;
        }
        let exponent = i32::try_from(failed.saturating_sub(1)).unwrap_or(i32::MAX);
        let plain = self.base.as_secs_f64() * self.factor.powi(exponent);
        let varied = plain * (1.0 + self.jitter * (2.0 * unit - 1.0));
        let bounded =
            Duration::try_from_secs_f64(varied.clamp(0.0, self.longest.as_secs_f64())).unwrap_or(self.longest);
        Some(bounded.max(asked.unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: RetryPolicy = RetryPolicy {
        max_retries: 3,
        base: Duration::from_secs(2),
        factor: 2.0,
        jitter: 0.1,
        longest: Duration::from_secs(300),
    };

    #[test]
    fn two_four_eight_then_no_more() {
        let delays: Vec<_> = (1..=4).map(|failed| POLICY.delay(failed, None, 0.5)).collect();
        let seconds = |s| Some(Duration::from_secs(s));
        assert_eq!(delays, [seconds(2), seconds(4), seconds(8), None]);
    }

    #[test]
    fn jitter_stays_within_its_share() {
        assert_eq!(POLICY.delay(1, None, 0.0), Some(Duration::from_millis(1800)));
        assert_eq!(POLICY.delay(1, None, 1.0), Some(Duration::from_millis(2200)));
    }

    #[test]
    fn never_sooner_than_asked_and_never_longer_than_the_longest_by_itself() {
        assert_eq!(
            POLICY.delay(1, Some(Duration::from_secs(600)), 0.5),
            Some(Duration::from_secs(600))
        );
        let steep = RetryPolicy {
            max_retries: u32::MAX,
            factor: 10.0,
            ..POLICY
        };
        assert_eq!(steep.delay(4_000, None, 1.0), Some(POLICY.longest));
    }
}
