//! The rows of one sheet, read as they stand in its part.

use std::io::{self, Read};
use std::ops::Range;

use super::super::record::is_blank;
use super::super::{FileFault, ReadLimits};
use super::links::{self, Links};
use super::number_format::NumberFormat;
use super::shared_strings::{MAX_TEXT, plain_letters, rich_text};
use super::spool::Spool;
use super::values;
use super::xml::{Event, XmlReader, cut, invalid};

/// Rows of the largest sheet.
const MAX_ROWS: u32 = 1_048_576;
/// Columns of the largest sheet.
const MAX_COLUMNS: u32 = 16_384;

/// What all sheets of a workbook share.
pub(super) struct Shared {
    pub(super) strings: Spool,
    pub(super) formats: Vec<NumberFormat>,
    pub(super) from_1904: bool,
}

/// One row with content.
#[derive(Default)]
pub(super) struct SheetRow {
    /// Counted from 1, as the spreadsheet shows it.
    pub(super) number: u32,
    /// Those with content or a link, from left to right.
    pub(super) cells: Vec<SheetCell>,
    text: String,
}

#[derive(Clone)]
pub(super) struct SheetCell {
    /// Counted from 0.
    pub(super) column: u32,
    text: Range<usize>,
    link: Option<Range<usize>>,
}

impl SheetRow {
    pub(super) fn text(&self, cell: &SheetCell) -> &str {
        &self.text[cell.text.clone()]
    }

    /// Where the cell leads, if not nowhere.
    pub(super) fn link(&self, cell: &SheetCell) -> Option<&str> {
        cell.link.clone().map(|link| &self.text[link])
    }

    fn clear(&mut self) {
        self.cells.clear();
        self.text.clear();
    }
}

pub(super) struct SheetRows<'a, R> {
    xml: XmlReader<R>,
    shared: &'a mut Shared,
    links: &'a mut Links,
    limits: ReadLimits,
    row: u32,
    ended: bool,
    buffers: Buffers,
}

#[derive(Default)]
struct Buffers {
    value: String,
    formula: String,
}

/// What the start tag of a cell says.
#[derive(Default)]
struct CellHead {
    column: u32,
    format: NumberFormat,
    kind: Kind,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Kind {
    #[default]
    Number,
    Shared,
    Boolean,
    /// Text, an error or a date, given as it stands.
    Verbatim,
}

impl<'a, R: Read> SheetRows<'a, R> {
    pub(super) fn new(xml: XmlReader<R>, shared: &'a mut Shared, links: &'a mut Links, limits: ReadLimits) -> Self {
        Self {
            xml,
            shared,
            links,
            limits,
            row: 0,
            ended: false,
            buffers: Buffers::default(),
        }
    }

    /// Goes to the next row that has content; false when there is none. What the sheet says of its dimensions is not
    /// asked, and cells that are only formatted do not count.
    pub(super) fn next(&mut self, row: &mut SheetRow) -> Result<bool, FileFault> {
        while !self.ended {
            match self.xml.next()? {
                Event::Start(tag) if tag.name() == "row" => {
                    let number = tag.attribute("r").and_then(|number| number.parse().ok());
                    self.row = number.unwrap_or(self.row + 1);
                    if !(1..=MAX_ROWS).contains(&self.row) {
                        return Err(invalid("a row has an impossible number").into());
                    }
                    row.clear();
                    row.number = self.row;
                    self.read_cells(row)?;
                    if row.cells.iter().any(|cell| !is_blank(row.text(cell))) {
                        self.finish(row)?;
                        return Ok(true);
                    }
                }
                Event::End("sheetData") => self.ended = true,
                // A sheet without an end was cut off; one without cells may be written as an empty element.
                Event::Eof => return Err(cut().into()),
                _ => {}
            }
        }
        Ok(false)
    }

    fn read_cells(&mut self, row: &mut SheetRow) -> Result<(), FileFault> {
        let mut column = 0;
        loop {
            match self.xml.next()? {
                Event::Start(tag) if tag.name() == "c" => {
                    let mut head = CellHead {
                        column,
                        ..CellHead::default()
                    };
                    for (name, value) in tag.attributes() {
                        match name {
                            // Where the place cannot be read, the cell is the next one.
                            "r" => head.column = place(value).map_or(column, |(_, column)| column),
                            "s" => {
                                let style = value.parse::<usize>().ok();
                                let format = style.and_then(|style| self.shared.formats.get(style));
                                head.format = format.copied().unwrap_or_default();
                            }
                            "t" => head.kind = Kind::of(value),
                            _ => {}
                        }
                    }
                    column = head.column + 1;
                    self.read_cell(row, &head)?;
                }
                Event::End("row") => return Ok(()),
                Event::Eof => return Err(cut().into()),
                _ => {}
            }
        }
    }

