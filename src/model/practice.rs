//! The state machine of a practice.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::batch::UnknownStatus;

/// Where a practice stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PracticeStatus {
    Pending,
    UrlComplete,
    Scraped,
    Aggregated,
    Error,
    /// On the organisation's exclusion list: never contacted.
    Excluded,
}

impl PracticeStatus {
    pub const ALL: [Self; 6] = [
        Self::Pending,
        Self::UrlComplete,
        Self::Scraped,
        Self::Aggregated,
        Self::Error,
        Self::Excluded,
    ];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::UrlComplete => "url_complete",
            Self::Scraped => "scraped",
            Self::Aggregated => "aggregated",
            Self::Error => "error",
            Self::Excluded => "excluded",
        }
    }

    #[must_use]
    pub fn is_finished(self) -> bool {
        matches!(self, Self::Aggregated | Self::Error | Self::Excluded)
    }

    /// The state after `event`.
    ///
    /// # Errors
    /// A finished practice takes no event but the redo of one in error.
    pub fn next(self, event: PracticeEvent) -> Result<Self, IllegalTransition> {
        match (self, event) {
            (Self::Pending | Self::UrlComplete | Self::Scraped, PracticeEvent::StepCompleted { sets }) => {
                Ok(sets.unwrap_or(self))
            }
            (Self::Pending | Self::UrlComplete | Self::Scraped, PracticeEvent::StepWaits) => Ok(self),
            (Self::Pending | Self::UrlComplete | Self::Scraped, PracticeEvent::StepFailed) => Ok(Self::Error),
            (Self::Error, PracticeEvent::Redone) => Ok(Self::Pending),
            (from, event) => Err(IllegalTransition { from, event }),
        }
    }
}

impl fmt::Display for PracticeStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for PracticeStatus {
    type Err = UnknownStatus;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or_else(|| UnknownStatus(text.to_owned()))
    }
}

/// What can happen to a practice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PracticeEvent {
    /// A step is done; `sets` is the status that its workflow names, if it names one.
    StepCompleted {
        sets: Option<PracticeStatus>,
    },
    /// The step runs again later.
    StepWaits,
    /// The step failed for good.
    StepFailed,
    Redone,
}

/// An event that the state does not take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a practice that is {from} does not take {event:?}")]
pub struct IllegalTransition {
    pub from: PracticeStatus,
    pub event: PracticeEvent,
}

/// Namespace of the ids of step runs.
const STEP_RUNS: Uuid = Uuid::from_u128(0x6d1c_9c7e_52ab_5c0e_8f6b_3d2f_0a41_77e4);

/// The id of the step run of `item` at `step` in `life`: the same after any crash (UUIDv5, RFC 9562).
#[must_use]
pub fn step_run_id(job: Uuid, item: i64, step: i32, life: i32) -> Uuid {
    let mut name = [0_u8; 32];
    name[..16].copy_from_slice(job.as_bytes());
    name[16..24].copy_from_slice(&item.to_be_bytes());
    name[24..28].copy_from_slice(&step.to_be_bytes());
    name[28..].copy_from_slice(&life.to_be_bytes());
    Uuid::new_v5(&STEP_RUNS, &name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_of_the_table() {
        let events = [
            PracticeEvent::StepCompleted {
                sets: Some(PracticeStatus::Scraped),
            },
            PracticeEvent::StepCompleted { sets: None },
            PracticeEvent::StepWaits,
            PracticeEvent::StepFailed,
            PracticeEvent::Redone,
        ];
        let table = [
            (PracticeStatus::Pending, ["scraped", "pending", "pending", "error", ""]),
            (
                PracticeStatus::UrlComplete,
                ["scraped", "url_complete", "url_complete", "error", ""],
            ),
            (PracticeStatus::Scraped, ["scraped", "scraped", "scraped", "error", ""]),
            (PracticeStatus::Aggregated, ["", "", "", "", ""]),
            (PracticeStatus::Error, ["", "", "", "", "pending"]),
            (PracticeStatus::Excluded, ["", "", "", "", ""]),
        ];
        for (from, row) in table {
            for (event, expected) in events.into_iter().zip(row) {
                let seen = from.next(event).map_or("", PracticeStatus::as_str);
                assert_eq!(seen, expected, "{from} + {event:?}");
            }
        }
    }

    #[test]
    fn a_step_run_has_one_id_and_shares_it_with_no_other() {
        let job = Uuid::from_u128(7);
        let id = step_run_id(job, 1, 2, 3);
        assert_eq!(id, step_run_id(job, 1, 2, 3));
        let others = [
            step_run_id(job, 2, 2, 3),
            step_run_id(job, 1, 3, 3),
            step_run_id(job, 1, 2, 4),
        ];
        assert!(!others.contains(&id));
    }
}
