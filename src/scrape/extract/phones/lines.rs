//! Telephone numbers in lines of visible text.

use super::labels::{Label, label_of};
use super::{Candidates, DOUBTFUL};
use crate::scrape::extract::whose::Standing;
use crate::scrape::payload::{PhoneKind, Source};
use std::borrow::Cow;
use std::ops::Range;

/// Reads a line. `trust` is what an unlabelled number in that place deserves, `above` the label that the line or cell
/// before it was, and `whose` tells whose the number in a part of the line is.
pub(crate) fn from_line(
    line: &str,
    trust: u8,
    above: Label,
    whose: &mut dyn FnMut(Range<usize>) -> Standing,
    out: &mut Candidates,
) {
    let bytes = line.as_bytes();
    let mut at = 0;
    // The last label seen belongs to all numbers until the next label: "Tel 1 or 2, Fax 3"; "Fax" to one number only.
    let mut previous = 0..0;
    let mut label = above;
    while at < bytes.len() {
        let starts = bytes[at].is_ascii_digit()
            || (matches!(bytes[at], b'+' | b'(') && at + 1 < bytes.len() && next_is_digit(bytes, at + 1));
        if !starts {
            at += 1;
            continue;
        }
        let end = number_end(line, at);
        let between = &line[previous.end..at];
        let taxed = is_tax_number(between.trim_end(), line[at..end].trim_end());
        let found = if taxed { Label::Other } else { label_of(between) };
        if found != Label::None {
            label = found;
        } else if label != above
            && (between.contains([':', '?', '!'])
                || between.contains(". ")
                || between.chars().filter(|c| c.is_alphabetic()).count() > MAX_CARRY)
        {
            label = Label::None;
        }
        let run = &line[at..end];
        let digits = run.bytes().filter(u8::is_ascii_digit).count();
        let extends = found == Label::Fax && digits <= 4 && previous.end > 0 && is_extension(between);
        if extends && is_mobile(&line[..previous.start]) {
            at = end.max(at + 1);
            continue;
        }
        if extends {
            let base = line[previous.clone()].trim_end();
            let standing = whose(at..end);
            push_part(&with_extension(base, run), Label::Fax, trust, standing, out);
            at = end.max(at + 1);
            label = Label::None;
            continue;
        }
        // "0821-2423318, 2423319": the second without its area.
        let area = area_before(&line[previous.clone()], between, run);
        let (vanity, end) = match vanity(line, at, end) {
            Some((number, end)) => (Some(number), end),
            None => (None, end),
        };
        if label != Label::Other
            && !continues_word(line, at, end)
            && (digits >= 6 || vanity.is_some() || area.is_some())
        {
            let standing = whose(at..end);
            match vanity {
                Some(number) => push_part(&number, Label::Phone, trust, standing, out),
                None => {
                    let mut label = label;
                    let whole = area.map(|area| format!("{area} {}", &line[at..end]));
                    parts(whole.as_deref().unwrap_or(&line[at..end]), &mut |part| {
                        push_part(part, label, trust, standing, out);
                        // What is joined to a number in full is one too.
                        if label == Label::None && part.starts_with('+') {
                            label = Label::Phone;
                        }
                    });
                }
            }
            previous = at..end;
        } else {
            previous = end..end;
        }
        if digits >= 6 && matches!(label, Label::Fax | Label::Both) {
            label = Label::None;
        }
        if label == Label::Other {
            label = Label::None;
        }
        at = end.max(at + 1);
    }
}

/// Whether a number is one of a tax office: "P.I. 01574680243", which is no private investigator's, and "BE 0478.221.906".
fn is_tax_number(before: &str, run: &str) -> bool {
    let groups: Vec<usize> = run.split('.').map(str::len).collect();
    let digits = run.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    digits && ((before.ends_with("P.I.") && groups == [11]) || (before.ends_with("BE") && groups == [4, 3, 3]))
}

/// The area of the number before, where `run` follows it as its like and has none: as many digits as that has behind its area.
fn area_before<'a>(before: &'a str, between: &str, run: &str) -> Option<&'a str> {
    let joined = matches!(
        between.trim(),
        "," | "/" | "or" | "oder" | "o" | "ou" | "y" | "und" | "and" | "&" | "e" | "en"
    );
    // "(02) 4961 7720 Fax 4961 7721".
    let faxed = between.len() <= 12 && label_of(between) == Label::Fax;
    let before = before.trim();
    let bracketed = before.starts_with('(');
    let area = if bracketed {
        before.find(')')? + 1
    } else {
        before.find([' ', '-', '/'])?
    };
    let (area, rest) = before.split_at(area);
    let count = |text: &str| text.bytes().filter(u8::is_ascii_digit).count();
    let trunk = match bracketed {
        true => (2..=5).contains(&count(area)) && !area.contains('+'),
        false => area.starts_with('0') && (3..=5).contains(&count(area)),
    };
    let like = count(run) == count(rest) && (5..=8).contains(&count(run)) && !run.starts_with('0');
    ((joined || faxed) && trunk && like).then_some(area)
}

/// Letters between two numbers that still leave both under one label.
const MAX_CARRY: usize = 25;

