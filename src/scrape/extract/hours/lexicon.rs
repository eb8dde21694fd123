//! What words mean in a line about hours, in the languages that sites are in.

use crate::scrape::extract::words::KnownMap;
use std::sync::LazyLock;

/// The part of a day that a word names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Morning,
    Later,
}

/// What a word means for hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// "to", "bis": between two days or two times.
    Until,
    And,
    Closed,
    /// "except", which takes days or times away.
    Except,
    /// "lunch", "pause": the times that follow are no hours.
    Pause,
    Daily,
    Weekdays,
    Weekend,
    Noon,
    Midnight,
    /// "Uhr", "h", "klo": a number beside it is a time.
    Clock,
    /// "hours", which after 24 means the whole day.
    Hours,
    Part(Part),
    /// "between", which makes the next "and" a range.
    Between,
    /// Articles and prepositions that may stand between a day and a time.
    Filler,
}

const WORDS: [(Meaning, &str); 16] = [
    (
        Meaning::Until,
        "to bis till til until through thru au à al hasta tot t tm alle fino ate até às as do aż až jusqu jusqu'à \
         jusqu’à jusque tem fram έως εως μέχρι μεχρι до по la până pana a ila finish finishes close \
         closes",
    ),
    (
        Meaning::And,
        "and und et y e en og och ja i sowie és es και και и şi și si ve u plus ed sekä resp",
    ),
    (
        Meaning::Closed,
        "closed geschlossen fermé ferme fermée fermés fermées cerrado cerrada cerrados cerradas chiuso chiusa \
         chiusi gesloten fechado fechada fechados encerrado encerrada encerra encerrados lukket stengt stängt suljettu \
         kiinni zamknięte zamkniete nieczynne zavřeno zavreno zatvorené zatvorene zatvoreno zaprto ruhetag ruhetage shut \
         descansamos descanso zárva zarva szünnap închis inchis inchise kapalı kapali κλειστά κλειστα κλειστό κλειστο κλειστή \
         закрыто выходной выходные зачинено вихідний tancat tancats tutup",
    ),
    (
        Meaning::Except,
        "except excluding außer ausser sauf excepto salvo behalve eccetto tranne esclusi escluso exceto undtagen unntatt utom \
         paitsi oprócz oprocz kromě krome okrem kivéve kiveve εκτός εκτος кроме hariç haric",
    ),
    (
        Meaning::Pause,
        "lunch lunchtime break mittagspause pause pausa almuerzo pauze lunchpauze middagpauze siesta przerwa przestávka \
         prestavka polední ebédszünet pauză pauza διάλειμμα обед перерыв mola",
    ),
    (
        Meaning::Daily,
        "daily everyday täglich taeglich dagelijks quotidien tgl tägl diariamente daglig dagligen päivittäin codziennie denně denne \
         naponta zilnic καθημερινά καθημερινα ежедневно щодня svakodnevno",
    ),
    (
        Meaning::Weekdays,
        "weekdays weekday werktags wochentags werktage doordeweeks weekdagen werkdagen hverdage hverdager hverdag vardagar vardag arkisin \
         arkipäivisin arkipäivät feriali laborables hétköznap hétköznapokon munkanapokon καθημερινές καθημερινες будни будние \
         feiners delavnik pracovné",
    ),
    (
        Meaning::Weekend,
        "weekend weekends wochenende wochenenden viikonloppuisin viikonloppu helger helgen hétvége hétvégén weekendy víkend vikend \
         week-end week-ends",
    ),
    (
        Meaning::Between,
        "between zwischen entre tra mellem mellan tussen między mezi",
    ),
    (Meaning::Noon, "noon midday mittags midi mediodía mezzogiorno"),
    (
        Meaning::Midnight,
        "midnight mitternacht minuit medianoche mezzanotte meia-noite midnatt middernacht północ",
    ),
    (
        Meaning::Clock,
        "uhr h hrs hs klo kl o'clock o’clock uur hod hodin hodín óra óráig год ч ure horas heures ore ора saatleri",
    ),
    (
        Meaning::Hours,
        "hours stunden heures horas ore timer timmar tuntia godzin godziny hodin saat часа uren",
    ),
    (
        Meaning::Part(Part::Morning),
        "morning mornings vormittag vormittags matin matins matinée mañana mañanas mattina mattino manhã manhãs ochtend \
         ochtends formiddag förmiddag aamupäivä rano dopoledne délelőtt dimineața dimineata πρωί утро утром sabah morgens früh",
    ),
    (
        Meaning::Part(Part::Later),
        "apresmidi afternoon afternoons evening evenings nachmittag nachmittags abend abends après-midi aprem soir soirs tarde tardes \
         noche noches noite pomeriggio sera serale middag avond avonds eftermiddag kveld aften kväll iltapäivä ilta odpoledne \
         délután seara απόγευμα βράδυ вечер вечером akşam popołudniu night",
    ),
    (
        Meaning::Filler,
        "from de von vom od das dalle dal dallo della des du van fra från at um las los el le les the il lo ca circa om w we v ve \
         på pe am on az zwischen between desde entre tra από στις στη με с со в во der den le about around approx",
    ),
];

