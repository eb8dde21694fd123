//! The state machine of an upload as those see it who watch uploads.

use std::fmt;
use std::str::FromStr;

use super::batch::UnknownStatus;

/// Where a batch run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BatchRunStatus {
    /// Created; nothing has begun.
    Pending,
    Processing,
    Completed,
    Failed,
}

impl BatchRunStatus {
    pub const ALL: [Self; 4] = [Self::Pending, Self::Processing, Self::Completed, Self::Failed];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Processing => "processing",
            Self::Completed => "completed",
            Self::Failed => "failed",
        }
    }

    /// Whether the run is over.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Completed | Self::Failed)
    }

    /// Whether somebody who keeps a run of their own may set it to `to`. A run may be over without having been seen at
    /// work, and one that failed may be tried again; nothing becomes pending again.
    #[must_use]
    pub fn may_become(self, to: Self) -> bool {
        use BatchRunStatus as S;
        self == to
            || matches!(
                (self, to),
                (S::Pending, S::Processing | S::Completed | S::Failed)
                    | (S::Processing, S::Completed | S::Failed)
                    | (S::Failed, S::Processing)
            )
    }
}

impl fmt::Display for BatchRunStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for BatchRunStatus {
    type Err = UnknownStatus;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or_else(|| UnknownStatus(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every cell of the table, in the order of `ALL`.
    #[test]
    fn every_cell_of_the_table() {
        let expected = ["yyyy", ".yyy", "..y.", ".y.y"];
        for (from, row) in BatchRunStatus::ALL.into_iter().zip(expected) {
            let seen: String = BatchRunStatus::ALL
                .into_iter()
                .map(|to| if from.may_become(to) { 'y' } else { '.' })
                .collect();
            assert_eq!(seen, row, "from {from}");
        }
    }
}
