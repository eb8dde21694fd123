//! Waits as people write them: `50ms`, `5s`, `5m`, `2h`, `1d`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The longest wait that can be written.
const LONGEST_DAYS: u64 = 30;

const UNITS: [(&str, u64); 5] = [
    ("ms", 1),
    ("s", 1_000),
    ("m", 60_000),
    ("h", 3_600_000),
    ("d", 86_400_000),
];

/// A time to wait, written as a whole number and a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Wait(pub Duration);

/// A text that is no wait.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("holds {0:?}, not a wait of up to {LONGEST_DAYS} days such as 50ms, 5s, 5m, 2h or 1d")]
pub struct NotAWait(String);

impl FromStr for Wait {
    type Err = NotAWait;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = || NotAWait(text.to_owned());
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let (_, millis) = UNITS.into_iter().find(|(name, _)| *name == unit).ok_or_else(refused)?;
        let number: u64 = number.parse().map_err(|_| refused())?;
        let total = number.checked_mul(millis).ok_or_else(refused)?;
        if total > LONGEST_DAYS * 86_400_000 {
            return Err(refused());
        }
        Ok(Self(Duration::from_millis(total)))
    }
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX);
        let fits = |(_, millis): &&(&str, u64)| total > 0 && total % millis == 0;
        let (unit, millis) = UNITS.iter().rev().find(fits).unwrap_or(&UNITS[1]);
        write!(f, "{}{unit}", total / millis)
    }
}

impl TryFrom<String> for Wait {
    type Error = NotAWait;

    fn try_from(text: String) -> Result<Self, NotAWait> {
        text.parse()
    }
}

impl From<Wait> for String {
    fn from(wait: Wait) -> Self {
        wait.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_read_and_written_alike() {
        for (text, millis) in [
            ("50ms", 50),
            ("5s", 5_000),
            ("5m", 300_000),
            ("2h", 7_200_000),
            ("30d", 2_592_000_000),
            ("0s", 0),
        ] {
            assert_eq!(text.parse(), Ok(Wait(Duration::from_millis(millis))), "{text}");
            assert_eq!(Wait(Duration::from_millis(millis)).to_string(), text);
        }
        for text in ["", "5", "s", "5 s", "-5s", "1.5h", "31d", "5S", "99999999999999999999s"] {
            assert!(text.parse::<Wait>().is_err(), "{text:?}");
        }
    }
}
