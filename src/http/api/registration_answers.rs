//! What people say: which company, which configuration, whether something was done.

use std::collections::HashSet;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Json, Path};
use entity::Id;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::http::app::App;
use crate::http::caller::Caller;
use crate::http::idempotency::{IdempotencyKey, once};
use crate::http::problem::{Problem, Refusals};
use crate::model::registration::form::answer_mistakes;
use crate::model::registration::step::StepNumber;
use crate::store::read::Role;
use crate::store::write::{AnswerGiven, AnswerRegistrations, Answered, KeyAnswer, StoredAnswer};

/// Which company is whose: exactly one of `candidate_id`, `company_number` and `none` for each.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Selections {
    selections: Vec<SelectionGiven>,
}

/// The company of one restaurant.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SelectionGiven {
    registration_job_id: Id,
    /// One of the registration's candidates.
    #[serde(skip_serializing_if = "Option::is_none")]
    candidate_id: Option<Id>,
    /// A company that was not found, by its number in the register.
    #[serde(skip_serializing_if = "Option::is_none")]
    company_number: Option<String>,
    /// `true`: there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    none: Option<bool>,
}

/// The configuration of each restaurant, as `GET /api/actions` proposes it or changed.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Configurations {
    configurations: Vec<ConfigurationGiven>,
}

/// The configuration of one restaurant.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfigurationGiven {
    registration_job_id: Id,
    /// As the step's form has it.
    #[schema(value_type = Object)]
    config: Value,
}

impl ConfigurationGiven {
    pub(super) fn answer(&self) -> AnswerGiven {
        AnswerGiven {
            job_id: self.registration_job_id,
            answer: said(self.config.clone()),
        }
    }
}

/// Whether calls that nobody knows of were carried out.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Findings {
    answers: Vec<FindingGiven>,
}

/// Whether one call was.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FindingGiven {
    registration_job_id: Id,
    /// The sub-step that is asked about, as the question names it.
    sub_step: String,
    /// `true`: it was done, and is not done again.
    done: bool,
    /// What the platform says of it, for the sub-steps that come after.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    result: Option<Value>,
}

/// What became of the answers.
#[derive(Debug, Serialize, ToSchema)]
pub struct AnswersTaken {
    answered: usize,
    results: Vec<AnswerTaken>,
}

/// What became of one answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct AnswerTaken {
    registration_job_id: Id,
    /// `accepted`, `kept` until its step comes, or `same` as before.
    outcome: &'static str,
}

/// The form of the question whether something was done.
#[must_use]
pub fn finding_form() -> Value {
    json!({
        "type": "object", "required": ["sub_step", "done"], "additionalProperties": false,
        "properties": {
            "sub_step": { "type": "string", "title": "The sub-step, as the question names it" },
            "done": { "type": "boolean", "title": "Was this done?" },
            "result": { "type": "object", "title": "What the platform says of it" },
        },
    })
}

/// Answers to step 3. Those whose step has not come yet are kept.
#[utoipa::path(
    post, path = "/api/registration-batches/{id}/steps/3/complete", tag = "registration batches",
    params(
        ("id" = Id, Path, description = "The batch."),
        ("Idempotency-Key" = Option<String>, Header, description = "Carried out once for each key, for 24 hours."),
    ),
    request_body = Selections,
    responses((status = 200, description = "All of them count; each registration goes on at once.", body = AnswersTaken), Refusals),
)]
pub async fn select(
    app: Data<App>,
    caller: Caller,
    key: IdempotencyKey,
    id: Path<Id>,
    body: Json<Selections>,
) -> Result<HttpResponse, Problem> {
    let given = |each: &SelectionGiven| AnswerGiven {
        job_id: each.registration_job_id,
        answer: json!({
            "candidate_id": each.candidate_id, "company_number": each.company_number, "none": each.none,
        }),
    };
    let answers = body.selections.iter().map(given).collect();
    answer(&app, &caller, key, *id, StepNumber::CompanySelection, answers).await
}

