//! `/api/batch-runs`: one per upload.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Json, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, SubsecRound as _, Utc};
use entity::Id;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use super::jobs::status;
use crate::http::app::App;
use crate::http::caller::Caller;
use crate::http::cursor::{self, List};
use crate::http::etag::{expected_version, tagged};
use crate::http::idempotency::{IdempotencyKey, once};
use crate::http::problem::Problem;
use crate::model::batch_run::BatchRunStatus;
use crate::store::read::{Access, BatchRunView, Role};
use crate::store::write::{BatchRunChanged, ChangeBatchRun, CreateBatchRun, KeyAnswer, META_BYTES, StoredAnswer};

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct PageQuery {
    limit: Option<u64>,
    cursor: Option<String>,
}

/// The caller's uploads, newest start first, those not started before all others.
#[utoipa::path(
    get, path = "/api/batch-runs", tag = "batch runs",
    params(PageQuery),
    responses(
        (
            status = 200,
            description = "The caller's uploads, newest start first, those not started before all others.",
            body = List<BatchRunView>,
        ),
    ),
)]
pub async fn list(
    app: Data<App>,
    caller: Caller,
    query: Query<PageQuery>,
) -> Result<Json<List<BatchRunView>>, Problem> {
    let after = cursor::read(query.cursor.as_deref())?;
    let limit = cursor::limit(query.limit)?;
    Ok(Json(app.reader.batch_runs(&caller.scope, after, limit).await?.into()))
}

async fn visible(app: &App, caller: &Caller, id: Id) -> Result<BatchRunView, Problem> {
    match app.reader.batch_run(&caller.scope, id).await? {
        Access::Granted(run) => Ok(run),
        Access::Forbidden => Err(Problem::forbidden("this batch run belongs to somebody else")),
        Access::Missing => Err(Problem::not_found("batch run")),
    }
}

/// One upload, with its version as the ETag.
#[utoipa::path(
    get, path = "/api/batch-runs/{id}", tag = "batch runs",
    params(("id" = Id, Path, description = "The batch run.")),
    responses(
        (
            status = 200,
            description = "One upload.",
            body = BatchRunView,
            headers(("ETag" = String, description = "Its version, for If-Match.")),
        ),
    ),
)]
pub async fn detail(app: Data<App>, caller: Caller, id: Path<Id>) -> Result<HttpResponse, Problem> {
    let run = visible(&app, &caller, *id).await?;
    Ok(tagged(run.version, &run))
}

/// An upload that somebody else works on.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBatchRun {
    filename: String,
    status: Option<String>,
    started_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
    meta: Option<Value>,
}

fn run_status(text: Option<&str>) -> Result<Option<BatchRunStatus>, Problem> {
    status(text, &BatchRunStatus::ALL.map(BatchRunStatus::as_str))
}

fn meta(given: Option<&Value>) -> Result<Option<Value>, Problem> {
    match given {
        None => Ok(None),
        Some(meta) if meta.to_string().len() > META_BYTES => Err(meta_too_large()),
        Some(meta) if meta.is_object() => Ok(Some(meta.clone())),
        Some(_) => Err(Problem::bad_request("'meta' must be a JSON object")),
    }
}

fn meta_too_large() -> Problem {
    Problem::too_large(format!("'meta' may have {META_BYTES} bytes as JSON"))
}

