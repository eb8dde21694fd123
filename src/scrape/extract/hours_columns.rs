//! Days in one column and their times in the next: as text, all the days and then all the times.

use super::hours_days::day;
use super::hours_text::{days_alone, ranges};
use super::hours_words::{Token, Tokens};

/// Days of a week, and a line for holidays.
const MOST: usize = 8;
/// Lines that rows can be made of, and one more, by which it is seen that they end.
pub(super) const REACH: usize = 2 * MOST + 1;
/// Longer lines say more than a day or a time.
const LONGEST: usize = 48;

/// The rows that begin with the first of `lines`: as many days as times follow them. Each is a day, a tab, and its times; the
/// lines that they were made of are twice as many.
pub(super) fn rows(lines: &[&str], language: Option<&'static str>) -> Option<Vec<String>> {
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

/// Whether a line names days and nothing else.
pub(super) fn is_day(line: &str, language: Option<&'static str>) -> bool {
    let first = line.split(|c: char| !c.is_alphabetic()).find(|word| !word.is_empty());
    line.len() <= LONGEST
        && !line.bytes().any(|b| b.is_ascii_digit() || b == b'\t')
        && first.is_some_and(|word| day(word).is_some())
        && days_alone(line, language).is_some()
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
