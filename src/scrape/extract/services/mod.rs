//! What the practice offers: links below a page of services, lists and headings under a heading that announces them, and
//! rows of headings or items that can be nothing else.

mod words;

use crate::scrape::extract::context::Context;
use crate::scrape::extract::links::push_unique;
use crate::scrape::extract::page::scan::{LineKind, Scan, Zone};
use crate::scrape::extract::people::names::looks_like_name;
use crate::scrape::payload::{PageFacts, Source};
use crate::scrape::text::{contains_ci, fold};
use std::collections::HashSet;
use words::{HEADINGS, OTHERS, PRICES, SECTIONS, WASTE};

const MAX_SERVICES: usize = 60;
/// Services under one heading.
const MAX_TAKEN: usize = 30;
/// Headings or items in a row that are a list of services although nothing announces them.
const RUN: std::ops::RangeInclusive<usize> = 3..=14;
/// Lines between two headings of one row.
const MAX_BETWEEN: usize = 3;

/// Reads offered services.
pub(crate) fn read(scan: &Scan, context: &Context, facts: &mut PageFacts) {
    let mut seen: HashSet<String> = facts.services.iter().map(|known| fold(&known.value)).collect();
    for anchor in &scan.anchors {
        if anchor.zone == Zone::Quote || !SECTIONS.any(&anchor.href) {
            continue;
        }
        let text = &scan.text[anchor.text.clone()];
        if !is_service(text) {
            continue;
        }
        let below = context
            .resolve(&anchor.href)
            .filter(|url| crate::scrape::url::site_key(url) == context.site)
            .is_some_and(|url| {
                let parts: Vec<String> = url
                    .path_segments()
                    .into_iter()
                    .flatten()
                    .filter(|part| !part.is_empty())
                    .map(str::to_ascii_lowercase)
                    .collect();
                parts.len() >= 2
                    && SECTIONS
                        .all(&parts[parts.len() - 2])
                        .any(|(_, index)| SECTIONS.word(index) == parts[parts.len() - 2])
            });
        if below {
            offer(text, 55, &mut seen, facts);
        }
    }
    announced(scan, &mut seen, facts);
    if facts.services.is_empty() && is_general(context) {
        for text in unannounced(scan) {
            offer(text, 30, &mut seen, facts);
        }
    }
}

/// Lists, headings and rows with prices under a heading that speaks of services.
fn announced(scan: &Scan, seen: &mut HashSet<String>, facts: &mut PageFacts) {
    let mut level = None;
    let mut priced = false;
    let mut taken = 0;
    // The level of the headings that name services.
    let mut named: Option<u8> = None;
    let mut prices: Vec<&str> = Vec::new();
    for line in &scan.lines {
        let text = &scan.text[line.range.clone()];
        let room = taken < MAX_TAKEN && matches!(line.zone, Zone::Main | Zone::Aside);
        match line.kind {
            LineKind::Heading(own) => {
                let short = text.chars().count() <= 50 && !text.ends_with('?');
                if short && (HEADINGS.any(text) || PRICES.any(text)) {
                    (level, taken, named) = (Some(own), 0, None);
                    priced = !HEADINGS.any(text);
                } else if let Some(outer) = level {
                    if own <= outer || line.zone == Zone::Footer || named.is_some_and(|named| own < named) {
                        level = None;
                    } else if !priced && is_service(text) && !is_other(text) && taken < MAX_TAKEN {
                        named = named.or(Some(own));
                        offer(text, 40, seen, facts);
                        taken += 1;
                    } else if priced && is_service(text) && !is_other(text) {
                        prices.push(text);
                    }
                }
            }
            LineKind::Item if level.is_some() && !priced && room && is_service(text) => {
                offer(text, 45, seen, facts);
                taken += 1;
            }
            LineKind::Row if level.is_some() && room => {
                let mut cells = text.split('\t');
                let first = cells.next().unwrap_or_default();
                if cells.next().is_some_and(is_price) && is_service(first) {
                    prices.push(first);
                }
            }
            _ => {}
        }
    }
    // A list of prices has more and finer lines than a list of services, and counts where there is none.
    if facts.services.is_empty() {
        for text in prices.into_iter().take(MAX_TAKEN) {
            offer(text, 40, seen, facts);
        }
    }
}

/// Whether a page is one on which services stand unannounced: the entrance, or the page about them.
fn is_general(context: &Context) -> bool {
    context.is_home() || SECTIONS.any(context.url.path())
}

/// The first row of headings of one level, or of items of one list, that reads as a list of services.
fn unannounced(scan: &Scan) -> Vec<&str> {
    let mut run: Vec<&str> = Vec::new();
    let mut kind = None;
    let mut between = 0;
    let mut barred = false;
    for line in &scan.lines {
        let text = &scan.text[line.range.clone()];
        let listed = matches!(line.kind, LineKind::Heading(_) | LineKind::Item) && line.zone == Zone::Main;
        between = if listed { 0 } else { between + 1 };
        let same = kind == Some(line.kind);
        if matches!(line.kind, LineKind::Heading(_)) && !same {
            barred = is_other(text);
        }
        let goes_on = match listed {
            true => same && fits(text),
            false => {
                line.zone == Zone::Main
                    && between <= MAX_BETWEEN
                    && kind != Some(LineKind::Item)
                    && !is_about_people(text)
            }
        };
        if !goes_on {
            if RUN.contains(&run.len()) && is_telling(&run) {
                return run;
            }
            run.clear();
            kind = None;
        }
        if listed && fits(text) && !barred {
            kind = Some(line.kind);
            run.push(text);
        }
    }
    let whole = RUN.contains(&run.len()) && is_telling(&run);
    if whole { run } else { Vec::new() }
}

