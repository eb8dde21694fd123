//! robots.txt (RFC 9309), matched by a port of Google's parser, one copy an origin shared by all jobs.

use super::fetch::{FetchError, FetchErrorKind, Fetcher, Hop, RedirectTrail, Wanted};
use super::site::Pace;
use super::url::site_key;
use robotstxt::{DefaultMatcher, RobotsParseHandler};
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
/// A failure is remembered just long enough that those who waited for the same answer do not all ask again.
const FAILURE_FRESH: Duration = Duration::from_secs(2);
/// A longer `crawl-delay` is cut to this: the caller's own politeness does the rest.
const MAX_CRAWL_DELAY: Duration = Duration::from_secs(1);
/// Together the cached copies hold at most this many bytes.
const CACHE_BYTES: usize = 32 * 1024 * 1024;
/// Weighs an origin's bookkeeping beside its rules.
const ENTRY_BYTES: usize = 512;

/// The answer for one address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RobotsVerdict {
    /// Whether the address may be read.
    pub allowed: bool,
    /// `crawl-delay`, at most a second; not part of RFC 9309, honoured as a courtesy.
    pub crawl_delay: Option<Duration>,
}

/// The rules of the origins seen lately. Share one among all jobs.
#[derive(Debug)]
pub struct RobotsCache {
    agent: String,
    origins: StdMutex<HashMap<String, Arc<Origin>>>,
}

#[derive(Debug, Default)]
struct Origin {
    /// Held while asking, so that one request serves all who wait.
    state: Mutex<Option<Known>>,
    touched: StdMutex<Option<(Instant, usize)>>,
}

#[derive(Debug, Clone)]
struct Known {
    at: Instant,
    rules: Result<Arc<Rules>, FetchError>,
}

/// One origin's robots.txt.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Rules {
    text: String,
    crawl_delay: Option<Duration>,
    /// Site maps that the file names, absolute or not, in its order.
    pub sitemaps: Vec<String>,
}

impl Rules {
    /// Reads the text of a robots.txt for the crawler that calls itself `agent` (its product token).
    pub fn read(text: String, agent: &str) -> Self {
        let mut courtesy = Courtesy {
            agent: agent.to_ascii_lowercase(),
            ..Courtesy::default()
        };
        robotstxt::parse_robotstxt(&text, &mut courtesy);
        let crawl_delay = courtesy.own.or(courtesy.anyone).map(|delay| delay.min(MAX_CRAWL_DELAY));
        Self {
            text,
            crawl_delay,
            sitemaps: courtesy.sitemaps,
        }
    }

    /// Whether `agent` may read `url`.
    pub fn allow(&self, agent: &str, url: &Url) -> bool {
        self.text.is_empty() || DefaultMatcher::default().one_agent_allowed_by_robots(&self.text, agent, url.as_str())
    }
}

