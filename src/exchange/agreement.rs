//! All formats of one list say the same, cell by cell.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use proptest::prelude::*;
use serde_json::{Value, json};

use super::write::{CsvRows, ExportRow, FIELDS, NdjsonRows, RowWriter, Xlsx, table_columns, xlsx_reading::whole};

#[derive(Debug, Clone)]
struct Row {
    cells: Vec<String>,
    error: Option<String>,
    duplicate_of: Option<u64>,
    found: Option<Value>,
}

fn export_row(row: &Row, row_number: u64) -> ExportRow<'_> {
    ExportRow {
        row_number,
        identifier: "acme.nz",
        cells: &row.cells,
        status: if row.error.is_some() { "error" } else { "aggregated" },
        error: row.error.as_deref(),
        duplicate_of: row.duplicate_of,
        final_payload: row.found.as_ref(),
    }
}

fn streamed(mut writer: impl RowWriter, columns: &[String], rows: &[Row]) -> Vec<u8> {
    let mut out = Vec::new();
    writer.header(columns, &mut out).unwrap();
    for (row, number) in rows.iter().zip(1..) {
        writer.row(&export_row(row, number), &mut out).unwrap();
    }
    writer.finish(&mut out).unwrap();
    out
}

fn of_csv(columns: &[String], rows: &[Row]) -> Vec<Vec<String>> {
    let bytes = streamed(CsvRows::new(false, false), columns, rows);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&bytes[..]);
    let rows = reader
        .records()
        .map(|row| row.unwrap().iter().map(str::to_owned).collect());
    rows.collect()
}

fn of_xlsx(columns: &[String], rows: &[Row]) -> Vec<Vec<String>> {
    let spool = tempfile::tempdir().unwrap();
    // So few rows that most lists need several sheets.
    let mut writer = Xlsx { sheet_rows: 4 }.begin(spool.path(), columns).unwrap();
    for (row, number) in rows.iter().zip(1..) {
        writer.row(&export_row(row, number)).unwrap();
    }
    whole(writer.finish().unwrap())
}

/// JSON has the cells by name and what was found as it is: the table is made of it here.
fn of_ndjson(columns: &[String], rows: &[Row]) -> Vec<Vec<String>> {
    let text = String::from_utf8(streamed(NdjsonRows::default(), columns, rows)).unwrap();
    let table_row = |line: &str| -> Vec<String> {
        let row: Value = serde_json::from_str(line).unwrap();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let input = columns.iter().map(|column| text(&row["input"][column]));
        let duplicate_of = row["duplicate_of"].as_u64().map(|number| number.to_string());
        let outcome = [
            text(&row["status"]),
            text(&row["error"]),
            duplicate_of.unwrap_or_default(),
        ];
        let found = FIELDS
            .iter()
            .map(|field| (field.value)(&row["result"]).unwrap_or_default());
        input.chain(outcome).chain(found).collect()
    };
    let rows = text.lines().map(table_row);
    std::iter::once(table_columns(columns)).chain(rows).collect()
}

/// Any text; what spreadsheets run, round or strip; what XML cannot hold; references and halves of them; more than a cell
/// holds.
fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "(?s:.){0,24}",
        2 => "[=+@-][0-9A-Z()+]{0,8}",
        2 => "0{1,3}[0-9]{0,8}",
        2 => "[ \t\r\n\u{a0}]{0,3}[a-zé,;\"' ]{0,8}[ \t\r\n]{0,3}",
        2 => "(_x00[0-4][0-9a-fA-F]|_x|_|\r|\u{b}|\u{fffe}|a){0,8}",
        1 => ("[a🦷é\n]{1,3}", 1_usize..40_000).prop_map(|(text, times)| text.repeat(times)),
    ]
}

fn found() -> impl Strategy<Value = Value> {
    (cell(), prop::collection::vec(cell(), 0..3), -1_800_000..1_800_000).prop_map(|(text, list, number)| {
        json!({"name": text, "services": list, "phones": [{"e164": text, "type": "fax"}], "confidence": f64::from(number) / 1e4})
    })
}

fn rows(width: usize) -> impl Strategy<Value = Vec<Row>> {
    let row = (
        prop::collection::vec(cell(), 0..=width),
        prop::option::of(cell()),
        prop::option::of(any::<u64>()),
        prop::option::of(found()),
    );
    let row = row.prop_map(|(cells, error, duplicate_of, found)| Row {
        cells,
        error,
        duplicate_of,
        found,
    });
    prop::collection::vec(row, 0..7)
}

fn tables() -> impl Strategy<Value = (Vec<String>, Vec<Row>)> {
    prop::collection::vec("[^\u{0}]{0,12}", 1..5).prop_flat_map(|names| {
        let columns: Vec<String> = names
            .iter()
            .zip(0..)
            .map(|(name, place)| format!("{place}{name}"))
            .collect();
        let width = columns.len();
        (Just(columns), rows(width))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn csv_xlsx_and_json_agree((columns, rows) in tables()) {
        let csv = of_csv(&columns, &rows);
        prop_assert_eq!(&of_ndjson(&columns, &rows), &csv);
        prop_assert_eq!(&of_xlsx(&columns, &rows), &csv);
    }
}
