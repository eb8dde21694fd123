//! Which column holds the website addresses.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::headers::same_name;
use super::workbook::LINK;
use super::{FileFault, synonyms};

/// How many times as many addresses a column must have for another of its rank to be no rival.
const STANDS_OUT: u32 = 4;

/// What a sample of one column's cells looks like.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct CellCounts {
    filled: u32,
    addresses: u32,
    /// Addresses that are not those of a page elsewhere or of a picture.
    websites: u32,
    /// Equal in two columns that name the same host in each row.
    hosts: u64,
    /// Bytes of all websites: of two columns that agree, the one that says more is taken.
    said: u64,
}

impl CellCounts {
    /// Counts a cell of the row with this number.
    pub(super) fn add(&mut self, row: usize, cell: &str, is_url: &dyn Fn(&str) -> bool) {
        let cell = cell.trim();
        if cell.is_empty() {
            return;
        }
        self.filled += 1;
        if synonyms::may_be_address(cell) && is_url(cell) {
            self.addresses += 1;
            if !synonyms::is_elsewhere(cell) {
                self.websites += 1;
                let mut host = DefaultHasher::new();
                (row, synonyms::host(cell)).hash(&mut host);
                self.hosts = self.hosts.wrapping_add(host.finish());
                self.said += cell.len() as u64;
            }
        }
    }
}

/// The column that the sender named.
pub(super) fn named(columns: &[String], wanted: &str) -> Result<usize, FileFault> {
    if let Some(place) = columns.iter().position(|column| column == wanted) {
        return Ok(place);
    }
    let alike: Vec<usize> = (0..columns.len())
        .filter(|place| same_name(&columns[*place], wanted))
        .collect();
    match alike[..] {
        [place] => Ok(place),
        [] => Err(FileFault::UnknownUrlColumn {
            wanted: wanted.to_owned(),
            columns: columns.to_vec(),
        }),
        _ => Err(ambiguous(columns, &alike)),
    }
}

/// The column that headers, then cells, speak for. `counts` has an entry for each column.
///
/// A header that is a word for the website outweighs one that mentions it, which outweighs a column of addresses. Among
/// equals one is taken only if it stands out: a wrong guess costs the sender a whole run, a question costs a word. A column
/// whose neighbour holds where its cells lead gives way to that neighbour, and of columns that name the same site in every
/// row, as exports of customer databases have them, any will do.
pub(super) fn detected(columns: &[String], written: &[String], counts: &[CellCounts]) -> Result<usize, FileFault> {
    let header = |place: usize| written.get(place).map_or("", String::as_str);
    let of = |chosen: &dyn Fn(usize) -> bool| -> Vec<usize> {
        let places = (0..columns.len()).filter(|place| !outdone(columns, counts, *place));
        places.filter(|place| chosen(*place)).collect()
    };
    let exact = of(&|place| synonyms::names_website(header(place)));
    let close = of(&|place| synonyms::mentions_website(header(place)));

    let websites = |place: usize| counts[place].websites;
    let addresses = |place: usize| counts[place].addresses;
    let worths: [&dyn Fn(usize) -> u32; 2] = [&websites, &addresses];
    for named in [&exact, &close] {
        for worth in worths {
            let filled: Vec<usize> = named.iter().copied().filter(|place| worth(*place) > 0).collect();
            if let Some(place) = leading(columns, counts, &filled, worth)? {
                return Ok(place);
            }
        }
    }

    let own = of(&|place| {
        let counts = counts[place];
        counts.websites > 0 && counts.websites * 2 >= counts.filled && !synonyms::names_other(header(place))
    });
    if let Some(place) = leading(columns, counts, &own, &websites)? {
        return Ok(place);
    }

    // A header is still an answer when all cells under it are bad: each row then gets its own reason.
    for named in [&exact, &close] {
        match named[..] {
            [place] => return Ok(place),
            [] => {}
            _ => return Err(ambiguous(columns, named)),
        }
    }

    let any = of(&|place| counts[place].addresses > 0 && counts[place].addresses * 2 >= counts[place].filled);
    leading(columns, counts, &any, &addresses)?.ok_or_else(|| FileFault::NoUrlColumn {
        columns: columns.to_vec(),
    })
}

/// Whether the neighbour holds the links of this column, and so at least as many websites.
fn outdone(columns: &[String], counts: &[CellCounts], place: usize) -> bool {
    columns.get(place + 1).is_some_and(|neighbour| {
        let (own, links) = (counts[place].websites, counts[place + 1].websites);
        neighbour.strip_suffix(LINK) == Some(columns[place].as_str()) && links > 0 && links >= own
    })
}

