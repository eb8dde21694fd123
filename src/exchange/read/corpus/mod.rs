//! Small files of the kinds that people send, and what each must come to.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod dialects;
mod encodings;
mod faults;
mod table_headers;
mod url_columns;

use std::io::Write;

use super::*;

const LIMITS: ReadLimits = ReadLimits {
    max_rows: 20,
    max_row_bytes: 200,
    max_columns: 12,
};

struct Case {
    name: &'static str,
    file: Vec<u8>,
    url_column: Option<&'static str>,
    expected: Expected,
}

enum Expected {
    Table {
        columns: &'static [&'static str],
        url: &'static str,
        rows: &'static [&'static [&'static str]],
        blank: u64,
    },
    Fault {
        code: &'static str,
        columns: &'static [&'static str],
        line: Option<u64>,
    },
}

/// A file that is read: its columns, the name of the URL column, its rows, and how many rows are blank.
fn table(
    name: &'static str,
    file: impl AsRef<[u8]>,
    columns: &'static [&'static str],
    url: &'static str,
    rows: &'static [&'static [&'static str]],
    blank: u64,
) -> Case {
    let expected = Expected::Table {
        columns,
        url,
        rows,
        blank,
    };
    Case {
        name,
        file: file.as_ref().to_vec(),
        url_column: None,
        expected,
    }
}

/// A file that is refused: the code, the columns and the line that the fault gives.
fn fault(
    name: &'static str,
    file: impl AsRef<[u8]>,
    code: &'static str,
    columns: &'static [&'static str],
    line: Option<u64>,
) -> Case {
    Case {
        name,
        file: file.as_ref().to_vec(),
        url_column: None,
        expected: Expected::Fault { code, columns, line },
    }
}

impl Case {
    fn naming(mut self, url_column: &'static str) -> Self {
        self.url_column = Some(url_column);
        self
    }
}

/// About what the product takes for a public address.
pub(super) fn is_url(cell: &str) -> bool {
    let address = if cell.contains("://") {
        cell.to_owned()
    } else {
        format!("http://{cell}")
    };
    let Ok(url) = url::Url::parse(&address) else {
        return false;
    };
    match url.host() {
        Some(url::Host::Domain(name)) => {
            matches!(url.scheme(), "http" | "https") && name.contains('.') && !name.ends_with('.')
        }
        Some(_) => true,
        None => false,
    }
}

fn check(cases: Vec<Case>) {
    for case in cases {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&case.file).unwrap();
        let options = ReadOptions {
            url_column: case.url_column.map(str::to_owned),
        };
        let inspected = inspect(file.path(), LIMITS, &options, &is_url);
        match case.expected {
            Expected::Fault { code, columns, line } => {
                let fault = inspected.expect_err(case.name);
                assert_eq!((fault.code(), fault.line()), (code, line), "{}: {fault}", case.name);
                assert_eq!(fault.columns(), columns, "{}", case.name);
            }
            Expected::Table {
                columns,
                url,
                rows: expected,
                blank,
            } => {
                let inspection = inspected.unwrap_or_else(|fault| panic!("{}: {fault}", case.name));
                assert_eq!(inspection.columns, columns, "{}: {inspection:?}", case.name);
                assert_eq!(inspection.url_column_name(), url, "{}", case.name);
                let kept = serde_json::to_string(&inspection).unwrap();
                assert_eq!(
                    serde_json::from_str::<Inspection>(&kept).unwrap(),
                    inspection,
                    "{}",
                    case.name
                );

                let mut read = rows(file.path(), LIMITS, &inspection).unwrap();
                let taken: Vec<InputRow> = read.by_ref().map(Result::unwrap).collect();
                let cells: Vec<&[String]> = taken.iter().map(|row| row.cells.as_slice()).collect();
                assert_eq!(cells, expected, "{}", case.name);
                assert!(
                    taken.iter().zip(1..).all(|(row, number)| row.row_number == number),
                    "{}",
                    case.name
                );
                let of_url = |row: &InputRow| {
                    row.cells
                        .get(inspection.url_column)
                        .map_or("", |cell| cell.trim())
                        .to_owned()
                };
                assert!(taken.iter().all(|row| row.identifier == of_url(row)), "{}", case.name);
                assert_eq!(
                    (read.blank_rows(), inspection.blank_rows),
                    (blank, blank),
                    "{}",
                    case.name
                );
                assert_eq!(inspection.rows, taken.len() as u64, "{}", case.name);
            }
        }
    }
}
