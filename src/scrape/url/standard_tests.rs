#![allow(clippy::unwrap_used, clippy::expect_used)]
//! The URL standard as the web platform tests tell it; see `README.md` beside `standard.json`.

use crate::scrape::text::squeeze;
use crate::scrape::url::{UrlRefusal, clean_url};
use serde::Deserialize;
use url::{Url, quirks};

#[derive(Deserialize)]
struct Case {
    input: String,
    base: Option<String>,
    #[serde(default)]
    failure: bool,
    #[serde(default)]
    href: String,
    #[serde(default)]
    host: String,
    #[serde(default)]
    port: String,
    #[serde(default)]
    pathname: String,
    #[serde(default)]
    search: String,
    #[serde(default)]
    hash: String,
    #[serde(default)]
    username: String,
    #[serde(default)]
    password: String,
}

fn cases() -> Vec<Case> {
    let cases: Vec<Case> = serde_json::from_str(include_str!("standard.json")).unwrap();
    assert!(cases.len() > 400, "{}", cases.len());
    cases
}

fn parsed(case: &Case) -> Result<Url, url::ParseError> {
    match case.base.as_deref().filter(|base| *base != "about:blank") {
        Some(base) => Url::parse(base)?.join(&case.input),
        None => Url::parse(&case.input),
    }
}

#[test]
fn every_case_parses_as_the_standard_says() {
    for case in cases() {
        let shown = format!("{:?} against {:?}", case.input, case.base);
        let url = match parsed(&case) {
            Ok(url) => url,
            Err(error) => {
                assert!(case.failure, "{shown}: {error}");
                continue;
            }
        };
        assert!(!case.failure, "{shown} became {url}");
        let found = [
            quirks::href(&url),
            quirks::host(&url),
            quirks::port(&url),
            quirks::pathname(&url),
            quirks::search(&url),
            quirks::hash(&url),
            quirks::username(&url),
            quirks::password(&url),
        ];
        let expected = [
            &case.href,
            &case.host,
            &case.port,
            &case.pathname,
            &case.search,
            &case.hash,
            &case.username,
            &case.password,
        ];
        assert_eq!(found.as_slice(), expected.map(String::as_str).as_slice(), "{shown}");
    }
}

/// What stands in a cell is refused, or becomes the address that the standard says, cleaned. Cases with control characters
/// are left out, since those are taken out first, and cases with what may stand around an address in a cell.
#[test]
fn cells_follow_the_standard() {
    let is_written = |case: &Case| {
        let explicit = ["http://", "https://"]
            .iter()
            .any(|scheme| case.input.starts_with(scheme));
        let alone =
            !case.input.contains([' ', ',', ';', '|', '<', '>', '(', ')', '"']) && !case.input.contains(".com]");
        explicit && alone && squeeze(&case.input) == case.input
    };
    let (mut accepted, mut refused) = (0, 0);
    for case in cases().iter().filter(|case| is_written(case)) {
        match clean_url(&case.input) {
            Ok(clean) => {
                assert!(!case.failure, "{:?} became {}", case.input, clean.url);
                let expected = clean_url(&case.href).map(|clean| clean.url);
                assert_eq!(Ok(clean.url), expected, "{:?}", case.input);
                accepted += 1;
            }
            Err(UrlRefusal::NotPublic(_)) if !case.failure => {}
            Err(_) => refused += 1,
        }
    }
    assert!(accepted > 50 && refused > 100, "{accepted} accepted, {refused} refused");
}
