//! Step runs whose answers come from outside: opened before the call leaves, answered, closed with the step.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use entity::Id;
use sea_orm::{ConnectionTrait, DbErr, QueryResult};

use super::group::Group;
use super::journal::JournalRow;
use super::transitions::{ItemRef, ItemTransition, Transitioned};
use crate::model::batch::JobStatus;
use crate::model::journal::{BatchKind, Operation, Origin};
use crate::store::rows::{in_list, statement};

/// What a transition does to the step run that it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepRunChange {
    /// The practice waits for its answer, which is taken for as long as it does; if it has come already, no longer than
    /// now.
    Awaits(Id),
    /// The step has ended: no answer counts any more.
    Closes(Id),
}

/// Does what transitions say of step runs, for those that took place.
pub(super) async fn follow(
    group: &Group<'_>,
    transitions: &[(usize, &ItemTransition)],
    moved: &HashSet<i64>,
) -> Result<(), DbErr> {
    let (mut awaits, mut closes) = (Vec::new(), Vec::new());
    for (_, transition) in transitions.iter().filter(|(_, each)| moved.contains(&each.item.id)) {
        match transition.step_run {
            Some(StepRunChange::Awaits(run)) => awaits.push(run),
            Some(StepRunChange::Closes(run)) => closes.push(run),
            None => {}
        }
    }
    if !awaits.is_empty() {
        let (list, runs) = in_list(&awaits);
        let until = format!(
            "update step_runs set deadline = p.next_at from job_practices p where p.id = step_runs.practice_id \
             and step_runs.id in ({list})"
        );
        group.execute(&until, runs.iter().cloned()).await?;
        let sql = format!(
            "update job_practices set next_at = ?, blocked_by = null where id in (select practice_id from step_runs \
             where answered_at is not null and id in ({list}))"
        );
        group
            .execute(&sql, std::iter::once(group.now.into()).chain(runs))
            .await?;
    }
    if !closes.is_empty() {
        let (list, runs) = in_list(&closes);
        let sql =
            format!("update step_runs set closed_at = ?, answer = null where closed_at is null and id in ({list})");
        group
            .execute(&sql, std::iter::once(group.now.into()).chain(runs))
            .await?;
    }
    Ok(())
}

/// Says, before a call leaves, that its answer may come, and by which token it will be known.
///
/// A further attempt begins anew: answers to former ones count no more. The same attempt, called again after a crash, has
/// one more token. A deadline runs only from when the call was taken.
#[derive(Clone, Debug)]
pub struct OpenStepRun {
    pub item: ItemRef,
    pub id: Id,
    pub step: i32,
    pub life: i32,
    pub attempt: i32,
    pub workflow_id: Id,
    pub workflow_slug: String,
    pub workflow_version: i32,
    /// SHA-256 of the token that an answer will carry, in hex.
    pub token_digest: Option<String>,
    /// What is known already: it is kept until it can be stored.
    pub answer: Option<String>,
}

impl OpenStepRun {
    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<Transitioned, DbErr> {
        const STANDS: &str = "select 1 from job_practices p join enrichment_jobs j on j.id = p.job_id \
            where p.id = ? and p.version = ? and j.epoch = ?";
        const TOKEN: &str =
            "insert into callback_tokens (digest, step_run_id, workflow_slug, attempt) values (?,?,?,?)";
        let ItemRef {
            organisation_id,
            job_id,
            id: item,
            version,
            epoch,
        } = self.item;
        let stands = statement(group.backend, STANDS, [item.into(), version.into(), epoch.into()]);
        if group.tx.query_one_raw(stands).await?.is_none() {
            return Ok(Transitioned::Conflict);
        }
        const SAME: &str = "step_runs.attempt = excluded.attempt and step_runs.workflow_id = excluded.workflow_id";
        let open = format!(
            "insert into step_runs (id, organisation_id, batch_id, practice_id, step_number, life, attempt, \
            workflow_id, workflow_slug, workflow_version, answer, answered_at, created_at, updated_at) \
            values (?,?,?,?,?,?,?,?,?,?,?,?,?,?) on conflict (id) do update set \
            answer = coalesce(excluded.answer, case when {SAME} then step_runs.answer end), \
            answer_digest = case when {SAME} then step_runs.answer_digest end, \
            answered_at = coalesce(excluded.answered_at, case when {SAME} then step_runs.answered_at end), \
            closed_at = null, attempt = excluded.attempt, workflow_id = excluded.workflow_id, \
            workflow_slug = excluded.workflow_slug, workflow_version = excluded.workflow_version, \
            deadline = null, updated_at = excluded.updated_at"
        );
        let run = [
            self.id.into(),
            organisation_id.into(),
            job_id.into(),
            item.into(),
            self.step.into(),
            self.life.into(),
            self.attempt.into(),
            self.workflow_id.into(),
            self.workflow_slug.clone().into(),
            self.workflow_version.into(),
            self.answer.clone().into(),
            self.answer.as_ref().map(|_| group.now).into(),
            group.now.into(),
            group.now.into(),
        ];
        group.execute(&open, run).await?;
        if let Some(digest) = &self.token_digest {
            let slug = self.workflow_slug.clone();
            let token = [digest.clone().into(), self.id.into(), slug.into(), self.attempt.into()];
            group.execute(TOKEN, token).await?;
        }
        let details = serde_json::json!({
            "workflow": self.workflow_slug, "step_run": self.id,
        });
        let seq = group.journal(|seq, at| JournalRow {
            seq,
            organisation_id,
            job_id,
            item_id: Some(item),
            registration_id: None,
            kind: BatchKind::Enrichment,
            step: Some(self.step),
            attempt: Some(self.attempt),
            origin: Origin::engine(),
            from_state: None,
            to_state: None,
            operation: Operation::StepStarted,
            details: details.to_string(),
            at,
        });
        Ok(Transitioned::Committed { seq })
    }
}

