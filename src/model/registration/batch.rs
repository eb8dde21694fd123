//! The state machine of a registration batch.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::UnknownState;

/// Where a registration batch stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BatchStatus {
    /// Put together; nothing happens before it is started.
    Draft,
    /// Started; no job has begun.
    Pending,
    InProgress,
    /// No new step starts; running ones end and count.
    Paused,
    /// Every job has ended, and not all of them failed.
    Completed,
    /// Every job failed, or the batch as a whole.
    Failed,
    Cancelled,
}

impl BatchStatus {
    pub const ALL: [Self; 7] = [
        Self::Draft,
        Self::Pending,
        Self::InProgress,
        Self::Paused,
        Self::Completed,
        Self::Failed,
        Self::Cancelled,
    ];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Pending => "pending",
            Self::InProgress => "in_progress",
            Self::Paused => "paused",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether it was started and has not ended.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::Pending | Self::InProgress | Self::Paused)
    }

    /// Whether it has ended.
    #[must_use]
    pub fn has_ended(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }

    /// The state after `event`, or why there is none.
    ///
    /// # Errors
    /// [`BatchRefusal::Already`] where the event's target holds, [`BatchRefusal::Illegal`] where the event makes no sense.
    pub fn next(self, event: BatchEvent) -> Result<Self, BatchRefusal> {
        use BatchEvent as E;
        match (self, event) {
            (Self::Draft, E::Start) => Ok(Self::Pending),
            (Self::Pending, E::Begin) | (Self::Paused, E::Resume) => Ok(Self::InProgress),
            (Self::Pending | Self::InProgress, E::Pause) => Ok(Self::Paused),
            (Self::Pending | Self::InProgress | Self::Paused, E::Complete) => Ok(Self::Completed),
            (Self::Pending | Self::InProgress | Self::Paused, E::Fail) => Ok(Self::Failed),
            (Self::Draft | Self::Pending | Self::InProgress | Self::Paused, E::Cancel) => Ok(Self::Cancelled),
            // A batch that runs was started and, if it was ever paused, resumed.
            (Self::Pending | Self::InProgress, E::Start | E::Resume)
            | (Self::InProgress, E::Begin)
            | (Self::Paused, E::Pause | E::Begin)
            | (Self::Completed, E::Complete)
            | (Self::Failed, E::Fail)
            | (Self::Cancelled, E::Cancel) => Err(BatchRefusal::Already),
            (from, event) => Err(BatchRefusal::Illegal { from, event }),
        }
    }
}

impl fmt::Display for BatchStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for BatchStatus {
    type Err = UnknownState;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or_else(|| UnknownState(text.to_owned()))
    }
}

/// What can happen to a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BatchEvent {
    /// Somebody starts it.
    Start,
    /// Its first job begins.
    Begin,
    Pause,
    Resume,
    Complete,
    Fail,
    Cancel,
}

impl BatchEvent {
    pub const ALL: [Self; 7] = [
        Self::Start,
        Self::Begin,
        Self::Pause,
        Self::Resume,
        Self::Complete,
        Self::Fail,
        Self::Cancel,
    ];

    /// The imperative, as an answer to a person says it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Begin => "begin",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Complete => "complete",
            Self::Fail => "fail",
            Self::Cancel => "cancel",
        }
    }

    /// What a batch then is.
    #[must_use]
    pub fn done(self) -> &'static str {
        match self {
            Self::Start => "started",
            Self::Begin => "begun",
            Self::Pause => "paused",
            Self::Resume => "resumed",
            Self::Complete => "completed",
            Self::Fail => "failed",
            Self::Cancel => "cancelled",
        }
    }

    /// The state that it aims at.
    #[must_use]
    pub fn target(self) -> BatchStatus {
        match self {
            Self::Start => BatchStatus::Pending,
            Self::Begin | Self::Resume => BatchStatus::InProgress,
            Self::Pause => BatchStatus::Paused,
            Self::Complete => BatchStatus::Completed,
            Self::Fail => BatchStatus::Failed,
            Self::Cancel => BatchStatus::Cancelled,
        }
    }
}

