//! The columns of a table in their order.

use std::borrow::Cow;
use std::collections::HashSet;

use super::{ExportRow, FIELDS};

/// How the row fared; these stand between the columns that came in and those that were found.
pub const OUTCOME_COLUMNS: [&str; 3] = ["status", "error", "duplicate_of"];

/// The names of all columns: those that came in, the outcome, the fields.
///
/// One of ours whose name came in already gets the prefix `found_`, as often as it takes to be unlike any other. Case does
/// not count, since the databases and sheets that the table ends up in often ignore it.
pub fn table_columns(input: &[String]) -> Vec<String> {
    let mut taken: HashSet<String> = input.iter().map(|name| name.to_lowercase()).collect();
    let mut columns = input.to_vec();
    for name in OUTCOME_COLUMNS.into_iter().chain(FIELDS.iter().map(|field| field.name)) {
        let mut name = name.to_owned();
        while !taken.insert(name.clone()) {
            name.insert_str(0, "found_");
        }
        columns.push(name);
    }
    columns
}

/// The cells of a row under these columns, of which the first `input_columns` came in. What is absent is empty.
pub fn table_cells<'a>(row: &ExportRow<'a>, input_columns: usize) -> impl Iterator<Item = Cow<'a, str>> {
    let absent = std::iter::repeat(Cow::Borrowed(""));
    let input = row.cells.iter().map(|cell| Cow::Borrowed(cell.as_str()));
    let duplicate_of = row.duplicate_of.map(|number| number.to_string()).unwrap_or_default();
    let outcome = [
        row.status.into(),
        row.error.unwrap_or_default().into(),
        duplicate_of.into(),
    ];
    let payload = row.final_payload;
    let found = FIELDS
        .iter()
        .map(move |field| payload.and_then(field.value).unwrap_or_default().into());
    input.chain(absent).take(input_columns).chain(outcome).chain(found)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn a_name_that_came_in_is_left_alone() {
        let columns = table_columns(&["Name".into(), "status".into(), "emails".into(), "found_emails".into()]);
        assert_eq!(columns[..4], ["Name", "status", "emails", "found_emails"]);
        assert_eq!(columns[4..7], ["found_status", "error", "duplicate_of"]);
        assert!(columns.contains(&"found_name".to_owned()));
        assert!(columns.contains(&"found_found_emails".to_owned()));
        assert_eq!(columns.len(), 4 + OUTCOME_COLUMNS.len() + FIELDS.len());
    }

    #[test]
    fn every_row_is_as_wide_as_the_header() {
        let row = ExportRow {
            row_number: 2,
            identifier: "a.nz",
            cells: &["a.nz".into(), "b".into()],
            status: "error",
            error: None,
            duplicate_of: Some(1),
            final_payload: None,
        };
        for input in 0..=3 {
            let cells: Vec<_> = table_cells(&row, input).collect();
            assert_eq!(cells[input..input + 3], ["error", "", "1"]);
            assert_eq!(cells.len(), input + OUTCOME_COLUMNS.len() + FIELDS.len());
        }
        assert_eq!(table_cells(&row, 3).nth(2).unwrap(), "");
    }
}
