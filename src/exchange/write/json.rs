//! The list as JSON objects.

use std::io;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::{ExportRow, RowWriter};

/// One object; what is absent is left out.
#[derive(Serialize)]
struct Object<'a> {
    row_number: u64,
    identifier: &'a str,
    status: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duplicate_of: Option<u64>,
    input: Input<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<&'a Value>,
}

/// The cells under the names of their columns, in file order.
struct Input<'a> {
    columns: &'a [String],
    cells: &'a [String],
}

impl Serialize for Input<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.columns.len().min(self.cells.len())))?;
        for (column, cell) in self.columns.iter().zip(self.cells) {
            map.serialize_entry(column, cell)?;
        }
        map.end()
    }
}

fn write_object(columns: &[String], row: &ExportRow<'_>, out: &mut Vec<u8>) -> io::Result<()> {
    let object = Object {
        row_number: row.row_number,
        identifier: row.identifier,
        status: row.status,
        error: row.error,
        duplicate_of: row.duplicate_of,
        input: Input {
            columns,
            cells: row.cells,
        },
        result: row.final_payload,
    };
    Ok(serde_json::to_writer(out, &object)?)
}

/// One object a line, each line ended by LF.
#[derive(Debug, Default)]
pub struct NdjsonRows {
    columns: Vec<String>,
}

impl RowWriter for NdjsonRows {
    fn header(&mut self, columns: &[String], _: &mut Vec<u8>) -> io::Result<()> {
        self.columns = columns.to_vec();
        Ok(())
    }

    fn row(&mut self, row: &ExportRow<'_>, out: &mut Vec<u8>) -> io::Result<()> {
        write_object(&self.columns, row, out)?;
        out.push(b'\n');
        Ok(())
    }

    fn finish(&mut self, _: &mut Vec<u8>) -> io::Result<()> {
        Ok(())
    }
}

/// One array of the objects, each on a line of its own.
#[derive(Debug, Default)]
pub struct JsonRows {
    columns: Vec<String>,
    begun: bool,
}

impl RowWriter for JsonRows {
    fn header(&mut self, columns: &[String], out: &mut Vec<u8>) -> io::Result<()> {
        self.columns = columns.to_vec();
        self.begun = false;
        out.push(b'[');
        Ok(())
    }

    fn row(&mut self, row: &ExportRow<'_>, out: &mut Vec<u8>) -> io::Result<()> {
        out.extend_from_slice(if self.begun { b",\n" } else { b"\n" });
        self.begun = true;
        write_object(&self.columns, row, out)
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        out.extend_from_slice(b"\n]\n");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use serde_json::json;

    use super::*;

    fn written(mut writer: impl RowWriter, rows: usize) -> String {
        let mut out = Vec::new();
        writer
            .header(&["url".into(), "b".into(), "a".into()], &mut out)
            .unwrap();
        let found = json!({"name": "Acme", "confidence": 0.5});
        let full = ExportRow {
            row_number: 1,
            identifier: "acme.nz",
            cells: &["acme.nz".into(), String::new(), "=1".into()],
            status: "aggregated",
            error: None,
            duplicate_of: None,
            final_payload: Some(&found),
        };
        let short = ExportRow {
            row_number: 2,
            cells: &["acme.nz".into()],
            status: "error",
            error: Some("gone"),
            duplicate_of: Some(1),
            final_payload: None,
            ..full
        };
        for row in [full, short].iter().take(rows) {
            writer.row(row, &mut out).unwrap();
        }
        writer.finish(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_line_holds_what_there_is_in_order() {
        let text = written(NdjsonRows::default(), 2);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines,
            [
                r#"{"row_number":1,"identifier":"acme.nz","status":"aggregated","input":{"url":"acme.nz","b":"","a":"=1"},"result":{"name":"Acme","confidence":0.5}}"#,
                r#"{"row_number":2,"identifier":"acme.nz","status":"error","error":"gone","duplicate_of":1,"input":{"url":"acme.nz"}}"#,
            ]
        );
    }

    #[test]
    fn the_array_holds_the_same_objects() {
        for rows in 0..=2 {
            let array: Vec<Value> = serde_json::from_str(&written(JsonRows::default(), rows)).unwrap();
            let text = written(NdjsonRows::default(), rows);
            let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            assert_eq!(array, lines);
            assert_eq!(array.len(), rows);
        }
    }
}
