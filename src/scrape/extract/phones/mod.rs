//! Telephone numbers: candidates from every source, then one pass that validates them for the page's region.

pub(super) mod labels;
pub(super) mod lines;

use crate::scrape::payload::{Fact, Phone, PhoneKind, Source};
use crate::scrape::text::squeeze_to;
use phonenumber::country::Id;
use phonenumber::metadata::DATABASE;
use phonenumber::{PhoneNumber, Type};
use std::collections::HashMap;
use std::sync::Once;

/// A value of less trust stands where it may well be somebody else's.
pub(crate) const DOUBTFUL: u8 = 30;

/// How a page presents a number, before its region is known.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    pub(crate) raw: String,
    pub(crate) kind: PhoneKind,
    pub(crate) source: Source,
    pub(crate) trust: u8,
    /// Neither a link nor a word says that this is a telephone: it must look like one of its country.
    pub(crate) bare: bool,
}

/// Numbers that are tried in many countries.
const MOST_COMPARED: usize = 4;
/// More numbers than this on one page are a directory.
const MAX_CANDIDATES: usize = 120;

/// Candidates of a page, collected while its sources are read.
#[derive(Debug, Default)]
pub(crate) struct Candidates(Vec<Candidate>);

impl Candidates {
    /// Adds one that a link, markup or a label calls a telephone, unless the page has given too many already.
    pub(crate) fn push(&mut self, raw: &str, kind: PhoneKind, source: Source, trust: u8) {
        self.add(raw, kind, source, trust, false);
    }

    /// Adds one from running text that nothing calls a telephone.
    pub(crate) fn push_bare(&mut self, raw: &str, trust: u8) {
        self.add(raw, PhoneKind::Phone, Source::Text, trust, true);
    }

    fn add(&mut self, raw: &str, kind: PhoneKind, source: Source, trust: u8, bare: bool) {
        let raw = squeeze_to(raw, 60);
        let digits = raw.bytes().filter(u8::is_ascii_digit).count();
        if (5..=18).contains(&digits) && self.0.len() < MAX_CANDIDATES {
            self.0.push(Candidate {
                raw,
                kind,
                source,
                trust,
                bare,
            });
        }
    }

    /// The countries whose codes the numbers carry themselves.
    pub(crate) fn told_regions(&self) -> impl Iterator<Item = Id> + '_ {
        let plus = self
            .0
            .iter()
            .filter(|one| one.raw.starts_with('+') && one.trust >= DOUBTFUL);
        plus.filter_map(|one| phonenumber::parse(None, compact(&one.raw)?).ok()?.country().id())
    }

    /// Whether numbers are written as North Americans write them, `(312) 967-4138`.
    pub(crate) fn look_north_american(&self) -> bool {
        self.0.iter().any(|one| {
            let lengths: Vec<usize> = groups(&one.raw).map(str::len).collect();
            let dialled = matches!(lengths.as_slice(), [1, 3, 3, 4]) && one.raw.trim_start().starts_with('1');
            dialled || (matches!(lengths.as_slice(), [3, 3, 4]) && !one.raw.starts_with('0'))
        })
    }

    /// Whether one is written as the British write them, `01794 512396` or `020 7946 0958`.
    pub(crate) fn look_british(&self) -> bool {
        self.0.iter().any(|one| {
            let groups: Vec<&str> = groups(&one.raw).collect();
            match groups.as_slice() {
                [area, rest] => {
                    area.len() == 5 && rest.len() == 6 && (area.starts_with("01") || area.starts_with("07"))
                }
                [area, middle, last] => area.starts_with("02") && (area.len(), middle.len(), last.len()) == (3, 4, 4),
                _ => false,
            }
        })
    }

    /// Whether one is written as the Swiss write them, `061 261 44 12`, with the beginning of a mobile or, where `whole` says so, of
    /// any of their numbers. German areas of three digits are others, and the French write pairs.
    pub(crate) fn look_swiss(&self, whole: bool) -> bool {
        const AREAS: [&str; 22] = [
            "021", "022", "024", "026", "027", "031", "032", "033", "034", "041", "043", "044", "052", "055", "056",
            "058", "061", "062", "071", "079", "081", "091",
        ];
        self.0.iter().any(|one| {
            let groups: Vec<&str> = groups(&one.raw).collect();
            let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
            let mobile = matches!(groups.first(), Some(&("076" | "077" | "078")));
            lengths == [3, 3, 2, 2] && (mobile || (whole && AREAS.contains(&groups[0])))
        })
    }

    /// The one of `countries` where the numbers are valid that are not doubtful, if they are in no other: two at least, and of many the
    /// first few.
    pub(crate) fn only_country(&self, countries: &[Id]) -> Option<Id> {
        let sure = self.0.iter().filter(|one| one.trust >= DOUBTFUL && !one.bare);
        let mut numbers: Vec<String> = sure.filter_map(|one| compact(&one.raw)).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers.truncate(MOST_COMPARED);
        let fits = |country: &&Id| numbers.iter().all(|number| valid(number, Some(**country)).is_some());
        let mut fitting = countries.iter().filter(fits);
        let only = fitting.next().filter(|_| numbers.len() > 1)?;
        fitting.next().is_none().then_some(*only)
    }

    /// The valid ones: each number once a kind, the best source first. The first of `regions` is where they most
    /// likely are; the others are tried for what is called a telephone and is none there.
    pub(crate) fn resolve(self, regions: &[Id]) -> Vec<Fact<Phone>> {
        let mut out: Vec<Fact<Phone>> = Vec::new();
        // Whether something said what kind of number it is; a link says only "call".
        let mut said: Vec<bool> = Vec::new();

        // A page repeats its number; parsing is the dearest step.
        let mut parsed: HashMap<String, Option<Number>> = HashMap::new();
        for candidate in self.0 {
            let known = parsed
                .entry(candidate.raw.clone())
                .or_insert_with(|| number(&candidate.raw, regions));
            let Some(known) = known else { continue };
            if candidate.bare && !known.looks_called(&candidate.raw, regions) {
                continue;
            }
            let trust = if known.premium {
                candidate.trust.min(DOUBTFUL - 1)
            } else {
                candidate.trust
            };
            let e164 = known.e164.clone();
            let says = candidate.kind == PhoneKind::Fax || !(candidate.bare || candidate.source == Source::Link);
            let same = (0..out.len()).find(|at| {
                let value = &out[*at].value;
                value.e164.as_ref() == Some(&e164) && (value.kind == candidate.kind || !says || !said[*at])
            });
            match same {
                Some(at) => {
                    let known = &mut out[at];
                    if says {
                        (known.value.kind, said[at]) = (candidate.kind, true);
                    }
                    known.source = known.source.min(candidate.source);
                    known.trust = known.trust.max(trust);
                }
                None => {
                    let value = Phone {
                        raw: candidate.raw,
                        e164: Some(e164),
                        kind: candidate.kind,
                    };
                    out.push(Fact::with_trust(value, candidate.source, trust));
                    said.push(says);
                }
            }
        }
        drop_fiction(&mut out, regions);
        out
    }
}

