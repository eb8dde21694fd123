//! Which sentences about times speak of opening: not those about the telephone, the kitchen, deliveries or one date.

use crate::scrape::text::Words;

/// What the times in a clause are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Regular hours, as far as one can tell.
    Regular,
    /// Hours of meals or of a season, which count where nothing better is known.
    Second,
    /// Times of something else.
    Other,
}

/// When somebody answers the telephone, cooks, delivers or teaches; and days that come once a year.
static OTHER: Words = Words::new(&[
    "phones open",
    "phones are",
    "phones:",
    "phones answered",
    "phone line",
    "telephone line",
    "lines are open",
    "lines open",
    "reception phone",
    "phone hours",
    "telephone hours",
    "phone enquiries",
    "phone us between",
    "call us between",
    "call between",
    "calls between",
    "ring us between",
    "ring between",
    "calls are answered",
    "answer the phone",
    "by phone",
    "telefonzeit",
    "telefonsprech",
    "telefonische",
    "telefonisch",
    "telefontid",
    "på telefon",
    "telefonen er",
    "ring hverdage",
    "permanence téléphonique",
    "accueil téléphonique",
    "horario telef",
    "atención telef",
    "atenção telef",
    "telefonicznie",
    "telefonicky",
    "telefonos",
    "puhelimitse",
    "puhelinpalvelu",
    "lääkeneuvonta",
    "out of hours",
    "out-of-hours",
    "after hours",
    "after-hours",
    "neighbour",
    "neighbor",
    "next door",
    "partner",
    "helpline",
    "hotline",
    "infolinia",
    "customer service",
    "kundenservice",
    "kitchen",
    "küche",
    "Küche",
    "la cuisine",
    "cocina",
    "cucina",
    "cozinha",
    "keuken",
    "køkken",
    "kjøkken",
    "kök",
    "keittiö",
    "Keittiö",
    "kuchnia",
    "kuchyn",
    "konyha",
    "bucătăr",
    "mutfa",
    "κουζίνα",
    "Κουζίνα",
    "кухня",
    "Кухня",
    "last orders",
    "food served",
    "check-in",
    "check in",
    "checkin",
    "check-out",
    "check out",
    "anreise",
    "abreise",
    "breakfast",
    "frühstück",
    "Frühstück",
    "petit déjeuner",
    "petit-déjeuner",
    "desayuno",
    "colazione",
    "ontbijt",
    "morgenmad",
    "frukost",
    "aamiai",
    "śniadan",
    "Śniadan",
    "snídan",
    "café da manhã",
    "pequeno-almoço",
    "micul dejun",
    "kahvaltı",
    "reggeli",
    "deliver",
    "lieferung",
    "lieferservice",
    "livraison",
    "entregas",
    "entrega",
    "consegn",
    "bezorg",
    "levering",
    "utkörning",
    "dostaw",
    "dowóz",
    "rozvoz",
    "rozwoz",
    "házhoz",
    "livrare",
    "pickup",
    "pick-up",
    "pick up",
    "abholung",
    "happy hour",
    "parking",
    "car park",
    "parkplatz",
    "parkeren",
    "parkgebühr",
    "stationnement payant",
    "aparcamiento",
    "parcheggio",
    "blutabnahme",
    "class times",
    "timetable",
    "class schedule",
    "batch",
    "stundenplan",
    "kursplan",
    "kursangebot",
    "pilates runs",
    "drive-through",
    "drive-thru",
    "box office",
    "notdienst",
    "emergency",
    "call-out",
    "callout",
    "urgence",
    "urgencias",
    "bereitschaft",
    "medlemmer",
    "handed out",
    "abendverkauf",
    "estimates",
    "results:",
    "christmas",
    "weihnacht",
    "heiligabend",
    "heilig abend",
    "silvester",
    "new year",
    "easter",
    "ostern",
    "noël",
    "Noël",
    "pâques",
    "Pâques",
    "navidad",
    "nochebuena",
    "semana santa",
    "natale",
    "pasqua",
    "carnaval",
    "karneval",
    "fasching",
    "la feria",
    "juleaften",
    "mellem jul",
    "påske",
    "Påske",
    "påsk",
    "Påsk",
    "joulu",
    "juhannu",
    "wigili",
    "wielkan",
    "vánoc",
    "Vánoc",
    "velikon",
    "karácsony",
    "húsvét",
    "crăciun",
    "paște",
    "Paște",
    "walentynki",
    "valentine",
    "halloween",
    "thanksgiving",
    "labour day",
    "labor day",
    "anzac",
    "poikkeus",
    "holiday hours",
    "special hours",
    "sonderöffnung",
    "itsenäisyys",
    "ramadan",
    "ramazan",
    "bayram",
    "年末",
    "年始",
    "お盆",
    "短縮",
    "春节",
    "설날",
    "추석",
    "lunch menu",
    "of the month",
    "im monat",
    "van de maand",
    "du mois",
    "del mes",
    "do mês",
    "i måneden",
    "i månaden",
    "kuukauden",
    "w miesiącu",
    "v měsíci",
    "alternos",
    "every other",
    "every second",
    "livemusik",
    "live music",
    "guided tour",
    "visite guid",
    "service times",
]);

