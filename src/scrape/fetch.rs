//! Getting one page: guarded, bounded in time and bytes, redirects in the caller's sight.

mod budget;
mod error;
pub(crate) mod kind;
mod retry_after;
mod trail;

pub use budget::{BudgetHold, ByteBudget, SMALL_SLOT};
pub use error::{FetchError, FetchErrorKind};
pub use retry_after::parse as parse_retry_after;
pub use trail::RedirectTrail;

use super::guard::{AddressGuard, guarded_client};
use super::payload::Validators;
use kind::Declared;
use reqwest::header::{
    ACCEPT, ACCEPT_LANGUAGE, CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, IF_MODIFIED_SINCE,
    IF_NONE_MATCH, LAST_MODIFIED, LOCATION, RETRY_AFTER,
};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout, timeout_at};
use url::Url;

/// Bytes of headers in one answer; the client itself stops reading at a few hundred thousand.
const MAX_HEADERS: usize = 64 * 1024;
/// A validator that is longer is not kept.
const MAX_VALIDATOR: usize = 256;

/// How pages are fetched.
#[derive(Debug, Clone)]
pub struct FetchSettings {
    /// From sending a request to the last byte of its answer (`scrape.timeout_ms`).
    pub timeout: Duration,
    /// For the connection and its TLS handshake, within `timeout`.
    pub connect_timeout: Duration,
    /// Largest body after decompression, in bytes (`scrape.max_body_bytes`).
    pub max_body_bytes: usize,
    /// Redirects followed for one page.
    pub max_redirects: usize,
    /// Names the daemon and a way to reach its operator.
    pub user_agent: String,
}

impl Default for FetchSettings {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(20),
            connect_timeout: Duration::from_secs(8),
            max_body_bytes: 2 * 1024 * 1024,
            max_redirects: 10,
            user_agent: "batchdesk/0.1".to_owned(),
        }
    }
}

/// What kind of answer the caller can use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// HTML, XHTML or plain text; anything else is [`FetchErrorKind::ContentType`].
    Page,
    /// Any text: robots.txt, a site map. Cut at the given number of bytes rather than refused.
    Text(usize),
}

/// A complete answer.
#[derive(Debug)]
pub struct Fetched {
    /// The final address.
    pub url: Url,
    /// HTTP status, always a success.
    pub status: u16,
    /// The `Content-Type` header.
    pub content_type: Option<String>,
    /// Decompressed.
    pub body: Vec<u8>,
    /// Every address that redirected, in order.
    pub redirects: Vec<Url>,
    /// What to ask with next time, whether the page has changed.
    pub validators: Validators,
    /// The body's share of the byte budget; drop it after parsing.
    pub hold: BudgetHold,
}

/// One request's outcome: the page, or where it has gone.
#[derive(Debug)]
pub enum Hop {
    /// The answer itself.
    Page(Fetched),
    /// An absolute http(s) address to ask next; the guard has not seen it yet.
    Redirect(Url, u16),
    /// The page is the one that the validators were taken from (304).
    Unchanged,
}

/// Fetches pages. Cheap to clone; all clones share connections and the byte budget.
#[derive(Debug, Clone)]
pub struct Fetcher {
    client: reqwest::Client,
    guard: Arc<AddressGuard>,
    budget: ByteBudget,
    settings: Arc<FetchSettings>,
}

