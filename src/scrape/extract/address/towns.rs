//! Towns, where a page gives no address: "Nairobi, Kenya" in a line of its own, "Location: Surulere, Lagos".

use super::labels::{heads_town, labelled};
use super::parts::{country_after, is_town};
use super::regions::is_south_african;
use super::states::state_at_end;
use crate::scrape::extract::context::Context;
use crate::scrape::extract::context::home::is_known;
use crate::scrape::extract::countries;
use crate::scrape::extract::names::{is_generic, is_person};
use crate::scrape::extract::page::scan::{LineKind, Scan, Zone};
use crate::scrape::extract::whose::is_trade;
use crate::scrape::extract::whose::own::Own;
use crate::scrape::payload::{Address, Fact, PageFacts, Source};
use crate::scrape::text::{fold, squeeze};
use phonenumber::country::Id;

/// Such a line says nothing else.
const MAX_LINE: usize = 60;
/// A page that names more towns so lists its customers, or where it travels to.
const MAX_TOWNS: usize = 3;
/// Doubtful: it gives way to any address.
const TRUST: u8 = 29;
/// Countries by the letters that they are called by.
const SHORT: [&str; 5] = ["UK", "US", "USA", "UAE", "NZ"];
/// States that are written like degrees.
const DEGREES: [&str; 3] = ["MD", "MA", "PA"];

/// Finds the towns where no address was found.
pub(super) fn read(scan: &Scan, context: &Context, own: &Own, facts: &mut PageFacts) {
    if !facts.addresses.is_empty() {
        return;
    }
    let likely = context.home.countries().next();
    let mut found: Vec<Address> = Vec::new();
    for (at, line) in scan.lines.iter().enumerate() {
        let text = &scan.text[line.range.clone()];
        let elsewhere = matches!(line.zone, Zone::Quote | Zone::Nav) || matches!(line.kind, LineKind::Heading(_));
        if elsewhere || text.len() > MAX_LINE {
            continue;
        }
        let above = at.checked_sub(1).map_or("", |above| scan.line(above));
        // Who praises a business says where they live.
        if is_person(above) && line.zone != Zone::Footer {
            continue;
        }
        for part in without_numbers(text, line.signs.digit(), line.zone == Zone::Footer) {
            let label = part.split_once(':').map_or(above, |(label, _)| label);
            let Some(town) = town(part, heads_town(label), likely) else {
                continue;
            };
            let called_so = town.locality.as_deref().is_some_and(|town| own.is_named_in(town));
            if !called_so && !found.iter().any(|known| known.locality == town.locality) {
                found.push(town);
            }
        }
        if found.len() > MAX_TOWNS {
            return;
        }
    }
    let towns = found
        .into_iter()
        .map(|town| Fact::with_trust(town, Source::Text, TRUST));
    facts.addresses.extend(towns);
}

/// The line, or where it has `digits` and ends the page those of several parts that have none: "© 2026 Dog Days • Portland, Tennessee •
/// 615-323-9788".
fn without_numbers(line: &str, digits: bool, footer: bool) -> impl Iterator<Item = &str> {
    const MARKS: [char; 3] = ['•', '|', '·'];
    let several = footer && line.contains(MARKS);
    line.split(move |c| digits && MARKS.contains(&c))
        .filter(move |part| !digits || (several && !part.bytes().any(|b| b.is_ascii_digit())))
        .map(str::trim)
}

