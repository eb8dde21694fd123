#![allow(clippy::unwrap_used, clippy::expect_used)]
use super::*;
use proptest::prelude::*;

fn clean(input: &str) -> (String, String, String) {
    let clean = clean_url(input).unwrap_or_else(|refusal| panic!("{input}: {refusal}"));
    (clean.url.to_string(), clean.domain, clean.dedupe_key)
}

#[test]
fn cells_as_people_write_them() {
    for (input, url, domain, key) in [
        (
            "www.smile-dental.co.nz",
            "https://www.smile-dental.co.nz/",
            "smile-dental.co.nz",
            "smile-dental.co.nz",
        ),
        (
            "HTTP://Example.com:80/",
            "http://example.com/",
            "example.com",
            "example.com",
        ),
        (
            "example.com/?utm_source=x",
            "https://example.com/",
            "example.com",
            "example.com",
        ),
        (
            "  <https://example.com./a/#top> ",
            "https://example.com/a/",
            "example.com",
            "example.com/a",
        ),
        (
            "https://user:pw@example.com/",
            "https://example.com/",
            "example.com",
            "example.com",
        ),
        (
            "müller-zahn.de",
            "https://xn--mller-zahn-9db.de/",
            "xn--mller-zahn-9db.de",
            "xn--mller-zahn-9db.de",
        ),
        (
            "example.com:8080/x/",
            "http://example.com:8080/x/",
            "example.com",
            "example.com:8080/x",
        ),
        (
            "127.0.0.1:9000",
            "http://127.0.0.1:9000/",
            "127.0.0.1",
            "127.0.0.1:9000",
        ),
        ("http://[::1]:9000/a", "http://[::1]:9000/a", "::1", "[::1]:9000/a"),
        (
            "//example.com/b?z=1&a=2&gclid=9",
            "https://example.com/b?z=1&a=2",
            "example.com",
            "example.com/b?a=2&z=1",
        ),
        (
            "Smile Dental (www.smile.co.nz)",
            "https://www.smile.co.nz/",
            "smile.co.nz",
            "smile.co.nz",
        ),
        (
            "Smile Dental - smile.co.nz",
            "https://smile.co.nz/",
            "smile.co.nz",
            "smile.co.nz",
        ),
        (
            "Website: https://smile.co.nz/x.",
            "https://smile.co.nz/x",
            "smile.co.nz",
            "smile.co.nz/x",
        ),
        (
            "http//smile.co.nz",
            "https://smile.co.nz/",
            "smile.co.nz",
            "smile.co.nz",
        ),
        (
            "a.b.github.io",
            "https://a.b.github.io/",
            "b.github.io",
            "a.b.github.io",
        ),
        ("example.com,", "https://example.com/", "example.com", "example.com"),
        ("(example.com)", "https://example.com/", "example.com", "example.com"),
        ("«[example.com]»;", "https://example.com/", "example.com", "example.com"),
        ("[::1]:9000/a", "http://[::1]:9000/a", "::1", "[::1]:9000/a"),
        (
            "https://https://example.com",
            "https://example.com/",
            "example.com",
            "example.com",
        ),
        (
            "[Smile](http://smile.co.nz)",
            "http://smile.co.nz/",
            "smile.co.nz",
            "smile.co.nz",
        ),
        (
            "<a href='https://smile.co.nz'>Website</a>",
            "https://smile.co.nz/",
            "smile.co.nz",
            "smile.co.nz",
        ),
        (
            "smile.co.nz (for now)",
            "https://smile.co.nz/",
            "smile.co.nz",
            "smile.co.nz",
        ),
        (
            "https://example.com/a,b.com",
            "https://example.com/a,b.com",
            "example.com",
            "example.com/a,b.com",
        ),
    ] {
        assert_eq!(
            clean(input),
            (url.to_owned(), domain.to_owned(), key.to_owned()),
            "{input}"
        );
    }
}

