//! Lists as they were sent, and the same lists as delimited text, which is all that is read from then on.

use std::io::{BufWriter, Write as _};
use std::path::PathBuf;

use serde_json::{Map, Value, json};
use tempfile::NamedTempFile;

use super::ImportError;
use super::rows::blocking;
use crate::exchange::read::{FileFault, ReadLimits, unfold_json_list};

/// A list as it was sent, on disk. The file is gone when the value is dropped.
#[derive(Debug)]
pub enum SentList {
    /// A file of a kind that its content tells.
    File { file: NamedTempFile },
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
pub async fn unfold(list: SentList, spool: PathBuf, limits: ReadLimits) -> Result<Unfolded, ImportError> {
    blocking(move || match list {
        SentList::File { file } => Ok(Unfolded {
            list: Some(TextList {
                file,
                source: json!({ "format": "text" }),
            }),
            members: Map::new(),
        }),
        SentList::Json(body) => {
            let mut text = BufWriter::new(NamedTempFile::new_in(&spool).map_err(ImportError::Spool)?);
            let list = unfold_json_list(body.path(), &mut text, limits)?;
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
    })
    .await?
}
