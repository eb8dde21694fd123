//! What the reference model holds of batches, registrations and their journal.

use entity::Id;
use serde_json::Value;

#[derive(Clone, Debug)]
pub struct Batch {
    pub id: Id,
    pub status: &'static str,
    pub total: usize,
    pub reached: bool,
    pub acknowledged: bool,
    pub archived: bool,
    pub retry_of: Option<Id>,
    /// Whether too many failures fail it; else they pause it.
    pub strict: bool,
}

#[derive(Clone, Debug)]
pub struct Job {
    pub id: Id,
    pub batch: usize,
    pub restaurant: usize,
    pub status: &'static str,
    pub open: bool,
    pub current: usize,
    pub call_open: bool,
    pub crashes: i32,
    pub source: Option<Id>,
    pub steps: [Step; 6],
}

#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    pub status: &'static str,
    pub answer: Option<Value>,
    pub parts: Option<Vec<Part>>,
}

/// A sub-step.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    pub name: String,
    pub status: &'static str,
    pub unknown: bool,
}

/// A row of the journal.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    pub batch: Id,
    pub job: Option<Id>,
    pub step: Option<i32>,
    pub operation: String,
    pub from: Option<String>,
    pub to: Option<String>,
}
