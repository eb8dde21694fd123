//! What the practice offers: links below a page of services, and lists under a heading that announces them.

use super::context::Context;
use super::links::push_unique;
use super::scan::{LineKind, Scan, Zone};
use crate::scrape::payload::{PageFacts, Source};
use crate::scrape::text::{Words, fold};
use std::collections::HashSet;

static SECTIONS: Words = Words::new(&[
    "services",
    "service",
    "treatments",
    "treatment",
    "leistungen",
    "behandlungen",
    "our-services",
    "our-treatments",
    "dental-services",
    "procedures",
    "servicios",
    "tratamientos",
    "prestations",
    "soins",
    "behandelingen",
]);
static HEADINGS: Words = Words::new(&[
    "services",
    "treatments",
    "what we do",
    "what we offer",
    "leistungen",
    "behandlungen",
    "servicios",
    "tratamientos",
    "prestations",
    "nos soins",
    "servizi",
    "diensten",
    "behandelingen",
    "schwerpunkte",
]);
const WASTE: [&str; 22] = [
    "read more",
    "learn more",
    "more",
    "find out more",
    "view all",
    "see all",
    "mehr",
    "mehr erfahren",
    "weiterlesen",
    "en savoir plus",
    "book now",
    "contact us",
    "home",
    "about us",
    "contact",
    "click here",
    "all services",
    "all treatments",
    "our services",
    "services",
    "treatments",
    "overview",
];
const MAX_SERVICES: usize = 60;

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
    let mut level = None;
    let mut taken = 0;
    for line in &scan.lines {
        let text = &scan.text[line.range.clone()];
        match line.kind {
            LineKind::Heading(own) => {
                let announces = text.len() <= 50 && HEADINGS.any(text) && !text.ends_with('?');
                if announces {
                    (level, taken) = (Some(own), 0);
                } else if let Some(outer) = level {
                    if own <= outer || line.zone == Zone::Footer {
                        level = None;
                    } else if is_service(text) && taken < 30 {
                        offer(text, 40, &mut seen, facts);
                        taken += 1;
                    }
                }
            }
            LineKind::Item
                if level.is_some()
                    && matches!(line.zone, Zone::Main | Zone::Aside)
                    && is_service(text)
                    && taken < 30 =>
            {
                offer(text, 45, &mut seen, facts);
                taken += 1;
            }
            _ => {}
        }
    }
}

fn offer(text: &str, trust: u8, seen: &mut HashSet<String>, facts: &mut PageFacts) {
    let text = text.trim_end_matches(['.', ':', '»', '›', '>', '→']).trim();
    if facts.services.len() < MAX_SERVICES && seen.insert(fold(text)) {
        push_unique(&mut facts.services, text.to_owned(), Source::Text, trust);
    }
}

fn is_service(text: &str) -> bool {
    let length = text.chars().count();
    (3..=60).contains(&length)
        && text.split(' ').count() <= 7
        && text.chars().any(char::is_alphabetic)
        && !text.contains(['@', '©', '?', '!', '$', '€', '£'])
        && text.bytes().filter(u8::is_ascii_digit).count() <= 2
        && !WASTE.contains(&fold(text).as_str())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use crate::scrape::extract::extract_html;

    #[test]
    fn services_are_read_from_menus_and_lists() {
        let facts = extract_html(
            r#"<nav><a href="/services">Services</a><a href="/services/implants">Dental Implants</a><a href="/blog/x">Blog post</a></nav>
            <h2>Our treatments</h2><ul><li>Teeth Whitening</li><li>Read more</li></ul><h2>News</h2><ul><li>We have moved</li></ul>"#,
            &"https://a.co.nz/".parse().unwrap(),
            None,
        );
        let found: Vec<_> = facts.services.iter().map(|fact| fact.value.as_str()).collect();
        assert_eq!(found, ["Dental Implants", "Teeth Whitening"]);
    }
}
