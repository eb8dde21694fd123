//! Opening hours as people write them: `Mon – Fri 8.30am to 5pm`, `Mo, Di, Do 8–12 und 14–18 Uhr`, tables, lists.

pub(crate) use super::days::day;
use super::lexicon::Part;
use super::ranges::{before_closed, group, is_pause_after, later_days, pair_cells, range};
use super::span;
pub(crate) use super::words::single_time;
use super::words::{Token, Tokens};
use crate::scrape::payload::{Day, OpeningHours};

/// Words that may stand between a day and its times: "Monday: our reception is open from 9".
const MAX_WORDS_BETWEEN: usize = 5;
/// Times without a day that are kept.
const MAX_LOOSE: usize = 6;
/// When what follows is no morning any more.
const AFTERNOON: u16 = 14 * 60;

/// Reads a text that holds nothing but hours.
pub(crate) fn read_one(text: &str) -> Vec<OpeningHours> {
    let mut reader = Reader::default();
    for line in text.lines() {
        reader.line(line);
    }
    reader.into_open()
}

/// Whether a line names a day or a range of times.
pub(crate) fn names_hours(line: &str, language: Option<&'static str>) -> bool {
    Tokens::read(line, language).mentions_hours()
}

/// The ranges of times in a text without days, in minutes.
pub(crate) fn ranges(text: &str) -> Vec<(u16, u16)> {
    let list = Tokens::read(text, None).list;
    let mut out = Vec::new();
    let mut at = 0;
    while at < list.len() {
        match range(&list, at, true) {
            Some((opens, closes, next)) => {
                out.push((opens, closes));
                at = next;
            }
            None => at += 1,
        }
    }
    out
}

/// The spans of time of a text that says nothing else, each for another day; `None` among them where that one is closed.
pub(crate) fn cells(text: &str, language: Option<&'static str>) -> Option<Vec<Option<(u16, u16)>>> {
    let list = Tokens::read(text, language).list;
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(token) = list.get(at) {
        if matches!(token, Token::Closed) {
            out.push(None);
            at += 1;
            continue;
        }
        let (opens, closes, next) = range(&list, at, true)?;
        out.push(Some((opens, closes)));
        at = next;
    }
    Some(out)
}

/// The days that a text names, if it says nothing else.
pub(crate) fn days_alone(text: &str, language: Option<&'static str>) -> Option<Vec<Day>> {
    let list = Tokens::read(text, language).list;
    let (days, end) = group(&list, 0);
    let rest = list.get(end..).unwrap_or_default();
    let alone = rest.iter().all(|token| matches!(token, Token::And));
    (!days.is_empty() && alone).then_some(days)
}

/// Puts hours together from lines in the order of the page.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    /// What has been read so far.
    pub(crate) week: Vec<OpeningHours>,
    /// Days that were called closed.
    pub(crate) closed: Vec<Day>,
    /// Mornings and evenings that were called closed.
    pub(crate) shut: Vec<(Day, Part)>,
    /// Times for which no day was named.
    pub(crate) loose: Vec<(u16, u16)>,
    /// The language that the page is in.
    pub(crate) language: Option<&'static str>,
    days: Vec<Day>,
    /// The days have had times already.
    used: bool,
    words: usize,
    /// Times that stood before their days: "8am–5pm Monday to Friday".
    ahead: Vec<(u16, u16)>,
    /// Where in `week` the hours of the days named last begin: a pause belongs to those.
    since: usize,
    /// Where in `week` the hours of this line begin.
    line_since: usize,
    labelled: bool,
}

impl Reader {
    /// A reader of a page in a language.
    pub(crate) fn new(language: Option<&'static str>) -> Self {
        Self {
            language,
            ..Self::default()
        }
    }

