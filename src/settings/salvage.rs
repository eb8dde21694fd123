//! What can be read of a file that is not TOML throughout.

use std::collections::BTreeSet;

use toml::de::DeTable;

use super::problem::{Place, Problem};

/// One file while it is read.
pub(super) struct Page<'a> {
    pub(super) source: &'a str,
    pub(super) text: &'a str,
}

impl Page<'_> {
    pub(super) fn place(&self, offset: usize) -> Place {
        Place::at(self.source, self.text, offset)
    }
}

/// The text with spaces for what is not TOML, each such line reported. The parser stops at some errors; this way it
/// comes to the end, and what remains keeps its place.
pub(super) fn salvage(page: &Page<'_>, problems: &mut Vec<Problem>) -> String {
    let mut text = page.text.to_owned();
    let mut broken = BTreeSet::new();
    loop {
        let mut found = Vec::new();
        for error in DeTable::parse_recoverable(&text).1 {
            let offset = error.span().map_or(0, |span| span.start);
            let place = page.place(offset);
            // One slip often makes several errors of one line; the first names it best.
            if broken.insert(place.line) {
                problems.push(Problem {
                    place,
                    key: String::new(),
                    message: format!("this is not TOML: {}", error.message().replace('\n', ", ")),
                    help: help_for(error.message()).to_owned(),
                });
                found.push(offset);
            }
        }
        if found.is_empty() {
            return text;
        }
        for offset in found {
            blank(&mut text, offset);
        }
    }
}

fn help_for(message: &str) -> &'static str {
    if message.contains("duplicate") {
        "remove one of the two"
    } else {
        "write `key = value`, with texts in quotes"
    }
}

/// Puts spaces for the line of byte `offset`. For the head of a section, for all of it: its keys would seem to be those
/// of the section before.
fn blank(text: &mut String, offset: usize) {
    let start = text
        .get(..offset)
        .and_then(|before| before.rfind('\n'))
        .map_or(0, |newline| newline + 1);
    let Some(rest) = text.get(start..) else { return };
    let end_mark = if rest.trim_start().starts_with('[') {
        "\n["
    } else {
        "\n"
    };
    let end = rest.find(end_mark).map_or(text.len(), |length| start + length);
    // Byte for byte, and line ends kept, so that every place after it stays what it was.
    let spaces: String = text[start..end]
        .bytes()
        .map(|byte| if byte == b'\n' { '\n' } else { ' ' })
        .collect();
    text.replace_range(start..end, &spaces);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::super::inspect::Inspection;

    fn told(text: &str) -> Vec<String> {
        let mut inspection = Inspection::default();
        inspection.file("a.toml", text);
        inspection.problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn syntax_errors_do_not_hide_the_other_mistakes() {
        let told = told("[engine]\nwindow = = 5\nmax_in_flight = 0\nwindow 7\n[http]\nworkers = 99\n");
        assert!(
            told.iter()
                .any(|problem| problem.starts_with("a.toml:2:") && problem.contains("not TOML")),
            "{told:#?}"
        );
        assert!(
            told.iter()
                .any(|problem| problem.contains("`engine.max_in_flight` is 0")),
            "{told:#?}"
        );
        assert!(
            told.iter().any(|problem| problem.contains("`http.workers` is 99")),
            "{told:#?}"
        );
        assert!(told.iter().any(|problem| problem.starts_with("a.toml:4:")), "{told:#?}");
    }

    #[test]
    fn a_broken_head_takes_its_section_with_it() {
        let told = told("[engine\nwindow = 0\n# ü\nx = 1\n[http]\nworkers = 99\n");
        assert_eq!(told.len(), 2, "{told:#?}");
        assert!(
            told[0].starts_with("a.toml:1:") && told[1].starts_with("a.toml:6:11: `http.workers`"),
            "{told:#?}"
        );
    }

    #[test]
    fn no_text_keeps_the_reader_from_ending() {
        for text in [
            "a = [",
            "a = \"\"\"\nb\n",
            "a = 'x\n",
            "= 1\n\u{feff}",
            "[[a]]\n[a]\n",
            "\u{0}",
            "a.b = 1\na = 2\n",
        ] {
            assert!(!told(text).is_empty(), "{text:?}");
        }
    }

    #[test]
    fn a_duplicate_key_is_a_mistake() {
        assert_eq!(told("[engine]\nwindow = 5\nwindow = 6\n").len(), 1);
    }
}
