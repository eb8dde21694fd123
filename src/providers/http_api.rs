//! Any JSON interface, as a template says.

use reqwest::header::{ACCEPT, HeaderName};
use serde_json::Value;

use super::answer::{Reader, Reading};
use super::call::{Answered, CallFailure};
use super::limits::Health;
use super::request::{Draft, Rendering};
use super::spec::{Mode, ProviderSpec};
use super::transport::Reply;

/// Makes a repeated request the same one, for those who know it.
pub(super) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The request.
pub(super) fn draft(spec: &ProviderSpec, rendering: Rendering<'_>, step_run: &str) -> Result<Draft, CallFailure> {
    let address = rendering.text("url", &spec.request.url)?;
    let query = rendering.query(&spec.request.query)?;
    let payload = rendering.payload(spec.request.body.as_ref())?;
    let mut draft = Draft::new(
        spec.request.method.clone(),
        &address,
        &query,
        rendering.headers(spec)?,
        payload,
    )?;
    if !draft.has_header(&ACCEPT) {
        draft.headers.push((ACCEPT, "application/json".to_owned()));
    }
    if !draft.method.is_safe() && !draft.has_header(&IDEMPOTENCY_KEY) {
        draft.headers.push((IDEMPOTENCY_KEY, step_run.to_owned()));
    }
    Ok(draft)
}

/// Whether the status is one of those that the workflow calls a success.
pub(super) fn is_success(spec: &ProviderSpec, status: u16) -> bool {
    spec.success.iter().any(|range| range.contains(&status))
}

/// The answer.
pub(super) fn read(spec: &ProviderSpec, reader: &Reader<'_>, reply: &Reply) -> Reading {
    if !is_success(spec, reply.status) {
        return reader.refusal(reply);
    }
    if spec.mode == Mode::Async {
        return Reading::good(Answered::Accepted);
    }
    if reply.status == 204 || spec.request.method == reqwest::Method::HEAD {
        return Reading::good(Answered::Data(Value::Null));
    }
    let data = reader
        .json(reply)
        .and_then(|value| reader.result(value, spec.result.as_ref()));
    match data {
        Ok(data) => Reading::good(Answered::Data(data)),
        // It was called a success: what was asked for may well have been done.
        Err(failure) => Reading::failed(
            CallFailure {
                outcome_unknown: true,
                ..failure
            },
            Health::Good,
        ),
    }
}
