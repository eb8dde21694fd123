//! Starting, pausing, resuming, cancelling, retrying, restarting and hiding registration batches.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Data, Json, Path};
use chrono::{DateTime, Utc};
use entity::Id;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::batch_refusals::busy;
use super::registration_answer_checks::check;
use super::registration_answers::{ConfigurationGiven, SelectionGiven};
use crate::http::app::App;
use crate::http::caller::Caller;
use crate::http::idempotency::{IdempotencyKey, once};
use crate::http::problem::Problem;
use crate::model::registration::batch::{BatchEvent, BatchStatus};
use crate::model::registration::step::StepNumber;
use crate::store::read::Role;
use crate::store::write::{
    AnswerGiven, ArchiveRegistrationBatch, BatchArchived, ChangeRegistrationBatch, KeyAnswer, RegistrationBatchChanged,
    Repeat, RepeatRegistrationBatch, Repeated, StoredAnswer,
};

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

/// A batch that takes up another.
#[derive(Debug, Serialize, ToSchema)]
pub struct RepeatedBatch {
    new_batch_id: Id,
    /// With the retry of one registration: its new one.
    #[serde(skip_serializing_if = "Option::is_none")]
    registration_job_id: Option<Id>,
}

/// What a restart is told.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Restart {
    /// All of it is done anew also where nobody knows what calls of the old batch have done: what they did is done again.
    despite_unknown_outcomes: bool,
}

/// What a retry does differently.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Retry {
    /// Configurations in the place of those that were confirmed, by registration of the batch that is retried.
    configurations: Vec<ConfigurationGiven>,
    /// Companies in the place of those that were picked, where the execution has not begun: the registration goes on from step 3.
    selections: Vec<SelectionGiven>,
}

/// A body that may be left out.
pub(super) fn optional<T: Default + DeserializeOwned>(body: &Bytes) -> Result<T, Problem> {
    if body.is_empty() {
        return Ok(T::default());
    }
    serde_json::from_slice(body)
        .map_err(|error| Problem::bad_request(format!("the body must be a JSON object: {error}")))
}

impl Retry {
    /// Configurations and selections, by registration.
    fn read(&self, app: &App) -> Result<[Vec<(Id, Value)>; 2], Problem> {
        let configurations = self.configurations.iter().map(ConfigurationGiven::answer).collect();
        let selections = self.selections.iter().map(SelectionGiven::answer).collect();
        Ok([
            checked(app, StepNumber::Configuration, configurations)?,
            checked(app, StepNumber::CompanySelection, selections)?,
        ])
    }
}

fn checked(app: &App, step: StepNumber, given: Vec<AnswerGiven>) -> Result<Vec<(Id, Value)>, Problem> {
    if !given.is_empty() {
        check(app, step, &given)?;
    }
    Ok(given.into_iter().map(|given| (given.job_id, given.answer)).collect())
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
) -> Result<(BatchStatus, Option<DateTime<Utc>>), Problem> {
    caller.require(Role::Member)?;
    app.registration_batch(caller, batch_id).await?;
    let command = ChangeRegistrationBatch {
        organisation_id: caller.scope.organisation_id,
        batch_id,
        event,
        origin: caller.origin(),
        reason: None,
    };
    match app.command_batch(batch_id, command).await? {
        RegistrationBatchChanged::Accepted { status, at } => Ok((status, Some(at))),
        RegistrationBatchChanged::Already { status, at } => Ok((status, at)),
        RegistrationBatchChanged::Illegal { from, event } => Err(illegal(from, event)),
        RegistrationBatchChanged::Busy(restaurants) => Err(busy(&restaurants)),
        RegistrationBatchChanged::NotFound => Err(Problem::not_found("registration batch")),
    }
}

