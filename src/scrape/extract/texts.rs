//! Visible text, line by line: phones, e-mail addresses, hours, languages.

use super::context::Context;
use super::cues::credit_start;
use super::hours::{coverage, tidy};
use super::hours_text::Reader;
use super::links::push_unique;
use super::phones::Candidates;
use super::scan::{Scan, Zone};
use super::{emails, languages, phones};
use crate::scrape::payload::{Fact, PageFacts, Source};

/// Reads every visible line once.
pub(crate) fn read(scan: &Scan, _context: &Context, numbers: &mut Candidates, facts: &mut PageFacts) {
    let mut mails = Vec::new();
    for line in &scan.lines {
        let text = &scan.text[line.range.clone()];
        if line.zone == Zone::Quote {
            continue;
        }
        let text = if line.cues.credit {
            credit_start(text).map_or(text, |at| &text[..at])
        } else {
            text
        };
        let trust = match line.zone {
            Zone::Footer | Zone::Header => 50,
            _ => 40,
        };
        if text.len() < 2_000 {
            phones::from_line(text, trust, numbers);
            emails::from_line(text, line.cues.masked, &mut mails);
            for mail in mails.drain(..) {
                push_unique(&mut facts.emails, mail, Source::Text, trust);
            }
            if line.cues.spoken {
                for code in languages::spoken(text) {
                    push_unique(&mut facts.languages, code, Source::Text, 40);
                }
            }
        }
    }
    hours(scan, facts);
}

/// Lines without hours that may stand inside a table of hours.
const MAX_GAP: usize = 3;

/// Every table or list of hours, the fullest first.
fn hours(scan: &Scan, facts: &mut PageFacts) {
    let mut reader = Reader::default();
    let mut gap = 0;
    let mut cue = false;
    let mut found: Vec<Fact<_>> = Vec::new();
    let mut finish = |reader: &mut Reader, cue: bool| {
        let reader = std::mem::take(reader);
        let named = coverage(&reader.week) + reader.closed.len();
        let week = tidy(reader.week);
        if !week.is_empty() && (named >= 3 || cue) && !found.iter().any(|fact| fact.value == week) {
            let trust = 20 + 5 * (coverage(&week) + reader.closed.len()).min(7) as u8 + if cue { 15 } else { 0 };
            found.push(Fact::with_trust(week, Source::Text, trust));
        }
    };
    for line in &scan.lines {
        let text = &scan.text[line.range.clone()];
        if line.zone == Zone::Quote || text.len() > 400 {
            continue;
        }
        // Without a digit only a day or "closed" can matter, and those stand in short lines.
        let may_tell = text.len() <= 40 || may_hold_times(text);
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
    found.sort_by_key(|fact| std::cmp::Reverse(fact.trust));
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