impl RobotsCache {
    /// A cache for the crawler with this user agent; its product token (before `/`) is what robots.txt names.
    pub fn new(user_agent: &str) -> Self {
        let agent = user_agent
            .chars()
            .take_while(|c| c.is_ascii_alphabetic() || matches!(c, '-' | '_'))
            .collect::<String>();
        Self {
            agent,
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
        Ok(RobotsVerdict {
            allowed: rules.allow(&self.agent, url),
            crawl_delay: rules.crawl_delay,
        })
    }

    /// The rules of the origin of `url`, asked for when not known.
    ///
    /// # Errors
    /// As [`RobotsCache::check`].
    pub async fn rules(&self, fetcher: &Fetcher, pace: &dyn Pace, url: &Url) -> Result<Arc<Rules>, FetchError> {
        let origin = self.origin(&url.origin().ascii_serialization());
        let mut state = origin.state.lock().await;
        if let Some(known) = &*state {
            let lasts = if known.rules.is_ok() { FRESH } else { FAILURE_FRESH };
            if known.at.elapsed() < lasts {
                return known.rules.clone();
            }
        }
        let asked = self.ask(fetcher, pace, url).await;
        let stale = state.as_ref().and_then(|known| known.rules.clone().ok());
        let rules = match (asked, stale) {
            (Err(error), Some(stale)) if error.kind == FetchErrorKind::RobotsUnreachable => Ok(stale),
            (asked, _) => asked,
        };
        // Being told to wait by our own limits says nothing about the origin.
        if !matches!(&rules, Err(error) if matches!(error.kind, FetchErrorKind::Limited | FetchErrorKind::Internal)) {
            *state = Some(Known {
                at: Instant::now(),
                rules: rules.clone(),
            });
            let bytes = ENTRY_BYTES + rules.as_ref().map_or(0, |rules| rules.text.len());
            *origin.touched.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), bytes));
        }
        rules
    }

    fn origin(&self, key: &str) -> Arc<Origin> {
        let mut origins = self.origins.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(origin) = origins.get(key) {
            return Arc::clone(origin);
        }
        if origins.len() % 64 == 63 {
            shrink(&mut origins);
        }
        let origin = Arc::new(Origin::default());
        origins.insert(key.to_owned(), Arc::clone(&origin));
        origin
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
            pace.before_request(&host_key).await?;
            match fetcher.hop(trail.current(), Wanted::Text(MAX_BYTES)).await {
                Ok(Hop::Page(page)) => {
                    pace.report(&host_key, page.status, None);
                    let text = String::from_utf8_lossy(&page.body).into_owned();
                    return Ok(Arc::new(Rules::read(text, &self.agent)));
                }
                Ok(Hop::Redirect(next, status)) => {
                    pace.report(&host_key, status, None);
                    // A file that cannot be found behind its redirects counts as missing (RFC 9309, 2.3.1.2).
                    if trail.follow(next).is_err() {
                        return Ok(Arc::default());
                    }
                }
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
        K::Status(429 | 500..=599) | K::Timeout | K::Body => {
            let message = format!("The robots.txt of {host} could not be read, so the site is left alone: {error}");
            let mut out = FetchError::new(K::RobotsUnreachable, message);
            out.retry_after = error.retry_after;
            Err(out)
        }
        K::Status(_) | K::ContentType | K::TooLarge => Ok(Arc::default()),
        _ => Err(error),
    }
}

/// Drops the copies that have not been asked for longest until the rest fits into [`CACHE_BYTES`].
fn shrink(origins: &mut HashMap<String, Arc<Origin>>) {
    let weigh = |origin: &Origin| *origin.touched.lock().unwrap_or_else(PoisonError::into_inner);
    let mut known: Vec<(Instant, usize, String)> = origins
        .iter()
        .filter_map(|(key, origin)| weigh(origin).map(|(at, size)| (at, size, key.clone())))
        .collect();
    let mut total: usize = known.iter().map(|(_, size, _)| size).sum();
    known.sort_unstable_by_key(|(at, ..)| *at);
    for (at, size, key) in known {
        if total <= CACHE_BYTES && at.elapsed() < FRESH {
            break;
        }
        total -= size;
        origins.remove(&key);
    }
}

/// Collects what the matcher has no use for.
#[derive(Default)]
struct Courtesy {
    agent: String,
    in_agents: bool,
    for_own: bool,
    for_anyone: bool,
    own: Option<Duration>,
    anyone: Option<Duration>,
    sitemaps: Vec<String>,
}

impl RobotsParseHandler for Courtesy {
    fn handle_robots_start(&mut self) {}
    fn handle_robots_end(&mut self) {}

    fn handle_user_agent(&mut self, _line: u32, user_agent: &str) {
        if !self.in_agents {
            (self.for_own, self.for_anyone) = (false, false);
        }
        self.in_agents = true;
        let name = user_agent.trim();
        self.for_anyone |= name == "*" || name.starts_with("* ");
        let token = name
            .split(|c: char| !(c.is_ascii_alphabetic() || c == '-' || c == '_'))
            .next();
        self.for_own |= !self.agent.is_empty() && token.is_some_and(|token| token.eq_ignore_ascii_case(&self.agent));
    }

    fn handle_allow(&mut self, _line: u32, _value: &str) {
        self.in_agents = false;
    }

    fn handle_disallow(&mut self, _line: u32, _value: &str) {
        self.in_agents = false;
    }

    fn handle_sitemap(&mut self, _line: u32, value: &str) {
        if self.sitemaps.len() < 8 {
            self.sitemaps.push(value.trim().to_owned());
        }
    }

    fn handle_unknown_action(&mut self, _line: u32, action: &str, value: &str) {
        if !action.trim().eq_ignore_ascii_case("crawl-delay") {
            return;
        }
        self.in_agents = false;
        let delay = value
            .trim()
            .parse::<f64>()
            .ok()
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        if self.for_own {
            self.own = self.own.or(delay);
        }
        if self.for_anyone {
            self.anyone = self.anyone.or(delay);
        }
    }
}

#[cfg(test)]
#[path = "robots_tests.rs"]
mod tests;
