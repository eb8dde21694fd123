//! Text as the word lists compare it: lower case, without accents, words apart.

use crate::scrape::text::plain;
use std::collections::HashSet;

/// Whole words that a text is asked for one at a time.
#[derive(Debug)]
pub(crate) struct WordSet {
    words: HashSet<&'static str>,
    longest: usize,
}

impl WordSet {
    /// The words of a list that spaces separate.
    pub(crate) fn of(list: &'static str) -> Self {
        let words: HashSet<&str> = list.split_whitespace().collect();
        let longest = words.iter().map(|word| word.len()).max().unwrap_or(0);
        Self { words, longest }
    }

    /// Whether `word` is one of them.
    pub(crate) fn has(&self, word: &str) -> bool {
        word.len() <= self.longest && self.words.contains(word)
    }
}

/// A piece of text in lower-case words without accents, one space before and behind each.
#[derive(Debug, Clone, Default)]
pub(crate) struct Folded(String);

impl Folded {
    /// Folds `input`; letters of every script are kept.
    pub(crate) fn of(input: &str) -> Self {
        let mut out = String::with_capacity(input.len() + 2);
        out.push(' ');
        for c in input.chars() {
            if c.is_ascii_alphanumeric() {
                out.push(c.to_ascii_lowercase());
            } else if c.is_ascii() {
                if !out.ends_with(' ') {
                    out.push(' ');
                }
            } else {
                for c in c.to_lowercase() {
                    match bare(plain(c)) {
                        c if c.is_alphanumeric() => out.push(c),
                        // The accent that lower-casing a Turkish letter leaves behind.
                        '\u{300}'..='\u{36f}' => {}
                        _ if !out.ends_with(' ') => out.push(' '),
                        _ => {}
                    }
                }
            }
        }
        if !out.ends_with(' ') {
            out.push(' ');
        }
        Self(out)
    }

    /// The words.
    pub(crate) fn text(&self) -> &str {
        &self.0
    }
}

/// The letter without its accent, for the letters of central and eastern European languages, Turkish and Greek.
fn bare(c: char) -> char {
    match c {
        'ă' | 'ą' => 'a',
        'ć' => 'c',
        'ď' | 'đ' => 'd',
        'ę' | 'ė' => 'e',
        'ğ' | 'ģ' => 'g',
        'ı' | 'į' => 'i',
        'ķ' => 'k',
        'ł' | 'ļ' | 'ľ' => 'l',
        'ń' | 'ň' | 'ņ' => 'n',
        'ő' | 'õ' => 'o',
        'ř' => 'r',
        'ś' | 'ş' | 'ș' => 's',
        'ť' | 'ţ' | 'ț' => 't',
        'ű' | 'ų' => 'u',
        'ź' | 'ż' => 'z',
        'ά' => 'α',
        'έ' => 'ε',
        'ή' => 'η',
        'ί' | 'ϊ' | 'ΐ' => 'ι',
        'ό' => 'ο',
        'ύ' | 'ϋ' => 'υ',
        'ώ' => 'ω',
        'ς' => 'σ',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_apart_and_bare() {
        assert_eq!(Folded::of("L’Urgence: Żółć, Φαξ!").text(), " l urgence zolc φαξ ");
        assert_eq!(Folded::of("").text(), " ");
    }
}
