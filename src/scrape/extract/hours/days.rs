//! The days of the week by name, in the languages that sites are in.

use crate::scrape::extract::words::{KnownMap, WordSet};
use crate::scrape::payload::Day;
use crate::scrape::text::plain;
use std::sync::LazyLock;

/// Names that mean the same day wherever they stand: Monday to Sunday parted by `|`, spellings by spaces, without
/// accents and in lower case.
const NAMES: [(&str, &str); 25] = [
    (
        "en",
        "monday mondays mon|tuesday tuesdays tue tues|wednesday wednesdays wed weds|thursday thursdays thu thur thurs|\
         friday fridays fri|saturday saturdays sat|sunday sundays sun",
    ),
    ("en", "mo|tu|we|th|fr|sa|su"),
    (
        "de",
        "montag montags|dienstag dienstags|mittwoch mittwochs|donnerstag donnerstags|freitag freitags|samstag samstags \
         sonnabend sonnabends|sonntag sonntags sonn",
    ),
    ("de", "mo|di die|mi|do|fr|sa|so"),
    (
        "fr",
        "lundi lundis lun|mardi mardis|mercredi mercredis mer|jeudi jeudis jeu|vendredi vendredis ven|samedi samedis sam|\
         dimanche dimanches dim",
    ),
    (
        "es",
        "lunes lun|martes|miercoles mie|jueves jue|viernes vie|sabado sabados sab|domingo domingos dom",
    ),
    (
        "it",
        "lunedi lun|martedi|mercoledi mer|giovedi gio|venerdi ven|sabato sabati sab|domenica domeniche dom",
    ),
    (
        "pt",
        "segunda segundas seg|terca tercas ter|quarta quartas qua|quinta quintas qui|sexta sextas sex|sabado sab|domingo dom",
    ),
    (
        "ca",
        "dilluns|dimarts|dimecres|dijous|divendres|dissabte dissabtes|diumenge diumenges",
    ),
    (
        "nl",
        "maandag maandags|dinsdag|woensdag|donderdag|vrijdag vrijdags|zaterdag zaterdags|zondag zondags",
    ),
    ("nl", "ma||wo|do|vr|za|zo"),
    (
        "da",
        "mandag mandage mandager man|tirsdag tirsdage tirsdager tirs tir|onsdag onsdage onsdager ons|torsdag torsdage \
         torsdager tors tor|fredag fredage fredager fre|lordag lordage lordager lor|sondag sondage sondager son",
    ),
    (
        "sv",
        "mandag mandagar man|tisdag tisdagar tis|onsdag onsdagar ons|torsdag torsdagar tors tor|fredag fredagar fre|\
         lordag lordagar lor|sondag sondagar son",
    ),
    (
        "fi",
        "maanantai maanantaisin maanantaista maanantaina|tiistai tiistaisin tiistaista tiistaina|keskiviikko \
         keskiviikkoisin keskiviikosta keskiviikkona|torstai torstaisin torstaista torstaina torstaihin|perjantai \
         perjantaisin perjantaista perjantaina perjantaihin|lauantai lauantaisin lauantaista lauantaina lauantaihin|\
         sunnuntai sunnuntaisin sunnuntaina sunnuntaihin",
    ),
    (
        "pl",
        "poniedzialek poniedzialki poniedzialku poniedzialkowe poniedzialkiem pon pn|wtorek wtorki wtorku wt|sroda srody \
         srode sr|czwartek czwartki czwartku czw|piatek piatki piatku pt|sobota soboty sobote sob sb|niedziela niedziele \
         niedzieli niedz ndz nd",
    ),
    (
        "cs",
        "pondeli po|utery ut|streda stredy stredu st|ctvrtek ctvrtku ct|patek patku pa|sobota soboty sobotu so|nedele \
         nedeli ne",
    ),
    (
        "sk",
        "pondelok pondelka|utorok utorka|streda stredy|stvrtok stvrtka|piatok piatka|sobota soboty|nedela nedele",
    ),
    (
        "hu",
        "hetfo hetfotol hetfon|kedd keddtol kedden|szerda szerdatol szerdan|csutortok csutortokon csutortokig|pentek \
         pentekig penteken|szombat szombatig szombaton|vasarnap vasarnapig",
    ),
    (
        "ro",
        "luni|marti|miercuri mie|joi|vineri vin|sambata sambete sam|duminica dum",
    ),
    ("tr", "pazartesi|sali|carsamba|persembe|cuma|cumartesi|pazar"),
    (
        "hr",
        "ponedjeljak ponedjeljka ponedeljek|utorak utorka torek|srijeda srijede sreda|cetvrtak cetvrtka cetrtek|petak \
         petka petek|subota subote subotom|nedjelja nedjelje nedjeljom nedelja",
    ),
    (
        "el",
        "δευτερα δευ|τριτη τρι|τεταρτη τετ|πεμπτη πεμ|παρασκευη παρ|σαββατο σαββατα σαβ|κυριακη κυριακες κυρ",
    ),
    (
        "ru",
        "понедельник понедельника понеделник понедiлок пн|вторник вторника вiвторок вт|среда среду среды сряда середа ср|\
         четверг четверга четвъртък четвер чт|пятница пятницу пятницы петък пт|суббота субботу субботы събота субота сб|\
         воскресенье воскресенья неделя недiля вс нд",
    ),
    ("id", "senin|selasa|rabu|kamis|jumat|sabtu|minggu"),
    ("cy", "llun|mawrth|mercher|iau|gwener|sadwrn|sul"),
];