/// Digits, signs and Latin letters of full width as the usual ones.
pub(crate) fn narrow(line: &str) -> Cow<'_, str> {
    if !line.as_bytes().contains(&0xef) {
        return Cow::Borrowed(line);
    }
    let narrow = |c: char| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        other => other,
    };
    Cow::Owned(line.chars().map(narrow).collect())
}

fn next_is_digit(bytes: &[u8], from: usize) -> bool {
    bytes[from..]
        .iter()
        .take(3)
        .find(|b| !matches!(b, b' ' | b'(' | b'+'))
        .is_some_and(u8::is_ascii_digit)
}

/// Where the run of digits and separators that starts at `start` ends.
fn number_end(line: &str, start: usize) -> usize {
    let mut end = start;
    let mut quiet = 0;
    for (offset, c) in line[start..].char_indices() {
        if c.is_ascii_digit() {
            end = start + offset + 1;
            quiet = 0;
        } else if matches!(
            c,
            ' ' | '-' | '.' | '(' | ')' | '/' | '+' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{30fc}'
        ) || (matches!(c, '•' | '·') && end == start + offset)
        {
            quiet += 1;
            if quiet > 3 || (c == '+' && offset > 0) {
                break;
            }
        } else {
            break;
        }
    }
    end
}

/// A digit run glued to letters or to characters of codes, prices and times is no number to call.
fn continues_word(line: &str, start: usize, end: usize) -> bool {
    const UNITS: [&str; 16] = [
        "uhr", "km", "kg", "kr", "kr.", "zł", "eur", "euro", "chf", "usd", "ft", "kč", "lei", "m²", "m2", "pm",
    ];
    let before = line[..start].chars().next_back();
    let rest = &line[end..];
    let after = rest.chars().next();
    let unit = rest
        .strip_prefix(' ')
        .map(|rest| rest.split([' ', ',', ';', ')']).next().unwrap_or_default());
    before.is_some_and(|c| {
        (c.is_alphanumeric() && !is_wide(c)) || matches!(c, '$' | '€' | '£' | '#' | '@' | '_' | '=' | ',')
    }) || after
        .is_some_and(|c| (c.is_alphabetic() && !is_wide(c)) || matches!(c, '%' | '€' | '$' | '£' | '@' | '_' | '='))
        || (after == Some(':') && end - start <= 2)
        || unit.is_some_and(|unit| unit.starts_with(['€', '£', '$']) || UNITS.contains(&&*unit.to_lowercase()))
}

/// A letter of a script that writes no spaces between words.
fn is_wide(c: char) -> bool {
    matches!(c, '\u{3000}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}')
}

/// Whether what stands between two numbers announces only the last digits of the second.
fn is_extension(between: &str) -> bool {
    let text = between.trim_end();
    text.ends_with(['-', '–'])
        || text
            .split([' ', '.', ','])
            .any(|word| matches!(word, "DW" | "Dw" | "Kl" | "Durchwahl"))
}

/// Whether the last word before a number says that it is a mobile, which has no extensions.
fn is_mobile(before: &str) -> bool {
    let word = before.split_whitespace().next_back().unwrap_or_default().to_lowercase();
    ["mob", "handy", "cell", "natel"]
        .iter()
        .any(|label| word.starts_with(label))
}

/// `base` with another extension: in the place of the one behind its last hyphen, or at its end.
fn with_extension(base: &str, run: &str) -> String {
    let digits: String = run.chars().filter(char::is_ascii_digit).collect();
    let cut = base
        .rfind(['-', '–'])
        .filter(|at| base.len() - at <= 5 && base[..*at].bytes().filter(u8::is_ascii_digit).count() >= 6);
    format!("{} {digits}", &base[..cut.unwrap_or(base.len())])
}

/// `0800 SMILES` in digits, and where it ends.
fn vanity(line: &str, start: usize, end: usize) -> Option<(String, usize)> {
    let prefix: String = line[start..end].chars().filter(char::is_ascii_digit).collect();
    if !matches!(
        prefix.as_str(),
        "0800" | "0508" | "1800" | "1300" | "1855" | "1866" | "1877" | "1888" | "800" | "888"
    ) {
        return None;
    }
    let rest = &line[end..];
    let word = rest.trim_start_matches([' ', '-', ')']);
    let length = word
        .bytes()
        .take_while(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || matches!(b, b'-' | b' '))
        .count();
    let word = word[..length].trim_end_matches([' ', '-']);
    let letters = word.bytes().filter(u8::is_ascii_uppercase).count();
    let digits: String = word.bytes().filter(u8::is_ascii_alphanumeric).map(key).collect();
    if letters < 3 || !(4..=9).contains(&digits.len()) {
        return None;
    }
    // Longer words are cut by the exchange.
    let room = if prefix.starts_with("13") { 6 } else { 7 };
    let kept = &digits[..digits.len().min(room)];
    let skipped = rest.len() - rest.trim_start_matches([' ', '-', ')']).len();
    Some((format!("{prefix} {kept}"), end + skipped + word.len()))
}

