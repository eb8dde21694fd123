//! The encoding that a page declares in its own first bytes: the prescan of the HTML standard (13.2.3.2).

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252, X_USER_DEFINED};

/// What is looked at. The prescan of the standard ends after 1024 bytes, and a meta element behind that changes the
/// encoding while the page is parsed; since a page is here as a whole, one look does for both.
const PRESCAN: usize = 8 * 1024;

/// What the page declares: a meta element, else an XML declaration. Neither can tell UTF-16, since it could not have been
/// read then, so that label means UTF-8.
pub(super) fn declared(body: &[u8]) -> Option<&'static Encoding> {
    let head = &body[..body.len().min(PRESCAN)];
    for (start, encoding) in [
        (b"<\0?\0x\0", UTF_16LE),
        (b"<\0!\0D\0", UTF_16LE),
        (b"<\0h\0t\0", UTF_16LE),
        (b"\0<\0?\0x", UTF_16BE),
        (b"\0<\0!\0D", UTF_16BE),
        (b"\0<\0h\0t", UTF_16BE),
    ] {
        if head.starts_with(start) {
            return Some(encoding);
        }
    }
    let found = Scan { head, at: 0 }
        .meta()
        .flatten()
        .or_else(|| xml_declaration(head))?;
    Some(match found {
        found if found == UTF_16LE || found == UTF_16BE => UTF_8,
        found if found == X_USER_DEFINED => WINDOWS_1252,
        found => found,
    })
}

fn xml_declaration(head: &[u8]) -> Option<&'static Encoding> {
    let declaration = head.strip_prefix(b"<?xml")?;
    let declaration = &declaration[..declaration.iter().position(|byte| *byte == b'>')?];
    let at = declaration.windows(8).position(|window| window == b"encoding")?;
    let value = declaration[at + 8..]
        .trim_ascii_start()
        .strip_prefix(b"=")?
        .trim_ascii_start();
    let quote = *value.first().filter(|quote| matches!(quote, b'"' | b'\''))?;
    let end = value[1..].iter().position(|byte| *byte == quote)?;
    Encoding::for_label(&value[1..=end])
}

/// The encoding that the `content` of a meta element names (HTML standard, 2.6.5).
fn from_content(content: &[u8]) -> Option<&'static Encoding> {
    let mut rest = content;
    loop {
        let at = rest.windows(7).position(|window| window == b"charset")?;
        rest = rest[at + 7..].trim_ascii_start();
        let Some(value) = rest.strip_prefix(b"=") else {
            continue;
        };
        let value = value.trim_ascii_start();
        let label = match value.first() {
            Some(quote @ (b'"' | b'\'')) => {
                let end = value[1..].iter().position(|byte| byte == quote)?;
                &value[1..=end]
            }
            _ => {
                let ends = |byte: &u8| byte.is_ascii_whitespace() || *byte == b';';
                &value[..value.iter().position(ends).unwrap_or(value.len())]
            }
        };
        return Encoding::for_label(label);
    }
}

/// A way through the bytes. `None` of any step means that they have ended, which ends all steps.
struct Scan<'a> {
    head: &'a [u8],
    at: usize,
}

struct Attribute {
    name: Vec<u8>,
    value: Vec<u8>,
}

