//! What a cell holds: 32,767 UTF-16 units of text in which characters that XML cannot hold stand as `_xHHHH_`.
//!
//! The library writes these references, and writes text that only looks like one as `_x005F_xHHHH_`. One case it misses:
//! `_xHHHH` without the last underscore, right before a character that becomes a reference. Its first underscore would
//! then be taken for the missing one. Such texts are told apart here.

/// Units of UTF-16 that a cell holds.
pub(super) const CELL_UNITS: usize = 32_767;

/// A text of so many bytes fits a cell however many references it needs.
const ESCAPED_BYTES: usize = 4_000;

/// The length of `_xHHHH`, a reference without its end.
const OPEN_REFERENCE: usize = 6;

/// How a text goes into a cell.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::exchange::write) enum Fit {
    /// As it is.
    Plain,
    /// With its references written out, which the library must not do again.
    Escaped(String),
    /// Not as a whole.
    TooLong,
}

/// How the text goes into a cell.
pub(in crate::exchange::write) fn fit(text: &str) -> Fit {
    if start(text, CELL_UNITS).len() == text.len() {
        Fit::Plain
    } else if text.len() <= ESCAPED_BYTES {
        Fit::Escaped(escaped(text))
    } else {
        Fit::TooLong
    }
}

/// A text in pieces that a cell holds each.
pub(in crate::exchange::write) fn parts(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (part, after) = rest.split_at(start(rest, CELL_UNITS).len());
        rest = after;
        (!part.is_empty()).then_some(part)
    })
}

/// The longest start of the text that the library can write into a cell of so many units.
pub(super) fn start(text: &str, units: usize) -> &str {
    let mut left = units;
    for (at, letter) in text.char_indices() {
        let fits = left.checked_sub(letter.len_utf16());
        match fits {
            Some(rest) if !(becomes_reference(letter) && ends_in_open_reference(&text[..at])) => left = rest,
            _ => return &text[..at],
        }
    }
    text
}

/// Whether the character is written as `_xHHHH_`.
fn becomes_reference(letter: char) -> bool {
    matches!(letter, '\0'..='\u{8}' | '\u{b}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}

fn is_open_reference(bytes: &[u8]) -> bool {
    bytes.len() == OPEN_REFERENCE && bytes.starts_with(b"_x") && bytes[2..].iter().all(u8::is_ascii_hexdigit)
}

fn ends_in_open_reference(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes
        .len()
        .checked_sub(OPEN_REFERENCE)
        .is_some_and(|at| is_open_reference(&bytes[at..]))
}

/// The text with an escape before all that would be taken for a reference.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for (at, letter) in text.char_indices() {
        let rest = &text[at..];
        let after = rest.get(OPEN_REFERENCE..).and_then(|after| after.chars().next());
        if after.is_some_and(|after| after == '_' || becomes_reference(after))
            && is_open_reference(&rest.as_bytes()[..OPEN_REFERENCE])
        {
            escaped.push_str("_x005F");
        }
        escaped.push(letter);
    }
    escaped
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn a_cell_holds_units_not_bytes_and_no_character_is_split() {
        assert_eq!(fit(&"é".repeat(CELL_UNITS)), Fit::Plain);
        assert_eq!(fit(&"é".repeat(CELL_UNITS + 1)), Fit::TooLong);
        assert_eq!(fit(&"🦷".repeat(CELL_UNITS / 2)), Fit::Plain);
        assert_eq!(start("a🦷b", 2), "a");
        assert_eq!(start("a🦷b", 3), "a🦷");
        assert_eq!(start("a🦷b", 4), "a🦷b");
        assert_eq!(start("", 0), "");
    }

    #[test]
    fn an_open_reference_before_a_control_character_is_escaped_or_cut() {
        for plain in ["_x0041_", "\r_x0041", "_x004\r", "_x0041\n", "_x00gg\r", "x_x0041 \r"] {
            assert_eq!(fit(plain), Fit::Plain, "{plain:?}");
        }
        assert_eq!(fit("_x0041\r"), Fit::Escaped("_x005F_x0041\r".to_owned()));
        assert_eq!(
            fit("ü_x0041_x0042\u{ffff}_x0043_é_x"),
            Fit::Escaped("ü_x005F_x0041_x005F_x0042\u{ffff}_x005F_x0043_é_x".to_owned())
        );
        let long = "_x0041\r".repeat(1_000);
        assert_eq!(fit(&long), Fit::TooLong);
        assert_eq!(start(&long, CELL_UNITS), "_x0041");
        assert_eq!(start(&long[6..], CELL_UNITS), "\r_x0041");
    }
}
