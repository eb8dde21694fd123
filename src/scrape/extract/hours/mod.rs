//! Opening hours: the schema.org forms, times of day, and putting a week in order.

mod cjk;
mod clauses;
mod clock;
mod columns;
mod dates;
pub(super) mod days;
mod lexicon;
mod looks;
mod matrix;
mod ranges;
pub(super) mod tables;
mod text;
mod words;

use crate::scrape::extract::markup::schema_values::{each, texts};
use crate::scrape::payload::{Day, OpeningHours};
use chrono::NaiveDate;
use serde_json::{Map, Value};

/// A day in minutes; 24:00 is the end of a day.
const DAY_MINUTES: u16 = 24 * 60;

/// `openingHours` strings such as `Mo-Th 08:00-17:00`, and what people write in their place.
pub(crate) fn schema_text(text: &str) -> Vec<OpeningHours> {
    text::read_one(text)
}

/// Hours that hold for fewer days are those of holidays, or of a time that is over.
const SEASON: i64 = 300;

/// An `OpeningHoursSpecification`. Specifications that are valid for a part of a year only are left out.
pub(crate) fn specification(object: &Map<String, Value>) -> Vec<OpeningHours> {
    if object.contains_key("validFrom") && object.contains_key("validThrough") {
        let date = |key: &str| texts(object.get(key)).first()?.get(..10)?.parse::<NaiveDate>().ok();
        let days = date("validFrom")
            .zip(date("validThrough"))
            .map(|(from, to)| (to - from).num_days());
        let short = days.is_some_and(|days| days < SEASON);
        let same = texts(object.get("validFrom")) == texts(object.get("validThrough"));
        if short || same || !object.contains_key("dayOfWeek") {
            return Vec::new();
        }
    }
    let mut days: Vec<Day> = Vec::new();
    for value in each(object.get("dayOfWeek")) {
        let names = match value {
            Value::String(name) => vec![name.clone()],
            Value::Object(day) => texts(day.get("name").or(day.get("@id")).or(day.get("@type"))),
            _ => Vec::new(),
        };
        for name in names {
            for part in name.split([',', ';']) {
                let part = part.trim().rsplit(['/', '#']).next().unwrap_or_default();
                match part
                    .split_once('-')
                    .map(|(from, to)| (text::day(from.trim()), text::day(to.trim())))
                {
                    Some((Some(from), Some(to))) => days.extend(from.through(to)),
                    _ => days.extend(text::day(part)),
                }
            }
        }
    }
    let time = |key: &str| texts(object.get(key)).first().and_then(|text| text::single_time(text));
    match (time("opens"), time("closes")) {
        (Some(opens), Some(closes)) => span(days, opens, closes).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// A span from minutes of the day. Equal times, which schema.org uses for "closed", give nothing unless both are
/// midnight to the end of the day.
pub(crate) fn span(mut days: Vec<Day>, opens: u16, closes: u16) -> Option<OpeningHours> {
    days.sort_unstable();
    days.dedup();
    // 23:59 is how systems that lack 24:00 write the end of the day.
    let closes = if closes == DAY_MINUTES - 1 || (closes == 0 && opens > 0) {
        DAY_MINUTES
    } else {
        closes
    };
    if days.is_empty() || opens >= DAY_MINUTES || closes > DAY_MINUTES || opens == closes {
        return None;
    }
    Some(OpeningHours {
        days,
        opens: clock(opens),
        closes: clock(closes),
    })
}

fn clock(minutes: u16) -> String {
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

/// One entry for each span of opening, its days together, in the order of the week and the day; doubles removed.
pub(crate) fn tidy(week: Vec<OpeningHours>) -> Vec<OpeningHours> {
    let mut out: Vec<OpeningHours> = Vec::new();
    for hours in week {
        match out
            .iter_mut()
            .find(|known| known.opens == hours.opens && known.closes == hours.closes)
        {
            Some(known) => {
                known.days.extend(hours.days);
                known.days.sort_unstable();
                known.days.dedup();
            }
            None => out.push(hours),
        }
    }
    out.sort_by(|a, b| (&a.days, &a.opens).cmp(&(&b.days, &b.opens)));
    out
}

/// Whether a week looks like what plugins fill in: nine to five, or all day, on every day of the week.
pub(crate) fn is_default(week: &[OpeningHours]) -> bool {
    let [hours] = week else { return false };
    hours.days.len() == 7
        && matches!(
            (hours.opens.as_str(), hours.closes.as_str()),
            ("09:00", "17:00") | ("00:00", "24:00")
        )
}

/// How many days of the week have hours.
pub(crate) fn coverage(week: &[OpeningHours]) -> usize {
    Day::WEEK
        .iter()
        .filter(|day| week.iter().any(|hours| hours.days.contains(day)))
        .count()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use serde_json::json;

    fn shown(week: &[OpeningHours]) -> Vec<String> {
        week.iter()
            .map(|h| format!("{:?} {}-{}", h.days, h.opens, h.closes))
            .collect()
    }

    #[test]
    fn schema_strings() {
        let read = |text: &str| shown(&tidy(schema_text(text)));
        assert_eq!(read("Mo-Th 08:00-17:00"), ["[Mo, Tu, We, Th] 08:00-17:00"]);
        assert_eq!(read("Mo,We 9:00-12:30"), ["[Mo, We] 09:00-12:30"]);
        assert_eq!(read("Mo-Su"), Vec::<String>::new());
        assert_eq!(
            read("Mo-Fr 08:00-12:00, Mo-Fr 13:00-17:00"),
            ["[Mo, Tu, We, Th, Fr] 08:00-12:00", "[Mo, Tu, We, Th, Fr] 13:00-17:00"]
        );
        assert_eq!(read("Fr-Sa 18:00-02:00"), ["[Fr, Sa] 18:00-02:00"]);
    }

    #[test]
    fn specifications() {
        let read = |value: Value| shown(&specification(value.as_object().unwrap()));
        assert_eq!(
            read(
                json!({"dayOfWeek": ["https://schema.org/Monday", "Tuesday"], "opens": "08:30", "closes": "17:00:00"})
            ),
            ["[Mo, Tu] 08:30-17:00"]
        );
        assert_eq!(
            read(json!({"dayOfWeek": "Sunday", "opens": "00:00", "closes": "00:00"})),
            Vec::<String>::new()
        );
        assert_eq!(
            read(json!({"dayOfWeek": "Sunday", "opens": "00:00", "closes": "23:59"})),
            ["[Su] 00:00-24:00"]
        );
        assert_eq!(
            read(json!({"opens": "09:00", "closes": "12:00", "validFrom": "2024-12-24", "validThrough": "2024-12-24"})),
            Vec::<String>::new()
        );
        let valid = |from: &str, through: &str| {
            read(
                json!({"dayOfWeek": "Friday", "opens": "10:00", "closes": "12:00", "validFrom": from, "validThrough": through}),
            )
        };
        assert_eq!(valid("2020-03-20", "2020-05-01"), Vec::<String>::new());
        assert_eq!(valid("24/12/2024", "24/12/2024"), Vec::<String>::new());
        assert_eq!(valid("2024-01-01", "2024-12-31"), ["[Fr] 10:00-12:00"]);
    }

    #[test]
    fn equal_spans_share_an_entry() {
        let week = tidy(
            [Day::Tu, Day::Mo, Day::Mo]
                .map(|day| span(vec![day], 480, 1020).unwrap())
                .to_vec(),
        );
        assert_eq!(shown(&week), ["[Mo, Tu] 08:00-17:00"]);
        assert_eq!(coverage(&week), 2);
    }
}
