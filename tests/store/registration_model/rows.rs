//! What the reference model holds of batches, registrations and their journal.

use entity::Id;
use serde_json::Value;

use super::reference::Written;
use super::tables::step_has_ended;

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
    pub begun: bool,
    /// The moment of its first move; until then, of its making.
    pub since: usize,
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

impl Job {
    /// Sub-steps of which nobody knows what their calls have done.
    pub fn unknown(&self) -> impl Iterator<Item = (Id, String)> {
        let parts = self.steps[5].parts.iter().flatten().filter(|part| part.unknown);
        parts.map(|part| (self.id, part.name.clone()))
    }

    pub fn write(&mut self, written: &Written) {
        self.current = written.current;
        self.call_open = written.call_open;
        if written.operation != "step_started" {
            self.crashes = 0;
        }
        for (step, becomes) in &written.steps {
            self.steps[*step].status = becomes;
        }
        if written.parts.is_some() {
            self.steps[5].parts.clone_from(&written.parts);
        }
        if written.asks && written.current == 5 {
            self.steps[5].answer = None;
        }
    }

    /// Its batch has ended: it is cancelled, or pending until a retry takes it up.
    pub fn close(&mut self, to: &'static str) {
        self.status = to;
        self.open = false;
        for step in self.steps.iter_mut().filter(|step| !step_has_ended(step.status)) {
            step.status = if to == "cancelled" { "skipped" } else { "pending" };
        }
    }

    pub fn take_up(&mut self, source: Self) {
        self.source = Some(source.id);
        self.current = source.current;
        self.steps = source.steps;
        // What a step has failed with is asked again.
        let first = &mut self.steps[source.current];
        if first.status == "failed" {
            first.answer = None;
        }
        for step in &mut self.steps[source.current..] {
            step.status = "pending";
        }
        self.steps[5].answer = None;
        for part in self.steps[5].parts.iter_mut().flatten() {
            if part.status != "completed" {
                part.status = if part.unknown { "in_progress" } else { "pending" };
            }
        }
    }
}
