//! What a step that a person answers takes for an answer.

use jsonschema::error::ValidationErrorKind;
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
        let is_choice = matches!(
            mistake.kind(),
            ValidationErrorKind::OneOfNotValid { .. } | ValidationErrorKind::OneOfMultipleValid { .. }
        );
        let choice = choice(form).filter(|_| is_choice && place.is_empty());
        match choice {
            Some(keys) => format!("give exactly one of {keys}"),
            None if place.is_empty() => mistake.to_string(),
            None => format!("{place}: {mistake}"),
        }
    });
    Ok(told.collect())
}

/// The keys of which a form takes one, where each of its alternatives requires one.
fn choice(form: &Value) -> Option<String> {
    let key = |way: &Value| match way["required"].as_array()?.as_slice() {
        [key] => Some(format!("'{}'", key.as_str()?)),
        _ => None,
    };
    let keys: Option<Vec<String>> = form["oneOf"].as_array()?.iter().map(key).collect();
    keys.map(|keys| keys.join(", "))
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
        let form = json!({"oneOf": [{"required": ["candidate_id"]}, {"required": ["none"]}]});
        for answer in [json!({}), json!({"candidate_id": "1", "none": true})] {
            let told = answer_mistakes(&form, &answer).unwrap();
            assert_eq!(told, ["give exactly one of 'candidate_id', 'none'"], "{answer}");
        }
    }
}
