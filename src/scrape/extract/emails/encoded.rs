//! E-mail addresses that content management systems write encoded into attributes.

use super::cloudflare;
use html5ever::Attribute;

/// The address that the attributes of an element hold, from which a script of the page would make a link.
pub(crate) fn from_attributes(attrs: &[Attribute]) -> Option<String> {
    let of = |name: &str| {
        attrs
            .iter()
            .find(|attr| &*attr.name.local == name)
            .map(|attr| &*attr.value)
    };
    if let Some(encoded) = of("data-cfemail") {
        return cloudflare::decode(encoded);
    }
    // Joomla: <joomla-hidden-mail first="…" last="…">, both in base64.
    if let (Some(first), Some(last)) = (of("first"), of("last"))
        && of("is-email").is_some()
    {
        return super::normalise(&format!("{}@{}", base64(first)?, base64(last)?));
    }
    if let (Some(token), Some(vector)) = (of("data-mailto-token"), of("data-mailto-vector")) {
        return typo3(token, vector.parse().ok()?);
    }
    let local = of("data-user")
        .or_else(|| of("data-name"))
        .or_else(|| of("data-local"))
        .or_else(|| of("data-u"));
    let domain = of("data-domain").or_else(|| of("data-host")).or_else(|| of("data-d"));
    if let (Some(local), Some(domain)) = (local, domain) {
        let whole = match of("data-tld") {
            Some(tld) => format!("{local}@{domain}.{tld}"),
            None => format!("{local}@{domain}"),
        };
        return super::normalise(&whole);
    }
    let value = [
        "data-enc-email",
        "data-email",
        "data-mail",
        "data-mailto",
        "data-enc",
        "data-eml",
    ]
    .into_iter()
    .find_map(of)?;
    let value = value.trim_start_matches("mailto:");
    super::normalise(value)
        .filter(|_| of("data-enc-email").is_none())
        .or_else(|| super::normalise(base64(value)?.trim_start_matches("mailto:")))
        .or_else(|| super::normalise(&rot13(value).replace("[at]", "@")))
        .or_else(|| super::normalise(&value.chars().rev().collect::<String>()))
}

/// The address behind `javascript:linkTo_UnCryptMailto('…')` of TYPO3.
pub(crate) fn from_script_link(href: &str) -> Option<String> {
    let (_, argument) = href.split_once("UnCryptMailto(")?;
    let argument = crate::scrape::text::percent_decode(argument).into_owned();
    let token = argument.trim_start_matches(['\'', '"']).split(['\'', '"']).next()?;
    (-25..=25).find_map(|vector| typo3(token, vector))
}

/// TYPO3 moves each character within its kind; what it hid begins with `mailto:`.
fn typo3(token: &str, vector: i32) -> Option<String> {
    let moved: String = token
        .chars()
        .map(|c| {
            let moved = |from: u32, to: u32| {
                let (code, count) = (i64::from(c as u32), i64::from(to - from + 1));
                let at = (code - i64::from(from) - i64::from(vector)).rem_euclid(count) + i64::from(from);
                u32::try_from(at).ok().and_then(char::from_u32).unwrap_or(c)
            };
            match c as u32 {
                0x2b..=0x3a => moved(0x2b, 0x3a),
                0x40..=0x5a => moved(0x40, 0x5a),
                0x61..=0x7a => moved(0x61, 0x7a),
                _ => c,
            }
        })
        .collect();
    super::normalise(moved.strip_prefix("mailto:")?.split('?').next()?)
}

/// Letters thirteen places on.
pub(super) fn rot13(text: &str) -> String {
    let moved = |c: char, first: u8| char::from((c as u8 - first + 13) % 26 + first);
    text.chars()
        .map(|c| match c {
            'a'..='z' => moved(c, b'a'),
            'A'..='Z' => moved(c, b'A'),
            other => other,
        })
        .collect()
}

/// The text that short base64 stands for.
pub(super) fn base64(text: &str) -> Option<String> {
    let text = text.trim().trim_end_matches('=');
    if text.is_empty() || text.len() > 400 {
        return None;
    }
    let mut out = Vec::with_capacity(text.len());
    let (mut bits, mut count) = (0_u32, 0);
    for byte in text.bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        bits = (bits << 6 | u32::from(value)) & 0xff_ffff;
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count & 0xff) as u8);
        }
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use crate::scrape::extract::extract_html;

    #[test]
    fn encoded_addresses_are_read() {
        for html in [
            r#"<joomla-hidden-mail is-link="1" is-email="1" first="aW5mbw==" last="c21pbGUuY28ubno=" text="">x</joomla-hidden-mail>"#,
            r##"<a href="#" data-mailto-token="nbjmup+jogpAtnjmf/dp/oa" data-mailto-vector="1">x</a>"##,
            r#"<a href="javascript:linkTo_UnCryptMailto(%27nbjmup%2BjogpAtnjmf%2Fdp%2Foa%27);">x</a>"#,
            r#"<span data-enc-email="vasb@fzvyr.pb.am">x</span>"#,
            r#"<span data-user="info" data-domain="smile.co.nz"></span>"#,
            r#"<span data-email="aW5mb0BzbWlsZS5jby5ueg=="></span>"#,
            r#"<p>info<img alt="@" src="at.gif">smile.co.nz</p>"#,
            r#"<p style="unicode-bidi:bidi-override; direction:rtl">zn.oc.elims@ofni</p>"#,
            r#"<style>.b{direction:rtl;unicode-bidi:bidi-override}</style><p class="b">zn.oc.elims@ofni</p>"#,
            r#"<noscript>info (at) smile.co.nz</noscript>"#,
            r#"<p>E: <script>document.write('info'+'@'+'smile.co.nz')</script></p>"#,
        ] {
            let facts = extract_html(html, &"https://smile.co.nz/".parse().unwrap(), None);
            assert_eq!(
                facts.emails.first().map(|fact| fact.value.as_str()),
                Some("info@smile.co.nz"),
                "{html}"
            );
        }
    }
}