/// Answers to step 5. Those whose step has not come yet are kept.
#[utoipa::path(
    post, path = "/api/registration-batches/{id}/steps/5/complete", tag = "registration batches",
    params(
        ("id" = Id, Path, description = "The batch."),
        ("Idempotency-Key" = Option<String>, Header, description = "Carried out once for each key, for 24 hours."),
    ),
    request_body = Configurations,
    responses((status = 200, description = "All of them count; each registration goes on at once.", body = AnswersTaken), Refusals),
)]
pub async fn configure(
    app: Data<App>,
    caller: Caller,
    key: IdempotencyKey,
    id: Path<Id>,
    body: Json<Configurations>,
) -> Result<HttpResponse, Problem> {
    let answers = body.configurations.iter().map(ConfigurationGiven::answer).collect();
    answer(&app, &caller, key, *id, StepNumber::Configuration, answers).await
}

/// Answers to the question whether a call that was cut off has done its work.
#[utoipa::path(
    post, path = "/api/registration-batches/{id}/steps/6/complete", tag = "registration batches",
    params(
        ("id" = Id, Path, description = "The batch."),
        ("Idempotency-Key" = Option<String>, Header, description = "Carried out once for each key, for 24 hours."),
    ),
    request_body = Findings,
    responses((status = 200, description = "All of them count; each registration goes on at once.", body = AnswersTaken), Refusals),
)]
pub async fn find(
    app: Data<App>,
    caller: Caller,
    key: IdempotencyKey,
    id: Path<Id>,
    body: Json<Findings>,
) -> Result<HttpResponse, Problem> {
    let given = |each: &FindingGiven| AnswerGiven {
        job_id: each.registration_job_id,
        answer: json!({ "sub_step": each.sub_step, "done": each.done, "result": each.result }),
    };
    let answers = body.answers.iter().map(given).collect();
    answer(&app, &caller, key, *id, StepNumber::Execution, answers).await
}

/// The answer without what was not said, so that two that say the same are the same.
fn said(mut answer: Value) -> Value {
    if let Value::Object(fields) = &mut answer {
        fields.retain(|_, value| !value.is_null());
    }
    answer
}

fn form_of(app: &App, step: StepNumber) -> Value {
    if step == StepNumber::Execution {
        return finding_form();
    }
    let plan = app.engine.registration_plan();
    let ask = plan.step(step).and_then(|planned| planned.ask.as_ref());
    ask.map_or_else(|| json!({}), |ask| ask.form.clone())
}

/// Every answer that does not match the form, or names a registration that another names.
pub(super) fn check(app: &App, step: StepNumber, answers: &[AnswerGiven]) -> Result<(), Problem> {
    if answers.is_empty() {
        return Err(Problem::bad_request("give at least one answer"));
    }
    let most = app.engine.settings().registration.max_restaurants;
    if answers.len() > most {
        return Err(Problem::bad_request(format!("give at most {most} answers at a time")));
    }
    let form = form_of(app, step);
    let mut seen = HashSet::with_capacity(answers.len());
    let mut errors = Vec::new();
    for given in answers {
        let mut told = |detail: String| errors.push(json!({ "registration_job_id": given.job_id, "detail": detail }));
        if !seen.insert(given.job_id) {
            told("stands twice in this request; answer it once".to_owned());
        }
        match answer_mistakes(&form, &given.answer) {
            Ok(mistakes) => mistakes.into_iter().for_each(&mut told),
            Err(error) => told(format!("the step's form {error}; mend registration.toml")),
        }
    }
    let Some(first) = errors.first() else { return Ok(()) };
    let detail = format!(
        "the answer for {} does not match the step's form: {}",
        first["registration_job_id"].as_str().unwrap_or_default(),
        first["detail"].as_str().unwrap_or_default()
    );
    Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", detail).with("errors", errors))
}