/// An answer from outside. What it is, is looked at when the step goes on.
#[derive(Clone, Debug)]
pub struct StoreAnswer {
    pub workflow_slug: String,
    /// SHA-256 of the token, in hex.
    pub token_digest: String,
    /// As it came.
    pub body: String,
    /// SHA-256 of the body, in hex.
    pub body_digest: String,
    pub origin: Origin,
}

/// What becomes of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnswerStored {
    /// Kept; the step goes on when its job may.
    Accepted { job_id: Id, runs: bool },
    /// The same answer has come before.
    Repeated,
    /// Another answer has come before.
    Different,
    /// It comes too late, for this reason.
    Gone(&'static str),
    /// Nobody waits for it: there is no such token, or it is of another workflow.
    Unknown,
}

/// A step run as its token finds it.
struct Found {
    run: Id,
    organisation_id: Id,
    job_id: Id,
    practice_id: i64,
    step: i32,
    attempt: i32,
    answered: Option<String>,
    gone: Option<&'static str>,
    job_status: JobStatus,
}

impl StoreAnswer {
    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<AnswerStored, DbErr> {
        const KEEP: &str =
            "update step_runs set answer = ?, answer_digest = ?, answered_at = ?, updated_at = ? where id = ?";
        // The practice is due, with a new version: whoever acts on its deadline at this very moment, or on a call that failed
        // although it was taken, meets a conflict, and the answer is found when the practice goes on.
        const WAKE: &str = "update job_practices set next_at = ?, blocked_by = null, version = version + 1, updated_at = ? \
            where id = ? and status in ('pending', 'url_complete', 'scraped')";
        let Some(found) = self.find(group).await? else {
            return Ok(AnswerStored::Unknown);
        };
        if let Some(answered) = &found.answered {
            return Ok(if *answered == self.body_digest {
                AnswerStored::Repeated
            } else {
                AnswerStored::Different
            });
        }
        if let Some(why) = found.gone {
            return Ok(AnswerStored::Gone(why));
        }
        let now = group.now;
        let kept = [
            self.body.clone().into(),
            self.body_digest.clone().into(),
            now.into(),
            now.into(),
            found.run.into(),
        ];
        group.execute(KEEP, kept).await?;
        group
            .execute(WAKE, [now.into(), now.into(), found.practice_id.into()])
            .await?;
        let details = serde_json::json!({ "workflow": self.workflow_slug, "step_run": found.run });
        group.journal(|seq, at| JournalRow {
            seq,
            organisation_id: found.organisation_id,
            job_id: found.job_id,
            item_id: Some(found.practice_id),
            registration_id: None,
            kind: BatchKind::Enrichment,
            step: Some(found.step),
            attempt: Some(found.attempt),
            origin: self.origin.clone(),
            from_state: None,
            to_state: None,
            operation: Operation::Answered,
            details: details.to_string(),
            at,
        });
        Ok(AnswerStored::Accepted {
            job_id: found.job_id,
            runs: found.job_status == JobStatus::Running,
        })
    }

    async fn find(&self, group: &Group<'_>) -> Result<Option<Found>, DbErr> {
        const SQL: &str = "select r.id, r.organisation_id, r.batch_id, r.practice_id, r.step_number, r.attempt, \
            r.answer_digest, r.closed_at is not null as closed, r.deadline, t.attempt as token_attempt, \
            p.life = r.life and t.workflow_slug = r.workflow_slug as current, \
            p.step_number >= r.step_number or p.status in ('aggregated', 'error', 'excluded') as ended, j.status from callback_tokens t join step_runs r on r.id = t.step_run_id \
            join job_practices p on p.id = r.practice_id join enrichment_jobs j on j.id = r.batch_id \
            where t.digest = ? and t.workflow_slug = ?";
        let values = [self.token_digest.clone().into(), self.workflow_slug.clone().into()];
        let row = group.tx.query_one_raw(statement(group.backend, SQL, values)).await?;
        row.map(|row| found(&row, group.now)).transpose()
    }
}

fn found(row: &QueryResult, now: DateTime<Utc>) -> Result<Found, DbErr> {
    let status: String = row.try_get("", "status")?;
    let job_status: JobStatus = status.parse().map_err(|error| DbErr::Custom(format!("{error}")))?;
    let attempt: i32 = row.try_get("", "attempt")?;
    let of_attempt: i32 = row.try_get("", "token_attempt")?;
    let deadline: Option<DateTime<Utc>> = row.try_get("", "deadline")?;
    let current: bool = row.try_get("", "current")?;
    let closed = row.try_get("", "closed")? || row.try_get("", "ended")?;
    let gone = if job_status == JobStatus::Error {
        Some("the job was killed")
    } else if !current || of_attempt != attempt {
        Some("the step has been asked for again since")
    } else if closed {
        Some("the step has ended")
    } else if deadline.is_some_and(|deadline| deadline < now) {
        Some("the deadline has passed")
    } else {
        None
    };
    // An answer to a former attempt was not kept, so nothing can be compared with it.
    let answered: Option<String> = if of_attempt == attempt && current {
        row.try_get("", "answer_digest")?
    } else {
        None
    };
    Ok(Found {
        run: row.try_get("", "id")?,
        organisation_id: row.try_get("", "organisation_id")?,
        job_id: row.try_get("", "batch_id")?,
        practice_id: row.try_get("", "practice_id")?,
        step: row.try_get("", "step_number")?,
        attempt,
        answered,
        gone,
        job_status,
    })
}
