//! A table over as many sheets as it needs, each with the header frozen on top.

use rust_xlsxwriter::{Format, IgnoreError, Workbook, Worksheet, XlsxError};

use super::cell::{Fit, fit};

/// Columns are no wider than this many characters, or one long text would push all others off the screen.
const WIDEST: usize = 60;

/// And no narrower.
const NARROWEST: usize = 8;

/// Characters that the header needs for being bold and having a filter's button.
const HEADER_EXTRA: usize = 4;

/// What a cell takes in the sheet's XML beside its text, at most.
const CELL_MARKUP: u64 = 80;

/// The number format `@` among those that every reader knows (ECMA-376, 18.8.30).
const TEXT_FORMAT: u8 = 49;

/// A sheet of a table.
struct Sheet {
    name: String,
    sheet: Worksheet,
    /// Rows that are begun.
    rows: u32,
    /// Size of its XML, rather too high.
    bytes: u64,
}

/// A table whose rows are written from top to bottom.
pub(super) struct Sheets {
    title: &'static str,
    header: Vec<String>,
    /// The most rows of a sheet, the header included.
    sheet_rows: u32,
    /// For each column the most characters that a line of it has, capped.
    widths: Vec<usize>,
    full: Vec<Sheet>,
    current: Sheet,
}

impl Sheets {
    /// An empty table. The first sheet is called `title`, the others have a number as well.
    pub(super) fn begin(
        book: &mut Workbook,
        title: &'static str,
        header: Vec<String>,
        sheet_rows: u32,
    ) -> Result<Self, XlsxError> {
        Ok(Self {
            title,
            sheet_rows,
            widths: header.iter().map(|name| width(name) + HEADER_EXTRA).collect(),
            full: Vec::new(),
            current: Sheet::begin(book, title.to_owned(), &header)?,
            header,
        })
    }

    /// What the header says of the column.
    pub(super) fn column_name(&self, column: u16) -> &str {
        self.header.get(usize::from(column)).map_or("", String::as_str)
    }

    /// Begins the next row, on a new sheet if this one is full. Gives the sheet's name and the row's number.
    pub(super) fn next_row(&mut self, book: &mut Workbook) -> Result<(String, u32), XlsxError> {
        if self.current.rows >= self.sheet_rows {
            let name = format!("{} {}", self.title, self.full.len() + 2);
            let next = Sheet::begin(book, name, &self.header)?;
            self.full.push(std::mem::replace(&mut self.current, next));
        }
        self.current.rows += 1;
        Ok((self.current.name.clone(), self.current.rows))
    }

    /// Writes a cell of the row that was begun last. The text must fit.
    pub(super) fn cell(&mut self, column: u16, text: String) -> Result<(), XlsxError> {
        if let Some(widest) = self.widths.get_mut(usize::from(column))
            && *widest < WIDEST
        {
            *widest = width(&text).max(*widest);
        }
        self.current.bytes += CELL_MARKUP + size(&text);
        let (sheet, row) = (&mut self.current.sheet, self.current.rows - 1);
        match fit(&text) {
            Fit::Escaped(text) => sheet.write_rich_string(row, column, &[(&Format::default(), &text)])?,
            Fit::Plain | Fit::TooLong => sheet.write_string(row, column, text)?,
        };
        Ok(())
    }

    /// The size of the largest sheet's XML, rather too high.
    pub(super) fn largest(&self) -> u64 {
        let full = self.full.iter().map(|sheet| sheet.bytes);
        full.fold(self.current.bytes, u64::max)
    }

    /// Puts the sheets into the workbook.
    pub(super) fn end(self, book: &mut Workbook) -> Result<(), XlsxError> {
        for sheet in self.full.into_iter().chain([self.current]) {
            book.push_worksheet(sheet.end(&self.widths)?);
        }
        Ok(())
    }
}

impl Sheet {
    fn begin(book: &mut Workbook, name: String, header: &[String]) -> Result<Self, XlsxError> {
        let mut sheet = book.new_worksheet_with_constant_memory()?;
        sheet.set_name(&name)?;
        sheet.set_freeze_panes(1, 0)?;
        // A text that somebody edits stays one only where the format says so.
        let text = Format::new().set_num_format_index(TEXT_FORMAT);
        let bold = text.clone().set_bold();
        for (column, name) in (0..).zip(header) {
            sheet.set_column_format(column, &text)?;
            sheet.write_string_with_format(0, column, name, &bold)?;
        }
        Ok(Self {
            name,
            sheet,
            rows: 1,
            bytes: 0,
        })
    }

    fn end(self, widths: &[usize]) -> Result<Worksheet, XlsxError> {
        let mut sheet = self.sheet;
        let last_row = self.rows - 1;
        let columns = u16::try_from(widths.len()).unwrap_or(u16::MAX);
        if let Some(last_column) = columns.checked_sub(1) {
            sheet.autofilter(0, 0, last_row, last_column)?;
            sheet.ignore_error_range(0, 0, last_row, last_column, IgnoreError::NumberStoredAsText)?;
        }
        for (column, width) in (0..).zip(widths) {
            let width = u16::try_from((*width).clamp(NARROWEST, WIDEST)).unwrap_or(u16::MAX);
            sheet.set_column_width(column, width)?;
        }
        Ok(sheet)
    }
}

/// Characters of the longest line, capped.
fn width(text: &str) -> usize {
    let width = |line: &str| line.chars().take(WIDEST).count();
    text.split('\n').map(width).max().unwrap_or_default()
}

/// What the text takes in XML: some characters become a reference of up to seven.
fn size(text: &str) -> u64 {
    let escaped = |byte: &&u8| matches!(**byte, b'&' | b'<' | b'>' | 0..=0x1f);
    let escaped = text.as_bytes().iter().filter(escaped).count();
    (text.len() + 6 * escaped) as u64
}
