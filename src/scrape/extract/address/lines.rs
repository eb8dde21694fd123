//! Putting an address together from the line with its postal code and the lines around it.

use super::codes::{Code, Town, find};
use super::forms::{plot, village_of};
use super::labels::heads_address;
use super::parts::{country_after, is_country, is_town, split, town_after};
use super::places::is_wider_place;
use super::regions::is_county;
use super::states::state_at_end;
use super::street::{is_named, is_street, street_at_end};
use super::street_before::{Street, street_before};
use super::units::{is_box, is_floor};
use crate::scrape::payload::Address;
use crate::scrape::text::{offset, squeeze};
use phonenumber::country::Id;

/// An address and where in its line it stands; `start` is 0 where its street stands in a line before.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) address: Address,
    pub(super) start: usize,
    pub(super) end: usize,
    /// The street stands in one of the lines before.
    pub(super) above: bool,
}

/// The lines around the one with the postal code.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Around<'a> {
    pub(super) before: &'a [&'a str],
    pub(super) after: &'a str,
}

/// Every address whose postal code stands in `line`.
pub(super) fn in_line(around: Around<'_>, line: &str, wanted: &[Id]) -> Vec<Found> {
    let mut out: Vec<Found> = Vec::new();
    let mut from = 0;
    for code in find(line, wanted) {
        if code.start < from || !has_town_beside(line, &code) {
            continue;
        }
        let lead = Around {
            before: if from == 0 { around.before } else { &[] },
            after: around.after,
        };
        if let Some(mut found) = assemble(lead, &line[from..], from, &code) {
            found.start += from;
            found.end += from;
            from = code.end;
            out.push(found);
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
    // "© 2024 Garage Kohler AG".
    let year = code.text.len() == 4 && (code.text.starts_with("19") || code.text.starts_with("20"));
    if is_of_a_number(line, code) || is_in_english_street(line, code) || (year && line.contains('©')) {
        return false;
    }
    match code.town {
        Town::Before => {
            let before = line[..code.start].trim_end_matches([' ', ',', '\t', '-', '–', '|', '.', '·', '•']);
            if before.ends_with(|c: char| !c.is_alphanumeric() && c != ')') {
                return false;
            }
            let word = before
                .rfind([' ', ',', '\t', '|'])
                .map_or(before, |at| &before[at + 1..]);
            before.is_empty() || word.starts_with(char::is_uppercase)
        }
        Town::After => {
            let after = behind(line, code.start, code.end).trim_start_matches([' ', ',']);
            after.starts_with(|c: char| c.is_uppercase() || c == '\'') || town_before(line, code).is_some()
        }
    }
}

/// What stands behind a code, without the dash of "42000 - Saint Étienne". That one begins its line or its part of it: behind more
/// digits it is a bank's number, behind a town what follows is something else.
fn behind(line: &str, start: usize, end: usize) -> &str {
    let (before, right) = (line[..start].trim_end(), &line[end..]);
    if before.is_empty() || before.ends_with(',') {
        right.trim_start_matches([' ', '-', '–'])
    } else {
        right
    }
}

/// Whether the digits are those of a house in an English street: "4331 Excelsior Blvd" is no town of Belgium. Words that towns on the
/// continent go on with as well, such as "Place" and "Court", tell nothing.
fn is_in_english_street(line: &str, code: &Code) -> bool {
    const STREETS: [&str; 14] = [
        "street",
        "st",
        "road",
        "rd",
        "avenue",
        "ave",
        "blvd",
        "boulevard",
        "drive",
        "dr",
        "lane",
        "ln",
        "hwy",
        "pkwy",
    ];
    let name = line[code.end..].split([',', '|', '(']).next().unwrap_or_default();
    let mut words = name.split(' ').skip(2).take(3);
    code.town == Town::After && words.any(|word| STREETS.contains(&word.to_ascii_lowercase().trim_end_matches('.')))
}

/// Whether the digits belong to a telephone number or to a post-office box.
fn is_of_a_number(line: &str, code: &Code) -> bool {
    let after = line[code.end..].trim_start_matches([' ', '/', '-', '.', '–']);
    let before = line[..code.start].trim_end_matches([' ', '/', '-', '.', ':']);
    let last = before.rsplit(|c: char| c.is_whitespace()).next().unwrap_or_default();
    let dialled = last.starts_with(['0', '+', '(']) && last.bytes().any(|b| b.is_ascii_digit());
    let boxed = matches!(
        last.to_lowercase().as_str(),
        "box"
            | "bag"
            | "suite"
            | "ste"
            | "unit"
            | "room"
            | "apt"
            | "#"
            | "postfach"
            | "postbus"
            | "postboks"
            | "bp"
            | "apdo"
            | "pl"
            | "tel"
            | "tlf"
            | "fax"
    );
    after.starts_with(|c: char| c.is_ascii_digit()) || dialled || boxed
}

/// The town right before a code that usually has it behind: "Zărnești 505800", "Χανιά, Τ.Κ. 731 31", "Göteborg (417 05)".
fn town_before<'a>(line: &'a str, code: &Code) -> Option<&'a str> {
    let before = line.get(..code.start)?;
    let before = before.trim_end_matches([' ', ',', '(', ':', '-', '–']);
    let label = [
        "Τ.Κ.",
        "ΤΚ",
        "T.K.",
        "TK",
        "C.P.",
        "CP",
        "PSČ",
        "CAP",
        "cod",
        "cod poștal",
        "c.p.",
        "CEP",
    ];
    let before = label
        .iter()
        .find_map(|label| before.strip_suffix(label))
        .unwrap_or(before)
        .trim_end_matches([' ', ',', '-', '–']);
    let part = split(before).pop()?;
    let part = [" i ", " in ", " à ", " en ", " w ", " v ", " a "]
        .iter()
        .find_map(|word| part.rsplit_once(word))
        .map_or(part, |(_, town)| town);
    let village = village_of(part).filter(|_| matches!(code.country, Id::CZ | Id::SK));
    village.or_else(|| (is_town(part) && part.split(' ').count() <= 3).then_some(part))
}