/// Starts a draft.
#[utoipa::path(
    post, path = "/api/registration-batches/{id}/start", tag = "registration batches",
    params(("id" = Id, Path, description = "The batch.")),
    responses((status = 200, description = "It goes on; the same answer for one that was started.", body = StartedBatch)),
)]
pub async fn start(app: Data<App>, caller: Caller, id: Path<Id>) -> Result<Json<StartedBatch>, Problem> {
    let (_, started_at) = change(&app, &caller, *id, BatchEvent::Start).await?;
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
    let (status, at) = change(&app, &caller, *id, BatchEvent::Pause).await?;
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
    let (status, at) = change(&app, &caller, *id, BatchEvent::Resume).await?;
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
    let (status, at) = change(&app, &caller, *id, BatchEvent::Cancel).await?;
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

/// Makes and starts a batch that takes up another.
pub(super) async fn repeat(
    app: &Data<App>,
    caller: &Caller,
    key: IdempotencyKey,
    route: &'static str,
    source: Id,
    repeat: Repeat,
    retry: Retry,
) -> Result<HttpResponse, Problem> {
    caller.require(Role::Member)?;
    app.registration_batch(caller, source).await?;
    let [configs, selections] = retry.read(app)?;
    let command = RepeatRegistrationBatch {
        id: Id::now(),
        organisation_id: caller.scope.organisation_id,
        source,
        repeat,
        configs,
        selections,
        created_by: Some(caller.scope.user_id),
        origin: caller.origin(),
        answer: None,
    };
    let shared = app.clone();
    let anew = matches!(
        repeat,
        Repeat::All {
            despite_unknown_outcomes: true
        }
    );
    let asked = match repeat {
        Repeat::Job { source, .. } => source,
        Repeat::Failed | Repeat::All { .. } => source,
    };
    once(app, caller, key, route, &(asked, anew, retry), move |request_key| async move {
        let made = RepeatedBatch {
            new_batch_id: command.id,
            registration_job_id: match repeat {
                Repeat::Job { id, .. } => Some(id),
                Repeat::Failed | Repeat::All { .. } => None,
            },
        };
        let answer = StoredAnswer {
            status: 201,
            location: Some(format!("/api/registration-batches/{}", command.id)),
            body: json!(made).to_string(),
        };
        let command = RepeatRegistrationBatch {
            answer: request_key.map(|request| KeyAnswer {
                request,
                answer: answer.clone(),
            }),
            ..command
        };
        match shared.command_batch(command.id, command).await? {
            Repeated::Created(_) => Ok(answer),
            Repeated::Illegal(from) => {
                let to = match repeat {
                    Repeat::All { .. } => "restarted",
                    Repeat::Failed | Repeat::Job { .. } => "retried",
                };
                let first = match repeat {
                    _ if from == BatchStatus::Draft => "start it first",
                    Repeat::All { .. } => "cancel it, or wait for its end",
                    Repeat::Failed | Repeat::Job { .. } => "pause it, or wait for its end",
                };
                let detail = format!("a batch whose status is '{from}' cannot be {to}: {first}");
                let problem = Problem::new(StatusCode::CONFLICT, "illegal_transition", detail);
                Err(problem.with("from", from.as_str()).with("to", to))
            }
            Repeated::OutcomeUnknown(calls) => {
                let calls: Vec<Value> = calls
                    .into_iter()
                    .map(|(job, sub_step)| json!({ "registration_job_id": job, "sub_step": sub_step }))
                    .collect();
                let detail = "nobody knows what some calls of this batch have done, and to begin anew would do it again; retry-failed \
                    finds out first, and `\"despite_unknown_outcomes\": true` does it all the same";
                Err(Problem::new(StatusCode::CONFLICT, "outcome_unknown", detail).with("calls", calls))
            }
            Repeated::CallsOpen(jobs) => {
                let detail = "a call of these registrations is still on its way and ends first, so that it is not made twice; try again in \
                    a moment";
                let problem = Problem::new(StatusCode::CONFLICT, "calls_open", detail);
                Err(problem.with("registration_job_ids", json!(jobs)))
            }
            Repeated::NothingFailed => {
                let detail = "nothing of it has failed that was not retried already; retry the newest batch, or restart this one";
                Err(Problem::new(StatusCode::CONFLICT, "nothing_failed", detail))
            }
            Repeated::Unknown(jobs) => {
                let detail = "something is given for a registration that is not retried";
                let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "unknown_registration", detail);
                Err(problem.with("registration_job_ids", json!(jobs)))
            }
            Repeated::TooLate(jobs) => {
                let detail = "the platform has been asked for the company that was picked first; restart the batch to begin with another";
                let problem = Problem::new(StatusCode::CONFLICT, "execution_begun", detail);
                Err(problem.with("registration_job_ids", json!(jobs)))
            }
            Repeated::UnknownCandidate(jobs) => {
                let detail = "a company that is given is no candidate of its registration; GET the registration lists them";
                let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "unknown_candidate", detail);
                Err(problem.with("registration_job_ids", json!(jobs)))
            }
            Repeated::Busy(restaurants) => Err(busy(&restaurants)),
            Repeated::NotFound => Err(Problem::not_found("registration batch")),
        }
    })
    .await
}

/// A new batch of what failed, started, each from the step and sub-step that failed.
#[utoipa::path(
    post, path = "/api/registration-batches/{id}/retry-failed", tag = "registration batches",
    params(
        ("id" = Id, Path, description = "The batch; it has ended or is paused. Of one that was cancelled also what was left undone is taken up."),
        ("Idempotency-Key" = Option<String>, Header, description = "Carried out once for each key, for 24 hours."),
    ),
    request_body(content = Option<Retry>, description = "What is different. It may be left out."),
    responses((status = 201, description = "The new batch.", body = RepeatedBatch)),
)]
pub async fn retry_failed(
    app: Data<App>,
    caller: Caller,
    key: IdempotencyKey,
    id: Path<Id>,
    body: Bytes,
) -> Result<HttpResponse, Problem> {
    let route = "POST /api/registration-batches/{id}/retry-failed";
    let retry = optional(&body)?;
    repeat(&app, &caller, key, route, *id, Repeat::Failed, retry).await
}

/// A new batch of all its restaurants, started, from the beginning.
#[utoipa::path(
    post, path = "/api/registration-batches/{id}/restart", tag = "registration batches",
    params(
        ("id" = Id, Path, description = "The batch; it has ended."),
        ("Idempotency-Key" = Option<String>, Header, description = "Carried out once for each key, for 24 hours."),
    ),
    request_body(content = Option<Restart>, description = "It may be left out."),
    responses((status = 201, description = "The new batch.", body = RepeatedBatch)),
)]
pub async fn restart(
    app: Data<App>,
    caller: Caller,
    key: IdempotencyKey,
    id: Path<Id>,
    body: Bytes,
) -> Result<HttpResponse, Problem> {
    let route = "POST /api/registration-batches/{id}/restart";
    let Restart {
        despite_unknown_outcomes,
    } = optional(&body)?;
    let all = Repeat::All {
        despite_unknown_outcomes,
    };
    repeat(&app, &caller, key, route, *id, all, Retry::default()).await
}
