//! The list as CSV.

use std::borrow::Cow;
use std::io;

use super::{ExportRow, RowWriter, formula, table_cells, table_columns};

/// A row of a typical list, so that most rows are one piece.
const ROW_BYTES: usize = 1024;

/// U+FEFF in UTF-8. Excel takes a CSV file without it for one in the encoding of the machine.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// RFC 4180 in UTF-8: CRLF ends a record, quotes only where a cell needs them.
#[derive(Debug)]
pub struct CsvRows {
    safe: bool,
    bom: bool,
    input_columns: usize,
}

impl CsvRows {
    /// With `safe` every cell passes through [`guarded`](super::guarded), the header too. With `bom` the file begins with
    /// a byte order mark.
    pub fn new(safe: bool, bom: bool) -> Self {
        Self {
            safe,
            bom,
            input_columns: 0,
        }
    }
}

/// One record, each cell [`guarded`](super::guarded) where `safe` says so.
pub(super) fn record<'a>(safe: bool, cells: impl Iterator<Item = Cow<'a, str>>, out: &mut Vec<u8>) -> io::Result<()> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .buffer_capacity(ROW_BYTES)
        .from_writer(out);
    for cell in cells {
        if safe {
            writer.write_field(formula::guarded(&cell).as_bytes())?;
        } else {
            writer.write_field(cell.as_bytes())?;
        }
    }
    writer.write_record(None::<&[u8]>)?;
    writer.flush()
}

impl RowWriter for CsvRows {
    fn header(&mut self, columns: &[String], out: &mut Vec<u8>) -> io::Result<()> {
        self.input_columns = columns.len();
        if self.bom {
            out.extend_from_slice(BYTE_ORDER_MARK);
        }
        record(self.safe, table_columns(columns).into_iter().map(Cow::Owned), out)
    }

    fn row(&mut self, row: &ExportRow<'_>, out: &mut Vec<u8>) -> io::Result<()> {
        record(self.safe, table_cells(row, self.input_columns), out)
    }

    fn finish(&mut self, _: &mut Vec<u8>) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use serde_json::json;

    use super::*;

    fn written(safe: bool, bom: bool) -> Vec<u8> {
        let mut writer = CsvRows::new(safe, bom);
        let mut out = Vec::new();
        writer.header(&["url".into(), "=note".into()], &mut out).unwrap();
        let found = json!({"name": "A \"B\", C", "phones": [{"e164": "+6491234567"}]});
        let full = ExportRow {
            row_number: 1,
            identifier: "acme.nz",
            cells: &["acme.nz".into(), "=1+1".into(), "beyond".into()],
            status: "aggregated",
            error: None,
            duplicate_of: None,
            final_payload: Some(&found),
        };
        writer.row(&full, &mut out).unwrap();
        let short = ExportRow {
            row_number: 2,
            cells: &["x".into()],
            status: "error",
            error: Some("no such host\nat all"),
            duplicate_of: Some(1),
            final_payload: None,
            ..full
        };
        writer.row(&short, &mut out).unwrap();
        writer.finish(&mut out).unwrap();
        out
    }

    fn lines(safe: bool) -> Vec<String> {
        let text = String::from_utf8(written(safe, false)).unwrap();
        text.split_terminator("\r\n").map(str::to_owned).collect()
    }

    #[test]
    fn original_columns_then_outcome_then_findings() {
        let lines = lines(false);
        assert!(lines[0].starts_with("url,=note,status,error,duplicate_of,final_url,domain,name,"));
        assert!(lines[1].starts_with("acme.nz,=1+1,aggregated,,,,,\"A \"\"B\"\", C\",,,+6491234567,"));
        assert!(lines[2].starts_with("x,,error,\"no such host\nat all\",1,,,"));
        assert_eq!(lines[2].matches(',').count(), lines[0].matches(',').count());
    }

    #[test]
    fn every_record_ends_in_crlf_and_a_mark_comes_first_where_it_is_asked_for() {
        let plain = written(true, false);
        assert!(plain.starts_with(b"url,") && plain.ends_with(b"\r\n"));
        assert_eq!(plain.iter().filter(|byte| **byte == b'\r').count(), 3);
        let marked = written(true, true);
        assert_eq!(marked.strip_prefix(BYTE_ORDER_MARK).unwrap(), plain);
    }

    #[test]
    fn safe_guards_what_would_run_and_nothing_else() {
        let lines = lines(true);
        assert!(lines[0].starts_with("url,'=note,status,"));
        assert!(lines[1].starts_with("acme.nz,'=1+1,aggregated,"));
        assert!(lines[1].contains(",+6491234567,"));
    }
}
