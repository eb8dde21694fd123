//! Tables, lists and sentences of opening hours among the visible lines of a page.

use super::clauses::{Kind, clauses, says_open};
use super::columns::{Columns, REACH, begins_with_day, columns};
use super::looks::{may_hold_times, whole_day};
use super::matrix::Matrix;
use super::ranges::names_some_days;
use super::text::{Reader, minutes, names_hours};
use super::{coverage, span, tidy};
use crate::scrape::extract::context::Context;
use crate::scrape::extract::page::scan::{Line, LineKind, Scan, Zone};
use crate::scrape::extract::page::signs::Signs;
use crate::scrape::payload::{Day, Fact, OpeningHours, PageFacts, Source};
use crate::scrape::text::{Words, contains_ci};

/// Lines without hours that may stand inside a table of hours.
const MAX_GAP: usize = 3;
/// Rows below a heading such as "Phone lines" at most.
const MAX_ASIDE: usize = 8;
/// Longer lines are prose in which a visitor would not look for hours.
const MAX_LINE: usize = 1_200;
/// Classes and appointments take no longer; who is open, is open for more.
const MIN_OPEN: u16 = 100;
/// What nothing announces must be open for longer still.
const MIN_UNANNOUNCED: u16 = 150;

/// What announces hours, beside the cues of every line.
pub(crate) const ANNOUNCED: [&str; 72] = [
    "hours",
    "open ",
    "opening",
    "when we",
    "times",
    "öffnungszeit",
    "Öffnungszeit",
    "sprechzeit",
    "sprechstunde",
    "ordination",
    "wann ",
    "zeiten",
    "horaire",
    "heures",
    "ouvert",
    "horario",
    "horári",
    "Horári",
    "orari",
    "openingstijd",
    "geopend",
    "tijden",
    "åpningstid",
    "Åpningstid",
    "öppet",
    "Öppet",
    "åbning",
    "Åbning",
    "åben",
    "Åben",
    "aukiolo",
    "avoinna",
    "palvelemme",
    "godziny",
    "otwarcia",
    "czynne",
    "otevírací",
    "Otevírací",
    "otevřeno",
    "úřední",
    "ordinační",
    "Ordinační",
    "ordinační",
    "otváracie",
    "nyitva",
    "rendelési",
    "program",
    "orar",
    "çalışma",
    "Çalışma",
    "mesai",
    "ωράρι",
    "Ωράρι",
    "ώρες",
    "Ώρες",
    "часы",
    "Часы",
    "режим работы",
    "営業",
    "診療",
    "受付時間",
    "营业",
    "營業",
    "영업",
    "진료",
    "radno vrijeme",
    "delovni",
    "abierto",
    "aberto",
    "geöffnet",
    "reception",
    "oriau",
];

/// What says that a time is not one of the doors: "outside opening hours call us, 24/7".
static OUTSIDE: Words = Words::new(&[
    "outside",
    "Outside",
    "buiten",
    "Buiten",
    "außerhalb",
    "Außerhalb",
    "ausserhalb",
    "Ausserhalb",
    "en dehors",
    "En dehors",
    "fuera",
    "Fuera",
    "fuori",
    "Fuori",
    "utenfor",
    "Utenfor",
    "uden for",
    "Uden for",
    "utanför",
    "Utanför",
    "poza",
    "Poza",
    "mimo ",
    "Mimo ",
    "after hours",
    "out of hours",
    "out-of-hours",
]);

/// What stands above or before the days that are closed, in a cell of its own.
const RESTING: [&str; 7] = ["定休日", "休診日", "休業日", "休館日", "公休日", "휴무일", "휴진일"];

/// A table of hours as it was found.
struct Table {
    week: Vec<OpeningHours>,
    closed: Vec<Day>,
    cue: bool,
    kind: Kind,
}

