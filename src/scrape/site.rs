//! The scraper worker: one website, from its home page to the few pages that hold contact, team, services or hours.
//!
//! A website is what has one registrable domain: `www.` and every other subdomain belong to it, unless the Public Suffix
//! List says that the domain is shared by strangers. A page on another subdomain than the home page's has to promise a
//! little more.

mod maps;
mod visit;

use super::fetch::{FetchError, FetchErrorKind, Fetcher};
use super::payload::{PageLink, ScrapePayload, ScrapedPage};
use super::robots::RobotsCache;
use super::url::{clean_url, site_key};
use async_trait::async_trait;
use std::collections::HashSet;
use std::time::Duration;
use url::Url;
use visit::{Visited, Visitor};

/// Politeness towards a host, which the caller keeps across all jobs.
#[async_trait]
pub trait Pace: Send + Sync {
    /// Waits until a request to `host_key` is polite. The next one comes no sooner than `at_least` after it.
    ///
    /// # Errors
    /// A [`FetchError`] when the wait would be too long; it ends the scrape and says when to come back.
    async fn before_request(&self, host_key: &str, at_least: Duration) -> Result<(), FetchError>;

    /// Tells how the host answered, so that 429 and 503 slow others down too.
    fn report(&self, host_key: &str, status: u16, retry_after: Option<Duration>);
}

/// How a website is read.
#[derive(Debug, Clone)]
pub struct SiteSettings {
    /// Pages besides the home page (`scrape.max_pages`).
    pub max_pages: usize,
    /// Whether robots.txt decides (`scrape.respect_robots`).
    pub respect_robots: bool,
    /// ISO 3166-1 alpha-2 of where phones without a country code are, when neither address nor domain say so.
    pub region: Option<String>,
}

impl Default for SiteSettings {
    fn default() -> Self {
        Self {
            max_pages: 4,
            respect_robots: true,
            region: None,
        }
    }
}

/// A home page whose best link promises less than this gives little, and the site map is asked: it knows no page of
/// contact, hours, places or people.
const PROMISING: i32 = 70;
/// What a link to another subdomain promises less.
const SUBDOMAIN: i32 = 15;

/// Reads the website at `start`: its home page, then up to `max_pages` pages of the same website.
///
/// `former` are the pages as they were read in an earlier life. They are asked for with their validators, and where the
/// server says that one has not changed, what it gave then is taken again.
///
/// # Errors
/// [`FetchError`] when the home page cannot be had. A further page that fails is noted in the payload instead.
pub async fn scrape_site(
    fetcher: &Fetcher,
    robots: &RobotsCache,
    pace: &dyn Pace,
    start: &Url,
    settings: &SiteSettings,
    former: &[ScrapedPage],
) -> Result<ScrapePayload, FetchError> {
    let visitor = Visitor {
        fetcher,
        robots,
        pace,
        settings,
        former,
    };
    let (home, home_facts) = visitor.home(start).await?;
    let mut walk = Walk::from(start, &home.url);
    walk.remember(&home);
    if home.unchanged {
        walk.queue = links_of(former, &home.url);
    } else {
        walk.queue.clone_from(&home_facts.links);
        if settings.max_pages > 0 && walk.finds_little() {
            walk.queue.extend(visitor.site_map(&home.url).await);
        }
    }
    let mut payload = ScrapePayload {
        final_url: home.url.to_string(),
        pages: vec![home.into_page(home_facts)],
        extra: serde_json::Map::new(),
    };
    for _ in 0..settings.max_pages {
        let Some(next) = walk.take_best() else {
            break;
        };
        match visitor.page_behind_refreshes(&next, Some(&walk.site)).await {
            Ok((page, facts)) => {
                walk.queue.extend(facts.links.iter().cloned());
                if walk.remember(&page) {
                    payload.pages.push(page.into_page(facts));
                }
            }
            Err(error) => {
                let stop = matches!(error.kind, FetchErrorKind::Limited | FetchErrorKind::Status(429 | 503));
                payload.pages.push(failed_page(&next, &error));
                if stop {
                    break;
                }
            }
        }
    }
    Ok(payload)
}

/// What is known of the website on the way through it.
struct Walk {
    site: String,
    host: String,
    /// Addresses that were asked for, and those that they led to.
    asked: HashSet<String>,
    /// Addresses and contents of the pages that were read.
    read: HashSet<String>,
    digests: HashSet<u64>,
    queue: Vec<PageLink>,
}

impl Walk {
    fn from(start: &Url, home: &Url) -> Self {
        Self {
            site: site_key(home),
            host: bare_host(home).to_owned(),
            asked: [page_key(start), page_key(home)].into(),
            read: HashSet::new(),
            digests: HashSet::new(),
            queue: Vec::new(),
        }
    }

    /// Whether the page is new: two addresses may lead to one page, or to one text, and it must not count as two
    /// witnesses.
    fn remember(&mut self, page: &Visited) -> bool {
        let key = page_key(&page.url);
        self.asked.insert(key.clone());
        let is_new = page.digest.is_none_or(|digest| self.digests.insert(digest));
        self.read.insert(key) && is_new
    }

    fn finds_little(&self) -> bool {
        !self
            .queue
            .iter()
            .any(|link| link.score >= PROMISING && self.may_ask(&link.url))
    }

    fn may_ask(&self, url: &Url) -> bool {
        site_key(url) == self.site && !self.asked.contains(&page_key(url))
    }

    /// Takes the most promising link of the site that was not asked for yet; the earlier one of equals.
    fn take_best(&mut self) -> Option<Url> {
        let mut queue = std::mem::take(&mut self.queue);
        queue.retain(|link| self.promise(link) > 0 && self.may_ask(&link.url));
        let best = (0..queue.len()).max_by_key(|at| (self.promise(&queue[*at]), std::cmp::Reverse(*at)));
        let taken = best.map(|at| queue.remove(at).url);
        self.queue = queue;
        self.asked.extend(taken.as_ref().map(page_key));
        taken
    }

    fn promise(&self, link: &PageLink) -> i32 {
        let elsewhere = bare_host(&link.url) != self.host;
        link.score - if elsewhere { SUBDOMAIN } else { 0 }
    }
}

/// The further pages that were read when the home page was as it is now: which links it has is not stored.
fn links_of(former: &[ScrapedPage], home: &Url) -> Vec<PageLink> {
    let urls = former.iter().filter_map(|page| Url::parse(&page.url).ok());
    urls.filter(|url| url != home)
        .map(|url| PageLink { url, score: 100 })
        .collect()
}

fn failed_page(url: &Url, error: &FetchError) -> ScrapedPage {
    let status = match error.kind {
        FetchErrorKind::Status(status) => Some(status),
        _ => None,
    };
    ScrapedPage {
        url: url.to_string(),
        status,
        error: Some(error.to_string()),
        ..ScrapedPage::default()
    }
}

fn bare_host(url: &Url) -> &str {
    let host = url.host_str().unwrap_or_default();
    host.strip_prefix("www.").unwrap_or(host)
}

fn page_key(url: &Url) -> String {
    clean_url(url.as_str()).map_or_else(|_| url.to_string(), |clean| clean.dedupe_key)
}

#[cfg(test)]
#[path = "site_tests.rs"]
mod tests;
