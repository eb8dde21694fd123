//! The XML of Office files, one bounded token at a time.
//!
//! A general parser holds what it is sent: a text of a gigabyte, or the names of a million elements that never end. This
//! one holds a single token of at most [`MAX_TOKEN`] bytes and nothing else. The price is that it does not check that tags
//! match; what a reader wants it asks for by name, and what it does not know it passes over. Namespaces are not resolved:
//! names are told by their local part. A document type is refused, as ECMA-376 part 2 says it must be, so there are no
//! entities but the five predefined ones.

use std::borrow::Cow;
use std::io::{self, ErrorKind, Read};

use super::super::TextEncoding;
use super::super::text::TextSource;

/// Longer than any cell of a workbook can be with each of its letters escaped.
const MAX_TOKEN: usize = 1024 * 1024;

/// What comes next. An element that closes itself is a start and an end.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Event<'a> {
    Start(Tag<'a>),
    /// The local name.
    End(&'a str),
    Text(Text<'a>),
    Eof,
}

/// A start tag without its brackets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tag<'a>(&'a str);

/// A run of text between two tags. Long texts may come in several runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Text<'a> {
    raw: &'a str,
    escaped: bool,
}

pub(super) struct XmlReader<R> {
    source: TextSource<R>,
    token: Vec<u8>,
    /// The last start tag closed itself; its end has not been told yet.
    closing: bool,
}

#[derive(Clone, Copy)]
enum Token {
    Start,
    End,
    Text,
    Verbatim,
    Eof,
}

impl<R: Read> XmlReader<R> {
    pub(super) fn new(raw: R) -> Self {
        Self {
            source: TextSource::new(raw, TextEncoding::UTF_8),
            token: Vec::new(),
            closing: false,
        }
    }

    /// The next event. After [`Event::Eof`] there is nothing but that.
    pub(super) fn next(&mut self) -> io::Result<Event<'_>> {
        if std::mem::take(&mut self.closing) {
            return Ok(Event::End(Tag(utf_8(&self.token)?.trim_end_matches('/')).name()));
        }
        let token = self.advance()?;
        let text = utf_8(&self.token)?;
        Ok(match token {
            Token::Start => {
                self.closing = text.ends_with('/');
                Event::Start(Tag(text.trim_end_matches('/')))
            }
            Token::End => Event::End(Tag(text).name()),
            Token::Text => Event::Text(Text {
                raw: text,
                escaped: true,
            }),
            Token::Verbatim => Event::Text(Text {
                raw: text,
                escaped: false,
            }),
            Token::Eof => Event::Eof,
        })
    }

    fn advance(&mut self) -> io::Result<Token> {
        loop {
            self.token.clear();
            match self.peek()? {
                None => return Ok(Token::Eof),
                Some(b'<') => self.source.take(1),
                Some(_) => {
                    self.until(b'<', false)?;
                    return Ok(Token::Text);
                }
            }
            match self.peek()? {
                Some(b'?') => self.markup(b"?", b"?")?,
                Some(b'!') => {
                    self.until(b'>', true)?;
                    if self.token.starts_with(b"!--") {
                        self.markup(b"!--", b"--")?;
                    } else if self.token.starts_with(b"![CDATA[") {
                        self.markup(b"![CDATA[", b"]]")?;
                        let end = self.token.len() - 2;
                        self.token.truncate(end);
                        self.token.drain(..8);
                        return Ok(Token::Verbatim);
                    } else {
                        return Err(invalid("a part has a document type"));
                    }
                }
                Some(b'/') => {
                    self.source.take(1);
                    self.until(b'>', true)?;
                    return Ok(Token::End);
                }
                _ => {
                    self.tag()?;
                    return Ok(Token::Start);
                }
            }
        }
    }

    fn peek(&mut self) -> io::Result<Option<u8>> {
        Ok(self.source.fill()?.first().copied())
    }

    /// Adds what comes before `end` to the token. `end` itself is taken if it is part of the markup.
    fn until(&mut self, end: u8, take_end: bool) -> io::Result<()> {
        loop {
            let piece = self.source.fill()?;
            if piece.is_empty() {
                // Text may end with the part, markup may not.
                return if take_end { Err(cut()) } else { Ok(()) };
            }
            let found = piece.iter().position(|byte| *byte == end);
            let before = found.unwrap_or(piece.len());
            if self.token.len() + before > MAX_TOKEN {
                return Err(invalid("a part holds a text that no cell can hold"));
            }
            self.token.extend_from_slice(&piece[..before]);
            self.source.take(before + usize::from(found.is_some() && take_end));
            if found.is_some() {
                return Ok(());
            }
        }
    }

    /// Goes on to the `>` that stands behind `closes`; one that stands elsewhere belongs to the content.
    fn markup(&mut self, opens: &[u8], closes: &[u8]) -> io::Result<()> {
        if self.token.is_empty() {
            self.until(b'>', true)?;
        }
        while self.token.len() < opens.len() + closes.len() || !self.token.ends_with(closes) {
            self.token.push(b'>');
            self.until(b'>', true)?;
        }
        Ok(())
    }

    /// The start tag; a `>` within quotes belongs to an attribute.
    fn tag(&mut self) -> io::Result<()> {
        let mut quote = None;
        loop {
            let from = self.token.len();
            self.until(b'>', true)?;
            for byte in &self.token[from..] {
                match (quote, *byte) {
                    (None, b'"' | b'\'') => quote = Some(*byte),
                    (Some(open), byte) if open == byte => quote = None,
                    _ => {}
                }
            }
            if quote.is_none() {
                return Ok(());
            }
            self.token.push(b'>');
        }
    }
}

