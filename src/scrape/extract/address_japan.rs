//! Japanese addresses, which go from the largest part to the smallest and write no spaces.

use super::address_lines::Found;
use crate::scrape::payload::Address;
use crate::scrape::text::squeeze;

/// The address behind a postal code such as `〒604-8145`.
pub(super) fn in_line(line: &str, after: &str) -> Option<Found> {
    let (at, digits, code) = code(line)?;
    let same = line[at + digits..].trim_start();
    let rest = if same.is_empty() { after } else { same };
    let rest = &rest[..rest.find(['\t', '（', '(', '｜', '|']).unwrap_or(rest.len())];
    let whole = ["東京都", "北海道", "大阪府", "京都府"]
        .into_iter()
        .find(|name| rest.starts_with(name));
    let (region, rest) = match whole {
        Some(name) => rest.split_at(name.len()),
        None => split_after(rest, &['県'])
            .filter(|(name, _)| name.chars().count() <= 4)
            .unwrap_or(("", rest)),
    };
    let (town, street) = split_after(rest, &['市'])
        .or_else(|| split_after(rest, &['区']))
        .or_else(|| split_after(rest, &['町', '村', '郡']))?;
    let text = |part: &str| (!part.trim().is_empty()).then(|| squeeze(part));
    Some(Found {
        address: Address {
            raw: squeeze(&format!("{} {}", &line[at..], if same.is_empty() { after } else { "" })),
            street: text(street),
            locality: text(town),
            region: text(region),
            postal_code: Some(code),
            country: Some("JP".to_owned()),
        },
        start: at,
        end: line.len(),
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
}
