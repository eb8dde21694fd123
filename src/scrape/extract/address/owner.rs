//! Whose an address is: the business's own, or that of a chamber, an authority, an emergency service or a web designer
//! whom the page names too.

use super::lines::Found;
use super::owner_words::{COMPANIES, OTHERS, OURS, PLACEHOLDERS};
use crate::scrape::extract::page::scan::{LineKind, Scan, Zone};
use crate::scrape::extract::whose::own::Own;
use crate::scrape::extract::whose::{heads_others, names_body};
use crate::scrape::text::{contains_ci, fold};

/// Lines above an address in which its owner may be named.
const LINES_ABOVE: usize = 4;
/// Lines above in which a heading still speaks of the address.
const HEADING_ABOVE: usize = 6;

/// Lines below the heading of a list of others that are surely of it.
const LIST_REACH: usize = 3;

/// Whose an address is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    /// The business is named beside it, or its mail.
    Own,
    Unknown,
    /// Another company is named beside it, or the page is about the law.
    Doubtful,
    Other,
}

/// A page and what it calls itself.
pub(super) struct Site<'a> {
    pub(super) scan: &'a Scan,
    pub(super) own: &'a Own,
    /// A page about privacy or terms.
    pub(super) legal: bool,
}

/// Whether an address is one that nobody lives at.
pub(crate) fn is_placeholder(raw: &str) -> bool {
    // "Street 1": a word for streets and nothing else.
    let street = fold(raw.split(',').next().unwrap_or_default());
    let (word, number) = street.split_once(' ').unwrap_or((street.as_str(), ""));
    let bare = [
        "street", "strasse", "straße", "rue", "calle", "via", "ulica", "οδός", "οδος", "strada", "rua", "utca",
    ];
    PLACEHOLDERS.any(raw) || (bare.contains(&word) && !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

/// Whether a path leads to a page about privacy or terms, which names others more than the business.
pub(super) fn is_legal(path: &str) -> bool {
    const WORDS: [&str; 10] = [
        "privac",
        "privat",
        "datenschutz",
        "legal",
        "terms",
        "cookie",
        "confidential",
        "mentions",
        "rgpd",
        "gdpr",
    ];
    WORDS.iter().any(|word| contains_ci(path, word))
}

impl Site<'_> {
    /// Whose the address is that was found in `sentence`, a part of the line numbered `at`.
    pub(super) fn owner_of(&self, at: usize, sentence: &str, found: &Found) -> Owner {
        // Mail in the same sentence, which ends at the first full stop behind the address.
        let behind = &sentence[found.end..];
        let behind = &behind[..behind.find(". ").unwrap_or(behind.len())];
        let before = if found.above { "" } else { &sentence[..found.start] };
        let mail = mails(before)
            .chain(mails(behind))
            .find_map(|mail| self.own.is_ours(mail));
        match mail {
            Some(true) => return Owner::Own,
            Some(false) => return Owner::Other,
            None => {}
        }
        let lead = if found.above { "" } else { &sentence[..found.start] };
        if let Some(owner) = self.told_by(lead) {
            return owner;
        }
        let mut seen = 0;
        let lead_says = lead.chars().filter(|c| c.is_alphabetic()).count() >= 3;
        for above in (0..at).rev() {
            let line = &self.scan.lines[above];
            let text = self.scan.line(above);
            let heading = matches!(line.kind, LineKind::Heading(_));
            seen += 1;
            if seen > HEADING_ABOVE || line.zone == Zone::Nav {
                break;
            }
            // "(Junto às piscinas municipais)" is where it is.
            if text.starts_with('(') && text.ends_with(')') {
                continue;
            }
            // Prose above speaks of anything; headings and lines of the same block speak of the address.
            let near = heading || (seen <= LINES_ABOVE && text.len() <= 60 && !lead_says);
            if heading && seen <= LIST_REACH && heads_others(text) {
                return Owner::Other;
            }
            if near && let Some(owner) = self.told_by(text) {
                return owner;
            }
            if heading {
                break;
            }
        }
        if self.legal || self.is_other_company(lead) {
            return Owner::Doubtful;
        }
        Owner::Unknown
    }

    /// What the text before an address says about its owner, the nearest piece first.
    fn told_by(&self, text: &str) -> Option<Owner> {
        for piece in text.rsplit([',', ';', ':', '(', '·', '–', '|', '•', '\t']) {
            if piece.trim().len() < 3 {
                continue;
            }
            if self.own.is_named_in(piece) {
                return Some(Owner::Own);
            }
            if OTHERS.any(piece) || names_body(piece) {
                return Some(Owner::Other);
            }
            if OURS.any(piece) {
                return Some(Owner::Own);
            }
        }
        None
    }

    /// Whether a company is named right before an address, and is not the business.
    fn is_other_company(&self, lead: &str) -> bool {
        let piece = lead.trim_end_matches([' ', ',', '-', '–', ':']);
        let piece = piece.rsplit([',', ':', ';', '·']).next().unwrap_or_default().trim();
        let last = piece.rsplit(' ').next().unwrap_or_default();
        let last: String = last
            .chars()
            .filter(|c| c.is_alphanumeric() || *c == '/')
            .flat_map(char::to_lowercase)
            .collect();
        last.len() >= 2 && COMPANIES.contains(&format!(" {last} ")) && !self.own.is_called(piece)
    }
}

/// Words with an at sign in them.
fn mails(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '(' | ')' | '<' | '>' | '|'))
        .filter(|word| word.contains('@'))
        .map(|word| word.trim_end_matches('.'))
}

