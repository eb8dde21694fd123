//! Getting the pages of one website, politely and as robots.txt allows.

use super::{Pace, SiteSettings};
use crate::scrape::compute;
use crate::scrape::extract::extract_page;
use crate::scrape::fetch::{FetchError, FetchErrorKind, Fetched, Fetcher, Hop, RedirectTrail, Wanted};
use crate::scrape::payload::{PageFacts, ScrapedPage, Validators};
use crate::scrape::robots::RobotsCache;
use crate::scrape::url::{registrable, site_key};
use std::hash::{DefaultHasher, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use url::Url;

/// Meta refreshes followed from one page: more is a trap.
const MAX_REFRESHES: usize = 2;
/// A website as a whole gets this many times the limit of one request, and once more for every eight further pages; waiting
/// for turns is not counted.
const SITE_TIMEOUTS: usize = 3;

/// A page's head, after its body has been given back to the byte budget.
pub(super) struct Visited {
    pub url: Url,
    status: u16,
    bytes: u64,
    validators: Validators,
    /// Of the body; none where the page has not changed, and was not sent.
    pub digest: Option<u64>,
    /// The page is as it was in an earlier life.
    pub unchanged: bool,
}

impl Visited {
    pub(super) fn into_page(self, facts: PageFacts) -> ScrapedPage {
        ScrapedPage {
            url: self.url.to_string(),
            status: Some(self.status),
            bytes: self.bytes,
            error: None,
            validators: self.validators,
            facts,
        }
    }
}

/// What came of asking for a page.
enum Answer<'a> {
    Sent(Fetched),
    /// It is as it was.
    Kept(Url, &'a ScrapedPage),
}

pub(super) struct Visitor<'a> {
    pub fetcher: &'a Fetcher,
    pub robots: &'a RobotsCache,
    pub pace: &'a dyn Pace,
    pub settings: &'a SiteSettings,
    former: &'a [ScrapedPage],
    /// Milliseconds that the website has taken to answer, all requests together.
    spent: AtomicU64,
}

impl<'a> Visitor<'a> {
    pub(super) fn new(
        fetcher: &'a Fetcher,
        robots: &'a RobotsCache,
        pace: &'a dyn Pace,
        settings: &'a SiteSettings,
        former: &'a [ScrapedPage],
    ) -> Self {
        Self {
            fetcher,
            robots,
            pace,
            settings,
            former,
            spent: AtomicU64::new(0),
        }
    }

    /// The home page, or what [`others`] have of it.
    pub(super) async fn home(&self, start: &Url) -> Result<(Visited, PageFacts), FetchError> {
        let error = match self.page_behind_refreshes(start, None).await {
            Ok(home) => return Ok(home),
            Err(error) => error,
        };
        for other in others(start, error.kind) {
            if let Ok(home) = self.page_behind_refreshes(&other, None).await {
                return Ok(home);
            }
        }
        // The first error is the one that the analyst can act upon.
        Err(error)
    }

    /// Whether the website has taken all the time that it gets.
    pub(super) fn has_no_time(&self) -> bool {
        let times = SITE_TIMEOUTS + self.settings.max_pages / 8;
        let limit = self.fetcher.settings().timeout * u32::try_from(times).unwrap_or(u32::MAX);
        Duration::from_millis(self.spent.load(Ordering::Relaxed)) >= limit
    }

    /// The page, or the one that it sends browsers to by a meta refresh; of the website `site` alone, if one is given.
    pub(super) async fn page_behind_refreshes(
        &self,
        url: &Url,
        site: Option<&str>,
    ) -> Result<(Visited, PageFacts), FetchError> {
        let (mut visited, mut facts) = self.page(url, site).await?;
        let mut passed = vec![url.clone(), visited.url.clone()];
        for _ in 0..MAX_REFRESHES {
            let Some(target) = facts.refresh.take().filter(|target| !passed.contains(target)) else {
                break;
            };
            match self.page(&target, site).await {
                Ok(page) => (visited, facts) = page,
                Err(_) => break,
            }
            passed.extend([target, visited.url.clone()]);
        }
        Ok((visited, facts))
    }

    async fn page(&self, url: &Url, site: Option<&str>) -> Result<(Visited, PageFacts), FetchError> {
        let fetched = match self.fetch(url, site).await? {
            Answer::Sent(fetched) => fetched,
            Answer::Kept(url, former) => {
                let visited = Visited {
                    url,
                    status: former.status.unwrap_or(200),
                    bytes: former.bytes,
                    validators: former.validators.clone(),
                    digest: None,
                    unchanged: true,
                };
                return Ok((visited, former.facts.clone()));
            }
        };
        let mut head = Visited {
            url: fetched.url.clone(),
            status: fetched.status,
            bytes: fetched.body.len() as u64,
            validators: fetched.validators.clone(),
            digest: None,
            unchanged: false,
        };
        let region = self.settings.region.clone();
        let parsed = compute(move || {
            let facts = extract_page(
                &fetched.body,
                fetched.content_type.as_deref(),
                &fetched.url,
                region.as_deref(),
            );
            let mut hasher = DefaultHasher::new();
            hasher.write(&fetched.body);
            drop(fetched.hold);
            (facts, hasher.finish())
        });
        let (facts, digest) = parsed.await.map_err(|error| {
            FetchError::new(
                FetchErrorKind::Internal,
                format!("Reading {url} failed inside the daemon: {error}."),
            )
        })?;
        head.digest = Some(digest);
        Ok((head, facts))
    }

