//! What a file is, found out before a row is taken from it.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::record::Record;
use super::survey::{FilledRecords, Survey, survey};
use super::titles::{self, LOOKED_AT, Sketch};
use super::url_column::{self, CellCounts};
use super::{BinaryKind, binary, dialect, encoding, headers};
use super::{Dialect, FileFault, ReadLimits, ReadOptions, TextEncoding};

/// Bytes at the start of a file that its kind and dialect are judged by.
const HEAD: u64 = 64 * 1024;
/// Rows whose cells speak for a column.
const SAMPLE: usize = 1_000;

/// All that is needed to read the rows, and what the sender may want to know before that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inspection {
    /// How the text is encoded.
    pub encoding: TextEncoding,
    /// How the cells are parted.
    pub dialect: Dialect,
    /// What the rows above the header say, such as the name of the list; they are passed over.
    #[serde(default)]
    pub title_rows: Vec<String>,
    /// Whether the first row below the titles names the columns.
    pub has_header: bool,
    /// The names of all columns, made for those that had none; as many as the widest row has cells.
    pub columns: Vec<String>,
    /// The place of the URL column in `columns`.
    pub url_column: usize,
    /// Rows with content, the header not counted.
    pub rows: u64,
    /// Rows without content.
    pub blank_rows: u64,
    /// Invalid byte sequences, each of which a cell shows as U+FFFD.
    pub replaced: u64,
}

impl Inspection {
    /// The name of the URL column.
    pub fn url_column_name(&self) -> &str {
        self.columns.get(self.url_column).map_or("", String::as_str)
    }
}

/// Reads the whole file once, and its first rows again, and says how to read it.
///
/// `is_url` tells a cell that is a website address. It is asked about the sample only, and only where the sender did not
/// name the column; it decides nothing about a row.
///
/// # Errors
/// The first fault of the file as a whole. A row that is too long ends the reading there, so it costs no more than its
/// limit; rows whose cells are bad are none of this function's business.
pub fn inspect(
    path: &Path,
    limits: ReadLimits,
    options: &ReadOptions,
    is_url: &dyn Fn(&str) -> bool,
) -> Result<Inspection, FileFault> {
    let mut head = Vec::new();
    File::open(path)?.take(HEAD).read_to_end(&mut head)?;
    let whole = (head.len() as u64) < HEAD;
    let certain = recognized(path, &head)?;

    let assumed = certain.unwrap_or(TextEncoding::UTF_8);
    let look = |encoding| {
        let dialect = dialect::detect(&head, whole, encoding, limits);
        survey(File::open(path)?, encoding, &dialect, limits).map(|survey| (dialect, survey))
    };
    let (mut dialect, mut survey) = look(assumed)?;
    let encoding = match certain {
        Some(encoding) => encoding,
        None => encoding::by_census(File::open(path)?, survey.beyond_ascii, survey.replaced)?,
    };
    if encoding != assumed {
        // Which cells are blank, and in East Asian encodings which bytes are a delimiter, is only known now.
        (dialect, survey) = look(encoding)?;
    }
    if survey.records == 0 {
        return Err(FileFault::EmptyFile);
    }
    let url_column = options.url_column.as_deref().filter(|name| !name.trim().is_empty());
    let records = || FilledRecords::new(File::open(path)?, encoding, &dialect, limits);
    let titles = Titles::find(records()?, url_column, is_url)?;
    let survey = survey.below_titles(titles.rows.len(), titles.blank);
    let layout = Sample::take(records()?, titles.rows.len(), is_url)?.layout(&survey, limits, url_column, is_url)?;
    Ok(Inspection {
        encoding,
        dialect,
        title_rows: titles.rows,
        has_header: layout.has_header,
        columns: layout.columns,
        url_column: layout.url_column,
        rows: layout.rows,
        blank_rows: survey.blank,
        replaced: survey.replaced,
    })
}

