//! Uploads that somebody else works on and keeps a record of here. A run of a job is written by the job's own commands.

use chrono::{DateTime, Utc};
use entity::Id;
use sea_orm::{ConnectionTrait, DbErr, QueryResult};

use super::audit;
use super::group::Group;
use super::idempotency::KeyAnswer;
use crate::model::batch_run::BatchRunStatus;
use crate::model::journal::Origin;
use crate::model::merge_patch::merge;
use crate::store::rows::statement;

/// Makes a run that belongs to no job.
#[derive(Clone, Debug)]
pub struct CreateBatchRun {
    pub id: Id,
    pub organisation_id: Id,
    pub user_id: Id,
    pub filename: String,
    pub status: BatchRunStatus,
    pub started_at: Option<DateTime<Utc>>,
    pub finished_at: Option<DateTime<Utc>>,
    pub meta: serde_json::Value,
    pub created_at: DateTime<Utc>,
    pub answer: Option<KeyAnswer>,
    pub origin: Origin,
}

impl CreateBatchRun {
    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<(), DbErr> {
        const SQL: &str = "insert into batch_runs (id, organisation_id, user_id, filename, status, started_at, \
            finished_at, meta, created_at) values (?,?,?,?,?,?,?,?,?)";
        group
            .execute(
                SQL,
                [
                    self.id.into(),
                    self.organisation_id.into(),
                    self.user_id.into(),
                    self.filename.clone().into(),
                    self.status.as_str().into(),
                    self.started_at.into(),
                    self.finished_at.into(),
                    self.meta.clone().into(),
                    self.created_at.into(),
                ],
            )
            .await?;
        audit::note(group, &self.origin, format!("batch run {}", self.id)).await?;
        match &self.answer {
            Some(answer) => answer.write(group).await,
            None => Ok(()),
        }
    }
}

/// Changes a run, if nobody has changed it since `version`. What is `None` stays.
#[derive(Clone, Debug)]
pub struct ChangeBatchRun {
    pub id: Id,
    /// What the sender believes to change; `None`: whatever is there.
    pub version: Option<i32>,
    pub status: Option<BatchRunStatus>,
    pub started_at: Option<DateTime<Utc>>,
    pub finished_at: Option<DateTime<Utc>>,
    pub result_url: Option<String>,
    pub error_message: Option<String>,
    /// Merged into what is there (RFC 7396).
    pub meta: Option<serde_json::Value>,
    pub origin: Origin,
}

/// The answer to [`ChangeBatchRun`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BatchRunChanged {
    Accepted,
    /// Somebody has changed it meanwhile.
    Stale {
        version: i32,
    },
    /// The run is a job's: all but `meta` follows the job.
    OfJob(Id),
    Illegal {
        from: BatchRunStatus,
        to: BatchRunStatus,
    },
    /// With the change `meta` would be longer than [`META_BYTES`].
    MetaTooLarge,
    NotFound,
}

/// Bytes that `meta` may have as JSON.
pub const META_BYTES: usize = 64 * 1024;

struct Run {
    job_id: Option<Id>,
    version: i32,
    status: BatchRunStatus,
    started_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
    result_url: Option<String>,
    error_message: Option<String>,
    meta: serde_json::Value,
}

impl Run {
    fn read(row: &QueryResult) -> Result<Self, DbErr> {
        let status: String = row.try_get("", "status")?;
        Ok(Self {
            job_id: row.try_get("", "job_id")?,
            version: row.try_get("", "version")?,
            status: status.parse().map_err(|error| DbErr::Custom(format!("{error}")))?,
            started_at: row.try_get("", "started_at")?,
            finished_at: row.try_get("", "finished_at")?,
            result_url: row.try_get("", "result_url")?,
            error_message: row.try_get("", "error_message")?,
            meta: row.try_get("", "meta")?,
        })
    }
}

impl ChangeBatchRun {
    fn changes_more_than_meta(&self) -> bool {
        self.status.is_some()
            || self.started_at.is_some()
            || self.finished_at.is_some()
            || self.result_url.is_some()
            || self.error_message.is_some()
    }

    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<BatchRunChanged, DbErr> {
        const READ: &str = "select job_id, version, status, started_at, finished_at, result_url, error_message, meta \
            from batch_runs where id = ?";
        const WRITE: &str = "update batch_runs set status = ?, started_at = ?, finished_at = ?, result_url = ?, \
            error_message = ?, meta = ?, version = version + 1 where id = ?";
        let found = statement(group.backend, READ, [self.id.into()]);
        let Some(row) = group.tx.query_one_raw(found).await? else {
            return Ok(BatchRunChanged::NotFound);
        };
        let mut run = Run::read(&row)?;
        if self.version.is_some_and(|version| version != run.version) {
            return Ok(BatchRunChanged::Stale { version: run.version });
        }
        if let Some(job_id) = run.job_id.filter(|_| self.changes_more_than_meta()) {
            return Ok(BatchRunChanged::OfJob(job_id));
        }
        if let Some(to) = self.status {
            if !run.status.may_become(to) {
                return Ok(BatchRunChanged::Illegal { from: run.status, to });
            }
            run.enter(to, group.now);
        }
        if let Some(patch) = &self.meta {
            merge(&mut run.meta, patch);
            if run.meta.to_string().len() > META_BYTES {
                return Ok(BatchRunChanged::MetaTooLarge);
            }
        }
        group
            .execute(
                WRITE,
                [
                    run.status.as_str().into(),
                    self.started_at.or(run.started_at).into(),
                    self.finished_at.or(run.finished_at).into(),
                    self.result_url.clone().or(run.result_url).into(),
                    self.error_message.clone().or(run.error_message).into(),
                    run.meta.into(),
                    self.id.into(),
                ],
            )
            .await?;
        audit::note(group, &self.origin, format!("batch run {}", self.id)).await?;
        Ok(BatchRunChanged::Accepted)
    }
}

impl Run {
    /// Times that nobody gave are those of the change.
    fn enter(&mut self, to: BatchRunStatus, now: DateTime<Utc>) {
        self.status = to;
        if to == BatchRunStatus::Processing {
            self.started_at = self.started_at.or(Some(now));
            self.finished_at = None;
            self.error_message = None;
        } else if to.is_terminal() {
            self.finished_at = self.finished_at.or(Some(now));
        }
    }
}
