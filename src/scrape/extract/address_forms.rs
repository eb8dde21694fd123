//! Forms of addresses that single countries alone have.

use super::address_lines::Street;
use super::address_parts::{is_number, is_town, without_label};
use super::address_street::{is_house_number, is_street};
use crate::scrape::payload::Address;
use crate::scrape::text::{fold, squeeze};
use phonenumber::country::Id;

/// A house in an Indian town, whose landmarks and quarters stand in the place of a street: "H. No. 2-7-77, 3rd Floor, Opp. Gandhi
/// Statue, Bharat Nagar, Uppal, Hyderabad".
pub(super) fn plot<'a>(parts: &[&'a str]) -> Option<Street<'a>> {
    const KINDS: [&str; 9] = [
        "h no ",
        "d no ",
        "door no ",
        "plot no ",
        "flat no ",
        "shop no ",
        "house no ",
        "office no ",
        "sy no ",
    ];
    let at = parts.iter().position(|part| {
        let folded = fold(without_label(part));
        KINDS.iter().any(|kind| folded.starts_with(kind)) && folded.bytes().any(|b| b.is_ascii_digit())
    })?;
    let town = parts
        .len()
        .checked_sub(1)
        .filter(|town| *town > at && is_town(parts[*town]))?;
    let first = without_label(parts[at]);
    let rest = parts[at + 1..town].iter().copied();
    Some(Street {
        text: squeeze(&std::iter::once(first).chain(rest).collect::<Vec<_>>().join(", ")),
        first,
        next: town,
        tail: None,
        sure: true,
    })
}

/// The town of an Indonesian address, and whether the province is named behind it: "Kota Tangerang Selatan, Banten".
pub(super) fn indonesian_town<'a>(parts: &[&'a str]) -> Option<(&'a str, bool)> {
    let kinds = ["Kota ", "Kab. ", "Kabupaten "];
    let (at, town) = parts.iter().enumerate().rev().find_map(|(at, part)| {
        let town = kinds.iter().find_map(|kind| part.strip_prefix(kind))?;
        Some((at, town))
    })?;
    Some((town, at + 1 == parts.len()))
}

/// The village of a house that has no street: "Útěchov 97".
pub(super) fn village_of(part: &str) -> Option<&str> {
    let (name, number) = part.rsplit_once(' ')?;
    // Districts of large towns have numbers too: "Praha 4".
    const LARGE: [&str; 6] = ["Praha", "Bratislava", "Plzeň", "Ostrava", "Košice", "Pardubice"];
    let no_street = is_town(name) && name.split(' ').count() <= 3 && !is_street(part);
    (is_house_number(number) && no_street && !LARGE.contains(&name)).then_some(name)
}

/// A house in a Romanian village: "Bratca, nr. 212, jud. Bihor".
pub(super) fn village(parts: &[&str], country: Option<Id>) -> Option<Address> {
    let [village, number, county] = parts else { return None };
    let numbered = is_number(number) && number.starts_with(['n', 'N']);
    (numbered && is_town(village) && fold(county).starts_with("jud ")).then(|| Address {
        raw: squeeze(&parts.join(", ")),
        street: Some(squeeze(number)),
        locality: Some((*village).to_owned()),
        region: Some((*county).to_owned()),
        country: country.map(|country| country.as_ref().to_owned()),
        ..Address::default()
    })
}
