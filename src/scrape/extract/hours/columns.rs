//! Days in one column and their times in the next: as text, all the days and then all the times.

use super::days::day;
use super::text::{cells, days_alone, ranges};
use super::words::{Token, Tokens};

/// Days of a week, and a line for holidays.
const MOST: usize = 8;
/// Lines that rows can be made of, and one more, by which it is seen that they end.
pub(super) const REACH: usize = 2 * MOST + 1;
/// Longer lines say more than a day or a time.
const LONGEST: usize = 48;

/// Rows, each a day, a tab, and its times.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Columns {
    pub(super) rows: Vec<String>,
    /// Lines that they were made of.
    pub(super) lines: usize,
}

/// The rows that begin with the first of `lines`: as many days as times follow them, each in a line of its own or all in one.
pub(super) fn columns(lines: &[&str], language: Option<&'static str>) -> Option<Columns> {
    let whole = || {
        let rows = rows(lines, language)?;
        let lines = 2 * rows.len();
        Some(Columns { rows, lines })
    };
    let [days, times, ..] = lines else { return None };
    match rows_of_two(days, times, language) {
        Some(rows) => Some(Columns { rows, lines: 2 }),
        None => whole(),
    }
}

/// The rows of two lines: "Mon Tue Wed" and "9-5 9-5 closed".
fn rows_of_two(days: &str, times: &str, language: Option<&'static str>) -> Option<Vec<String>> {
    let days: Vec<&str> = days.split_whitespace().collect();
    if !(3..MOST).contains(&days.len()) || days.iter().any(|word| !is_day(word, language)) {
        return None;
    }
    let times = cells(times, language).filter(|times| times.len() == days.len())?;
    let row = |(day, time): (&&str, &Option<(u16, u16)>)| match time {
        Some((opens, closes)) => format!(
            "{day}\t{:02}:{:02} - {:02}:{:02}",
            opens / 60,
            opens % 60,
            closes / 60,
            closes % 60
        ),
        None => format!("{day}\tclosed"),
    };
    Some(days.iter().zip(&times).map(row).collect())
}

fn rows(lines: &[&str], language: Option<&'static str>) -> Option<Vec<String>> {
    let days: Vec<&str> = lines
        .iter()
        .copied()
        .take_while(|line| is_day(line, language))
        .take(MOST)
        .collect();
    if days.len() < 2 {
        return None;
    }
    let times: Vec<&str> = lines[days.len()..]
        .iter()
        .copied()
        .take_while(|line| is_time(line, language))
        .take(MOST)
        .collect();
    let rows = days.iter().zip(&times).map(|(day, time)| format!("{day}\t{time}"));
    (days.len() == times.len()).then(|| rows.collect())
}

/// Whether the first word of a line is a day, and no number stands in it.
pub(super) fn begins_with_day(line: &str) -> bool {
    let first = line.split(|c: char| !c.is_alphabetic()).find(|word| !word.is_empty());
    first.is_some_and(|word| day(word).is_some()) && !line.bytes().any(|b| b.is_ascii_digit() || b == b'\t')
}

/// Whether a line names days and nothing else.
fn is_day(line: &str, language: Option<&'static str>) -> bool {
    line.len() <= LONGEST && begins_with_day(line) && days_alone(line, language).is_some()
}

fn is_time(line: &str, language: Option<&'static str>) -> bool {
    if line.len() > LONGEST || line.contains('\t') {
        return false;
    }
    let list = Tokens::read(line, language).list;
    let names_day = list.iter().any(|token| matches!(token, Token::Day(_) | Token::Days(_)));
    !names_day && (matches!(list.first(), Some(Token::Closed)) || !ranges(line).is_empty())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn times_belong_to_the_days_that_stand_beside_them() {
        let lines = [
            "Monday - Thursday",
            "Friday",
            "Saturday",
            "8:00 AM - 6:00 PM",
            "8:00 AM - 5:00 PM",
            "Closed",
            "Call us",
        ];
        assert_eq!(
            rows(&lines, None).unwrap_or_default(),
            [
                "Monday - Thursday\t8:00 AM - 6:00 PM",
                "Friday\t8:00 AM - 5:00 PM",
                "Saturday\tClosed"
            ]
        );
        let lines = [
            "Pondělí Úterý Středa Čtvrtek Pátek Sobota Neděle",
            "11:00 - 20:00 11:00 - 20:00 11:00 - 20:00 11:00 - 20:00 11:00 - 20:00 11:00 - 22:00 zavřeno",
            "Kontakt",
        ];
        let read = columns(&lines, Some("cs")).unwrap();
        assert_eq!((read.rows.len(), read.lines), (7, 2));
        assert_eq!(read.rows[5..], ["Sobota\t11:00 - 22:00", "Neděle\tclosed"]);
        let fewer = ["Pondělí Úterý Středa", "11:00 - 20:00 11:00 - 20:00"];
        assert_eq!(columns(&fewer, Some("cs")), None);
        // A time below each day is no column, and neither is one time for all.
        for lines in [
            &["Monday", "8am - 5pm", "Tuesday", "8am - 5pm"][..],
            &["Monday", "Tuesday", "8am - 5pm", "Call us"],
            &["Monday", "Tuesday", "8am - 5pm", "9am - 5pm", "10am - 5pm"],
        ] {
            assert_eq!(rows(lines, None), None, "{lines:?}");
        }
    }
}
