//! Excel workbooks, unfolded into delimited text.
//!
//! One sheet becomes a CSV file (UTF-8, commas, CRLF) whose first line is `sep=,`, so that nothing about it has to be
//! guessed. What a cell comes to:
//! - Text stays as it is. Numbers are written as a spreadsheet shows them, to 15 digits and without an exponent, with the
//!   leading zeros of a format of zeros; currency, percent and rounding are left out.
//! - Dates, times and both are ISO 8601: `2026-03-01`, `09:30:00`, `2026-03-01T09:30:00`.
//! - Truth values are `TRUE` and `FALSE`. A formula is the value that was last computed; an error is its text, `#N/A`.
//! - Merged cells have their value in the first of them. Hidden rows and columns count like others.
//! - **Links**: where cells lead to a website that their text does not say ("click here", the name of a practice), the
//!   column gets a neighbour called `<header> (link)`. In each row it holds where the cell leads; if it leads nowhere, the
//!   text of the cell where that is an address.
//!
//! Blank rows between others stay, so that a row is as far down as in the sheet. Memory does not grow with the workbook:
//! cells are read as they come, shared texts lie in scratch files, and whatever must be held is bounded by number and by
//! size. That is why the parts are read here and not by a general reader of workbooks: those hold all texts of a workbook
//! and make room for as many as it claims to have.

mod book;
mod choice;
mod links;
mod number_format;
mod package;
mod shared_strings;
mod sheet;
mod spool;
mod values;
mod xml;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Read, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use self::book::Book;
use self::choice::{Chosen, opened};
use self::package::Package;
use self::sheet::{Shared, SheetRow};
use super::record::is_blank;
use super::titles::MAX_TITLES;
use super::{BinaryKind, FileFault, ReadLimits, binary};

/// What the name of a column of links ends in.
pub(super) const LINK: &str = " (link)";

/// What a workbook may ask of us, and its rows of those who read them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkbookLimits {
    /// Bytes of all parts once they are unpacked, and of the text that one sheet becomes.
    pub max_unpacked_bytes: u64,
    /// The limits of the text. Where a row breaks one, the fault names the row of the sheet.
    pub text: ReadLimits,
}

/// Where the text came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnfoldedWorkbook {
    /// The sheet that was read.
    pub sheet: String,
    /// The sheets that were not, hidden ones included, in the order of the workbook.
    pub other_sheets: Vec<String>,
    /// The columns that were added for the links of their neighbours.
    pub link_columns: Vec<String>,
}

/// Whether the file is a workbook, going by what is in it and not by its name.
///
/// # Errors
/// [`FileFault::Unreadable`] when the file is gone.
pub fn is_workbook(path: &Path) -> Result<bool, FileFault> {
    const HEAD: u64 = 64 * 1024;
    let mut head = Vec::new();
    File::open(path)?.take(HEAD).read_to_end(&mut head)?;
    Ok(binary::by_signature(&head) == Some(BinaryKind::Workbook))
}

/// Writes one sheet of a workbook to the file `to`, which [`inspect`](super::inspect) then reads.
///
/// `sheet` is the one that the sender named; else it is the visible one with the most rows that hold a website address,
/// which `is_url` tells. Scratch files are made beside `to` and have no name. After a fault `to` holds what was written
/// until then.
///
/// # Errors
/// The first fault of the workbook as a whole: not readable as one, too large, or no sheet that stands out.
pub fn unfold_workbook(
    path: &Path,
    to: &Path,
    sheet: Option<&str>,
    limits: &WorkbookLimits,
    is_url: &dyn Fn(&str) -> bool,
) -> Result<UnfoldedWorkbook, FileFault> {
    unfold(path, to, sheet, limits, is_url).map_err(|fault| match fault {
        FileFault::Unreadable(error) => of_workbook(error, limits),
        other => other,
    })
}

/// What went wrong on the way through an archive: its own size, its own damage, or the disk.
fn of_workbook(error: io::Error, limits: &WorkbookLimits) -> FileFault {
    match error.kind() {
        ErrorKind::FileTooLarge if error.raw_os_error().is_none() => FileFault::WorkbookTooLarge {
            limit: limits.max_unpacked_bytes,
        },
        _ if error.raw_os_error().is_some() => FileFault::Unreadable(error),
        _ => FileFault::DamagedWorkbook {
            reason: error.to_string(),
        },
    }
}

