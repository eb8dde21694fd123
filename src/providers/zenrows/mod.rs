//! ZenRows: fetches a page through its proxies and browsers. What it refuses with is a table in `codes`.

mod codes;

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{SecondsFormat, Utc};
use serde_json::{Map, Value, json};
use url::Url;

use super::answer::{Again, Reader, Reading, retry_after};
use super::call::{Answered, CallFailure, Verdict};
use super::limits::{CircuitRule, Effect, Health};
use super::request::{Draft, Payload, Rendering};
use super::spec::{ProviderSpec, ZenrowsSpec, param_text};
use super::transport::{Reply, Unanswered};
use crate::scrape::charset;
use codes::Action;

/// When ZenRows is left alone, well before it bans the key itself.
pub(super) const CIRCUIT: CircuitRule = CircuitRule {
    window: Duration::from_secs(60),
    least_calls: 20,
    share: 0.5,
    most_offences: Some(50),
    rest: Duration::from_secs(15),
    longest_rest: Duration::from_secs(300),
};

/// How long an address that was blocked for its error rate is kept away.
const BLOCKED_FOR: Duration = Duration::from_secs(3_600);

/// How the page is asked for: what earlier answers of the same call have changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Way {
    /// Sets of `escalate` that are in force.
    escalated: usize,
    unparsed: bool,
    autoparsed: bool,
}

impl Way {
    /// The way that an answer asks for; `None` where it has been tried or there is none.
    pub(super) fn next(self, spec: &ProviderSpec, again: Again) -> Option<Self> {
        let zenrows = spec.zenrows.as_ref()?;
        let params = self.params(zenrows);
        match again {
            Again::Escalated if self.escalated < zenrows.escalate.len() => Some(Self {
                escalated: self.escalated + 1,
                ..self
            }),
            Again::Unparsed if params.contains_key("autoparse") => Some(Self { unparsed: true, ..self }),
            Again::Autoparsed if params.contains_key("extract") => Some(Self {
                autoparsed: true,
                ..self
            }),
            _ => None,
        }
    }

    fn params(self, zenrows: &ZenrowsSpec) -> Map<String, Value> {
        let mut params = zenrows.params.clone();
        for set in zenrows.escalate.iter().take(self.escalated) {
            params.extend(set.clone());
        }
        if self.autoparsed && params.swap_remove("extract").is_some() {
            params.insert("autoparse".to_owned(), Value::Bool(true));
        }
        if self.unparsed {
            params.swap_remove("autoparse");
        }
        params
    }
}

/// The request.
pub(super) fn draft(spec: &ProviderSpec, rendering: Rendering<'_>, way: Way) -> Result<Draft, CallFailure> {
    let missing = || CallFailure::workflow("the workflow does not say how ZenRows is to be called");
    let zenrows = spec.zenrows.as_ref().ok_or_else(missing)?;
    let page = rendering.text("url", &spec.request.url)?;
    let page = page.trim();
    if !Url::parse(page).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host()) {
        return Err(CallFailure::row("`url` gives no http or https address of a page"));
    }
    let placeholders = rendering.templates.placeholders();
    if !placeholders.wanted(page).is_empty() || placeholders.is_mangled(page) {
        return Err(CallFailure::workflow(
            "a secret stands in the address of the page; ZenRows would see it",
        ));
    }
    let key = spec
        .secret
        .as_deref()
        .and_then(|name| placeholders.secret(name))
        .ok_or_else(missing)?;
    let mut query = vec![("apikey".to_owned(), key), ("url".to_owned(), page.to_owned())];
    for (name, source) in way.params(zenrows) {
        let value = rendering.json(&format!("params.{name}"), &source)?;
        // What is off by default is left away, and so is a template that gave nothing.
        if value.is_null() || value == Value::Bool(false) || value == "" {
            continue;
        }
        query.push((name, param_text(&value)));
    }
    let payload = rendering.payload(spec.request.body.as_ref())?;
    if payload != Payload::Nothing && spec.request.method == reqwest::Method::GET {
        return Err(CallFailure::workflow("`body` needs method = \"POST\" or \"PUT\""));
    }
    Draft::new(
        spec.request.method.clone(),
        &zenrows.base_url,
        &query,
        rendering.headers(spec)?,
        payload,
    )
}