/// Short names that count in their own language only, there before all others.
const OWN: [(&str, &str); 13] = [
    ("fr", "lu|ma mar|me|je|ve|sa|di"),
    ("it", "lu|ma mar|me|gi|ve|sa|do"),
    ("es", "lu|ma mar|mi|ju|vi|sa|do"),
    ("ro", "lu|ma mar|mi|jo|vi|sa|du"),
    ("nl", "ma|di|wo|do|vr|za|zo"),
    ("cs", "po|ut|st|ct|pa|so|ne"),
    ("sk", "po|ut|st|st|pi|so|ne"),
    ("sv", "ma|ti|on|to|fr|lo|so"),
    ("da", "ma|ti|on|to|fr|lo|so"),
    ("no", "ma|ti|on|to|fr|lo|so"),
    ("hu", "h|k|sze|cs|p|szo|v vas"),
    ("tr", "pzt|sal|car|per|cum|cmt|paz"),
    ("fi", "ma|ti|ke|to|pe|la|su"),
];

type Table = KnownMap<&'static str, Day>;

/// The first of two languages that share a word keeps it: German comes before Czech.
static COMMON: LazyLock<Table> = LazyLock::new(|| {
    let mut out = Table::default();
    for (_, names) in NAMES {
        fill(&mut out, names);
    }
    out.entry("mar").or_insert(Day::Tu);
    out
});
static OF_LANGUAGE: LazyLock<KnownMap<&'static str, Table>> = LazyLock::new(|| {
    let tables = OWN.iter().map(|(language, names)| {
        let mut table = Table::default();
        fill(&mut table, names);
        (*language, table)
    });
    tables.collect()
});

fn fill(table: &mut Table, names: &'static str) {
    for (names, day) in names.split('|').zip(Day::WEEK) {
        for name in names.split_ascii_whitespace() {
            table.entry(name).or_insert(day);
        }
    }
}

/// All names of days.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    let own = OF_LANGUAGE.values().flat_map(KnownMap::keys);
    COMMON.keys().chain(own).copied()
}

/// All names again: most words are told from them by their first two letters.
static ALL: LazyLock<WordSet> = LazyLock::new(|| WordSet::from_words(names()));

/// The day that a word names, in any of the known languages; `language` decides where they disagree.
pub(crate) fn day_in(word: &str, language: Option<&str>) -> Option<Day> {
    let word = word.trim();
    if word.len() > 48 || !ALL.may_have(word) {
        return None;
    }
    let mut folded = String::with_capacity(word.len());
    folded.extend(
        word.chars()
            .flat_map(char::to_lowercase)
            .map(fold_letter)
            .filter(|c| c.is_alphanumeric()),
    );
    language
        .and_then(|language| OF_LANGUAGE.get(language)?.get(folded.as_str()))
        .or_else(|| COMMON.get(folded.as_str()))
        .copied()
}

/// The day that a word names where nothing is known of the language.
pub(crate) fn day(word: &str) -> Option<Day> {
    day_in(word, None)
}

fn fold_letter(c: char) -> char {
    match c {
        'ά' => 'α',
        'έ' => 'ε',
        'ή' => 'η',
        'ί' | 'ϊ' => 'ι',
        'ό' => 'ο',
        'ύ' => 'υ',
        'ώ' => 'ω',
        'і' => 'i',
        c => plain(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_in_many_languages() {
        for (word, language, expected) in [
            ("Mondays", None, Day::Mo),
            ("Çarşamba", None, Day::We),
            ("Παρασκευή", None, Day::Fr),
            ("вс", None, Day::Su),
            ("czwartku", None, Day::Th),
            ("Marţi", None, Day::Tu),
            ("vasárnap", None, Day::Su),
            ("perjantaihin", None, Day::Fr),
            ("di", None, Day::Tu),
            ("di", Some("fr"), Day::Su),
            ("ma", None, Day::Mo),
            ("ma", Some("fr"), Day::Tu),
            ("so", None, Day::Su),
            ("so", Some("cs"), Day::Sa),
            ("do", Some("it"), Day::Su),
            ("Szo", Some("hu"), Day::Sa),
        ] {
            assert_eq!(day_in(word, language), Some(expected), "{word} {language:?}");
        }
        for word in ["and", "v", "open", "mars", "мир"] {
            assert_eq!(day(word), None, "{word}");
        }
    }
}
