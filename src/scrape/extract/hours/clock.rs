//! Times of day as people write them.

use super::words::Token;

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
    /// Hours and minutes in one run of digits: `0830`.
    pub(crate) compact: bool,
}

impl Time {
    pub(crate) fn minutes(self) -> u16 {
        self.hour * 60 + self.minute
    }

    /// A time that a word names.
    pub(super) fn named(hour: u16) -> Self {
        Self {
            hour,
            minute: 0,
            pm: Some(true),
            explicit: true,
            padded: hour == 24,
            compact: false,
        }
    }

    /// The time with "pm" or "am" that stands before it, as in Japanese.
    pub(super) fn with_meridiem(mut self, pm: bool) -> Self {
        if self.pm.is_none() && self.hour <= 12 {
            match pm {
                true if self.hour < 12 => self.hour += 12,
                false if self.hour == 12 => self.hour = 0,
                _ => {}
            }
            self.pm = Some(pm);
            self.explicit = true;
        }
        self
    }
}

/// The number at the start of `rest` as a time of day, or a word when it is none, and its length.
pub(super) fn time(rest: &str, before: char, ends_range: bool) -> (Token, usize) {
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let word = (Token::Word, digits);
    if matches!(before, '$' | '€' | '£' | '#' | '.' | '+') {
        return word;
    }
    if let Some(length) = age(rest) {
        return (Token::Word, length);
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
    if let Some(found) = signs(&rest[digits..], digits, hour) {
        return found;
    }
    let mark = bytes.get(digits).copied();
    let two_digits = |at: usize| {
        let two = bytes
            .get(at..at + 2)
            .is_some_and(|two| two.iter().all(u8::is_ascii_digit));
        two && !bytes.get(at + 2).is_some_and(u8::is_ascii_digit)
    };
    if digits <= 2 && matches!(mark, Some(b':' | b'.' | b'h' | b'H' | b'u' | b'\'')) && two_digits(digits + 1) {
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
    } else if digits <= 2 && rest[digits..].starts_with(" h ") && two_digits(digits + 3) {
        // "8 h 30", but not "8 h 12 h".
        let next = rest[digits + 5..].trim_start_matches(' ');
        let another = next.starts_with(['h', 'H']) && !next[1..].starts_with(char::is_alphabetic);
        if !another {
            minute = number(digits + 3..digits + 5).unwrap_or(99);
            length = digits + 5;
        }
        explicit = true;
    } else if matches!(mark, Some(b'h' | b'H' | b'u')) && !bytes.get(digits + 1).is_some_and(u8::is_ascii_alphanumeric)
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
        ("π.μ", false),
        ("μ.μ", true),
        ("πμ", false),
        ("μμ", true),
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
            compact: digits > 2,
        }),
        length,
    )
}

/// The length of an age, or of two with "to" between them: "6-10 ans", "8-12 year olds".
fn age(text: &str) -> Option<usize> {
    const YEARS: [&str; 14] = [
        "ans", "jahre", "jahren", "jährige", "anni", "años", "anos", "lat", "rokov", "jaar", "vuotta", "vuotiaat",
        "év", "évesek",
    ];
    let length = span(text)?;
    let unit = text[length..].trim_start_matches([' ', '-']);
    let end = |text: &str| text.find(|c: char| !c.is_alphabetic()).unwrap_or(text.len());
    let (word, after) = unit.split_at(end(unit));
    // "9 - 5 year round" is no age.
    let old = after.trim_start_matches([' ', '-']);
    let aged = matches!(word, "year" | "years" | "yr" | "yrs") && old.starts_with("old");
    (aged || YEARS.contains(&word)).then_some(text.len() - after.len())
}

/// The length of a number of at most two digits, or of two with "to" between them.
fn span(text: &str) -> Option<usize> {
    let number = |text: &str| {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        (1..=2).contains(&digits).then_some(digits)
    };
    let rest = &text[number(text)?..];
    let rest = match rest.trim_start().strip_prefix(['-', '–']).map(str::trim_start) {
        Some(second) => &second[number(second)?..],
        None => rest,
    };
    Some(text.len() - rest.len())
}

