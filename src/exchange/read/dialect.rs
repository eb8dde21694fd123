//! Which character parts the cells of a file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::record::RecordReader;
use super::text::TextSource;
use super::{ReadLimits, TextEncoding};

const CANDIDATES: [char; 4] = [',', ';', '\t', '|'];
/// Records of the head that a candidate is judged by.
const JUDGED: usize = 200;

/// How a file is written. Quotes are `"` and line ends are any, always.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dialect {
    /// What parts the cells; an ASCII character.
    pub delimiter: char,
    /// Whether the first line is Excel's `sep=;`, which is not data.
    pub sep_line: bool,
}

impl Dialect {
    pub(super) fn delimiter_byte(&self) -> u8 {
        u8::try_from(self.delimiter).unwrap_or(b',')
    }
}

/// Judges by the head of a file: what a `sep=` line says, else the candidate that gives the most even table.
///
/// `whole` tells that the head is all of the file. A file of one column has no delimiter; a comma is then as good as any.
pub(super) fn detect(head: &[u8], whole: bool, encoding: TextEncoding, limits: ReadLimits) -> Dialect {
    if let Some(delimiter) = first_line(head, encoding).as_deref().and_then(named_by_sep) {
        return Dialect {
            delimiter,
            sep_line: true,
        };
    }
    let mut best = (0.0, ',');
    for delimiter in CANDIDATES {
        let dialect = Dialect {
            delimiter,
            sep_line: false,
        };
        let score = evenness(head, whole, encoding, &dialect, limits);
        if score > best.0 {
            best = (score, delimiter);
        }
    }
    Dialect {
        delimiter: best.1,
        sep_line: false,
    }
}

fn first_line(head: &[u8], encoding: TextEncoding) -> Option<String> {
    const LONGEST: usize = 64;
    let mut source = TextSource::new(head, encoding);
    let text = source.fill().ok()?;
    let end = text
        .iter()
        .take(LONGEST)
        .position(|byte| matches!(byte, b'\n' | b'\r'))?;
    Some(String::from_utf8_lossy(&text[..end]).into_owned())
}

/// The delimiter of a `sep=` line. A program that saved the file again may have quoted it or put delimiters after it.
fn named_by_sep(line: &str) -> Option<char> {
    let line = line.trim_start_matches('"');
    let value = line.get(4..).filter(|_| line[..4].eq_ignore_ascii_case("sep="))?;
    let value = value.replace("\\t", "\t");
    let delimiter = value.chars().next()?;
    let usable = delimiter.is_ascii_punctuation() && delimiter != '"' || delimiter == '\t' || delimiter == ' ';
    let only = value
        .chars()
        .skip(1)
        .all(|letter| letter == '"' || CANDIDATES.contains(&letter));
    (usable && only).then_some(delimiter)
}

/// Zero when most records are not parted at all; else higher the more of them are of one width, and the wider.
fn evenness(head: &[u8], whole: bool, encoding: TextEncoding, dialect: &Dialect, limits: ReadLimits) -> f64 {
    let Ok(mut reader) = RecordReader::new(TextSource::new(head, encoding), dialect, limits) else {
        return 0.0;
    };
    let mut widths = Vec::new();
    let mut complete = whole;
    while widths.len() < JUDGED {
        match reader.next() {
            Ok(Some(record)) if record.filled_width() == 0 => {}
            Ok(Some(record)) => widths.push(record.width()),
            Ok(None) => break,
            Err(_) => {
                complete = true;
                break;
            }
        }
    }
    // The cut at the end of the head goes through the last record.
    if !complete && widths.len() > 1 && widths.len() < JUDGED {
        widths.pop();
    }
    let Some((modal, alike)) = modal(&widths).filter(|(width, _)| *width > 1) else {
        return 0.0;
    };
    let even = alike as f64 / widths.len() as f64;
    // A title above the header is one cell; a header that is parted otherwise than the rows is a sign of chance.
    let headed = if widths.first() == Some(&modal) { 1.0 } else { 0.5 };
    even * even * headed * (modal as f64).ln_1p()
}

/// The most frequent width, the wider of two, and how often it is met.
fn modal(widths: &[usize]) -> Option<(usize, usize)> {
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    for width in widths {
        *counts.entry(*width).or_default() += 1;
    }
    counts.into_iter().max_by_key(|(width, count)| (*count, *width))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    const LIMITS: ReadLimits = ReadLimits {
        max_rows: 1_000,
        max_row_bytes: 10_000,
        max_columns: 100,
    };

    fn delimiter(text: &str) -> char {
        detect(text.as_bytes(), true, TextEncoding::UTF_8, LIMITS).delimiter
    }

    #[test]
    fn decimal_commas_do_not_beat_semicolons() {
        assert_eq!(delimiter("name;rating;url\nA;4,5;a.nz\nB;3,9;b.nz\n"), ';');
    }

    #[test]
    fn commas_in_text_do_not_beat_tabs() {
        assert_eq!(delimiter("name, trading\turl\nA, B, C\ta.nz\nD\td.nz\n"), '\t');
    }

    #[test]
    fn a_sep_line_counts_also_after_another_program_saved_it() {
        assert_eq!(named_by_sep("sep=;"), Some(';'));
        assert_eq!(named_by_sep("\"SEP=;\",,"), Some(';'));
        assert_eq!(named_by_sep("sep=\\t"), Some('\t'));
        assert_eq!(named_by_sep("sep=;url"), None);
        assert_eq!(named_by_sep("separator"), None);
        assert_eq!(named_by_sep("s\u{e9}p="), None);
    }

    #[test]
    fn a_title_above_the_header_does_not_hide_the_delimiter() {
        assert_eq!(delimiter("Practices, 2024\n\nname;url\nA, B;a.nz\nC;c.nz\n"), ';');
    }

    #[test]
    fn one_column_is_read_with_commas() {
        assert_eq!(delimiter("url\na.nz\nb.nz\n"), ',');
    }
}
