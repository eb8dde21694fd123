#![allow(clippy::unwrap_used, clippy::expect_used)]
use super::*;
use proptest::prelude::*;

fn allowed(robots: &str, path: &str) -> bool {
    let url = Url::parse("https://foo.bar").unwrap().join(path).unwrap();
    Rules::read(robots.to_owned(), "FooBot").allow("FooBot", &url)
}

#[test]
fn googles_published_cases() {
    for (robots, path, expected) in [
        ("user-agent: FooBot\ndisallow: /\n", "/x/y", false),
        ("foo: FooBot\nbar: /\n", "/x/y", true),
        ("user-agent FooBot\ndisallow /\n", "/x/y", false),
        (
            "allow: /foo/bar/\nuser-agent: FooBot\ndisallow: /\nallow: /x/\nuser-agent: BarBot\ndisallow: /\nallow: /y/\nallow: /w/\nuser-agent: BazBot\nuser-agent: FooBot\nallow: /z/\ndisallow: /\n",
            "/x/b",
            true,
        ),
        (
            "user-agent: BazBot\nuser-agent: FooBot\nallow: /z/\ndisallow: /\n",
            "/z/d",
            true,
        ),
        (
            "user-agent: BazBot\nuser-agent: FooBot\nallow: /z/\ndisallow: /\n",
            "/y/c",
            false,
        ),
        ("USER-AGENT: FooBot\nALLOW: /x/\nDISALLOW: /\n", "/x/y", true),
        ("user-agent: FOO BAR\nallow: /x/\ndisallow: /\n", "/a", true),
        ("user-agent: foobot\ndisallow: /x/\n", "/x/y", false),
        (
            "user-agent: *\nallow: /x\nuser-agent: FooBot\ndisallow: /\n",
            "/x",
            false,
        ),
        ("user-agent: *\ndisallow: /\nuser-agent: FooBot\nallow: /\n", "/x", true),
        (
            "user-agent: FooBot\ndisallow: /x/page.html\nallow: /x/\n",
            "/x/page.html",
            false,
        ),
        ("user-agent: FooBot\ndisallow: /x/page.html\nallow: /x/\n", "/x/", true),
        ("user-agent: FooBot\ndisallow: \nallow: \n", "/x/page.html", true),
        ("user-agent: FooBot\ndisallow: /\nallow: /\n", "/x/page.html", true),
        ("user-agent: FooBot\ndisallow: /x\nallow: /x/\n", "/x", false),
        (
            "user-agent: FooBot\ndisallow: /x/page.html\nallow: /x/page.html\n",
            "/x/page.html",
            true,
        ),
        (
            "user-agent: FooBot\nallow: /page\ndisallow: /*.html\n",
            "/page.html",
            false,
        ),
        (
            "user-agent: FooBot\nallow: /x/page.\ndisallow: /*.html\n",
            "/x/page.html",
            true,
        ),
        (
            "User-agent: *\nDisallow: /x/page.html\nUser-agent: FooBot\nDisallow: /x/\n",
            "/x/page.html",
            false,
        ),
        (
            "User-agent: *\nDisallow: /x/\nUser-agent: FooBot\nDisallow: /y/\n",
            "/x/page",
            true,
        ),
        (
            "User-agent: FooBot\nDisallow: /\nAllow: /foo/bar/*/baz\n",
            "/foo/bar/qux/baz",
            true,
        ),
        (
            "User-agent: FooBot\nDisallow: /\nAllow: /foo/bar/%E3%83%84\n",
            "/foo/bar/ツ",
            true,
        ),
        (
            "User-agent: FooBot\nDisallow: /foo/bar/quux\nAllow: /foo/bar/\n",
            "/foo/bar/quux",
            false,
        ),
        (
            "User-agent: FooBot\nDisallow: /foo/*/quux\nAllow: /foo/bar/\n",
            "/foo/x/quux",
            false,
        ),
        (
            "User-agent: FooBot\nDisallow: /foo/bar$\nAllow: /foo/bar/\n",
            "/foo/bar",
            false,
        ),
        ("User-agent: FooBot\nDisallow: /foo/bar$\n", "/foo/barbaz", true),
        ("User-Agent: *\nDisallow: /\nAllow: /index.html\n", "/", true),
        (
            "User-Agent: FooBot\nAllow: /allowed-slash/index.html\nDisallow: /\n",
            "/allowed-slash/",
            true,
        ),
        (
            "User-Agent: FooBot\nAllow: /allowed-slash/index.html\nDisallow: /\n",
            "/allowed-slash/index.htm",
            false,
        ),
        (
            "\u{feff}User-Agent: foo\nAllow: /AnyValue\nUser-Agent: *\nDisallow: /\n",
            "/AnyValue",
            false,
        ),
        ("", "/x", true),
    ] {
        assert_eq!(allowed(robots, path), expected, "{robots:?} {path}");
    }
}

