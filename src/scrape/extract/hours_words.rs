//! The words of opening hours in the languages that sites are in, and their tokens.

use super::hours_days::day;
use crate::scrape::payload::Day;

/// A time of day as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Time {
    pub(crate) hour: u16,
    pub(crate) minute: u16,
    /// `Some(true)` for pm; the hour has been counted up already.
    pub(crate) pm: Option<bool>,
    /// Cannot be taken for another number.
    pub(crate) explicit: bool,
    /// Written with a leading zero, which only 24-hour clocks do.
    pub(crate) padded: bool,
}

impl Time {
    pub(crate) fn minutes(self) -> u16 {
        self.hour * 60 + self.minute
    }
}

/// What matters in a line about hours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    Day(Day),
    Days(Vec<Day>),
    Time(Time),
    Dash,
    And,
    Closed,
    /// A word that introduces a pause: "lunch", "except".
    Pause,
    AllDay,
    Word,
}

/// The tokens of a line.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    /// A day was named as only Czech and Slovak name it: there "so" is Saturday.
    pub(crate) czech: bool,
    pub(crate) list: Vec<Token>,
}

/// A time that stands alone, as in `opens`: `08:30`, `8:30 AM`, `T08:00:00+12:00`.
pub(crate) fn single_time(text: &str) -> Option<u16> {
    let text = text.trim().trim_start_matches('T');
    let text = text.rsplit_once('T').map_or(text, |(_, time)| time);
    match Tokens::read(text, false).list.first()? {
        Token::Time(time) if time.minutes() <= 24 * 60 => Some(time.minutes()),
        _ => None,
    }
}

impl Tokens {
    /// Cuts a line into tokens.
    pub(crate) fn read(line: &str, czech: bool) -> Self {
        let mut out = Self {
            czech,
            ..Self::default()
        };
        let mut rest = line;
        let mut before = ' ';
        while let Some(c) = rest.chars().next() {
            if c.is_ascii_digit() {
                let ends_range = matches!(out.list.as_slice(), [.., Token::Time(_), Token::Dash]);
                let (token, length) = time(rest, before, ends_range);
                out.push(token);
                before = rest[..length].chars().next_back().unwrap_or(' ');
                rest = &rest[length..];
                continue;
            }
            if rest.starts_with("t/m") {
                out.push(Token::Dash);
                rest = &rest[3..];
                continue;
            }
            if c.is_alphabetic() {
                let length = rest
                    .find(|c: char| !(c.is_alphabetic() || c == '\'' || c == '’'))
                    .unwrap_or(rest.len());
                let (word, after) = rest.split_at(length);
                out.word(word, after);
                before = 'a';
                rest = after;
                continue;
            }
            match c {
                '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '~' | '→' => out.push(Token::Dash),
                ',' | '&' | '+' | '/' | '|' | '\t' => out.push(Token::And),
                _ => {}
            }
            before = c;
            rest = &rest[c.len_utf8()..];
        }
        out
    }

    /// Whether a line can belong to a table of hours.
    pub(crate) fn mentions_hours(&self) -> bool {
        self.list
            .iter()
            .any(|token| matches!(token, Token::Day(_) | Token::Days(_) | Token::AllDay | Token::Closed))
            || self
                .list
                .windows(3)
                .any(|three| matches!(three, [Token::Time(_), Token::Dash, Token::Time(_)]))
    }

    /// Words without meaning for hours.
    pub(crate) fn words(&self) -> usize {
        self.list
            .iter()
            .filter(|token| matches!(token, Token::Word | Token::Pause))
            .count()
    }

    fn push(&mut self, token: Token) {
        let same = matches!(
            (self.list.last(), &token),
            (Some(Token::Dash), Token::Dash) | (Some(Token::And), Token::And)
        );
        if !same && self.list.len() < 400 {
            self.list.push(token);
        }
    }