#[test]
fn cells_of_every_kind_give_an_address() {
    for (input, url) in [
        ("WWW.SMILE.CO.NZ", "https://www.smile.co.nz/"),
        ("www.smile.co.nz.", "https://www.smile.co.nz/"),
        ("https://smile.co.nz./", "https://smile.co.nz/"),
        ("https:/smile.co.nz", "https://smile.co.nz/"),
        ("https:smile.co.nz", "https://smile.co.nz/"),
        ("https:\\\\smile.co.nz\\team", "https://smile.co.nz/team"),
        ("\u{200b}https://smile.co.nz\u{feff}", "https://smile.co.nz/"),
        ("https://smile.co.nz/contact us", "https://smile.co.nz/contact%20us"),
        ("ｗｗｗ．ｓｍｉｌｅ．ｃｏ．ｎｚ", "https://www.smile.co.nz/"),
        ("ｈｔｔｐ：／／ｓｍｉｌｅ．ｃｏ．ｎｚ", "http://smile.co.nz/"),
        ("例え.jp", "https://xn--r8jz45g.jp/"),
        ("президент.рф", "https://xn--d1abbgf6aiiy.xn--p1ai/"),
        ("bücher.example", "https://xn--bcher-kva.example/"),
        ("straße.de", "https://xn--strae-oqa.de/"),
        ("https://smile.co.nz/#!/team", "https://smile.co.nz/"),
        ("smile.co.nz?fbclid=1&x=2", "https://smile.co.nz/?x=2"),
        ("https://admin@smile.co.nz", "https://smile.co.nz/"),
        ("Smile Dental Ltd, https://smile.co.nz/", "https://smile.co.nz/"),
        ("Smile Dental | smile.co.nz", "https://smile.co.nz/"),
        ("smile.co.nz - Smile Dental", "https://smile.co.nz/"),
        ("info@smile.co.nz / www.smile.co.nz", "https://www.smile.co.nz/"),
        ("Tel. 03 477 1234, www.smile.co.nz", "https://www.smile.co.nz/"),
        ("http://203.0.113.9/", "http://203.0.113.9/"),
        ("https://smile.co.nz:443", "https://smile.co.nz/"),
        ("https://smile.co.nz:8443/", "https://smile.co.nz:8443/"),
    ] {
        assert_eq!(clean(input).0, url, "{input}");
    }
}

#[test]
fn refusals_say_why() {
    type Is = fn(&UrlRefusal) -> bool;
    let cases: [(&str, Is); 44] = [
        ("   ", |r| matches!(r, UrlRefusal::Empty)),
        ("n/a", |r| matches!(r, UrlRefusal::Placeholder(_))),
        ("-", |r| matches!(r, UrlRefusal::Placeholder(_))),
        ("None", |r| matches!(r, UrlRefusal::Placeholder(_))),
        ("info@smile.co.nz", |r| matches!(r, UrlRefusal::EmailAddress(_))),
        ("mailto:info@smile.co.nz", |r| matches!(r, UrlRefusal::EmailAddress(_))),
        ("Mail info@smile.co.nz", |r| matches!(r, UrlRefusal::EmailAddress(_))),
        ("+64 9 123 4567", |r| matches!(r, UrlRefusal::Number(_))),
        ("0800123456", |r| matches!(r, UrlRefusal::Number(_))),
        ("09/1234567", |r| matches!(r, UrlRefusal::Number(_))),
        ("Smile Dental Ltd", |r| matches!(r, UrlRefusal::NotAnAddress(_))),
        ("smile dental.co.nz", |r| matches!(r, UrlRefusal::NotAnAddress(_))),
        ("ftp://smile.co.nz", |r| matches!(r, UrlRefusal::Scheme(_))),
        ("javascript:alert(1)", |r| matches!(r, UrlRefusal::Scheme(_))),
        ("http://localhost/", |r| matches!(r, UrlRefusal::NotPublic(_))),
        ("http://intranet/", |r| matches!(r, UrlRefusal::NotPublic(_))),
        ("report.pdf", |r| matches!(r, UrlRefusal::NotPublic(_))),
        ("co.nz", |r| matches!(r, UrlRefusal::NotPublic(_))),
        ("printer.local", |r| matches!(r, UrlRefusal::NotPublic(_))),
        ("http://127.0.0.1:9101/ and http://b.example", |r| {
            matches!(r, UrlRefusal::Several(2))
        }),
        ("https://a.com,https://b.com", |r| matches!(r, UrlRefusal::Several(2))),
        ("http://a.com/x www.b.com", |r| matches!(r, UrlRefusal::Several(2))),
        ("http://exa mple.com:x/", |r| matches!(r, UrlRefusal::Invalid { .. })),
        ("a.com; b.com", |r| matches!(r, UrlRefusal::Several(2))),
        ("a.com,b.com", |r| matches!(r, UrlRefusal::Several(2))),
        ("a.com / b.com", |r| matches!(r, UrlRefusal::Several(2))),
        ("a.com (www.b.com)", |r| matches!(r, UrlRefusal::Several(2))),
        ("www,smile.co.nz", |r| matches!(r, UrlRefusal::NotPublic(_))),
        ("[Smile]()", |r| matches!(r, UrlRefusal::NotAnAddress(_))),
        ("Website", |r| matches!(r, UrlRefusal::ColumnName(_))),
        ("なし", |r| matches!(r, UrlRefusal::Placeholder(_))),
        ("smile.co.nz is ours", |r| matches!(r, UrlRefusal::NotAnAddress(_))),
        ("a: http://a.com and http://b.com", |r| {
            matches!(r, UrlRefusal::Several(2))
        }),
        ("N/A.", |r| matches!(r, UrlRefusal::Placeholder(_))),
        ("(none)", |r| matches!(r, UrlRefusal::Placeholder(_))),
        ("#N/A", |r| matches!(r, UrlRefusal::Placeholder(_))),
        ("(03) 477-1234", |r| matches!(r, UrlRefusal::Number(_))),
        ("tel:+6434771234", |r| matches!(r, UrlRefusal::Scheme(_))),
        ("3.14", |r| matches!(r, UrlRefusal::Number(_))),
        ("1,234.50", |r| matches!(r, UrlRefusal::Number(_))),
        ("Smile Dental <info@smile.co.nz>", |r| {
            matches!(r, UrlRefusal::EmailAddress(_))
        }),
        ("https://", |r| matches!(r, UrlRefusal::Invalid { .. })),
        ("http://smile..co.nz/", |r| matches!(r, UrlRefusal::NotPublic(_))),
        ("C:\\sites\\index.html", |r| matches!(r, UrlRefusal::Scheme(_))),
    ];
    for (input, expected) in cases {
        let refusal = clean_url(input).expect_err(input);
        assert!(expected(&refusal), "{input}: {refusal:?}");
        assert!(refusal.to_string().ends_with('.'), "{refusal}");
    }
}

