//! Addresses without a postal code: a street, its town beside it or not, where a page gives no better address.

use super::bare_named::{in_parts, is_of_no_name};
use super::labels::{heads_address, labelled};
use super::parts::{country_after, is_number, split, without_label};
use super::places::{is_place, town_and_country};
use super::states::{is_state, is_whole_state};
use super::street::{end_of_street, is_house_number, is_street};
use super::units::is_unit;
use crate::scrape::extract::context::Context;
use crate::scrape::extract::context::home::is_known;
use crate::scrape::extract::page::scan::{LineKind, Scan, Zone};
use crate::scrape::payload::{Address, Fact, PageFacts, Source};
use crate::scrape::text::{fold, offset, squeeze};
use phonenumber::country::Id;

/// Countries where the number stands before the street.
const NUMBER_FIRST: [Id; 22] = [
    Id::NZ,
    Id::IE,
    Id::AU,
    Id::GB,
    Id::US,
    Id::CA,
    Id::ZA,
    Id::IN,
    Id::NG,
    Id::KE,
    Id::GH,
    Id::UG,
    Id::TZ,
    Id::ZM,
    Id::ZW,
    Id::PK,
    Id::BD,
    Id::LK,
    Id::PH,
    Id::SG,
    Id::MY,
    Id::HK,
];
/// Such a line says nothing else.
const MAX_LINE: usize = 110;
/// Who has more places than that gives their codes.
const MAX_PLACES: usize = 3;
const WITH_TOWN: u8 = 35;
const ALONE: u8 = 32;

/// Finds such addresses where the page has given no street: those with their town, else those that a heading calls one.
pub(crate) fn read(scan: &Scan, context: &Context, facts: &mut PageFacts) {
    if facts.addresses.iter().any(|known| known.value.street.is_some()) {
        return;
    }
    let (likely, country) = (context.home.countries().next(), context.home.sure());
    let lines = || {
        scan.lines.iter().enumerate().filter_map(|(at, line)| {
            let text = &scan.text[line.range.clone()];
            let elsewhere = matches!(line.zone, Zone::Quote | Zone::Nav) || matches!(line.kind, LineKind::Heading(1));
            let may = !elsewhere && text.len() <= MAX_LINE && line.signs.digit();
            may.then_some((at, text))
        })
    };
    let number_first = likely.map_or(context.home.is_english(), |country| NUMBER_FIRST.contains(&country));
    let with_town = lines().filter_map(|(at, text)| {
        let next = scan.line(at + 1);
        if number_first {
            in_line(text, next, country)
        } else {
            in_parts(
                text,
                [at.checked_sub(1).map_or("", |above| scan.line(above)), next],
                country,
            )
        }
    });
    let mut found = distinct(with_town);
    let mut trust = WITH_TOWN;
    if found.is_empty() {
        let headed = lines().filter(|(at, text)| {
            let before = at.checked_sub(1).map_or("", |before| scan.line(before));
            heads_address(before) || text.split_once(':').is_some_and(|(label, _)| heads_address(label))
        });
        found = distinct(headed.filter_map(|(_, text)| alone(text, country)));
        trust = ALONE;
    }
    facts.addresses.extend(
        found
            .into_iter()
            .map(|address| Fact::with_trust(address, Source::Text, trust)),
    );
}

fn distinct(all: impl Iterator<Item = Address>) -> Vec<Address> {
    let mut out: Vec<Address> = Vec::new();
    for address in all {
        let street = |address: &Address| address.street.as_deref().map(fold);
        if !out.iter().any(|known| street(known) == street(&address)) {
            out.push(address);
        }
        if out.len() == MAX_PLACES {
            break;
        }
    }
    out
}

/// A street and nothing else.
fn alone(line: &str, country: Option<Id>) -> Option<Address> {
    let street = labelled(line).trim_matches(|c: char| c.is_whitespace() || matches!(c, '.' | ','));
    (is_street(street) && !is_of_no_name(street) && is_one(&split(street))).then(|| Address {
        raw: squeeze(street),
        street: Some(squeeze(street)),
        country: country.map(|country| country.as_ref().to_owned()),
        ..Address::default()
    })
}

/// Whether parts are those of one street: "Calle Pagés del Corro, 87".
fn is_one(parts: &[&str]) -> bool {
    match parts {
        [_] => true,
        [_, number] => is_number(number),
        _ => false,
    }
}

