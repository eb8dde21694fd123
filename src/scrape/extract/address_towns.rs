//! Towns, where a page gives no address: "Nairobi, Kenya" in a line of its own, "Location: Lagos".

use super::address_bare::{heads_town, labelled};
use super::address_codes::state_at_end;
use super::address_parts::{country_after, is_town, split};
use super::context::Context;
use super::countries;
use super::names::{is_generic, is_person};
use super::scan::{LineKind, Scan, Zone};
use crate::scrape::payload::{Address, Fact, PageFacts, Source};
use crate::scrape::text::squeeze;
use phonenumber::country::Id;

/// Such a line says nothing else.
const MAX_LINE: usize = 60;
/// A page that names more towns so lists its customers, or where it travels to.
const MAX_TOWNS: usize = 3;
const TRUST: u8 = 31;
/// Countries by the letters that they are called by.
const SHORT: [&str; 5] = ["UK", "US", "USA", "UAE", "NZ"];

/// Finds the towns where no address was found.
pub(super) fn read(scan: &Scan, context: &Context, facts: &mut PageFacts) {
    if !facts.addresses.is_empty() {
        return;
    }
    let likely = context.home.countries().next();
    let mut found: Vec<Address> = Vec::new();
    for (at, line) in scan.lines.iter().enumerate() {
        let text = &scan.text[line.range.clone()];
        let elsewhere = matches!(line.zone, Zone::Quote | Zone::Nav) || line.kind == LineKind::Heading(1);
        if elsewhere || text.len() > MAX_LINE || text.bytes().any(|b| b.is_ascii_digit()) {
            continue;
        }
        let above = at.checked_sub(1).map_or("", |above| scan.line(above));
        // Who praises a business says where they live.
        if is_person(above) && line.zone != Zone::Footer {
            continue;
        }
        let called = heads_town(above) || text.split_once(':').is_some_and(|(label, _)| heads_town(label));
        if let Some(town) = town(text, called, likely)
            && !found.iter().any(|known| known.locality == town.locality)
        {
            found.push(town);
        }
    }
    if found.len() <= MAX_TOWNS {
        let towns = found
            .into_iter()
            .map(|town| Fact::with_trust(town, Source::Text, TRUST));
        facts.addresses.extend(towns);
    }
}

/// A town with its country or state, or alone where the line is `called` an address.
fn town(line: &str, called: bool, likely: Option<Id>) -> Option<Address> {
    let line = labelled(line);
    let line = ["Based in ", "based in ", "We are based in ", "Located in "]
        .iter()
        .find_map(|begin| line.strip_prefix(begin))
        .unwrap_or(line);
    let mut parts = split(line.trim_end_matches(['.', '!']));
    let named =
        |last: &&str| country_after(last).or_else(|| SHORT.contains(last).then(|| countries::code(last)).flatten());
    let country = parts.last().filter(|_| parts.len() > 1).and_then(named);
    parts.truncate(parts.len() - usize::from(country.is_some()));
    let region = likely.filter(|_| parts.len() > 1).and_then(|likely| {
        let (before, state) = state_at_end(parts.last()?, likely)?;
        before.trim().is_empty().then_some(state)
    });
    parts.truncate(parts.len() - usize::from(region.is_some()));
    let told = country.is_some() || region.is_some() || called;
    let town = match parts.as_slice() {
        [town] | [_, town] if told => *town,
        _ => return None,
    };
    let whole = parts
        .iter()
        .all(|part| is_town(part) && part.split(' ').count() <= 3 && !is_generic(part));
    let certain = country.or_else(|| likely.map(|likely| likely.as_ref().to_owned()));
    whole.then(|| Address {
        raw: squeeze(line),
        locality: Some(squeeze(town)),
        region,
        country: certain,
        ..Address::default()
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn towns_stand_with_their_country_or_state_or_behind_a_label() {
        for (line, called, likely, expected) in [
            ("Nairobi, Kenya", false, None, Some("Nairobi")),
            ("Based in Dublin, Ireland.", false, None, Some("Dublin")),
            ("Philadelphia, PA", false, Some(Id::US), Some("Philadelphia")),
            ("Location: Lagos", true, Some(Id::NG), Some("Lagos")),
            ("Surulere, Lagos", true, Some(Id::NG), Some("Lagos")),
            ("Lagos", false, Some(Id::NG), None),
            ("Kitchens, Bathrooms", false, Some(Id::GB), None),
            ("Made in Italy", false, None, None),
            ("Contact", true, None, None),
        ] {
            let found = town(line, called, likely);
            assert_eq!(found.and_then(|found| found.locality).as_deref(), expected, "{line}");
        }
    }

    #[test]
    fn customers_and_lists_of_places_tell_no_town() {
        let towns = |html: &str| {
            let facts = crate::scrape::extract::extract_html(html, &"https://smile.github.io/".parse().unwrap(), None);
            facts.addresses.len()
        };
        assert_eq!(towns("<footer><p>Smile<p>Nairobi, Kenya"), 1);
        assert_eq!(towns("<p>Jane Doe<p>Nairobi, Kenya"), 0);
        assert_eq!(
            towns("<p>Rome, Italy<p>Paris, France<p>Madrid, Spain<p>Lisbon, Portugal"),
            0
        );
    }
}
