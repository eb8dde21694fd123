//! Writing the journal.

use chrono::{DateTime, Utc};
use entity::Id;
use sea_orm::{ConnectionTrait, DbBackend, DbErr};

use crate::model::journal::{BatchKind, Operation, Origin};
use crate::store::rows::{Rows, json, uuid};
use crate::store::tx::WriteTx;

/// A row of the journal, about an item or a whole batch.
#[derive(Clone, Debug)]
pub(super) struct JournalRow {
    pub seq: i64,
    pub organisation_id: Id,
    pub kind: BatchKind,
    pub job_id: Id,
    /// A practice.
    pub item_id: Option<i64>,
    pub registration_id: Option<Id>,
    pub step: Option<i32>,
    pub attempt: Option<i32>,
    pub origin: Origin,
    pub from_state: Option<&'static str>,
    pub to_state: Option<&'static str>,
    pub operation: Operation,
    /// A JSON object.
    pub details: String,
    pub at: DateTime<Utc>,
}

pub(super) async fn insert(tx: &WriteTx, backend: DbBackend, journal: Vec<JournalRow>) -> Result<(), DbErr> {
    let mut rows = Rows::new(16, journal.len());
    for row in journal {
        rows.push([
            row.seq.into(),
            Id::now().into(),
            row.organisation_id.into(),
            row.kind.as_str().into(),
            row.job_id.into(),
            row.item_id
                .map(|item| item.to_string())
                .or_else(|| row.registration_id.map(|job| job.to_string()))
                .into(),
            row.step.into(),
            row.attempt.into(),
            row.origin.actor.into(),
            row.origin.source.into(),
            row.from_state.map(str::to_owned).into(),
            row.to_state.map(str::to_owned).into(),
            row.operation.as_str().into(),
            row.details.into(),
            row.at.into(),
            row.registration_id.into(),
        ]);
    }
    let details = json(backend, "v.column14");
    let registration = uuid(backend, "v.column16");
    let statements = rows.statements(backend, |list| {
        format!(
            "insert into batch_operation_logs (seq, id, organisation_id, batch_kind, batch_job_id, item_id, step, \
             attempt, actor, source, from_state, to_state, operation, details, created_at, registration_job_id) \
             select v.column1, v.column2, v.column3, v.column4, v.column5, v.column6, v.column7, v.column8, v.column9, \
             v.column10, v.column11, v.column12, v.column13, {details}, v.column15, {registration} from (values {list}) as v"
        )
    });
    for statement in statements {
        tx.execute_raw(statement).await?;
    }
    Ok(())
}
