//! What would become of a list, found out before anything is made of it.

use std::collections::HashSet;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use entity::Id;
use futures_util::{Stream, stream};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::rows::{Chunks, ListRow, inspect_list, read_limits};
use super::{Engine, ImportError};
use crate::exchange::read::{FileFault, Inspection, ReadLimits};
use crate::exchange::write::RejectedRows;
use crate::model::exclusion::site_key;
use crate::store::read::{Reader, named_cells};
use crate::store::write::ImportRow;

/// Rows that a preview shows.
const SHOWN_ROWS: usize = 20;
/// Problems that a preview lists; all of them are in the file of rejected rows.
pub(super) const LISTED_PROBLEMS: usize = 100;
/// Letters of a cell that a preview shows.
const SHOWN_LETTERS: usize = 200;
/// Websites that are told apart when duplicates are counted.
const TOLD_APART: usize = 250_000;

/// A list, looked at.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Preview {
    pub encoding: &'static str,
    pub delimiter: char,
    pub has_header: bool,
    /// Rows above the header that are passed over.
    pub title_rows: Vec<String>,
    pub columns: Vec<String>,
    /// The column that holds the addresses; `None` where it must be named, see `candidates`.
    pub url_column: Option<String>,
    /// The columns to choose from where none stands out.
    pub candidates: Vec<String>,
    pub counts: PreviewCounts,
    /// The first rows.
    pub rows: Vec<PreviewRow>,
    /// The first problems.
    pub problems: Vec<RowProblem>,
}

/// What would become of the rows.
#[derive(Clone, Copy, Debug, Default, Serialize, ToSchema)]
pub struct PreviewCounts {
    /// Rows with content.
    pub rows: u64,
    pub blank_rows: u64,
    pub invalid: u64,
    pub excluded: u64,
    pub duplicates: u64,
    /// Whether there may be more duplicates: a very long list is compared with its first 250,000 websites.
    pub duplicates_at_least: bool,
    /// Byte sequences that mean nothing in the file's encoding.
    pub unreadable_characters: u64,
}

/// A row as it would be read.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PreviewRow {
    pub row_number: i64,
    pub line: u64,
    pub cells: Map<String, Value>,
}

/// A row that would be in error.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RowProblem {
    pub row_number: i64,
    pub line: u64,
    pub column: String,
    pub value: String,
    pub code: &'static str,
    pub message: String,
}

/// Looks at a list.
///
/// # Errors
/// Faults of the list as a whole, but for that of no clear URL column, which the preview shows.
pub async fn preview(
    engine: &Arc<Engine>,
    reader: &Reader,
    organisation_id: Id,
    file: &Path,
    url_column: Option<String>,
) -> Result<Preview, ImportError> {
    let settings = engine.settings();
    let limits = read_limits(&settings);
    let (inspection, candidates) = look(file, limits, url_column).await?;
    let chosen = candidates.is_empty();
    let mut preview = Preview {
        encoding: inspection.encoding.name(),
        delimiter: inspection.dialect.delimiter,
        has_header: inspection.has_header,
        title_rows: inspection.title_rows.clone(),
        columns: inspection.columns.clone(),
        url_column: chosen.then(|| inspection.url_column_name().to_owned()),
        candidates,
        counts: PreviewCounts {
            rows: inspection.rows,
            blank_rows: inspection.blank_rows,
            unreadable_characters: inspection.replaced,
            ..PreviewCounts::default()
        },
        rows: Vec::new(),
        problems: Vec::new(),
    };
    let headers = Value::from(inspection.columns.clone());
    let mut seen = SeenWebsites::default();
    let mut chunks = Chunks::open(file, limits, &inspection, settings.imports.chunk_rows);
    while let Some(chunk) = chunks.next().await {
        preview.show(&chunk, &headers);
        if !chosen {
            // Without a URL column there is nothing to judge rows by.
            return Ok(preview);
        }
        preview.judge(&chunk, inspection.url_column_name());
        let excluded = reader.excluded_among(organisation_id, &keys(&chunk)).await?;
        for key in chunk.iter().filter_map(dedupe_key) {
            if excluded.contains(key) || excluded.contains(site_key(key)) {
                preview.counts.excluded += 1;
            } else if seen.repeats(key) {
                preview.counts.duplicates += 1;
            }
        }
        preview.counts.duplicates_at_least = seen.full;
    }
    chunks.finish().await?;
    Ok(preview)
}

