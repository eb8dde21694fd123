//! Writing an archive.

use std::io::{self, Write};

use serde::Serialize;
use sha2::{Digest, Sha256};
use zstd::stream::write::Encoder;

use super::{End, Head, LONGEST_LINE, LastLine, hexadecimal};

/// Zstandard's own default: a quarter of the size or less, at the speed of a disk.
const LEVEL: i32 = 3;

/// Writes an archive, a line at a time.
pub struct ArchiveWriter<W: Write> {
    out: Encoder<'static, W>,
    hash: Sha256,
    lines: u64,
    line: Vec<u8>,
}

impl<W: Write> ArchiveWriter<W> {
    /// Starts the file.
    ///
    /// # Errors
    /// Where `out` does not take it.
    pub fn new(out: W, head: &Head) -> io::Result<Self> {
        let mut encoder = Encoder::new(out, LEVEL)?;
        encoder.include_checksum(true)?;
        let mut writer = Self {
            out: encoder,
            hash: Sha256::new(),
            lines: 0,
            line: Vec::new(),
        };
        writer.write(head)?;
        Ok(writer)
    }

    /// Writes an [`ArchivedPractice`](super::ArchivedPractice) or an [`ArchivedChange`](super::ArchivedChange).
    ///
    /// # Errors
    /// Where the file does not take it, or it is too long for a line.
    pub fn line(&mut self, record: &impl Serialize) -> io::Result<()> {
        self.write(record)?;
        self.lines += 1;
        Ok(())
    }

    /// How many lines there are besides the first.
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// Ends the file. Without this it counts as cut off.
    ///
    /// # Errors
    /// Where the file does not take it.
    pub fn finish(mut self) -> io::Result<W> {
        let end = End {
            lines: self.lines,
            sha256: hexadecimal(&self.hash.finalize_reset()),
        };
        self.write(&LastLine { end })?;
        self.out.finish()
    }

    fn write(&mut self, value: &impl Serialize) -> io::Result<()> {
        self.line.clear();
        serde_json::to_writer(&mut self.line, value)?;
        self.line.push(b'\n');
        if self.line.len() as u64 > LONGEST_LINE {
            let error = format!("a line of {} bytes is too long for an archive", self.line.len());
            return Err(io::Error::new(io::ErrorKind::InvalidData, error));
        }
        self.hash.update(&self.line);
        self.out.write_all(&self.line)
    }
}
