//! `POST /api/jobs`: a list becomes a job.
//!
//! The body is spooled to a file of bounded size first, so that a sender who goes away leaves nothing; then it is
//! imported by a task of its own, which a closed connection does not cut in half.

use std::io::Write as _;
use std::sync::Arc;

use actix_multipart::Multipart;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, LOCATION};
use actix_web::web::{Bytes, Data, Payload, Query};
use actix_web::{FromRequest as _, HttpRequest, HttpResponse};
use futures_util::{Stream, StreamExt as _};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use crate::actors::Reconcile;
use crate::actors::import::{ImportRequest, import};
use crate::http::app::App;
use crate::http::caller::Caller;
use crate::http::problem::Problem;
use crate::model::play::PRACTICE_ENRICHMENT;
use crate::store::read::{Role, play};

/// The largest form field that is not the file.
const FIELD_BYTES: usize = 64 * 1024;

/// What the sender says of the file, in the query or as form fields.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UploadOptions {
    name: Option<String>,
    filename: Option<String>,
    url_column: Option<String>,
    play: Option<String>,
    /// A JSON object.
    settings: Option<String>,
}

/// A body on disk.
struct Spooled {
    file: NamedTempFile,
    options: UploadOptions,
}

/// `POST /api/jobs`.
pub async fn create(
    app: Data<App>,
    caller: Caller,
    request: HttpRequest,
    query: Query<UploadOptions>,
    mut payload: Payload,
) -> Result<HttpResponse, Problem> {
    caller.require(Role::Member)?;
    let options = query.into_inner();
    let media_type = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let media_type = media_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let spooled = match media_type.as_str() {
        "multipart/form-data" => {
            let mut raw = payload.into_inner();
            let form = Multipart::from_request(&request, &mut raw)
                .await
                .map_err(|error| Problem::bad_request(format!("the form cannot be read: {error}")))?;
            spool_form(&app, form, options).await?
        }
        "text/csv" | "application/csv" | "text/plain" | "text/tab-separated-values" => Spooled {
            file: spool(&app, &mut payload).await?,
            options,
        },
        _ => {
            let detail = "send the list as multipart/form-data with a field 'file', or as a text/csv body";
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                detail,
            ));
        }
    };
    make_job(&app, &caller, spooled).await
}

async fn make_job(app: &Data<App>, caller: &Caller, spooled: Spooled) -> Result<HttpResponse, Problem> {
    let Spooled { file, options } = spooled;
    let settings = read_settings(options.settings.as_deref())?;
    let play_name = options.play.unwrap_or_else(|| PRACTICE_ENRICHMENT.to_owned());
    if play(&app.engine.readers, caller.scope.organisation_id, &play_name)
        .await?
        .is_none()
    {
        let detail = format!("there is no play '{play_name}' with an enabled step");
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "unknown_play", detail));
    }
    let import_request = ImportRequest {
        organisation_id: caller.scope.organisation_id,
        user_id: caller.scope.user_id,
        origin: caller.origin(),
        file: file.path().to_owned(),
        filename: options.filename.unwrap_or_else(|| "upload.csv".to_owned()),
        name: options.name,
        url_column: options.url_column,
        play: play_name,
        settings,
    };
    let engine = Arc::clone(&app.engine);
    let overseer = app.overseer.clone();
    let importing = actix_web::rt::spawn(async move {
        let imported = import(engine, import_request).await;
        drop(file);
        overseer.do_send(Reconcile);
        imported
    });
    let imported = importing.await.map_err(|error| Problem::internal(&error))??;
    let location = format!("/api/jobs/{}", imported.job_id);
    Ok(HttpResponse::Created().insert_header((LOCATION, location)).json(json!({
        "job_id": imported.job_id,
        "total_practices": imported.intake.rows,
        "url_column": imported.url_column,
        "duplicates": imported.intake.duplicates,
        // Nothing can be on an exclusion list yet.
        "excluded": 0,
        "invalid": imported.intake.invalid,
        "blank_rows": imported.blank_rows,
    })))
}

/// A job's own settings.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct JobSettings {
    /// ISO 3166-1 alpha-2 country whose phone numbers are assumed where a page names none.
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<String>,
}

