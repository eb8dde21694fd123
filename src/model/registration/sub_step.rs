//! The parts of the execution: how far each is, and whose turn it is.

use chrono::{DateTime, Utc};
use entity::Id;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::plan::{RegistrationPlan, SubStepPlan};

/// Where a sub-step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SubStepStatus {
    Pending,
    /// A call was about to leave, or is tried again.
    InProgress,
    /// A person has to say whether it was done.
    ActionRequired,
    Completed,
    Failed,
    Skipped,
}

/// One sub-step, as `sub_step_progress` has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SubStep {
    pub sub_step: String,
    pub title: String,
    pub status: SubStepStatus,
    /// Failed attempts.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub attempt: i32,
    /// A call has left, or was about to, and what came of it is not known.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub outcome_unknown: bool,
    /// How often the other side has refused it for good: each gives further calls a key of their own.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub refusals: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<DateTime<Utc>>,
    /// Why it failed, or fails at the moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Why it was skipped, or how it came to be known that it was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<Value>,
}

fn is_zero(number: &i32) -> bool {
    *number == 0
}

/// Namespace of the keys of calls.
const KEYS: Uuid = Uuid::from_u128(0x6e3c_51d2_90fb_4c5a_8c7f_2f9b_5d1f_4e77);

impl SubStep {
    fn of(plan: &SubStepPlan) -> Self {
        Self {
            sub_step: plan.slug.clone(),
            title: plan.title.clone(),
            status: SubStepStatus::Pending,
            attempt: 0,
            outcome_unknown: false,
            refusals: 0,
            started_at: None,
            completed_at: None,
            error: None,
            reason: None,
            result: None,
        }
    }

    /// The `Idempotency-Key` of its calls: the same for all that may do the same work, in retries of the registration too,
    /// and another one once the other side has definitely refused.
    #[must_use]
    pub fn key(&self, reference: Id) -> Uuid {
        let name = format!("{reference}/{}/{}", self.sub_step, self.refusals);
        Uuid::new_v5(&KEYS, name.as_bytes())
    }

    pub fn start(&mut self, now: DateTime<Utc>) {
        self.status = SubStepStatus::InProgress;
        self.started_at.get_or_insert(now);
    }

    pub fn complete(&mut self, result: Option<Value>, reason: Option<String>, now: DateTime<Utc>) {
        self.status = SubStepStatus::Completed;
        self.outcome_unknown = false;
        self.completed_at = Some(now);
        self.error = None;
        self.reason = reason;
        self.result = result;
    }

    /// A person has looked whether it was done.
    pub fn answer(&mut self, done: bool, result: Option<Value>, now: DateTime<Utc>) {
        if done {
            self.complete(result, Some("a person said that it was done".to_owned()), now);
        } else {
            self.status = SubStepStatus::Pending;
            self.outcome_unknown = false;
            self.attempt = 0;
            self.error = None;
        }
    }

    /// Nothing but a person can say whether it was done.
    pub fn ask(&mut self, error: impl Into<String>) {
        self.status = SubStepStatus::ActionRequired;
        self.outcome_unknown = true;
        self.error = Some(error.into());
    }

    pub fn skip(&mut self, reason: impl Into<String>, now: DateTime<Utc>) {
        self.status = SubStepStatus::Skipped;
        self.reason = Some(reason.into());
        self.completed_at = Some(now);
    }

    pub fn fail(&mut self, error: impl Into<String>, now: DateTime<Utc>) {
        self.status = SubStepStatus::Failed;
        self.error = Some(error.into());
        self.completed_at = Some(now);
        self.note_refusal();
    }

    /// It has failed for good, and is left out.
    pub fn skip_failed(&mut self, reason: impl Into<String>, now: DateTime<Utc>) {
        self.skip(reason, now);
        self.note_refusal();
    }

    fn note_refusal(&mut self) {
        if !self.outcome_unknown {
            self.refusals = self.refusals.saturating_add(1);
        }
    }
}

/// How far the execution is: all sub-steps, in their order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Progress(pub Vec<SubStep>);

