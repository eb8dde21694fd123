//! The workbook, read back.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::io::Read as _;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::reading::{sheets, whole};
use super::*;

fn row<'a>(cells: &'a [String], found: Option<&'a Value>) -> ExportRow<'a> {
    ExportRow {
        row_number: 1,
        identifier: "acme.nz",
        cells,
        status: "aggregated",
        error: None,
        duplicate_of: None,
        final_payload: found,
    }
}

fn texts(cells: &[&str]) -> Vec<String> {
    cells.iter().map(|cell| (*cell).to_owned()).collect()
}

/// A workbook with one column that came in, of these cells.
fn column(name: &str, cells: &[String], sheet_rows: u32) -> File {
    let spool = TempDir::new().unwrap();
    let mut rows = Xlsx { sheet_rows }.begin(spool.path(), &[name.to_owned()]).unwrap();
    for cell in cells {
        rows.row(&row(std::slice::from_ref(cell), None)).unwrap();
    }
    rows.finish().unwrap()
}

/// A file of the workbook's archive.
fn part(file: File, name: &str) -> String {
    let mut text = String::new();
    let mut archive = zip::ZipArchive::new(file).unwrap();
    archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

#[test]
fn cells_are_texts_and_come_back_as_they_were() {
    let cells = texts(&[
        "0064 9 555 0123",
        "1010",
        "=1+1",
        "@SUM(A1)",
        "-5%",
        "TRUE",
        "2024-01-31",
        " two \n lines\t",
        "\r\n",
        "\0 \u{1} \u{b} \u{1f} \u{7f} \u{85} \u{fffe} \u{ffff}",
        "_x000D_ _x005F_ _x00zz_ _x",
        "_x0041\r _x0041_x0042\u{b}",
        "<b>&amp;</b> \"quoted\" 'so'",
        "<r><t>not markup</t></r>",
        "Zahnärzte 歯科 🦷 e\u{301} \u{202e}abc",
        "http://example.com/?a=1&b=2",
        "",
        "'apostrophe",
    ]);
    let read = whole(column("note", &cells, SHEET_ROWS));
    let back: Vec<&String> = read[1..].iter().map(|row| &row[0]).collect();
    assert_eq!(back, cells.iter().collect::<Vec<_>>());
}

#[test]
fn the_columns_are_those_of_every_table() {
    let spool = TempDir::new().unwrap();
    let columns = texts(&["url", "status"]);
    let mut rows = Xlsx::default().begin(spool.path(), &columns).unwrap();
    let found = json!({"name": "Acme", "phones": [{"e164": "+6491234567"}], "confidence": 0.5});
    let cells = texts(&["acme.nz", "open", "beyond"]);
    let full = row(&cells, Some(&found));
    rows.row(&full).unwrap();
    let short = ExportRow {
        cells: &cells[..1],
        error: Some("gone"),
        duplicate_of: Some(1),
        final_payload: None,
        ..full
    };
    rows.row(&short).unwrap();
    let names = std::fs::read_dir(spool.path()).unwrap().count();
    assert_eq!(names, 0, "a file with a name would outlive a crash");
    let read = sheets(rows.finish().unwrap());
    assert_eq!(read.len(), 1);
    assert_eq!(read[0].0, "Practices");
    assert_eq!(read[0].1[0], table_columns(&columns));
    let expected: Vec<String> = table_cells(&full, 2).map(String::from).collect();
    assert_eq!(read[0].1[1], expected);
    let expected: Vec<String> = table_cells(&short, 2).map(String::from).collect();
    assert_eq!(read[0].1[2], expected);
}

#[test]
fn a_full_sheet_is_followed_by_another_with_the_same_header() {
    let cells: Vec<String> = (1..=7).map(|n| format!("00{n}")).collect();
    let read = sheets(column("note", &cells, 4));
    let names: Vec<&str> = read.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["Practices", "Practices 2", "Practices 3"]);
    let lengths: Vec<usize> = read.iter().map(|(_, rows)| rows.len()).collect();
    assert_eq!(lengths, [4, 4, 2]);
    assert!(read.iter().all(|(_, rows)| rows[0] == read[0].1[0]));
    assert_eq!(read[2].1[1][0], "007");
    // A list that just fills a sheet begins no other.
    assert_eq!(sheets(column("note", &cells[..3], 4)).len(), 1);
    assert_eq!(sheets(column("note", &[], 4))[0].1.len(), 1);
}

