//! OpenGraph and other meta elements, and the icon links that may be a logo.

use crate::scrape::extract::context::Context;
use crate::scrape::extract::context::language::Told;
use crate::scrape::extract::links::{position, push_unique};
use crate::scrape::extract::names::is_demo;
use crate::scrape::extract::page::scan::Scan;
use crate::scrape::payload::{Fact, PageFacts, Source};
use crate::scrape::text::contains_ci;

/// Reads the page's head; `own` is the language that the page is in.
pub(crate) fn read(scan: &Scan, context: &Context, own: Option<Told>, facts: &mut PageFacts) {
    let source = Source::Opengraph;
    for (name, trust) in [("og:description", 60), ("description", 55), ("twitter:description", 40)] {
        if let Some(text) = scan.meta(name).filter(|text| is_description(text)) {
            facts.descriptions.push(Fact::with_trust(
                text.to_owned(),
                source,
                if context.is_home() { trust } else { trust / 2 },
            ));
        }
    }
    if let Some(logo) = scan.meta("og:logo").and_then(|logo| context.resolve(logo)) {
        push_unique(&mut facts.logo_urls, logo.to_string(), source, 70);
    }
    if let Some(picture) = scan.pictures.iter().find(|picture| picture.named_logo)
        && let Some(url) = context.resolve(&picture.src)
    {
        push_unique(&mut facts.logo_urls, url.to_string(), Source::Link, 60);
    }
    let place = scan.meta("geo.position").or(scan.meta("icbm")).and_then(|place| {
        let (lat, lng) = place.split_once([';', ','])?;
        position(lat.trim().parse().ok()?, lng.trim().parse().ok()?)
    });
    let number = |name: &str| scan.meta(name).and_then(|value| value.parse::<f64>().ok());
    let og_place = || {
        position(
            number("place:location:latitude").or(number("og:latitude"))?,
            number("place:location:longitude").or(number("og:longitude"))?,
        )
    };
    if let Some(geo) = place.or_else(og_place) {
        facts.geo.push(Fact::new(geo, source));
    }
    languages(scan, own, facts);
    facts.refresh = scan.refresh.as_deref().and_then(|refresh| {
        let (delay, rest) = refresh.split_once([';', ','])?;
        let target = rest
            .trim()
            .trim_start_matches(['u', 'U', 'r', 'R', 'l', 'L'])
            .trim_start()
            .strip_prefix('=')?;
        let soon = delay.trim().parse::<f64>().is_ok_and(|seconds| seconds <= 10.0);
        soon.then(|| context.resolve(target.trim().trim_matches(['\'', '"'])))
            .flatten()
    });
}

fn is_description(text: &str) -> bool {
    text.chars().count() >= 20 && !contains_ci(text, "just another wordpress site") && !is_demo(text)
}

/// The languages that the site is offered in: its own, then those of its other versions.
fn languages(scan: &Scan, own: Option<Told>, facts: &mut PageFacts) {
    if let Some(told) = own {
        push_unique(&mut facts.languages, told.code, told.source, 60);
    }
    let alternates = scan
        .head_links
        .iter()
        .filter(|(rel, ..)| rel == "alternate")
        .map(|(.., lang)| lang.as_str());
    for tag in alternates.filter_map(language) {
        push_unique(&mut facts.languages, tag, Source::Opengraph, 60);
    }
}

/// The ISO 639 code of a language tag such as `en-NZ` or `de_DE`.
pub(crate) fn language(tag: &str) -> Option<String> {
    let primary = tag.trim().split(['-', '_']).next()?.to_ascii_lowercase();
    let usual = (2..=3).contains(&primary.len()) && primary.bytes().all(|b| b.is_ascii_lowercase());
    (usual && primary != "und" && primary != "zxx").then_some(primary)
}
