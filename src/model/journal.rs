//! The words of the journal.

use std::str::FromStr;

use entity::Id;
use serde::{Deserialize, Serialize};

use super::audit::AuditRecord;

/// What a row of the journal tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    StepStarted,
    /// What a step waited for has come.
    Answered,
    StepCompleted,
    /// The step did not have to run, or its condition was not met.
    StepSkipped,
    BatchCreated,
    BatchStarted,
    BatchPaused,
    BatchResumed,
    BatchCompleted,
    BatchFailed,
    BatchKilled,
    BatchRedone,
    BatchCancelled,
    StepWaiting,
    StepFailed,
    /// A person is waited for.
    ActionRequired,
    ItemFinished,
    /// Its batch has failed before it had ended; it waits for a retry.
    ItemSetAside,
}

impl Operation {
    pub const ALL: [Self; 18] = [
        Self::StepStarted,
        Self::Answered,
        Self::StepCompleted,
        Self::StepSkipped,
        Self::BatchCreated,
        Self::BatchStarted,
        Self::BatchPaused,
        Self::BatchResumed,
        Self::BatchCompleted,
        Self::BatchFailed,
        Self::BatchKilled,
        Self::BatchRedone,
        Self::BatchCancelled,
        Self::StepWaiting,
        Self::StepFailed,
        Self::ActionRequired,
        Self::ItemFinished,
        Self::ItemSetAside,
    ];

    /// Whether it happens to a batch as a whole, rather than to one of its items.
    #[must_use]
    pub fn concerns_batch(self) -> bool {
        match self {
            Self::StepStarted
            | Self::Answered
            | Self::StepCompleted
            | Self::StepSkipped
            | Self::StepWaiting
            | Self::StepFailed
            | Self::ActionRequired
            | Self::ItemFinished
            | Self::ItemSetAside => false,
            Self::BatchCreated
            | Self::BatchStarted
            | Self::BatchPaused
            | Self::BatchResumed
            | Self::BatchCompleted
            | Self::BatchFailed
            | Self::BatchKilled
            | Self::BatchRedone
            | Self::BatchCancelled => true,
        }
    }

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::StepStarted => "step_started",
            Self::Answered => "answered",
            Self::StepCompleted => "step_completed",
            Self::StepSkipped => "step_skipped",
            Self::BatchCreated => "batch_created",
            Self::BatchStarted => "batch_started",
            Self::BatchPaused => "batch_paused",
            Self::BatchResumed => "batch_resumed",
            Self::BatchCompleted => "batch_completed",
            Self::BatchFailed => "batch_failed",
            Self::BatchKilled => "batch_killed",
            Self::BatchRedone => "batch_redone",
            Self::StepWaiting => "step_waiting",
            Self::BatchCancelled => "batch_cancelled",
            Self::StepFailed => "step_failed",
            Self::ActionRequired => "action_required",
            Self::ItemFinished => "item_finished",
            Self::ItemSetAside => "item_set_aside",
        }
    }
}

/// What kind of batch a row of the journal is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BatchKind {
    Enrichment,
    Registration,
}

impl BatchKind {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Enrichment => "enrichment",
            Self::Registration => "registration",
        }
    }
}

/// A word that is not the name of an operation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not an operation")]
pub struct UnknownOperation(pub String);

impl FromStr for Operation {
    type Err = UnknownOperation;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|operation| operation.as_str() == text)
            .ok_or_else(|| UnknownOperation(text.to_owned()))
    }
}

/// Who made a change, and from where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// `token:ID user:ID`, or `system`.
    pub actor: String,
    /// `api 203.0.113.7` or `engine`.
    pub source: String,
    /// What the audit log keeps of it, where somebody outside asked for the change.
    #[serde(skip)]
    pub audit: Option<Box<AuditRecord>>,
}

impl Origin {
    /// The daemon's own work.
    #[must_use]
    pub fn engine() -> Self {
        Self {
            actor: "system".to_owned(),
            source: "engine".to_owned(),
            audit: None,
        }
    }
}

/// What the end of a step run leaves in the journal, complete enough for the logger to write its rows from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepRunEnd {
    pub workflow_id: Id,
    pub workflow_slug: String,
    pub play: String,
    pub life: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company_id: Option<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result_table: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The causes of `error`, outermost first, one a line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chain: Option<String>,
    /// The step run's id, where it is not that of a practice's step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step_run: Option<Id>,
    /// What was missing or odd in the data.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// What the provider says that the step has cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<f64>,
    /// Why the step was skipped, or put off without having failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What the failed step was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_and_tell_what_they_concern() {
        for operation in Operation::ALL {
            assert_eq!(operation.as_str().parse(), Ok(operation));
            assert_eq!(operation.as_str().starts_with("batch_"), operation.concerns_batch());
        }
        assert!("batch_stopped".parse::<Operation>().is_err());
    }
}