/// Why an event changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BatchRefusal {
    /// The target of the event holds already.
    #[error("already done")]
    Already,
    #[error("a batch whose status is '{from}' cannot be {}: it would have to become '{}'", event.done(), event.target())]
    Illegal { from: BatchStatus, event: BatchEvent },
}

/// How a batch whose jobs have all ended has ended itself; `None` while some have not.
#[must_use]
pub fn ending(total: i32, completed: i32, failed: i32, cancelled: i32) -> Option<BatchEvent> {
    if completed + failed + cancelled < total {
        None
    } else if failed == total && total > 0 {
        Some(BatchEvent::Fail)
    } else {
        Some(BatchEvent::Complete)
    }
}

/// Whether so many jobs have failed that somebody should look, while others remain: more than `threshold`, a share of all.
#[must_use]
pub fn too_many_failed(total: i32, ended: i32, failed: i32, threshold: f64) -> bool {
    ended < total && f64::from(failed) > threshold * f64::from(total)
}

/// What a batch is called that takes up what failed in `name`.
#[must_use]
pub fn retry_name(name: &str) -> String {
    const RETRY: &str = " - Retry";
    match name.rsplit_once(RETRY) {
        Some((base, "")) => format!("{base}{RETRY} 2"),
        Some((base, count)) => match count.trim().parse::<u32>() {
            Ok(count) if count < u32::MAX => format!("{base}{RETRY} {}", count + 1),
            _ => format!("{name}{RETRY}"),
        },
        None => format!("{name}{RETRY}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every cell of the table: `.` illegal, `=` already, else a letter of the next state.
    #[test]
    fn every_cell_of_the_table() {
        let expected = [
            // start begin pause resume complete fail cancel
            (BatchStatus::Draft, "p.....x"),
            (BatchStatus::Pending, "=iz=cfx"),
            (BatchStatus::InProgress, "==z=cfx"),
            (BatchStatus::Paused, ".==icfx"),
            (BatchStatus::Completed, "....=.."),
            (BatchStatus::Failed, ".....=."),
            (BatchStatus::Cancelled, "......="),
        ];
        for (from, row) in expected {
            let seen: String = BatchEvent::ALL
                .into_iter()
                .map(|event| match from.next(event) {
                    Ok(BatchStatus::Draft) => 'd',
                    Ok(BatchStatus::Pending) => 'p',
                    Ok(BatchStatus::InProgress) => 'i',
                    Ok(BatchStatus::Paused) => 'z',
                    Ok(BatchStatus::Completed) => 'c',
                    Ok(BatchStatus::Failed) => 'f',
                    Ok(BatchStatus::Cancelled) => 'x',
                    Err(BatchRefusal::Already) => '=',
                    Err(BatchRefusal::Illegal { .. }) => '.',
                })
                .collect();
            assert_eq!(seen, row, "from {from}");
        }
    }

    #[test]
    fn a_batch_ends_with_its_last_job() {
        assert_eq!(ending(3, 1, 1, 0), None);
        assert_eq!(ending(3, 2, 1, 0), Some(BatchEvent::Complete));
        assert_eq!(ending(3, 0, 2, 1), Some(BatchEvent::Complete));
        assert_eq!(ending(3, 0, 3, 0), Some(BatchEvent::Fail));
    }

    #[test]
    fn more_than_the_share_is_too_many_while_jobs_remain() {
        assert!(!too_many_failed(4, 2, 2, 0.5));
        assert!(too_many_failed(4, 3, 3, 0.5));
        assert!(!too_many_failed(4, 4, 4, 0.5));
        assert!(too_many_failed(3, 2, 2, 0.5));
    }

    #[test]
    fn retries_are_counted_in_their_names() {
        assert_eq!(retry_name("Auckland Q4"), "Auckland Q4 - Retry");
        assert_eq!(retry_name("Auckland Q4 - Retry"), "Auckland Q4 - Retry 2");
        assert_eq!(retry_name("Auckland Q4 - Retry 2"), "Auckland Q4 - Retry 3");
        assert_eq!(retry_name("A - Retry later"), "A - Retry later - Retry");
    }
}
