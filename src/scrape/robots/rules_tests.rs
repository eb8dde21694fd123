#![allow(clippy::unwrap_used, clippy::expect_used)]
//! The cases that Google published for its own parser (<https://github.com/google/robotstxt>, `robots_test.cc`,
//! Apache-2.0), told as tables. What its tests of `GetPathParamsQuery` ask of texts that are no absolute addresses cannot
//! arise here, where addresses are [`Url`]s.

use super::*;

/// Agent, address and whether it may be read; an address without its host where that does not matter.
type Asked = (&'static str, &'static str, bool);

fn allowed(robots: &[u8], agent: &str, address: &str) -> bool {
    let path = address.strip_prefix("http://foo.bar").unwrap_or(address);
    Rules::read(robots, agent).allow_path(if path.is_empty() { b"/" } else { path.as_bytes() })
}

fn check(cases: &[(&str, &[Asked])]) {
    for (robots, asked) in cases {
        for (agent, address, expected) in *asked {
            assert_eq!(
                allowed(robots.as_bytes(), agent, address),
                *expected,
                "{robots:?} {agent} {address}"
            );
        }
    }
}

#[test]
fn the_whole_and_its_empty_parts() {
    const ROBOTS: &str = "user-agent: FooBot\ndisallow: /\n";
    check(&[
        ("", &[("FooBot", "", true), ("", "", true)]),
        (ROBOTS, &[("", "", true), ("FooBot", "", false)]),
    ]);
}

#[test]
fn lines_and_groups() {
    check(&[
        ("user-agent: FooBot\ndisallow: /\n", &[("FooBot", "/x/y", false)]),
        ("foo: FooBot\nbar: /\n", &[("FooBot", "/x/y", true)]),
        ("user-agent FooBot\ndisallow /\n", &[("FooBot", "/x/y", false)]),
        (
            "allow: /foo/bar/\n\nuser-agent: FooBot\ndisallow: /\nallow: /x/\nuser-agent: BarBot\ndisallow: /\nallow: /y/\n\n\n\
             allow: /w/\nuser-agent: BazBot\n\nuser-agent: FooBot\nallow: /z/\ndisallow: /\n",
            &[
                ("FooBot", "/x/b", true),
                ("FooBot", "/z/d", true),
                ("FooBot", "/y/c", false),
                ("BarBot", "/y/c", true),
                ("BarBot", "/w/a", true),
                ("BarBot", "/z/d", false),
                ("BazBot", "/z/d", true),
                ("FooBot", "/foo/bar/", false),
                ("BarBot", "/foo/bar/", false),
                ("BazBot", "/foo/bar/", false),
            ],
        ),
        (
            "User-agent: BarBot\nSitemap: https://foo.bar/sitemap\nUser-agent: *\nDisallow: /\n",
            &[("FooBot", "/", false), ("BarBot", "/", false)],
        ),
        (
            "User-agent: FooBot\nInvalid-Unknown-Line: unknown\nUser-agent: *\nDisallow: /\n",
            &[("FooBot", "/", false), ("BarBot", "/", false)],
        ),
    ]);
}

#[test]
fn names_of_lines_in_any_case() {
    for robots in [
        "USER-AGENT: FooBot\nALLOW: /x/\nDISALLOW: /\n",
        "user-agent: FooBot\nallow: /x/\ndisallow: /\n",
        "uSeR-aGeNt: FooBot\nAlLoW: /x/\ndIsAlLoW: /\n",
    ] {
        check(&[(robots, &[("FooBot", "/x/y", true), ("FooBot", "/a/b", false)])]);
    }
}

#[test]
fn product_tokens() {
    let is_valid = |name: &str| !name.is_empty() && name.bytes().all(is_token);
    for (name, expected) in [
        ("Foobot", true),
        ("Foobot-Bar", true),
        ("Foo_Bar", true),
        ("", false),
        ("ツ", false),
        ("Foobot*", false),
        (" Foobot ", false),
        ("Foobot/2.1", false),
        ("Foobot Bar", false),
    ] {
        assert_eq!(is_valid(name), expected, "{name}");
    }
    for robots in [
        "User-Agent: FOO BAR\nAllow: /x/\nDisallow: /\n",
        "User-Agent: foo bar\nAllow: /x/\nDisallow: /\n",
        "User-Agent: FoO bAr\nAllow: /x/\nDisallow: /\n",
    ] {
        check(&[(
            robots,
            &[
                ("Foo", "/x/y", true),
                ("Foo", "/a/b", false),
                ("foo", "/x/y", true),
                ("foo", "/a/b", false),
            ],
        )]);
    }
    check(&[
        (
            "User-Agent: *\nDisallow: /\nUser-Agent: Foo Bar\nAllow: /x/\nDisallow: /\n",
            &[("Foo", "/x/y", true), ("Foo Bar", "/x/y", false)],
        ),
        (
            "User-Agent: Foo/2.1\nDisallow: /\n",
            &[("Foo", "/x", false), ("Fo", "/x", true)],
        ),
        ("User-Agent: *foo\nDisallow: /\n", &[("foo", "/x", true)]),
        ("User-Agent: * foo\nDisallow: /\n", &[("bar", "/x", false)]),
    ]);
}

