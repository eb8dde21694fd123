//! What an author says of a workflow, in a file or by request: one set of rules for both, and every mistake at once.

use std::collections::HashSet;
use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::practice::PracticeStatus;
use super::workflow::{Flow, NATIVE};

/// The play of a workflow that names none.
const DEFAULT_PLAY: &str = "default";
/// Who can do a step, and how each of them can answer, the usual way first.
const PROVIDERS: [(&str, &[&str]); 5] = [
    (NATIVE, &["sync"]),
    ("zenrows", &["sync"]),
    ("n8n", &["async", "sync"]),
    ("clay", &["async"]),
    ("http", &["sync", "async"]),
];
const DATABASES: [&str; 2] = ["hq", "workspace"];
/// Handlers of native steps.
const HANDLERS: [&str; 3] = ["url", "scrape", "aggregate"];
/// Characters of a slug, a title or the name of a play.
const LONGEST_NAME: usize = 120;
/// Characters of a table's or a column's name.
const LONGEST_IDENTIFIER: usize = 63;
/// Bytes of `settings` and of `destination_field_mappings` as JSON.
const LARGEST_OBJECT: usize = 64 * 1024;
/// Letters by which a mistyped key may differ from a known one.
const MISTYPED: usize = 2;

/// A workflow as its author gives it.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkflowSpec {
    pub slug: String,
    pub title: String,
    pub play: String,
    /// `overall_step_number`: place in the play, ascending, gaps allowed.
    pub number: i32,
    pub provider: String,
    pub mode: String,
    pub destination_db: String,
    pub destination_table: Option<String>,
    /// JSON path in the data → column.
    pub destination_field_mappings: Map<String, Value>,
    pub settings: Map<String, Value>,
    pub enabled: bool,
}

/// A mistake of an author.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Mistake {
    /// Where it is: a JSON pointer (RFC 6901) into what was sent.
    pub pointer: String,
    /// What to do about it.
    pub detail: String,
}

impl Mistake {
    pub fn new(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            detail: detail.into(),
        }
    }

    /// The place as people write it: `settings.when`.
    #[must_use]
    pub fn path(&self) -> String {
        let parts = self.pointer.split('/').skip(1);
        let parts: Vec<String> = parts.map(|part| part.replace("~1", "/").replace("~0", "~")).collect();
        parts.join(".")
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}' {}", self.path(), self.detail)
    }
}

impl WorkflowSpec {
    /// The names that authors use, which are those of the columns.
    pub const FIELDS: [&str; 11] = [
        "workflow_slug",
        "title",
        "play_name",
        "overall_step_number",
        "provider",
        "mode",
        "destination_db",
        "destination_table_name",
        "destination_field_mappings",
        "settings",
        "enabled",
    ];

    /// Reads what an author wrote. What is absent or null takes its default.
    ///
    /// # Errors
    /// Every mistake at once.
    pub fn read(authored: &Map<String, Value>) -> Result<Self, Vec<Mistake>> {
        let mut reading = Reading {
            authored,
            mistakes: Vec::new(),
        };
        reading.refuse_unknown();
        let provider = reading.provider();
        let spec = Self {
            slug: reading.name("workflow_slug", None),
            title: reading.title(),
            play: reading.name("play_name", Some(DEFAULT_PLAY)),
            number: reading.step_number(),
            mode: reading.mode(&provider),
            provider,
            destination_db: reading.one_of("destination_db", &DATABASES, "hq"),
            destination_table: reading.table(),
            destination_field_mappings: reading.mappings(),
            settings: reading.object("settings"),
            enabled: reading.flag("enabled", true),
        };
        if spec.destination_table.is_none() && !spec.destination_field_mappings.is_empty() {
            let detail = "needs a 'destination_table_name' to write to";
            reading.wrong("/destination_field_mappings", detail);
        }
        reading.check_settings(&spec);
        if reading.mistakes.is_empty() {
            Ok(spec)
        } else {
            Err(reading.mistakes)
        }
    }

    /// The fields by their names, in order.
    #[must_use]
    pub fn fields(&self) -> Map<String, Value> {
        let values: [Value; 11] = [
            self.slug.clone().into(),
            self.title.clone().into(),
            self.play.clone().into(),
            self.number.into(),
            self.provider.clone().into(),
            self.mode.clone().into(),
            self.destination_db.clone().into(),
            self.destination_table.clone().into(),
            self.destination_field_mappings.clone().into(),
            self.settings.clone().into(),
            self.enabled.into(),
        ];
        Self::FIELDS.iter().map(|name| (*name).to_owned()).zip(values).collect()
    }
}

/// A part of a JSON pointer.
fn escaped(part: &str) -> String {
    part.replace('~', "~0").replace('/', "~1")
}

