//! Why a file as a whole is refused. A bad row never is a reason.

use std::io;

use super::BinaryKind;

/// A fault of the file. Its text is one or two sentences for the sender, saying what to do.
#[derive(Debug, thiserror::Error)]
pub enum FileFault {
    /// Nothing but blank space.
    #[error("The file is empty. Send a CSV file or an Excel workbook with a header row and one row for each website.")]
    EmptyFile,

    /// Not delimited text.
    #[error("The file is {kind}, which cannot be read as a list. {}", kind.advice())]
    BinaryFile {
        /// What it seems to be.
        kind: BinaryKind,
    },

    /// Neither a header nor the cells tell where the website addresses are.
    #[error(
        "No column holds website addresses. Give one the header `website`, or name it in `url_column` (`--url-column` of `run`). \
         The columns are: {}.",
        listed(columns)
    )]
    NoUrlColumn {
        /// Every column, in file order.
        columns: Vec<String>,
    },

    /// More than one column would do as well.
    #[error(
        "These columns all look like the website address: {}. Name the one to use in `url_column` (`--url-column` of `run`).",
        listed(columns)
    )]
    AmbiguousUrlColumn {
        /// The columns that are equally good, in file order.
        columns: Vec<String>,
    },

    /// The sender named a column that is not there.
    #[error(
        "There is no column `{wanted}`. Use one of the columns of the file: {}.",
        listed(columns)
    )]
    UnknownUrlColumn {
        /// The name as sent.
        wanted: String,
        /// Every column, in file order.
        columns: Vec<String>,
    },

    /// Column names and nothing under them.
    #[error("The file has a header row but no rows under it. Add one row for each website.")]
    HeaderOnly {
        /// Every column, in file order.
        columns: Vec<String>,
    },

    /// One row is over the byte limit.
    #[error(
        "The row on line {line} is longer than {limit} bytes. Shorten it, or split the file where a line break is missing."
    )]
    RowTooLong {
        /// Where the row starts, counted from 1.
        line: u64,
        /// The limit in bytes.
        limit: usize,
    },

    /// More rows than allowed.
    #[error("The file has more than {limit} rows. Split it into smaller files.")]
    TooManyRows {
        /// The limit, the header not counted.
        limit: u64,
    },

    /// One row has more cells than allowed.
    #[error("The row on line {line} has more than {limit} columns. Remove the columns that are not needed.")]
    TooManyColumns {
        /// Where the row starts, counted from 1.
        line: u64,
        /// The limit in cells.
        limit: usize,
    },

    /// A quoted cell that does not end: the rest of the file would be one cell.
    #[error(
        "The quote opened on line {line} is never closed. Close it, or write a quote that belongs to the text twice (\"\")."
    )]
    UnterminatedQuote {
        /// Where the quoted cell starts, counted from 1.
        line: u64,
    },

    /// A body that should hold a list as JSON.
    #[error(
        "The body is not a list as JSON: {reason}. \
         Send {{\"practices\": [\"example.com\", {{\"name\": \"A\", \"website\": \"a.nz\"}}]}}."
    )]
    BadJson {
        /// Where reading stopped, counted from 1.
        line: u64,
        /// What was expected there.
        reason: String,
    },

    /// More than one sheet of a workbook would do as well.
    #[error(
        "These sheets all look like the list: {}. Name the one to use in `sheet`.",
        listed(sheets)
    )]
    AmbiguousSheet {
        /// The sheets that are about equally good, in the order of the workbook.
        sheets: Vec<String>,
    },

    /// The sender named a sheet that is not there.
    #[error(
        "There is no sheet `{wanted}`. Use one of the sheets of the workbook: {}.",
        listed(sheets)
    )]
    UnknownSheet {
        /// The name as sent.
        wanted: String,
        /// Every sheet that has cells, hidden ones included, in the order of the workbook.
        sheets: Vec<String>,
    },

    /// A workbook that is larger than allowed once it is unpacked.
    #[error(
        "Unpacked, the workbook is larger than {limit} bytes. Delete the sheets that are not needed, or save the list as \
         CSV and send that."
    )]
    WorkbookTooLarge {
        /// The limit in bytes.
        limit: u64,
    },

    /// An archive, or a part in it, that is not what a workbook must be.
    #[error("The workbook is damaged ({reason}). Open it in a spreadsheet program, save it again and send that.")]
    DamagedWorkbook {
        /// What is wrong, in a few words.
        reason: String,
    },

    /// The file could not be read from disk.
    #[error("The file could not be read. Send it again.")]
    Unreadable(#[source] io::Error),
}

