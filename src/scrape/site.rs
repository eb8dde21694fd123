//! The scraper worker: one website, from its home page to the few pages that hold contact, team, services or hours.

use super::extract::extract_page;
use super::fetch::{FetchError, FetchErrorKind, Fetched, Fetcher, Hop, RedirectTrail, Wanted};
use super::payload::{PageFacts, PageLink, ScrapePayload, ScrapedPage};
use super::robots::RobotsCache;
use super::url::{clean_url, site_key};
use async_trait::async_trait;
use std::collections::HashSet;
use std::num::NonZero;
use std::sync::LazyLock;
use std::time::Duration;
use tokio::sync::Semaphore;
use url::Url;

/// Politeness towards a host, which the caller keeps across all jobs.
#[async_trait]
pub trait Pace: Send + Sync {
    /// Waits until a request to `host_key` is polite.
    ///
    /// # Errors
    /// A [`FetchError`] when the wait would be too long; it ends the scrape and says when to come back.
    async fn before_request(&self, host_key: &str) -> Result<(), FetchError>;

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

/// Bytes of a site map that are read.
const MAX_SITEMAP: usize = 256 * 1024;
/// Pages that are parsed at a time: more than there are cores would only hold more memory.
static PARSING: LazyLock<Semaphore> =
    LazyLock::new(|| Semaphore::new(std::thread::available_parallelism().map_or(2, NonZero::get)));

/// Meta refreshes followed from the home page: more is a trap.
const MAX_REFRESHES: usize = 2;

/// Reads the website at `start`: its home page, then up to `max_pages` pages of the same registrable domain.
///
/// # Errors
/// [`FetchError`] when the home page cannot be had. A further page that fails is noted in the payload instead.
pub async fn scrape_site(
    fetcher: &Fetcher,
    robots: &RobotsCache,
    pace: &dyn Pace,
    start: &Url,
    settings: &SiteSettings,
) -> Result<ScrapePayload, FetchError> {
    let visitor = Visitor {
        fetcher,
        robots,
        pace,
        settings,
    };
    let (home, home_facts) = visitor.home(start).await?;
    let home_url = home.url.clone();
    let site = site_key(&home_url);
    let mut seen: HashSet<String> = [page_key(start), page_key(&home_url)].into();
    let mut queue = home_facts.links.clone();
    let mut payload = ScrapePayload {
        final_url: home_url.to_string(),
        pages: vec![home.into_page(home_facts)],
    };

    if queue.is_empty() && settings.max_pages > 0 {
        queue = visitor.sitemap(&home_url).await;
    }

    let mut asked = 0;
    while asked < settings.max_pages {
        let Some(next) = take_best(&mut queue, &site, &mut seen) else {
            break;
        };
        asked += 1;
        match visitor.page(&next, Some(&site)).await {
            Ok((page, facts)) => {
                // Two links may lead to one page, and it must not count as two witnesses.
                let repeated = page.url != next && !seen.insert(page_key(&page.url));
                queue.extend(facts.links.iter().cloned());
                if !repeated {
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

/// A page's head, after its body has been given back to the byte budget.
struct Visited {
    url: Url,
    status: u16,
    bytes: u64,
}

impl Visited {
    fn into_page(self, facts: PageFacts) -> ScrapedPage {
        ScrapedPage {
            url: self.url.to_string(),
            status: Some(self.status),
            bytes: self.bytes,
            error: None,
            facts,
        }
    }
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

struct Visitor<'a> {
    fetcher: &'a Fetcher,
    robots: &'a RobotsCache,
    pace: &'a dyn Pace,
    settings: &'a SiteSettings,
}

impl Visitor<'_> {
    /// The home page, by http when https is not served, and behind a meta refresh.
    async fn home(&self, start: &Url) -> Result<(Visited, PageFacts), FetchError> {
        let first = self.page(start, None).await;
        let (mut visited, mut facts) = match (first, plain_http(start)) {
            (Err(error), Some(plain)) if matches!(error.kind, FetchErrorKind::Tls | FetchErrorKind::Connect) => {
                // The first error is the one that the analyst can act upon.
                self.page(&plain, None).await.map_err(|_| error)?
            }
            (first, _) => first?,
        };
        for _ in 0..MAX_REFRESHES {
            let Some(target) = facts.refresh.take().filter(|target| *target != visited.url) else {
                break;
            };
            match self.page(&target, None).await {
                Ok(page) => (visited, facts) = page,
                Err(_) => break,
            }
        }
        Ok((visited, facts))
    }

    async fn page(&self, url: &Url, site: Option<&str>) -> Result<(Visited, PageFacts), FetchError> {
        let fetched = self.fetch(url, site).await?;
        let region = self.settings.region.clone();
        let head = Visited {
            url: fetched.url.clone(),
            status: fetched.status,
            bytes: fetched.body.len() as u64,
        };
        let turn = PARSING.acquire().await;
        let parsed = tokio::task::spawn_blocking(move || {
            let facts = extract_page(
                &fetched.body,
                fetched.content_type.as_deref(),
                &fetched.url,
                region.as_deref(),
            );
            drop(fetched.hold);
            facts
        });
        let facts = parsed.await.map_err(|error| {
            FetchError::new(
                FetchErrorKind::Internal,
                format!("Reading {url} failed inside the daemon: {error}."),
            )
        })?;
        drop(turn);
        Ok((head, facts))
    }

    async fn fetch(&self, url: &Url, site: Option<&str>) -> Result<Fetched, FetchError> {
        let mut trail = RedirectTrail::new(url.clone(), self.fetcher.settings().max_redirects);
        loop {
            let host_key = site_key(trail.current());
            if site.is_some_and(|site| site != host_key) {
                let message = format!("{url} leads away from the website.");
                return Err(FetchError::new(FetchErrorKind::Refused, message));
            }
            self.ask_robots(trail.current()).await?;
            self.pace.before_request(&host_key).await?;
            match self.fetcher.hop(trail.current(), Wanted::Page).await {
                Ok(Hop::Page(mut page)) => {
                    self.pace.report(&host_key, page.status, None);
                    page.redirects = trail.into_followed();
                    return Ok(page);
                }
                Ok(Hop::Redirect(next, status)) => {
                    self.pace.report(&host_key, status, None);
                    trail.follow(next)?;
                }
                Err(error) => {
                    if let FetchErrorKind::Status(status) = error.kind {
                        self.pace.report(&host_key, status, error.retry_after);
                    }
                    return Err(error);
                }
            }
        }
    }

    /// What the site map offers; nothing when there is none, since it is only a second chance.
    async fn sitemap(&self, home: &Url) -> Vec<PageLink> {
        let mut target = home.clone();
        target.set_query(None);
        target.set_path("/sitemap.xml");
        if self.settings.respect_robots
            && let Ok(rules) = self.robots.rules(self.fetcher, self.pace, home).await
        {
            let named = rules.sitemaps.iter().find_map(|named| home.join(named).ok());
            target = named
                .filter(|named| site_key(named) == site_key(home))
                .unwrap_or(target);
        }
        let host_key = site_key(&target);
        if self.ask_robots(&target).await.is_err() || self.pace.before_request(&host_key).await.is_err() {
            return Vec::new();
        }
        match self.fetcher.hop(&target, Wanted::Text(MAX_SITEMAP)).await {
            Ok(Hop::Page(page)) => {
                self.pace.report(&host_key, page.status, None);
                super::sitemap::links(&String::from_utf8_lossy(&page.body), home)
            }
            Ok(Hop::Redirect(..)) => Vec::new(),
            Err(error) => {
                if let FetchErrorKind::Status(status) = error.kind {
                    self.pace.report(&host_key, status, error.retry_after);
                }
                Vec::new()
            }
        }
    }

    async fn ask_robots(&self, url: &Url) -> Result<(), FetchError> {
        if !self.settings.respect_robots {
            return Ok(());
        }
        let verdict = self.robots.check(self.fetcher, self.pace, url).await?;
        if !verdict.allowed {
            let message = format!("The robots.txt of {} asks not to read {}.", url.authority(), url.path());
            return Err(FetchError::new(FetchErrorKind::RobotsDisallowed, message));
        }
        if let Some(delay) = verdict.crawl_delay {
            tokio::time::sleep(delay).await;
        }
        Ok(())
    }
}

/// `start` by http, when it is https on the default port.
fn plain_http(start: &Url) -> Option<Url> {
    let mut plain = start.clone();
    (start.scheme() == "https" && start.port().is_none() && plain.set_scheme("http").is_ok()).then_some(plain)
}

fn page_key(url: &Url) -> String {
    clean_url(url.as_str()).map_or_else(|_| url.to_string(), |clean| clean.dedupe_key)
}

/// Takes the most promising link of the site that was not asked for yet; the earlier one of equals.
fn take_best(queue: &mut Vec<PageLink>, site: &str, seen: &mut HashSet<String>) -> Option<Url> {
    queue.retain(|link| link.score > 0 && site_key(&link.url) == site && !seen.contains(&page_key(&link.url)));
    let best = (0..queue.len()).max_by_key(|at| (queue[*at].score, std::cmp::Reverse(*at)))?;
    let link = queue.remove(best);
    seen.insert(page_key(&link.url));
    Some(link.url)
}

#[cfg(test)]
#[path = "site_tests.rs"]
mod tests;
