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

    /// Whether a registration can go from this state to `to`.
    #[must_use]
    pub fn may_become(self, to: Self) -> bool {
        match (self, to) {
            // One that was pending may come to a question at once; an answered one goes on first.
            (Self::Pending | Self::InProgress, Self::InProgress | Self::ActionRequired)
            | (Self::ActionRequired, Self::InProgress)
            | (Self::InProgress, Self::Completed)
            // Pending again: its batch has failed as a whole, and a retry takes it up where it is.
            | (
                Self::Pending | Self::InProgress | Self::ActionRequired,
                Self::Pending | Self::Failed | Self::Cancelled,
            ) => true,
            _ => false,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_of_the_table() {
        // To pending, in progress, action required, completed, failed, cancelled.
        let expected = [
            (RegistrationStatus::Pending, "yyy.yy"),
            (RegistrationStatus::InProgress, "yyyyyy"),
            (RegistrationStatus::ActionRequired, "yy..yy"),
            (RegistrationStatus::Completed, "......"),
            (RegistrationStatus::Failed, "......"),
            (RegistrationStatus::Cancelled, "......"),
        ];
        for (from, row) in expected {
            let seen: String = RegistrationStatus::ALL
                .into_iter()
                .map(|to| if from.may_become(to) { 'y' } else { '.' })
                .collect();
            assert_eq!(seen, row, "from {from}");
            assert_eq!(from.has_ended(), row == "......");
            assert_eq!(from.as_str().parse(), Ok(from));
        }
    }
}
