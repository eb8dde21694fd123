//! The street that stands before a postal code, with the parts of the building around it.

use super::codes::Code;
use super::forms::{is_hamlet, is_hamlet_alone};
use super::parts::{from_number, is_number, without_label};
use super::street::{is_plain_american, is_plain_english, is_street, is_unnumbered, street_at_end};
use super::street_end::end_of_street;
use super::units::{is_box, is_floor, is_unit};
use crate::scrape::text::squeeze;
use phonenumber::country::Id;

/// A street near a code.
pub(super) struct Street<'a> {
    pub(super) text: String,
    /// Where it begins.
    pub(super) first: &'a str,
    /// Index of the part after it.
    pub(super) next: usize,
    /// The town, when it stands in the same part.
    pub(super) tail: Option<&'a str>,
    /// It has a word that streets have.
    pub(super) sure: bool,
}

impl<'a> Street<'a> {
    pub(super) fn alone(part: &'a str) -> Self {
        Self {
            text: squeeze(part.trim_end_matches('.')),
            first: part,
            next: usize::MAX,
            tail: None,
            sure: true,
        }
    }
}

/// The street nearest before the code, with the parts of the building that stand before it.
pub(super) fn street_before<'a>(parts: &[&'a str], code: &Code, behind: bool) -> Option<Street<'a>> {
    // Indians name the quarter, and what it stands near, as well.
    let reach = parts.len().saturating_sub(if code.country == Id::IN { 8 } else { 6 });
    // Floors and doors may stand between a street and the code.
    let last = parts
        .iter()
        .rposition(|part| !is_floor(without_label(part)))
        .unwrap_or(0);
    for at in (reach..parts.len()).rev() {
        let part = without_brackets(without_label(parts[at]));
        let last_but = at.checked_sub(1).map(|before| without_label(parts[before]));
        // Behind a street a box is where the mail goes, and not the place.
        if is_box(part) && last_but.is_some_and(is_street) {
            continue;
        }
        // "Calle Mayor, 12" and "12, rue de la Paix" have their number in a part of its own.
        let joined = last_but.map(|before| format!("{before}, {part}"));
        let beside = behind && at >= last;
        let plain = street_at_end(part).filter(|_| beside);
        let distinct = code.distinctive && matches!(code.country, Id::GB | Id::IE);
        let american = matches!(code.country, Id::US | Id::CA) && is_plain_american(part);
        let hamlet = beside
            && code.country == Id::FR
            && !last_but.is_some_and(is_street)
            && (is_hamlet(part) || (at + 1 == parts.len() && is_hamlet_alone(part)));
        let old = american
            || hamlet
            || distinct && (is_plain_english(part) || (at + 4 >= parts.len() && is_unnumbered(part)));
        let known = is_street(from_number(part, code));
        if !(known || is_street(part) || plain.is_some() || old) {
            if let Some(joined) =
                joined.filter(|joined| (is_number(part) || last_but.is_some_and(is_number)) && is_street(joined))
            {
                let joined = street_at_end_of_joined(last_but.unwrap_or_default(), part).unwrap_or(joined);
                return Some(Street {
                    text: squeeze(&joined),
                    first: last_but.unwrap_or(part),
                    next: at + 1,
                    tail: None,
                    sure: true,
                });
            }
            if !is_box(part) {
                continue;
            }
        }
        let part = match plain {
            Some(plain) if !known => plain,
            _ if behind => street_at_end(part).filter(|cut| is_street(cut)).unwrap_or(part),
            _ => from_number(part, code),
        };
        // "135 Ave Suite 208": the door belongs to the street.
        let goes_on = |end: &usize| *end < part.len() && !behind && !is_unit(part[*end..].trim());
        let (own, tail) = match end_of_street(part).filter(goes_on) {
            Some(end) => (
                &part[..end],
                Some(part[end..].trim_matches(|c: char| !c.is_alphanumeric())),
            ),
            None => (part, None),
        };
        let mut first = at;
        while first > reach && is_unit(without_label(parts[first - 1])) {
            first -= 1;
        }
        let begin = if first < at { without_label(parts[first]) } else { own };
        let units = parts[first..at].iter().map(|unit| without_label(unit));
        // "8795 Alameda Ave, Suite 110": a unit that stands behind.
        let behind_it = parts[at + 1..].iter().take_while(|part| is_unit(part)).count();
        let later = parts[at + 1..at + 1 + behind_it].iter().copied();
        let text = units.chain([own]).chain(later).collect::<Vec<_>>().join(", ");
        return Some(Street {
            text: squeeze(&text),
            first: begin,
            next: at + 1 + behind_it,
            tail: tail.filter(|tail| !tail.is_empty()),
            sure: known || is_street(part),
        });
    }
    None
}

/// "Besuchen Sie uns: Rua das Flores, 12" without what stands before the street.
fn street_at_end_of_joined(name: &str, number: &str) -> Option<String> {
    if !is_number(number) || name.split(' ').count() < 5 {
        return None;
    }
    let digits = number.trim_start_matches(|c: char| !c.is_ascii_digit());
    let whole = format!("{name} {digits}");
    let cut = street_at_end(&whole)?;
    let name = cut.strip_suffix(digits)?.trim_end();
    Some(format!("{name}, {number}"))
}

/// A part without the remark in brackets behind it: "Könneritzstr. 64a (Hinterhaus)".
fn without_brackets(part: &str) -> &str {
    match part.find(" (") {
        Some(at) if at > 0 => part[..at].trim_end(),
        _ => part,
    }
}
