//! Putting an address together from the line with its postal code and the lines around it.

use super::codes::{Code, Town, find};
use super::forms::{is_hamlet, is_hamlet_alone, plot, village_of};
use super::labels::heads_address;
use super::parts::{country_after, from_number, is_country, is_number, is_town, split, town_after, without_label};
use super::places::is_wider_place;
use super::regions::is_county;
use super::states::state_at_end;
use super::street::{
    end_of_street, is_named, is_plain_american, is_plain_english, is_street, is_unnumbered, street_at_end,
};
use super::units::{is_box, is_floor, is_unit};
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
    if is_of_a_number(line, code) || (year && line.contains('©')) {
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

/// Whether the digits belong to a telephone number or to a post-office box.
fn is_of_a_number(line: &str, code: &Code) -> bool {
    let after = line[code.end..].trim_start_matches([' ', '/', '-', '.', '–']);
    let before = line[..code.start].trim_end_matches([' ', '/', '-', '.', ':']);
    let last = before.rsplit(|c: char| c.is_whitespace()).next().unwrap_or_default();
    let dialled = last.starts_with(['0', '+', '(']) && last.bytes().any(|b| b.is_ascii_digit());
    let boxed = matches!(
        last.to_lowercase().as_str(),
        "box" | "bag" | "postfach" | "postbus" | "postboks" | "bp" | "apdo" | "pl" | "tel" | "tlf" | "fax"
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
        Id::IN => plot(&parts).or_else(|| street(&parts, code, behind)),
        _ => street(&parts, code, behind),
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
    let in_state = code.country == Id::IN && region.is_some();
    let certain = code.distinctive && (town.is_some() || street.is_some());
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
    if stateless || is_year_in_prose(code, &street, &town) {
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

pub(super) struct Street<'a> {
    pub(super) text: String,
    /// Where it begins.
    pub(super) first: &'a str,
    /// Index of the part after it.
    pub(super) next: usize,
    /// The town, when it stands in the same part.
    pub(super) tail: Option<&'a str>,
    /// It has a word that streets have.
    pub(super) sure: bool,
}

impl<'a> Street<'a> {
    fn alone(part: &'a str) -> Self {
        Self {
            text: squeeze(part.trim_end_matches('.')),
            first: part,
            next: usize::MAX,
            tail: None,
            sure: true,
        }
    }
}

/// The street nearest before the code, with the parts of the building that stand before it.
fn street<'a>(parts: &[&'a str], code: &Code, behind: bool) -> Option<Street<'a>> {
    let reach = parts.len().saturating_sub(6);
    // Floors and doors may stand between a street and the code.
    let last = parts
        .iter()
        .rposition(|part| !is_floor(without_label(part)))
        .unwrap_or(0);
    for at in (reach..parts.len()).rev() {
        let part = without_brackets(without_label(parts[at]));
        let last_but = at.checked_sub(1).map(|before| without_label(parts[before]));
        // "Calle Mayor, 12" and "12, rue de la Paix" have their number in a part of its own.
        let joined = last_but.map(|before| format!("{before}, {part}"));
        let beside = behind && at >= last;
        let plain = street_at_end(part).filter(|_| beside);
        let distinct = code.distinctive && matches!(code.country, Id::GB | Id::IE);
        let american = matches!(code.country, Id::US | Id::CA) && is_plain_american(part);
        let hamlet = beside
            && code.country == Id::FR
            && !last_but.is_some_and(is_street)
            && (is_hamlet(part) || (at + 1 == parts.len() && is_hamlet_alone(part)));
        let old = american
            || hamlet
            || distinct && (is_plain_english(part) || (at + 4 >= parts.len() && is_unnumbered(part)));
        let known = is_street(from_number(part, code));
        if !(known || is_street(part) || plain.is_some() || old) {
            if let Some(joined) =
                joined.filter(|joined| (is_number(part) || last_but.is_some_and(is_number)) && is_street(joined))
            {
                let joined = street_at_end_of_joined(last_but.unwrap_or_default(), part).unwrap_or(joined);
                return Some(Street {
                    text: squeeze(&joined),
                    first: last_but.unwrap_or(part),
                    next: at + 1,
                    tail: None,
                    sure: true,
                });
            }
            // Behind a street a box is where the mail goes, and not the place.
            if !is_box(part) || last_but.is_some_and(is_street) {
                continue;
            }
        }
        let part = match plain {
            Some(plain) if !known => plain,
            _ if behind => street_at_end(part).filter(|cut| is_street(cut)).unwrap_or(part),
            _ => from_number(part, code),
        };
        // "135 Ave Suite 208": the door belongs to the street.
        let goes_on = |end: &usize| *end < part.len() && !behind && !is_unit(part[*end..].trim());
        let (own, tail) = match end_of_street(part).filter(goes_on) {
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
        // "8795 Alameda Ave, Suite 110": a unit that stands behind.
        let behind_it = parts[at + 1..].iter().take_while(|part| is_unit(part)).count();
        let later = parts[at + 1..at + 1 + behind_it].iter().copied();
        let text = units.chain([own]).chain(later).collect::<Vec<_>>().join(", ");
        return Some(Street {
            text: squeeze(&text),
            first: begin,
            next: at + 1 + behind_it,
            tail: tail.filter(|tail| !tail.is_empty()),
            sure: known || is_street(part),
        });
    }
    None
}

/// "Besuchen Sie uns: Rua das Flores, 12" without what stands before the street.
fn street_at_end_of_joined(name: &str, number: &str) -> Option<String> {
    if !is_number(number) || name.split(' ').count() < 5 {
        return None;
    }
    let digits = number.trim_start_matches(|c: char| !c.is_ascii_digit());
    let whole = format!("{name} {digits}");
    let cut = street_at_end(&whole)?;
    let name = cut.strip_suffix(digits)?.trim_end();
    Some(format!("{name}, {number}"))
}

/// A part without the remark in brackets behind it: "Könneritzstr. 64a (Hinterhaus)".
fn without_brackets(part: &str) -> &str {
    match part.find(" (") {
        Some(at) if at > 0 => part[..at].trim_end(),
        _ => part,
    }
}

#[cfg(test)]
#[path = "lines_tests.rs"]
mod tests;
