//! Sections about somebody else: supervisory chambers, insurers, hosts, complaint bodies, which legal pages must name
//! together with their telephone numbers and addresses.

use super::scan::{LineKind, Scan, Zone};

/// Lines after a cue that belong to its section, unless a heading ends it sooner.
const REACH: usize = 7;

/// Moves the lines and links of such sections to [`Zone::Quote`], where no extractor looks.
pub(crate) fn mark(scan: &mut Scan) {
    let mut left = 0;
    let mut marked = vec![false; scan.lines.len()];
    for (at, line) in scan.lines.iter().enumerate() {
        let text = &scan.text[line.range.clone()];
        if matches!(line.kind, LineKind::Heading(_)) {
            left = 0;
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