    /// The week without the days, mornings and evenings that were called closed.
    pub(crate) fn into_open(self) -> Vec<OpeningHours> {
        let mut week = self.week;
        for hours in &mut week {
            let shut = |day: &Day| {
                self.shut
                    .iter()
                    .any(|(shut, part)| shut == day && lies_in(hours, *part))
            };
            let open: Vec<Day> = hours
                .days
                .iter()
                .copied()
                .filter(|day| !self.closed.contains(day) && !shut(day))
                .collect();
            hours.days = open;
        }
        week.retain(|hours| !hours.days.is_empty());
        week
    }

    /// Whether nothing has been read.
    pub(crate) fn is_blank(&self) -> bool {
        self.week.is_empty() && self.closed.is_empty() && self.shut.is_empty() && self.loose.is_empty()
    }

    /// What comes next has nothing to do with the days named last.
    pub(crate) fn forget_days(&mut self) {
        self.days.clear();
    }

    /// Reads one line; whether it said anything about hours.
    pub(crate) fn line(&mut self, line: &str) -> bool {
        let mut tokens = Tokens::read(line, self.language);
        self.language = self.language.or(tokens.language);
        if !(tokens.mentions_hours() || line.contains('\t') && pair_cells(&mut tokens.list)) {
            // A heading or a remark between a day and its times ends the day.
            self.words += tokens.words();
            if self.words > MAX_WORDS_BETWEEN || self.used {
                self.days.clear();
            }
            return false;
        }
        if line.contains('\t') {
            pair_cells(&mut tokens.list);
        }
        let list = tokens.list;
        self.ahead.clear();
        self.labelled = tokens.labelled;
        self.line_since = self.week.len();
        let starts_with_time = matches!(
            list.iter().find(|token| !matches!(token, Token::And | Token::Part(_))),
            Some(Token::Time(_))
        );
        if self.used && !starts_with_time {
            self.days.clear();
            self.used = false;
            self.since = self.week.len();
        }
        let said = self.tokens(&list);
        // Telephone numbers and years look like compact times.
        let compact = list
            .iter()
            .any(|token| matches!(token, Token::Time(time) if time.compact));
        let loose = !said && !compact && !self.ahead.is_empty() && self.loose.len() < MAX_LOOSE;
        if loose {
            self.loose.append(&mut self.ahead);
        }
        said || loose
    }

