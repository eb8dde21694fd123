//! Keeping a spreadsheet from running a cell as a formula when it opens a CSV file.

use std::borrow::Cow;

/// The cell as it goes into a file for spreadsheets.
///
/// OWASP ASVS 1.2.10: a cell that starts with `=`, `+`, `-`, `@`, TAB or NUL, by older OWASP text also CR or LF, gets an
/// apostrophe before it; so do the full-width forms, which some versions read alike, and cells where only space comes
/// first. Phone numbers and plain numbers are left alone: they start the same way, cannot do anything, and would be
/// spoilt for every other reader.
pub fn guarded(cell: &str) -> Cow<'_, str> {
    let starts = cell
        .chars()
        .next()
        .is_some_and(|letter| matches!(letter, '\t' | '\r' | '\n' | '\0'));
    let body = cell.trim_matches(|letter: char| letter.is_whitespace() || matches!(letter, '\u{FEFF}' | '\u{200B}'));
    let runs = body
        .chars()
        .next()
        .is_some_and(|letter| matches!(letter, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠'));
    if starts || (runs && !is_number(body) && !is_phone(body)) {
        Cow::Owned(format!("'{cell}"))
    } else {
        Cow::Borrowed(cell)
    }
}

/// A sign, digits with thousands commas, a fraction, an exponent, a per cent sign.
fn is_number(cell: &str) -> bool {
    let Some(unsigned) = cell.strip_prefix(['+', '-']) else {
        return false;
    };
    let unsigned = unsigned.strip_suffix('%').unwrap_or(unsigned);
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |text: &str| text.chars().all(|letter| letter.is_ascii_digit());
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    !(whole.is_empty() && fraction.is_empty())
        && whole
            .split(',')
            .enumerate()
            .all(|(place, group)| digits(group) && (place == 0 || group.len() == 3))
        && !whole.starts_with(',')
        && digits(fraction)
        && !exponent.is_empty()
        && digits(exponent)
}

/// An international number as people write it: a plus, a country code, digits in groups, at most 15 digits (ITU-T E.164).
///
/// A list of several, as we write them, is one as well. Hyphens alone make it a sum that a spreadsheet would work out, so
/// they are let pass only beside a space or a bracket, which no sum can have there.
fn is_phone(cell: &str) -> bool {
    cell.split(" | ").all(|part| {
        let part = part.trim();
        let international =
            part.starts_with('+') && part[1..].starts_with(|letter: char| "(123456789".contains(letter));
        let national = !part.starts_with(['+', '-', '=', '@']);
        let digits = part.chars().filter(char::is_ascii_digit).count();
        let marks = part
            .chars()
            .skip(1)
            .all(|letter| letter.is_ascii_digit() || " \u{a0}().-/".contains(letter));
        let sum = part.contains(['-', '/']) && !part.contains([' ', '\u{a0}', '(', ')']);
        (international && !sum || national) && (6..=15).contains(&digits) && marks
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_run_is_guarded() {
        for cell in [
            "=1+1",
            "=HYPERLINK(\"http://x\",\"y\")",
            "+1+1",
            "-1+1",
            "-1-1",
            "--1",
            "-",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "\n=1",
            "\0=1",
            "＝1+1",
            "＠x",
            "＋64",
            "－1",
            " =1+1",
            "\u{feff}=1",
            "+cmd|' /C calc'!A0",
            "-2+3+cmd|' /C calc'!A0",
            "+64 9 123 4567+cmd",
            "+64-9-123-4567",
            "+6491234567 | =1+1",
            "+6491234567/2",
            "- a list entry",
            "-A1",
            "-1,23",
            "-1e",
            "-,123",
        ] {
            assert_eq!(guarded(cell), format!("'{cell}"), "{cell:?}");
        }
    }

    #[test]
    fn phones_numbers_and_words_stay_readable() {
        for cell in [
            "+64 9 123 4567",
            "+6491234567",
            "+64 (0)9 123-4567",
            "+64.9.123.4567",
            "+64\u{a0}9\u{a0}1234567",
            "+6491234567 | 09 123 4567",
            "+6491234567 | +6491234568",
            "-36.8485",
            "+1",
            "-1,234.50",
            "-5%",
            "-1.2e-3",
            "-.5",
            "Acme",
            "a=b",
            "",
            "'quoted",
            "09 123",
        ] {
            assert_eq!(guarded(cell), cell, "{cell:?}");
        }
    }
}
