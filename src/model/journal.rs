//! The words of the journal.

use entity::Id;
use serde::{Deserialize, Serialize};

/// What a row of the journal tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    StepCompleted,
    BatchCreated,
    BatchStarted,
    BatchPaused,
    BatchResumed,
    BatchCompleted,
    BatchFailed,
    BatchKilled,
    BatchRedone,
    StepWaiting,
    StepFailed,
    ItemFinished,
}

impl Operation {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::StepCompleted => "step_completed",
            Self::BatchCreated => "batch_created",
            Self::BatchStarted => "batch_started",
            Self::BatchPaused => "batch_paused",
            Self::BatchResumed => "batch_resumed",
            Self::BatchCompleted => "batch_completed",
            Self::BatchFailed => "batch_failed",
            Self::BatchKilled => "batch_killed",
            Self::BatchRedone => "batch_redone",
            Self::StepWaiting => "step_waiting",
            Self::StepFailed => "step_failed",
            Self::ItemFinished => "item_finished",
        }
    }
}

/// Who made a change, and from where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// `token:ID user:ID`, or `system`.
    pub actor: String,
    /// `api 203.0.113.7` or `engine`.
    pub source: String,
}

impl Origin {
    /// The daemon's own work.
    #[must_use]
    pub fn engine() -> Self {
        Self {
            actor: "system".to_owned(),
            source: "engine".to_owned(),
        }
    }
}

/// What the end of a step run leaves in the journal, complete enough for the logger to write its rows from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// What the failed step was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
}
