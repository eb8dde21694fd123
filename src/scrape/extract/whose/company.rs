//! Lists of others: an entry among those of authorities, helplines and neighbours is no number of the business either.

use super::lists::PLACES;
use super::names::{is_capital, is_label, longest_name};
use super::{Whose, folded_without_streets, speaks_of_itself};
use crate::scrape::extract::page::scan::LineKind;
use crate::scrape::extract::words::Folded;

/// Entries before and behind one that are looked at.
const NEIGHBOURS: usize = 8;
/// A longer line is no entry of a list.
const MAX_ENTRY: usize = 160;
/// Entries that name others and make the list one of others.
const ENOUGH: usize = 2;

/// Numbers of emergency services, whole.
const EMERGENCY: [&str; 8] = ["000", "110", "111", "112", "118", "911", "995", "999"];

impl Whose<'_> {
    /// Whether the entry in `line`, which says `before` in front of its number, stands in a list of others and names nothing that is
    /// the business's own.
    pub(super) fn stands_among_others(&self, line: usize, before: &str) -> bool {
        if !self.is_entry(line) || !is_title(before) || self.names_itself(before) {
            return false;
        }
        let kind = self.scan.lines[line].kind;
        let entry = |at: &usize| self.is_entry(*at) && self.scan.lines[*at].kind == kind;
        let above = (line.saturating_sub(NEIGHBOURS)..line).rev().take_while(entry);
        let below = (line + 1..=line + NEIGHBOURS).take_while(entry);
        above
            .chain(below)
            .filter(|at| self.lists_another(*at))
            .take(ENOUGH)
            .count()
            == ENOUGH
    }

    fn is_entry(&self, line: usize) -> bool {
        let Some(known) = self.scan.lines.get(line) else {
            return false;
        };
        !matches!(known.kind, LineKind::Heading(_)) && known.range.len() <= MAX_ENTRY
    }

    /// Whether a line names another, and a number.
    fn lists_another(&self, line: usize) -> bool {
        if let Some(known) = self.listed.borrow().get(&line) {
            return *known;
        }
        let text = self.scan.line(line);
        let numbered = text.bytes().filter(u8::is_ascii_digit).take(3).count() == 3;
        let lists = numbered && !speaks_of_itself(Folded::of(text).text()) && {
            let folded = folded_without_streets(text);
            self.names_other(folded.text(), true) || dials_emergency(text)
        };
        self.listed.borrow_mut().insert(line, lists);
        lists
    }

    /// Whether words name the business, or a part of it.
    fn names_itself(&self, before: &str) -> bool {
        let folded = Folded::of(before);
        let text = folded.text();
        if speaks_of_itself(text) || (PLACES.any(text) && longest_name(before) < 2) {
            return true;
        }
        let words = || {
            before
                .split(|c: char| !c.is_alphanumeric())
                .filter(|word| is_capital(word))
        };
        let own = words().filter(|word| self.is_own_name(word)).count();
        own * 2 > words().count()
    }
}

/// Whether the words before a number name something besides a telephone.
fn is_title(before: &str) -> bool {
    before
        .split(|c: char| c.is_whitespace() || matches!(c, ':' | ',' | '(' | ')' | '-' | '–'))
        .any(|word| word.chars().filter(|c| c.is_alphabetic()).count() >= 3 && !is_label(word))
}

/// Whether a number of the emergency services stands in the text.
pub(super) fn dials_emergency(text: &str) -> bool {
    let mut last = "";
    for word in text.split(|c: char| !c.is_alphanumeric()) {
        // "0800 111 999" is a number of its own, and "Unit 111" a door.
        if EMERGENCY.contains(&word) && DIALLED.contains(&last) {
            return true;
        }
        if !word.is_empty() {
            last = word;
        }
    }
    false
}

/// Whether a domain is one of an authority.
pub(super) fn is_of_authority(host: &str) -> bool {
    host.split('.')
        .any(|label| matches!(label, "gov" | "gouv" | "gob" | "govt"))
}

/// Words before the number of an emergency service, in the languages that say it so.
const DIALLED: [&str; 21] = [
    "call", "dial", "ring", "phone", "or", "to", "via", "on", "le", "el", "al", "die", "den", "unter", "wählen", "bel",
    "nummer", "appelez", "composez", "chiama", "numer",
];
