//! Telephone numbers: candidates from every source, then one pass that validates them for the page's region.

use crate::scrape::payload::{Fact, Phone, PhoneKind, Source};
use crate::scrape::text::{Words, contains_ci, squeeze_to};
use phonenumber::country::Id;
use phonenumber::{Mode, PhoneNumber};
use std::collections::HashMap;

/// A number as a page writes it, before its region is known.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    pub(crate) raw: String,
    pub(crate) kind: PhoneKind,
    pub(crate) source: Source,
    pub(crate) trust: u8,
}

/// More numbers than this on one page are a directory.
const MAX_CANDIDATES: usize = 120;

/// Candidates of a page, collected while its sources are read.
#[derive(Debug, Default)]
pub(crate) struct Candidates(Vec<Candidate>);

impl Candidates {
    /// Adds one, unless the page has given too many already.
    pub(crate) fn push(&mut self, raw: &str, kind: PhoneKind, source: Source, trust: u8) {
        let raw = squeeze_to(raw, 60);
        let digits = raw.bytes().filter(u8::is_ascii_digit).count();
        if (5..=18).contains(&digits) && self.0.len() < MAX_CANDIDATES {
            self.0.push(Candidate {
                raw,
                kind,
                source,
                trust,
            });
        }
    }

    /// The valid ones: each number once a kind, the best source first.
    pub(crate) fn resolve(self, region: Option<Id>) -> Vec<Fact<Phone>> {
        let mut out: Vec<Fact<Phone>> = Vec::new();
        // A page repeats its number; parsing is the dearest step.
        let mut parsed: HashMap<String, Option<String>> = HashMap::new();
        for candidate in self.0 {
            let known = parsed
                .entry(candidate.raw.clone())
                .or_insert_with(|| e164(&candidate.raw, region));
            let Some(e164) = known.clone() else { continue };
            let same = out.iter_mut().find(|known| known.value.e164.as_ref() == Some(&e164));
            match same {
                Some(known) => {
                    // A link says only "call"; the text beside it knows whether it is the fax.
                    if candidate.kind == PhoneKind::Fax && known.source >= Source::Link {
                        known.value.kind = PhoneKind::Fax;
                    }
                    known.source = known.source.min(candidate.source);
                    known.trust = known.trust.max(candidate.trust);
                }
                None => {
                    let value = Phone {
                        raw: candidate.raw,
                        e164: Some(e164),
                        kind: candidate.kind,
                    };
                    out.push(Fact::with_trust(value, candidate.source, candidate.trust));
                }
            }
        }
        out
    }
}

/// E.164 of `raw`, when it is a valid number in `region` or carries its own country code.
pub(crate) fn e164(raw: &str, region: Option<Id>) -> Option<String> {
    let compact = compact(raw)?;
    let number = parse(&compact, region)?;
    let digits = number.national().to_string();
    (!is_placeholder(&digits)).then(|| number.format().mode(Mode::E164).to_string())
}

fn parse(compact: &str, region: Option<Id>) -> Option<PhoneNumber> {
    let valid = |text: &str, region| phonenumber::parse(region, text).ok().filter(PhoneNumber::is_valid);
    if compact.starts_with('+') {
        return valid(compact, None);
    }
    let region = region?;
    if let Some(number) = valid(compact, Some(region)) {
        return Some(number);
    }
    // Written with the country code but without its plus sign.
    let code = phonenumber::metadata::DATABASE
        .by_id(region.as_ref())?
        .country_code()
        .to_string();
    let rest = compact.strip_prefix("00").unwrap_or(compact);
    (rest.starts_with(&code) && rest.len() > code.len() + 6)
        .then(|| valid(&format!("+{rest}"), None))
        .flatten()
}

