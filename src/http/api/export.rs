//! `GET /api/jobs/{id}/export`: the list with what was found.

use actix_web::http::Method;
use actix_web::http::header::ContentEncoding;
use actix_web::web::{Bytes, Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use entity::Id;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::Deserialize;
use utoipa::IntoParams;

use super::jobs::practice_status;
use crate::actors::{ArchiveFiles, Export, ExportError};
use crate::exchange::write::Format;
use crate::http::app::App;
use crate::http::attachment::attachment;
use crate::http::caller::Caller;
use crate::http::intake::Workbook;
use crate::http::problem::Problem;

/// In which form, and which practices.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ExportQuery {
    format: Option<String>,
    status: Option<String>,
    /// Of a CSV: whether cells that a spreadsheet would run are guarded.
    safe: Option<bool>,
    /// Of a CSV: whether a byte order mark comes first, by which Excel knows UTF-8.
    bom: Option<bool>,
}

impl ExportQuery {
    pub(super) fn format(&self) -> Result<Format, Problem> {
        match self.format.as_deref() {
            None | Some("csv") => Ok(Format::Csv {
                safe: self.safe.unwrap_or(true),
                bom: self.bom.unwrap_or(false),
            }),
            Some("xlsx") => Ok(Format::Xlsx),
            Some("ndjson") => Ok(Format::Ndjson),
            Some("json") => Ok(Format::Json),
            Some(other) => Err(Problem::bad_request(format!(
                "'format' must be csv, xlsx, json or ndjson, not '{other}'"
            ))),
        }
    }
}

/// `GET /api/jobs/{id}/export`. What fails before the first byte has a status of its own; a failure after it cuts the
/// answer off, which the client sees.
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
    ),
)]
pub async fn export(
    app: Data<App>,
    caller: Caller,
    request: HttpRequest,
    id: Path<Id>,
    query: Query<ExportQuery>,
) -> Result<HttpResponse, Problem> {
    let format = query.format()?;
    let status = practice_status(query.status.as_deref())?;
    let job = app.job(&caller, *id).await?;
    let mut response = HttpResponse::Ok();
    response.content_type(format.media_type()).insert_header(attachment(
        job.original_filename.as_deref(),
        job.id,
        format.extension(),
    ));
    if format == Format::Xlsx {
        // It is compressed already.
        response.insert_header(ContentEncoding::Identity);
    }
    if request.method() == Method::HEAD {
        return Ok(response.streaming(stream::empty::<Result<Bytes, Problem>>()));
    }
    let archives = ArchiveFiles::new(&app.engine.settings().data_dir);
    let export = Export::open(app.reader.clone(), archives, job, status, format, app.exports.clone()).await?;
    let mut pieces = Box::pin(export.pieces().map_ok(Bytes::from));
    let first = pieces.try_next().await?;
    let pieces = stream::iter(first.map(Ok)).chain(pieces);
    Ok(response.streaming(pieces.map_err(broken_off)))
}

fn broken_off(error: ExportError) -> Problem {
    tracing::warn!(%error, "an export broke off");
    Problem::unavailable()
}
