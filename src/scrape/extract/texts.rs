//! Visible text, line by line: phones, e-mail addresses, languages.

use super::links::push_unique;
use super::phone_labels::label_alone;
use super::phone_lines::narrow;
use super::phones::{Candidates, DOUBTFUL};
use super::scan::{Scan, Zone};
use super::whose::{Standing, Whose};
use super::{emails, languages, phone_lines};
use crate::scrape::payload::{PageFacts, Source};

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
}
