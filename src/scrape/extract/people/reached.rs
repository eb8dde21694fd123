//! People whose own mail stands beside their name: "Ing. Čestmír Bernatský", bernatsky@bcbtechnik.cz.

use super::names::without_titles;
use super::{add, looks_like_name};
use crate::scrape::extract::page::scan::{Scan, Zone};
use crate::scrape::extract::whose::is_trade;
use crate::scrape::extract::whose::own::Own;
use crate::scrape::payload::PageFacts;
use crate::scrape::text::fold;

/// Trust in a name that nothing but a mailbox says to be a person's.
const TRUST: u8 = 40;
/// Longer lines are prose.
const MAX_LINE: usize = 60;
/// Lines below a name that may hold its mail: what somebody does and a number stand between.
const REACH: usize = 3;
/// Shorter words stand in mailboxes by chance.
const MIN_WORD: usize = 3;

/// Adds those that are not called like the business.
pub(crate) fn read(scan: &Scan, own: &Own, facts: &mut PageFacts) {
    for (at, line) in scan.lines.iter().enumerate() {
        if !line.signs.at() || matches!(line.zone, Zone::Quote | Zone::Nav) || line.range.len() > MAX_LINE {
            continue;
        }
        let Some(mailbox) = mailbox(scan.line(at)) else {
            continue;
        };
        let above = scan.lines[at.saturating_sub(REACH)..at].iter().rev();
        let name = above
            .take_while(|line| !line.signs.at() && line.range.len() <= MAX_LINE)
            .map(|line| scan.text[line.range.clone()].trim_end_matches([':', ',']))
            .find(|name| is_called(name, &mailbox));
        if let Some(name) = name.filter(|name| !own.is_called(name)) {
            add(name, None, TRUST, facts);
        }
    }
}

/// The part before the "@" of the first address in a line, folded: its marks are spaces.
fn mailbox(line: &str) -> Option<String> {
    let address = line.split(' ').find(|word| word.contains('@'))?;
    let (local, _) = address.split_once('@')?;
    Some(fold(local))
}

/// Whether a mailbox is called like a person: both names with a mark between them, or the first by its letter, or the last alone where
/// a title stands before the name. Departments have boxes of one word.
fn is_called(name: &str, mailbox: &str) -> bool {
    let Some(titled) = looks_like_name(name) else {
        return false;
    };
    let words: Vec<String> = without_titles(name).split(' ').map(fold).collect();
    let (Some(first), Some(last)) = (words.first(), words.last()) else {
        return false;
    };
    if name.split([' ', '-']).any(is_trade) || first.len() < MIN_WORD || last.len() < MIN_WORD {
        return false;
    }
    let parts: Vec<&str> = mailbox.split(' ').collect();
    let letter = &first[..first.chars().next().map_or(0, char::len_utf8)];
    match parts.as_slice() {
        [one] => (titled && one == last) || *one == format!("{letter}{last}"),
        [one, other] => {
            let either = |a: &str, b: &str| (a == first || a == letter) && b == last;
            either(one, other) || either(other, one)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use crate::scrape::extract::extract_html;

    fn people(html: &str) -> Vec<String> {
        let facts = extract_html(html, &"https://www.bcbtechnik.cz/".parse().unwrap(), None);
        facts.people.into_iter().map(|fact| fact.value.name).collect()
    }

    #[test]
    fn names_above_their_own_mail_are_people() {
        for html in [
            "<h4>Ing. Čestmír Bernatský</h4><p>bernatsky@bcbtechnik.cz</p>",
            "<p>Ing. Čestmír Bernatský<br>obchod<br>Tel. 605 123 456<br>E-mail: cestmir.bernatsky@gmail.com</p>",
            "<p>Ing. Čestmír Bernatský</p><p>cbernatsky@bcbtechnik.cz</p>",
        ] {
            assert_eq!(people(html), ["Ing. Čestmír Bernatský"], "{html}");
        }
        for html in [
            "<h4>Nová Technika</h4><p>bernatsky@bcbtechnik.cz</p>",
            "<title>Bcb Technik</title><p>Bcb Technik</p><p>technik@seznam.cz</p>",
            "<p>Čestmír Bernatský</p><p>info@bcbtechnik.cz</p><p>c.bernatsky@bcbtechnik.cz</p>",
            "<h4>Servizio Clienti</h4><p>clienti@bcbtechnik.cz</p>",
            "<h4>Human Resources</h4><p>humanresources@bcbtechnik.cz</p>",
        ] {
            assert_eq!(people(html), Vec::<String>::new(), "{html}");
        }
    }
}
