//! Addresses without a postal code: a street, its town beside it or not, where a page gives no better address.

use super::address_codes::state_at_end;
use super::address_forms::village;
use super::address_lines::offset;
use super::address_parts::{country_after, is_number, is_town, split, without_label};
use super::address_regions::is_county;
use super::address_street::{begins_street, end_of_street, is_floor, is_house_number, is_street, is_unit};
use super::context::Context;
use super::countries;
use super::hours_days::day;
use super::names::is_generic;
use super::scan::{LineKind, Scan, Zone};
use super::words::WordSet;
use crate::scrape::payload::{Address, Fact, PageFacts, Source};
use crate::scrape::text::{fold, squeeze};
use phonenumber::country::Id;
use std::sync::LazyLock;

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
/// Towns have fewer words.
const MAX_TOWN: usize = 3;
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
            let may = !elsewhere && text.len() <= MAX_LINE && text.bytes().any(|b| b.is_ascii_digit());
            may.then_some((at, text))
        })
    };
    let number_first = likely.map_or(context.home.is_english(), |country| NUMBER_FIRST.contains(&country));
    let with_town = lines().filter_map(|(at, text)| {
        let next = scan.line(at + 1);
        if number_first {
            in_line(text, next, country)
        } else {
            in_parts(text, at.checked_sub(1).map_or("", |above| scan.line(above)), country)
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

/// Words that say "address", folded.
static ADDRESS: LazyLock<WordSet> = LazyLock::new(|| {
    WordSet::of(
        " address adresse anschrift direccion endereco indirizzo adres adresa adress cim cimunk osoite ubicacion lokalizacja lokalita \
    siedziba sidlo domicilio διευθυνση адрес адреса alamat ",
    )
});

/// Words of other headings that an address may stand under.
static PLACE: LazyLock<WordSet> = LazyLock::new(|| {
    WordSet::of(
        " location standort sede sedi where dove donde onde hely ubytovani studio office kontakt contatti contact contacto contato ",
    )
});

/// Whether a short line or label says that an address follows.
fn heads_address(text: &str) -> bool {
    text.len() <= 40 && {
        let folded = fold(text);
        let mut words = folded.split(' ');
        words.clone().count() <= 4 && words.any(|word| ADDRESS.has(word) || PLACE.has(word))
    }
}

/// Whether a label says that a town follows.
pub(super) fn heads_town(label: &str) -> bool {
    const TOWN: [&str; 7] = [
        "location",
        "based",
        "standort",
        "ubicacion",
        "sede",
        "localizacao",
        "localisation",
    ];
    let folded = fold(label);
    label.len() <= 30 && folded.split(' ').any(|word| ADDRESS.has(word) || TOWN.contains(&word))
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

/// What stands behind a label, which may be numbered: "Lokalizacja 2: Rybnik, …".
pub(super) fn labelled(line: &str) -> &str {
    let line = line.trim_start_matches(|c: char| !c.is_alphanumeric() && c != '#');
    match line.split_once(": ") {
        Some((label, rest)) if label.len() <= 20 && label.starts_with(char::is_alphabetic) => rest.trim(),
        _ => without_label(line),
    }
}

/// A line of places one of which is a street with its number behind it: "Via Monti Tiburtini 558, Roma". What else it says behind a
/// dash is of no interest: "Żory, ul. Stroma 9 - otwarte 24/7".
fn in_parts(line: &str, above: &str, country: Option<Id>) -> Option<Address> {
    // Cells of a table are no parts of an address.
    if line.contains('\t') {
        return None;
    }
    let label = line.split_once(':').map_or("", |(label, _)| label);
    let called = label.len() <= 30 && fold(label).split(' ').any(|word| ADDRESS.has(word));
    let line = labelled(line);
    let mut parts = split(line);
    if let Some(village) = village(&parts, country) {
        return Some(village);
    }
    let numbered = |street: &str| {
        let (first, name) = street.split_once(' ').unwrap_or_default();
        // "8 rue Sommeiller".
        if is_house_number(first) && begins_street(&fold(name.split(' ').next().unwrap_or_default())) {
            return is_street(street);
        }
        let last = street.split(' ').next_back().unwrap_or_default();
        let number = last.trim_start_matches(['#', 'n', 'N']);
        let named = is_street(street) && !is_of_no_name(street) || (called && is_name_and_number(street));
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
        .or_else(|| town_and_country(&places_above).0.filter(|_| all_above))?;
    Some(Address {
        raw: squeeze(&line[offset(line, parts[0]).unwrap_or(0)..end]),
        street: Some(street),
        locality: Some(without_kind(town).to_owned()),
        country: named.or(country.map(|country| country.as_ref().to_owned())),
        ..Address::default()
    })
}

/// A town or quarter without the word that says it is one.
fn without_kind(town: &str) -> &str {
    [
        "м. ", "г. ", "с. ", "смт ", "mun. ", "com. ", "urb. ", "col. ", "barrio ", "bairro ",
    ]
    .iter()
    .find_map(|kind| town.strip_prefix(kind))
    .unwrap_or(town)
}

/// Whether a street is no more than a word for one, or a season, and a number: "Cours 1", "Spring 2024".
fn is_of_no_name(street: &str) -> bool {
    let year = |word: &str| word.len() == 4 && (word.starts_with("19") || word.starts_with("20"));
    match street.split(' ').collect::<Vec<_>>()[..] {
        [word, number] => begins_street(&fold(word)) || year(number),
        _ => false,
    }
}

/// Two capitalised words or more and the number of a house, as streets are written whose kind is left out: "Antônio Félix, 427".
fn is_name_and_number(text: &str) -> bool {
    let words: Vec<&str> = text.split(' ').collect();
    let Some((number, name)) = words.split_last() else {
        return false;
    };
    let is_name =
        |word: &&str| word.starts_with(char::is_uppercase) && word.chars().all(|c| c.is_alphabetic() || c == '-');
    is_house_number(number.trim_start_matches('#'))
        && name.len() >= 2
        && name.iter().all(is_name)
        && !name.iter().any(|word| day(word).is_some())
}

fn is_place(part: &str) -> bool {
    let part = without_kind(part);
    is_town(part) && day(part).is_none() && !is_generic(part) && part.split(' ').count() <= MAX_TOWN && !is_street(part)
        || country_after(part).is_some()
        || is_county(part)
}

/// The last town of a row of places, and the country behind it.
fn town_and_country<'a>(places: &[&'a str]) -> (Option<&'a str>, Option<String>) {
    // "Lima-Perú".
    if let Some((town, country)) = places.last().and_then(|last| countries::at_end(last)) {
        return (Some(town), Some(country));
    }
    let country = places.last().and_then(|last| country_after(last));
    let towns = &places[..places.len() - usize::from(country.is_some())];
    let town = towns.iter().rev().find(|part| !is_county(part));
    (town.copied(), country)
}

/// A street at the beginning of `line`, with its town behind it or alone in the `next` line.
fn in_line(line: &str, next: &str, country: Option<Id>) -> Option<Address> {
    let parts: Vec<&str> = split(line).into_iter().map(without_label).collect();
    let units = parts
        .iter()
        .take_while(|part| is_unit(part) && !is_street(part))
        .count();
    let street = parts.get(units).filter(|part| is_street(part))?;
    let begins_with_number = street.starts_with(|c: char| c.is_ascii_digit()) || begins_with_unit(street);
    if !begins_with_number || units > 2 {
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
    let region = towns
        .iter()
        .rev()
        .find(|part| is_state(part, country))
        .map(|state| (*state).to_owned());
    let town = match &region {
        Some(_) => towns
            .iter()
            .rev()
            .find(|part| !is_state(part, country) && country_after(part).is_none())
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

/// "Unit 2/56 Division Street": a part of the building and its number stand before that of the house.
fn begins_with_unit(street: &str) -> bool {
    let second = street.match_indices(' ').nth(1).map_or(street.len(), |(at, _)| at);
    is_unit(&street[..second])
}

/// A state or province of the country by its abbreviation: "ON", "NSW"; of no country that has none.
fn is_state(part: &str, country: Option<Id>) -> bool {
    let short = (2..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_uppercase());
    let ours = country.map_or([Id::US, Id::CA], |country| [country; 2]);
    short && ours.into_iter().any(|country| state_at_end(part, country).is_some())
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
            let found = in_parts(line, "", Some(Id::IT)).unwrap_or_else(|| panic!("{line}"));
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
            assert_eq!(in_parts(line, "", None), None, "{line}");
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
        ] {
            let found = in_parts(line, above, Some(Id::RO)).unwrap_or_else(|| panic!("{line}"));
            assert_eq!(
                (found.street.as_deref(), found.locality.as_deref()),
                (Some(street), Some(town)),
                "{line}"
            );
        }
    }
}
