//! What is written after a step, as a transition.

use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, Utc};
use sea_orm::DbErr;
use serde_json::{Map, Value, json};

use super::work::Work;
use super::{ItemEnd, JobContext};
use crate::model::journal::{Operation, StepRunEnd};
use crate::model::practice::PracticeStatus;
use crate::model::step::{ItemFlow, StepFailure, Turn};
use crate::model::workflow::Workflow;
use crate::steps::StepData;
use crate::store::destinations::DestinationRow;
use crate::store::read::RunnableItem;
use crate::store::write::{ItemRef, ItemTransition, Payload, PayloadColumn, StepRunChange, Transitioned, WriteError};

/// What is written after a step.
pub(super) struct Written {
    pub to: PracticeStatus,
    pub step_number: i32,
    /// Failed attempts at the step that comes next.
    pub attempt: i32,
    /// The attempt that the journal names.
    pub tried: i32,
    pub next_at: Option<DateTime<Utc>>,
    pub blocked_by: Option<String>,
    pub failure: Option<StepFailure>,
    /// Why the step was skipped or put off.
    pub reason: Option<String>,
    pub flow: ItemFlow,
    pub data: Option<StepData>,
    /// All that the practice comes to, where the step was the last one and not all of it is in its data.
    pub whole: Option<Arc<str>>,
    /// The row of HQ's database that the step's data goes to.
    pub row: Option<DestinationRow>,
    /// What becomes of the step run whose answer came from outside.
    pub step_run: Option<StepRunChange>,
    pub operation: Operation,
}

impl Written {
    /// What is written of a step that is done.
    pub fn completed(step_number: i32, to: PracticeStatus, flow: ItemFlow, data: Option<StepData>) -> Self {
        Self {
            to,
            step_number,
            attempt: 0,
            tried: 0,
            next_at: None,
            blocked_by: None,
            failure: None,
            reason: None,
            flow,
            data,
            whole: None,
            row: None,
            step_run: None,
            operation: Operation::StepCompleted,
        }
    }

    /// Why an item does not move before a time.
    pub fn until(what: &str, at: DateTime<Utc>) -> String {
        format!("{what} until {}", at.to_rfc3339_opts(SecondsFormat::Secs, true))
    }
}

impl Work {
    pub(super) fn item_ref(&self) -> ItemRef {
        item_ref(&self.job, &self.item, self.version)
    }

    pub(super) async fn write(&self, turn: Turn<'_>, written: &Written) -> Result<Transitioned, WriteError> {
        let end = StepRunEnd {
            warnings: written
                .data
                .as_ref()
                .map(|data| data.warnings.clone())
                .unwrap_or_default(),
            cost: written.data.as_ref().and_then(|data| data.cost),
            reason: written.reason.clone(),
            ..run_end(&self.job, &self.item, turn.workflow, written.failure.as_ref())
        };
        let transition = ItemTransition {
            item: self.item_ref(),
            from: self.status,
            to: written.to,
            step_number: written.step_number,
            attempt: written.attempt,
            next_at: written.next_at,
            blocked_by: written.blocked_by.clone(),
            error: written.failure.as_ref().map(|failure| failure.error.clone()),
            payload: self.payload(turn.workflow, written),
            flow: (written.flow != self.flow).then(|| json!(written.flow).to_string()),
            row: written.row.clone(),
            step_run: written.step_run,
            operation: written.operation,
            step: turn.step.number,
            tried: written.tried,
            details: serde_json::to_string(&end).map_err(|error| WriteError::Rejected(error.to_string()))?,
        };
        let _writing = self.progress.writing();
        self.job.engine.storage.write(transition).await
    }

    /// The payload as its column holds it: what steps without a column of their own gave stands under their slugs.
    fn payload(&self, workflow: &Workflow, written: &Written) -> Option<Payload> {
        if let Some(json) = written.whole.clone() {
            let column = PayloadColumn::Final;
            return Some(Payload { column, json });
        }
        let data = written.data.as_ref()?;
        let json = match data.column {
            PayloadColumn::StepData => {
                let mut steps = self.given.steps.clone();
                steps.insert(workflow.slug.clone(), data.value());
                Arc::from(Value::Object(steps).to_string())
            }
            _ => Arc::clone(&data.json),
        };
        let column = data.column;
        Some(Payload { column, json })
    }

