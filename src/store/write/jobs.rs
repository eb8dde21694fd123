//! Changes to a whole job.

use entity::Id;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Value};

use super::group::Group;
use super::journal::JournalRow;
use super::retention::is_pruning;
use crate::model::batch::{JobEvent, JobStatus, Refusal};
use crate::model::journal::{BatchKind, Operation, Origin};
use crate::model::practice::PracticeStatus;
use crate::store::failed::Failed;
use crate::store::rows::statement;

/// Something happens to a job as a whole: start, pause, resume, kill, fail, complete.
#[derive(Clone, Debug)]
pub struct ChangeJob {
    pub job_id: Id,
    pub event: JobEvent,
    pub origin: Origin,
    /// Why, where somebody should know later (kill, fail, a pause by the daemon itself).
    pub reason: Option<String>,
}

/// The answer to a command that may make no sense in the job's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    Accepted(JobStatus),
    /// The target held before.
    Already(JobStatus),
    Illegal {
        from: JobStatus,
        event: JobEvent,
    },
    /// `Complete` while practices are unfinished.
    Unfinished,
    NotFound,
}

struct JobRow {
    organisation_id: Id,
    status: JobStatus,
    finished: bool,
    errors: i32,
    archived: bool,
}

async fn load(group: &Group<'_>, job_id: Id) -> Result<Option<JobRow>, DbErr> {
    const SQL: &str = "select organisation_id, status, completed_practices = total_practices as finished, error_count, \
        archived_at is not null as archived from enrichment_jobs where id = ? and imported_at is not null";
    let Some(row) = group
        .tx
        .query_one_raw(statement(group.backend, SQL, [job_id.into()]))
        .await?
    else {
        return Ok(None);
    };
    let status: String = row.try_get("", "status")?;
    Ok(Some(JobRow {
        organisation_id: row.try_get("", "organisation_id")?,
        status: status.parse().map_err(|error| DbErr::Custom(format!("{error}")))?,
        finished: row.try_get("", "finished")?,
        errors: row.try_get("", "error_count")?,
        archived: row.try_get("", "archived")?,
    }))
}

fn operation(event: JobEvent) -> Operation {
    match event {
        JobEvent::Start => Operation::BatchStarted,
        JobEvent::Pause => Operation::BatchPaused,
        JobEvent::Resume => Operation::BatchResumed,
        JobEvent::Complete => Operation::BatchCompleted,
        JobEvent::Kill => Operation::BatchKilled,
        JobEvent::Fail => Operation::BatchFailed,
        JobEvent::Redo => Operation::BatchRedone,
    }
}

/// Writes the new state of a job and of its batch run, and the journal row.
async fn enter(
    group: &mut Group<'_>,
    job_id: Id,
    row: &JobRow,
    to: JobStatus,
    event: JobEvent,
    origin: &Origin,
    details: serde_json::Value,
    reason: Option<&str>,
) -> Result<(), DbErr> {
    const SQL: &str = "update enrichment_jobs set status = ?, error_message = ?, epoch = epoch + ?, \
        started_at = case when ? then coalesce(started_at, ?) else started_at end, finished_at = ?, updated_at = ? \
        where id = ?";
    const RUN: &str = "update batch_runs set status = ?, error_message = ?, version = version + 1, \
        started_at = case when ? then coalesce(started_at, ?) else started_at end, finished_at = ? where job_id = ?";
    let finished_at = (!to.is_open()).then_some(group.now);
    // Only what must fence running steps raises the epoch; a pause lets them end and count.
    let fences = i32::from(to == JobStatus::Error);
    let starts = to == JobStatus::Running;
    let message: Value = reason.map(str::to_owned).into();
    group
        .execute(
            SQL,
            [
                to.as_str().into(),
                message.clone(),
                fences.into(),
                starts.into(),
                group.now.into(),
                finished_at.into(),
                group.now.into(),
                job_id.into(),
            ],
        )
        .await?;
    let run = [
        to.as_batch_run().into(),
        message,
        starts.into(),
        group.now.into(),
        finished_at.into(),
        job_id.into(),
    ];
    group.execute(RUN, run).await?;
    let (organisation_id, from) = (row.organisation_id, row.status);
    group.journal(|seq, at| JournalRow {
        seq,
        organisation_id,
        job_id,
        item_id: None,
        registration_id: None,
        kind: BatchKind::Enrichment,
        step: None,
        attempt: None,
        origin: origin.clone(),
        from_state: Some(from.as_str()),
        to_state: Some(to.as_str()),
        operation: operation(event),
        details: details.to_string(),
        at,
    });
    Ok(())
}

