//! Whether a piece of text is a street with a number, in the languages that addresses are in.

use super::street_words::{BEGINNINGS, ENDINGS, ENGLISH, ESTATES, PARTICLES, PHRASES};
use crate::scrape::extract::whose::is_trade;
use crate::scrape::text::fold;

/// Whether `text` names a street and a number in it.
pub(crate) fn is_street(text: &str) -> bool {
    if text.len() > 90 || !text.bytes().any(|b| b.is_ascii_digit()) {
        return false;
    }
    let folded = folded(text);
    let words: Vec<&str> = folded.split(' ').filter(|word| !word.is_empty()).collect();
    if words.len() < 2 || words.len() > 11 {
        return false;
    }
    // Abbreviated, Turkish words for streets are words of other languages.
    let turkish = [" Cd.", " Sk.", " Sok.", " CD.", " SK.", " SOK."]
        .iter()
        .any(|kind| text.contains(kind));
    english(&words, text) || turkish || continental(&words) || romance(&words) || numbered_street(&words)
}

/// Whether a word begins the names of streets: "Calle", "rue".
pub(super) fn begins_street(word: &str) -> bool {
    BEGINNINGS.has(word)
}

/// Folded, with Greek letters without their accents.
pub(super) fn folded(text: &str) -> String {
    let plain = |c: char| match c {
        'ή' => 'η',
        'ό' => 'ο',
        'ώ' => 'ω',
        'ά' => 'α',
        'έ' => 'ε',
        'ί' => 'ι',
        // "nº88": the sign is no letter of the number's.
        'º' | 'ª' => ' ',
        c => c,
    };
    let folded = fold(text);
    if folded.is_ascii() {
        return folded;
    }
    folded.chars().map(plain).collect()
}

/// The street at the end of a text that may begin with other words: "Besuchen Sie uns in der Josefstädter Straße 33".
/// It has a number as its last word and a name of capitalised words, particles and words for streets before it.
pub(super) fn street_at_end(text: &str) -> Option<&str> {
    let words: Vec<&str> = text.split(' ').collect();
    let (mut number, mut name) = words.split_last()?;
    // "Gundulićeva 15 D": the letter of the house stands apart.
    if number.chars().count() == 1 && number.starts_with(char::is_uppercase) {
        (number, name) = name.split_last()?;
    }
    if !is_house_number(number) || name.is_empty() {
        return None;
    }
    let mut start = name.len();
    let mut capitals = 0;
    while start > 0 && name.len() - start < 6 {
        let word = name[start - 1];
        let bare = folded(word);
        let begins = BEGINNINGS.has(&bare) && capitals > 0;
        let typed = BEGINNINGS.has(&bare) || ENDINGS.contains(&bare.as_str());
        let shaped = word
            .chars()
            .all(|c| c.is_alphabetic() || matches!(c, '.' | '-' | '\'' | '’'));
        // "26ης Οκτωβρίου 8": a day that streets are called by.
        let ordinal =
            capitals > 0 && word.starts_with(|c: char| c.is_ascii_digit()) && word.ends_with(char::is_alphabetic);
        let capital = (word.starts_with(char::is_uppercase) && shaped) || ordinal;
        let number_word = matches!(bare.as_str(), "nr" | "no" | "n" | "numero" | "num");
        if !(capital || typed || number_word || (PARTICLES.has(&bare) && shaped)) {
            break;
        }
        // A sentence ends here: "Kontakt. Hauptstr. 12".
        if word.ends_with('.') && word.len() > 6 && start < name.len() && !typed {
            break;
        }
        start -= 1;
        capitals += usize::from(capital && !typed);
        if begins {
            break;
        }
    }
    while start < name.len() && PARTICLES.has(&folded(name[start])) && !PHRASES.has(&folded(name[start])) {
        start += 1;
    }
    // A preposition before the street belongs to the sentence where the street has a word of its own.
    let first = name.get(start).map(|word| folded(word)).unwrap_or_default();
    let sentence = start > 0 || name[start..].len() > 3;
    if sentence && matches!(first.as_str(), "in" | "im" | "auf") {
        start += 1;
        while start < name.len() && PARTICLES.has(&folded(name[start])) {
            start += 1;
        }
    }
    let long = name[start..]
        .iter()
        .any(|word| word.chars().filter(|c| c.is_alphabetic()).count() >= 3);
    if capitals == 0 && !name[start..].iter().any(|word| word.len() > 4) || !long {
        return None;
    }
    let first = folded(name[start]);
    let other = matches!(
        first.as_str(),
        "tel"
            | "fax"
            | "telefon"
            | "telefax"
            | "phone"
            | "seit"
            | "seite"
            | "mobil"
            | "uhr"
            | "top"
            | "since"
            | "depuis"
            | "desde"
            | "dal"
            | "od"
            | "room"
            | "page"
            | "nr"
            | "no"
            | "sid"
            | "dne"
            | "iban"
            | "bank"
            | "konto"
            | "art"
    );
    let skip: usize = words[..start].iter().map(|word| word.len() + 1).sum();
    (!other).then_some(&text[skip..])
}