    fn word(&mut self, word: &str, after: &str) {
        let lower = word.to_lowercase();
        match lower.as_str() {
            "to" if self.after_day_or_time() => return self.push(Token::Dash),
            "bis" | "till" | "til" | "until" | "through" | "thru" | "au" | "à" | "a" | "al" | "hasta" | "tot" | "t"
            | "tm" | "alle" | "fino" | "ate" | "até" | "às" | "do"
                if self.after_day_or_time() && !(lower == "do" && day_like_after(after)) =>
            {
                return self.push(Token::Dash);
            }
            "and" | "und" | "et" | "y" | "e" | "en" | "og" | "och" | "ja" | "i" | "sowie" => {
                return self.push(Token::And);
            }
            "closed" | "geschlossen" | "fermé" | "ferme" | "cerrado" | "chiuso" | "gesloten" | "fechado" | "lukket"
            | "stängt" | "suljettu" | "zamknięte" | "nieczynne" | "zavřeno" | "ruhetag" | "shut" | "fermée"
            | "fermés" | "fermées" | "cerrada" | "cerrados" => {
                return self.push(Token::Closed);
            }
            "lunch" | "lunchtime" | "break" | "except" | "excluding" | "außer" | "ausser" | "mittagspause"
            | "pause" | "sauf" | "pausa" | "excepto" | "salvo" | "almuerzo" | "pauze" | "lunchpauze"
            | "middagpauze" | "behalve" => {
                return self.push(Token::Pause);
            }
            "daily" | "everyday" | "täglich" | "dagelijks" | "quotidien" => {
                return self.push(Token::Days(Day::WEEK.to_vec()));
            }
            "weekdays" | "werktags" | "wochentags" | "weekday" | "doordeweeks" => {
                return self.push(Token::Days(Day::Mo.through(Day::Fr)));
            }
            "weekends" | "weekend" | "wochenende" => return self.push(Token::Days(vec![Day::Sa, Day::Su])),
            "hours" | "stunden" | "heures" | "horas" if matches!(self.list.last(), Some(Token::Time(time)) if time.hour == 24 && time.minute == 0) =>
            {
                self.list.pop();
                return self.push(Token::AllDay);
            }
            "noon" | "midday" | "mittags" | "midi" => {
                if !matches!(self.list.last(), Some(Token::Time(time)) if time.hour == 12) {
                    self.push(Token::Time(Time {
                        hour: 12,
                        minute: 0,
                        pm: Some(true),
                        explicit: true,
                        padded: false,
                    }));
                }
                return;
            }
            "midnight" | "mitternacht" | "minuit" => {
                self.push(Token::Time(Time {
                    hour: 24,
                    minute: 0,
                    pm: Some(true),
                    explicit: true,
                    padded: true,
                }));
                return;
            }
            "uhr" | "h" | "hrs" | "hs" | "klo" | "kl" | "o'clock" => {
                if let Some(Token::Time(time)) = self.list.last_mut() {
                    time.explicit = true;
                }
                return;
            }
            _ => {}
        }
        let short = word.chars().count() <= 3;
        let named = day(word).filter(|_| !short || short_day(word, after));
        match named {
            Some(_) if self.czech && lower == "so" => self.push(Token::Day(Day::Sa)),
            Some(day) => {
                self.czech |= matches!(
                    lower.as_str(),
                    "po" | "út" | "ut" | "čt" | "pá" | "ne" | "pondělí" | "pátek"
                );
                self.push(Token::Day(day));
            }
            // "feira" of "segunda-feira" belongs to the day before it.
            None if lower == "feira" => {
                if matches!(self.list.last(), Some(Token::Dash)) {
                    self.list.pop();
                }
            }
            None => self.push(Token::Word),
        }
    }

    fn after_day_or_time(&self) -> bool {
        matches!(self.list.last(), Some(Token::Day(_) | Token::Time(_)))
    }
}

fn day_like_after(after: &str) -> bool {
    after.trim_start().starts_with(|c: char| c.is_ascii_digit())
}