    fn read_cell(&mut self, row: &mut SheetRow, head: &CellHead) -> Result<(), FileFault> {
        let start = row.text.len();
        self.buffers.value.clear();
        self.buffers.formula.clear();
        loop {
            match self.xml.next()? {
                Event::Start(tag) => match tag.name() {
                    "is" => rich_text(&mut self.xml, "is", &mut row.text)?,
                    "v" => content(&mut self.xml, "v", &mut self.buffers.value)?,
                    "f" => content(&mut self.xml, "f", &mut self.buffers.formula)?,
                    _ => {}
                },
                Event::End("c") => break,
                Event::Eof => return Err(cut().into()),
                _ => {}
            }
        }
        if row.text.len() == start && !self.buffers.value.is_empty() {
            self.add_value(row, head)?;
        }
        let text = start..row.text.len();
        let link = links::of_formula(&self.buffers.formula).map(|address| {
            row.text.push_str(&address);
            text.end..row.text.len()
        });
        if !text.is_empty() || link.is_some() {
            self.add(row, head.column, text, link)?;
        }
        Ok(())
    }

    fn add_value(&mut self, row: &mut SheetRow, head: &CellHead) -> io::Result<()> {
        let value = self.buffers.value.as_str();
        match head.kind {
            Kind::Number => row
                .text
                .push_str(&values::number(value, head.format, self.shared.from_1904)),
            Kind::Boolean => row.text.push_str(match value.trim() {
                "1" | "true" => "TRUE",
                _ => "FALSE",
            }),
            Kind::Verbatim => {
                let start = row.text.len();
                row.text.push_str(value);
                plain_letters(&mut row.text, start);
            }
            Kind::Shared => {
                let known = match value.trim().parse() {
                    Ok(number) => self.shared.strings.push_to(number, &mut row.text)?,
                    Err(_) => false,
                };
                if !known {
                    return Err(invalid("a cell points to a text that is not there"));
                }
            }
        }
        Ok(())
    }

    fn add(
        &self,
        row: &mut SheetRow,
        column: u32,
        text: Range<usize>,
        link: Option<Range<usize>>,
    ) -> Result<(), FileFault> {
        let line = u64::from(row.number);
        // A delimiter and two quotes a cell.
        if row.text.len() + row.cells.len() * 3 > self.limits.max_row_bytes {
            return Err(FileFault::RowTooLong {
                line,
                limit: self.limits.max_row_bytes,
            });
        }
        if column as usize >= self.limits.max_columns {
            if !is_blank(&row.text[text.clone()]) {
                return Err(FileFault::TooManyColumns {
                    line,
                    limit: self.limits.max_columns,
                });
            }
            // A stray space far to the right is no column, and nothing of it is kept.
            row.text.truncate(text.start);
            return Ok(());
        }
        row.cells.push(SheetCell { column, text, link });
        Ok(())
    }

    /// Puts the cells in order and lays the sheet's links over them.
    fn finish(&mut self, row: &mut SheetRow) -> Result<(), FileFault> {
        row.cells.sort_by_key(|cell| cell.column);
        // Of two cells in one place the first counts.
        row.cells.dedup_by_key(|cell| cell.column);
        let linked: Vec<(u32, u64)> = self.links.of_row(row.number).collect();
        for (column, target) in linked {
            let at = row.cells.partition_point(|cell| cell.column < column);
            let found = row.cells.get(at).is_some_and(|cell| cell.column == column);
            if found && row.cells[at].link.is_some() {
                continue;
            }
            let start = row.text.len();
            self.links.push_target_to(target, &mut row.text)?;
            let link = Some(start..row.text.len());
            if found {
                row.cells[at].link = link;
            } else {
                self.add(row, column, start..start, link)?;
            }
        }
        row.cells.sort_by_key(|cell| cell.column);
        Ok(())
    }
}

impl Kind {
    fn of(written: &str) -> Self {
        match written {
            "n" => Self::Number,
            "s" => Self::Shared,
            "b" => Self::Boolean,
            _ => Self::Verbatim,
        }
    }
}

/// The text of an element that holds nothing else.
fn content<R: Read>(xml: &mut XmlReader<R>, end: &str, out: &mut String) -> io::Result<()> {
    loop {
        match xml.next()? {
            Event::Text(text) => text.push_to(out),
            Event::End(name) if name == end => return Ok(()),
            Event::Eof => return Err(cut()),
            _ => {}
        }
        if out.len() > MAX_TEXT {
            return Err(invalid("a cell is longer than a cell can be"));
        }
    }
}

/// The row, counted from 1, and the column, counted from 0, of a place such as `B7` or `$B$7`.
pub(super) fn place(reference: &str) -> Option<(u32, u32)> {
    let mut column = 0_u32;
    let mut rest = reference.trim_start_matches('$');
    while let Some(letter) = rest.bytes().next().filter(u8::is_ascii_alphabetic) {
        column = column * 26 + u32::from(letter.to_ascii_uppercase() - b'A') + 1;
        if column > MAX_COLUMNS {
            return None;
        }
        rest = &rest[1..];
    }
    let row = rest.trim_start_matches('$').parse().ok()?;
    (column > 0 && (1..=MAX_ROWS).contains(&row)).then(|| (row, column - 1))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn places() {
        assert_eq!(place("A1"), Some((1, 0)));
        assert_eq!(place("$ab$12"), Some((12, 27)));
        assert_eq!(place("XFD1048576"), Some((1_048_576, 16_383)));
        for reference in [
            "",
            "A",
            "7",
            "A0",
            "XFE1",
            "A1048577",
            "AAAAAAAAAAAA1",
            "A1B",
            "\u{e9}1",
        ] {
            assert_eq!(place(reference), None, "{reference}");
        }
    }
}