/// The groups of digits that a number is written in.
fn groups(raw: &str) -> impl Iterator<Item = &str> {
    raw.split(|c: char| !c.is_ascii_digit())
        .filter(|group| !group.is_empty())
}

/// Takes out numbers that are kept free for films where the page shows a real number in a better place, or is of a country that has
/// no such numbers.
fn drop_fiction(phones: &mut Vec<Fact<Phone>>, regions: &[Id]) {
    let american = regions.first().is_none_or(|region| matches!(region, Id::US | Id::CA));
    let north = |fact: &Fact<Phone>| fact.value.e164.as_deref().is_some_and(|e164| e164.starts_with("+1"));
    let fiction = |fact: &Fact<Phone>| fact.value.e164.as_deref().is_some_and(is_fiction);
    let real = phones.iter().filter(|fact| north(fact) && !fiction(fact));
    let best = real.map(|fact| fact.trust).max();
    phones.retain(|fact| !fiction(fact) || (american && best.is_none_or(|trust| trust <= fact.trust)));
}

/// `+1 NXX 555 01XX`, which nobody has.
fn is_fiction(e164: &str) -> bool {
    e164.len() == 12 && e164.starts_with("+1") && &e164[5..10] == "55501"
}

/// A valid number.
struct Number {
    e164: String,
    /// The caller pays more than for a call.
    premium: bool,
    region: Option<Id>,
}

impl Number {
    /// Whether a number without a label is written as people of its country write numbers to call.
    fn looks_called(&self, raw: &str, regions: &[Id]) -> bool {
        let text = raw.trim_start_matches(|c: char| !c.is_ascii_digit() && c != '+');
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        if text.starts_with('+') {
            return true;
        }
        let grouped = text.trim_end().bytes().any(|b| !b.is_ascii_digit());
        if text.starts_with("00") {
            return grouped;
        }
        // In such countries only service numbers are written without the zero.
        let trunk = regions.first().is_some_and(|region| TRUNK_ZERO.contains(region));
        let service = digits >= 10 && (text.starts_with("13") || text.starts_with("18"));
        if trunk && self.region.is_none_or(|region| regions.first() == Some(&region)) {
            return text.starts_with('0') || (service && regions.first() == Some(&Id::AU));
        }
        (grouped || digits >= 9) && digits <= 12
    }
}

