//! Files that are made to do harm, and files that nobody made: what they cost is bounded, whatever they are.

use std::path::Path;

use proptest::prelude::*;

use batchdesk::exchange::read::{
    FileFault, ReadLimits, ReadOptions, UnfoldedWorkbook, WorkbookLimits, inspect, is_workbook, rows, unfold_workbook,
};

use super::is_url;
use super::parts::{Parts, archive, inline};
use super::workbooks::saved;

const SMALL: WorkbookLimits = WorkbookLimits {
    max_unpacked_bytes: 1 << 20,
    text: ReadLimits {
        max_rows: 200,
        max_row_bytes: 10_000,
        max_columns: 20,
    },
};

struct Unfolding {
    _directory: tempfile::TempDir,
    text: std::path::PathBuf,
    outcome: Result<UnfoldedWorkbook, FileFault>,
}

fn unfolded(bytes: &[u8], limits: &WorkbookLimits) -> Unfolding {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("sent");
    let text = directory.path().join("text");
    std::fs::write(&file, bytes).unwrap();
    Unfolding {
        outcome: unfold_workbook(&file, &text, None, limits, &is_url),
        text,
        _directory: directory,
    }
}

fn code(bytes: &[u8], limits: &WorkbookLimits) -> &'static str {
    unfolded(bytes, limits)
        .outcome
        .map_or_else(|fault| fault.code(), |_| "read")
}

fn list_of(text: &str) -> Vec<u8> {
    Parts::of(&inline(&[&["Website", "Note"], &["acme.com", text]])).bytes()
}

#[test]
fn a_small_archive_that_unpacks_to_much_is_refused() {
    let zeros = " ".repeat(8 << 20);
    let bytes = Parts::of("")
        .with("xl/sharedStrings.xml", format!("<sst>{zeros}</sst>"))
        .bytes();
    assert!(bytes.len() < 20_000);
    assert_eq!(code(&bytes, &SMALL), "workbook_too_large");
    // The same in a part that nobody reads is no reason to refuse the list.
    let bytes = Parts::of(&inline(&[&["Website"], &["acme.com"]]))
        .with("xl/media/image1.png", zeros)
        .bytes();
    assert_eq!(code(&bytes, &SMALL), "read");
}

#[test]
fn a_part_that_is_longer_than_it_says_is_refused() {
    let mut bytes = list_of(&"x".repeat(5_000));
    let name = b"xl/worksheets/sheet1.xml";
    // The last place where the name stands is the list of parts; the size is 22 bytes in front of it.
    let at = bytes.windows(name.len()).rposition(|window| window == name).unwrap() - 22;
    bytes[at..at + 4].copy_from_slice(&64_u32.to_le_bytes());
    assert_eq!(code(&bytes, &SMALL), "damaged_workbook");
}

#[test]
fn a_text_that_is_named_a_thousand_times_is_not_written_a_thousand_times() {
    let rows = "<row><c t=\"s\"><v>0</v></c></row>".repeat(190);
    let text = format!("<sst><si><t>{}</t></si></sst>", "x".repeat(9_000));
    let bytes = Parts::of(&rows).with("xl/sharedStrings.xml", text).bytes();
    let unfolding = unfolded(&bytes, &SMALL);
    assert_eq!(unfolding.outcome.unwrap_err().code(), "workbook_too_large");
    assert!(std::fs::metadata(&unfolding.text).unwrap().len() <= SMALL.max_unpacked_bytes);
}

