//! Addresses without a postal code whose streets have their number before them: "Level 1, 45 Queen St, Parnell, Auckland".

use super::parts::{country_after, split, without_label};
use super::places::{is_place, town_and_country};
use super::states::{is_state, is_whole_state};
use super::street::{is_house_number, is_street};
use super::street_end::end_of_street;
use super::units::is_unit;
use crate::scrape::extract::context::home::is_known;
use crate::scrape::payload::Address;
use crate::scrape::text::{fold, offset, squeeze};
use phonenumber::country::Id;

/// Parts of a building before a street.
const MAX_UNITS: usize = 3;
/// Places behind a street.
const MAX_TOWNS: usize = 4;
/// A longer line below a street is no town.
const MAX_BELOW: usize = 40;

/// Where an address is: the town, its state or province, and the country's code.
struct Place<'a> {
    town: &'a str,
    region: Option<String>,
    country: Option<String>,
}

/// A street at the beginning of `line`, with its town behind it or alone in the `next` line.
pub(super) fn in_line(line: &str, next: &str, country: Option<Id>) -> Option<Address> {
    let parts = parts(line, next, country);
    let units = units_before_street(&parts)?;
    // "Unit 2/56 Division Street Welshpool WA": nothing stands between the street and its town.
    let joined = (parts.len() == units + 1).then(|| town_behind(parts[units], country));
    let (street, mut towns) = joined.flatten().unwrap_or((parts[units], parts[units + 1..].to_vec()));
    if towns.is_empty() && next.len() <= MAX_BELOW {
        towns = split(next);
    }
    let place = place(&towns, country)?;
    let street = squeeze(&[&parts[..units], &[street]].concat().join(", "));
    Some(Address {
        raw: squeeze(&format!("{street}, {}", towns.join(", "))),
        street: Some(street),
        locality: Some(place.town.to_owned()),
        region: place.region,
        country: place.country.or(country.map(|country| country.as_ref().to_owned())),
        ..Address::default()
    })
}

/// The parts of a line, and of the next where it goes on there: "18, Bharathiyar St, JJ Nagar," above "Edayarpalayam, Coimbatore - 25".
fn parts<'a>(line: &'a str, next: &'a str, country: Option<Id>) -> Vec<&'a str> {
    let mut parts: Vec<&str> = split(without_phone(line)).into_iter().map(without_label).collect();
    let below = split(next);
    let is_known_place =
        |part: &&str| is_known(&part.to_lowercase()) || is_state(part, country) || country_after(part).is_some();
    let of_town = below.last().is_some_and(|last| is_district(last));
    if line.ends_with(',') && (of_town || below.iter().any(is_known_place)) {
        parts.extend(below);
    }
    parts.pop_if(|last| is_district(last));
    join_number(line, &mut parts);
    parts
}

/// "Coimbatore - 25": a district of the town.
fn is_district(part: &str) -> bool {
    part.len() <= 2 && part.bytes().all(|b| b.is_ascii_digit())
}

/// How many parts of a building stand before the street, where one follows that begins with its number.
fn units_before_street(parts: &[&str]) -> Option<usize> {
    let is_before = |part: &&&str| (is_unit(part) || is_building(part)) && !is_street(part);
    let units = parts.iter().take_while(is_before).count();
    let street = parts.get(units).filter(|part| is_street(part))?;
    let numbered = street.starts_with(|c: char| c.is_ascii_digit()) || begins_with_unit(street);
    (numbered && units <= MAX_UNITS).then_some(units)
}

/// A street and the places behind it in the same part: "56 Division Street Welshpool WA".
fn town_behind(part: &str, country: Option<Id>) -> Option<(&str, Vec<&str>)> {
    let (street, tail) = part.split_at(end_of_street(part)?);
    let tail = tail.trim();
    match tail.rsplit_once(' ').filter(|(_, state)| is_state(state, country)) {
        Some((town, state)) => Some((street, vec![town, state])),
        None => is_place(tail).then(|| (street, vec![tail])),
    }
}

/// What a row of places says, where it holds places alone and a town is among them.
fn place<'a>(places: &[&'a str], country: Option<Id>) -> Option<Place<'a>> {
    let whole = |part: &&str| is_place(part) || is_state(part, country);
    if places.is_empty() || places.len() > MAX_TOWNS || !places.iter().all(whole) {
        return None;
    }
    let (town, named) = town_and_country(places);
    // "Sydney, New South Wales"; but "New York" is a town as well.
    let in_full = |part: &str| places.len() > 1 && country.is_some_and(|country| is_whole_state(part, country));
    let region = places
        .iter()
        .rev()
        .copied()
        .find(|part| is_state(part, country) || in_full(part));
    let town = match region {
        Some(region) => places
            .iter()
            .rev()
            .copied()
            .find(|part| !is_state(part, country) && *part != region && country_after(part).is_none()),
        None => town,
    };
    Some(Place {
        town: town?,
        region: region.map(str::to_owned),
        country: named,
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
