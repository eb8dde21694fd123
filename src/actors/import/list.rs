//! Lists as they were sent, and the same lists as delimited text, which is all that is read from then on.

use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use tempfile::NamedTempFile;

use super::ImportError;
use super::rows::blocking;
use crate::exchange::read::{self, FileFault, ReadLimits, WorkbookLimits, is_json_list, is_workbook, unfold_json_list};
use crate::scrape::clean_url;

/// A list as it was sent, on disk. The file is gone when the value is dropped.
#[derive(Debug)]
pub enum SentList {
    /// A file of a kind that its content tells.
    File {
        file: NamedTempFile,
        /// The sheet to read, where it is a workbook.
        sheet: Option<String>,
    },
    /// A JSON body.
    Json(NamedTempFile),
}

/// A list as delimited text, on disk.
#[derive(Debug)]
pub struct TextList {
    pub file: NamedTempFile,
    /// What the list had been before it became text; an object.
    pub source: Value,
}

/// What was sent: a list, or only what should be done with one that is here already.
#[derive(Debug)]
pub struct Unfolded {
    pub list: Option<TextList>,
    /// What a JSON body held besides the list.
    pub members: Map<String, Value>,
}

/// Writes the list out as text in the directory `spool`, where it is none yet.
///
/// # Errors
/// Faults of the list, and where the spool takes no more.
pub async fn unfold(list: SentList, spool: PathBuf, limits: WorkbookLimits) -> Result<Unfolded, ImportError> {
    blocking(move || match list {
        SentList::File { file, sheet } => Ok(Unfolded {
            list: Some(unfold_file(file, sheet.as_deref(), &spool, &limits)?),
            members: Map::new(),
        }),
        SentList::Json(body) => unfold_json(body.path(), &spool, limits.text),
    })
    .await?
}

fn unfold_file(
    file: NamedTempFile,
    sheet: Option<&str>,
    spool: &Path,
    limits: &WorkbookLimits,
) -> Result<TextList, ImportError> {
    Ok(match unfold_file_at(file.path(), sheet, spool, limits)? {
        Some(text) => text,
        None => TextList {
            file,
            source: text_source(),
        },
    })
}

fn unfold_json(body: &Path, spool: &Path, limits: ReadLimits) -> Result<Unfolded, ImportError> {
    let mut text = BufWriter::new(NamedTempFile::new_in(spool).map_err(ImportError::Spool)?);
    let list = unfold_json_list(body, &mut text, limits)?;
    text.flush().map_err(ImportError::Spool)?;
    let file = text
        .into_inner()
        .map_err(|error| FileFault::Unreadable(error.into_error()))?;
    Ok(Unfolded {
        list: list.rows.map(|_| TextList {
            file,
            source: json!({ "format": "json" }),
        }),
        members: list.members,
    })
}

/// What a list had been that was text from the start.
#[must_use]
pub fn text_source() -> Value {
    json!({ "format": "text" })
}

/// Writes a workbook or a JSON list out as text in the directory `spool`; `None` for a list that is text. Blocks.
///
/// # Errors
/// Faults of the list, and where the spool takes no more.
pub fn unfold_file_at(
    list: &Path,
    sheet: Option<&str>,
    spool: &Path,
    limits: &WorkbookLimits,
) -> Result<Option<TextList>, ImportError> {
    if is_json_list(list).map_err(FileFault::Unreadable)? {
        return Ok(unfold_json(list, spool, limits.text)?.list);
    }
    if !is_workbook(list)? {
        return Ok(None);
    }
    let text = NamedTempFile::new_in(spool).map_err(ImportError::Spool)?;
    let is_url = |cell: &str| clean_url(cell).is_ok();
    let workbook = read::unfold_workbook(list, text.path(), sheet, limits, &is_url)?;
    Ok(Some(TextList {
        file: text,
        source: json!({ "format": "xlsx", "workbook": workbook }),
    }))
}