#[test]
fn crawl_delay_is_read_from_the_own_group_and_capped() {
    let read = |text: &str| Rules::read(text.to_owned(), "batchdesk").crawl_delay;
    assert_eq!(
        read("user-agent: *\ncrawl-delay: 0.5\n"),
        Some(Duration::from_millis(500))
    );
    assert_eq!(read("user-agent: *\ncrawl-delay: 30\n"), Some(Duration::from_secs(1)));
    assert_eq!(
        read("user-agent: *\ncrawl-delay: 1\nuser-agent: batchdesk\ncrawl-delay: .2\n"),
        Some(Duration::from_millis(200))
    );
    assert_eq!(read("user-agent: other\ncrawl-delay: 1\n"), None);
    assert_eq!(read("user-agent: *\ncrawl-delay: NaN\n"), None);
}

#[test]
fn sitemaps_are_kept() {
    let rules = Rules::read(
        "Sitemap: https://a.com/s.xml\nUser-agent: *\nDisallow:\n".to_owned(),
        "x",
    );
    assert_eq!(rules.sitemaps, ["https://a.com/s.xml"]);
}

#[test]
fn failures_follow_rfc_9309() {
    let on = |kind| verdict_on_failure("h", FetchError::new(kind, "x"));
    assert!(on(FetchErrorKind::Status(404)).is_ok());
    assert!(on(FetchErrorKind::Status(403)).is_ok());
    for kind in [
        FetchErrorKind::Status(500),
        FetchErrorKind::Status(429),
        FetchErrorKind::Timeout,
    ] {
        let error = on(kind).unwrap_err();
        assert_eq!((error.kind, error.retryable), (FetchErrorKind::RobotsUnreachable, true));
    }
    assert_eq!(on(FetchErrorKind::Dns).unwrap_err().kind, FetchErrorKind::Dns);
}

proptest! {
    #[test]
    fn no_file_makes_it_panic(body in prop::collection::vec(any::<u8>(), 0..300), path in "/\\PC{0,20}") {
        let text = String::from_utf8_lossy(&body).into_owned();
        let url = Url::parse("https://foo.bar").unwrap().join(&path).unwrap_or_else(|_| Url::parse("https://foo.bar/").unwrap());
        let _ = Rules::read(text, "FooBot").allow("FooBot", &url);
    }

    #[test]
    fn no_rule_makes_it_panic(rule in "(user-agent|allow|disallow|[a-z]{0,4})[ :]{0,3}[/*$%a-fü]{0,40}", path in "/[/*$%a-f]{0,40}") {
        let url = Url::parse("https://foo.bar").unwrap().join(&path).unwrap_or_else(|_| Url::parse("https://foo.bar/").unwrap());
        let _ = Rules::read(format!("user-agent: FooBot\n{rule}\n{rule}"), "FooBot").allow("FooBot", &url);
    }
}
