//! What an unclean end of the process says about the items that were running.

use std::fmt;
use std::str::FromStr;

use super::batch::UnknownStatus;

/// How the process that ran before this one ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LastEnd {
    /// It drained and said so.
    #[default]
    Clean,
    /// Something outside ended it: `kill -9`, the kernel's out-of-memory killer, a power cut.
    Killed,
    /// It ended itself: a stack overflow, a failed allocation, a panic while panicking.
    Aborted,
}

/// What is done with an item after an unclean end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    RunsAsUsual,
    /// It may be what ends the process: nothing else runs while it does.
    RunsAlone,
    /// It has ended the process often enough.
    Condemned,
}

impl LastEnd {
    /// After how many unclean ends an item runs alone, and after how many it is given up.
    ///
    /// A process that aborted was ended by something it ran. One that was killed may have been killed by anybody,
    /// and an item that only happened to be in flight each time must not be lost for it.
    fn limits(self) -> (i32, i32) {
        match self {
            Self::Clean | Self::Aborted => (2, 3),
            Self::Killed => (3, 5),
        }
    }

    /// How many unclean ends count against an item that was not the only one in flight. Beyond that, only an end while
    /// it ran alone says anything about it.
    #[must_use]
    pub fn most_in_company(self) -> i32 {
        self.limits().0
    }

    /// What is done with an item that has seen `crashes` unclean ends, this one counted.
    #[must_use]
    pub fn verdict(self, crashes: i32) -> Verdict {
        let (alone, condemned) = self.limits();
        match crashes {
            crashes if crashes >= condemned => Verdict::Condemned,
            crashes if crashes >= alone => Verdict::RunsAlone,
            _ => Verdict::RunsAsUsual,
        }
    }

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Killed => "killed",
            Self::Aborted => "aborted",
        }
    }
}

impl fmt::Display for LastEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for LastEnd {
    type Err = UnknownStatus;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Clean, Self::Killed, Self::Aborted]
            .into_iter()
            .find(|end| end.as_str() == text)
            .ok_or_else(|| UnknownStatus(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_that_aborts_the_process_runs_alone_after_the_second_and_ends_after_the_third() {
        let verdicts = [1, 2, 3, 4].map(|crashes| LastEnd::Aborted.verdict(crashes));
        assert_eq!(
            verdicts,
            [
                Verdict::RunsAsUsual,
                Verdict::RunsAlone,
                Verdict::Condemned,
                Verdict::Condemned
            ]
        );
    }

    #[test]
    fn kills_from_outside_need_more_evidence() {
        let verdicts = [1, 2, 3, 4, 5].map(|crashes| LastEnd::Killed.verdict(crashes));
        assert_eq!(
            verdicts,
            [
                Verdict::RunsAsUsual,
                Verdict::RunsAsUsual,
                Verdict::RunsAlone,
                Verdict::RunsAlone,
                Verdict::Condemned
            ]
        );
    }
}
