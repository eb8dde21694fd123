//! Postal addresses in text: found by their postal code, completed by the town beside it and the street before it.

use super::address_codes::{Code, Town, find, state_at_end};
use super::address_parts::{
    country_after, from_number, is_county, is_number, is_town, split, town_after, without_label,
};
use super::address_street::{end_of_street, is_box, is_plain_street, is_street, is_unit};
use super::context::Context;
use super::countries;
use super::scan::{LineKind, Scan, Zone};
use crate::scrape::payload::{Address, Fact, PageFacts, Source};
use crate::scrape::text::{contains_ci, squeeze, squeeze_to};
use phonenumber::country::Id;

/// Lines before the one with the postal code that may hold the street.
const LINES_BEFORE: usize = 4;
/// More addresses than this on one page are a directory.
const MAX_ADDRESSES: usize = 12;
/// Longer lines are prose; an address in prose stands near its end or is cut out by its own parts.
const MAX_LINE: usize = 400;

/// Finds the addresses that a visitor reads.
pub(crate) fn read(scan: &Scan, context: &Context, facts: &mut PageFacts) {
    let wanted = countries_to_try(scan, context);
    let lines: Vec<&str> = scan.lines.iter().map(|line| &scan.text[line.range.clone()]).collect();
    let mut found = 0;
    for (at, line) in scan.lines.iter().enumerate() {
        let text = lines[at];
        let digits = text.bytes().any(|b| b.is_ascii_digit());
        if !digits || text.len() > MAX_LINE || line.zone == Zone::Quote || found >= MAX_ADDRESSES {
            continue;
        }
        let before: Vec<&str> = lines[at.saturating_sub(LINES_BEFORE)..at]
            .iter()
            .copied()
            .filter(|before| before.len() <= 120)
            .collect();
        for address in in_line(&before, text, &wanted) {
            let trust = trust(&address, line.zone, line.kind, context);
            if !facts
                .addresses
                .iter()
                .any(|known| known.source == Source::Text && known.value == address)
            {
                facts.addresses.push(Fact::with_trust(address, Source::Text, trust));
                found += 1;
            }
        }
    }
}

/// An address that stands alone, on one or several lines; what cannot be taken apart is kept as it is.
pub(crate) fn from_text(text: &str, context: &Context) -> Option<Address> {
    let raw = squeeze_to(text, 200);
    if raw.len() < 8 {
        return None;
    }
    let (_, country) = countries::at_end(&raw).unzip();
    let named = country.as_deref().and_then(|country| country.parse().ok());
    let wanted: Vec<Id> = match named.or_else(|| context.tld_region()).or(context.region) {
        Some(country) => vec![country],
        None => vec![Id::US, Id::GB, Id::CA, Id::IE, Id::AU],
    };
    let parsed = in_line(&[], &raw, &wanted).into_iter().next();
    Some(match parsed {
        Some(address) => Address { raw, ..address },
        None => Address {
            country,
            raw,
            ..Address::default()
        },
    })
}

fn trust(address: &Address, zone: Zone, kind: LineKind, context: &Context) -> u8 {
    let mut trust = 35;
    trust += if address.street.as_deref().is_some_and(|street| !is_box(street)) {
        20
    } else {
        0
    };
    trust += if kind == LineKind::Address || zone == Zone::Footer {
        10
    } else {
        0
    };
    trust += if contains_ci(context.url.path(), "contact") || contains_ci(context.url.path(), "kontakt") {
        5
    } else {
        0
    };
    trust
}

/// The countries whose codes are looked for: the one that domain, job or language name, else those that dial codes
/// and languages suggest and those whose codes nobody else has.
fn countries_to_try(scan: &Scan, context: &Context) -> Vec<Id> {
    let by_lang = scan
        .lang
        .as_deref()
        .and_then(|lang| lang.split(['-', '_']).nth(1)?.to_ascii_uppercase().parse().ok());
    if let Some(country) = context.tld_region() {
        return vec![country];
    }
    let mut out: Vec<Id> = context.region.into_iter().chain(by_lang).collect();
    let language = scan
        .lang
        .as_deref()
        .and_then(|lang| lang.split(['-', '_']).next())
        .unwrap_or_default()
        .to_ascii_lowercase();
    out.extend(match language.as_str() {
        "de" => Some(Id::DE),
        "fr" => Some(Id::FR),
        "es" => Some(Id::ES),
        "it" => Some(Id::IT),
        "nl" => Some(Id::NL),
        "pt" => Some(Id::PT),
        "pl" => Some(Id::PL),
        "sv" => Some(Id::SE),
        "da" => Some(Id::DK),
        "nb" | "no" | "nn" => Some(Id::NO),
        "fi" => Some(Id::FI),
        "cs" => Some(Id::CZ),
        _ => None,
    });
    const DIAL: [(&str, Id); 20] = [
        ("64", Id::NZ),
        ("61", Id::AU),
        ("49", Id::DE),
        ("43", Id::AT),
        ("41", Id::CH),
        ("33", Id::FR),
        ("34", Id::ES),
        ("39", Id::IT),
        ("31", Id::NL),
        ("32", Id::BE),
        ("45", Id::DK),
        ("46", Id::SE),
        ("47", Id::NO),
        ("48", Id::PL),
        ("351", Id::PT),
        ("358", Id::FI),
        ("420", Id::CZ),
        ("27", Id::ZA),
        ("91", Id::IN),
        ("65", Id::SG),
    ];
    let hrefs = scan
        .anchors
        .iter()
        .map(|anchor| anchor.href.as_str())
        .filter(|href| href.starts_with("tel:"));
    for text in std::iter::once(scan.text.as_str()).chain(hrefs) {
        for (at, _) in text.match_indices('+').take(40) {
            let after = &text[at + 1..];
            out.extend(
                DIAL.iter()
                    .find(|(code, _)| after.starts_with(code))
                    .map(|(_, country)| *country),
            );
        }
    }
    if scan.text.contains("New Zealand") {
        out.push(Id::NZ);
    }
    if scan.text.contains("Australia") {
        out.push(Id::AU);
    }
    out.extend([Id::US, Id::GB, Id::CA, Id::IE, Id::AU]);
    let mut seen = Vec::new();
    out.retain(|country| {
        !seen.contains(country) && {
            seen.push(*country);
            true
        }
    });
    out
}

