//! Strings as payloads may hold them, and the small predicates on text that several extractors share.

use std::borrow::Cow;

/// Characters that a browser shows as nothing, or that a database or a spreadsheet cannot hold.
///
/// C0 and C1 controls go (PostgreSQL's `jsonb` refuses U+0000), and so do zero-width and bidirectional marks, which
/// sites put into addresses to mislead robots.
pub fn is_unwanted(c: char) -> bool {
    matches!(c,
        '\u{0}'..='\u{8}' | '\u{b}' | '\u{e}'..='\u{1f}' | '\u{7f}'..='\u{84}' | '\u{86}'..='\u{9f}'
        | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        | '\u{fff0}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}')
}

/// White space in the sense of text layout, the no-break kinds included.
pub fn is_space(c: char) -> bool {
    c.is_whitespace() || c == '\u{85}'
}

/// `input` without unwanted characters, white space collapsed to single spaces and trimmed.
pub fn squeeze(input: &str) -> String {
    let mut out = String::with_capacity(input.len());
    for c in input.chars() {
        if is_unwanted(c) {
            continue;
        }
        if is_space(c) {
            if !out.is_empty() && !out.ends_with(' ') {
                out.push(' ');
            }
        } else {
            out.push(c);
        }
    }
    if out.ends_with(' ') {
        out.pop();
    }
    out
}

/// [`squeeze`], cut at a word end so that it has at most `max` characters.
pub fn squeeze_to(input: &str, max: usize) -> String {
    let mut out = squeeze(input);
    if let Some((cut, _)) = out.char_indices().nth(max) {
        let at = out[..cut].rfind(' ').filter(|at| *at > cut / 2).unwrap_or(cut);
        out.truncate(at);
    }
    out
}

/// Letters and digits in lower case, words separated by one space: what two spellings of one thing share.
pub fn fold(input: &str) -> String {
    let mut out = String::with_capacity(input.len());
    for c in input.chars() {
        if c.is_ascii_alphanumeric() {
            out.push(c.to_ascii_lowercase());
            continue;
        }
        for c in c.to_lowercase() {
            match plain(c) {
                c if c.is_alphanumeric() => out.push(c),
                '\'' | '\u{2019}' => {}
                _ if !out.is_empty() && !out.ends_with(' ') => out.push(' '),
                _ => {}
            }
        }
    }
    if out.ends_with(' ') {
        out.pop();
    }
    out
}

/// The letter without its accent, for the Latin letters of European languages, Turkish and Māori.
pub fn plain(c: char) -> char {
    if c.is_ascii() {
        return c;
    }
    match c {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ā' | 'ą' | 'ă' => 'a',
        'ç' | 'č' | 'ć' => 'c',
        'ď' | 'đ' => 'd',
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ě' | 'ę' | 'ė' => 'e',
        'ğ' => 'g',
        'ì' | 'í' | 'î' | 'ï' | 'ī' | 'ı' => 'i',
        'ł' | 'ľ' | 'ĺ' => 'l',
        'ñ' | 'ń' | 'ň' => 'n',
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ō' | 'ø' | 'ő' => 'o',
        'ř' | 'ŕ' => 'r',
        'š' | 'ś' | 'ş' | 'ș' => 's',
        'ť' | 'ţ' | 'ț' => 't',
        'ù' | 'ú' | 'û' | 'ü' | 'ū' | 'ů' | 'ű' => 'u',
        'ý' | 'ÿ' => 'y',
        'ž' | 'ź' | 'ż' => 'z',
        other => other,
    }
}

/// Whether `hay` holds `needle` (ASCII, lower case) in any case.
pub fn contains_ci(hay: &str, needle: &str) -> bool {
    find_ci(hay, needle).is_some()
}