/// `POST /api/batch-runs`: keeps a record of an upload that is not a job of this daemon.
#[utoipa::path(
    post, path = "/api/batch-runs", tag = "batch runs",
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "Carried out once for each key, for 24 hours."),
    ),
    request_body = NewBatchRun,
    responses((status = 201, description = "The record.", body = BatchRunView)),
)]
pub async fn create(
    app: Data<App>,
    caller: Caller,
    key: IdempotencyKey,
    body: Json<NewBatchRun>,
) -> Result<HttpResponse, Problem> {
    caller.require(Role::Member)?;
    if body.filename.trim().is_empty() {
        return Err(Problem::bad_request("'filename' must not be blank"));
    }
    let now = Utc::now().trunc_subsecs(3);
    let status = run_status(body.status.as_deref())?.unwrap_or(BatchRunStatus::Pending);
    let begun = (status != BatchRunStatus::Pending).then_some(now);
    let run = BatchRunView {
        id: Id::now(),
        user_id: Some(caller.scope.user_id),
        job_id: None,
        filename: body.filename.clone(),
        status: status.as_str().to_owned(),
        started_at: body.started_at.or(begun),
        finished_at: body.finished_at.or(begun.filter(|_| status.is_terminal())),
        result_url: None,
        error_message: None,
        meta: meta(body.meta.as_ref())?.unwrap_or_else(|| json!({})),
        version: 1,
        created_at: now,
    };
    let (shared, organisation_id) = (app.clone(), caller.scope.organisation_id);
    let (user_id, origin) = (caller.scope.user_id, caller.origin());
    once(
        &app,
        &caller,
        key,
        "POST /api/batch-runs",
        &*body,
        move |request_key| async move {
            let answer = StoredAnswer {
                status: 201,
                location: Some(format!("/api/batch-runs/{}", run.id)),
                body: json!(run).to_string(),
            };
            let command = CreateBatchRun {
                id: run.id,
                organisation_id,
                user_id,
                filename: run.filename,
                status,
                started_at: run.started_at,
                finished_at: run.finished_at,
                meta: run.meta,
                created_at: run.created_at,
                answer: request_key.map(|request| KeyAnswer {
                    request,
                    answer: answer.clone(),
                }),
                origin,
            };
            shared.command(command).await?;
            Ok(answer)
        },
    )
    .await
}

/// What to change of an upload; `meta` is merged (RFC 7396).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchRunPatch {
    status: Option<String>,
    started_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
    result_url: Option<String>,
    error_message: Option<String>,
    meta: Option<Value>,
}

/// `PATCH /api/batch-runs/{id}`. With `If-Match` only if nobody has changed it since.
#[utoipa::path(
    patch, path = "/api/batch-runs/{id}", tag = "batch runs",
    params(
        ("id" = Id, Path, description = "The batch run."),
        ("If-Match" = Option<String>, Header, description = "The version that is changed."),
    ),
    request_body = BatchRunPatch,
    responses(
        (
            status = 200,
            description = "The record as it is now.",
            body = BatchRunView,
            headers(("ETag" = String, description = "Its version.")),
        ),
    ),
)]
pub async fn change(
    app: Data<App>,
    caller: Caller,
    request: HttpRequest,
    id: Path<Id>,
    body: Json<BatchRunPatch>,
) -> Result<HttpResponse, Problem> {
    caller.require(Role::Member)?;
    let run = visible(&app, &caller, *id).await?;
    let command = ChangeBatchRun {
        id: run.id,
        version: expected_version(&request)?,
        status: run_status(body.status.as_deref())?,
        started_at: body.started_at,
        finished_at: body.finished_at,
        result_url: body.result_url.clone(),
        error_message: body.error_message.clone(),
        meta: meta(body.meta.as_ref())?,
        origin: caller.origin(),
    };
    match app.command(command).await? {
        BatchRunChanged::Accepted => {
            let run = visible(&app, &caller, *id).await?;
            Ok(tagged(run.version, &run))
        }
        BatchRunChanged::MetaTooLarge => Err(meta_too_large()),
        BatchRunChanged::NotFound => Err(Problem::not_found("batch run")),
        BatchRunChanged::Stale { version } => Err(Problem::stale(version)),
        BatchRunChanged::OfJob(job_id) => {
            let detail = "this run belongs to a job, which it follows; only 'meta' can be changed";
            let problem = Problem::new(StatusCode::CONFLICT, "belongs_to_job", detail);
            Err(problem.with("job_id", job_id.to_string()))
        }
        BatchRunChanged::Illegal { from, to } => {
            let detail = format!("a batch run whose status is '{from}' cannot become '{to}'");
            let problem = Problem::new(StatusCode::CONFLICT, "illegal_transition", detail);
            Err(problem.with("from", from.as_str()).with("to", to.as_str()))
        }
    }
}
