//! What batches have in common that are made of one template or by one schedule.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::workflow_spec::Mistake;

/// Characters of a name, of a template, a schedule or a batch.
pub const NAME_CHARS: usize = 200;
/// Bytes of `common_config` as JSON.
const CONFIG_BYTES: usize = 64 * 1024;
/// What may stand in the pattern of a batch's name.
const PLACEHOLDERS: [&str; 3] = ["{name}", "{date}", "{time}"];
const USUAL_PATTERN: &str = "{name} {date}";

/// Whom a template takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TemplateSource {
    #[default]
    Restaurants,
    /// They become restaurants first.
    Leads,
}

impl TemplateSource {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Restaurants => "restaurants",
            Self::Leads => "leads",
        }
    }
}

/// How the executions of a batch go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExecutionMode {
    /// One after the other.
    #[default]
    Sequential,
    /// Side by side.
    Parallel,
}

/// The settings of the batches.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BatchSettings {
    pub execution_mode: ExecutionMode,
    /// What all restaurants have in common.
    #[schema(value_type = Object)]
    pub common_config: Map<String, Value>,
    /// How a batch is called: `{name}` is the template or the schedule, `{date}` and `{time}` are those of the run.
    /// Default: `{name} {date}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl BatchSettings {
    /// What is wrong, under a JSON pointer.
    #[must_use]
    pub fn mistakes(&self, pointer: &str) -> Vec<Mistake> {
        let mut mistakes = Vec::new();
        if serde_json::json!(self.common_config).to_string().len() > CONFIG_BYTES {
            let detail = format!("may have {} kB as JSON", CONFIG_BYTES / 1024);
            mistakes.push(Mistake::new(format!("{pointer}/common_config"), detail));
        }
        if let Some(pattern) = &self.name {
            let bare = PLACEHOLDERS
                .iter()
                .fold(pattern.clone(), |text, known| text.replace(known, ""));
            let told = PLACEHOLDERS.join(", ");
            let detail = if bare.contains(['{', '}']) {
                format!("may hold {told}, and no other braces")
            } else if pattern.trim().is_empty() || pattern.chars().count() > NAME_CHARS {
                format!("must have 1 to {NAME_CHARS} characters, such as '{USUAL_PATTERN}'")
            } else {
                return mistakes;
            };
            mistakes.push(Mistake::new(format!("{pointer}/name"), detail));
        }
        mistakes
    }

    #[must_use]
    pub fn is_parallel(&self) -> bool {
        self.execution_mode == ExecutionMode::Parallel
    }

    /// The name of a batch that is made at this moment, as clocks in a zone show it.
    #[must_use]
    pub fn batch_name(&self, name: &str, at: DateTime<Utc>, zone: Tz) -> String {
        let local = at.with_timezone(&zone);
        let text = self
            .name
            .as_deref()
            .unwrap_or(USUAL_PATTERN)
            .replace("{date}", &local.format("%Y-%m-%d").to_string())
            .replace("{time}", &local.format("%H:%M").to_string())
            // Last: a name may look like a placeholder.
            .replace("{name}", name);
        text.chars().take(NAME_CHARS).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(pattern: &str) -> BatchSettings {
        BatchSettings {
            name: Some(pattern.to_owned()),
            ..BatchSettings::default()
        }
    }

    #[test]
    fn a_batch_is_called_after_the_moment_in_its_zone() {
        let at = DateTime::parse_from_rfc3339("2026-11-01T20:05:00Z").unwrap().to_utc();
        let zone = Tz::Pacific__Auckland;
        assert_eq!(BatchSettings::default().batch_name("Hot", at, zone), "Hot 2026-11-02");
        let name = named("{date} {time}: {name}").batch_name("a {date}", at, zone);
        assert_eq!(name, "2026-11-02 09:05: a {date}");
        assert_eq!(
            named("{name}").batch_name(&"é".repeat(300), at, zone).chars().count(),
            NAME_CHARS
        );
    }

    #[test]
    fn mistakes_say_where_they_are() {
        for wrong in ["{day}", " ", "{", &"x".repeat(300)] {
            let mistakes = named(wrong).mistakes("/settings");
            assert_eq!(mistakes.len(), 1, "{wrong}");
            assert_eq!(mistakes[0].pointer, "/settings/name");
        }
        assert!(named("{name} of {date}, {time}").mistakes("").is_empty());
        let mut large = BatchSettings::default();
        large.common_config.insert("a".to_owned(), "b".repeat(70_000).into());
        assert_eq!(large.mistakes("/settings")[0].pointer, "/settings/common_config");
    }
}
