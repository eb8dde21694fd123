//! What becomes of a step once its handler has answered.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::play::PlayStep;
use super::practice::{IllegalTransition, PracticeEvent, PracticeStatus};
use super::retry::RetryPolicy;

/// A handler's failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepFailure {
    /// One sentence for the person who reads the row.
    pub error: String,
    /// Its causes, outermost first, one a line.
    pub chain: Option<String>,
    /// Whether the same step may succeed later.
    pub retryable: bool,
    /// How long the other side asks us to wait.
    pub retry_after: Option<Duration>,
}

impl StepFailure {
    /// A failure that trying again cannot mend.
    #[must_use]
    pub fn permanent(error: impl Into<String>) -> Self {
        Self {
            error: error.into(),
            chain: None,
            retryable: false,
            retry_after: None,
        }
    }

    /// A failure that may pass.
    #[must_use]
    pub fn passing(error: impl Into<String>) -> Self {
        Self {
            retryable: true,
            ..Self::permanent(error)
        }
    }
}

/// Where an item stands before a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    pub status: PracticeStatus,
    /// Failed attempts at this step.
    pub attempt: i32,
}

/// What is written after a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    Completed {
        to: PracticeStatus,
    },
    /// Tried again at `next_at`.
    Waits {
        next_at: DateTime<Utc>,
        attempt: i32,
    },
    Failed {
        attempt: i32,
    },
}

/// What is written after a step has ended in `result`. `unit` is a random number from 0 to 1.
///
/// # Errors
/// Where the item is finished already, which no caller should let happen.
pub fn settle(
    before: Standing,
    step: &PlayStep,
    result: Result<(), &StepFailure>,
    policy: &RetryPolicy,
    now: DateTime<Utc>,
    unit: f64,
) -> Result<Settled, IllegalTransition> {
    let Err(failure) = result else {
        let to = before
            .status
            .next(PracticeEvent::StepCompleted { sets: step.done_status })?;
        return Ok(Settled::Completed { to });
    };
    let attempt = before.attempt.saturating_add(1);
    let failed = u32::try_from(attempt).unwrap_or(u32::MAX);
    let delay = if failure.retryable {
        policy.delay(failed, failure.retry_after, unit)
    } else {
        None
    };
    match delay {
        Some(delay) => {
            before.status.next(PracticeEvent::StepWaits)?;
            let delay = TimeDelta::from_std(delay).unwrap_or(TimeDelta::days(1));
            Ok(Settled::Waits {
                next_at: now + delay,
                attempt,
            })
        }
        None => {
            before.status.next(PracticeEvent::StepFailed)?;
            Ok(Settled::Failed { attempt })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use entity::Id;

    const POLICY: RetryPolicy = RetryPolicy {
        max_retries: 1,
        base: Duration::from_secs(2),
        factor: 2.0,
        jitter: 0.0,
        longest: Duration::from_secs(60),
    };

    fn step() -> PlayStep {
        PlayStep {
            workflow_id: Id::now(),
            slug: "scrape".to_owned(),
            number: 2,
            handler: "scrape".to_owned(),
            done_status: Some(PracticeStatus::Scraped),
            result_table: None,
        }
    }

    fn settled(attempt: i32, result: Result<(), &StepFailure>) -> Option<Settled> {
        let before = Standing {
            status: PracticeStatus::UrlComplete,
            attempt,
        };
        settle(before, &step(), result, &POLICY, DateTime::UNIX_EPOCH, 0.5).ok()
    }

    #[test]
    fn success_sets_the_status_that_the_workflow_names() {
        assert_eq!(
            settled(1, Ok(())),
            Some(Settled::Completed {
                to: PracticeStatus::Scraped
            })
        );
    }

    #[test]
    fn a_passing_failure_waits_until_the_attempts_are_spent() {
        let failure = StepFailure::passing("timed out");
        let next_at = DateTime::UNIX_EPOCH + TimeDelta::seconds(2);
        assert_eq!(settled(0, Err(&failure)), Some(Settled::Waits { next_at, attempt: 1 }));
        assert_eq!(settled(1, Err(&failure)), Some(Settled::Failed { attempt: 2 }));
    }

    #[test]
    fn a_permanent_failure_ends_at_once() {
        assert_eq!(
            settled(0, Err(&StepFailure::permanent("gone"))),
            Some(Settled::Failed { attempt: 1 })
        );
    }

    #[test]
    fn a_finished_item_takes_nothing() {
        let before = Standing {
            status: PracticeStatus::Aggregated,
            attempt: 0,
        };
        assert!(settle(before, &step(), Ok(()), &POLICY, DateTime::UNIX_EPOCH, 0.5).is_err());
    }
}
