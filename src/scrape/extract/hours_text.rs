//! Opening hours as people write them: `Mon – Fri 8.30am to 5pm`, `Mo, Di, Do 8–12 und 14–18 Uhr`, tables, lists.

use super::hours::span;
pub(crate) use super::hours_days::day;
pub(crate) use super::hours_words::single_time;
use super::hours_words::{Token, Tokens};
use crate::scrape::payload::{Day, OpeningHours};

/// Words that may stand between a day and its times: "Monday: our reception is open from 9".
const MAX_WORDS_BETWEEN: usize = 5;

/// Reads a text that holds nothing but hours.
pub(crate) fn read_one(text: &str) -> Vec<OpeningHours> {
    let mut reader = Reader::default();
    for line in text.lines() {
        reader.line(line);
    }
    reader.week
}

/// Whether a line names a day or a range of times.
pub(crate) fn names_hours(line: &str) -> bool {
    Tokens::read(line, false).mentions_hours()
}

/// Puts hours together from lines in the order of the page.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    /// What has been read so far.
    pub(crate) week: Vec<OpeningHours>,
    /// Days that were called closed.
    pub(crate) closed: Vec<Day>,
    days: Vec<Day>,
    /// The days have had times already.
    used: bool,
    words: usize,
    czech: bool,
    /// Times that stood before their days: "8am–5pm Monday to Friday".
    ahead: Vec<(u16, u16)>,
    /// Where in `week` the hours of the days named last begin: a pause belongs to those.
    since: usize,
}

impl Reader {
    /// Reads one line; whether it said anything about hours.
    pub(crate) fn line(&mut self, line: &str) -> bool {
        let tokens = Tokens::read(line, self.czech);
        self.czech |= tokens.czech;
        if !tokens.mentions_hours() {
            // A heading or a remark between a day and its times ends the day.
            self.words += tokens.words();
            if self.words > MAX_WORDS_BETWEEN || self.used {
                self.days.clear();
            }
            return false;
        }
        let mut said = false;
        // A range that follows is a pause: "(closed 12:30 – 1:30)".
        let mut pausing = false;
        let list = tokens.list;
        let mut at = 0;
        self.ahead.clear();
        let starts_with_time = matches!(list.first(), Some(Token::Time(_)));
        if self.used && !starts_with_time {
            self.days.clear();
            self.used = false;
            self.since = self.week.len();
        }
        while at < list.len() {
            match &list[at] {
                Token::Day(_) | Token::Days(_) => {
                    let (days, next) = group(&list, at);
                    at = next;
                    self.since = self.week.len();
                    pausing = false;
                    if !self.ahead.is_empty() && (self.days.is_empty() || self.used) {
                        for (opens, closes) in std::mem::take(&mut self.ahead) {
                            said |= self.push(days.clone(), opens, closes);
                        }
                        self.days.clear();
                        continue;
                    }
                    self.days = days;
                    (self.used, self.words) = (false, 0);
                    said = true;
                }
                Token::Time(_) => match range(&list, at, pausing) {
                    Some((opens, closes, next)) => {
                        at = next;
                        let known = self.hours_beside(opens, closes);
                        let named = is_pause_after(&list, at) && known == Some(true);
                        if named || (std::mem::take(&mut pausing) && known != Some(false)) {
                            self.cut(opens, closes);
                            said = true;
                            continue;
                        }
                        if self.days.is_empty() {
                            self.ahead.push((opens, closes));
                        } else {
                            said |= self.push(self.days.clone(), opens, closes);
                            self.used = true;
                        }
                        self.words = 0;
                    }
                    None => at += 1,
                },
                Token::AllDay => {
                    said |= self.push(self.days.clone(), 0, 24 * 60);
                    self.used = true;
                    at += 1;
                }
                Token::Closed => {
                    said |= !self.days.is_empty();
                    pausing = true;
                    at += 1;
                    let times = list[at..]
                        .iter()
                        .position(|token| !matches!(token, Token::Word | Token::Pause));
                    if times.is_some_and(|skip| range(&list, at + skip, true).is_some()) {
                        continue;
                    }
                    if !self.used {
                        self.closed.append(&mut self.days);
                    }
                    self.used = true;
                }
                Token::Word | Token::Pause => {
                    pausing |= list[at] == Token::Pause;
                    self.words += 1;
                    if self.words > MAX_WORDS_BETWEEN {
                        self.days.clear();
                    }
                    at += 1;
                }
                Token::Dash | Token::And => at += 1,
            }
        }
        said
    }

