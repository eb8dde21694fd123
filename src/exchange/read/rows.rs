//! The rows of a file whose making is known.

use std::fs::File;
use std::path::Path;

use serde_json::{Map, Value};

use super::survey::FilledRecords;
use super::{FileFault, Inspection, ReadLimits};

/// One row with content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputRow {
    /// Place among the rows with content, counted from 1; the header is not one.
    pub row_number: u64,
    /// The line of the file on which the row starts, counted from 1.
    pub line: u64,
    /// The cell of the URL column without the space around it; empty when it is blank or absent.
    pub identifier: String,
    /// The cells in the order of [`Inspection::columns`], as they stand in the file. Fewer than columns when the row is
    /// short: the others are absent. Never more.
    pub cells: Vec<String>,
}

impl InputRow {
    /// The cells under their columns' names. Absent ones are left out, blank ones are not.
    pub fn named(&self, columns: &[String]) -> Map<String, Value> {
        columns
            .iter()
            .cloned()
            .zip(self.cells.iter().map(|cell| Value::String(cell.clone())))
            .collect()
    }
}

/// The rows in file order. After a fault there are no more.
pub struct Rows {
    records: FilledRecords<File>,
    max_rows: u64,
    width: usize,
    url_column: usize,
    row_number: u64,
    finished: bool,
}

/// Opens the file again and goes to its first row.
///
/// The limits hold here as they did in the inspection, and a file that has changed since is read as what it was then.
///
/// # Errors
/// [`FileFault::Unreadable`] when the file is gone. With the limits of the inspection and the file unchanged, the rows
/// themselves bring no other fault than that.
pub fn rows(path: &Path, limits: ReadLimits, inspection: &Inspection) -> Result<Rows, FileFault> {
    let mut records = FilledRecords::new(File::open(path)?, inspection.encoding, &inspection.dialect, limits)?;
    records.skip_titles(inspection.title_rows.len())?;
    if inspection.has_header {
        records.next()?;
    }
    Ok(Rows {
        records,
        max_rows: limits.max_rows,
        width: inspection.columns.len(),
        url_column: inspection.url_column,
        row_number: 0,
        finished: false,
    })
}

impl Rows {
    /// Blank rows passed so far; all of the file's once the iterator has ended.
    pub fn blank_rows(&self) -> u64 {
        self.records.blank()
    }

    fn read(&mut self) -> Result<Option<InputRow>, FileFault> {
        let Some((record, _)) = self.records.next()? else {
            return Ok(None);
        };
        if self.row_number == self.max_rows {
            return Err(FileFault::TooManyRows { limit: self.max_rows });
        }
        self.row_number += 1;
        let cells: Vec<String> = record.cells().take(self.width).map(|cell| cell.into_owned()).collect();
        let identifier = cells
            .get(self.url_column)
            .map(|cell| cell.trim().to_owned())
            .unwrap_or_default();
        Ok(Some(InputRow {
            row_number: self.row_number,
            line: record.line,
            identifier,
            cells,
        }))
    }
}

impl Iterator for Rows {
    type Item = Result<InputRow, FileFault>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.finished {
            return None;
        }
        let row = self.read().transpose();
        self.finished = !matches!(row, Some(Ok(_)));
        row
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn absent_cells_have_no_name() {
        let row = InputRow {
            row_number: 1,
            line: 2,
            identifier: String::new(),
            cells: vec!["x".into(), String::new()],
        };
        let named = row.named(&["a".into(), "b".into(), "c".into()]);
        assert_eq!(serde_json::to_string(&named).unwrap(), r#"{"a":"x","b":""}"#);
    }
}