fn read_settings(text: Option<&str>) -> Result<Value, Problem> {
    let wrong = |why: String| {
        let detail = format!("'settings' must be a JSON object such as {{\"region\": \"NZ\"}}: {why}");
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "bad_settings", detail)
    };
    let Some(text) = text else { return Ok(json!({})) };
    let mut settings: JobSettings = serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
    if let Some(region) = &mut settings.region {
        region.make_ascii_uppercase();
        if region.parse::<phonenumber::country::Id>().is_err() {
            let hint = if region == "UK" {
                "; the United Kingdom is GB"
            } else {
                ""
            };
            return Err(wrong(format!(
                "'{region}' is not the two-letter code of a country{hint}"
            )));
        }
    }
    serde_json::to_value(settings).map_err(|error| wrong(error.to_string()))
}

/// Writes a body to a file in the spool. The file is gone when the value is dropped.
async fn spool<E: std::fmt::Display>(
    app: &App,
    body: &mut (impl Stream<Item = Result<Bytes, E>> + Unpin),
) -> Result<NamedTempFile, Problem> {
    let limit = app.engine.settings().http.max_upload_bytes;
    let unwritable = |error: std::io::Error| {
        tracing::error!(%error, "an upload could not be spooled");
        Problem::new(
            StatusCode::INSUFFICIENT_STORAGE,
            "no_space",
            "the upload could not be stored; try again later",
        )
    };
    let mut file = NamedTempFile::new_in(&app.spool).map_err(unwritable)?;
    let mut size: u64 = 0;
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|error| Problem::bad_request(format!("the upload broke off: {error}")))?;
        size += chunk.len() as u64;
        if size > limit {
            let detail = format!("the file is larger than {limit} bytes (http.max_upload_bytes); split it");
            return Err(Problem::too_large(detail));
        }
        // On the blocking pool: a slow disk must not hold up other requests.
        let written = tokio::task::spawn_blocking(move || file.write_all(&chunk).map(|()| file)).await;
        file = written.map_err(|_| Problem::unavailable())?.map_err(unwritable)?;
    }
    Ok(file)
}

async fn spool_form(app: &App, mut form: Multipart, mut options: UploadOptions) -> Result<Spooled, Problem> {
    let mut file = None;
    while let Some(field) = form.next().await {
        let mut field = field.map_err(|error| Problem::bad_request(format!("the form cannot be read: {error}")))?;
        let name = field.name().unwrap_or_default().to_owned();
        if name == "file" {
            if file.is_some() {
                let detail = "the form has the field 'file' twice; send one list at a time";
                return Err(Problem::bad_request(detail));
            }
            let filename = field
                .content_disposition()
                .and_then(|header| header.get_filename().map(str::to_owned));
            options.filename = options.filename.or(filename);
            file = Some(spool(app, &mut field).await?);
            continue;
        }
        let text = read_field(&mut field).await?;
        match name.as_str() {
            "filename" => options.filename = Some(text),
            "name" => options.name = Some(text),
            "url_column" => options.url_column = Some(text),
            "play" => options.play = Some(text),
            "settings" => options.settings = Some(text),
            other => {
                let detail =
                    format!("unknown form field '{other}'; known are file, filename, name, url_column, play, settings");
                return Err(Problem::bad_request(detail));
            }
        }
    }
    match file {
        Some(file) => Ok(Spooled { file, options }),
        None => Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "no_file",
            "the form has no field 'file'; send the list in it",
        )),
    }
}

async fn read_field(field: &mut actix_multipart::Field) -> Result<String, Problem> {
    let mut text = Vec::new();
    while let Some(chunk) = field.next().await {
        let chunk = chunk.map_err(|error| Problem::bad_request(format!("the form cannot be read: {error}")))?;
        if text.len() + chunk.len() > FIELD_BYTES {
            return Err(Problem::too_large(format!(
                "a form field is larger than {FIELD_BYTES} bytes"
            )));
        }
        text.extend_from_slice(&chunk);
    }
    String::from_utf8(text).map_err(|_| Problem::bad_request("a form field is not UTF-8"))
}