async fn answer(
    app: &Data<App>,
    caller: &Caller,
    key: IdempotencyKey,
    batch_id: Id,
    step: StepNumber,
    answers: Vec<AnswerGiven>,
) -> Result<HttpResponse, Problem> {
    caller.require(Role::Member)?;
    app.registration_batch(caller, batch_id).await?;
    let answers: Vec<AnswerGiven> = answers
        .into_iter()
        .map(|given| AnswerGiven {
            job_id: given.job_id,
            answer: said(given.answer),
        })
        .collect();
    check(app, step, &answers)?;
    let asked: Vec<_> = answers
        .iter()
        .map(|given| (given.job_id, given.answer.clone()))
        .collect();
    let route = match step {
        StepNumber::CompanySelection => "POST /api/registration-batches/{id}/steps/3/complete",
        StepNumber::Configuration => "POST /api/registration-batches/{id}/steps/5/complete",
        _ => "POST /api/registration-batches/{id}/steps/6/complete",
    };
    let command = AnswerRegistrations {
        organisation_id: caller.scope.organisation_id,
        batch_id,
        step,
        answers,
        origin: caller.origin(),
        key_answer: None,
    };
    let shared = app.clone();
    once(
        app,
        caller,
        key,
        route,
        &(batch_id, asked),
        move |request_key| async move {
            let jobs: Vec<Id> = command.answers.iter().map(|given| given.job_id).collect();
            // What is kept for a request that comes again: all of them count by then.
            let kept = taken(jobs.iter().map(|job| (*job, "accepted")));
            let command = AnswerRegistrations {
                key_answer: request_key.map(|request| KeyAnswer { request, answer: kept }),
                ..command
            };
            let answered = shared.command_batch(batch_id, command).await?;
            let answered = answered.ok_or_else(|| Problem::not_found("registration batch"))?;
            if answered.iter().any(Answered::is_refused) {
                return Err(refused(&jobs, &answered));
            }
            Ok(taken(jobs.iter().zip(&answered).map(|(job, answered)| {
                let outcome = match answered {
                    Answered::Kept => "kept",
                    Answered::Same => "same",
                    _ => "accepted",
                };
                (*job, outcome)
            })))
        },
    )
    .await
}

fn taken(results: impl Iterator<Item = (Id, &'static str)>) -> StoredAnswer {
    let results: Vec<AnswerTaken> = results
        .map(|(registration_job_id, outcome)| AnswerTaken {
            registration_job_id,
            outcome,
        })
        .collect();
    let body = AnswersTaken {
        answered: results.len(),
        results,
    };
    StoredAnswer {
        status: 200,
        location: None,
        body: json!(body).to_string(),
    }
}

/// Nothing was taken; every answer that stands against it is told.
fn refused(jobs: &[Id], answered: &[Answered]) -> Problem {
    let mut errors = Vec::new();
    let mut status = StatusCode::CONFLICT;
    for (job, answered) in jobs.iter().zip(answered) {
        let (code, detail, more) = match answered {
            Answered::Accepted | Answered::Kept | Answered::Same => continue,
            Answered::Different { first, by, at } => (
                "answered_differently",
                "it was answered before, and differently; the first answer counts".to_owned(),
                json!({ "first": first, "answered_by": by, "answered_at": at }),
            ),
            Answered::NotWaiting { batch, job, step } => (
                "illegal_transition",
                format!(
                    "a step whose status is '{step}' cannot become 'completed' by an answer: its registration is '{job}' and \
                     its batch '{batch}'"
                ),
                json!({ "from": step, "to": "completed", "job": job, "batch": batch }),
            ),
            Answered::OtherSubStep { asked } => (
                "other_sub_step",
                format!("what is asked about is the sub-step '{asked}', and the answer names another"),
                json!({ "sub_step": asked }),
            ),
            Answered::UnknownJob => {
                status = StatusCode::UNPROCESSABLE_ENTITY;
                (
                    "unknown_registration",
                    "the batch has no such registration".to_owned(),
                    json!({}),
                )
            }
            Answered::UnknownCandidate => {
                status = StatusCode::UNPROCESSABLE_ENTITY;
                (
                    "unknown_candidate",
                    "it is no candidate of this registration; GET /api/actions lists them".to_owned(),
                    json!({}),
                )
            }
        };
        let mut error = json!({ "registration_job_id": job, "code": code, "detail": detail });
        if let (Some(error), Some(more)) = (error.as_object_mut(), more.as_object()) {
            error.extend(more.clone());
        }
        errors.push((code, detail, error));
    }
    let (code, detail) = errors
        .first()
        .map_or(("illegal_transition", String::new()), |(code, detail, _)| {
            (*code, detail.clone())
        });
    let told: Vec<Value> = errors.into_iter().map(|(_, _, error)| error).collect();
    Problem::new(status, code, format!("nothing was answered: {detail}")).with("errors", told)
}
