//! What the form of the configuration is filled in with.

use serde_json::{Map, Value};

use crate::template::{Context, Templates};

/// An `execution_config` for a person to confirm.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Prefilled {
    /// Without what came out as null or as an empty text.
    pub config: Map<String, Value>,
    /// What could not be filled in, and why. The person does it.
    pub warnings: Vec<String>,
}

/// Renders `prefill` of a plan over `restaurant`, `company` and `settings`, each key by itself, so that one that cannot be
/// rendered leaves the others.
#[must_use]
pub fn prefilled(templates: &Templates, prefill: &Value, context: &Value) -> Prefilled {
    let context = Context::new(context);
    let mut filled = Prefilled::default();
    for (key, source) in prefill.as_object().into_iter().flatten() {
        match templates.json(source, &context) {
            Ok(value) => {
                if let Some(value) = without_nothing(value) {
                    filled.config.insert(key.clone(), value);
                }
            }
            Err(error) => filled.warnings.push(format!("'{key}' is not filled in: {error}")),
        }
    }
    filled
}

fn without_nothing(value: Value) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::String(text) if text.trim().is_empty() => None,
        Value::Object(fields) => {
            let kept: Map<String, Value> = fields
                .into_iter()
                .filter_map(|(key, value)| Some((key, without_nothing(value)?)))
                .collect();
            (!kept.is_empty()).then_some(Value::Object(kept))
        }
        value => Some(value),
    }
}