fn fits(text: &str) -> bool {
    is_service(text)
        && text.split(' ').count() <= 5
        && !text.bytes().any(|b| b.is_ascii_digit() && !contains_ci(text, "level "))
        && !text.ends_with(['.', ':', ','])
        && looks_like_name(text).is_none_or(|titled| !titled)
        && !is_other(text)
}

/// Whether a heading or an item is about hours, contact, news or the like.
fn is_other(text: &str) -> bool {
    let whole = |at: usize, index: usize| {
        let tail = &text[at + OTHERS.word(index).len()..];
        !text[..at].ends_with(char::is_alphabetic) && !tail.starts_with(char::is_alphabetic)
    };
    OTHERS.all(text).any(|(at, index)| whole(at, index)) || WASTE.contains(&format!("|{}|", fold(text)))
}

fn is_about_people(text: &str) -> bool {
    text.contains('@') || text.bytes().filter(u8::is_ascii_digit).count() > 8
}

/// Names of services begin alike, with a capital or without, and none is a sentence.
fn is_telling(run: &[&str]) -> bool {
    let capital = |text: &&str| text.starts_with(|c: char| !c.is_lowercase());
    let capitals = run.iter().copied().filter(|text| capital(text)).count();
    let names = run.iter().filter(|text| looks_like_name(text).is_some()).count();
    (capitals == run.len() || capitals == 0) && names * 2 <= run.len()
}

/// "14 €", "desde 45 €", "ab 20 CHF", "120 zł".
fn is_price(text: &str) -> bool {
    let marks = [
        "€", "$", "£", "₹", "CHF", "zł", "Kč", "kr", "Ft", "lei", "TL", "円", "EUR", ":-", ",-",
    ];
    text.len() <= 40 && text.bytes().any(|b| b.is_ascii_digit()) && marks.iter().any(|mark| text.contains(mark))
}

fn offer(text: &str, trust: u8, seen: &mut HashSet<String>, facts: &mut PageFacts) {
    let text = text
        .trim_end_matches(['.', ':', '»', '›', '>', '→'])
        .trim_start_matches(['•', '-', '–', '✓', '✔', '·', '>', '»', '*'])
        .trim();
    if facts.services.len() < MAX_SERVICES && seen.insert(fold(text)) {
        push_unique(&mut facts.services, text.to_owned(), Source::Text, trust);
    }
}

fn is_service(text: &str) -> bool {
    let length = text.chars().count();
    let least = if text.is_ascii() { 3 } else { 2 };
    (least..=60).contains(&length)
        && text.split(' ').count() <= 7
        && text.chars().any(char::is_alphabetic)
        && !text.contains(['@', '©', '?', '!', '$', '€', '£', '\t'])
        && text.bytes().filter(u8::is_ascii_digit).count() <= 2
        && !WASTE.contains(&format!("|{}|", fold(text)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use crate::scrape::extract::extract_html;

    fn services(html: &str) -> Vec<String> {
        let facts = extract_html(html, &"https://a.co.nz/".parse().unwrap(), None);
        facts.services.into_iter().map(|fact| fact.value).collect()
    }

    #[test]
    fn services_are_read_from_menus_and_lists() {
        let found = services(
            r#"<nav><a href="/services">Services</a><a href="/services/implants">Dental Implants</a><a href="/blog/x">Blog post</a></nav>
            <h2>Our treatments</h2><ul><li>Teeth Whitening</li><li>Read more</li></ul><h2>News</h2><ul><li>We have moved</li></ul>"#,
        );
        assert_eq!(found, ["Dental Implants", "Teeth Whitening"]);
    }

    #[test]
    fn services_in_many_languages() {
        for heading in [
            "Usługi",
            "Nabízíme",
            "Szolgáltatások",
            "Hizmetlerimiz",
            "Υπηρεσίες",
            "Услуги",
            "診療案内",
            "Palvelut",
            "Ydelser",
            "Tjänster",
        ] {
            let html = format!("<h2>{heading}</h2><ul><li>Implantat</li><li>Kontrol</li></ul>");
            assert_eq!(services(&html), ["Implantat", "Kontrol"], "{heading}");
        }
        assert_eq!(
            services(
                "<h4>Tarifas</h4><table><tr><td>Corte señora</td><td>18 €</td></tr><tr><td>Mechas</td><td>desde 45 €</td></tr></table>"
            ),
            ["Corte señora", "Mechas"]
        );
    }

    #[test]
    fn rows_of_headings_and_items_that_nothing_announces() {
        assert_eq!(
            services(
                "<h1>Gut beraten</h1><div><h3>Sehtest</h3><p>30 Minuten</p></div><div><h3>Kontaktlinsen</h3></div><div><h3>Hausbesuche</h3></div>"
            ),
            ["Sehtest", "Kontaktlinsen", "Hausbesuche"]
        );
        assert_eq!(
            services("<p>We mend cars.</p><ul><li>Servicing</li><li>Timing belts</li><li>Diagnostics</li></ul>"),
            ["Servicing", "Timing belts", "Diagnostics"]
        );
        for other in [
            "<h2>Contact</h2><ul><li>Phone</li><li>Email</li><li>Map</li></ul>",
            "<h3>Jane Berg</h3><p>Vet</p><h3>Tom Quick</h3><p>Nurse</p><h3>Ann Moss</h3><p>Vet</p>",
            "<h3>Opening hours</h3><h3>Contact us</h3><h3>Find us</h3>",
            "<h2>News</h2><ul><li>We moved</li><li>New vet</li><li>Summer party</li></ul>",
        ] {
            assert_eq!(services(other), Vec::<String>::new(), "{other}");
        }
    }
}
