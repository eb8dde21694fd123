//! Registrations that their batch ends: those that have not ended and are in no call. A call that may be on its way ends first, and
//! is recorded.

use entity::Id;
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult};

use super::batch::BatchRow;
use super::transition::{JournalEntry, RegistrationRef, journal_row};
use crate::model::journal::{Operation, Origin};
use crate::model::registration::job::RegistrationStatus;
use crate::model::registration::step::StepNumber;
use crate::store::rows::statement;
use crate::store::write::group::Group;

const CANCELLED: &str = "the batch was cancelled";

#[derive(FromQueryResult)]
struct IdleRow {
    id: Id,
    restaurant_id: Id,
    version: i32,
    status: String,
    current_step: i32,
    epoch: i32,
}

/// Cancels what is idle.
pub(super) async fn cancel_idle(group: &mut Group<'_>, batch: &BatchRow, origin: &Origin) -> Result<(), DbErr> {
    const ENDING: &str = "update registration_jobs set blocked_by = ?, updated_at = ? \
        where batch_job_id = ? and status in ('pending', 'in_progress', 'action_required') and call_open";
    const JOBS: &str = "update registration_jobs set status = 'cancelled', is_open = ?, next_at = null, blocked_by = null, \
        version = version + 1, completed_at = ?, updated_at = ? \
        where batch_job_id = ? and status in ('pending', 'in_progress', 'action_required') and not call_open";
    const STEPS: &str = "update registration_job_steps set status = 'skipped', error_message = ?, due_at = null, \
        remind_at = null, completed_at = ?, updated_at = ? \
        where status in ('pending', 'in_progress', 'action_required') and registration_job_id in \
        (select id from registration_jobs where batch_job_id = ? and status = 'cancelled')";
    const COUNTS: &str = "update registration_batch_jobs set waiting_restaurants = 0, \
        cancelled_restaurants = cancelled_restaurants + ? where id = ?";
    let (now, id) = (group.now, batch.id);
    let ending = "cancelled: the call that is on its way ends first";
    group.execute(ENDING, [ending.into(), now.into(), id.into()]).await?;
    let idle = idle(group, id).await?;
    let cancelled = group
        .execute(JOBS, [false.into(), now.into(), now.into(), id.into()])
        .await?;
    group
        .execute(STEPS, [CANCELLED.into(), now.into(), now.into(), id.into()])
        .await?;
    let cancelled = i32::try_from(cancelled).unwrap_or(i32::MAX);
    group.execute(COUNTS, [cancelled.into(), id.into()]).await?;
    for row in idle {
        let to = RegistrationStatus::Cancelled;
        note(group, batch, &row, Operation::ItemFinished, to, CANCELLED, origin)?;
    }
    Ok(())
}

/// What is idle waits for a retry.
pub(super) async fn set_aside(group: &mut Group<'_>, batch: &BatchRow, origin: &Origin) -> Result<(), DbErr> {
    const JOBS: &str = "update registration_jobs set status = 'pending', is_open = ?, next_at = null, blocked_by = null, \
        version = version + 1, updated_at = ? \
        where batch_job_id = ? and status in ('pending', 'in_progress', 'action_required') and not call_open";
    const STEPS: &str = "update registration_job_steps set status = 'pending', due_at = null, remind_at = null, updated_at = ? \
        where status in ('in_progress', 'action_required') and registration_job_id in \
        (select id from registration_jobs where batch_job_id = ? and status = 'pending')";
    const COUNTS: &str = "update registration_batch_jobs set waiting_restaurants = 0 where id = ?";
    let (now, id) = (group.now, batch.id);
    let idle = idle(group, id).await?;
    group.execute(JOBS, [false.into(), now.into(), id.into()]).await?;
    group.execute(STEPS, [now.into(), id.into()]).await?;
    group.execute(COUNTS, [id.into()]).await?;
    let to = RegistrationStatus::Pending;
    // What has not begun stays as it is.
    for row in idle.iter().filter(|row| row.status != to.as_str()) {
        note(
            group,
            batch,
            row,
            Operation::ItemSetAside,
            to,
            "the batch failed",
            origin,
        )?;
    }
    Ok(())
}

/// In the order of their turns; a batch has at most fifty.
async fn idle(group: &Group<'_>, batch: Id) -> Result<Vec<IdleRow>, DbErr> {
    const SQL: &str = "select j.id, j.restaurant_id, j.version, j.status, j.current_step, b.epoch from registration_jobs j \
        join registration_batch_jobs b on b.id = j.batch_job_id where j.batch_job_id = ? \
        and j.status in ('pending', 'in_progress', 'action_required') and not j.call_open order by j.position";
    let rows = group
        .tx
        .query_all_raw(statement(group.backend, SQL, [batch.into()]))
        .await?;
    rows.iter().map(|row| IdleRow::from_query_result(row, "")).collect()
}

fn note(
    group: &mut Group<'_>,
    batch: &BatchRow,
    row: &IdleRow,
    operation: Operation,
    to: RegistrationStatus,
    why: &str,
    origin: &Origin,
) -> Result<(), DbErr> {
    let unreadable = |error: &dyn std::fmt::Display| DbErr::Custom(error.to_string());
    let from: RegistrationStatus = row.status.parse().map_err(|error| unreadable(&error))?;
    let job = RegistrationRef {
        organisation_id: batch.organisation_id,
        batch_id: batch.id,
        id: row.id,
        restaurant_id: row.restaurant_id,
        version: row.version,
        epoch: row.epoch,
    };
    let entry = JournalEntry {
        operation,
        step: StepNumber::try_from(row.current_step).map_err(|error| unreadable(&error))?,
        attempt: 0,
        from: Some(from.as_str()),
        to: Some(to.as_str()),
        details: serde_json::json!({ "reason": why }),
    };
    journal_row(group, &job, origin, &entry);
    Ok(())
}
