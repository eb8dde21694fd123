//! From bytes to text, in the order of the WHATWG encoding sniffing algorithm: BOM, HTTP header, meta, detection.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252, X_USER_DEFINED};
use std::borrow::Cow;

/// How far a meta element is looked for; the standard asks for 1024 bytes, long heads are common.
const PRESCAN: usize = 4_096;
/// What the detector reads at most: enough to be sure, little enough to be quick.
const DETECT: usize = 64 * 1024;

/// Decodes a page. `content_type` is the HTTP header, `tld` the last label of the host in lower case, which helps
/// the detector to tell legacy encodings apart.
pub fn decode<'a>(body: &'a [u8], content_type: Option<&str>, tld: Option<&str>) -> Cow<'a, str> {
    if let Some((encoding, skip)) = Encoding::for_bom(body) {
        return encoding.decode_without_bom_handling(&body[skip..]).0;
    }
    let declared = content_type.and_then(from_content_type).or_else(|| prescan(body));
    let encoding = match declared {
        Some(encoding) if encoding == UTF_8 || std::str::from_utf8(body).is_err() => {
            // A page that says UTF-8 and is full of lone high bytes was written in a legacy encoding.
            if encoding == UTF_8 && is_badly_broken(body) {
                detect(body, tld)
            } else {
                encoding
            }
        }
        // A legacy label on a page of multi-byte UTF-8 is a wrong label; on plain ASCII it makes no difference.
        Some(encoding) if encoding == UTF_16LE || encoding == UTF_16BE => encoding,
        Some(encoding) if encoding.is_ascii_compatible() => UTF_8,
        Some(encoding) => encoding,
        None => detect(body, tld),
    };
    encoding.decode_without_bom_handling(body).0
}

fn from_content_type(header: &str) -> Option<&'static Encoding> {
    let at = super::text::find_ci(header, "charset")?;
    label_after_equals(&header.as_bytes()[at + 7..])
}

fn label_after_equals(rest: &[u8]) -> Option<&'static Encoding> {
    let rest = rest.trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let (rest, quote) = match rest.first() {
        Some(quote @ (b'"' | b'\'')) => (&rest[1..], Some(*quote)),
        _ => (rest, None),
    };
    let end = rest.iter().position(|b| match quote {
        Some(quote) => *b == quote,
        None => b.is_ascii_whitespace() || matches!(b, b';' | b'"' | b'\'' | b'>' | b'/'),
    });
    Encoding::for_label(&rest[..end.unwrap_or(rest.len())])
}

/// A meta element, or an XML declaration, in the first bytes. A meta element cannot tell UTF-16 (it could not have
/// been read), so that label means UTF-8.
fn prescan(body: &[u8]) -> Option<&'static Encoding> {
    let head = &body[..body.len().min(PRESCAN)];
    if head.starts_with(b"<\0?\0") || head.starts_with(b"<\0!\0") || head.starts_with(b"<\0h\0") {
        return Some(UTF_16LE);
    }
    if head.starts_with(b"\0<\0?") || head.starts_with(b"\0<\0!") || head.starts_with(b"\0<\0h") {
        return Some(UTF_16BE);
    }
    let found = xml_declaration(head).or_else(|| meta(head))?;
    Some(match found {
        found if found == UTF_16LE || found == UTF_16BE => UTF_8,
        found if found == X_USER_DEFINED => WINDOWS_1252,
        found => found,
    })
}

fn xml_declaration(head: &[u8]) -> Option<&'static Encoding> {
    let declaration = head.strip_prefix(b"<?xml")?;
    let declaration = &declaration[..declaration.iter().position(|b| *b == b'>')?];
    let at = declaration.windows(8).position(|w| w == b"encoding")?;
    label_after_equals(&declaration[at + 8..])
}