#[test]
fn a_text_that_no_cell_holds_is_whole_on_a_sheet_of_its_own() {
    let long = "é🦷\n".repeat(30_000);
    let cells = vec![
        "short".to_owned(),
        long.clone(),
        "x".repeat(CELL_UNITS),
        "_x0041\r".repeat(2_000),
    ];
    // So many parts take several sheets as well.
    for sheet_rows in [3, SHEET_ROWS] {
        let name = "n".repeat(CELL_UNITS + 1);
        let read = sheets(column(&name, &cells, sheet_rows));
        let shown = &read[0].1[2][0];
        assert_eq!(shown.encode_utf16().count(), CELL_UNITS);
        assert!(shown.ends_with("[the whole text is in the sheet \"Long cells\"]"));
        assert!(read[0].1[0][0].ends_with(GOES_ON));
        let long_cells: Vec<&(String, Vec<Vec<String>>)> =
            read.iter().filter(|(name, _)| name.starts_with(LONG_CELLS)).collect();
        assert_eq!(long_cells[0].1[0], LONG_CELL_COLUMNS);
        assert_eq!(
            long_cells[0].1[1][..2],
            ["Practices", "1"],
            "the name of a column may be long as well"
        );
        assert_eq!(long_cells.len() > 1, sheet_rows == 3);
        let read = whole(column(&name, &cells, sheet_rows));
        let back: Vec<&String> = read[1..].iter().map(|row| &row[0]).collect();
        assert_eq!(back, cells.iter().collect::<Vec<_>>());
    }
}

#[test]
fn every_sheet_has_a_frozen_bold_header_a_filter_and_fitting_columns() {
    let cells = vec!["a".repeat(20), "b".repeat(500), "c".to_owned()];
    for (name, range) in [
        ("xl/worksheets/sheet1.xml", "A1:AH3"),
        ("xl/worksheets/sheet2.xml", "A1:AH2"),
    ] {
        let xml = part(column("note", &cells, 3), name);
        assert!(
            xml.contains("<pane ySplit=\"1\" topLeftCell=\"A2\" activePane=\"bottomLeft\" state=\"frozen\"/>"),
            "{xml}"
        );
        assert!(xml.contains(&format!("<autoFilter ref=\"{range}\"/>")), "{xml}");
        assert!(
            xml.contains(&format!("<ignoredError sqref=\"{range}\" numberStoredAsText=\"1\"/>")),
            "{xml}"
        );
        assert!(
            xml.contains("<col min=\"1\" max=\"1\" width=\"60.7109375\" style=\"1\""),
            "{xml}"
        );
        assert!(xml.contains("<c r=\"A1\" s=\"2\" t=\"inlineStr\">"), "{xml}");
        assert!(xml.contains("<c r=\"A2\" s=\"1\" t=\"inlineStr\">"), "{xml}");
    }
    let styles = part(column("note", &cells, 3), "xl/styles.xml");
    let formats = styles.split("<cellXfs").nth(1).unwrap();
    let formats: Vec<&str> = formats.split("<xf ").collect();
    assert!(formats[2].contains("numFmtId=\"49\""), "49 is text: {styles}");
    assert!(
        formats[3].contains("numFmtId=\"49\"") && formats[3].contains("fontId=\"1\""),
        "{styles}"
    );
    assert!(styles.contains("<font><b/>"), "{styles}");
}

#[test]
fn a_table_wider_than_a_sheet_is_refused_with_a_way_out() {
    let spool = TempDir::new().unwrap();
    let found = table_columns(&[]).len();
    let columns: Vec<String> = (0..SHEET_COLUMNS - found).map(|n| format!("c{n}")).collect();
    let widest = Xlsx::default().begin(spool.path(), &columns).unwrap();
    assert_eq!(sheets(widest.finish().unwrap())[0].1[0].len(), SHEET_COLUMNS);
    let wider = [columns, texts(&["one more"])].concat();
    let fault = Xlsx::default().begin(spool.path(), &wider).err().unwrap();
    assert!(matches!(fault, WorkbookFault::TooManyColumns { columns: 16_385 }));
    assert!(
        fault.to_string().contains("16385") && fault.to_string().contains("csv"),
        "{fault}"
    );
}

#[test]
fn a_disk_that_takes_nothing_is_a_fault_and_no_panic() {
    let spool = TempDir::new().unwrap();
    let away = spool.path().join("away");
    let fault = Xlsx::default().begin(&away, &texts(&["url"])).err().unwrap();
    assert!(matches!(fault, WorkbookFault::Spool(error) if error.kind() == io::ErrorKind::NotFound));
    let full = io::Error::from_raw_os_error(28);
    let fault = disk_faults(|| -> Result<(), WorkbookFault> { panic!("Couldn't write to xml file: {full:?}") });
    assert!(matches!(fault, Err(WorkbookFault::Spool(error)) if error.kind() == io::ErrorKind::StorageFull));
}