/// Short names of days are words of other languages too: they count when capitalised and followed by what follows days.
fn short_day(word: &str, after: &str) -> bool {
    let mut next = after.chars();
    let capital = word.starts_with(char::is_uppercase);
    match next.next() {
        None => capital,
        Some('.' | ':' | '-' | '–' | '—' | '/' | '&' | '+' | ',' | '\t' | '|' | ')') => true,
        Some(' ') => {
            let rest = after.trim_start();
            let follows = rest.starts_with(|c: char| {
                c.is_ascii_digit() || matches!(c, '-' | '–' | '—' | '&' | '+' | '/' | '(' | ':' | '|')
            });
            let word_after = rest
                .split(|c: char| !c.is_alphabetic())
                .next()
                .unwrap_or_default()
                .to_lowercase();
            let linked = matches!(
                word_after.as_str(),
                "to" | "bis"
                    | "t"
                    | "and"
                    | "und"
                    | "au"
                    | "al"
                    | "a"
                    | "et"
                    | "y"
                    | "e"
                    | "tot"
                    | "till"
                    | "closed"
                    | "geschlossen"
                    | "til"
                    | "from"
                    | "von"
                    | "ab"
                    | "through"
            );
            // "ma t/m vr": what links two days makes both of them days, however they are written.
            let linked_days = linked && rest.split([' ', '/']).skip(1).take(2).any(|word| day(word).is_some());
            follows || linked_days || (capital && (linked || day(&word_after).is_some()))
        }
        Some(_) => false,
    }
}

/// The number at the start of `rest` as a time of day, or a word when it is none, and its length.
fn time(rest: &str, before: char, ends_range: bool) -> (Token, usize) {
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let word = (Token::Word, digits);
    if matches!(before, '$' | '€' | '£' | '#' | '.' | '+') {
        return word;
    }
    let bytes = rest.as_bytes();
    let number = |range: std::ops::Range<usize>| rest.get(range).and_then(|part| part.parse::<u16>().ok());
    let mut length = digits;
    let (hour, mut minute, mut explicit) = match digits {
        1 | 2 => (number(0..digits), 0, false),
        3 | 4
            if ends_range
                || rest[digits..]
                    .trim_start()
                    .to_ascii_lowercase()
                    .starts_with(['a', 'p', 'h', '-', '–']) =>
        {
            (
                number(0..digits - 2),
                number(digits - 2..digits).unwrap_or(99),
                digits == 4,
            )
        }
        _ => return word,
    };
    let Some(mut hour) = hour else { return word };
    if digits <= 2 && bytes.len() > digits + 2 && matches!(bytes[digits], b':' | b'.' | b'h' | b'H' | b'u') {
        let two = bytes[digits + 1].is_ascii_digit() && bytes[digits + 2].is_ascii_digit();
        if two && !bytes.get(digits + 3).is_some_and(u8::is_ascii_digit) {
            minute = number(digits + 1..digits + 3).unwrap_or(99);
            length = digits + 3;
            explicit = true;
            // Seconds, and then a zone, as in machine-readable values.
            if bytes.get(length) == Some(&b':') && bytes.get(length + 2).is_some_and(u8::is_ascii_digit) {
                length += 3;
            } else if bytes.get(length) == Some(&b'.') && bytes.get(length + 1).is_some_and(u8::is_ascii_digit) {
                // A date: 12.05.2024.
                return (Token::Word, length);
            }
        }
    } else if bytes.get(digits).is_some_and(|b| matches!(b, b'h' | b'H'))
        && !bytes.get(digits + 1).is_some_and(u8::is_ascii_alphanumeric)
    {
        length += 1;
        explicit = true;
    }
    let tail = rest[length..].trim_start_matches(' ');
    let space = rest.len() - length - tail.len();
    let mut pm = None;
    let lower: String = tail.chars().take(5).flat_map(char::to_lowercase).collect();
    for (mark, is_pm) in [
        ("a.m.", false),
        ("p.m.", true),
        ("a.m", false),
        ("p.m", true),
        ("am", false),
        ("pm", true),
        ("a", false),
        ("p", true),
    ] {
        let glued = mark.len() > 1 || space == 0;
        if glued && lower.starts_with(mark) && !lower[mark.len()..].starts_with(char::is_alphabetic) && hour <= 12 {
            pm = Some(is_pm);
            explicit = true;
            length += space + mark.len();
            break;
        }
    }
    let padded = rest.starts_with('0') || hour >= 13;
    match pm {
        Some(true) if hour < 12 => hour += 12,
        Some(false) if hour == 12 => hour = 0,
        _ => {}
    }
    let ends = rest[length..].chars().next();
    if hour > 24
        || minute > 59
        || (hour == 24 && minute > 0)
        || ends.is_some_and(|c| matches!(c, '%' | '°' | '€' | '$'))
    {
        return (Token::Word, length.max(digits));
    }
    (
        Token::Time(Time {
            hour,
            minute,
            pm,
            explicit,
            padded,
        }),
        length,
    )
}
