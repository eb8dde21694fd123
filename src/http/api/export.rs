//! `GET /api/jobs/{id}/export`: the list with what was found, streamed from keyset pages at constant memory.

use actix_web::HttpResponse;
use actix_web::http::header::CONTENT_DISPOSITION;
use actix_web::web::{Bytes, Data, Path, Query};
use entity::Id;
use futures_util::stream;
use serde::Deserialize;
use serde_json::Value;

use super::jobs::practice_status;
use crate::exchange::write::{ExportRow, Format, RowWriter};
use crate::http::app::App;
use crate::http::caller::Caller;
use crate::http::problem::Problem;
use crate::model::practice::PracticeStatus;
use crate::store::read::{ExportItem, Reader};

/// Rows that are read at a time.
const PAGE: u64 = 200;

/// In which form, and which practices.
#[derive(Debug, Deserialize)]
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

/// `GET /api/jobs/{id}/export`.
pub async fn export(
    app: Data<App>,
    caller: Caller,
    id: Path<Id>,
    query: Query<ExportQuery>,
) -> Result<HttpResponse, Problem> {
    let format = query.format()?;
    let status = practice_status(query.status.as_deref())?;
    let job = app.job(&caller, *id).await?;
    let headers: Vec<String> = serde_json::from_value(job.headers).unwrap_or_default();
    let pages = Pages {
        reader: app.reader.clone(),
        job_id: job.id,
        status,
        headers,
        after: 0,
        writer: format.writer(),
        state: State::Header,
    };
    let disposition = format!("attachment; filename=\"{}.{}\"", job.id, format.extension());
    Ok(HttpResponse::Ok()
        .content_type(format.media_type())
        .insert_header((CONTENT_DISPOSITION, disposition))
        .streaming(stream::unfold(pages, |pages| async move { pages.next().await })))
}

/// How far an export has come.
struct Pages {
    reader: Reader,
    job_id: Id,
    status: Option<PracticeStatus>,
    headers: Vec<String>,
    after: i64,
    writer: Box<dyn RowWriter>,
    state: State,
}

#[derive(PartialEq)]
enum State {
    Header,
    Rows,
    Done,
}

impl Pages {
    /// The next piece of the file. An error cuts the answer off, which the client sees.
    async fn next(mut self) -> Option<(Result<Bytes, Problem>, Self)> {
        if self.state == State::Done {
            return None;
        }
        let piece = self.piece().await;
        if piece.is_err() {
            self.state = State::Done;
        }
        Some((piece, self))
    }

    async fn piece(&mut self) -> Result<Bytes, Problem> {
        let mut out = Vec::new();
        let unwritable = |error: std::io::Error| {
            tracing::error!(%error, "an export could not be encoded");
            Problem::unavailable()
        };
        if self.state == State::Header {
            self.writer.header(&self.headers, &mut out).map_err(unwritable)?;
            self.state = State::Rows;
        }
        let items = self
            .reader
            .export_page(self.job_id, self.status, self.after, PAGE)
            .await?;
        match items.last() {
            Some(last) => self.after = last.id,
            None => {
                self.writer.finish(&mut out).map_err(unwritable)?;
                self.state = State::Done;
            }
        }
        for item in &items {
            let cells = cells(item);
            self.writer
                .row(&export_row(item, &cells), &mut out)
                .map_err(unwritable)?;
        }
        Ok(out.into())
    }
}

fn cells(item: &ExportItem) -> Vec<String> {
    let cells = item
        .input
        .as_ref()
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    cells
        .iter()
        .map(|cell| cell.as_str().unwrap_or_default().to_owned())
        .collect()
}

fn export_row<'a>(item: &'a ExportItem, cells: &'a [String]) -> ExportRow<'a> {
    ExportRow {
        row_number: u64::try_from(item.row_number).unwrap_or_default(),
        identifier: &item.practice_identifier,
        cells,
        status: &item.status,
        error: item.error_message.as_deref(),
        duplicate_of: item.duplicate_of.and_then(|row| u64::try_from(row).ok()),
        final_payload: item.final_payload.as_ref(),
    }
}