impl ChangeJob {
    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<Changed, DbErr> {
        let Some(row) = load(group, self.job_id).await? else {
            return Ok(Changed::NotFound);
        };
        let to = match row.status.next(self.event) {
            Ok(to) => to,
            Err(Refusal::Already) => return Ok(Changed::Already(row.status)),
            Err(Refusal::Illegal { from, event }) => return Ok(Changed::Illegal { from, event }),
        };
        if self.event == JobEvent::Complete && !row.finished {
            return Ok(Changed::Unfinished);
        }
        let details = match &self.reason {
            Some(reason) => serde_json::json!({ "reason": reason }),
            None => serde_json::json!({}),
        };
        enter(
            group,
            self.job_id,
            &row,
            to,
            self.event,
            &self.origin,
            details,
            self.reason.as_deref(),
        )
        .await?;
        Ok(Changed::Accepted(to))
    }
}

/// Practices in error begin a new life at the step that failed; the unfinished ones of a killed job go on.
#[derive(Clone, Debug)]
pub struct RedoJob {
    pub job_id: Id,
    pub failed: Failed,
    pub origin: Origin,
}

/// The answer to [`RedoJob`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redone {
    /// How many practices begin a new life.
    Accepted {
        reset: u64,
    },
    Illegal {
        from: JobStatus,
    },
    /// The rows have begun to move to the archive for good.
    Archived,
    NotFound,
}

impl RedoJob {
    async fn reset(&self, group: &Group<'_>) -> Result<u64, DbErr> {
        let (condition, values) = self.failed.condition(self.job_id);
        // The step begins with the first of its workflows again; what was passed before it stays passed.
        let flow = match group.backend {
            DbBackend::Postgres => "flow - 'alternative' - 'kept'",
            _ => "json_remove(flow, '$.alternative', '$.kept')",
        };
        let sql = format!(
            "update job_practices set status = 'pending', life = life + 1, attempt = 0, crashes = 0, flow = {flow}, \
             error_message = null, next_at = null, blocked_by = null, version = version + 1, updated_at = ? \
             where {condition}"
        );
        group
            .execute(&sql, std::iter::once(group.now.into()).chain(values))
            .await
    }

    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<Redone, DbErr> {
        // The next archive of the job takes the place of this one's file.
        const UNARCHIVE: &str = "update enrichment_jobs set archived_at = null where id = ?";
        let Some(row) = load(group, self.job_id).await? else {
            return Ok(Redone::NotFound);
        };
        let Ok(to) = row.status.next(JobEvent::Redo) else {
            return Ok(Redone::Illegal { from: row.status });
        };
        if row.archived && is_pruning(group, self.job_id).await? {
            return Ok(Redone::Archived);
        }
        if row.errors == 0 && row.finished && row.status != JobStatus::Error {
            return Ok(Redone::Accepted { reset: 0 });
        }
        let reset = self.reset(group).await?;
        if reset == 0 && self.failed != Failed::All {
            return Ok(Redone::Accepted { reset });
        }
        if row.archived {
            group.execute(UNARCHIVE, [self.job_id.into()]).await?;
        }
        group.count(self.job_id, |counts| {
            let reset = i64::try_from(reset).unwrap_or(i64::MAX);
            counts.add(PracticeStatus::Error, -reset);
            counts.add(PracticeStatus::Pending, reset);
        });
        let details = serde_json::json!({ "reset": reset });
        enter(
            group,
            self.job_id,
            &row,
            to,
            JobEvent::Redo,
            &self.origin,
            details,
            None,
        )
        .await?;
        Ok(Redone::Accepted { reset })
    }
}

/// Notes which practices of a job may be running from now on, so that an unclean end can be counted against them.
#[derive(Clone, Debug)]
pub struct MarkInFlight {
    pub job_id: Id,
    pub items: Vec<i64>,
}

impl MarkInFlight {
    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<(), DbErr> {
        let items = serde_json::Value::from(self.items.clone());
        group
            .execute(
                "update enrichment_jobs set in_flight = ? where id = ?",
                [items.into(), self.job_id.into()],
            )
            .await?;
        Ok(())
    }
}
