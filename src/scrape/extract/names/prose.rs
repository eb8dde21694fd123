//! Names that stand in sentences: behind a greeting, before a legal form, or around a word that the domain has too.

use super::offer;
use crate::scrape::extract::context::Context;
use crate::scrape::extract::context::domain::Domain;
use crate::scrape::extract::page::scan::{Scan, Zone};
use crate::scrape::extract::whose::credits::credit_start;
use crate::scrape::payload::{PageFacts, Source};
use crate::scrape::text::{Words, offset, starts_ci};

/// A name of this trust needs no witness in sentences.
const SURE: u8 = 55;
/// Lines that are read for names in sentences.
const SENTENCES: usize = 150;
/// Words of a sentence that are read.
const MAX_WORDS: usize = 60;
/// Words of a name.
const MAX_NAME_WORDS: usize = 7;

/// What greets visitors before a name, the longer first.
const GREETINGS: [&str; 32] = [
    "willkommen bei der ",
    "willkommen in der ",
    "willkommen beim ",
    "benvenuti allo ",
    "bienvenue chez ",
    "bienvenue à la ",
    "grüß gott beim ",
    "välkommen till ",
    "welcome to the ",
    "willkommen bei ",
    "you have found ",
    "bienvenidos a ",
    "bienvenue à l'",
    "grüß gott bei ",
    "velkommen til ",
    "willkommen im ",
    "bem-vindo ao ",
    "benvenuti al ",
    "benvenuti da ",
    "bienvenue au ",
    "grüß gott im ",
    "haere mai ki ",
    "haere mai to ",
    "you've found ",
    "you’ve found ",
    "bem-vindo à ",
    "bienvenue à ",
    "nau mai ki ",
    "tervetuloa ",
    "welcome to ",
    "welkom bij ",
    "witamy w ",
];

static IN_LINE: Words = Words::new(&GREETINGS);

/// A text without a greeting before it.
pub(super) fn without_greeting(text: &str) -> &str {
    let mut words = GREETINGS.iter().chain(&["home of ", "home "]);
    match words.find(|words| starts_ci(text, words) && text.is_char_boundary(words.len())) {
        Some(words) => text[words.len()..].trim(),
        None => text,
    }
}

/// What a name in a sentence stands beside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    /// "Bienvenue chez Plomberie Garbuio, artisan …".
    Greeted,
    /// "Kessenheimer Bedachungen GmbH".
    Incorporated,
    /// "… our family runs the Wirtshaus zum Sensenschmied", on `zumsensenschmied.at`.
    Echoed,
}

/// Names that sentences tell, where no better place has given one.
pub(super) fn read(scan: &Scan, context: &Context, facts: &mut PageFacts) {
    if facts.names.iter().any(|known| known.trust >= SURE) {
        return;
    }
    // A description praises: only what the domain says too is a name in it.
    let description = scan.meta("description").unwrap_or_default();
    for (name, told) in names(description, &context.domain) {
        if told == Told::Echoed {
            offer(name, 8, Source::Opengraph, context, facts);
        }
    }
    let lines = scan
        .lines
        .iter()
        .filter(|line| !matches!(line.zone, Zone::Quote | Zone::Nav));
    for line in lines.take(SENTENCES) {
        let text = &scan.text[line.range.clone()];
        if text.len() < 20 || text.len() > 1_000 {
            continue;
        }
        // No name goes from one cell of a row to the next.
        for (name, told) in text.split('\t').flat_map(|cell| names(cell, &context.domain)) {
            let trust = match told {
                Told::Greeted if name.contains(' ') => 38,
                Told::Greeted => 12,
                Told::Incorporated if line.zone == Zone::Footer => 28,
                Told::Incorporated => 10,
                Told::Echoed => 8,
            };
            offer(name, trust, Source::Text, context, facts);
        }
    }
}