#[test]
fn the_group_for_everyone_comes_second() {
    const GLOBAL: &str = "user-agent: *\nallow: /\nuser-agent: FooBot\ndisallow: /\n";
    check(&[
        ("", &[("FooBot", "/x/y", true)]),
        (GLOBAL, &[("FooBot", "/x/y", false), ("BarBot", "/x/y", true)]),
        (
            "user-agent: FooBot\nallow: /\nuser-agent: BarBot\ndisallow: /\nuser-agent: BazBot\ndisallow: /\n",
            &[("QuxBot", "/x/y", true)],
        ),
    ]);
}

#[test]
fn paths_have_case() {
    check(&[
        ("user-agent: FooBot\ndisallow: /x/\n", &[("FooBot", "/x/y", false)]),
        ("user-agent: FooBot\ndisallow: /X/\n", &[("FooBot", "/x/y", true)]),
    ]);
}

#[test]
fn the_longest_match_decides() {
    const PAGE: &str = "/x/page.html";
    check(&[
        (
            "user-agent: FooBot\ndisallow: /x/page.html\nallow: /x/\n",
            &[("FooBot", PAGE, false)],
        ),
        (
            "user-agent: FooBot\nallow: /x/page.html\ndisallow: /x/\n",
            &[("FooBot", PAGE, true), ("FooBot", "/x/", false)],
        ),
        ("user-agent: FooBot\ndisallow: \nallow: \n", &[("FooBot", PAGE, true)]),
        ("user-agent: FooBot\ndisallow: /\nallow: /\n", &[("FooBot", PAGE, true)]),
        (
            "user-agent: FooBot\ndisallow: /x\nallow: /x/\n",
            &[("FooBot", "/x", false), ("FooBot", "/x/", true)],
        ),
        (
            "user-agent: FooBot\ndisallow: /x/page.html\nallow: /x/page.html\n",
            &[("FooBot", PAGE, true)],
        ),
        (
            "user-agent: FooBot\nallow: /page\ndisallow: /*.html\n",
            &[("FooBot", "/page.html", false), ("FooBot", "/page", true)],
        ),
        (
            "user-agent: FooBot\nallow: /x/page.\ndisallow: /*.html\n",
            &[("FooBot", PAGE, true), ("FooBot", "/x/y.html", false)],
        ),
        (
            "User-agent: *\nDisallow: /x/\nUser-agent: FooBot\nDisallow: /y/\n",
            &[("FooBot", "/x/page", true), ("FooBot", "/y/page", false)],
        ),
    ]);
}

#[test]
fn percent_encoding() {
    check(&[
        (
            "User-agent: FooBot\nDisallow: /\nAllow: /foo/bar?qux=taz&baz=http://foo.bar?tar&par\n",
            &[("FooBot", "/foo/bar?qux=taz&baz=http://foo.bar?tar&par", true)],
        ),
        (
            "User-agent: FooBot\nDisallow: /\nAllow: /foo/bar/ツ\n",
            &[("FooBot", "/foo/bar/%E3%83%84", true), ("FooBot", "/foo/bar/ツ", false)],
        ),
        (
            "User-agent: FooBot\nDisallow: /\nAllow: /foo/bar/%E3%83%84\n",
            &[("FooBot", "/foo/bar/%E3%83%84", true), ("FooBot", "/foo/bar/ツ", false)],
        ),
        (
            "User-agent: FooBot\nDisallow: /\nAllow: /foo/bar/%62%61%7A\n",
            &[
                ("FooBot", "/foo/bar/baz", false),
                ("FooBot", "/foo/bar/%62%61%7A", true),
            ],
        ),
    ]);
    // Addresses come encoded, and in which case their digits are makes no difference.
    let rules = Rules::read("User-agent: *\nDisallow: /\nAllow: /foo/ツ\n".as_bytes(), "FooBot");
    for address in ["http://foo.bar/foo/ツ", "http://foo.bar/foo/%e3%83%84"] {
        assert!(rules.allow(&Url::parse(address).unwrap()), "{address}");
    }
    for (written, expected) in [
        ("http://www.example.com", "http://www.example.com"),
        ("/a/b/c", "/a/b/c"),
        ("á", "%C3%A1"),
        ("%aa", "%AA"),
        ("%a", "%a"),
        ("%aax%zz%", "%AAx%zz%"),
    ] {
        assert_eq!(escaped(written.as_bytes()), expected.as_bytes(), "{written}");
    }
}

