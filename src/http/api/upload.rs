//! `POST /api/jobs`: a list becomes a job.
//!
//! The import runs in a task of its own, which a closed connection does not cut in half.

use std::path::PathBuf;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tempfile::TempPath;

use super::imports::link_kept;
use crate::actors::Reconcile;
use crate::actors::import::{ImportRequest, Imported, import};
use crate::http::app::App;
use crate::http::caller::Caller;
use crate::http::idempotency::{IdempotencyKey, once};
use crate::http::intake::{ListForm, ListJson, ListOptions, Received, Workbook, receive};
use crate::http::problem::Problem;
use crate::model::play::{PRACTICE_ENRICHMENT, Selection};
use crate::scrape::region_code;
use crate::store::read::{Role, play};
use crate::store::write::{RequestKey, StoredAnswer};

/// A list that is ready to be imported. Its file is gone when the value is dropped.
struct ReadyList {
    path: TempPath,
    source: Value,
    filename: String,
}

/// `POST /api/jobs`.
#[utoipa::path(
    post, path = "/api/jobs", tag = "jobs",
    params(
        ListOptions,
        ("Idempotency-Key" = Option<String>, Header, description = "Carried out once for each key, for 24 hours."),
    ),
    request_body(
        description = "A form with a field `file`, a text file, an Excel workbook, or JSON: `{\"practices\": [...]}`",
        content(
            (ListForm = "multipart/form-data"),
            (String = "text/csv"),
            (Workbook = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            (ListJson = "application/json"),
        ),
    ),
    responses((status = 201, description = "The job, with all its rows.", body = Imported)),
)]
pub async fn create(
    app: Data<App>,
    caller: Caller,
    request: HttpRequest,
    key: IdempotencyKey,
    query: Query<ListOptions>,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    caller.require(Role::Member)?;
    let received = receive(&app, &request, query.into_inner(), payload).await?;
    let asked = (received.digest.clone(), received.options.clone());
    let (shared, asker) = (app.clone(), caller.clone());
    once(
        &app,
        &asker,
        key,
        "POST /api/jobs",
        &asked,
        move |request_key| async move { make_job(&shared, &caller, received, request_key).await },
    )
    .await
}

async fn make_job(
    app: &App,
    caller: &Caller,
    received: Received,
    request_key: Option<RequestKey>,
) -> Result<StoredAnswer, Problem> {
    let options = received.options.clone();
    let settings = read_settings(options.settings.as_ref())?;
    let play_name = options.play.unwrap_or_else(|| PRACTICE_ENRICHMENT.to_owned());
    let organisation_id = caller.scope.organisation_id;
    if play(&app.engine.readers, organisation_id, &play_name, &Selection::default())
        .await?
        .is_none()
    {
        let detail = format!("there is no play '{play_name}' with an enabled step");
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "unknown_play", detail));
    }
    let list = ready(app, caller, received).await?;
    let import_request = ImportRequest {
        organisation_id,
        user_id: caller.scope.user_id,
        origin: caller.origin(),
        file: PathBuf::from(&*list.path),
        source: list.source,
        filename: list.filename,
        name: options.name,
        url_column: options.url_column,
        play: play_name,
        settings,
        request_key,
    };
    let imported = import(Arc::clone(&app.engine), import_request).await;
    drop(list.path);
    app.overseer.do_send(Reconcile);
    Ok(imported?.answer())
}

/// The list that was sent, or the one that is here already.
async fn ready(app: &App, caller: &Caller, received: Received) -> Result<ReadyList, Problem> {
    let filename = received.filename();
    if let Some(list) = received.list {
        return Ok(ReadyList {
            path: list.file.into_temp_path(),
            source: list.source,
            filename,
        });
    }
    let Some(id) = received.options.import_id else {
        return Err(Problem::not_found("import"));
    };
    let (kept, path) = link_kept(app, caller, id).await?;
    Ok(ReadyList {
        path,
        source: kept.source,
        filename: received.options.filename.unwrap_or(kept.filename),
    })
}

/// A job's own settings.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct JobSettings {
    /// ISO 3166-1 alpha-2 country whose phone numbers are assumed where a page names none.
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<String>,
}

pub(super) fn read_settings(given: Option<&Value>) -> Result<Value, Problem> {
    let wrong = |why: String| {
        let detail = format!("'settings' must be a JSON object such as {{\"region\": \"NZ\"}}: {why}");
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "bad_settings", detail)
    };
    let settings = match given {
        None => return Ok(json!({})),
        Some(Value::String(text)) => serde_json::from_str(text),
        Some(other) => serde_json::from_value(other.clone()),
    };
    let mut settings: JobSettings = settings.map_err(|error| wrong(error.to_string()))?;
    if let Some(region) = &mut settings.region {
        *region = region_code(region).map_err(|error| wrong(error.to_string()))?;
    }
    serde_json::to_value(settings).map_err(|error| wrong(error.to_string()))
}