impl Fetcher {
    /// A client of its own: no proxy from the environment, no cookies, no redirects behind the caller's back.
    ///
    /// # Errors
    /// [`FetchErrorKind::Internal`] when the process has not installed a rustls crypto provider
    /// (`rustls::crypto::ring::default_provider().install_default()`, done once at start), when the system has no
    /// certificate store, or when the user agent is no header value.
    pub fn new(settings: FetchSettings, guard: Arc<AddressGuard>, budget: ByteBudget) -> Result<Self, FetchError> {
        let internal = |message: String| FetchError::new(FetchErrorKind::Internal, message);
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            return Err(internal("No TLS provider is installed in this process.".to_owned()));
        }
        let client = guarded_client(&guard)
            .user_agent(&settings.user_agent)
            .connect_timeout(settings.connect_timeout)
            .pool_max_idle_per_host(2)
            .pool_idle_timeout(Duration::from_secs(20))
            .build()
            .map_err(|error| internal(format!("The HTTP client could not be built: {error}.")))?;
        Ok(Self {
            client,
            guard,
            budget,
            settings: Arc::new(settings),
        })
    }

    /// The settings that this fetcher was made with.
    pub fn settings(&self) -> &FetchSettings {
        &self.settings
    }

    /// Gets `url`, following redirects. Politeness towards each host is the caller's: see [`Fetcher::hop`].
    ///
    /// # Errors
    /// [`FetchError`] with the cause, and whether a retry makes sense.
    pub async fn get(&self, url: &Url, wanted: Wanted) -> Result<Fetched, FetchError> {
        let mut trail = RedirectTrail::new(url.clone(), self.settings.max_redirects);
        loop {
            match self.hop(trail.current(), wanted).await? {
                Hop::Page(mut fetched) => {
                    fetched.redirects = trail.into_followed();
                    return Ok(fetched);
                }
                Hop::Redirect(next, _) => trail.follow(next)?,
                Hop::Unchanged => return Err(FetchError::status(url.host_str().unwrap_or_default(), 304, None)),
            }
        }
    }

    /// One request and its answer, without following a redirect.
    ///
    /// # Errors
    /// As [`Fetcher::get`].
    pub async fn hop(&self, url: &Url, wanted: Wanted) -> Result<Hop, FetchError> {
        self.hop_if_changed(url, wanted, &Validators::default()).await
    }

    /// [`Fetcher::hop`] for a page that was read before: [`Hop::Unchanged`] if the validators still hold.
    ///
    /// # Errors
    /// As [`Fetcher::get`].
    pub async fn hop_if_changed(&self, url: &Url, wanted: Wanted, known: &Validators) -> Result<Hop, FetchError> {
        if !matches!(url.scheme(), "http" | "https") {
            let message = format!("Only http and https addresses can be read, not {}:.", url.scheme());
            return Err(FetchError::new(FetchErrorKind::Refused, message));
        }
        self.guard.check(url)?;
        let closed = || FetchError::new(FetchErrorKind::Internal, "The byte budget is closed.");
        let hold = self.budget.begin().await.ok_or_else(closed)?;
        let deadline = Instant::now() + self.settings.timeout;
        let host = url.host_str().unwrap_or_default();
        let accept = match wanted {
            Wanted::Page => "text/html,application/xhtml+xml;q=0.9,*/*;q=0.1",
            Wanted::Text(_) => "text/plain,application/xml;q=0.9,*/*;q=0.5",
        };
        let mut request = self
            .client
            .get(url.clone())
            .header(ACCEPT, accept)
            .header(ACCEPT_LANGUAGE, "en,*;q=0.5");
        if let Some(etag) = &known.etag {
            request = request.header(IF_NONE_MATCH, etag);
        }
        if let Some(date) = &known.last_modified {
            request = request.header(IF_MODIFIED_SINCE, date);
        }
        let response = match timeout_at(deadline, request.send()).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(FetchError::from_reqwest(host, &error, false)),
            Err(_) => return Err(late(host)),
        };
        let status = response.status().as_u16();
        let headers = response.headers();
        if headers
            .iter()
            .map(|(name, value)| name.as_str().len() + value.len())
            .sum::<usize>()
            > MAX_HEADERS
        {
            return Err(FetchError::headers_too_large(host));
        }
        if status == 304 && !known.is_empty() {
            return Ok(Hop::Unchanged);
        }
        if matches!(status, 301 | 302 | 303 | 307 | 308)
            && let Some(next) = redirect_target(url, headers)?
        {
            return Ok(Hop::Redirect(next, status));
        }
        if !response.status().is_success() {
            let retry_after = header(headers, RETRY_AFTER)
                .filter(|_| matches!(status, 429 | 503))
                .and_then(|value| retry_after::parse(&value, chrono::Utc::now()));
            return Err(FetchError::status(host, status, retry_after));
        }
        let content_type = header(headers, CONTENT_TYPE);
        let is_kept =
            |value: &String| value.len() <= MAX_VALIDATOR && value.bytes().all(|byte| (32..127).contains(&byte));
        let validator = |name| header(headers, name).filter(is_kept);
        let validators = Validators {
            etag: validator(ETAG),
            last_modified: validator(LAST_MODIFIED),
        };
        let declared = kind::declared(content_type.as_deref());
        if wanted == Wanted::Page && declared == Declared::Other {
            return Err(kind::not_a_page(host, content_type.as_deref().unwrap_or_default()));
        }
        let (body, hold) = self.read_body(response, wanted, host, deadline, hold).await?;
        if wanted == Wanted::Page {
            kind::check(host, declared, &body)?;
        }
        Ok(Hop::Page(Fetched {
            url: url.clone(),
            status,
            content_type,
            body,
            redirects: Vec::new(),
            validators,
            hold,
        }))
    }

    async fn read_body(
        &self,
        mut response: reqwest::Response,
        wanted: Wanted,
        host: &str,
        mut deadline: Instant,
        mut hold: BudgetHold,
    ) -> Result<(Vec<u8>, BudgetHold), FetchError> {
        let (limit, cut) = match wanted {
            Wanted::Page => (self.settings.max_body_bytes, false),
            Wanted::Text(limit) => (limit, true),
        };
        let too_large = || {
            let message = format!("The page at {host} is larger than {} KiB.", limit / 1024);
            FetchError::new(FetchErrorKind::TooLarge, message)
        };
        let announced = header(response.headers(), CONTENT_LENGTH).and_then(|value| value.parse::<u64>().ok());
        if !cut && announced.is_some_and(|length| length > limit as u64) {
            return Err(too_large());
        }
        let mut body = Vec::with_capacity(announced.unwrap_or(16_384).min(SMALL_SLOT as u64) as usize);
        loop {
            let chunk = match timeout_at(deadline, response.chunk()).await {
                Ok(Ok(Some(chunk))) => chunk,
                Ok(Ok(None)) => return Ok((body, hold)),
                Ok(Err(error)) => return Err(FetchError::from_reqwest(host, &error, true)),
                Err(_) => return Err(late(host)),
            };
            let size = body.len() + chunk.len();
            if size > limit {
                if cut {
                    body.extend_from_slice(&chunk[..limit - body.len()]);
                    return Ok((body, hold));
                }
                return Err(too_large());
            }
            // Time spent waiting for our own memory is not the server's fault.
            let waiting = Instant::now();
            if timeout(self.settings.timeout, self.budget.grow(&mut hold, size))
                .await
                .is_err()
            {
                let message = format!("Too many large pages at once; {host} has to be read later.");
                return Err(FetchError::new(FetchErrorKind::Limited, message));
            }
            deadline += waiting.elapsed();
            body.extend_from_slice(&chunk);
        }
    }
}

fn late(host: &str) -> FetchError {
    FetchError::new(
        FetchErrorKind::Timeout,
        format!("{host} did not answer completely in time."),
    )
}

fn header(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    headers
        .get(name)
        .map(|value| String::from_utf8_lossy(value.as_bytes()).trim().to_owned())
}

fn redirect_target(from: &Url, headers: &HeaderMap) -> Result<Option<Url>, FetchError> {
    let Some(location) = header(headers, LOCATION).filter(|location| !location.is_empty()) else {
        return Ok(None);
    };
    let refused = |message: String| FetchError::new(FetchErrorKind::Refused, message);
    let mut next = from
        .join(&location)
        .map_err(|error| refused(format!("{from} redirects to something that is no address: {error}.")))?;
    if !matches!(next.scheme(), "http" | "https") {
        return Err(refused(format!("{from} redirects to a {} address.", next.scheme())));
    }
    next.set_fragment(None);
    let _ = next.set_username("");
    let _ = next.set_password(None);
    Ok(Some(next))
}

#[cfg(test)]
#[path = "fetch_tests.rs"]
mod tests;
