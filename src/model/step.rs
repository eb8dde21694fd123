//! What becomes of a step once it has ended.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use entity::Id;
use serde::{Deserialize, Serialize};

use super::play::PlayStep;
use super::practice::{IllegalTransition, PracticeEvent, PracticeStatus};
use super::retry::RetryPolicy;
use super::workflow::Workflow;

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

/// Where an item stands within its play, besides its step number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ItemFlow {
    /// Which of the step's workflows is asked.
    #[serde(skip_serializing_if = "is_first")]
    pub alternative: usize,
    /// Workflows that the item went past without their data, and why.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub passed: BTreeMap<String, String>,
    /// The step's data is kept with its step run until it can be stored.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub kept: bool,
    /// The workflow that the step has begun under, where it is not ended in one go: it ends under it, whatever becomes of
    /// the workflow meanwhile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub begun: Option<Begun>,
}

/// A workflow as it was at one of its versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begun {
    pub workflow: Id,
    pub version: i32,
}

fn is_first(place: &usize) -> bool {
    *place == 0
}

impl ItemFlow {
    /// The flow after `step`, which the workflow `by` has done, or none: then `why` says so of those that are not known to
    /// have been passed.
    #[must_use]
    pub fn after(&self, step: &PlayStep, by: Option<&str>, why: &str) -> Self {
        let mut next = Self {
            passed: self.passed.clone(),
            ..Self::default()
        };
        for workflow in &step.alternatives {
            if by != Some(workflow.slug.as_str()) {
                next.passed
                    .entry(workflow.slug.clone())
                    .or_insert_with(|| why.to_owned());
            }
        }
        next
    }

    /// The flow when the workflow at `place` of the same step is asked, because `slug` was passed.
    #[must_use]
    pub fn at_alternative(&self, place: usize, slug: &str, why: &str) -> Self {
        let mut next = Self {
            alternative: place,
            passed: self.passed.clone(),
            ..Self::default()
        };
        next.passed.insert(slug.to_owned(), why.to_owned());
        next
    }
}

/// Where an item stands before a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    pub status: PracticeStatus,
    /// Failed attempts at this step.
    pub attempt: i32,
}

/// Whose turn it is.
#[derive(Clone, Copy, Debug)]
pub struct Turn<'a> {
    pub step: &'a PlayStep,
    pub workflow: &'a Workflow,
    /// The place of the workflow that is asked if this one finds nothing or fails.
    pub next: Option<usize>,
}

/// How a step run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended<'a> {
    Done,
    /// It was answered, and there is nothing in the answer.
    FoundNothing,
    Failed(&'a StepFailure),
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
    /// The workflow at this place is asked.
    PassedOn {
        place: usize,
    },
    /// It failed, and the item goes on without it.
    WentPast {
        to: PracticeStatus,
        attempt: i32,
    },
    Failed {
        attempt: i32,
    },
}

