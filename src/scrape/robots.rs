//! robots.txt (RFC 9309): one copy an origin, shared by all jobs.

mod rules;

pub use rules::{MAX_CRAWL_DELAY, Rules};

use super::fetch::{FetchError, FetchErrorKind, Fetcher, Hop, RedirectTrail, Wanted};
use super::site::Pace;
use super::url::site_key;
use std::collections::HashMap;
use std::sync::{Arc, Mutex as StdMutex, PoisonError};
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;
use url::Url;

/// What is read of a robots.txt at least, by RFC 9309, 2.5; more is cut.
const MAX_BYTES: usize = 500 * 1024;
/// RFC 9309, 2.3.1.2.
const MAX_REDIRECTS: usize = 5;
/// RFC 9309, 2.4: no copy is used longer.
const FRESH: Duration = Duration::from_secs(24 * 3600);
/// How long the site is left alone after a first failure; doubles with each further one.
const FIRST_FAILURE: Duration = Duration::from_secs(2);
const LONGEST_FAILURE: Duration = Duration::from_secs(300);
/// Together the cached copies hold at most this many bytes.
const CACHE_BYTES: usize = 32 * 1024 * 1024;
/// Weighs an origin's bookkeeping beside its rules.
const ENTRY_BYTES: usize = 512;
/// Rules that weigh more are matched on the blocking pool.
const HEAVY: usize = 64 * 1024;

/// The answer for one address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RobotsVerdict {
    /// Whether the address may be read.
    pub allowed: bool,
    /// Least time between two pages of the host, at most [`MAX_CRAWL_DELAY`].
    pub crawl_delay: Option<Duration>,
}

/// The rules of the origins seen lately. Share one among all jobs.
#[derive(Debug)]
pub struct RobotsCache {
    agent: String,
    origins: StdMutex<HashMap<String, Slot>>,
}

#[derive(Debug)]
struct Slot {
    /// The lock is held while asking, so that one request serves all who wait.
    known: Arc<Mutex<Option<Known>>>,
    used: Instant,
    bytes: usize,
}

#[derive(Debug, Clone)]
struct Known {
    until: Instant,
    /// Failures in a row.
    failures: u32,
    rules: Result<Arc<Rules>, FetchError>,
}

impl Known {
    /// What is known after asking, and for how long. Rules that were known before outlive a failure to ask again (RFC 9309,
    /// 2.4), which is tried soon.
    fn after(asked: Result<Arc<Rules>, FetchError>, before: Option<&Self>, now: Instant) -> Self {
        let Err(error) = asked else {
            return Self {
                until: now + FRESH,
                failures: 0,
                rules: asked,
            };
        };
        let failures = before.map_or(0, |before| before.failures).saturating_add(1);
        let doublings = if error.retryable { (failures - 1).min(16) } else { 0 };
        let pause = FIRST_FAILURE.saturating_mul(1 << doublings).min(LONGEST_FAILURE);
        let until = now + pause.max(error.retry_after.unwrap_or_default());
        let kept = before.and_then(|before| before.rules.clone().ok());
        Self {
            until,
            failures,
            rules: kept.filter(|_| error.retryable).ok_or(error),
        }
    }

    /// The rules, or the failure with the time that is left of it.
    fn answer(&self, now: Instant) -> Result<Arc<Rules>, FetchError> {
        self.rules.clone().map_err(|mut error| {
            if error.retryable {
                error.retry_after = Some(self.until.saturating_duration_since(now));
            }
            error
        })
    }
}

impl RobotsCache {
    /// A cache for the crawler with this user agent; its product token (before `/`) is what robots.txt names.
    pub fn new(user_agent: &str) -> Self {
        let token = user_agent.bytes().take_while(|byte| rules::is_token(*byte)).count();
        Self {
            agent: user_agent[..token].to_owned(),
            origins: StdMutex::new(HashMap::new()),
        }
    }

    /// Whether `url` may be read.
    ///
    /// # Errors
    /// [`FetchErrorKind::RobotsUnreachable`] (retryable) when robots.txt answers with a server error or not at all:
    /// RFC 9309, 2.3.1.4 takes that as "disallow all"; the cause itself when the name does not resolve, no
    /// connection can be made, or the address may not be reached.
    pub async fn check(&self, fetcher: &Fetcher, pace: &dyn Pace, url: &Url) -> Result<RobotsVerdict, FetchError> {
        let rules = self.rules(fetcher, pace, url).await?;
        let crawl_delay = rules.crawl_delay;
        let allowed = if rules.weight() > HEAVY {
            let url = url.clone();
            let matched = tokio::task::spawn_blocking(move || rules.allow(&url));
            let internal = |error| {
                FetchError::new(
                    FetchErrorKind::Internal,
                    format!("Matching robots.txt failed: {error}."),
                )
            };
            matched.await.map_err(internal)?
        } else {
            rules.allow(url)
        };
        Ok(RobotsVerdict { allowed, crawl_delay })
    }

