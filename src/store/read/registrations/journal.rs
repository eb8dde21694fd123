//! The journal of one registration batch, for people.

use chrono::{DateTime, Utc};
use entity::{Id, registration_batch_jobs};
use sea_orm::{DbErr, FromQueryResult};
use serde::Serialize;
use utoipa::ToSchema;

use crate::model::journal::Operation;
use crate::model::registration::batch::BatchStatus;
use crate::store::read::engine::limit;
use crate::store::read::jobs::Page;
use crate::store::read::reader::Reader;
use crate::store::read::scope::{Access, Scope};

/// The counters of a batch, and the end of its journal that they belong to. Only a scope that may see the batch gets one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrationProgress {
    organisation_id: Id,
    pub batch_id: Id,
    pub status: BatchStatus,
    pub total: i32,
    pub completed: i32,
    pub failed: i32,
    pub cancelled: i32,
    pub waiting: i32,
    /// A call of one of its registrations is on its way, or was cut off and is being looked for.
    pub call_open: bool,
    /// The last row of the batch's journal; 0 if it has none.
    pub head: i64,
}

/// A row of the journal of a registration batch.
#[derive(Clone, Debug, Serialize, FromQueryResult, ToSchema)]
pub struct RegistrationLogView {
    pub seq: i64,
    /// Absent where the whole batch is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registration_job_id: Option<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<i32>,
    pub operation: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_state: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to_state: Option<String>,
    pub actor: String,
    pub source: String,
    #[schema(value_type = Object)]
    pub details: serde_json::Value,
    pub at: DateTime<Utc>,
}

/// Which rows.
#[derive(Clone, Copy, Debug, Default)]
pub struct RegistrationLogFilter {
    pub operation: Option<Operation>,
    pub registration: Option<Id>,
    /// Only rows before this one.
    pub before: Option<i64>,
    pub limit: u64,
}

#[derive(FromQueryResult)]
struct ProgressRow {
    organisation_id: Id,
    status: String,
    total_restaurants: i32,
    completed_restaurants: i32,
    failed_restaurants: i32,
    cancelled_restaurants: i32,
    waiting_restaurants: i32,
    call_open: bool,
    head: i64,
}

const ROW: &str = "select l.seq, l.registration_job_id, l.step, l.attempt, l.operation, l.from_state, l.to_state, \
    l.actor, l.source, l.details, l.created_at as at from batch_operation_logs l where l.batch_job_id = ?";

impl Reader {
    /// How far the batch has come, if the scope may see it.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn registration_progress(&self, scope: &Scope, id: Id) -> Result<Access<RegistrationProgress>, DbErr> {
        // A range rather than an equality, so that PostgreSQL takes the index by batch.
        const SQL: &str = "select b.organisation_id, b.status, b.total_restaurants, b.completed_restaurants, \
            b.failed_restaurants, b.cancelled_restaurants, b.waiting_restaurants, \
            exists (select 1 from registration_jobs j where j.batch_job_id = b.id and j.call_open) as call_open, \
            coalesce((select l.seq from batch_operation_logs l where l.batch_job_id >= b.id and l.batch_job_id <= b.id \
            order by l.batch_job_id desc, l.seq desc limit 1), 0) as head from registration_batch_jobs b where b.id = ?";
        let Some(row) = self
            .select::<ProgressRow>(scope.organisation_id, SQL, vec![id.into()])
            .await?
            .pop()
        else {
            return self.unseen(scope, "registration_batch_jobs", id).await;
        };
        if row.organisation_id != scope.organisation_id {
            return Ok(Access::Forbidden);
        }
        Ok(Access::Granted(RegistrationProgress {
            organisation_id: row.organisation_id,
            batch_id: id,
            status: row.status.parse().map_err(|error| DbErr::Custom(format!("{error}")))?,
            total: row.total_restaurants,
            completed: row.completed_restaurants,
            failed: row.failed_restaurants,
            cancelled: row.cancelled_restaurants,
            waiting: row.waiting_restaurants,
            call_open: row.call_open,
            head: row.head,
        }))
    }

    /// Up to `limit` rows of the batch's journal after `after` and up to the head of `batch`, in order. Without `items` only those
    /// about the batch as a whole.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn registration_journal_after(
        &self,
        batch: &RegistrationProgress,
        after: i64,
        items: bool,
        rows: usize,
    ) -> Result<Vec<RegistrationLogView>, DbErr> {
        let of_batch = if items { "" } else { " and l.item_id is null" };
        let sql = format!("{ROW} and l.seq > ? and l.seq <= ?{of_batch} order by l.seq limit ?");
        let values = vec![batch.batch_id.into(), after.into(), batch.head.into(), limit(rows)];
        self.select(batch.organisation_id, &sql, values).await
    }

    /// A page of the batch's journal, newest first.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn registration_journal(
        &self,
        batch: &registration_batch_jobs::Model,
        filter: RegistrationLogFilter,
    ) -> Result<Page<RegistrationLogView>, DbErr> {
        let mut sql = ROW.to_owned();
        let mut values: Vec<sea_orm::Value> = vec![batch.id.into()];
        if let Some(before) = filter.before {
            sql.push_str(" and l.seq < ?");
            values.push(before.into());
        }
        if let Some(operation) = filter.operation {
            sql.push_str(" and l.operation = ?");
            values.push(operation.as_str().into());
        }
        if let Some(registration) = filter.registration {
            sql.push_str(" and l.registration_job_id = ?");
            values.push(registration.into());
        }
        sql.push_str(" order by l.seq desc limit ?");
        values.push(limit(usize::try_from(filter.limit + 1).unwrap_or(usize::MAX)));
        let found = self.select(batch.organisation_id, &sql, values).await?;
        Ok(Page::cut(found, filter.limit, |row: &RegistrationLogView| {
            row.seq.to_string()
        }))
    }
}