#[test]
fn what_is_held_is_bounded() {
    let long = "x".repeat(300_000);
    let nested = "<r>".repeat(200_000);
    let cells = "<c t=\"str\" r=\"A1\"><v>x</v></c>".repeat(10_000);
    let sheets: String = (0..1_001)
        .map(|n| format!("<sheet name=\"{n}\" r:id=\"rId1\"/>"))
        .collect();
    let formats = "<xf/>".repeat(100_001);
    let parts: Vec<(String, &str)> = (0..10_001).map(|n| (format!("{n}.xml"), "")).collect();
    let parts: Vec<(&str, &str)> = parts.iter().map(|(name, content)| (name.as_str(), *content)).collect();
    for (name, bytes, expected) in [
        ("a long text", list_of(&long), "damaged_workbook"),
        (
            "a long attribute",
            list_of(&format!("</t><t a=\"{}\">", "x".repeat(1_100_000))),
            "workbook_too_large",
        ),
        ("deep nesting", list_of(&nested), "read"),
        ("a long row", list_of(&"x".repeat(10_001)), "row_too_long"),
        (
            "a row of one place",
            Parts::of(&format!("<row>{cells}</row>")).bytes(),
            "row_too_long",
        ),
        (
            "many rows",
            Parts::of(&inline(&[&["acme.com"][..]; 300])).bytes(),
            "too_many_rows",
        ),
        (
            "many columns",
            Parts::of(&inline(&[&["acme.com"; 21]])).bytes(),
            "too_many_columns",
        ),
        (
            "many sheets",
            Parts {
                workbook: format!("<workbook>{sheets}</workbook>"),
                ..Parts::of("")
            }
            .bytes(),
            "damaged_workbook",
        ),
        (
            "many formats",
            Parts::of("")
                .with("xl/styles.xml", format!("<x><cellXfs>{formats}</cellXfs></x>"))
                .bytes(),
            "damaged_workbook",
        ),
        ("many parts", archive(&parts), "damaged_workbook"),
    ] {
        let limits = WorkbookLimits {
            max_unpacked_bytes: 2 << 20,
            ..SMALL
        };
        let limits = if expected == "workbook_too_large" {
            &SMALL
        } else {
            &limits
        };
        assert_eq!(code(&bytes, limits), expected, "{name}");
    }
}

#[test]
fn sheets_that_are_one_part_are_not_read_without_end() {
    let sheets: String = (0..900)
        .map(|n| format!("<sheet name=\"{n}\" r:id=\"rId1\"/>"))
        .collect();
    let rows = inline(&[&["acme.com"][..]; 150]);
    let bytes = Parts {
        workbook: format!("<workbook>{sheets}</workbook>"),
        ..Parts::of(&rows)
    }
    .bytes();
    assert_eq!(code(&bytes, &SMALL), "workbook_too_large");
}

/// Rows that are there, and links that lead nowhere near them.
#[test]
fn links_are_kept_in_number() {
    let links = "<hyperlink ref=\"A1:XFD1048576\" r:id=\"a\"/>".repeat(2_000);
    let bytes = Parts {
        sheet: format!("<worksheet><sheetData>{}</sheetData>{links}</worksheet>", inline(&[&["Site"], &["Acme"], &["Beta"]])),
        ..Parts::of("")
    }
    .with(
        "xl/worksheets/_rels/sheet1.xml.rels",
        "<Relationships><Relationship Id=\"a\" Type=\"/hyperlink\" Target=\"https://acme.com/\" TargetMode=\"External\"/></Relationships>",
    )
    .bytes();
    assert_eq!(code(&bytes, &SMALL), "read");
}

/// An independent reader finds the same cells in what Excel's format allows.
#[test]
fn another_reader_sees_the_same_cells() {
    use calamine::{Data, Reader, Xlsx, open_workbook_from_rs};
    let bytes = saved(|workbook| {
        let sheet = workbook.add_worksheet();
        sheet.write_string(0, 0, "Website")?;
        for row in 1..150 {
            sheet.write_string(row, 0, format!("a{row}.com"))?;
            sheet.write_string(row, 1, format!("text \"{}\"\n;, \u{e9}<&>", row % 7))?;
            sheet.write_number(row, 2, f64::from(row) * 1.25)?;
            sheet.write_boolean(row, 3, row % 2 == 0)?;
        }
        Ok(())
    });
    let mut theirs: Xlsx<_> = open_workbook_from_rs(std::io::Cursor::new(&bytes)).unwrap();
    let theirs: Vec<Vec<String>> = theirs
        .worksheet_range_at(0)
        .unwrap()
        .unwrap()
        .rows()
        .map(|row| {
            let cell = |cell: &Data| match cell {
                Data::Bool(truth) => truth.to_string().to_uppercase(),
                other => other.to_string(),
            };
            row.iter().map(cell).collect()
        })
        .collect();
    let unfolding = unfolded(&bytes, &SMALL);
    unfolding.outcome.unwrap();
    let inspection = inspect(&unfolding.text, SMALL.text, &ReadOptions::default(), &is_url).unwrap();
    let ours = rows(&unfolding.text, SMALL.text, &inspection).unwrap();
    let ours: Vec<Vec<String>> = ours.map(|row| row.unwrap().cells).collect();
    assert_eq!(ours, theirs[1..]);
}