/// `12`, `12a`, `12/3`, `12-14`, `118/A`, `22B`.
pub(super) fn is_house_number(word: &str) -> bool {
    let word = word.trim_end_matches(['.', ',']);
    let mut parts = word.split(['/', '-', '–']);
    parts.next().is_some_and(numbered)
        && parts.all(|part| numbered(part) || (part.len() == 1 && part.bytes().all(|b| b.is_ascii_alphabetic())))
}

/// A number and one or two capitalised words, as old British streets are written: "27 Castlegate". Enough only beside a
/// postal code that nobody mistakes.
pub(super) fn is_plain_english(text: &str) -> bool {
    let words: Vec<&str> = text.split(' ').collect();
    let named = |word: &&str| {
        word.starts_with(char::is_uppercase) && word.chars().all(|c| c.is_alphabetic() || matches!(c, '\'' | '’' | '-'))
    };
    (2..=3).contains(&words.len()) && is_house_number(words[0]) && words[1..].iter().all(named)
}

/// The same with the longer names of America: "5050 El Camino Real". Enough only beside a state and its code, and not where it
/// counts something: "24 Hour Emergency Plumbing", "25 Years Experience".
pub(super) fn is_plain_american(text: &str) -> bool {
    const COUNTED: [&str; 32] = [
        "guests",
        "patients",
        "clients",
        "customers",
        "members",
        "people",
        "families",
        "homes",
        "projects",
        "schedule",
        "calendar",
        "season",
        "hour",
        "hours",
        "hr",
        "day",
        "days",
        "week",
        "weeks",
        "month",
        "months",
        "year",
        "years",
        "stars",
        "reviews",
        "percent",
        "minute",
        "minutes",
        "miles",
        "rights",
        "emergency",
        "service",
    ];
    let words: Vec<&str> = text.split(' ').collect();
    if let [number, side, street, direction] = words.as_slice() {
        // "3025 East 3300 South", as Utah counts its streets.
        let digits = |word: &str| word.len() >= 2 && word.bytes().all(|b| b.is_ascii_digit());
        if digits(number) && digits(street) && is_direction(side) && is_direction(direction) {
            return true;
        }
    }
    // "1828 Bissonnet", but not "20 Stores".
    let year = words[0].len() == 4 && (words[0].starts_with("19") || words[0].starts_with("20"));
    let short = words.len() == 2 && words[0].len() >= 3 && words[1].len() >= 4 && !year;
    (short || (3..=4).contains(&words.len()))
        && words[0].len() >= 2
        && words[0].bytes().all(|b| b.is_ascii_digit())
        && words[1..].iter().all(|word| {
            let folded = word.to_ascii_lowercase();
            word.starts_with(|c: char| c.is_ascii_uppercase())
                && word.bytes().all(|b| b.is_ascii_alphabetic())
                && !COUNTED.contains(&folded.as_str())
                && !is_trade(&folded)
        })
}

