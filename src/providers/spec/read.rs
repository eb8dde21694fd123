use std::collections::BTreeSet;
use std::fmt;
use std::ops::RangeInclusive;

use reqwest::header::HeaderName;
use serde_json::{Map, Value};

use super::ProviderName;
use crate::providers::path::ResultPath;

/// What is wrong with one of a workflow's settings.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct SpecMistake {
    /// The key in `settings`, or `mode`.
    pub key: String,
    /// The rest of "`key` …".
    pub message: String,
    /// What to write instead.
    pub help: String,
    /// It works all the same, and may not do what was meant.
    pub warning: bool,
}

impl SpecMistake {
    pub(in crate::providers) fn new(key: &str, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            key: key.to_owned(),
            message: message.into(),
            help: help.into(),
            warning: false,
        }
    }

    pub(in crate::providers) fn warning(key: &str, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            warning: true,
            ..Self::new(key, message, help)
        }
    }
}

impl fmt::Display for SpecMistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}; {}", self.key, self.message, self.help)
    }
}

/// Takes settings by key and remembers what was taken and what was wrong.
pub(super) struct Reader<'a> {
    settings: &'a Map<String, Value>,
    provider: ProviderName,
    known: BTreeSet<&'static str>,
    mistakes: Vec<SpecMistake>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        settings: &'a Map<String, Value>,
        provider: ProviderName,
        others: &'static [&'static str],
    ) -> Self {
        Self {
            settings,
            provider,
            known: others.iter().copied().collect(),
            mistakes: Vec::new(),
        }
    }

    pub(super) fn wrong(&mut self, key: &str, message: impl Into<String>, help: impl Into<String>) {
        self.mistakes.push(SpecMistake::new(key, message, help));
    }

    pub(super) fn missing(&mut self, key: &str, help: &str) {
        if !self.settings.contains_key(key) {
            self.wrong(key, "is missing", help);
        }
    }

    /// The value of a key; null is the same as none.
    pub(super) fn any(&mut self, key: &'static str) -> Option<&'a Value> {
        self.known.insert(key);
        self.settings.get(key).filter(|value| !value.is_null())
    }

    fn typed<T>(&mut self, key: &'static str, what: &str, read: impl FnOnce(&'a Value) -> Option<T>) -> Option<T> {
        let value = self.any(key)?;
        let read = read(value);
        if read.is_none() {
            let given = kind(value);
            self.wrong(key, format!("takes {what}, not {given}"), format!("write {what}"));
        }
        read
    }

    pub(super) fn text(&mut self, key: &'static str) -> Option<&'a str> {
        self.typed(key, "a text", Value::as_str)
    }

    pub(super) fn template(&mut self, key: &'static str) -> Option<String> {
        let text = self.text(key)?;
        if text.trim().is_empty() {
            self.wrong(key, "is empty", "write a text");
            return None;
        }
        Some(text.to_owned())
    }

    pub(super) fn object(&mut self, key: &'static str) -> Option<&'a Map<String, Value>> {
        self.typed(key, "a table of names and values", Value::as_object)
    }

    pub(super) fn list(&mut self, key: &'static str) -> Option<&'a Vec<Value>> {
        self.typed(key, "a list", Value::as_array)
    }

    pub(super) fn integer(&mut self, key: &'static str, range: RangeInclusive<u64>) -> Option<u64> {
        let number = self.typed(key, "a whole number", Value::as_u64)?;
        if range.contains(&number) {
            return Some(number);
        }
        let help = format!("write {} to {}", range.start(), range.end());
        self.wrong(key, format!("is {number}, out of range"), help);
        None
    }

    pub(super) fn number(&mut self, key: &'static str, range: RangeInclusive<f64>) -> Option<f64> {
        let number = self.typed(key, "a number", Value::as_f64)?;
        if range.contains(&number) {
            return Some(number);
        }
        let help = format!("write {} to {}", range.start(), range.end());
        self.wrong(key, format!("is {number}, out of range"), help);
        None
    }

    pub(super) fn one_of<'w>(&mut self, key: &'static str, words: &[&'w str]) -> Option<&'w str> {
        let text = self.text(key)?;
        let found = words.iter().find(|word| word.eq_ignore_ascii_case(text)).copied();
        if found.is_none() {
            self.wrong(
                key,
                format!("is {text:?}"),
                format!("write one of {}", words.join(", ")),
            );
        }
        found
    }

    /// The name of a secret.
    pub(super) fn secret(&mut self, key: &'static str) -> Option<String> {
        let name = self.text(key)?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        if name.is_empty() || name.len() > 120 || !name.bytes().all(plain) {
            self.wrong(
                key,
                "is no name of a secret",
                "write the NAME of its [secrets.NAME] in the config file, never the secret itself",
            );
            return None;
        }
        Some(name.to_owned())
    }

    pub(super) fn path(&mut self, key: &'static str) -> Option<ResultPath> {
        let text = self.text(key)?;
        match text.parse() {
            Ok(path) => Some(path),
            Err(_) => {
                self.wrong(key, format!("is {text:?}, no path"), "write e.g. data.items[0].name");
                None
            }
        }
    }

    pub(super) fn headers(&mut self, key: &'static str, own: &[HeaderName]) -> Vec<(HeaderName, String)> {
        let mut headers = Vec::new();
        for (name, value) in self.object(key).into_iter().flatten() {
            let full = format!("{key}.{name}");
            let Ok(header) = HeaderName::from_bytes(name.as_bytes()) else {
                self.wrong(&full, "is no name of a header", "write letters, digits and -");
                continue;
            };
            if own.contains(&header) {
                self.wrong(&full, "is set by the connection itself", "leave it away");
                continue;
            }
            match value {
                Value::String(text) => headers.push((header, text.clone())),
                Value::Number(_) | Value::Bool(_) => headers.push((header, value.to_string())),
                _ => self.wrong(&full, "takes a text", "write a text"),
            }
        }
        headers
    }

    /// `200`, `"2xx"`, `"200-204"`, or a list of these.
    pub(super) fn statuses(&mut self, key: &'static str) -> Option<Vec<RangeInclusive<u16>>> {
        let value = self.any(key)?;
        let ranges: Option<Vec<_>> = match value {
            Value::Array(list) => list.iter().map(status_range).collect(),
            one => status_range(one).map(|range| vec![range]),
        };
        let ranges = ranges.filter(|ranges| !ranges.is_empty());
        if ranges.is_none() {
            self.wrong(
                key,
                format!("is {value}, no status"),
                "write e.g. 200, \"2xx\", \"200-204\" or a list of these",
            );
        }
        ranges
    }

    /// Everything that was wrong, and every key that was never asked for.
    pub(super) fn finish(mut self) -> Vec<SpecMistake> {
        for key in self.settings.keys() {
            if self.known.contains(key.as_str()) {
                continue;
            }
            let near = self
                .known
                .iter()
                .map(|known| (strsim::osa_distance(key, known), *known))
                .filter(|(distance, _)| *distance <= 3)
                .min();
            let help = match near {
                Some((_, near)) => format!("did you mean `{near}`?"),
                None => {
                    let known: Vec<&str> = self.known.iter().copied().collect();
                    format!("there are {}", known.join(", "))
                }
            };
            let message = format!("is no setting of a workflow with provider {}", self.provider);
            self.mistakes.push(SpecMistake::new(key, message, help));
        }
        self.mistakes
    }
}

fn status_range(value: &Value) -> Option<RangeInclusive<u16>> {
    let range = match value {
        Value::Number(number) => {
            let status = u16::try_from(number.as_u64()?).ok()?;
            status..=status
        }
        Value::String(text) => {
            let text = text.trim().to_ascii_lowercase();
            match (text.strip_suffix("xx"), text.split_once('-')) {
                (Some(hundred), _) => {
                    let start = hundred.parse::<u16>().ok()?.checked_mul(100)?;
                    start..=start.checked_add(99)?
                }
                (None, Some((first, last))) => first.trim().parse().ok()?..=last.trim().parse().ok()?,
                (None, None) => {
                    let status = text.parse().ok()?;
                    status..=status
                }
            }
        }
        _ => return None,
    };
    let valid = 100..=599;
    (valid.contains(range.start()) && valid.contains(range.end()) && range.start() <= range.end()).then_some(range)
}

pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a table",
    }
}