/// Meanings of words that follow each other.
const PHRASES: [(&str, &str, Meaning); 51] = [
    ("every", "day", Meaning::Daily),
    ("each", "day", Meaning::Daily),
    ("all", "week", Meaning::Daily),
    ("seven", "days a week", Meaning::Daily),
    ("seven", "days", Meaning::Daily),
    ("jeden", "tag", Meaning::Daily),
    ("alle", "tage", Meaning::Daily),
    ("alle", "dage", Meaning::Daily),
    ("alle", "dager", Meaning::Daily),
    ("alle", "dagen", Meaning::Daily),
    ("alle", "hverdage", Meaning::Weekdays),
    ("alla", "dagar", Meaning::Daily),
    ("hver", "dag", Meaning::Daily),
    ("varje", "dag", Meaning::Daily),
    ("iedere", "dag", Meaning::Daily),
    ("elke", "dag", Meaning::Daily),
    ("joka", "päivä", Meaning::Daily),
    ("tous", "les jours", Meaning::Daily),
    ("chaque", "jour", Meaning::Daily),
    ("todos", "los días", Meaning::Daily),
    ("todos", "los dias", Meaning::Daily),
    ("todos", "os dias", Meaning::Daily),
    ("cada", "día", Meaning::Daily),
    ("tutti", "i giorni", Meaning::Daily),
    ("ogni", "giorno", Meaning::Daily),
    ("minden", "nap", Meaning::Daily),
    ("her", "gün", Meaning::Daily),
    ("κάθε", "μέρα", Meaning::Daily),
    ("каждый", "день", Meaning::Daily),
    ("в", "будни", Meaning::Weekdays),
    ("hafta", "içi", Meaning::Weekdays),
    // In lower case it would be longer: the dot becomes a sign of its own.
    ("hafta", "İçi", Meaning::Weekdays),
    ("hafta", "ici", Meaning::Weekdays),
    ("hafta", "sonu", Meaning::Weekend),
    ("dni", "robocze", Meaning::Weekdays),
    ("pracovní", "dny", Meaning::Weekdays),
    ("v", "pracovní dny", Meaning::Weekdays),
    ("en", "semaine", Meaning::Weekdays),
    ("la", "semaine", Meaning::Weekdays),
    ("jours", "ouvrables", Meaning::Weekdays),
    ("dias", "úteis", Meaning::Weekdays),
    ("días", "laborables", Meaning::Weekdays),
    ("giorni", "feriali", Meaning::Weekdays),
    ("zile", "lucrătoare", Meaning::Weekdays),
    ("fines", "de semana", Meaning::Weekend),
    ("fin", "de semana", Meaning::Weekend),
    ("fim", "de semana", Meaning::Weekend),
    ("fins", "de semana", Meaning::Weekend),
    ("rest", "day", Meaning::Closed),
    ("round", "the clock", Meaning::Hours),
    ("po", "południu", Meaning::Part(Part::Later)),
];

static BY_WORD: LazyLock<KnownMap<&'static str, Meaning>> = LazyLock::new(|| {
    let mut out = KnownMap::default();
    for (meaning, words) in WORDS {
        for word in words.split_ascii_whitespace() {
            out.entry(word).or_insert(meaning);
        }
    }
    out
});
static BY_FIRST: LazyLock<KnownMap<&'static str, Vec<(&'static str, Meaning)>>> = LazyLock::new(|| {
    let mut out: KnownMap<_, Vec<_>> = KnownMap::default();
    for (first, rest, meaning) in PHRASES {
        out.entry(first).or_default().push((rest, meaning));
    }
    out
});

/// Which letters follow which at the beginning of a word that matters: most words of a text are told apart by two letters.
static BEGINNINGS: LazyLock<[u32; 26]> = LazyLock::new(|| {
    let mut out = [0; 26];
    let words = BY_WORD.keys().chain(BY_FIRST.keys()).copied();
    for word in words.chain(super::days::names()).chain(["feira", "ig"]) {
        if let [first @ b'a'..=b'z', second @ b'a'..=b'z', ..] = word.as_bytes() {
            out[usize::from(first - b'a')] |= 1 << (second - b'a');
        }
    }
    out
});

/// Whether a word may be a day or mean something; nearly all words of a text do not.
pub(crate) fn may_matter(word: &str) -> bool {
    let mut letters = word.bytes().map(|byte| byte.to_ascii_lowercase());
    match (letters.next(), letters.next()) {
        (Some(first @ b'a'..=b'z'), Some(second @ b'a'..=b'z')) => {
            BEGINNINGS[usize::from(first - b'a')] & (1 << (second - b'a')) != 0
        }
        _ => true,
    }
}

/// What a word in lower case means by itself.
pub(crate) fn meaning(word: &str) -> Option<Meaning> {
    BY_WORD.get(word).copied()
}

/// What a word means together with the text behind it, and how many bytes of that text belong to it.
pub(crate) fn phrase(word: &str, after: &str) -> Option<(Meaning, usize)> {
    let list = BY_FIRST.get(word)?;
    let rest = after.trim_start_matches([' ', '-']);
    let space = after.len() - rest.len();
    let (words, meaning) = list.iter().find(|(words, _)| {
        let begins = rest.get(..words.len()).is_some_and(|start| {
            start.eq_ignore_ascii_case(words) || (!start.is_ascii() && start.to_lowercase() == *words)
        });
        begins && !rest[words.len()..].starts_with(char::is_alphabetic)
    })?;
    Some((*meaning, space + words.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_phrases() {
        assert_eq!(meaning("außer"), Some(Meaning::Except));
        assert_eq!(meaning("zavřeno"), Some(Meaning::Closed));
        assert_eq!(phrase("todos", " los Días de"), Some((Meaning::Daily, 10)));
        assert_eq!(phrase("hafta", " içi 9"), Some((Meaning::Weekdays, 5)));
        assert_eq!(phrase("every", " daylight"), None);
    }
}
