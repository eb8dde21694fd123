//! From templates to a request: rendered with placeholders, checked, and only then filled with secrets.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use secrecy::ExposeSecret as _;
use serde_json::{Map, Value, json};
use url::Url;

use super::call::CallFailure;
use super::secrets::Known;
use super::spec::ProviderSpec;
use crate::scrape::AddressGuard;
use crate::template::placeholder::Wanted;
use crate::template::{Context, Placeholders, TemplateError, Templates};

/// What a request carries.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Payload {
    Nothing,
    Json(Value),
    Text(String),
}

/// A request as a provider wants it, with placeholders where secrets will stand.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) method: Method,
    /// As it will be sent, but for the placeholders in its query.
    pub(super) url: Url,
    pub(super) headers: Vec<(HeaderName, String)>,
    pub(super) payload: Payload,
}

/// A template that cannot be rendered is the row's fault where something is missing in it, else the workflow's.
pub(super) fn template_failure(what: &str, error: &TemplateError) -> CallFailure {
    let told = format!("`{what}`: {error}");
    match error {
        TemplateError::Syntax { .. } | TemplateError::TooLong => CallFailure::workflow(told),
        _ => CallFailure::row(told),
    }
}

/// The templates of a row with what they are rendered with.
#[derive(Clone, Copy)]
pub(super) struct Rendering<'a> {
    pub(super) templates: &'a Templates,
    pub(super) context: &'a Context,
}

impl Rendering<'_> {
    pub(super) fn text(&self, what: &str, source: &str) -> Result<String, CallFailure> {
        self.templates
            .text(source, self.context)
            .map_err(|error| template_failure(what, &error))
    }

    pub(super) fn json(&self, what: &str, source: &Value) -> Result<Value, CallFailure> {
        self.templates
            .json(source, self.context)
            .map_err(|error| template_failure(what, &error))
    }

    pub(super) fn headers(&self, spec: &ProviderSpec) -> Result<Vec<(HeaderName, String)>, CallFailure> {
        spec.request
            .headers
            .iter()
            .map(|(name, value)| Ok((name.clone(), self.text(&format!("headers.{name}"), value)?)))
            .collect()
    }

    /// The pairs of `query`: nulls are left out, lists repeat the name.
    pub(super) fn query(&self, query: &Map<String, Value>) -> Result<Vec<(String, String)>, CallFailure> {
        let mut pairs = Vec::new();
        for (name, source) in query {
            let value = self.json(&format!("query.{name}"), source)?;
            let values = match value {
                Value::Array(list) => list,
                Value::Null => Vec::new(),
                one => vec![one],
            };
            for value in values {
                let text = match value {
                    Value::String(text) => text,
                    other => other.to_string(),
                };
                pairs.push((name.clone(), text));
            }
        }
        Ok(pairs)
    }

    pub(super) fn payload(&self, body: Option<&Value>) -> Result<Payload, CallFailure> {
        Ok(match body {
            None => Payload::Nothing,
            Some(source) => match self.json("body", source)? {
                Value::String(text) => Payload::Text(text),
                value => Payload::Json(value),
            },
        })
    }
}