impl Table {
    fn of(mut reader: Reader, cue: bool, kind: Kind) -> Option<Self> {
        let mut closed = reader.closed.clone();
        closed.sort_unstable();
        closed.dedup();
        // "12.00 – 14.30, closed on Mondays" is about all other days.
        if reader.week.is_empty() && cue && ((1..=3).contains(&closed.len()) || !reader.shut.is_empty()) {
            let loose = reader.loose.iter();
            reader.week = loose
                .filter_map(|(opens, closes)| span(Day::WEEK.to_vec(), *opens, *closes))
                .collect();
        }
        let table = Self {
            week: reader.into_open(),
            closed,
            cue,
            kind,
        };
        let least = if cue { MIN_OPEN } else { MIN_UNANNOUNCED };
        let length = |hours: &OpeningHours| {
            let (opens, closes) = (minutes(&hours.opens), minutes(&hours.closes));
            if closes <= opens { least + 1 } else { closes - opens }
        };
        let long = table.week.iter().any(|hours| length(hours) > least);
        // Short spans that come every day: "8 h 30 – 10 h 30, 17 h 30 – 19 h".
        let daily = |hours: &&OpeningHours| hours.days.len() == Day::WEEK.len();
        let long = long || table.week.iter().filter(daily).map(length).sum::<u16>() > least;
        (long && (table.named() >= 3 || cue)).then_some(table)
    }

    /// Days that it says something about.
    fn named(&self) -> usize {
        coverage(&self.week) + self.closed.len()
    }

    fn shut(&mut self, closed: &[Day]) {
        for hours in &mut self.week {
            hours.days.retain(|day| !closed.contains(day));
        }
        self.week.retain(|hours| !hours.days.is_empty());
    }

    fn rank(&self) -> usize {
        let regular = if self.kind == Kind::Regular { 100 } else { 0 };
        regular + self.named().min(7) * 5 + if self.cue { 15 } else { 0 }
    }
}

/// Every table or list of hours, the fullest first.
pub(crate) fn read(scan: &Scan, context: &Context, facts: &mut PageFacts) {
    let language = language(scan, context);
    let mut tables = Tables::new(language);
    let mut rest = scan.lines.as_slice();
    while let Some((line, after)) = rest.split_first() {
        let text = &scan.text[line.range.clone()];
        rest = after;
        // An item of a menu is no heading of what stands behind it.
        let item = line.zone == Zone::Nav && !line.signs.digit();
        if line.zone == Zone::Quote || item || text.len() > MAX_LINE {
            continue;
        }
        if let Some(found) = beside(scan, line, after, language) {
            rest = &after[found.lines - 1..];
            for row in &found.rows {
                tables.line(row, line, Signs::of(row).digit());
            }
        } else {
            tables.line(text, line, line.signs.digit());
        }
    }
    tables.finish();
    let mut tables = tables.done;
    tables.sort_by_key(|table| std::cmp::Reverse(table.rank()));
    // What a table calls closed, no lesser list of the page opens.
    for at in 0..tables.len() {
        let (named, closed) = (tables[at].named(), tables[at].closed.clone());
        for other in &mut tables[at + 1..] {
            if other.named() < named || !other.cue {
                other.shut(&closed);
            }
        }
    }
    let mut found: Vec<Fact<Vec<OpeningHours>>> = Vec::new();
    for table in tables {
        let trust = 20 + 5 * table.named().min(7) as u8 + if table.cue { 15 } else { 0 };
        let trust = if table.kind == Kind::Regular { trust } else { trust / 2 };
        let week = tidy(table.week);
        if !week.is_empty() && !found.iter().any(|fact| fact.value == week) {
            found.push(Fact::with_trust(week, Source::Text, trust));
        }
    }
    found.truncate(6);
    facts.opening_hours.extend(found);
}

/// The rows that begin with a line, where the days stand in one column and their times in the next.
fn beside(scan: &Scan, line: &Line, after: &[Line], language: Option<&'static str>) -> Option<Columns> {
    let text = |line: &Line| &scan.text[line.range.clone()];
    if line.signs.digit() || line.signs.tab() || !begins_with_day(text(line)) {
        return None;
    }
    let near: Vec<&str> = std::iter::once(line).chain(after).take(REACH).map(text).collect();
    columns(&near, language)
}

