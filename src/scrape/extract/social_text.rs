//! Profiles that a page writes out and leads to by no link: "Instagram: @smile.dental", "facebook.com/smiledental".

use super::scan::{Scan, Zone};
use super::social::{handle, profile};
use super::whose::{Standing, Whose};
use crate::scrape::payload::{Fact, PageFacts, SocialLink, Source};
use crate::scrape::text::starts_ci;

/// What is said of a line that is looked through for profiles, and the network that a name behind it is of.
pub(super) const NETWORKS: [&str; 9] = [
    "instagram",
    "insta:",
    "ig: @",
    "facebook.com/",
    "fb.com/",
    "tiktok",
    "twitter",
    "youtube.com/",
    "linkedin.com/",
];
/// Longer lines are prose.
const MAX_LINE: usize = 200;
const TRUST: u8 = 40;

/// Reads profiles of networks that no link has led to.
pub(super) fn read(scan: &Scan, whose: &Whose<'_>, facts: &mut PageFacts) {
    let lines = scan.lines.iter().enumerate();
    for (at, line) in lines.filter(|(_, line)| line.cues.social && line.zone != Zone::Quote) {
        let text = &scan.text[line.range.clone()];
        if text.len() > MAX_LINE {
            continue;
        }
        for (start, found) in written(text) {
            let known = facts.social.iter().any(|fact| fact.value.network == found.network);
            // Words before it say whose it is, and what a page shows in full is no icon.
            let standing = whose.profile(at, text, start..start + 1, handle(&found));
            if !known && standing != Standing::Foreign {
                let trust = if standing == Standing::Doubtful {
                    TRUST / 2
                } else {
                    TRUST
                };
                facts.social.push(Fact::with_trust(found, Source::Text, trust));
            }
        }
    }
}

/// The profiles in a line, each with where it stands.
fn written(line: &str) -> Vec<(usize, SocialLink)> {
    let mut out = Vec::new();
    let mut network = "";
    let mut at = 0;
    for word in line.split(|c: char| c.is_whitespace() || matches!(c, '|' | ',' | ';' | '(' | ')')) {
        let start = at;
        at += word.len() + 1;
        let bare = word.trim_matches(|c: char| matches!(c, ':' | '.' | '"' | '“' | '”' | '-' | '–'));
        let (label, name) = bare.split_once('@').unwrap_or((bare, ""));
        let label = label.trim_end_matches(':');
        if label.contains('/') {
            let address = format!(
                "https://{}",
                label.trim_start_matches("https://").trim_start_matches("http://")
            );
            let whole = if name.is_empty() {
                address
            } else {
                format!("{address}@{name}")
            };
            out.extend(
                whole
                    .parse()
                    .ok()
                    .and_then(|url| profile(&url))
                    .map(|found| (start, found)),
            );
            continue;
        }
        if !label.is_empty() {
            network = called(label);
        }
        let is_name = (3..=30).contains(&name.len())
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_'))
            && (label.is_empty() || !network.is_empty());
        if is_name && !network.is_empty() {
            let url = format!("https://{network}{name}").parse().ok();
            out.extend(url.and_then(|url| profile(&url)).map(|found| (start, found)));
        }
    }
    out
}

/// Where the profiles of a network are, by how a line calls it.
fn called(label: &str) -> &'static str {
    match label {
        _ if starts_ci(label, "insta") || label.eq_ignore_ascii_case("ig") => "www.instagram.com/",
        _ if starts_ci(label, "tiktok") => "www.tiktok.com/@",
        _ if starts_ci(label, "twitter") => "x.com/",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::scrape::extract::extract_html;

    #[test]
    fn names_behind_the_word_for_a_network_and_addresses_are_profiles() {
        let found = |line: &str| -> Vec<String> { written(line).into_iter().map(|(_, found)| found.url).collect() };
        assert_eq!(
            found("Instagram: @smile.dental"),
            ["https://www.instagram.com/smile.dental"]
        );
        assert_eq!(
            found("IG @smile_dental | TikTok: @smiledental"),
            [
                "https://www.instagram.com/smile_dental",
                "https://www.tiktok.com/@smiledental"
            ]
        );
        assert_eq!(
            found("Find us on facebook.com/smiledental."),
            ["https://www.facebook.com/smiledental"]
        );
        for line in [
            "Instagram hello@smile.nz",
            "Mail us @ the front desk",
            "Follow @smile",
            "instagram.com/",
            "Instagram and mail: info@smile.nz",
        ] {
            assert_eq!(found(line), Vec::<String>::new(), "{line}");
        }
    }

    #[test]
    fn a_link_goes_before_what_is_written() {
        let html = "<p>Instagram: @smile.dental</p><a href='https://www.instagram.com/smiledental'>Instagram</a><p>Facebook: facebook.com/smiledental";
        let facts = extract_html(html, &"https://www.smiledental.co.nz/".parse().unwrap(), None);
        let found: Vec<&str> = facts.social.iter().map(|fact| fact.value.url.as_str()).collect();
        assert_eq!(
            found,
            [
                "https://www.instagram.com/smiledental",
                "https://www.facebook.com/smiledental"
            ]
        );
    }
}
