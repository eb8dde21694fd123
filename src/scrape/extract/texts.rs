//! Visible text, line by line: phones and e-mail addresses.

use crate::scrape::extract::emails;
use crate::scrape::extract::links::push_unique;
use crate::scrape::extract::page::scan::{LineKind, Scan, Zone};
use crate::scrape::extract::phones;
use crate::scrape::extract::phones::labels::{Label, label_alone};
use crate::scrape::extract::phones::lines::narrow;
use crate::scrape::extract::phones::{Candidates, DOUBTFUL};
use crate::scrape::extract::whose::{Standing, Whose};
use crate::scrape::payload::{PageFacts, Source};
use std::borrow::Cow;
use std::ops::Range;

/// Reads every visible line once.
pub(crate) fn read(scan: &Scan, whose: &Whose<'_>, numbers: &mut Candidates, facts: &mut PageFacts) {
    // A line or cell that is only a label speaks of the next one.
    let mut above = "";
    // What the head of a table calls its columns.
    let mut columns: Vec<Label> = Vec::new();
    for (at, line) in scan.lines.iter().enumerate() {
        let text = &scan.text[line.range.clone()];
        if line.zone == Zone::Quote || text.len() >= 2_000 {
            continue;
        }
        let trust = match line.zone {
            Zone::Footer | Zone::Header => 50,
            _ => 40,
        };
        let narrowed = if line.signs.wide() {
            narrow(text)
        } else {
            Cow::Borrowed(text)
        };
        let text = &*narrowed;
        if line.kind != LineKind::Row {
            columns.clear();
        } else if let Some(labels) = column_labels(text) {
            columns = labels;
        }
        let digits = line.signs.digit() || line.signs.wide();
        if digits && text.bytes().filter(u8::is_ascii_digit).take(5).count() == 5 {
            if columns.is_empty() {
                let mut whose = |part| whose.number(at, text, part);
                phones::lines::from_line(text, trust, label_alone(above), &mut whose, numbers);
            } else {
                let mut start = 0;
                for (cell, label) in text
                    .split('\t')
                    .zip(columns.iter().chain(std::iter::repeat(&Label::None)))
                {
                    let mut whose = |part: Range<usize>| whose.number(at, text, start + part.start..start + part.end);
                    phones::lines::from_line(cell, trust, *label, &mut whose, numbers);
                    start += cell.len() + 1;
                }
            }
        }
        above = &scan.text[line.range.clone()];
        if !(line.signs.at() || line.signs.wide() || line.cues.masked) {
            continue;
        }
        emails::from_line(text, line.cues.masked, &mut |text, part, mail| {
            let trust = match whose.mail(at, text, part, &mail) {
                Standing::Foreign => return,
                Standing::Doubtful => DOUBTFUL - 10,
                Standing::Plain => trust,
            };
            push_unique(&mut facts.emails, mail, Source::Text, trust);
        });
    }
}

/// The labels of a table's columns, where a row is its head: "Branch, Address, Phone, Fax".
fn column_labels(row: &str) -> Option<Vec<Label>> {
    if row.len() > 160 || row.bytes().any(|b| b.is_ascii_digit()) {
        return None;
    }
    let labels: Vec<Label> = row.split('\t').map(label_alone).collect();
    let told = labels.iter().filter(|label| **label != Label::None).count();
    (labels.len() >= 3 && told > 0).then_some(labels)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use crate::scrape::extract::extract_html;
    use crate::scrape::payload::PhoneKind;

    #[test]
    fn the_head_of_a_table_says_what_its_columns_are() {
        let html = "<table><tr><th>Branch<th>Ph<th>Fax<tr><td>City<td>(09) 846 2770<td>(09) 846 2779</table>";
        let facts = extract_html(html, &"https://www.smile.co.nz/".parse().unwrap(), None);
        let phones: Vec<_> = facts
            .phones
            .into_iter()
            .map(|fact| (fact.value.e164.unwrap(), fact.value.kind))
            .collect();
        assert_eq!(
            phones,
            [
                ("+6498462770".to_owned(), PhoneKind::Phone),
                ("+6498462779".to_owned(), PhoneKind::Fax)
            ]
        );
    }
}