/// Byte offset of `needle` (ASCII, lower case) in `hay`, in any case.
pub fn find_ci(hay: &str, needle: &str) -> Option<usize> {
    let (hay, needle) = (hay.as_bytes(), needle.as_bytes());
    let (first, rest) = needle.split_first()?;
    let upper = first.to_ascii_uppercase();
    let last = hay.len().checked_sub(needle.len())?;
    let mut at = 0;
    while at <= last {
        at += hay[at..=last].iter().position(|byte| byte == first || *byte == upper)?;
        if hay[at + 1..at + needle.len()].eq_ignore_ascii_case(rest) {
            return Some(at);
        }
        at += 1;
    }
    None
}

/// Many words looked for at once, in any case of their ASCII letters. Each has three bytes or more, in lower case; there
/// are at most [`MAX_WORDS`].
#[derive(Debug)]
pub struct Words {
    list: &'static [&'static str],
    /// A set bit for the first three bytes of each word: nearly all places in a text are passed over by one look.
    starts: [u64; 128],
    /// For each group of beginnings, the number after that of its first word; 0 ends a group.
    first: [u16; 256],
    /// For each word, the number after that of the next word in its group.
    next: [u16; MAX_WORDS],
    /// For each word, its first three bytes.
    threes: [u32; MAX_WORDS],
}

/// Words of one [`Words`] at most.
const MAX_WORDS: usize = 512;

impl Words {
    /// Prepares a list, at compile time for a `static`.
    pub const fn new(list: &'static [&'static str]) -> Self {
        let mut starts = [0; 128];
        let mut first = [0; 256];
        let mut next = [0; MAX_WORDS];
        let mut threes = [0; MAX_WORDS];
        let mut at = list.len();
        while at > 0 {
            at -= 1;
            let word = list[at].as_bytes();
            let three = Self::shifted(Self::shifted(Self::shifted(0, word[0]), word[1]), word[2]);
            let bit = Self::bit(three);
            threes[at] = three;
            starts[bit / 64] |= 1 << (bit % 64);
            next[at] = first[bit % 256];
            first[bit % 256] = at as u16 + 1;
        }
        Self {
            list,
            starts,
            first,
            next,
            threes,
        }
    }

    /// The last three bytes with one more; upper-case letters become lower-case ones, and some signs become others.
    const fn shifted(three: u32, byte: u8) -> u32 {
        ((three << 8) | (byte | 0x20) as u32) & 0x00ff_ffff
    }

    const fn bit(three: u32) -> usize {
        (three.wrapping_mul(0x9e37_79b1) >> 19) as usize
    }

    /// The first place where one of the words stands, and the word.
    pub fn find(&self, hay: &str) -> Option<(usize, &'static str)> {
        self.all(hay).next().map(|(at, index)| (at, self.list[index]))
    }

    /// The word with an index that [`Words::all`] gave.
    pub fn word(&self, index: usize) -> &'static str {
        self.list[index]
    }

    /// Every place where a word stands, and the word's index; words may overlap.
    pub fn all<'a>(&'a self, hay: &'a str) -> Places<'a> {
        let bytes = hay.as_bytes();
        let three = match bytes {
            [first, second, ..] => Self::shifted(Self::shifted(0, *first), *second),
            _ => 0,
        };
        Places {
            words: self,
            bytes,
            read: 2,
            three,
            group: 0,
        }
    }

    /// Whether one of the words stands in `hay`.
    pub fn any(&self, hay: &str) -> bool {
        self.all(hay).next().is_some()
    }
}

/// The places of [`Words`] in a text.
#[derive(Debug)]
pub struct Places<'a> {
    words: &'a Words,
    bytes: &'a [u8],
    /// How many bytes have been looked at, the two of the first place included.
    read: usize,
    three: u32,
    /// The number after that of the next word that may stand at the place that ends where `read` does.
    group: u16,
}

impl Iterator for Places<'_> {
    type Item = (usize, usize);

    fn next(&mut self) -> Option<(usize, usize)> {
        loop {
            while let Some(index) = usize::from(self.group).checked_sub(1) {
                self.group = self.words.next[index];
                if self.words.threes[index] != self.three {
                    continue;
                }
                let at = self.read - 3;
                let word = self.words.list[index].as_bytes();
                if let Some(there) = self.bytes[at..].get(..word.len())
                    && there.eq_ignore_ascii_case(word)
                {
                    return Some((at, index));
                }
            }
            let rest = self.bytes.get(self.read..)?;
            let mut three = self.three;
            let skipped = rest.iter().position(|byte| {
                three = Words::shifted(three, *byte);
                let bit = Words::bit(three);
                self.words.starts[bit / 64] & (1 << (bit % 64)) != 0
            })?;
            self.three = three;
            self.read += skipped + 1;
            self.group = self.words.first[Words::bit(three) % 256];
        }
    }
}

