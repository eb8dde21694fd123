//! The state machine of an enrichment job.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Where an enrichment job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobStatus {
    /// Accepted; no practice has started.
    Pending,
    Running,
    /// No new step starts; running ones end and count.
    Paused,
    /// Every practice is finished, some perhaps in error.
    Completed,
    /// Killed, or failed as a whole.
    Error,
}

impl JobStatus {
    pub const ALL: [Self; 5] = [Self::Pending, Self::Running, Self::Paused, Self::Completed, Self::Error];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Completed => "completed",
            Self::Error => "error",
        }
    }

    /// Whether the job still needs a supervisor.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::Pending | Self::Running | Self::Paused)
    }

    /// The state after `event`, or why there is none.
    ///
    /// # Errors
    /// [`Refusal::Already`] where the event's target holds, [`Refusal::Illegal`] where the event makes no sense.
    pub fn next(self, event: JobEvent) -> Result<Self, Refusal> {
        use JobEvent as E;
        match (self, event) {
            (Self::Pending, E::Start) | (Self::Paused, E::Resume) => Ok(Self::Running),
            (Self::Pending | Self::Running, E::Pause) => Ok(Self::Paused),
            (Self::Pending | Self::Running, E::Complete) => Ok(Self::Completed),
            (Self::Pending | Self::Running | Self::Paused, E::Kill | E::Fail) => Ok(Self::Error),
            (Self::Running | Self::Completed | Self::Error, E::Redo) => Ok(Self::Running),
            // A paused job stays paused: what a redo resets goes on when somebody resumes.
            (Self::Paused, E::Redo) => Ok(Self::Paused),
            (Self::Running, E::Start | E::Resume)
            | (Self::Paused, E::Pause)
            | (Self::Completed, E::Complete)
            | (Self::Error, E::Kill | E::Fail) => Err(Refusal::Already),
            (from, event) => Err(Refusal::Illegal { from, event }),
        }
    }

    /// What the seed's `batch_runs` call this state.
    #[must_use]
    pub fn as_batch_run(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running | Self::Paused => "processing",
            Self::Completed => "completed",
            Self::Error => "failed",
        }
    }
}

impl fmt::Display for JobStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that is not the name of a status.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a status")]
pub struct UnknownStatus(pub String);

impl FromStr for JobStatus {
    type Err = UnknownStatus;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or_else(|| UnknownStatus(text.to_owned()))
    }
}

/// What can happen to a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JobEvent {
    Start,
    Pause,
    Resume,
    Complete,
    Kill,
    Fail,
    Redo,
}

impl JobEvent {
    pub const ALL: [Self; 7] = [
        Self::Start,
        Self::Pause,
        Self::Resume,
        Self::Complete,
        Self::Kill,
        Self::Fail,
        Self::Redo,
    ];

    /// The imperative, as an answer to a person says it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Complete => "complete",
            Self::Kill => "kill",
            Self::Fail => "fail",
            Self::Redo => "redo",
        }
    }
}

impl JobEvent {
    /// What a job then is.
    #[must_use]
    pub fn done(self) -> &'static str {
        match self {
            Self::Start => "started",
            Self::Pause => "paused",
            Self::Resume => "resumed",
            Self::Complete => "completed",
            Self::Kill => "killed",
            Self::Fail => "failed",
            Self::Redo => "redone",
        }
    }
}

/// Why an event changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The target of the event holds already.
    #[error("already done")]
    Already,
    #[error("a job whose status is '{from}' cannot be {}", event.done())]
    Illegal { from: JobStatus, event: JobEvent },
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every cell of the table: `.` illegal, `=` already, else the first letter of the next state.
    #[test]
    fn every_cell_of_the_table() {
        let expected = [
            // start pause resume complete kill fail redo
            (JobStatus::Pending, "rp.cee."),
            (JobStatus::Running, "=p=ceer"),
            (JobStatus::Paused, ".=r.eep"),
            (JobStatus::Completed, "...=..r"),
            (JobStatus::Error, "....==r"),
        ];
        for (from, row) in expected {
            let seen: String = JobEvent::ALL
                .into_iter()
                .map(|event| match from.next(event) {
                    Ok(JobStatus::Pending) => 'n',
                    Ok(JobStatus::Running) => 'r',
                    Ok(JobStatus::Paused) => 'p',
                    Ok(JobStatus::Completed) => 'c',
                    Ok(JobStatus::Error) => 'e',
                    Err(Refusal::Already) => '=',
                    Err(Refusal::Illegal { .. }) => '.',
                })
                .collect();
            assert_eq!(seen, row, "from {from}");
        }
    }

    #[test]
    fn names_round_trip() {
        for status in JobStatus::ALL {
            assert_eq!(status.as_str().parse(), Ok(status));
        }
        assert!("processing".parse::<JobStatus>().is_err());
    }
}
