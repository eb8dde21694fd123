//! What is written as it is, is read as it was.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use proptest::prelude::*;

use super::read::{ReadLimits, ReadOptions, inspect, rows};
use super::write::{CsvRows, ExportRow, RowWriter as _};

const LIMITS: ReadLimits = ReadLimits {
    max_rows: 1_000,
    max_row_bytes: 100_000,
    max_columns: 100,
};

#[derive(Debug, Clone)]
struct Table {
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

fn written(table: &Table) -> String {
    let mut writer = CsvRows::new(false, false);
    let mut out = Vec::new();
    writer.header(&table.columns, &mut out).unwrap();
    for (cells, row_number) in table.rows.iter().zip(1..) {
        let row = ExportRow {
            row_number,
            identifier: &cells[0],
            cells,
            status: "pending",
            error: None,
            duplicate_of: None,
            final_payload: None,
        };
        writer.row(&row, &mut out).unwrap();
    }
    writer.finish(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn read_back(bytes: &[u8], width: usize) -> Table {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    let options = ReadOptions {
        url_column: Some("key".into()),
    };
    let inspection = inspect(file.path(), LIMITS, &options, &|_| false).unwrap();
    assert_eq!(inspection.url_column, 0);
    let rows = rows(file.path(), LIMITS, &inspection).unwrap();
    Table {
        columns: inspection.columns[..width].to_vec(),
        rows: rows.map(|row| row.unwrap().cells[..width].to_vec()).collect(),
    }
}

/// Any text but NUL, which is dropped, and the control characters that tell a binary file.
const CELL: &str = "([^\\p{Cc}]|[,;|\"'\t\r\n= ]){0,12}";

fn tables() -> impl Strategy<Value = Table> {
    (1_usize..6).prop_flat_map(|width| {
        let name = |place| {
            if place == 0 {
                "key".to_owned()
            } else {
                format!("c;{place}|\"x,y\"")
            }
        };
        let columns: Vec<String> = (0..width).map(name).collect();
        prop::collection::vec(prop::collection::vec(CELL, width), 1..12).prop_map(move |rows| Table {
            columns: columns.clone(),
            rows,
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn utf_8_keeps_every_cell(table in tables()) {
        let back = read_back(written(&table).as_bytes(), table.columns.len());
        prop_assert_eq!(back.columns, table.columns);
        prop_assert_eq!(back.rows, table.rows);
    }

    #[test]
    fn utf_16_keeps_every_cell(table in tables(), little in any::<bool>()) {
        let text = written(&table);
        let units = std::iter::once(0xFEFF).chain(text.encode_utf16());
        let bytes: Vec<u8> =
            units.flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect();
        let back = read_back(&bytes, table.columns.len());
        prop_assert_eq!(back.rows, table.rows);
    }

    #[test]
    fn an_independent_reader_sees_the_same_cells(table in tables()) {
        let text = written(&table);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let width = table.columns.len();
        let rows: Vec<Vec<String>> =
            reader.records().map(|row| row.unwrap().iter().take(width).map(str::to_owned).collect()).collect();
        prop_assert_eq!(rows, table.rows);
    }

    /// Whatever the bytes, the answer is a table or a fault, and the rows are as many as were promised.
    #[test]
    fn no_bytes_are_too_strange(bytes in prop::collection::vec(prop_oneof![
        4 => prop::sample::select(b"a.nz,;\t|\"\r\n\0".to_vec()),
        1 => any::<u8>(),
    ], 0..400)) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &bytes).unwrap();
        let is_url = |cell: &str| cell.contains(".nz");
        if let Ok(inspection) = inspect(file.path(), LIMITS, &ReadOptions::default(), &is_url) {
            let mut rows = rows(file.path(), LIMITS, &inspection).unwrap();
            let read: Vec<_> = rows.by_ref().map(Result::unwrap).collect();
            prop_assert_eq!(read.len() as u64, inspection.rows);
            prop_assert_eq!(rows.blank_rows(), inspection.blank_rows);
            prop_assert!(read.iter().all(|row| row.cells.len() <= inspection.columns.len()));
            prop_assert!(!read.iter().any(|row| row.cells.iter().any(|cell| cell.contains('\0'))));
        }
    }
}
