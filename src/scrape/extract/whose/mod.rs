//! Whose a telephone number, an address or a profile is that stands somewhere in a page: the statement around it tells.
//!
//! Small businesses name many others on their pages: authorities, emergency services, insurers, partners, the makers
//! of the website. A statement about one of them gives nothing of the business's own.

use crate::scrape::extract::address;
use crate::scrape::extract::clauses;
use crate::scrape::extract::context::Context;
use crate::scrape::extract::emails::is_mailbox_host;
use crate::scrape::extract::page::scan::{LineKind, Scan};
use crate::scrape::extract::words::Folded;
use crate::scrape::text::starts_ci;
use company::{dials_emergency, is_of_authority};
use credits::credit_start;
use lists::{AUTHORITIES, BODIES, INSTEAD, LISTS, OTHERS, PARTS, PRONOUNS, Stems, TRADES};
use names::{follows_wide_name, is_street, speaks_of_itself_last};
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;
use std::ops::Range;

mod company;
pub(super) mod credits;
pub(super) mod foreign;
mod lists;
mod names;
pub(super) mod own;
mod profile;

/// What a statement says about the owner of a value in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    /// Another is named, who has this number.
    Foreign,
    /// A name that is not the business's stands before it.
    Doubtful,
    /// Nothing speaks against it.
    Plain,
}

/// What is known about a page when its statements are read.
pub(crate) struct Whose<'a> {
    scan: &'a Scan,
    context: &'a Context,
    /// Title, headings and domain: a taxi firm's "taxi" means itself.
    own: OnceCell<String>,
    /// Whether the page shows an address at its own domain.
    own_mail: OnceCell<bool>,
    /// Statements that may still be read: a page of more is a directory.
    left: Cell<u32>,
    /// The heading above each line, worked out as lines are asked for in order.
    heading: OnceCell<Vec<u32>>,
    /// Whether a line is an entry that names another, of the lines that were asked about.
    listed: RefCell<HashMap<usize, bool>>,
    /// Whether the page names the person whose profile a name such as "martin.farragher.9" is of.
    persons: RefCell<HashMap<String, bool>>,
}

/// A line of more is prose, not a contact detail.
const MAX_LABEL_LINE: usize = 48;
/// Bytes of a line that another goes on with.
const MAX_BEGUN: usize = 160;
/// What stands farther from a value, before it and behind it, says nothing of it.
const REACH: (usize, usize) = (2_000, 500);
/// Statements of a page that are read.
const MAX_STATEMENTS: u32 = 600;
/// Lines of an address below the name of an authority.
const AUTHORITY_REACH: usize = 4;
/// Lines after a heading that it still names.
const HEADING_REACH: usize = 12;

impl<'a> Whose<'a> {
    pub(crate) fn new(scan: &'a Scan, context: &'a Context) -> Self {
        Self {
            scan,
            context,
            own: OnceCell::new(),
            own_mail: OnceCell::new(),
            left: Cell::new(MAX_STATEMENTS),
            heading: OnceCell::new(),
            listed: RefCell::default(),
            persons: RefCell::default(),
        }
    }

