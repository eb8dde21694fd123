//! Companies that are run through a play: they become a job, a thousand at a time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use entity::Id;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{Engine, ImportError, discard};
use crate::model::journal::Origin;
use crate::model::play::Selection;
use crate::scrape::clean_url;
use crate::store::read::{CompanyFilter, CompanyRow, Reader, Scope};
use crate::store::write::{
    BeginImport, FinishImport, ImportRow, ImportRows, Intake, KeyAnswer, RequestKey, RowKeys, StoredAnswer,
};

/// What such jobs are called in place of a file.
const FILENAME: &str = "companies";
/// The columns of such a job, the one with the address first.
const HEADERS: [&str; 2] = ["domain", "name"];

/// Companies, and what is to be done for them.
#[derive(Clone, Debug)]
pub struct CompanyRun {
    pub scope: Scope,
    pub origin: Origin,
    pub play: String,
    /// What of the play is run.
    pub selection: Selection,
    pub name: Option<String>,
    pub settings: Value,
    pub chosen: Chosen,
    pub request_key: Option<RequestKey>,
}

/// Which companies.
#[derive(Clone, Debug)]
pub enum Chosen {
    /// These, each once, in the order in which they were made.
    Named(Vec<Id>),
    Matching(CompanyFilter),
}

/// A job that was made of companies.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RunMade {
    pub job_id: Id,
    /// Companies in it.
    pub companies: u64,
    /// Those on the exclusion list, which are never contacted.
    pub excluded: u64,
    pub invalid: u64,
    pub play: String,
    /// The step, where only one is run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<i32>,
    /// The workflow, where only one is run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow_id: Option<Id>,
    /// Whether those who have completed a step do it again.
    pub force: bool,
}

impl RunMade {
    fn answer(&self) -> StoredAnswer {
        StoredAnswer {
            status: 201,
            location: Some(format!("/api/jobs/{}", self.job_id)),
            body: json!(self).to_string(),
        }
    }
}

