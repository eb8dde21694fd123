//! Other implementations that read what the daemon writes: Python's csv and openpyxl, and LibreOffice.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// Prints the rows of a CSV and of the first sheet of a workbook as JSON. openpyxl leaves the references of characters
/// that XML cannot hold to its caller.
const READ: &str = r#"
import csv, json, sys
from openpyxl import load_workbook
from openpyxl.utils.escape import unescape

with open(sys.argv[1], newline="", encoding="utf-8") as file:
    of_csv = list(csv.reader(file))
of_xlsx = []
for row in load_workbook(sys.argv[2]).worksheets[0].iter_rows():
    assert all(cell.value is None or cell.data_type == "s" for cell in row), row
    of_xlsx.append([unescape(cell.value or "") for cell in row])
json.dump({"csv": of_csv, "xlsx": of_xlsx}, sys.stdout)
"#;

/// As LibreOffice's CSV filter wants it: comma, double quote, UTF-8, from the first line, all columns as they are, every
/// cell quoted that is text, the first sheet.
const CSV_FILTER: &str = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,true,false,false,false,false,1";

/// Rows of cells.
pub type Table = Vec<Vec<String>>;

/// A Python with openpyxl, or the group of tests is skipped. The system's goes first: packages are installed for that.
pub fn python_or_skip(group: &str) -> Option<PathBuf> {
    let found = ["/usr/bin/python3", "python3"].into_iter().find(|python| {
        let import = ["-c", "import openpyxl"];
        succeeds(Command::new(python).args(import))
    });
    found_or_skip(group, found, "no Python with openpyxl")
}

/// LibreOffice, or the group of tests is skipped.
pub fn libreoffice_or_skip(group: &str) -> Option<PathBuf> {
    let found = Some("soffice").filter(|soffice| succeeds(Command::new(soffice).arg("--version")));
    found_or_skip(group, found, "no LibreOffice")
}

fn succeeds(command: &mut Command) -> bool {
    let quiet = command.stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

fn found_or_skip(group: &str, program: Option<&str>, missing: &str) -> Option<PathBuf> {
    if program.is_none() {
        super::skip(group, missing);
    }
    program.map(PathBuf::from)
}

/// What Python reads in a CSV and in a workbook.
pub fn read_by_python(python: &Path, csv: &[u8], xlsx: &[u8]) -> (Table, Table) {
    let directory = TempDir::new().unwrap();
    let (csv_path, xlsx_path) = (directory.path().join("a.csv"), directory.path().join("a.xlsx"));
    fs::write(&csv_path, csv).unwrap();
    fs::write(&xlsx_path, xlsx).unwrap();
    let output = Command::new(python)
        .args(["-c", READ])
        .args([csv_path, xlsx_path])
        .output()
        .unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    let mut read: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut table = |name: &str| serde_json::from_value(read[name].take()).unwrap();
    (table("csv"), table("xlsx"))
}

/// The workbook as LibreOffice writes it as CSV.
pub fn converted_by_libreoffice(soffice: &Path, xlsx: &[u8]) -> Table {
    let directory = TempDir::new().unwrap();
    fs::write(directory.path().join("a.xlsx"), xlsx).unwrap();
    // A profile of its own: one that runs already would take the file and answer nothing.
    let profile = format!("-env:UserInstallation=file://{}/profile", directory.path().display());
    let output = Command::new(soffice)
        .args([&profile, "--headless", "--convert-to", CSV_FILTER, "a.xlsx"])
        .current_dir(directory.path())
        .output()
        .unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    // The sheet's name goes into the file's.
    let csv = fs::read(directory.path().join("a-Practices.csv")).unwrap_or_else(|error| panic!("{error}: {complaint}"));
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&csv[..]);
    let rows = reader
        .records()
        .map(|row| row.unwrap().iter().map(str::to_owned).collect());
    rows.collect()
}