/// The most memory that this process has held, in kilobytes.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// The other tests of this process hold memory too, so the large workbook passes in a process of its own.
#[test]
#[cfg(target_os = "linux")]
fn memory_does_not_grow_with_the_workbook() {
    let alone = ["--exact", "hostile::a_large_workbook_passes", "--ignored"];
    let test = std::process::Command::new(std::env::current_exe().unwrap())
        .args(alone)
        .output()
        .unwrap();
    assert!(test.status.success(), "{}", String::from_utf8_lossy(&test.stdout));
}

/// Fifty megabytes of texts and cells, each text another, pass through far less memory.
#[test]
#[ignore = "memory_does_not_grow_with_the_workbook runs it"]
#[cfg(target_os = "linux")]
fn a_large_workbook_passes() {
    use std::io::Write;
    const ROWS: u32 = 150_000;
    let before = peak_memory();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("sent");
    let mut archive = zip::ZipWriter::new(std::fs::File::create(&file).unwrap());
    let small = Parts::of("");
    let options = zip::write::SimpleFileOptions::default().compression_level(Some(1));
    for (name, content) in [
        ("_rels/.rels", &small.package),
        ("xl/workbook.xml", &small.workbook),
        ("xl/_rels/workbook.xml.rels", &small.relationships),
    ] {
        archive.start_file(name, options).unwrap();
        archive.write_all(content.as_bytes()).unwrap();
    }
    archive.start_file("xl/sharedStrings.xml", options).unwrap();
    archive.write_all(b"<sst><si><t>Website</t></si>").unwrap();
    for row in 0..ROWS {
        write!(
            archive,
            "<si><t>https://practice-{row}.example.com/{}</t></si>",
            "x".repeat(200)
        )
        .unwrap();
    }
    archive.write_all(b"</sst>").unwrap();
    archive.start_file("xl/worksheets/sheet1.xml", options).unwrap();
    archive.write_all(b"<worksheet><sheetData>").unwrap();
    for row in 0..=ROWS {
        write!(
            archive,
            "<row r=\"{0}\"><c r=\"A{0}\" t=\"s\"><v>{row}</v></c></row>",
            row + 1
        )
        .unwrap();
    }
    archive.write_all(b"</sheetData></worksheet>").unwrap();
    archive.finish().unwrap();

    let limits = WorkbookLimits {
        max_unpacked_bytes: 1 << 30,
        text: ReadLimits {
            max_rows: 1_000_000,
            ..SMALL.text
        },
    };
    let text = directory.path().join("text");
    unfold_workbook(&file, &text, None, &limits, &is_url).unwrap();
    let inspection = inspect(&text, limits.text, &ReadOptions::default(), &is_url).unwrap();
    assert_eq!(inspection.rows, u64::from(ROWS));
    let last = rows(&text, limits.text, &inspection).unwrap().last().unwrap().unwrap();
    assert!(last.identifier.starts_with(&format!("https://practice-{}.", ROWS - 1)));
    let grown = peak_memory() - before;
    assert!(grown < 10_000, "grew by {grown} kB");
}

/// Reads whatever it is given as an upload is read, and holds it to what it promised.
fn read_as_an_upload(bytes: &[u8]) -> Result<(), TestCaseError> {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("sent");
    let text = directory.path().join("text");
    std::fs::write(&file, bytes).unwrap();
    let list: &Path = if is_workbook(&file).unwrap() {
        if unfold_workbook(&file, &text, None, &SMALL, &is_url).is_err() {
            return Ok(());
        }
        prop_assert!(std::fs::metadata(&text).unwrap().len() <= SMALL.max_unpacked_bytes);
        &text
    } else {
        &file
    };
    let Ok(inspection) = inspect(list, SMALL.text, &ReadOptions::default(), &is_url) else {
        return Ok(());
    };
    let mut read = rows(list, SMALL.text, &inspection).unwrap();
    let count = read.by_ref().map(Result::unwrap).count() as u64;
    prop_assert_eq!(count, inspection.rows);
    prop_assert_eq!(read.blank_rows(), inspection.blank_rows);
    Ok(())
}