impl FileFault {
    /// The name of the fault for programs. It never changes.
    pub fn code(&self) -> &'static str {
        match self {
            Self::EmptyFile => "empty_file",
            Self::BinaryFile { .. } => "binary_file",
            Self::NoUrlColumn { .. } => "no_url_column",
            Self::AmbiguousUrlColumn { .. } => "ambiguous_url_column",
            Self::UnknownUrlColumn { .. } => "unknown_url_column",
            Self::HeaderOnly { .. } => "header_only",
            Self::RowTooLong { .. } => "row_too_long",
            Self::TooManyRows { .. } => "too_many_rows",
            Self::TooManyColumns { .. } => "too_many_columns",
            Self::UnterminatedQuote { .. } => "unterminated_quote",
            Self::BadJson { .. } => "bad_json",
            Self::AmbiguousSheet { .. } => "ambiguous_sheet",
            Self::UnknownSheet { .. } => "unknown_sheet",
            Self::WorkbookTooLarge { .. } => "workbook_too_large",
            Self::DamagedWorkbook { .. } => "damaged_workbook",
            Self::Unreadable(_) => "unreadable",
        }
    }

    /// The columns that the fault is about: those to choose between, or all there are. Empty when it is not about columns.
    pub fn columns(&self) -> &[String] {
        match self {
            Self::NoUrlColumn { columns }
            | Self::AmbiguousUrlColumn { columns }
            | Self::UnknownUrlColumn { columns, .. }
            | Self::HeaderOnly { columns } => columns,
            _ => &[],
        }
    }

    /// The sheets that the fault is about: those to choose between, or all there are. Empty when it is not about sheets.
    pub fn sheets(&self) -> &[String] {
        match self {
            Self::AmbiguousSheet { sheets } | Self::UnknownSheet { sheets, .. } => sheets,
            _ => &[],
        }
    }

    /// The line of the file, or the row of the sheet, counted from 1, when the fault has a place.
    pub fn line(&self) -> Option<u64> {
        match self {
            Self::RowTooLong { line, .. }
            | Self::TooManyColumns { line, .. }
            | Self::UnterminatedQuote { line }
            | Self::BadJson { line, .. } => Some(*line),
            _ => None,
        }
    }
}

impl From<io::Error> for FileFault {
    fn from(source: io::Error) -> Self {
        Self::Unreadable(source)
    }
}

/// Names in a sentence. A sheet can have thousands of columns; a sentence cannot.
fn listed(columns: &[String]) -> String {
    const NAMED: usize = 20;
    const LETTERS: usize = 60;
    let mut text = String::new();
    for (at, column) in columns.iter().take(NAMED).enumerate() {
        if at > 0 {
            text.push_str(", ");
        }
        text.push('`');
        text.extend(column.chars().take(LETTERS));
        text.push('`');
    }
    if columns.len() > NAMED {
        text.push_str(&format!(" and {} more", columns.len() - NAMED));
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn a_sentence_names_twenty_columns_at_most() {
        let columns: Vec<String> = (1..=23).map(|n| format!("c{n}")).collect();
        let text = FileFault::NoUrlColumn { columns }.to_string();
        assert!(text.contains("`c20` and 3 more."), "{text}");
        assert!(!text.contains("c21"), "{text}");
    }

    #[test]
    fn a_place_is_given_where_there_is_one() {
        assert_eq!(FileFault::UnterminatedQuote { line: 7 }.line(), Some(7));
        assert_eq!(FileFault::EmptyFile.line(), None);
    }
}
