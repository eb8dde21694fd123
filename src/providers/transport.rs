//! Sending one request: guarded, bounded in time and bytes, redirects never followed.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{CONTENT_LENGTH, HeaderMap};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use crate::scrape::guard::GuardedResolver;
use crate::scrape::{AddressGuard, FetchError, FetchErrorKind};
use crate::settings::Settings;

/// The unit that bodies are counted in.
const UNIT: usize = 1_024;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Bounds the bytes of answers that are in memory at once.
#[derive(Clone)]
pub(super) struct BodyBudget {
    units: Arc<Semaphore>,
    total: usize,
}

impl BodyBudget {
    pub(super) fn new(bytes: usize) -> Self {
        let total = (bytes / UNIT).clamp(1, Semaphore::MAX_PERMITS.min(u32::MAX as usize));
        Self {
            units: Arc::new(Semaphore::new(total)),
            total,
        }
    }

    /// Waits for room for a body of that size. Taken all at once, so nobody waits while holding a part.
    async fn take(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        let units = bytes.div_ceil(UNIT).clamp(1, self.total);
        let units = u32::try_from(units).unwrap_or(u32::MAX);
        Arc::clone(&self.units).acquire_many_owned(units).await.ok()
    }
}

/// A complete answer, with its share of the budget.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
    _held: OwnedSemaphorePermit,
}

impl Reply {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::trim)
    }
}

/// No complete answer.
pub(super) struct Unanswered {
    pub(super) fault: FetchError,
    /// The provider may have received the request.
    pub(super) left: bool,
    /// What the head of the answer said, if there was one.
    pub(super) status: Option<u16>,
}

/// How provider calls reach the network.
#[derive(Clone)]
pub(super) struct Transport {
    client: reqwest::Client,
    guard: Arc<AddressGuard>,
    bodies: BodyBudget,
}

impl Transport {
    pub(super) fn new(settings: &Settings, bodies: BodyBudget) -> Result<Self, FetchError> {
        let internal = |message: String| FetchError::new(FetchErrorKind::Internal, message);
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            return Err(internal("No TLS provider is installed in this process.".to_owned()));
        }
        let guard = Arc::new(AddressGuard::new(settings.network.allow_cidrs.clone()));
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .user_agent(concat!("batchdesk/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(Duration::from_secs(30))
            .dns_resolver(Arc::new(GuardedResolver(Arc::clone(&guard))))
            .build()
            .map_err(|error| internal(format!("The HTTP client could not be built: {error}.")))?;
        Ok(Self { client, guard, bodies })
    }

    pub(super) fn guard(&self) -> &AddressGuard {
        &self.guard
    }

    /// Sends the request and reads its answer, which may have `limit` bytes.
    pub(super) async fn send(
        &self,
        request: reqwest::Request,
        timeout: Duration,
        limit: usize,
    ) -> Result<Reply, Unanswered> {
        let host = request.url().host_str().unwrap_or_default().to_owned();
        let deadline = Instant::now() + timeout;
        let response = match timeout_at(deadline, self.client.execute(request)).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => {
                let left = !error.is_connect() && !error.is_builder();
                let fault = FetchError::from_reqwest(&host, &error.without_url(), false);
                return Err(Unanswered {
                    fault,
                    left,
                    status: None,
                });
            }
            Err(_) => return Err(Unanswered::late(&host, timeout, None)),
        };
        self.read(response, &host, deadline, timeout, limit).await
    }

    async fn read(
        &self,
        mut response: reqwest::Response,
        host: &str,
        deadline: Instant,
        timeout: Duration,
        limit: usize,
    ) -> Result<Reply, Unanswered> {
        let status = response.status().as_u16();
        let headers = std::mem::take(response.headers_mut());
        let broken = |fault| Unanswered {
            fault,
            left: true,
            status: Some(status),
        };
        let too_large = || {
            let message = format!("The answer of {host} is larger than {} KiB.", limit / 1_024);
            broken(FetchError::new(FetchErrorKind::TooLarge, message))
        };
        let announced = headers
            .get(CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
        if announced.is_some_and(|length| length > limit) {
            return Err(too_large());
        }
        let expected = announced.unwrap_or(limit);
        let mut held = match timeout_at(deadline, self.bodies.take(expected)).await {
            Ok(Some(held)) => held,
            Ok(None) | Err(_) => {
                let message = format!("Too many large answers at once; {host} has to be asked later.");
                return Err(broken(FetchError::new(FetchErrorKind::Limited, message)));
            }
        };
        let mut body = Vec::with_capacity(announced.unwrap_or(16 * UNIT).min(limit));
        loop {
            match timeout_at(deadline, response.chunk()).await {
                Ok(Ok(Some(chunk))) if body.len() + chunk.len() > limit => return Err(too_large()),
                Ok(Ok(Some(chunk))) => body.extend_from_slice(&chunk),
                Ok(Ok(None)) => break,
                Ok(Err(error)) => return Err(broken(FetchError::from_reqwest(host, &error.without_url(), true))),
                Err(_) => return Err(Unanswered::late(host, timeout, Some(status))),
            }
        }
        // What the body turned out not to need is for others.
        let needed = body.len().div_ceil(UNIT).max(1);
        drop(
            held.num_permits()
                .checked_sub(needed)
                .and_then(|surplus| held.split(surplus)),
        );
        Ok(Reply {
            status,
            headers,
            body,
            _held: held,
        })
    }
}

impl Unanswered {
    fn late(host: &str, timeout: Duration, status: Option<u16>) -> Self {
        let message = format!("{host} did not answer completely within {} s.", timeout.as_secs_f32());
        Self {
            fault: FetchError::new(FetchErrorKind::Timeout, message),
            left: true,
            status,
        }
    }
}
