//! What workflow files would change of the rows that are there.

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::workflow_spec::WorkflowSpec;

/// A shared row that is there.
#[derive(Clone, Debug, PartialEq)]
pub struct SharedWorkflow {
    pub spec: WorkflowSpec,
    /// It comes from a file, rather than from an operator's request.
    pub of_file: bool,
}

/// What the files would change.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct WorkflowDiff {
    /// In the order of the files.
    pub created: Vec<CreatedWorkflow>,
    pub changed: Vec<ChangedWorkflow>,
    /// Slugs of rows whose file no longer has them.
    pub disabled: Vec<String>,
}

/// A row that would be made.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct CreatedWorkflow {
    pub workflow_slug: String,
    pub play_name: String,
    pub overall_step_number: i32,
    pub provider: String,
    pub title: String,
}

/// A row that would be another.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ChangedWorkflow {
    pub workflow_slug: String,
    /// An operator made it by request; from now on the file has it.
    pub taken_over: bool,
    pub fields: Vec<ChangedField>,
}

/// A field that would be another.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ChangedField {
    /// Such as `settings.timeout_ms`.
    pub field: String,
    /// `null` where it is not there. What looks like a secret is hidden.
    pub old: Value,
    pub new: Value,
}

impl WorkflowDiff {
    /// Compares the files with the rows.
    #[must_use]
    pub fn between(rows: &[SharedWorkflow], files: &[WorkflowSpec]) -> Self {
        let mut diff = Self::default();
        for file in files {
            match rows.iter().find(|row| row.spec.slug == file.slug) {
                None => diff.created.push(CreatedWorkflow {
                    workflow_slug: file.slug.clone(),
                    play_name: file.play.clone(),
                    overall_step_number: file.number,
                    provider: file.provider.clone(),
                    title: file.title.clone(),
                }),
                Some(row) if row.of_file && row.spec == *file => {}
                Some(row) => diff.changed.push(ChangedWorkflow {
                    workflow_slug: file.slug.clone(),
                    taken_over: !row.of_file,
                    fields: changed_fields(&row.spec.fields(), &file.fields()),
                }),
            }
        }
        let gone = |row: &&SharedWorkflow| {
            row.of_file && row.spec.enabled && !files.iter().any(|file| file.slug == row.spec.slug)
        };
        diff.disabled = rows.iter().filter(gone).map(|row| row.spec.slug.clone()).collect();
        diff
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows() == 0
    }

    /// How many rows it is about.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.created.len() + self.changed.len() + self.disabled.len()
    }
}

fn changed_fields(old: &Map<String, Value>, new: &Map<String, Value>) -> Vec<ChangedField> {
    let mut changed = Vec::new();
    compare("", old, new, &mut changed);
    changed
}

/// Objects are compared member by member; all else is one value. Databases keep members in an order of their own, so those
/// within a field come by name.
fn compare(prefix: &str, old: &Map<String, Value>, new: &Map<String, Value>, changed: &mut Vec<ChangedField>) {
    let added = new.keys().filter(|key| !old.contains_key(*key));
    let mut keys: Vec<&String> = old.keys().chain(added).collect();
    if !prefix.is_empty() {
        keys.sort_unstable();
    }
    for key in keys {
        let (before, after) = (old.get(key), new.get(key));
        if before == after {
            continue;
        }
        let field = format!("{prefix}{key}");
        if let (Some(Value::Object(before)), Some(Value::Object(after))) = (before, after) {
            compare(&format!("{field}."), before, after, changed);
            continue;
        }
        let shown = |value: Option<&Value>| shown(key, value.unwrap_or(&Value::Null));
        changed.push(ChangedField {
            old: shown(before),
            new: shown(after),
            field,
        });
    }
}

/// Words of keys whose values are nobody's to see.
const SECRETIVE: [&str; 9] = [
    "auth",
    "apikey",
    "token",
    "secret",
    "password",
    "passwd",
    "credential",
    "cookie",
    "signature",
];
/// What stands in the place of a secret.
const HIDDEN: &str = "(hidden)";

/// The value as it may be shown: a secret that its author wrote out is hidden, one that is named is not one.
fn shown(key: &str, value: &Value) -> Value {
    match value {
        Value::Object(members) => members
            .iter()
            .map(|(key, value)| (key.clone(), shown(key, value)))
            .collect(),
        Value::Array(items) => items.iter().map(|item| shown(key, item)).collect(),
        Value::String(text) if is_secretive(key) && !text.contains("{{") => HIDDEN.into(),
        Value::String(text) => without_credentials(text).into(),
        other => other.clone(),
    }
}

