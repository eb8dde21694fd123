//! The tokens of a line about opening hours.

use super::cjk;
pub(crate) use super::clock::Time;
use super::clock::bracketed;
use super::clock::{time, unslashed};
use super::days::day_in;
use super::lexicon::{Meaning, Part, may_matter, meaning, phrase};
use crate::scrape::payload::Day;

/// What matters in a line about hours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    Day(Day),
    Days(Vec<Day>),
    Time(Time),
    Dash,
    And,
    Closed,
    /// What follows is taken away.
    Except,
    /// A word that introduces a pause: "lunch".
    Pause,
    AllDay,
    /// "morning", "evening".
    Part(Part),
    Word,
}

/// The tokens of a line.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    /// The language that decides what short names of days mean; found in the line where nobody knew it.
    pub(crate) language: Option<&'static str>,
    pub(crate) list: Vec<Token>,
    /// The line begins with a label that names no day, such as "Deliveries:".
    pub(crate) labelled: bool,
    /// "between" was read, and not yet its "and".
    between: bool,
}

/// A time that stands alone, as in `opens`: `08:30`, `8:30 AM`, `T08:00:00+12:00`.
pub(crate) fn single_time(text: &str) -> Option<u16> {
    let text = text.trim().trim_start_matches('T');
    let text = text.rsplit_once('T').map_or(text, |(_, time)| time);
    match Tokens::read(text, None).list.first()? {
        Token::Time(time) if time.minutes() <= 24 * 60 => Some(time.minutes()),
        _ => None,
    }
}

