//! The journal of one job, for people: how far it has come, and what happened in it.

use chrono::{DateTime, Utc};
use entity::{Id, enrichment_jobs};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, TryGetable, Value};
use serde::Serialize;
use utoipa::ToSchema;

use super::jobs::Page;
use super::reader::Reader;
use super::scope::{Access, Scope};
use crate::model::batch::JobStatus;
use crate::model::counts::StatusCounts;
use crate::model::journal::Operation;
use crate::store::rows::statement;

/// The counters of a job, and the end of its journal that they belong to. Only a scope that may see the job gets one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobProgress {
    job_id: Id,
    organisation_id: Id,
    pub status: JobStatus,
    pub total_practices: i32,
    pub completed_practices: i32,
    pub failed_practices: i32,
    pub counts: StatusCounts,
    /// The last row of the job's journal; 0 if it has none.
    pub head: i64,
    /// Rows of the job's journal were removed.
    pub is_pruned: bool,
}

impl JobProgress {
    #[must_use]
    pub fn job_id(&self) -> Id {
        self.job_id
    }
}

/// A row of the journal.
#[derive(Clone, Debug, Serialize, FromQueryResult, ToSchema)]
pub struct JournalView {
    pub seq: i64,
    /// Absent where the whole job is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub practice_id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row_number: Option<i64>,
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
    pub details: serde_json::Value,
    pub at: DateTime<Utc>,
}

/// Which rows of a job's journal.
#[derive(Clone, Copy, Debug, Default)]
pub struct JournalFilter {
    pub operation: Option<Operation>,
    pub practice: Option<i64>,
    /// Only rows before this one.
    pub before: Option<i64>,
    pub limit: u64,
}

#[derive(FromQueryResult)]
struct ProgressRow {
    organisation_id: Id,
    user_id: Id,
    status: String,
    total_practices: i32,
    completed_practices: i32,
    failed_practices: i32,
    pending_count: i32,
    url_complete_count: i32,
    scraped_count: i32,
    aggregated_count: i32,
    error_count: i32,
    excluded_count: i32,
    is_pruned: bool,
    head: i64,
}

// Told that the job equals something, PostgreSQL may read the journal of all jobs along its primary key until a row of
// this one comes, which takes seconds where the others are busy. Told of a range, it takes the index by job.

/// One statement, so that counters and head belong together.
const PROGRESS: &str = "select j.organisation_id, j.user_id, j.status, j.total_practices, j.completed_practices, \
    j.failed_practices, j.pending_count, j.url_complete_count, j.scraped_count, j.aggregated_count, j.error_count, \
    j.excluded_count, j.pruned_at is not null as is_pruned, coalesce((select l.seq from batch_operation_logs l \
    where l.batch_job_id >= j.id and l.batch_job_id <= j.id order by l.batch_job_id desc, l.seq desc limit 1), 0) \
    as head from enrichment_jobs j where j.id = ? and j.imported_at is not null";

const ROW: &str = "select l.seq, cast(l.item_id as bigint) as practice_id, (select p.row_number from job_practices p \
    where p.id = cast(l.item_id as bigint)) as row_number, l.step, l.attempt, l.operation, l.from_state, l.to_state, \
    l.actor, l.source, l.details, l.created_at as at from batch_operation_logs l where ";

/// The rows of a job after one and up to another; binds the job, the one, the job again, and the other.
fn stretch(backend: DbBackend) -> &'static str {
    match backend {
        DbBackend::Postgres => "(l.batch_job_id, l.seq) > (?, ?) and (l.batch_job_id, l.seq) <= (?, ?)",
        // Of a pair SQLite looks only the first part up.
        _ => "l.batch_job_id = ? and l.seq > ? and l.batch_job_id = ? and l.seq <= ?",
    }
}

/// Rows about the job as a whole have an index of their own.
const OF_JOB: &str = " and l.item_id is null";

impl Reader {
    /// How far the job has come, if the scope may see it.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn job_progress(&self, scope: &Scope, job_id: Id) -> Result<Access<JobProgress>, DbErr> {
        let Some(row) = self
            .select::<ProgressRow>(scope.organisation_id, PROGRESS, vec![job_id.into()])
            .await?
            .pop()
        else {
            return self.unseen(scope, "enrichment_jobs", job_id).await;
        };
        if !scope.sees_job(row.organisation_id, row.user_id) {
            return Ok(Access::Forbidden);
        }
        let status = row.status.parse().map_err(|error| DbErr::Custom(format!("{error}")))?;
        Ok(Access::Granted(JobProgress {
            job_id,
            organisation_id: row.organisation_id,
            status,
            total_practices: row.total_practices,
            completed_practices: row.completed_practices,
            failed_practices: row.failed_practices,
            counts: StatusCounts {
                pending: row.pending_count.into(),
                url_complete: row.url_complete_count.into(),
                scraped: row.scraped_count.into(),
                aggregated: row.aggregated_count.into(),
                error: row.error_count.into(),
                excluded: row.excluded_count.into(),
            },
            head: row.head,
            is_pruned: row.is_pruned,
        }))
    }

    /// The first row that is left of the job's journal.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn journal_begin(&self, job: &JobProgress) -> Result<Option<i64>, DbErr> {
        let sql = "select l.seq from batch_operation_logs l where l.batch_job_id >= ? and l.batch_job_id <= ? \
            order by l.batch_job_id, l.seq limit 1";
        let values = [job.job_id.into(), job.job_id.into()];
        let statement = statement(self.backend(), sql, values);
        let row = self.within(job.organisation_id).query_one_raw(statement).await?;
        row.map(|row| i64::try_get_by(&row, 0).map_err(DbErr::from)).transpose()
    }

    /// Up to `limit` rows of the job's journal after `after` and up to the head of `job`, in order. Without `items`
    /// only those about the job as a whole.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn journal_after(
        &self,
        job: &JobProgress,
        after: i64,
        items: bool,
        limit: u64,
    ) -> Result<Vec<JournalView>, DbErr> {
        let stretch = stretch(self.backend());
        let of_job = if items { "" } else { OF_JOB };
        let sql = format!("{ROW}{stretch}{of_job} order by l.batch_job_id, l.seq limit ?");
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let (id, to) = (job.job_id, job.head);
        let values = vec![id.into(), after.into(), id.into(), to.into(), limit.into()];
        self.select(job.organisation_id, &sql, values).await
    }

    /// A page of the job's journal, newest first.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn journal(
        &self,
        job: &enrichment_jobs::Model,
        filter: JournalFilter,
    ) -> Result<Page<JournalView>, DbErr> {
        let mut sql = format!("{ROW}{}", stretch(self.backend()));
        let last = filter.before.map_or(i64::MAX, |before| before.saturating_sub(1));
        let mut values: Vec<Value> = vec![job.id.into(), 0_i64.into(), job.id.into(), last.into()];
        if let Some(operation) = filter.operation {
            if operation.concerns_batch() {
                sql.push_str(OF_JOB);
            }
            sql.push_str(" and l.operation = ?");
            values.push(operation.as_str().into());
        }
        if let Some(practice) = filter.practice {
            sql.push_str(" and l.item_id = ?");
            values.push(practice.to_string().into());
        }
        sql.push_str(" order by l.batch_job_id desc, l.seq desc limit ?");
        values.push(i64::try_from(filter.limit + 1).unwrap_or(i64::MAX).into());
        let found = self.select(job.organisation_id, &sql, values).await?;
        Ok(Page::cut(found, filter.limit, |row: &JournalView| row.seq.to_string()))
    }
}