fn is_identifier(text: &str) -> bool {
    let begins = text.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_');
    begins
        && text.len() <= LONGEST_IDENTIFIER
        && text
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

const IDENTIFIER: &str = "must be 1 to 63 letters, digits and underscores, and not begin with a digit";

/// What is left to be told while an author's text is read.
struct Reading<'a> {
    authored: &'a Map<String, Value>,
    mistakes: Vec<Mistake>,
}

impl<'a> Reading<'a> {
    fn wrong(&mut self, pointer: impl Into<String>, detail: impl Into<String>) {
        self.mistakes.push(Mistake::new(pointer, detail));
    }

    fn get(&self, key: &str) -> Option<&'a Value> {
        self.authored.get(key).filter(|value| !value.is_null())
    }

    fn refuse_unknown(&mut self) {
        for key in self.authored.keys() {
            if !WorkflowSpec::FIELDS.contains(&key.as_str()) {
                let detail = format!("is not known; known are {}", WorkflowSpec::FIELDS.join(", "));
                self.wrong(format!("/{}", escaped(key)), detail);
            }
        }
    }

    fn text(&mut self, key: &str) -> Option<&'a str> {
        match self.get(key)? {
            Value::String(text) if text.contains('\0') => {
                self.wrong(format!("/{key}"), "must not hold a NUL character");
                None
            }
            Value::String(text) => Some(text),
            _ => {
                self.wrong(format!("/{key}"), "must be text");
                None
            }
        }
    }

    /// A name that stands in addresses too.
    fn name(&mut self, key: &str, default: Option<&str>) -> String {
        if self.get(key).is_none() {
            if default.is_none() {
                self.wrong(format!("/{key}"), "is missing");
            }
            return default.unwrap_or_default().to_owned();
        }
        let Some(text) = self.text(key) else {
            return String::new();
        };
        let allowed = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
        if !(1..=LONGEST_NAME).contains(&text.len()) || !text.chars().all(allowed) {
            let detail = format!("must be 1 to {LONGEST_NAME} letters, digits, '-', '_' and '.'");
            self.wrong(format!("/{key}"), detail);
        }
        text.to_owned()
    }

    fn title(&mut self) -> String {
        if self.get("title").is_none() {
            self.wrong("/title", "is missing");
            return String::new();
        }
        let Some(title) = self.text("title").map(str::trim) else {
            return String::new();
        };
        if !(1..=LONGEST_NAME).contains(&title.chars().count()) {
            self.wrong("/title", format!("must have 1 to {LONGEST_NAME} characters"));
        }
        title.to_owned()
    }

    fn step_number(&mut self) -> i32 {
        let number = self.get("overall_step_number");
        let read = number
            .and_then(Value::as_i64)
            .and_then(|number| i32::try_from(number).ok());
        match read.filter(|number| *number >= 1) {
            Some(number) => number,
            None => {
                let detail = if number.is_none() {
                    "is missing"
                } else {
                    "must be a whole number from 1 on"
                };
                self.wrong("/overall_step_number", detail);
                1
            }
        }
    }

    fn one_of(&mut self, key: &str, known: &[&str], default: &str) -> String {
        let Some(text) = self.text(key) else {
            return default.to_owned();
        };
        if !known.contains(&text) {
            self.wrong(format!("/{key}"), format!("must be one of {}", known.join(", ")));
        }
        text.to_owned()
    }

    fn provider(&mut self) -> String {
        if self.get("provider").is_none() {
            let detail = format!(
                "is missing; it is one of {}",
                PROVIDERS.map(|(name, _)| name).join(", ")
            );
            self.wrong("/provider", detail);
            return String::new();
        }
        self.one_of("provider", &PROVIDERS.map(|(name, _)| name), "")
    }

    fn mode(&mut self, provider: &str) -> String {
        let modes = PROVIDERS.iter().find(|(name, _)| *name == provider);
        let Some((name, modes)) = modes else {
            // The provider is the mistake.
            return self.one_of("mode", &["sync", "async"], "sync");
        };
        let mode = self.one_of("mode", &["sync", "async"], modes[0]);
        if ["sync", "async"].contains(&mode.as_str()) && !modes.contains(&mode.as_str()) {
            self.wrong("/mode", format!("must be {} for {name}", modes.join(" or ")));
        }
        mode
    }

    fn table(&mut self) -> Option<String> {
        let table = self.text("destination_table_name")?;
        if !is_identifier(table) {
            self.wrong("/destination_table_name", IDENTIFIER);
        }
        Some(table.to_owned())
    }

    fn object(&mut self, key: &str) -> Map<String, Value> {
        match self.get(key) {
            None => Map::new(),
            Some(Value::Object(members)) => {
                let text = self.get(key).map(Value::to_string).unwrap_or_default();
                if text.len() > LARGEST_OBJECT {
                    self.wrong(format!("/{key}"), format!("may have {LARGEST_OBJECT} bytes as JSON"));
                }
                if text.contains("\\u0000") {
                    self.wrong(format!("/{key}"), "must not hold a NUL character");
                }
                members.clone()
            }
            Some(_) => {
                self.wrong(format!("/{key}"), "must be an object");
                Map::new()
            }
        }
    }

    fn mappings(&mut self) -> Map<String, Value> {
        let mappings = self.object("destination_field_mappings");
        let mut columns = HashSet::new();
        for (path, column) in &mappings {
            let pointer = format!("/destination_field_mappings/{}", escaped(path));
            match column.as_str() {
                _ if path.trim().is_empty() => self.wrong(pointer, "must name a path in the data"),
                None => self.wrong(pointer, "must name a column"),
                Some(column) if !is_identifier(column) => self.wrong(pointer, IDENTIFIER),
                Some(column) if !columns.insert(column) => {
                    self.wrong(
                        pointer,
                        format!("fills the column '{column}', which another path fills too"),
                    );
                }
                Some(_) => {}
            }
        }
        mappings
    }

    fn flag(&mut self, key: &str, default: bool) -> bool {
        match self.get(key) {
            None => default,
            Some(Value::Bool(flag)) => *flag,
            Some(_) => {
                self.wrong(format!("/{key}"), "must be true or false");
                default
            }
        }
    }

    /// The keys that say how a step goes. Those of a provider are its own to read.
    fn check_settings(&mut self, spec: &WorkflowSpec) {
        for (key, value) in &spec.settings {
            let pointer = format!("/settings/{}", escaped(key));
            if !Flow::KEYS.contains(&key.as_str()) {
                if let Some(detail) = unknown_setting(key, &spec.provider) {
                    self.wrong(pointer, detail);
                }
                continue;
            }
            let alone = Map::from_iter([(key.clone(), value.clone())]);
            if let Err(mistakes) = Flow::read(&alone) {
                let prefix = format!("'settings.{key}': ");
                let told = mistakes.iter().map(|each| each.strip_prefix(&prefix).unwrap_or(each));
                let told: Vec<&str> = told.collect();
                self.wrong(pointer, format!("cannot be read: {}", told.join("; ")));
            }
        }
        let own = spec
            .settings
            .iter()
            .filter(|(key, _)| Flow::KEYS.contains(&key.as_str()));
        let own = own.map(|(key, value)| (key.clone(), value.clone())).collect();
        if let Ok(flow) = Flow::read(&own) {
            self.check_flow(spec, &flow);
        }
    }

    fn check_flow(&mut self, spec: &WorkflowSpec, flow: &Flow) {
        let handlers = HANDLERS.join(", ");
        match flow.handler.as_deref() {
            None if spec.provider == NATIVE => {
                self.wrong("/settings/handler", format!("is missing; it is one of {handlers}"));
            }
            Some(handler) if spec.provider == NATIVE && !HANDLERS.contains(&handler) => {
                self.wrong("/settings/handler", format!("must be one of {handlers}"));
            }
            Some(_) if spec.provider != NATIVE => {
                self.wrong("/settings/handler", "is for native steps; the provider does this one");
            }
            _ => {}
        }
        let settable = [
            PracticeStatus::UrlComplete,
            PracticeStatus::Scraped,
            PracticeStatus::Aggregated,
        ];
        if flow.done_status.is_some_and(|status| !settable.contains(&status)) {
            let names = settable.map(PracticeStatus::as_str).join(", ");
            self.wrong("/settings/done_status", format!("must be one of {names}"));
        }
        if flow.depends_on.contains(&spec.slug) {
            self.wrong(
                "/settings/depends_on",
                "names the workflow itself, which would never run",
            );
        }
        for (place, column) in flow.conflict_columns.iter().enumerate() {
            if !is_identifier(column) {
                self.wrong(format!("/settings/conflict_columns/{place}"), IDENTIFIER);
            }
        }
        if flow.callback_deadline_ms == Some(0) {
            self.wrong("/settings/callback_deadline_ms", "must be 1 or more");
        }
    }
}

/// Why a key that is no [`Flow`]'s is wrong; `None` where it may be the provider's own.
fn unknown_setting(key: &str, provider: &str) -> Option<String> {
    if provider == NATIVE {
        let known = Flow::KEYS.join(", ");
        return Some(format!("is not known for a native step; known are {known}"));
    }
    let near = |known: &&&str| {
        let known: &str = known;
        known.len() > 2 * MISTYPED && strsim::osa_distance(known, &key.to_ascii_lowercase()) <= MISTYPED
    };
    let meant = Flow::KEYS.iter().find(near)?;
    Some(format!("is not known; did you mean '{meant}'?"))
}

#[cfg(test)]
#[path = "workflow_spec_tests.rs"]
mod tests;
