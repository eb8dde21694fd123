//! From what the pages gave to one answer.
//!
//! Pure. Sources are heard in the order of [`Source`] (JSON-LD first, visible text last), but the trust of a value
//! counts too: markup that names another business than title, headings and domain does not win.

use super::called::best_name;
use super::contacts;
use super::extract::Domain;
use super::extract::hours::coverage;
use super::payload::{
    Address, CleanUrlPayload, Conflict, Fact, FinalPayload, PageFacts, PageSummary, Provenance, ScrapePayload, Source,
};
use super::text::fold;
use serde::Serialize;
use std::collections::BTreeMap;

/// A value of less trust gives way to any other, whatever its source.
const DOUBTFUL: u8 = 30;
/// What a field rests on that has no better value than a doubtful one.
const DOUBTFUL_CONFIDENCE: f64 = 0.3;
/// Pages and sources that are told apart at most.
const MOST_TOLD: usize = 100;
/// Other values that a field's provenance keeps at most.
const MAX_CONFLICTS: usize = 5;

/// Merges what the pages gave.
///
/// `confidence` is a weighted mean over the identifying fields (name 3, phone 3, address 2, e-mail 1, hours 1) of each
/// field's own confidence, absent fields counting as 0; each field's confidence grows with its source's rank, its trust
/// and the number of witnesses that agree, and falls with contradiction.
pub fn merge(url: &CleanUrlPayload, scrape: &ScrapePayload) -> FinalPayload {
    let site = url::Url::parse(&url.url).map_or_else(|_| Domain::new(&url.domain), |url| Domain::at(&url));
    let mut out = FinalPayload {
        url: url.url.clone(),
        final_url: scrape.final_url.clone(),
        domain: url.domain.clone(),
        extra: scrape.extra.clone(),
        ..FinalPayload::default()
    };
    out.pages = scrape
        .pages
        .iter()
        .map(|page| PageSummary {
            url: page.url.clone(),
            status: page.status,
            bytes: page.bytes,
            error: page.error.clone(),
        })
        .collect();
    let book = &mut out.provenance;
    let all = |pick: fn(&PageFacts) -> &Vec<Fact<String>>| gather(scrape, pick);

    out.addresses = addresses(gather(scrape, |f| &f.addresses), book);
    complete(&mut out.addresses, scrape);
    out.name = best_name(all(|f| &f.names), site.label(), &out.addresses, book);
    out.description = single(all(|f| &f.descriptions), "description", book, |a, b| a == b);
    out.categories = list(all(|f| &f.categories), "categories", book, |a, b| {
        a.eq_ignore_ascii_case(b)
    });
    let phones = contacts::phones(gather(scrape, |f| &f.phones));
    out.phones = list(phones, "phones", book, |a, b| a.e164 == b.e164 && a.kind == b.kind);
    let emails = contacts::emails(all(|f| &f.emails), &url.domain);
    out.emails = list(emails, "emails", book, |a, b| a == b);
    out.opening_hours = single_by(
        gather(scrape, |f| &f.opening_hours),
        "opening_hours",
        book,
        |a, b| a == b,
        |week| i32::from(coverage(week) >= 3),
    )
    .unwrap_or_default();
    let social = contacts::social(gather(scrape, |f| &f.social), &url.domain, out.name.as_deref());
    let social = list(social, "social", book, |a, b| a.network == b.network);
    out.social = social.into_iter().map(|link| (link.network, link.url)).collect();
    out.people = list(gather(scrape, |f| &f.people), "people", book, |a, b| {
        fold(&a.name) == fold(&b.name)
    });
    out.services = list(all(|f| &f.services), "services", book, |a, b| fold(a) == fold(b));
    out.booking_url = single(all(|f| &f.booking_urls), "booking_url", book, |a, b| a == b);
    out.logo_url = single(all(|f| &f.logo_urls), "logo_url", book, |a, b| a == b);
    out.geo = single(gather(scrape, |f| &f.geo), "geo", book, |a, b| {
        (a.lat - b.lat).abs() < 0.002 && (a.lng - b.lng).abs() < 0.002
    });
    out.rating = single(gather(scrape, |f| &f.ratings), "rating", book, |a, b| a == b);
    out.languages = list(all(|f| &f.languages), "languages", book, |a, b| a == b);
    out.price_range = single(all(|f| &f.price_ranges), "price_range", book, |a, b| a == b);
    out.confidence = confidence(&out.provenance);
    out
}

/// A fact and the page that it stood on.
pub(super) struct Heard<'a, T> {
    pub(super) fact: &'a Fact<T>,
    pub(super) page: &'a str,
}

