//! Starting, pausing, resuming, cancelling and hiding registration batches.

use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Data, Json, Path};
use chrono::{DateTime, Utc};
use entity::Id;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::batch_refusals::{busy, outcome_unknown};
use crate::http::app::App;
use crate::http::body::optional;
use crate::http::caller::Caller;
use crate::http::problem::Problem;
use crate::model::registration::batch::{BatchEvent, BatchStatus};
use crate::store::read::Role;
use crate::store::write::{ArchiveRegistrationBatch, BatchArchived, ChangeRegistrationBatch, RegistrationBatchChanged};

/// What a start is told.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StartBatch {
    /// Also where an ended registration of a restaurant made a call of which nobody knows what it did: that is done again.
    despite_unknown_outcomes: bool,
}

/// A batch that was started.
#[derive(Debug, Serialize, ToSchema)]
pub struct StartedBatch {
    started_at: Option<DateTime<Utc>>,
    first_job_id: Option<Id>,
}

/// When it took place.
#[derive(Debug, Serialize, ToSchema)]
pub struct SteeredBatch {
    #[serde(skip_serializing_if = "Option::is_none")]
    paused_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resumed_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cancelled_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    archived_at: Option<DateTime<Utc>>,
    status: String,
}

impl SteeredBatch {
    fn now(status: BatchStatus) -> Self {
        Self {
            paused_at: None,
            resumed_at: None,
            cancelled_at: None,
            archived_at: None,
            status: status.as_str().to_owned(),
        }
    }
}

/// What can be done in this state instead.
fn advice(from: BatchStatus, event: BatchEvent) -> &'static str {
    match from {
        BatchStatus::Draft => "start it first",
        BatchStatus::Paused if event == BatchEvent::Start => "resume it",
        BatchStatus::Completed | BatchStatus::Failed | BatchStatus::Cancelled => {
            "it has ended; retry-failed or restart makes a new one"
        }
        _ => "GET the batch to see where it stands",
    }
}

fn illegal(from: BatchStatus, event: BatchEvent) -> Problem {
    let (done, target, advice) = (event.done(), event.target(), advice(from, event));
    let detail = format!("a batch whose status is '{from}' cannot be {done}: it cannot become '{target}'; {advice}");
    Problem::new(StatusCode::CONFLICT, "illegal_transition", detail)
        .with("from", from.as_str())
        .with("to", target.as_str())
        .with("event", event.as_str())
}

/// Sends the command; since when it holds.
async fn change(
    app: &App,
    caller: &Caller,
    batch_id: Id,
    event: BatchEvent,
    said: StartBatch,
) -> Result<(BatchStatus, Option<DateTime<Utc>>), Problem> {
    caller.require(Role::Member)?;
    app.registration_batch(caller, batch_id).await?;
    let command = ChangeRegistrationBatch {
        organisation_id: caller.scope.organisation_id,
        batch_id,
        event,
        despite_unknown_outcomes: said.despite_unknown_outcomes,
        origin: caller.origin(),
        reason: None,
    };
    match app.command_batch(batch_id, command).await? {
        RegistrationBatchChanged::Accepted { status, at } => Ok((status, Some(at))),
        RegistrationBatchChanged::Already { status, at } => Ok((status, at)),
        RegistrationBatchChanged::Illegal { from, event } => Err(illegal(from, event)),
        RegistrationBatchChanged::Busy(restaurants) => Err(busy(&restaurants)),
        RegistrationBatchChanged::OutcomeUnknown(calls) => Err(outcome_unknown(&calls)),
        RegistrationBatchChanged::NotFound => Err(Problem::not_found("registration batch")),
    }
}

