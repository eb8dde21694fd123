//! A file's bytes as UTF-8, in pieces of bounded size.

use std::io::{ErrorKind, Read, Result};

use encoding_rs::{Decoder, DecoderResult};

use super::TextEncoding;

const PIECE: usize = 32 * 1024;
const REPLACEMENT: &[u8] = "\u{FFFD}".as_bytes();

/// Decodes as it reads: no byte order mark, no NUL, no invalid sequence comes out.
pub(super) struct TextSource<R> {
    raw: R,
    decoder: Decoder,
    input: Box<[u8]>,
    text: Vec<u8>,
    taken: usize,
    ended: bool,
    replaced: u64,
    beyond_ascii: u64,
}

impl<R: Read> TextSource<R> {
    pub(super) fn new(raw: R, encoding: TextEncoding) -> Self {
        Self {
            raw,
            decoder: encoding.decoder(),
            input: vec![0; PIECE].into_boxed_slice(),
            text: Vec::new(),
            taken: 0,
            ended: false,
            replaced: 0,
            beyond_ascii: 0,
        }
    }

    /// The text that is decoded and not yet taken; empty only at the end of the file.
    pub(super) fn fill(&mut self) -> Result<&[u8]> {
        while self.taken == self.text.len() && !self.ended {
            self.decode_piece()?;
        }
        Ok(&self.text[self.taken..])
    }

    pub(super) fn take(&mut self, bytes: usize) {
        self.taken += bytes;
    }

    /// Invalid sequences met so far, each now one U+FFFD.
    pub(super) fn replaced(&self) -> u64 {
        self.replaced
    }

    /// Valid characters outside ASCII met so far.
    pub(super) fn beyond_ascii(&self) -> u64 {
        self.beyond_ascii
    }

    fn decode_piece(&mut self) -> Result<()> {
        let read = loop {
            match self.raw.read(&mut self.input) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        self.ended = read == 0;
        self.taken = 0;
        // The longest outcome: every byte becomes a three-byte character.
        self.text.resize(read * 3 + 64, 0);
        let replaced_before = self.replaced;
        let (mut from, mut to) = (0, 0);
        loop {
            let (result, used, written) = self.decoder.decode_to_utf8_without_replacement(
                &self.input[from..read],
                &mut self.text[to..],
                self.ended,
            );
            from += used;
            to += written;
            match result {
                DecoderResult::InputEmpty => break,
                DecoderResult::OutputFull => self.text.resize(self.text.len() + PIECE, 0),
                DecoderResult::Malformed(..) => {
                    self.replaced += 1;
                    if self.text.len() < to + REPLACEMENT.len() {
                        self.text.resize(to + PIECE, 0);
                    }
                    self.text[to..to + REPLACEMENT.len()].copy_from_slice(REPLACEMENT);
                    to += REPLACEMENT.len();
                }
            }
        }
        self.text.truncate(to);
        let leading = self.text.iter().filter(|byte| **byte >= 0xC0).count() as u64;
        self.beyond_ascii += leading - (self.replaced - replaced_before);
        if self.text.contains(&0) {
            self.text.retain(|byte| *byte != 0);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn all(bytes: &[u8], encoding: TextEncoding) -> (String, u64, u64) {
        let mut source = TextSource::new(bytes, encoding);
        let mut text = Vec::new();
        loop {
            let piece = source.fill().unwrap().to_vec();
            if piece.is_empty() {
                break;
            }
            source.take(piece.len());
            text.extend(piece);
        }
        (
            String::from_utf8(text).unwrap(),
            source.replaced(),
            source.beyond_ascii(),
        )
    }

    #[test]
    fn marks_and_nul_go_and_invalid_bytes_are_replaced() {
        let (text, replaced, beyond) = all(b"\xEF\xBB\xBFa\0b\xFFc\xC3\xA9", TextEncoding::UTF_8);
        assert_eq!(text, "ab\u{FFFD}c\u{e9}");
        assert_eq!((replaced, beyond), (1, 1));
    }

    #[test]
    fn a_character_may_lie_across_two_pieces() {
        let long = "\u{20ac}".repeat(PIECE);
        let (text, replaced, beyond) = all(long.as_bytes(), TextEncoding::UTF_8);
        assert_eq!(text, long);
        assert_eq!((replaced, beyond), (0, PIECE as u64));
    }

    #[test]
    fn a_sequence_cut_off_by_the_end_is_replaced() {
        assert_eq!(all(b"a\xE2\x82", TextEncoding::UTF_8).0, "a\u{FFFD}");
    }
}
