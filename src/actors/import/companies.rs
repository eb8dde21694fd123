//! A list of companies: each row makes or changes the one of its domain, a thousand at a time.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use entity::Id;
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::preview::{LISTED_PROBLEMS, RowProblem, shortened};
use super::rows::{Chunks, ListRow, inspect_list, read_limits};
use super::{Engine, ImportError};
use crate::model::journal::Origin;
use crate::store::write::{
    CompanyWrite, DATA_BYTES, RequestKey, StoredAnswer, UpsertCompanies, UpsertForm, UpsertKey, Upserted,
};

/// Headers of the column that holds the names, the first of them that is there: letters alone, in lower case.
const NAMES: [&str; 12] = [
    "name",
    "companyname",
    "company",
    "businessname",
    "organisationname",
    "organizationname",
    "organisation",
    "organization",
    "practicename",
    "practice",
    "accountname",
    "business",
];

/// A list of companies on disk.
#[derive(Clone, Debug)]
pub struct CompanyList {
    pub organisation_id: Id,
    pub origin: Origin,
    /// Delimited text.
    pub file: PathBuf,
    /// The column that holds the domains, where the sender names it.
    pub url_column: Option<String>,
    /// Where the request carried a key: the answer is stored with the last rows.
    pub request_key: Option<RequestKey>,
}

/// What became of a list of companies.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct CompaniesImported {
    /// Rows with content.
    pub rows: u64,
    pub created: u64,
    /// Rows that changed a company that was there, or that an earlier row had made.
    pub updated: u64,
    pub unchanged: u64,
    /// Rows that name no company.
    pub invalid: u64,
    pub blank_rows: u64,
    pub domain_column: String,
    /// Absent where no column is headed like one of names.
    pub name_column: Option<String>,
    /// The first problems.
    pub problems: Vec<RowProblem>,
}

/// Takes the companies of the list. Rows that are in stay in, also where a later one cannot be written; the same list sent
/// again changes nothing more.
///
/// # Errors
/// See [`ImportError`].
pub async fn import_companies(engine: Arc<Engine>, list: CompanyList) -> Result<StoredAnswer, ImportError> {
    let settings = engine.settings();
    let limits = read_limits(&settings);
    let inspection = inspect_list(list.file.clone(), limits, list.url_column.clone()).await?;
    let columns = Columns::of(&inspection.columns, inspection.url_column);
    let mut imported = CompaniesImported {
        domain_column: inspection.url_column_name().to_owned(),
        name_column: columns.name.map(|place| inspection.columns[place].clone()),
        ..CompaniesImported::default()
    };
    let mut chunks = Chunks::open(&list.file, limits, &inspection, settings.imports.chunk_rows);
    while let Some(chunk) = chunks.next().await {
        let companies = imported.take(&columns, chunk);
        let upserted = write(&engine, (list.organisation_id, &list.origin), companies, None).await?;
        imported.created += upserted.created;
        imported.updated += upserted.updated;
        imported.unchanged += upserted.unchanged;
    }
    imported.blank_rows = chunks.finish().await?;
    let answer = StoredAnswer {
        status: 200,
        location: None,
        body: json!(imported).to_string(),
    };
    if let Some(request) = list.request_key {
        let key = UpsertKey {
            request,
            form: UpsertForm::Known(answer.clone()),
        };
        write(&engine, (list.organisation_id, &list.origin), Vec::new(), Some(key)).await?;
    }
    Ok(answer)
}

async fn write(
    engine: &Engine,
    (organisation_id, origin): (Id, &Origin),
    companies: Vec<CompanyWrite>,
    key: Option<UpsertKey>,
) -> Result<Upserted, ImportError> {
    let command = UpsertCompanies {
        organisation_id,
        companies,
        origin: origin.clone(),
        key,
    };
    let within = Duration::from_millis(engine.settings().http.command_timeout_ms);
    let written = tokio::time::timeout(within, engine.storage.write(command)).await;
    Ok(written.map_err(|_| ImportError::Away)??)
}

/// Which cell is what.
struct Columns<'a> {
    names: &'a [String],
    domain: usize,
    name: Option<usize>,
}

impl<'a> Columns<'a> {
    fn of(names: &'a [String], domain: usize) -> Self {
        let letters = |name: &String| -> String {
            let letters = name.chars().filter(|letter| letter.is_alphanumeric());
            letters.flat_map(char::to_lowercase).collect()
        };
        let headed = |wanted: &&str| names.iter().position(|name| letters(name) == *wanted);
        let name = NAMES.iter().find_map(headed).filter(|place| *place != domain);
        Self { names, domain, name }
    }

    /// What a row says of its company, or what is wrong with the row.
    fn read(&self, row: &ListRow) -> Result<CompanyWrite, (&'static str, String)> {
        let keys = row
            .row
            .keys
            .as_ref()
            .map_err(|refusal| ("not_a_website", refusal.clone()))?;
        let cells: Vec<String> = serde_json::from_str(&row.row.input).unwrap_or_default();
        let filled = |place: usize| cells.get(place).map(|cell| cell.trim()).filter(|cell| !cell.is_empty());
        let mut data = Map::new();
        for (place, column) in self.names.iter().enumerate() {
            if place == self.domain || Some(place) == self.name {
                continue;
            }
            if let Some(cell) = filled(place) {
                data.insert(column.clone(), Value::from(cell));
            }
        }
        let other_columns = self.names.len() > 1 + usize::from(self.name.is_some());
        let data = other_columns.then_some(Value::Object(data));
        if data.as_ref().is_some_and(|data| data.to_string().len() > DATA_BYTES) {
            let message = format!("The other columns of a company may have {DATA_BYTES} bytes in all.");
            return Err(("too_large", message));
        }
        Ok(CompanyWrite {
            domain: keys.host_key.clone(),
            name: self.name.and_then(filled).map(str::to_owned),
            data,
        })
    }
}

impl CompaniesImported {
    fn take(&mut self, columns: &Columns<'_>, chunk: Vec<ListRow>) -> Vec<CompanyWrite> {
        let mut companies = Vec::with_capacity(chunk.len());
        for row in chunk {
            self.rows += 1;
            match columns.read(&row) {
                Ok(company) => companies.push(company),
                Err((code, message)) => {
                    self.invalid += 1;
                    if self.problems.len() < LISTED_PROBLEMS {
                        self.problems.push(RowProblem {
                            row_number: row.row.row_number,
                            line: row.line,
                            column: self.domain_column.clone(),
                            value: shortened(&row.row.identifier),
                            code,
                            message,
                        });
                    }
                }
            }
        }
        companies
    }
}
