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

use super::batch_refusals::{Against, refusal, restaurants_refused};
use crate::http::app::App;
use crate::http::caller::Caller;
use crate::http::cursor::{self, List};
use crate::http::idempotency::{IdempotencyKey, once};
use crate::http::problem::Problem;
use crate::model::batch_template::BatchSettings;
use crate::model::registration::batch::BatchStatus;
use crate::store::read::{Access, RegistrationBatchDetail, RegistrationBatchFilter, RegistrationBatchView, Role};
use crate::store::write::{
    CreateRegistrationBatch, KeyAnswer, NewRegistration, RegistrationBatchCreated, StoredAnswer,
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
    /// Default: the template's, else `sequential`.
    #[serde(skip_serializing_if = "Option::is_none")]
    execution_mode: Option<ExecutionMode>,
    /// What all its restaurants have in common: prefills their configuration, and templates know it as `settings`.
    #[schema(value_type = Option<Object>)]
    common_config: Option<Value>,
    /// Gives name, mode and common configuration where they are left out.
    template_id: Option<Id>,
    /// Start it at once.
    #[serde(default)]
    start: bool,
    /// Also where an ended registration of a restaurant made a call of which nobody knows what it did.
    #[serde(default)]
    despite_unknown_outcomes: bool,
}

/// A batch that was made.
#[derive(Debug, Serialize, ToSchema)]
pub struct MadeBatch {
    batch_id: Id,
    jobs_count: usize,
    status: String,
}

/// The restaurants, each once, as many as a batch may have.
fn restaurants(app: &App, ids: &[Id]) -> Result<Vec<NewRegistration>, Vec<Against>> {
    let most = app.engine.settings().registration.max_restaurants;
    let whole = |code, detail: String| Err(vec![Against::wrong(code, "/restaurant_ids", detail)]);
    if ids.is_empty() {
        let detail = "name at least one restaurant in 'restaurant_ids'; GET /api/restaurants lists them";
        return whole("no_restaurants", detail.to_owned());
    }
    if ids.len() > most {
        let detail = format!(
            "a batch has at most {most} restaurants, these are {}; make several batches",
            ids.len()
        );
        return whole("too_many_restaurants", detail);
    }
    let mut seen = HashSet::with_capacity(ids.len());
    let twice = |(place, id): (usize, &Id)| {
        let detail = format!("the restaurant {id} stands twice in 'restaurant_ids'; name each once");
        Against::wrong("restaurant_twice", format!("/restaurant_ids/{place}"), detail)
    };
    let twice: Vec<Against> = ids
        .iter()
        .enumerate()
        .filter(|(_, id)| !seen.insert(**id))
        .map(twice)
        .collect();
    if twice.is_empty() {
        Ok(ids.iter().map(|id| NewRegistration::of(*id)).collect())
    } else {
        Err(twice)
    }
}

/// A name within its bounds.
pub(super) fn batch_name(given: Option<&str>, otherwise: impl FnOnce() -> String) -> Result<String, Against> {
    match given.map(str::trim).filter(|name| !name.is_empty()) {
        None => Ok(otherwise()),
        Some(name) if name.chars().count() > NAME_CHARS => {
            let detail = format!("'name' may have {NAME_CHARS} characters; shorten it");
            Err(Against::wrong("invalid", "/name", detail))
        }
        Some(name) => Ok(name.to_owned()),
    }
}

/// The common configuration, an object within its bounds.
pub(super) fn common_config(given: Option<Value>) -> Result<Value, Against> {
    let wrong = |detail: String| Err(Against::wrong("invalid", "/common_config", detail));
    match given {
        None => Ok(json!({})),
        Some(config) if !config.is_object() => wrong("'common_config' must be a JSON object".to_owned()),
        Some(config) if config.to_string().len() > CONFIG_BYTES => wrong(format!(
            "'common_config' may have {CONFIG_BYTES} bytes as JSON; give long values such as menus with the configuration of step 5"
        )),
        Some(config) => Ok(config),
    }
}

/// The name and the settings of a template that the caller may see.
async fn from_template(app: &App, caller: &Caller, id: Id) -> Result<(String, BatchSettings), Problem> {
    match app.reader.batch_template(&caller.scope, id).await? {
        Access::Granted(template) => Ok((template.name, template.settings)),
        Access::Forbidden => {
            let detail = "this template belongs to another organisation";
            Err(Against::new(StatusCode::FORBIDDEN, "forbidden", "/template_id", detail).problem())
        }
        Access::Missing => {
            let detail = format!("there is no template {id}; GET /api/batch-templates lists them");
            Err(Against::wrong("unknown_template", "/template_id", detail).problem())
        }
    }
}

/// `POST /api/registration-batches`: a draft, or with `start` a batch that goes on at once.
#[utoipa::path(
    post, path = "/api/registration-batches", tag = "registration batches",
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "Carried out once for each key, for 24 hours."),
    ),
    request_body = NewRegistrationBatch,
    responses((status = 201, description = "The batch.", body = MadeBatch)),
)]
pub async fn create(
    app: Data<App>,
    caller: Caller,
    key: IdempotencyKey,
    body: Json<NewRegistrationBatch>,
) -> Result<HttpResponse, Problem> {
    caller.require(Role::Member)?;
    let template = match body.template_id {
        Some(template) => Some(from_template(&app, &caller, template).await?),
        None => None,
    };
    let usual = || {
        let (many, today) = (body.restaurant_ids.len(), Utc::now().format("%Y-%m-%d"));
        match &template {
            Some((name, settings)) => settings.batch_name(name, Utc::now(), chrono_tz::UTC),
            None => format!("Registration of {many} restaurants, {today}"),
        }
    };
    let said = body.common_config.clone();
    let given = said.or_else(|| Some(json!(template.as_ref()?.1.common_config)));
    let parallel = match body.execution_mode {
        Some(mode) => mode == ExecutionMode::Parallel,
        None => template.as_ref().is_some_and(|(_, settings)| settings.is_parallel()),
    };
    let (jobs, name, settings) = match (
        restaurants(&app, &body.restaurant_ids),
        batch_name(body.name.as_deref(), usual),
        common_config(given),
    ) {
        (Ok(jobs), Ok(name), Ok(settings)) => (jobs, name, settings),
        (jobs, name, settings) => {
            let others = [name.err(), settings.err()].into_iter().flatten();
            return Err(refusal(jobs.err().into_iter().flatten().chain(others).collect()));
        }
    };
    let command = CreateRegistrationBatch {
        id: Id::now(),
        organisation_id: caller.scope.organisation_id,
        name,
        parallel,
        settings,
        jobs,
        created_by: Some(caller.scope.user_id),
        template_id: body.template_id,
        schedule_id: None,
        start: body.start,
        despite_unknown_outcomes: body.despite_unknown_outcomes,
        origin: caller.origin(),
        answer: None,
    };
    let shared = app.clone();
    let asked = body.restaurant_ids.clone();
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
                RegistrationBatchCreated::Refused(against) => {
                    let pointer = |place| format!("/restaurant_ids/{place}");
                    Err(restaurants_refused(&against, &asked, pointer))
                }
            }
        },
    )
    .await
}