/// A street at the beginning of `line`, with its town behind it or alone in the `next` line.
fn in_line(line: &str, next: &str, country: Option<Id>) -> Option<Address> {
    let mut parts: Vec<&str> = split(without_phone(line)).into_iter().map(without_label).collect();
    // "18, Bharathiyar St, JJ Nagar," goes on in the next line.
    let below = split(next);
    let place =
        |part: &&str| is_known(&part.to_lowercase()) || is_state(part, country) || country_after(part).is_some();
    let district = below
        .last()
        .is_some_and(|last| last.len() <= 2 && last.bytes().all(|b| b.is_ascii_digit()));
    if line.ends_with(',') && (district || below.iter().any(place)) {
        parts.extend(below);
    }
    // "Coimbatore - 25": a district of the town.
    parts.pop_if(|last| last.len() <= 2 && last.bytes().all(|b| b.is_ascii_digit()));
    join_number(line, &mut parts);
    let units = parts
        .iter()
        .take_while(|part| (is_unit(part) || is_building(part)) && !is_street(part))
        .count();
    let street = parts.get(units).filter(|part| is_street(part))?;
    let begins_with_number = street.starts_with(|c: char| c.is_ascii_digit()) || begins_with_unit(street);
    if !begins_with_number || units > 3 {
        return None;
    }
    // "Unit 2/56 Division Street Welshpool WA": nothing stands between the street and its town.
    let end = end_of_street(street).filter(|_| parts.len() == units + 1);
    let (street, tail) = street.split_at(end.unwrap_or(street.len()));
    let mut towns: Vec<&str> = parts[units + 1..].to_vec();
    let tail = tail.trim();
    let state = tail.rsplit_once(' ').filter(|(_, state)| is_state(state, country));
    let (street, tail) = match (state, is_place(tail)) {
        (Some((town, state)), _) => {
            towns = vec![town, state];
            (street, tail)
        }
        (None, true) => {
            towns = vec![tail];
            (street, tail)
        }
        (None, false) => (parts[units], ""),
    };
    if towns.is_empty() && tail.is_empty() && next.len() <= 40 {
        towns = split(next);
    }
    let whole =
        !towns.is_empty() && towns.len() <= 4 && towns.iter().all(|town| is_place(town) || is_state(town, country));
    let (town, named) = town_and_country(&towns);
    // "Sydney, New South Wales"; but "New York" is a town as well.
    let whole_state = |part: &&str| towns.len() > 1 && country.is_some_and(|country| is_whole_state(part, country));
    let region = towns
        .iter()
        .rev()
        .find(|part| is_state(part, country) || whole_state(part))
        .map(|state| (*state).to_owned());
    let town = match &region {
        Some(_) => towns
            .iter()
            .rev()
            .find(|part| !is_state(part, country) && Some(**part) != region.as_deref() && country_after(part).is_none())
            .copied(),
        None => town,
    };
    if !whole || town.is_none() {
        return None;
    }
    let street = squeeze(
        &parts[..units]
            .iter()
            .copied()
            .chain([street])
            .collect::<Vec<_>>()
            .join(", "),
    );
    Some(Address {
        raw: squeeze(&format!("{street}, {}", towns.join(", "))),
        street: Some(street),
        locality: town.map(str::to_owned),
        region,
        country: named.or(country.map(|country| country.as_ref().to_owned())),
        ..Address::default()
    })
}

/// Makes one part of a number and the street behind it: "18, Bharathiyar St".
fn join_number<'a>(line: &'a str, parts: &mut Vec<&'a str>) {
    let span = |two: &[&str]| {
        let (start, end) = (offset(line, two[0])?, offset(line, two[1])? + two[1].len());
        line.get(start..end)
    };
    let at = parts
        .windows(2)
        .position(|two| is_house_number(two[0]) && !is_street(two[1]));
    let Some(at) = at else { return };
    if let Some(street) = span(&parts[at..at + 2]).filter(|street| is_street(street)) {
        parts.splice(at..at + 2, [street]);
    }
}