fn is_direction(word: &str) -> bool {
    matches!(
        word.trim_end_matches('.').to_ascii_lowercase().as_str(),
        "n" | "s" | "e" | "w" | "north" | "south" | "east" | "west"
    )
}

/// A street without a number, or an estate: "Station Road", "Golden Island Industrial Estate".
pub(super) fn is_unnumbered(text: &str) -> bool {
    let folded = folded(text);
    let words: Vec<&str> = folded.split(' ').collect();
    let capitals = text.split(' ').all(|word| word.starts_with(char::is_uppercase));
    let estate = ESTATES.iter().any(|estate| folded.ends_with(estate));
    let typed = words.last().is_some_and(|last| {
        ENGLISH.has(last)
            && (last.len() > 2 || matches!(*last, "rd" | "ln"))
            && !matches!(*last, "park" | "hill" | "green" | "gate")
    });
    capitals && !text.bytes().any(|b| b.is_ascii_digit()) && (2..=5).contains(&words.len()) && (typed || estate)
}

/// A square or street whose houses have no number: "Grande Place de la Brèche aux loups", "Marktplatz". Enough only right before a code
/// and its town.
pub(super) fn is_named(text: &str) -> bool {
    // Fewer than begin or end streets elsewhere: nobody is called so.
    const FIRST: [&str; 17] = [
        "rue",
        "avenue",
        "boulevard",
        "place",
        "chemin",
        "quai",
        "impasse",
        "via",
        "viale",
        "piazza",
        "calle",
        "plaza",
        "paseo",
        "avenida",
        "rua",
        "praca",
        "travessa",
    ];
    const LAST: [&str; 6] = ["strasse", "straße", "platz", "allee", "gasse", "chaussee"];
    let folded = folded(text);
    let words: Vec<&str> = folded.split(' ').collect();
    let begins = words.len() >= 2 && words.iter().take(2).any(|word| FIRST.contains(word));
    let ends = words
        .last()
        .is_some_and(|last| LAST.iter().any(|end| last.len() > end.len() && last.ends_with(end)));
    text.len() <= 60
        && text.starts_with(char::is_uppercase)
        && text
            .chars()
            .all(|c| c.is_alphabetic() || matches!(c, ' ' | '-' | '\'' | '’' | '.'))
        && !text.ends_with('.')
        && (begins || ends)
}

fn numbered(word: &str) -> bool {
    let digits = word.bytes().take_while(u8::is_ascii_digit).count();
    // "Ring 01584 872119" is no street of rings.
    let dialled = word.starts_with('0') && digits > 1;
    (1..=5).contains(&digits) && word[digits..].chars().count() <= 1 && !dialled
}

fn english(words: &[&str], text: &str) -> bool {
    let Some(at) = words.iter().position(|word| numbered(word)) else {
        return false;
    };
    // Only units, and names of buildings, may stand before the number.
    let lead_ok = at == 0 || at <= 4;
    let rest = &words[at + 1..];
    let typed = rest
        .iter()
        .enumerate()
        .any(|(place, word)| place > 0 && ENGLISH.has(word))
        || rest
            .first()
            .is_some_and(|word| matches!(*word, "broadway" | "strand" | "the"))
        || (at == 0 && is_numbered_road(rest));
    let ordinary = rest.iter().filter(|word| word.len() > 2).count() <= 7;
    // "10 years in the Main Street" goes on in small letters, a street does not.
    let named = text
        .split(|c: char| !c.is_alphanumeric())
        .skip_while(|word| !numbered(&word.to_lowercase()))
        .find(|word| word.len() > 1 && word.chars().all(char::is_alphabetic));
    lead_ok && typed && ordinary && named.is_some_and(|word| word.starts_with(char::is_uppercase))
}

/// "837 Hwy 6 N": a road that is called by its number.
fn is_numbered_road(words: &[&str]) -> bool {
    matches!(words, ["hwy" | "highway" | "route" | "rte" | "fm", number, ..] if numbered(number))
}

