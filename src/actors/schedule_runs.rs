//! Runs of schedules: whom a run takes is read just before, all else is decided in the transaction that makes its batch.

use chrono::{DateTime, Utc};
use entity::{Id, batch_schedules};
use sea_orm::DbErr;

use super::control::Engine;
use crate::model::audit::{AuditRecord, DONE};
use crate::model::journal::Origin;
use crate::model::schedule::Timetable;
use crate::ops::breakpoint;
use crate::store::read::ScheduleSelection;
use crate::store::write::{RunOutcome, RunSchedule, ScheduledBatch, Trigger, WriteError};

/// Schedules that are run at a look.
const AT_A_LOOK: u64 = 8;

/// Why a schedule could not be run.
#[derive(Debug, thiserror::Error)]
pub enum RunFailed {
    #[error("the database could not be read: {0}")]
    Read(#[from] DbErr),
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// What a look at the schedules has found.
#[derive(Debug, Default)]
pub(super) struct Looked {
    /// Batches that were made.
    pub made: Vec<Id>,
    /// When the next schedule is due, as far as that is known.
    pub next: Option<DateTime<Utc>>,
}

/// Runs the schedules that are due.
pub(super) async fn run_due(engine: &Engine, now: DateTime<Utc>) -> Result<Looked, RunFailed> {
    let mut looked = Looked::default();
    if engine.is_draining() {
        return Ok(looked);
    }
    for schedule in engine.reader.next_schedules(AT_A_LOOK).await? {
        let (Some(planned), Some(look_at)) = (schedule.next_run_at, schedule.look_at) else {
            continue;
        };
        if look_at > now {
            looked.next = Some(look_at);
            break;
        }
        let actor = format!("schedule:{}", schedule.id);
        let audit = AuditRecord {
            request: Id::now(),
            organisation_id: Some(schedule.organisation_id),
            user_id: None,
            actor: actor.clone(),
            source: "schedule".to_owned(),
            action: "schedule due".to_owned(),
            object: format!("batch schedule {}", schedule.id),
            outcome: DONE.to_owned(),
        };
        let origin = Origin {
            actor,
            audit: Some(Box::new(audit)),
            ..Origin::engine()
        };
        // One that cannot be run stays due and stands in the way of no other.
        let outcome = match run_schedule(engine, &schedule, Trigger::Due(planned), now, origin).await {
            Ok(outcome) => outcome,
            Err(error) => {
                tracing::warn!(%error, schedule = %schedule.id, %planned, "a schedule that is due could not be run; it is tried again");
                continue;
            }
        };
        tracing::info!(schedule = %schedule.id, %planned, ?outcome, "a schedule was due");
        if let RunOutcome::Made { batch_id, .. } = outcome {
            looked.made.push(batch_id);
        }
    }
    // Without a next one there is a full page of due ones, and more may follow.
    Ok(looked)
}

/// Runs a schedule for this reason. A batch that the database refuses counts as a run that failed.
///
/// # Errors
/// Where the database cannot be read or written; then nothing was done.
pub async fn run_schedule(
    engine: &Engine,
    schedule: &batch_schedules::Model,
    trigger: Trigger,
    now: DateTime<Utc>,
    origin: Origin,
) -> Result<RunOutcome, RunFailed> {
    let max = engine.settings().registration.max_restaurants;
    let selection = engine.reader.schedule_selection(schedule, max).await?;
    breakpoint("schedule selected");
    let at = match &trigger {
        Trigger::Due(planned) => *planned,
        Trigger::Asked(_) => now,
    };
    let mut command = RunSchedule {
        schedule_id: schedule.id,
        trigger,
        now,
        batch: selection
            .map(|selection| batch(schedule, selection, at))
            .map_err(|why| why.to_string()),
        origin,
    };
    let outcome = match engine.storage.write(command.clone()).await {
        Err(WriteError::Rejected(why)) if command.batch.is_ok() => {
            tracing::error!(schedule = %schedule.id, error = why, "the batch of a schedule was refused by the database");
            command.batch = Err(format!("the database refused the batch: {why}"));
            engine.storage.write(command).await?
        }
        outcome => outcome?,
    };
    breakpoint("schedule ran");
    Ok(outcome)
}

fn batch(schedule: &batch_schedules::Model, selection: ScheduleSelection, at: DateTime<Utc>) -> ScheduledBatch {
    let ScheduleSelection {
        settings,
        restaurants,
        most,
    } = selection;
    let zone =
        Timetable::read(&schedule.cron, &schedule.time_zone).map_or(chrono_tz::UTC, |timetable| timetable.zone());
    ScheduledBatch {
        id: Id::now(),
        name: settings.batch_name(&schedule.name, at, zone),
        parallel: settings.is_parallel(),
        settings: settings.common_config.into(),
        restaurants,
        most,
    }
}
