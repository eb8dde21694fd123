//! What is kept for a time only, as those read it who put it away.

use chrono::{DateTime, Utc};
use entity::{Id, enrichment_jobs};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, Value,
};

use super::engine::{EngineReader, limit};
use crate::model::batch::JobStatus;
use crate::store::rows::statement;
use crate::store::write::PRUNING;

/// A practice as its archive tells of it.
#[derive(Clone, Debug, FromQueryResult)]
pub struct PracticeRecord {
    pub id: i64,
    pub row_number: i64,
    pub practice_identifier: String,
    pub input: Option<serde_json::Value>,
    pub status: String,
    pub error_message: Option<String>,
    /// The row whose outcome this one takes.
    pub duplicate_of: Option<i64>,
    pub domain: Option<String>,
    pub step_number: i32,
    pub life: i32,
    pub attempt: i32,
    pub updated_at: DateTime<Utc>,
    pub url_worker_payload: Option<serde_json::Value>,
    pub step_data: Option<serde_json::Value>,
    pub final_payload: Option<serde_json::Value>,
}

/// A row of the journal as its archive tells of it.
#[derive(Clone, Debug, FromQueryResult)]
pub struct ChangeRecord {
    pub seq: i64,
    pub id: Id,
    pub item_id: Option<String>,
    pub step: Option<i32>,
    pub attempt: Option<i32>,
    pub actor: String,
    pub source: String,
    pub from_state: Option<String>,
    pub to_state: Option<String>,
    pub operation: String,
    pub details: serde_json::Value,
    pub created_at: DateTime<Utc>,
}

impl EngineReader {
    /// The first job after `after`, by id, that finished before a time and has not been pruned.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn next_to_archive(
        &self,
        before: DateTime<Utc>,
        after: Option<Id>,
    ) -> Result<Option<enrichment_jobs::Model>, DbErr> {
        let columns = &enrichment_jobs::COLUMN;
        let mut query = enrichment_jobs::Entity::find()
            .filter(columns.finished_at.lt(before))
            .filter(columns.pruned_at.is_null())
            .filter(
                columns
                    .status
                    .is_in([JobStatus::Completed.as_str(), JobStatus::Error.as_str()]),
            );
        if let Some(after) = after {
            query = query.filter(columns.id.gt(after));
        }
        query
            .order_by_asc(enrichment_jobs::Column::Id)
            .limit(1)
            .one(&self.hq)
            .await
    }

    /// Whether rows of an archived job have begun to go.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn is_pruning(&self, job: Id) -> Result<bool, DbErr> {
        let select = statement(self.hq.get_database_backend(), PRUNING, [job.into()]);
        let row = self.hq.query_one_raw(select).await?;
        row.map_or(Ok(false), |row| row.try_get("", "pruning"))
    }

    /// Practices of a job after the practice `after`, in input order.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn practice_records(&self, job: Id, after: i64, rows: usize) -> Result<Vec<PracticeRecord>, DbErr> {
        let sql = "select p.id, p.row_number, p.practice_identifier, p.input, p.status, p.error_message, \
            l.row_number as duplicate_of, p.domain, p.step_number, p.life, p.attempt, p.updated_at, \
            p.url_worker_payload, p.step_data, p.final_payload \
            from job_practices p left join job_practices l on l.id = p.duplicate_of \
            where p.job_id = ? and p.id > ? order by p.id limit ?";
        self.select(sql, vec![job.into(), after.into(), limit(rows)]).await
    }

    /// The journal of a job after `after`, in order.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn change_records(&self, job: Id, after: i64, rows: usize) -> Result<Vec<ChangeRecord>, DbErr> {
        let sql = "select seq, id, item_id, step, attempt, actor, source, from_state, to_state, operation, details, \
            created_at from batch_operation_logs where batch_job_id = ? and seq > ? order by seq limit ?";
        self.select(sql, vec![job.into(), after.into(), limit(rows)]).await
    }

    /// Whether there are sessions or links whose time is over; a session's also where it was not used since a time.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn has_credentials_over(&self, idle_since: DateTime<Utc>) -> Result<bool, DbErr> {
        let sql = "select 1 from sessions where expires_at <= ? or last_used_at <= ? union all \
            select 1 from one_time_links where expires_at <= ? limit 1";
        let now = Utc::now();
        let values: [Value; 3] = [now.into(), idle_since.into(), now.into()];
        let select = statement(self.hq.get_database_backend(), sql, values);
        Ok(self.hq.query_one_raw(select).await?.is_some())
    }

    /// Whether there are keys of requests that were made before a time.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn has_idempotency_keys(&self, before: DateTime<Utc>) -> Result<bool, DbErr> {
        let sql = "select 1 from idempotency_keys where created_at < ? limit 1";
        let values: [Value; 1] = [before.into()];
        let select = statement(self.hq.get_database_backend(), sql, values);
        Ok(self.hq.query_one_raw(select).await?.is_some())
    }
}
