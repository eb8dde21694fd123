//! One pass over a whole file: is every row within bounds, how many are there, how wide.

use std::io::Read;

use super::record::{Record, RecordReader};
use super::text::TextSource;
use super::titles::MAX_TITLES;
use super::{Dialect, FileFault, ReadLimits, TextEncoding};

/// The records with content, the header among them. Blank rows below the first of them are counted.
pub(super) struct FilledRecords<R> {
    records: RecordReader<R>,
    blank: u64,
    empty_lines_above: Option<u64>,
}

impl<R: Read> FilledRecords<R> {
    pub(super) fn new(
        raw: R,
        encoding: TextEncoding,
        dialect: &Dialect,
        limits: ReadLimits,
    ) -> Result<Self, FileFault> {
        let records = RecordReader::new(TextSource::new(raw, encoding), dialect, limits)?;
        Ok(Self {
            records,
            blank: 0,
            empty_lines_above: None,
        })
    }

    /// The next record that has content, with the number of its cells up to the last one that has.
    pub(super) fn next(&mut self) -> Result<Option<(Record<'_>, usize)>, FileFault> {
        let width = loop {
            let Some(record) = self.records.next()? else {
                return Ok(None);
            };
            let width = record.filled_width();
            if width > 0 {
                break width;
            }
            self.blank += u64::from(self.empty_lines_above.is_some());
        };
        let empty_lines = self.records.empty_lines();
        self.empty_lines_above.get_or_insert(empty_lines);
        Ok(Some((self.records.current(), width)))
    }

    /// Passes over the first `titles` records, as if the file began below them.
    pub(super) fn skip_titles(&mut self, titles: usize) -> Result<(), FileFault> {
        for _ in 0..titles {
            self.next()?;
        }
        self.blank = 0;
        self.empty_lines_above = None;
        Ok(())
    }

    /// Blank rows passed so far, empty lines included.
    pub(super) fn blank(&self) -> u64 {
        self.empty_lines_above
            .map_or(0, |above| self.blank + self.records.empty_lines() - above)
    }
}

/// What the pass found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Survey {
    /// Records with content, the header among them.
    pub(super) records: u64,
    pub(super) blank: u64,
    /// Cells of each of the first records up to the last one with content: these may be titles.
    first_widths: [usize; MAX_TITLES],
    /// The same of the widest record below them.
    widest_below: usize,
    /// Invalid sequences in the encoding that the file was read as.
    pub(super) replaced: u64,
    pub(super) beyond_ascii: u64,
}

impl Survey {
    /// Cells of the widest record up to its last one with content.
    pub(super) fn widest(&self) -> usize {
        self.first_widths.iter().copied().fold(self.widest_below, usize::max)
    }

    /// The same file without its titles and the blank rows down to the header.
    pub(super) fn below_titles(mut self, titles: usize, blank: u64) -> Self {
        self.records -= titles as u64;
        self.blank -= blank;
        self.first_widths.iter_mut().take(titles).for_each(|width| *width = 0);
        self
    }
}

/// Stops at the first fault, so a row without end costs no more than the limit.
pub(super) fn survey(
    raw: impl Read,
    encoding: TextEncoding,
    dialect: &Dialect,
    limits: ReadLimits,
) -> Result<Survey, FileFault> {
    let mut filled = FilledRecords::new(raw, encoding, dialect, limits)?;
    let (mut records, mut first_widths, mut widest_below) = (0_u64, [0; MAX_TITLES], 0);
    while let Some((_, width)) = filled.next()? {
        match usize::try_from(records).ok().and_then(|at| first_widths.get_mut(at)) {
            Some(first) => *first = width,
            None => widest_below = widest_below.max(width),
        }
        records += 1;
        // Some more than allowed may be the header and the titles above it.
        if records > limits.max_rows.saturating_add(1 + MAX_TITLES as u64) {
            return Err(FileFault::TooManyRows { limit: limits.max_rows });
        }
    }
    let source = filled.records.source();
    let (replaced, beyond_ascii) = (source.replaced(), source.beyond_ascii());
    Ok(Survey {
        records,
        blank: filled.blank(),
        first_widths,
        widest_below,
        replaced,
        beyond_ascii,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    const LIMITS: ReadLimits = ReadLimits {
        max_rows: 3,
        max_row_bytes: 100,
        max_columns: 10,
    };

    fn of(text: &str) -> Result<Survey, FileFault> {
        let dialect = Dialect {
            delimiter: ',',
            sep_line: false,
        };
        survey(text.as_bytes(), TextEncoding::UTF_8, &dialect, LIMITS)
    }

    #[test]
    fn blank_rows_count_once_the_first_row_has_come() {
        let survey = of("\n,\nurl\n\na.nz,,\n , \r\n\r\nb.nz,x,,,\n\n").unwrap();
        assert_eq!((survey.records, survey.blank, survey.widest()), (3, 4, 2));
    }

    #[test]
    fn titles_do_not_widen_the_table() {
        assert_eq!(of("a,b,c\nurl,x\na.nz\n").unwrap().below_titles(1, 0).widest(), 2);
        let limits = ReadLimits { max_rows: 50, ..LIMITS };
        let dialect = Dialect {
            delimiter: ',',
            sep_line: false,
        };
        let text = format!("{}a,b,c,d\n", "a,b\n".repeat(20));
        let survey = survey(text.as_bytes(), TextEncoding::UTF_8, &dialect, limits).unwrap();
        assert_eq!(survey.below_titles(MAX_TITLES, 0).widest(), 4);
    }

    #[test]
    fn header_and_titles_are_not_held_against_the_row_limit() {
        let rows = |rows: usize| of(&"a\n".repeat(rows));
        assert!(rows(3 + 1 + MAX_TITLES).is_ok());
        assert_eq!(rows(3 + 2 + MAX_TITLES).unwrap_err().code(), "too_many_rows");
    }
}
