//! The rows of a list that is on disk, read on a blocking thread and handed on in chunks.

use std::path::{Path, PathBuf};

use serde_json::Value;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::ImportError;
use crate::exchange::read::{FileFault, InputRow, Inspection, ReadLimits, ReadOptions, WorkbookLimits, inspect, rows};
use crate::scrape::clean_url;
use crate::settings::Settings;
use crate::store::write::{ImportRow, RowKeys};

/// Chunks that may wait for whoever takes them.
const CHUNKS_AHEAD: usize = 2;

/// What the settings allow a list.
pub fn read_limits(settings: &Settings) -> ReadLimits {
    ReadLimits {
        max_rows: settings.imports.max_rows,
        max_row_bytes: settings.imports.max_row_bytes,
        max_columns: settings.imports.max_columns,
    }
}

/// What the settings allow a workbook, and the list in it.
pub fn workbook_limits(settings: &Settings) -> WorkbookLimits {
    WorkbookLimits {
        max_unpacked_bytes: settings.imports.max_unpacked_bytes,
        text: read_limits(settings),
    }
}

/// Runs `work` where it may block.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, ImportError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| ImportError::Reading(error.to_string()))
}

/// Says how to read the file.
pub(super) async fn inspect_list(
    file: PathBuf,
    limits: ReadLimits,
    url_column: Option<String>,
) -> Result<Inspection, ImportError> {
    let options = ReadOptions { url_column };
    let inspection = blocking(move || inspect(&file, limits, &options, &|cell| clean_url(cell).is_ok())).await??;
    Ok(inspection)
}

/// A row, and the line of the file that it starts on.
pub(super) struct ListRow {
    pub line: u64,
    pub row: ImportRow,
}

/// Rows on their way, a chunk at a time.
pub(super) struct Chunks {
    receive: mpsc::Receiver<Vec<ListRow>>,
    reading: JoinHandle<Result<u64, FileFault>>,
}

impl Chunks {
    /// Begins to read; it stops when this is dropped.
    pub fn open(file: &Path, limits: ReadLimits, inspection: &Inspection, chunk_rows: usize) -> Self {
        let (send, receive) = mpsc::channel(CHUNKS_AHEAD);
        let (file, inspection) = (file.to_owned(), inspection.clone());
        let reading = tokio::task::spawn_blocking(move || read_chunks(&file, limits, &inspection, chunk_rows, &send));
        Self { receive, reading }
    }

    /// The next chunk; `None` at the end of the file, or at a fault, which [`finish`](Self::finish) then tells.
    pub async fn next(&mut self) -> Option<Vec<ListRow>> {
        self.receive.recv().await
    }

    /// How many rows were blank.
    pub async fn finish(self) -> Result<u64, ImportError> {
        let blank = self
            .reading
            .await
            .map_err(|error| ImportError::Reading(error.to_string()))??;
        Ok(blank)
    }
}

/// Reads the file and hands on chunks; tells how many rows were blank. Stops when nobody takes chunks any more.
fn read_chunks(
    file: &Path,
    limits: ReadLimits,
    inspection: &Inspection,
    chunk_rows: usize,
    send: &mpsc::Sender<Vec<ListRow>>,
) -> Result<u64, FileFault> {
    let mut rows = rows(file, limits, inspection)?;
    let mut chunk = Vec::with_capacity(chunk_rows);
    for row in rows.by_ref() {
        let row = row?;
        chunk.push(ListRow {
            line: row.line,
            row: import_row(row),
        });
        if chunk.len() >= chunk_rows && send.blocking_send(std::mem::take(&mut chunk)).is_err() {
            return Ok(0);
        }
    }
    if !chunk.is_empty() {
        // Nobody there to take it: the import has failed elsewhere and says so.
        drop(send.blocking_send(chunk));
    }
    Ok(rows.blank_rows())
}

fn import_row(row: InputRow) -> ImportRow {
    let keys = clean_url(&row.identifier)
        .map(|clean| RowKeys {
            dedupe_key: clean.dedupe_key,
            host_key: clean.host_key,
            domain: clean.domain,
        })
        .map_err(|refusal| refusal.to_string());
    ImportRow {
        row_number: i64::try_from(row.row_number).unwrap_or(i64::MAX),
        input: Value::from(row.cells).to_string(),
        identifier: row.identifier,
        company_id: None,
        keys,
    }
}