    async fn fetch(&self, url: &Url, site: Option<&str>) -> Result<Answer<'_>, FetchError> {
        let mut trail = RedirectTrail::new(url.clone(), self.fetcher.settings().max_redirects);
        loop {
            let former = self.former.iter().find(|page| page.url == trail.current().as_str());
            let nothing = Validators::default();
            let known = former.map_or(&nothing, |page| &page.validators);
            match self.ask(trail.current(), site, Wanted::Page, known).await? {
                Hop::Page(mut page) => {
                    page.redirects = trail.into_followed();
                    return Ok(Answer::Sent(page));
                }
                Hop::Redirect(next, _) => trail.follow(next)?,
                Hop::Unchanged => {
                    let former =
                        former.ok_or_else(|| FetchError::status(url.host_str().unwrap_or_default(), 304, None))?;
                    return Ok(Answer::Kept(trail.current().clone(), former));
                }
            }
        }
    }

    /// One request, when robots.txt and politeness allow it; of the website `site` alone, if one is given.
    pub(super) async fn ask(
        &self,
        url: &Url,
        site: Option<&str>,
        wanted: Wanted,
        known: &Validators,
    ) -> Result<Hop, FetchError> {
        let host_key = site_key(url);
        if site.is_some_and(|site| site != host_key) {
            let message = format!("{url} leads away from the website.");
            return Err(FetchError::new(FetchErrorKind::Refused, message));
        }
        if self.has_no_time() {
            let message = format!("{host_key} is too slow: its pages together took longer than a site may take.");
            return Err(FetchError::new(FetchErrorKind::Timeout, message));
        }
        let crawl_delay = self.ask_robots(url).await?;
        self.pace.before_request(&host_key, crawl_delay).await?;
        let began = Instant::now();
        let answer = self.fetcher.hop_if_changed(url, wanted, known).await;
        let took = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.spent.fetch_add(took, Ordering::Relaxed);
        match &answer {
            Ok(Hop::Page(page)) => self.pace.report(&host_key, page.status, None),
            Ok(Hop::Redirect(_, status)) => self.pace.report(&host_key, *status, None),
            Ok(Hop::Unchanged) => self.pace.report(&host_key, 304, None),
            Err(error) => {
                if let FetchErrorKind::Status(status) = error.kind {
                    self.pace.report(&host_key, status, error.retry_after);
                }
            }
        }
        answer
    }

    /// How long robots.txt asks to wait between pages.
    async fn ask_robots(&self, url: &Url) -> Result<Duration, FetchError> {
        if !self.settings.respect_robots {
            return Ok(Duration::ZERO);
        }
        let verdict = self.robots.check(self.fetcher, self.pace, url).await?;
        if !verdict.allowed {
            let message = format!("The robots.txt of {} asks not to read {}.", url.authority(), url.path());
            return Err(FetchError::new(FetchErrorKind::RobotsDisallowed, message));
        }
        Ok(verdict.crawl_delay.unwrap_or_default())
    }
}

/// Where else the home page may be, after `start` has failed: with or without `www.` when the name does not resolve or its
/// certificate is for the other one, and by http when https is not served.
pub(super) fn others(start: &Url, failed: FetchErrorKind) -> Vec<Url> {
    let mut others = Vec::new();
    if matches!(failed, FetchErrorKind::Dns | FetchErrorKind::Tls) {
        others.extend(with_or_without_www(start));
    }
    if matches!(failed, FetchErrorKind::Tls | FetchErrorKind::Connect) {
        others.extend(plain_http(start));
    }
    others
}

fn with_or_without_www(start: &Url) -> Option<Url> {
    let host = start.domain()?;
    let other = match host.strip_prefix("www.") {
        Some(bare) => bare.to_owned(),
        None if registrable(host).as_deref() == Some(host) => format!("www.{host}"),
        None => return None,
    };
    let mut url = start.clone();
    url.set_host(Some(&other)).ok()?;
    Some(url)
}

fn plain_http(start: &Url) -> Option<Url> {
    let mut plain = start.clone();
    (start.scheme() == "https" && start.port().is_none() && plain.set_scheme("http").is_ok()).then_some(plain)
}
