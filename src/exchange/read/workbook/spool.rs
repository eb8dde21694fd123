//! Strings that are too many to be held: they lie in a scratch file and are found by their number.

use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use tempfile::SpooledTempFile;

/// What stays in memory before a scratch file is made.
const IN_MEMORY: usize = 1024 * 1024;
/// Programs number strings as they meet them, so neighbours are asked for together.
const BLOCK: usize = 8 * 1024;
const BLOCKS: usize = 64;

/// A list of strings that only grows.
pub(super) struct Spool {
    text: BlockFile,
    /// Where each string ends, as eight bytes.
    ends: BlockFile,
    bytes: Vec<u8>,
}

impl Spool {
    /// An empty list whose scratch files, if it needs them, are made in `directory` and have no name there.
    pub(super) fn new(directory: &Path) -> Self {
        Self {
            text: BlockFile::new(directory),
            ends: BlockFile::new(directory),
            bytes: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, text: &str) -> io::Result<()> {
        self.text.append(text.as_bytes())?;
        self.ends.append(&self.text.length.to_le_bytes())
    }

    pub(super) fn len(&self) -> u64 {
        self.ends.length / 8
    }

    /// Adds the string with this number to `out`; false when there is none.
    pub(super) fn push_to(&mut self, number: u64, out: &mut String) -> io::Result<bool> {
        if number >= self.len() {
            return Ok(false);
        }
        let start = match number.checked_sub(1) {
            Some(before) => self.end(before)?,
            None => 0,
        };
        let end = self.end(number)?;
        self.bytes.clear();
        self.text.read(start, end.saturating_sub(start), &mut self.bytes)?;
        out.push_str(&String::from_utf8_lossy(&self.bytes));
        Ok(true)
    }

    fn end(&mut self, number: u64) -> io::Result<u64> {
        self.bytes.clear();
        self.ends.read(number * 8, 8, &mut self.bytes)?;
        let bytes = self.bytes.first_chunk().ok_or(io::ErrorKind::UnexpectedEof)?;
        Ok(u64::from_le_bytes(*bytes))
    }
}

/// Bytes in a file of which a few blocks are kept at hand.
struct BlockFile {
    file: SpooledTempFile,
    length: u64,
    /// Not in the file yet.
    pending: Vec<u8>,
    /// A block stands at its number modulo [`BLOCKS`].
    blocks: Vec<Option<(u64, Vec<u8>)>>,
}

impl BlockFile {
    fn new(directory: &Path) -> Self {
        Self {
            file: SpooledTempFile::new_in(IN_MEMORY, directory),
            length: 0,
            pending: Vec::new(),
            blocks: Vec::new(),
        }
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.pending.extend_from_slice(bytes);
        self.length += bytes.len() as u64;
        if self.pending.len() >= BLOCK {
            self.write_pending()?;
        }
        Ok(())
    }

    fn write_pending(&mut self) -> io::Result<()> {
        self.file.seek(SeekFrom::End(0))?;
        self.file.write_all(&self.pending)?;
        self.pending.clear();
        self.blocks.clear();
        Ok(())
    }

    fn read(&mut self, mut start: u64, length: u64, out: &mut Vec<u8>) -> io::Result<()> {
        if !self.pending.is_empty() {
            self.write_pending()?;
        }
        let end = start + length;
        while start < end {
            let block = self.block(start / BLOCK as u64)?;
            let within = (start % BLOCK as u64) as usize;
            let wanted = usize::try_from(end - start).unwrap_or(usize::MAX);
            let available = block.get(within..).unwrap_or_default();
            let taken = &available[..available.len().min(wanted)];
            if taken.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            out.extend_from_slice(taken);
            start += taken.len() as u64;
        }
        Ok(())
    }

    fn block(&mut self, number: u64) -> io::Result<&[u8]> {
        if self.blocks.is_empty() {
            self.blocks.resize(BLOCKS, None);
        }
        let slot = &mut self.blocks[(number % BLOCKS as u64) as usize];
        let mut block = match slot.take() {
            Some((held, block)) if held == number => return Ok(&slot.insert((number, block)).1),
            Some((_, block)) => block,
            None => Vec::with_capacity(BLOCK),
        };
        block.clear();
        self.file.seek(SeekFrom::Start(number * BLOCK as u64))?;
        (&mut self.file).take(BLOCK as u64).read_to_end(&mut block)?;
        Ok(&slot.insert((number, block)).1)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn strings_come_back_in_any_order() {
        let directory = tempfile::tempdir().unwrap();
        let mut spool = Spool::new(directory.path());
        let string = |number: u64| format!("{number}\u{20ac}").repeat((number % 97) as usize);
        for number in 0..30_000 {
            spool.push(&string(number)).unwrap();
        }
        assert_eq!(spool.len(), 30_000);
        for number in (0..30_000).step_by(7).chain((0..30_000).rev().step_by(13)) {
            let mut out = "<".to_owned();
            assert!(spool.push_to(number, &mut out).unwrap());
            assert_eq!(out[1..], string(number), "{number}");
        }
        assert!(!spool.push_to(30_000, &mut String::new()).unwrap());
        spool.push("one more").unwrap();
        let mut out = String::new();
        assert!(spool.push_to(30_000, &mut out).unwrap());
        assert_eq!(out, "one more");
    }

    #[test]
    fn a_string_may_be_longer_than_all_blocks() {
        let directory = tempfile::tempdir().unwrap();
        let mut spool = Spool::new(directory.path());
        let long = "x".repeat(BLOCK * BLOCKS * 3);
        spool.push("").unwrap();
        spool.push(&long).unwrap();
        let mut out = String::new();
        assert!(spool.push_to(0, &mut out).unwrap() && out.is_empty());
        assert!(spool.push_to(1, &mut out).unwrap());
        assert_eq!(out, long);
    }
}
