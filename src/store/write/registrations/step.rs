//! What becomes of the steps of a registration.

use chrono::{DateTime, Utc};
use entity::Id;
use sea_orm::{ConnectionTrait, DbErr, TryGetable};
use serde_json::Value;

use super::unknown::{note_unknown, read_progress};
use crate::model::registration::job::RegistrationStatus;
use crate::model::registration::step::{StepNumber, StepStatus};
use crate::store::rows::statement;
use crate::store::write::group::Group;

/// What becomes of one step. What is `None` stays.
#[derive(Clone, Debug)]
pub struct StepWrite {
    pub step: StepNumber,
    pub status: StepStatus,
    pub result: Option<Value>,
    /// `sub_step_progress`.
    pub progress: Option<Value>,
    pub asked: Option<Value>,
    pub remind_at: Option<DateTime<Utc>>,
    pub due_at: Option<DateTime<Utc>>,
    pub error: Option<String>,
    pub error_details: Option<Value>,
    pub retry_count: Option<i32>,
    pub max_retries: Option<i32>,
}

impl StepWrite {
    #[must_use]
    pub fn to(step: StepNumber, status: StepStatus) -> Self {
        Self {
            step,
            status,
            result: None,
            progress: None,
            asked: None,
            remind_at: None,
            due_at: None,
            error: None,
            error_details: None,
            retry_count: None,
            max_retries: None,
        }
    }
}

/// Writes what becomes of a step.
pub(super) async fn write_step(group: &Group<'_>, job: Id, step: &StepWrite) -> Result<(), DbErr> {
    const SQL: &str = "update registration_job_steps set status = ?, result_data = coalesce(?, result_data), \
        sub_step_progress = coalesce(?, sub_step_progress), asked = coalesce(?, asked), \
        answer = case when ? then null else answer end, remind_at = ?, due_at = ?, \
        error_message = ?, error_details = ?, retry_count = coalesce(?, retry_count), \
        max_retries = coalesce(?, max_retries), updated_at = ?, \
        started_at = case when ? then started_at else coalesce(started_at, ?) end, \
        completed_at = case when ? then ? else null end \
        where registration_job_id = ? and step_number = ? and status in (";
    let before: Vec<String> = StepStatus::before(step.status)
        .map(|status| format!("'{status}'"))
        .collect();
    let sql = format!("{SQL}{})", before.join(", "));
    let skipped = matches!(step.status, StepStatus::Skipped | StepStatus::Pending);
    let values = [
        step.status.as_str().into(),
        step.result.clone().into(),
        step.progress.clone().into(),
        step.asked.clone().into(),
        // A question about the execution is a new one each time; the others may have been answered before they were asked.
        (step.step == StepNumber::Execution && step.asked.is_some()).into(),
        step.remind_at.into(),
        step.due_at.into(),
        step.error.clone().into(),
        step.error_details.clone().into(),
        step.retry_count.into(),
        step.max_retries.into(),
        group.now.into(),
        skipped.into(),
        group.now.into(),
        step.status.has_ended().into(),
        group.now.into(),
        job.into(),
        step.step.number().into(),
    ];
    if group.execute(&sql, values).await? == 0 {
        return Err(refused(group, job, step).await?);
    }
    match &step.progress {
        Some(progress) => note_unknown(group, job, &read_progress(progress.clone())?).await,
        None => Ok(()),
    }
}

async fn refused(group: &Group<'_>, job: Id, step: &StepWrite) -> Result<DbErr, DbErr> {
    const SQL: &str = "select status from registration_job_steps where registration_job_id = ? and step_number = ?";
    let select = statement(group.backend, SQL, [job.into(), step.step.number().into()]);
    let row = group.tx.query_one_raw(select).await?;
    let from = row.map(|row| String::try_get_by(&row, 0)).transpose()?;
    let (number, from, to) = (step.step, from.unwrap_or_default(), step.status);
    Ok(DbErr::Custom(format!(
        "step {number} whose status is '{from}' cannot become '{to}'"
    )))
}

/// The steps of a registration whose batch has ended meanwhile: skipped where it is cancelled, open for a retry otherwise.
pub(super) async fn close_steps(group: &Group<'_>, job: Id, to: RegistrationStatus) -> Result<(), DbErr> {
    const SQL: &str = "update registration_job_steps set status = ?, error_message = ?, due_at = null, remind_at = null, \
        updated_at = ?, completed_at = case when ? then ? else null end \
        where registration_job_id = ? and (status in ('in_progress', 'action_required') or (? and status = 'pending'))";
    let cancelled = to == RegistrationStatus::Cancelled;
    let status = if cancelled {
        StepStatus::Skipped
    } else {
        StepStatus::Pending
    };
    let why = cancelled.then_some("the batch was cancelled");
    let values = [
        status.as_str().into(),
        why.into(),
        group.now.into(),
        cancelled.into(),
        group.now.into(),
        job.into(),
        cancelled.into(),
    ];
    group.execute(SQL, values).await?;
    Ok(())
}
