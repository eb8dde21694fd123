//! Whether a run takes place whose time has come.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A run that begins later than this after its time was missed: the daemon was not there.
pub const MISSED_AFTER: TimeDelta = TimeDelta::minutes(2);

/// What happens where an earlier batch of the schedule is still open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OverlapPolicy {
    /// The run is left out.
    #[default]
    Skip,
    /// It takes place beside the other.
    Allow,
    /// It takes place once the other has ended; what comes due meanwhile is that same run.
    Wait,
}

/// What happens where the daemon was down when a run was due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MissedPolicy {
    /// One run takes place now, however many were missed.
    #[default]
    RunOnce,
    /// The next one is waited for.
    Skip,
}

/// A word that is no policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no such policy")]
pub struct UnknownPolicy(pub String);

impl OverlapPolicy {
    pub const ALL: [Self; 3] = [Self::Skip, Self::Allow, Self::Wait];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Skip => "skip",
            Self::Allow => "allow",
            Self::Wait => "wait",
        }
    }
}

impl MissedPolicy {
    pub const ALL: [Self; 2] = [Self::RunOnce, Self::Skip];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RunOnce => "run_once",
            Self::Skip => "skip",
        }
    }
}

impl fmt::Display for OverlapPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for MissedPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for OverlapPolicy {
    type Err = UnknownPolicy;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|policy| policy.as_str() == text);
        known.ok_or_else(|| UnknownPolicy(text.to_owned()))
    }
}

impl FromStr for MissedPolicy {
    type Err = UnknownPolicy;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|policy| policy.as_str() == text);
        known.ok_or_else(|| UnknownPolicy(text.to_owned()))
    }
}

/// A run whose time may have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Occasion {
    /// When it was to be.
    pub planned: DateTime<Utc>,
    pub now: DateTime<Utc>,
    /// It has waited for an earlier batch since it was due.
    pub has_waited: bool,
    /// An earlier batch of the schedule is open.
    pub overlaps: bool,
}

/// What becomes of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Its time has not come: it was looked at too early, or the clock was set back.
    NotYet,
    Run,
    /// It stays due until the earlier batch has ended.
    Wait,
    /// It is left out, because an earlier batch is open.
    LeaveOut,
    /// It is left out, because its time has passed.
    LetPass,
}

/// What becomes of a run.
#[must_use]
pub fn decide(overlap: OverlapPolicy, missed: MissedPolicy, occasion: Occasion) -> Decision {
    let Occasion {
        planned,
        now,
        has_waited,
        overlaps,
    } = occasion;
    if now < planned {
        return Decision::NotYet;
    }
    // One that waits is late because it was told to wait.
    if missed == MissedPolicy::Skip && !has_waited && now - planned > MISSED_AFTER {
        return Decision::LetPass;
    }
    match overlap {
        OverlapPolicy::Allow => Decision::Run,
        _ if !overlaps => Decision::Run,
        OverlapPolicy::Skip => Decision::LeaveOut,
        OverlapPolicy::Wait => Decision::Wait,
    }
}
