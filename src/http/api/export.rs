//! `GET /api/jobs/{id}/export`: the list with what was found.

use actix_web::HttpResponse;
use actix_web::http::header::CONTENT_DISPOSITION;
use actix_web::web::{Bytes, Data, Path, Query};
use entity::Id;
use futures_util::TryStreamExt as _;
use serde::Deserialize;
use utoipa::IntoParams;

use super::jobs::practice_status;
use crate::actors::{Export, ExportError};
use crate::exchange::write::Format;
use crate::http::app::App;
use crate::http::caller::Caller;
use crate::http::intake::Workbook;
use crate::http::problem::{Problem, Refusals};

/// In which form, and which practices.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ExportQuery {
    format: Option<String>,
    status: Option<String>,
    safe: Option<bool>,
}

impl ExportQuery {
    fn format(&self) -> Result<Format, Problem> {
        match self.format.as_deref() {
            None | Some("csv") => Ok(Format::Csv {
                safe: self.safe.unwrap_or(true),
            }),
            Some("ndjson") => Ok(Format::Ndjson),
            Some("json") => Ok(Format::Json),
            Some(other) => Err(Problem::bad_request(format!(
                "'format' must be csv, json or ndjson, not '{other}'"
            ))),
        }
    }
}

/// `GET /api/jobs/{id}/export`. A failure on the way cuts the answer off, which the client sees.
#[utoipa::path(
    get, path = "/api/jobs/{id}/export", tag = "jobs",
    params(("id" = Id, Path, description = "The job."), ExportQuery),
    responses(
        (
            status = 200,
            description = "The list with what was found, in input order.",
            content(
                (String = "text/csv"),
                (String = "application/x-ndjson"),
                (Vec<Object> = "application/json"),
                (Workbook = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            ),
        ),
        Refusals,
    ),
)]
pub async fn export(
    app: Data<App>,
    caller: Caller,
    id: Path<Id>,
    query: Query<ExportQuery>,
) -> Result<HttpResponse, Problem> {
    let format = query.format()?;
    let status = practice_status(query.status.as_deref())?;
    let job = app.job(&caller, *id).await?;
    let disposition = format!("attachment; filename=\"{}.{}\"", job.id, format.extension());
    let export = Export::new(app.reader.clone(), &job, status, format);
    Ok(HttpResponse::Ok()
        .content_type(format.media_type())
        .insert_header((CONTENT_DISPOSITION, disposition))
        .streaming(Box::pin(export.pieces().map_ok(Bytes::from).map_err(broken_off))))
}

fn broken_off(error: ExportError) -> Problem {
    tracing::warn!(%error, "an export broke off");
    Problem::unavailable()
}
