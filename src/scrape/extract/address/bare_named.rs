//! Addresses without a postal code whose streets have their number behind them: "Via Monti Tiburtini 558, Roma".

use super::forms::village;
use super::labels::{ADDRESS, labelled};
use super::parts::{is_number, split};
use super::places::{is_place, town_and_country, town_and_county, without_kind};
use super::regions::is_county;
use super::street::{begins_street, is_house_number, is_street};
use super::units::is_floor;
use crate::scrape::extract::hours::days::day;
use crate::scrape::payload::Address;
use crate::scrape::text::{fold, offset, squeeze};
use phonenumber::country::Id;

/// Places before a street, and behind it.
const MAX_BEFORE: usize = 2;
const MAX_BEHIND: usize = 4;

/// A street among the parts of a line.
struct Street {
    text: String,
    /// The part that it begins with.
    at: usize,
    /// The part behind it.
    next: usize,
}

/// A line of places one of which is a street with its number behind it. What else it says behind a dash is of no interest:
/// "Żory, ul. Stroma 9 - otwarte 24/7".
pub(super) fn in_parts(line: &str, [above, below]: [&str; 2], country: Option<Id>) -> Option<Address> {
    // Cells of a table are no parts of an address.
    if line.contains('\t') {
        return None;
    }
    let label = line.split_once(':').map_or("", |(label, _)| label);
    let called = label.len() <= 30 && fold(label).split(' ').any(|word| ADDRESS.has(word));
    let line = without_province(labelled(line), country);
    let parts = split(line);
    if let Some(village) = village(&parts, country) {
        return Some(village);
    }
    let of_county = parts.len() > 2 && parts.last().is_some_and(|last| is_county(last));
    let street = street_among(&parts, called || of_county)?;
    if street.at > MAX_BEFORE || parts.len() > street.next + MAX_BEHIND {
        return None;
    }
    let places = places_behind(line, &parts, street.next)?;
    let before = &parts[..street.at];
    if !before.iter().all(|part| is_place(part)) {
        return None;
    }
    let (town, named) = town_and_country(places);
    // "м. Знам'янка," above "вул. Перша Поперечна, 36".
    let places_above: Vec<&str> = split(above.strip_suffix(',').unwrap_or_default())
        .into_iter()
        .map(without_kind)
        .collect();
    let all_above = places_above.iter().all(|part| is_place(part));
    let town = town
        .or_else(|| town_and_country(before).0)
        .or_else(|| town_and_country(&places_above).0.filter(|_| all_above))
        // "ARİFİYE / SAKARYA" below "DUMAN SK. No:20A".
        .or_else(|| town_and_county(below, is_italian(&street.text, country)))?;
    let last = places.last().or(parts.get(street.next - 1))?;
    let end = offset(line, last).map_or(line.len(), |start| start + last.len());
    Some(Address {
        raw: squeeze(&line[offset(line, parts[0]).unwrap_or(0)..end]),
        street: Some(street.text),
        locality: Some(without_kind(town).to_owned()),
        country: named.or(country.map(|country| country.as_ref().to_owned())),
        ..Address::default()
    })
}

/// Whether a street is one of Italy by its first word, on a page that is not of another country for sure.
fn is_italian(street: &str, country: Option<Id>) -> bool {
    let first = fold(street.split(' ').next().unwrap_or_default());
    let italian = [
        "via", "viale", "corso", "piazza", "piazzale", "largo", "vicolo", "strada", "contrada",
    ];
    country.is_none_or(|country| country == Id::IT) && italian.contains(&first.as_str())
}

/// "PERUGIA, CORSO GARIBALDI 22 (PG)" without the province.
fn without_province(line: &str, country: Option<Id>) -> &str {
    if country.is_some_and(|country| country != Id::IT) {
        return line;
    }
    let cut = line.strip_suffix(')').and_then(|line| line.rsplit_once('('));
    let of_two = |province: &str| province.len() == 2 && province.bytes().all(|b| b.is_ascii_uppercase());
    cut.filter(|(_, province)| of_two(province))
        .map_or(line, |(line, _)| line.trim_end())
}

/// The first street, with its number in the same part or in one beside it, and the doors behind it. Where the line is `told` to be an
/// address, a name and a number are one.
fn street_among(parts: &[&str], told: bool) -> Option<Street> {
    let numbered = |street: &str| is_numbered(street, told);
    let whole = || {
        let at = parts.iter().position(|part| numbered(part))?;
        Some((at, squeeze(parts[at]), at + 1))
    };
    // "str. George Cosbuc, nr. 22", "Calle Sirama, #101".
    let apart = |at: &usize| {
        let number = parts[*at].trim_start_matches('#');
        is_number(number) && numbered(&format!("{} {number}", parts[at - 1]))
    };
    // "8, rue Sommeiller, Annecy".
    let before = |at: &usize| is_house_number(parts[at - 1]) && numbered(&format!("{} {}", parts[at - 1], parts[*at]));
    let of_two = || {
        let second = (1..parts.len()).find(apart).or_else(|| (1..parts.len()).find(before))?;
        let text = squeeze(&format!("{}, {}", parts[second - 1], parts[second]));
        Some((second - 1, text, second + 1))
    };
    let (at, mut text, mut next) = whole().or_else(of_two)?;
    // "Jr. Cruz del Sur N° 140, Int 905".
    while let Some(door) = parts.get(next).filter(|door| is_floor(door)) {
        text = format!("{text}, {}", squeeze(door));
        next += 1;
    }
    Some(Street { text, at, next })
}

/// Whether a part is a street with its number behind it, or before it as the French write.
fn is_numbered(street: &str, told: bool) -> bool {
    let (first, name) = street.split_once(' ').unwrap_or_default();
    // "8 rue Sommeiller".
    if is_house_number(first) && begins_street(&fold(name.split(' ').next().unwrap_or_default())) {
        return is_street(street);
    }
    let mut words = street.split(' ').rev();
    let last = words.next().unwrap_or_default();
    // "Петропавловская 15 А".
    let lettered = last.chars().count() == 1 && last.starts_with(char::is_alphabetic);
    let last = if lettered {
        words.next().unwrap_or_default()
    } else {
        last
    };
    let number = last.trim_start_matches(['#', 'n', 'N']);
    let named = is_street(street) && !is_of_no_name(street) || (told && is_name_and_number(street));
    named && street.starts_with(char::is_alphabetic) && number.starts_with(|c: char| c.is_ascii_digit())
}

/// The places from a part on, up to a number, a mail or a remark behind a dash; `None` where something else stands there.
fn places_behind<'a, 'b>(line: &str, parts: &'b [&'a str], from: usize) -> Option<&'b [&'a str]> {
    let behind = &parts[from..];
    let Some(other) = behind.iter().position(|part| !is_place(part)) else {
        return Some(behind);
    };
    let start = offset(line, behind[other])?;
    let number = behind[other].bytes().filter(u8::is_ascii_digit).count() >= 6;
    if number || behind[other].contains('@') {
        return Some(&behind[..other]);
    }
    line[..start]
        .trim_end()
        .ends_with(['-', '–'])
        .then_some(&behind[..other])
}

/// Whether a street is no more than a word for one, or a season, and a number: "Cours 1", "Spring 2024".
pub(super) fn is_of_no_name(street: &str) -> bool {
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn streets_with_their_town() {
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
