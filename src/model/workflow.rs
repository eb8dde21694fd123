//! A workflow row: what does a step, when, and where its result goes.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use entity::Id;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::practice::PracticeStatus;

/// The `provider` of steps that the daemon does itself.
pub const NATIVE: &str = "native";

/// How a provider answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// In the answer to the call.
    Sync,
    /// Later, by a callback.
    Async,
}

/// No mode has that name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no mode '{0}'; there are sync and async")]
pub struct UnknownMode(pub String);

impl FromStr for Mode {
    type Err = UnknownMode;

    fn from_str(text: &str) -> Result<Self, UnknownMode> {
        match text {
            "sync" => Ok(Self::Sync),
            "async" => Ok(Self::Async),
            other => Err(UnknownMode(other.to_owned())),
        }
    }
}

/// The database that a destination table is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DestinationDb {
    Hq,
    Workspace,
}

impl fmt::Display for DestinationDb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hq => "HQ's database",
            Self::Workspace => "the workspace",
        })
    }
}

impl FromStr for DestinationDb {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "hq" => Ok(Self::Hq),
            "workspace" => Ok(Self::Workspace),
            _ => Err(()),
        }
    }
}

/// Where a result is stored.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Destination {
    pub database: DestinationDb,
    pub table: String,
    /// Path in the data and the column that it fills, in the order of the row.
    pub mappings: Vec<(String, String)>,
    /// The unique columns by which a row is found again, where the table's `id` is not the step run's.
    pub conflict_columns: Vec<String>,
}

/// What becomes of a step whose answer has not come by its deadline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnDeadline {
    /// It is asked for again, as often as retries allow.
    #[default]
    Retry,
    Fail,
}

/// What of the retry settings a workflow says itself. Absent: as the daemon's settings say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RetryOverride {
    pub max_retries: Option<u32>,
    pub base_ms: Option<u64>,
    pub factor: Option<f64>,
    pub jitter: Option<f64>,
    pub max_ms: Option<u64>,
}

/// The keys of `settings` that say how a step goes, whoever does it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Flow {
    /// Name of the handler of a native step.
    pub handler: Option<String>,
    /// The status that the step's completion sets.
    pub done_status: Option<PracticeStatus>,
    /// An expression over what is known of the item; where it is false the step is skipped.
    pub when: Option<String>,
    /// Slugs of workflows that must have completed; else the step is skipped.
    pub depends_on: Vec<String>,
    /// Where the step fails for good it is skipped, and the item goes on.
    pub skip_if_failed: bool,
    /// Place among the workflows of one step number, lowest first; slugs decide among equals.
    pub order: i32,
    pub conflict_columns: Vec<String>,
    pub callback_deadline_ms: Option<u64>,
    pub on_deadline: OnDeadline,
    pub max_retries: Option<u32>,
    pub retry: RetryOverride,
}

/// How long an answer is waited for where a workflow does not say.
const CALLBACK_DEADLINE: Duration = Duration::from_secs(24 * 3600);

impl Flow {
    /// The names of its keys.
    pub const KEYS: [&str; 11] = [
        "handler",
        "done_status",
        "when",
        "depends_on",
        "skip_if_failed",
        "order",
        "conflict_columns",
        "callback_deadline_ms",
        "on_deadline",
        "max_retries",
        "retry",
    ];

    /// Reads the keys from a row's `settings`.
    ///
    /// # Errors
    /// Every key that cannot be read, with what is wrong.
    pub fn read(settings: &Map<String, Value>) -> Result<Self, Vec<String>> {
        let mut own = Map::new();
        let mut mistakes = Vec::new();
        for key in Self::KEYS {
            let Some(value) = settings.get(key) else { continue };
            let alone = Value::Object(Map::from_iter([(key.to_owned(), value.clone())]));
            match serde_json::from_value::<Self>(alone) {
                Ok(_) => {
                    own.insert(key.to_owned(), value.clone());
                }
                Err(error) => mistakes.push(format!("'settings.{key}': {error}")),
            }
        }
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        serde_json::from_value(Value::Object(own)).map_err(|error| vec![error.to_string()])
    }

    #[must_use]
    pub fn callback_deadline(&self) -> Duration {
        self.callback_deadline_ms
            .map_or(CALLBACK_DEADLINE, Duration::from_millis)
    }

    /// Further attempts after the first one, where the workflow says so.
    #[must_use]
    pub fn max_retries(&self) -> Option<u32> {
        self.max_retries.or(self.retry.max_retries)
    }
}

/// A workflow as its row says.
#[derive(Clone, Debug, PartialEq)]
pub struct Workflow {
    pub id: Id,
    pub version: i32,
    pub slug: String,
    pub title: String,
    pub play: String,
    /// `overall_step_number`: place in the play, ascending, gaps allowed.
    pub number: i32,
    pub provider: String,
    pub mode: Mode,
    pub destination: Option<Destination>,
    pub flow: Flow,
    /// All of the row's `settings`, for the provider to read its own keys from.
    pub settings: Map<String, Value>,
}

impl Workflow {
    /// Name of the handler that does it; a provider's steps have one that calls it.
    #[must_use]
    pub fn handler(&self) -> &str {
        if self.provider == NATIVE {
            self.flow.handler.as_deref().unwrap_or_default()
        } else {
            &self.provider
        }
    }

    #[must_use]
    pub fn is_native(&self) -> bool {
        self.provider == NATIVE
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(settings: Value) -> Result<Flow, Vec<String>> {
        Flow::read(settings.as_object().unwrap_or(&Map::new()))
    }

    #[test]
    fn keys_of_a_provider_are_left_to_it() {
        let flow = read(json!({"url": "https://n8n.example/webhook/x", "when": "company.name", "max_retries": 7}));
        let flow = flow.unwrap_or_default();
        assert_eq!(flow.when.as_deref(), Some("company.name"));
        assert_eq!(flow.max_retries(), Some(7));
        assert_eq!(flow.callback_deadline(), Duration::from_secs(86_400));
    }

    #[test]
    fn every_wrong_key_is_told_at_once() {
        let mistakes = read(json!({
            "done_status": "finished", "depends_on": "x", "on_deadline": "wait", "retry": {"tries": 3},
            "skip_if_failed": true
        }));
        let Err(mistakes) = mistakes else {
            panic!("four keys are wrong")
        };
        let told = |key: &str| mistakes.iter().any(|mistake| mistake.contains(key));
        assert_eq!(mistakes.len(), 4, "{mistakes:?}");
        assert!(told("done_status") && told("depends_on") && told("on_deadline") && told("retry"));
    }
}
