//! Decimal numbers as text, without rounding.

/// `0.DIGITS × 10^point`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Decimal {
    negative: bool,
    /// Without zeros at either end; empty for zero.
    digits: String,
    point: i64,
}

/// No exponent that a database could take is larger.
const LONGEST_EXPONENT: i64 = 100_000;

impl Decimal {
    /// Reads `-12.50`, `.5`, `1e3`; `None` for everything else, infinities too.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if !is_digits(whole) || !is_digits(fraction) || (whole.is_empty() && fraction.is_empty()) {
            return None;
        }
        if exponent.abs() > LONGEST_EXPONENT {
            return None;
        }
        let all = format!("{whole}{fraction}");
        let without_leading = all.trim_start_matches('0');
        let leading = all.len() - without_leading.len();
        let point = i64::try_from(whole.len()).ok()? - i64::try_from(leading).ok()? + exponent;
        let digits = without_leading.trim_end_matches('0').to_owned();
        Some(Self {
            negative,
            point: if digits.is_empty() { 0 } else { point },
            digits,
        })
    }

    /// How many digits stand before the point.
    pub(super) fn whole_digits(&self) -> i64 {
        self.point.max(0)
    }

    /// How many digits it takes to write it exactly.
    pub(super) fn significant(&self) -> usize {
        self.digits.len()
    }

    /// As a whole number, if it is one that has room.
    pub(super) fn to_integer(&self) -> Option<i64> {
        const MOST_DIGITS: i64 = 19;
        if self.digits.is_empty() {
            return Some(0);
        }
        let digits = i64::try_from(self.digits.len()).ok()?;
        if digits > self.point || self.point > MOST_DIGITS {
            return None;
        }
        let zeros = usize::try_from(self.point - digits).ok()?;
        let sign = if self.negative { "-" } else { "" };
        format!("{sign}{}{}", self.digits, "0".repeat(zeros)).parse().ok()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn whole_numbers_are_whole_in_any_spelling() {
        for (text, whole) in [
            ("0", Some(0)),
            ("-0.00", Some(0)),
            ("5.0", Some(5)),
            ("1e3", Some(1_000)),
            ("12.5e1", Some(125)),
            (" +7 ", Some(7)),
            ("007", Some(7)),
            ("9223372036854775807", Some(i64::MAX)),
            ("-9223372036854775808", Some(i64::MIN)),
            ("9223372036854775808", None),
            ("1e19", None),
            ("0.5", None),
            ("5e-1", None),
        ] {
            assert_eq!(Decimal::parse(text).unwrap().to_integer(), whole, "{text}");
        }
    }

    #[test]
    fn digits_are_counted() {
        for (text, before_the_point, significant) in [
            ("123.456", 3, 6),
            ("0.001", 0, 1),
            ("1000", 4, 1),
            ("1e10", 11, 1),
            ("00012.3400", 2, 4),
            ("0", 0, 0),
        ] {
            let number = Decimal::parse(text).unwrap();
            assert_eq!(
                (number.whole_digits(), number.significant()),
                (before_the_point, significant),
                "{text}"
            );
        }
    }

    #[test]
    fn other_texts_are_no_numbers() {
        for text in [
            "",
            "-",
            ".",
            "NaN",
            "inf",
            "1,5",
            "1 000",
            "0x1f",
            "1e",
            "1e999999999999",
            "١",
        ] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
    }
}
