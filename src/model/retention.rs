//! How long finished jobs keep their rows.

use chrono::{DateTime, TimeDelta, Utc};

/// Jobs that finished before this are archived; `None` where none ever is.
#[must_use]
pub fn archived_before(now: DateTime<Utc>, days: u32) -> Option<DateTime<Utc>> {
    if days == 0 {
        return None;
    }
    now.checked_sub_signed(TimeDelta::days(i64::from(days)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn a_job_is_kept_for_as_many_days_as_are_set() {
        let now: DateTime<Utc> = "2026-03-01T12:00:00Z".parse().unwrap();
        let before = |text: &str| Some(text.parse::<DateTime<Utc>>().unwrap());
        assert_eq!(archived_before(now, 1), before("2026-02-28T12:00:00Z"));
        assert_eq!(archived_before(now, 30), before("2026-01-30T12:00:00Z"));
        assert_eq!(archived_before(now, 36_500), before("1926-03-26T12:00:00Z"));
    }

    #[test]
    fn none_is_archived_without_days_or_before_all_time() {
        assert_eq!(archived_before(Utc::now(), 0), None);
        assert_eq!(archived_before(DateTime::<Utc>::MIN_UTC, 1), None);
    }
}
