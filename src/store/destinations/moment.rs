//! Times and dates from text. Numbers are refused: nobody can tell seconds from milliseconds.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, SecondsFormat, Utc};

use super::coerce::Cell;
use super::table::Dialect;

/// A moment from RFC 3339; without an offset, or with the date alone, it is taken as UTC. It is written in UTC.
pub(super) fn timestamp(text: &str, zoned: bool, dialect: Dialect) -> Result<Cell, String> {
    let moment = moment(text).ok_or("it wants a time as 2026-01-31T08:30:00Z")?;
    Ok(Cell::Text(if zoned || dialect == Dialect::Sqlite {
        // `+` comes before `.` and all digits: as text, too, these sort in the order of time.
        moment.to_rfc3339_opts(SecondsFormat::AutoSi, false)
    } else {
        moment.naive_utc().format("%Y-%m-%dT%H:%M:%S%.f").to_string()
    }))
}

fn moment(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
        return Some(moment.to_utc());
    }
    ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
        .or_else(|| day(text).and_then(|day| day.and_hms_opt(0, 0, 0)))
        .map(|naive| naive.and_utc())
}

fn day(text: &str) -> Option<NaiveDate> {
    const LENGTH: usize = "2026-01-31".len();
    NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .ok()
        .filter(|_| text.len() == LENGTH)
}

/// A date, or the date of a moment as it is written there.
pub(super) fn date(text: &str) -> Result<Cell, String> {
    let of_moment = || {
        DateTime::parse_from_rfc3339(text)
            .ok()
            .map(|moment| moment.date_naive())
    };
    day(text)
        .or_else(of_moment)
        .map(|day| Cell::Text(day.format("%Y-%m-%d").to_string()))
        .ok_or_else(|| "it wants a date as 2026-01-31".to_owned())
}

/// A time of day, with or without seconds.
pub(super) fn time(text: &str) -> Result<Cell, String> {
    ["%H:%M:%S%.f", "%H:%M"]
        .iter()
        .find_map(|format| NaiveTime::parse_from_str(text, format).ok())
        .map(|time| Cell::Text(time.format("%H:%M:%S%.f").to_string()))
        .ok_or_else(|| "it wants a time of day as 08:30".to_owned())
}
