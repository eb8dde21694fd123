//! One record after another out of delimited text, never holding more of one than is allowed.

use std::borrow::Cow;
use std::io::Read;

use super::text::TextSource;
use super::{Dialect, FileFault, ReadLimits};

const FIRST_TEXT: usize = 4 * 1024;
const FIRST_CELLS: usize = 64;

/// The cells of one record, valid until the next is read.
pub(super) struct Record<'a> {
    /// The line of the file on which the record starts, counted from 1.
    pub(super) line: u64,
    text: &'a [u8],
    ends: &'a [usize],
}

impl<'a> Record<'a> {
    pub(super) fn cells(&self) -> impl Iterator<Item = Cow<'a, str>> {
        let text = self.text;
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts
            .zip(self.ends)
            .map(move |(start, end)| String::from_utf8_lossy(&text[start..*end]))
    }

    pub(super) fn width(&self) -> usize {
        self.ends.len()
    }

    /// Cells up to the last one with content; none in a blank row.
    pub(super) fn filled_width(&self) -> usize {
        // A cell of ASCII space alone, the common case of a blank one, need not become text to be seen as such.
        let mut end = self.text.len();
        while end > 0 && (self.text[end - 1].is_ascii_whitespace() || self.text[end - 1].is_ascii_control()) {
            end -= 1;
        }
        if end > 0 && self.text[end - 1].is_ascii() {
            return self.ends.partition_point(|cell| *cell < end) + 1;
        }
        let cells: Vec<bool> = self.cells().map(|cell| is_blank(&cell)).collect();
        cells.iter().rposition(|blank| !blank).map_or(0, |at| at + 1)
    }
}

/// Nothing that a reader would see. Control characters are not: old programs end a file with one (0x1A).
pub(super) fn is_blank(cell: &str) -> bool {
    cell.chars()
        .all(|letter| letter.is_whitespace() || letter.is_control() || matches!(letter, '\u{FEFF}' | '\u{200B}'))
}

/// Splits text into records by RFC 4180, as lenient as the `csv` crate: LF, CR and CRLF all end a record, and a quote inside
/// an unquoted cell is text. On top of that it bounds what it holds, counts lines, and knows when a quote is never closed.
pub(super) struct RecordReader<R> {
    source: TextSource<R>,
    core: csv_core::Reader,
    limits: ReadLimits,
    text: Vec<u8>,
    ends: Vec<usize>,
    line: u64,
    after_cr: bool,
    empty_lines: u64,
    current: Extent,
}

/// Where the current record is in the buffers.
#[derive(Clone, Copy, Default)]
struct Extent {
    line: u64,
    bytes: usize,
    cells: usize,
}

impl<R: Read> RecordReader<R> {
    /// Skips the `sep=` line of a dialect that has one.
    pub(super) fn new(source: TextSource<R>, dialect: &Dialect, limits: ReadLimits) -> Result<Self, FileFault> {
        let mut reader = Self {
            source,
            core: csv_core::ReaderBuilder::new()
                .delimiter(dialect.delimiter_byte())
                .build(),
            limits,
            text: vec![0; FIRST_TEXT],
            ends: vec![0; FIRST_CELLS.min(limits.max_columns.max(1))],
            line: 1,
            after_cr: false,
            empty_lines: 0,
            current: Extent::default(),
        };
        if dialect.sep_line {
            reader.skip_line()?;
        }
        Ok(reader)
    }

    /// Lines with nothing on them, not even a delimiter, between the records so far.
    pub(super) fn empty_lines(&self) -> u64 {
        self.empty_lines
    }

    pub(super) fn source(&self) -> &TextSource<R> {
        &self.source
    }

