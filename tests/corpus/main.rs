//! Files as people send them, and what each comes to.
//!
//! `files/` holds texts; `texts.rs`, `workbooks.rs` and `parts.rs` make what a repository would not keep byte by byte. Each
//! file has a page in `expected/` that says how it is read: its making, its columns, and for each row the address that is
//! fetched or the reason why there is none. With `CORPUS_WRITE=1` the pages are written anew; what changed in them is then
//! to be read before it is kept.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on says so by a panic"
)]

mod hostile;
mod parts;
mod texts;
mod workbooks;

use std::collections::{BTreeSet, HashSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use batchdesk::exchange::read::{
    FileFault, ReadLimits, ReadOptions, WorkbookLimits, inspect, is_workbook, rows, unfold_workbook,
};
use batchdesk::scrape::clean_url;

const LIMITS: WorkbookLimits = WorkbookLimits {
    max_unpacked_bytes: 1 << 30,
    text: ReadLimits {
        max_rows: 100_000,
        max_row_bytes: 1 << 20,
        max_columns: 512,
    },
};

/// Tables that are wider are shown by their addresses alone.
const SHOWN_COLUMNS: usize = 8;

/// A file and what its sender said of it.
struct Sent {
    name: String,
    bytes: Vec<u8>,
    url_column: Option<&'static str>,
    sheet: Option<&'static str>,
}

impl Sent {
    fn new(name: &str, bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            name: name.to_owned(),
            bytes: bytes.into(),
            url_column: None,
            sheet: None,
        }
    }

    fn naming_column(mut self, url_column: &'static str) -> Self {
        self.url_column = Some(url_column);
        self
    }

    fn naming_sheet(mut self, sheet: &'static str) -> Self {
        self.sheet = Some(sheet);
        self
    }
}

/// Files whose sender named the column.
const NAMED_COLUMNS: &[(&str, &str)] = &[
    ("hubspot-companies-that-differ.csv", "website url"),
    ("decoys-only.csv", "Facebook page"),
    ("two-clear-headers.csv", "URL"),
    ("spectrum-comma-in-quotes.csv", "address"),
    ("spectrum-empty.csv", "a"),
    ("spectrum-empty-crlf.csv", "b"),
    ("spectrum-escaped-quotes.csv", "b"),
    ("spectrum-json.csv", "val"),
    ("spectrum-newlines.csv", "a"),
    ("spectrum-newlines-crlf.csv", "a"),
    ("spectrum-quotes-and-newlines.csv", "b"),
    ("spectrum-simple.csv", "c"),
    ("spectrum-simple-crlf.csv", "C"),
    ("spectrum-utf8.csv", "c"),
];

fn directory(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(name)
}

fn sent() -> Vec<Sent> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(directory("files")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let file = Sent::new(name, std::fs::read(&path).unwrap());
        all.push(match NAMED_COLUMNS.iter().find(|(named, _)| *named == name) {
            Some((_, column)) => Sent {
                name: format!("{name} naming {column}"),
                ..file.naming_column(column)
            },
            None => file,
        });
        if [
            "hubspot-companies-that-differ.csv",
            "decoys-only.csv",
            "two-clear-headers.csv",
        ]
        .contains(&name)
        {
            all.push(Sent::new(name, std::fs::read(&path).unwrap()));
        }
    }
    all.extend(texts::sent());
    all.extend(workbooks::sent());
    all.extend(parts::sent());
    all.sort_by(|one, other| one.name.cmp(&other.name));
    all
}

fn is_url(cell: &str) -> bool {
    clean_url(cell).is_ok()
}

/// The page of one file.
fn page(sent: &Sent) -> String {
    let mut page = String::new();
    match read(sent, &mut page) {
        Ok(()) => page,
        Err(fault) => {
            let mut page = format!("refused: {}\n{fault}\n", fault.code());
            for (what, names) in [("columns", fault.columns()), ("sheets", fault.sheets())] {
                if !names.is_empty() {
                    writeln!(page, "{what}: {names:?}").unwrap();
                }
            }
            if let Some(line) = fault.line() {
                writeln!(page, "line: {line}").unwrap();
            }
            page
        }
    }
}

