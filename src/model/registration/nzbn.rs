//! The New Zealand Business Number: thirteen digits of the GS1 scheme.

use std::fmt;

/// A number whose prefix and check digit are right.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Nzbn(String);

/// What GS1 gave to New Zealand for businesses.
const PREFIX: &str = "9429";
const DIGITS: usize = 13;

impl Nzbn {
    /// The number in `text`, spaces and hyphens aside; `None` where it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits: String = text
            .chars()
            .filter(|letter| !letter.is_whitespace() && *letter != '-')
            .collect();
        let (first, last) = digits.split_at_checked(DIGITS - 1)?;
        let is_number = last.len() == 1 && digits.starts_with(PREFIX) && check_digit(first) == last.chars().next();
        is_number.then_some(Self(digits))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Nzbn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The thirteenth digit that belongs to twelve; `None` where these are not twelve digits.
#[must_use]
pub fn check_digit(first: &str) -> Option<char> {
    if first.len() != DIGITS - 1 {
        return None;
    }
    let mut sum = 0;
    for (letter, weight) in first.chars().zip([1, 3].into_iter().cycle()) {
        sum += letter.to_digit(10)? * weight;
    }
    char::from_digit((10 - sum % 10) % 10, 10)
}

#[cfg(test)]
mod tests {
    use super::{Nzbn, check_digit};

    #[test]
    fn numbers_of_the_register_are_taken() {
        for (text, number) in [
            ("9429034042984", "9429034042984"),
            (" 9429 0404 0254 3", "9429040402543"),
            ("9429-0419-25676", "9429041925676"),
        ] {
            assert_eq!(Nzbn::parse(text).as_ref().map(Nzbn::as_str), Some(number), "{text}");
        }
    }

    /// The sum as GS1 describes it: from the right, the check digit included, it is a multiple of ten.
    fn right(digits: &str) -> bool {
        let weighted = digits.bytes().rev().zip([1_u32, 3].into_iter().cycle());
        weighted
            .map(|(digit, weight)| u32::from(digit - b'0') * weight)
            .sum::<u32>()
            % 10
            == 0
    }

    #[test]
    fn one_wrong_digit_is_noticed() {
        let number = "942903256789";
        let check = check_digit(number).unwrap_or_default();
        let good = format!("{number}{check}");
        assert!(right(&good) && Nzbn::parse(&good).is_some(), "{good}");
        for place in 4..13 {
            let mut digits = good.clone().into_bytes();
            digits[place] = if digits[place] == b'9' { b'0' } else { digits[place] + 1 };
            let bad = String::from_utf8_lossy(&digits).into_owned();
            assert_eq!(Nzbn::parse(&bad), None, "{bad}");
        }
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in [
            "",
            "9429",
            "94290000000000",
            "942900000000x",
            "9300675001120",
            "Pizza Palace",
            "９４２９",
        ] {
            assert_eq!(Nzbn::parse(text), None, "{text}");
        }
        assert_eq!(check_digit("94290000000"), None);
    }
}