    fn tokens(&mut self, list: &[Token]) -> bool {
        let mut said = false;
        // A range that follows is a pause: "(closed 12:30 – 1:30)".
        let mut pausing = false;
        // Days that follow are closed: "Closed Sundays".
        let mut closing = false;
        // A time that is no part of a range makes none with what follows.
        let mut lone = usize::MAX;
        let mut at = 0;
        while at < list.len() {
            match &list[at] {
                Token::Day(_) | Token::Days(_) => {
                    let (days, next) = group(list, at);
                    at = next;
                    said = true;
                    let timed = range(list, at + usize::from(matches!(list.get(at), Some(Token::And))), true).is_some();
                    if closing && !timed {
                        at = self.close(days, list, at);
                        continue;
                    }
                    // "Closed daily 12:00 - 1:00 for lunch": a pause of all days before.
                    if pausing && timed && days.len() == Day::WEEK.len() && !self.week.is_empty() {
                        self.since = self.line_since.min(self.week.len());
                        continue;
                    }
                    (pausing, closing) = (false, false);
                    self.since = self.week.len();
                    if !self.ahead.is_empty() && (self.days.is_empty() || self.used) {
                        for (opens, closes) in std::mem::take(&mut self.ahead) {
                            self.push(days.clone(), opens, closes);
                        }
                        self.days.clear();
                        continue;
                    }
                    self.days = days;
                    (self.used, self.words) = (false, 0);
                }
                Token::Time(_) => match range(list, at, pausing) {
                    Some((opens, closes, next)) => {
                        at = next;
                        let known = self.hours_beside(opens, closes);
                        let named = is_pause_after(list, at) && known == Some(true);
                        if named || (std::mem::take(&mut pausing) && known != Some(false)) {
                            self.cut(opens, closes);
                            said = true;
                            continue;
                        }
                        closing = false;
                        if self.days.is_empty() {
                            self.ahead.push((opens, closes));
                        } else {
                            said |= self.push(self.days.clone(), opens, closes);
                            self.used = true;
                        }
                        self.words = 0;
                    }
                    None => {
                        lone = at + 1;
                        at += 1;
                    }
                },
                Token::Dash => {
                    at += 1;
                    if lone != at - 1
                        && range(list, at, false).is_none()
                        && let Some(Token::Time(time)) = list.get(at)
                    {
                        let fresh = !self.used && !self.days.is_empty();
                        let (days, next) = match later_days(list, at + 1).filter(|_| !fresh) {
                            Some(later) => later,
                            None => (self.days.clone(), at + 1),
                        };
                        let fresh = fresh || next > at + 1;
                        if fresh && (time.explicit || time.hour >= 1) && self.until(&days, time.minutes(), time.pm) {
                            said = true;
                            self.used = true;
                            at = next;
                        }
                    }
                }
                Token::AllDay => {
                    at += 1;
                    if self.days.is_empty()
                        && let Some((days, next)) =
                            later_days(list, at + usize::from(list.get(at) == Some(&Token::And)))
                    {
                        self.days = days;
                        at = next;
                    }
                    said |= self.push(self.days.clone(), 0, 24 * 60);
                    self.used = true;
                }
                Token::Closed => {
                    said |= !self.days.is_empty();
                    at += 1;
                    pausing = true;
                    let times = list[at..]
                        .iter()
                        .position(|token| !matches!(token, Token::Word | Token::Pause | Token::Part(_)));
                    if times.is_some_and(|skip| range(list, at + skip, true).is_some()) {
                        continue;
                    }
                    closing = self.days.is_empty() || self.used;
                    if !self.used {
                        let days = std::mem::take(&mut self.days);
                        match before_closed(list, at - 1) {
                            Some(part) => self.shut.extend(days.into_iter().map(|day| (day, part))),
                            None => self.closed.extend(days),
                        }
                    }
                    self.used = true;
                }
                // "Open daily 9am-5pm except Mondays": the hours of this line, and what it says of other lines stays.
                Token::Except if self.used && matches!(list.get(at + 1), Some(Token::Day(_) | Token::Days(_))) => {
                    let (days, next) = group(list, at + 1);
                    if range(list, next, true).is_some() {
                        at += 1;
                        continue;
                    }
                    let part = match list.get(next) {
                        Some(Token::Part(part)) => Some(*part),
                        _ => None,
                    };
                    at = next + usize::from(part.is_some());
                    for hours in self.week.iter_mut().skip(self.line_since) {
                        if part.is_none_or(|part| lies_in(hours, part)) {
                            hours.days.retain(|day| !days.contains(day));
                        }
                    }
                    self.week.retain(|hours| !hours.days.is_empty());
                    self.since = self.since.min(self.week.len());
                    self.line_since = self.line_since.min(self.week.len());
                }
                Token::Word | Token::Pause | Token::Except => {
                    pausing |= matches!(list[at], Token::Pause | Token::Except);
                    self.words += 1;
                    if self.words > MAX_WORDS_BETWEEN {
                        self.days.clear();
                    }
                    at += 1;
                }
                Token::And | Token::Part(_) => at += 1,
            }
        }
        said
    }

    /// Takes in days that were called closed, each with the part of the day that is meant; where they end.
    fn close(&mut self, days: Vec<Day>, list: &[Token], at: usize) -> usize {
        match list.get(at) {
            Some(Token::Part(part)) => {
                // "Closed Mondays and Sunday evenings": the evening is Sunday's alone.
                let (last, rest) = days
                    .split_last()
                    .map_or((None, &[][..]), |(last, rest)| (Some(*last), rest));
                self.closed.extend_from_slice(rest);
                self.shut.extend(last.map(|day| (day, *part)));
                at + 1
            }
            _ => {
                self.closed.extend(days);
                at
            }
        }
    }