    /// The next record, `None` at the end of the file.
    pub(super) fn next(&mut self) -> Result<Option<Record<'_>>, FileFault> {
        if !self.skip_empty_lines()? {
            return Ok(None);
        }
        let line = self.line;
        let (mut used, mut written, mut cells) = (0, 0, 0);
        loop {
            let waiting = self.source.fill()?;
            let at_end = waiting.is_empty();
            // A line break ends the last record of a file unless a quote is still open.
            let waiting = if at_end { b"\n" } else { waiting };
            let allowed = waiting
                .len()
                .min(self.limits.max_row_bytes.saturating_add(1).saturating_sub(used));
            let (result, read, wrote, ended) =
                self.core
                    .read_record(&waiting[..allowed], &mut self.text[written..], &mut self.ends[cells..]);
            count_lines(&waiting[..read], &mut self.line, &mut self.after_cr);
            used += read;
            written += wrote;
            cells += ended;
            if !at_end {
                self.source.take(read);
            }
            match result {
                csv_core::ReadRecordResult::Record => break,
                csv_core::ReadRecordResult::OutputFull => {
                    let enough = self.limits.max_row_bytes.saturating_add(2).max(self.text.len() + 1);
                    self.text.resize((self.text.len() * 2).min(enough), 0);
                }
                csv_core::ReadRecordResult::OutputEndsFull => {
                    let limit = self.limits.max_columns;
                    if self.ends.len() >= limit {
                        return Err(FileFault::TooManyColumns { line, limit });
                    }
                    self.ends.resize((self.ends.len() * 2).min(limit), 0);
                }
                csv_core::ReadRecordResult::InputEmpty if at_end => {
                    return Err(FileFault::UnterminatedQuote {
                        line: self.open_cell_line(line, cells),
                    });
                }
                csv_core::ReadRecordResult::InputEmpty => {}
                csv_core::ReadRecordResult::End => return Ok(None),
            }
            if used > self.limits.max_row_bytes {
                return Err(self.overlong(line, written, cells));
            }
        }
        self.current = Extent {
            line,
            bytes: written,
            cells,
        };
        Ok(Some(self.current()))
    }

    /// The record read last.
    pub(super) fn current(&self) -> Record<'_> {
        let Extent { line, bytes, cells } = self.current;
        Record {
            line,
            text: &self.text[..bytes],
            ends: &self.ends[..cells],
        }
    }

    /// A row can only run over several lines inside quotes; then the missing quote is the likelier fault than the length.
    fn overlong(&self, line: u64, written: usize, cells: usize) -> FileFault {
        let open = self.ends[..cells].last().copied().unwrap_or(0);
        if self.text[open..written]
            .iter()
            .any(|byte| matches!(byte, b'\n' | b'\r'))
        {
            FileFault::UnterminatedQuote {
                line: self.open_cell_line(line, cells),
            }
        } else {
            FileFault::RowTooLong {
                line,
                limit: self.limits.max_row_bytes,
            }
        }
    }

    fn open_cell_line(&self, mut line: u64, cells: usize) -> u64 {
        let closed = self.ends[..cells].last().copied().unwrap_or(0);
        count_lines(&self.text[..closed], &mut line, &mut false);
        line
    }

    /// Goes to the start of the next record; false when there is none.
    fn skip_empty_lines(&mut self) -> Result<bool, FileFault> {
        loop {
            let Some(first) = self.source.fill()?.first().copied() else {
                return Ok(false);
            };
            match first {
                b'\n' if self.after_cr => {}
                b'\n' | b'\r' => self.empty_lines += 1,
                _ => return Ok(true),
            }
            count_lines(&[first], &mut self.line, &mut self.after_cr);
            self.source.take(1);
        }
    }

    fn skip_line(&mut self) -> Result<(), FileFault> {
        while let Some(byte) = self.source.fill()?.first().copied() {
            self.source.take(1);
            count_lines(&[byte], &mut self.line, &mut self.after_cr);
            if matches!(byte, b'\n' | b'\r') {
                break;
            }
        }
        Ok(())
    }
}