/// Countries where a number within the country begins with a zero.
const TRUNK_ZERO: [Id; 38] = [
    Id::AT,
    Id::AU,
    Id::BE,
    Id::BG,
    Id::CH,
    Id::DE,
    Id::EG,
    Id::FI,
    Id::FR,
    Id::GB,
    Id::GE,
    Id::HR,
    Id::ID,
    Id::IE,
    Id::IL,
    Id::IR,
    Id::JP,
    Id::KE,
    Id::KR,
    Id::MA,
    Id::MK,
    Id::MY,
    Id::NG,
    Id::NL,
    Id::NZ,
    Id::PH,
    Id::PK,
    Id::RO,
    Id::RS,
    Id::SE,
    Id::SI,
    Id::SK,
    Id::TH,
    Id::TR,
    Id::TW,
    Id::UA,
    Id::VN,
    Id::ZA,
];

fn number(raw: &str, regions: &[Id]) -> Option<Number> {
    let compact = compact(raw)?;
    let number = if compact.starts_with('+') {
        valid(&compact, None)
    } else {
        let first = groups(raw).next().unwrap_or_default();
        regions.iter().find_map(|region| national(&compact, first, *region))
    }?;
    let digits = number.national().to_string();
    let shown = number.country().code() == 1 && is_north_american_example(&digits);
    (!shown && !is_placeholder(&digits)).then(|| Number {
        e164: e164(&number),
        premium: number.number_type(&DATABASE) == Type::PremiumRate
            && !is_business_rate(&digits, number.country().code()),
        region: number.country().id(),
    })
}

/// British numbers that cost more and that businesses have as their own: 0843 to 0845 and 0870 to 0873.
fn is_business_rate(national: &str, code: u16) -> bool {
    code == 44 && (national.starts_with("84") || national.starts_with("87"))
}

/// The number that a text is, if somebody may have it; `region` is where it is dialled when it has no country's code.
pub(crate) fn valid(text: &str, region: Option<Id>) -> Option<PhoneNumber> {
    make_room();
    phonenumber::parse(region, text).ok().filter(PhoneNumber::is_valid)
}

/// `+` and all digits. The library's formatter would look for the groups of the country's own form first.
pub(crate) fn e164(number: &PhoneNumber) -> String {
    format!("+{}{}", number.country().code(), number.national())
}

/// Lets the library keep the patterns of all countries that a list is of, a dozen for each and some 45 KB a pattern. It keeps a
/// hundred, and compiles each anew beyond: on pages of forty countries that was three quarters of all work.
fn make_room() {
    const PATTERNS: usize = 500;
    static ROOM: Once = Once::new();
    ROOM.call_once(|| {
        if let Ok(mut patterns) = DATABASE.cache().lock() {
            patterns.set_capacity(PATTERNS);
        }
    });
}

/// The number that people in `region` dial so; `first_group` are the digits before the first space or sign.
fn national(compact: &str, first_group: &str, region: Id) -> Option<PhoneNumber> {
    let code = DATABASE.by_id(region.as_ref())?.country_code().to_string();
    // "(63 2) 914 04 64", "55 (11) 97263-3232": the code stands apart.
    if let Some(rest) = compact.strip_prefix(code.as_str()).filter(|_| first_group == code)
        && let Some(number) = valid(&format!("+{code}{rest}"), None)
    {
        return Some(number);
    }
    // A number may begin like its country's code.
    let whole = (compact.starts_with(&code) && !compact.starts_with('0'))
        .then(|| valid(&format!("+{code}{compact}"), None))
        .flatten();
    if let Some(number) = whole.or_else(|| valid(compact, Some(region))) {
        return Some(number);
    }
    // Written with the country code but without its plus sign.
    let rest = compact.strip_prefix("00").unwrap_or(compact);
    if rest.starts_with(&code) && rest.len() > code.len() + 6 {
        return valid(&format!("+{rest}"), None);
    }
    // The zero of former days, where the country has given it up.
    let rest = compact.strip_prefix('0')?;
    (!TRUNK_ZERO.contains(&region) && rest.len() >= 8)
        .then(|| valid(rest, Some(region)))
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

/// North American numbers that templates show.
fn is_north_american_example(national: &str) -> bool {
    national.len() == 10
        && (national.starts_with("555")
            || ["5551234", "5551212", "5555555", "5550100", "8675309", "1234567"]
                .iter()
                .any(|tail| national.ends_with(tail)))
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
    let head = &bytes[..bytes.len().min(7)];
    // "01 02 03 04 05", "981 00 00 00".
    let filler = bytes.len() >= 9 && (national.ends_with("02030405") || national.ends_with("000000"));
    filler
        || same(tail)
        || rising(tail)
        || (bytes.len() >= 9 && rising(head))
        || (bytes.len() >= 9 && national.ends_with("5551234"))
}

#[cfg(test)]
mod tests;