fn read(sent: &Sent, page: &mut String) -> Result<(), FileFault> {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("sent");
    let text = place.path().join("text");
    std::fs::write(&file, &sent.bytes).unwrap();
    let workbook = is_workbook(&file)?;
    let file = if workbook {
        let unfolded = unfold_workbook(&file, &text, sent.sheet, &LIMITS, &is_url)?;
        writeln!(page, "sheet: {} (not {:?})", unfolded.sheet, unfolded.other_sheets).unwrap();
        if !unfolded.link_columns.is_empty() {
            writeln!(page, "links: {:?}", unfolded.link_columns).unwrap();
        }
        text
    } else {
        file
    };
    let options = ReadOptions {
        url_column: sent.url_column.map(str::to_owned),
    };
    let inspection = inspect(&file, LIMITS.text, &options, &is_url)?;
    if !workbook {
        let dialect = inspection.dialect;
        let sep = if dialect.sep_line { ", said by a sep line" } else { "" };
        let damage = match inspection.replaced {
            0 => String::new(),
            replaced => format!(", {replaced} damaged"),
        };
        writeln!(
            page,
            "text: {}{damage}, {:?}{sep}",
            inspection.encoding.name(),
            dialect.delimiter
        )
        .unwrap();
    }
    if !inspection.title_rows.is_empty() {
        writeln!(page, "titles: {:?}", inspection.title_rows).unwrap();
    }
    let header = if inspection.has_header {
        "columns"
    } else {
        "columns without a header"
    };
    if inspection.columns.len() <= SHOWN_COLUMNS {
        writeln!(page, "{header}: {:?}", inspection.columns).unwrap();
    } else {
        writeln!(page, "{header}: {}", inspection.columns.len()).unwrap();
    }
    writeln!(page, "addresses in: {}", inspection.url_column_name()).unwrap();
    writeln!(page, "rows: {}, blank: {}", inspection.rows, inspection.blank_rows).unwrap();
    let mut read = rows(&file, LIMITS.text, &inspection)?;
    let mut count = 0;
    for row in read.by_ref() {
        let row = row?;
        count += 1;
        assert_eq!(row.row_number, count, "{}", sent.name);
        let outcome = match clean_url(&row.identifier) {
            Ok(clean) => clean.url.to_string(),
            Err(refusal) => refusal.to_string(),
        };
        if inspection.columns.len() <= SHOWN_COLUMNS {
            writeln!(page, "{count}: {outcome} <- {:?}", row.cells).unwrap();
        } else {
            writeln!(page, "{count}: {outcome} <- {:?}", row.identifier).unwrap();
        }
    }
    assert_eq!(
        (count, read.blank_rows()),
        (inspection.rows, inspection.blank_rows),
        "{}",
        sent.name
    );
    Ok(())
}

#[test]
fn every_file_comes_to_what_its_page_says() {
    let write = std::env::var_os("CORPUS_WRITE").is_some();
    let sent = sent();
    let distinct: HashSet<&[u8]> = sent.iter().map(|sent| sent.bytes.as_slice()).collect();
    assert!(distinct.len() >= 60, "only {} files", distinct.len());

    let mut pages = BTreeSet::new();
    let mut failed = Vec::new();
    for sent in &sent {
        let file = directory("expected").join(format!("{}.txt", sent.name));
        let found = page(sent);
        if write {
            std::fs::write(&file, &found).unwrap();
        }
        let expected = std::fs::read_to_string(&file).unwrap_or_default();
        if found != expected {
            failed.push(format!("{}\n{}", sent.name, difference(&expected, &found)));
        }
        assert!(pages.insert(file), "two files are called {}", sent.name);
    }
    let known: BTreeSet<PathBuf> = std::fs::read_dir(directory("expected"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    let stale: Vec<&PathBuf> = known.difference(&pages).collect();
    assert!(stale.is_empty(), "no file for {stale:?}");
    assert!(
        failed.is_empty(),
        "{} of {} files are read otherwise:\n\n{}",
        failed.len(),
        sent.len(),
        failed.join("\n")
    );
}

/// The lines that only one of two pages has.
fn difference(expected: &str, found: &str) -> String {
    let lines = |text: &str, other: &str, sign: char| -> String {
        let other: HashSet<&str> = other.lines().collect();
        let own = text.lines().filter(|line| !other.contains(line));
        own.map(|line| format!("  {sign} {line}\n")).collect()
    };
    lines(expected, found, '-') + &lines(found, expected, '+')
}
