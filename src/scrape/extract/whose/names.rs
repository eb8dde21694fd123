//! Names before a number: of a company, of another business, of a street.

use super::Whose;
use super::lists::{COMPANIES, CONTACTS, PLACES, PRONOUNS, TRADES};
use crate::scrape::extract::people::names::looks_like_name;
use crate::scrape::extract::phones::labels::{Label, label_alone, label_of};
use crate::scrape::extract::words::Folded;
use crate::scrape::text::starts_ci;
use std::ops::Range;

/// Words between a name of one word and a number that it still names.
const MAX_WORDS_BETWEEN: usize = 8;

impl Whose<'_> {
    /// Whether a company is named before a number that is not the business's own.
    pub(super) fn names_company(&self, before: &str) -> bool {
        let mut last = "";
        let mut company = false;
        for word in before.split(|c: char| c.is_whitespace() || matches!(c, ',' | ':' | '(')) {
            if self.is_own_name(word) {
                return false;
            }
            company |= is_capital(last) && COMPANIES.contains(&word.trim_matches('.'));
            last = word;
        }
        company
    }

    /// Whether a capital word is a part of the domain that tells this business from others of its trade.
    pub(super) fn is_own_name(&self, word: &str) -> bool {
        if !is_capital(word) {
            return false;
        }
        let folded = Folded::of(word);
        let plain = folded.text();
        let told = || self.own.get_or_init(|| self.own_text()).contains(plain);
        !TRADES.any(plain) && (self.context.domain.resembles_word(word) || (plain.len() >= 6 && told()))
    }

    /// Whether a word names the trade that title or domain name too.
    fn is_own_trade(&self, word: &str) -> bool {
        let folded = Folded::of(word);
        let plain = folded.text();
        TRADES.any(plain)
            && (self.context.domain.resembles_word(word) || self.own.get_or_init(|| self.own_text()).contains(plain))
    }

    /// Whether what stands before an address of e-mail is a name, and the business is not named there.
    pub(super) fn names_only_another(&self, before: &str) -> bool {
        !before
            .split(|c: char| !c.is_alphanumeric())
            .any(|word| self.is_own_name(word))
            && self.names_another(before)
    }

    /// Whether what stands before a number is a name, and not the business's own.
    pub(super) fn names_another(&self, before: &str) -> bool {
        let adjacent_word = adjacent_word(before);
        let adjacent = is_capital(adjacent_word);
        if self.capitalises_nouns() && !adjacent {
            return false;
        }
        let (mut first, mut named) = (true, false);
        let (mut run, mut longest, mut words, mut named_at) = (0, 0, 0, 0);
        // A town in the name of the business is in the names of its neighbours too: one own word of several is not enough.
        let (mut own, mut others) = (0, 0);
        let mut named_until = 0;
        for segment in before.split([',', '(', ':']) {
            if is_street(segment) {
                break;
            }
            named_until += segment.len() + 1;
            for word in segment.split(|c: char| c.is_whitespace() || matches!(c, '-' | '–' | '/' | '"')) {
                if word.is_empty() {
                    continue;
                }
                words += 1;
                let capital = is_capital(word) && !is_label(word) && !is_day(word);
                if self.is_own_name(word) {
                    own += 1;
                } else if capital && !(first && run == 0 && words == 1 && !adjacent) && !self.is_own_trade(word) {
                    others += 1;
                }
                run = if capital { run + 1 } else { 0 };
                longest = longest.max(run);
                if capital && !first {
                    (named, named_at) = (true, words);
                }
                first &= !word.chars().any(char::is_alphabetic);
            }
            run = 0;
        }
        if own > others || rings_somebody(before) {
            return false;
        }
        if Folded::of(last_words(before))
            .text()
            .split(' ')
            .any(|word| THEIRS.contains(&word))
        {
            return true;
        }
        // One capital word far before a number is no name of its owner.
        if longest < 2 && words - named_at > MAX_WORDS_BETWEEN {
            named = false;
        }
        // An acronym, also as the first word: "DVSA enquiries 0300 …".
        let acronym = before
            .split(|c: char| !c.is_alphanumeric())
            .find(|word| !word.is_empty())
            .filter(|word| word.chars().count() >= 4 && word.chars().all(char::is_uppercase));
        let shouted = !before.chars().any(char::is_lowercase);
        if acronym.is_some_and(|word| !shouted && !is_label(word) && !PLACES.any(Folded::of(word).text())) {
            return true;
        }
        // One word right before the number is a name where it is written like one: "SouthDoc 0818 …", "RSPCA 0300 …".
        let inner = adjacent_word.chars().skip(1).filter(|c| c.is_uppercase()).count();
        named |= adjacent && words == 1 && inner >= 1 && adjacent_word.chars().count() >= 3;
        // The address of a place follows its name.
        let name = &before[..named_until.min(before.len())];
        let place = |text: &str| PLACES.any(Folded::of(text).text());
        let long = longest >= 3 && adjacent && !self.capitalises_nouns();
        named && (!place(before) || (longest >= 2 && !place(last_words(name))) || long)
    }

    /// German writes every noun like a name.
    fn capitalises_nouns(&self) -> bool {
        self.scan
            .lang
            .as_deref()
            .is_some_and(|lang| starts_ci(lang, "de") || starts_ci(lang, "lb"))
    }

    /// Whether a short entry names another behind a question or a heading of its own: "Parking: EasyPark lot 7, 604 …",
    /// "Need a body shop? Curt's, 607 …". `before` is the entry up to the number, `asked` whether a question stands
    /// before it.
    pub(super) fn introduces_another(&self, before: &str, asked: bool) -> bool {
        let (lead, name) = match before.split_once(':') {
            Some((lead, name)) if !name.trim().is_empty() => (lead, name),
            _ if asked => ("", before),
            _ => return false,
        };
        let folded = Folded::of(lead);
        let contact = CONTACTS.any(folded.text()) || PLACES.any(folded.text()) || lead.split(' ').all(is_label);
        if !lead.is_empty() && contact {
            return false;
        }
        let named = name
            .split(|c: char| c.is_whitespace() || c == ',')
            .find(|word| !word.is_empty());
        named.is_some_and(|word| is_capital(word) && !is_label(word) && !is_label(word.trim_end_matches('.')))
            && looks_like_name(name.trim().trim_end_matches(',')).is_none()
            && (!PLACES.any(Folded::of(name).text()) || longest_name(name) >= 3)
            && !name.split(char::is_whitespace).any(|word| self.is_own_name(word))
    }
}

