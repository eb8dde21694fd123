//! Where a street ends that nothing stands between and its town: "135 Ave Suite 208 San Antonio".

use super::street_words::{AFTER, ENGLISH};
use crate::scrape::text::fold;

/// Where the street ends in a text that runs on into the town: after the street word and a direction.
pub(super) fn end_of_street(text: &str) -> Option<usize> {
    let mut seen_number = false;
    let mut end = None;
    let mut at = 0;
    for word in text.split(' ') {
        let start = at;
        at += word.len() + 1;
        let bare = fold(word);
        seen_number |= bare.bytes().any(|b| b.is_ascii_digit());
        let stop = start + word.trim_end_matches([',', '.']).len();
        // "157 Avenue & 95 Street": where two streets cross.
        if matches!(word, "&" | "@") && end == Some(start.saturating_sub(1)) {
            end = None;
        }
        if end.is_none() {
            if seen_number && start > 0 && ENGLISH.has(&bare) && bare != "st" {
                end = Some(stop);
            } else if seen_number && bare == "st" && start > 0 {
                // "St" before a name is a saint: the street word comes later.
                let rest = &text[at.min(text.len())..];
                // Of two "St" the last is the street: "405 N. St. Mary's St.".
                let later = rest.split(' ').any(|next| ENGLISH.has(&fold(next)));
                if !later {
                    end = Some(stop);
                }
            }
        } else if let Some(between) = end.and_then(|end| text.get(end..start)) {
            // "Blvd St. Louis Park": a saint's town, not another word for a street.
            let saint = bare == "st" && at < text.len();
            let goes_on = between == " "
                && (AFTER.has(&bare) || (ENGLISH.has(&bare) && !saint) || is_road_number(text, start, &bare));
            let beside = between.trim_matches([',', ' ', '.']).is_empty();
            let with_door = || door_at_start(&text[start..]).map(|length| start + length);
            end = beside.then(with_door).flatten().or(goes_on.then_some(stop)).or(end);
        }
    }
    end
}

/// How long the door is that a text begins with, of more words than it alone: "Suite #7 St. Louis Park".
fn door_at_start(text: &str) -> Option<usize> {
    let mut words = text.split(' ');
    let unit = words.next()?;
    let has_digit = |word: &str| word.bytes().any(|b| b.is_ascii_digit());
    if unit.starts_with('#') && has_digit(unit) {
        return Some(unit.trim_end_matches(',').len());
    }
    let named = matches!(fold(unit).as_str(), "suite" | "ste" | "unit" | "apt" | "room" | "bldg");
    let number = words.next()?.trim_end_matches(',');
    let lettered = number.len() == 1 && number.bytes().all(|b| b.is_ascii_uppercase());
    (named && (has_digit(number) || lettered)).then_some(unit.len() + 1 + number.len())
}

/// Whether a word is the number of the road before it: "US Hwy 281".
fn is_road_number(text: &str, start: usize, word: &str) -> bool {
    let before = fold(text[..start].trim_end().rsplit(' ').next().unwrap_or_default());
    matches!(before.as_str(), "hwy" | "highway" | "route" | "rte") && word.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_street_ends_before_the_town() {
        let cut = |text: &str| end_of_street(text).map(|at| text[..at].to_owned());
        assert_eq!(cut("123 Queen Street Auckland").as_deref(), Some("123 Queen Street"));
        assert_eq!(cut("12 High St North Dunedin").as_deref(), Some("12 High St North"));
        assert_eq!(cut("5 St Johns Road Remuera").as_deref(), Some("5 St Johns Road"));
        assert_eq!(cut("Auckland"), None);
        for (line, street) in [
            (
                "4331 Excelsior Blvd Suite #7 St. Louis Park",
                "4331 Excelsior Blvd Suite #7",
            ),
            ("8940 Fourwinds Dr Ste. 300 San Antonio", "8940 Fourwinds Dr Ste. 300"),
            ("12 Main Street #B2 Fairfax", "12 Main Street #B2"),
            ("1200 Belvedere Rd. West Palm Beach", "1200 Belvedere Rd"),
            ("12 Main St. East Hampton", "12 Main St"),
        ] {
            assert_eq!(cut(line).as_deref(), Some(street), "{line}");
        }
    }
}
