//! `/api/registration-jobs`: one registration.

use actix_web::HttpResponse;
use actix_web::web::{Bytes, Data, Json, Path, Query};
use entity::Id;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use super::batch_refusals::{Against, restaurants_refused};
use super::registration_batches::common_config;
use super::registration_repeat::{RepeatedBatch, Retry, repeat};
use crate::http::app::App;
use crate::http::body::optional;
use crate::http::caller::Caller;
use crate::http::cursor::{self, List};
use crate::http::idempotency::{IdempotencyKey, once};
use crate::http::problem::Problem;
use crate::store::read::{Access, RegistrationDetail, RegistrationFilter, RegistrationView, Role};
use crate::store::write::{
    CreateRegistrationBatch, KeyAnswer, NewRegistration, RegistrationBatchCreated, Repeat, StoredAnswer,
};

/// Which registrations.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    restaurant_id: Option<Id>,
    limit: Option<u64>,
    cursor: Option<String>,
}

/// The organisation's registrations, newest first.
#[utoipa::path(
    get, path = "/api/registration-jobs", tag = "registration batches",
    params(ListQuery),
    responses((status = 200, description = "The registrations, newest first.", body = List<RegistrationView>)),
)]
pub async fn list(
    app: Data<App>,
    caller: Caller,
    query: Query<ListQuery>,
) -> Result<Json<List<RegistrationView>>, Problem> {
    let filter = RegistrationFilter {
        restaurant_id: query.restaurant_id,
        before: cursor::read(query.cursor.as_deref())?,
        limit: cursor::limit(query.limit)?,
    };
    Ok(Json(app.reader.registrations(&caller.scope, filter).await?.into()))
}

async fn visible(app: &App, caller: &Caller, id: Id) -> Result<RegistrationDetail, Problem> {
    match app.reader.registration_detail(&caller.scope, id).await? {
        Access::Granted(detail) => Ok(detail),
        Access::Forbidden => Err(Problem::forbidden("this registration belongs to another organisation")),
        Access::Missing => Err(Problem::not_found("registration")),
    }
}

/// One registration with its steps, sub-steps and candidates.
#[utoipa::path(
    get, path = "/api/registration-jobs/{id}", tag = "registration batches",
    params(("id" = Id, Path, description = "The registration.")),
    responses((status = 200, description = "The registration.", body = RegistrationDetail)),
)]
pub async fn detail(app: Data<App>, caller: Caller, id: Path<Id>) -> Result<Json<RegistrationDetail>, Problem> {
    visible(&app, &caller, *id).await.map(Json)
}

/// A restaurant to register.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRegistrationJob {
    restaurant_id: Id,
    #[schema(value_type = Option<Object>)]
    common_config: Option<serde_json::Value>,
    /// Also where an ended registration made a call of which nobody knows what it did.
    #[serde(default)]
    despite_unknown_outcomes: bool,
}

/// A batch of one, started.
#[derive(Debug, Serialize, ToSchema)]
pub struct MadeRegistration {
    batch_id: Id,
    registration_job_id: Id,
}

/// `POST /api/registration-jobs`: a batch of one, started.
#[utoipa::path(
    post, path = "/api/registration-jobs", tag = "registration batches",
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "Carried out once for each key, for 24 hours."),
    ),
    request_body = NewRegistrationJob,
    responses((status = 201, description = "The registration and its batch.", body = MadeRegistration)),
)]
pub async fn create(
    app: Data<App>,
    caller: Caller,
    key: IdempotencyKey,
    body: Json<NewRegistrationJob>,
) -> Result<HttpResponse, Problem> {
    caller.require(Role::Member)?;
    let name = app.reader.restaurant_name(&caller.scope, body.restaurant_id).await?;
    let command = CreateRegistrationBatch {
        id: Id::now(),
        organisation_id: caller.scope.organisation_id,
        // The command itself refuses what is not there.
        name: format!("Single: {}", name.unwrap_or_default()),
        parallel: false,
        settings: common_config(body.common_config.clone()).map_err(Against::problem)?,
        jobs: vec![NewRegistration::of(body.restaurant_id)],
        created_by: Some(caller.scope.user_id),
        template_id: None,
        schedule_id: None,
        start: true,
        despite_unknown_outcomes: body.despite_unknown_outcomes,
        origin: caller.origin(),
        answer: None,
    };
    let shared = app.clone();
    once(
        &app,
        &caller,
        key,
        "POST /api/registration-jobs",
        &*body,
        move |request_key| async move {
            let made = MadeRegistration {
                batch_id: command.id,
                registration_job_id: command.jobs.first().map_or(command.id, |job| job.id),
            };
            let answer = StoredAnswer {
                status: 201,
                location: Some(format!("/api/registration-jobs/{}", made.registration_job_id)),
                body: json!(made).to_string(),
            };
            let command = CreateRegistrationBatch {
                answer: request_key.map(|request| KeyAnswer {
                    request,
                    answer: answer.clone(),
                }),
                ..command
            };
            match shared.command_batch(command.id, command).await? {
                RegistrationBatchCreated::Created => Ok(answer),
                RegistrationBatchCreated::Refused(against) => {
                    Err(restaurants_refused(&against, &[], |_| "/restaurant_id".to_owned()))
                }
            }
        },
    )
    .await
}

/// A batch of this one registration, started, from the step and sub-step that failed.
#[utoipa::path(
    post, path = "/api/registration-jobs/{id}/retry", tag = "registration batches",
    params(
        ("id" = Id, Path, description = "The registration; it has failed, and its batch has ended or is paused."),
        ("Idempotency-Key" = Option<String>, Header, description = "Carried out once for each key, for 24 hours."),
    ),
    request_body(content = Option<Retry>, description = "What is different. It may be left out."),
    responses((status = 201, description = "The new registration and its batch.", body = RepeatedBatch)),
)]
pub async fn retry(
    app: Data<App>,
    caller: Caller,
    key: IdempotencyKey,
    id: Path<Id>,
    body: Bytes,
) -> Result<HttpResponse, Problem> {
    caller.require(Role::Member)?;
    let source = visible(&app, &caller, *id).await?;
    let this = Repeat::Job {
        source: *id,
        id: Id::now(),
    };
    let route = "POST /api/registration-jobs/{id}/retry";
    let retry: Retry = optional(&body)?;
    repeat(&app, &caller, key, route, source.job.batch_job_id, this, retry).await
}
