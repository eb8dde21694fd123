//! Addresses without a postal code: a street, its town beside it or not, where a page gives no better address.

use super::address_forms::village;
use super::address_labels::{ADDRESS, heads_address, labelled};
use super::address_parts::{country_after, is_number, split, without_label};
use super::address_places::{is_place, town_and_country, town_and_county, without_kind};
use super::address_regions::is_county;
use super::address_states::{is_state, is_whole_state};
use super::address_street::{begins_street, end_of_street, is_floor, is_house_number, is_street, is_unit};
use super::context::Context;
use super::hours_days::day;
use super::scan::{LineKind, Scan, Zone};
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

/// A line of places one of which is a street with its number behind it: "Via Monti Tiburtini 558, Roma". What else it says behind a
/// dash is of no interest: "Żory, ul. Stroma 9 - otwarte 24/7".
fn in_parts(line: &str, [above, below]: [&str; 2], country: Option<Id>) -> Option<Address> {
    // Cells of a table are no parts of an address.
    if line.contains('\t') {
        return None;
    }
    let label = line.split_once(':').map_or("", |(label, _)| label);
    let called = label.len() <= 30 && fold(label).split(' ').any(|word| ADDRESS.has(word));
    let line = labelled(line);
    let mut parts = split(line);
    let of_county = parts.len() > 2 && parts.last().is_some_and(|last| is_county(last));
    if let Some(village) = village(&parts, country) {
        return Some(village);
    }
    let numbered = |street: &str| {
        let (first, name) = street.split_once(' ').unwrap_or_default();
        // "8 rue Sommeiller".
        if is_house_number(first) && begins_street(&fold(name.split(' ').next().unwrap_or_default())) {
            return is_street(street);
        }
        let mut words = street.split(' ').rev();
        let last = words.next().unwrap_or_default();
        // "Петропавловская 15 А".
        let last = if last.chars().count() == 1 && last.starts_with(char::is_alphabetic) {
            words.next().unwrap_or_default()
        } else {
            last
        };
        let number = last.trim_start_matches(['#', 'n', 'N']);
        let named =
            is_street(street) && !is_of_no_name(street) || ((called || of_county) && is_name_and_number(street));
        named && street.starts_with(char::is_alphabetic) && number.starts_with(|c: char| c.is_ascii_digit())
    };
    // The number in a part of its own: "str. George Cosbuc, nr. 22", "Calle Sirama, #101".
    let apart = (1..parts.len()).find(|at| {
        let number = parts[*at].trim_start_matches('#');
        is_number(number) && numbered(&format!("{} {number}", parts[at - 1]))
    });
    // "8, rue Sommeiller, Annecy".
    let before = (1..parts.len())
        .find(|at| is_house_number(parts[at - 1]) && numbered(&format!("{} {}", parts[at - 1], parts[*at])));
    let (at, mut street, mut behind) = match parts.iter().position(|part| numbered(part)) {
        Some(at) => (at, squeeze(parts[at]), at + 1),
        None => {
            let at = apart.or(before)? - 1;
            (at, squeeze(&format!("{}, {}", parts[at], parts[at + 1])), at + 2)
        }
    };
    // The door behind it: "Jr. Cruz del Sur N° 140, Int 905".
    while let Some(door) = parts.get(behind).filter(|door| is_floor(door)) {
        street = format!("{street}, {}", squeeze(door));
        behind += 1;
    }
    if parts.len() > behind + 4 || at > 2 {
        return None;
    }
    let other = parts[behind..].iter().position(|part| !is_place(part));
    // A remark: nothing behind it is a place.
    if let Some(other) = other {
        let dashed =
            offset(line, parts[behind + other]).is_some_and(|start| line[..start].trim_end().ends_with(['-', '–']));
        if !dashed {
            return None;
        }
        parts.truncate(behind + other);
    }
    if !parts[..at].iter().all(|part| is_place(part)) {
        return None;
    }
    let end = parts
        .last()
        .and_then(|last| offset(line, last))
        .map_or(line.len(), |start| start + parts.last().map_or(0, |last| last.len()));
    let (town, named) = town_and_country(&parts[behind..]);
    // "м. Знам'янка," above "вул. Перша Поперечна, 36".
    let places_above: Vec<&str> = split(above.strip_suffix(',').unwrap_or_default())
        .into_iter()
        .map(without_kind)
        .collect();
    let all_above = places_above.iter().all(|part| is_place(part));
    let town = town
        .or_else(|| town_and_country(&parts[..at]).0)
        .or_else(|| town_and_country(&places_above).0.filter(|_| all_above))
        // "ARİFİYE / SAKARYA" below "DUMAN SK. No:20A".
        .or_else(|| town_and_county(below))?;
    Some(Address {
        raw: squeeze(&line[offset(line, parts[0]).unwrap_or(0)..end]),
        street: Some(street),
        locality: Some(without_kind(town).to_owned()),
        country: named.or(country.map(|country| country.as_ref().to_owned())),
        ..Address::default()
    })
}

