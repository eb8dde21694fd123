//! Numbers as text: plain ones as a spreadsheet shows them, dates and times in ISO 8601.

use chrono::{Days, NaiveDate};

use super::number_format::NumberFormat;

/// What a spreadsheet keeps of a number.
const SIGNIFICANT: usize = 15;
const SECONDS_A_DAY: i64 = 86_400;
/// 31 December 9999, where spreadsheets end, and the days by which a calendar that begins in 1904 is behind.
const LAST_DAY: i64 = 2_958_465;
const FOUR_YEARS: i64 = 1_462;

/// The number that stands in a cell as `raw`. What is no number comes back as it is.
pub(super) fn number(raw: &str, format: NumberFormat, from_1904: bool) -> String {
    let raw = raw.trim();
    let Some(value) = raw.parse().ok().filter(|value: &f64| value.is_finite()) else {
        return raw.to_owned();
    };
    let instant = match format {
        NumberFormat::Plain => None,
        NumberFormat::Padded(width) => {
            let plain = plain(value);
            let whole = plain.bytes().all(|digit| digit.is_ascii_digit());
            return if whole {
                format!("{plain:0>width$}", width = usize::from(width))
            } else {
                plain
            };
        }
        NumberFormat::Date | NumberFormat::DateTime | NumberFormat::Time | NumberFormat::Elapsed => {
            instant(value, format, from_1904)
        }
    };
    instant.unwrap_or_else(|| plain(value))
}

/// A serial number as a date or a time; `None` when it is not one, so that the number itself is shown.
fn instant(value: f64, format: NumberFormat, from_1904: bool) -> Option<String> {
    let end = LAST_DAY + 1 - if from_1904 { FOUR_YEARS } else { 0 };
    if !(0.0..end as f64).contains(&value) {
        return None;
    }
    let seconds = (value * SECONDS_A_DAY as f64).round() as i64;
    let (day, second) = (seconds / SECONDS_A_DAY, seconds % SECONDS_A_DAY);
    let clock = |hours: i64| format!("{hours:02}:{:02}:{:02}", second / 60 % 60, second % 60);
    match format {
        NumberFormat::Date => date(day, from_1904),
        NumberFormat::DateTime => Some(format!("{}T{}", date(day, from_1904)?, clock(second / 3_600))),
        NumberFormat::Time => Some(clock(second / 3_600)),
        NumberFormat::Elapsed => Some(clock(seconds / 3_600)),
        NumberFormat::Plain | NumberFormat::Padded(_) => None,
    }
}

/// Day 60 of the calendar that begins in 1900 is 29 February of that year, which never was; Excel keeps an error of
/// Lotus 1-2-3 alive there.
fn date(day: i64, from_1904: bool) -> Option<String> {
    let (year, month, first, days) = match day {
        _ if from_1904 => (1904, 1, 1, day),
        60 => return Some("1900-02-29".to_owned()),
        1..60 => (1899, 12, 31, day),
        61.. => (1899, 12, 30, day),
        _ => return None,
    };
    let date = NaiveDate::from_ymd_opt(year, month, first)?.checked_add_days(Days::new(u64::try_from(days).ok()?))?;
    Some(date.format("%Y-%m-%d").to_string())
}

