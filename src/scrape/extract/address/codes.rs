//! Postal codes as each country writes them.

use super::states::state_at_end;
use phonenumber::country::Id;

/// Where the town stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Town {
    /// `Auckland 1010`
    Before,
    /// `10115 Berlin`
    After,
}

/// A postal code in a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Code {
    pub(crate) country: Id,
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// In its official form.
    pub(crate) text: String,
    pub(crate) town: Town,
    /// No other country writes codes like this.
    pub(crate) distinctive: bool,
}

/// Every postal code in `line` of the countries in `wanted`.
pub(super) fn find(line: &str, wanted: &[Id]) -> Vec<Code> {
    let words = words(line);
    let mut out = Vec::new();
    for at in 0..words.len() {
        let (start, end) = words[at];
        let word = &line[start..end];
        let pair = words
            .get(at + 1)
            .filter(|next| next.0 - end <= 2 && line[end..next.0].trim().is_empty());
        let state = wanted.contains(&Id::US).then(|| american(line, start, end)).flatten();
        let only_american = state.is_some() && is_behind_state(&line[..start]) && !goes_on(&line[end..]);
        for country in wanted {
            if only_american && *country != Id::US {
                continue;
            }
            let code = match country {
                Id::GB => british(line, start, end, pair),
                Id::CA => canadian(line, start, end, pair),
                Id::IE => irish(line, start, end, pair),
                Id::US => state.clone(),
                Id::NZ | Id::AU => digits(word, 4).then(|| (end, word.to_owned(), false)),
                Id::NL => dutch(line, start, end, pair),
                Id::SE | Id::CZ | Id::SK | Id::GR => spaced(line, word, end, pair),
                Id::KE => kenyan(line, start, end, pair),
                Id::HR => croatian(line, word, end, pair),
                Id::IN => indian(line, start, end, pair),
                Id::AR => argentine(word).map(|code| (end, code, word.len() > 5)),
                Id::PL => hyphened(word, 2, 3).map(|code| (end, code, true)),
                Id::PT => hyphened(word, 4, 3).map(|code| (end, code, true)),
                Id::BR => brazilian(line, start, end),
                Id::AT | Id::CH | Id::BE | Id::DK | Id::NO | Id::LU | Id::HU | Id::SI | Id::LI | Id::BG | Id::ZA => {
                    prefixed(word, 4).map(|(code, marked)| (end, code, marked))
                }
                Id::SG | Id::RO => digits(word, 6).then(|| (end, word.to_owned(), false)),
                _ => prefixed(word, 5).map(|(code, marked)| (end, code, marked)),
            };
            if let Some((end, text, distinctive)) = code {
                let town = if matches!(
                    country,
                    Id::GB | Id::CA | Id::IE | Id::US | Id::NZ | Id::AU | Id::IN | Id::SG | Id::ZA | Id::BR
                ) {
                    Town::Before
                } else {
                    Town::After
                };
                out.push(Code {
                    country: *country,
                    start,
                    end,
                    text,
                    town,
                    distinctive,
                });
            }
        }
    }
    out
}

/// Whether a text ends with a comma and the abbreviation of a state: "Los Angeles, CA" is American whatever else the page may be.
fn is_behind_state(before: &str) -> bool {
    before.trim_end().rsplit_once(", ").is_some_and(|(town, state)| {
        state.len() == 2 && state.bytes().all(|b| b.is_ascii_uppercase()) && town.ends_with(char::is_alphabetic)
    })
}

/// Whether a town may stand behind a code: "DE 10115 Berlin".
fn goes_on(after: &str) -> bool {
    after.trim_start_matches(' ').starts_with(char::is_alphabetic)
}

/// Six digits, often in two groups: `560 038`.
fn indian(line: &str, start: usize, end: usize, pair: Option<&(usize, usize)>) -> Found {
    let word = &line[start..end];
    let before = line[..start].trim_end();
    let marked = before.ends_with(['-', '–', '—', ':']);
    if digits(word, 6) {
        return Some((end, word.to_owned(), marked));
    }
    let (from, to) = *pair?;
    let second = &line[from..to];
    (digits(word, 3) && digits(second, 3)).then(|| (to, format!("{word}{second}"), marked))
}

/// `60175-070`, also with a point, `60.175-070`, or without its hyphen behind "CEP" or a town.
fn brazilian(line: &str, start: usize, end: usize) -> Found {
    let word = &line[start..end];
    if digits(word, 8) {
        let before = line[..start].trim_end_matches([' ', ':']);
        let last = before.rsplit([' ', ',', '-', ':', '|']).next().unwrap_or_default();
        let labelled = line[..start].trim_end().ends_with(':');
        let placed = last == "CEP" || (!labelled && last.starts_with(char::is_uppercase) && !is_phone_label(last));
        return placed.then(|| (end, format!("{}-{}", &word[..5], &word[5..]), false));
    }
    if let (true, Some(rest)) = (digits(word, 2), line[end..].strip_prefix('.')) {
        let tail = rest.get(..7).filter(|tail| hyphened(tail, 3, 3).is_some())?;
        return Some((end + 8, format!("{word}{tail}"), true));
    }
    hyphened(word, 5, 3).map(|code| (end, code, true))
}

