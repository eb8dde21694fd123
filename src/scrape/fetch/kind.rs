//! Whether an answer is a page: HTML, XHTML or plain text.

use super::{FetchError, FetchErrorKind};
use crate::scrape::text::squeeze_to;

/// What the media type of an answer says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Declared {
    Page,
    /// Nothing, or nothing that a browser would believe: the body decides (MIME Sniffing Standard, 7.1).
    Unknown,
    Other,
}

pub(crate) fn declared(content_type: Option<&str>) -> Declared {
    let kind = content_type
        .unwrap_or_default()
        .split([';', ','])
        .next()
        .unwrap_or_default();
    match kind.trim().to_ascii_lowercase().as_str() {
        "text/html" | "application/xhtml+xml" | "text/xml" | "application/xml" | "text/plain" => Declared::Page,
        "" | "unknown/unknown" | "application/unknown" | "*/*" => Declared::Unknown,
        kind if !kind.contains('/') => Declared::Unknown,
        _ => Declared::Other,
    }
}

/// Signatures of files that are served as pages by mistake (MIME Sniffing Standard, 6 and 7).
const SIGNATURES: [(&[u8], &str); 12] = [
    (b"%PDF-", "a PDF document"),
    (b"\x89PNG\r\n\x1a\n", "an image"),
    (b"GIF87a", "an image"),
    (b"GIF89a", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"RIFF", "an image or a recording"),
    (b"OggS", "a recording"),
    (b"ID3", "a recording"),
    (b"PK\x03\x04", "an archive"),
    (b"\x1f\x8b\x08", "an archive"),
    (b"Rar!\x1a\x07", "an archive"),
    (b"wOF", "a font"),
];
/// What the standard looks at.
const SNIFFED: usize = 1_445;

/// Refuses a body that is no page, whatever was declared.
///
/// # Errors
/// [`FetchErrorKind::ContentType`], which says what it is.
pub(super) fn check(host: &str, declared: Declared, body: &[u8]) -> Result<(), FetchError> {
    other_than_page(declared, body).map_or(Ok(()), |what| Err(refused(host, what)))
}

/// What a body is that can be no page, by its first bytes; what is declared to be one may hold anything that is not known.
pub(crate) fn other_than_page(declared: Declared, body: &[u8]) -> Option<&'static str> {
    let known = SIGNATURES.iter().find(|(signature, _)| body.starts_with(signature));
    let binary = declared == Declared::Unknown && !is_text(body);
    known
        .map(|(_, what)| *what)
        .or(binary.then_some("data of no known kind"))
}

/// The refusal of an answer with this `Content-Type` header.
pub(super) fn not_a_page(host: &str, content_type: &str) -> FetchError {
    refused(host, &squeeze_to(content_type, 80))
}

fn refused(host: &str, what: &str) -> FetchError {
    let message = format!("{host} answered with {what}, not with a web page.");
    FetchError::new(FetchErrorKind::ContentType, message)
}

fn is_text(body: &[u8]) -> bool {
    let marked = [&b"\xfe\xff"[..], b"\xff\xfe", b"\xef\xbb\xbf"]
        .iter()
        .any(|mark| body.starts_with(mark));
    let is_binary = |byte: &u8| matches!(byte, 0..=8 | 0x0b | 0x0e..=0x1a | 0x1c..=0x1f);
    marked || !body.iter().take(SNIFFED).any(is_binary)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn media_types() {
        for (content_type, expected) in [
            (Some("text/html"), Declared::Page),
            (Some("TEXT/HTML; charset=x"), Declared::Page),
            (Some("text/html, text/html"), Declared::Page),
            (Some("application/xhtml+xml;charset=utf-8"), Declared::Page),
            (Some("text/plain"), Declared::Page),
            (Some("application/json"), Declared::Other),
            (Some("application/octet-stream"), Declared::Other),
            (Some("image/svg+xml"), Declared::Other),
            (Some("unknown/unknown"), Declared::Unknown),
            (Some("html"), Declared::Unknown),
            (Some(""), Declared::Unknown),
            (None, Declared::Unknown),
        ] {
            assert_eq!(declared(content_type), expected, "{content_type:?}");
        }
    }

    #[test]
    fn bodies_that_are_no_pages_are_told() {
        let told = |declared, body: &[u8]| check("a.nz", declared, body).map_err(|error| error.message);
        let pdf = "a.nz answered with a PDF document, not with a web page.";
        assert_eq!(told(Declared::Page, b"%PDF-1.7"), Err(pdf.to_owned()));
        assert!(told(Declared::Page, b"PK\x03\x04").is_err());
        assert!(told(Declared::Unknown, b"\x01\x02").is_err());
        assert_eq!(told(Declared::Unknown, b"<p>\x01".get(..3).unwrap_or_default()), Ok(()));
        assert_eq!(told(Declared::Unknown, b"Dental practice, 03 477 1234"), Ok(()));
        assert_eq!(told(Declared::Unknown, b"\xff\xfe<\0p\0>\0"), Ok(()));
        assert_eq!(told(Declared::Unknown, b""), Ok(()));
        // A page may hold anything once it is declared to be one.
        assert_eq!(told(Declared::Page, b"<p>\x00"), Ok(()));
        assert!(not_a_page("a.nz", &"x".repeat(999)).message.len() < 200);
    }
}
