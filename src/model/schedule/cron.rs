//! A cron expression in a time zone.
//!
//! Where clocks change, an expression that names its hours means the time on the wall, each of which comes once: one that the
//! change leaves out runs at the first moment after it, several that are left out run once together, and one that comes twice
//! runs the first time. An expression whose hours begin with `*` means "every so often": it runs at every moment that shows a
//! time which matches, so neither an hour's silence nor a burst comes of a change. (Vixie cron tells the two apart likewise.)

use chrono::{DateTime, MappedLocalTime, NaiveDateTime, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};

/// An expression that everybody understands, for those whose own does not hold.
const EXAMPLE: &str = "'0 9 * * MON' is every Monday at 09:00";
/// The longest time that clocks have ever left out, a day where the date line moved, and some.
const LONGEST_GAP: TimeDelta = TimeDelta::hours(26);
/// Times that are looked at before it is given up: those that come a second time are passed over one by one.
const MOST_LOOKS: usize = 4_000;
/// The longest expression, in bytes.
const LONGEST: usize = 200;

/// A field of an expression: its name, what it may hold beside digits and `* , - /`, and an example.
struct Field {
    name: &'static str,
    marks: fn(char) -> bool,
    example: &'static str,
}

const FIELDS: [Field; 5] = [
    Field {
        name: "minute",
        marks: |_| false,
        example: "0 to 59, such as 0, */15 or 0,30",
    },
    Field {
        name: "hour",
        marks: |_| false,
        example: "0 to 23, such as 9, 9-17 or */2",
    },
    Field {
        name: "day of the month",
        marks: |mark| "LW?".contains(mark),
        example: "1 to 31, such as *, 1,15 or L for the last",
    },
    Field {
        name: "month",
        marks: |mark| mark.is_ascii_alphabetic(),
        example: "1 to 12 or JAN to DEC, such as * or JAN-MAR",
    },
    Field {
        name: "day of the week",
        marks: |mark| mark.is_ascii_alphabetic() || "#?".contains(mark),
        example: "0 to 7 or SUN to SAT, such as MON, MON-FRI or FRI#1 for the first",
    },
];

/// What is wrong with an expression or a time zone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mistaken {
    #[error(
        "has {0} fields; it must have five, for minute, hour, day of the month, month and day of the week: {EXAMPLE}"
    )]
    Fields(usize),
    #[error("has '{field}' for the {name}, which must be {example}")]
    Field {
        name: &'static str,
        field: String,
        example: &'static str,
    },
    #[error("names a time that never comes, such as the 30th of February: {EXAMPLE}")]
    Never,
    #[error("must be the name of a time zone, such as Pacific/Auckland, Europe/Berlin or UTC")]
    TimeZone,
}

/// Times at which something runs.
#[derive(Clone, Debug)]
pub struct Timetable {
    cron: Cron,
    zone: Tz,
    /// It runs every so often, rather than when the clock shows a certain hour.
    by_elapsed_time: bool,
}

impl Timetable {
    /// # Errors
    /// Which field is wrong, and how it may look.
    pub fn read(expression: &str, time_zone: &str) -> Result<Self, Mistaken> {
        Self::of(expression, zone(time_zone)?)
    }

    fn of(expression: &str, zone: Tz) -> Result<Self, Mistaken> {
        let expression = expression.trim();
        let fields: Vec<&str> = expression.split_whitespace().collect();
        if fields.len() != FIELDS.len() || expression.len() > LONGEST {
            return Err(Mistaken::Fields(fields.len()));
        }
        for (place, (field, rule)) in fields.iter().zip(&FIELDS).enumerate() {
            if !rule.allows(field, place) {
                return Err(Mistaken::Field {
                    name: rule.name,
                    field: (*field).to_owned(),
                    example: rule.example,
                });
            }
        }
        // Each field is right by itself, so only a combination that never comes can be wrong.
        let cron = parse(expression).ok_or(Mistaken::Never)?;
        let timetable = Self {
            by_elapsed_time: fields[1].starts_with('*'),
            cron,
            zone,
        };
        match timetable.next_after(DateTime::UNIX_EPOCH) {
            Some(_) => Ok(timetable),
            None => Err(Mistaken::Never),
        }
    }

    #[must_use]
    pub fn zone(&self) -> Tz {
        self.zone
    }

    /// The first run after a moment; `None` where there is none in any year to come.
    #[must_use]
    pub fn next_after(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if self.by_elapsed_time {
            let next = self.cron.find_next_occurrence(&after.with_timezone(&self.zone), false);
            return next.ok().map(|next| next.to_utc()).filter(|next| *next > after);
        }
        // The times on the wall are looked for as if no clock ever changed, and each is then given its moment.
        let mut on_the_wall = after.with_timezone(&self.zone).naive_local();
        for _ in 0..MOST_LOOKS {
            let next = self.cron.find_next_occurrence(&on_the_wall.and_utc(), false).ok()?;
            on_the_wall = next.naive_utc();
            let moment = self.moment(on_the_wall)?;
            if moment > after {
                return Some(moment);
            }
        }
        None
    }

    /// The next `n` runs after a moment.
    #[must_use]
    pub fn next_runs(&self, after: DateTime<Utc>, n: usize) -> Vec<DateTime<Utc>> {
        let first = self.next_after(after);
        std::iter::successors(first, |last| self.next_after(*last))
            .take(n)
            .collect()
    }

    /// When the clock first shows this time or, where it never does, the first one after it.
    fn moment(&self, on_the_wall: NaiveDateTime) -> Option<DateTime<Utc>> {
        let mut shown = on_the_wall;
        while shown - on_the_wall <= LONGEST_GAP {
            match self.zone.from_local_datetime(&shown) {
                MappedLocalTime::Single(moment) | MappedLocalTime::Ambiguous(moment, _) => {
                    return Some(moment.to_utc());
                }
                MappedLocalTime::None => shown += TimeDelta::minutes(1),
            }
        }
        None
    }

    /// Whether a local time is one that the expression names.
    #[cfg(test)]
    pub(super) fn names(&self, on_the_wall: NaiveDateTime) -> bool {
        self.cron.is_time_matching(&on_the_wall.and_utc()).unwrap_or_default()
    }
}

impl Field {
    fn allows(&self, field: &str, place: usize) -> bool {
        let known = |mark: char| mark.is_ascii_digit() || "*,-/".contains(mark) || (self.marks)(mark);
        let parts_are_there = field.split(',').all(|part| !part.is_empty());
        let mut alone = ["*"; FIELDS.len()];
        alone[place] = field;
        parts_are_there && field.chars().all(known) && parse(&alone.join(" ")).is_some()
    }
}

fn parse(expression: &str) -> Option<Cron> {
    let parser = CronParser::builder()
        .seconds(Seconds::Disallowed)
        .year(Year::Disallowed)
        .build();
    parser.parse(expression).ok()
}

fn zone(name: &str) -> Result<Tz, Mistaken> {
    name.trim().parse().map_err(|_| Mistaken::TimeZone)
}