/// Lists of words as one, of `N` words as [`total`] counts them: [`Words::all`] tells by the index of which list a word is.
pub const fn concat<const N: usize>(lists: &[&[&'static str]]) -> [&'static str; N] {
    let mut out = [""; N];
    let (mut list, mut at, mut end) = (0, 0, 0);
    while list < lists.len() {
        if at < lists[list].len() {
            out[end] = lists[list][at];
            (at, end) = (at + 1, end + 1);
        } else {
            (list, at) = (list + 1, 0);
        }
    }
    out
}

/// How many words the lists have together.
pub const fn total(lists: &[&[&'static str]]) -> usize {
    let (mut list, mut sum) = (0, 0);
    while list < lists.len() {
        sum += lists[list].len();
        list += 1;
    }
    sum
}

/// Whether `input` starts with `prefix` (ASCII) in any case.
pub fn starts_ci(input: &str, prefix: &str) -> bool {
    input.len() >= prefix.len() && input.as_bytes()[..prefix.len()].eq_ignore_ascii_case(prefix.as_bytes())
}

/// Where `part`, a piece of `whole`, begins in it.
pub fn offset(whole: &str, part: &str) -> Option<usize> {
    let at = (part.as_ptr() as usize).checked_sub(whole.as_ptr() as usize)?;
    (at + part.len() <= whole.len() && whole.is_char_boundary(at)).then_some(at)
}

/// Percent-decoding that keeps what is not valid UTF-8 afterwards readable.
pub fn percent_decode(input: &str) -> Cow<'_, str> {
    if !input.contains('%') {
        return Cow::Borrowed(input);
    }
    let bytes = input.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let pair = bytes.get(at + 1).zip(bytes.get(at + 2)).and_then(|(high, low)| {
            Some((char::from(*high).to_digit(16)? * 16 + char::from(*low).to_digit(16)?) as u8)
        });
        match (bytes[at], pair) {
            (b'%', Some(byte)) => {
                out.push(byte);
                at += 3;
            }
            (byte, _) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    Cow::Owned(String::from_utf8_lossy(&out).into_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn squeezing_removes_what_jsonb_refuses() {
        assert_eq!(squeeze("  a\u{0}b \t\n c\u{200b}d\u{a0}e "), "ab cd e");
        assert_eq!(squeeze_to("one two three", 9), "one two");
        assert_eq!(squeeze_to("ééééé", 3), "ééé");
    }

    #[test]
    fn folding_compares_spellings() {
        assert_eq!(fold("Dr. O'Brien – Zahnärzte"), fold("dr obrien zahnarzte"));
        assert_eq!(fold("Łódź, Őrség, Iași, Ağrı"), "lodz orseg iasi agri");
    }

    #[test]
    fn finding_ignores_case_and_stays_in_bounds() {
        assert_eq!(find_ci("ÄBC Fax", "fax"), Some(5));
        assert_eq!(find_ci("fa", "fax"), None);
        assert!(starts_ci("MAILTO:x", "mailto:"));
    }

    #[test]
    fn many_words_at_once() {
        static WORDS: Words = Words::new(&["fax", "öffnung", "tel"]);
        assert_eq!(WORDS.find("Unser TELefon"), Some((6, "tel")));
        assert!(WORDS.any("Die öffnungszeiten"));
        assert!(!WORDS.any("fa te"));
    }

    #[test]
    fn percent_decoding_survives_damage() {
        assert_eq!(percent_decode("a%20b%zz%"), "a b%zz%");
        assert_eq!(percent_decode("%C3%A9"), "é");
    }
}