fn is_secretive(key: &str) -> bool {
    let letters: String = key.chars().filter(char::is_ascii_alphanumeric).collect();
    let letters = letters.to_ascii_lowercase();
    SECRETIVE.iter().any(|word| letters.contains(word))
}

/// An address without its user and the values of its query that look like secrets.
fn without_credentials(text: &str) -> String {
    let Ok(mut url) = url::Url::parse(text) else {
        return text.to_owned();
    };
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let tells = |(key, value): &(String, String)| is_secretive(key) && !value.contains("{{");
    let has_user = !url.username().is_empty() || url.password().is_some();
    if !has_user && !pairs.iter().any(tells) {
        return text.to_owned();
    }
    if has_user {
        // An address without a host has no user either.
        let _ = url.set_username("hidden").and_then(|()| url.set_password(None));
    }
    if pairs.iter().any(tells) {
        let shown = pairs.iter().map(|pair| {
            let value = if tells(pair) { HIDDEN } else { pair.1.as_str() };
            (pair.0.as_str(), value)
        });
        url.query_pairs_mut().clear().extend_pairs(shown);
    }
    url.to_string()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use serde_json::json;

    use super::*;

    fn spec(slug: &str, settings: Value) -> WorkflowSpec {
        let authored = json!({
            "workflow_slug": slug, "title": "t", "overall_step_number": 1, "provider": "http", "settings": settings
        });
        WorkflowSpec::read(authored.as_object().unwrap()).unwrap()
    }

    fn row(spec: WorkflowSpec) -> SharedWorkflow {
        SharedWorkflow { spec, of_file: true }
    }

    #[test]
    fn rows_are_made_changed_and_disabled() {
        let old = [
            row(spec("same", json!({}))),
            row(spec(
                "other",
                json!({ "url": "https://a.example", "retry": { "max_retries": 1 } }),
            )),
            row(spec("gone", json!({}))),
            SharedWorkflow {
                spec: spec("by-request", json!({})),
                of_file: false,
            },
        ];
        let files = [
            spec("same", json!({})),
            spec(
                "other",
                json!({ "url": "https://b.example", "retry": { "max_retries": 2 }, "order": 1 }),
            ),
            spec("new", json!({})),
        ];
        let diff = WorkflowDiff::between(&old, &files);
        assert_eq!(diff.created[0].workflow_slug, "new");
        assert_eq!(diff.disabled, ["gone"], "what a request made is left alone");
        let changed: Vec<String> = diff.changed[0]
            .fields
            .iter()
            .map(|field| format!("{}: {} to {}", field.field, field.old, field.new))
            .collect();
        assert_eq!(
            changed,
            [
                "settings.order: null to 1",
                "settings.retry.max_retries: 1 to 2",
                "settings.url: \"https://a.example\" to \"https://b.example\"",
            ]
        );
        assert_eq!((diff.rows(), diff.is_empty()), (3, false));
        assert!(WorkflowDiff::between(&old[..1], &files[..1]).is_empty());
    }

    #[test]
    fn a_file_takes_over_what_a_request_made() {
        let old = [SharedWorkflow {
            spec: spec("a", json!({})),
            of_file: false,
        }];
        let diff = WorkflowDiff::between(&old, &[spec("a", json!({}))]);
        assert_eq!((diff.changed[0].taken_over, diff.changed[0].fields.len()), (true, 0));
    }

    #[test]
    fn secrets_that_are_written_out_are_hidden() {
        let old = [row(spec(
            "a",
            json!({ "headers": { "Authorization": "Bearer abc", "X-Api-Key": "{{ secrets.K }}" } }),
        ))];
        let new = [spec(
            "a",
            json!({
                "headers": { "Authorization": "Bearer def", "X-Api-Key": "k-123" }, "url": "https://u:pw9@a.example/?token=t7&q=1"
            }),
        )];
        let text = serde_json::to_string(&WorkflowDiff::between(&old, &new)).unwrap();
        for secret in ["abc", "def", "k-123", "pw9", "t7"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
        assert!(text.contains("{{ secrets.K }}") && text.contains("q=1"), "{text}");
    }
}
