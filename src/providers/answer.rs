//! What answers have in common: texts that may be shown, statuses that every interface means alike, JSON.

use std::time::Duration;

use chrono::Utc;
use serde_json::Value;

use super::call::{Answered, CallFailure, Verdict};
use super::limits::{Effect, Health};
use super::path::ResultPath;
use super::transport::{Reply, Unanswered};
use crate::scrape::FetchErrorKind;
use crate::scrape::fetch::parse_retry_after;
use crate::scrape::text::squeeze_to;

/// Characters of a provider's body that an error repeats.
const EXCERPT: usize = 300;
/// How long a provider that says 429 and no more is left alone.
const SLOWDOWN: Duration = Duration::from_secs(5);

/// What an answer came to.
pub(super) struct Reading {
    pub(super) outcome: Result<Answered, CallFailure>,
    pub(super) effect: Effect,
    pub(super) request_id: Option<String>,
    /// The same page may be had another way.
    pub(super) again: Option<Again>,
}

/// Another way to ask for the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Again {
    /// With the next set of parameters.
    Escalated,
    /// Without having the page parsed.
    Unparsed,
    /// With the older parser instead of `extract`.
    Autoparsed,
}

impl Reading {
    pub(super) fn good(answered: Answered) -> Self {
        Self {
            outcome: Ok(answered),
            effect: Effect::of(Health::Good),
            request_id: None,
            again: None,
        }
    }

    pub(super) fn failed(failure: CallFailure, health: Health) -> Self {
        let mut effect = Effect::of(health);
        effect.failed = true;
        Self {
            outcome: Err(failure),
            effect,
            request_id: None,
            again: None,
        }
    }
}

/// What is known of the other side while its answer is read.
pub(super) struct Reader<'a> {
    /// The host, with port.
    pub(super) host: &'a str,
    /// The workflow alone says which host is called, so a wrong one is wrong for every row.
    pub(super) fixed: bool,
    /// Takes out secrets.
    pub(super) scrub: &'a (dyn Fn(String) -> String + Sync),
}

impl Reader<'_> {
    /// The beginning of a body, fit to be shown.
    pub(super) fn excerpt(&self, body: &[u8]) -> String {
        self.safe(String::from_utf8_lossy(body).into_owned())
    }

    /// A text of the provider's, fit to be shown.
    pub(super) fn safe(&self, text: String) -> String {
        squeeze_to(&(self.scrub)(text), EXCERPT)
    }

    /// The row's fault, or the workflow's where it fixes the address.
    fn misdirected(&self, error: String) -> CallFailure {
        if self.fixed {
            CallFailure::workflow(error)
        } else {
            CallFailure::row(error)
        }
    }

    /// There was no complete answer.
    pub(super) fn unanswered(&self, unanswered: Unanswered) -> Reading {
        let Unanswered { fault, left, .. } = unanswered;
        let error = self.safe(fault.message);
        let (failure, health) = match fault.kind {
            FetchErrorKind::Refused => (self.misdirected(error), Health::Neutral),
            FetchErrorKind::Dns if !fault.retryable => (self.misdirected(error), Health::Neutral),
            FetchErrorKind::TooLarge => (CallFailure::row(error), Health::Good),
            FetchErrorKind::Limited => (
                CallFailure::new(
                    Verdict::PutOff {
                        wait: SLOWDOWN,
                        why: "too many large answers at once",
                    },
                    error,
                ),
                Health::Neutral,
            ),
            FetchErrorKind::Internal => (CallFailure::retry(error), Health::Neutral),
            _ => (CallFailure::retry(error), Health::Bad),
        };
        Reading::failed(
            CallFailure {
                outcome_unknown: left,
                ..failure
            },
            health,
        )
    }

    /// An answer whose status is no success, as every JSON interface means it.
    pub(super) fn refusal(&self, reply: &Reply) -> Reading {
        let (host, status) = (self.host, reply.status);
        let said = self.excerpt(&reply.body);
        let after = retry_after(reply);
        let (failure, health, rest) = match status {
            300..=399 => (self.redirected(reply), Health::Neutral, None),
            401 | 403 | 407 => {
                let error = format!("{host} refused access (HTTP {status}); check the key that the workflow sends");
                let verdict = if status == 403 {
                    Verdict::Forbidden
                } else {
                    Verdict::FailWorkflow
                };
                (CallFailure::new(verdict, error), Health::Neutral, None)
            }
            429 => {
                let wait = after.unwrap_or(SLOWDOWN);
                let put_off = Verdict::PutOff {
                    wait,
                    why: "the provider asked to slow down",
                };
                let error = format!("{host} asked to slow down (HTTP 429)");
                (CallFailure::new(put_off, error), Health::Neutral, Some(wait))
            }
            408 | 425 | 500..=599 => {
                let retry = Verdict::Retry { after };
                let error = format!("{host} had an error of its own (HTTP {status})");
                let rest = after.filter(|_| status == 503);
                (CallFailure::new(retry, error), Health::Bad, rest)
            }
            _ => (
                CallFailure::row(format!("{host} refused the request (HTTP {status})")),
                Health::Good,
                None,
            ),
        };
        let failure = CallFailure {
            outcome_unknown: matches!(status, 408 | 500..=599),
            ..failure.with_chain(said)
        };
        let mut reading = Reading::failed(failure, health);
        reading.effect.rest = rest;
        reading
    }

    fn redirected(&self, reply: &Reply) -> CallFailure {
        // Without its query, which may repeat ours.
        let target = reply
            .header("location")
            .map(|target| target.split(['?', '#']).next().unwrap_or_default())
            .map(|target| self.safe(target.to_owned()))
            .filter(|target| !target.is_empty());
        let target = target.map_or_else(String::new, |target| format!(" to {target}"));
        self.misdirected(format!(
            "{} redirects{target} (HTTP {}); calls follow no redirect, so write the address itself into `url`",
            self.host, reply.status
        ))
    }

    /// The body as JSON.
    pub(super) fn json(&self, reply: &Reply) -> Result<Value, CallFailure> {
        let text = String::from_utf8_lossy(&reply.body);
        let text = (self.scrub)(text.into_owned());
        serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(|error| {
            let host = self.host;
            let start = text.trim_start().get(..1).unwrap_or_default();
            let told = match start {
                "" => format!(
                    "{host} answered with nothing where JSON was expected (HTTP {})",
                    reply.status
                ),
                "<" => format!(
                    "{host} answered with a web page where JSON was expected (HTTP {})",
                    reply.status
                ),
                _ => format!("{host} answered with something that is no JSON: {error}"),
            };
            CallFailure::row(told).with_chain(squeeze_to(&text, EXCERPT))
        })
    }

    /// What of `value` is the data.
    pub(super) fn result(&self, value: Value, path: Option<&ResultPath>) -> Result<Value, CallFailure> {
        let Some(path) = path else { return Ok(value) };
        let names = match &value {
            Value::Object(fields) => {
                let names: Vec<&str> = fields.keys().take(12).map(String::as_str).collect();
                format!("an object with {}", names.join(", "))
            }
            other => format!("{} at the top", kind(other)),
        };
        path.take(value).ok_or_else(|| {
            let error = format!("the answer of {} has no `{path}`, which `result` asks for", self.host);
            CallFailure::row(error).with_chain(self.safe(format!("it has {names}")))
        })
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// How long the answer asks to wait.
pub(super) fn retry_after(reply: &Reply) -> Option<Duration> {
    parse_retry_after(reply.header("retry-after")?, Utc::now())
}
