//! Reading a delimited text file of unknown making, at constant memory.
//!
//! [`inspect`] goes through the whole file once and says what it is, so that every fault of the file as a whole is known
//! before its first row is taken; [`rows`] then streams the rows. Between the two the answer can be kept (it serializes),
//! shown as a preview, or given another URL column.
//!
//! A workbook ([`is_workbook`]) is first unfolded into such a text ([`unfold_workbook`]), so that all that follows knows
//! only text.
//!
//! What is kept and what is not:
//! - A cell is given as it stands in the file, except that NUL characters are dropped (PostgreSQL cannot store them) and
//!   bytes that mean nothing in the file's encoding become U+FFFD.
//! - Cells beyond the header keep their text under the name `column_N`, N being their place counted from 1. Blank cells
//!   beyond every named column are dropped.
//! - A row with fewer cells than columns is short: the missing cells are absent, which is not the same as blank.
//! - Rows whose cells are all blank are counted and nothing else. Blank lines above the first row are not counted.
//! - Titles above the header are told ([`Inspection::title_rows`]) and are no rows.

mod binary;
mod dialect;
mod encoding;
mod fault;
mod headers;
mod inspection;
mod json_list;
mod record;
mod rows;
mod survey;
mod synonyms;
mod text;
mod titles;
mod url_column;
mod workbook;

#[cfg(test)]
mod corpus;

pub use binary::BinaryKind;
pub use dialect::Dialect;
pub use encoding::TextEncoding;
pub use fault::FileFault;
pub use inspection::{Inspection, inspect};
pub use json_list::{JsonList, is_json_list, unfold_json_list};
pub use rows::{InputRow, Rows, rows};
pub use workbook::{UnfoldedWorkbook, WorkbookLimits, is_workbook, unfold_workbook};

/// What one file may ask of us. None of these is a default: they come from the operator's settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadLimits {
    /// Rows with content, the header not counted.
    pub max_rows: u64,
    /// Bytes of one row as UTF-8, delimiters and quotes included. No more than this is ever held of a row.
    pub max_row_bytes: usize,
    /// Cells of one row, blank ones included.
    pub max_columns: usize,
}

/// What the sender said about the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// The column that holds the website address; case, spaces, underscores and hyphens do not matter.
    pub url_column: Option<String>,
}