/// The names in a line.
fn names<'a>(line: &'a str, domain: &Domain) -> Vec<(&'a str, Told)> {
    let words = words(line);
    let mut out = Vec::new();
    out.extend(greeted(line, &words).map(|name| (name, Told::Greeted)));
    if credit_start(line).is_none() {
        out.extend(incorporated(line, &words).map(|name| (name, Told::Incorporated)));
    }
    let echoes = |at: &usize| is_capital(words[*at].1) && domain.resembles_word(trim(words[*at].1));
    let echoed = (0..words.len()).find(echoes);
    out.extend(
        echoed
            .and_then(|at| around(line, &words, at))
            .map(|name| (name, Told::Echoed)),
    );
    for (name, _) in &mut out {
        *name = without_at(line, name, domain);
    }
    out
}

/// "At Smile Dental we care", but "At Your Service Catering is a team".
fn without_at<'a>(line: &str, name: &'a str, domain: &Domain) -> &'a str {
    let behind = offset(line, name).map_or("", |start| &line[start + name.len()..]);
    let is_subject = [" is ", " are ", " has ", " offers ", " provides "]
        .iter()
        .any(|verb| behind.starts_with(verb));
    let is_article = !is_subject && !domain.label().starts_with("at");
    name.strip_prefix("At ").filter(|_| is_article).unwrap_or(name)
}

/// The words of a line with their places.
fn words(line: &str) -> Vec<(usize, &str)> {
    let start = line.as_ptr() as usize;
    let words = line.split_whitespace().take(MAX_WORDS);
    words.map(|word| (word.as_ptr() as usize - start, word)).collect()
}

fn greeted<'a>(line: &'a str, words: &[(usize, &str)]) -> Option<&'a str> {
    // The longest of those that begin alike stands first in the list.
    let (at, greeting) = IN_LINE.all(line).min_by_key(|(at, greeting)| (*greeting, *at))?;
    let end = at + GREETINGS[greeting].len();
    let first = words.iter().position(|(at, _)| *at >= end)?;
    let last = run_end(words, first);
    span(line, words, first, last)
}

/// What stands before a legal form, or behind one that stands first.
fn incorporated<'a>(line: &'a str, words: &[(usize, &str)]) -> Option<&'a str> {
    const BEHIND: [&str; 31] = [
        "GmbH", "PartG", "e.K.", "UG", "KG", "OG", "OHG", "Ltd", "Ltd.", "Limited", "LLC", "Inc.", "Inc", "PLLC",
        "S.L.", "S.L.U.", "S.L.P.", "SLP", "SLU", "S.r.l.", "Srl", "S.n.c.", "snc", "B.V.", "BV", "ApS", "A/S", "Lda",
        "Lda.", "Ltda", "Kft.",
    ];
    const BEFORE: [&str; 5] = ["EURL", "SARL", "SAS", "SASU", "EI"];
    const LONGEST: usize = 9;
    let form = |word: &str, forms: &[&str]| {
        word.len() <= LONGEST && (forms.contains(&word) || forms.contains(&word.trim_end_matches([',', ';', ')'])))
    };
    if let Some(at) = words.iter().position(|(_, word)| form(word, &BEFORE))
        && words.get(at + 1).is_some_and(|(_, word)| is_capital(word))
    {
        return span(line, words, at + 1, run_end(words, at + 1));
    }
    let at = words
        .iter()
        .position(|(_, word)| form(word, &BEHIND))
        .filter(|at| *at > 0)?;
    let first = run_start(words, at - 1);
    // The form belongs to the name, with what it is continued by: "PartG mbB", "GmbH & Co. KG".
    span(line, words, first, at + 1)
}

/// The name around the word at `at`: of two words or more.
fn around<'a>(line: &'a str, words: &[(usize, &str)], at: usize) -> Option<&'a str> {
    let (first, last) = (run_start(words, at), run_end(words, at));
    (last - first >= 2).then(|| span(line, words, first, last))?
}

