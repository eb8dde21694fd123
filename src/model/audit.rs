//! What the audit log keeps of a request.

use entity::Id;

/// The outcome of a request that did what it asked for.
pub const DONE: &str = "done";

/// A request that changes something, or tries to: who makes it, from where, and what it asks for. Never holds what the
/// request says beyond that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRecord {
    /// The request; one that changes several things has a row for each of them.
    pub request: Id,
    /// Absent where nobody was recognised.
    pub organisation_id: Option<Id>,
    pub user_id: Option<Id>,
    pub actor: String,
    pub source: String,
    /// Method and route, such as `POST /api/kill-job`.
    pub action: String,
    /// What is changed, such as `job ID`; the path where nothing else is known.
    pub object: String,
    /// [`DONE`], or the code of the refusal.
    pub outcome: String,
}

impl AuditRecord {
    /// The same request, about this object.
    #[must_use]
    pub fn about(&self, object: String) -> Self {
        Self { object, ..self.clone() }
    }

    /// The same request with another outcome.
    #[must_use]
    pub fn with_outcome(&self, outcome: &str) -> Self {
        Self {
            outcome: outcome.to_owned(),
            ..self.clone()
        }
    }
}