/// What is written after a step has ended. `unit` is a random number from 0 to 1.
///
/// # Errors
/// Where the item is finished already, which no caller should let happen.
pub fn settle(
    before: Standing,
    turn: Turn<'_>,
    ended: Ended<'_>,
    policy: &RetryPolicy,
    now: DateTime<Utc>,
    unit: f64,
) -> Result<Settled, IllegalTransition> {
    let completes = || {
        let sets = turn.step.done_status(turn.workflow);
        before.status.next(PracticeEvent::StepCompleted { sets })
    };
    let failure = match (ended, turn.next) {
        (Ended::FoundNothing, Some(place)) => {
            before.status.next(PracticeEvent::StepWaits)?;
            return Ok(Settled::PassedOn { place });
        }
        (Ended::Done | Ended::FoundNothing, _) => return Ok(Settled::Completed { to: completes()? }),
        (Ended::Failed(failure), _) => failure,
    };
    let attempt = before.attempt.saturating_add(1);
    let failed = u32::try_from(attempt).unwrap_or(u32::MAX);
    let delay = if failure.retryable {
        policy.delay(failed, failure.retry_after, unit)
    } else {
        None
    };
    if let Some(delay) = delay {
        before.status.next(PracticeEvent::StepWaits)?;
        let delay = TimeDelta::from_std(delay).unwrap_or(TimeDelta::days(1));
        let next_at = now + delay;
        return Ok(Settled::Waits { next_at, attempt });
    }
    if let Some(place) = turn.next {
        before.status.next(PracticeEvent::StepWaits)?;
        return Ok(Settled::PassedOn { place });
    }
    if turn.workflow.flow.skip_if_failed {
        let to = completes()?;
        return Ok(Settled::WentPast { to, attempt });
    }
    before.status.next(PracticeEvent::StepFailed)?;
    Ok(Settled::Failed { attempt })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use entity::Id;

    use super::*;
    use crate::model::play::{Play, Selection};
    use crate::model::workflow::{Flow, Mode, NATIVE};

    const POLICY: RetryPolicy = RetryPolicy {
        max_retries: 1,
        base: Duration::from_secs(2),
        factor: 2.0,
        jitter: 0.0,
        longest: Duration::from_secs(60),
    };

    fn workflow(slug: &str, number: i32, skip_if_failed: bool) -> Workflow {
        Workflow {
            id: Id::now(),
            version: 1,
            slug: slug.to_owned(),
            title: slug.to_owned(),
            play: "p".to_owned(),
            number,
            provider: NATIVE.to_owned(),
            mode: Mode::Sync,
            destination: None,
            flow: Flow {
                done_status: Some(PracticeStatus::Scraped),
                skip_if_failed,
                ..Flow::default()
            },
            settings: serde_json::Map::new(),
        }
    }

    fn settled(place: usize, skip_if_failed: bool, attempt: i32, ended: Ended<'_>) -> Option<Settled> {
        let workflows = vec![
            workflow("first", 1, false),
            workflow("second", 1, skip_if_failed),
            workflow("end", 2, false),
        ];
        let play = Play::new("p".to_owned(), workflows, &Selection::default()).ok()?;
        let step = play.after(0)?;
        let (workflow, next) = step.alternative(place)?;
        let turn = Turn {
            step,
            workflow: Arc::as_ref(workflow),
            next,
        };
        let before = Standing {
            status: PracticeStatus::UrlComplete,
            attempt,
        };
        settle(before, turn, ended, &POLICY, DateTime::UNIX_EPOCH, 0.5).ok()
    }

    #[test]
    fn success_sets_the_status_that_the_workflow_names() {
        let to = PracticeStatus::Scraped;
        assert_eq!(settled(0, false, 1, Ended::Done), Some(Settled::Completed { to }));
        assert_eq!(
            settled(1, false, 1, Ended::FoundNothing),
            Some(Settled::Completed { to })
        );
    }

    #[test]
    fn a_passing_failure_waits_until_the_attempts_are_spent() {
        let failure = StepFailure::passing("timed out");
        let next_at = DateTime::UNIX_EPOCH + TimeDelta::seconds(2);
        let ended = Ended::Failed(&failure);
        assert_eq!(
            settled(1, false, 0, ended),
            Some(Settled::Waits { next_at, attempt: 1 })
        );
        assert_eq!(settled(1, false, 1, ended), Some(Settled::Failed { attempt: 2 }));
    }

    #[test]
    fn a_permanent_failure_ends_at_once() {
        let failure = StepFailure::permanent("gone");
        assert_eq!(
            settled(1, false, 0, Ended::Failed(&failure)),
            Some(Settled::Failed { attempt: 1 })
        );
    }

    #[test]
    fn the_next_workflow_is_asked_where_one_finds_nothing_or_fails() {
        let failure = StepFailure::permanent("gone");
        let passed_on = Some(Settled::PassedOn { place: 1 });
        assert_eq!(settled(0, false, 0, Ended::FoundNothing), passed_on);
        assert_eq!(settled(0, false, 0, Ended::Failed(&failure)), passed_on);
    }

    #[test]
    fn an_item_goes_on_without_a_step_that_may_fail() {
        let failure = StepFailure::permanent("gone");
        let to = PracticeStatus::Scraped;
        assert_eq!(
            settled(1, true, 0, Ended::Failed(&failure)),
            Some(Settled::WentPast { to, attempt: 1 })
        );
    }

    #[test]
    fn what_was_passed_is_remembered_and_the_place_is_not() {
        let workflows = vec![workflow("first", 1, false), workflow("second", 1, false)];
        let Ok(play) = Play::new("p".to_owned(), workflows, &Selection::default()) else {
            panic!("a play with a step")
        };
        let begun = Begun {
            workflow: Id::now(),
            version: 3,
        };
        let flow = ItemFlow {
            kept: true,
            begun: Some(begun),
            ..ItemFlow::default()
        };
        let second = flow.at_alternative(1, "first", "gone");
        assert_eq!((second.alternative, second.kept, second.begun), (1, false, None));
        let next = second.after(&play.steps()[0], Some("second"), "");
        assert_eq!(
            serde_json::to_string(&next).unwrap_or_default(),
            r#"{"passed":{"first":"gone"}}"#
        );
        let skipped = ItemFlow::default().after(&play.steps()[0], None, "no website");
        assert_eq!(
            skipped.passed.len(),
            2,
            "a step that is skipped passes all of its workflows"
        );
    }
}