/// Every address whose postal code stands in `line`.
fn in_line(before: &[&str], line: &str, wanted: &[Id]) -> Vec<Address> {
    let mut out: Vec<Address> = Vec::new();
    let mut from = 0;
    for code in find(line, wanted) {
        if code.start < from || !has_town_beside(line, &code) {
            continue;
        }
        let lead = if from == 0 { before } else { &[] };
        if let Some(address) = assemble(lead, &line[from..], from, &code) {
            from = code.end;
            out.push(address);
        }
    }
    out
}

/// Whether a capitalised word stands on the town's side of a code: "since 1998" has none. A code that begins its
/// line may have its town in the line before.
fn has_town_beside(line: &str, code: &Code) -> bool {
    if code.distinctive {
        return true;
    }
    match code.town {
        Town::Before => {
            let before = line[..code.start].trim_end_matches([' ', ',', '\t', '-', '–', '|', '.', '·', '•']);
            let year = code.text.starts_with("19") || code.text.starts_with("20");
            if before.ends_with(|c: char| !c.is_alphanumeric() && c != ')') || (year && line.contains('©')) {
                return false;
            }
            let word = before
                .rfind([' ', ',', '\t', '|'])
                .map_or(before, |at| &before[at + 1..]);
            before.is_empty() || word.starts_with(char::is_uppercase)
        }
        Town::After => line[code.end..]
            .trim_start_matches([' ', ','])
            .starts_with(|c: char| c.is_uppercase() || c == '\''),
    }
}

/// Puts together what stands around a code; `line` begins at `from`, which the positions of `code` do not know of.
fn assemble(before: &[&str], line: &str, from: usize, code: &Code) -> Option<Address> {
    let (left, right) = (&line[..code.start - from], &line[code.end - from..]);
    let mut parts: Vec<&str> = before.iter().flat_map(|line| split(line)).chain(split(left)).collect();
    let (town, region, rest) = match code.town {
        Town::Before => (None, None, right),
        Town::After => {
            let (town, region, rest) = town_after(right)?;
            (Some(town), region, rest)
        }
    };
    let end = match town.and_then(|town| Some(offset(line, town)? + town.len())) {
        Some(end) => end,
        None => code.end - from,
    };
    let (mut town, mut region) = (town.map(str::to_owned), region.map(str::to_owned));
    let own_line = split(left).len();
    if code.town == Town::Before {
        if let Some((short, state)) = parts.last().and_then(|last| state_at_end(last, code.country)) {
            region = Some(state);
            parts.pop();
            if !short.is_empty() {
                parts.push(short);
            }
        }
        if code.country == Id::US && region.is_none() {
            return None;
        }
    }
    let street = street(&parts, code);
    if code.town == Town::Before {
        let after_street = street
            .as_ref()
            .map_or(parts.len().saturating_sub(own_line.max(1)), |street| street.next);
        let mut towns: Vec<&str> = parts[after_street.min(parts.len())..].to_vec();
        if let Some(rest) = street.as_ref().and_then(|street| street.tail) {
            towns.insert(0, rest);
        }
        towns.retain(|part| is_town(part));
        if region.is_none() && towns.len() > 1 && towns.last().is_some_and(|last| is_county(last)) {
            region = towns.pop().map(str::to_owned);
        }
        town = towns.last().map(|town| (*town).to_owned());
    }
    if code.country == Id::IT
        && region.is_none()
        && let Some((short, province)) = town.as_deref().and_then(|town| town.rsplit_once(' '))
        && province.len() == 2
        && province.bytes().all(|b| b.is_ascii_uppercase())
    {
        (town, region) = (Some(short.to_owned()), Some(province.to_owned()));
    }
    let country = country_after(rest);
    if country
        .as_deref()
        .is_some_and(|country| country != code.country.as_ref())
    {
        return None;
    }
    let certain = code.distinctive && (town.is_some() || street.is_some());
    if !certain && (street.is_none() || (town.is_none() && country.is_none())) {
        return None;
    }
    if is_year_in_prose(code, &street, &town) {
        return None;
    }
    let written = street
        .as_ref()
        .and_then(|street| as_written(street, &parts, before, line, end));
    let street_text = street.map(|street| street.text);
    let raw_town = match code.town {
        Town::Before => [town.as_deref(), region.as_deref(), Some(code.text.as_str())]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" "),
        Town::After => [Some(code.text.as_str()), town.as_deref()]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" "),
    };
    let raw = street_text
        .iter()
        .map(String::as_str)
        .chain([raw_town.as_str()])
        .collect::<Vec<_>>()
        .join(", ");
    Some(Address {
        raw: squeeze(written.as_deref().unwrap_or(&raw)),
        street: street_text,
        locality: town,
        region,
        postal_code: Some(code.text.clone()),
        country: Some(code.country.as_ref().to_owned()),
    })
}