/// The place that is worth at least [`STANDS_OUT`] times as much as any other; a fault when it has rivals of another mind.
fn leading(
    columns: &[String],
    counts: &[CellCounts],
    places: &[usize],
    worth: &dyn Fn(usize) -> u32,
) -> Result<Option<usize>, FileFault> {
    let best = places.iter().map(|place| worth(*place)).max().unwrap_or(0);
    let rivals: Vec<usize> = places
        .iter()
        .copied()
        .filter(|place| worth(*place) * STANDS_OUT > best)
        .collect();
    match rivals[..] {
        [] => Ok(None),
        [place] => Ok(Some(place)),
        [first, ..] if rivals.iter().all(|place| agree(&counts[first], &counts[*place])) => {
            // The first of those that say the same amount.
            Ok(rivals.iter().copied().rev().max_by_key(|place| counts[*place].said))
        }
        _ => Err(ambiguous(columns, &rivals)),
    }
}

fn agree(one: &CellCounts, other: &CellCounts) -> bool {
    one.websites > 0 && (one.websites, one.hosts) == (other.websites, other.hosts)
}

fn ambiguous(columns: &[String], places: &[usize]) -> FileFault {
    FileFault::AmbiguousUrlColumn {
        columns: places.iter().map(|place| columns[*place].clone()).collect(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn columns(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn counts(filled: u32, websites: u32) -> CellCounts {
        CellCounts {
            filled,
            addresses: websites,
            websites,
            hosts: 0,
            said: 0,
        }
    }

    #[test]
    fn a_name_need_not_be_spelt_alike() {
        let columns = columns(&["Name", "Web Site", "web_site", "URL"]);
        assert_eq!(named(&columns, "u-r-l").unwrap(), 3);
        assert_eq!(named(&columns, "web_site").unwrap(), 2);
        assert_eq!(
            named(&columns, "website").unwrap_err().columns(),
            ["Web Site", "web_site"]
        );
        assert_eq!(named(&columns, "home").unwrap_err().columns().len(), 4);
    }

    #[test]
    fn cells_decide_between_two_headers() {
        let names = columns(&["site", "website"]);
        assert_eq!(detected(&names, &names, &[counts(9, 0), counts(9, 9)]).unwrap(), 1);
        assert_eq!(detected(&names, &names, &[counts(9, 2), counts(9, 9)]).unwrap(), 1);
        let fault = detected(&names, &names, &[counts(9, 3), counts(9, 9)]).unwrap_err();
        assert_eq!(fault.columns(), ["site", "website"]);
    }

    #[test]
    fn columns_that_agree_are_no_rivals() {
        let names = columns(&["Domain", "Website", "URL"]);
        let rows = [
            ["a.nz", "https://www.A.nz/", "https://a.nz"],
            ["b.nz", "http://b.nz:80/x?y", "www.b.nz/"],
        ];
        let counted = |rows: &[[&str; 3]]| {
            let mut counts = [CellCounts::default(); 3];
            for (number, row) in rows.iter().enumerate() {
                for (place, cell) in row.iter().enumerate() {
                    counts[place].add(number, cell, &|cell| cell.contains(".nz"));
                }
            }
            detected(&names, &names, &counts)
        };
        assert_eq!(counted(&rows).unwrap(), 1);
        let swapped = [rows[0], [rows[1][0], rows[1][1], "c.nz"]];
        assert_eq!(counted(&swapped).unwrap_err().columns(), names);
        assert_eq!(
            counted(&[rows[0], ["", rows[1][1], rows[1][2]]]).unwrap_err().columns(),
            names
        );
    }

    #[test]
    fn where_cells_lead_is_better_than_what_they_say() {
        let names = columns(&["Website", "Website (link)", "Name"]);
        let of = |own, links| detected(&names, &names, &[counts(9, own), counts(9, links), counts(9, 0)]).unwrap();
        assert_eq!(of(0, 9), 1);
        assert_eq!(of(3, 9), 1);
        assert_eq!(of(9, 9), 1);
        assert_eq!(of(9, 0), 0);
    }

    #[test]
    fn a_header_over_bad_cells_is_taken_only_when_nothing_else_is_there() {
        let names = columns(&["site", "where"]);
        assert_eq!(detected(&names, &names, &[counts(9, 0), counts(9, 9)]).unwrap(), 1);
        assert_eq!(detected(&names, &names, &[counts(9, 0), counts(9, 0)]).unwrap(), 0);
    }
}