impl Tokens {
    /// Cuts a line into tokens.
    pub(crate) fn read(line: &str, language: Option<&'static str>) -> Self {
        let mut out = Self {
            language,
            ..Self::default()
        };
        let narrow = cjk::narrowed(line);
        let line = narrow.as_deref().unwrap_or(line);
        let respelled = respelled(line);
        let line = respelled.as_deref().unwrap_or(line);
        let plain = line.contains('/').then(|| unslashed(line)).flatten();
        let mut rest = plain.as_deref().unwrap_or(line);
        let mut before = ' ';
        // "pm" that stands before its time.
        let mut meridiem = None;
        while let Some(c) = rest.chars().next() {
            if c.is_ascii_digit() {
                let length = out.number(rest, before, meridiem.take());
                before = rest[..length].chars().next_back().unwrap_or(' ');
                rest = &rest[length..];
                continue;
            }
            if let Some(prefix) = ["t/m", "t.e.m.", "t.e.m", "t.o.m.", "t.o.m"]
                .into_iter()
                .find(|prefix| c == 't' && rest.starts_with(prefix))
            {
                out.push(Token::Dash);
                rest = &rest[prefix.len()..];
                continue;
            }
            if cjk::is_script(c) {
                let (found, length) = cjk::token(rest, before);
                match found {
                    Some(cjk::Found::Token(token)) => out.push(token),
                    Some(cjk::Found::Meridiem(pm)) => meridiem = Some(pm),
                    None => {}
                }
                before = '日';
                rest = &rest[length..];
                continue;
            }
            if c.is_alphabetic() {
                let length = rest
                    .find(|c: char| !(c.is_alphabetic() || c == '\'' || c == '’') || cjk::is_script(c))
                    .unwrap_or(rest.len());
                let (word, after) = rest.split_at(length);
                let more = out.word(word, after);
                before = 'a';
                rest = &after[more..];
                continue;
            }
            match c {
                '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '~' | '→' | '\u{301c}' => out.push(Token::Dash),
                ',' | '&' | '+' | '/' | '|' | '\t' | '・' | '、' => out.push(Token::And),
                // What stands in brackets ends there: "(till 7pm on Wednesdays) and Saturdays".
                ')' if matches!(out.list.last(), Some(Token::Day(_))) => out.push(Token::Word),
                ':' => {
                    let told = out.list.iter().any(|token| !matches!(token, Token::Word | Token::And));
                    out.labelled |= !told && !out.list.is_empty();
                }
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
            .filter(|token| matches!(token, Token::Word | Token::Pause | Token::Except))
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

    /// Takes in the number that `rest` begins with; its length.
    fn number(&mut self, rest: &str, before: char, meridiem: Option<bool>) -> usize {
        if let Some(length) = north_american(rest) {
            self.push(Token::Word);
            return length;
        }
        // "Cubs (7–10): Fridays, 18:00 – 19:30": before a day they are ages.
        let named = || {
            self.list
                .iter()
                .any(|token| matches!(token, Token::Day(_) | Token::Days(_)))
        };
        if before == '('
            && let Some(length) = bracketed(rest)
            && !named()
        {
            self.push(Token::Word);
            return length;
        }
        // "2ª a 6ª feira" are Monday to Friday, "7 days" all of them.
        if let (Some(number @ 2..=7), Some(mark)) = (rest[..1].parse::<usize>().ok(), rest[1..].chars().next()) {
            if number < 7 && matches!(mark, 'ª' | 'º') {
                self.push(Token::Day(Day::WEEK[number - 2]));
                return 1 + mark.len_utf8();
            }
            let whole = [
                "7 days", "7 jours", "7 dias", "7 días", "7 giorni", "7j/7", "7/7", "7 tage", "7 dagen",
            ]
            .into_iter()
            .find(|words| {
                rest.get(..words.len())
                    .is_some_and(|start| start.eq_ignore_ascii_case(words))
            });
            if let Some(words) = whole {
                self.push(Token::Days(Day::WEEK.to_vec()));
                return words.len();
            }
        }
        for around in [
            "24/7",
            "24h/24",
            "24/24",
            "24 h/24",
            "24h sur 24",
            "24 ore su 24",
            "24x7",
            "24h",
        ] {
            let beside = rest.strip_prefix(around).map(|rest| rest.chars().next());
            if beside.is_some_and(|next| !next.is_some_and(char::is_alphanumeric)) && before != ':' {
                let range = matches!(self.list.last(), Some(Token::Dash)) && around == "24h";
                if !range {
                    if around.ends_with('7') {
                        self.push(Token::Days(Day::WEEK.to_vec()));
                    }
                    self.push(Token::AllDay);
                    return around.len();
                }
            }
        }
        let ends_range = matches!(self.list.as_slice(), [.., Token::Time(_), Token::Dash]);
        let (token, length) = time(rest, before, ends_range);
        let token = match (token, meridiem) {
            (Token::Time(time), Some(pm)) => Token::Time(time.with_meridiem(pm)),
            (token, _) => token,
        };
        self.push(token);
        length
    }

    /// Takes in a word; how many bytes of the text `after` it belong to it.
    fn word(&mut self, word: &str, after: &str) -> usize {
        if !may_matter(word) {
            self.push(Token::Word);
            return 0;
        }
        let lower = word.to_lowercase();
        if let Some((meant, length)) = phrase(&lower, after) {
            self.mean(meant, word, &lower, after);
            return length;
        }
        // "9-től 18-ig" and "perjantaihin" carry the "to" at their end.
        if matches!(lower.as_str(), "től" | "tól" | "ig")
            && matches!(self.list.as_slice(), [.., Token::Time(_), Token::Dash])
        {
            if lower == "ig" {
                self.list.pop();
            }
            return 0;
        }
        let short = word.chars().count() <= 3;
        let linked = matches!(self.list.as_slice(), [.., Token::Day(_), Token::Dash | Token::And]);
        let own = short && (linked || self.language.is_some_and(|language| language != "en"));
        let named = day_in(word, self.language).filter(|_| !short || short_day(word, after, own));
        let until = matches!(lower.as_str(), "to" | "do" | "a" | "la" | "i" | "h");
        let first = named.filter(|_| !until || (own && !self.after_day_or_time()));
        if let Some(day) = first {
            self.name(day, &lower);
            return 0;
        }
        if let Some((days, length)) = letters(word, after, &self.list) {
            self.push(Token::Days(days));
            return length;
        }
        match meaning(&lower) {
            Some(meant) => self.mean(meant, word, &lower, after),
            None => match named {
                Some(day) => self.name(day, &lower),
                // "feira" of "segunda-feira" belongs to the day before it.
                None if matches!(lower.as_str(), "feira" | "feiras") => {
                    if matches!(self.list.last(), Some(Token::Dash)) {
                        self.list.pop();
                    }
                }
                None => self.push(Token::Word),
            },
        }
        0
    }

    fn name(&mut self, day: Day, lower: &str) {
        let language = match lower {
            "po" | "út" | "ut" | "čt" | "pá" | "ne" | "pondělí" | "pátek" => Some("cs"),
            "lu" | "je" | "ve" => Some("fr"),
            "wo" | "vr" | "za" | "zo" => Some("nl"),
            _ if lower.starts_with("poniedzia") => Some("pl"),
            _ => None,
        };
        self.language = self.language.or(language);
        let reached = lower.ends_with("hin") || lower.ends_with("ig");
        if reached && matches!(self.list.last(), Some(Token::Day(_))) {
            self.push(Token::Dash);
        }
        self.push(Token::Day(day));
    }

    fn mean(&mut self, meant: Meaning, word: &str, lower: &str, after: &str) {
        match meant {
            Meaning::Until => self.until(word, lower, after),
            Meaning::And => {
                let a_range = matches!(self.list.as_slice(), [.., Token::Day(_) | Token::Time(_), Token::Dash]);
                if std::mem::take(&mut self.between) && self.after_day_or_time() {
                    self.push(Token::Dash);
                } else if !a_range {
                    self.push(Token::And);
                }
            }
            Meaning::Closed => self.push(Token::Closed),
            Meaning::Except => self.push(Token::Except),
            Meaning::Pause => self.push(Token::Pause),
            Meaning::Daily => self.push(Token::Days(Day::WEEK.to_vec())),
            Meaning::Weekdays => self.push(Token::Days(Day::Mo.through(Day::Fr))),
            Meaning::Weekend => self.push(Token::Days(vec![Day::Sa, Day::Su])),
            Meaning::Noon => {
                if !matches!(self.list.last(), Some(Token::Time(time)) if time.hour == 12) {
                    self.push(Token::Time(Time::named(12)));
                }
            }
            Meaning::Midnight => self.push(Token::Time(Time::named(24))),
            Meaning::Clock | Meaning::Hours => {
                let whole = matches!(self.list.last(), Some(Token::Time(time)) if time.hour == 24 && time.minute == 0);
                if whole && !matches!(self.list.as_slice(), [.., Token::Dash, _]) && lower != "uhr" {
                    self.list.pop();
                    self.push(Token::AllDay);
                } else if lower == "round" || lower == "rund" {
                    self.push(Token::AllDay);
                } else if let (Meaning::Clock, Some(Token::Time(time))) = (meant, self.list.last_mut()) {
                    time.explicit = true;
                } else if meant == Meaning::Hours {
                    self.push(Token::Word);
                }
            }
            Meaning::Part(part) => self.push(Token::Part(part)),
            Meaning::Between => self.between = true,
            Meaning::Filler => {}
        }
    }

    /// "to", "bis" and their like, which are other words too.
    fn until(&mut self, word: &str, lower: &str, after: &str) {
        let slavic = matches!(self.language, Some("cs" | "sk" | "pl" | "hr"));
        if lower == "a" && matches!(self.language, Some("cs" | "sk")) {
            return self.push(Token::And);
        }
        if lower == "do" && !slavic && after.trim_start().starts_with(|c: char| c.is_ascii_digit()) {
            if let Some(day) = day_in("do", self.language).filter(|_| short_day(word, after, self.language.is_some())) {
                return self.push(Token::Day(day));
            }
            return self.push(Token::Word);
        }
        // "start at 8 and finish at 5".
        if matches!(lower, "finish" | "finishes" | "close" | "closes") {
            let kept = self
                .list
                .iter()
                .rposition(|token| !matches!(token, Token::And | Token::Word))
                .map_or(0, |at| at + 1);
            if kept > 0 && matches!(self.list[kept - 1], Token::Time(_)) {
                self.list.truncate(kept);
            }
        }
        // "Thursday late opening until 9": a remark may stand between the day and its end.
        let remark = lower.len() >= 3
            && matches!(self.list.last(), Some(Token::Word))
            && after.trim_start().starts_with(|c: char| c.is_ascii_digit())
            && self.list.iter().any(|token| matches!(token, Token::Day(_)));
        if self.after_day_or_time() || remark {
            self.push(Token::Dash);
        }
    }

    fn after_day_or_time(&self) -> bool {
        matches!(
            self.list.last(),
            Some(Token::Day(_) | Token::Days(_) | Token::Time(_) | Token::Part(_))
        )
    }
}

/// A line without what is written like something else: "après-midi", which holds "midi", and Vietnamese days, which are counted.
fn respelled(line: &str) -> Option<String> {
    const SPELLINGS: [(&str, &str); 8] = [
        ("près-midi", "presmidi"),
        ("thứ 2", "monday"),
        ("thứ 3", "tuesday"),
        ("thứ 4", "wednesday"),
        ("thứ 5", "thursday"),
        ("thứ 6", "friday"),
        ("thứ 7", "saturday"),
        ("chủ nhật", "sunday"),
    ];
    if line.is_ascii()
        || !["près-midi", "hứ ", "HỨ ", "nhật", "NHẬT"]
            .iter()
            .any(|sign| line.contains(sign))
    {
        return None;
    }
    let lower = line.to_lowercase();
    Some(
        SPELLINGS
            .iter()
            .fold(lower, |line, (written, plain)| line.replace(written, plain)),
    )
}

/// The length of a telephone number whose last groups look like times: "618) 222-1942".
fn north_american(rest: &str) -> Option<usize> {
    let mut at = 0;
    for (length, last) in [(3, false), (3, false), (4, true)] {
        let group = rest.as_bytes().get(at..at + length)?;
        if !group.iter().all(u8::is_ascii_digit) {
            return None;
        }
        at += length;
        let between = rest[at..].len() - rest[at..].trim_start_matches([')', ' ', '-', '.']).len();
        match last {
            true => return (!rest[at..].starts_with(|c: char| c.is_ascii_digit())).then_some(at),
            false if (1..=2).contains(&between) => at += between,
            false => return None,
        }
    }
    None
}

/// Days by their first letters alone, which count in pairs: "M–F", "L-V".
fn letters(word: &str, after: &str, list: &[Token]) -> Option<(Vec<Day>, usize)> {
    const PAIRS: [(&str, &str, Day, Day); 16] = [
        ("M", "F", Day::Mo, Day::Fr),
        ("M", "Th", Day::Mo, Day::Th),
        ("M", "Sa", Day::Mo, Day::Sa),
        ("M", "Su", Day::Mo, Day::Su),
        ("M", "S", Day::Mo, Day::Sa),
        ("S", "S", Day::Sa, Day::Su),
        ("T", "F", Day::Tu, Day::Fr),
        ("T", "Th", Day::Tu, Day::Th),
        ("L", "V", Day::Mo, Day::Fr),
        ("L", "J", Day::Mo, Day::Th),
        ("L", "S", Day::Mo, Day::Sa),
        ("L", "D", Day::Mo, Day::Su),
        ("M", "V", Day::Tu, Day::Fr),
        ("H", "P", Day::Mo, Day::Fr),
        ("H", "Cs", Day::Mo, Day::Th),
        ("H", "V", Day::Mo, Day::Su),
    ];
    if word.len() != 1 || !word.starts_with(|c: char| c.is_ascii_uppercase()) {
        return None;
    }
    let rest = after.trim_start_matches([' ', '.', ':']);
    let paired = list.iter().any(|token| matches!(token, Token::Days(_)));
    if word == "F" && paired && rest.starts_with(|c: char| c.is_ascii_digit()) {
        return Some((vec![Day::Fr], 0));
    }
    let dash = rest
        .chars()
        .next()
        .filter(|c| matches!(c, '-' | '\u{2010}'..='\u{2015}' | '/' | 'a'))?;
    let rest = rest[dash.len_utf8()..].trim_start_matches(' ');
    let end = rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len());
    let (_, _, from, to) = PAIRS
        .iter()
        .find(|(from, to, ..)| *from == word && *to == &rest[..end])
        // Alone it may be the whole week.
        .filter(|(from, ..)| *from != "S" || paired)?;
    Some((from.through(*to), after.len() - rest.len() + end))
}

/// Short names of days are words of other languages too: they count when capitalised and followed by what follows
/// days; in the language of the page they need no capital.
fn short_day(word: &str, after: &str, own: bool) -> bool {
    let mut next = after.chars();
    let capital = word.starts_with(char::is_uppercase);
    let distinct = word.chars().count() == 3;
    match next.next() {
        None => capital || own,
        Some('.' | ':' | '-' | '–' | '—' | '/' | '&' | '+' | ',' | '\t' | '|' | ')') => capital || own || distinct,
        Some(' ') => {
            let rest = after.trim_start();
            let follows = rest.starts_with(|c: char| {
                c.is_ascii_digit() || matches!(c, '-' | '–' | '—' | '&' | '+' | '/' | '(' | ':' | '|')
            }) && (capital || own || distinct);
            let word_after = rest
                .split(|c: char| !c.is_alphabetic())
                .next()
                .unwrap_or_default()
                .to_lowercase();
            let linked = matches!(
                meaning(&word_after),
                Some(
                    Meaning::Until
                        | Meaning::And
                        | Meaning::Closed
                        | Meaning::Filler
                        | Meaning::Clock
                        | Meaning::Noon
                        | Meaning::Midnight
                )
            );
            // "ma t/m vr": what links two days makes both of them days, however they are written.
            let linked_days = (linked || word_after == "t")
                && rest
                    .split([' ', '/'])
                    .skip(1)
                    .take(2)
                    .any(|word| day_in(word, None).is_some());
            follows || linked_days || ((capital || own) && (linked || day_in(&word_after, None).is_some()))
        }
        Some(_) => false,
    }
}
