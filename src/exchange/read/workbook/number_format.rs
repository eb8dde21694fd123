//! What a cell's number format makes of its number: the difference between 46082 and 1 March 2026.

use std::collections::HashMap;
use std::io;

use super::package::Package;
use super::xml::{Event, invalid};

/// More cell formats than Excel allows (65,490).
const MAX_FORMATS: usize = 100_000;

/// As much of a format as changes what a number says. Currency, percent and rounding do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum NumberFormat {
    #[default]
    Plain,
    Date,
    DateTime,
    Time,
    /// Hours that go on beyond 24.
    Elapsed,
    /// Nothing but zeros: a postcode or a telephone number with leading zeros, and its length.
    Padded(u8),
}

/// The format of each cell style, in the order of the style part.
pub(super) fn read(package: &mut Package, part: Option<&str>) -> io::Result<Vec<NumberFormat>> {
    let mut formats = Vec::new();
    let Some(mut xml) = part.map(|part| package.part(part)).transpose()?.flatten() else {
        return Ok(formats);
    };
    let mut custom: HashMap<u32, NumberFormat> = HashMap::new();
    let mut within_cell_formats = false;
    loop {
        match xml.next()? {
            Event::Start(tag) => match tag.name() {
                "numFmt" => {
                    let id = tag.attribute("numFmtId").and_then(|id| id.parse().ok());
                    let code = tag.attribute("formatCode").unwrap_or_default();
                    if let Some(id) = id {
                        custom.insert(id, by_code(&code));
                    }
                }
                "cellXfs" => within_cell_formats = true,
                "xf" if within_cell_formats => {
                    let id = tag.attribute("numFmtId").and_then(|id| id.parse().ok()).unwrap_or(0);
                    formats.push(custom.get(&id).copied().unwrap_or_else(|| built_in(id)));
                }
                _ => {}
            },
            Event::End("cellXfs") => within_cell_formats = false,
            Event::Eof => return Ok(formats),
            _ => {}
        }
        if formats.len() > MAX_FORMATS || custom.len() > MAX_FORMATS {
            return Err(invalid("it has more than 100000 cell formats"));
        }
    }
}

/// Formats that every program knows by number (ECMA-376 part 1, 18.8.30), the East Asian ones included.
fn built_in(id: u32) -> NumberFormat {
    match id {
        14..=17 | 27..=31 | 36 | 50..=54 | 57 | 58 => NumberFormat::Date,
        18..=21 | 32..=35 | 45 | 47 | 55 | 56 => NumberFormat::Time,
        22 => NumberFormat::DateTime,
        46 => NumberFormat::Elapsed,
        _ => NumberFormat::Plain,
    }
}

/// Reads the section of a format code that positive numbers are shown by.
fn by_code(code: &str) -> NumberFormat {
    let (mut date, mut time, mut month_or_minute, mut elapsed) = (false, false, false, false);
    let mut zeros = Some(0_u8);
    let mut letters = code.chars();
    while let Some(letter) = letters.next() {
        if letter == ';' {
            break;
        }
        zeros = zeros.filter(|_| letter == '0').and_then(|zeros| zeros.checked_add(1));
        match letter.to_ascii_lowercase() {
            // A literal, or what fills a gap: none of it is part of the format.
            '"' => drop(letters.by_ref().find(|letter| *letter == '"')),
            '\\' | '_' | '*' => drop(letters.next()),
            '[' => {
                let bracket: String = letters.by_ref().take_while(|letter| *letter != ']').collect();
                let bracket = bracket.to_ascii_lowercase();
                let counted = ["h", "m", "s"].iter().any(|unit| bracket.starts_with(unit));
                elapsed |= counted && bracket.bytes().all(|byte| byte == bracket.as_bytes()[0]);
            }
            'y' | 'd' => date = true,
            'h' | 's' => time = true,
            'm' => month_or_minute = true,
            // `AM/PM` and `General`, neither of which speaks of months or hours.
            'a' => letters = without(letters, "m/pm"),
            'g' => letters = without(letters, "eneral"),
            _ => {}
        }
    }
    match (date || (month_or_minute && !time && !elapsed), time) {
        _ if elapsed => NumberFormat::Elapsed,
        (true, true) => NumberFormat::DateTime,
        (true, false) => NumberFormat::Date,
        (false, true) => NumberFormat::Time,
        (false, false) => zeros
            .filter(|zeros| *zeros > 1)
            .map_or(NumberFormat::Plain, NumberFormat::Padded),
    }
}

fn without<'a>(letters: std::str::Chars<'a>, word: &str) -> std::str::Chars<'a> {
    let rest = letters.as_str();
    match rest.get(..word.len()) {
        Some(found) if found.eq_ignore_ascii_case(word) => rest[word.len()..].chars(),
        _ => letters,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn formats_as_people_choose_them() {
        for (code, format) in [
            ("General", NumberFormat::Plain),
            ("0", NumberFormat::Plain),
            ("0.00", NumberFormat::Plain),
            ("0.00E+00", NumberFormat::Plain),
            ("#,##0.00\\ \"days\"", NumberFormat::Plain),
            ("[Red]#,##0;[Blue]-#,##0", NumberFormat::Plain),
            ("\"$\"#,##0_);(\"$\"#,##0)", NumberFormat::Plain),
            ("[$-409]d-mmm-yy;@", NumberFormat::Date),
            ("dd/mm/yyyy", NumberFormat::Date),
            ("mmm", NumberFormat::Date),
            ("yyyy\\-mm\\-dd\\ hh:mm", NumberFormat::DateTime),
            ("m/d/yy h:mm AM/PM", NumberFormat::DateTime),
            ("h:mm AM/PM", NumberFormat::Time),
            ("mm:ss", NumberFormat::Time),
            ("[h]:mm:ss", NumberFormat::Elapsed),
            ("[mm]:ss", NumberFormat::Elapsed),
            ("00000", NumberFormat::Padded(5)),
            ("0000000000;@", NumberFormat::Padded(10)),
            ("000-0000", NumberFormat::Plain),
            ("@", NumberFormat::Plain),
            ("", NumberFormat::Plain),
            ("\"open", NumberFormat::Plain),
            ("[open", NumberFormat::Plain),
            ("\\", NumberFormat::Plain),
        ] {
            assert_eq!(by_code(code), format, "{code}");
        }
        assert_eq!(built_in(14), NumberFormat::Date);
        assert_eq!(built_in(49), NumberFormat::Plain);
    }
}