fn unfold(
    path: &Path,
    to: &Path,
    sheet: Option<&str>,
    limits: &WorkbookLimits,
    is_url: &dyn Fn(&str) -> bool,
) -> Result<UnfoldedWorkbook, FileFault> {
    let scratch = to.parent().filter(|parent| !parent.as_os_str().is_empty());
    let scratch = scratch.unwrap_or_else(|| Path::new("."));
    let mut package = Package::open(path, limits.max_unpacked_bytes)?;
    let book = Book::read(&mut package)?;
    let mut shared = Shared {
        strings: shared_strings::read(&mut package, book.shared_strings.as_deref(), scratch)?,
        formats: number_format::read(&mut package, book.styles.as_deref())?,
        from_1904: book.from_1904,
    };
    let mut chosen = choice::choose(&book, &mut package, &mut shared, sheet, scratch, limits.text, is_url)?;
    let name = chosen.sheet.name.clone();
    let others = book.sheets.iter().filter(|other| !std::ptr::eq(*other, chosen.sheet));
    let other_sheets = others.map(|other| other.name.clone()).collect();
    let mut text = SheetText {
        out: csv::WriterBuilder::new()
            .flexible(true)
            .terminator(csv::Terminator::CRLF)
            .from_writer(Bounded {
                out: BufWriter::new(File::create(to)?),
                left: limits.max_unpacked_bytes,
            }),
        linked: std::mem::take(&mut chosen.linked),
        link_columns: Vec::new(),
        max_rows: limits.text.max_rows,
    };
    text.write(&mut package, &mut shared, &mut chosen, limits.text, is_url)?;
    Ok(UnfoldedWorkbook {
        sheet: name,
        other_sheets,
        link_columns: text.link_columns,
    })
}

/// One sheet as text.
struct SheetText {
    out: csv::Writer<Bounded<BufWriter<File>>>,
    /// Columns that get a neighbour for their links.
    linked: BTreeSet<u32>,
    link_columns: Vec<String>,
    max_rows: u64,
}

impl SheetText {
    fn write(
        &mut self,
        package: &mut Package,
        shared: &mut Shared,
        chosen: &mut Chosen<'_>,
        limits: ReadLimits,
        is_url: &dyn Fn(&str) -> bool,
    ) -> Result<(), FileFault> {
        // Two cells make `sep=,`.
        self.out.write_record(["sep=", ""]).map_err(writing)?;
        let mut rows = opened(package, chosen.sheet, shared, &mut chosen.links, limits)?;
        let mut row = SheetRow::default();
        let (mut above, mut filled) = (None, 0_u64);
        while rows.next(&mut row)? {
            for _ in above.map_or(row.number, |above: u32| above.saturating_add(1))..row.number {
                self.out.write_record([""]).map_err(writing)?;
            }
            above = Some(row.number);
            self.write_row(&row, filled == chosen.titles as u64, is_url)
                .map_err(writing)?;
            filled += 1;
            if filled > self.max_rows.saturating_add(1 + MAX_TITLES as u64) {
                return Err(FileFault::TooManyRows { limit: self.max_rows });
            }
        }
        self.out.flush()?;
        Ok(())
    }

    fn write_row(&mut self, row: &SheetRow, may_be_header: bool, is_url: &dyn Fn(&str) -> bool) -> csv::Result<()> {
        let mut column = 0;
        for cell in &row.cells {
            let text = row.text(cell);
            let linked = self.linked.contains(&cell.column);
            if is_blank(text) && !linked {
                continue;
            }
            let added = self.linked.range(column..cell.column).count();
            for _ in 0..added + (cell.column - column) as usize {
                self.out.write_field("")?;
            }
            column = cell.column + 1;
            self.out.write_field(text)?;
            if !linked {
                continue;
            }
            let address = choice::hidden_address(row, cell, is_url).or(Some(text).filter(|text| is_url(text)));
            if may_be_header && address.is_none() && !is_blank(text) {
                let name = format!("{}{LINK}", text.trim());
                self.out.write_field(&name)?;
                self.link_columns.push(name);
            } else {
                self.out.write_field(address.unwrap_or_default())?;
            }
        }
        self.out.write_record(None::<&[u8]>)
    }
}

fn writing(error: csv::Error) -> FileFault {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error.into(),
        _ => io::Error::from(ErrorKind::InvalidData).into(),
    }
}

/// Refuses to write more than it may: a short part can name a long text a million times.
struct Bounded<W> {
    out: W,
    left: u64,
}

impl<W: Write> Write for Bounded<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let left = self.left.checked_sub(bytes.len() as u64);
        self.left = left.ok_or(ErrorKind::FileTooLarge)?;
        self.out.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
