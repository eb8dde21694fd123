//! What is no street: parts of a building, floors and doors, and boxes at post offices.

use super::street::folded;
use super::street_words::{FLOORS, UNITS};
use crate::scrape::text::fold;

/// A post-office box, which is an address too, but not of the place.
pub(super) fn is_box(text: &str) -> bool {
    let folded = fold(text);
    // "Hämeen Sähköasennus Oy PL 236".
    if let Some((_, number)) = text.rsplit_once(" PL ") {
        return !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    }
    [
        "po box",
        "p o box",
        "private bag",
        "postfach",
        "gpo box",
        "locked bag",
        "bp ",
        "pl ",
        "box ",
        "boite postale",
        "postbus",
        "postboks",
        "apartado",
        "apdo",
        "casella postale",
        "skrytka pocztowa",
        "postilokero",
    ]
    .iter()
    .any(|mark| folded.starts_with(mark))
        && folded.bytes().any(|b| b.is_ascii_digit())
        && folded.split(' ').count() <= 5
}

/// A part of a building: "Level 2", "Suite 300", "Shop 4".
pub(super) fn is_unit(text: &str) -> bool {
    let folded = fold(text);
    let mut words = folded.split(' ');
    let first = words.next().unwrap_or_default();
    // A word alone is the heading of the address: "Office".
    text.len() <= 45
        && folded.contains(' ')
        && (UNITS.has(first) || words.any(|word| word == "floor" || word == "level"))
        && folded.split(' ').count() <= 6
}

/// A floor or a door between the street and the postal code: "1. th", "2º B", "kld".
pub(super) fn is_floor(text: &str) -> bool {
    let folded = folded(text);
    let words: Vec<&str> = folded.split(' ').collect();
    text.len() <= 30
        && words.len() <= 4
        && words.iter().all(|word| {
            FLOORS.has(word) || word.len() <= 2 || word.trim_start_matches(|c: char| c.is_ascii_digit()).len() <= 2
        })
        && words
            .iter()
            .any(|word| FLOORS.has(word) || word.bytes().any(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_floors_and_boxes() {
        assert!(is_box("Hämeen Sähköasennus Oy PL 236") && !is_box("Planet PL 12b"));
        assert!(is_unit("Suite 300") && !is_unit("Office"));
        assert!(is_floor("1. th") && !is_floor("Dunedin"));
    }
}