/// Whether a street is no more than a word for one, or a season, and a number: "Cours 1", "Spring 2024".
fn is_of_no_name(street: &str) -> bool {
    let year = |word: &str| word.len() == 4 && (word.starts_with("19") || word.starts_with("20"));
    match street.split(' ').collect::<Vec<_>>()[..] {
        [word, number] => begins_street(&fold(word)) || year(number),
        _ => false,
    }
}

/// Capitalised words and the number of a house, as streets are written whose kind is left out: "Antônio Félix, 427".
fn is_name_and_number(text: &str) -> bool {
    let words: Vec<&str> = text.split(' ').collect();
    let Some((number, name)) = words.split_last() else {
        return false;
    };
    let is_name =
        |word: &&str| word.starts_with(char::is_uppercase) && word.chars().all(|c| c.is_alphabetic() || c == '-');
    is_house_number(number.trim_start_matches('#'))
        && !name.is_empty()
        && name.iter().all(is_name)
        && !name.iter().any(|word| day(word).is_some())
}

/// A street at the beginning of `line`, with its town behind it or alone in the `next` line.
fn in_line(line: &str, next: &str, country: Option<Id>) -> Option<Address> {
    let parts: Vec<&str> = split(line).into_iter().map(without_label).collect();
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
    let whole = !towns.is_empty() && towns.len() <= 4 && towns.iter().all(|town| is_place(town));
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
        let australian = in_line("Unit 2/56 Division Street Welshpool WA", "", Some(Id::AU)).unwrap();
        assert_eq!(
            (
                australian.street.as_deref(),
                australian.locality.as_deref(),
                australian.region.as_deref()
            ),
            (Some("Unit 2/56 Division Street"), Some("Welshpool"), Some("WA"))
        );
        for (line, street, town) in [
            ("📍 Via Monti Tiburtini 558, Roma", "Via Monti Tiburtini 558", "Roma"),
            (
                "Hägerstensåsen - Sparbanksvägen 70",
                "Sparbanksvägen 70",
                "Hägerstensåsen",
            ),
            ("Adresse: Hauptstraße 12, Berlin", "Hauptstraße 12", "Berlin"),
            (
                "Lokalizacja 1: Żory, ul. Stroma 9 - otwarte 24/7",
                "ul. Stroma 9",
                "Żory",
            ),
            (
                "Adresă: Cristian, str. George Cosbuc, nr. 22, jud. Brasov",
                "str. George Cosbuc, nr. 22",
                "Cristian",
            ),
            (
                "Endereço: Antônio Félix, 427, Nilópolis",
                "Antônio Félix, 427",
                "Nilópolis",
            ),
            (
                "Calle Sirama, #101, Barrio el calvario, San miguel",
                "Calle Sirama, #101",
                "San miguel",
            ),
        ] {
            let found = in_parts(line, ["", ""], Some(Id::IT)).unwrap_or_else(|| panic!("{line}"));
            assert_eq!(
                (found.street.as_deref(), found.locality.as_deref()),
                (Some(street), Some(town)),
                "{line}"
            );
        }
        for line in [
            "Am Markt 3, täglich geöffnet",
            "Zimmer 12, Berlin",
            "Via Roma, Milano",
            "Via Roma 1, Via Milano 2",
            "Kontakt: Anna Nowak 601 234 567, Warszawa",
            "Office hours: Monday to Friday 9-5, Closed Sundays",
            "Cours 1\tLundi",
            "Spring 2024 | Menu",
            "Kawa, świeży sok 8",
        ] {
            assert_eq!(in_parts(line, ["", ""], None), None, "{line}");
        }
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

    #[test]
    fn doors_villages_provinces_and_towns_above() {
        for (above, line, street, town) in [
            ("", "Bratca, nr. 212, jud. Bihor", "nr. 212", "Bratca"),
            (
                "",
                "Jr. Cruz del Sur N° 140, Int 905, urb. Los Granados, Surco, Lima-Peru.",
                "Jr. Cruz del Sur N° 140, Int 905",
                "Lima",
            ),
            (
                "",
                "Av. 6 de Diciembre N36-34, Quito, Pichincha",
                "Av. 6 de Diciembre N36-34",
                "Quito",
            ),
            (
                "м. Знам'янка,",
                "вул. Перша Поперечна, 36",
                "вул. Перша Поперечна, 36",
                "Знам'янка",
            ),
            ("", "8, rue Sommeiller, Annecy", "8, rue Sommeiller", "Annecy"),
            ("", "8 rue Sommeiller, Annecy", "8 rue Sommeiller", "Annecy"),
            ("", "Zăgănescu 6,Carei, județul Satu Mare", "Zăgănescu 6", "Carei"),
            ("", "гр. Пловдив, ул. „Лайпциг“ 19", "ул. „Лайпциг“ 19", "Пловдив"),
            (
                "",
                "Пермь, ул. Петропавловская, 15 А, офис 34.",
                "ул. Петропавловская, 15 А, офис 34",
                "Пермь",
            ),
        ] {
            let found = in_parts(line, [above, ""], Some(Id::RO)).unwrap_or_else(|| panic!("{line}"));
            assert_eq!(
                (found.street.as_deref(), found.locality.as_deref()),
                (Some(street), Some(town)),
                "{line}"
            );
        }
    }
}
