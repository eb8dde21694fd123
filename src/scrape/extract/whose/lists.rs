//! The lists of words that tell whose a value is, in the languages of the pages.
//!
//! They are text files beside this one: words or beginnings of words as [`Folded`](crate::scrape::extract::words::Folded)
//! writes them, separated by commas; a full stop ends a word that is meant whole.

use crate::scrape::extract::words::KnownMap;
use std::sync::LazyLock;

/// Beginnings of words by their first two bytes.
pub(super) struct Stems(KnownMap<[u8; 2], Vec<&'static str>>);

impl Stems {
    fn new(list: &'static str) -> Self {
        let mut map: KnownMap<[u8; 2], Vec<&'static str>> = KnownMap::default();
        let lines = list.lines().filter(|line| !line.starts_with('#'));
        for word in lines.flat_map(|line| line.split(',')).map(str::trim) {
            if let [first, second, ..] = word.as_bytes() {
                map.entry([*first, *second]).or_default().push(word);
            }
        }
        Self(map)
    }

    /// Whether one begins at a word of folded text.
    pub(super) fn any(&self, folded: &str) -> bool {
        self.all(folded).next().is_some()
    }

    /// The stems that begin at words of folded text.
    pub(super) fn all<'b>(&'b self, folded: &'b str) -> impl Iterator<Item = &'static str> + 'b {
        let bytes = folded.as_bytes();
        let starts = (1..bytes.len().saturating_sub(1)).filter(move |at| bytes[at - 1] == b' ');
        starts.flat_map(move |at| self.at(&bytes[at..]))
    }

    /// The stems that stand anywhere in folded text.
    pub(super) fn anywhere<'b>(&'b self, folded: &'b str) -> impl Iterator<Item = &'static str> + 'b {
        let bytes = folded.as_bytes();
        (0..bytes.len().saturating_sub(1)).flat_map(move |at| self.at(&bytes[at..]))
    }

    fn at<'b>(&'b self, rest: &'b [u8]) -> impl Iterator<Item = &'static str> + 'b {
        let list = self.0.get(&[rest[0], rest[1]]).map_or(&[][..], Vec::as_slice);
        list.iter().copied().filter(move |word| {
            let stem = word.trim_end_matches('.');
            rest.starts_with(stem.as_bytes()) && (stem.len() == word.len() || rest.get(stem.len()) == Some(&b' '))
        })
    }
}

/// Authorities that businesses must name: the lines below speak of them too.
pub(super) static AUTHORITIES: LazyLock<Stems> = LazyLock::new(|| Stems::new(include_str!("authorities.txt")));
/// Chambers, hosts, helplines and services that businesses like to name.
pub(super) static BODIES: LazyLock<Stems> = LazyLock::new(|| Stems::new(include_str!("bodies.txt")));
/// Others whom a statement may name; what a whole section speaks of may well be the business's own.
pub(super) static OTHERS: LazyLock<Stems> = LazyLock::new(|| Stems::new(include_str!("others.txt")));
/// Others, also where the business speaks of itself in the same statement.
pub(super) static INSTEAD: LazyLock<Stems> = LazyLock::new(|| Stems::new(include_str!("instead.txt")));
/// Parts of compound words, and words of scripts that write no spaces: looked for anywhere.
pub(super) static PARTS: LazyLock<Stems> = LazyLock::new(|| Stems::new(include_str!("parts.txt")));
/// Headings of sections that list others.
pub(super) static LISTS: LazyLock<Stems> = LazyLock::new(|| Stems::new(include_str!("lists.txt")));
/// The business's own rooms, people and purposes: what is named so is no other business.
pub(super) static PLACES: LazyLock<Stems> = LazyLock::new(|| Stems::new(include_str!("places.txt")));
/// What introduces somebody at the business itself.
pub(super) static CONTACTS: LazyLock<Stems> = LazyLock::new(|| Stems::new(include_str!("contacts.txt")));
/// Words with which the business speaks of itself.
pub(super) static PRONOUNS: LazyLock<Stems> = LazyLock::new(|| Stems::new(include_str!("pronouns.txt")));
/// Trades: a name that shares no more than such a word with the domain is another's.
pub(super) static TRADES: LazyLock<Stems> = LazyLock::new(|| Stems::new(include_str!("trades.txt")));

/// What the names of companies end in.
pub(super) const COMPANIES: [&str; 31] = [
    "Ltd",
    "Limited",
    "LLC",
    "Inc",
    "GmbH",
    "AG",
    "KG",
    "OHG",
    "SA",
    "SAS",
    "SARL",
    "Sàrl",
    "BV",
    "B.V",
    "NV",
    "AB",
    "Oy",
    "ApS",
    "A/S",
    "Kft",
    "Zrt",
    "S.r.l",
    "Srl",
    "SRL",
    "S.p.A",
    "Lda",
    "Pty",
    "plc",
    "e.V",
    "s.r.o",
    "International",
];

/// Names of networks in the text of links.
pub(super) const NETWORKS: [&str; 28] = [
    "facebook",
    "instagram",
    "twitter",
    "x",
    "youtube",
    "linkedin",
    "tiktok",
    "pinterest",
    "threads",
    "yelp",
    "tripadvisor",
    "vimeo",
    "xing",
    "telegram",
    "vk",
    "whatsapp",
    "fb",
    "ig",
    "in",
    "yt",
    "google",
    "g",
    "threema",
    "snapchat",
    "telegram",
    "social",
    "media",
    "and",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_is_folded() {
        for list in [
            &AUTHORITIES,
            &BODIES,
            &OTHERS,
            &INSTEAD,
            &PARTS,
            &LISTS,
            &PLACES,
            &CONTACTS,
            &PRONOUNS,
            &TRADES,
        ] {
            let words: Vec<&str> = list.0.values().flatten().copied().collect();
            assert!(words.len() > 20);
            for word in words {
                let stem = word.trim_end_matches('.');
                assert!(stem.len() > 2 || stem.len() < word.len(), "{word}");
                assert_eq!(crate::scrape::extract::words::Folded::of(stem).text().trim(), stem);
            }
        }
    }

    #[test]
    fn stems_begin_words_and_whole_words_end() {
        let stems = Stems::new("# Comment\ntaxi, ico.");
        assert!(stems.any(" call taxis now ") && stems.any(" the ico says "));
        assert!(!stems.any(" icon ataxia "));
        assert!(stems.anywhere(" ataxia ").next().is_some());
    }
}