/// Meals and seasons.
static SECOND: Words = Words::new(&[
    "summer",
    "winter",
    "sommer",
    "hiver",
    "en été",
    "verano",
    "invierno",
    "d'estate",
    "estiv",
    "inverno",
    "verão",
    "zomer",
    "kesäaj",
    "talviaj",
    "latem",
    "zimą",
    "lét",
    "télen",
    "nyár",
    "school holiday",
    "ferien",
    "vacances",
    "lunch",
    "dinner",
    "supper",
    "brunch",
    "mittagstisch",
    "mittagessen",
    "abendessen",
    "déjeuner",
    "dîner",
    "comida",
    "almuerzo",
    "cena",
    "pranzo",
    "almoço",
    "jantar",
    "lounas",
    "lunsj",
    "frokost",
    "obiad",
    "kolacj",
    "oběd",
    "večeře",
    "ebéd",
    "vacsora",
    "ランチ",
    "ディナー",
    "점심",
    "저녁",
    "august",
    "agosto",
    "january",
    "januar",
    "october",
    "oktober",
    "octubre",
    "ottobre",
    "outubro",
    "octobre",
    "aprile",
    "april",
    "july",
    "julio",
    "luglio",
    "juillet",
    "listopad",
    "únor",
    "Απρίλιο",
    "Οκτώβριο",
    "αύγουστο",
    "Αύγουστο",
    "elokuu",
    "heinäkuu",
    "sierp",
    "lipc",
]);
/// How many of the words above are seasons at the beginning of the list, and from where on they are months.
const SEASONS: usize = 22;
const MONTHS: usize = 51;

/// The clauses of a line in their order, neighbours of one kind together.
pub(super) fn clauses(line: &str) -> Vec<(&str, Kind)> {
    let mut marks: Vec<(usize, Kind)> = OTHER.all(line).map(|(at, _)| (at, Kind::Other)).collect();
    for (at, index) in SECOND.all(line) {
        // "12 – 1 lunch" is a pause; a meal with hours of its own stands before them.
        let meal = (SEASONS..MONTHS).contains(&index);
        let leads = line[..at].trim_end_matches(|c: char| !c.is_alphanumeric()).is_empty()
            || line[..at].ends_with(['.', ';', ' ', ',', '\t'])
                && line[..at].trim_end().ends_with(['.', ';', ',', '\t', '|', '·']);
        if !meal || leads {
            marks.push((at, Kind::Second));
        }
    }
    marks.extend(super::dates::dates(line).map(|at| (at, Kind::Other)));
    if marks.is_empty() {
        return vec![(line, Kind::Regular)];
    }
    let mut out: Vec<(&str, Kind)> = Vec::new();
    let mut start = 0;
    for end in boundaries(line).chain([line.len()]) {
        let kind = marks
            .iter()
            .filter(|(at, _)| (start..end).contains(at))
            .map(|(_, kind)| *kind)
            .max()
            .unwrap_or(Kind::Regular);
        match out.last_mut() {
            Some((text, known)) if *known == kind => {
                let from = start - text.len();
                *text = &line[from..end];
            }
            _ => out.push((&line[start..end], kind)),
        }
        start = end;
    }
    out
}

/// Where clauses end: at marks that part them, and at the ends of sentences.
fn boundaries(line: &str) -> impl Iterator<Item = usize> + '_ {
    line.char_indices().filter_map(|(at, c)| {
        let end = at + c.len_utf8();
        match c {
            ';' | '|' | '(' | ')' | '•' | '·' | '。' | '；' => Some(end),
            '.' | '!' | '?' => {
                let rest = &line[end..];
                let next = rest.trim_start();
                let sentence = rest.starts_with(' ') && !next.starts_with(|c: char| c.is_lowercase() || c == '-');
                let word = line[..at]
                    .rsplit(|c: char| !c.is_alphanumeric())
                    .next()
                    .unwrap_or_default();
                let initial = word.len() < 2 && !word.starts_with(|c: char| c.is_ascii_digit());
                let short = initial || super::days::day(word).is_some();
                (sentence && !short).then_some(end)
            }
            _ => None,
        }
    })
}

/// Words that say that somebody is there all day, beside "24 hours".
static OPEN: Words = Words::new(&[
    "open",
    "geöffnet",
    "ouvert",
    "abiert",
    "apert",
    "abert",
    "geopend",
    "åben",
    "Åben",
    "åpen",
    "Åpen",
    "öppe",
    "Öppe",
    "auki",
    "avoinna",
    "otwart",
    "całodob",
    "otevřen",
    "nyitva",
    "deschis",
    "açık",
    "ανοιχτ",
    "открыт",
    "круглосуточно",
    "営業",
    "reception",
    "rezeption",
    "never close",
]);

/// Whether a line says that the doors are open.
pub(super) fn says_open(line: &str) -> bool {
    OPEN.any(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clauses_about_other_things_are_told_apart() {
        use Kind::{Other, Regular, Second};
        for (line, expected) in [
            ("Mon-Fri 9am-5pm", vec![("Mon-Fri 9am-5pm", Regular)]),
            (
                "Phones are staffed around the clock. Offices: weekdays 9–5.",
                vec![
                    ("Phones are staffed around the clock.", Other),
                    (" Offices: weekdays 9–5.", Regular),
                ],
            ),
            (
                "ti–to 11–22. Keittiö sulkeutuu ennen. Su suljettu.",
                vec![
                    ("ti–to 11–22.", Regular),
                    (" Keittiö sulkeutuu ennen.", Other),
                    (" Su suljettu.", Regular),
                ],
            ),
            ("Lunch: Mon-Fri 12-2", vec![("Lunch: Mon-Fri 12-2", Second)]),
            ("Mon-Fri 9-5, 12-1 lunch", vec![("Mon-Fri 9-5, 12-1 lunch", Regular)]),
            (
                "Tue 29 October: open 10am to 2pm",
                vec![("Tue 29 October: open 10am to 2pm", Other)],
            ),
        ] {
            assert_eq!(clauses(line), expected, "{line}");
        }
    }
}
