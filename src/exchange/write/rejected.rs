//! The rows of a list that are no good, for the sender to mend and send again.

use std::borrow::Cow;
use std::io;

use super::csv::record;

/// CSV: the columns as they came in, then why the row was not taken. Cells are guarded as in an export.
#[derive(Debug)]
pub struct RejectedRows {
    columns: usize,
}

impl RejectedRows {
    /// Starts the file. The last column is called `error`, or `found_error` where that name came in.
    pub fn begin(columns: &[String], out: &mut Vec<u8>) -> io::Result<Self> {
        let mut reason = "error".to_owned();
        while columns.iter().any(|column| column.eq_ignore_ascii_case(&reason)) {
            reason.insert_str(0, "found_");
        }
        let names = columns.iter().map(String::as_str).chain([reason.as_str()]);
        record(true, names.map(Cow::Borrowed), out)?;
        Ok(Self { columns: columns.len() })
    }

    /// Writes one row. A short row has fewer cells than columns.
    pub fn row(&self, cells: &[String], error: &str, out: &mut Vec<u8>) -> io::Result<()> {
        let absent = std::iter::repeat("");
        let cells = cells.iter().map(String::as_str).chain(absent).take(self.columns);
        record(true, cells.chain([error]).map(Cow::Borrowed), out)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn a_row_keeps_its_cells_and_says_why() {
        let mut out = Vec::new();
        let rows = RejectedRows::begin(&["url".into(), "Error".into()], &mut out).unwrap();
        rows.row(&["n/a".into()], "No website, \"n/a\"", &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text, "url,Error,found_error\r\nn/a,,\"No website, \"\"n/a\"\"\"\r\n");
    }
}