/// CR, LF and CRLF are one line end each, also where a CRLF lies across two pieces.
fn count_lines(bytes: &[u8], line: &mut u64, after_cr: &mut bool) {
    for byte in bytes {
        match byte {
            b'\n' if *after_cr => *after_cr = false,
            b'\n' => *line += 1,
            b'\r' => {
                *line += 1;
                *after_cr = true;
            }
            _ => *after_cr = false,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use proptest::prelude::*;

    use super::super::TextEncoding;
    use super::*;

    const LIMITS: ReadLimits = ReadLimits {
        max_rows: 1_000,
        max_row_bytes: 1_000,
        max_columns: 100,
    };

    fn reader(bytes: &[u8], limits: ReadLimits) -> RecordReader<&[u8]> {
        let dialect = Dialect {
            delimiter: ',',
            sep_line: false,
        };
        RecordReader::new(TextSource::new(bytes, TextEncoding::UTF_8), &dialect, limits).unwrap()
    }

    fn read(bytes: &[u8]) -> Vec<(u64, Vec<String>)> {
        let mut reader = reader(bytes, LIMITS);
        let mut records = Vec::new();
        while let Some(record) = reader.next().unwrap() {
            records.push((record.line, record.cells().map(Cow::into_owned).collect()));
        }
        records
    }

    #[test]
    fn every_line_end_counts_once() {
        let records = read(b"a\r\n\r\n\"b\r\nc\"\rd\n\n\ne");
        let lines: Vec<u64> = records.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [1, 3, 5, 8]);
    }

    #[test]
    fn the_line_of_an_open_quote_is_that_of_its_cell() {
        let fault = reader(b"a\n\"x\ny\",\"open\nmore\n", LIMITS);
        let mut fault = fault;
        fault.next().unwrap();
        assert_eq!(fault.next().err().unwrap().line(), Some(3));
    }

    #[test]
    fn a_row_at_the_limit_is_read_and_one_byte_more_is_not() {
        let limits = ReadLimits {
            max_row_bytes: 10,
            ..LIMITS
        };
        assert!(reader(b"0123456789\n", limits).next().is_ok());
        assert!(reader(b"0123456789", limits).next().is_ok());
        let fault = reader(b"01234567890\n", limits).next().err().unwrap();
        assert_eq!(fault.code(), "row_too_long");
    }

    #[test]
    fn as_many_cells_as_allowed_and_no_more() {
        let limits = ReadLimits {
            max_columns: 3,
            ..LIMITS
        };
        assert_eq!(reader(b"a,b,c\n", limits).next().unwrap().unwrap().width(), 3);
        assert_eq!(reader(b"a,b,\n", limits).next().unwrap().unwrap().width(), 3);
        assert_eq!(
            reader(b"a,b,c,\n", limits).next().err().unwrap().code(),
            "too_many_columns"
        );
    }

    #[test]
    fn the_filled_width_sees_through_blank_cells() {
        for (row, width) in [
            ("a,b,c", 3),
            ("a,, ", 1),
            (",,", 0),
            (" ,\u{a0},\u{200b}", 0),
            ("\u{e9},\u{a0},", 1),
            (",x,", 2),
            ("\u{1a}", 0),
            ("x,\u{85}\u{1a}", 1),
        ] {
            assert_eq!(
                reader(row.as_bytes(), LIMITS).next().unwrap().unwrap().filled_width(),
                width,
                "{row}"
            );
        }
    }

    proptest! {
        #[test]
        fn records_are_those_of_the_csv_crate(text in "([a-c,\"\r\n\u{e9} ]|\"\"|\",\"|\"\n){0,60}") {
            let mut theirs = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
            let theirs: Vec<Vec<String>> =
                theirs.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect();
            let mut reader = reader(text.as_bytes(), LIMITS);
            let mut ours: Vec<Vec<String>> = Vec::new();
            loop {
                match reader.next() {
                    Ok(Some(record)) => ours.push(record.cells().map(Cow::into_owned).collect()),
                    Ok(None) => break prop_assert_eq!(ours, theirs),
                    // The `csv` crate takes the open cell as if it were closed.
                    Err(fault) => {
                        prop_assert_eq!(fault.code(), "unterminated_quote");
                        break prop_assert_eq!(&ours[..], &theirs[..theirs.len() - 1]);
                    }
                }
            }
        }
    }
}