/// Says how to read the list, and which columns to choose from where none stands out.
pub(super) async fn look(
    file: &Path,
    limits: ReadLimits,
    url_column: Option<String>,
) -> Result<(Inspection, Vec<String>), ImportError> {
    match inspect_list(file.to_owned(), limits, url_column).await {
        Ok(inspection) => Ok((inspection, Vec::new())),
        Err(ImportError::File(FileFault::AmbiguousUrlColumn { columns } | FileFault::NoUrlColumn { columns })) => {
            let provisional = columns.first().cloned();
            let inspection = inspect_list(file.to_owned(), limits, provisional).await?;
            Ok((inspection, columns))
        }
        Err(error) => Err(error),
    }
}

fn dedupe_key(listed: &ListRow) -> Option<&str> {
    listed.row.keys.as_ref().ok().map(|keys| keys.dedupe_key.as_str())
}

fn keys(chunk: &[ListRow]) -> Vec<&str> {
    let both = chunk.iter().filter_map(dedupe_key).flat_map(|key| [key, site_key(key)]);
    let keys: HashSet<&str> = both.collect();
    keys.into_iter().collect()
}

impl Preview {
    fn show(&mut self, chunk: &[ListRow], headers: &Value) {
        let left = SHOWN_ROWS.saturating_sub(self.rows.len());
        for listed in chunk.iter().take(left) {
            let mut cells = named_cells(headers, Some(&cells(&listed.row)));
            for cell in cells.values_mut() {
                *cell = Value::String(shortened(cell.as_str().unwrap_or_default()));
            }
            self.rows.push(PreviewRow {
                row_number: listed.row.row_number,
                line: listed.line,
                cells,
            });
        }
    }

    fn judge(&mut self, chunk: &[ListRow], column: &str) {
        for listed in chunk {
            let Err(refusal) = &listed.row.keys else { continue };
            self.counts.invalid += 1;
            if self.problems.len() < LISTED_PROBLEMS {
                self.problems.push(RowProblem {
                    row_number: listed.row.row_number,
                    line: listed.line,
                    column: column.to_owned(),
                    value: shortened(&listed.row.identifier),
                    code: "not_a_website",
                    message: refusal.clone(),
                });
            }
        }
    }
}

fn cells(row: &ImportRow) -> Value {
    serde_json::from_str(&row.input).unwrap_or_default()
}

pub(super) fn shortened(text: &str) -> String {
    let mut letters = text.chars();
    let mut short: String = letters.by_ref().take(SHOWN_LETTERS).collect();
    if letters.next().is_some() {
        short.push('\u{2026}');
    }
    short
}

/// Websites by a hash of their key, so that a list of any length is held in a few megabytes.
#[derive(Default)]
struct SeenWebsites {
    hashes: HashSet<u64>,
    full: bool,
}

impl SeenWebsites {
    fn repeats(&mut self, key: &str) -> bool {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        let hash = hasher.finish();
        if self.hashes.len() < TOLD_APART {
            return !self.hashes.insert(hash);
        }
        let known = self.hashes.contains(&hash);
        self.full |= !known;
        known
    }
}

/// The rows of a list that would be in error, as CSV.
pub struct Rejected {
    chunks: Option<Chunks>,
    columns: Vec<String>,
    writer: Option<RejectedRows>,
}

/// Reads a list again for its rejected rows.
///
/// # Errors
/// As [`super::import`].
pub async fn rejected(
    engine: &Arc<Engine>,
    file: PathBuf,
    url_column: Option<String>,
) -> Result<Rejected, ImportError> {
    let settings = engine.settings();
    let limits = read_limits(&settings);
    let inspection = inspect_list(file.clone(), limits, url_column).await?;
    Ok(Rejected {
        chunks: Some(Chunks::open(&file, limits, &inspection, settings.imports.chunk_rows)),
        columns: inspection.columns,
        writer: None,
    })
}

impl Rejected {
    /// The file in pieces. An error is the last of them.
    pub fn pieces(self) -> impl Stream<Item = Result<Vec<u8>, ImportError>> {
        stream::unfold(self, |mut rejected| async move {
            let piece = rejected.piece().await.transpose()?;
            Some((piece, rejected))
        })
    }

    async fn piece(&mut self) -> Result<Option<Vec<u8>>, ImportError> {
        let mut out = Vec::new();
        let writer = match self.writer.take() {
            Some(writer) => writer,
            None => RejectedRows::begin(&self.columns, &mut out).map_err(ImportError::Spool)?,
        };
        let Some(mut chunks) = self.chunks.take() else {
            return Ok(None);
        };
        match chunks.next().await {
            Some(chunk) => {
                for listed in &chunk {
                    if let Err(refusal) = &listed.row.keys {
                        let cells: Vec<String> = serde_json::from_str(&listed.row.input).unwrap_or_default();
                        writer.row(&cells, refusal, &mut out).map_err(ImportError::Spool)?;
                    }
                }
                self.chunks = Some(chunks);
            }
            None => {
                chunks.finish().await?;
            }
        }
        self.writer = Some(writer);
        Ok(Some(out))
    }
}