#[test]
fn literals_have_a_host_key_with_port() {
    assert_eq!(clean_url("http://127.0.0.1:81/").unwrap().host_key, "127.0.0.1:81");
    assert_eq!(clean_url("http://0x7f.1/").unwrap().host_key, "127.0.0.1:80");
    assert_eq!(clean_url("https://[::1]/").unwrap().host_key, "[::1]:443");
}

proptest! {
    #[test]
    fn never_panics_and_is_idempotent(input in "\\PC{0,60}") {
        if let Ok(first) = clean_url(&input) {
            let second = clean_url(first.url.as_str()).unwrap();
            prop_assert_eq!(&second.url, &first.url);
            prop_assert_eq!(second.dedupe_key, first.dedupe_key);
            prop_assert_eq!(second.host_key, first.host_key);
        }
    }

    #[test]
    fn any_text_at_all_behind_an_address_is_idempotent(start in "(|http://|https://a\\.co/|b\\.nz/|c\\.de\\?)", rest in any::<String>()) {
        if let Ok(first) = clean_url(&format!("{start}{rest}")) {
            let second = clean_url(first.url.as_str()).unwrap();
            prop_assert_eq!(&second.url, &first.url);
            prop_assert_eq!(second.dedupe_key, first.dedupe_key);
        }
    }

    #[test]
    fn addresses_are_idempotent(
        scheme in "(https?://)?", www in "(www\\.)?", host in "[a-z0-9üé-]{1,12}\\.(com|co\\.nz|de|github\\.io)",
        port in "(:[0-9]{1,5})?", path in "(/[a-zA-Z0-9%. ü+~-]{0,12}){0,3}", query in "(\\?[a-z_=&%+ü0-9]{0,20})?",
    ) {
        if let Ok(first) = clean_url(&format!("{scheme}{www}{host}{port}{path}{query}#frag")) {
            let second = clean_url(first.url.as_str()).unwrap();
            prop_assert_eq!(&second.url, &first.url);
            prop_assert_eq!(second.dedupe_key, first.dedupe_key);
        }
    }
}