    /// What is known about the website.
    pub(crate) fn context(&self) -> &'a Context {
        self.context
    }

    /// Whose the number in `at` of `text` is, which is line `line` of the page.
    pub(crate) fn number(&self, line: usize, text: &str, at: Range<usize>) -> Standing {
        let (text, at, skipped) = nearby(text, at);
        let statement = clauses::around(text, at.clone());
        let standing = self.statement(line, text, &statement, &at);
        if standing != Standing::Plain {
            return standing;
        }
        let clause = &text[statement.clone()];
        if let Some(own) = self.mail_in(clause) {
            if own {
                return Standing::Plain;
            }
            return if self.shows_own_mail() {
                Standing::Foreign
            } else {
                Standing::Doubtful
            };
        }
        let head = after_number(&text[statement.start..at.start]);
        if self.names_company(head) {
            return Standing::Doubtful;
        }
        if speaks_of_itself_last(head) {
            return Standing::Plain;
        }
        if self.stands_among_others(line, head) || dials_emergency(head) {
            return Standing::Foreign;
        }
        let asked = clauses::question_before(text, statement.start).is_some();
        if self.introduces_another(head, asked) || follows_wide_name(text, &at) {
            return Standing::Doubtful;
        }
        if self.links_elsewhere(line, skipped + statement.start..skipped + at.start) {
            return Standing::Doubtful;
        }
        let prose = self.is_prose(line, text, &statement);
        if prose && self.names_another(self.with_address(text, &statement, head)) {
            return Standing::Doubtful;
        }
        Standing::Plain
    }

    /// What stands before a number; where that is only a label, the address before it belongs to it: "White Cross, 90
    /// Green Lane. Phone 09 …".
    fn with_address<'t>(&self, text: &'t str, statement: &Range<usize>, head: &'t str) -> &'t str {
        if !head.split_whitespace().all(names::is_label) {
            return head;
        }
        let end = text[..statement.start].trim_end_matches(['.', ' ']).len();
        let start = clauses::begin(text, end);
        let before = &text[start..end];
        let told = before.split(',').any(is_street) && !speaks_of_itself(Folded::of(before).text());
        if told { before } else { head }
    }

    /// Whose the address `mail` in `at` of `text` is.
    pub(crate) fn mail(&self, line: usize, text: &str, at: Range<usize>, mail: &str) -> Standing {
        if self.context.domain.owns_mail(mail) {
            return Standing::Plain;
        }
        let host = mail.rsplit_once('@').map_or("", |(_, host)| host);
        // The ending of a domain is no word: "herndon.foundation".
        let (domain, _) = host.rsplit_once('.').unwrap_or((host, ""));
        let domain = Folded::of(domain);
        let is_body = || {
            [&*AUTHORITIES, &*BODIES]
                .into_iter()
                .any(|stems| self.hits(stems, domain.text()))
        };
        if is_of_authority(host) || is_body() {
            return Standing::Foreign;
        }
        let (text, at, _) = nearby(text, at);
        let statement = clauses::around(text, at.clone());
        let standing = self.statement(line, text, &statement, &at);
        if standing != Standing::Plain {
            return standing;
        }
        let prose = self.is_prose(line, text, &statement);
        if prose && self.names_only_another(&text[statement.start..at.start]) {
            return Standing::Doubtful;
        }
        Standing::Plain
    }

    /// Whether the words of a statement, of the question before it, of an earlier statement of its line or of the
    /// heading above name another.
    fn statement(&self, line: usize, text: &str, statement: &Range<usize>, at: &Range<usize>) -> Standing {
        if self.left.get() == 0 {
            return Standing::Foreign;
        }
        self.left.set(self.left.get() - 1);
        if credit_start(text).is_some_and(|credit| credit <= at.start) {
            return Standing::Foreign;
        }
        let start = clauses::question_before(text, statement.start).map_or(statement.start, |question| question.start);
        // The first cell of a row says what the row is about.
        let row = text[..start]
            .find('\t')
            .filter(|end| *end <= 60)
            .map_or("", |end| &text[..end]);
        let begun = if start == 0 { self.begun_above(line, text) } else { "" };
        // What an address says of its owner its domain tells.
        let end = if text[at.clone()].contains('@') {
            at.start
        } else {
            at.end.min(statement.end)
        };
        let folded = folded_without_streets(&format!("{row}\t{begun} {}", &text[start..end.max(start)]));
        let own_mail = || self.mail_in(&text[statement.clone()]) == Some(true);
        let own = speaks_of_itself(Folded::of(&text[statement.start..at.start]).text());
        let whole = Folded::of(&text[statement.clone()]);
        if (self.names_other(folded.text(), !own) || self.hits(&INSTEAD, whole.text())) && !own_mail() {
            return Standing::Foreign;
        }
        // A row of numbers begins with the first name of another and goes on with more of them.
        let earlier = &text[..start];
        let list = earlier.len() <= 600 && earlier.bytes().any(|b| b.is_ascii_digit());
        if list
            && !own
            && (is_prose(earlier) || earlier.ends_with([';', '·', '|', '.']))
            && self.names_others_before(earlier)
            && !own_mail()
        {
            return Standing::Foreign;
        }
        if !own
            && self.heading_of(line).is_some_and(|heading| {
                let heading = Folded::of(heading);
                [&*AUTHORITIES, &*BODIES, &*LISTS]
                    .into_iter()
                    .any(|stems| self.hits(stems, heading.text()))
            })
        {
            return Standing::Foreign;
        }
        if !own && text[..at.start].len() <= MAX_LABEL_LINE && self.below_authority(line) {
            return Standing::Foreign;
        }
        Standing::Plain
    }

    /// The line above, where this one goes on with its sentence: "wenden Sie sich an den Notdienst", "unter der Nummer …".
    fn begun_above(&self, line: usize, text: &str) -> &str {
        let above = line
            .checked_sub(1)
            .map(|above| self.scan.line(above))
            .unwrap_or_default();
        let goes_on =
            text.trim_start().starts_with(char::is_lowercase) && above.len() <= MAX_BEGUN && above.contains(' ');
        if goes_on && !above.ends_with(['.', ':', '!', '?', ';']) {
            above
        } else {
            ""
        }
    }

    /// Whether what stands before a statement in its line speaks of others.
    fn names_others_before(&self, earlier: &str) -> bool {
        self.names_other(folded_without_streets(earlier).text(), true)
            || self.hits(&INSTEAD, Folded::of(earlier).text())
    }

    /// Whether one of the lines right above names an authority, whose address a line goes on with.
    fn below_authority(&self, line: usize) -> bool {
        for above in (line.saturating_sub(AUTHORITY_REACH)..line).rev() {
            let Some(known) = self.scan.lines.get(above) else {
                return false;
            };
            let text = &self.scan.text[known.range.clone()];
            if matches!(known.kind, LineKind::Heading(_)) || text.len() > 200 {
                return false;
            }
            if text.contains('@') {
                return false;
            }
            // "Ofsted Report 05/2015": what it says of the business.
            let reported = || {
                let folded = Folded::of(text);
                let told = |word: &str| folded.text().find(word).is_some_and(|at| at > 0);
                [" report ", " rated ", " rating "].into_iter().any(told)
            };
            // "587 University Pl NW" is no university.
            let on_street = || text.starts_with(|c: char| c.is_ascii_digit()) && address::street::is_street(text);
            if self.hits(&AUTHORITIES, folded_without_streets(text).text()) && !on_street() && !reported() {
                return true;
            }
            // "Riverina Animal Emergency" above an address and a number.
            let words = || text.split(' ').filter(|word| word.len() > 3);
            let name = text.len() <= MAX_LABEL_LINE
                && words().count() >= 2
                && words().all(|word| word.starts_with(char::is_uppercase));
            if name && line - above >= 2 && self.hits(&OTHERS, Folded::of(text).text()) {
                return true;
            }
            // "Technical realisation" above the name of the makers.
            if text.len() <= MAX_LABEL_LINE && line - above <= 2 && credit_start(text) == Some(0) {
                return true;
            }
        }
        false
    }

    /// Whether folded text names a body, or with `any` another, whom the business itself is not.
    fn names_other(&self, folded: &str, any: bool) -> bool {
        self.hits(&AUTHORITIES, folded)
            || self.hits(&BODIES, folded)
            || (any && self.hits(&OTHERS, folded))
            || PARTS.anywhere(folded).any(|word| !self.is_own(word))
    }

    fn hits(&self, stems: &Stems, folded: &str) -> bool {
        stems.all(folded).any(|word| !self.is_own(word))
    }

    /// Whether title, headings or domain say that the business is such a one.
    fn is_own(&self, word: &str) -> bool {
        self.own
            .get_or_init(|| self.own_text())
            .contains(word.trim_end_matches('.'))
    }

    fn own_text(&self) -> String {
        let mut text = self.scan.title.clone();
        for line in self
            .scan
            .lines
            .iter()
            .filter(|line| line.kind == LineKind::Heading(1))
            .take(3)
        {
            text.push(' ');
            text.push_str(&self.scan.text[line.range.clone()]);
        }
        if let Some(name) = self.scan.meta("og:site_name") {
            text.push(' ');
            text.push_str(name);
        }
        let mut own = Folded::of(&text).text().to_owned();
        own.push_str(&self.context.label);
        own
    }

    /// Whether the first address in a statement is the business's own; `None` where there is none that tells.
    fn mail_in(&self, clause: &str) -> Option<bool> {
        let at = clause.find('@')?;
        let host: &str = clause[at + 1..]
            .split(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | '-')))
            .next()?;
        let host = host.trim_end_matches(['.', '-']);
        let start = clause[..at]
            .rfind(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '+')))
            .map_or(0, |at| at + 1);
        let local = clause.get(start..at).unwrap_or_default();
        if !host.contains('.') {
            return None;
        }
        let mail = format!("{local}@{}", host.to_lowercase());
        if self.context.domain.owns_mail(&mail) {
            return Some(true);
        }
        (!is_mailbox_host(host)).then_some(false)
    }

    /// Whether a statement is running text and no entry of contact details.
    fn is_prose(&self, line: usize, text: &str, statement: &Range<usize>) -> bool {
        let entry = self
            .scan
            .lines
            .get(line)
            .is_some_and(|line| matches!(line.kind, LineKind::Item | LineKind::Row));
        statement.len() < text.trim().len() || (text.len() > MAX_LABEL_LINE && !entry)
    }

    fn shows_own_mail(&self) -> bool {
        *self.own_mail.get_or_init(|| {
            let at_site = format!("@{}", self.context.site);
            self.scan.text.contains(&at_site)
                || self
                    .scan
                    .anchors
                    .iter()
                    .any(|anchor| starts_ci(&anchor.href, "mailto:") && anchor.href.contains(&at_site))
        })
    }

    /// Whether a link to the website of another stands in `part` of a line.
    fn links_elsewhere(&self, line: usize, part: Range<usize>) -> bool {
        let Some(own) = self.scan.lines.get(line) else {
            return false;
        };
        let from = self.scan.anchors.partition_point(|anchor| anchor.line < line);
        let anchors = self.scan.anchors[from..]
            .iter()
            .take_while(|anchor| anchor.line == line)
            .take(20);
        anchors
            .filter(|anchor| {
                let start = anchor.text.start.saturating_sub(own.range.start);
                anchor.text.end > anchor.text.start && part.contains(&start)
            })
            .filter_map(|anchor| self.context.resolve(&anchor.href))
            .any(|url| {
                let site = crate::scrape::url::site_key(&url);
                site != self.context.site
                    && !self
                        .context
                        .domain
                        .resembles(site.split('.').next().unwrap_or_default())
                    && crate::scrape::extract::social::profile(&url).is_none()
                    && !url.host_str().is_some_and(|host| {
                        host.contains("google.")
                            || host.contains("wa.me")
                            || host.contains("whatsapp")
                            || host.contains("maps")
                    })
            })
    }

    fn heading_of(&self, line: usize) -> Option<&str> {
        let headings = self.heading.get_or_init(|| {
            let mut last = u32::MAX;
            self.scan
                .lines
                .iter()
                .enumerate()
                .map(|(at, line)| {
                    if matches!(line.kind, LineKind::Heading(_)) {
                        last = u32::try_from(at).unwrap_or(u32::MAX);
                    }
                    last
                })
                .collect()
        });
        let heading = usize::try_from(*headings.get(line)?).ok()?;
        (heading < line && line - heading <= HEADING_REACH && self.scan.line(heading).len() <= 120)
            .then(|| self.scan.line(heading))
    }
}

