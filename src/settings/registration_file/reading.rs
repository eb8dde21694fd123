//! Taking values out of a table, and remembering what was wrong.

use std::fmt::Display;
use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use super::RegistrationMistake;
use crate::model::workflow::RetryOverride;
use crate::settings::Wait;

/// Letters by which a mistyped key may differ from a known one.
const MISTYPED: usize = 2;
/// Characters of a title.
const LONGEST_TITLE: usize = 120;

/// One table of the file.
pub(super) struct Reading<'a, 'm> {
    place: String,
    /// What stands before its keys where it is a part of a larger table.
    prefix: String,
    table: &'a Map<String, Value>,
    mistakes: &'m mut Vec<RegistrationMistake>,
}

impl<'a, 'm> Reading<'a, 'm> {
    pub(super) fn new(
        place: impl Into<String>,
        table: &'a Map<String, Value>,
        mistakes: &'m mut Vec<RegistrationMistake>,
    ) -> Self {
        Self {
            place: place.into(),
            prefix: String::new(),
            table,
            mistakes,
        }
    }

    /// A table of another place, with the same list of mistakes.
    pub(super) fn elsewhere<'b>(&mut self, place: impl Into<String>, table: &'b Map<String, Value>) -> Reading<'b, '_> {
        Reading::new(place, table, self.mistakes)
    }

    /// The table under a key; empty where there is none.
    pub(super) fn part(&mut self, key: &str) -> Option<Reading<'a, '_>> {
        let table = self.table(key)?;
        Some(Reading {
            place: self.place.clone(),
            prefix: format!("{}{key}.", self.prefix),
            table,
            mistakes: self.mistakes,
        })
    }

    pub(super) fn wrong(&mut self, key: &str, detail: impl Display) {
        self.mistakes.push(RegistrationMistake {
            place: self.place.clone(),
            detail: format!("'{}{key}' {detail}", self.prefix),
        });
    }

    /// Refuses every other key.
    pub(super) fn known(&mut self, known: &[&str]) {
        for key in self.table.keys().filter(|key| !known.contains(&key.as_str())) {
            let near = known
                .iter()
                .map(|name| (strsim::osa_distance(key, name), name))
                .filter(|(distance, _)| *distance <= MISTYPED)
                .min();
            match near {
                Some((_, near)) => self.wrong(key, format_args!("is not known; did you mean '{near}'?")),
                None => self.wrong(key, format_args!("is not known; known are {}", known.join(", "))),
            }
        }
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    pub(super) fn get(&self, key: &str) -> Option<&'a Value> {
        self.table.get(key)
    }

    fn typed<T>(&mut self, key: &str, what: &str, read: impl FnOnce(&'a Value) -> Option<T>) -> Option<T> {
        let value = self.get(key)?;
        let read = read(value);
        if read.is_none() {
            self.wrong(key, format_args!("must be {what}"));
        }
        read
    }

    pub(super) fn text(&mut self, key: &str) -> Option<&'a str> {
        let text = |value: &'a Value| value.as_str().filter(|text| !text.trim().is_empty());
        self.typed(key, "a text that is not empty", text)
    }

    pub(super) fn needed_text(&mut self, key: &str) -> Option<&'a str> {
        if !self.has(key) {
            self.wrong(key, "is missing");
        }
        self.text(key)
    }

    /// A title; `default` where there is none.
    pub(super) fn title(&mut self, default: &str) -> String {
        let title = self.text("title").unwrap_or(default);
        if title.chars().count() > LONGEST_TITLE {
            self.wrong("title", format_args!("may have {LONGEST_TITLE} characters"));
        }
        title.to_owned()
    }

    pub(super) fn flag(&mut self, key: &str) -> bool {
        self.typed(key, "true or false", Value::as_bool).unwrap_or_default()
    }

    pub(super) fn table(&mut self, key: &str) -> Option<&'a Map<String, Value>> {
        self.typed(key, "a table", Value::as_object)
    }

    pub(super) fn list(&mut self, key: &str) -> Option<&'a Vec<Value>> {
        self.typed(key, "a list", Value::as_array)
    }

    pub(super) fn texts(&mut self, key: &str) -> Vec<String> {
        let texts = |value: &'a Value| {
            let list = value.as_array()?.iter();
            list.map(|entry| entry.as_str().map(str::to_owned))
                .collect::<Option<Vec<_>>>()
        };
        self.typed(key, "a list of texts", texts).unwrap_or_default()
    }

    pub(super) fn one_of<T: Copy>(&mut self, key: &str, words: &[(&str, T)]) -> Option<T> {
        let text = self.text(key)?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.wrong(key, format_args!("must be one of {}", known.join(", ")));
        }
        found
    }

    fn whole(&mut self, key: &str, range: RangeInclusive<u64>) -> Option<u64> {
        let what = format!("a whole number from {} to {}", range.start(), range.end());
        let whole = |value: &Value| value.as_u64().filter(|number| range.contains(number));
        self.typed(key, &what, whole)
    }

    fn number(&mut self, key: &str, range: RangeInclusive<f64>) -> Option<f64> {
        let what = format!("a number from {} to {}", range.start(), range.end());
        let number = |value: &Value| value.as_f64().filter(|number| range.contains(number));
        self.typed(key, &what, number)
    }

    /// A wait, in seconds.
    pub(super) fn seconds(&mut self, key: &str) -> Option<u64> {
        let text = self.text(key)?;
        match text.parse::<Wait>() {
            Ok(Wait(wait)) if wait.as_secs() > 0 => Some(wait.as_secs()),
            Ok(_) => {
                self.wrong(key, "must be a second or more");
                None
            }
            Err(refused) => {
                self.wrong(key, refused);
                None
            }
        }
    }

    /// What is said of retries, in the ranges of the daemon's own settings.
    pub(super) fn retry(&mut self) -> RetryOverride {
        let Some(mut retry) = self.part("retry") else {
            return RetryOverride::default();
        };
        retry.known(&["max_retries", "base_ms", "factor", "jitter", "max_ms"]);
        RetryOverride {
            max_retries: retry
                .whole("max_retries", 0..=100)
                .and_then(|number| u32::try_from(number).ok()),
            base_ms: retry.whole("base_ms", 0..=3_600_000),
            factor: retry.number("factor", 1.0..=10.0),
            jitter: retry.number("jitter", 0.0..=1.0),
            max_ms: retry.whole("max_ms", 0..=86_400_000),
        }
    }
}