/// Where a run of words that may be one name begins, which has the word at `at`.
fn run_start(words: &[(usize, &str)], at: usize) -> usize {
    let mut first = at;
    while first > 0 && at - first < MAX_NAME_WORDS {
        let before = words[first - 1].1;
        if before.ends_with([',', '.', ':', ';', '!', '?', ')', '|', '·', '–'])
            || !(is_capital(before) || joins(before))
        {
            break;
        }
        first -= 1;
    }
    while first < at && (!is_capital(words[first].1) || ARTICLES.contains(&words[first].1)) {
        first += 1;
    }
    first
}

/// Words that begin a sentence before a name, and are no part of it.
const ARTICLES: [&str; 21] = [
    "El", "Das", "Der", "Die", "Il", "Im", "Am", "Bei", "Unser", "Unsere", "Notre", "Our", "Here", "In", "With",
    "Chez", "Bij", "Hos", "Da", "Presso", "En",
];

/// Behind the last word of a run of words that may be one name, which begins at `first`.
fn run_end(words: &[(usize, &str)], first: usize) -> usize {
    let mut last = first;
    while last < words.len() && last - first < MAX_NAME_WORDS {
        let word = words[last].1;
        if !(is_capital(word) || joins(word)) {
            break;
        }
        last += 1;
        if word.ends_with([',', ':', ';', '!', '?', ')', '|']) || (word.ends_with('.') && word.len() > 4) {
            break;
        }
    }
    while last > first && !is_capital(words[last - 1].1) {
        last -= 1;
    }
    last
}

fn span<'a>(line: &'a str, words: &[(usize, &str)], first: usize, last: usize) -> Option<&'a str> {
    let (start, end) = (words.get(first)?.0, words.get(last.checked_sub(1)?)?);
    let name = line.get(start..end.0 + end.1.len())?;
    let name = name.trim_end_matches([',', ':', ';', '!', '?', '|']);
    (last > first && name.chars().count() >= 4).then_some(name)
}

fn trim(word: &str) -> &str {
    word.trim_matches(|c: char| !c.is_alphanumeric())
}

fn is_capital(word: &str) -> bool {
    trim(word).chars().next().is_some_and(char::is_uppercase)
}

/// Small words within names.
fn joins(word: &str) -> bool {
    matches!(
        word,
        "&" | "and"
            | "und"
            | "et"
            | "y"
            | "of"
            | "the"
            | "de"
            | "la"
            | "le"
            | "les"
            | "du"
            | "des"
            | "del"
            | "di"
            | "da"
            | "van"
            | "zum"
            | "zur"
            | "am"
            | "an"
            | "i"
            | "og"
            | "och"
            | "+"
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn told(line: &str, domain: &str) -> Vec<(String, Told)> {
        let found = names(line, &Domain::new(domain));
        found.into_iter().map(|(name, told)| (name.to_owned(), told)).collect()
    }

    #[test]
    fn sentences_tell_names() {
        for (line, domain, name, how) in [
            (
                "Bienvenue chez Plomberie Garbuio, artisan plombier à Lyon.",
                "plombier-lyon.fr",
                "Plomberie Garbuio",
                Told::Greeted,
            ),
            (
                "© 2024 Böhme & Tischer Rechtsanwälte PartG mbB, Leipzig",
                "btk-arbeitsrecht.de",
                "Böhme & Tischer Rechtsanwälte PartG",
                Told::Incorporated,
            ),
            (
                "Éditeur : EURL Garbuio Thermique, Lyon",
                "x.fr",
                "Garbuio Thermique",
                Told::Incorporated,
            ),
            (
                "Seit vier Generationen führt unsere Familie das Wirtshaus zum Sensenschmied, heute stehen wir hier.",
                "zumsensenschmied.at",
                "Wirtshaus zum Sensenschmied",
                Told::Echoed,
            ),
        ] {
            assert!(
                told(line, domain).contains(&(name.to_owned(), how)),
                "{line}: {:?}",
                told(line, domain)
            );
        }
        assert!(told("We fix it, or we tell you not to bother.", "smile.nz").is_empty());
        assert!(told("Website by Rocket Media Ltd", "smile.nz").is_empty());
    }
}
