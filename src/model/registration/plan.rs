//! How a registration goes: who does each of its six steps, and what the execution consists of. Config says it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::step::StepNumber;
use crate::model::workflow::RetryOverride;

/// What becomes of a question that nobody answers in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnDeadline {
    /// The answer by default is taken; where there is none, the step fails.
    #[default]
    Default,
    Fail,
}

/// A step that a person answers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AskPlan {
    /// Seconds after which it is said again that somebody is waited for.
    pub reminder_seconds: Option<u64>,
    /// Seconds after which the question is closed.
    pub deadline_seconds: Option<u64>,
    pub on_deadline: OnDeadline,
    /// The answer that is taken at the deadline.
    pub default: Option<Value>,
    /// A JSON Schema that answers must match.
    pub form: Value,
}

/// One of the six steps.
#[derive(Clone, Debug, PartialEq)]
pub struct StepPlan {
    pub number: StepNumber,
    pub title: String,
    /// Who does it: the name of a handler of the daemon's own, or of a provider. Absent where a person does it, or where the
    /// sub-steps do.
    pub handler: Option<String>,
    /// What the handler is told; for a provider, the same keys as in `settings` of a workflow.
    pub settings: Map<String, Value>,
    pub retry: RetryOverride,
    pub ask: Option<AskPlan>,
}

/// Whether a call that may have taken place can be made again.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EffectPlan {
    /// The other side does the work of one `Idempotency-Key` once.
    pub honours_keys: bool,
    /// A request that changes nothing and tells whether the work was done: `settings` of an `http` workflow.
    pub find: Option<Map<String, Value>>,
    /// An expression over `found`, the answer to `find`, that holds where the work was done. Absent: where `found` holds anything.
    pub found_when: Option<String>,
    /// A template over `found` that gives what the sub-step would have given. Absent: `found` as it is.
    pub found_result: Option<String>,
}

/// A part of the execution.
#[derive(Clone, Debug, PartialEq)]
pub struct SubStepPlan {
    pub slug: String,
    pub title: String,
    /// The name of a provider (`http`), or of a handler of the daemon's own.
    pub handler: String,
    pub settings: Map<String, Value>,
    /// Slugs of sub-steps that must have completed; else this one is skipped.
    pub depends_on: Vec<String>,
    /// Where it fails for good it is left out, and the execution goes on.
    pub skip_if_failed: bool,
    /// An expression over what is known of the restaurant; where it is false the sub-step is skipped.
    pub when: Option<String>,
    pub retry: RetryOverride,
    /// It only reads, so that it can be repeated at any time.
    pub only_reads: bool,
    pub effect: EffectPlan,
}

/// The whole of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RegistrationPlan {
    /// By number, all six.
    pub steps: BTreeMap<StepNumber, StepPlan>,
    /// In the order in which they are done.
    pub sub_steps: Vec<SubStepPlan>,
    /// What `execution_config` is prefilled with: a JSON value of templates over `restaurant`, `company` and `settings`.
    pub prefill: Value,
}

impl RegistrationPlan {
    #[must_use]
    pub fn step(&self, number: StepNumber) -> Option<&StepPlan> {
        self.steps.get(&number)
    }

    /// Whether another sub-step reads what this one gave.
    #[must_use]
    pub fn is_read_by_others(&self, slug: &str) -> bool {
        let names = |text: &str| text.contains("results") && text.contains(slug);
        let mut others = self.sub_steps.iter().filter(|other| other.slug != slug);
        others.any(|other| any_text(&other.settings, &names) || other.when.as_deref().is_some_and(names))
    }

    #[must_use]
    pub fn sub_step(&self, slug: &str) -> Option<&SubStepPlan> {
        self.sub_steps.iter().find(|sub_step| sub_step.slug == slug)
    }
}
/// Whether any text in the settings, however deep, is such a one.
fn any_text(settings: &Map<String, Value>, is: &dyn Fn(&str) -> bool) -> bool {
    fn within(value: &Value, is: &dyn Fn(&str) -> bool) -> bool {
        match value {
            Value::String(text) => is(text),
            Value::Array(values) => values.iter().any(|value| within(value, is)),
            Value::Object(fields) => fields.values().any(|value| within(value, is)),
            Value::Null | Value::Bool(_) | Value::Number(_) => false,
        }
    }
    settings.values().any(|value| within(value, is))
}
