//! Workflows as the stand-in runs them, and the executions that come of it.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::sync::Arc;
use std::time::Duration;

use chrono::{SecondsFormat, Utc};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::super::callbacks::Delivery;

/// When a webhook is answered, and with what.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Respond {
    /// At once, that the workflow was started.
    #[default]
    Immediately,
    /// When the last node has finished, with the JSON of its first entry.
    FirstEntry,
    /// When the last node has finished, with all its entries as an array.
    AllEntries,
    /// When the last node has finished, with no body.
    NoData,
    /// By a 'Respond to Webhook' node, with this status and JSON, before the workflow ends.
    Node {
        /// The status.
        status: u16,
        /// The JSON; `None` is the workflow's result.
        body: Option<Value>,
    },
}

/// When a result is brought to the `callback_url` of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum When {
    /// Once the webhook has been answered.
    #[default]
    Afterwards,
    /// Before the webhook is answered.
    Early,
    /// So long after the work is over.
    Late(Duration),
}

/// What a webhook wants to be shown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Auth {
    /// Nothing.
    #[default]
    None,
    /// A header of that name and value.
    Header(String, String),
    /// A user and password.
    Basic(String, String),
}

/// Makes the result of a run from the body of the request.
pub type ResultFn = Arc<dyn Fn(&Value) -> Value + Send + Sync>;

/// One workflow with a webhook.
#[derive(Clone)]
pub struct Workflow {
    /// The path after `/webhook/`.
    pub path: String,
    /// The methods that it takes.
    pub methods: Vec<String>,
    /// Whether the production URL works.
    pub active: bool,
    /// What it wants to be shown.
    pub auth: Auth,
    /// How it answers.
    pub respond: Respond,
    /// When it calls back.
    pub when: When,
    /// How it calls back.
    pub delivery: Delivery,
    /// Whether it stops at a Wait node before its result is brought, until its resume URL is called. The URL is
    /// told as `resume_url` in the answer of a `Respond::Node` without a body, and by [`super::N8n::executions`].
    pub waits: bool,
    /// Whether it ends with an error: nothing is brought, and who waits for the last node gets a 500.
    pub fails: bool,
    /// What comes out of it.
    pub result: ResultFn,
}

impl Default for Workflow {
    fn default() -> Self {
        Self {
            path: "case-studies".to_owned(),
            methods: vec!["POST".to_owned()],
            active: true,
            auth: Auth::None,
            respond: Respond::Immediately,
            when: When::Afterwards,
            delivery: Delivery::Once,
            waits: false,
            fails: false,
            result: Arc::new(case_studies),
        }
    }
}

impl fmt::Debug for Workflow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workflow")
            .field("path", &self.path)
            .field("methods", &self.methods)
            .field("active", &self.active)
            .field("respond", &self.respond)
            .field("when", &self.when)
            .field("delivery", &self.delivery)
            .field("waits", &self.waits)
            .field("fails", &self.fails)
            .finish_non_exhaustive()
    }
}

/// The canned result: two case studies of the website that the request names.
fn case_studies(request: &Value) -> Value {
    let site = ["website", "url", "company_domain", "domain"]
        .iter()
        .find_map(|name| request.get(name)?.as_str())
        .unwrap_or("practice.example");
    let origin = if site.contains("://") {
        site.to_owned()
    } else {
        format!("https://{site}")
    };
    let origin = origin.trim_end_matches('/');
    json!({
        "case_study_urls": [format!("{origin}/case-studies/implants"), format!("{origin}/case-studies/whitening")],
        "extracted_at": Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true),
    })
}

/// How an execution stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExecutionState {
    /// It runs.
    Running,
    /// It waits for its resume URL to be called.
    Waiting,
    /// It has finished.
    Finished,
    /// It ended with an error.
    Errored,
}

/// One run of a workflow.
#[derive(Debug, Clone)]
pub struct Execution {
    /// Its number.
    pub id: u64,
    /// The path of its workflow.
    pub path: String,
    /// How it stands.
    pub state: ExecutionState,
    /// The URL that resumes it, signature included. A suffix belongs into the path, before the query.
    pub resume_url: String,
    /// The body that its resume URL was called with.
    pub resumed_with: Option<Value>,
}

/// How many executions are remembered.
const EXECUTIONS_KEPT: usize = 10_000;

/// All that are remembered.
pub(super) struct Executions {
    secret: [u8; 32],
    base: String,
    next: u64,
    kept: BTreeMap<u64, Execution>,
    parked: BTreeMap<u64, (Workflow, Value)>,
}

impl Executions {
    pub(super) fn new() -> Self {
        Self {
            secret: rand::random(),
            base: String::new(),
            next: 1,
            kept: BTreeMap::new(),
            parked: BTreeMap::new(),
        }
    }

    pub(super) fn set_base(&mut self, base: String) {
        self.base = base;
    }

    pub(super) fn begin(&mut self, path: &str) -> Execution {
        let id = self.next;
        self.next += 1;
        if self.kept.len() == EXECUTIONS_KEPT {
            let forgotten = self.kept.pop_first();
            if let Some((id, _)) = forgotten {
                self.parked.remove(&id);
            }
        }
        let execution = Execution {
            id,
            path: path.to_owned(),
            state: ExecutionState::Running,
            resume_url: format!("{}/webhook-waiting/{id}?signature={}", self.base, self.signature(id)),
            resumed_with: None,
        };
        self.kept.insert(id, execution.clone());
        execution
    }

    pub(super) fn signature(&self, id: u64) -> String {
        let digest = Sha256::new()
            .chain_update(self.secret)
            .chain_update(id.to_be_bytes())
            .finalize();
        digest.iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }

    pub(super) fn get(&self, id: u64) -> Option<&Execution> {
        self.kept.get(&id)
    }

    pub(super) fn set(&mut self, id: u64, state: ExecutionState) {
        if let Some(execution) = self.kept.get_mut(&id) {
            execution.state = state;
        }
    }

    /// Keeps what a waiting execution needs to go on.
    pub(super) fn park(&mut self, id: u64, workflow: Workflow, asked: Value) {
        self.parked.insert(id, (workflow, asked));
    }

    pub(super) fn unpark(&mut self, id: u64) -> Option<(Workflow, Value)> {
        self.parked.remove(&id)
    }

    pub(super) fn resume(&mut self, id: u64, body: Value) {
        if let Some(execution) = self.kept.get_mut(&id) {
            execution.state = ExecutionState::Running;
            execution.resumed_with = Some(body);
        }
    }

    pub(super) fn all(&self) -> Vec<Execution> {
        self.kept.values().cloned().collect()
    }
}
