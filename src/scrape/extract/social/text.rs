//! Profiles that a page writes out and leads to by no link: "Instagram: @smile.dental", "facebook.com/smiledental".

use super::{handle, profile};
use crate::scrape::extract::page::scan::{Scan, Zone};
use crate::scrape::extract::whose::{Standing, Whose};
use crate::scrape::payload::{Fact, PageFacts, SocialLink, Source};
use crate::scrape::text::{offset, starts_ci};
use std::ops::Range;

/// What is said of a line that is looked through for profiles, and the network that a name behind it is of.
pub(crate) const NETWORKS: [&str; 9] = [
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
/// Who writes out more profiles lists those of others.
const MAX_PROFILES: usize = 8;
const TRUST: u8 = 40;

/// Reads profiles of networks that no link has led to.
pub(crate) fn read(scan: &Scan, whose: &Whose<'_>, facts: &mut PageFacts) {
    let mut read = 0;
    let lines = scan.lines.iter().enumerate();
    for (at, line) in lines.filter(|(_, line)| line.cues.social && line.zone != Zone::Quote) {
        let text = &scan.text[line.range.clone()];
        if text.len() > MAX_LINE || read >= MAX_PROFILES {
            continue;
        }
        for (place, found) in written(text) {
            let known = facts.social.iter().any(|fact| fact.value.network == found.network);
            if known {
                continue;
            }
            read += 1;
            let trust = match whose.profile(at, text, place, handle(&found)) {
                Standing::Foreign => continue,
                Standing::Doubtful => TRUST / 2,
                Standing::Plain => TRUST,
            };
            facts.social.push(Fact::with_trust(found, Source::Text, trust));
        }
    }
}

/// The profiles in a line, each with where it stands.
fn written(line: &str) -> Vec<(Range<usize>, SocialLink)> {
    let mut out = Vec::new();
    let mut network = "";
    for word in line.split(|c: char| c.is_whitespace() || matches!(c, '|' | ',' | ';' | '(' | ')')) {
        let bare = word.trim_matches(|c: char| matches!(c, ':' | '.' | '"' | '“' | '”' | '-' | '–'));
        let place = offset(line, bare).map_or(0..0, |start| start..start + bare.len());
        let (label, name) = bare.split_once('@').unwrap_or((bare, ""));
        let label = label.trim_end_matches(':');
        if label.contains('/') {
            let address = bare.trim_start_matches("https://").trim_start_matches("http://");
            let url = format!("https://{address}").parse().ok();
            out.extend(url.and_then(|url| profile(&url)).map(|found| (place, found)));
            continue;
        }
        if !label.is_empty() {
            network = called(label);
        }
        let is_name = (3..=30).contains(&name.len())
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_'));
        if is_name && !network.is_empty() {
            let url = format!("https://{network}{name}").parse().ok();
            out.extend(url.and_then(|url| profile(&url)).map(|found| (place, found)));
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
    fn what_stands_beside_a_profile_may_be_of_any_script() {
        for line in [
            "Instagram: “@praxis.weiss”",
            "Instagram –@praxis.weiss",
            "–facebook.com/ö",
            "Ｉnstagram　@praxis.weiss　facebook.com/praxis",
        ] {
            let html = format!("<p>{line}");
            extract_html(&html, &"https://www.zahnarzt-mueller.de/".parse().unwrap(), None);
            for (place, _) in written(line) {
                assert!(line.get(place).is_some(), "{line}");
            }
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
