#![allow(clippy::unwrap_used, clippy::expect_used)]
//! What Google's cases say nothing of.

use super::*;
use proptest::prelude::*;

#[test]
fn what_is_often_mistyped() {
    for word in ["disallow", "dissallow", "dissalow", "disalow", "diasllow", "disallaw"] {
        for agent in ["user-agent", "useragent", "user agent"] {
            let robots = format!("{agent}: FooBot\n{word}: /\n");
            assert!(!Rules::read(robots.as_bytes(), "FooBot").allow_path(b"/x"), "{robots}");
        }
    }
}

#[test]
fn crawl_delay_is_read_from_the_own_group_and_capped() {
    let read = |text: &str| Rules::read(text.as_bytes(), "batchdesk").crawl_delay;
    let millis = |millis| Some(Duration::from_millis(millis));
    assert_eq!(read("user-agent: *\ncrawl-delay: 0.5\n"), millis(500));
    assert_eq!(read("user-agent: *\ncrawl-delay: 30\n"), Some(MAX_CRAWL_DELAY));
    assert_eq!(
        read("user-agent: *\ncrawl-delay: 1\nuser-agent: batchdesk\ncrawl-delay: .2\n"),
        millis(200)
    );
    assert_eq!(
        read("user-agent: *\ndisallow: /x\ncrawl-delay: 2\nuser-agent: batchdesk\ndisallow:\n"),
        millis(2_000)
    );
    assert_eq!(read("user-agent: other\ncrawl-delay: 1\n"), None);
    assert_eq!(read("user-agent: *\ncrawl-delay: NaN\n"), None);
    assert_eq!(read("user-agent: *\ncrawl-delay: -1\n"), None);
}

/// Matching as it is told: every place where a star could end is tried.
fn told(path: &[u8], pattern: &[u8]) -> bool {
    match pattern.split_first() {
        None => true,
        Some((b'$', [])) => path.is_empty(),
        Some((b'*', rest)) => (0..=path.len()).any(|at| told(&path[at..], rest)),
        Some((byte, rest)) => path.first() == Some(byte) && told(&path[1..], rest),
    }
}

proptest! {
    #[test]
    fn matching_is_as_told(path in "/[ab/$]{0,9}", pattern in "[/*$ab]{0,7}") {
        prop_assert_eq!(matches(path.as_bytes(), pattern.as_bytes()), told(path.as_bytes(), pattern.as_bytes()));
    }

    #[test]
    fn no_file_makes_it_panic(body in prop::collection::vec(any::<u8>(), 0..300), path in "/[/*$%a-f]{0,40}") {
        Rules::read(&body, "FooBot").allow_path(path.as_bytes());
    }

    #[test]
    fn no_rule_makes_it_panic(rule in "(user-agent|allow|disallow|[a-z]{0,4})[ :]{0,3}[/*$%a-fü]{0,40}", path in "/[/*$%a-f]{0,40}") {
        Rules::read(format!("user-agent: FooBot\n{rule}\n{rule}").as_bytes(), "FooBot").allow_path(path.as_bytes());
    }
}
