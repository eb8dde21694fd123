//! Where in a line one statement ends and the next begins.

use std::ops::Range;

/// Short words that end in a full stop without ending a sentence.
const ABBREVIATIONS: [&str; 22] = [
    "telef", "téléc", "telec", "cell", "prof", "dott", "dipl", "univ", "durchw", "apdo", "ctra", "avda", "prov", "tél",
    "núm", "num", "corp", "mobil", "bldg", "suite", "strasse", "tlf",
];

/// Short words that sentences end in, which are no abbreviations.
const ENDINGS: [&str; 12] = ["us", "me", "it", "up", "in", "on", "so", "go", "do", "we", "be", "is"];

/// The statement that holds `at`.
pub(crate) fn around(line: &str, at: Range<usize>) -> Range<usize> {
    let start = begin(line, at.start);
    let end = line[at.end..]
        .char_indices()
        .find(|(offset, c)| ends(line, at.end + offset, *c))
        .map_or(line.len(), |(offset, _)| at.end + offset);
    start..end.max(at.end)
}

/// Where the statement that holds `at` begins.
pub(crate) fn begin(line: &str, at: usize) -> usize {
    line[..at]
        .char_indices()
        .rev()
        .find(|(offset, c)| ends(line, *offset, *c))
        .map_or(0, |(offset, c)| offset + c.len_utf8())
}

/// Whether the character at `at` ends a statement.
fn ends(line: &str, at: usize, c: char) -> bool {
    match c {
        '\t' | ';' | '|' | '•' | '!' | '?' | '。' | '！' | '？' | '●' | '■' => true,
        '·' => line[..at].ends_with(' '),
        '.' => {
            let mut after = line[at + 1..].chars();
            if after.next() != Some(' ') || !after.next().is_some_and(|c| c.is_uppercase() || c == '„' || c == '"') {
                return false;
            }
            let word = line[..at]
                .rsplit(|c: char| !c.is_alphanumeric())
                .next()
                .unwrap_or_default();
            let letters = word.chars().count();
            let digits = word.bytes().all(|b| b.is_ascii_digit());
            (digits && !word.is_empty())
                || word.is_empty()
                || ENDINGS.contains(&word)
                || (letters >= 4 && !ABBREVIATIONS.contains(&&*word.to_lowercase()))
                || (letters >= 3 && word.chars().all(char::is_uppercase) && !matches!(word, "TEL" | "FAX" | "MOB"))
                || (letters == 3
                    && word.chars().all(char::is_lowercase)
                    && !matches!(word, "tel" | "tlf" | "tél" | "fax" | "mob" | "str" | "puh" | "kom"))
        }
        _ => false,
    }
}

/// The question, if one ends right before `start`.
pub(crate) fn question_before(line: &str, start: usize) -> Option<Range<usize>> {
    let end = line[..start].trim_end().len();
    let question = line[..end].strip_suffix(['?', '？'])?;
    Some(begin(line, question.len())..end)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn of<'a>(line: &'a str, part: &str) -> &'a str {
        let at = line.find(part).unwrap();
        line[around(line, at..at + part.len())].trim()
    }

    #[test]
    fn statements_end_at_marks_and_sentences() {
        assert_eq!(of("Gas leak? 0800 111 999.", "0800"), "0800 111 999.");
        assert_eq!(
            of("VAB 03 253 61 30. Politie Gent 09 266.", "266"),
            "Politie Gent 09 266."
        );
        assert_eq!(
            of("Vertretung: Dr. Novak, 01 / 405.", "405"),
            "Vertretung: Dr. Novak, 01 / 405."
        );
        assert_eq!(of("© Smile · Tel. Praxis 09 | x", "09"), "Tel. Praxis 09");
        let line = "Power cut? 105 105";
        assert_eq!(&line[question_before(line, 10).unwrap()], "Power cut?");
    }
}
