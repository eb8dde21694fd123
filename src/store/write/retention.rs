//! What is kept for a time only: the rows of finished jobs, and keys of requests.

use chrono::{DateTime, Utc};
use entity::Id;
use sea_orm::{ConnectionTrait, DbErr, TryGetable, Value};

use super::group::Group;
use crate::model::batch::JobStatus;
use crate::store::rows::statement;

/// How many rows one command prunes.
const PRUNED_AT_ONCE: u64 = 1_000;

/// Whether a job has lost rows. They go in their order and intake writes the input of each, so the first one tells.
pub(in crate::store) const PRUNING: &str =
    "select input is null as pruning from job_practices where job_id = ? order by id limit 1";

pub(super) async fn is_pruning(group: &Group<'_>, job_id: Id) -> Result<bool, DbErr> {
    let select = statement(group.backend, PRUNING, [job_id.into()]);
    let row = group.tx.query_one_raw(select).await?;
    row.map_or(Ok(false), |row| row.try_get("", "pruning"))
}

/// Says that the job's archive is complete, if the job is still what was archived.
#[derive(Clone, Debug)]
pub struct MarkArchived {
    pub job_id: Id,
    pub epoch: i32,
    /// A job that was redone meanwhile has another, or none.
    pub finished_at: DateTime<Utc>,
}

/// The answer to [`MarkArchived`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Archived {
    Committed,
    /// Something has happened to the job since it was read: the archive is not of what it is now.
    Conflict,
}

impl MarkArchived {
    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<Archived, DbErr> {
        const SQL: &str = "select status, epoch, finished_at from enrichment_jobs where id = ?";
        let select = statement(group.backend, SQL, [self.job_id.into()]);
        let Some(row) = group.tx.query_one_raw(select).await? else {
            return Ok(Archived::Conflict);
        };
        let status: String = row.try_get("", "status")?;
        let ended = status.parse().is_ok_and(|status: JobStatus| !status.is_open());
        let epoch: i32 = row.try_get("", "epoch")?;
        let finished_at: Option<DateTime<Utc>> = row.try_get("", "finished_at")?;
        if !ended || epoch != self.epoch || finished_at != Some(self.finished_at) {
            return Ok(Archived::Conflict);
        }
        let mark = "update enrichment_jobs set archived_at = ? where id = ?";
        group.execute(mark, [group.now.into(), self.job_id.into()]).await?;
        Ok(Archived::Committed)
    }
}

/// Takes what the archive has from up to 1,000 rows of an archived job: first from its practices, in their order, then its
/// journal as far as everybody has followed it. When nothing is left the job is marked as pruned.
///
/// A practice keeps what lists and counts need: identifier, status, error, keys.
#[derive(Clone, Debug)]
pub struct PruneJob {
    pub job_id: Id,
    /// Practices up to this one are done: the answer to the command before, or 0.
    pub after: i64,
}

/// The answer to [`PruneJob`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pruned {
    /// Practices up to this one are done; there may be more of them, and the journal.
    Practices(i64),
    /// More of the journal is left.
    Journal,
    /// What is left of the journal is still wanted by those who follow it.
    Followed,
    Done,
    /// The job is not archived: it has been redone, or is gone.
    Conflict,
}

impl PruneJob {
    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<Pruned, DbErr> {
        const SQL: &str = "select archived_at is not null as archived, pruned_at is not null as pruned \
            from enrichment_jobs where id = ?";
        const MARK: &str = "update enrichment_jobs set pruned_at = ? where id = ?";
        let select = statement(group.backend, SQL, [self.job_id.into()]);
        let row = group.tx.query_one_raw(select).await?;
        let flag = |name: &str| row.as_ref().map_or(Ok(false), |row| row.try_get("", name));
        if !flag("archived")? {
            return Ok(Pruned::Conflict);
        }
        if flag("pruned")? {
            return Ok(Pruned::Done);
        }
        if let Some(last) = self.prune_practices(group).await? {
            return Ok(Pruned::Practices(last));
        }
        let left = self.prune_journal(group).await?;
        if left == Pruned::Done {
            group.execute(MARK, [group.now.into(), self.job_id.into()]).await?;
        }
        Ok(left)
    }

    /// Tells the last practice that it has looked at, if there was any.
    async fn prune_practices(&self, group: &Group<'_>) -> Result<Option<i64>, DbErr> {
        const LAST: &str = "select max(id) from \
            (select id from job_practices where job_id = ? and id > ? order by id limit 1000) as next";
        // What was pruned before a crash is not written again.
        const SQL: &str = "update job_practices set input = null, url_worker_payload = null, \
            scraper_worker_payload = null, final_payload = null, step_data = null \
            where job_id = ? and id > ? and id <= ? and (input is not null or url_worker_payload is not null \
            or scraper_worker_payload is not null or final_payload is not null or step_data is not null)";
        const RUNS: &str = "delete from step_runs where batch_id = ? and practice_id > ? and practice_id <= ?";
        let (job_id, after) = (self.job_id.into(), self.after.into());
        let row = group
            .tx
            .query_one_raw(statement(group.backend, LAST, [job_id, after]))
            .await?;
        let Some(last) = row.map(|row| Option::<i64>::try_get_by(&row, 0)).transpose()?.flatten() else {
            return Ok(None);
        };
        let values: [Value; 3] = [self.job_id.into(), self.after.into(), last.into()];
        group.execute(SQL, values.clone()).await?;
        group.execute(RUNS, values).await?;
        Ok(Some(last))
    }

    async fn prune_journal(&self, group: &Group<'_>) -> Result<Pruned, DbErr> {
        const SQL: &str = "delete from batch_operation_logs where seq in (select seq from batch_operation_logs \
            where batch_job_id = ? and seq <= (select min(seq) from log_cursors) order by seq limit 1000)";
        const LEFT: &str = "select 1 from batch_operation_logs where batch_job_id = ? limit 1";
        if group.execute(SQL, [self.job_id.into()]).await? >= PRUNED_AT_ONCE {
            return Ok(Pruned::Journal);
        }
        let left = statement(group.backend, LEFT, [self.job_id.into()]);
        let is_left = group.tx.query_one_raw(left).await?.is_some();
        Ok(if is_left { Pruned::Followed } else { Pruned::Done })
    }
}

/// Deletes up to 1,000 keys of requests that were made before a time. Answered with how many it deleted: fewer than 1,000
/// means that none are left.
#[derive(Clone, Debug)]
pub struct ForgetIdempotencyKeys {
    pub before: DateTime<Utc>,
}

impl ForgetIdempotencyKeys {
    /// Whether `forgotten` says that there may be more.
    #[must_use]
    pub fn more_after(forgotten: u64) -> bool {
        forgotten >= PRUNED_AT_ONCE
    }

    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<u64, DbErr> {
        const SQL: &str = "delete from idempotency_keys where (user_id, route, key) in \
            (select user_id, route, key from idempotency_keys where created_at < ? order by created_at limit 1000)";
        group.execute(SQL, [self.before.into()]).await
    }
}