/// Where the sentences of a line end. Abbreviations such as "St." and "Av." end none.
pub(super) fn sentences(text: &str) -> Vec<usize> {
    let mut out = Vec::new();
    for (at, _) in text.match_indices(". ") {
        let word = text[..at]
            .rsplit(|c: char| !c.is_alphanumeric())
            .next()
            .unwrap_or_default();
        let next = text[at + 2..].trim_start();
        let long = word.chars().count() >= 5 || (word.len() >= 3 && word.bytes().all(|b| b.is_ascii_digit()));
        let begins = next.starts_with(|c: char| c.is_uppercase() || c.is_ascii_digit() || !c.is_ascii());
        if long && begins {
            out.push(at + 2);
        }
    }
    out.push(text.len());
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use crate::scrape::extract::extract_html;

    fn codes(html: &str) -> Vec<String> {
        let html =
            format!("<title>Zahnarztpraxis Krüger</title><p>Lindenallee 27<br>04158 Leipzig</p><p>-</p><p>-</p>{html}");
        let facts = extract_html(&html, &"https://www.zahnarzt-krueger.de/".parse().unwrap(), None);
        let codes = facts.addresses.into_iter().filter(|fact| fact.trust >= 40);
        codes.filter_map(|fact| fact.value.postal_code).collect()
    }

    #[test]
    fn addresses_of_others_are_passed_over() {
        for other in [
            "<p>Zuständig ist die Handwerkskammer Reutlingen, Hindenburgstr. 58, 72762 Reutlingen.</p>",
            "<h3>Notdienst</h3><p>Klinik am See<br>Seestr. 1<br>72762 Reutlingen</p>",
            "<p>Konzept und Umsetzung: Weender Webwerk, Weender Straße 50, 37073 Göttingen</p>",
            "<p>Rechnungen: Abrechnung GmbH, Postweg 5, 48005 Münster, info@abrechnung.example.com</p>",
            "<p>Musterstraße 12, 12345 Musterstadt</p>",
            "<p>Unser Server steht bei der Kabel GmbH, Gasteweg 2, 37073 Göttingen</p>",
        ] {
            assert_eq!(codes(other), ["04158"], "{other}");
        }
        assert_eq!(
            codes("<p>Die Zahnarztpraxis Krüger finden Sie auch in der Seestr. 1, 72762 Reutlingen.</p>"),
            ["04158", "72762"]
        );
    }
}
