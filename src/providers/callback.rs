//! What a callback's body means.

use serde_json::{Map, Value};

use super::call::{CallFailure, Verdict};
use super::spec::ProviderSpec;

impl ProviderSpec {
    /// The data in what a provider has posted to its callback address.
    ///
    /// A list with one object in it is that object, as n8n sends items. An object with `status` `error` or `failed` tells
    /// that the work failed: `error` (or `message`) says why, and `"retryable": true` that asking again may help. Of anything
    /// else the data is what the workflow's `result` names, or all of it.
    ///
    /// # Errors
    /// Where the provider says that it failed.
    pub fn read_callback(&self, value: Value) -> Result<Value, CallFailure> {
        let value = alone(value);
        if let Some(failure) = value.as_object().and_then(told_failure) {
            return Err(failure);
        }
        Ok(match &self.result {
            Some(path) => path.take(value).unwrap_or(Value::Null),
            None => value,
        })
    }
}

fn alone(value: Value) -> Value {
    match value {
        Value::Array(mut list) if list.len() == 1 && list[0].is_object() => list.remove(0),
        other => other,
    }
}

fn told_failure(body: &Map<String, Value>) -> Option<CallFailure> {
    let status = body.get("status")?.as_str()?;
    if !matches!(status, "error" | "failed" | "failure") {
        return None;
    }
    let words = body.get("error").or_else(|| body.get("message"));
    let words = words.map(|words| words.as_str().map_or_else(|| words.to_string(), str::to_owned));
    let error: String = match words {
        Some(words) => format!("the provider says that it failed: {words}")
            .chars()
            .take(500)
            .collect(),
        None => "the provider says that it failed, and not why".to_owned(),
    };
    let retryable = body.get("retryable").and_then(Value::as_bool).unwrap_or(false);
    let verdict = if retryable {
        Verdict::Retry { after: None }
    } else {
        Verdict::FailRow
    };
    Some(CallFailure::new(verdict, error))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use serde_json::json;

    use super::*;
    use crate::model::workflow::Mode;
    use crate::providers::ProviderName;

    fn spec(settings: Value) -> ProviderSpec {
        ProviderSpec::parse(ProviderName::N8n, Mode::Async, settings.as_object().unwrap()).unwrap()
    }

    #[test]
    fn the_data_is_what_the_workflow_names_or_all_of_it() {
        let url = "https://n8n.example/webhook/x";
        let all = spec(json!({ "url": url }));
        let part = spec(json!({ "url": url, "result": "data" }));
        let body = json!([{"data": {"urls": ["a"]}, "status": "done"}]);
        assert_eq!(all.read_callback(body.clone()).unwrap(), body[0]);
        assert_eq!(part.read_callback(body.clone()).unwrap(), json!({"urls": ["a"]}));
        assert_eq!(part.read_callback(json!({"urls": []})).unwrap(), Value::Null);
    }

    #[test]
    fn a_failure_is_told_in_the_providers_words() {
        let spec = spec(json!({ "url": "https://n8n.example/webhook/x" }));
        let body = json!({"status": "error", "error": "no credit left", "retryable": true});
        let failure = spec.read_callback(body).unwrap_err();
        assert!(failure.error.ends_with("no credit left"));
        assert_eq!(failure.verdict, Verdict::Retry { after: None });
        let failure = spec.read_callback(json!({"status": "failed"})).unwrap_err();
        assert_eq!(failure.verdict, Verdict::FailRow);
    }
}
