//! Addresses without a postal code: a street, its town beside it or not, where a page gives no better address.

use super::bare_named::{in_parts, is_of_no_name};
use super::bare_numbered::in_line;
use super::labels::{heads_address, labelled};
use super::parts::{is_number, split};
use super::street::is_street;
use crate::scrape::extract::context::Context;
use crate::scrape::extract::page::scan::{LineKind, Scan, Zone};
use crate::scrape::payload::{Address, Fact, PageFacts, Source};
use crate::scrape::text::{fold, squeeze};
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
pub(super) fn read(scan: &Scan, context: &Context, facts: &mut PageFacts) {
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
