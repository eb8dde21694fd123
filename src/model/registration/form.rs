//! What a step that a person answers takes for an answer.

use serde_json::Value;

/// A form that is no JSON Schema.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is no JSON Schema: {0}")]
pub struct NotASchema(String);

/// What is wrong with the answer, each with its place in it; nothing where it matches the form.
///
/// # Errors
/// Where the form is no JSON Schema.
pub fn answer_mistakes(form: &Value, answer: &Value) -> Result<Vec<String>, NotASchema> {
    let schema = jsonschema::validator_for(form).map_err(|error| NotASchema(error.to_string()))?;
    let told = schema.iter_errors(answer).map(|mistake| {
        let place = mistake.instance_path().to_string();
        if place.is_empty() {
            mistake.to_string()
        } else {
            format!("{place}: {mistake}")
        }
    });
    Ok(told.collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use serde_json::json;

    use super::*;

    #[test]
    fn every_mistake_has_its_place() {
        let form = json!({"type": "object", "required": ["email"], "properties": {
            "email": {"type": "string"}, "services": {"items": {"enum": ["delivery", "pickup"]}},
        }});
        assert_eq!(answer_mistakes(&form, &json!({"email": "a@b.example"})), Ok(Vec::new()));
        let told = answer_mistakes(&form, &json!({"services": ["pickup", "fax"]})).unwrap();
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told.iter().any(|line| line.starts_with("/services/1: ")), "{told:?}");
        assert!(
            told.iter()
                .any(|line| line.contains("\"email\" is a required property")),
            "{told:?}"
        );
        assert!(answer_mistakes(&json!({"type": "fax"}), &json!(1)).is_err());
    }
}
