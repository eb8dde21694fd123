//! Sections about somebody else: supervisory chambers, insurers, hosts, complaint bodies, which legal pages must name
//! together with their telephone numbers and addresses.

use crate::scrape::extract::page::scan::{LineKind, Scan, Zone};
use crate::scrape::text::starts_ci;
use std::ops::Range;

/// Lines after a cue that belong to its section, unless a heading ends it sooner.
const REACH: usize = 7;

/// Moves the lines and links of such sections to [`Zone::Quote`], where no extractor looks.
pub(crate) fn mark(scan: &mut Scan) {
    unquote(scan);
    let mut left = 0;
    let mut marked = vec![false; scan.lines.len()];
    for (at, line) in scan.lines.iter().enumerate() {
        let text = &scan.text[line.range.clone()];
        if matches!(line.kind, LineKind::Heading(_)) {
            left = 0;
        }
        if is_quotation(text) {
            marked[at] = true;
            continue;
        }
        if text.len() <= 200 && line.cues.foreign {
            left = REACH + 1;
        }
        if left > 0 {
            left -= 1;
            marked[at] = true;
        }
    }
    for (line, _) in scan.lines.iter_mut().zip(&marked).filter(|(_, marked)| **marked) {
        line.zone = Zone::Quote;
    }
    for anchor in &mut scan.anchors {
        if marked.get(anchor.line) == Some(&true) {
            anchor.zone = Zone::Quote;
        }
    }
}

/// Takes small boxes in which one can call for what they are: themes call any box a "review" when it looks like their own. In long ones
/// people say much, and among it whom they call.
fn unquote(scan: &mut Scan) {
    const MOST: usize = 8;
    let quoted = |line: usize| scan.lines.get(line).is_some_and(|line| line.zone == Zone::Quote);
    let mut boxes: Vec<Range<usize>> = Vec::new();
    for anchor in &scan.anchors {
        let calls = anchor.zone == Zone::Quote && starts_ci(&anchor.href, "tel:") && quoted(anchor.line);
        if !calls || boxes.last().is_some_and(|last| last.contains(&anchor.line)) {
            continue;
        }
        let before = (0..anchor.line)
            .rev()
            .take(MOST)
            .take_while(|line| quoted(*line))
            .count();
        let after = (anchor.line..scan.lines.len())
            .take(MOST)
            .take_while(|line| quoted(*line))
            .count();
        if before + after <= MOST {
            boxes.push(anchor.line - before..anchor.line + after);
        }
    }
    for lines in boxes {
        scan.lines[lines.clone()]
            .iter_mut()
            .for_each(|line| line.zone = Zone::Main);
        let first = scan.anchors.partition_point(|anchor| anchor.line < lines.start);
        let inside = scan.anchors[first..]
            .iter_mut()
            .take_while(|anchor| anchor.line < lines.end);
        inside.for_each(|anchor| anchor.zone = Zone::Main);
    }
}

/// Whether a line is what somebody said of the business, and who: `"Dave fixed our boiler, ring me on …" - Mrs J Holroyd`.
fn is_quotation(text: &str) -> bool {
    const PAIRS: [(char, char); 5] = [('"', '"'), ('“', '”'), ('„', '“'), ('«', '»'), ('‘', '’')];
    let closed = PAIRS.into_iter().find_map(|(open, close)| {
        let rest = text.strip_prefix(open)?;
        let at = rest.rfind(close)?;
        Some((rest[..at].split(' ').count(), &rest[at + close.len_utf8()..]))
    });
    // Shorter ones are slogans and names.
    closed.is_some_and(|(words, after)| {
        let after = after.trim_start();
        words >= 6 && (after.is_empty() || after.starts_with(['-', '–', '—', '~', '(']))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_customers_say_is_theirs() {
        assert!(is_quotation(
            "\"Dave fixed our boiler, brilliant. Ring me on 0113 275 6644\" - Mrs J Holroyd, Leeds"
        ));
        assert!(is_quotation("„Sehr netter Empfang, wir kommen gerne wieder zu Ihnen.“"));
        for text in [
            "\"Smile\" Dental, 12 High Street",
            "“We care” – 09 524 7381",
            "Plain words, and more of them",
        ] {
            assert!(!is_quotation(text), "{text}");
        }
    }
}
