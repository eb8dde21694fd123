//! The columns of a table in their order.

use std::collections::HashSet;

use super::FIELDS;

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
}
