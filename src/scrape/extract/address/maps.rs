//! Addresses in links to maps and in maps that a page embeds.

use super::coded::parsed;
use super::owner::is_placeholder;
use crate::scrape::extract::context::Context;
use crate::scrape::extract::page::scan::{Scan, Zone};
use crate::scrape::payload::{Address, Fact, PageFacts, Source};
use crate::scrape::text::{percent_decode, squeeze};

/// Trust in what a map shows: it is the way to the door, but often no more than a part of the address.
const TRUST: u8 = 50;

/// Reads the places that maps are asked for.
pub(super) fn read(scan: &Scan, context: &Context, facts: &mut PageFacts) {
    let anchors = scan
        .anchors
        .iter()
        .filter(|anchor| anchor.zone != Zone::Quote)
        .map(|anchor| anchor.href.as_str());
    let links = anchors.filter_map(|href| Some((place(href)?, false)));
    let frames = scan.frames.iter().filter_map(|href| Some((place(href)?, true)));
    for (text, embedded) in links.chain(frames).take(8) {
        let Some(address) = parsed(&text, context).filter(|address| address.street.is_some()) else {
            continue;
        };
        // A map that is embedded often shows where the template's author lives: what the page says in words goes before it.
        let said = |fact: &Fact<Address>| embedded && fact.source != Source::Link;
        let known =
            |fact: &Fact<Address>| fact.value.street.is_some() && (said(fact) || is_same_code(&fact.value, &address));
        if !facts.addresses.iter().any(known) && !is_placeholder(&address.raw) {
            facts.addresses.push(Fact::with_trust(address, Source::Link, TRUST));
        }
    }
}

/// Whether two addresses have one code, or an American one with and without what is added to it.
fn is_same_code(one: &Address, other: &Address) -> bool {
    fn code(address: &Address) -> Option<&str> {
        let code = address.postal_code.as_deref()?;
        let added = code
            .split_once('-')
            .filter(|(zip, more)| zip.len() == 5 && more.len() == 4);
        Some(added.map_or(code, |(zip, _)| zip))
    }
    code(one) == code(other)
}

/// The words that a map is asked for; coordinates and codes of places are none.
fn place(href: &str) -> Option<String> {
    let is_map = [
        "google.",
        "goo.gl/maps",
        "maps.apple.",
        "openstreetmap.",
        "bing.com/maps",
        "waze.com",
        "mapy.cz",
        "here.com",
    ]
    .iter()
    .any(|host| href.contains(host))
        && (href.contains("map") || href.contains("waze") || href.contains("daddr"));
    if !is_map || href.len() > 2_000 {
        return None;
    }
    let (path, query) = href.split_once('?').unwrap_or((href, ""));
    let asked = query.split(['&', '#']).find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        let name = name.trim_start_matches("amp;");
        matches!(
            name,
            "q" | "query" | "destination" | "daddr" | "address" | "where1" | "saddr_to"
        )
        .then_some(value)
    });
    // Maps that Google writes for a page hold it among other values, each behind its number and kind; of a route the goal is last.
    let shown = || {
        let values = query.split('&').find_map(|pair| pair.strip_prefix("pb="))?;
        let texts = values.split('!').filter_map(|value| value.strip_prefix("2s"));
        let written = texts.map(decoded).filter(|text| text.len() > 12);
        written.rev().find(|text| text.contains(|c: char| c.is_ascii_digit()))
    };
    let in_path = || {
        let (_, rest) = path.split_once("/place/").or_else(|| path.split_once("/dir//"))?;
        rest.split('/').next().filter(|part| !part.starts_with('@'))
    };
    let text = asked.map(decoded).or_else(shown).or_else(|| in_path().map(decoded))?;
    let words = text.chars().filter(|c| c.is_alphabetic()).count();
    (words >= 6 && !text.starts_with("place_id")).then_some(text)
}

fn decoded(text: &str) -> String {
    squeeze(&percent_decode(&text.replace('+', " ")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use crate::scrape::extract::extract_html;

    #[test]
    fn maps_know_the_address() {
        for (link, expected) in [
            (
                "<a href='https://maps.google.com/?q=Calle+Pagés+del+Corro+118,+41010+Sevilla'>Mapa</a>",
                Some("Calle Pagés del Corro 118"),
            ),
            (
                "<iframe src='https://www.google.com/maps/embed/v1/place?key=x&q=Calle%20Mayor%2012%2C%2028013%20Madrid'></iframe>",
                Some("Calle Mayor 12"),
            ),
            (
                "<iframe src='https://www.google.com/maps/embed?pb=!1m18!3m3!1m2!1s0x0%3A0x0!2sBar+Pepe!2sCalle+Mayor+12%2C+28013+Madrid!5e0!3m2!1ses!2ses'></iframe>",
                Some("Calle Mayor 12"),
            ),
            (
                "<p>Calle Luna 3, 28004 Madrid</p><iframe src='https://www.google.com/maps/embed?pb=!2sCalle+Mayor+12%2C+28013+Madrid'></iframe>",
                Some("Calle Luna 3"),
            ),
            (
                "<iframe src='https://www.google.com/maps/embed?pb=!2sBar%20Pepe%20Madrid!5e0'></iframe>",
                None,
            ),
            (
                "<a href='https://www.google.com/maps/place/Bar+Pepe/@40.4,-3.7,17z'>Mapa</a>",
                None,
            ),
            ("<a href='https://www.google.com/maps?q=40.41,-3.70'>Mapa</a>", None),
        ] {
            let facts = extract_html(link, &"https://www.pepe.es/".parse().unwrap(), None);
            let street = facts.addresses.first().and_then(|fact| fact.value.street.as_deref());
            assert_eq!(street, expected, "{link}");
        }
    }
}
