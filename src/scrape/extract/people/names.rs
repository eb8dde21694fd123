//! What a person's name looks like.

use super::words::{NO_NAMES, STRONG_TITLES, TITLES};
use crate::scrape::extract::words::WordSet;
use crate::scrape::text::{Words, fold};

/// Degrees and memberships are written behind a name in capitals or with full stops.
const MAX_WORDS: usize = 9;
/// Longer words are no titles.
const MAX_TITLE: usize = 16;

/// A word in lower case, without accents, but with its full stops, as [`TITLES`] has them.
fn as_title(word: &str) -> String {
    let lower = word.to_lowercase();
    lower
        .trim_end_matches([',', ':', ';'])
        .chars()
        .map(crate::scrape::text::plain)
        .collect()
}

pub(super) fn is_title(word: &str) -> bool {
    is_title_of(&TITLES, word)
}

fn is_particle(lower: &str) -> bool {
    matches!(
        lower,
        "von"
            | "van"
            | "de"
            | "der"
            | "den"
            | "du"
            | "da"
            | "del"
            | "di"
            | "la"
            | "le"
            | "zu"
            | "al"
            | "bin"
            | "te"
            | "ter"
            | "dos"
            | "das"
            | "do"
            | "della"
            | "y"
            | "e"
            | "af"
            | "av"
            | "el"
            | "ten"
            | "zur"
            | "ap"
    )
}

/// Whether a text is a person's name, and if so whether it has a title.
pub(crate) fn looks_like_name(text: &str) -> Option<bool> {
    let is_foreign = |byte: u8| {
        matches!(
            byte,
            b'0'..=b'9' | b'@' | b'?' | b'!' | b':' | b'&' | b'/' | b'|' | b'"' | b'+' | b'=' | b'%' | b'$'
        )
    };
    if text.len() > 70 || text.bytes().any(is_foreign) || (!text.is_ascii() && text.contains(['©', '“', '»', '€']))
    {
        return None;
    }
    let capitals = text
        .split(' ')
        .filter(|word| word.trim_start_matches('(').starts_with(char::is_uppercase))
        .count();
    // "Kasthuri Men's" is the beginning of something else.
    if text.ends_with("'s") || text.ends_with("’s") {
        return None;
    }
    if capitals < 2 || text.split(' ').count() > MAX_WORDS {
        return None;
    }
    let mut titled = false;
    let mut names = 0;
    let mut ended = false;
    for (place, word) in text.split(' ').enumerate() {
        let lower = word.to_lowercase();
        if names == 0 && is_title(word) {
            titled = true;
            continue;
        }
        if is_particle(&lower) && names > 0 && !ended {
            continue;
        }
        let letters = word.trim_matches(|c: char| matches!(c, '.' | ',' | '(' | ')' | '\'' | '’' | '-'));
        let initial = letters.chars().count() == 1 && word.ends_with('.') && letters.starts_with(char::is_uppercase);
        let shaped = letters.chars().next().is_some_and(char::is_uppercase)
            && letters
                .chars()
                .all(|c| c.is_alphabetic() || matches!(c, '\'' | '’' | '-' | '.' | '‑'));
        let upper = word.chars().filter(|c| c.is_uppercase()).count();
        let whole = letters.chars().filter(|c| c.is_alphabetic()).all(char::is_uppercase) && letters.len() > 1;
        // "Dr Ana SILVA" is a name, "Ana Silva BDS" has a degree behind it.
        let short = letters.chars().count() <= 5;
        let degree = names >= 2 && ((upper >= 2 && (whole || short || ended)) || (word.contains('.') && !initial));
        if degree {
            ended = true;
            continue;
        }
        let known = NO_NAMES.has(&fold(letters));
        // Two words that no space parts: "DIFFERENCEOne".
        let glued = upper >= 4 && !whole && letters.ends_with(char::is_lowercase);
        if glued {
            return None;
        }
        if ended || !(shaped || initial) || (known && (place <= 1 || names > 0)) {
            return None;
        }
        names += usize::from(!initial || names > 0);
        if word.ends_with(',') {
            ended = true;
        }
    }
    let shouted = text.chars().filter(|c| c.is_alphabetic()).all(char::is_uppercase);
    let enough = if titled {
        (1..=5).contains(&names)
    } else {
        (2..=5).contains(&names)
    };
    (enough && (titled || !shouted)).then_some(titled)
}

/// A name without the titles before it.
pub(super) fn without_titles(name: &str) -> &str {
    let mut rest = name;
    while let Some((word, after)) = rest.split_once(' ') {
        if !is_title(word) {
            break;
        }
        rest = after;
    }
    rest
}

/// What somebody says before their name.
pub(crate) const INTRODUCTIONS: [&str; 9] = [
    "i'm ",
    "i’m ",
    "i am ",
    "my name is ",
    "mein name ist ",
    "je m'appelle ",
    "je m’appelle ",
    "me llamo ",
    "mi chiamo ",
];

static INTRODUCED: Words = Words::new(&INTRODUCTIONS);

/// The name behind "I'm" and "Mein Name ist".
pub(super) fn introduced(sentence: &str) -> Option<&str> {
    let (at, words) = INTRODUCED.find(sentence)?;
    let at = at + words.len();
    let rest = &sentence[at..];
    let end: usize = rest
        .split_inclusive(' ')
        .take_while(|word| word.starts_with(char::is_uppercase))
        .take(3)
        .map(str::len)
        .sum();
    let name = rest[..end].trim_end_matches(|c: char| !c.is_alphanumeric());
    let name = name.split([',', '.']).next().unwrap_or_default();
    looks_like_name(name).map(|_| name)
}

