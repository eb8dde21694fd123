//! Whose a profile on a social network is.

use super::credits::credit_start;
use super::lists::NETWORKS;
use super::{Standing, Whose, is_prose, nearby, speaks_of_itself};
use crate::scrape::extract::clauses;
use crate::scrape::extract::names::is_generic;
use crate::scrape::extract::page::scan::{Anchor, Zone};
use crate::scrape::extract::social;
use crate::scrape::extract::words::Folded;
use crate::scrape::text::{contains_ci, fold};
use std::ops::Range;

/// Persons whose profiles a page links to that are looked for in its text.
const MAX_PERSONS: usize = 100;

impl Whose<'_> {
    /// Whose the profile is that a link in `at` of `text` leads to; `handle` is its name there.
    pub(crate) fn profile(&self, line: usize, text: &str, at: Range<usize>, handle: &str) -> Standing {
        let anybody = || social::is_given_to_person(handle) && !self.names_person(handle);
        match self.announced(line, text, at, handle) {
            Standing::Plain if anybody() => Standing::Doubtful,
            standing => standing,
        }
    }

    /// Whose a profile is by the words around it.
    fn announced(&self, line: usize, text: &str, at: Range<usize>, handle: &str) -> Standing {
        // "Obecní restaurace Želiv", at obecnirestauracezeliv.cz, whatever the network calls it.
        let said = text.get(at.clone()).unwrap_or_default();
        if self.context.domain.resembles(handle) || self.context.domain.resembles(said) {
            return Standing::Plain;
        }
        let (text, at, cut) = nearby(text, at);
        // An icon stands for itself, unless the makers of the website have named themselves before it.
        if at.is_empty() {
            let credit = credit_start(&text[..at.start]).is_some();
            return if credit { Standing::Foreign } else { Standing::Plain };
        }
        let statement = clauses::around(text, at.clone());
        let standing = self.statement(line, text, &statement, &at);
        if standing != Standing::Plain {
            return standing;
        }
        let told = |word: &&str| word.len() > 1 && word.contains(char::is_alphabetic) && !NETWORKS.contains(word);
        let words = |folded: &Folded| folded.text().split(' ').filter(told).count();
        let bare = self.without_own_links(line, cut, text, &statement, &at);
        let mut folded = Folded::of(&bare);
        // In running text the sentence before says whose it is: "Jane joined in 2019. Instagram".
        let linked = bare.len() < statement.len();
        if words(&folded) < 2 && !linked && text.len() <= 600 && is_prose(text) && !text.contains(['|', '·', '•']) {
            folded = Folded::of(text);
        }
        let menu = self.scan.lines.get(line).is_some_and(|line| line.zone == Zone::Nav);
        let own = [&folded, &Folded::of(&text[statement])]
            .iter()
            .any(|folded| speaks_of_itself(folded.text()));
        if words(&folded) >= 2 && !own && !menu {
            Standing::Doubtful
        } else {
            Standing::Plain
        }
    }

    /// Whether the page has a part of a person's user name; a page of more persons than [`MAX_PERSONS`] is a directory.
    fn names_person(&self, handle: &str) -> bool {
        let mut persons = self.persons.borrow_mut();
        if let Some(known) = persons.get(handle) {
            return *known;
        }
        if persons.len() >= MAX_PERSONS {
            return false;
        }
        let mut names = handle.split('.').filter(|name| (4..=40).contains(&name.len()));
        let named = names.any(|name| contains_ci(&self.scan.text, name) || contains_ci(&self.scan.title, name));
        persons.insert(handle.to_owned(), named);
        named
    }

    /// A statement of a line, which `cut` bytes were left out before, without the texts of links that name nobody: to the website's own
    /// pages, numbers, mail and profiles, and of the link in `own` if it shows the name of its profile. A row of such links is a list of
    /// ways to the business.
    fn without_own_links(
        &self,
        line: usize,
        cut: usize,
        text: &str,
        statement: &Range<usize>,
        own: &Range<usize>,
    ) -> String {
        let anchors = &self.scan.anchors;
        let first = anchors.partition_point(|anchor| anchor.line < line);
        let start = self.scan.lines.get(line).map_or(0, |line| line.range.start) + cut;
        let mut out = String::new();
        let mut at = statement.start;
        for anchor in anchors[first..].iter().take_while(|anchor| anchor.line == line) {
            let within = |place: usize| place.saturating_sub(start).clamp(at, statement.end);
            let (from, to) = (within(anchor.text.start), within(anchor.text.end));
            let shown = text[from..to].trim();
            let silent = || match from == own.start {
                true => self.shows_handle(anchor, shown),
                false => self.names_nobody(anchor, shown),
            };
            if from < to && silent() {
                out.push_str(&text[at..from]);
                at = to;
            }
        }
        out.push_str(&text[at..statement.end]);
        out
    }

    fn shows_handle(&self, anchor: &Anchor, shown: &str) -> bool {
        let letters = |text: &str| fold(text).replace(' ', "");
        let profile = self.context.resolve(&anchor.href).and_then(|url| social::profile(&url));
        profile.is_some_and(|profile| letters(social::handle(&profile)) == letters(shown))
    }

    /// A number, a mail, a street, a word of a menu, or the name of a network or of the business.
    fn names_nobody(&self, anchor: &Anchor, shown: &str) -> bool {
        if anchor.is_contact() {
            return true;
        }
        let short = !shown.contains(' ') || shown.bytes().any(|b| b.is_ascii_digit()) || is_generic(shown);
        if !short && !self.context.domain.resembles(shown) {
            return false;
        }
        let url = self.context.resolve(&anchor.href);
        url.is_none_or(|url| social::is_network(&url) || crate::scrape::url::site_key(&url) == self.context.site)
    }
}
