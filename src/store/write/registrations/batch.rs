//! A batch as its commands see it: its row, its counts, and how it ends with its last job.

use entity::Id;
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult};

use super::idle::set_aside;
use crate::model::journal::{BatchKind, Operation, Origin};
use crate::model::registration::batch::{BatchEvent, BatchStatus, ending, too_many_failed};
use crate::model::registration::job::RegistrationStatus;
use crate::settings::OnThreshold;
use crate::store::rows::statement;
use crate::store::write::group::Group;
use crate::store::write::journal::JournalRow;

/// How many registrations of a batch may fail while others remain, and what happens then.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Threshold {
    /// A share of all.
    pub share: f64,
    pub on: OnThreshold,
}

/// The row of a batch.
#[derive(Clone, Debug, FromQueryResult)]
pub(super) struct BatchRow {
    pub id: Id,
    pub organisation_id: Id,
    pub name: String,
    status: String,
    pub total_restaurants: i32,
    pub completed_restaurants: i32,
    pub failed_restaurants: i32,
    pub cancelled_restaurants: i32,
    pub threshold_acknowledged: bool,
    pub archived: bool,
}

impl BatchRow {
    pub async fn load(group: &Group<'_>, id: Id) -> Result<Option<Self>, DbErr> {
        const SQL: &str = "select id, organisation_id, name, status, total_restaurants, completed_restaurants, \
            failed_restaurants, cancelled_restaurants, threshold_acknowledged, archived_at is not null as archived \
            from registration_batch_jobs where id = ?";
        let row = group
            .tx
            .query_one_raw(statement(group.backend, SQL, [id.into()]))
            .await?;
        row.map(|row| Self::from_query_result(&row, "")).transpose()
    }

    pub fn status(&self) -> Result<BatchStatus, DbErr> {
        self.status.parse().map_err(|error| DbErr::Custom(format!("{error}")))
    }

    fn ended(&self) -> i32 {
        self.completed_restaurants + self.failed_restaurants + self.cancelled_restaurants
    }
}

fn operation(event: BatchEvent) -> Operation {
    match event {
        BatchEvent::Start | BatchEvent::Begin => Operation::BatchStarted,
        BatchEvent::Pause => Operation::BatchPaused,
        BatchEvent::Resume => Operation::BatchResumed,
        BatchEvent::Complete => Operation::BatchCompleted,
        BatchEvent::Fail => Operation::BatchFailed,
        BatchEvent::Cancel => Operation::BatchCancelled,
    }
}

/// Writes the new state of a batch, and the journal row.
pub(super) async fn enter(
    group: &mut Group<'_>,
    row: &BatchRow,
    to: BatchStatus,
    event: BatchEvent,
    origin: &Origin,
    reason: Option<&str>,
) -> Result<(), DbErr> {
    const SQL: &str = "update registration_batch_jobs set status = ?, error_message = ?, version = version + 1, \
        threshold_acknowledged = threshold_acknowledged or (threshold_reached and ?), \
        started_at = case when ? then coalesce(started_at, ?) else started_at end, \
        paused_at = case when ? then ? else paused_at end, \
        resumed_at = case when ? then ? else resumed_at end, \
        completed_at = case when ? then ? else completed_at end, \
        cancelled_at = case when ? then ? else cancelled_at end, \
        archived_at = case when ? then null else archived_at end, updated_at = ? where id = ?";
    let now = group.now;
    let values = [
        to.as_str().into(),
        reason.map(str::to_owned).into(),
        // Whoever resumes a batch of which too many have failed has seen that they have.
        (event == BatchEvent::Resume).into(),
        (event == BatchEvent::Start).into(),
        now.into(),
        (event == BatchEvent::Pause).into(),
        now.into(),
        (event == BatchEvent::Resume).into(),
        now.into(),
        matches!(event, BatchEvent::Complete | BatchEvent::Fail).into(),
        now.into(),
        (event == BatchEvent::Cancel).into(),
        now.into(),
        // A draft that was put away and is started after all is to be seen again.
        (event == BatchEvent::Start).into(),
        now.into(),
        row.id.into(),
    ];
    group.execute(SQL, values).await?;
    let from = row.status()?;
    // That the first job begins is told by that job's step.
    if event == BatchEvent::Begin {
        return Ok(());
    }
    let details = match reason {
        Some(reason) => serde_json::json!({ "reason": reason }),
        None => serde_json::json!({}),
    };
    note(
        group,
        row,
        operation(event),
        from.as_str(),
        to.as_str(),
        origin,
        details,
    );
    Ok(())
}

