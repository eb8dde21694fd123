//! The texts of a workbook that cells point to by number.

use std::io::{self, Read};
use std::path::Path;

use super::package::Package;
use super::spool::Spool;
use super::xml::{Event, XmlReader, cut, invalid};

/// Bytes of one text. A cell holds 32,767 characters at most.
pub(super) const MAX_TEXT: usize = 256 * 1024;

/// All shared strings. How many there are is known by counting, never by what the part declares.
pub(super) fn read(package: &mut Package, part: Option<&str>, scratch: &Path) -> io::Result<Spool> {
    let mut strings = Spool::new(scratch);
    let Some(mut xml) = part.map(|part| package.part(part)).transpose()?.flatten() else {
        return Ok(strings);
    };
    let mut text = String::new();
    loop {
        match xml.next()? {
            Event::Start(tag) if tag.name() == "si" => {
                text.clear();
                rich_text(&mut xml, "si", &mut text)?;
                strings.push(&text)?;
            }
            Event::Eof => return Ok(strings),
            _ => {}
        }
    }
}

/// The text of all runs up to the end of the element `end`, without the readings of Japanese words (`rPh`).
pub(super) fn rich_text<R: Read>(xml: &mut XmlReader<R>, end: &str, out: &mut String) -> io::Result<()> {
    let (mut within_text, mut within_reading) = (false, false);
    let start = out.len();
    loop {
        match xml.next()? {
            Event::Start(tag) => match tag.name() {
                "t" => within_text = true,
                "rPh" => within_reading = true,
                _ => {}
            },
            Event::End("t") => within_text = false,
            Event::End("rPh") => within_reading = false,
            Event::End(name) if name == end => break,
            Event::Text(text) if within_text && !within_reading => text.push_to(out),
            Event::Eof => return Err(cut()),
            _ => {}
        }
        if out.len() - start > MAX_TEXT {
            return Err(invalid("a cell is longer than a cell can be"));
        }
    }
    plain_letters(out, start);
    Ok(())
}

/// Resolves `_x000D_`, the way in which letters are written that XML cannot hold, and drops the control characters that
/// come of it.
pub(super) fn plain_letters(text: &mut String, start: usize) {
    if !text[start..].contains("_x") {
        return;
    }
    let raw = text.split_off(start);
    let mut rest = raw.as_str();
    while let Some(at) = rest.find("_x") {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        let code = rest.get(2..7).and_then(|code| code.strip_suffix('_'));
        let digits = code.filter(|code| code.bytes().all(|digit| digit.is_ascii_hexdigit()));
        match digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()) {
            Some(code) => {
                let letter = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
                if !letter.is_control() || matches!(letter, '\t' | '\n' | '\r') {
                    text.push(letter);
                }
                rest = &rest[7..];
            }
            None => {
                text.push_str("_x");
                rest = &rest[2..];
            }
        }
    }
    text.push_str(rest);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn runs_are_joined_and_readings_left_out() {
        let xml =
            "<r><rPr><b/></rPr><t>Ac</t></r><r><t xml:space=\"preserve\"> me&amp;</t></r><rPh><t>x</t></rPh></si>";
        let mut out = "<".to_owned();
        rich_text(&mut XmlReader::new(xml.as_bytes()), "si", &mut out).unwrap();
        assert_eq!(out, "< me&".replace('<', "<Ac"));
        assert!(rich_text(&mut XmlReader::new(&b"<t>x</t>"[..]), "si", &mut out).is_err());
    }

    #[test]
    fn letters_that_xml_cannot_hold() {
        let mut text =
            "_x0041_kept: a_x000D_\n_x0000_b_x005F_x0041_ _x12_ _xZZZZ_ \u{e9}_x\u{e9}\u{e9}\u{e9}".to_owned();
        plain_letters(&mut text, 7);
        assert_eq!(
            text,
            "_x0041_kept: a\r\nb_x0041_ _x12_ _xZZZZ_ \u{e9}_x\u{e9}\u{e9}\u{e9}"
        );
    }
}
