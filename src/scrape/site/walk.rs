//! Which page of a website is asked for next.

use super::visit::Visited;
use crate::scrape::payload::{PageKind, PageLink};
use crate::scrape::url::{clean_url, site_key};
use std::collections::HashSet;
use url::Url;

/// A home page whose best link promises less than this gives little: it knows no page of contact, hours, places or people.
const PROMISING: i32 = 70;
/// What a link to another subdomain promises less.
const SUBDOMAIN: i32 = 15;
/// What a link to a page in another language promises less: it says what another page says.
const TRANSLATION: i32 = 25;
/// What a page promises less for each of its kind that was asked for: three contact pages are worth less than one, the team
/// and the services.
const REPEATED: i32 = 30;
/// Links that wait at a time, at most.
const MAX_WAITING: usize = 1_000;

struct Candidate {
    url: Url,
    promise: i32,
    kind: Option<PageKind>,
}

/// What is known of the website on the way through it.
pub(super) struct Walk {
    site: String,
    host: String,
    /// The language that the home page's address or most of its links name; inner `None` where they name none.
    language: Option<Option<String>>,
    /// Addresses that wait, that were asked for, and that those led to.
    known: HashSet<String>,
    /// Addresses of the pages that were read.
    read: HashSet<String>,
    digests: HashSet<u64>,
    /// The kinds of the pages that were asked for.
    taken: Vec<PageKind>,
    waiting: Vec<Candidate>,
}

impl Walk {
    pub(super) fn from(start: &Url, home: &Url) -> Self {
        Self {
            site: site_key(home),
            host: bare_host(home).to_owned(),
            language: language(home).map(|language| Some(language.to_owned())),
            known: [page_key(start), page_key(home)].into(),
            read: HashSet::new(),
            digests: HashSet::new(),
            taken: Vec::new(),
            waiting: Vec::new(),
        }
    }

    /// The website's key: hosts that share it belong to it.
    pub(super) fn site(&self) -> &str {
        &self.site
    }

    /// Whether the page is new: two addresses may lead to one page, or to one text, and it must not count as two
    /// witnesses.
    pub(super) fn remember(&mut self, page: &Visited) -> bool {
        let key = page_key(&page.url);
        self.known.insert(key.clone());
        let is_new = page.digest.is_none_or(|digest| self.digests.insert(digest));
        self.read.insert(key) && is_new
    }

    /// Takes up the links of a page that belong to the website and are new.
    pub(super) fn add(&mut self, links: Vec<PageLink>) {
        if self.language.is_none() && !links.is_empty() {
            self.language = Some(most_used_language(&links).map(str::to_owned));
        }
        for link in links {
            let promise = self.promise(&link);
            let may_wait = promise > 0 && self.waiting.len() < MAX_WAITING && site_key(&link.url) == self.site;
            if may_wait && self.known.insert(page_key(&link.url)) {
                self.waiting.push(Candidate {
                    url: link.url,
                    promise,
                    kind: link.kind,
                });
            }
        }
    }

    fn promise(&self, link: &PageLink) -> i32 {
        let elsewhere = bare_host(&link.url) != self.host;
        let own = self
            .language
            .as_ref()
            .is_none_or(|own| own.as_deref() == language(&link.url));
        link.score - if elsewhere { SUBDOMAIN } else { 0 } - if own { 0 } else { TRANSLATION }
    }

    pub(super) fn finds_little(&self) -> bool {
        !self.waiting.iter().any(|candidate| candidate.promise >= PROMISING)
    }

    /// Takes the most promising link; the earlier one of equals.
    pub(super) fn take_best(&mut self) -> Option<Url> {
        let left = |candidate: &Candidate| {
            let same = self.taken.iter().filter(|kind| Some(**kind) == candidate.kind).count();
            candidate.promise - REPEATED * i32::try_from(same).unwrap_or(i32::MAX / REPEATED)
        };
        let best = (0..self.waiting.len()).max_by_key(|at| (left(&self.waiting[*at]), std::cmp::Reverse(*at)))?;
        let taken = self.waiting.remove(best);
        self.taken.extend(taken.kind);
        Some(taken.url)
    }
}

/// The language that a path begins with, such as `en` or `pt-br`.
fn language(url: &Url) -> Option<&str> {
    let first = url.path_segments()?.next()?;
    let mut parts = first.split(['-', '_']);
    let is_code = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_alphabetic());
    let codes = parts.clone().count();
    (codes <= 2 && parts.all(is_code)).then_some(first)
}