#[test]
fn special_characters() {
    check(&[
        (
            "User-agent: FooBot\nDisallow: /foo/bar/quz\nAllow: /foo/*/qux\n",
            &[
                ("FooBot", "/foo/bar/quz", false),
                ("FooBot", "/foo/quz", true),
                ("FooBot", "/foo//quz", true),
                ("FooBot", "/foo/bax/quz", true),
            ],
        ),
        (
            "User-agent: FooBot\nDisallow: /foo/bar$\nAllow: /foo/bar/qux\n",
            &[
                ("FooBot", "/foo/bar", false),
                ("FooBot", "/foo/bar/qux", true),
                ("FooBot", "/foo/bar/", true),
                ("FooBot", "/foo/bar/baz", true),
            ],
        ),
        (
            "User-agent: FooBot\n# Disallow: /\nDisallow: /foo/quz#qux\nAllow: /\n",
            &[("FooBot", "/foo/bar", true), ("FooBot", "/foo/quz", false)],
        ),
    ]);
}

#[test]
fn the_index_stands_for_its_directory() {
    check(&[(
        "User-Agent: *\nAllow: /allowed-slash/index.html\nDisallow: /\n",
        &[
            ("foobot", "/allowed-slash/", true),
            ("foobot", "/allowed-slash/index.htm", false),
            ("foobot", "/allowed-slash/index.html", true),
            ("foobot", "/anyother-url", false),
        ],
    )]);
}

#[test]
fn lines_that_are_too_long_are_cut() {
    let long = |letter: &str, key: &str| {
        let length = 2_083 * 8 - key.len() + 1;
        format!("/x/{}", letter.repeat(length - 6))
    };
    let path = long("a", "disallow: ");
    let robots = format!("user-agent: FooBot\ndisallow: {path}/qux\n");
    assert!(allowed(robots.as_bytes(), "FooBot", "/fux"));
    assert!(!allowed(robots.as_bytes(), "FooBot", &format!("{path}/fux")));

    let (a, b) = (long("a", "allow: "), long("b", "allow: "));
    let robots = format!("user-agent: FooBot\ndisallow: /\nallow: {a}/qux\nallow: {b}/qux\n");
    assert!(!allowed(robots.as_bytes(), "FooBot", "/"));
    assert!(allowed(robots.as_bytes(), "FooBot", &format!("{a}/qux")));
    assert!(allowed(robots.as_bytes(), "FooBot", &format!("{b}/fux")));
    assert_eq!(counted(&[b'x'; 99_999]), (0, 0, 0));
}

#[test]
fn the_documentation_of_google_search() {
    const FISH: &[Asked] = &[
        ("FooBot", "/bar", false),
        ("FooBot", "/fish", true),
        ("FooBot", "/fish.html", true),
        ("FooBot", "/fish/salmon.html", true),
        ("FooBot", "/fishheads", true),
        ("FooBot", "/fishheads/yummy.html", true),
        ("FooBot", "/fish.html?id=anything", true),
        ("FooBot", "/Fish.asp", false),
        ("FooBot", "/Fish.bar", false),
        ("FooBot", "/catfish", false),
        ("FooBot", "/?id=fish", false),
    ];
    check(&[
        ("user-agent: FooBot\ndisallow: /\nallow: /fish\n", FISH),
        ("user-agent: FooBot\ndisallow: /\nallow: /fish*\n", FISH),
        (
            "user-agent: FooBot\ndisallow: /\nallow: /fish/\n",
            &[
                ("FooBot", "/bar", false),
                ("FooBot", "/fish/", true),
                ("FooBot", "/fish/salmon", true),
                ("FooBot", "/fish/?salmon", true),
                ("FooBot", "/fish/salmon.html", true),
                ("FooBot", "/fish/?id=anything", true),
                ("FooBot", "/fish", false),
                ("FooBot", "/fish.html", false),
                ("FooBot", "/Fish/Salmon.html", false),
            ],
        ),
        (
            "user-agent: FooBot\ndisallow: /\nallow: /*.php\n",
            &[
                ("FooBot", "/bar", false),
                ("FooBot", "/filename.php", true),
                ("FooBot", "/folder/filename.php", true),
                ("FooBot", "/folder/filename.php?parameters", true),
                ("FooBot", "//folder/any.php.file.html", true),
                ("FooBot", "/filename.php/", true),
                ("FooBot", "/index?f=filename.php/", true),
                ("FooBot", "/php/", false),
                ("FooBot", "/index?php", false),
                ("FooBot", "/windows.PHP", false),
            ],
        ),
        (
            "user-agent: FooBot\ndisallow: /\nallow: /*.php$\n",
            &[
                ("FooBot", "/bar", false),
                ("FooBot", "/filename.php", true),
                ("FooBot", "/folder/filename.php", true),
                ("FooBot", "/filename.php?parameters", false),
                ("FooBot", "/filename.php/", false),
                ("FooBot", "/filename.php5", false),
                ("FooBot", "/php/", false),
                ("FooBot", "/filename?php", false),
                ("FooBot", "/aaaphpaaa", false),
                ("FooBot", "//windows.PHP", false),
            ],
        ),
        (
            "user-agent: FooBot\ndisallow: /\nallow: /fish*.php\n",
            &[
                ("FooBot", "/bar", false),
                ("FooBot", "/fish.php", true),
                ("FooBot", "/fishheads/catfish.php?parameters", true),
                ("FooBot", "/Fish.PHP", false),
            ],
        ),
        (
            "user-agent: FooBot\nallow: /p\ndisallow: /\n",
            &[("FooBot", "/page", true)],
        ),
        (
            "user-agent: FooBot\nallow: /folder\ndisallow: /folder\n",
            &[("FooBot", "/folder/page", true)],
        ),
        (
            "user-agent: FooBot\nallow: /page\ndisallow: /*.htm\n",
            &[("FooBot", "/page.htm", false)],
        ),
        (
            "user-agent: FooBot\nallow: /$\ndisallow: /\n",
            &[("FooBot", "/", true), ("FooBot", "/page.html", false)],
        ),
    ]);
}

