//! The list as CSV.

use std::borrow::Cow;
use std::io;

use super::{ExportRow, FIELDS, RowWriter, formula, table_columns};

/// A row of a typical list, so that most rows are one piece.
const ROW_BYTES: usize = 1024;

/// RFC 4180 in UTF-8 without a mark: CRLF ends a record, quotes only where a cell needs them.
#[derive(Debug)]
pub struct CsvRows {
    safe: bool,
    input_columns: usize,
}

impl CsvRows {
    /// With `safe` every cell passes through [`guarded`](super::guarded), the header too.
    pub fn new(safe: bool) -> Self {
        Self { safe, input_columns: 0 }
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
        record(self.safe, table_columns(columns).into_iter().map(Cow::Owned), out)
    }

    fn row(&mut self, row: &ExportRow<'_>, out: &mut Vec<u8>) -> io::Result<()> {
        let absent = std::iter::repeat(Cow::Borrowed(""));
        let input = row
            .cells
            .iter()
            .map(|cell| Cow::Borrowed(cell.as_str()))
            .chain(absent)
            .take(self.input_columns);
        let duplicate_of = row.duplicate_of.map(|number| number.to_string()).unwrap_or_default();
        let outcome = [
            row.status.into(),
            row.error.unwrap_or_default().into(),
            duplicate_of.into(),
        ];
        let found = FIELDS
            .iter()
            .map(|field| row.final_payload.and_then(field.value).unwrap_or_default().into());
        record(self.safe, input.chain(outcome).chain(found), out)
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

    fn lines(safe: bool) -> Vec<String> {
        let mut writer = CsvRows::new(safe);
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
        String::from_utf8(out)
            .unwrap()
            .split_terminator("\r\n")
            .map(str::to_owned)
            .collect()
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
    fn safe_guards_what_would_run_and_nothing_else() {
        let lines = lines(true);
        assert!(lines[0].starts_with("url,'=note,status,"));
        assert!(lines[1].starts_with("acme.nz,'=1+1,aggregated,"));
        assert!(lines[1].contains(",+6491234567,"));
    }
}