/// Puts together what stands around a code; `line` begins at `from`, which the positions of `code` do not know of.
fn assemble(around: Around<'_>, line: &str, from: usize, code: &Code) -> Option<Found> {
    let (left, right) = (&line[..code.start - from], &line[code.end - from..]);
    let mut parts: Vec<&str> = around
        .before
        .iter()
        .flat_map(|line| split(line))
        .chain(split(left))
        .collect();
    parts.retain(|part| !is_code_label(part));
    let mut side = code.town;
    let (town, region, rest) = match code.town {
        Town::Before => (None, None, right),
        Town::After => match town_after(behind(line, code.start - from, code.end - from)) {
            Some((town, region, rest)) => (Some(town), region, rest),
            None => {
                let shifted = Code {
                    start: code.start - from,
                    ..code.clone()
                };
                let town = town_before(line, &shifted)?;
                side = Town::Before;
                while parts
                    .last()
                    .is_some_and(|last| town.contains(last) || last.ends_with(town))
                {
                    let last = parts.pop().unwrap_or_default();
                    let stem = last[..last.len() - town.len().min(last.len())].trim_end();
                    let stem = stem.rsplit_once(' ').map_or("", |(stem, _)| stem);
                    if last.len() > town.len() && stem.bytes().any(|b| b.is_ascii_digit()) {
                        parts.push(stem);
                        break;
                    }
                }
                (Some(town), None, right)
            }
        },
    };
    let behind = side == Town::After || town.is_some();
    let mut end = match town.and_then(|town| Some(offset(line, town)? + town.len())) {
        Some(end) => end.max(code.end - from),
        None => code.end - from,
    };
    // "Cruz Quebrada, Lisboa" above "Portugal 1495-207", and "Surabaya, Jawa Timur 60173".
    let place = town.filter(|town| side == Town::Before && (is_country(town) || is_county(town)));
    let nearer = parts.last().copied().filter(|part| place.is_some() && is_town(part));
    let region = region.or(place.filter(|place| nearer.is_some() && is_county(place)));
    let town = nearer
        .map(|town| town.trim_start_matches("Kota ").trim_start_matches("Kab. "))
        .or(town);
    let (mut town, mut region) = (town.map(str::to_owned), region.map(str::to_owned));
    let own_line = split(left).len();
    if !behind {
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
    let mut street = match code.country {
        Id::IN => plot(&parts).or_else(|| street_before(&parts, code, behind)),
        _ => street_before(&parts, code, behind),
    };
    if !behind {
        let after_street = street
            .as_ref()
            .map_or(parts.len().saturating_sub(own_line.max(1)), |street| street.next);
        let mut towns: Vec<&str> = parts[after_street.min(parts.len())..].to_vec();
        if let Some(rest) = street.as_ref().and_then(|street| street.tail) {
            towns.insert(0, rest);
        }
        towns.retain(|part| is_town(part) && !is_country(part));
        if region.is_none() && towns.len() > 1 && towns.last().is_some_and(|last| is_county(last)) {
            region = towns.pop().map(str::to_owned);
        }
        town = towns.last().map(|town| (*town).to_owned());
        // "80610-260 Curitiba".
        if town.is_none() && code.country == Id::BR {
            town = town_after(right).map(|(town, ..)| town.to_owned());
        }
    }
    let mut above = street
        .as_ref()
        .is_some_and(|street| offset(line, street.first).is_none());
    // Of two that begin with their code the second must not take the street of the first.
    let next_to_it = street.as_ref().is_some_and(|street| street.next >= parts.len());
    if side == Town::After && own_line == 0 && !next_to_it && split(rest).is_empty() && is_street(around.after) {
        street = None;
    }
    // "1113 Budapest, Bocskai út 118".
    if street.is_none() && side == Town::After {
        let next = split(rest).into_iter().next();
        let candidate = next.filter(|part| is_street(part) || street_at_end(part) == Some(part));
        if let Some(part) = candidate {
            end = offset(line, part).map_or(end, |at| at + part.len());
            street = Some(Street::alone(part));
        } else if split(rest).is_empty()
            && (is_street(around.after) || street_at_end(around.after) == Some(around.after))
            && !around.after.is_empty()
        {
            street = Some(Street::alone(around.after));
            above = false;
        } else if let Some(part) = parts.last().filter(|part| is_named(part)) {
            street = Some(Street::alone(part));
            above = offset(line, part).is_none();
        }
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
    // "Griffith NSW 2680" alone; a row of them is where somebody works.
    let alone = || split(rest).is_empty() && !left.bytes().any(|b| b.is_ascii_digit());
    let in_state = region.is_some() && (code.country == Id::IN || (code.country == Id::AU && alone()));
    let british = code.country == Id::GB && left.starts_with(|c: char| c.is_ascii_digit());
    let certain = code.distinctive && (town.is_some() || street.is_some() || british);
    // "18300 Pirot, Srbija": a town and its country need no street.
    let told = match &street {
        Some(_) => town.is_some() || country.is_some(),
        None => {
            let headed = heads_address(left.trim())
                || (left.is_empty() && around.before.last().is_some_and(|line| heads_address(line)));
            town.is_some()
                && (country.is_some() || in_state || headed || (split(rest).is_empty() && is_wider_place(around.after)))
        }
    };
    if !certain && !told {
        return None;
    }
    // Australians name the state; without it four digits beside a capital may be anything.
    let stateless = code.country == Id::AU && region.is_none() && !street.as_ref().is_some_and(|street| street.sure);
    if stateless || (region.is_none() && is_year_in_prose(code, &street, &town)) {
        return None;
    }
    let start = match &street {
        Some(street) => offset(line, street.first).unwrap_or(0),
        None => code.start - from,
    };
    let written = street
        .as_ref()
        .and_then(|street| as_written(street, &parts, around.before, line, end));
    let street_text = street.map(|street| street.text);
    let raw_town = match side {
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
    // What cannot be taken apart is kept as it stands.
    let whole = (british && town.is_none() && street_text.is_none())
        .then(|| line.get(..end).map(str::to_owned))
        .flatten();
    let written = whole.or(written);
    let raw = street_text
        .iter()
        .map(String::as_str)
        .chain([raw_town.as_str()])
        .collect::<Vec<_>>()
        .join(", ");
    let address = Address {
        raw: squeeze(written.as_deref().unwrap_or(&raw)),
        street: street_text.filter(|street| !is_box(street)),
        locality: town,
        region,
        postal_code: Some(code.text.clone()),
        country: Some(code.country.as_ref().to_owned()),
    };
    Some(Found {
        address,
        start,
        end,
        above,
    })
}

/// "CEP", "C.P.", "PIN": what stands before a code and says that it is one.
fn is_code_label(part: &str) -> bool {
    matches!(
        part,
        "CEP" | "C.P" | "CP" | "Τ.Κ" | "ΤΚ" | "TK" | "PSČ" | "PIN" | "Pin" | "ZIP" | "PLZ" | "CAP" | "Cod" | "Postcode"
    )
}

/// Four digits that begin with 19 or 20 are a year unless a street and a town stand beside them.
fn is_year_in_prose(code: &Code, street: &Option<Street<'_>>, town: &Option<String>) -> bool {
    code.text.len() == 4
        && (code.text.starts_with("19") || code.text.starts_with("20"))
        && (street.is_none() || town.is_none())
}

/// The address as the page writes it, its lines joined; none where other things than places stand in between.
fn as_written(street: &Street<'_>, parts: &[&str], before: &[&str], line: &str, end: usize) -> Option<String> {
    if let Some(start) = offset(line, street.first) {
        return line.get(start..end).map(str::to_owned);
    }
    let at = before.iter().rposition(|line| offset(line, street.first).is_some())?;
    let start = offset(before[at], street.first)?;
    let between = parts.get(street.next..).unwrap_or_default();
    let places = between.iter().all(|part| is_town(part) || is_floor(part));
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

#[cfg(test)]
#[path = "lines_tests.rs"]
mod tests;