    /// The rules of the origin of `url`, asked for when not known.
    ///
    /// # Errors
    /// As [`RobotsCache::check`].
    pub async fn rules(&self, fetcher: &Fetcher, pace: &dyn Pace, url: &Url) -> Result<Arc<Rules>, FetchError> {
        let origin = url.origin().ascii_serialization();
        let known = self.slot(&origin);
        let mut known = known.lock().await;
        let now = Instant::now();
        if let Some(known) = known.as_ref().filter(|known| now < known.until) {
            return known.answer(now);
        }
        let asked = self.ask(fetcher, pace, url).await;
        // Being told to wait by our own limits says nothing about the origin.
        if let Err(error) = &asked
            && matches!(error.kind, FetchErrorKind::Limited | FetchErrorKind::Internal)
        {
            return Err(error.clone());
        }
        let now = Instant::now();
        let learned = Known::after(asked, known.as_ref(), now);
        let learned = known.insert(learned);
        let bytes = ENTRY_BYTES + learned.rules.as_ref().map_or(0, |rules| rules.weight());
        self.weigh(&origin, bytes);
        learned.answer(now)
    }

    fn slot(&self, origin: &str) -> Arc<Mutex<Option<Known>>> {
        let mut origins = self.origins.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if let Some(slot) = origins.get_mut(origin) {
            slot.used = now;
            return Arc::clone(&slot.known);
        }
        let known = Arc::<Mutex<Option<Known>>>::default();
        let slot = Slot {
            known: Arc::clone(&known),
            used: now,
            bytes: ENTRY_BYTES,
        };
        origins.insert(origin.to_owned(), slot);
        if origins.len().is_multiple_of(64) {
            shrink(&mut origins, CACHE_BYTES);
        }
        known
    }

    fn weigh(&self, origin: &str, bytes: usize) {
        let mut origins = self.origins.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = origins.get_mut(origin) {
            slot.bytes = bytes;
        }
    }

    async fn ask(&self, fetcher: &Fetcher, pace: &dyn Pace, url: &Url) -> Result<Arc<Rules>, FetchError> {
        let mut target = url.clone();
        target.set_path("/robots.txt");
        target.set_query(None);
        target.set_fragment(None);
        let host = url.host_str().unwrap_or_default().to_owned();
        let mut trail = RedirectTrail::new(target, MAX_REDIRECTS);
        loop {
            let host_key = site_key(trail.current());
            pace.before_request(&host_key, Duration::ZERO).await?;
            match fetcher.hop(trail.current(), Wanted::Text(MAX_BYTES)).await {
                Ok(Hop::Page(page)) => {
                    pace.report(&host_key, page.status, None);
                    return Ok(Arc::new(Rules::read(&page.body, &self.agent)));
                }
                Ok(Hop::Redirect(next, status)) => {
                    pace.report(&host_key, status, None);
                    // A file that cannot be found behind its redirects counts as missing (RFC 9309, 2.3.1.2).
                    if trail.follow(next).is_err() {
                        return Ok(Arc::default());
                    }
                }
                // Nobody asked whether it has changed.
                Ok(Hop::Unchanged) => return Ok(Arc::default()),
                Err(error) => {
                    if let FetchErrorKind::Status(status) = error.kind {
                        pace.report(&host_key, status, error.retry_after);
                    }
                    return verdict_on_failure(&host, error);
                }
            }
        }
    }
}

/// RFC 9309, 2.3.1.3 and 2.3.1.4. Google's crawler counts 429 among the server errors, and so do we.
fn verdict_on_failure(host: &str, error: FetchError) -> Result<Arc<Rules>, FetchError> {
    use FetchErrorKind as K;
    match error.kind {
        K::Status(429 | 500..=599) | K::Timeout | K::Body | K::TooLarge => {
            let message = format!("The robots.txt of {host} could not be read, so the site is left alone: {error}");
            let mut out = FetchError::new(K::RobotsUnreachable, message);
            out.retry_after = error.retry_after;
            Err(out)
        }
        K::Status(_) | K::ContentType => Ok(Arc::default()),
        _ => Err(error),
    }
}

/// Forgets the origins that have not been asked about for longest until the rest fits into `room` bytes.
fn shrink(origins: &mut HashMap<String, Slot>, room: usize) {
    let mut by_age: Vec<(Instant, usize, String)> = origins
        .iter()
        .map(|(origin, slot)| (slot.used, slot.bytes, origin.clone()))
        .collect();
    by_age.sort_unstable_by_key(|(used, ..)| *used);
    let mut total: usize = by_age.iter().map(|(_, bytes, _)| bytes).sum();
    for (used, bytes, origin) in by_age {
        if total <= room && used.elapsed() < FRESH {
            break;
        }
        total -= bytes;
        origins.remove(&origin);
    }
}

#[cfg(test)]
#[path = "robots_tests.rs"]
mod tests;