    /// A closing time alone: "Friday till 4" opens as the days before it do, and where the day has hours, their end moves.
    fn until(&mut self, days: &[Day], closes: u16, pm: Option<bool>) -> bool {
        let Some(before) = self.week.last() else {
            return false;
        };
        let model: Vec<(u16, u16)> = self
            .week
            .iter()
            .filter(|hours| hours.days == before.days)
            .map(|hours| (minutes(&hours.opens), minutes(&hours.closes)))
            .collect();
        let last = model.iter().map(|(opens, _)| *opens).max().unwrap_or_default();
        let closes = match pm {
            None if closes <= 12 * 60 && closes <= last => closes + 12 * 60,
            _ => closes,
        };
        if days.is_empty() || closes > 24 * 60 {
            return false;
        }
        for day in days {
            let own = self
                .week
                .iter()
                .filter(|hours| hours.days.contains(day))
                .map(|hours| (minutes(&hours.opens), minutes(&hours.closes)));
            let own: Vec<(u16, u16)> = own.collect();
            for hours in &mut self.week {
                hours.days.retain(|known| known != day);
            }
            let model = if own.is_empty() { &model } else { &own };
            let last = model
                .iter()
                .map(|(opens, _)| *opens)
                .filter(|opens| *opens < closes)
                .max();
            for (opens, ends) in model.iter().filter(|(opens, _)| *opens < closes) {
                let ends = if Some(*opens) == last { closes } else { *ends };
                self.week.extend(span(vec![*day], *opens, ends));
            }
        }
        self.week.retain(|hours| !hours.days.is_empty());
        (self.since, self.line_since) = (self.since.min(self.week.len()), self.line_since.min(self.week.len()));
        true
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

    /// Adds hours. What stands in the week already is not said again: the first table of a page is the regular one, but
    /// a day or two named apart from a longer run of days have hours of their own.
    fn push(&mut self, mut days: Vec<Day>, opens: u16, closes: u16) -> bool {
        let earlier = self.line_since.min(self.week.len());
        let labelled = self.labelled
            && !days.is_empty()
            && days
                .iter()
                .all(|day| self.week[..earlier].iter().any(|hours| hours.days.contains(day)));
        if labelled {
            return false;
        }
        let apart = days.len() <= 2;
        for at in (0..self.week.len()).rev() {
            if !overlap(&self.week[at], opens, closes) {
                continue;
            }
            let shared = |day: &Day| self.week[at].days.contains(day);
            if apart && self.week[at].days.len() >= 4 && days.iter().all(shared) {
                self.week[at].days.retain(|day| !days.contains(day));
            } else {
                let known = self.week[at].days.clone();
                days.retain(|day| !known.contains(day));
            }
        }
        match span(days, opens, closes) {
            Some(hours) => {
                self.week.push(hours);
                true
            }
            None => false,
        }
    }
}

/// Whether hours share time with a range, also where one of them ends after midnight.
fn overlap(hours: &OpeningHours, opens: u16, closes: u16) -> bool {
    let end = |from: u16, to: u16| if to <= from { to + 24 * 60 } else { to };
    let (from, to) = (minutes(&hours.opens), minutes(&hours.closes));
    opens < end(from, to) && from < end(opens, closes)
}

/// Whether hours lie in a part of the day.
fn lies_in(hours: &OpeningHours, part: Part) -> bool {
    (minutes(&hours.opens) < AFTERNOON) == (part == Part::Morning)
}

/// `08:30` in minutes.
pub(crate) fn minutes(clock: &str) -> u16 {
    let part = |text: &str| text.parse::<u16>().unwrap_or_default();
    clock
        .split_once(':')
        .map_or(0, |(hour, minute)| part(hour) * 60 + part(minute))
}

#[cfg(test)]
#[path = "text_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "world_tests.rs"]
mod world_tests;