fn gather<'a, T>(scrape: &'a ScrapePayload, pick: fn(&PageFacts) -> &Vec<Fact<T>>) -> Vec<Heard<'a, T>> {
    let mut heard: Vec<Heard<'a, T>> = scrape
        .pages
        .iter()
        .flat_map(|page| pick(&page.facts).iter().map(|fact| Heard { fact, page: &page.url }))
        .collect();
    // Stable: the order of the pages and of each page remains within a source.
    heard.sort_by_key(|heard| heard.fact.source);
    heard
}

/// Values that mean the same, best source first.
pub(super) struct Group<'a, T> {
    pub(super) first: &'a Heard<'a, T>,
    /// How often it was said.
    pub(super) said: u32,
    /// Its witnesses: the pages that said it, each with every source there that did.
    told: Vec<(&'a str, Source)>,
    pub(super) trust: u8,
}

pub(super) fn group<'a, T>(heard: &'a [Heard<'a, T>], same: impl Fn(&T, &T) -> bool) -> Vec<Group<'a, T>> {
    let mut groups: Vec<Group<'a, T>> = Vec::new();
    for one in heard {
        match groups
            .iter_mut()
            .find(|group| same(&group.first.fact.value, &one.fact.value))
        {
            Some(group) => {
                group.said += 1;
                group.trust = group.trust.max(one.fact.trust);
                let told = (one.page, one.fact.source);
                if group.told.len() < MOST_TOLD && !group.told.contains(&told) {
                    group.told.push(told);
                }
            }
            None => groups.push(Group {
                first: one,
                said: 1,
                told: vec![(one.page, one.fact.source)],
                trust: one.fact.trust,
            }),
        }
    }
    groups
}

/// 0 to 1: the source's rank, the trust in the place, agreement, contradiction.
fn field_confidence(source: Source, trust: u8, witnesses: usize, conflicts: usize) -> f64 {
    let rank = match source {
        Source::JsonLd => 0.80,
        Source::Microdata | Source::Rdfa => 0.78,
        Source::Provider => 0.75,
        Source::Opengraph => 0.65,
        Source::Link => 0.75,
        Source::Text => 0.60,
    };
    let agreement = 0.06 * witnesses.saturating_sub(1).min(3) as f64;
    let placed = (f64::from(trust) - 50.0) / 100.0 * 0.2;
    let doubt = 0.05 * conflicts.min(3) as f64;
    let most = if trust < DOUBTFUL { DOUBTFUL_CONFIDENCE } else { 0.99 };
    round((rank + agreement + placed - doubt).clamp(0.05, most))
}

fn round(value: f64) -> f64 {
    // The sum of nothing is -0.0.
    (value * 100.0).round() / 100.0 + 0.0
}

pub(super) fn note<T: Serialize>(
    book: &mut BTreeMap<String, Provenance>,
    field: &str,
    chosen: &Group<'_, T>,
    others: &[&Group<'_, T>],
) {
    let conflicts: Vec<Conflict> = others
        .iter()
        .take(MAX_CONFLICTS)
        .filter_map(|other| {
            let value = serde_json::to_value(&other.first.fact.value).ok()?;
            Some(Conflict {
                value,
                source: other.first.fact.source,
                page: other.first.page.to_owned(),
            })
        })
        .collect();
    let source = chosen.first.fact.source;
    let witnesses = chosen.told.len();
    book.insert(
        field.to_owned(),
        Provenance {
            source,
            page: chosen.first.page.to_owned(),
            confidence: field_confidence(source, chosen.trust, witnesses, conflicts.len()),
            agreeing: (witnesses > 1).then_some(witnesses as u32),
            conflicts,
        },
    );
}

fn single<T: Clone + Serialize>(
    heard: Vec<Heard<'_, T>>,
    field: &str,
    book: &mut BTreeMap<String, Provenance>,
    same: impl Fn(&T, &T) -> bool,
) -> Option<T> {
    single_by(heard, field, book, same, |_| 0)
}

/// The best value: by `worth`, then source, then trust, then how often it was said.
fn single_by<T: Clone + Serialize>(
    heard: Vec<Heard<'_, T>>,
    field: &str,
    book: &mut BTreeMap<String, Provenance>,
    same: impl Fn(&T, &T) -> bool,
    worth: impl Fn(&T) -> i32,
) -> Option<T> {
    let groups = group(&heard, same);
    let at = (0..groups.len()).min_by_key(|at| {
        let group = &groups[*at];
        (
            std::cmp::Reverse(worth(&group.first.fact.value)),
            group.trust < DOUBTFUL,
            group.first.fact.source,
            std::cmp::Reverse((group.trust, group.said)),
            *at,
        )
    })?;
    let others: Vec<_> = groups
        .iter()
        .enumerate()
        .filter(|(other, _)| *other != at)
        .map(|(_, group)| group)
        .collect();
    note(book, field, &groups[at], &others);
    Some(groups[at].first.fact.value.clone())
}

/// Every distinct value, the best source first.
fn list<T: Clone + Serialize>(
    heard: Vec<Heard<'_, T>>,
    field: &str,
    book: &mut BTreeMap<String, Provenance>,
    same: impl Fn(&T, &T) -> bool,
) -> Vec<T> {
    let groups = group(&heard, same);
    if let Some(first) = groups.first() {
        note(book, field, first, &[]);
    }
    groups.into_iter().map(|group| group.first.fact.value.clone()).collect()
}

/// An address of less trust counts only where there is no better one.
const DOUBTFUL_ADDRESS: u8 = 40;
/// Trust of an address that a page names as its own.
const GOOD_ADDRESS: u8 = 55;

/// Every distinct address; where one is good, those that may be somebody else's and boxes at post offices are left out.
fn addresses(heard: Vec<Heard<'_, Address>>, book: &mut BTreeMap<String, Provenance>) -> Vec<Address> {
    let mut groups = group(&heard, same_address);
    let has_street = |group: &Group<'_, Address>| group.first.fact.value.street.is_some();
    let good = groups
        .iter()
        .any(|group| has_street(group) && group.trust >= GOOD_ADDRESS);
    if good {
        groups.retain(|group| has_street(group) && group.trust >= DOUBTFUL_ADDRESS);
    }
    // A town alone says nothing beside a street.
    let told = |group: &Group<'_, Address>| has_street(group) || group.first.fact.value.postal_code.is_some();
    if groups.iter().any(has_street) {
        groups.retain(told);
    }
    if let Some(first) = groups.first() {
        note(book, "addresses", first, &[]);
    }
    groups.into_iter().map(|group| group.first.fact.value.clone()).collect()
}

/// Takes what an address lacks from other spellings of the same place.
fn complete(addresses: &mut [Address], scrape: &ScrapePayload) {
    let told: Vec<&Address> = scrape
        .pages
        .iter()
        .flat_map(|page| page.facts.addresses.iter().map(|fact| &fact.value))
        .collect();
    for address in addresses {
        for other in told
            .iter()
            .filter(|other| same_address(address, other))
            .copied()
            .collect::<Vec<_>>()
        {
            for (own, theirs) in [
                (&mut address.street, &other.street),
                (&mut address.locality, &other.locality),
                (&mut address.region, &other.region),
                (&mut address.postal_code, &other.postal_code),
                (&mut address.country, &other.country),
            ] {
                if own.is_none() {
                    own.clone_from(theirs);
                }
            }
        }
    }
}

/// Two spellings of one place: the same code and house number, or the same street where one has no code.
fn same_address(a: &Address, b: &Address) -> bool {
    let numbers = |address: &Address| -> Vec<String> {
        let street = address.street.as_deref().unwrap_or(&address.raw);
        street
            .split(|c: char| !c.is_ascii_digit())
            .filter(|digits| !digits.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let (of_a, of_b) = (numbers(a), numbers(b));
    let unnumbered =
        || of_a.is_empty() && of_b.is_empty() && a.street.as_deref().map(fold) == b.street.as_deref().map(fold);
    let same_number = of_a.iter().any(|number| of_b.contains(number)) || unnumbered();
    let code = |address: &Address| address.postal_code.as_deref().map(|code| code.replace(' ', ""));
    match (code(a), code(b)) {
        (Some(one), Some(other)) => one == other && (same_number || a.street.is_none() || b.street.is_none()),
        _ => match (&a.street, &b.street) {
            (Some(one), Some(other)) => {
                fold(one) == fold(other) || (same_number && first_word(one) == first_word(other))
            }
            _ => fold(&a.raw) == fold(&b.raw),
        },
    }
}

/// The first word of a street that is no number.
fn first_word(street: &str) -> Option<String> {
    fold(street)
        .split(' ')
        .find(|word| word.len() > 2 && word.chars().all(char::is_alphabetic))
        .map(str::to_owned)
}

fn confidence(book: &BTreeMap<String, Provenance>) -> f64 {
    const WEIGHTS: [(&str, f64); 5] = [
        ("name", 3.0),
        ("phones", 3.0),
        ("addresses", 2.0),
        ("emails", 1.0),
        ("opening_hours", 1.0),
    ];
    let total: f64 = WEIGHTS.iter().map(|(_, weight)| weight).sum();
    let reached: f64 = WEIGHTS
        .iter()
        .filter_map(|(field, weight)| Some(weight * book.get(*field)?.confidence))
        .sum();
    round(reached / total)
}

#[cfg(test)]
#[path = "merge_tests.rs"]
mod tests;