/// Appends a row about the whole batch to the journal.
pub(super) fn note(
    group: &mut Group<'_>,
    row: &BatchRow,
    operation: Operation,
    from: &'static str,
    to: &'static str,
    origin: &Origin,
    details: serde_json::Value,
) {
    let (organisation_id, job_id, origin) = (row.organisation_id, row.id, origin.clone());
    group.journal(|seq, at| JournalRow {
        seq,
        organisation_id,
        kind: BatchKind::Registration,
        job_id,
        item_id: None,
        registration_id: None,
        step: None,
        attempt: None,
        origin,
        from_state: Some(from),
        to_state: Some(to),
        operation,
        details: details.to_string(),
        at,
    });
}

/// Counts that a job has moved, if that is to be counted.
pub(super) async fn count(
    group: &Group<'_>,
    batch: Id,
    from: RegistrationStatus,
    to: RegistrationStatus,
) -> Result<bool, DbErr> {
    const SQL: &str = "update registration_batch_jobs set completed_restaurants = completed_restaurants + ?, \
        failed_restaurants = failed_restaurants + ?, cancelled_restaurants = cancelled_restaurants + ?, \
        waiting_restaurants = waiting_restaurants + ?, updated_at = ? where id = ?";
    if from == to {
        return Ok(false);
    }
    let change = |status| i32::from(to == status) - i32::from(from == status);
    let values = [
        change(RegistrationStatus::Completed).into(),
        change(RegistrationStatus::Failed).into(),
        change(RegistrationStatus::Cancelled).into(),
        change(RegistrationStatus::ActionRequired).into(),
        group.now.into(),
        batch.into(),
    ];
    group.execute(SQL, values).await?;
    Ok(true)
}

/// Ends an open batch with its last job; pauses or fails it where too many have failed and others remain.
pub(super) async fn conclude(
    group: &mut Group<'_>,
    row: &BatchRow,
    threshold: Threshold,
    origin: &Origin,
) -> Result<(), DbErr> {
    const REACHED: &str = "update registration_batch_jobs set threshold_reached = ? where id = ?";
    let end = ending(
        row.total_restaurants,
        row.completed_restaurants,
        row.failed_restaurants,
        row.cancelled_restaurants,
    );
    if let Some(event) = end {
        let reason = (event == BatchEvent::Fail).then_some("every registration failed");
        return enter(group, row, event.target(), event, origin, reason).await;
    }
    let too_many = too_many_failed(
        row.total_restaurants,
        row.ended(),
        row.failed_restaurants,
        threshold.share,
    );
    if !too_many || row.threshold_acknowledged || row.status()? == BatchStatus::Paused {
        return Ok(());
    }
    let (failed, total, share) = (row.failed_restaurants, row.total_restaurants, threshold.share * 100.0);
    match threshold.on {
        OnThreshold::Pause => {
            let reason = format!(
                "{failed} of {total} restaurants have failed, more than {share:.0} %; look at what failed, then resume or cancel"
            );
            enter(
                group,
                row,
                BatchStatus::Paused,
                BatchEvent::Pause,
                origin,
                Some(&reason),
            )
            .await?;
            group.execute(REACHED, [true.into(), row.id.into()]).await?;
            Ok(())
        }
        OnThreshold::Fail => {
            let reason = format!("{failed} of {total} restaurants have failed, more than {share:.0} %");
            fail(group, row, origin, &reason).await
        }
    }
}

/// Fails the batch as a whole: what has not ended is set aside for a retry.
pub(super) async fn fail(group: &mut Group<'_>, row: &BatchRow, origin: &Origin, reason: &str) -> Result<(), DbErr> {
    enter(group, row, BatchStatus::Failed, BatchEvent::Fail, origin, Some(reason)).await?;
    set_aside(group, row, origin).await
}
