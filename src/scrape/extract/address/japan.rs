//! Japanese addresses, which go from the largest part to the smallest and write no spaces.

use super::lines::Found;
use crate::scrape::payload::Address;
use crate::scrape::text::squeeze;

/// The address behind a postal code such as `〒604-8145`, or behind the label or at the beginning of a line that has none.
pub(super) fn in_line(line: &str, after: &str) -> Option<Found> {
    match code(line) {
        Some((at, digits, code)) => {
            let same = line[at + digits..].trim_start();
            let rest = if same.is_empty() { after } else { same };
            let raw = format!("{} {}", &line[at..], if same.is_empty() { after } else { "" });
            taken_apart(rest, at, line.len(), &raw, Some(code))
        }
        None => {
            let at = line
                .char_indices()
                .map(|(at, _)| at)
                .take(MAX_LABEL)
                .find(|at| begins_prefecture(&line[*at..]))?;
            let numbered = line[at..]
                .chars()
                .any(|c| c.is_ascii_digit() || matches!(c, '０'..='９'));
            (numbered && line.chars().count() <= MAX_BARE)
                .then(|| taken_apart(&line[at..], at, line.len(), &line[at..], None))
                .flatten()
        }
    }
}

/// Signs before an address without a code: "住所：".
const MAX_LABEL: usize = 8;
/// Longer lines are prose.
const MAX_BARE: usize = 60;

/// Whether a text begins with the name of a prefecture.
fn begins_prefecture(text: &str) -> bool {
    let kanji = |c: char| matches!(c, '\u{4e00}'..='\u{9fff}');
    let named = || {
        let name: Vec<char> = text.chars().take(4).collect();
        let end = name.iter().position(|c| *c == '県');
        end.is_some_and(|end| end >= 2 && name[..end].iter().all(|c| kanji(*c)))
    };
    WHOLE.iter().any(|name| text.starts_with(name)) || named()
}

/// Prefectures that are not called 県.
const WHOLE: [&str; 4] = ["東京都", "北海道", "大阪府", "京都府"];

fn taken_apart(rest: &str, start: usize, end: usize, raw: &str, code: Option<String>) -> Option<Found> {
    let mut stop = rest.find(['\t', '（', '(', '｜', '|']).unwrap_or(rest.len());
    for label in ["TEL", "Tel", "tel", "電話", "☎", "FAX"] {
        stop = stop.min(rest.find(label).unwrap_or(stop));
    }
    let rest = rest[..stop].trim_end();
    let whole = WHOLE.into_iter().find(|name| rest.starts_with(name));
    let (region, rest) = match whole {
        Some(name) => rest.split_at(name.len()),
        None => split_after(rest, &['県'])
            .filter(|(name, _)| name.chars().count() <= 4)
            .unwrap_or(("", rest)),
    };
    let (town, street) = split_after(rest, &['市'])
        .or_else(|| split_after(rest, &['区']))
        .or_else(|| split_after(rest, &['町', '村', '郡']))?;
    // "鹿児島県の鹿児島市で": a sentence.
    if town.starts_with(|c: char| matches!(c, '\u{3041}'..='\u{3096}')) {
        return None;
    }
    let text = |part: &str| (!part.trim().is_empty()).then(|| squeeze(part));
    Some(Found {
        address: Address {
            raw: squeeze(raw),
            street: text(street),
            locality: text(town),
            region: text(region),
            postal_code: code,
            country: Some("JP".to_owned()),
        },
        start,
        end,
        above: false,
    })
}

/// Where a code stands, its length and its digits.
fn code(line: &str) -> Option<(usize, usize, String)> {
    let at = line.find('〒')?;
    let after = line[at + '〒'.len_utf8()..].trim_start();
    let digits: String = after
        .chars()
        .take(8)
        .map(|c| match c {
            '０'..='９' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
            'ー' | '－' | '−' | '‐' => '-',
            c => c,
        })
        .collect();
    let shaped = digits.len() == 8
        && digits
            .bytes()
            .enumerate()
            .all(|(place, b)| if place == 3 { b == b'-' } else { b.is_ascii_digit() });
    let marks = line.len() - at - after.len();
    let length = marks + after.chars().take(8).map(char::len_utf8).sum::<usize>();
    shaped.then_some((at, length, digits))
}

/// Cuts behind the first of some signs; names are of two signs or more, and of eight at most.
fn split_after<'a>(text: &'a str, signs: &[char]) -> Option<(&'a str, &'a str)> {
    let (at, sign) = text
        .char_indices()
        .enumerate()
        .find(|(count, (_, c))| *count >= 1 && *count <= 8 && signs.contains(c))
        .map(|(_, found)| found)?;
    Some(text.split_at(at + sign.len_utf8()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn the_parts_of_a_japanese_address() {
        let found = in_line("〒222-0033 神奈川県横浜市港北区新横浜2-18-44 ハイツ1F", "")
            .unwrap()
            .address;
        assert_eq!(found.postal_code.as_deref(), Some("222-0033"));
        assert_eq!(found.region.as_deref(), Some("神奈川県"));
        assert_eq!(found.locality.as_deref(), Some("横浜市"));
        assert_eq!(found.street.as_deref(), Some("港北区新横浜2-18-44 ハイツ1F"));
        let tokyo = in_line("〒１０６－００３２東京都港区六本木1-2-3", "").unwrap().address;
        assert_eq!(
            (tokyo.locality.as_deref(), tokyo.region.as_deref()),
            (Some("港区"), Some("東京都"))
        );
        let kyoto = in_line("〒604-8145", "京都市中京区元竹田町118-4").unwrap().address;
        assert_eq!(kyoto.locality.as_deref(), Some("京都市"));
        assert!(in_line("〒お問い合わせ", "").is_none());
    }

    #[test]
    fn lines_without_a_code_begin_with_a_prefecture() {
        let parts = |line: &str| {
            let found = in_line(line, "")?.address;
            Some((found.region?, found.locality?, found.street?))
        };
        let told =
            |region: &str, town: &str, street: &str| Some((region.to_owned(), town.to_owned(), street.to_owned()));
        assert_eq!(
            parts("鹿児島県鹿児島市武1丁目４０－１６"),
            told("鹿児島県", "鹿児島市", "武1丁目４０－１６")
        );
        assert_eq!(
            parts("住所：東京都渋谷区渋谷2-1-5 TEL 03-3400-1234"),
            told("東京都", "渋谷区", "渋谷2-1-5")
        );
        assert_eq!(parts("鹿児島県の鹿児島市で30年"), None);
        assert_eq!(parts("県内で10店舗"), None);
    }
}