/// Why no job was made.
#[derive(Debug, thiserror::Error)]
pub enum RunRefused {
    #[error("no company matches")]
    NoCompany,
    #[error(transparent)]
    Import(#[from] ImportError),
}

/// Waits until what had happened when this was called stands in the logs, so that completions can be asked for.
///
/// # Errors
/// [`ImportError::Away`] where that takes longer than a request waits for a command.
pub async fn until_logged(engine: &Engine) -> Result<(), ImportError> {
    let within = Duration::from_millis(engine.settings().http.command_timeout_ms);
    if engine.until_logged(Some(Instant::now() + within)).await? {
        Ok(())
    } else {
        Err(ImportError::Away)
    }
}

/// Makes a job of companies. Nobody sees it until the last of them is in.
///
/// # Errors
/// See [`RunRefused`]; then no trace of the job is left.
pub async fn run_companies(engine: Arc<Engine>, reader: Reader, run: CompanyRun) -> Result<StoredAnswer, RunRefused> {
    let job_id = Id::now();
    let outcome = write_companies(&engine, &reader, &run, job_id).await;
    if outcome.is_err() {
        // The answer does not wait for it: the command that failed may still be on its way.
        actix::spawn(async move { discard(&engine, job_id).await });
    }
    outcome
}

async fn write_companies(
    engine: &Engine,
    reader: &Reader,
    run: &CompanyRun,
    job_id: Id,
) -> Result<StoredAnswer, RunRefused> {
    let organisation_id = run.scope.organisation_id;
    let begin = BeginImport {
        job_id,
        organisation_id,
        user_id: run.scope.user_id,
        original_filename: FILENAME.to_owned(),
        name: run.name.clone(),
        play_name: run.play.clone(),
        url_column: HEADERS[0].to_owned(),
        headers: HEADERS.map(str::to_owned).to_vec(),
        settings: run.settings.clone(),
        selection: run.selection,
    };
    // Nothing is visible yet: a database that is away is told rather than waited for.
    let settings = engine.settings();
    let within = Duration::from_millis(settings.http.command_timeout_ms);
    tokio::time::timeout(within, engine.storage.write(begin))
        .await
        .map_err(|_| ImportError::Away)?
        .map_err(ImportError::from)?;
    let mut pages = Pages::new(reader, run, settings.imports.chunk_rows);
    let mut intake = Intake::default();
    while let Some(page) = pages.next().await? {
        let first = i64::try_from(intake.rows).unwrap_or(i64::MAX);
        let rows = ImportRows {
            job_id,
            organisation_id,
            rows: (1..)
                .zip(page)
                .map(|(place, company)| row(first + place, company))
                .collect(),
        };
        intake += engine.storage.write(rows).await.map_err(ImportError::from)?;
    }
    if intake.rows == 0 {
        return Err(RunRefused::NoCompany);
    }
    finish(engine, run, job_id, intake).await
}

async fn finish(engine: &Engine, run: &CompanyRun, job_id: Id, intake: Intake) -> Result<StoredAnswer, RunRefused> {
    let made = RunMade {
        job_id,
        companies: intake.rows,
        excluded: intake.excluded,
        invalid: intake.invalid,
        play: run.play.clone(),
        step: run.selection.step,
        workflow_id: run.selection.workflow_id,
        force: run.selection.force,
    };
    let finish = FinishImport {
        job_id,
        organisation_id: run.scope.organisation_id,
        user_id: run.scope.user_id,
        original_filename: FILENAME.to_owned(),
        blank_rows: 0,
        meta: json!({
            "source": { "format": "companies" },
            "columns": HEADERS,
            "rows": intake.rows,
            "selection": run.selection,
        }),
        origin: run.origin.clone(),
        answer: run.request_key.clone().map(|request| KeyAnswer {
            request,
            answer: made.answer(),
        }),
    };
    engine.storage.write(finish).await.map_err(ImportError::from)?;
    Ok(made.answer())
}

fn row(row_number: i64, company: CompanyRow) -> ImportRow {
    let keys = clean_url(&company.domain)
        .map(|clean| RowKeys {
            dedupe_key: clean.dedupe_key,
            host_key: clean.host_key,
            domain: clean.domain,
        })
        .map_err(|refusal| refusal.to_string());
    let name = company.name.unwrap_or_default();
    ImportRow {
        row_number,
        input: json!([company.domain, name]).to_string(),
        identifier: company.domain,
        company_id: Some(company.id),
        keys,
    }
}

/// The chosen companies, a page at a time.
struct Pages<'a> {
    reader: &'a Reader,
    scope: &'a Scope,
    chosen: &'a Chosen,
    rows: usize,
    /// Named ones that have been taken.
    taken: usize,
    after: Option<Id>,
    ended: bool,
}

impl<'a> Pages<'a> {
    fn new(reader: &'a Reader, run: &'a CompanyRun, rows: usize) -> Self {
        Self {
            reader,
            scope: &run.scope,
            chosen: &run.chosen,
            rows,
            taken: 0,
            after: None,
            ended: false,
        }
    }

    /// The next page, which may be empty; `None` after the last one.
    async fn next(&mut self) -> Result<Option<Vec<CompanyRow>>, ImportError> {
        if self.ended {
            return Ok(None);
        }
        let limit = self.rows as u64;
        Ok(Some(match self.chosen {
            Chosen::Named(ids) => {
                let end = ids.len().min(self.taken + self.rows);
                let filter = CompanyFilter {
                    ids: Some(ids[self.taken..end].to_vec()),
                    ..CompanyFilter::default()
                };
                self.taken = end;
                self.ended = end == ids.len();
                self.reader.companies_after(self.scope, &filter, None, limit).await?
            }
            Chosen::Matching(filter) => {
                let page = self
                    .reader
                    .companies_after(self.scope, filter, self.after, limit)
                    .await?;
                self.ended = page.len() < self.rows;
                self.after = page.last().map(|company| company.id);
                page
            }
        }))
    }
}