impl<'a> Tag<'a> {
    /// The local name.
    pub(super) fn name(&self) -> &'a str {
        let end = self.0.find(|letter: char| letter.is_ascii_whitespace());
        local(end.map_or(self.0, |end| &self.0[..end]))
    }

    /// Local names and values as they are written. What is not well-formed ends them.
    pub(super) fn attributes(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let start = self.0.find(|letter: char| letter.is_ascii_whitespace());
        let mut rest = start.map_or("", |start| &self.0[start..]);
        std::iter::from_fn(move || {
            let (name, after) = rest.split_once('=')?;
            let after = after.trim_ascii_start();
            let quote = after.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
            let (value, left) = after[1..].split_once(quote)?;
            rest = left;
            Some((local(name.trim_ascii()), value))
        })
    }

    pub(super) fn attribute(&self, name: &str) -> Option<Cow<'a, str>> {
        self.attributes()
            .find(|(found, _)| *found == name)
            .map(|(_, value)| unescaped(value))
    }
}

impl Text<'_> {
    pub(super) fn push_to(&self, out: &mut String) {
        if self.escaped {
            out.push_str(&unescaped(self.raw));
        } else {
            out.push_str(self.raw);
        }
    }
}

fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

/// Entities that are not known stay as they are written.
fn unescaped(raw: &str) -> Cow<'_, str> {
    const LONGEST: usize = 12;
    if !raw.contains('&') {
        return Cow::Borrowed(raw);
    }
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(start) = rest.find('&') {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        let end = rest.bytes().take(LONGEST).position(|byte| byte == b';');
        match end.and_then(|end| Some((entity(&rest[1..end])?, end))) {
            Some((letter, end)) => {
                out.push(letter);
                rest = &rest[end + 1..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn entity(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
        }
    })
}

fn utf_8(bytes: &[u8]) -> io::Result<&str> {
    std::str::from_utf8(bytes).map_err(|error| io::Error::new(ErrorKind::InvalidData, error))
}

/// The part is not what it must be.
pub(super) fn invalid(reason: &'static str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, reason)
}

/// The part ends before it is complete.
pub(super) fn cut() -> io::Error {
    io::Error::new(ErrorKind::UnexpectedEof, "a part ends too early")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use proptest::prelude::*;

    use super::*;

    fn events(xml: &str) -> io::Result<Vec<String>> {
        let mut reader = XmlReader::new(xml.as_bytes());
        let mut told = Vec::new();
        loop {
            told.push(match reader.next()? {
                Event::Start(tag) => {
                    let attributes: Vec<String> = tag
                        .attributes()
                        .map(|(name, value)| format!(" {name}={}", unescaped(value)))
                        .collect();
                    format!("<{}{}>", tag.name(), attributes.concat())
                }
                Event::End(name) => format!("</{name}>"),
                Event::Text(text) => {
                    let mut out = String::new();
                    text.push_to(&mut out);
                    out
                }
                Event::Eof => return Ok(told),
            });
        }
    }

    #[test]
    fn what_office_programs_write() {
        let xml = "\u{feff}<?xml version=\"1.0\"?>\n<x:c r:id='a>b' s = \"&lt;&#65;\"><!-- > -- ><v/> -->\
             <x:v>a&amp;b &nope; &#x1F9B7;</x:v><![CDATA[<1> ]] &amp;]]></x:c ><e a=\"/\"/>";
        assert_eq!(
            events(xml).unwrap(),
            [
                "\n",
                "<c id=a>b s=<A>",
                "<v>",
                "a&b &nope; \u{1f9b7}",
                "</v>",
                "<1> ]] &amp;",
                "</c>",
                "<e a=/>",
                "</e>"
            ]
        );
    }

    #[test]
    fn what_is_refused() {
        let refused = |xml: &str| events(xml).unwrap_err().to_string();
        assert!(refused("<!DOCTYPE x [<!ENTITY a \"b\">]><x/>").contains("document type"));
        for cut in ["<x", "<x a=\"1>", "</x", "<!-- x ->", "<![CDATA[x]>", "<?xml"] {
            assert!(refused(cut).contains("too early"), "{cut}");
        }
        assert!(refused(&format!("<x>{}</x>", "y".repeat(MAX_TOKEN + 1))).contains("no cell"));
        assert!(refused(&format!("<x a=\"{}\"/>", ">".repeat(MAX_TOKEN + 1))).contains("no cell"));
    }

    proptest! {
        #[test]
        fn nothing_is_too_strange(xml in "([<>/!?=\"'&;# \\-\\[\\]a-c]|<!--|-->|<!\\[CDATA\\[|\\]\\]>|&#x){0,80}") {
            drop(events(&xml));
        }

        #[test]
        fn text_survives_escaping(text in "[^\\p{Cc}\u{feff}]{1,40}") {
            let written = text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
            let xml = format!("<t a=\"{written}\">{written}</t>");
            prop_assert_eq!(events(&xml).unwrap(), [format!("<t a={text}>"), text, "</t>".to_owned()]);
        }
    }
}
