//! A small table as a whole: a header and rows of texts, for lists that have a bound of their own.

use std::io;

use rust_xlsxwriter::{Format, Workbook, Worksheet, XlsxError};

use super::guarded;
use super::xlsx::{Fit, LONG_CELL_COLUMNS, LONG_CELLS, fit, parts, shown};

/// The table as CSV (RFC 4180, UTF-8). `safe` guards cells that a spreadsheet would run.
///
/// # Errors
/// Where writing fails, which into memory is never.
pub fn csv_table(header: &[String], rows: &[Vec<String>], safe: bool) -> io::Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    for row in std::iter::once(header).chain(rows.iter().map(Vec::as_slice)) {
        let cells = row
            .iter()
            .map(|cell| if safe { guarded(cell) } else { cell.as_str().into() });
        writer.write_record(cells.map(|cell| cell.into_owned()))?;
    }
    writer.into_inner().map_err(|error| io::Error::other(error.to_string()))
}

/// The table as a workbook whose cells are all text. A text that no cell holds is cut, and stands as a whole in a sheet of its own.
///
/// # Errors
/// Where the table is too large for a sheet.
pub fn xlsx_table(header: &[String], rows: &[Vec<String>]) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let mut long = Vec::new();
    let sheet = book.add_worksheet();
    let name = sheet.name();
    for (line, row) in (0_u32..).zip(std::iter::once(header).chain(rows.iter().map(Vec::as_slice))) {
        for (place, cell) in (0_u16..).zip(row) {
            if fit(cell) == Fit::TooLong {
                long.push((line, header.get(usize::from(place)), cell));
            }
            write_text(sheet, line, place, &shown(cell))?;
        }
    }
    if !long.is_empty() {
        let sheet = book.add_worksheet();
        sheet.set_name(LONG_CELLS)?;
        let mut line = 0;
        write_row(sheet, line, &LONG_CELL_COLUMNS)?;
        for (row, column, text) in long {
            let (row, column) = ((row + 1).to_string(), column.map_or("", String::as_str));
            for (part, text) in (1_u32..).zip(parts(text)) {
                line += 1;
                write_row(sheet, line, &[&name, &row, column, &part.to_string(), text])?;
            }
        }
    }
    book.save_to_buffer()
}

fn write_row(sheet: &mut Worksheet, line: u32, cells: &[&str]) -> Result<(), XlsxError> {
    for (place, cell) in (0_u16..).zip(cells) {
        write_text(sheet, line, place, cell)?;
    }
    Ok(())
}

/// Writes a text that fits.
fn write_text(sheet: &mut Worksheet, line: u32, place: u16, text: &str) -> Result<(), XlsxError> {
    match fit(text) {
        Fit::Escaped(text) => sheet.write_rich_string(line, place, &[(&Format::default(), &text)])?,
        Fit::Plain | Fit::TooLong => sheet.write_string(line, place, text)?,
    };
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn a_table_is_guarded_unless_asked_for_byte_by_byte() {
        let header = vec!["restaurant".to_owned(), "error".to_owned()];
        let rows = vec![vec!["=1+1".to_owned(), "a \"b\"\nc".to_owned()]];
        let text = |safe| String::from_utf8(csv_table(&header, &rows, safe).unwrap()).unwrap();
        assert_eq!(text(false), "restaurant,error\r\n=1+1,\"a \"\"b\"\"\nc\"\r\n");
        assert!(text(true).contains("'=1+1"), "{}", text(true));
        assert!(xlsx_table(&header, &rows).unwrap().starts_with(b"PK"));
    }
}