fn meta(head: &[u8]) -> Option<&'static Encoding> {
    let mut rest = head;
    while let Some(at) = rest.iter().position(|b| *b == b'<') {
        rest = &rest[at..];
        if rest.starts_with(b"<!--") {
            let end = rest
                .windows(3)
                .skip(2)
                .position(|w| w == b"-->")
                .map_or(rest.len(), |at| at + 5);
            rest = &rest[end..];
            continue;
        }
        let end = rest.iter().position(|b| *b == b'>').unwrap_or(rest.len());
        if rest.len() > 5 && rest[1..5].eq_ignore_ascii_case(b"meta") {
            let tag = &rest[5..end.max(5)];
            let at = tag.windows(7).position(|w| w.eq_ignore_ascii_case(b"charset"));
            if let Some(found) = at.and_then(|at| label_after_equals(&tag[at + 7..])) {
                return Some(found);
            }
        }
        rest = &rest[end.max(1)..];
    }
    None
}

fn detect(body: &[u8], tld: Option<&str>) -> &'static Encoding {
    if std::str::from_utf8(body).is_ok() {
        return UTF_8;
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    let sample = &body[..body.len().min(DETECT)];
    detector.feed(sample, sample.len() == body.len());
    let tld = tld
        .map(str::as_bytes)
        .filter(|tld| tld.is_ascii() && !tld.iter().any(u8::is_ascii_uppercase));
    detector.guess(tld, Utf8Detection::Allow)
}

/// Whether more than a few of the non-ASCII sequences are no UTF-8.
fn is_badly_broken(body: &[u8]) -> bool {
    if std::str::from_utf8(body).is_ok() {
        return false;
    }
    let (mut good, mut bad) = (0usize, 0usize);
    for chunk in body.utf8_chunks() {
        good += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    bad > 2 && bad > good
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn the_standards_order() {
        let utf8 = "<p>Zähne</p>".as_bytes();
        let latin = b"<p>Z\xe4hne</p>";
        assert_eq!(
            decode(
                b"\xef\xbb\xbf<p>Z\xc3\xa4hne</p>",
                Some("text/html; charset=iso-8859-1"),
                None
            ),
            "<p>Zähne</p>"
        );
        assert_eq!(
            decode(latin, Some("text/html; charset=\"ISO-8859-1\""), None),
            "<p>Zähne</p>"
        );
        assert_eq!(
            decode(b"<meta charset=windows-1252><p>Z\xe4hne \x96</p>", None, None),
            "<meta charset=windows-1252><p>Zähne –</p>"
        );
        assert_eq!(decode(latin, None, Some("de")), "<p>Zähne</p>");
        assert_eq!(decode(utf8, None, None), "<p>Zähne</p>");
        assert!(
            decode(
                b"<meta http-equiv=Content-Type content='text/html; charset=shift_jis'>\x8e\x95",
                None,
                None
            )
            .ends_with('歯')
        );
        assert!(decode(b"<?xml version='1.0' encoding='iso-8859-2'?>\xe8", None, None).ends_with('č'));
        assert_eq!(decode(b"\xff\xfe<\0p\0>\0", None, None), "<p>");
    }

    #[test]
    fn wrong_labels_are_seen_through() {
        assert_eq!(
            decode("Zähne".as_bytes(), Some("text/html; charset=iso-8859-1"), None),
            "Zähne"
        );
        assert_eq!(
            decode(
                b"Z\xe4hne sch\xf6n f\xfcr gro\xdfe",
                Some("text/html; charset=utf-8"),
                Some("de")
            ),
            "Zähne schön für große"
        );
    }

    #[test]
    fn comments_and_endless_tags_are_survived() {
        assert_eq!(
            decode(b"<!-- <meta charset=koi8-r> -->\xc3\xa9", None, None),
            "<!-- <meta charset=koi8-r> -->é"
        );
        assert_eq!(decode(b"<meta charset=", None, None), "<meta charset=");
        assert_eq!(decode(b"<", None, None), "<");
    }
}