/// There was no complete answer. It may be that the head of a garbled one says more.
pub(super) fn unanswered(reader: &Reader<'_>, unanswered: Unanswered) -> Reading {
    match unanswered.status {
        Some(429) => refused("", "", 429, None, None),
        _ => reader.unanswered(unanswered),
    }
}

/// The answer.
pub(super) fn read(spec: &ProviderSpec, reader: &Reader<'_>, reply: &Reply) -> Reading {
    let mut reading = match verdict(spec, reader, reply) {
        Ok(data) => Reading::good(Answered::Data(data)),
        Err(reading) => *reading,
    };
    let number = |name: &str| reply.header(name).and_then(|value| value.parse::<usize>().ok());
    reading.effect.limit = number("concurrency-limit");
    reading.effect.remaining = number("concurrency-remaining");
    reading.effect.cost = reply
        .header("x-request-cost")
        .and_then(|value| value.parse::<f64>().ok())
        .filter(|cost| cost.is_finite() && *cost >= 0.0);
    reading.request_id = reply.header("x-request-id").map(|id| reader.safe(id.to_owned()));
    reading
}

fn verdict(spec: &ProviderSpec, reader: &Reader<'_>, reply: &Reply) -> Result<Value, Box<Reading>> {
    if let Some((code, said)) = problem(reader, reply) {
        return Err(Box::new(refused(
            &code,
            &said,
            reply.status,
            retry_after(reply),
            spec.zenrows.as_ref(),
        )));
    }
    if !(200..=299).contains(&reply.status) && !is_asked_for(spec, reply.status) {
        let said = reader.excerpt(&reply.body);
        let after = retry_after(reply);
        return Err(Box::new(refused("", &said, reply.status, after, None)));
    }
    let empty = reply.body.is_empty() && (200..=299).contains(&reply.status) && reply.status != 204;
    if empty {
        let error = format!("{} gave an empty page", reader.host);
        return Err(Box::new(Reading::failed(CallFailure::retry(error), Health::Neutral)));
    }
    data(spec, reader, reply).map_err(|failure| Box::new(Reading::failed(failure, Health::Neutral)))
}

/// Whether a status of the page itself is wanted.
fn is_asked_for(spec: &ProviderSpec, status: u16) -> bool {
    let param = |name: &str| spec.zenrows.as_ref().and_then(|zenrows| zenrows.params.get(name));
    let on = |value: &Value| *value == Value::Bool(true) || value == "true";
    let listed = |value: &Value| {
        param_text(value)
            .split(',')
            .any(|code| code.trim().parse() == Ok(status))
    };
    param("original_status").is_some_and(on) || param("allowed_status_codes").is_some_and(listed)
}

/// The code and words of an error's body, in any of the forms that it has had.
fn problem(reader: &Reader<'_>, reply: &Reply) -> Option<(String, String)> {
    if (200..=299).contains(&reply.status) || reply.body.first() != Some(&b'{') {
        return None;
    }
    let body: Value = serde_json::from_slice(&reply.body).ok()?;
    let code = body.get("code")?.as_str()?.to_ascii_uppercase();
    let words = ["detail", "message", "title"]
        .iter()
        .find_map(|name| body.get(*name)?.as_str().filter(|words| !words.is_empty()));
    let is_code = code.len() <= 16 && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (is_code && !code.is_empty()).then(|| (code, reader.safe(words.unwrap_or_default().to_owned())))
}

