//! Sending one message: signed, guarded, bounded in time and bytes, redirects never followed.

use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use secrecy::ExposeSecret as _;
use tokio::time::{Instant, timeout_at};
use url::Url;

use crate::model::webhook::{Format, Message, signed_headers, slack_body};
use crate::scrape::fetch::parse_retry_after;
use crate::scrape::{AddressGuard, FetchError, FetchErrorKind, guarded_client};
use crate::settings::{Network, Settings};
use crate::store::read::DueDelivery;

/// Characters of an answer that are kept.
const EXCERPT_CHARS: usize = 500;
/// Bytes of an answer that are read for them.
const EXCERPT_BYTES: usize = 4 * EXCERPT_CHARS;

/// What an attempt was answered.
#[derive(Clone, Debug, Default)]
pub(super) struct Reply {
    pub status: Option<u16>,
    pub retry_after: Option<Duration>,
    pub excerpt: String,
    /// Why there was no answer, or why it does not count as taken. Never holds the address.
    pub error: Option<String>,
}

impl Reply {
    fn none(error: impl Into<String>) -> Self {
        Self {
            error: Some(error.into()),
            ..Self::default()
        }
    }
}

/// How messages reach the network.
pub(super) struct Courier {
    client: reqwest::Client,
    guard: Arc<AddressGuard>,
    /// What the guard was made of.
    network: Network,
}

impl Courier {
    /// # Errors
    /// Where no HTTP client can be made.
    pub fn new(settings: &Settings) -> Result<Self, FetchError> {
        let internal = |message: String| FetchError::new(FetchErrorKind::Internal, message);
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            return Err(internal("No TLS provider is installed in this process.".to_owned()));
        }
        let network = settings.network.clone();
        let guard = AddressGuard::of(&network).map_err(|error| internal(format!("{error}.")))?;
        let guard = Arc::new(guard);
        let client = guarded_client(&guard)
            .pool_idle_timeout(Duration::from_secs(30))
            .build()
            .map_err(|error| internal(format!("The HTTP client could not be built: {error}.")))?;
        Ok(Self { client, guard, network })
    }

    /// Whether it was made of these settings.
    pub fn fits(&self, settings: &Settings) -> bool {
        self.network == settings.network
    }

    /// Sends a delivery, and waits for the answer for as long as `timeout` allows.
    pub async fn send(&self, delivery: &DueDelivery, timeout: Duration) -> Reply {
        let deadline = Instant::now() + timeout;
        let (url, request) = match self.request(delivery) {
            Ok(request) => request,
            Err(error) => return Reply::none(error),
        };
        let host = url.host_str().unwrap_or_default();
        let mut response = match timeout_at(deadline, request.send()).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => {
                return Reply::none(FetchError::from_reqwest(host, &error.without_url(), false).to_string());
            }
            Err(_) => return Reply::none(format!("{host} did not answer within {} ms.", timeout.as_millis())),
        };
        let status = response.status();
        let retry_after = response
            .headers()
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok());
        let retry_after = retry_after.and_then(|value| parse_retry_after(value, Utc::now()));
        // The status is the answer; what breaks off after it changes nothing.
        let excerpt = timeout_at(deadline, excerpt(&mut response)).await.unwrap_or_default();
        let error = match status.as_u16() {
            200..=299 => None,
            300..=399 => Some(format!(
                "{host} redirects (HTTP {status}); give the endpoint the address that it leads to."
            )),
            _ => Some(format!("{host} answered HTTP {status}.")),
        };
        Reply {
            status: Some(status.as_u16()),
            retry_after,
            excerpt,
            error,
        }
    }

    fn request(&self, delivery: &DueDelivery) -> Result<(Url, reqwest::RequestBuilder), String> {
        let url =
            Url::parse(delivery.url.expose_secret()).map_err(|error| format!("The address is no URL: {error}."))?;
        self.guard.check(&url).map_err(|refused| refused.to_string())?;
        let (headers, body) = match delivery.format {
            Format::Standard => (signed(delivery)?, delivery.body.clone()),
            Format::Slack => (HeaderMap::new(), slack(delivery)?),
        };
        let request = self
            .client
            .post(url.clone())
            .header(CONTENT_TYPE, "application/json")
            .headers(headers)
            .body(body);
        Ok((url, request))
    }
}

fn signed(delivery: &DueDelivery) -> Result<HeaderMap, String> {
    let (id, timestamp) = (delivery.event_id.to_string(), Utc::now().timestamp());
    let secrets = delivery.secrets.iter().map(|secret| secret.expose_secret());
    let signed = signed_headers(secrets, &id, timestamp, &delivery.body)
        .ok_or("The secret of this endpoint cannot sign; give it another one.")?;
    let mut headers = HeaderMap::new();
    for (name, value) in signed {
        let value = HeaderValue::from_str(&value).map_err(|error| error.to_string())?;
        headers.insert(name, value);
    }
    Ok(headers)
}

fn slack(delivery: &DueDelivery) -> Result<String, String> {
    let message: Message = serde_json::from_str(&delivery.body).map_err(|error| error.to_string())?;
    Ok(slack_body(&message).to_string())
}

/// The beginning of an answer, as text that every database can hold.
async fn excerpt(response: &mut reqwest::Response) -> String {
    let mut bytes = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        let room = EXCERPT_BYTES - bytes.len();
        bytes.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if bytes.len() >= EXCERPT_BYTES {
            break;
        }
    }
    let text = String::from_utf8_lossy(&bytes);
    text.chars()
        .filter(|character| *character != '\0')
        .take(EXCERPT_CHARS)
        .collect()
}
