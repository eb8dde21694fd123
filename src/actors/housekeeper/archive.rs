//! Finished jobs move from the database to files, `retention.days` after they finished.
//!
//! Files first, whole and on the disk; then the mark, which a redo in between makes a conflict; then the rows go, a
//! thousand at a time. A job whose rows have begun to go is only pruned further; any other is archived from the
//! beginning. So it does not matter where the work broke off.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use chrono::Utc;
use entity::{Id, enrichment_jobs};
use sea_orm::DbErr;
use serde::Serialize;
use serde_json::Value;

use super::desk::{Desk, Fault};
use crate::actors::archive_files::{Draft, Sealed};
use crate::exchange::archive::{ArchivedChange, ArchivedPractice, Head, Part};
use crate::model::retention::archived_before;
use crate::store::read::{ChangeRecord, JobView, PracticeRecord};
use crate::store::write::{Archived, MarkArchived, PruneJob, Pruned};

/// Rows that are read and written at a time.
const PAGE: usize = 200;

pub(super) async fn archive(desk: &Desk) -> Result<(), Fault> {
    let files = desk.files.clone();
    desk.on_disk(move || files.forget_drafts()).await?;
    let mut outcome = Ok(());
    let mut last = None;
    while desk.goes_on() {
        let days = desk.engine.settings().retention.days;
        let Some(before) = archived_before(Utc::now(), days) else {
            break;
        };
        let Some(job) = desk.engine.reader.next_to_archive(before, last).await? else {
            break;
        };
        last = Some(job.id);
        match put_away(desk, &job).await {
            Ok(()) => {}
            Err(fault) if fault.is_general() => return Err(fault),
            // What is wrong with one job is no reason to leave the others.
            Err(fault) => {
                tracing::warn!(job = %job.id, %fault, "a job could not be archived");
                outcome = Err(fault);
            }
        }
    }
    outcome
}

/// How far a job has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Put {
    Away,
    /// Something came in between. A later look finds the job as it is then.
    NotYet,
}

async fn put_away(desk: &Desk, job: &enrichment_jobs::Model) -> Result<(), Fault> {
    let pruning = job.archived_at.is_some() && desk.engine.reader.is_pruning(job.id).await?;
    if !pruning && write_archive(desk, job).await? == Put::NotYet {
        return Ok(());
    }
    if prune(desk, job.id).await? == Put::Away {
        tracing::info!(job = %job.id, practices = job.total_practices, "archived");
        metrics::counter!("batchdesk_jobs_archived_total").increment(1);
    }
    Ok(())
}

/// Makes the files of a job and marks it.
async fn write_archive(desk: &Desk, job: &enrichment_jobs::Model) -> Result<Put, Fault> {
    let Some(finished_at) = job.finished_at else {
        return Ok(Put::NotYet);
    };
    let Some(practices) = write_part(desk, job, Part::Practices).await? else {
        return Ok(Put::NotYet);
    };
    let Some(journal) = write_part(desk, job, Part::Journal).await? else {
        return Ok(Put::NotYet);
    };
    let (files, organisation_id, id) = (desk.files.clone(), job.organisation_id, job.id);
    desk.on_disk(move || {
        files.keep(journal, organisation_id, id, Part::Journal)?;
        files.keep(practices, organisation_id, id, Part::Practices)
    })
    .await?;
    let mark = MarkArchived {
        job_id: job.id,
        epoch: job.epoch,
        finished_at,
    };
    if desk.write(mark).await? == Archived::Committed {
        return Ok(Put::Away);
    }
    // Redone meanwhile: what the files tell is no longer so, and nobody has been sent to them.
    let files = desk.files.clone();
    desk.on_disk(move || files.remove(organisation_id, id)).await?;
    Ok(Put::NotYet)
}

/// Writes one file of a job to its end; `None` if the daemon goes down meanwhile.
async fn write_part(desk: &Desk, job: &enrichment_jobs::Model, part: Part) -> Result<Option<Sealed>, Fault> {
    let head = Head::new(part, job.id.0, described(job)?);
    let files = desk.files.clone();
    let mut draft = desk.on_disk(move || files.draft(&head)).await?;
    let mut after = 0;
    loop {
        if !desk.goes_on() {
            return Ok(None);
        }
        let reader = &desk.engine.reader;
        let (last, written) = match part {
            Part::Practices => {
                let rows = reader.practice_records(job.id, after, PAGE).await?;
                let last = rows.last().map(|row| row.id);
                (last, append(desk, draft, rows, archived_practice).await?)
            }
            Part::Journal => {
                let rows = reader.change_records(job.id, after, PAGE).await?;
                let last = rows.last().map(|row| row.seq);
                (last, append(desk, draft, rows, archived_change).await?)
            }
        };
        draft = written;
        match last {
            Some(last) => after = last,
            None => break,
        }
    }
    let (found, expected) = (draft.lines.lines(), u64::try_from(job.total_practices).unwrap_or(0));
    if part == Part::Practices && found != expected {
        return Err(Fault::Incomplete { found, expected });
    }
    let (id, draining) = (job.id, Arc::clone(&desk.engine.draining));
    desk.on_disk(move || draft.seal(part, id, || !draining.load(Ordering::Acquire)))
        .await
}

/// Appends rows, away from the actors' thread: they are compressed there as well.
async fn append<R, L>(desk: &Desk, mut draft: Draft, rows: Vec<R>, line: fn(R) -> L) -> Result<Draft, Fault>
where
    R: Send + 'static,
    L: Serialize + 'static,
{
    desk.on_disk(move || {
        for row in rows {
            draft.lines.line(&line(row))?;
        }
        Ok(draft)
    })
    .await
}

/// The job as the API shows it, with what an export or a person needs besides.
fn described(job: &enrichment_jobs::Model) -> Result<Value, Fault> {
    let shown = serde_json::to_value(JobView::from(job.clone()));
    let mut described = shown.map_err(|error| Fault::Read(DbErr::Json(error.to_string())))?;
    described["organisation_id"] = job.organisation_id.to_string().into();
    described["user_id"] = job.user_id.to_string().into();
    described["columns"] = job.headers.clone();
    described["settings"] = job.settings.clone();
    Ok(described)
}

/// Takes from the database what the files have.
async fn prune(desk: &Desk, job_id: Id) -> Result<Put, Fault> {
    let mut after = 0;
    while desk.goes_on() {
        match desk.write(PruneJob { job_id, after }).await? {
            Pruned::Practices(last) => after = last,
            Pruned::Journal => {}
            Pruned::Done => return Ok(Put::Away),
            Pruned::Followed | Pruned::Conflict => break,
        }
    }
    Ok(Put::NotYet)
}

fn archived_practice(row: PracticeRecord) -> ArchivedPractice {
    ArchivedPractice {
        row_number: row.row_number,
        practice_id: row.id,
        identifier: row.practice_identifier,
        input: row.input,
        status: row.status,
        error: row.error_message,
        duplicate_of: row.duplicate_of,
        domain: row.domain,
        step_number: row.step_number,
        life: row.life,
        attempt: row.attempt,
        updated_at: row.updated_at,
        url_worker_payload: row.url_worker_payload,
        step_data: row.step_data,
        final_payload: row.final_payload,
    }
}

fn archived_change(row: ChangeRecord) -> ArchivedChange {
    ArchivedChange {
        seq: row.seq,
        id: row.id.0,
        at: row.created_at,
        operation: row.operation,
        item_id: row.item_id,
        step: row.step,
        attempt: row.attempt,
        from_state: row.from_state,
        to_state: row.to_state,
        actor: row.actor,
        source: row.source,
        details: row.details,
    }
}
