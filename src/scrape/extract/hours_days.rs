//! The days of the week by name, in the languages that sites are in.

use crate::scrape::payload::Day;
use crate::scrape::text::plain;
use std::sync::LazyLock;

const DAYS: [(&[&str], Day); 7] = [
    (
        &[
            "monday",
            "mon",
            "mo",
            "montag",
            "montags",
            "lundi",
            "lundis",
            "lun",
            "lunes",
            "lunedi",
            "maandag",
            "ma",
            "segunda",
            "mandag",
            "man",
            "maanantai",
            "maanantaisin",
            "poniedzialek",
            "pon",
            "pondeli",
            "po",
            "mondays",
            "rahina",
        ],
        Day::Mo,
    ),
    (
        &[
            "tuesday",
            "tue",
            "tues",
            "tu",
            "dienstag",
            "dienstags",
            "di",
            "die",
            "mardi",
            "mardis",
            "mar",
            "martes",
            "martedi",
            "dinsdag",
            "terca",
            "tirsdag",
            "tisdag",
            "tir",
            "tis",
            "tiistai",
            "ti",
            "wtorek",
            "wt",
            "utery",
            "ut",
            "tuesdays",
        ],
        Day::Tu,
    ),
    (
        &[
            "wednesday",
            "wed",
            "weds",
            "we",
            "mittwoch",
            "mittwochs",
            "mi",
            "mercredi",
            "mercredis",
            "mer",
            "miercoles",
            "mie",
            "mercoledi",
            "woensdag",
            "wo",
            "quarta",
            "onsdag",
            "ons",
            "keskiviikko",
            "ke",
            "sroda",
            "sr",
            "streda",
            "st",
            "wednesdays",
        ],
        Day::We,
    ),
    (
        &[
            "thursday",
            "thu",
            "thur",
            "thurs",
            "th",
            "donnerstag",
            "donnerstags",
            "do",
            "jeudi",
            "jeudis",
            "jeu",
            "jueves",
            "jue",
            "giovedi",
            "gio",
            "donderdag",
            "quinta",
            "torsdag",
            "tor",
            "tors",
            "torstai",
            "to",
            "czwartek",
            "czw",
            "ctvrtek",
            "ct",
            "thursdays",
        ],
        Day::Th,
    ),
    (
        &[
            "friday",
            "fri",
            "fr",
            "freitag",
            "freitags",
            "vendredi",
            "vendredis",
            "ven",
            "viernes",
            "vie",
            "venerdi",
            "vrijdag",
            "vr",
            "sexta",
            "fredag",
            "fre",
            "perjantai",
            "pe",
            "piatek",
            "pt",
            "patek",
            "pa",
            "fridays",
        ],
        Day::Fr,
    ),
    (
        &[
            "saturday",
            "sat",
            "sa",
            "samstag",
            "samstags",
            "sonnabend",
            "samedi",
            "sam",
            "sabado",
            "sabados",
            "samedis",
            "sab",
            "sabato",
            "zaterdag",
            "za",
            "lordag",
            "lor",
            "lauantai",
            "la",
            "sobota",
            "sob",
            "so",
            "saturdays",
        ],
        Day::Sa,
    ),
    (
        &[
            "sunday",
            "sun",
            "su",
            "sonntag",
            "sonntags",
            "dimanche",
            "dim",
            "domingo",
            "domingos",
            "dimanches",
            "dom",
            "domenica",
            "zondag",
            "zo",
            "sondag",
            "son",
            "sunnuntai",
            "niedziela",
            "niedz",
            "nd",
            "nedele",
            "ne",
            "sundays",
        ],
        Day::Su,
    ),
];

/// The day that a word names, in any of the known languages.
pub(crate) fn day(word: &str) -> Option<Day> {
    let word = word.trim();
    let mut letters = word.bytes().map(|byte| byte.to_ascii_lowercase());
    if let (Some(first @ b'a'..=b'z'), Some(second @ b'a'..=b'z')) = (letters.next(), letters.next())
        && BEGINNINGS[usize::from(first - b'a')] & (1 << (second - b'a')) == 0
    {
        return None;
    }
    let mut folded = [0u8; 16];
    let mut length = 0;
    for c in word
        .chars()
        .flat_map(char::to_lowercase)
        .map(fold_letter)
        .filter(|c| c.is_alphanumeric())
    {
        *folded.get_mut(length)? = u8::try_from(c).ok()?;
        length += 1;
    }
    let folded = &folded[..length];
    BY_NAME
        .binary_search_by(|(name, _)| name.as_bytes().cmp(folded))
        .ok()
        .map(|at| BY_NAME[at].1)
}

/// Which letters follow which at the beginning of a name: most words of a text are told apart by two letters.
const BEGINNINGS: [u32; 26] = {
    let mut out = [0; 26];
    let mut day = 0;
    while day < DAYS.len() {
        let mut at = 0;
        while at < DAYS[day].0.len() {
            let name = DAYS[day].0[at].as_bytes();
            out[(name[0] - b'a') as usize] |= 1 << (name[1] - b'a');
            at += 1;
        }
        day += 1;
    }
    out
};

/// The names in alphabetical order. Czech and German both use "so", for Saturday and Sunday; German is more common.
static BY_NAME: LazyLock<Vec<(&'static str, Day)>> = LazyLock::new(|| {
    let mut out: Vec<_> = DAYS
        .iter()
        .flat_map(|(names, day)| names.iter().map(|name| (*name, *day)))
        .collect();
    out.retain(|(name, _)| *name != "so");
    out.push(("so", Day::Su));
    out.sort_unstable_by_key(|(name, _)| *name);
    out
});

fn fold_letter(c: char) -> char {
    match c {
        'ł' => 'l',
        'ś' => 's',
        'ą' => 'a',
        'ę' => 'e',
        'ć' => 'c',
        'ź' | 'ż' => 'z',
        'ř' => 'r',
        'ť' => 't',
        c => plain(c),
    }
}
