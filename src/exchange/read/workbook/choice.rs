//! Which sheet of a workbook is the list.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;

use super::super::headers::same_name;
use super::super::titles::{self, LOOKED_AT, Sketch};
use super::super::{FileFault, ReadLimits, synonyms};
use super::book::{Book, Sheet, missing};
use super::links::Links;
use super::package::{Package, Part};
use super::sheet::{Shared, SheetCell, SheetRow, SheetRows};

/// How many times as many rows with an address a sheet must have for another to be no rival.
const STANDS_OUT: u64 = 2;

/// The sheet, and what was learnt on the way to it.
pub(super) struct Chosen<'a> {
    pub(super) sheet: &'a Sheet,
    pub(super) links: Links,
    /// Columns with cells that lead to a website which their text does not say.
    pub(super) linked: BTreeSet<u32>,
    /// Rows above the header.
    pub(super) titles: usize,
    rows: u64,
    /// Rows that hold the address of a website.
    addresses: u64,
}

/// The sheet that was named, or the visible one that looks most like a list of websites.
///
/// As with columns, a wrong guess costs the sender a run, and a question costs a word: a sheet that is about as good as
/// the best is asked about.
pub(super) fn choose<'a>(
    book: &'a Book,
    package: &mut Package,
    shared: &mut Shared,
    wanted: Option<&str>,
    scratch: &Path,
    limits: ReadLimits,
    is_url: &dyn Fn(&str) -> bool,
) -> Result<Chosen<'a>, FileFault> {
    let candidates: Vec<&Sheet> = match wanted.map(str::trim).filter(|wanted| !wanted.is_empty()) {
        Some(wanted) => vec![named(book, wanted)?],
        None => book.sheets.iter().filter(|sheet| !sheet.hidden).collect(),
    };
    let mut filled = Vec::new();
    for sheet in candidates {
        let links = Links::read(package, &sheet.part, scratch, is_url)?;
        let mut chosen = survey(sheet, package, shared, links, limits, is_url)?;
        if chosen.rows == 0 {
            continue;
        }
        // The links of the best alone are kept: a workbook may have a thousand sheets.
        if filled
            .iter()
            .any(|other: &Chosen<'_>| other.addresses >= chosen.addresses)
        {
            chosen.links = Links::none(scratch);
        } else {
            for other in &mut filled {
                other.links = Links::none(scratch);
            }
        }
        filled.push(chosen);
    }
    let best = filled.iter().map(|chosen| chosen.addresses).max().unwrap_or(0);
    let rivals = |chosen: &Chosen<'_>| chosen.addresses * STANDS_OUT > best || best == 0;
    if filled.iter().filter(|chosen| rivals(chosen)).count() > 1 {
        let sheets = filled.iter().filter(|chosen| rivals(chosen));
        return Err(FileFault::AmbiguousSheet {
            sheets: sheets.map(|chosen| chosen.sheet.name.clone()).collect(),
        });
    }
    filled
        .into_iter()
        .find(|chosen| rivals(chosen))
        .ok_or(FileFault::EmptyFile)
}

/// As columns are named: exactly, or without regard to case, spaces, underscores and hyphens.
fn named<'a>(book: &'a Book, wanted: &str) -> Result<&'a Sheet, FileFault> {
    if let Some(sheet) = book.sheets.iter().find(|sheet| sheet.name == wanted) {
        return Ok(sheet);
    }
    let alike: Vec<&Sheet> = book
        .sheets
        .iter()
        .filter(|sheet| same_name(&sheet.name, wanted))
        .collect();
    let names = |sheets: &mut dyn Iterator<Item = &Sheet>| sheets.map(|sheet| sheet.name.clone()).collect();
    match alike[..] {
        [sheet] => Ok(sheet),
        [] => Err(FileFault::UnknownSheet {
            wanted: wanted.to_owned(),
            sheets: names(&mut book.sheets.iter()),
        }),
        _ => Err(FileFault::AmbiguousSheet {
            sheets: names(&mut alike.iter().copied()),
        }),
    }
}

/// Opens a sheet at its first row.
pub(super) fn opened<'a>(
    package: &'a mut Package,
    sheet: &Sheet,
    shared: &'a mut Shared,
    links: &'a mut Links,
    limits: ReadLimits,
) -> Result<SheetRows<'a, Part<'a>>, FileFault> {
    let xml = package.part(&sheet.part)?.ok_or_else(|| missing(&sheet.part))?;
    Ok(SheetRows::new(xml, shared, links, limits))
}

fn survey<'a>(
    sheet: &'a Sheet,
    package: &mut Package,
    shared: &mut Shared,
    mut links: Links,
    limits: ReadLimits,
    is_url: &dyn Fn(&str) -> bool,
) -> Result<Chosen<'a>, FileFault> {
    let mut found = Found::default();
    found.look_through(opened(package, sheet, shared, &mut links, limits)?, is_url)?;
    Ok(Chosen {
        sheet,
        links,
        titles: titles::count(&found.sketches),
        linked: found.linked,
        rows: found.rows,
        addresses: found.addresses,
    })
}

#[derive(Default)]
struct Found {
    rows: u64,
    addresses: u64,
    linked: BTreeSet<u32>,
    sketches: Vec<Sketch>,
}

impl Found {
    fn look_through<R: Read>(
        &mut self,
        mut rows: SheetRows<'_, R>,
        is_url: &dyn Fn(&str) -> bool,
    ) -> Result<(), FileFault> {
        let mut row = SheetRow::default();
        let mut above = None;
        while rows.next(&mut row)? {
            self.rows += 1;
            if self.sketches.len() < LOOKED_AT {
                let said = |cell| hidden_address(&row, cell, is_url).unwrap_or(row.text(cell));
                let cells = row.cells.iter().map(|cell| (cell.column as usize, said(cell)));
                let blank_above = above.is_some_and(|above: u32| above.saturating_add(1) < row.number);
                self.sketches.push(Sketch::of(cells, blank_above, None, is_url));
            }
            above = Some(row.number);
            let mut address = false;
            for cell in &row.cells {
                let text = row.text(cell);
                if hidden_address(&row, cell, is_url).is_some() {
                    self.linked.insert(cell.column);
                    address = true;
                } else {
                    address = address || (synonyms::may_be_address(text) && is_url(text));
                }
            }
            self.addresses += u64::from(address);
        }
        Ok(())
    }
}

/// The website that a cell leads to, where its text is not itself an address.
pub(super) fn hidden_address<'a>(
    row: &'a SheetRow,
    cell: &SheetCell,
    is_url: &dyn Fn(&str) -> bool,
) -> Option<&'a str> {
    row.link(cell).filter(|link| is_url(link) && !is_url(row.text(cell)))
}