fn refused(code: &str, said: &str, status: u16, after: Option<Duration>, zenrows: Option<&ZenrowsSpec>) -> Reading {
    let known = codes::find(code, status);
    let name = if code.is_empty() {
        format!("HTTP {status}")
    } else {
        format!("{code}, HTTP {status}")
    };
    let error = format!("ZenRows: {} ({name})", known.meaning);
    let mut effect = Effect::of(known.health);
    effect.failed = true;
    let mut again = None;
    let verdict = match known.action {
        Action::FailRow => Verdict::FailRow,
        Action::FailWorkflow => Verdict::FailWorkflow,
        Action::Retry => Verdict::Retry { after },
        Action::Escalate => {
            again = Some(Again::Escalated);
            Verdict::FailRow
        }
        Action::RetryEscalated => {
            again = Some(Again::Escalated);
            Verdict::Retry { after }
        }
        Action::RetryUnparsed => {
            again = Some(Again::Unparsed);
            Verdict::Retry { after }
        }
        Action::Crowded => {
            effect.crowded = true;
            Verdict::PutOff {
                wait: after.unwrap_or(Duration::from_secs(2)),
                why: "as many calls as the provider allows are running",
            }
        }
        Action::SlowDown => {
            let wait = after.unwrap_or(Duration::from_secs(2));
            effect.rest = Some(wait);
            Verdict::PutOff {
                wait,
                why: "the provider asked to slow down",
            }
        }
        Action::Pause => {
            again = Some(Again::Autoparsed);
            effect.pause = Some((error.clone(), None));
            Verdict::PauseProvider { cool_down: None }
        }
        Action::PauseBlocked => {
            effect.pause = Some((error.clone(), Some(BLOCKED_FOR)));
            Verdict::PauseProvider {
                cool_down: Some(BLOCKED_FOR),
            }
        }
    };
    // A feature that the plan lacks is no refusal of the key where the call can do without it.
    let asks_extract = code == "AUTH010" && zenrows.is_some_and(|zenrows| zenrows.params.contains_key("extract"));
    let verdict = match again {
        Some(Again::Autoparsed) if asks_extract => {
            effect.pause = None;
            Verdict::FailWorkflow
        }
        Some(Again::Autoparsed) => {
            again = None;
            verdict
        }
        _ => verdict,
    };
    Reading {
        outcome: Err(CallFailure::new(verdict, error).with_chain(said)),
        effect,
        request_id: None,
        again,
    }
}

/// The step's data.
fn data(spec: &ProviderSpec, reader: &Reader<'_>, reply: &Reply) -> Result<Value, CallFailure> {
    let param = |name: &str| spec.zenrows.as_ref().and_then(|zenrows| zenrows.params.get(name));
    let mut data = Map::new();
    let content_type = reply.header("content-type").unwrap_or_default();
    let is_json = content_type.contains("json");
    if is_json && param("json_response").is_some() {
        let mut whole = reader.json(reply).map_err(as_retry)?;
        let html = whole.as_object_mut().and_then(|fields| fields.swap_remove("html"));
        put_page(
            &mut data,
            html.and_then(|html| html.as_str().map(str::to_owned))
                .unwrap_or_default(),
        );
        data.insert("response".to_owned(), whole);
    } else if is_json {
        data.insert("extracted".to_owned(), reader.json(reply).map_err(as_retry)?);
    } else if content_type.starts_with("image/") || content_type.contains("pdf") {
        data.insert("content_type".to_owned(), content_type.into());
        data.insert("content_base64".to_owned(), STANDARD.encode(&reply.body).into());
    } else {
        let charset_of = reply.header("zr-content-type").filter(|_| content_type.is_empty());
        let text = charset::decode(&reply.body, charset_of.or(Some(content_type)), None).into_owned();
        let text = (reader.scrub)(text);
        match param("response_type").and_then(Value::as_str) {
            Some(form @ ("markdown" | "plaintext")) => {
                data.insert(form.to_owned(), text.into());
            }
            _ => put_page(&mut data, text),
        }
    }
    if let Some(final_url) = reply.header("zr-final-url") {
        data.insert("final_url".to_owned(), (reader.scrub)(final_url.to_owned()).into());
    }
    data.insert("status".to_owned(), json!(reply.status));
    data.insert(
        "scraped_at".to_owned(),
        Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true).into(),
    );
    Ok(Value::Object(data))
}

fn put_page(data: &mut Map<String, Value>, html: String) {
    data.insert("homepage_html".to_owned(), html.clone().into());
    data.insert("html".to_owned(), html.into());
}

/// ZenRows itself gave something broken; it may not next time.
fn as_retry(failure: CallFailure) -> CallFailure {
    CallFailure {
        verdict: Verdict::Retry { after: None },
        ..failure
    }
}

#[cfg(test)]
mod tests;
