//! From a job's rows to a file, in pieces: keyset pages in short transactions, at constant memory.

use std::io;

use entity::{Id, enrichment_jobs};
use futures_util::{Stream, stream};
use sea_orm::DbErr;
use serde_json::Value;

use crate::exchange::write::{ExportRow, Format, RowWriter};
use crate::model::practice::PracticeStatus;
use crate::store::read::{ExportItem, Reader};

/// Rows that are read at a time.
const PAGE: u64 = 200;

/// Why an export broke off.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error(transparent)]
    Database(#[from] DbErr),
    #[error("the export could not be encoded: {0}")]
    Encoding(#[from] io::Error),
}

/// A job's list with what was found, in the order of the list.
pub struct Export {
    reader: Reader,
    job_id: Id,
    status: Option<PracticeStatus>,
    headers: Vec<String>,
    after: i64,
    writer: Box<dyn RowWriter>,
    state: State,
}

/// How far an export has come.
#[derive(PartialEq)]
enum State {
    Header,
    Rows,
    Done,
}

impl Export {
    /// All practices of the job, or those of one status.
    #[must_use]
    pub fn new(reader: Reader, job: &enrichment_jobs::Model, status: Option<PracticeStatus>, format: Format) -> Self {
        Self {
            reader,
            job_id: job.id,
            status,
            headers: serde_json::from_value(job.headers.clone()).unwrap_or_default(),
            after: 0,
            writer: format.writer(),
            state: State::Header,
        }
    }

    /// The file in pieces. An error is the last of them.
    pub fn pieces(self) -> impl Stream<Item = Result<Vec<u8>, ExportError>> {
        stream::unfold(self, |mut export| async move {
            if export.state == State::Done {
                return None;
            }
            let piece = export.piece().await;
            if piece.is_err() {
                export.state = State::Done;
            }
            Some((piece, export))
        })
    }

    async fn piece(&mut self) -> Result<Vec<u8>, ExportError> {
        let mut out = Vec::new();
        if self.state == State::Header {
            self.writer.header(&self.headers, &mut out)?;
            self.state = State::Rows;
        }
        let items = self
            .reader
            .export_page(self.job_id, self.status, self.after, PAGE)
            .await?;
        match items.last() {
            Some(last) => self.after = last.id,
            None => {
                self.writer.finish(&mut out)?;
                self.state = State::Done;
            }
        }
        for item in &items {
            let cells = cells(item);
            self.writer.row(&export_row(item, &cells), &mut out)?;
        }
        Ok(out)
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
