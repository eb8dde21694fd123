//! What a business is called, of all that its pages call it.

use std::collections::BTreeMap;

use super::extract::{adds_title, names};
use super::merge::{Group, Heard, group, note};
use super::payload::{Address, Provenance, Source};
use super::text::fold;

/// What a name loses that is the name of a town.
const PLACE: f64 = 45.0;
/// What a name loses that is the address of a website.
const HOST: f64 = 30.0;
/// What a name loses that begins with something else.
const LEAD: f64 = 25.0;

/// The name that source, place, domain and agreement support best.
pub(super) fn best_name(
    heard: Vec<Heard<'_, String>>,
    label: &str,
    addresses: &[Address],
    book: &mut BTreeMap<String, Provenance>,
) -> Option<String> {
    let groups = group(&heard, |a, b| fold(a) == fold(b));
    let support = |group: &Group<'_, String>| {
        let name = &group.first.fact.value;
        let structured = group.first.fact.source <= Source::Provider;
        // A domain of search words is like the titles that are made of them.
        let likeness = if names::is_praise(name) {
            0.0
        } else {
            names::likeness(name, label)
        };
        let agreeing = groups
            .iter()
            .filter(|other| names::agree(name, &other.first.fact.value))
            .map(|other| other.said.min(3))
            .sum::<u32>();
        let base = if structured {
            f64::from(group.trust)
        } else {
            f64::from(group.trust) * 0.8
        };
        let other_than_a_name = if is_place(name, addresses) {
            PLACE
        } else if names::is_host(name) {
            HOST
        } else if has_lead(name, likeness, &groups, label) {
            LEAD
        } else {
            0.0
        };
        base + 30.0 * likeness + 6.0 * f64::from(agreeing.min(6)) - other_than_a_name
    };
    let supports: Vec<f64> = groups.iter().map(support).collect();
    let at = (0..groups.len()).max_by(|a, b| supports[*a].total_cmp(&supports[*b]).then(b.cmp(a)))?;
    let at = fuller_name(&groups, at).unwrap_or(at);
    let chosen = &groups[at];
    let others: Vec<_> = groups
        .iter()
        .enumerate()
        .filter(|(other, group)| {
            *other != at && group.trust >= 40 && !names::agree(&chosen.first.fact.value, &group.first.fact.value)
        })
        .map(|(_, group)| group)
        .collect();
    note(book, "name", chosen, &others);
    Some(chosen.first.fact.value.clone())
}

/// Where the chosen name is short, a fuller one that holds it: a house with its kind, a person with their title, the practice that is
/// called by the person: "Cabinet dentaire Dr Dupont".
fn fuller_name(groups: &[Group<'_, String>], at: usize) -> Option<usize> {
    let chosen = &groups[at].first.fact;
    // Markup says the whole name.
    if chosen.source <= Source::Provider {
        return None;
    }
    let chosen = &chosen.value;
    if !chosen.contains(' ') {
        return with_kind(groups, chosen);
    }
    if !names::is_person(chosen) {
        return None;
    }
    if let Some(titled) = titled(groups, chosen) {
        return Some(titled);
    }
    let words = fold(chosen);
    let fuller = groups.iter().enumerate().filter(|(other, group)| {
        let name = &group.first.fact.value;
        let folded = fold(name);
        let more = folded.split(' ').count().saturating_sub(words.split(' ').count());
        let begins = folded.split(' ').next().unwrap_or_default();
        *other != at
            && group.trust >= 20
            && (1..=3).contains(&more)
            && folded.split(' ').take(more).any(names::is_trade)
            && folded.ends_with(words.as_str())
            && !names::introduces(begins)
            && !name.contains([',', '|', '–', '—', ':'])
    });
    fuller
        .max_by_key(|(_, group)| (group.trust, group.said))
        .map(|(other, _)| other)
}

/// A name of one word with the kind of house that it is the name of: "Trimstone" in a logo, "Trimstone Manor" in the title.
fn with_kind(groups: &[Group<'_, String>], word: &str) -> Option<usize> {
    const HOUSES: [&str; 14] = [
        "Manor", "House", "Lodge", "Hall", "Court", "Farm", "Cottage", "Cottages", "Villa", "Abbey", "Castle",
        "Grange", "Inn", "Hotel",
    ];
    groups.iter().position(|group| {
        let kind = group
            .first
            .fact
            .value
            .strip_prefix(word)
            .and_then(|rest| rest.strip_prefix(' '));
        group.trust >= 40 && kind.is_some_and(|kind| HOUSES.contains(&kind))
    })
}

/// The same person with title or degree, where the name has none: "Richard B. Shapiro, D.D.S."
fn titled(groups: &[Group<'_, String>], name: &str) -> Option<usize> {
    let spellings = groups.iter().enumerate().filter(|(_, group)| {
        let other = &group.first.fact.value;
        group.trust >= 20 && names::is_person(other) && adds_title(other, name)
    });
    spellings
        .min_by_key(|(_, group)| group.first.fact.value.len())
        .map(|(at, _)| at)
}

/// Whether a name is that of the town which the business is in: "West Chester, PA", "Ostrava" in Ostrava-Poruba.
fn is_place(name: &str, addresses: &[Address]) -> bool {
    let name = fold(name);
    let towns = addresses.iter().filter_map(|address| address.locality.as_deref());
    towns.map(fold).any(|town| {
        let (with_state, of_a_part) = (name.strip_prefix(town.as_str()), town.strip_prefix(name.as_str()));
        !town.is_empty()
            && (with_state.is_some_and(|rest| rest.is_empty() || (rest.starts_with(' ') && rest.len() <= 3))
                || of_a_part.is_some_and(|rest| rest.starts_with(' ')))
    })
}

/// Whether something stands before what is a name by itself: "Conveyancing, Hine Eagle", "Blocked Drains - Deep Creek Plumbing".
fn has_lead(name: &str, likeness: f64, groups: &[Group<'_, String>], label: &str) -> bool {
    let tail = [", ", " - ", " – ", " — ", " | ", ": "]
        .iter()
        .filter_map(|mark| name.split_once(mark))
        .map(|(_, tail)| fold(tail))
        .max_by_key(String::len);
    tail.is_some_and(|tail| {
        let known = groups.iter().any(|other| fold(&other.first.fact.value) == tail);
        known && names::likeness(&tail, label) + 0.15 >= likeness
    })
}
