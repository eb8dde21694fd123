//! Whether a piece of text is a street with a number, in the languages that addresses are in.

use crate::scrape::text::fold;

/// Words that end an English street name.
const ENGLISH: [&str; 62] = [
    "street",
    "st",
    "road",
    "rd",
    "avenue",
    "ave",
    "av",
    "drive",
    "dr",
    "lane",
    "ln",
    "place",
    "pl",
    "crescent",
    "cres",
    "cr",
    "terrace",
    "tce",
    "terr",
    "ter",
    "highway",
    "hwy",
    "parade",
    "pde",
    "way",
    "close",
    "court",
    "ct",
    "boulevard",
    "blvd",
    "square",
    "sq",
    "quay",
    "esplanade",
    "grove",
    "gardens",
    "rise",
    "row",
    "mews",
    "hill",
    "walk",
    "parkway",
    "pkwy",
    "pike",
    "circle",
    "cir",
    "trail",
    "trl",
    "loop",
    "plaza",
    "broadway",
    "mall",
    "wharf",
    "arcade",
    "green",
    "park",
    "strand",
    "bypass",
    "turnpike",
    "route",
    "freeway",
    "strip",
];
/// Words that may follow the street word: "High Street North".
const AFTER: [&str; 14] = [
    "north", "south", "east", "west", "n", "s", "e", "w", "ne", "nw", "se", "sw", "central", "upper",
];
/// Endings of continental street names that are one word.
const ENDINGS: [&str; 39] = [
    "strasse",
    "straße",
    "str",
    "weg",
    "platz",
    "allee",
    "gasse",
    "ring",
    "damm",
    "ufer",
    "chaussee",
    "promenade",
    "markt",
    "steig",
    "stieg",
    "graben",
    "hof",
    "berg",
    "tor",
    "wall",
    "pfad",
    "zeile",
    "garten",
    "straat",
    "laan",
    "plein",
    "gracht",
    "kade",
    "singel",
    "dijk",
    "steenweg",
    "vej",
    "gade",
    "gatan",
    "vagen",
    "gata",
    "veien",
    "katu",
    "tie",
];
/// Words that begin a street name.
const BEGINNINGS: [&str; 52] = [
    "rue",
    "avenue",
    "av",
    "boulevard",
    "bd",
    "blvd",
    "place",
    "pl",
    "chemin",
    "route",
    "impasse",
    "quai",
    "cours",
    "allee",
    "allees",
    "passage",
    "square",
    "esplanade",
    "calle",
    "c",
    "avda",
    "avenida",
    "plaza",
    "paseo",
    "carrer",
    "ronda",
    "camino",
    "carretera",
    "ctra",
    "travesia",
    "via",
    "viale",
    "piazza",
    "corso",
    "largo",
    "vicolo",
    "strada",
    "piazzale",
    "rua",
    "praca",
    "praça",
    "travessa",
    "alameda",
    "estrada",
    "ul",
    "ulica",
    "aleja",
    "al",
    "plac",
    "os",
    "faubourg",
    "voie",
];
/// German street names that stand apart: "Am Markt 3", "An der Alster 12".
const GERMAN_PHRASES: [&str; 14] = [
    "am", "an", "im", "in", "auf", "zum", "zur", "unter", "vor", "hinter", "alte", "alter", "neue", "lange",
];
/// Parts of buildings.
const UNITS: [&str; 34] = [
    "unit",
    "suite",
    "ste",
    "level",
    "lvl",
    "shop",
    "floor",
    "ground",
    "first",
    "second",
    "third",
    "room",
    "office",
    "flat",
    "apt",
    "apartment",
    "building",
    "bldg",
    "block",
    "tower",
    "bay",
    "kiosk",
    "lot",
    "cnr",
    "corner",
    "c",
    "etage",
    "stock",
    "og",
    "eg",
    "stiege",
    "haus",
    "1st",
    "2nd",
];

/// Whether `text` names a street and a number in it.
pub(crate) fn is_street(text: &str) -> bool {
    if text.len() > 90 || !text.bytes().any(|b| b.is_ascii_digit()) {
        return false;
    }
    let folded = fold(text);
    let words: Vec<&str> = folded.split(' ').filter(|word| !word.is_empty()).collect();
    if words.len() < 2 || words.len() > 11 {
        return false;
    }
    english(&words, text) || german(&words) || romance(&words)
}

/// One to four capitalised words and a house number, as most of Europe writes a street: enough only right before a
/// postal code and its town.
pub(crate) fn is_plain_street(text: &str) -> bool {
    let words: Vec<&str> = text.split(' ').collect();
    let Some((number, name)) = words.split_last() else {
        return false;
    };
    let house = number.split(['/', '-']).all(numbered);
    let named = |word: &&str| {
        word.chars()
            .all(|c| c.is_alphabetic() || matches!(c, '.' | '-' | '\'' | '’'))
            && word.chars().count() >= 2
    };
    house
        && (1..=4).contains(&name.len())
        && name.iter().all(named)
        && name[0].starts_with(char::is_uppercase)
        && !matches!(
            fold(name[0]).as_str(),
            "tel" | "fax" | "telefon" | "seit" | "seite" | "nr" | "mobil" | "uhr" | "top"
        )
}

