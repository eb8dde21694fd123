//! Postal addresses in text: found by their postal code, completed by the town beside it and the street before it.

use super::lines::{Around, Found, in_line};
use super::owner::{Owner, Site, is_legal, is_placeholder, sentences};
use crate::scrape::extract::context::Context;
use crate::scrape::extract::countries;
use crate::scrape::extract::page::scan::{LineKind, Scan, Zone};
use crate::scrape::extract::whose::own::Own;
use crate::scrape::payload::{Address, Fact, PageFacts, Source};
use crate::scrape::text::{contains_ci, squeeze_to};
use phonenumber::country::Id;

/// Lines before the one with the postal code that may hold the street.
const LINES_BEFORE: usize = 4;
/// More addresses than this on one page are a directory.
const MAX_ADDRESSES: usize = 12;
/// Longer lines are prose in which nobody would look for an address.
const MAX_LINE: usize = 1_500;
/// Longer lines are read sentence by sentence.
const MAX_WHOLE: usize = 120;

/// Finds the addresses that a visitor reads.
pub(super) fn read(scan: &Scan, context: &Context, own: &Own, facts: &mut PageFacts) {
    let wanted = countries_to_try(context);
    let lines: Vec<&str> = scan.lines.iter().map(|line| &scan.text[line.range.clone()]).collect();
    let site = Site {
        scan,
        own,
        legal: is_legal(context.url.path()),
    };
    let mut found = 0;
    // A street belongs to one code: lines up to the last address are not read for another.
    let mut free = 0;
    for (at, line) in scan.lines.iter().enumerate() {
        let text = lines[at];
        if !line.signs.digit() || text.len() > MAX_LINE || line.zone == Zone::Quote || found >= MAX_ADDRESSES {
            continue;
        }
        let before: Vec<&str> = lines[at.saturating_sub(LINES_BEFORE).max(free)..at]
            .iter()
            .copied()
            .filter(|before| before.len() <= 120)
            .collect();
        let after = lines
            .get(at + 1)
            .copied()
            .filter(|after| after.chars().count() <= 60)
            .unwrap_or_default();
        let ends = if text.len() > MAX_WHOLE {
            sentences(text)
        } else {
            vec![text.len()]
        };
        let mut start = 0;
        for end in ends {
            let sentence = &text[start..end];
            let first = start == 0;
            start = end;
            let around = Around {
                before: if first { &before } else { &[] },
                after: if end == text.len() { after } else { "" },
            };
            let japanese = wanted
                .contains(&Id::JP)
                .then(|| super::japan::in_line(sentence, around.after))
                .flatten();
            for one in japanese.into_iter().chain(in_line(around, sentence, &wanted)) {
                free = at + 1;
                let owner = site.owner_of(at, sentence, &one);
                if owner == Owner::Other || is_placeholder(&one.address.raw) {
                    continue;
                }
                let trust = trust(&one, owner, line.zone, line.kind, context);
                let address = one.address;
                if !facts
                    .addresses
                    .iter()
                    .any(|known| known.source == Source::Text && known.value == address)
                {
                    facts.addresses.push(Fact::with_trust(address, Source::Text, trust));
                    found += 1;
                }
            }
        }
    }
}

/// An address that stands alone, on one or several lines; what cannot be taken apart is kept as it is.
pub(crate) fn from_text(text: &str, context: &Context) -> Option<Address> {
    let raw = squeeze_to(text, 200);
    if raw.len() < 8 {
        return None;
    }
    Some(parsed(&raw, context).unwrap_or_else(|| Address {
        country: countries::at_end(&raw).map(|(_, country)| country),
        raw,
        ..Address::default()
    }))
}

/// An address that stands alone, if it can be taken apart.
pub(super) fn parsed(raw: &str, context: &Context) -> Option<Address> {
    let (_, country) = countries::at_end(raw).unzip();
    let named = country.as_deref().and_then(|country| country.parse().ok());
    let wanted = named.map_or_else(|| countries_to_try(context), |country| vec![country]);
    let found = in_line(Around::default(), raw, &wanted).into_iter().next()?;
    Some(Address {
        raw: raw.to_owned(),
        ..found.address
    })
}

fn trust(found: &Found, owner: Owner, zone: Zone, kind: LineKind, context: &Context) -> u8 {
    let mut trust = 35;
    trust += if found.address.street.is_some() { 20 } else { 0 };
    trust += if kind == LineKind::Address || matches!(zone, Zone::Footer | Zone::Header) {
        10
    } else {
        0
    };
    let path = context.url.path();
    trust += if contains_ci(path, "contact") || contains_ci(path, "kontakt") {
        5
    } else {
        0
    };
    match owner {
        Owner::Own => trust + 15,
        Owner::Doubtful => trust - 25,
        Owner::Unknown | Owner::Other => trust,
    }
}

/// The countries whose codes are looked for: that of the domain, else those that the page as a whole suggests and those whose
/// codes nobody else has.
fn countries_to_try(context: &Context) -> Vec<Id> {
    if let Some(country) = context.tld_region() {
        return vec![country];
    }
    let mut out: Vec<Id> = context.home.countries().collect();
    for country in [Id::US, Id::GB, Id::CA, Id::IE] {
        if !out.contains(&country) {
            out.push(country);
        }
    }
    out
}
