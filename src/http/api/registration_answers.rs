//! What people say: which company, which configuration, whether something was done.

use actix_web::HttpResponse;
use actix_web::web::{Data, Json, Path};
use entity::Id;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::registration_answer_checks::{check, refused};
use super::registration_proposals::{ConfigurationsTaken, Proposals};
use crate::http::app::App;
use crate::http::caller::Caller;
use crate::http::idempotency::{IdempotencyKey, once};
use crate::http::problem::Problem;
use crate::model::registration::step::StepNumber;
use crate::store::read::Role;
use crate::store::write::{AnswerGiven, AnswerRegistrations, Answered, AnswersTold, RequestKey, StoredAnswer};

/// Which company is whose: exactly one of `candidate_id`, `company_number` and `none` for each.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Selections {
    selections: Vec<SelectionGiven>,
}

/// The company of one restaurant.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
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

/// The configuration of each restaurant, as `GET /api/actions` proposes it or changed; or all that wait, as they are proposed.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Configurations {
    #[serde(default)]
    configurations: Vec<ConfigurationGiven>,
    /// In place of `configurations`: every registration that waits at this step, as it is proposed. Only counts without
    /// `confirm_count`.
    #[serde(default)]
    all: bool,
    /// With `all`: what is merged into each proposal (RFC 7396), such as a contact person.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    config: Option<Value>,
    /// With `all`: how many are confirmed, as the count before has told.
    #[serde(skip_serializing_if = "Option::is_none")]
    confirm_count: Option<usize>,
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

impl SelectionGiven {
    pub(super) fn answer(&self) -> AnswerGiven {
        AnswerGiven {
            job_id: self.registration_job_id,
            answer: said(json!({
                "candidate_id": self.candidate_id, "company_number": self.company_number, "none": self.none,
            })),
        }
    }
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
    responses((status = 200, description = "All of them count; each registration goes on at once.", body = AnswersTaken)),
)]
pub async fn select(
    app: Data<App>,
    caller: Caller,
    key: IdempotencyKey,
    id: Path<Id>,
    body: Json<Selections>,
) -> Result<HttpResponse, Problem> {
    let answers = body.selections.iter().map(SelectionGiven::answer).collect();
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
    responses(
        (
            status = 200,
            description = "All of them count; each registration goes on at once. With `all` and no `confirm_count`: how many there are.",
            body = ConfigurationsTaken,
        ),
    ),
)]
pub async fn configure(
    app: Data<App>,
    caller: Caller,
    key: IdempotencyKey,
    id: Path<Id>,
    body: Json<Configurations>,
) -> Result<HttpResponse, Problem> {
    if body.all {
        return configure_all(&app, &caller, key, *id, body.into_inner()).await;
    }
    if body.config.is_some() || body.confirm_count.is_some() {
        let detail = "'config' and 'confirm_count' go with '\"all\": true'; leave them out, or send it too";
        return Err(Problem::bad_request(detail));
    }
    let answers = body.configurations.iter().map(ConfigurationGiven::answer).collect();
    answer(&app, &caller, key, *id, StepNumber::Configuration, answers).await
}

async fn configure_all(
    app: &Data<App>,
    caller: &Caller,
    key: IdempotencyKey,
    batch_id: Id,
    body: Configurations,
) -> Result<HttpResponse, Problem> {
    caller.require(Role::Member)?;
    app.registration_batch(caller, batch_id).await?;
    if !body.configurations.is_empty() {
        let detail = "send 'configurations', or '\"all\": true' for all that wait as they are proposed, but not both";
        return Err(Problem::bad_request(detail));
    }
    let common = body.config.clone().unwrap_or_else(|| json!({}));
    if !common.is_object() {
        return Err(Problem::bad_request(
            "'config' must be a JSON object: what each proposal is given besides",
        ));
    }
    let Some(count) = body.confirm_count else {
        let proposals = Proposals::read(app, caller, batch_id, &common).await?;
        return Ok(HttpResponse::Ok().json(proposals.count()));
    };
    let (shared, caller_of) = (app.clone(), caller.clone());
    once(
        app,
        caller,
        key,
        route(StepNumber::Configuration),
        &(batch_id, body),
        move |request_key| async move {
            let proposals = Proposals::read(&shared, &caller_of, batch_id, &common).await?;
            let answers = proposals.confirmed(count)?;
            if answers.is_empty() {
                return Ok(taken(&[], &[]));
            }
            let command = command(&caller_of, batch_id, StepNumber::Configuration, answers);
            take(&shared, command, request_key).await
        },
    )
    .await
}

