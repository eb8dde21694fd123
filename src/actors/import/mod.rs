//! From a list on disk to a job: read on a blocking thread, written a thousand rows at a time.
//!
//! Nobody sees the job until its last row is in. Whatever goes wrong before that leaves nothing.

mod companies;
mod company_run;
mod leads;
mod list;
mod preview;
mod rows;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use entity::Id;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::control::Engine;
use crate::exchange::read::{FileFault, Inspection, ReadLimits};
use crate::model::journal::Origin;
use crate::model::play::Selection;
use crate::store::write::{
    BeginImport, DiscardImport, FinishImport, ImportRows, Intake, KeyAnswer, RequestKey, StoredAnswer, WriteError,
};

pub use companies::{CompaniesImported, CompanyList, import_companies};
pub use company_run::{Chosen, CompanyRun, RunMade, RunRefused, run_companies, until_logged};
pub use leads::{LeadList, LeadsImported, import_leads, read_profile};
pub use list::{SentList, TextList, Unfolded, text_source, unfold, unfold_file_at};
pub use preview::{Preview, Rejected, RowProblem, preview, rejected};
pub use rows::workbook_limits;
use rows::{Chunks, inspect_list, read_limits};

/// A list and what its sender said of it.
#[derive(Clone, Debug)]
pub struct ImportRequest {
    pub organisation_id: Id,
    pub user_id: Id,
    pub origin: Origin,
    /// Delimited text.
    pub file: PathBuf,
    /// What the list had been before it became text; an object.
    pub source: Value,
    pub filename: String,
    pub name: Option<String>,
    pub url_column: Option<String>,
    pub play: String,
    pub settings: Value,
    /// Where the request carried a key: the answer is stored with the job.
    pub request_key: Option<RequestKey>,
}

/// A job that was made of a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Imported {
    pub job_id: Id,
    pub total_practices: u64,
    pub url_column: String,
    pub duplicates: u64,
    pub excluded: u64,
    pub invalid: u64,
    pub blank_rows: u64,
}

impl Imported {
    /// What whoever sent the list is answered.
    #[must_use]
    pub fn answer(&self) -> StoredAnswer {
        StoredAnswer {
            status: 201,
            location: Some(format!("/api/jobs/{}", self.job_id)),
            body: json!(self).to_string(),
        }
    }
}

/// Why no job was made.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error(transparent)]
    File(#[from] FileFault),
    #[error(
        "No column holds names. Give one the header `name`, `restaurant` or `business name`. The columns are: {}.",
        columns.join(", ")
    )]
    NoNameColumn { columns: Vec<String> },
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error(transparent)]
    Database(#[from] sea_orm::DbErr),
    #[error("the database takes no writes at the moment")]
    Away,
    #[error("the list could not be kept on disk: {0}")]
    Spool(#[source] std::io::Error),
    #[error("the list could not be read to its end: {0}")]
    Reading(String),
}

/// Makes a job of the list.
///
/// # Errors
/// See [`ImportError`]; then no trace of the job is left.
pub async fn import(engine: Arc<Engine>, request: ImportRequest) -> Result<Imported, ImportError> {
    let settings = engine.settings();
    let limits = read_limits(&settings);
    let inspection = inspect_list(request.file.clone(), limits, request.url_column.clone()).await?;
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
    engine: &Arc<Engine>,
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
        selection: Selection::default(),
    };
    // Nothing is visible yet: a database that is away is told rather than waited for.
    let within = Duration::from_millis(engine.settings().http.command_timeout_ms);
    tokio::time::timeout(within, engine.storage.write(begin))
        .await
        .map_err(|_| ImportError::Away)??;
    let mut chunks = Chunks::open(&request.file, limits, inspection, chunk_rows);
    let mut intake = Intake::default();
    while let Some(chunk) = chunks.next().await {
        let rows = ImportRows {
            job_id,
            organisation_id: request.organisation_id,
            rows: chunk.into_iter().map(|listed| listed.row).collect(),
        };
        intake += engine.storage.write(rows).await?;
    }
    let blank_rows = chunks.finish().await?;
    let imported = Imported {
        job_id,
        total_practices: intake.rows,
        url_column,
        duplicates: intake.duplicates,
        excluded: intake.excluded,
        invalid: intake.invalid,
        blank_rows,
    };
    let finish = FinishImport {
        job_id,
        organisation_id: request.organisation_id,
        user_id: request.user_id,
        original_filename: request.filename.clone(),
        blank_rows,
        meta: json!({
            "source": request.source,
            "encoding": inspection.encoding,
            "delimiter": inspection.dialect,
            "columns": inspection.columns,
            "rows": intake.rows,
        }),
        origin: request.origin.clone(),
        answer: request.request_key.clone().map(|request| KeyAnswer {
            request,
            answer: imported.answer(),
        }),
    };
    engine.storage.write(finish).await?;
    Ok(imported)
}