/// Digits with a leading plus where there was one; no extension, no `(0)` behind a country code.
fn compact(raw: &str) -> Option<String> {
    let lower = raw.to_ascii_lowercase();
    let end = ["ext", "x", "poste", "durchwahl", ";", "#"]
        .iter()
        .filter_map(|mark| lower.find(mark))
        .min();
    let number = &raw[..end.unwrap_or(raw.len())];
    let international = number
        .trim_start_matches(|c: char| !c.is_ascii_digit() && c != '+')
        .starts_with('+')
        || number
            .trim_start_matches(|c: char| !c.is_ascii_digit())
            .starts_with("00");
    let number = if international {
        number.replace("(0)", "")
    } else {
        number.to_owned()
    };
    let mut out = String::with_capacity(number.len());
    for c in number.chars() {
        match c {
            '+' if out.is_empty() => out.push('+'),
            '+' => return None,
            c if c.is_ascii_digit() => out.push(c),
            c if c.is_alphabetic() => return None,
            _ => {}
        }
    }
    if let Some(rest) = out.strip_prefix("00")
        && rest.len() > 9
    {
        out = format!("+{rest}");
    }
    let digits = out.bytes().filter(u8::is_ascii_digit).count();
    (6..=15).contains(&digits).then_some(out)
}

/// Numbers that templates and forms show as examples.
fn is_placeholder(national: &str) -> bool {
    let bytes = national.as_bytes();
    let same = |part: &[u8]| part.windows(2).all(|pair| pair[0] == pair[1]);
    let rising = |part: &[u8]| {
        part.windows(2)
            .all(|pair| pair[1] == pair[0] + 1 || (pair[0] == b'9' && pair[1] == b'0'))
    };
    let tail = &bytes[bytes.len().saturating_sub(7)..];
    same(tail)
        || rising(tail)
        || (bytes.len() >= 8 && rising(&bytes[bytes.len() - 8..]))
        || bytes.len() == 10 && bytes[3..6] == *b"555" && bytes[6..8] == *b"01"
        || national.ends_with("5550100")
        || (bytes.len() == 10 && national.ends_with("5551234"))
}

/// Reads a line of visible text. `trust` is what an unlabelled number in that place deserves.
pub(crate) fn from_line(line: &str, trust: u8, out: &mut Candidates) {
    if line.bytes().filter(u8::is_ascii_digit).count() < 6 {
        return;
    }
    let bytes = line.as_bytes();
    let mut at = 0;
    // The last label seen belongs to all numbers until the next label: "Tel 1 or 2, Fax 3"; "Fax" to one number only.
    let mut previous_end = 0;
    let mut label = Label::None;
    while at < bytes.len() {
        let starts = bytes[at].is_ascii_digit()
            || (matches!(bytes[at], b'+' | b'(') && at + 1 < bytes.len() && next_is_digit(bytes, at + 1));
        if !starts {
            at += 1;
            continue;
        }
        let end = number_end(line, at);
        let found = label_of(&line[previous_end..at]);
        if found != Label::None {
            label = found;
        }
        previous_end = end;
        if label != Label::Other && !continues_word(line, at, end) {
            for part in parts(&line[at..end]) {
                push_part(part, label, trust, out);
            }
        }
        if label == Label::Fax && line[at..end].bytes().filter(u8::is_ascii_digit).count() >= 6 {
            label = Label::None;
        }
        at = end.max(at + 1);
    }
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
            ' ' | '-' | '.' | '(' | ')' | '/' | '+' | '\u{2010}'..='\u{2015}' | '\u{2212}'
        ) {
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
    let before = line[..start].chars().next_back();
    let after = line[end..].chars().next();
    before.is_some_and(|c| {
        c.is_alphanumeric() || matches!(c, '$' | '€' | '£' | '#' | '@' | '_' | '=' | ',') && !c.is_whitespace()
    }) || after.is_some_and(|c| c.is_alphabetic() || matches!(c, '%' | '€' | '$' | '£' | '@' | '_' | '='))
        || (after == Some(':') && end - start <= 2)
}

