//! The six steps of a registration and their states.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// One of the six steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "i32", try_from = "i32")]
pub enum StepNumber {
    /// What the restaurant's own website says.
    Extraction,
    CompanySearch,
    CompanySelection,
    CompanyDetails,
    Configuration,
    Execution,
}

impl StepNumber {
    pub const ALL: [Self; 6] = [
        Self::Extraction,
        Self::CompanySearch,
        Self::CompanySelection,
        Self::CompanyDetails,
        Self::Configuration,
        Self::Execution,
    ];

    /// 1 to 6.
    #[must_use]
    pub fn number(self) -> i32 {
        match self {
            Self::Extraction => 1,
            Self::CompanySearch => 2,
            Self::CompanySelection => 3,
            Self::CompanyDetails => 4,
            Self::Configuration => 5,
            Self::Execution => 6,
        }
    }

    /// The name in the tables and in the configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Extraction => "extraction",
            Self::CompanySearch => "company_search",
            Self::CompanySelection => "company_selection",
            Self::CompanyDetails => "company_details",
            Self::Configuration => "configuration",
            Self::Execution => "execution",
        }
    }

    /// Whether a person does it.
    #[must_use]
    pub fn is_asked(self) -> bool {
        matches!(self, Self::CompanySelection | Self::Configuration)
    }

    /// `automatic`, or `action_required` where a person does it.
    #[must_use]
    pub fn kind(self) -> &'static str {
        if self.is_asked() {
            "action_required"
        } else {
            "automatic"
        }
    }

    #[must_use]
    pub fn next(self) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.number() == self.number() + 1)
    }
}

impl fmt::Display for StepNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.number(), self.name())
    }
}

/// A number that no step has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no step {0}; a registration has the steps 1 to 6")]
pub struct UnknownStep(pub i32);

impl TryFrom<i32> for StepNumber {
    type Error = UnknownStep;

    fn try_from(number: i32) -> Result<Self, UnknownStep> {
        Self::ALL
            .into_iter()
            .find(|step| step.number() == number)
            .ok_or(UnknownStep(number))
    }
}

impl From<StepNumber> for i32 {
    fn from(step: StepNumber) -> i32 {
        step.number()
    }
}

/// Where a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepStatus {
    Pending,
    InProgress,
    /// A person is waited for.
    ActionRequired,
    Completed,
    Failed,
    /// It did not have to be done, or a step before it failed for good.
    Skipped,
}

impl StepStatus {
    pub const ALL: [Self; 6] = [
        Self::Pending,
        Self::InProgress,
        Self::ActionRequired,
        Self::Completed,
        Self::Failed,
        Self::Skipped,
    ];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::InProgress => "in_progress",
            Self::ActionRequired => "action_required",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }

    /// Whether nothing more comes of it.
    #[must_use]
    pub fn has_ended(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Skipped)
    }

    /// Whether a step can go from this state to `to`.
    #[must_use]
    pub fn may_become(self, to: Self) -> bool {
        match (self, to) {
            // A step that was interrupted, or waits for its next attempt, starts again.
            (Self::Pending | Self::InProgress, Self::InProgress | Self::ActionRequired)
            // An execution that was asked about waits its turn again; all else that is pending again is taken up by a retry.
            | (Self::InProgress | Self::ActionRequired, Self::Pending)
            // An answer that came early completes a step as soon as it is asked.
            | (Self::InProgress | Self::ActionRequired, Self::Completed)
            | (Self::Pending | Self::InProgress | Self::ActionRequired, Self::Failed | Self::Skipped) => true,
            _ => false,
        }
    }

    /// The states that can become `to`.
    pub fn before(to: Self) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |from| from.may_become(to))
    }
}

impl fmt::Display for StepStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for StepStatus {
    type Err = super::UnknownState;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or_else(|| super::UnknownState(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_of_the_table() {
        // To pending, in progress, action required, completed, failed, skipped.
        let expected = [
            (StepStatus::Pending, ".yy.yy"),
            (StepStatus::InProgress, "yyyyyy"),
            (StepStatus::ActionRequired, "y..yyy"),
            (StepStatus::Completed, "......"),
            (StepStatus::Failed, "......"),
            (StepStatus::Skipped, "......"),
        ];
        for (from, row) in expected {
            let seen: String = StepStatus::ALL
                .into_iter()
                .map(|to| if from.may_become(to) { 'y' } else { '.' })
                .collect();
            assert_eq!(seen, row, "from {from}");
            assert_eq!(from.has_ended(), row == "......");
        }
    }

    #[test]
    fn numbers_names_and_states_round_trip() {
        for step in StepNumber::ALL {
            assert_eq!(StepNumber::try_from(step.number()), Ok(step));
        }
        assert!(StepNumber::try_from(0).is_err() && StepNumber::try_from(7).is_err());
        assert_eq!(StepNumber::Execution.next(), None);
        for status in StepStatus::ALL {
            assert_eq!(status.as_str().parse(), Ok(status));
        }
    }
}