/// A line without the number behind its address: "570 Route 28, Harwich Port, MA (508) 432-6940".
fn without_phone(line: &str) -> &str {
    let area = |at: &usize| {
        let digits = line[at + 2..].bytes().take_while(u8::is_ascii_digit).count();
        (2..=4).contains(&digits) && line[at + 2 + digits..].starts_with(')')
    };
    let at = line.match_indices(" (").map(|(at, _)| at).find(area);
    at.map_or(line, |at| &line[..at])
}

/// "Man House", "Eastgate Mall": a building by its name.
fn is_building(part: &str) -> bool {
    const KINDS: [&str; 9] = [
        "house", "plaza", "tower", "towers", "mall", "arcade", "complex", "chambers", "building",
    ];
    let folded = fold(part);
    let mut words = folded.rsplit(' ');
    words.next().is_some_and(|last| KINDS.contains(&last)) && (1..=3).contains(&words.count())
}

/// "Unit 2/56 Division Street": a part of the building and its number stand before that of the house.
fn begins_with_unit(street: &str) -> bool {
    let second = street.match_indices(' ').nth(1).map_or(street.len(), |(at, _)| at);
    is_unit(&street[..second])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn streets_with_their_town() {
        for (line, next, street, town) in [
            ("12 High Street, Dunedin", "", "12 High Street", "Dunedin"),
            (
                "Address: Level 1, 45 Queen St, Parnell, Auckland",
                "",
                "Level 1, 45 Queen St",
                "Auckland",
            ),
            ("3 Main Road", "Kumeu", "3 Main Road", "Kumeu"),
            (
                "4th Floor, MAN House, 158 Obafemi Awolowo Way, Ikeja, Lagos",
                "",
                "4th Floor, MAN House, 158 Obafemi Awolowo Way",
                "Lagos",
            ),
            ("12 High Street Dunedin", "Opening Hours", "12 High Street", "Dunedin"),
            (
                "12 High Street, Ponsonby,",
                "Opening Hours",
                "12 High Street",
                "Ponsonby",
            ),
            (
                "12 High Street, Ponsonby,",
                "Dentistry, Implants",
                "12 High Street",
                "Ponsonby",
            ),
            (
                "18, Bharathiyar St, JJ Nagar,",
                "Edayarpalayam, Coimbatore - 25",
                "18, Bharathiyar St",
                "Coimbatore",
            ),
            (
                "No. 81 Ughelli Express Way, Ozoro, Delta State, Nigeria",
                "",
                "No. 81 Ughelli Express Way",
                "Ozoro",
            ),
        ] {
            let found = in_line(line, next, Some(Id::NZ)).unwrap_or_else(|| panic!("{line}"));
            assert_eq!(
                (found.street.as_deref(), found.locality.as_deref()),
                (Some(street), Some(town)),
                "{line}"
            );
            assert_eq!(found.postal_code, None);
        }
        let american = in_line("570 Route 28, Harwich Port, MA (508) 432-6940", "", None).unwrap();
        assert_eq!(
            (american.street.as_deref(), american.locality.as_deref()),
            (Some("570 Route 28"), Some("Harwich Port"))
        );
        let australian = in_line("Unit 2/56 Division Street Welshpool WA", "", Some(Id::AU)).unwrap();
        assert_eq!(
            (
                australian.street.as_deref(),
                australian.locality.as_deref(),
                australian.region.as_deref()
            ),
            (Some("Unit 2/56 Division Street"), Some("Welshpool"), Some("WA"))
        );
        for (line, next) in [
            ("12 High Street", ""),
            ("10 years in the Main Street", "Dunedin"),
            ("We moved to 3 Main Road", "Kumeu"),
            ("12 High Street, open every day", ""),
            ("123 Main Street Suite 200", "Opening hours"),
        ] {
            assert_eq!(in_line(line, next, Some(Id::NZ)), None, "{line}");
        }
    }

    #[test]
    fn places_that_end_in_the_name_of_a_country_stay_whole() {
        for (line, town, country) in [
            ("12 High Street, Belfast, Northern Ireland", "Belfast", "GB"),
            ("12 High Street, Sydney, New South Wales", "Sydney", "AU"),
            ("12 Ocean View Road, Waiheke Island", "Waiheke Island", "AU"),
        ] {
            let found = in_line(line, "", Some(Id::AU)).unwrap_or_else(|| panic!("{line}"));
            assert_eq!(
                (found.locality.as_deref(), found.country.as_deref()),
                (Some(town), Some(country)),
                "{line}"
            );
        }
    }
}
