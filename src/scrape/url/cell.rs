//! What people write around an address in a cell, and instead of one.

use super::{UrlRefusal, finish, parse};
use crate::scrape::text::starts_ci;
use std::borrow::Cow;

/// With the wide forms of ASCII letters and signs, as keyboards for Chinese and Japanese write them, in their usual form.
pub(super) fn narrowed(text: &str) -> Cow<'_, str> {
    const WIDE: std::ops::RangeInclusive<char> = '！'..='～';
    if !text.contains(|c| WIDE.contains(&c)) {
        return Cow::Borrowed(text);
    }
    let narrow = |c: char| {
        // The URL standard takes a wide percent sign in a host for an error.
        let usual = (c != '％' && WIDE.contains(&c))
            .then(|| char::from_u32(u32::from(c) - 0xfee0))
            .flatten();
        usual.unwrap_or(c)
    };
    Cow::Owned(text.chars().map(narrow).collect())
}

/// Without the quotes and brackets around all of it, the list's punctuation behind it, and a scheme that stands twice.
pub(super) fn unwrapped(text: &str) -> &str {
    const SCHEMES: [&str; 4] = ["http://", "https://", "http//", "https//"];
    let quote = |c: char| {
        matches!(
            c,
            '"' | '\'' | '<' | '>' | '`' | '“' | '”' | '„' | '‘' | '’' | '«' | '»' | '‹' | '›' | ' '
        )
    };
    let mut text = text;
    loop {
        let mut rest = text.trim_matches(quote).trim_end_matches([',', ';']);
        for (open, close) in [('(', ')'), ('[', ']')] {
            let inner = rest.strip_prefix(open).and_then(|inner| inner.strip_suffix(close));
            rest = inner
                .filter(|inner| !inner.contains(open) && inner.parse::<std::net::Ipv6Addr>().is_err())
                .unwrap_or(rest);
        }
        let scheme = SCHEMES[..2].iter().find(|scheme| starts_ci(rest, scheme));
        if let Some(scheme) = scheme {
            let second = &rest[scheme.len()..];
            let twice = SCHEMES.iter().any(|scheme| starts_ci(second, scheme));
            rest = if twice { second } else { rest };
        }
        if rest.len() == text.len() {
            return rest;
        }
        text = rest;
    }
}

pub(super) fn is_column_name(text: &str) -> bool {
    const NAMES: [&str; 8] = [
        "website",
        "websites",
        "web site",
        "website url",
        "web address",
        "url",
        "homepage",
        "domain",
    ];
    NAMES.iter().any(|name| text.eq_ignore_ascii_case(name))
}

pub(super) fn is_placeholder(text: &str) -> bool {
    let word = text.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    matches!(
        word.as_str(),
        "" | "n/a"
            | "na"
            | "n.a"
            | "none"
            | "nil"
            | "null"
            | "tbd"
            | "tbc"
            | "tba"
            | "unknown"
            | "no"
            | "no website"
            | "not available"
            | "not applicable"
            | "undefined"
            | "nan"
            | "x"
            | "xx"
            | "xxx"
            | "0"
            | "no url"
            | "does not have one"
            | "kein"
            | "keine"
            | "aucun"
            | "ninguno"
            | "nessuno"
            | "nenhum"
            | "geen"
            | "ingen"
            | "brak"
            | "нет"
            | "なし"
            | "無し"
            | "无"
            | "無"
    )
}

/// How many different addresses a cell lists that begins with one; without this check the rest of the cell would be
/// the path of the first.
pub(super) fn several(text: &str) -> Option<usize> {
    let mut found: Vec<String> = Vec::new();
    for token in text.split([' ', ',', ';', '|']) {
        let before = &text[..token.as_ptr() as usize - text.as_ptr() as usize];
        // Commas in a query may separate values, and a bare name behind one in a path may belong to the path.
        let in_query = before.contains('?') && !before.ends_with(' ');
        let parted = before.ends_with(' ') || !before.contains('/');
        if (is_explicit(token) || (parted && token.contains('.')))
            && !in_query
            && let Ok(clean) = parse(token).and_then(|url| finish(String::new(), url))
            && !found.contains(&clean.dedupe_key)
        {
            found.push(clean.dedupe_key);
        }
    }
    (found.len() > 1).then_some(found.len())
}

fn is_explicit(token: &str) -> bool {
    ["http://", "https://", "www."]
        .iter()
        .any(|prefix| starts_ci(token, prefix))
}

/// The one web address inside a longer text such as `Smile Dental (www.smile.co.nz)`, a Markdown link or a piece of HTML.
///
/// A bare name counts only beside a separator: of `smile dental.co.nz` nobody knows what was meant.
pub(super) fn embedded(text: &str) -> Result<Option<&str>, UrlRefusal> {
    const SEPARATORS: &str = " ()<>[]|;,\"";
    const MARKS: &str = "(<[|;,/-–—";
    if !text.contains(|c| SEPARATORS.contains(c)) {
        return Ok(None);
    }
    let html = text.contains("href=") || text.starts_with('<');
    let mut found: Vec<(&str, String)> = Vec::new();
    let (mut mail, mut behind_separator) = (None, false);
    for word in text.split(|c| SEPARATORS.contains(c) || (html && c == '\'')) {
        let token = word.trim_end_matches(['.', ':', '!', '?', '\'', '’']);
        if token.is_empty() || matches!(token, "-" | "–" | "—") {
            behind_separator = true;
            continue;
        }
        let start = token.as_ptr() as usize - text.as_ptr() as usize;
        let beside_mark = match text[..start].chars().next_back() {
            Some(before) => "(<[|;,".contains(before),
            None => text[token.len()..].trim_start().starts_with(|c| MARKS.contains(c)),
        };
        let separated = behind_separator || beside_mark;
        behind_separator = word.ends_with(':');
        if token.contains('@') && !is_explicit(token) {
            mail = Some(token);
        } else if (is_explicit(token) || (separated && token.contains('.')))
            && let Ok(clean) = parse(token).and_then(|url| finish(String::new(), url))
            && !found.iter().any(|(_, key)| *key == clean.dedupe_key)
        {
            found.push((token, clean.dedupe_key));
        }
    }
    match (found.as_slice(), mail) {
        ([], Some(mail)) => Err(UrlRefusal::EmailAddress(mail.to_owned())),
        ([], None) if is_number(text) => Err(UrlRefusal::Number(text.to_owned())),
        ([], None) => Ok(None),
        ([(one, _)], _) => Ok(Some(one)),
        (several, _) => Err(UrlRefusal::Several(several.len())),
    }
}

fn is_number(text: &str) -> bool {
    text.bytes().any(|b| b.is_ascii_digit()) && text.bytes().all(|b| b.is_ascii_digit() || b"+-.,()/ ".contains(&b))
}
