//! The list as an Excel workbook (ECMA-376) whose cells are all text.
//!
//! A workbook is known only when its last row is, so its rows wait in files of the spool that have no name: they are gone
//! with whoever wrote them. A text stays what it is: a number keeps its zeros, and a formula is not run.

mod cell;
#[cfg(test)]
pub mod reading;
mod sheets;
#[cfg(test)]
mod tests;

use std::any::Any;
use std::fs::File;
use std::io::{self, BufWriter, Seek as _, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use rust_xlsxwriter::{Workbook, XlsxError};

use super::{ExportRow, table_cells, table_columns};
use cell::{CELL_UNITS, start};
pub(super) use cell::{Fit, fit, parts};
use sheets::Sheets;

/// Rows that a sheet holds, the header included.
const SHEET_ROWS: u32 = 1_048_576;

/// Columns that a sheet holds.
const SHEET_COLUMNS: usize = 16_384;

/// From this size on a sheet gets the long form of a ZIP entry, which some readers do not know. The short form ends at
/// 4 GiB.
const LARGE: u64 = 7 << 29;

/// More would save little space and take twice the time.
const COMPRESSION: u8 = 3;

const BUFFER_BYTES: usize = 128 * 1024;

/// The table of the list.
const PRACTICES: &str = "Practices";

/// The table of what no cell holds.
pub(super) const LONG_CELLS: &str = "Long cells";

pub(super) const LONG_CELL_COLUMNS: [&str; 5] = ["sheet", "row", "column", "part", "text"];

/// Where the column's text is in that table.
const TEXT: u16 = 4;

/// Ends a cell that does not hold its whole text.
const GOES_ON: &str = " … [the whole text is in the sheet \"Long cells\"]";

/// Why there is no workbook.
#[derive(Debug, thiserror::Error)]
pub enum WorkbookFault {
    /// Wider than a sheet.
    #[error(
        "The list and what was found have {columns} columns, and a sheet holds {SHEET_COLUMNS}. Export it as csv, \
         ndjson or json."
    )]
    TooManyColumns {
        /// All columns of the table.
        columns: usize,
    },

    /// The rows could not be kept on disk.
    #[error("The workbook could not be spooled: {0}.")]
    Spool(#[from] io::Error),

    /// The library refused to write it.
    #[error("The workbook could not be written: {0}")]
    Refused(XlsxError),
}

impl From<XlsxError> for WorkbookFault {
    fn from(error: XlsxError) -> Self {
        match error {
            XlsxError::IoError(error) | XlsxError::TempFileError(_, error) => Self::Spool(error),
            other => Self::Refused(other),
        }
    }
}

/// A workbook that is not begun.
#[derive(Debug, Clone, Copy)]
pub struct Xlsx {
    /// The most rows of a sheet, the header included; two at least, and no more than a sheet holds.
    pub sheet_rows: u32,
}

impl Default for Xlsx {
    fn default() -> Self {
        Self { sheet_rows: SHEET_ROWS }
    }
}

impl Xlsx {
    /// Begins the workbook. `columns` are the names of the columns that came in; files are made in the directory `spool`.
    ///
    /// # Errors
    /// Where a sheet has not as many columns, or no file can be made.
    pub fn begin(self, spool: &Path, columns: &[String]) -> Result<XlsxRows, WorkbookFault> {
        let names = table_columns(columns);
        if names.len() > SHEET_COLUMNS {
            return Err(WorkbookFault::TooManyColumns { columns: names.len() });
        }
        disk_faults(|| {
            let file = tempfile::tempfile_in(spool)?;
            let mut book = Workbook::new();
            book.set_tempdir(spool)?;
            book.set_zip_compression_level(COMPRESSION);
            let header = names.iter().map(|name| shown(name)).collect();
            let sheet_rows = self.sheet_rows.clamp(2, SHEET_ROWS);
            let mut rows = XlsxRows {
                practices: Sheets::begin(&mut book, PRACTICES, header, sheet_rows)?,
                long_cells: None,
                input_columns: columns.len(),
                sheet_rows,
                book,
                file,
            };
            for (column, name) in (0..).zip(&names) {
                if fit(name) == Fit::TooLong {
                    rows.add_long_cell((PRACTICES, 1), column, name)?;
                }
            }
            Ok(rows)
        })
    }
}