    /// Whether the last hours touch a range, if there are any.
    fn hours_beside(&self, opens: u16, closes: u16) -> Option<bool> {
        let week = self.week.get(self.since..).unwrap_or_default();
        let mut spans = week
            .iter()
            .map(|hours| (minutes(&hours.opens), minutes(&hours.closes)))
            .chain(self.ahead.iter().copied())
            .peekable();
        spans.peek()?;
        Some(spans.any(|(from, to)| opens <= to && from <= closes))
    }

    /// Takes a pause out of the last hours.
    fn cut(&mut self, opens: u16, closes: u16) {
        let inside = |from: u16, to: u16| from < opens && opens < closes && closes < to;
        for at in 0..self.ahead.len() {
            let (from, to) = self.ahead[at];
            if inside(from, to) {
                self.ahead[at].1 = opens;
                self.ahead.push((closes, to));
            }
        }
        for at in self.since..self.week.len() {
            let hours = &self.week[at];
            let (from, to) = (minutes(&hours.opens), minutes(&hours.closes));
            if inside(from, to) {
                let days = hours.days.clone();
                let (before, after) = (span(days.clone(), from, opens), span(days, closes, to));
                if let (Some(before), Some(after)) = (before, after) {
                    self.week[at] = before;
                    self.week.push(after);
                }
            }
        }
    }

    fn push(&mut self, days: Vec<Day>, opens: u16, closes: u16) -> bool {
        match span(days, opens, closes) {
            Some(hours) => {
                self.week.push(hours);
                true
            }
            None => false,
        }
    }
}

/// `08:30` in minutes.
fn minutes(clock: &str) -> u16 {
    let part = |text: &str| text.parse::<u16>().unwrap_or_default();
    clock
        .split_once(':')
        .map_or(0, |(hour, minute)| part(hour) * 60 + part(minute))
}

/// "12 – 1 closed", "12 – 1 lunch", but not "9 – 5 closed Sunday".
fn is_pause_after(list: &[Token], at: usize) -> bool {
    match list.get(at) {
        Some(Token::Pause) => true,
        Some(Token::Closed) => !list[at + 1..]
            .iter()
            .any(|token| matches!(token, Token::Day(_) | Token::Days(_))),
        _ => false,
    }
}

/// The days named from `at` on, and where they end.
fn group(list: &[Token], mut at: usize) -> (Vec<Day>, usize) {
    let mut days = Vec::new();
    loop {
        match list.get(at) {
            Some(Token::Day(from)) => match (list.get(at + 1), list.get(at + 2)) {
                (Some(Token::Dash), Some(Token::Day(to))) => {
                    days.extend(from.through(*to));
                    at += 3;
                }
                _ => {
                    days.push(*from);
                    at += 1;
                }
            },
            Some(Token::Days(several)) => {
                days.extend(several.iter().copied());
                at += 1;
            }
            Some(Token::And) if matches!(list.get(at + 1), Some(Token::Day(_) | Token::Days(_))) => at += 1,
            _ => return (days, at),
        }
    }
}

/// Two times with something between them that means "until", in minutes, and where they end. Small bare numbers are
/// times where a `pause` is expected.
fn range(list: &[Token], at: usize, pause: bool) -> Option<(u16, u16, usize)> {
    let (Some(Token::Time(from)), Some(Token::Dash), Some(Token::Time(to))) =
        (list.get(at), list.get(at + 1), list.get(at + 2))
    else {
        return None;
    };
    // "1 - 2" alone may be anything; a time has a colon, a meridiem, or a word for "o'clock".
    let usual = (6..=12).contains(&from.hour) && (1..=24).contains(&to.hour);
    if !(from.explicit || to.explicit || usual || pause) {
        return None;
    }
    let (mut opens, mut closes) = (from.minutes(), to.minutes());
    match (from.pm, to.pm) {
        (Some(_), Some(_)) => {}
        (None, Some(true)) if from.hour < 12 => {
            // "1 – 5pm" begins after noon, "9 – 5pm" does not.
            let to_clock = closes - 12 * 60 * u16::from(closes >= 12 * 60);
            if opens < to_clock && from.hour < 7 {
                opens += 12 * 60;
            }
        }
        (Some(false), None) if closes <= opens && to.hour < 12 => closes += 12 * 60,
        (Some(true), None) if to.hour < 12 && to.hour > 0 && !to.padded => closes += 12 * 60,
        (None, None) if closes <= opens && opens < 13 * 60 && closes < 12 * 60 && closes > 0 && !to.padded => {
            closes += 12 * 60
        }
        (None, None)
            if opens < 6 * 60 && !from.padded && !to.padded && opens > 0 && opens < closes && closes <= 11 * 60 =>
        {
            opens += 12 * 60;
            closes += 12 * 60;
        }
        _ => {}
    }
    Some((opens, closes, at + 3))
}

#[cfg(test)]
#[path = "hours_text_tests.rs"]
mod tests;
