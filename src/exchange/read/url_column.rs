//! Which column holds the website addresses.

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
}

impl CellCounts {
    pub(super) fn add(&mut self, cell: &str, is_url: &dyn Fn(&str) -> bool) {
        let cell = cell.trim();
        if cell.is_empty() {
            return;
        }
        self.filled += 1;
        if synonyms::may_be_address(cell) && is_url(cell) {
            self.addresses += 1;
            self.websites += u32::from(!synonyms::is_elsewhere(cell));
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
/// whose neighbour holds where its cells lead gives way to that neighbour.
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
            if let Some(place) = leading(columns, &filled, worth)? {
                return Ok(place);
            }
        }
    }

    let own = of(&|place| {
        let counts = counts[place];
        counts.websites > 0 && counts.websites * 2 >= counts.filled && !synonyms::names_other(header(place))
    });
    if let Some(place) = leading(columns, &own, &websites)? {
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
    leading(columns, &any, &addresses)?.ok_or_else(|| FileFault::NoUrlColumn {
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

/// The place that is worth at least [`STANDS_OUT`] times as much as any other; a fault when it has rivals.
fn leading(columns: &[String], places: &[usize], worth: &dyn Fn(usize) -> u32) -> Result<Option<usize>, FileFault> {
    let best = places.iter().map(|place| worth(*place)).max().unwrap_or(0);
    let rivals: Vec<usize> = places
        .iter()
        .copied()
        .filter(|place| worth(*place) * STANDS_OUT > best)
        .collect();
    match rivals[..] {
        [] => Ok(None),
        [place] => Ok(Some(place)),
        _ => Err(ambiguous(columns, &rivals)),
    }
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
