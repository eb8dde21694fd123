//! Addresses without a postal code: a street, then a town, where a page gives no better address.

use super::address_parts::{country_after, is_town, split, without_label};
use super::address_street::{is_street, is_unit};
use super::context::Context;
use super::scan::{LineKind, Scan, Zone};
use crate::scrape::payload::{Address, Fact, PageFacts, Source};
use crate::scrape::text::squeeze;
use phonenumber::country::Id;

/// Countries where the number stands before the street, and where people leave the postal code out.
const NUMBER_FIRST: [Id; 6] = [Id::NZ, Id::IE, Id::AU, Id::GB, Id::US, Id::CA];
/// Such a line says nothing else.
const MAX_LINE: usize = 90;

/// Finds the first such address, when the page has given none.
pub(crate) fn read(scan: &Scan, context: &Context, facts: &mut PageFacts) {
    if !facts.addresses.is_empty() {
        return;
    }
    let language = || super::home_of(scan.lang.as_deref()?.split(['-', '_']).next()?);
    let country = context.tld_region().or(context.region).or_else(language);
    let found = scan.lines.iter().enumerate().find_map(|(at, line)| {
        let text = &scan.text[line.range.clone()];
        let elsewhere = matches!(line.zone, Zone::Quote | Zone::Nav) || matches!(line.kind, LineKind::Heading(1));
        if elsewhere || text.len() > MAX_LINE || !text.bytes().any(|b| b.is_ascii_digit()) {
            return None;
        }
        match country {
            Some(country) if NUMBER_FIRST.contains(&country) => in_line(text, scan.line(at + 1), country),
            _ => number_last(text, country),
        }
    });
    facts
        .addresses
        .extend(found.map(|address| Fact::with_trust(address, Source::Text, 35)));
}

/// A line that is a street with its number behind it and a town, whichever comes first: "Via Monti Tiburtini 558, Roma".
fn number_last(line: &str, country: Option<Id>) -> Option<Address> {
    let line = line.trim_start_matches(|c: char| !c.is_alphanumeric());
    let separated = |mark: &str| {
        line.split_once(mark)
            .map(|(one, other)| (without_label(one), without_label(other)))
    };
    let (one, other) = separated(", ").or_else(|| separated(" - "))?;
    let is_numbered = |street: &str| {
        let last = street.split(' ').next_back().unwrap_or_default();
        is_street(street) && street.starts_with(char::is_alphabetic) && last.starts_with(|c: char| c.is_ascii_digit())
    };
    let is_whole = |town: &str| is_town(town) && town.split(' ').count() <= 3;
    let (street, town) = match (is_numbered(one), is_numbered(other)) {
        (true, false) => (one, other),
        (false, true) => (other, one),
        _ => return None,
    };
    is_whole(town).then(|| Address {
        raw: squeeze(line),
        street: Some(squeeze(street)),
        locality: Some(town.to_owned()),
        country: country.map(|country| country.as_ref().to_owned()),
        ..Address::default()
    })
}

/// A street at the beginning of `line`, with its town behind it or alone in the `next` line.
fn in_line(line: &str, next: &str, country: Id) -> Option<Address> {
    let parts: Vec<&str> = split(line).into_iter().map(without_label).collect();
    let units = parts
        .iter()
        .take_while(|part| is_unit(part) && !is_street(part))
        .count();
    let street = parts.get(units).filter(|part| is_street(part))?;
    let begins_with_number = street.starts_with(|c: char| c.is_ascii_digit()) || is_unit(street.split(' ').next()?);
    if !begins_with_number || units > 2 {
        return None;
    }
    let mut towns: Vec<&str> = parts[units + 1..].to_vec();
    if towns.is_empty() && next.len() <= 40 {
        towns = split(next);
    }
    if towns.last().is_some_and(|last| country_after(last).is_some()) {
        towns.pop();
    }
    let whole =
        !towns.is_empty() && towns.len() <= 3 && towns.iter().all(|town| is_town(town) && town.split(' ').count() <= 3);
    if !whole {
        return None;
    }
    let street = squeeze(&parts[..=units].join(", "));
    Some(Address {
        raw: squeeze(&format!("{street}, {}", towns.join(", "))),
        street: Some(street),
        locality: towns.last().map(|town| (*town).to_owned()),
        country: Some(country.as_ref().to_owned()),
        ..Address::default()
    })
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
        ] {
            let found = in_line(line, next, Id::NZ).unwrap_or_else(|| panic!("{line}"));
            assert_eq!(
                (found.street.as_deref(), found.locality.as_deref()),
                (Some(street), Some(town)),
                "{line}"
            );
            assert_eq!(found.postal_code, None);
        }
        for (line, street, town) in [
            ("📍 Via Monti Tiburtini 558, Roma", "Via Monti Tiburtini 558", "Roma"),
            (
                "Hägerstensåsen - Sparbanksvägen 70",
                "Sparbanksvägen 70",
                "Hägerstensåsen",
            ),
            ("Adresse: Hauptstraße 12, Berlin", "Hauptstraße 12", "Berlin"),
        ] {
            let found = number_last(line, Some(Id::IT)).unwrap_or_else(|| panic!("{line}"));
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
        ] {
            assert_eq!(number_last(line, None), None, "{line}");
        }
        for (line, next) in [
            ("12 High Street", ""),
            ("10 years in the Main Street", "Dunedin"),
            ("We moved to 3 Main Road", "Kumeu"),
            ("12 High Street, open every day", ""),
        ] {
            assert_eq!(in_line(line, next, Id::NZ), None, "{line}");
        }
    }
}
