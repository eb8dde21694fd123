//! Telling a file that is not delimited text from its first bytes.

use std::fmt;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// What a file that is not delimited text seems to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BinaryKind {
    /// An Excel or other Office Open XML workbook, which [`unfold_workbook`](super::unfold_workbook) reads.
    Workbook,
    /// An Excel workbook whose parts are not XML (`.xlsb`).
    BinaryWorkbook,
    /// A workbook, or another Office document, that a password protects.
    Encrypted,
    /// A text or presentation of the Office Open XML family.
    OtherOffice,
    /// A spreadsheet of the OpenDocument family.
    OpenDocument,
    /// A spreadsheet of Apple Numbers.
    Numbers,
    /// The binary Office format from before 2007.
    OldOffice,
    /// A ZIP archive with something else in it.
    Zip,
    /// Gzip, bzip2, xz, zstd, 7-Zip or RAR.
    Compressed,
    /// A PDF document.
    Pdf,
    /// A picture.
    Image,
    /// JSON, which is no table.
    Json,
    /// An HTML or XML document: a web page saved in place of the file, or an old spreadsheet export.
    Markup,
    /// Something else that is not text.
    Unknown,
}

impl fmt::Display for BinaryKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Workbook => "an Excel workbook",
            Self::BinaryWorkbook => "an Excel workbook in the binary format (.xlsb)",
            Self::Encrypted => "an Office document with a password",
            Self::OtherOffice => "an Office document that is no workbook",
            Self::OpenDocument => "an OpenDocument spreadsheet",
            Self::Numbers => "an Apple Numbers document",
            Self::OldOffice => "an Office document in the format of before 2007",
            Self::Zip => "a ZIP archive",
            Self::Compressed => "a compressed file",
            Self::Pdf => "a PDF document",
            Self::Image => "a picture",
            Self::Json => "a JSON document",
            Self::Markup => "an HTML or XML document",
            Self::Unknown => "binary data",
        })
    }
}

impl BinaryKind {
    /// What the sender can do about it, as a sentence.
    pub fn advice(self) -> &'static str {
        match self {
            Self::Workbook => "Send it by itself, under a name that ends in .xlsx.",
            Self::BinaryWorkbook | Self::OpenDocument | Self::OldOffice | Self::Markup => {
                "Open it in a spreadsheet program, save it as .xlsx or as CSV (UTF-8) and send that."
            }
            Self::Encrypted => {
                "Open it, take the password off (in Excel: File, Info, Protect Workbook) and send it again."
            }
            Self::Numbers => "Open it in Numbers, export it as Excel or CSV and send that.",
            Self::Zip | Self::Compressed => "Unpack it and send the file that is in it.",
            Self::OtherOffice | Self::Json | Self::Pdf | Self::Image | Self::Unknown => {
                "Export the list as an Excel workbook or a CSV file and send that."
            }
        }
    }
}

const SIGNATURES: &[(&[u8], BinaryKind)] = &[
    (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", BinaryKind::OldOffice),
    (b"PK\x05\x06", BinaryKind::Zip),
    (b"PK\x07\x08", BinaryKind::Zip),
    (b"\x1F\x8B", BinaryKind::Compressed),
    (b"BZh", BinaryKind::Compressed),
    (b"\xFD7zXZ\x00", BinaryKind::Compressed),
    (b"\x28\xB5\x2F\xFD", BinaryKind::Compressed),
    (b"7z\xBC\xAF\x27\x1C", BinaryKind::Compressed),
    (b"Rar!\x1A\x07", BinaryKind::Compressed),
    (b"%PDF-", BinaryKind::Pdf),
    (b"\x89PNG\r\n\x1A\n", BinaryKind::Image),
    (b"\xFF\xD8\xFF", BinaryKind::Image),
    (b"GIF87a", BinaryKind::Image),
    (b"GIF89a", BinaryKind::Image),
    (b"\x7FELF", BinaryKind::Unknown),
    (b"SQLite format 3\x00", BinaryKind::Unknown),
];

/// What the head of a file says it is, by its signature.
pub(super) fn by_signature(head: &[u8]) -> Option<BinaryKind> {
    if head.starts_with(b"PK\x03\x04") {
        return Some(zip_content(head));
    }
    let start = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head).trim_ascii_start();
    if is_markup(start) {
        return Some(BinaryKind::Markup);
    }
    if is_json(start) {
        return Some(BinaryKind::Json);
    }
    SIGNATURES
        .iter()
        .find(|(signature, _)| head.starts_with(signature))
        .map(|(_, kind)| *kind)
}

