//! Whether something was done, by what `find` has found.

use serde_json::Value;

use crate::model::registration::plan::EffectPlan;
use crate::template::{TemplateError, Templates};

/// What the sub-step would have given, where `found`, the answer to its `find`, shows that it was done; nothing where it
/// was not. `context` is what the sub-step's own templates are rendered with.
///
/// # Errors
/// Where that cannot be told, so that a person has to.
pub fn found_effect(
    templates: &Templates,
    effect: &EffectPlan,
    context: &Value,
    found: Value,
) -> Result<Option<Value>, TemplateError> {
    let mut context = context.as_object().cloned().unwrap_or_default();
    context.insert("found".to_owned(), found.clone());
    let context = Value::Object(context);
    let condition = effect.found_when.as_deref().unwrap_or("found");
    if !templates.holds(condition, &context)? {
        return Ok(None);
    }
    match &effect.found_result {
        Some(result) => templates.render_json(&Value::from(result.as_str()), &context).map(Some),
        None => Ok(Some(found)),
    }
}