/// A post-office box, which is an address too, but not of the place.
pub(crate) fn is_box(text: &str) -> bool {
    let folded = fold(text);
    [
        "po box",
        "p o box",
        "private bag",
        "postfach",
        "gpo box",
        "locked bag",
        "bp ",
    ]
    .iter()
    .any(|mark| folded.starts_with(mark))
        && folded.bytes().any(|b| b.is_ascii_digit())
}

/// A part of a building: "Level 2", "Suite 300", "Shop 4".
pub(crate) fn is_unit(text: &str) -> bool {
    let folded = fold(text);
    let mut words = folded.split(' ');
    let first = words.next().unwrap_or_default();
    text.len() <= 45
        && (UNITS.contains(&first) || words.any(|word| word == "floor" || word == "level"))
        && folded.split(' ').count() <= 6
}

/// Where the street ends in a text that runs on into the town: after the street word and a direction.
pub(crate) fn end_of_street(text: &str) -> Option<usize> {
    let mut seen_number = false;
    let mut end = None;
    let mut at = 0;
    for word in text.split(' ') {
        let start = at;
        at += word.len() + 1;
        let bare = fold(word);
        seen_number |= bare.bytes().any(|b| b.is_ascii_digit());
        let stop = start + word.trim_end_matches([',', '.']).len();
        if end.is_none() {
            if seen_number && start > 0 && ENGLISH.contains(&bare.as_str()) && bare != "st" {
                end = Some(stop);
            } else if seen_number && bare == "st" && start > 0 {
                // "St" before a name is a saint: the street word comes later.
                let rest = &text[at.min(text.len())..];
                let later = rest
                    .split(' ')
                    .any(|next| ENGLISH.contains(&fold(next).as_str()) && fold(next) != "st");
                if !later {
                    end = Some(stop);
                }
            }
        } else if AFTER.contains(&bare.as_str()) && Some(start) == end.map(|end| end + 1) {
            end = Some(stop);
        }
    }
    end
}

fn numbered(word: &str) -> bool {
    let digits = word.bytes().take_while(u8::is_ascii_digit).count();
    (1..=5).contains(&digits) && word.len() - digits <= 1
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
        .any(|(place, word)| place > 0 && ENGLISH.contains(word))
        || rest
            .first()
            .is_some_and(|word| matches!(*word, "broadway" | "strand" | "the"));
    let ordinary = rest.iter().filter(|word| word.len() > 2).count() <= 7;
    // "10 years in the Main Street" goes on in small letters, a street does not.
    let named = text
        .split(|c: char| !c.is_alphanumeric())
        .skip_while(|word| !numbered(&word.to_lowercase()))
        .find(|word| word.len() > 1 && word.chars().all(char::is_alphabetic));
    lead_ok && typed && ordinary && named.is_some_and(|word| word.starts_with(char::is_uppercase))
}

fn german(words: &[&str]) -> bool {
    // The house number comes last, or with a letter apart: "Hauptstr. 12 a", "Ring 3-5".
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
    let name = words[first_number - 1];
    ENDINGS.iter().any(|ending| {
        name.ends_with(ending)
            && (name.len() > ending.len() || first_number > 1 || matches!(*ending, "markt" | "ring" | "graben"))
    }) || ((2..=4).contains(&first_number) && GERMAN_PHRASES.contains(&words[0]))
        || ((3..=5).contains(&first_number)
            && words[..first_number]
                .iter()
                .any(|word| GERMAN_PHRASES.contains(word) && *word != "in"))
}

fn romance(words: &[&str]) -> bool {
    let starts = words.iter().take(3).position(|word| BEGINNINGS.contains(word));
    match starts {
        Some(at) => {
            let before_is_number = words[..at]
                .iter()
                .all(|word| numbered(word) || matches!(*word, "bis" | "ter"));
            before_is_number && words.len() > at + 1 && words.iter().any(|word| numbered(word))
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn streets() {
        for text in [
            "123 Queen Street",
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

    #[test]
    fn the_street_ends_before_the_town() {
        let cut = |text: &str| end_of_street(text).map(|at| text[..at].to_owned());
        assert_eq!(cut("123 Queen Street Auckland").as_deref(), Some("123 Queen Street"));
        assert_eq!(cut("12 High St North Dunedin").as_deref(), Some("12 High St North"));
        assert_eq!(cut("5 St Johns Road Remuera").as_deref(), Some("5 St Johns Road"));
        assert_eq!(cut("Auckland"), None);
    }
}