impl Draft {
    /// Puts a request together. The address is taken as it is written: nothing in its query is encoded anew.
    pub(super) fn new(
        method: Method,
        address: &str,
        query: &[(String, String)],
        headers: Vec<(HeaderName, String)>,
        payload: Payload,
    ) -> Result<Self, CallFailure> {
        let address = address.trim();
        let mut url = Url::parse(address)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
            .ok_or_else(|| CallFailure::row("`url` gives no http or https address"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(CallFailure::workflow(
                "`url` holds a user or password; write headers = { Authorization = \"{{ basic_auth('USER', 'SECRET') }}\" }",
            ));
        }
        url.set_fragment(None);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(Self {
            method,
            url,
            headers,
            payload,
        })
    }

    /// The host, without port.
    pub(super) fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// The host with a port that is not the usual one.
    pub(super) fn authority(&self) -> String {
        match self.url.port() {
            Some(port) => format!("{}:{port}", self.host()),
            None => self.host().to_owned(),
        }
    }

    pub(super) fn has_header(&self, name: &HeaderName) -> bool {
        self.headers.iter().any(|(header, _)| header == name)
    }

    /// Refuses addresses that may not be reached and placeholders that are not where a secret may stand.
    pub(super) fn check(&self, guard: &AddressGuard, placeholders: &Placeholders) -> Result<(), CallFailure> {
        guard
            .check(&self.url)
            .map_err(|refused| CallFailure::row(refused.to_string()))?;
        let before_query = &self.url[..url::Position::AfterPath];
        if !placeholders.wanted(before_query).is_empty() || placeholders.is_mangled(before_query) {
            return Err(CallFailure::workflow(
                "a secret stands in the host or path of `url`; it may stand in its query, in a header or in the body",
            ));
        }
        if self.texts().iter().any(|text| placeholders.is_mangled(text)) {
            return Err(CallFailure::workflow(
                "a filter changes what secret() gives; use it as it is",
            ));
        }
        Ok(())
    }

    /// Every text in which a placeholder may stand.
    fn texts(&self) -> Vec<&str> {
        let mut texts: Vec<&str> = self.headers.iter().map(|(_, value)| value.as_str()).collect();
        texts.extend(self.url.query());
        match &self.payload {
            Payload::Text(text) => texts.push(text),
            Payload::Json(value) => gather(value, &mut texts),
            Payload::Nothing => {}
        }
        texts
    }

    /// Names of the secrets that it needs.
    pub(super) fn secrets(&self, placeholders: &Placeholders) -> BTreeSet<String> {
        self.texts()
            .iter()
            .flat_map(|text| placeholders.wanted(text))
            .map(|wanted| wanted.name().to_owned())
            .collect()
    }

    /// The request as people may see it.
    pub(super) fn shown(&self, placeholders: &Placeholders) -> Value {
        let headers: Map<String, Value> = self
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), placeholders.shown(value).into()))
            .collect();
        let mut shown = json!({
            "method": self.method.as_str(),
            "url": placeholders.shown(self.url.as_str()),
            "headers": headers,
        });
        match &self.payload {
            Payload::Nothing => {}
            Payload::Text(text) => shown["body"] = placeholders.shown(text).into(),
            Payload::Json(value) => shown["body"] = replaced(value, &mut |text| placeholders.shown(text)),
        }
        shown
    }

    /// The bytes of the body, were it sent now.
    pub(super) fn body_bytes(&self) -> usize {
        match &self.payload {
            Payload::Nothing => 0,
            Payload::Text(text) => text.len(),
            Payload::Json(value) => value.to_string().len(),
        }
    }

    /// The request itself. This is the one place where a secret takes the place of its placeholder.
    pub(super) fn fill(
        self,
        placeholders: &Placeholders,
        secrets: &BTreeMap<String, Known>,
    ) -> Result<reqwest::Request, CallFailure> {
        let value = |wanted: &Wanted| {
            let secret = secrets
                .get(wanted.name())
                .map_or("", |known| known.value.expose_secret());
            match wanted {
                Wanted::Secret { .. } => secret.to_owned(),
                Wanted::BasicAuth { user, .. } => basic(user, secret),
            }
        };
        let mut url = self.url;
        if let Some(query) = url.query().map(str::to_owned) {
            let encoded =
                |wanted: &Wanted| url::form_urlencoded::byte_serialize(value(wanted).as_bytes()).collect::<String>();
            let filled = placeholders.replace(&query, encoded);
            if filled != query {
                url.set_query(Some(&filled));
            }
        }
        let mut headers = HeaderMap::new();
        for (name, text) in self.headers {
            let filled = placeholders.replace(&text, value);
            let mut header = HeaderValue::from_str(filled.trim()).map_err(|_| {
                CallFailure::row(format!("the header `{name}` holds a character that no header may hold"))
            })?;
            header.set_sensitive(filled != text);
            headers.append(name, header);
        }
        let (body, content_type) = match self.payload {
            Payload::Nothing => (None, None),
            Payload::Json(json) => {
                let filled = replaced(&json, &mut |text| placeholders.replace(text, value));
                (Some(filled.to_string()), Some("application/json"))
            }
            Payload::Text(text) => {
                let is_json = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
                let content_type = if is_json {
                    "application/json"
                } else {
                    "text/plain; charset=utf-8"
                };
                (Some(placeholders.replace(&text, value)), Some(content_type))
            }
        };
        if let Some(content_type) = content_type
            && !headers.contains_key(CONTENT_TYPE)
        {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        let mut request = reqwest::Request::new(self.method, url);
        *request.headers_mut() = headers;
        *request.body_mut() = body.map(reqwest::Body::from);
        Ok(request)
    }
}

fn basic(user: &str, secret: &str) -> String {
    use base64::Engine as _;
    let pair = format!("{user}:{secret}");
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
}

fn gather<'a>(value: &'a Value, texts: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => texts.push(text),
        Value::Array(list) => list.iter().for_each(|entry| gather(entry, texts)),
        Value::Object(fields) => {
            for (name, value) in fields {
                texts.push(name);
                gather(value, texts);
            }
        }
        _ => {}
    }
}

fn replaced(value: &Value, text: &mut impl FnMut(&str) -> String) -> Value {
    match value {
        Value::String(given) => Value::String(text(given)),
        Value::Array(list) => list.iter().map(|entry| replaced(entry, text)).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| (text(name), replaced(value, text)))
            .collect(),
        plain => plain.clone(),
    }
}