/// Refuses what is not text; gives the encoding where the head settles it.
fn recognized(path: &Path, head: &[u8]) -> Result<Option<TextEncoding>, FileFault> {
    if let Some(kind) = binary::of_file(path, head) {
        return Err(FileFault::BinaryFile { kind });
    }
    let certain = encoding::by_head(head);
    if certain.is_none() && binary::by_content(head) {
        return Err(FileFault::BinaryFile {
            kind: BinaryKind::Unknown,
        });
    }
    Ok(certain)
}

/// The rows above the header.
struct Titles {
    rows: Vec<String>,
    /// Blank rows between the first title and the header.
    blank: u64,
}

impl Titles {
    fn find(
        mut records: FilledRecords<File>,
        url_column: Option<&str>,
        is_url: &dyn Fn(&str) -> bool,
    ) -> Result<Self, FileFault> {
        let mut sketches = Vec::with_capacity(LOOKED_AT);
        let mut blank = Vec::with_capacity(LOOKED_AT);
        while sketches.len() < LOOKED_AT {
            let Some(cells) = records.next()?.map(|(record, _)| owned_cells(&record)) else {
                break;
            };
            let cells = cells.iter().map(String::as_str).enumerate();
            let blank_before = blank.last().copied().unwrap_or(0);
            blank.push(records.blank());
            sketches.push(Sketch::of(cells, records.blank() > blank_before, url_column, is_url));
        }
        let titles = titles::count(&sketches);
        Ok(Self {
            rows: sketches[..titles].iter().map(|title| title.text().to_owned()).collect(),
            blank: blank.get(titles).copied().unwrap_or(0),
        })
    }
}

fn owned_cells(record: &Record<'_>) -> Vec<String> {
    record.cells().map(|cell| cell.into_owned()).collect()
}

/// The first record below the titles, and what the cells under it look like.
struct Sample {
    first: Vec<String>,
    counts: Vec<CellCounts>,
}

impl Sample {
    fn take(mut records: FilledRecords<File>, titles: usize, is_url: &dyn Fn(&str) -> bool) -> Result<Self, FileFault> {
        records.skip_titles(titles)?;
        let first = records
            .next()?
            .map(|(record, _)| owned_cells(&record))
            .unwrap_or_default();
        let mut sample = Self {
            first,
            counts: Vec::new(),
        };
        for row in 1..=SAMPLE {
            let Some((record, _)) = records.next()? else { break };
            for (place, cell) in record.cells().enumerate() {
                sample.count(row, place, &cell, is_url);
            }
        }
        Ok(sample)
    }

    fn count(&mut self, row: usize, place: usize, cell: &str, is_url: &dyn Fn(&str) -> bool) {
        if self.counts.len() <= place {
            self.counts.resize(place + 1, CellCounts::default());
        }
        self.counts[place].add(row, cell, is_url);
    }

    fn layout(
        mut self,
        survey: &Survey,
        limits: ReadLimits,
        url_column: Option<&str>,
        is_url: &dyn Fn(&str) -> bool,
    ) -> Result<Layout, FileFault> {
        let has_header = headers::is_header(&self.first, url_column, is_url);
        let first = std::mem::take(&mut self.first);
        let written = if has_header {
            first
        } else {
            for (place, cell) in first.iter().enumerate() {
                self.count(0, place, cell, is_url);
            }
            Vec::new()
        };
        let columns = headers::unique_names(&written, survey.widest());
        let rows = survey.records - u64::from(has_header);
        if rows == 0 {
            return Err(FileFault::HeaderOnly { columns });
        }
        if rows > limits.max_rows {
            return Err(FileFault::TooManyRows { limit: limits.max_rows });
        }
        self.counts.resize(columns.len(), CellCounts::default());
        let url_column = match url_column {
            Some(wanted) => url_column::named(&columns, wanted)?,
            None => url_column::detected(&columns, &written, &self.counts)?,
        };
        Ok(Layout {
            has_header,
            columns,
            url_column,
            rows,
        })
    }
}

/// How the rows relate to the columns.
struct Layout {
    has_header: bool,
    columns: Vec<String>,
    url_column: usize,
    rows: u64,
}