/// The rows of a workbook on disk: [`row`](Self::row) in list order, then [`finish`](Self::finish). All calls block.
pub struct XlsxRows {
    book: Workbook,
    practices: Sheets,
    /// Made when it is needed.
    long_cells: Option<Sheets>,
    input_columns: usize,
    sheet_rows: u32,
    /// What the finished workbook goes into.
    file: File,
}

impl XlsxRows {
    /// Writes one row.
    ///
    /// # Errors
    /// Where the files cannot be written; the workbook is then of no use.
    pub fn row(&mut self, row: &ExportRow<'_>) -> Result<(), WorkbookFault> {
        disk_faults(|| {
            let (sheet, number) = self.practices.next_row(&mut self.book)?;
            for (column, text) in (0..).zip(table_cells(row, self.input_columns)) {
                if text.is_empty() {
                    continue;
                }
                if fit(&text) == Fit::TooLong {
                    self.practices.cell(column, shown(&text))?;
                    self.add_long_cell((&sheet, number), column, &text)?;
                } else {
                    self.practices.cell(column, text.into_owned())?;
                }
            }
            Ok(())
        })
    }

    /// Writes a text, however long, as rows of its parts, which say where its cell is.
    fn add_long_cell(&mut self, (sheet, row): (&str, u32), column: u16, text: &str) -> Result<(), WorkbookFault> {
        let header = || LONG_CELL_COLUMNS.map(str::to_owned).to_vec();
        let table = match &mut self.long_cells {
            Some(table) => table,
            None => self
                .long_cells
                .insert(Sheets::begin(&mut self.book, LONG_CELLS, header(), self.sheet_rows)?),
        };
        for (part, text) in (1_u32..).zip(parts(text)) {
            table.next_row(&mut self.book)?;
            let place = [
                sheet.to_owned(),
                row.to_string(),
                self.practices.column_name(column).to_owned(),
                part.to_string(),
            ];
            for (column, cell) in (0..).zip(place) {
                table.cell(column, cell)?;
            }
            table.cell(TEXT, text.to_owned())?;
        }
        Ok(())
    }

    /// Ends the workbook and gives its file, to be read from the start. The file has no name and is gone when it is closed.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn finish(self) -> Result<File, WorkbookFault> {
        let Self {
            mut book,
            practices,
            long_cells,
            file,
            ..
        } = self;
        disk_faults(move || {
            let tables = [Some(practices), long_cells];
            let largest = tables.iter().flatten().map(Sheets::largest).max();
            book.use_zip_large_file(largest.is_some_and(|bytes| bytes >= LARGE));
            for table in tables.into_iter().flatten() {
                table.end(&mut book)?;
            }
            let mut out = BufWriter::with_capacity(BUFFER_BYTES, file);
            book.save_to_writer(&mut out)?;
            out.flush()?;
            let mut file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
            file.rewind()?;
            Ok(file)
        })
    }
}

/// What the cell of a text shows: the text, or as much of it as fits.
pub(super) fn shown(text: &str) -> String {
    match fit(text) {
        Fit::Plain | Fit::Escaped(_) => text.to_owned(),
        Fit::TooLong => {
            let units = CELL_UNITS - GOES_ON.encode_utf16().count();
            format!("{}{GOES_ON}", start(text, units))
        }
    }
}

/// The library panics where it cannot write to a file of its own; to the caller that is a fault like any other.
fn disk_faults<T>(work: impl FnOnce() -> Result<T, WorkbookFault>) -> Result<T, WorkbookFault> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| Err(WorkbookFault::Spool(fault_of(&*panic))))
}

fn fault_of(panic: &(dyn Any + Send)) -> io::Error {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("a panic without a message");
    let kind = if text.contains("StorageFull") {
        io::ErrorKind::StorageFull
    } else {
        io::ErrorKind::Other
    };
    io::Error::new(kind, text.to_owned())
}