fn is_phone_label(word: &str) -> bool {
    let word = word.to_lowercase();
    ["tel", "fone", "fon", "fax", "cel", "whats", "zap"]
        .iter()
        .any(|label| word.starts_with(label))
}

/// `C1414DCX`, or in short `U9120`.
fn argentine(word: &str) -> Option<String> {
    (pattern(word, "A9999AAA") || pattern(word, "A9999")).then(|| word.to_owned())
}

/// Runs of letters, digits and hyphens; what stands before the hyphen of "Chennai-600 035" is a word of its own.
fn words(line: &str) -> Vec<(usize, usize)> {
    let mut out = Vec::new();
    let mut start = None;
    for (at, c) in line.char_indices() {
        if c.is_alphanumeric() || is_hyphen(c) {
            start.get_or_insert(at);
        } else if let Some(from) = start.take() {
            out.push((from, at));
        }
    }
    out.extend(start.map(|from| (from, line.len())));
    out.into_iter().flat_map(|(from, to)| apart(line, from, to)).collect()
}

/// The word between two places, or the town and the code that are its halves.
fn apart(line: &str, from: usize, to: usize) -> impl Iterator<Item = (usize, usize)> {
    let halves = line[from..to].split_once(is_hyphen).filter(|(town, code)| {
        let is_town = town.chars().count() >= 4 && town.chars().all(char::is_alphabetic);
        is_town && (digits(code, 3) || digits(code, 6))
    });
    let town = halves.map(|(town, _)| (from, from + town.len()));
    let rest = halves.map_or(from, |(_, code)| to - code.len());
    town.into_iter().chain([(rest, to)])
}

fn digits(word: &str, count: usize) -> bool {
    word.len() == count && word.bytes().all(|b| b.is_ascii_digit())
}

/// `10115`, `D-10115`, `CH-8001`.
fn prefixed(word: &str, count: usize) -> Option<(String, bool)> {
    if digits(word, count) {
        return Some((word.to_owned(), false));
    }
    let (prefix, rest) = word.split_once('-')?;
    (digits(rest, count) && (1..=3).contains(&prefix.len()) && prefix.bytes().all(|b| b.is_ascii_uppercase()))
        .then(|| (rest.to_owned(), true))
}

/// The hyphen, and those that lines do not break at.
fn is_hyphen(c: char) -> bool {
    matches!(c, '-' | '\u{2010}' | '\u{2011}')
}

fn hyphened(word: &str, left: usize, right: usize) -> Option<String> {
    let (a, b) = word.split_once(is_hyphen)?;
    (digits(a, left) && digits(b, right)).then(|| format!("{a}-{b}"))
}

type Found = Option<(usize, String, bool)>;

fn spaced(line: &str, word: &str, end: usize, pair: Option<&(usize, usize)>) -> Found {
    if digits(word, 5) {
        return Some((end, format!("{} {}", &word[..3], &word[3..]), false));
    }
    let (from, to) = *pair?;
    let second = &line[from..to];
    (digits(word, 3) && digits(second, 2)).then(|| (to, format!("{word} {second}"), false))
}

/// The code behind the number of a post-office box: `P.O. Box 29303-00100, Nairobi`, `P.O BOX 369 00300, NAIROBI`.
fn kenyan(line: &str, start: usize, end: usize, pair: Option<&(usize, usize)>) -> Found {
    let apart = || pair.map(|(from, to)| ((&line[start..end], &line[*from..*to]), *to));
    let joined = line[start..end].split_once(is_hyphen).map(|halves| (halves, end));
    let ((number, code), end) = joined.or_else(apart)?;
    let shaped = (1..=6).contains(&number.len()) && digits(number, number.len()) && digits(code, 5);
    let last = || line[..start].trim_end().rsplit([' ', '.']).next().unwrap_or_default();
    (shaped && last().eq_ignore_ascii_case("box")).then(|| (end, code.to_owned(), true))
}

/// `10000`, also in two groups: `10 000`.
fn croatian(line: &str, word: &str, end: usize, pair: Option<&(usize, usize)>) -> Found {
    let second = pair.map(|(from, to)| (&line[*from..*to], *to));
    match second {
        Some((second, to)) if digits(word, 2) && digits(second, 3) => Some((to, format!("{word}{second}"), false)),
        _ => prefixed(word, 5).map(|(code, marked)| (end, code, marked)),
    }
}