/// The language that most links name, the first of equals.
fn most_used_language(links: &[PageLink]) -> Option<&str> {
    let count = |wanted| links.iter().filter(|link| language(&link.url) == wanted).count();
    let mut found: Vec<(Option<&str>, usize)> = Vec::new();
    for link in links {
        let language = language(&link.url);
        if !found.iter().any(|(known, _)| *known == language) {
            found.push((language, count(language)));
        }
    }
    let best = found.iter().rev().max_by_key(|(_, count)| *count);
    best.and_then(|(language, _)| *language)
}

fn bare_host(url: &Url) -> &str {
    let host = url.host_str().unwrap_or_default();
    host.strip_prefix("www.").unwrap_or(host)
}

fn page_key(url: &Url) -> String {
    clean_url(url.as_str()).map_or_else(|_| url.to_string(), |clean| clean.dedupe_key)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn links(links: &[(&str, i32)]) -> Vec<PageLink> {
        let link = |(url, score): &(&str, i32)| PageLink {
            url: url.parse().unwrap(),
            score: *score,
            kind: None,
        };
        links.iter().map(link).collect()
    }

    fn walked(home: &str, found: &[(&str, i32)]) -> Vec<String> {
        let home: Url = home.parse().unwrap();
        let mut walk = Walk::from(&home, &home);
        walk.add(links(found));
        walk.add(links(found));
        std::iter::from_fn(|| walk.take_best()).map(String::from).collect()
    }

    #[test]
    fn subdomains_belong_to_the_site_and_come_after_the_host_itself() {
        let taken = walked(
            "https://www.smile.co.nz/",
            &[
                ("https://shop.smile.co.nz/contact", 100),
                ("https://www.smile.co.nz/contact-us/", 95),
                ("http://smile.co.nz/contact-us", 90),
                ("https://other.co.nz/contact", 100),
                ("http://smile.co.nz", 100),
                ("https://blog.smile.co.nz/about", 10),
            ],
        );
        assert_eq!(
            taken,
            [
                "https://www.smile.co.nz/contact-us/",
                "https://shop.smile.co.nz/contact"
            ]
        );
    }

    #[test]
    fn translations_come_after_the_pages_that_they_translate() {
        let found = [
            ("https://a.ch/en/contact", 106),
            ("https://a.ch/de/kontakt", 106),
            ("https://a.ch/de/team", 85),
            ("https://a.ch/fr/contact", 106),
            ("https://a.ch/de/praxis", 50),
        ];
        let expected = ["/de/kontakt", "/de/team", "/en/contact", "/fr/contact", "/de/praxis"];
        for home in ["https://a.ch/de/", "https://a.ch/"] {
            let taken = walked(home, &found);
            let paths: Vec<&str> = taken.iter().map(|url| &url["https://a.ch".len()..]).collect();
            assert_eq!(paths, expected, "{home}");
        }
    }

    #[test]
    fn kinds_take_turns() {
        let home: Url = "https://a.nz/".parse().unwrap();
        let mut walk = Walk::from(&home, &home);
        let link = |(path, score, kind): (&str, i32, PageKind)| PageLink {
            url: home.join(path).unwrap(),
            score,
            kind: Some(kind),
        };
        let found = [
            ("contact", 106, PageKind::Contact),
            ("contact/auckland", 99, PageKind::Contact),
            ("contact/dunedin", 99, PageKind::Contact),
            ("team", 78, PageKind::People),
            ("services", 62, PageKind::Services),
        ];
        walk.add(found.map(link).into());
        let taken: Vec<String> = std::iter::from_fn(|| walk.take_best()).map(String::from).collect();
        let paths: Vec<&str> = taken.iter().map(|url| &url["https://a.nz/".len()..]).collect();
        assert_eq!(
            paths,
            ["contact", "team", "contact/auckland", "services", "contact/dunedin"]
        );
    }

    #[test]
    fn languages_of_addresses() {
        for (url, expected) in [
            ("https://a.ch/de/x", Some("de")),
            ("https://a.ch/pt-BR/x", Some("pt-BR")),
            ("https://a.ch/en_gb", Some("en_gb")),
            ("https://a.ch/team/x", None),
            ("https://a.ch/a-b-c", None),
            ("https://a.ch/12/x", None),
            ("https://a.ch/", None),
        ] {
            assert_eq!(language(&url.parse().unwrap()), expected, "{url}");
        }
    }

    #[test]
    fn what_waits_is_bounded() {
        let home: Url = "https://a.ch/".parse().unwrap();
        let mut walk = Walk::from(&home, &home);
        let many: Vec<String> = (0..MAX_WAITING * 2)
            .map(|n| format!("https://a.ch/contact-{n}"))
            .collect();
        walk.add(
            many.iter()
                .map(|url| PageLink {
                    url: url.parse().unwrap(),
                    score: 9,
                    kind: None,
                })
                .collect(),
        );
        assert_eq!(walk.waiting.len(), MAX_WAITING);
    }
}
