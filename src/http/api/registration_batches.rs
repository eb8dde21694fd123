//! `/api/registration-batches`: made, listed, shown.

use std::collections::HashSet;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Json, Path, Query};
use actix_web::{HttpResponse, http::header::ETAG};
use chrono::{DateTime, Utc};
use entity::Id;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use crate::http::app::App;
use crate::http::caller::Caller;
use crate::http::cursor::{self, List};
use crate::http::idempotency::{IdempotencyKey, once};
use crate::http::problem::{Problem, Refusals};
use crate::model::registration::batch::BatchStatus;
use crate::store::read::{Access, RegistrationBatchDetail, RegistrationBatchFilter, RegistrationBatchView, Role};
use crate::store::write::{
    BatchRefused, CreateRegistrationBatch, KeyAnswer, NewRegistration, RegistrationBatchCreated, StoredAnswer,
};

/// Characters that a batch's name may have.
const NAME_CHARS: usize = 200;
/// Bytes that the common configuration may have as JSON.
const CONFIG_BYTES: usize = 64 * 1024;

/// Which batches.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    /// One status, or several separated by commas.
    status: Option<String>,
    created_after: Option<DateTime<Utc>>,
    /// `true`: the batches that were hidden.
    #[serde(default)]
    archived: bool,
    limit: Option<u64>,
    cursor: Option<String>,
}

fn statuses(text: Option<&str>) -> Result<Vec<BatchStatus>, Problem> {
    let words = text.into_iter().flat_map(|text| text.split(',')).map(str::trim);
    words
        .filter(|word| !word.is_empty())
        .map(|word| {
            word.parse().map_err(|_| {
                let all = BatchStatus::ALL.map(BatchStatus::as_str).join(", ");
                Problem::bad_request(format!("'status' must be one or more of {all}"))
            })
        })
        .collect()
}

/// The organisation's registration batches, newest first.
#[utoipa::path(
    get, path = "/api/registration-batches", tag = "registration batches",
    params(ListQuery),
    responses(
        (status = 200, description = "The batches, newest first.", body = List<RegistrationBatchView>),
        Refusals,
    ),
)]
pub async fn list(
    app: Data<App>,
    caller: Caller,
    query: Query<ListQuery>,
) -> Result<Json<List<RegistrationBatchView>>, Problem> {
    let filter = RegistrationBatchFilter {
        status: statuses(query.status.as_deref())?,
        created_after: query.created_after,
        archived: query.archived,
        before: cursor::read(query.cursor.as_deref())?,
        limit: cursor::limit(query.limit)?,
    };
    Ok(Json(
        app.reader.registration_batches(&caller.scope, filter).await?.into(),
    ))
}

/// A batch with all its jobs, steps and sub-steps.
#[utoipa::path(
    get, path = "/api/registration-batches/{id}", tag = "registration batches",
    params(("id" = Id, Path, description = "The batch.")),
    responses(
        (
            status = 200,
            description = "The batch, its jobs with their steps, and a summary of the results.",
            body = RegistrationBatchDetail,
            headers(("ETag" = String, description = "Changes with the batch's own row.")),
        ),
        Refusals,
    ),
)]
pub async fn detail(app: Data<App>, caller: Caller, id: Path<Id>) -> Result<HttpResponse, Problem> {
    let batch = app.registration_batch(&caller, *id).await?;
    match app.reader.registration_batch_detail(&caller.scope, *id).await? {
        Access::Granted(detail) => Ok(HttpResponse::Ok()
            .insert_header((ETAG, format!("\"{}\"", batch.version)))
            .json(detail)),
        Access::Forbidden | Access::Missing => Err(Problem::not_found("registration batch")),
    }
}

/// How the executions of a batch go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExecutionMode {
    /// One restaurant at a time, in the order in which they are ready.
    #[default]
    Sequential,
    /// Several at a time.
    Parallel,
}

/// A batch to make.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRegistrationBatch {
    restaurant_ids: Vec<Id>,
    name: Option<String>,
    #[serde(default)]
    execution_mode: ExecutionMode,
    /// What all its restaurants have in common: prefills their configuration, and templates know it as `settings`.
    #[schema(value_type = Option<Object>)]
    common_config: Option<Value>,
    template_id: Option<Id>,
    /// Start it at once.
    #[serde(default)]
    start: bool,
}

/// A batch that was made.
#[derive(Debug, Serialize, ToSchema)]
pub struct MadeBatch {
    batch_id: Id,
    jobs_count: usize,
    status: String,
}