fn valid() -> Vec<Vec<u8>> {
    let sent = [super::workbooks::sent(), super::parts::sent()].into_iter().flatten();
    sent.map(|sent| sent.bytes).collect()
}

/// Changes to the parts themselves: damage to the archive alone hardly ever reaches them.
fn mutated_xml() -> impl Strategy<Value = Vec<u8>> {
    let rows = inline(&[&["Name", "Website"], &["Acme", "acme.com"]]);
    let shared = "<sst><si><t>Website</t></si><si><r><t>acme</t></r><r><t>.com</t></r></si></sst>";
    let styles = "<styleSheet><numFmts><numFmt numFmtId=\"200\" formatCode=\"yyyy\"/></numFmts><cellXfs><xf numFmtId=\"200\"/></cellXfs></styleSheet>";
    let sheet = format!(
        "<worksheet><sheetData>{rows}<row r=\"4\"><c r=\"A4\" t=\"s\"><v>0</v></c><c r=\"B4\" t=\"s\"><v>1</v></c><c r=\"C4\" s=\"0\"><f>HYPERLINK(\"https://a.com\",1)</f>\
         <v>4.5e4</v></c></row></sheetData><hyperlinks><hyperlink ref=\"A4\" r:id=\"a\"/></hyperlinks></worksheet>"
    );
    let piece = prop_oneof![
        Just("<".to_owned()),
        Just("\"".to_owned()),
        Just("99999999999999999999".to_owned()),
        Just("-1".to_owned()),
        Just("</row>".to_owned()),
        Just("<![CDATA[".to_owned()),
        Just("&#xFFFFFF;".to_owned()),
        "[\\PC]{1,4}",
    ];
    let edits = prop::collection::vec((0_usize..3, any::<prop::sample::Index>(), 0_usize..12, piece), 1..5);
    edits.prop_map(move |edits| {
        let mut parts = [sheet.clone(), shared.to_owned(), styles.to_owned()];
        for (part, at, removed, piece) in edits {
            let part = &mut parts[part];
            let letters: Vec<char> = part.chars().collect();
            let at = at.index(letters.len() + 1);
            let end = (at + removed).min(letters.len());
            *part = letters[..at].iter().copied().chain(piece.chars()).chain(letters[end..].iter().copied()).collect();
        }
        let [sheet, shared, styles] = parts;
        let links = "<Relationships><Relationship Id=\"a\" Type=\"/hyperlink\" Target=\"https://a.com\" TargetMode=\"External\"/></Relationships>";
        Parts {
            sheet,
            ..Parts::of("")
        }
        .with("xl/sharedStrings.xml", shared)
        .with("xl/styles.xml", styles)
        .with("xl/worksheets/_rels/sheet1.xml.rels", links)
        .bytes()
    })
}

/// Bytes of valid workbooks, some of them changed, removed or doubled.
fn mutated_archive() -> impl Strategy<Value = Vec<u8>> {
    let edit = (any::<prop::sample::Index>(), any::<u8>(), 0_usize..40, any::<bool>());
    (prop::sample::select(valid()), prop::collection::vec(edit, 1..8)).prop_map(|(mut bytes, edits)| {
        for (at, byte, length, remove) in edits {
            if bytes.is_empty() {
                break;
            }
            let at = at.index(bytes.len());
            let end = (at + length).min(bytes.len());
            if remove {
                bytes.drain(at..end);
            } else {
                bytes[at] = byte;
            }
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_are_too_strange(
        start in prop::sample::select(vec![&b""[..], b"PK\x03\x04xl/", b"sep=;\n", b"\xFF\xFE", b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"]),
        bytes in prop::collection::vec(prop_oneof![
            4 => prop::sample::select(b"a.com,;\t|\"\r\n\0#".to_vec()),
            1 => any::<u8>(),
        ], 0..600),
    ) {
        read_as_an_upload(&[start, &bytes].concat())?;
    }

    #[test]
    fn no_damage_to_a_workbook_is_too_strange(bytes in mutated_archive()) {
        read_as_an_upload(&bytes)?;
    }

    #[test]
    fn no_change_to_its_parts_is_too_strange(bytes in mutated_xml()) {
        read_as_an_upload(&bytes)?;
    }
}