/// The key of a telephone that carries a letter.
fn key(byte: u8) -> char {
    match byte {
        b'A'..=b'C' => '2',
        b'D'..=b'F' => '3',
        b'G'..=b'I' => '4',
        b'J'..=b'L' => '5',
        b'M'..=b'O' => '6',
        b'P'..=b'S' => '7',
        b'T'..=b'V' => '8',
        b'W'..=b'Z' => '9',
        other => char::from(other),
    }
}

/// The numbers in a run: whole when it may be one, else split where writers put separators between numbers.
fn parts(run: &str, push: &mut dyn FnMut(&str)) {
    let count = |part: &str| part.bytes().filter(u8::is_ascii_digit).count();
    let digits = count(run);
    // "+49 (0) 2543 / 931 85 07": a country and an area are no number yet.
    let whole = |part: &str| count(part) >= if part.starts_with('+') { 9 } else { 6 };
    let bracket = || {
        run.rfind('(')
            .filter(|at| *at > 0 && digits > 12)
            .map(|at| run.split_at(at))
    };
    // "06582 / 73277 0664 / 3770802": the second begins with a zero as the first did.
    let zero = || {
        run.rmatch_indices(" 0")
            .map(|(at, _)| run.split_at(at))
            .find(|(first, second)| digits > 15 && first.starts_with('0') && count(first) >= 8 && count(second) >= 8)
    };
    let pair = run
        .split_once(" / ")
        .filter(|(first, second)| whole(first) && count(second) >= 6)
        .or_else(|| {
            run.split_once('/')
                .filter(|(first, second)| count(first) >= 7 && count(second) >= 7)
        })
        .or_else(|| run.split_once(" - ").filter(|_| digits > 13))
        .or_else(bracket)
        .or_else(zero)
        .filter(|(first, second)| whole(first) && count(second) >= 6);
    if let Some((first, second)) = pair {
        push(first);
        return parts(second, push);
    }
    // "22 123 45 67/68": the last digits of a second number.
    if let Some((first, last)) = run.rsplit_once('/')
        && count(first) >= 8
        && (1..=3).contains(&last.trim().len())
        && !first.contains('/')
        && last.trim().bytes().all(|b| b.is_ascii_digit())
        && let first = first.trim_end()
        && let Some(kept) = first.len().checked_sub(last.trim().len())
        && first.is_char_boundary(kept)
        && first[kept..].bytes().all(|b| b.is_ascii_digit())
    {
        push(first);
        push(&format!("{}{}", &first[..kept], last.trim()));
        return;
    }
    push(run);
}

fn push_part(part: &str, label: Label, trust: u8, standing: Standing, out: &mut Candidates) {
    let part = part.trim();
    let digits = part.bytes().filter(u8::is_ascii_digit).count();
    if !(6..=15).contains(&digits) || is_date(part) || is_times(part) || standing == Standing::Foreign {
        return;
    }
    let trust = if standing == Standing::Doubtful {
        DOUBTFUL - 10
    } else {
        trust
    };
    let labelled = if standing == Standing::Doubtful {
        trust
    } else {
        trust.saturating_add(20)
    };
    match label {
        Label::Other => {}
        Label::Phone => out.push(part, PhoneKind::Phone, Source::Text, labelled),
        Label::Fax => out.push(part, PhoneKind::Fax, Source::Text, labelled),
        Label::Both => {
            out.push(part, PhoneKind::Phone, Source::Text, labelled);
            out.push(part, PhoneKind::Fax, Source::Text, labelled);
        }
        Label::None => {
            let groups = part
                .split(|c: char| !c.is_ascii_digit())
                .filter(|group| !group.is_empty())
                .count();
            let shaped = part.starts_with(['+', '(', '0']) || digits >= 9 || (digits >= 8 && groups >= 2);
            if shaped && digits >= 7 {
                out.push_bare(part, trust);
            }
        }
    }
}

fn is_date(part: &str) -> bool {
    let groups: Vec<&str> = part.split(['-', '.', '/', '–']).map(str::trim).collect();
    let number = |at: usize| groups.get(at).and_then(|group| group.parse::<u32>().ok()).unwrap_or(0);
    let year = |n: u32| (1900..2100).contains(&n);
    match groups.len() {
        3 => {
            (year(number(0)) && number(1) <= 12 && number(2) <= 31)
                || (year(number(2)) && number(0) <= 31 && number(1) <= 31)
        }
        2 => year(number(0)) && year(number(1)),
        _ => false,
    }
}

/// `16.30 - 19.00`, and tables of such.
fn is_times(part: &str) -> bool {
    let time = |text: &str| {
        let text = text.trim();
        text.split_once('.').is_some_and(|(hour, minute)| {
            minute.len() == 2
                && minute.parse::<u8>().is_ok_and(|minute| minute < 60)
                && hour.len() <= 2
                && hour.parse::<u8>().is_ok_and(|hour| hour <= 24)
        })
    };
    let mut count = 0;
    let all = part
        .split(['-', '–', '/', '—', ' '])
        .filter(|text| !text.is_empty())
        .inspect(|_| count += 1)
        .all(time);
    all && count >= 2
}