/// Whether the words before a number ask to ring two people of the business by their first names, or to write one a message: "Phone
/// Terry & Maree on …", "text Dale on …".
fn rings_somebody(before: &str) -> bool {
    let words: Vec<&str> = before.split_whitespace().collect();
    let words = match words.as_slice() {
        [rest @ .., "on" | "at"] => rest,
        all => all,
    };
    let first_name = |word: &str| is_capital(word) && word.chars().skip(1).all(char::is_lowercase);
    match words {
        [.., verb, one, "&" | "and", other] => is_label(verb) && first_name(one) && first_name(other),
        [.., verb, one] => verb.eq_ignore_ascii_case("text") && first_name(one),
        _ => false,
    }
}

/// Whether a word is a day of the week in English, which writes them like names.
fn is_day(word: &str) -> bool {
    let day = word.trim_end_matches('s');
    day.len() >= 6 && day.ends_with("day")
}

/// The most words of a text in a row that are written like names.
pub(super) fn longest_name(text: &str) -> usize {
    let mut longest = 0;
    let mut run = 0;
    for word in text.split_whitespace() {
        run = if is_capital(word) && !is_label(word) {
            run + 1
        } else {
            0
        };
        longest = longest.max(run);
    }
    longest
}

/// The last word before a number that is no label.
fn adjacent_word(before: &str) -> &str {
    before
        .split(|c: char| c.is_whitespace() || matches!(c, '(' | ':' | ','))
        .rev()
        .filter(|word| word.contains(char::is_alphabetic))
        .find(|word| !is_label(word))
        .unwrap_or_default()
}

/// Whether a number stands in brackets behind a name in a script without capitals, within a sentence:
/// "費用が心配な方は法テラス（0570-078374）もご利用いただけます".
pub(super) fn follows_wide_name(text: &str, at: &Range<usize>) -> bool {
    let wide = |c: Option<char>| c.is_some_and(|c| matches!(c, '\u{3041}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}'));
    let inner = text[at.clone()].trim_matches(['(', ')', '（', '）', ' ']);
    let start = at.start + text[at.clone()].find(inner).unwrap_or_default();
    let before = text[..start].trim_end();
    let after = text[start + inner.len()..].trim_start();
    let (Some(name), Some(rest)) = (before.strip_suffix(['（', '(']), after.strip_prefix(['）', ')'])) else {
        return false;
    };
    wide(name.chars().next_back()) && wide(rest.chars().next()) && label_of(before) == Label::None
}

/// Where the business speaks of itself in the words before a number, unless a name stands between.
pub(super) fn speaks_of_itself_last(before: &str) -> bool {
    let near = Folded::of(last_words(before));
    if near.text().split(' ').any(|word| THEIRS.contains(&word)) {
        return false;
    }
    if !is_capital(adjacent_word(before)) {
        return PRONOUNS.any(Folded::of(before).text());
    }
    PRONOUNS.any(near.text())
}

/// Words that make what follows somebody else's.
const THEIRS: [&str; 8] = ["their", "leur", "leurs", "loro", "hun", "deres", "deras", "jejich"];

/// The last three words.
fn last_words(text: &str) -> &str {
    let text = text.trim_end();
    let start = text.rmatch_indices(' ').nth(2).map_or(0, |(at, _)| at);
    &text[start..]
}

/// A few words with a house number before or behind them.
pub(super) fn is_street(part: &str) -> bool {
    if part.bytes().filter(u8::is_ascii_digit).count() > 5 {
        return false;
    }
    let number = |word: &str| word.bytes().next().is_some_and(|b| b.is_ascii_digit());
    // "NHS 111" is no street.
    if !part
        .split_whitespace()
        .any(|word| word.chars().filter(|c| c.is_alphabetic()).count() >= 4)
    {
        return false;
    }
    let mut words = part.split_whitespace();
    let count = words.clone().count();
    let joined = part.split_whitespace().any(|word| {
        matches!(
            word,
            "or" | "oder" | "eller" | "ou" | "of" | "tai" | "lub" | "nebo" | "vagy" | "veya"
        )
    });
    (2..=6).contains(&count) && !joined && (words.next().is_some_and(number) || words.next_back().is_some_and(number))
}

pub(super) fn is_capital(word: &str) -> bool {
    let word = word.trim_matches(|c: char| !c.is_alphanumeric());
    word.chars().next().is_some_and(char::is_uppercase) && word.chars().count() >= 2
}

pub(super) fn is_label(word: &str) -> bool {
    matches!(label_alone(word), Label::Phone | Label::Fax | Label::Both)
        || matches!(
            &*word.to_lowercase(),
            "mo" | "di"
                | "mi"
                | "do"
                | "fr"
                | "sa"
                | "so"
                | "mon"
                | "tue"
                | "wed"
                | "thu"
                | "fri"
                | "sat"
                | "sun"
                | "monday"
                | "friday"
                | "e-mail"
                | "email"
                | "mail"
        )
}
