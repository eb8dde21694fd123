//! How much a name and a domain, or two names, have in common.

use crate::scrape::extract::whose::is_trade;
use crate::scrape::text::fold;
use std::borrow::Cow;

/// 0 to 1: how much of the domain's word the text explains, and how much of the text the domain explains.
pub(crate) fn likeness(text: &str, label: &str) -> f64 {
    // German domains write umlauts out.
    let spelled = text.contains(['ä', 'ö', 'ü', 'ß', 'Ä', 'Ö', 'Ü']).then(|| {
        text.to_lowercase()
            .replace('ä', "ae")
            .replace('ö', "oe")
            .replace('ü', "ue")
            .replace('ß', "ss")
    });
    let written = spelled.map_or(0.0, |spelled| likeness_as_written(&spelled, label));
    written.max(likeness_as_written(text, label))
}

fn likeness_as_written(text: &str, label: &str) -> f64 {
    if label.len() < 2 || !may_share(text, label) {
        return 0.0;
    }
    let folded = fold(&latin(text));
    let words: Vec<&str> = folded.split(' ').filter(|word| !word.is_empty()).collect();
    let joined: String = words.concat();
    if joined.is_empty() {
        return 0.0;
    }
    if joined == label {
        return 1.0;
    }
    let mut rest = label.to_owned();
    let mut explained = 0;
    let mut used = 0;
    let mut ordered = words.clone();
    ordered.sort_by_key(|word| std::cmp::Reverse(word.len()));
    for word in ordered {
        if word.len() >= 2
            && let Some(at) = rest.find(word)
        {
            explained += word.len();
            used += word.len();
            rest.replace_range(at..at + word.len(), "\u{1}");
        }
    }
    let initials: String = words.iter().filter_map(|word| word.chars().next()).collect();
    if initials.len() >= 2 && label == initials {
        return 0.8;
    }
    // "choservices": the initials of "Computer Home & Office", and "Services".
    if let [before @ .., last] = words.as_slice()
        && before.len() >= 2
        && label
            .strip_suffix(last)
            .is_some_and(|rest| rest.chars().eq(before.iter().filter_map(|word| word.chars().next())))
    {
        return 0.85;
    }
    // "swwalaw": the initials of the partners, and what they do.
    if initials.len() >= 3 && label.strip_prefix(&initials).is_some_and(is_trade) {
        return 0.75;
    }
    let of_label = explained as f64 / label.len() as f64;
    let of_text = used as f64 / joined.len() as f64;
    (0.65 * of_label + 0.35 * of_text).min(0.95)
}

/// Whether a text may have a word or its initials in common with the domain, as far as its words begin: most lines of a page have
/// none, and folding them takes longer.
fn may_share(text: &str, label: &str) -> bool {
    // Accents go, and an apostrophe joins what stands around it.
    if !text.is_ascii() || text.contains('\'') {
        return true;
    }
    let label = label.as_bytes();
    let begins = |word: &[u8]| match *word {
        [first, second, ..] => label.windows(2).any(|two| two == [first | 0x20, second | 0x20]),
        _ => false,
    };
    let mut words = text
        .as_bytes()
        .split(|byte| !byte.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty());
    let Some(first) = words.next() else { return false };
    first[0].to_ascii_lowercase() == label[0] || begins(first) || words.any(begins)
}

/// Whether two spellings mean one business: one holds all the words of the other.
pub(crate) fn agree(one: &str, other: &str) -> bool {
    let (one, other) = (fold(one), fold(other));
    let (short, long) = if one.len() <= other.len() {
        (&one, &other)
    } else {
        (&other, &one)
    };
    !short.is_empty()
        && (short.replace(' ', "") == long.replace(' ', "")
            || short.split(' ').all(|word| long.split(' ').any(|w| w == word)))
}

/// Greek and Cyrillic letters as domains write them.
fn latin(text: &str) -> Cow<'_, str> {
    if !text
        .chars()
        .any(|c| matches!(c, '\u{370}'..='\u{3ff}' | '\u{400}'..='\u{4ff}'))
    {
        return Cow::Borrowed(text);
    }
    let lower = text.to_lowercase().replace("ου", "ou").replace("ού", "ou");
    let letter = |c: char| match c {
        'α' | 'ά' | 'а' => "a",
        'β' | 'в' => "v",
        'γ' | 'г' | 'ґ' => "g",
        'δ' | 'д' => "d",
        'ε' | 'έ' | 'е' | 'э' | 'є' => "e",
        'ζ' | 'з' => "z",
        'η' | 'ή' | 'ι' | 'ί' | 'ϊ' | 'и' | 'і' | 'й' => "i",
        'θ' => "th",
        'κ' | 'к' => "k",
        'λ' | 'л' => "l",
        'μ' | 'м' => "m",
        'ν' | 'н' => "n",
        'ξ' => "x",
        'ο' | 'ό' | 'ω' | 'ώ' | 'о' => "o",
        'π' | 'п' => "p",
        'ρ' | 'р' => "r",
        'σ' | 'ς' | 'с' => "s",
        'τ' | 'т' => "t",
        'υ' | 'ύ' | 'ы' => "y",
        'φ' | 'ф' => "f",
        'χ' => "ch",
        'ψ' => "ps",
        'б' => "b",
        'ё' => "yo",
        'ж' => "zh",
        'у' => "u",
        'х' => "kh",
        'ц' => "ts",
        'ч' => "ch",
        'ш' => "sh",
        'щ' => "shch",
        'ю' => "yu",
        'я' => "ya",
        'ї' => "yi",
        _ => "",
    };
    let mut out = String::with_capacity(lower.len());
    for c in lower.chars() {
        match letter(c) {
            "" if matches!(c, 'ь' | 'ъ') => {}
            "" => out.push(c),
            written => out.push_str(written),
        }
    }
    Cow::Owned(out)
}
