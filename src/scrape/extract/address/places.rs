//! Towns, quarters, counties and countries in the parts of a line.

use super::parts::{country_after, is_town, split};
use super::regions::is_county;
use super::street::is_street;
use crate::scrape::extract::hours::days::day;
use crate::scrape::extract::names::is_generic;

/// Towns have fewer words.
const MAX_TOWN: usize = 3;

/// Whether a part of a line is a place.
pub(super) fn is_place(part: &str) -> bool {
    let part = without_kind(part);
    is_town(part) && day(part).is_none() && !is_generic(part) && part.split(' ').count() <= MAX_TOWN && !is_street(part)
        || country_after(part).is_some()
        || is_county(part)
}

/// Whether a line says in which country what stands above it is, and nothing else: "La Réunion, France".
pub(super) fn is_wider_place(line: &str) -> bool {
    let places = split(line);
    let is_country = |part: &&str| country_after(part).is_some();
    places.last().is_some_and(is_country) && places.iter().all(|part| is_country(part) || is_county(part))
}

/// The last town of a row of places, and the country behind it.
pub(super) fn town_and_country<'a>(places: &[&'a str]) -> (Option<&'a str>, Option<String>) {
    // "Lima-Perú".
    let joined = places.last().and_then(|last| last.split_once('-'));
    if let Some((town, country)) = joined.filter(|(town, _)| !town.contains(' '))
        && let Some(country) = country_after(country)
    {
        return (Some(town), Some(country));
    }
    let country = places.last().and_then(|last| country_after(last));
    let towns = &places[..places.len() - usize::from(country.is_some())];
    let town = towns.iter().rev().find(|part| !is_county(part));
    (town.copied(), country)
}

/// The town in a line that holds a town and its county alone.
pub(super) fn town_and_county(line: &str, of_italy: bool) -> Option<&str> {
    // "Albaredo d'Adige, VR": a province of Italy.
    let provincial = |county: &str| county.len() == 2 && county.bytes().all(|b| b.is_ascii_uppercase());
    let of_province = || {
        line.split_once(", ")
            .filter(|(_, province)| of_italy && provincial(province))
    };
    let (town, county) = line.split_once('/').or_else(of_province)?;
    let (town, county) = (town.trim(), county.trim());
    (line.len() <= 40 && is_place(town) && (is_place(county) || (of_italy && provincial(county)))).then_some(town)
}

/// A town or quarter without the word that says it is one.
pub(crate) fn without_kind(town: &str) -> &str {
    [
        "м. ", "г. ", "гр. ", "с. ", "смт ", "mun. ", "com. ", "urb. ", "col. ", "barrio ", "bairro ",
    ]
    .iter()
    .find_map(|kind| town.strip_prefix(kind))
    .unwrap_or(town)
}