/// Answers to the question whether a call that was cut off has done its work.
#[utoipa::path(
    post, path = "/api/registration-batches/{id}/steps/6/complete", tag = "registration batches",
    params(
        ("id" = Id, Path, description = "The batch."),
        ("Idempotency-Key" = Option<String>, Header, description = "Carried out once for each key, for 24 hours."),
    ),
    request_body = Findings,
    responses((status = 200, description = "All of them count; each registration goes on at once.", body = AnswersTaken)),
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
        answer: said(json!({ "sub_step": each.sub_step, "done": each.done, "result": each.result })),
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

pub(super) fn form_of(app: &App, step: StepNumber) -> Value {
    if step == StepNumber::Execution {
        return finding_form();
    }
    let plan = app.engine.registration_plan();
    let ask = plan.step(step).and_then(|planned| planned.ask.as_ref());
    ask.map_or_else(|| json!({}), |ask| ask.form.clone())
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
    check(app, step, &answers)?;
    let asked: Vec<_> = answers
        .iter()
        .map(|given| (given.job_id, given.answer.clone()))
        .collect();
    let command = command(caller, batch_id, step, answers);
    let shared = app.clone();
    once(
        app,
        caller,
        key,
        route(step),
        &(batch_id, asked),
        move |request_key| async move { take(&shared, command, request_key).await },
    )
    .await
}

fn route(step: StepNumber) -> &'static str {
    match step {
        StepNumber::CompanySelection => "POST /api/registration-batches/{id}/steps/3/complete",
        StepNumber::Configuration => "POST /api/registration-batches/{id}/steps/5/complete",
        _ => "POST /api/registration-batches/{id}/steps/6/complete",
    }
}

fn command(caller: &Caller, batch_id: Id, step: StepNumber, answers: Vec<AnswerGiven>) -> AnswerRegistrations {
    AnswerRegistrations {
        organisation_id: caller.scope.organisation_id,
        batch_id,
        step,
        answers,
        origin: caller.origin(),
        key_answer: None,
    }
}

/// All answers count, or none does.
async fn take(
    app: &App,
    command: AnswerRegistrations,
    request_key: Option<RequestKey>,
) -> Result<StoredAnswer, Problem> {
    let (batch_id, step) = (command.batch_id, command.step);
    let answers = command.answers.clone();
    let command = AnswerRegistrations {
        key_answer: request_key.map(|request| AnswersTold { request, told: taken }),
        ..command
    };
    let answered = app.command_batch(batch_id, command).await?;
    let answered = answered.ok_or_else(|| Problem::not_found("registration batch"))?;
    if answered.iter().any(Answered::is_refused) {
        let jobs: Vec<Id> = answers.iter().map(|given| given.job_id).collect();
        return Err(refused(step, &jobs, &answered));
    }
    Ok(taken(&answers, &answered))
}

/// What is told of answers of which none was refused.
fn taken(given: &[AnswerGiven], answered: &[Answered]) -> StoredAnswer {
    let of = |(given, answered): (&AnswerGiven, &Answered)| AnswerTaken {
        registration_job_id: given.job_id,
        outcome: match answered {
            Answered::Kept => "kept",
            Answered::Same => "same",
            _ => "accepted",
        },
    };
    let results: Vec<AnswerTaken> = given.iter().zip(answered).map(of).collect();
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
