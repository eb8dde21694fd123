//! Visible text, line by line: phones, e-mail addresses, languages.

use super::context::Context;
use super::cues::credit_start;
use super::links::push_unique;
use super::phones::Candidates;
use super::scan::{Scan, Zone};
use super::{emails, languages, phones};
use crate::scrape::payload::{PageFacts, Source};

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
}