    /// What the practice comes to at the end of its play: the aggregator's payload, and under their slugs what steps gave
    /// that have no column of their own. `None` where the last step's data is all there is.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub(super) async fn whole(&self, workflow: &Workflow, data: Option<&StepData>) -> Result<Option<Arc<str>>, DbErr> {
        let own = data.filter(|data| data.column == PayloadColumn::StepData);
        if self.given.steps.is_empty() && own.is_none() {
            return Ok(None);
        }
        let base = match data.filter(|data| data.column == PayloadColumn::Final) {
            Some(data) => Some(data.value()),
            None => self.job.engine.reader.final_payload(self.item.id).await?,
        };
        let mut whole = match base {
            Some(Value::Object(base)) => base,
            _ => Map::new(),
        };
        whole.extend(self.given.steps.clone());
        if let Some(data) = own {
            whole.insert(workflow.slug.clone(), data.value());
        }
        Ok(Some(Arc::from(Value::Object(whole).to_string())))
    }

    /// Ends the practice in error for a reason that is no step's.
    pub(super) async fn give_up(self, why: String) -> Result<ItemEnd, WriteError> {
        let status = self.status;
        match give_up(&self.job, &self.item, status, self.version, why).await? {
            Transitioned::Committed { .. } => Ok(ItemEnd::Finished(PracticeStatus::Error)),
            Transitioned::Conflict => Ok(ItemEnd::Superseded),
        }
    }
}

/// Writes a practice off, for a reason that is no step's.
///
/// # Errors
/// As [`Storage::write`](crate::actors::Storage::write).
pub async fn give_up(
    job: &JobContext,
    item: &RunnableItem,
    status: PracticeStatus,
    version: i32,
    why: String,
) -> Result<Transitioned, WriteError> {
    // As the failure of the step that would have come next, so that it is logged like any other.
    let step = job.play.after(item.step_number);
    let (operation, step, details) = match step.and_then(|step| Some((step, step.alternatives.first()?))) {
        Some((step, workflow)) => {
            let end = run_end(job, item, workflow, Some(&StepFailure::permanent(why.clone())));
            (Operation::StepFailed, step.number, serde_json::to_string(&end))
        }
        None => {
            let details = serde_json::to_string(&json!({ "error": why }));
            (Operation::ItemFinished, item.step_number, details)
        }
    };
    let transition = ItemTransition {
        item: item_ref(job, item, version),
        from: status,
        to: PracticeStatus::Error,
        step_number: item.step_number,
        attempt: item.attempt,
        next_at: None,
        blocked_by: None,
        error: Some(why),
        payload: None,
        flow: None,
        row: None,
        step_run: None,
        operation,
        step,
        tried: item.attempt,
        details: details.map_err(|error| WriteError::Rejected(error.to_string()))?,
    };
    job.engine.storage.write(transition).await
}

fn item_ref(job: &JobContext, item: &RunnableItem, version: i32) -> ItemRef {
    ItemRef {
        organisation_id: job.organisation_id,
        job_id: job.job_id,
        id: item.id,
        version,
        epoch: job.epoch,
    }
}

/// What the end of a step run leaves in the journal.
fn run_end(job: &JobContext, item: &RunnableItem, workflow: &Workflow, failure: Option<&StepFailure>) -> StepRunEnd {
    StepRunEnd {
        workflow_id: workflow.id,
        workflow_slug: workflow.slug.clone(),
        play: job.play.name.clone(),
        life: item.life,
        domain: item.domain.clone(),
        company_id: item.company_id,
        result_table: workflow
            .destination
            .as_ref()
            .map(|destination| destination.table.clone()),
        error: failure.map(|failure| failure.error.clone()),
        chain: failure.and_then(|failure| failure.chain.clone()),
        step_run: None,
        warnings: Vec::new(),
        cost: None,
        reason: None,
        input: failure.map(|_| item.practice_identifier.clone()),
    }
}
