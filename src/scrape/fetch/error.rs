use crate::scrape::guard::AddressRefused;
use crate::scrape::names::NameUnresolved;
use std::error::Error as _;
use std::fmt;
use std::time::Duration;

/// What went wrong, for those who decide on a retry or count causes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FetchErrorKind {
    /// The address may not be reached, or is no http(s).
    Refused,
    /// The website's robots.txt asks not to be read.
    RobotsDisallowed,
    /// robots.txt could not be read, which RFC 9309 takes as a no for now.
    RobotsUnreachable,
    /// The name does not resolve.
    Dns,
    /// No connection, or it broke.
    Connect,
    /// The encrypted connection could not be made.
    Tls,
    /// No complete answer within the time limit.
    Timeout,
    /// The body or the headers are larger than the limit.
    TooLarge,
    /// More redirects than the limit.
    TooManyRedirects,
    /// A redirect leads back.
    RedirectLoop,
    /// The answer is no page.
    ContentType,
    /// An HTTP status that is no success.
    Status(u16),
    /// The body could not be read to its end.
    Body,
    /// The caller's politeness or limits stopped the request.
    Limited,
    /// A fault in the daemon itself or its settings.
    Internal,
}

/// Why a page could not be had. Displays as one sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchError {
    /// What went wrong.
    pub kind: FetchErrorKind,
    /// A later attempt may succeed.
    pub retryable: bool,
    /// How long the server asked to wait.
    pub retry_after: Option<Duration>,
    /// One clear sentence.
    pub message: String,
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for FetchError {}

impl From<AddressRefused> for FetchError {
    fn from(refused: AddressRefused) -> Self {
        Self::new(FetchErrorKind::Refused, refused.to_string())
    }
}

impl FetchError {
    /// An error whose kind says whether a retry makes sense.
    pub fn new(kind: FetchErrorKind, message: impl Into<String>) -> Self {
        use FetchErrorKind as K;
        let retryable = match kind {
            K::Timeout | K::Connect | K::Body | K::RobotsUnreachable | K::Limited => true,
            K::Status(status) => matches!(status, 408 | 425 | 429 | 500..=599),
            _ => false,
        };
        Self {
            kind,
            retryable,
            retry_after: None,
            message: message.into(),
        }
    }

    /// An answer that is no success.
    pub fn status(host: &str, status: u16, retry_after: Option<Duration>) -> Self {
        let meaning = match status {
            401 | 403 => "refused access",
            404 | 410 => "has no such page",
            429 => "asked to slow down",
            500..=599 => "had an error of its own",
            _ => "answered without a page",
        };
        let mut error = Self::new(
            FetchErrorKind::Status(status),
            format!("{host} {meaning} (HTTP {status})."),
        );
        error.retry_after = retry_after;
        error
    }

    /// An answer with more headers than are read.
    pub(super) fn headers_too_large(host: &str) -> Self {
        let message = format!("{host} answered with more headers than any page needs.");
        Self::new(FetchErrorKind::TooLarge, message)
    }

    /// What reqwest reports, traced to its cause.
    pub(crate) fn from_reqwest(host: &str, error: &reqwest::Error, body: bool) -> Self {
        use FetchErrorKind as K;
        let mut cause: Option<&(dyn std::error::Error + 'static)> = error.source();
        let mut innermost = error.to_string();
        while let Some(inner) = cause {
            if let Some(refused) = inner.downcast_ref::<AddressRefused>() {
                return refused.clone().into();
            }
            if let Some(unresolved) = inner.downcast_ref::<NameUnresolved>() {
                let mut out = Self::new(K::Dns, unresolved.to_string());
                out.retryable = unresolved.temporary;
                return out;
            }
            if let Some(tls) = tls_error(inner) {
                return Self::new(K::Tls, format!("{host} could not prove its identity over TLS: {tls}."));
            }
            innermost = inner.to_string();
            cause = inner.source();
        }
        // The client's own limit on headers has no type of its own.
        if innermost.contains("message head is too large") {
            return Self::headers_too_large(host);
        }
        let innermost = innermost.trim_end_matches('.');
        if error.is_timeout() {
            Self::new(K::Timeout, format!("{host} did not answer in time."))
        } else if error.is_connect() {
            Self::new(K::Connect, format!("{host} could not be reached: {innermost}."))
        } else if body || error.is_body() || error.is_decode() {
            Self::new(
                K::Body,
                format!("The answer of {host} broke off or was damaged: {innermost}."),
            )
        } else {
            Self::new(K::Connect, format!("The connection to {host} failed: {innermost}."))
        }
    }
}

/// The TLS fault inside `error`, also where I/O errors wrap it: what they wrap is no part of their `source` chain.
fn tls_error(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    let mut at = error;
    loop {
        if let Some(tls) = at.downcast_ref::<rustls::Error>() {
            return Some(tls.to_string());
        }
        at = at.downcast_ref::<std::io::Error>()?.get_ref()?;
    }
}
