//! E-mail addresses in text and links, also those that are written so that robots miss them.

use crate::scrape::text::{find_ci, percent_decode};
use crate::scrape::url::registrable;

/// Every address in a line of visible text; `masked` when it may hold one that is hidden from robots.
pub(crate) fn from_line(line: &str, masked: bool, out: &mut Vec<String>) {
    if line.contains('@') {
        find(line, out);
    }
    if masked && let Some(plain) = unmask(line) {
        find(&plain, out);
    }
}

/// The addresses of a `mailto:` link.
pub(crate) fn from_mailto(href: &str) -> Vec<String> {
    let rest = href.trim_start()[7..].trim_start_matches('/');
    let recipients = percent_decode(rest.split('?').next().unwrap_or_default());
    recipients
        .split([',', ';'])
        .filter_map(|one| normalise(one.trim()))
        .collect()
}

/// A well-formed address, domain in lower case; `None` for what is no address or only an example.
pub(crate) fn normalise(address: &str) -> Option<String> {
    let address = address
        .trim()
        .trim_matches(|c: char| matches!(c, '<' | '>' | '"' | '\'' | '.' | ',' | ';' | ':' | '(' | ')'));
    let (local, domain) = address.rsplit_once('@')?;
    let (domain, _) = (domain.to_lowercase(), ());
    let ascii = idna::domain_to_ascii(&domain).ok()?;
    let local_ok = !local.is_empty()
        && local.len() <= 64
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && local
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&b));
    if !local_ok || registrable(&ascii).is_none() || is_example(local, &ascii) {
        return None;
    }
    // Mail systems ignore the case of the local part, and so do people who type it.
    Some(format!("{}@{ascii}", local.to_ascii_lowercase()))
}

