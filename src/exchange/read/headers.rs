//! What the columns are called, and whether the first row says so.

use std::collections::{HashMap, HashSet};

use super::synonyms;

/// One name for each of `width` columns: trimmed, never blank, no two alike.
///
/// A blank one becomes `column_3`, the second `name` becomes `name_2`. A name that stands in the file is never changed for
/// the sake of one that was made up.
pub(super) fn unique_names(header: &[String], width: usize) -> Vec<String> {
    let mut taken: HashSet<String> = header
        .iter()
        .map(|name| trimmed(name))
        .filter(|name| !name.is_empty())
        .collect();
    let mut met: HashSet<String> = HashSet::new();
    let mut numbers: HashMap<String, usize> = HashMap::new();
    let mut names = Vec::with_capacity(width);
    for place in 0..width.max(header.len()) {
        let written = header.get(place).map(|name| trimmed(name)).unwrap_or_default();
        let (base, free) = if written.is_empty() {
            let base = format!("column_{}", place + 1);
            let free = taken.insert(base.clone());
            (base, free)
        } else {
            let free = met.insert(written.clone());
            (written, free)
        };
        if free {
            names.push(base);
            continue;
        }
        // Counting on from the last number keeps thousands of columns of one name from taking quadratic time.
        let number = numbers.entry(base.clone()).or_insert(1);
        names.push(loop {
            *number += 1;
            let name = format!("{base}_{number}");
            if taken.insert(name.clone()) {
                break name;
            }
        });
    }
    names
}

fn trimmed(name: &str) -> String {
    name.trim_matches(|letter: char| letter.is_whitespace() || matches!(letter, '\u{FEFF}' | '\u{200B}'))
        .to_owned()
}

/// Whether the first row names the columns. `url_column` is what the sender said; it settles the question if it is there.
pub(super) fn is_header(first: &[String], url_column: Option<&str>, is_url: &dyn Fn(&str) -> bool) -> bool {
    if let Some(wanted) = url_column
        && first.iter().any(|cell| same_name(cell, wanted))
    {
        return true;
    }
    let address = |cell: &String| synonyms::may_be_address(cell) && is_url(cell.trim());
    // `practice.website` is an address, `practice website` a header.
    if first.iter().any(|cell| synonyms::names_website(cell) && !address(cell)) {
        return true;
    }
    !first
        .iter()
        .any(|cell| address(cell) || is_email(cell) || is_long_number(cell))
}

/// Case, spaces, underscores and hyphens do not matter.
pub(super) fn same_name(one: &str, other: &str) -> bool {
    fn letters(name: &str) -> impl Iterator<Item = char> {
        name.chars()
            .filter(|letter| !letter.is_whitespace() && !matches!(letter, '_' | '-' | '\u{FEFF}' | '\u{200B}'))
            .flat_map(char::to_lowercase)
    }
    letters(one).eq(letters(other))
}

pub(super) fn is_email(cell: &str) -> bool {
    let cell = cell.trim();
    let domain = cell.split_once('@').map(|(_, domain)| domain);
    domain.is_some_and(|domain| domain.contains('.')) && !cell.contains(char::is_whitespace)
}

/// A phone or account number: a year or a date may well head a column.
pub(super) fn is_long_number(cell: &str) -> bool {
    let digits = cell.chars().filter(char::is_ascii_digit).count();
    digits >= 7
        && cell
            .chars()
            .all(|letter| letter.is_ascii_digit() || " +-()".contains(letter))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn names(header: &[&str], width: usize) -> Vec<String> {
        unique_names(&header.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>(), width)
    }

    #[test]
    fn no_two_columns_are_called_the_same() {
        assert_eq!(
            names(&["url", " url ", "", "URL"], 4),
            ["url", "url_2", "column_3", "URL"]
        );
        assert_eq!(names(&["a", "a", "a_2", "a"], 4), ["a", "a_3", "a_2", "a_4"]);
        assert_eq!(
            names(&["column_2", "", "x"], 4),
            ["column_2", "column_2_2", "x", "column_4"]
        );
        assert_eq!(names(&["column_4", "b", "c"], 4), ["column_4", "b", "c", "column_4_2"]);
    }

    #[test]
    fn a_row_of_data_is_no_header() {
        let is_url = |cell: &str| cell.contains(".nz") || cell.ends_with(".website");
        let header = |cells: &[&str]| {
            is_header(
                &cells.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>(),
                None,
                &is_url,
            )
        };
        assert!(header(&["name", "website"]));
        assert!(header(&["Firma", "Ort"]));
        assert!(header(&["url", "2024"]));
        assert!(!header(&["Acme", "acme.nz"]));
        assert!(!header(&["practice.website"]));
        assert!(!header(&["Acme", "", "info@acme.com"]));
        assert!(!header(&["Acme", "09 123 4567"]));
    }
}