/// Fifteen significant digits and no exponent, unless the number is astronomic.
fn plain(value: f64) -> String {
    let scientific = format!("{value:.*e}", SIGNIFICANT - 1);
    let Some((mantissa, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    let Ok(exponent) = exponent.parse::<i32>() else {
        return scientific;
    };
    let negative = mantissa.starts_with('-');
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_end_matches('0');
    if digits.is_empty() {
        return "0".to_owned();
    }
    let sign = if negative { "-" } else { "" };
    let (head, tail) = digits.split_at(1);
    if !(-10..=20).contains(&exponent) {
        let point = if tail.is_empty() { "" } else { "." };
        return format!("{sign}{head}{point}{tail}E{exponent:+}");
    }
    let before_point = exponent + 1;
    if before_point <= 0 {
        let zeros = "0".repeat(before_point.unsigned_abs() as usize);
        return format!("{sign}0.{zeros}{digits}");
    }
    let before_point = before_point.unsigned_abs() as usize;
    if digits.len() <= before_point {
        return format!("{sign}{digits:0<before_point$}");
    }
    let (whole, fraction) = digits.split_at(before_point);
    format!("{sign}{whole}.{fraction}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_as_a_spreadsheet_shows_them() {
        for (raw, shown) in [
            ("6421555123", "6421555123"),
            ("6421555123.0", "6421555123"),
            ("6.421555123E9", "6421555123"),
            ("12", "12"),
            ("-12", "-12"),
            ("-0", "0"),
            ("0.30000000000000004", "0.3"),
            ("1.10", "1.1"),
            ("0.000012", "0.000012"),
            ("123456789012345678", "123456789012346000"),
            ("1e20", "100000000000000000000"),
            ("1.5e300", "1.5E+300"),
            ("1e-11", "1E-11"),
            (" 7 ", "7"),
            ("NaN", "NaN"),
            ("inf", "inf"),
            ("1,5", "1,5"),
            ("", ""),
        ] {
            assert_eq!(number(raw, NumberFormat::Plain, false), shown, "{raw}");
        }
    }

    #[test]
    fn leading_zeros_of_a_format() {
        assert_eq!(number("211234567", NumberFormat::Padded(10), false), "0211234567");
        assert_eq!(number("123456", NumberFormat::Padded(5), false), "123456");
        assert_eq!(number("1.5", NumberFormat::Padded(5), false), "1.5");
        assert_eq!(number("-15", NumberFormat::Padded(5), false), "-15");
    }

    #[test]
    fn dates_of_both_calendars() {
        let cases = [
            ("46082", NumberFormat::Date, "2026-03-01", "2030-03-02"),
            ("46082.395833333336", NumberFormat::Date, "2026-03-01", "2030-03-02"),
            (
                "46082.395833333336",
                NumberFormat::DateTime,
                "2026-03-01T09:30:00",
                "2030-03-02T09:30:00",
            ),
            (
                "46081.999999999",
                NumberFormat::DateTime,
                "2026-03-01T00:00:00",
                "2030-03-02T00:00:00",
            ),
            ("0.395833333333333", NumberFormat::Time, "09:30:00", "09:30:00"),
            ("46082.5", NumberFormat::Time, "12:00:00", "12:00:00"),
            ("1.5", NumberFormat::Elapsed, "36:00:00", "36:00:00"),
            ("1", NumberFormat::Date, "1900-01-01", "1904-01-02"),
            ("59", NumberFormat::Date, "1900-02-28", "1904-02-29"),
            ("60", NumberFormat::Date, "1900-02-29", "1904-03-01"),
            ("61", NumberFormat::Date, "1900-03-01", "1904-03-02"),
            ("0", NumberFormat::Date, "0", "1904-01-01"),
            ("-1", NumberFormat::Date, "-1", "-1"),
            ("2958465", NumberFormat::Date, "9999-12-31", "2958465"),
            ("2958466", NumberFormat::Date, "2958466", "2958466"),
        ];
        for (raw, format, from_1900, from_1904) in cases {
            assert_eq!(number(raw, format, false), from_1900, "{raw} {format:?}");
            assert_eq!(number(raw, format, true), from_1904, "{raw} {format:?}");
        }
    }

    proptest! {
        #[test]
        fn a_plain_number_is_the_number_to_fifteen_digits(value in prop::num::f64::NORMAL) {
            let shown = number(&format!("{value:e}"), NumberFormat::Plain, false);
            let back: f64 = shown.parse().unwrap();
            prop_assert!(((back - value) / value).abs() < 1e-14, "{value} {shown}");
        }
    }
}
