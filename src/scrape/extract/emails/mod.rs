//! E-mail addresses in text and links, also those that are written so that robots miss them.

pub(super) mod cloudflare;
pub(super) mod encoded;
mod masked;
pub(super) mod scripted;

use crate::scrape::extract::phones::DOUBTFUL;
use crate::scrape::payload::Fact;
use crate::scrape::text::percent_decode;
use crate::scrape::url::registrable;
use masked::unmask;
use std::ops::Range;

/// Every address in a line of visible text, with the text and the place in it where it stands; `masked` when the line
/// may hold one that is hidden from robots.
pub(crate) fn from_line(line: &str, masked: bool, found: &mut dyn FnMut(&str, Range<usize>, String)) {
    let at = line.contains('@');
    if at {
        find(line, found);
    }
    if (masked || at && (line.contains(" @") || line.contains("@ ")))
        && let Some(plain) = unmask(line)
    {
        find(&plain, found);
    }
}

/// The addresses of a `mailto:` link.
pub(crate) fn from_mailto(href: &str) -> Vec<String> {
    let rest = href.trim_start()[7..].trim_start_matches('/');
    let recipients = percent_decode(rest.split('?').next().unwrap_or_default());
    recipients
        .split([',', ';'])
        .filter_map(|one| {
            // `"Smile Dental" <info@smile.nz>`
            let address = one.rsplit_once('<').map_or(one, |(_, address)| address);
            normalise(address.trim()).or_else(|| normalise(&unmask(address)?))
        })
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
    const DOMAINS: [&str; 29] = [
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
        "company.co",
        "mobirise.com",
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
                | "name.surname"
                | "vorname.nachname"
                | "voornaam.achternaam"
                | "prenom.nom"
                | "nome.cognome"
                | "nombre.apellido"
                | "nome.sobrenome"
                | "fornavn.efternavn"
                | "fornavn.etternavn"
                | "fornamn.efternamn"
                | "etunimi.sukunimi"
                | "imie.nazwisko"
                | "jmeno.prijmeni"
                | "email"
                | "example"
                | "test"
                | "noreply"
                | "no-reply"
                | "donotreply"
        )
        || (local.len() >= 24 && local.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Trust of an address that nothing speaks against: that of a link.
const SURE: u8 = 60;
/// Hosts that give mailboxes to everybody, by the first word of their domain.
const MAILBOXES: [&str; 102] = [
    "gmail",
    "googlemail",
    "outlook",
    "hotmail",
    "live",
    "msn",
    "yahoo",
    "ymail",
    "rocketmail",
    "icloud",
    "me",
    "mac",
    "aol",
    "gmx",
    "web",
    "t-online",
    "freenet",
    "arcor",
    "posteo",
    "mailbox",
    "kabelmail",
    "vodafonemail",
    "orange",
    "wanadoo",
    "free",
    "sfr",
    "laposte",
    "neuf",
    "bbox",
    "libero",
    "tiscali",
    "tiscalinet",
    "alice",
    "virgilio",
    "tin",
    "pec",
    "legalmail",
    "arubapec",
    "fastwebnet",
    "wp",
    "o2",
    "onet",
    "op",
    "interia",
    "poczta",
    "gazeta",
    "seznam",
    "email",
    "centrum",
    "volny",
    "post",
    "azet",
    "bluewin",
    "hispeed",
    "sunrise",
    "aon",
    "chello",
    "a1",
    "telenet",
    "skynet",
    "proximus",
    "ziggo",
    "kpnmail",
    "xs4all",
    "planet",
    "hetnet",
    "home",
    "casema",
    "btinternet",
    "btconnect",
    "talktalk",
    "sky",
    "virginmedia",
    "ntlworld",
    "xtra",
    "slingshot",
    "bigpond",
    "optusnet",
    "iinet",
    "comcast",
    "verizon",
    "att",
    "sbcglobal",
    "bellsouth",
    "cox",
    "sympatico",
    "eircom",
    "telia",
    "mail",
    "yandex",
    "naver",
    "protonmail",
    "telkomsa",
    "mweb",
    "vodamail",
    "iafrica",
    "absamail",
    "rediffmail",
    "terra",
    "uol",
    "bol",
    "vtr",
];

/// Whether everybody can have an address at this host.
pub(crate) fn is_mailbox_host(host: &str) -> bool {
    let Some(domain) = registrable(&host.to_lowercase()) else {
        return true;
    };
    // Certified mail, which every Italian firm has with a provider.
    const CERTIFIED: [&str; 8] = [
        "pec",
        "servicepec",
        "arubapec",
        "legalmail",
        "pecimprese",
        "postecert",
        "sicurezzapostale",
        "mypec",
    ];
    // Providers whose names are words, or somebody else's under another ending.
    const PROVIDERS: [&str; 19] = [
        "netcologne.de",
        "pandora.be",
        "belgacom.net",
        "scarlet.be",
        "zonnet.nl",
        "quicknet.nl",
        "upcmail.nl",
        "hin.ch",
        "online.no",
        "tele2.nl",
        "clear.net.nz",
        "paradise.net.nz",
        "dodo.com.au",
        "earthlink.net",
        "charter.net",
        "shaw.ca",
        "rogers.com",
        "telus.net",
        "videotron.ca",
    ];
    if PROVIDERS.contains(&domain.as_str()) {
        return true;
    }
    let word = domain.split('.').next().unwrap_or_default();
    host.split('.').any(|label| CERTIFIED.contains(&label)) || MAILBOXES.contains(&word)
}

/// Believes addresses behind a name where one at the same domain is the business's without doubt: a firm that has its mail elsewhere than
/// its website, such as notaries with their chamber, lists what its people have there.
pub(super) fn believe_colleagues(mails: &mut [Fact<String>]) {
    let host = |fact: &Fact<String>| fact.value.rsplit_once('@').map(|(_, host)| host.to_owned());
    let sure: Vec<String> = mails
        .iter()
        .filter(|fact| fact.trust >= SURE)
        .filter_map(host)
        .filter(|host| !is_mailbox_host(host))
        .collect();
    for fact in mails.iter_mut().filter(|fact| fact.trust < DOUBTFUL) {
        if host(fact).is_some_and(|host| sure.contains(&host)) {
            fact.trust = DOUBTFUL;
        }
    }
}

/// The longest address that mail can be sent to (RFC 5321).
const MAX_ADDRESS: usize = 254;

/// Whether a text is an address at another host than `mail` is.
pub(crate) fn is_another(text: &str, mail: &str) -> bool {
    let host = |mail: &str| mail.rsplit_once('@').map(|(_, host)| host.to_owned());
    let text = text.trim();
    text.len() <= MAX_ADDRESS && normalise(text).is_some_and(|shown| host(&shown) != host(mail))
}

/// Every address in plain text.
pub(crate) fn find(line: &str, found: &mut dyn FnMut(&str, Range<usize>, String)) {
    let bytes = line.as_bytes();
    let mut from = 0;
    while let Some(at) = line[from..].find('@').map(|at| from + at) {
        from = at + 1;
        let local_byte = |b: &u8| b.is_ascii_alphanumeric() || b"._%+-'&".contains(b);
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
                found(line, start..at + 1 + domain.len(), address);
                break;
            }
            match domain.rfind('.') {
                Some(dot) if domain[..dot].contains('.') => domain = &domain[..dot],
                _ => break,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use proptest::prelude::*;

    fn read(line: &str) -> Vec<String> {
        let mut out = Vec::new();
        from_line(line, true, &mut |_, _, mail| {
            if !out.contains(&mail) {
                out.push(mail);
            }
        });
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
