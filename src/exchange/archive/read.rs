//! Reading an archive.

use std::io::{BufRead, BufReader, Read};

use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use uuid::Uuid;
use zstd::stream::read::Decoder;

use super::{ArchiveFault, FORMAT, Head, LAST_LINE, LONGEST_LINE, LastLine, Part, VERSION, hexadecimal};

/// Memory that decompression may ask for, as a power of two: what is written asks for less.
const LARGEST_WINDOW: u32 = 23;

/// Reads an archive, a line at a time. That it is whole is known when its end has been reached.
pub struct ArchiveReader<R: Read> {
    input: BufReader<Decoder<'static, BufReader<R>>>,
    hash: Sha256,
    lines: u64,
    line: Vec<u8>,
    head: Head,
    ended: bool,
}

impl<R: Read> ArchiveReader<R> {
    /// Reads the first line of what should be this part of this job.
    ///
    /// # Errors
    /// Where it is something else.
    pub fn open(input: R, part: Part, job_id: Uuid) -> Result<Self, ArchiveFault> {
        let mut decoder = Decoder::new(input)?;
        decoder.window_log_max(LARGEST_WINDOW)?;
        let mut reader = Self {
            input: BufReader::new(decoder),
            hash: Sha256::new(),
            lines: 0,
            line: Vec::new(),
            head: Head::new(part, job_id, serde_json::Value::Null),
            ended: false,
        };
        if !reader.advance()? {
            return Err(ArchiveFault::Changed);
        }
        let head: Head = serde_json::from_slice(&reader.line)?;
        if head.format != FORMAT || head.part != part || head.job_id != job_id {
            return Err(ArchiveFault::Foreign);
        }
        if head.version > VERSION {
            return Err(ArchiveFault::TooNew(head.version));
        }
        reader.head = head;
        reader.lines = 0;
        Ok(reader)
    }

    /// The first line.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// The next line; `None` at the end, which has then been found to be that of this file.
    ///
    /// # Errors
    /// Where the file is damaged.
    pub fn next_line<T: DeserializeOwned>(&mut self) -> Result<Option<T>, ArchiveFault> {
        if !self.advance()? {
            return Ok(None);
        }
        Ok(Some(serde_json::from_slice(&self.line)?))
    }

    /// Passes over lines for as long as it `goes_on`; tells whether the end has been reached, which has then been found to
    /// be that of this file.
    ///
    /// # Errors
    /// Where the file is damaged.
    pub fn pass_over(&mut self, mut goes_on: impl FnMut() -> bool) -> Result<bool, ArchiveFault> {
        while goes_on() {
            if !self.advance()? {
                return Ok(true);
            }
        }
        Ok(self.ended)
    }

    /// How many lines have been read after the first.
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// Reads a line; tells whether it was another than the last.
    fn advance(&mut self) -> Result<bool, ArchiveFault> {
        if self.ended {
            return Ok(false);
        }
        self.line.clear();
        (&mut self.input).take(LONGEST_LINE).read_until(b'\n', &mut self.line)?;
        if self.line.last() != Some(&b'\n') {
            let full = self.line.len() as u64 == LONGEST_LINE;
            return Err(if full {
                ArchiveFault::LongLine
            } else {
                ArchiveFault::CutOff
            });
        }
        if self.line.starts_with(LAST_LINE) {
            self.ended = true;
            return self.prove_end().map(|()| false);
        }
        self.hash.update(&self.line);
        self.lines += 1;
        Ok(true)
    }

    fn prove_end(&mut self) -> Result<(), ArchiveFault> {
        let LastLine { end } = serde_json::from_slice(&self.line)?;
        let sha256 = hexadecimal(&self.hash.finalize_reset());
        let nothing_follows = self.input.fill_buf()?.is_empty();
        if end.lines == self.lines && end.sha256 == sha256 && nothing_follows {
            Ok(())
        } else {
            Err(ArchiveFault::Changed)
        }
    }
}
