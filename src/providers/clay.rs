//! Clay: rows go into a table through its webhook; the answer comes by callback.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use reqwest::header::HeaderName;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use url::Url;

use super::answer::{Reader, Reading};
use super::call::{Answered, CallFailure};
use super::limits::Health;
use super::request::{Draft, Payload, Rendering};
use super::spec::ProviderSpec;
use super::transport::Reply;

/// Largest row that Clay takes.
const LARGEST_BODY: usize = 100_000;
/// Submissions that one webhook takes in its life.
const LIFETIME: u64 = 50_000;
/// Shares of it that are told of.
const WARNINGS: [u64; 2] = [80, 95];
/// Webhooks that are counted.
const COUNTED: usize = 1_024;
const AUTH: HeaderName = HeaderName::from_static("x-clay-webhook-auth");

/// The body where the workflow row has none: each name is a column.
fn usual_body(facts: &Value) -> Value {
    let fact = |name: &str| facts.get(name).cloned().unwrap_or_default();
    let run = fact("run");
    json!({
        "company": fact("company"),
        "run_id": run.get("id").cloned().unwrap_or_default(),
        "workflow": run.get("workflow").cloned().unwrap_or_default(),
        "attempt": run.get("attempt").cloned().unwrap_or_default(),
        "callback_url": fact("callback_url"),
        "data": fact("data"),
    })
}

/// The request.
pub(super) fn draft(spec: &ProviderSpec, rendering: Rendering<'_>, facts: &Value) -> Result<Draft, CallFailure> {
    let address = rendering.text("url", &spec.request.url)?;
    let payload = match rendering.payload(spec.request.body.as_ref())? {
        Payload::Nothing => Payload::Json(usual_body(facts)),
        Payload::Json(row @ Value::Object(_)) => Payload::Json(row),
        Payload::Text(text) if text.trim_start().starts_with('{') => Payload::Text(text),
        _ => {
            return Err(CallFailure::workflow(
                "`body` gives no object, but Clay makes the columns of a row of the names in one",
            ));
        }
    };
    let mut draft = Draft::new(
        spec.request.method.clone(),
        &address,
        &[],
        rendering.headers(spec)?,
        payload,
    )?;
    if let Some(name) = &spec.secret
        && let Some(placeholder) = rendering.templates.placeholders().secret(name)
        && !draft.has_header(&AUTH)
    {
        draft.headers.push((AUTH, placeholder));
    }
    let bytes = draft.body_bytes();
    if bytes > LARGEST_BODY {
        return Err(CallFailure::row(format!(
            "the row is {} KB, and Clay takes 100; leave fields out of `body`",
            bytes / 1_000
        )));
    }
    Ok(draft)
}

/// The answer.
pub(super) fn read(reader: &Reader<'_>, reply: &Reply) -> Reading {
    let host = reader.host;
    let failure = match reply.status {
        200..=299 => return Reading::good(Answered::Accepted),
        404 | 410 => CallFailure::workflow(format!(
            "the Clay webhook does not exist any more (HTTP {} of {host}); make a new one in the table and write its \
             address into `url`",
            reply.status
        )),
        401 | 403 => CallFailure::workflow(format!(
            "Clay refused the row (HTTP {} of {host}); check `secret`, and whether the webhook has taken the 50,000 rows \
             of its life",
            reply.status
        )),
        422 => CallFailure::row(format!("Clay could not read the row as JSON (HTTP 422 of {host})")),
        413 => CallFailure::row(format!(
            "the row is too large for Clay (HTTP 413 of {host}); leave fields out of `body`"
        )),
        _ => return reader.refusal(reply),
    };
    Reading::failed(failure.with_chain(reader.excerpt(&reply.body)), Health::Good)
}

/// How many rows each webhook has been given.
#[derive(Debug, Default)]
pub(super) struct Submissions(Mutex<HashMap<String, u64>>);

impl Submissions {
    /// A webhook's name that does not give its address away.
    pub(super) fn webhook(url: &Url) -> String {
        let hash = Sha256::digest(url[..url::Position::AfterPath].as_bytes());
        let short: String = hash.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        format!("{}/{short}", url.host_str().unwrap_or_default())
    }

    /// One row more has been taken. Says so when the webhook nears its end.
    pub(super) fn add(&self, webhook: &str) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= COUNTED && !counts.contains_key(webhook) {
            return;
        }
        let count = counts.entry(webhook.to_owned()).or_default();
        *count += 1;
        if let Some(percent) = reached(*count) {
            tracing::warn!(
                webhook,
                submissions = *count,
                percent,
                "the Clay webhook nears the 50,000 rows that it takes in its life; make a new one in the table"
            );
        }
    }

    /// All counts, by webhook.
    pub(super) fn all(&self) -> Vec<(String, u64)> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<_> = counts.iter().map(|(name, count)| (name.clone(), *count)).collect();
        drop(counts);
        all.sort();
        all
    }
}

/// The share of a webhook's life, in percent, that this very submission has reached.
fn reached(count: u64) -> Option<u64> {
    WARNINGS
        .into_iter()
        .chain([100])
        .find(|percent| count == LIFETIME * percent / 100)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn each_warning_is_given_once() {
        let told: Vec<(u64, u64)> = (1..=60_000)
            .filter_map(|n| reached(n).map(|percent| (n, percent)))
            .collect();
        assert_eq!(told, [(40_000, 80), (47_500, 95), (50_000, 100)]);
    }

    #[test]
    fn a_webhook_is_counted_whatever_its_query_and_named_without_its_path() {
        let url: Url = "https://api.clay.com/v3/sources/webhook/secret-path?x=1"
            .parse()
            .unwrap();
        let other: Url = "https://api.clay.com/v3/sources/webhook/secret-path".parse().unwrap();
        let name = Submissions::webhook(&url);
        assert_eq!(name, Submissions::webhook(&other));
        assert!(name.starts_with("api.clay.com/") && !name.contains("secret"), "{name}");
        let submissions = Submissions::default();
        (0..8).for_each(|_| submissions.add(&name));
        assert_eq!(submissions.all(), [(name, 8)]);
    }
}