/// The same, where the head alone does not tell: a password wraps a document into the container of the old formats.
pub(super) fn of_file(path: &Path, head: &[u8]) -> Option<BinaryKind> {
    let kind = by_signature(head)?;
    let encrypted = kind == BinaryKind::OldOffice
        && directory_names(path, head).is_some_and(|names| {
            let names = names.as_slice();
            ["EncryptedPackage", "EncryptionInfo"].iter().any(|name| {
                let name: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
                holds(names, &name)
            })
        });
    Some(if encrypted { BinaryKind::Encrypted } else { kind })
}

/// The first names in the directory of a compound file ([MS-CFB] 2.2 and 2.6).
fn directory_names(path: &Path, head: &[u8]) -> Option<Vec<u8>> {
    const NAMES: u64 = 4 * 1024;
    let sector_size = 1_u64.checked_shl(u32::from(*head.get(30)?))?;
    let first = u32::from_le_bytes(*head.get(48..52)?.first_chunk()?);
    let start = (u64::from(first) + 1).checked_mul(sector_size)?;
    let mut names = Vec::new();
    let mut file = File::open(path).ok()?;
    file.seek(SeekFrom::Start(start)).ok()?;
    file.take(NAMES).read_to_end(&mut names).ok()?;
    Some(names)
}

fn holds(bytes: &[u8], name: &[u8]) -> bool {
    bytes.windows(name.len()).any(|window| window == name)
}

/// A workbook is a ZIP whose first members have well-known names (ECMA-376 part 2, OpenDocument 1.3 part 2).
fn zip_content(head: &[u8]) -> BinaryKind {
    let holds = |name: &[u8]| holds(head, name);
    if holds(b"opendocument.spreadsheet") {
        BinaryKind::OpenDocument
    } else if holds(b"Index/Document.iwa") {
        BinaryKind::Numbers
    } else if holds(b"[Content_Types].xml") || holds(b"xl/") {
        BinaryKind::Workbook
    } else {
        BinaryKind::Zip
    }
}

fn is_markup(start: &[u8]) -> bool {
    [&b"<!doctype"[..], b"<html", b"<?xml"]
        .iter()
        .any(|tag| start.len() >= tag.len() && start[..tag.len()].eq_ignore_ascii_case(tag))
}

/// A list of objects or of texts, or an object.
fn is_json(start: &[u8]) -> bool {
    let inner = |open: &[u8]| start.strip_prefix(open).map(<[u8]>::trim_ascii_start);
    inner(b"[").is_some_and(|inner| inner.starts_with(b"{") || inner.starts_with(b"\""))
        || inner(b"{").is_some_and(|inner| inner.starts_with(b"\""))
}

/// Whether too much of the head is NUL or other control bytes for it to be text in an ASCII-based encoding.
///
/// Some NULs are forgiven: old exports pad fields with them.
pub(super) fn by_content(head: &[u8]) -> bool {
    let nul = head.iter().filter(|byte| **byte == 0).count();
    let control = head
        .iter()
        .filter(|byte| matches!(byte, 1..=8 | 14..=26 | 28..=31))
        .count();
    nul * 4 > head.len() || control * 10 > head.len() || (control > 16 && control * 50 > head.len())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn a_workbook_is_told_from_another_archive() {
        let workbook = b"PK\x03\x04\x14\x00\x06\x00\x08\x00\x00\x00!\x00[Content_Types].xml";
        let sheet = b"PK\x03\x04\x14\x00\x00\x08mimetypeapplication/vnd.oasis.opendocument.spreadsheet";
        assert_eq!(by_signature(workbook), Some(BinaryKind::Workbook));
        assert_eq!(by_signature(sheet), Some(BinaryKind::OpenDocument));
        assert_eq!(by_signature(b"PK\x03\x04\x14\x00list.csv"), Some(BinaryKind::Zip));
    }

    #[test]
    fn a_web_page_is_not_a_list() {
        assert_eq!(
            by_signature(b"\r\n<!DOCTYPE html><title>Sign in</title>"),
            Some(BinaryKind::Markup)
        );
        assert_eq!(by_signature(b"<http://acme.nz>,url"), None);
    }

    #[test]
    fn json_is_not_a_list() {
        for json in ["[{\"url\": 1}]", "\u{feff} {\n  \"data\": []}", "[\n\"a.nz\"]"] {
            assert_eq!(by_signature(json.as_bytes()), Some(BinaryKind::Json), "{json}");
        }
        for text in ["[Acme](https://acme.nz)\n", "{name},url\n", "\"a\",\"b\"\n"] {
            assert_eq!(by_signature(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn a_few_nul_bytes_are_still_text() {
        assert!(!by_content(b"name,url\nAcme\0\0,acme.nz\n"));
        assert!(by_content(&[0; 64]));
        assert!(by_content(b"\x01\x02\x03\x04abc\x05\x06"));
    }
}