/// Addresses of templates, error trackers and pictures.
fn is_example(local: &str, domain: &str) -> bool {
    const DOMAINS: [&str; 27] = [
        "example.com",
        "example.org",
        "example.net",
        "domain.com",
        "yourdomain.com",
        "yoursite.com",
        "mysite.com",
        "website.com",
        "email.com",
        "company.com",
        "sentry.io",
        "wixpress.com",
        "sentry-next.wixpress.com",
        "mail.com",
        "test.com",
        "yourcompany.com",
        "site.com",
        "yourwebsite.com",
        "mydomain.com",
        "domain.tld",
        "godaddy.com",
        "squarespace.com",
        "wordpress.com",
        "wordpress.org",
        "gravatar.com",
        "yourpractice.com",
        "demolink.org",
    ];
    let local = local.to_ascii_lowercase();
    DOMAINS
        .iter()
        .any(|known| domain == *known || domain.strip_suffix(known).is_some_and(|rest| rest.ends_with('.')))
        || domain.ends_with(".example")
        || domain.ends_with(".invalid")
        || matches!(
            local.as_str(),
            "your"
                | "you"
                | "youremail"
                | "your.email"
                | "yourname"
                | "your-email"
                | "name"
                | "user"
                | "username"
                | "someone"
                | "john.doe"
                | "johndoe"
                | "jane.doe"
                | "firstname.lastname"
                | "email"
                | "example"
                | "test"
                | "noreply"
                | "no-reply"
                | "donotreply"
        )
        || (local.len() >= 24 && local.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn find(line: &str, out: &mut Vec<String>) {
    let bytes = line.as_bytes();
    let mut from = 0;
    while let Some(at) = line[from..].find('@').map(|at| from + at) {
        from = at + 1;
        let local_byte = |b: &u8| b.is_ascii_alphanumeric() || b"._%+-'&/=?^!#$*~|{}`".contains(b);
        let start = at - bytes[..at].iter().rev().take(64).take_while(|b| local_byte(b)).count();
        let rest = &line[at + 1..];
        let end = rest
            .find(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | '-')))
            .unwrap_or(rest.len());
        let local = line[start..at].trim_start_matches(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let mut domain = rest[..end].trim_end_matches(['.', '-']);
        // Layouts glue the next word to the address: shorten until the ending is a public one.
        loop {
            if let Some(address) = normalise(&format!("{local}@{domain}")) {
                if !out.contains(&address) {
                    out.push(address);
                }
                break;
            }
            match domain.rfind('.') {
                Some(dot) if domain[..dot].contains('.') => domain = &domain[..dot],
                _ => break,
            }
        }
    }
}

/// `info [at] smile (dot) co (dot) nz` as it was meant. `None` when nothing is masked.
fn unmask(line: &str) -> Option<String> {
    const AT: [&str; 13] = [
        "[at]", "(at)", "{at}", "[ at ]", "( at )", "[ät]", "(ät)", "[@]", "(@)", "(a)", "[a]", "[arroba]", "(arroba)",
    ];
    const DOT: [&str; 12] = [
        "[dot]", "(dot)", "{dot}", "[ dot ]", "( dot )", "[punkt]", "(punkt)", "[.]", "(.)", "[point]", "(point)",
        "[punto]",
    ];
    let mut out = line.replace('＠', "@");
    let mut masked = out.len() != line.len();
    let join = |text: &mut String, marks: &[&str], with: &str| {
        let mut changed = false;
        for mark in marks {
            while let Some(at) = find_ci(text, mark) {
                let before = text[..at].trim_end().len();
                let after =
                    at + mark.len() + (text[at + mark.len()..].len() - text[at + mark.len()..].trim_start().len());
                text.replace_range(before..after, with);
                changed = true;
            }
        }
        changed
    };
    if join(&mut out, &AT, "@") {
        masked = true;
        join(&mut out, &DOT, ".");
        join(&mut out, &[" dot "], ".");
    } else if find_ci(&out, " at ").is_some() && find_ci(&out, " dot ").is_some() {
        // "at" and "dot" are words too: only the two together, around single words, are a mask.
        join(&mut out, &[" at "], "@");
        join(&mut out, &[" dot "], ".");
        masked = true;
    }
    masked.then_some(out)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use proptest::prelude::*;

    fn read(line: &str) -> Vec<String> {
        let mut out = Vec::new();
        from_line(line, true, &mut out);
        out
    }

    #[test]
    fn addresses_as_pages_write_them() {
        for (line, expected) in [
            ("Mail Info@Smile.co.nz.", "info@smile.co.nz"),
            ("e: reception@smile-dental.com|fax", "reception@smile-dental.com"),
            ("info [at] smile [dot] co [dot] nz", "info@smile.co.nz"),
            ("info(at)praxis-mueller.de", "info@praxis-mueller.de"),
            ("info (at) praxis (punkt) de", "info@praxis.de"),
            ("hello at smile dot nz", "hello@smile.nz"),
            ("info@zahnärzte.de", "info@xn--zahnrzte-3za.de"),
            ("info@smile.co.nz.Opening", "info@smile.co.nz"),
        ] {
            assert_eq!(read(line), [expected], "{line}");
        }
    }

    #[test]
    fn what_only_looks_like_one() {
        for line in [
            "logo@2x.png",
            "you@example.com",
            "name@domain.com",
            "Open at 9 (at the back)",
            "@smile",
            "a@b",
            "no-reply@smile.co.nz",
        ] {
            assert_eq!(read(line), Vec::<String>::new(), "{line}");
        }
    }

    #[test]
    fn mail_links() {
        assert_eq!(from_mailto("mailto:a%40smile.nz?subject=x"), ["a@smile.nz"]);
        assert_eq!(
            from_mailto("MAILTO: a@smile.nz, b@smile.nz"),
            ["a@smile.nz", "b@smile.nz"]
        );
        assert!(from_mailto("mailto:?subject=x").is_empty());
    }

    proptest! {
        #[test]
        fn never_panics(line in "[a-zü@.\\[\\](){} -]{0,60}") {
            let _ = read(&line);
            let _ = from_mailto(&format!("mailto:{line}"));
        }
    }
}