/// How many lines are known, how many are not, and the number of the last of either.
fn counted(body: &[u8]) -> (usize, usize, usize) {
    let mut counts = (0, 0, 0);
    for (line, record) in records(body) {
        match record {
            Record::Other(..) => counts.1 += 1,
            _ => counts.0 += 1,
        }
        counts.2 = line;
    }
    counts
}

#[test]
fn line_endings() {
    for file in [
        "User-Agent: foo\nAllow: /some/path\nUser-Agent: bar\n\n\nDisallow: /\n",
        "User-Agent: foo\r\nAllow: /some/path\r\nUser-Agent: bar\r\n\r\n\r\nDisallow: /\r\n",
        "User-Agent: foo\rAllow: /some/path\rUser-Agent: bar\r\r\rDisallow: /\r",
        "User-Agent: foo\nAllow: /some/path\nUser-Agent: bar\n\n\nDisallow: /",
        "User-Agent: foo\nAllow: /some/path\r\nUser-Agent: bar\n\r\n\nDisallow: /",
    ] {
        assert_eq!(counted(file.as_bytes()), (4, 0, 6), "{file:?}");
    }
}

#[test]
fn byte_order_marks() {
    for (file, known, unknown) in [
        (&b"\xef\xbb\xbfUser-Agent: foo\nAllow: /AnyValue\n"[..], 2, 0),
        (b"\xef\xbbUser-Agent: foo\nAllow: /AnyValue\n", 2, 0),
        (b"\xefUser-Agent: foo\nAllow: /AnyValue\n", 2, 0),
        (b"\xef\x11\xbfUser-Agent: foo\nAllow: /AnyValue\n", 1, 1),
        (b"User-Agent: foo\n\xef\xbb\xbfAllow: /AnyValue\n", 1, 1),
    ] {
        let (found, other, _) = counted(file);
        assert_eq!((found, other), (known, unknown), "{file:?}");
    }
}

#[test]
fn site_maps_stand_anywhere() {
    const GROUPS: &str = "User-Agent: foo\nAllow: /some/path\nUser-Agent: bar\n\n\n";
    const SITEMAP: &str = "Sitemap: http://foo.bar/sitemap.xml\n";
    for robots in [format!("{GROUPS}{SITEMAP}"), format!("{SITEMAP}{GROUPS}")] {
        assert_eq!(
            Rules::read(robots.as_bytes(), "foo").sitemaps,
            ["http://foo.bar/sitemap.xml"]
        );
    }
    let many = "site-map: /s.xml\n".repeat(100);
    assert_eq!(Rules::read(many.as_bytes(), "foo").sitemaps.len(), MAX_SITEMAPS);
}

#[test]
fn path_and_query_of_an_address() {
    for (address, path) in [
        ("http://www.example.com", "/"),
        ("http://www.example.com/", "/"),
        ("http://www.example.com/a", "/a"),
        ("http://www.example.com/a/", "/a/"),
        ("http://www.example.com/a/b?c=http://d.e/", "/a/b?c=http://d.e/"),
        ("http://www.example.com/a/b?c=d&e=f#fragment", "/a/b?c=d&e=f"),
        ("http://example.com?a", "/?a"),
        ("http://example.com/a;b#c", "/a;b"),
    ] {
        let rules = Rules::read(
            format!("user-agent: *\ndisallow: /\nallow: {path}$\n").as_bytes(),
            "FooBot",
        );
        assert!(rules.allow(&Url::parse(address).unwrap()), "{address}");
    }
}