/// What stands between a number and an earlier one of its statement, where that is more than a label: it is this one that it
/// speaks of.
fn after_number(head: &str) -> &str {
    const FEW: usize = 3;
    let mut digits = 0;
    let mut last = 0;
    for (at, byte) in head.bytes().enumerate() {
        match byte {
            b'0'..=b'9' => digits += 1,
            b' ' | b'.' | b'-' | b'(' | b')' => {}
            _ => digits = 0,
        }
        if digits >= 6 && byte.is_ascii_digit() {
            last = at + 1;
        }
    }
    let rest = &head[last..];
    let words = rest
        .split_whitespace()
        .filter(|word| word.chars().any(char::is_alphabetic));
    if words.count() >= FEW { rest } else { head }
}

/// The part of a line that stands within reach of `at`, where `at` is in it, and how much was cut before it.
fn nearby(text: &str, at: Range<usize>) -> (&str, Range<usize>, usize) {
    let start = text.floor_char_boundary(at.start.saturating_sub(REACH.0));
    let end = text.ceil_char_boundary(at.end.saturating_add(REACH.1).min(text.len()));
    (&text[start..end], at.start - start..at.end - start, start)
}

fn is_prose(text: &str) -> bool {
    text.contains(". ") || text.contains("? ")
}

/// Whether the business speaks of itself in folded text.
fn speaks_of_itself(folded: &str) -> bool {
    PRONOUNS.any(folded)
}

/// Folded text without the parts that are streets: "12 Bank Street" is no bank.
fn folded_without_streets(text: &str) -> Folded {
    // The number itself stands in the last part, and makes no street of it.
    let last = text.rfind([',', ':']).map_or(0, |at| at + 1);
    let parts = text[..last].split([',', ':']).filter(|part| !is_street(part));
    let kept: Vec<&str> = parts.chain([&text[last..]]).collect();
    Folded::of(&kept.join(","))
}

/// Whether a word names a trade or a kind of business, and no business.
pub(crate) fn is_trade(word: &str) -> bool {
    TRADES.any(Folded::of(word).text())
}

/// Whether words name an authority, a chamber, a helpline or another body that businesses only speak of.
pub(crate) fn names_body(text: &str) -> bool {
    let folded = Folded::of(text);
    AUTHORITIES.any(folded.text()) || BODIES.any(folded.text())
}

/// Whether a heading is that of a list of others.
pub(crate) fn heads_others(heading: &str) -> bool {
    LISTS.any(Folded::of(heading).text())
}

#[cfg(test)]
mod tests;
