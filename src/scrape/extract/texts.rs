//! Visible text, line by line: phones, e-mail addresses, hours, languages.

use super::hours::{coverage, tidy};
use super::hours_text::{Reader, names_hours};
use super::links::push_unique;
use super::phone_labels::label_alone;
use super::phone_lines::narrow;
use super::phones::{Candidates, DOUBTFUL};
use super::scan::{LineKind, Scan, Zone};
use super::whose::{Standing, Whose};
use super::{emails, languages, phone_lines};
use crate::scrape::payload::{Day, Fact, OpeningHours, PageFacts, Source};
use crate::scrape::text::Words;

/// Reads every visible line once.
pub(crate) fn read(scan: &Scan, whose: &Whose<'_>, numbers: &mut Candidates, facts: &mut PageFacts) {
    // A line or cell that is only a label speaks of the next one.
    let mut above = "";
    for (at, line) in scan.lines.iter().enumerate() {
        let text = &scan.text[line.range.clone()];
        if line.zone == Zone::Quote || text.len() >= 2_000 {
            continue;
        }
        let trust = match line.zone {
            Zone::Footer | Zone::Header => 50,
            _ => 40,
        };
        let text = &*narrow(text);
        if text.bytes().filter(u8::is_ascii_digit).take(5).count() == 5 {
            phone_lines::from_line(
                text,
                trust,
                label_alone(above),
                &mut |part| whose.number(at, text, part),
                numbers,
            );
        }
        above = &scan.text[line.range.clone()];
        emails::from_line(text, line.cues.masked, &mut |text, part, mail| {
            let trust = match whose.mail(at, text, part, &mail) {
                Standing::Foreign => return,
                Standing::Doubtful => DOUBTFUL - 10,
                Standing::Plain => trust,
            };
            push_unique(&mut facts.emails, mail, Source::Text, trust);
        });
        if line.cues.spoken {
            for code in languages::spoken(text) {
                push_unique(&mut facts.languages, code, Source::Text, 40);
            }
        }
    }
    hours(scan, facts);
}

/// Lines without hours that may stand inside a table of hours.
const MAX_GAP: usize = 3;

/// Rows below a heading such as "Phone lines" at most.
const MAX_ASIDE: usize = 8;

/// When somebody answers the telephone, which is not when the doors are open.
static ANSWERED: Words = Words::new(&[
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
    "telefonzeit",
    "telefonsprech",
    "telefonische",
    "telefonisch erreichbar",
    "telefonisch bereikbaar",
    "permanence téléphonique",
    "accueil téléphonique",
    "horario telef",
    "atención telef",
]);

/// The part of a line that stands before the sentence about the telephone.
fn before_answered(text: &str) -> Option<&str> {
    let (at, _) = ANSWERED.all(text).next()?;
    let end = text[..at]
        .char_indices()
        .rev()
        .find(|(at, c)| {
            matches!(c, ';' | '|' | '(' | '•' | '·') || (*c == '.' && text[at + 1..].starts_with(char::is_whitespace))
        })
        .map_or(0, |(at, _)| at);
    Some(&text[..end])
}

/// A table of hours as it was found.
struct Table {
    week: Vec<OpeningHours>,
    closed: Vec<Day>,
    cue: bool,
}

impl Table {
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
}

/// Every table or list of hours, the fullest first.
fn hours(scan: &Scan, facts: &mut PageFacts) {
    let mut reader = Reader::default();
    let mut gap = 0;
    let mut cue = false;
    let mut aside = 0;
    let mut tables: Vec<Table> = Vec::new();
    let mut finish = |reader: &mut Reader, cue: bool| {
        let Reader { week, mut closed, .. } = std::mem::take(reader);
        closed.sort_unstable();
        closed.dedup();
        let mut table = Table {
            week,
            closed: Vec::new(),
            cue,
        };
        table.shut(&closed);
        table.closed = closed;
        if !table.week.is_empty() && (table.named() >= 3 || cue) {
            tables.push(table);
        }
    };
    for line in &scan.lines {
        let text = &scan.text[line.range.clone()];
        if line.zone == Zone::Quote || text.len() > 400 {
            continue;
        }
        // Without a digit only a day or "closed" can matter, and those stand in short lines.
        let may_tell = text.len() <= 40 || may_hold_times(text);
        let mut text = text;
        if let Some(before) = before_answered(text) {
            // With a number it is a line of contact details, not a heading.
            let digits = text.bytes().any(|b| b.is_ascii_digit());
            if !digits && !names_hours(text) && text.len() < 60 {
                finish(&mut reader, cue);
                (cue, aside, gap) = (false, MAX_ASIDE, 0);
                continue;
            }
            if before.trim().is_empty() {
                continue;
            }
            text = before;
        } else if aside > 0 {
            let over = (line.cues.hours || matches!(line.kind, LineKind::Heading(_))) && !names_hours(text);
            aside = if over { 0 } else { aside - 1 };
            if !over {
                continue;
            }
        }
        if may_tell && reader.line(text) {
            gap = 0;
            cue |= line.cues.hours;
            continue;
        }
        gap += 1;
        if gap > MAX_GAP {
            finish(&mut reader, cue);
            cue = false;
        }
        if line.cues.hours && text.len() < 120 {
            finish(&mut reader, cue);
            (cue, gap) = (true, 0);
        }
    }
    finish(&mut reader, cue);
    tables.sort_by_key(|table| std::cmp::Reverse(table.named().min(7) * 5 + if table.cue { 15 } else { 0 }));
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
        let week = tidy(table.week);
        if !week.is_empty() && !found.iter().any(|fact| fact.value == week) {
            found.push(Fact::with_trust(week, Source::Text, trust));
        }
    }
    found.truncate(6);
    facts.opening_hours.extend(found);
}

/// Whether a digit is followed by what makes it a time, a range or a date.
fn may_hold_times(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.windows(2).any(|pair| {
        pair[0].is_ascii_digit()
            && matches!(
                pair[1],
                b':' | b'.' | b'a' | b'p' | b'A' | b'P' | b'h' | b'H' | b'-' | 0xe2
            )
    }) || (text.len() <= 160 && bytes.iter().any(u8::is_ascii_digit))
        || bytes.windows(3).any(|three| {
            three[0].is_ascii_digit()
                && three[1] == b' '
                && matches!(three[2], b'a' | b'p' | b'A' | b'P' | b'U' | b'u' | b'h' | b'-' | 0xe2)
        })
}
