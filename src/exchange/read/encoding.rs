//! Which encoding a file is in, when nobody says.

use std::io::{self, Read};

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Decoder, Encoding, MACINTOSH, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use serde::{Deserialize, Serialize};

/// Text outside ASCII that the guess of a legacy encoding rests on, in bytes. More makes it no better.
const EVIDENCE: usize = 256 * 1024;
const PIECE: usize = 8 * 1024;

/// Letters outside ASCII below which a guess other than Windows-1252 is chance.
const ENOUGH_LETTERS: usize = 24;

/// An encoding of the WHATWG Encoding Standard. Serializes as its name there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "&'static str", try_from = "String")]
pub struct TextEncoding(&'static Encoding);

impl TextEncoding {
    /// UTF-8, the encoding of every file that we write.
    pub const UTF_8: Self = Self(UTF_8);

    /// The name, such as `UTF-8` or `windows-1252`.
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// A decoder that drops the encoding's own byte order mark.
    pub(super) fn decoder(self) -> Decoder {
        self.0.new_decoder_with_bom_removal()
    }
}

impl From<TextEncoding> for &'static str {
    fn from(encoding: TextEncoding) -> Self {
        encoding.name()
    }
}

impl TryFrom<String> for TextEncoding {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        Encoding::for_label(name.as_bytes())
            .map(Self)
            .ok_or_else(|| format!("`{name}` is not the name of an encoding"))
    }
}

/// What the head of a file alone can settle: a byte order mark, or the NUL bytes of UTF-16 without one.
pub(super) fn by_head(head: &[u8]) -> Option<TextEncoding> {
    if let Some((encoding, _)) = Encoding::for_bom(head) {
        return Some(TextEncoding(encoding));
    }
    // Delimiters, line ends and addresses are ASCII in any list of websites, so every other byte of many pairs is NUL.
    let pairs = head.len() / 2;
    let (mut high_first, mut low_first) = (0, 0);
    for pair in head.chunks_exact(2) {
        match pair {
            [0, 0] => {}
            [0, _] => high_first += 1,
            [_, 0] => low_first += 1,
            _ => {}
        }
    }
    let mostly = |these: usize, those: usize| these * 4 > pairs && those * 10 < these;
    if mostly(low_first, high_first) {
        Some(TextEncoding(UTF_16LE))
    } else if mostly(high_first, low_first) {
        Some(TextEncoding(UTF_16BE))
    } else {
        None
    }
}

/// Settles between UTF-8 and a legacy encoding after the whole file was read as UTF-8.
///
/// `valid` characters outside ASCII and `invalid` sequences were met. Text in a legacy encoding is hardly ever valid UTF-8
/// by chance, so a file with both is UTF-8 with damage when the valid ones prevail.
pub(super) fn by_census(raw: impl Read, valid: u64, invalid: u64) -> io::Result<TextEncoding> {
    if invalid == 0 || valid > invalid {
        Ok(TextEncoding::UTF_8)
    } else {
        guess_legacy(raw)
    }
}

fn guess_legacy(mut raw: impl Read) -> io::Result<TextEncoding> {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    let (mut evidence, mut letters) = (0, 0);
    let mut census = LegacyCensus::default();
    let mut piece = [0; PIECE];
    while evidence < EVIDENCE {
        let read = match raw.read(&mut piece) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        census.add(&piece[..read]);
        let beyond_ascii = piece[..read].iter().filter(|byte| !byte.is_ascii()).count();
        if beyond_ascii > 0 {
            detector.feed(&piece[..read], false);
            evidence += read;
            letters += beyond_ascii;
        }
    }
    detector.feed(&[], true);
    if census.is_macintosh() {
        return Ok(TextEncoding(MACINTOSH));
    }
    let guess = detector.guess(None, Utf8Detection::Deny);
    // One accent is no evidence of a rare encoding; Windows-1252 is what most spreadsheets save as "CSV".
    Ok(TextEncoding(if letters < ENOUGH_LETTERS {
        WINDOWS_1252
    } else {
        guess
    }))
}

/// What tells a file of the classic Mac OS, in which Excel for Mac still saves "CSV (Macintosh)": the detector does not know
/// that encoding.
#[derive(Default)]
struct LegacyCensus {
    carriage_returns: u64,
    line_feeds: u64,
    /// Bytes that are accented letters in Mac Roman, and hardly anything in Windows-1252.
    macintosh: u64,
    /// Bytes that are accented letters in Windows-1252.
    windows: u64,
}

impl LegacyCensus {
    fn add(&mut self, piece: &[u8]) {
        for byte in piece {
            match byte {
                b'\r' => self.carriage_returns += 1,
                b'\n' => self.line_feeds += 1,
                0x80..=0x9F => self.macintosh += 1,
                0xC0..=0xFF => self.windows += 1,
                _ => {}
            }
        }
    }

    fn is_macintosh(&self) -> bool {
        self.carriage_returns > 0 && self.line_feeds == 0 && self.macintosh >= self.windows
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn utf_16_is_seen_without_a_mark() {
        let little: Vec<u8> = "name,url\nAcme,acme.nz\n"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        let big: Vec<u8> = "name,url\nAcme,acme.nz\n"
            .encode_utf16()
            .flat_map(u16::to_be_bytes)
            .collect();
        assert_eq!(by_head(&little).unwrap().name(), "UTF-16LE");
        assert_eq!(by_head(&big).unwrap().name(), "UTF-16BE");
        assert_eq!(by_head(b"name,url\nAcme\0\0,acme.nz\n"), None);
    }

    #[test]
    fn a_single_accent_is_windows_1252() {
        assert_eq!(by_census(&b"caf\xE9,cafe.nz"[..], 0, 1).unwrap().name(), "windows-1252");
    }

    #[test]
    fn an_accent_between_lone_carriage_returns_is_mac_roman() {
        assert_eq!(by_census(&b"a\rcaf\x8E"[..], 0, 1).unwrap().name(), "macintosh");
        assert_eq!(by_census(&b"a\r\ncaf\x8E"[..], 0, 1).unwrap().name(), "windows-1252");
        assert_eq!(by_census(&b"a\rcaf\xE9"[..], 0, 1).unwrap().name(), "windows-1252");
    }

    #[test]
    fn much_cyrillic_is_not_windows_1252() {
        let (bytes, ..) = encoding_rs::WINDOWS_1251
            .encode("Стоматологическая клиника на Тверской, Москва; Детская стоматология, Санкт-Петербург");
        assert_eq!(by_census(&bytes[..], 0, 70).unwrap().name(), "windows-1251");
    }

    #[test]
    fn damage_does_not_make_utf_8_something_else() {
        assert_eq!(by_census(&b""[..], 40, 2).unwrap(), TextEncoding::UTF_8);
    }
}