/// One person under two spellings: with and without title or degree.
pub(super) fn same_person(one: &str, other: &str) -> bool {
    let core = |name: &str| {
        let words = name.split([' ', ',']).filter(|word| {
            let capitals = word.chars().filter(|c| c.is_uppercase()).count();
            !(word.is_empty() || is_title(word) || capitals >= 3 && word.chars().count() == capitals)
        });
        fold(&words.collect::<Vec<_>>().join(" "))
    };
    let (one, other) = (core(one), core(other));
    !one.is_empty() && one == other
}

/// Whether `other` is `name` with titles before it or degrees behind it, and nothing else.
pub(crate) fn adds_title(other: &str, name: &str) -> bool {
    let mut wanted = name.split(' ').filter(|word| !word.is_empty()).peekable();
    let (mut added, mut read) = (false, 0);
    for word in other.split([' ', ',']).filter(|word| !word.is_empty()) {
        if wanted.peek().is_some_and(|next| fold(next) == fold(word)) {
            wanted.next();
            read += 1;
            continue;
        }
        let letters = word.chars().filter(|c| *c != '.').count();
        let capitals = word.chars().filter(|c| c.is_uppercase()).count();
        let degree = read >= 2 && letters >= 3 && capitals == letters;
        if !degree && !(is_title(word) && (read == 0 || wanted.peek().is_none())) {
            return false;
        }
        added = true;
    }
    added && read >= 2 && wanted.peek().is_none()
}

fn is_strong_title(word: &str) -> bool {
    is_title_of(&STRONG_TITLES, word)
}

/// Whether a word is one of a list of titles, in any case and with a mark behind it. Most are ASCII and asked for often.
fn is_title_of(titles: &WordSet, word: &str) -> bool {
    // Accents and a mark behind the word make it longer.
    if word.len() > MAX_TITLE || !titles.may_have(word) {
        return false;
    }
    if !word.is_ascii() {
        return titles.has(&as_title(word));
    }
    let bare = word.trim_end_matches([',', ':', ';']);
    let mut lower = [0; MAX_TITLE];
    let lower = &mut lower[..bare.len()];
    lower.copy_from_slice(bare.as_bytes());
    lower.make_ascii_lowercase();
    std::str::from_utf8(lower).is_ok_and(|lower| titles.has(lower))
}

/// Whether a text has a title behind which [`in_sentence`] finds names.
pub(super) fn has_title(text: &str) -> bool {
    let mut words = text.as_bytes().split(|byte| *byte == b' ');
    words.any(|word| STRONG_TITLES.may_begin(word) && std::str::from_utf8(word).is_ok_and(is_strong_title))
}

/// Names in a sentence, each behind a title that nobody but a person has, with two words of the name at least.
pub(super) fn in_sentence(sentence: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut words: Vec<(usize, &str)> = Vec::new();
    let mut at = 0;
    for word in sentence.split(' ') {
        words.push((at, word));
        at += word.len() + 1;
    }
    let mut place = 0;
    while place < words.len() {
        if !is_strong_title(words[place].1) {
            place += 1;
            continue;
        }
        let start = words[place].0;
        let mut end = start;
        let mut names = 0;
        let mut next = place + 1;
        while next < words.len() && names < 4 {
            let (from, word) = words[next];
            let bare = word.trim_end_matches(|c: char| !c.is_alphanumeric() && c != '.');
            let letters = bare.trim_end_matches('.');
            if names == 0 && is_title(word) {
                next += 1;
                continue;
            }
            let shaped = letters.starts_with(char::is_uppercase)
                && letters
                    .chars()
                    .all(|c| c.is_alphabetic() || matches!(c, '\'' | '’' | '-' | '‑'));
            let particle = names > 0 && is_particle(word);
            if !(shaped || particle) {
                break;
            }
            names += usize::from(shaped);
            if shaped {
                end = from + letters.len();
            }
            next += 1;
            // "Dr Smith, who" and "Dr. Anna Berg." end at their mark.
            if bare.len() < word.len() || (bare.ends_with('.') && letters.chars().count() > 1) {
                break;
            }
        }
        if names >= 2 {
            out.push(&sentence[start..end]);
        }
        place = next.max(place + 1);
    }
    out
}

/// A Japanese name behind its role: `院長 日向 早紀子（ひなた さきこ）`.
pub(super) fn japanese(line: &str) -> Option<(&str, &str)> {
    const ROLES: [&str; 10] = [
        "副院長",
        "院長",
        "店主",
        "代表取締役",
        "代表",
        "オーナー",
        "店長",
        "歯科医師",
        "獣医師",
        "医師",
    ];
    let role = ROLES.into_iter().find(|role| line.starts_with(role))?;
    let rest = line[role.len()..].trim_start_matches([' ', '　', '：', ':', '\t', '／']);
    let rest = &rest[..rest.find(['（', '(', '｜', '。', '、']).unwrap_or(rest.len())].trim();
    let signs = |part: &str| {
        (1..=4).contains(&part.chars().count())
            && part
                .chars()
                .all(|c| matches!(c, '\u{3005}' | '\u{3041}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}'))
    };
    let (family, given) = rest.split_once([' ', '　'])?;
    (signs(family) && signs(given.trim())).then_some((rest, role))
}