/// The restaurants, each once, as many as a batch may have.
pub(super) fn restaurants(app: &App, ids: &[Id]) -> Result<Vec<NewRegistration>, Problem> {
    let most = app.engine.settings().registration.max_restaurants;
    let refused = |code, detail: String| Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail));
    if ids.is_empty() {
        return refused(
            "no_restaurants",
            "name at least one restaurant in 'restaurant_ids'".to_owned(),
        );
    }
    if ids.len() > most {
        let detail = format!(
            "a batch has at most {most} restaurants, these are {}; make several batches",
            ids.len()
        );
        return refused("too_many_restaurants", detail);
    }
    let mut seen = HashSet::with_capacity(ids.len());
    match ids.iter().find(|id| !seen.insert(**id)) {
        Some(twice) => refused(
            "restaurant_twice",
            format!("the restaurant {twice} stands twice in 'restaurant_ids'; name each once"),
        ),
        None => Ok(ids.iter().map(|id| NewRegistration::of(*id)).collect()),
    }
}

/// A name within its bounds.
pub(super) fn batch_name(given: Option<&str>, otherwise: impl FnOnce() -> String) -> Result<String, Problem> {
    match given.map(str::trim).filter(|name| !name.is_empty()) {
        None => Ok(otherwise()),
        Some(name) if name.chars().count() > NAME_CHARS => {
            Err(Problem::bad_request(format!("'name' may have {NAME_CHARS} characters")))
        }
        Some(name) => Ok(name.to_owned()),
    }
}

/// The common configuration, an object within its bounds.
pub(super) fn common_config(given: Option<Value>) -> Result<Value, Problem> {
    match given {
        None => Ok(json!({})),
        Some(config) if !config.is_object() => Err(Problem::bad_request("'common_config' must be a JSON object")),
        Some(config) if config.to_string().len() > CONFIG_BYTES => Err(Problem::too_large(format!(
            "'common_config' may have {CONFIG_BYTES} bytes as JSON"
        ))),
        Some(config) => Ok(config),
    }
}

/// What stands against a batch of these restaurants.
pub(super) fn refused(refused: &BatchRefused) -> Problem {
    if let Some(id) = refused.foreign.first() {
        return Problem::forbidden(format!("the restaurant {id} belongs to another organisation"))
            .with("restaurant_ids", json!(refused.foreign));
    }
    if let Some(id) = refused.unknown.first() {
        let detail = format!("there is no restaurant {id}; GET /api/restaurants lists them");
        return Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "unknown_restaurant", detail)
            .with("restaurant_ids", json!(refused.unknown));
    }
    busy(&refused.busy)
}

/// Restaurants that are being registered elsewhere.
pub(super) fn busy(busy: &[(Id, Id)]) -> Problem {
    let told = busy
        .first()
        .map(|(restaurant, batch)| format!("the restaurant {restaurant} is being registered in the batch {batch}"));
    let detail = format!(
        "{}; wait until that batch has ended, or cancel it",
        told.unwrap_or_default()
    );
    let all: Vec<Value> = busy
        .iter()
        .map(|(restaurant, batch)| json!({ "restaurant_id": restaurant, "batch_id": batch }))
        .collect();
    Problem::new(StatusCode::CONFLICT, "restaurant_busy", detail).with("busy", all)
}

/// `POST /api/registration-batches`: a draft, or with `start` a batch that goes on at once.
#[utoipa::path(
    post, path = "/api/registration-batches", tag = "registration batches",
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "Carried out once for each key, for 24 hours."),
    ),
    request_body = NewRegistrationBatch,
    responses((status = 201, description = "The batch.", body = MadeBatch), Refusals),
)]
pub async fn create(
    app: Data<App>,
    caller: Caller,
    key: IdempotencyKey,
    body: Json<NewRegistrationBatch>,
) -> Result<HttpResponse, Problem> {
    caller.require(Role::Member)?;
    let jobs = restaurants(&app, &body.restaurant_ids)?;
    let usual = || {
        format!(
            "Registration of {} restaurants, {}",
            jobs.len(),
            Utc::now().format("%Y-%m-%d")
        )
    };
    let name = batch_name(body.name.as_deref(), usual)?;
    let command = CreateRegistrationBatch {
        id: Id::now(),
        organisation_id: caller.scope.organisation_id,
        name,
        parallel: body.execution_mode == ExecutionMode::Parallel,
        settings: common_config(body.common_config.clone())?,
        jobs,
        created_by: Some(caller.scope.user_id),
        template_id: body.template_id,
        schedule_id: None,
        start: body.start,
        origin: caller.origin(),
        answer: None,
    };
    let shared = app.clone();
    once(
        &app,
        &caller,
        key,
        "POST /api/registration-batches",
        &*body,
        move |request_key| async move {
            let made = MadeBatch {
                batch_id: command.id,
                jobs_count: command.jobs.len(),
                status: (if command.start { "pending" } else { "draft" }).to_owned(),
            };
            let answer = StoredAnswer {
                status: 201,
                location: Some(format!("/api/registration-batches/{}", command.id)),
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
                RegistrationBatchCreated::Refused(against) => Err(refused(&against)),
            }
        },
    )
    .await
}