fn continental(words: &[&str]) -> bool {
    // The house number comes last, or with a letter apart: "Hauptstr. 12 a", "Ring 3-5", "Moda Cad. No: 118/A".
    let Some(number) = words.iter().rposition(|word| numbered(word)) else {
        return false;
    };
    if number == 0 || words.len() - number > 3 {
        return false;
    }
    let first_number = words.iter().position(|word| numbered(word)).unwrap_or(number);
    if first_number == 0 {
        return false;
    }
    let last = first_number - usize::from(first_number > 1 && matches!(words[first_number - 1], "nr" | "no" | "n"));
    let name = words[last - 1];
    ENDINGS.iter().any(|ending| {
        name.ends_with(ending)
            && (name.len() > ending.len() + 1 || last > 1 || matches!(*ending, "markt" | "ring" | "graben"))
            && (ending.len() > 3 || name == *ending || matches!(*ending, "weg" | "hof" | "str" | "tor" | "vej" | "tie"))
    }) || ((2..=4).contains(&first_number) && PHRASES.has(words[0]))
        || ((3..=5).contains(&first_number)
            && words[..first_number]
                .iter()
                .any(|word| PHRASES.has(word) && *word != "in"))
}

fn romance(words: &[&str]) -> bool {
    let starts = words.iter().take(4).position(|word| BEGINNINGS.has(word));
    let ends_in_rue = words.last().is_some_and(|last| *last == "rue") && numbered(words[0]);
    match starts {
        Some(at) => {
            let before_is_number = words[..at]
                .iter()
                .all(|word| numbered(word) || matches!(*word, "bis" | "ter" | "nr" | "no" | "n"));
            (before_is_number && words.len() > at + 1 && words.iter().any(|word| numbered(word))) || ends_in_rue
        }
        None => ends_in_rue,
    }
}

/// "1234, 3e Avenue", "570 Route 28": a number before a street that is a number itself.
fn numbered_street(words: &[&str]) -> bool {
    let road = |word: &str| matches!(word, "route" | "rte" | "rt" | "highway" | "hwy");
    if let [number, rest @ .., name] = words
        && let [kind] | ["us" | "state", kind] = rest
        && road(kind)
    {
        return numbered(number) && numbered(name);
    }
    words.len() >= 3
        && numbered(words[0])
        && words[1].starts_with(|c: char| c.is_ascii_digit())
        && matches!(words[2], "avenue" | "rue" | "rang" | "route")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn streets_without_their_kind_or_number() {
        assert!(is_plain_american("1828 Bissonnet") && !is_plain_american("20 Stores"));
        assert!(!is_plain_american("2026 Schedule") && !is_plain_american("150 Guests"));
        assert!(is_unnumbered("Pontardawe Rd") && !is_unnumbered("Opening Times"));
    }

    #[test]
    fn streets() {
        for text in [
            "123 Queen Street",
            "570 Route 28",
            "4100 US Highway 90",
            "12A High St",
            "Level 2, 45 Lambton Quay",
            "5/12 Smith Rd",
            "1 The Parade",
            "200 N Main St",
            "22 Broadway",
            "Hauptstraße 12",
            "Hauptstr. 12a",
            "Berliner Allee 3-5",
            "Am Markt 3",
            "An der Alster 12",
            "12 rue de la Paix",
            "24, bd Voltaire",
            "Calle Mayor, 12",
            "Via Roma 15",
            "Keizersgracht 123",
            "Storgatan 4",
            "ul. Marszałkowska 10",
            "1200 St Georges Terrace",
        ] {
            assert!(is_street(text), "{text}");
        }
        for text in [
            "Smile Dental",
            "10 years of experience",
            "Call 09 123 4567",
            "Monday 9 to 5",
            "2 for 1 offers",
            "© 2024 Smile",
        ] {
            assert!(!is_street(text), "{text}");
        }
    }
}