/// A town with its country or state; where the line is `called` an address, two places are enough.
fn town(line: &str, called: bool, likely: Option<Id>) -> Option<Address> {
    let line = labelled(line);
    let line = ["Based in ", "based in ", "We are based in ", "Located in "]
        .iter()
        .find_map(|begin| line.strip_prefix(begin))
        .unwrap_or(line);
    let line = line.trim_end_matches(['.', '!']);
    let mut parts: Vec<&str> = line.split(',').map(str::trim).collect();
    // "Location: Nairobi".
    if let [town] = parts.as_slice() {
        let known = called && names_town(town) && is_known(town);
        return known.then(|| address(line, town, None, likely.map(|likely| likely.as_ref().to_owned())));
    }
    let last = parts.pop()?;
    let country = country_after(last).or_else(|| SHORT.contains(&last).then(|| countries::code(last)).flatten());
    let region = likely.filter(|_| country.is_none()).and_then(|likely| {
        let (before, state) = state_at_end(last, likely)?;
        before.trim().is_empty().then_some(state)
    });
    // Degrees stand behind names as states do behind towns: "Jane Doe, MD".
    let town = match parts.as_slice() {
        [town]
            if region
                .as_deref()
                .is_some_and(|state| !(DEGREES.contains(&state) && is_person(town))) =>
        {
            *town
        }
        [town] | [_, town] if country.is_some() && !is_south_african(town) => *town,
        [_] if called && names_town(last) => last,
        _ => return None,
    };
    if !parts.iter().all(|part| names_town(part)) {
        return None;
    }
    let country = country.or_else(|| likely.map(|likely| likely.as_ref().to_owned()));
    Some(address(line, town, region, country))
}

fn address(line: &str, town: &str, region: Option<String>, country: Option<String>) -> Address {
    Address {
        raw: squeeze(line),
        locality: Some(squeeze(town)),
        region,
        country,
        ..Address::default()
    }
}

/// Whether a part of a line is a place and no country, trade or kind of page.
fn names_town(part: &str) -> bool {
    let words = || part.split(' ').filter(|word| word.chars().count() > 3);
    is_town(part)
        && part.split(' ').count() <= 3
        && words().all(|word| word.starts_with(char::is_uppercase) && !is_trade(&fold(word)))
        && !is_generic(part)
        && !heads_town(part)
        && countries::code(part).is_none()
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
            ("Birmingham, UK", false, None, Some("Birmingham")),
            ("Philadelphia, PA", false, Some(Id::US), Some("Philadelphia")),
            ("Location: Surulere, Lagos", true, Some(Id::NG), Some("Lagos")),
            ("Location: Nairobi", true, Some(Id::KE), Some("Nairobi")),
            ("Location: Online", true, Some(Id::NG), None),
            ("Lagos", true, Some(Id::NG), Some("Lagos")),
            ("Online", true, Some(Id::NG), None),
            ("Kitchens, Bathrooms", false, Some(Id::GB), None),
            ("Jane Doe, MD", false, Some(Id::US), None),
            ("Licensed, Insured, OR", false, Some(Id::US), None),
            ("Family Dentist, Canada", false, None, None),
            ("Skype interviews, Kenya", false, None, None),
            ("Australia, New Zealand", false, None, None),
            ("Germany, Austria, Switzerland", false, None, None),
            ("Made in Italy", false, None, None),
            ("Contact", true, None, None),
        ] {
            let found = town(line, called, likely);
            assert_eq!(found.and_then(|found| found.locality).as_deref(), expected, "{line}");
        }
    }

    #[test]
    fn forms_customers_and_lists_of_places_tell_no_town() {
        let towns = |html: &str| {
            let url = "https://smile.github.io/smile-dental/".parse().unwrap();
            crate::scrape::extract::extract_html(html, &url, None).addresses.len()
        };
        assert_eq!(towns("<footer><p>Smile<p>Nairobi, Kenya"), 1);
        assert_eq!(
            towns("<html lang='en-US'><footer>© 2026 Dog Days • Portland, Tennessee • 615-323-9788"),
            1
        );
        assert_eq!(towns("<p>Northern Cape, South Africa"), 0);
        assert_eq!(towns("<footer>Santander, Spain"), 1);
        assert_eq!(towns("<p>12.05.2026 | Paris, France | Workshop"), 0);
        assert_eq!(towns("<p>Jane Doe<p>Nairobi, Kenya"), 0);
        assert_eq!(
            towns("<p>Rome, Italy<p>Paris, France<p>Madrid, Spain<p>Lisbon, Portugal"),
            0
        );
        assert_eq!(towns("<label>Email Address</label><p>Phone Number<p>Subscribe"), 0);
        assert_eq!(towns("<title>Smile Dental</title><p>Smile Dental, Ireland"), 0);
    }
}