/// What comes next in the execution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Turn<'a> {
    /// This sub-step begins, or is tried again. What a call of it has done already may not be known.
    Run(&'a SubStepPlan),
    /// It was begun under a plan that named it, and is named no more: only a person can say what became of it.
    Unplanned(&'a str),
    /// It waits for a person.
    Asked(&'a str),
    /// It cannot be done, because of one that has not completed.
    Skip(&'a SubStepPlan, &'a str),
    /// All have ended.
    Over,
}

impl Progress {
    /// The progress under `plan`: what it names and is not known yet is pending, what was never begun and is named no more is gone.
    #[must_use]
    pub fn under(&self, plan: &RegistrationPlan) -> Self {
        let mut known = self.0.clone();
        let mut list = Vec::with_capacity(plan.sub_steps.len());
        for planned in &plan.sub_steps {
            match known.iter().position(|each| each.sub_step == planned.slug) {
                Some(place) => list.push(known.remove(place)),
                None => list.push(SubStep::of(planned)),
            }
        }
        let begun = known.into_iter().filter(|each| each.status != SubStepStatus::Pending);
        Self(begun.chain(list).collect())
    }

    #[must_use]
    pub fn get(&self, slug: &str) -> Option<&SubStep> {
        self.0.iter().find(|each| each.sub_step == slug)
    }

    #[must_use]
    pub fn get_mut(&mut self, slug: &str) -> Option<&mut SubStep> {
        self.0.iter_mut().find(|each| each.sub_step == slug)
    }

    /// Whose turn it is. Call [`under`](Self::under) first.
    #[must_use]
    pub fn turn<'a>(&'a self, plan: &'a RegistrationPlan) -> Turn<'a> {
        let open = self
            .0
            .iter()
            .find(|each| matches!(each.status, SubStepStatus::InProgress | SubStepStatus::ActionRequired))
            .or_else(|| self.0.iter().find(|each| each.status == SubStepStatus::Pending));
        let Some(next) = open else { return Turn::Over };
        if next.status == SubStepStatus::ActionRequired {
            return Turn::Asked(&next.sub_step);
        }
        let Some(planned) = plan.sub_step(&next.sub_step) else {
            return Turn::Unplanned(&next.sub_step);
        };
        let is_done = |slug: &String| {
            self.get(slug)
                .is_some_and(|each| each.status == SubStepStatus::Completed)
        };
        match planned.depends_on.iter().find(|slug| !is_done(slug)) {
            Some(missing) if next.status == SubStepStatus::Pending => Turn::Skip(planned, missing),
            _ => Turn::Run(planned),
        }
    }

    /// What has not ended is skipped, for this reason.
    pub fn skip_rest(&mut self, reason: &str, now: DateTime<Utc>) {
        for each in &mut self.0 {
            if each.status == SubStepStatus::Pending {
                each.skip(reason, now);
            }
        }
    }

    /// The registration is given up where it stands: what has begun fails, and the rest is skipped. A call that has left (`call_open`)
    /// stays one that nobody knows of, unless it changes nothing.
    pub fn give_up(&mut self, plan: &RegistrationPlan, call_open: bool, why: &str, now: DateTime<Utc>) {
        for each in &mut self.0 {
            if !matches!(each.status, SubStepStatus::InProgress | SubStepStatus::ActionRequired) {
                continue;
            }
            let only_reads = plan.sub_step(&each.sub_step).is_some_and(|planned| planned.only_reads);
            each.outcome_unknown = !only_reads && (each.outcome_unknown || call_open);
            each.fail(why, now);
        }
        self.skip_rest("the registration was given up", now);
    }

    /// The progress that a retry begins with: what was done stays done, all else is open again. Whether a call may have
    /// taken place is remembered.
    #[must_use]
    pub fn to_retry(&self) -> Self {
        let again = |each: &SubStep| {
            let mut next = each.clone();
            if each.status != SubStepStatus::Completed {
                next.status = if each.outcome_unknown {
                    SubStepStatus::InProgress
                } else {
                    SubStepStatus::Pending
                };
                next.attempt = 0;
                next.started_at = None;
                next.completed_at = None;
                next.error = None;
                next.reason = None;
            }
            next
        };
        Self(self.0.iter().map(again).collect())
    }

    /// Data of what has completed, by slug.
    #[must_use]
    pub fn results(&self) -> Value {
        let done = self.0.iter().filter(|each| each.status == SubStepStatus::Completed);
        done.map(|each| (each.sub_step.clone(), each.result.clone().unwrap_or(Value::Null)))
            .collect::<serde_json::Map<String, Value>>()
            .into()
    }
}

#[cfg(test)]
#[path = "sub_step_tests.rs"]
mod tests;
