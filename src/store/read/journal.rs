//! Following the journal.

use chrono::{DateTime, Utc};
use entity::{Id, log_cursors};
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, FromQueryResult};

use crate::store::Hq;
use crate::store::rows::statement;

/// Reads the journal from a cursor.
#[derive(Clone, Debug)]
pub struct JournalReader {
    pub(super) hq: Hq,
}

/// The end of a step run, as the journal tells it.
#[derive(Clone, Debug, FromQueryResult)]
pub struct StepRunRow {
    pub seq: i64,
    pub organisation_id: Id,
    pub batch_job_id: Id,
    pub item_id: Option<String>,
    pub step: Option<i32>,
    pub attempt: Option<i32>,
    pub operation: String,
    pub details: serde_json::Value,
    pub created_at: DateTime<Utc>,
}

impl JournalReader {
    #[must_use]
    pub fn new(readers: Hq) -> Self {
        Self { hq: readers }
    }

    /// Where a follower stands.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn cursor(&self, follower: &str) -> Result<i64, DbErr> {
        Ok(log_cursors::Entity::find_by_id(follower)
            .one(&self.hq)
            .await?
            .map_or(0, |cursor| cursor.seq))
    }

    /// The ends of step runs after `from` (excluded) up to `to` (included), in order.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn step_run_ends(&self, from: i64, to: i64) -> Result<Vec<StepRunRow>, DbErr> {
        let sql = "select seq, organisation_id, batch_job_id, item_id, step, attempt, operation, details, created_at \
            from batch_operation_logs where seq > ? and seq <= ? and batch_kind = 'enrichment' \
            and operation in ('step_completed', 'step_failed', 'step_skipped') order by seq";
        let statement = statement(self.hq.get_database_backend(), sql, [from.into(), to.into()]);
        let rows = self.hq.query_all_raw(statement).await?;
        // Row by row: one that cannot be read must not hold up the logs of the others.
        let read = |row| {
            StepRunRow::from_query_result(row, "").inspect_err(|error| {
                tracing::error!(%error, "a journal row that cannot be read has no log row");
            })
        };
        Ok(rows.iter().filter_map(|row| read(row).ok()).collect())
    }
}
