//! A request on its way: sent and read to its end, whoever waits.

use std::sync::Arc;

use super::{Shared, without_callback};
use crate::providers::answer::{Reader, Reading};
use crate::providers::call::CallFailure;
use crate::providers::limits::{Fingerprint, Gate, Health, Place};
use crate::providers::scrub::{Traces, scrub};
use crate::providers::spec::{ProviderName, ProviderSpec};
use crate::providers::transport::{Reply, Transport, Unanswered};
use crate::providers::{clay, http_api, n8n, zenrows};

/// Larger answers are read on a thread of their own.
const READ_HERE: usize = 64 << 10;

/// A draft with all that was found out about it.
pub(super) struct Ready {
    pub(super) request: reqwest::Request,
    /// The host with port.
    pub(super) host: String,
    pub(super) path: String,
    /// A Clay webhook's name.
    pub(super) webhook: Option<String>,
    pub(super) gate: Arc<Gate>,
    pub(super) fingerprint: Option<Fingerprint>,
    /// Of the secrets in the request.
    pub(super) traces: Vec<Arc<Traces>>,
}

/// Sends the request and reads the answer. Runs to its end whoever waits; the place is given back when nobody does.
pub(super) async fn send(
    shared: Arc<Shared>,
    transport: Transport,
    spec: Arc<ProviderSpec>,
    ready: Ready,
    mut place: Place,
    callback_url: Option<String>,
) -> (Reading, Option<u16>, Place) {
    let answer = transport.send(ready.request, spec.timeout, spec.max_body_bytes).await;
    let status = match &answer {
        Ok(reply) => Some(reply.status),
        Err(unanswered) => unanswered.status,
    };
    let large = matches!(&answer, Ok(reply) if reply.body.len() > READ_HERE);
    let (host, path, traces) = (ready.host, ready.path, ready.traces);
    let read = move || {
        let clean = |text: String| without_callback(scrub(&traces, text), callback_url.as_deref());
        read(&spec, &host, &path, &clean, answer)
    };
    let reading = if large {
        tokio::task::spawn_blocking(read).await.unwrap_or_else(|_| {
            let failure = CallFailure::row("the answer cannot be read");
            Reading::failed(failure, Health::Neutral)
        })
    } else {
        read()
    };
    if let Some(webhook) = ready.webhook
        && reading.outcome.is_ok()
    {
        shared.submissions.add(&webhook);
    }
    place.settle(reading.effect.clone());
    (reading, status, place)
}

fn read(
    spec: &ProviderSpec,
    host: &str,
    path: &str,
    scrub: &(dyn Fn(String) -> String + Sync),
    answer: Result<Reply, Unanswered>,
) -> Reading {
    let reader = Reader {
        host,
        fixed: spec.fixed_address().is_some(),
        scrub,
    };
    match (spec.provider, answer) {
        (ProviderName::Zenrows, Ok(reply)) => zenrows::read(spec, &reader, &reply),
        (ProviderName::Zenrows, Err(unanswered)) => zenrows::unanswered(&reader, unanswered),
        (ProviderName::N8n, Ok(reply)) => n8n::read(spec, &reader, &reply, path),
        (ProviderName::Clay, Ok(reply)) => clay::read(&reader, &reply),
        (_, Ok(reply)) => http_api::read(spec, &reader, &reply),
        (_, Err(unanswered)) => reader.unanswered(unanswered),
    }
}
