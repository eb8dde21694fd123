//! Files that are refused.

use std::io::{Seek, SeekFrom, Write};

use super::{Case, LIMITS, ReadOptions, check, fault, inspect, is_url};

fn cases() -> Vec<Case> {
    vec![
        fault("no bytes", "", "empty_file", &[], None),
        fault("blank lines", "\n\r\n \n\t\n", "empty_file", &[], None),
        fault("a mark alone", "\u{feff}", "empty_file", &[], None),
        fault("a UTF-16 mark alone", b"\xFF\xFE", "empty_file", &[], None),
        fault(
            "no-break spaces of Windows-1252",
            b"\xA0,\xA0\r\n",
            "empty_file",
            &[],
            None,
        ),
        fault("a sep line alone", "sep=;\n", "empty_file", &[], None),
        fault("delimiters alone", ",,,\n,,,\n", "empty_file", &[], None),
        fault(
            "header alone",
            "name,website\n",
            "header_only",
            &["name", "website"],
            None,
        ),
        fault(
            "header and blank rows",
            "name,website\n,\n\n",
            "header_only",
            &["name", "website"],
            None,
        ),
        fault(
            "header alone, column named",
            "name,website\n",
            "header_only",
            &["name", "website"],
            None,
        )
        .naming("website"),
        fault(
            "workbook",
            b"PK\x03\x04\x14\0\x06\0[Content_Types].xml",
            "binary_file",
            &[],
            None,
        ),
        fault(
            "workbook from before 2007",
            b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1\0\0",
            "binary_file",
            &[],
            None,
        ),
        fault("PDF", "%PDF-1.7\nname,url\n", "binary_file", &[], None),
        fault("PNG", b"\x89PNG\r\n\x1A\n\0\0\0\rIHDR", "binary_file", &[], None),
        fault("gzip", b"\x1F\x8B\x08\0name,url", "binary_file", &[], None),
        fault(
            "web page",
            "<html><a href=\"a.nz\">a, b</a></html>",
            "binary_file",
            &[],
            None,
        ),
        fault("zeros", [0; 500], "binary_file", &[], None),
        fault(
            "noise",
            (0..=255).cycle().take(5_000).collect::<Vec<u8>>(),
            "binary_file",
            &[],
            None,
        ),
        fault(
            "open quote",
            "name,url\nA,a.nz\n\"B,b.nz\nC,c.nz\n",
            "unterminated_quote",
            &[],
            Some(3),
        ),
        fault(
            "open quote in the second cell",
            "name,url\n\"A\nA\",\"a.nz\nC,c.nz\n",
            "unterminated_quote",
            &[],
            Some(3),
        ),
        fault(
            "open quote over the byte limit",
            format!("url\n\"a.nz\n{}", "b.nz\n".repeat(60)),
            "unterminated_quote",
            &[],
            Some(2),
        ),
        fault(
            "open quote at the very end",
            "url\na.nz\n\"",
            "unterminated_quote",
            &[],
            Some(3),
        ),
        fault(
            "long row",
            format!("url,x\na.nz,{}\n", "x".repeat(200)),
            "row_too_long",
            &[],
            Some(2),
        ),
        fault(
            "long quoted cell",
            format!("url,x\n\na.nz,\"{}\"\n", "x".repeat(200)),
            "row_too_long",
            &[],
            Some(3),
        ),
        fault(
            "long header",
            format!("url,{}\na.nz,x\n", "x".repeat(200)),
            "row_too_long",
            &[],
            Some(1),
        ),
        fault(
            "many rows",
            format!("url\n{}", "a.nz\n".repeat(21)),
            "too_many_rows",
            &[],
            None,
        ),
        fault(
            "many rows without a header",
            "a.nz\n".repeat(21),
            "too_many_rows",
            &[],
            None,
        ),
        fault(
            "many columns",
            "url\na.nz,2,3,4,5,6,7,8,9,10,11,12,13\n",
            "too_many_columns",
            &[],
            Some(2),
        ),
    ]
}

#[test]
fn faults() {
    check(cases());
}

#[test]
fn every_fault_says_what_to_do() {
    for case in cases() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &case.file).unwrap();
        let fault = inspect(file.path(), LIMITS, &ReadOptions::default(), &is_url).unwrap_err();
        let sentences = fault.to_string().matches(". ").count() + 1;
        assert!(fault.to_string().ends_with('.') && sentences == 2, "{fault}");
    }
}

#[test]
fn a_file_that_is_not_there_is_unreadable() {
    let gone = tempfile::tempdir().unwrap().path().join("gone.csv");
    let fault = inspect(&gone, LIMITS, &ReadOptions::default(), &is_url).unwrap_err();
    assert_eq!(fault.code(), "unreadable");
}

/// A sparse file costs no disk; reading all of its 64 GiB would take minutes.
#[test]
fn a_row_without_end_is_not_read_to_its_end() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"url\na.nz\n").unwrap();
    file.write_all(&b"x".repeat(100_000)).unwrap();
    file.seek(SeekFrom::Start(1 << 36)).unwrap();
    file.write_all(b"\n").unwrap();
    let fault = inspect(file.path(), LIMITS, &ReadOptions::default(), &is_url).unwrap_err();
    assert_eq!((fault.code(), fault.line()), ("row_too_long", Some(3)));
}
