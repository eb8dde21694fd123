//! Sending one request: guarded, bounded in time and bytes, redirects never followed.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{CONTENT_LENGTH, HeaderMap};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use crate::scrape::guarded_client;
use crate::scrape::{AddressGuard, FetchError, FetchErrorKind};
use crate::settings::Settings;

/// The unit that large bodies are counted in.
const UNIT: usize = 1_024;
/// What most answers fit into.
const SMALL: usize = 128 * UNIT;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Bounds the bytes of answers that are in memory at once.
///
/// Every answer begins in a small slot; one that outgrows it takes what it may need at most from the other half of the
/// budget, all at once. Who has that never waits again, so nobody waits in a circle, and answers that trickle in hold
/// small slots only.
#[derive(Clone)]
pub(super) struct BodyBudget {
    small: Arc<Semaphore>,
    large: Arc<Semaphore>,
    large_units: usize,
}

/// An answer's share of the budget.
struct Share {
    _small: OwnedSemaphorePermit,
    large: Option<OwnedSemaphorePermit>,
}

impl BodyBudget {
    pub(super) fn new(bytes: usize) -> Self {
        let most = Semaphore::MAX_PERMITS.min(u32::MAX as usize);
        let large_units = (bytes / 2 / UNIT).clamp(1, most);
        Self {
            small: Arc::new(Semaphore::new((bytes / 2 / SMALL).clamp(1, most))),
            large: Arc::new(Semaphore::new(large_units)),
            large_units,
        }
    }

    async fn begin(&self) -> Option<Share> {
        Some(Share {
            _small: Arc::clone(&self.small).acquire_owned().await.ok()?,
            large: None,
        })
    }

    /// Makes room for `size` bytes of a body that may have `limit`.
    async fn grow(&self, share: &mut Share, size: usize, limit: usize) {
        if size > SMALL && share.large.is_none() {
            let units = limit.div_ceil(UNIT).clamp(1, self.large_units);
            let units = u32::try_from(units).unwrap_or(u32::MAX);
            share.large = Arc::clone(&self.large).acquire_many_owned(units).await.ok();
        }
    }
}

impl Share {
    /// Gives back what a body of `size` bytes has turned out not to need.
    fn settle(&mut self, size: usize) {
        if let Some(large) = &mut self.large {
            let surplus = large.num_permits().saturating_sub(size.div_ceil(UNIT));
            drop(large.split(surplus));
        }
    }
}

/// A complete answer, with its share of the budget.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
    _share: Share,
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
        let guard = AddressGuard::of(&settings.network).map_err(|error| internal(format!("{error}.")))?;
        let guard = Arc::new(guard);
        let client = guarded_client(&guard)
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(Duration::from_secs(30))
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
        let crowded = || {
            let message = format!("Too many large answers at once; {host} has to be asked later.");
            broken(FetchError::new(FetchErrorKind::Limited, message))
        };
        let begun = timeout_at(deadline, self.bodies.begin()).await;
        let mut share = begun.ok().flatten().ok_or_else(crowded)?;
        let mut body = Vec::with_capacity(announced.unwrap_or(16 * UNIT).min(SMALL));
        loop {
            let chunk = match timeout_at(deadline, response.chunk()).await {
                Ok(Ok(Some(chunk))) => chunk,
                Ok(Ok(None)) => break,
                Ok(Err(error)) => return Err(broken(FetchError::from_reqwest(host, &error.without_url(), true))),
                Err(_) => return Err(Unanswered::late(host, timeout, Some(status))),
            };
            let size = body.len() + chunk.len();
            if size > limit {
                return Err(too_large());
            }
            let grown = self.bodies.grow(&mut share, size, announced.unwrap_or(limit));
            timeout_at(deadline, grown).await.map_err(|_| crowded())?;
            body.extend_from_slice(&chunk);
        }
        share.settle(body.len());
        Ok(Reply {
            status,
            headers,
            body,
            _share: share,
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[tokio::test]
    async fn large_answers_queue_while_small_ones_pass() {
        let budget = BodyBudget::new(1 << 20);
        let mut first = budget.begin().await.unwrap();
        let mut second = budget.begin().await.unwrap();
        budget.grow(&mut first, SMALL + 1, 512 << 10).await;
        budget.grow(&mut second, SMALL, 512 << 10).await;
        let waiting = Duration::from_millis(20);
        let grown = tokio::time::timeout(waiting, budget.grow(&mut second, SMALL + 1, 512 << 10)).await;
        assert!(grown.is_err());
        assert!(budget.begin().await.is_some());
        first.settle(SMALL + 1);
        budget.grow(&mut second, SMALL + 1, 256 << 10).await;
        assert!(second.large.is_some(), "what the first did not need is free");
    }
}