fn dutch(line: &str, start: usize, end: usize, pair: Option<&(usize, usize)>) -> Found {
    let word = &line[start..end];
    let letters = |text: &str| text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase());
    if word.len() == 6 && word.is_ascii() && digits(&word[..4], 4) && letters(&word[4..]) {
        return Some((end, format!("{} {}", &word[..4], &word[4..]), true));
    }
    let (from, to) = *pair?;
    let second = &line[from..to];
    (digits(word, 4) && letters(second)).then(|| (to, format!("{word} {second}"), true))
}

/// A ZIP code follows a state; without one, five digits may be anything.
fn american(line: &str, start: usize, end: usize) -> Found {
    let word = &line[start..end];
    let zip = digits(word, 5) || (word.len() == 10 && hyphened(word, 5, 4).is_some());
    if !zip {
        return None;
    }
    let (before, _) = state_at_end(&line[..start], Id::US)?;
    (!before.trim().is_empty() || start > 0).then(|| (end, word.to_owned(), true))
}

fn two_words(
    line: &str,
    start: usize,
    end: usize,
    pair: Option<&(usize, usize)>,
    split: impl Fn(&str) -> Option<usize>,
) -> Option<(usize, String, String)> {
    let word = &line[start..end];
    if !word.is_ascii() {
        return None;
    }
    if let Some(at) = split(word) {
        return Some((end, word[..at].to_ascii_uppercase(), word[at..].to_ascii_uppercase()));
    }
    let (from, to) = *pair?;
    let second = &line[from..to];
    second
        .is_ascii()
        .then(|| (to, word.to_ascii_uppercase(), second.to_ascii_uppercase()))
}

fn pattern(text: &str, shape: &str) -> bool {
    text.len() == shape.len()
        && text.bytes().zip(shape.bytes()).all(|(b, s)| match s {
            b'A' => b.is_ascii_uppercase(),
            b'9' => b.is_ascii_digit(),
            _ => b.is_ascii_uppercase() || b.is_ascii_digit(),
        })
}

fn british(line: &str, start: usize, end: usize, pair: Option<&(usize, usize)>) -> Found {
    let (to, out, inner) = two_words(line, start, end, pair, |word| {
        (5..=7).contains(&word.len()).then(|| word.len() - 3)
    })?;
    let outward = ["A9", "A99", "AA9", "AA99", "A9A", "AA9A"]
        .iter()
        .any(|shape| pattern(&out, shape));
    (outward && pattern(&inner, "9AA")).then(|| (to, format!("{out} {inner}"), true))
}

fn canadian(line: &str, start: usize, end: usize, pair: Option<&(usize, usize)>) -> Found {
    let (to, first, second) = two_words(line, start, end, pair, |word| (word.len() == 6).then_some(3))?;
    (pattern(&first, "A9A") && pattern(&second, "9A9")).then(|| (to, format!("{first} {second}"), true))
}

fn irish(line: &str, start: usize, end: usize, pair: Option<&(usize, usize)>) -> Found {
    let (to, first, second) = two_words(line, start, end, pair, |word| (word.len() == 7).then_some(3))?;
    let routing = pattern(&first, "A99") || first == "D6W";
    let unique = second.len() == 4
        && second.bytes().all(|b| b.is_ascii_alphanumeric())
        && second.bytes().any(|b| b.is_ascii_digit())
        && second.bytes().any(|b| b.is_ascii_alphabetic());
    (routing && unique).then(|| (to, format!("{first} {second}"), true))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn codes(line: &str, country: Id) -> Vec<String> {
        find(line, &[country]).into_iter().map(|code| code.text).collect()
    }

    #[test]
    fn codes_in_their_official_form() {
        assert_eq!(codes("Leeds LS1 4AP", Id::GB), ["LS1 4AP"]);
        assert_eq!(codes("London sw1a1aa", Id::GB), ["SW1A 1AA"]);
        assert_eq!(codes("Toronto, ON M5V2T6", Id::CA), ["M5V 2T6"]);
        assert_eq!(codes("Dublin 2, D02 X285", Id::IE), ["D02 X285"]);
        assert_eq!(codes("Springfield, IL 62704-1234", Id::US), ["62704-1234"]);
        assert_eq!(codes("Springfield 62704", Id::US), Vec::<String>::new());
        assert_eq!(codes("D-10115 Berlin", Id::DE), ["10115"]);
        assert_eq!(codes("1012AB Amsterdam", Id::NL), ["1012 AB"]);
        assert_eq!(codes("114 55 Stockholm", Id::SE), ["114 55"]);
        assert_eq!(codes("00-950 Warszawa", Id::PL), ["00-950"]);
        assert_eq!(codes("Nandanam, Chennai-600 035.", Id::IN), ["600035"]);
        assert_eq!(codes("Indiranagar, Bangalore-560038", Id::IN), ["560038"]);
    }
}
