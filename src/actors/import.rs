//! From a spooled upload to a job: read on a blocking thread, written a thousand rows at a time.
//!
//! Nobody sees the job until its last row is in. Whatever goes wrong before that leaves nothing.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use entity::Id;
use serde_json::Value;
use tokio::sync::mpsc;

use super::control::Engine;
use crate::exchange::read::{FileFault, InputRow, Inspection, ReadLimits, ReadOptions, inspect, rows};
use crate::model::journal::Origin;
use crate::scrape::clean_url;
use crate::store::write::{
    BeginImport, DiscardImport, FinishImport, ImportRow, ImportRows, Intake, RowKeys, WriteError,
};

/// Chunks that may wait for the writer.
const CHUNKS_AHEAD: usize = 2;

/// An upload and what its sender said of it.
#[derive(Clone, Debug)]
pub struct ImportRequest {
    pub organisation_id: Id,
    pub user_id: Id,
    pub origin: Origin,
    pub file: PathBuf,
    pub filename: String,
    pub name: Option<String>,
    pub url_column: Option<String>,
    pub play: String,
    pub settings: Value,
}

/// A job that was made of an upload.
#[derive(Clone, Debug)]
pub struct Imported {
    pub job_id: Id,
    pub intake: Intake,
    pub url_column: String,
    pub blank_rows: u64,
}

/// Why no job was made.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error(transparent)]
    File(#[from] FileFault),
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error("the database takes no writes at the moment")]
    Away,
    #[error("the upload could not be read to its end: {0}")]
    Reading(String),
}

/// Makes a job of the file.
///
/// # Errors
/// See [`ImportError`]; then no trace of the upload is left.
pub async fn import(engine: Arc<Engine>, request: ImportRequest) -> Result<Imported, ImportError> {
    let settings = engine.settings();
    let limits = ReadLimits {
        max_rows: settings.imports.max_rows,
        max_row_bytes: settings.imports.max_row_bytes,
        max_columns: settings.imports.max_columns,
    };
    let options = ReadOptions {
        url_column: request.url_column.clone(),
    };
    let file = request.file.clone();
    let inspection = blocking(move || inspect(&file, limits, &options, &|cell| clean_url(cell).is_ok())).await??;
    let job_id = Id::now();
    let outcome = write_rows(
        &engine,
        &request,
        job_id,
        &inspection,
        limits,
        settings.imports.chunk_rows,
    )
    .await;
    if outcome.is_err() {
        let engine = Arc::clone(&engine);
        // The answer does not wait for it: the command that failed may still be on its way.
        actix::spawn(async move { discard(&engine, job_id).await });
    }
    outcome
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, ImportError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| ImportError::Reading(error.to_string()))
}

async fn discard(engine: &Engine, job_id: Id) {
    loop {
        match engine.storage.write(DiscardImport { job_id }).await {
            Ok(false) => {}
            Ok(true) => return,
            Err(error) => {
                tracing::warn!(%error, job = %job_id, "a failed upload is left for the next start to discard");
                return;
            }
        }
    }
}

async fn write_rows(
    engine: &Engine,
    request: &ImportRequest,
    job_id: Id,
    inspection: &Inspection,
    limits: ReadLimits,
    chunk_rows: usize,
) -> Result<Imported, ImportError> {
    let url_column = inspection.url_column_name().to_owned();
    let begin = BeginImport {
        job_id,
        organisation_id: request.organisation_id,
        user_id: request.user_id,
        original_filename: request.filename.clone(),
        name: request.name.clone(),
        play_name: request.play.clone(),
        url_column: url_column.clone(),
        headers: inspection.columns.clone(),
        settings: request.settings.clone(),
    };
    // Nothing is visible yet: a database that is away is told rather than waited for.
    let within = Duration::from_millis(engine.settings().http.command_timeout_ms);
    tokio::time::timeout(within, engine.storage.write(begin))
        .await
        .map_err(|_| ImportError::Away)??;
    let (send, mut receive) = mpsc::channel(CHUNKS_AHEAD);
    let (file, for_reader) = (request.file.clone(), inspection.clone());
    let reading = tokio::task::spawn_blocking(move || read_chunks(&file, limits, &for_reader, chunk_rows, &send));
    let mut intake = Intake::default();
    while let Some(chunk) = receive.recv().await {
        let organisation_id = request.organisation_id;
        intake += engine
            .storage
            .write(ImportRows {
                job_id,
                organisation_id,
                rows: chunk,
            })
            .await?;
    }
    let blank_rows = reading
        .await
        .map_err(|error| ImportError::Reading(error.to_string()))??;
    let meta = serde_json::json!({
        "encoding": inspection.encoding,
        "delimiter": inspection.dialect,
        "rows": intake.rows,
    });
    let finish = FinishImport {
        job_id,
        organisation_id: request.organisation_id,
        user_id: request.user_id,
        original_filename: request.filename.clone(),
        blank_rows,
        meta,
        origin: request.origin.clone(),
    };
    engine.storage.write(finish).await?;
    Ok(Imported {
        job_id,
        intake,
        url_column,
        blank_rows,
    })
}

/// Reads the file and hands on chunks; tells how many rows were blank. Stops when nobody takes chunks any more.
fn read_chunks(
    file: &std::path::Path,
    limits: ReadLimits,
    inspection: &Inspection,
    chunk_rows: usize,
    send: &mpsc::Sender<Vec<ImportRow>>,
) -> Result<u64, FileFault> {
    let mut rows = rows(file, limits, inspection)?;
    let mut chunk = Vec::with_capacity(chunk_rows);
    for row in rows.by_ref() {
        chunk.push(import_row(row?));
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
        keys,
    }
}
