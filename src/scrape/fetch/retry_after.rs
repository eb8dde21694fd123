use chrono::{DateTime, NaiveDateTime, Utc};
use std::time::Duration;

/// A server that asks for more than this is treated as asking for this.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// `Retry-After` (RFC 9110, 10.2.3): seconds, or an HTTP date in any of its three forms, relative to `now`.
///
/// `None` when the value is neither; a date in the past is zero.
pub fn parse(value: &str, now: DateTime<Utc>) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
        return Some(value.parse().map_or(LONGEST, Duration::from_secs).min(LONGEST));
    }
    let date = DateTime::parse_from_rfc2822(value)
        .map(|date| date.to_utc())
        .ok()
        .or_else(|| {
            ["%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"]
                .iter()
                .find_map(|format| NaiveDateTime::parse_from_str(value, format).ok())
                .map(|naive| naive.and_utc())
        })?;
    Some((date - now).to_std().unwrap_or(Duration::ZERO).min(LONGEST))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn seconds_and_dates() {
        let now = DateTime::parse_from_rfc3339("2026-11-22T10:00:00Z").unwrap().to_utc();
        for (value, seconds) in [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("99999999999999999999999", Some(86_400)),
            ("Sun, 22 Nov 2026 10:01:30 GMT", Some(90)),
            ("Sunday, 22-Nov-26 10:01:30 GMT", Some(90)),
            ("Sun Nov 22 10:01:30 2026", Some(90)),
            ("Sun, 22 Nov 2026 09:00:00 GMT", Some(0)),
            ("soon", None),
            ("-5", None),
            ("", None),
        ] {
            assert_eq!(parse(value, now).map(|d| d.as_secs()), seconds, "{value}");
        }
    }
}