/// The language that decides what short names of days mean: the page's own, or that of the country of its domain where
/// the page says nothing, or English, as templates do everywhere.
fn language(scan: &Scan, context: &Context) -> Option<&'static str> {
    const KNOWN: [&str; 20] = [
        "fr", "it", "es", "ro", "nl", "cs", "sk", "sv", "da", "no", "hu", "tr", "fi", "pl", "de", "pt", "el", "hr",
        "ja", "ca",
    ];
    let primary = scan.lang.as_deref().unwrap_or_default();
    let primary = primary
        .split(['-', '_'])
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    let primary = match primary.as_str() {
        "nb" | "nn" => "no",
        other => other,
    };
    if let Some(known) = KNOWN.into_iter().find(|known| *known == primary) {
        return Some(known);
    }
    let english = primary.is_empty() || primary == "en";
    let country = context.tld_region().filter(|_| english)?;
    Some(match country.as_ref() {
        "DE" | "AT" => "de",
        "FR" => "fr",
        "IT" => "it",
        "ES" | "MX" | "AR" | "CL" | "CO" | "PE" => "es",
        "RO" => "ro",
        "NL" => "nl",
        "CZ" => "cs",
        "SK" => "sk",
        "SE" => "sv",
        "DK" => "da",
        "NO" => "no",
        "HU" => "hu",
        "TR" => "tr",
        "FI" => "fi",
        "PL" => "pl",
        "PT" | "BR" => "pt",
        "GR" => "el",
        "HR" => "hr",
        _ => return None,
    })
}

/// The tables that are being read: of regular hours, and of hours that count where there are no others.
struct Tables {
    language: Option<&'static str>,
    regular: Reader,
    second: Reader,
    matrix: Option<Matrix>,
    /// What says that the days in the next line are closed.
    resting: Option<String>,
    gap: usize,
    cue: bool,
    /// Lines that are still about the telephone or the like, and of which kind.
    aside: usize,
    aside_kind: Kind,
    /// They are about the time when the doors are shut.
    outside: bool,
    done: Vec<Table>,
}

impl Tables {
    fn new(language: Option<&'static str>) -> Self {
        Self {
            language,
            regular: Reader::new(language),
            second: Reader::new(language),
            matrix: None,
            resting: None,
            gap: 0,
            cue: false,
            aside: 0,
            aside_kind: Kind::Regular,
            outside: false,
            done: Vec::new(),
        }
    }

    fn finish(&mut self) {
        self.matrix = None;
        self.resting = None;
        let cue = std::mem::take(&mut self.cue);
        let regular = std::mem::replace(&mut self.regular, Reader::new(self.language));
        let second = std::mem::replace(&mut self.second, Reader::new(self.language));
        if regular.is_blank() && second.is_blank() {
            return;
        }
        // Times of meals beside "closed on Mondays": the closed days may stand in either.
        let (closed, shut) = (regular.closed.clone(), regular.shut.clone());
        let lone = regular.week.is_empty();
        self.done.extend(Table::of(regular, cue, Kind::Regular));
        let mut second = second;
        if lone {
            second.closed.extend(closed);
            second.shut.extend(shut);
        }
        self.done.extend(Table::of(second, cue, Kind::Second));
    }

