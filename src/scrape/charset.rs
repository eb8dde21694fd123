//! From bytes to text, in the order of the WHATWG encoding sniffing algorithm: BOM, HTTP header, meta, detection.

mod prescan;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use std::borrow::Cow;

/// What the detector reads at most: enough to be sure, little enough to be quick.
const DETECT: usize = 64 * 1024;

/// Decodes a page. `content_type` is the HTTP header, `tld` the last label of the host in lower case, which helps
/// the detector to tell legacy encodings apart.
///
/// Two labels that cannot be right are seen through, where browsers are not: a legacy encoding or UTF-16 on what is UTF-8,
/// and UTF-8 on what is full of bytes that it cannot hold.
pub fn decode<'a>(body: &'a [u8], content_type: Option<&str>, tld: Option<&str>) -> Cow<'a, str> {
    if let Some((encoding, skip)) = Encoding::for_bom(body) {
        return encoding.decode_without_bom_handling(&body[skip..]).0;
    }
    let told = content_type
        .and_then(from_content_type)
        .or_else(|| prescan::declared(body));
    let is_utf8 = || std::str::from_utf8(body).is_ok();
    let encoding = match told {
        None => detect(body, tld),
        Some(encoding) if encoding == UTF_8 && is_badly_broken(body) => detect(body, tld),
        Some(encoding) if encoding == UTF_16LE || encoding == UTF_16BE => {
            let has_zeros = body.iter().take(1_024).any(|byte| *byte == 0);
            if has_zeros || !is_utf8() { encoding } else { UTF_8 }
        }
        // On plain ASCII it makes no difference.
        Some(encoding) if encoding.is_ascii_compatible() && is_utf8() => UTF_8,
        Some(encoding) => encoding,
    };
    encoding.decode_without_bom_handling(body).0
}

/// The `charset` of a media type, if it is none that the web knows.
pub fn unknown(header: &str) -> Option<&str> {
    label(header).filter(|label| Encoding::for_label(label.as_bytes()).is_none())
}

fn from_content_type(header: &str) -> Option<&'static Encoding> {
    Encoding::for_label(label(header)?.as_bytes())
}

/// The `charset` parameter of a media type.
fn label(header: &str) -> Option<&str> {
    let mut parameters = header
        .split(';')
        .skip(1)
        .filter_map(|parameter| parameter.split_once('='));
    let (_, label) = parameters.find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))?;
    Some(label.trim().trim_matches(['"', '\'']))
}

fn detect(body: &[u8], tld: Option<&str>) -> &'static Encoding {
    // Japanese in seven bits looks like ASCII; elsewhere than in Japan its escapes are somebody's trick.
    let may_escape = tld == Some("jp") && body.windows(2).any(|pair| matches!(pair, b"\x1b$" | b"\x1b("));
    if !may_escape && std::str::from_utf8(body).is_ok() {
        return UTF_8;
    }
    let mut detector = EncodingDetector::new(if may_escape {
        Iso2022JpDetection::Allow
    } else {
        Iso2022JpDetection::Deny
    });
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

    /// Every source says something else, and each is believed once those before it are silent.
    #[test]
    fn of_all_that_contradict_each_other_the_first_is_believed() {
        // Ж in windows-1251, ф in KOI8-R, Ć in windows-1250; broken as UTF-8, so that no label is seen through.
        let text: &[u8] = b"\xc6";
        let meta: &[u8] = b"<meta charset=koi8-r>";
        let page = |parts: &[&[u8]]| parts.concat();
        let last = |body: &[u8], header: Option<&str>, tld| decode(body, header, tld).chars().last();
        let header = Some("text/html; charset=windows-1250");

        let marked = page(&[b"\xef\xbb\xbf", meta, "Ж".as_bytes()]);
        assert_eq!(last(&marked, header, Some("ru")), Some('Ж'));
        let wide = page(&[b"\xff\xfe", b"\x16\x04"]);
        assert_eq!(last(&wide, header, Some("pl")), Some('Ж'));
        assert_eq!(last(&page(&[meta, text]), header, Some("ru")), Some('Ć'));
        assert_eq!(last(&page(&[meta, text]), Some("text/html"), Some("ru")), Some('ф'));
        assert_eq!(
            last(&page(&[meta, text]), Some("text/html; charset=nonsense"), None),
            Some('ф')
        );
        let xml: &[u8] = b"<?xml version='1.0' encoding='windows-1251'?>";
        assert_eq!(last(&page(&[xml, meta, text]), None, None), Some('ф'));
        assert_eq!(last(&page(&[xml, text]), None, None), Some('Ж'));
    }

    #[test]
    fn the_domain_helps_where_nothing_is_told() {
        let russian = b"\xd1\xf2\xee\xec\xe0\xf2\xee\xeb\xee\xe3\xe8\xff \xe8 \xeb\xe5\xf7\xe5\xed\xe8\xe5";
        assert_eq!(decode(russian, None, Some("ru")), "Стоматология и лечение");
        let polish = b"Gabinet stomatologiczny, ul. \xafelazna, \xb3\xf3d\xbc";
        assert_eq!(
            decode(polish, None, Some("pl")),
            "Gabinet stomatologiczny, ul. Żelazna, łódź"
        );
        assert_eq!(decode(b"M\xfcller", None, Some("de")), "Müller");
        let japanese = b"\x8e\x95\x89\xc8\x88\xe3\x89\x40";
        assert_eq!(decode(japanese, None, Some("jp")), "歯科医院");
        let escaped = b"<p>\x1b$B;u2J\x1b(B</p>";
        assert_eq!(decode(escaped, None, Some("jp")), "<p>歯科</p>");
        assert_eq!(decode(escaped, None, Some("com")), "<p>\u{1b}$B;u2J\u{1b}(B</p>");
    }

    #[test]
    fn header_parameters() {
        let name = |header| from_content_type(header).map(Encoding::name);
        assert_eq!(name("text/html; charset=\"utf-8\""), Some("UTF-8"));
        assert_eq!(name("text/html;boundary=x; CHARSET = 'shift_jis'"), Some("Shift_JIS"));
        assert_eq!(name("text/html; notcharset=gbk"), None);
        assert_eq!(name("text/html"), None);
        assert_eq!(name("text/html; charset=none"), None);
    }

    #[test]
    fn utf_16_without_a_zero_is_not_utf_16() {
        assert_eq!(
            decode(b"<p>plain</p>", Some("text/html; charset=utf-16"), None),
            "<p>plain</p>"
        );
        assert_eq!(decode(b"<\0p\0>\0", Some("text/html; charset=utf-16le"), None), "<p>");
    }
}
