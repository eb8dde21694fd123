//! A small table as a whole: a header and rows of texts, for lists that have a bound of their own.

use std::io;

use rust_xlsxwriter::{Workbook, XlsxError};

use super::guarded;

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

/// The table as a workbook whose cells are all text.
///
/// # Errors
/// Where a text or the table is too large for a sheet.
pub fn xlsx_table(header: &[String], rows: &[Vec<String>]) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (line, row) in (0_u32..).zip(std::iter::once(header).chain(rows.iter().map(Vec::as_slice))) {
        for (place, cell) in (0_u16..).zip(row) {
            sheet.write_string(line, place, cell)?;
        }
    }
    book.save_to_buffer()
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