impl Scan<'_> {
    fn byte(&self) -> Option<u8> {
        self.head.get(self.at).copied()
    }

    fn skip_while(&mut self, skipped: impl Fn(u8) -> bool) -> Option<u8> {
        while skipped(self.byte()?) {
            self.at += 1;
        }
        self.byte()
    }

    /// The first meta element that names an encoding. Outer `None`: the bytes have ended.
    fn meta(&mut self) -> Option<Option<&'static Encoding>> {
        loop {
            let rest = self.head.get(self.at..).filter(|rest| !rest.is_empty())?;
            let is_meta = rest.len() > 5
                && rest[..5].eq_ignore_ascii_case(b"<meta")
                && (rest[5].is_ascii_whitespace() || rest[5] == b'/');
            let names = rest.strip_prefix(b"</").or_else(|| rest.strip_prefix(b"<"));
            if rest.starts_with(b"<!--") {
                // The dashes that open it may also close it.
                let end = rest[2..].windows(3).position(|window| window == b"-->")?;
                self.at += 2 + end + 2;
            } else if is_meta {
                self.at += 6;
                if let Some(found) = self.meta_attributes()? {
                    return Some(Some(found));
                }
            } else if names.is_some_and(|name| name.first().is_some_and(u8::is_ascii_alphabetic)) {
                self.skip_while(|byte| !byte.is_ascii_whitespace() && byte != b'>')?;
                while self.attribute()?.is_some() {}
            } else if [&b"<!"[..], b"</", b"<?"].iter().any(|start| rest.starts_with(start)) {
                self.skip_while(|byte| byte != b'>')?;
            }
            self.at += 1;
        }
    }

    fn meta_attributes(&mut self) -> Option<Option<&'static Encoding>> {
        let mut seen: Vec<Vec<u8>> = Vec::new();
        let mut is_pragma = false;
        // The encoding, and whether it counts only in a pragma.
        let mut found: Option<(Option<&'static Encoding>, bool)> = None;
        while let Some(Attribute { name, value }) = self.attribute()? {
            if seen.contains(&name) {
                continue;
            }
            match name.as_slice() {
                b"http-equiv" => is_pragma |= value == b"content-type",
                b"content" if found.is_none() => {
                    found = from_content(&value).map(|encoding| (Some(encoding), true));
                }
                b"charset" => found = Some((Encoding::for_label(&value), false)),
                _ => {}
            }
            seen.push(name);
        }
        let counts = found.filter(|(_, needs_pragma)| is_pragma || !needs_pragma);
        Some(counts.and_then(|(encoding, _)| encoding))
    }

    /// The next attribute of a tag, in lower case. Inner `None`: the tag has ended.
    fn attribute(&mut self) -> Option<Option<Attribute>> {
        let first = self.skip_while(|byte| byte.is_ascii_whitespace() || byte == b'/')?;
        if first == b'>' {
            return Some(None);
        }
        let mut attribute = Attribute {
            name: Vec::new(),
            value: Vec::new(),
        };
        loop {
            match self.byte()? {
                b'=' if !attribute.name.is_empty() => break,
                b'/' | b'>' => return Some(Some(attribute)),
                byte if byte.is_ascii_whitespace() => {
                    if self.skip_while(|byte| byte.is_ascii_whitespace())? != b'=' {
                        return Some(Some(attribute));
                    }
                    break;
                }
                byte => attribute.name.push(byte.to_ascii_lowercase()),
            }
            self.at += 1;
        }
        self.at += 1;
        match self.skip_while(|byte| byte.is_ascii_whitespace())? {
            quote @ (b'"' | b'\'') => {
                self.at += 1;
                while self.byte()? != quote {
                    attribute.value.push(self.byte()?.to_ascii_lowercase());
                    self.at += 1;
                }
                self.at += 1;
            }
            _ => {
                while !matches!(self.byte()?, b'>') && !self.byte()?.is_ascii_whitespace() {
                    attribute.value.push(self.byte()?.to_ascii_lowercase());
                    self.at += 1;
                }
            }
        }
        Some(Some(attribute))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use proptest::prelude::*;

    fn name(page: &[u8]) -> Option<&'static str> {
        declared(page).map(Encoding::name)
    }

    #[test]
    fn meta_elements_as_the_standard_reads_them() {
        for (page, expected) in [
            ("<meta charset=koi8-r>", Some("KOI8-R")),
            ("<META CharSet='Shift_JIS'/>", Some("Shift_JIS")),
            ("<meta/charset=\"euc-kr\">", Some("EUC-KR")),
            ("<meta  charset = windows-1251 >", Some("windows-1251")),
            (
                "<meta http-equiv=Content-Type content='text/html; charset=gbk'>",
                Some("GBK"),
            ),
            (
                "<meta content=\"text/html;charset= 'big5' \" http-equiv='CONTENT-TYPE'>",
                Some("Big5"),
            ),
            ("<meta content='text/html; charset=gbk'>", None),
            (
                "<meta name=x content='charset=gbk'><meta charset=koi8-r>",
                Some("KOI8-R"),
            ),
            ("<meta http-equiv=refresh content='charset=gbk'>", None),
            (
                "<meta http-equiv=content-type content='charset charset=iso-8859-2'>",
                Some("ISO-8859-2"),
            ),
            ("<meta http-equiv=content-type content='charset=\"gbk'>", None),
            (
                "<meta charset=koi8-r http-equiv=content-type content='charset=gbk'>",
                Some("KOI8-R"),
            ),
            (
                "<meta http-equiv=content-type content='charset=gbk' charset=koi8-r>",
                Some("KOI8-R"),
            ),
            ("<meta charset=gbk charset=koi8-r>", Some("GBK")),
            ("<meta charset=nonsense><meta charset=gbk>", Some("GBK")),
            ("<meta charset=utf-16le>", Some("UTF-8")),
            ("<meta charset=utf-16be>", Some("UTF-8")),
            ("<meta charset=x-user-defined>", Some("windows-1252")),
            ("<metal charset=gbk>", None),
            ("<p title='<meta charset=gbk>'>", None),
            ("<p title=x><meta charset=gbk>", Some("GBK")),
            ("</p a='>'><meta charset=gbk>", Some("GBK")),
            ("<!-- <meta charset=gbk> -->", None),
            ("<!--><meta charset=gbk>", Some("GBK")),
            ("<!DOCTYPE html><meta charset=gbk>", Some("GBK")),
            ("<?php <meta charset=gbk>", None),
            ("< meta charset=gbk>", None),
            ("<meta charset=gbk", None),
            ("<meta charset=", None),
            ("<", None),
            ("", None),
        ] {
            assert_eq!(name(page.as_bytes()), expected, "{page}");
        }
    }

    #[test]
    fn xml_declarations_come_after_meta_elements() {
        assert_eq!(
            name(b"<?xml version='1.0' encoding='iso-8859-2'?><p>"),
            Some("ISO-8859-2")
        );
        assert_eq!(name(b"<?xml encoding=\"utf-16\"?><p>"), Some("UTF-8"));
        assert_eq!(name(b"<?xml encoding=gbk?><p>"), None);
        assert_eq!(name(b"<?xml encoding='gbk'?><meta charset=koi8-r>"), Some("KOI8-R"));
        assert_eq!(name(b"<\0?\0x\0m\0l\0"), Some("UTF-16LE"));
        assert_eq!(name(b"\0<\0?\0x\0m\0l"), Some("UTF-16BE"));
    }

    #[test]
    fn long_heads_are_read_and_endless_ones_are_not() {
        let after = |filling: usize| format!("<title>{}</title><meta charset=gbk>", " ".repeat(filling));
        assert_eq!(name(after(900).as_bytes()), Some("GBK"));
        assert_eq!(name(after(3_000).as_bytes()), Some("GBK"));
        assert_eq!(name(after(PRESCAN).as_bytes()), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(page in "(<|>|meta|/| |=|'|charset|gbk|!--|-->|[a-z]){0,40}") {
            let _ = declared(page.as_bytes());
        }
    }
}