/// The length of two numbers that fill a pair of brackets: "Cubs (7–10)".
pub(super) fn bracketed(text: &str) -> Option<usize> {
    let length = span(text)?;
    let two = text[..length].contains(['-', '–']);
    (two && text[length..].starts_with(')')).then_some(length)
}

/// Hours and minutes in Chinese, Japanese and Korean: `9時30分`, `10시 반`.
fn signs(after: &str, digits: usize, hour: u16) -> Option<(Token, usize)> {
    let text = after.trim_start_matches(' ');
    let first = text.chars().next()?;
    if matches!(
        first,
        '年' | '月' | '日' | '号' | '년' | '월' | '일' | '分' | '名' | '席'
    ) && after == text
    {
        return Some((Token::Word, digits + first.len_utf8()));
    }
    if !matches!(first, '時' | '时' | '点' | '點' | '시') {
        return None;
    }
    let space = after.len() - text.len();
    let mut length = digits + space + first.len_utf8();
    let rest = &text[first.len_utf8()..];
    if let Some(span) = ["間", "间", "간"].into_iter().find(|span| rest.starts_with(span)) {
        let token = if hour == 24 { Token::AllDay } else { Token::Word };
        return Some((token, length + span.len()));
    }
    let mut minute = 0;
    let more = rest.trim_start_matches(' ');
    let gap = rest.len() - more.len();
    let count = more.bytes().take_while(u8::is_ascii_digit).count();
    if let Some(half) = ["半", "반"].into_iter().find(|half| more.starts_with(half)) {
        minute = 30;
        length += gap + half.len();
    } else if (1..=2).contains(&count)
        && let Some(sign) = ["分", "분"].into_iter().find(|sign| more[count..].starts_with(sign))
    {
        minute = more[..count].parse().unwrap_or(99);
        length += gap + count + sign.len();
    }
    if hour > 24 || minute > 59 {
        return Some((Token::Word, length));
    }
    let time = Time {
        hour,
        minute,
        pm: None,
        explicit: true,
        padded: hour >= 13,
        compact: false,
    };
    Some((Token::Time(time), length))
}

/// "8.00/12.00 - 14.00/18.30", as Italians write two ranges of a day, with "until" in the place of the slash; `None` where nothing is
/// written so.
pub(super) fn unslashed(line: &str) -> Option<String> {
    let slashed = |rest: &str| {
        let from = clock(rest)?;
        let to = clock(rest[from..].strip_prefix('/')?)?;
        Some((from, from + 1 + to))
    };
    let mut out = String::with_capacity(line.len() + 8);
    let mut rest = line;
    let mut found = false;
    while let Some(c) = rest.chars().next() {
        let begins = c.is_ascii_digit() && !out.ends_with(|c: char| c.is_ascii_digit() || matches!(c, '.' | ':' | '/'));
        match begins.then(|| slashed(rest)).flatten() {
            Some((slash, end)) => {
                out.push_str(&rest[..slash]);
                out.push_str(" - ");
                out.push_str(&rest[slash + 1..end]);
                rest = &rest[end..];
                found = true;
                // What stands between two such ranges is no "until".
                let next = rest.trim_start_matches([' ', '-', '–']);
                if next.len() < rest.len() && slashed(next).is_some() {
                    out.push_str(", ");
                    rest = next;
                }
            }
            None => {
                out.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    found.then_some(out)
}

/// The length of a time with minutes at the start of a text.
fn clock(text: &str) -> Option<usize> {
    let hour = text.bytes().take_while(u8::is_ascii_digit).count();
    let minutes = text.get(hour..)?.strip_prefix(['.', ':'])?;
    let digits = minutes.bytes().take_while(u8::is_ascii_digit).count();
    ((1..=2).contains(&hour) && digits == 2).then_some(hour + 3)
}
