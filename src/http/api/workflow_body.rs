//! What the body of a request says of a workflow.

use std::collections::BTreeMap;

use entity::Id;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::http::problem::Problem;
use crate::model::workflow_spec::{Mistake, WorkflowSpec};

/// Members that the daemon sets. Those who send back what they were given need not take them out.
const READ_ONLY: [&str; 5] = ["organisation_id", "managed_by", "version", "created_at", "updated_at"];
/// A workflow as its author gives it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what is read member by member")]
pub struct WorkflowBody {
    /// Made up where absent. Only for a new workflow.
    id: Option<Id>,
    /// Whether all organisations use it; operators alone may say so. Only for a new workflow.
    shared: Option<bool>,
    /// Letters, digits, `-`, `_` and `.`; unique in the organisation and among the shared ones.
    workflow_slug: String,
    title: String,
    /// `default` where absent.
    play_name: Option<String>,
    /// Place in the play. Several with one number are asked one after the other until one finds something.
    overall_step_number: i32,
    /// `native`, `zenrows`, `n8n`, `clay` or `http`.
    provider: String,
    /// `sync` or `async`; as the provider usually answers where absent.
    mode: Option<String>,
    /// `hq` (where absent) or `workspace`.
    destination_db: Option<String>,
    destination_table_name: Option<String>,
    /// Path in the data to the column that it fills.
    destination_field_mappings: Option<BTreeMap<String, String>>,
    #[schema(value_type = Option<Object>)]
    settings: Option<Value>,
    enabled: Option<bool>,
}

/// What a body says of a workflow that is to be made.
pub(super) struct NewWorkflow {
    pub spec: WorkflowSpec,
    pub id: Option<Id>,
    pub shared: bool,
}

impl NewWorkflow {
    pub fn read(mut body: Map<String, Value>) -> Result<Self, Problem> {
        let mut mistakes = Vec::new();
        let id = match body.remove("id") {
            None | Some(Value::Null) => None,
            Some(id) => {
                let id = id.as_str().and_then(|id| id.parse().ok());
                if id.is_none() {
                    mistakes.push(Mistake::new("/id", "must be a UUID"));
                }
                id
            }
        };
        let shared = match body.remove("shared") {
            None | Some(Value::Null) => false,
            Some(Value::Bool(shared)) => shared,
            Some(_) => {
                mistakes.push(Mistake::new("/shared", "must be true or false"));
                false
            }
        };
        body.retain(|key, _| !READ_ONLY.contains(&key.as_str()));
        match WorkflowSpec::read(&body) {
            Ok(spec) if mistakes.is_empty() => Ok(Self { spec, id, shared }),
            Ok(_) => Err(Problem::mistakes(&mistakes)),
            Err(wrong) => {
                mistakes.extend(wrong);
                Err(Problem::mistakes(&mistakes))
            }
        }
    }
}

/// What a body says of a workflow that is there: it neither moves nor becomes another.
pub(super) fn read_spec(mut body: Map<String, Value>) -> Result<WorkflowSpec, Problem> {
    body.retain(|key, _| !READ_ONLY.contains(&key.as_str()) && key != "id" && key != "shared");
    WorkflowSpec::read(&body).map_err(|mistakes| Problem::mistakes(&mistakes))
}

/// What to change of a workflow; absent members stay, `null` ones take their default (RFC 7396).
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what is read member by member")]
pub struct WorkflowPatch {
    workflow_slug: Option<String>,
    title: Option<String>,
    play_name: Option<String>,
    overall_step_number: Option<i32>,
    provider: Option<String>,
    mode: Option<String>,
    destination_db: Option<String>,
    destination_table_name: Option<String>,
    destination_field_mappings: Option<BTreeMap<String, Option<String>>>,
    #[schema(value_type = Option<Object>)]
    settings: Option<Value>,
    enabled: Option<bool>,
}