/// Four digits that begin with 19 or 20 are a year unless a street and a town stand beside them.
fn is_year_in_prose(code: &Code, street: &Option<Street<'_>>, town: &Option<String>) -> bool {
    code.text.len() == 4
        && (code.text.starts_with("19") || code.text.starts_with("20"))
        && (street.is_none() || town.is_none())
}

/// Where `part`, a piece of `whole`, begins in it.
fn offset(whole: &str, part: &str) -> Option<usize> {
    let at = (part.as_ptr() as usize).checked_sub(whole.as_ptr() as usize)?;
    (at + part.len() <= whole.len() && whole.is_char_boundary(at)).then_some(at)
}

/// The address as the page writes it, its lines joined; none where other things than places stand in between.
fn as_written(street: &Street<'_>, parts: &[&str], before: &[&str], line: &str, end: usize) -> Option<String> {
    if let Some(start) = offset(line, street.first) {
        return line.get(start..end).map(str::to_owned);
    }
    let at = before.iter().rposition(|line| offset(line, street.first).is_some())?;
    let start = offset(before[at], street.first)?;
    let between = parts.get(street.next..).unwrap_or_default();
    let places = between.iter().all(|part| is_town(part));
    let pieces: Vec<&str> = [&before[at][start..]]
        .into_iter()
        .chain(before[at + 1..].iter().copied())
        .chain([line.get(..end)?])
        .map(|piece| piece.trim_matches(|c: char| c.is_whitespace() || c == ','))
        .filter(|piece| !piece.is_empty())
        .collect();
    let whole = pieces.join(", ");
    (places && whole.len() <= 160).then_some(whole)
}

struct Street<'a> {
    text: String,
    /// Where it begins.
    first: &'a str,
    /// Index of the part after it.
    next: usize,
    /// The town, when it stands in the same part.
    tail: Option<&'a str>,
}

/// The street nearest before the code, with the parts of the building that stand before it.
fn street<'a>(parts: &[&'a str], code: &Code) -> Option<Street<'a>> {
    let reach = parts.len().saturating_sub(6);
    for at in (reach..parts.len()).rev() {
        let part = without_label(parts[at]);
        let last_but = at.checked_sub(1).map(|before| without_label(parts[before]));
        // "Calle Mayor, 12" and "12, rue de la Paix" have their number in a part of its own.
        let joined = last_but.map(|before| format!("{before}, {part}"));
        let beside = code.town == Town::After && at + 1 == parts.len() && is_plain_street(part);
        let alone = beside || is_street(part);
        if !alone {
            if let Some(joined) =
                joined.filter(|joined| (is_number(part) || last_but.is_some_and(is_number)) && is_street(joined))
            {
                return Some(Street {
                    text: squeeze(&joined),
                    first: last_but.unwrap_or(part),
                    next: at + 1,
                    tail: None,
                });
            }
            if !is_box(part) {
                continue;
            }
        }
        let part = from_number(part, code);
        let (own, tail) = match end_of_street(part).filter(|end| *end < part.len() && code.town == Town::Before) {
            Some(end) => (
                &part[..end],
                Some(part[end..].trim_matches(|c: char| !c.is_alphanumeric())),
            ),
            None => (part, None),
        };
        let mut first = at;
        while first > reach && is_unit(without_label(parts[first - 1])) {
            first -= 1;
        }
        let begin = if first < at { without_label(parts[first]) } else { own };
        let units = parts[first..at].iter().map(|unit| without_label(unit));
        let text = units.chain([own]).collect::<Vec<_>>().join(", ");
        return Some(Street {
            text: squeeze(&text),
            first: begin,
            next: at + 1,
            tail: tail.filter(|tail| !tail.is_empty()),
        });
    }
    None
}

#[cfg(test)]
#[path = "address_tests.rs"]
mod tests;
