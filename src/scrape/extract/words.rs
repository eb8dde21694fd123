//! Text as the word lists compare it: lower case, without accents, words apart.

use crate::scrape::text::plain;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

/// A set of words that the program knows: nobody can choose them so that they collide.
pub(crate) type KnownSet<T> = HashSet<T, BuildHasherDefault<KnownHasher>>;
/// A map from words that the program knows.
pub(crate) type KnownMap<K, V> = HashMap<K, V, BuildHasherDefault<KnownHasher>>;

/// A hash for short words that is faster than the standard one, without its defence against chosen keys.
#[derive(Debug, Default)]
pub(crate) struct KnownHasher(u64);

impl Hasher for KnownHasher {
    fn write(&mut self, bytes: &[u8]) {
        for part in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..part.len()].copy_from_slice(part);
            self.0 = (self.0.rotate_left(5) ^ u64::from_le_bytes(word)).wrapping_mul(0x517c_c1b7_2722_0a95);
        }
    }

    fn write_u8(&mut self, byte: u8) {
        self.0 = (self.0.rotate_left(5) ^ u64::from(byte)).wrapping_mul(0x517c_c1b7_2722_0a95);
    }

    fn finish(&self) -> u64 {
        // The table takes the lowest bits, which a product mixes least.
        self.0 ^ (self.0 >> 32)
    }
}

/// Whole words that a text is asked for one at a time.
#[derive(Debug)]
pub(crate) struct WordSet {
    words: KnownSet<&'static str>,
    longest: usize,
    /// For each first byte, by its lowest five bits, the second bytes by theirs: most words need no closer look.
    starts: [u32; 32],
}

impl WordSet {
    /// The words of a list that spaces separate.
    pub(crate) fn of(list: &'static str) -> Self {
        Self::from_words(list.split_whitespace())
    }

    /// A set of words.
    pub(crate) fn from_words(words: impl Iterator<Item = &'static str>) -> Self {
        let words: KnownSet<&str> = words.collect();

        let longest = words.iter().map(|word| word.len()).max().unwrap_or(0);
        let mut starts = [0; 32];
        for word in &words {
            match word.as_bytes() {
                [first, second, ..] => starts[usize::from(first & 31)] |= 1 << (second & 31),
                // Whatever stands behind the only letter is a mark.
                [first] => starts[usize::from(first & 31)] = u32::MAX,
                [] => {}
            }
        }
        Self { words, longest, starts }
    }

    /// Whether a word that is not yet in lower case or without accents may be one of them.
    pub(crate) fn may_have(&self, word: &str) -> bool {
        self.may_begin(word.as_bytes())
    }

    /// [`WordSet::may_have`] of the word that a text begins with.
    pub(crate) fn may_begin(&self, text: &[u8]) -> bool {
        match text {
            [first, second, ..] if first.is_ascii() && second.is_ascii() => {
                self.starts[usize::from(first & 31)] & (1 << (second & 31)) != 0
            }
            [first] if first.is_ascii() => self.starts[usize::from(first & 31)] != 0,
            other => !other.is_empty(),
        }
    }

    /// The words, in no order.
    #[cfg(test)]
    pub(crate) fn words(&self) -> impl Iterator<Item = &'static str> {
        self.words.iter().copied()
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