    /// Takes in a text, `digits` in it or none, that stands where `line` does.
    fn line(&mut self, text: &str, line: &Line, digits: bool) {
        if RESTING.contains(&text) {
            self.resting = Some(text.to_owned());
            return;
        }
        let below = self.resting.take().map(|label| format!("{label} {text}"));
        let text = below.as_deref().unwrap_or(text);

        // Without a digit only a day or "closed" can matter, and those stand in short lines.
        let may_tell = text.len() <= 48 || (digits && (may_hold_times(text) || !text.is_ascii()));
        let heading = matches!(line.kind, LineKind::Heading(_));
        let cue = line.cues.hours || (text.len() <= 160 && line.cues.announced);
        if !may_tell && !cue && !heading {
            return self.no_hours(false, text);
        }
        if line.kind == LineKind::Row && self.row(text) {
            self.gap = 0;
            return;
        }
        let parts = match whole_day(text) {
            true => vec![(text, Kind::Regular)],
            false => clauses(text),
        };
        let kind = parts.iter().map(|(_, kind)| *kind).max().unwrap_or(Kind::Regular);
        if kind != Kind::Regular && !digits && text.len() < 60 && !names_hours(text, self.language) {
            self.heading_of_others(kind, heading);
            self.outside = OUTSIDE.any(text);
            return;
        }
        if self.aside > 0 {
            // Whom one calls when the doors are shut is open then: "Vets Now is open Mon-Sun 6pm-8am".
            let opened = kind == Kind::Regular && (says_open(text) || !names_hours(text, self.language));
            let over = opened && (heading || (cue && !self.outside));
            self.aside = if over { 0 } else { self.aside - 1 };
            if !over && self.aside_kind == Kind::Other {
                return;
            }
        }
        let mut said = false;
        if may_tell || cue {
            for (part, kind) in parts {
                let kind = if self.aside > 0 {
                    kind.max(self.aside_kind)
                } else {
                    kind
                };
                said |= self.clause(part, kind, text, cue || self.cue);
            }
        }
        if said {
            self.gap = 0;
            self.cue |= cue;
            return;
        }
        if heading && !self.regular.week.is_empty() {
            self.finish();
        }
        self.no_hours(cue, text);
    }

    /// A line such as "Kitchen" or "Telephone hours": what follows is about that.
    fn heading_of_others(&mut self, kind: Kind, heading: bool) {
        if kind == Kind::Other || heading {
            self.finish();
        }
        (self.aside, self.aside_kind, self.gap) = (MAX_ASIDE, kind, 0);
        self.regular.forget_days();
        self.second.forget_days();
    }

    /// A row of a table with the days at its head.
    fn row(&mut self, text: &str) -> bool {
        if let Some(matrix) = Matrix::header(text, self.language) {
            self.matrix = Some(matrix);
            return true;
        }
        match self.matrix.as_ref().map(|matrix| matrix.row(text)) {
            Some(Some(week)) => {
                self.regular.week.extend(week);
                self.cue = true;
                true
            }
            _ => false,
        }
    }

    fn clause(&mut self, text: &str, kind: Kind, line: &str, cue: bool) -> bool {
        let reader = match kind {
            Kind::Other => {
                self.regular.forget_days();
                return false;
            }
            Kind::Second => &mut self.second,
            Kind::Regular => &mut self.regular,
        };
        let money = text.contains(['€', '$', '£', '₹', '¥', '円']);
        if money || text.trim_end().ends_with('?') {
            return false;
        }
        let (before, loose) = (reader.week.len(), reader.loose.len());
        let said = reader.line(text);
        if !cue && reader.loose.len() > loose {
            reader.loose.truncate(loose);
            return false;
        }
        // "24 hours" is said of much: of the doors only where somebody says "open".
        let whole = |hours: &OpeningHours| {
            let always = hours.opens == "00:00" && hours.closes == "24:00";
            always && (hours.days.len() == 7 || !names_some_days(text, self.language))
        };
        if reader.week[before.min(reader.week.len())..].iter().any(whole) {
            if (says_open(line) || contains_ci(line, "hours:")) && !OUTSIDE.any(line) {
                self.cue = true;
            } else {
                reader.week.truncate(before);
                return false;
            }
        }
        said
    }

    fn no_hours(&mut self, cue: bool, text: &str) {
        self.gap += 1;
        if self.gap > MAX_GAP {
            self.finish();
        }
        if cue && text.len() < 120 {
            let started = !self.regular.week.is_empty() || !self.second.week.is_empty();
            if started || !self.cue {
                self.finish();
            }
            (self.cue, self.gap) = (true, 0);
        }
    }
}
