//! Writing the enriched list, a row at a time, into buffers or a file that the caller sends on.
//!
//! Every format says the same: the columns as they came in, how the row fared, what was found. A table gets the found
//! values flattened by the one list in [`FIELDS`]; JSON gets them as they are.

mod columns;
mod csv;
mod fields;
mod formula;
mod hours;
mod json;
mod rejected;
mod table;
mod xlsx;

use std::io;

use serde_json::Value;

pub use columns::{OUTCOME_COLUMNS, table_cells, table_columns};
pub use csv::CsvRows;
pub use fields::{FIELDS, Field};
pub use formula::guarded;
pub use json::{JsonRows, NdjsonRows};
pub use rejected::RejectedRows;
pub use table::{csv_table, xlsx_table};
#[cfg(test)]
pub use xlsx::reading as xlsx_reading;
pub use xlsx::{WorkbookFault, Xlsx, XlsxRows};

/// One row of the list, borrowed from wherever it is kept.
#[derive(Debug, Clone, Copy)]
pub struct ExportRow<'a> {
    /// Place in the list, counted from 1.
    pub row_number: u64,
    /// The address as it came in.
    pub identifier: &'a str,
    /// The cells in the order of the header. A short row has fewer; what is beyond the header is not written.
    pub cells: &'a [String],
    /// How far the row came.
    pub status: &'a str,
    /// Why it came no further.
    pub error: Option<&'a str>,
    /// The number of the row whose outcome this one shares.
    pub duplicate_of: Option<u64>,
    /// What was found.
    pub final_payload: Option<&'a Value>,
}

/// A format whose rows are bytes at once: [`header`](Self::header) once, [`row`](Self::row) in list order,
/// [`finish`](Self::finish) once.
///
/// Each call appends to `out` and keeps nothing, so memory is what the caller lets `out` grow to. The calls fail only where
/// writing does, which into memory is never.
pub trait RowWriter: Send {
    /// Starts the file. `columns` are the names of the columns that came in, no two alike.
    fn header(&mut self, columns: &[String], out: &mut Vec<u8>) -> io::Result<()>;

    /// Writes one row.
    fn row(&mut self, row: &ExportRow<'_>, out: &mut Vec<u8>) -> io::Result<()>;

    /// Ends the file. A file without this is visibly cut off where the format allows it.
    fn finish(&mut self, out: &mut Vec<u8>) -> io::Result<()>;
}

/// How a format comes about.
pub enum Writer {
    /// Every row is bytes as soon as it is known.
    Streamed(Box<dyn RowWriter>),
    /// The file is whole only after its last row; until then the rows wait on disk.
    Spooled(Xlsx),
}

/// The formats that a list can be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// RFC 4180 in UTF-8. `safe` guards cells that a spreadsheet would run.
    Csv {
        /// Whether cells are guarded; without, they are written byte for byte.
        safe: bool,
        /// Whether a byte order mark comes first.
        bom: bool,
    },
    /// An Excel workbook whose cells are all text.
    Xlsx,
    /// One JSON object a line.
    Ndjson,
    /// One JSON array of the same objects.
    Json,
}

impl Format {
    /// The endings of file names that stand for a format, as an answer to a person lists them.
    pub const ENDINGS: &str = ".csv, .xlsx, .json, .ndjson or .jsonl";

    /// The format that a file name's ending stands for, written without the dot; case does not matter.
    pub fn of_extension(extension: &str) -> Option<Self> {
        match extension.to_ascii_lowercase().as_str() {
            "csv" => Some(Self::Csv { safe: true, bom: false }),
            "xlsx" => Some(Self::Xlsx),
            "ndjson" | "jsonl" => Some(Self::Ndjson),
            "json" => Some(Self::Json),
            _ => None,
        }
    }

    /// A writer of this format.
    pub fn writer(self) -> Writer {
        match self {
            Self::Csv { safe, bom } => Writer::Streamed(Box::new(CsvRows::new(safe, bom))),
            Self::Xlsx => Writer::Spooled(Xlsx::default()),
            Self::Ndjson => Writer::Streamed(Box::new(NdjsonRows::default())),
            Self::Json => Writer::Streamed(Box::new(JsonRows::default())),
        }
    }

    /// The media type: RFC 4180 section 3, RFC 8259 section 11, for XLSX the one that IANA lists; NDJSON has none that
    /// is registered.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Csv { .. } => "text/csv; charset=utf-8; header=present",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Ndjson => "application/x-ndjson",
            Self::Json => "application/json",
        }
    }

    /// The usual ending of a file name, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Csv { .. } => "csv",
            Self::Xlsx => "xlsx",
            Self::Ndjson => "ndjson",
            Self::Json => "json",
        }
    }
}
