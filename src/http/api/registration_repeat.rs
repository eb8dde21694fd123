//! Batches that take up others: retries of what failed, and all of it anew.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Data, Path};
use entity::Id;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::batch_refusals::{busy, outcome_unknown};
use super::registration_answer_checks::check;
use super::registration_answers::{ConfigurationGiven, SelectionGiven};
use crate::http::app::App;
use crate::http::body::optional;
use crate::http::caller::Caller;
use crate::http::idempotency::{IdempotencyKey, once};
use crate::http::problem::Problem;
use crate::model::registration::batch::BatchStatus;
use crate::model::registration::step::StepNumber;
use crate::store::read::Role;
use crate::store::write::{AnswerGiven, KeyAnswer, Repeat, RepeatRegistrationBatch, Repeated, StoredAnswer};

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
    /// Also where an ended registration of a restaurant made a call of which nobody knows what it did: that is done again.
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
    /// Also where a later registration of a restaurant made a call of which nobody knows what it did: that is done again. What calls
    /// of the batch itself did is found out first in any case.
    despite_unknown_outcomes: bool,
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
        despite_unknown_outcomes: retry.despite_unknown_outcomes,
        created_by: Some(caller.scope.user_id),
        origin: caller.origin(),
        answer: None,
    };
    let shared = app.clone();
    let asked = match repeat {
        Repeat::Job { source, .. } => source,
        Repeat::Failed | Repeat::All => source,
    };
    once(
        app,
        caller,
        key,
        route,
        &(asked, retry),
        move |request_key| async move {
            let made = RepeatedBatch {
                new_batch_id: command.id,
                registration_job_id: match repeat {
                    Repeat::Job { id, .. } => Some(id),
                    Repeat::Failed | Repeat::All => None,
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
            let repeated = shared.command_batch(command.id, command).await?;
            told(repeated, repeat, answer)
        },
    )
    .await
}

/// The answer, where the batch was made.
fn told(repeated: Repeated, repeat: Repeat, answer: StoredAnswer) -> Result<StoredAnswer, Problem> {
    Err(match repeated {
        Repeated::Created(_) => return Ok(answer),
        Repeated::Illegal(from) => illegal(from, repeat),
        Repeated::OutcomeUnknown(calls) => outcome_unknown(&calls),
        Repeated::CallsOpen(jobs) => of_registrations(
            StatusCode::CONFLICT,
            "calls_open",
            "a call of these registrations is still on its way and ends first, so that it is not made twice; try again in a moment",
            &jobs,
        ),
        Repeated::NothingFailed => {
            let detail =
                "nothing of it has failed that was not retried already; retry the newest batch, or restart this one";
            Problem::new(StatusCode::CONFLICT, "nothing_failed", detail)
        }
        Repeated::Unknown(jobs) => of_registrations(
            StatusCode::UNPROCESSABLE_ENTITY,
            "unknown_registration",
            "something is given for a registration that is not retried",
            &jobs,
        ),
        Repeated::TooLate(jobs) => of_registrations(
            StatusCode::CONFLICT,
            "execution_begun",
            "the platform has been asked for the company that was picked first; restart the batch to begin with another",
            &jobs,
        ),
        Repeated::UnknownCandidate(jobs) => of_registrations(
            StatusCode::UNPROCESSABLE_ENTITY,
            "unknown_candidate",
            "a company that is given is no candidate of its registration; GET the registration lists them",
            &jobs,
        ),
        Repeated::Busy(restaurants) => busy(&restaurants),
        Repeated::NotFound => Problem::not_found("registration batch"),
    })
}

fn of_registrations(status: StatusCode, code: &'static str, detail: &str, jobs: &[Id]) -> Problem {
    Problem::new(status, code, detail).with("registration_job_ids", json!(jobs))
}

fn illegal(from: BatchStatus, repeat: Repeat) -> Problem {
    let (to, otherwise) = match repeat {
        Repeat::All => ("restarted", "cancel it, or wait for its end"),
        Repeat::Failed | Repeat::Job { .. } => ("retried", "pause it, or wait for its end"),
    };
    let first = if from == BatchStatus::Draft {
        "start it first"
    } else {
        otherwise
    };
    let detail = format!("a batch whose status is '{from}' cannot be {to}: {first}");
    Problem::new(StatusCode::CONFLICT, "illegal_transition", detail)
        .with("from", from.as_str())
        .with("to", to)
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
    let anew = Retry {
        despite_unknown_outcomes,
        ..Retry::default()
    };
    repeat(&app, &caller, key, route, *id, Repeat::All, anew).await
}
