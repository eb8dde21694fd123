//! Rows above the header: the name of the list, who exported it and when.
//!
//! A row is only passed over when it is certain that a header comes below it. A title that is taken for data costs the
//! sender one row in error; a row of data that is taken for a title would be lost.

use super::headers::{is_email, is_long_number, same_name};
use super::record::is_blank;
use super::synonyms;

/// Rows above the header, at most.
pub(super) const MAX_TITLES: usize = 10;
/// Rows that are looked at: the titles, the header, and some below it that show what the header heads.
pub(super) const LOOKED_AT: usize = 40;
/// Letters of a title that are told to the sender.
const TOLD: usize = 200;

/// As much of a row as tells a title from a header from data.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Sketch {
    filled: usize,
    /// A blank row stands between this row and the one above it.
    blank_above: bool,
    comment: bool,
    /// A cell that is no header: an address, an e-mail address, a telephone number.
    data: bool,
    addresses: Vec<usize>,
    /// Cells that are a word for the website, or what the sender named.
    named: Vec<usize>,
    /// Cells that mention the website.
    close: Vec<usize>,
    text: String,
}

impl Sketch {
    pub(super) fn of<'a>(
        cells: impl Iterator<Item = (usize, &'a str)>,
        blank_above: bool,
        url_column: Option<&str>,
        is_url: &dyn Fn(&str) -> bool,
    ) -> Self {
        let mut sketch = Self {
            blank_above,
            ..Self::default()
        };
        for (place, cell) in cells.filter(|(_, cell)| !is_blank(cell)) {
            let cell = cell.trim();
            // `#` alone heads a column of numbers.
            sketch.comment |= sketch.filled == 0 && cell.starts_with('#') && cell.len() > 1;
            sketch.filled += 1;
            let address = synonyms::may_be_address(cell) && is_url(cell);
            if address {
                sketch.addresses.push(place);
            } else if synonyms::names_website(cell) || url_column.is_some_and(|wanted| same_name(cell, wanted)) {
                sketch.named.push(place);
            } else if synonyms::mentions_website(cell) {
                sketch.close.push(place);
            }
            sketch.data |= address || is_email(cell) || is_long_number(cell);
            let told = sketch.text.chars().count();
            if told < TOLD {
                let space = if told == 0 { "" } else { " " };
                sketch.text.push_str(space);
                sketch.text.extend(cell.chars().take(TOLD - told));
            }
        }
        sketch
    }

    /// What the row says, for the sender.
    pub(super) fn text(&self) -> &str {
        &self.text
    }
}

/// How many of the first rows are titles.
pub(super) fn count(rows: &[Sketch]) -> usize {
    // The first row that could be the header ends the search: below it is data.
    let header = (0..rows.len().min(MAX_TITLES + 1)).find(|at| is_website_header(rows, *at));
    let (header, widest) = match header {
        Some(at) => (at, 2),
        None => (other_header(rows).unwrap_or(0), 1),
    };
    let all = (0..header).all(|title| is_title(rows, title, header, widest));
    if all { header } else { 0 }
}

/// A header in words of no list is only believed right above the first address, with a blank row above it.
fn other_header(rows: &[Sketch]) -> Option<usize> {
    let first = rows.iter().position(|row| !row.addresses.is_empty())?;
    let at = first.checked_sub(1).filter(|at| *at <= MAX_TITLES)?;
    let row = &rows[at];
    (row.blank_above && !row.data && row.filled > 1).then_some(at)
}

/// A word for the website above an address; or such a word, or a mention of it, among other names.
fn is_website_header(rows: &[Sketch], at: usize) -> bool {
    let (row, below) = (&rows[at], &rows[at + 1..]);
    if row.data || row.comment {
        return false;
    }
    let heads = |place: &usize| below.iter().any(|row| row.addresses.contains(place));
    let addresses_below = below.iter().any(|row| !row.addresses.is_empty());
    let among_others = (!row.named.is_empty() && !addresses_below) || row.close.iter().any(heads);
    row.named.iter().any(heads) || (row.filled > 1 && among_others)
}

/// A comment, or a row of one cell; of two only where a blank row parts it from the header.
fn is_title(rows: &[Sketch], title: usize, header: usize, widest: usize) -> bool {
    let apart = rows[title + 1..=header].iter().any(|row| row.blank_above);
    let row = &rows[title];
    row.comment || (!row.data && row.filled <= if apart { widest } else { 1 })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    /// Rows with cells parted by commas; a row `-` is a blank one.
    fn titles(rows: &[&str], url_column: Option<&str>) -> usize {
        let is_url = |cell: &str| cell.ends_with(".nz");
        let mut sketches = Vec::new();
        let mut blank = false;
        for row in rows {
            if *row == "-" {
                blank = true;
                continue;
            }
            let cells = row.split(',').enumerate();
            sketches.push(Sketch::of(cells, std::mem::take(&mut blank), url_column, &is_url));
        }
        count(&sketches)
    }

    #[test]
    fn titles_above_a_header_are_counted() {
        let table = ["name,website", "A,a.nz", "B,b.nz"];
        let with = |above: &[&str]| titles(&[above, &table].concat(), None);
        assert_eq!(with(&[]), 0);
        assert_eq!(with(&["Practices 2024"]), 1);
        assert_eq!(with(&["Practices, exported 2024", "-"]), 1);
        assert_eq!(with(&["Practices", "by Jane", "-"]), 2);
        assert_eq!(with(&["# from the CRM, on Monday, by Jane"]), 1);
        assert_eq!(with(&["# from the CRM", "# columns: name, website"]), 2);
        assert_eq!(titles(&["List", "#,website", "1,a.nz"], None), 1);
        assert_eq!(with(&["Websites"]), 1);
        assert_eq!(titles(&["List", "-", "Firma,Wo", "A,a.nz"], None), 1);
        assert_eq!(titles(&["List", "Firma,Wohin", "A,x", "B,b.nz"], Some("wohin")), 1);
        assert_eq!(titles(&["List", "name,Clinic site (old)", "A,a.nz"], None), 1);
        assert_eq!(titles(&["List", "name,website", "A,none", "B,"], None), 1);
    }

    #[test]
    fn what_may_be_data_or_a_header_is_none() {
        for rows in [
            &["name", "A,a.nz", "B,b.nz"][..],
            &["Firma,Wo", "Web,x,y", "A,a.nz"],
            &["Acme", "Web Design,Auckland,x", "B,b.nz,y"],
            &["a.nz", "website,name", "b.nz,B"],
            &["info@a.nz", "website,name", "b.nz,B"],
            &["09 123 4567", "website,name", "b.nz,B"],
            &["Acme,Auckland", "website,name", "b.nz,B"],
            &["url", "a.nz", "b.nz"],
            &["Firma,Wo", "Acme", "-", "Beta,x", "C,c.nz"],
            &["Firma", "A,x,y", "B,b.nz,z"],
            &["List", "Firma,Wo", "A,x", "B,b.nz"],
            &["website", "n/a,website,x", "a.nz,b,c"],
            &["-"],
        ] {
            assert_eq!(titles(rows, None), 0, "{rows:?}");
        }
    }
}
