//! Results that an outside function posts itself: a row in the table that the workflow names, and the journal's note of it.

use entity::Id;
use sea_orm::DbErr;

use super::group::Group;
use super::idempotency::KeyAnswer;
use super::journal::JournalRow;
use crate::model::journal::{BatchKind, Operation, Origin, StepRunEnd};
use crate::store::destinations::{DestinationRow, insert_rows};

/// Records one result. Answered with its place in the journal.
#[derive(Clone, Debug)]
pub struct RecordResult {
    pub organisation_id: Id,
    /// What stands for the batch that there is none of.
    pub batch_id: Id,
    pub step: i32,
    /// What the log row is written from; with an error where the result was refused.
    pub end: StepRunEnd,
    /// The row, where it goes into HQ's own database.
    pub row: Option<DestinationRow>,
    pub origin: Origin,
    /// Where this ends a request that carried a key.
    pub answer: Option<KeyAnswer>,
}

impl RecordResult {
    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<i64, DbErr> {
        if let Some(row) = &self.row {
            insert_rows(group.tx, group.backend, &[row]).await?;
        }
        let details = serde_json::to_string(&self.end).map_err(|error| DbErr::Custom(error.to_string()))?;
        let operation = if self.end.error.is_some() {
            Operation::StepFailed
        } else {
            Operation::StepCompleted
        };
        let seq = group.journal(|seq, at| JournalRow {
            seq,
            organisation_id: self.organisation_id,
            job_id: self.batch_id,
            // Of no batch: its own place in the journal tells it from all others.
            item_id: Some(seq),
            registration_id: None,
            kind: BatchKind::Enrichment,
            step: Some(self.step),
            attempt: Some(1),
            origin: self.origin.clone(),
            from_state: None,
            to_state: None,
            operation,
            details,
            at,
        });
        if let Some(answer) = &self.answer {
            answer.write(group).await?;
        }
        Ok(seq)
    }
}