/// The numbers in a run: whole when it may be one, else split where writers put separators between numbers.
fn parts(run: &str) -> Vec<&str> {
    let digits = run.bytes().filter(u8::is_ascii_digit).count();
    if let Some((first, second)) = run
        .split_once(" / ")
        .or_else(|| run.split_once(" - ").filter(|_| digits > 13))
    {
        let counts = |part: &str| part.bytes().filter(u8::is_ascii_digit).count() >= 6;
        if counts(first) && counts(second) {
            return vec![first, second];
        }
    }
    vec![run]
}

fn push_part(part: &str, label: Label, trust: u8, out: &mut Candidates) {
    let part = part.trim();
    let digits = part.bytes().filter(u8::is_ascii_digit).count();
    if !(6..=15).contains(&digits) || is_date(part) {
        return;
    }
    let groups = part
        .split(|c: char| !c.is_ascii_digit())
        .filter(|group| !group.is_empty())
        .count();
    let labelled = matches!(label, Label::Phone | Label::Fax);
    let shaped = part.starts_with(['+', '('])
        || part.starts_with('0')
        || (digits == 10 && part.len() > 11)
        || part.starts_with("1300")
        || part.starts_with("1800")
        || part.starts_with("13 ");
    if !(labelled || (shaped && digits >= 7) || (digits >= 8 && groups >= 3)) {
        return;
    }
    let kind = if label == Label::Fax {
        PhoneKind::Fax
    } else {
        PhoneKind::Phone
    };
    out.push(
        part,
        kind,
        Source::Text,
        if labelled { trust.saturating_add(20) } else { trust },
    );
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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Label {
    None,
    Phone,
    Fax,
    /// A register, tax or bank number.
    Other,
}

/// What the words before a number say about it; the last word counts.
fn label_of(before: &str) -> Label {
    let start = before.char_indices().rev().nth(40).map_or(0, |(at, _)| at);
    let before = &before[start..];
    let trimmed = before.trim_end_matches(|c: char| !c.is_alphanumeric());
    let word_start = trimmed
        .rfind(|c: char| !c.is_alphanumeric())
        .map_or(0, |at| at + trimmed[at..].chars().next().map_or(1, char::len_utf8));
    let last = trimmed[word_start..].to_lowercase();
    match last.as_str() {
        "f" | "fx" | "fax" | "telefax" | "facsimile" | "faks" | "télécopie" | "telecopie" => return Label::Fax,
        "t" | "p" | "m" | "ph" | "tel" | "tél" | "mob" | "phone" | "telephone" | "telefon" | "téléphone" | "mobile"
        | "mobil" | "cell" | "call" | "handy" | "fon" | "hotline" | "whatsapp" | "teléfono" | "telefono" | "waea" => {
            return Label::Phone;
        }
        _ => {}
    }
    if ["fax", "faks"].iter().any(|word| contains_ci(before, word))
        && !contains_ci(before, "tel")
        && !contains_ci(before, "phone")
    {
        return Label::Fax;
    }
    if OTHER.any(before) {
        return Label::Other;
    }
    if PHONE.any(before) { Label::Phone } else { Label::None }
}

static OTHER: Words = Words::new(&[
    "abn",
    "acn",
    "nzbn",
    "gst",
    "vat",
    "iban",
    "bic",
    "ust-id",
    "ust.",
    "ustid",
    "hrb",
    "siret",
    "siren",
    "kvk",
    "btw",
    "company n",
    "registration",
    "registered",
    "licen",
    "account",
    "konto",
    "blz",
    "steuer",
    "invoice",
    "nif",
    "rcs",
    "reg. n",
    "reg no",
    "isbn",
    "order",
    "provider n",
    "finess",
    "rpps",
    "healthline",
    "lifeline",
    "samaritan",
    "crisis",
    "plunket",
    "poison",
]);
static PHONE: Words = Words::new(&[
    "tel", "phone", "call", "mobil", "text", "fon", "contact", "emergenc", "waea", "appel", "llam", "ring", "toll",
    "freecall",
]);

#[cfg(test)]
#[path = "phones_tests.rs"]
mod tests;