/// Starts a draft.
#[utoipa::path(
    post, path = "/api/registration-batches/{id}/start", tag = "registration batches",
    params(("id" = Id, Path, description = "The batch.")),
    request_body(content = Option<StartBatch>, description = "It may be left out."),
    responses((status = 200, description = "It goes on; the same answer for one that was started.", body = StartedBatch)),
)]
pub async fn start(app: Data<App>, caller: Caller, id: Path<Id>, body: Bytes) -> Result<Json<StartedBatch>, Problem> {
    let said = optional(&body)?;
    let (_, started_at) = change(&app, &caller, *id, BatchEvent::Start, said).await?;
    let first_job_id = app.reader.first_registration(&caller.scope, *id).await?;
    Ok(Json(StartedBatch {
        started_at,
        first_job_id,
    }))
}

/// No new step starts; running ones end and count.
#[utoipa::path(
    post, path = "/api/registration-batches/{id}/pause", tag = "registration batches",
    params(("id" = Id, Path, description = "The batch.")),
    responses((status = 200, description = "It is paused.", body = SteeredBatch)),
)]
pub async fn pause(app: Data<App>, caller: Caller, id: Path<Id>) -> Result<Json<SteeredBatch>, Problem> {
    let (status, at) = change(&app, &caller, *id, BatchEvent::Pause, StartBatch::default()).await?;
    Ok(Json(SteeredBatch {
        paused_at: at,
        ..SteeredBatch::now(status)
    }))
}

/// Goes on. Where too many have failed, this says that somebody has looked.
#[utoipa::path(
    post, path = "/api/registration-batches/{id}/resume", tag = "registration batches",
    params(("id" = Id, Path, description = "The batch.")),
    responses((status = 200, description = "It goes on.", body = SteeredBatch)),
)]
pub async fn resume(app: Data<App>, caller: Caller, id: Path<Id>) -> Result<Json<SteeredBatch>, Problem> {
    let (status, at) = change(&app, &caller, *id, BatchEvent::Resume, StartBatch::default()).await?;
    Ok(Json(SteeredBatch {
        resumed_at: at,
        ..SteeredBatch::now(status)
    }))
}

/// Ends it. A sub-step that is on its way ends first and is recorded.
#[utoipa::path(
    post, path = "/api/registration-batches/{id}/cancel", tag = "registration batches",
    params(("id" = Id, Path, description = "The batch.")),
    responses((status = 200, description = "It is cancelled.", body = SteeredBatch)),
)]
pub async fn cancel(app: Data<App>, caller: Caller, id: Path<Id>) -> Result<Json<SteeredBatch>, Problem> {
    let (status, at) = change(&app, &caller, *id, BatchEvent::Cancel, StartBatch::default()).await?;
    Ok(Json(SteeredBatch {
        cancelled_at: at,
        ..SteeredBatch::now(status)
    }))
}

/// Lists leave it out from now on.
#[utoipa::path(
    post, path = "/api/registration-batches/{id}/archive", tag = "registration batches",
    params(("id" = Id, Path, description = "The batch.")),
    responses((status = 200, description = "It is hidden.", body = SteeredBatch)),
)]
pub async fn archive(app: Data<App>, caller: Caller, id: Path<Id>) -> Result<Json<SteeredBatch>, Problem> {
    caller.require(Role::Member)?;
    let batch = app.registration_batch(&caller, *id).await?;
    let command = ArchiveRegistrationBatch {
        organisation_id: caller.scope.organisation_id,
        batch_id: *id,
        origin: caller.origin(),
    };
    match app.command(command).await? {
        BatchArchived::Accepted(at) => {
            let status: BatchStatus = batch.status.parse().map_err(|error| Problem::internal(&error))?;
            Ok(Json(SteeredBatch {
                archived_at: Some(at),
                ..SteeredBatch::now(status)
            }))
        }
        BatchArchived::Illegal(from) => {
            let detail = format!(
                "a batch whose status is '{from}' cannot become 'archived': it has to end first; wait for that, or cancel it"
            );
            let problem = Problem::new(StatusCode::CONFLICT, "illegal_transition", detail);
            Err(problem.with("from", from.as_str()).with("to", "archived"))
        }
        BatchArchived::NotFound => Err(Problem::not_found("registration batch")),
    }
}
