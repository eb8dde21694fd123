//! The state machine of one restaurant's registration.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::UnknownState;

/// Where a registration stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegistrationStatus {
    Pending,
    InProgress,
    /// A person is waited for.
    ActionRequired,
    Completed,
    Failed,
    Cancelled,
}

impl RegistrationStatus {
    pub const ALL: [Self; 6] = [
        Self::Pending,
        Self::InProgress,
        Self::ActionRequired,
        Self::Completed,
        Self::Failed,
        Self::Cancelled,
    ];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::InProgress => "in_progress",
            Self::ActionRequired => "action_required",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    #[must_use]
    pub fn has_ended(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }

    /// The state after `event`.
    ///
    /// # Errors
    /// Where the event makes no sense in this state.
    pub fn next(self, event: RegistrationEvent) -> Result<Self, IllegalRegistration> {
        use RegistrationEvent as E;
        match (self, event) {
            (Self::Pending | Self::InProgress | Self::ActionRequired, E::GoOn) => Ok(Self::InProgress),
            (Self::Pending | Self::InProgress, E::Ask) => Ok(Self::ActionRequired),
            (Self::InProgress, E::Complete) => Ok(Self::Completed),
            (Self::Pending | Self::InProgress | Self::ActionRequired, E::Fail) => Ok(Self::Failed),
            (Self::Pending | Self::InProgress | Self::ActionRequired, E::Cancel) => Ok(Self::Cancelled),
            (Self::Pending | Self::InProgress | Self::ActionRequired, E::SetAside) => Ok(Self::Pending),
            (from, event) => Err(IllegalRegistration { from, event }),
        }
    }
}

impl fmt::Display for RegistrationStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for RegistrationStatus {
    type Err = UnknownState;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or_else(|| UnknownState(text.to_owned()))
    }
}

/// What can happen to a registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RegistrationEvent {
    /// A step begins, ends, waits for its next attempt, or was answered.
    GoOn,
    Ask,
    Complete,
    Fail,
    Cancel,
    /// Its batch has failed as a whole; a retry takes it up where it is.
    SetAside,
}

impl RegistrationEvent {
    pub const ALL: [Self; 6] = [
        Self::GoOn,
        Self::Ask,
        Self::Complete,
        Self::Fail,
        Self::Cancel,
        Self::SetAside,
    ];
}

/// An event that a registration's state does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a registration whose status is '{from}' cannot {event:?}")]
pub struct IllegalRegistration {
    pub from: RegistrationStatus,
    pub event: RegistrationEvent,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_of_the_table() {
        // go on, ask, complete, fail, cancel, set aside; `.` is illegal, else the first letter of the next state (X: cancelled).
        let expected = [
            (RegistrationStatus::Pending, "ia.fxp"),
            (RegistrationStatus::InProgress, "iacfxp"),
            (RegistrationStatus::ActionRequired, "i..fxp"),
            (RegistrationStatus::Completed, "......"),
            (RegistrationStatus::Failed, "......"),
            (RegistrationStatus::Cancelled, "......"),
        ];
        for (from, row) in expected {
            let seen: String = RegistrationEvent::ALL
                .into_iter()
                .map(|event| match from.next(event) {
                    Ok(RegistrationStatus::Pending) => 'p',
                    Ok(RegistrationStatus::InProgress) => 'i',
                    Ok(RegistrationStatus::ActionRequired) => 'a',
                    Ok(RegistrationStatus::Completed) => 'c',
                    Ok(RegistrationStatus::Failed) => 'f',
                    Ok(RegistrationStatus::Cancelled) => 'x',
                    Err(_) => '.',
                })
                .collect();
            assert_eq!(seen, row, "from {from}");
            assert_eq!(from.has_ended(), row == "......");
            assert_eq!(from.as_str().parse(), Ok(from));
        }
    }
}
