//! From what an analyst wrote in a cell to an address that can be fetched, or a sentence that says why not.
//!
//! Pure: intake and the URL worker call the same function and get the same answer.

use std::net::IpAddr;

use thiserror::Error;
use url::{Host, Url};

use super::tracking::strip_tracking;

/// Longer input is no web address that a person typed.
const MAX_INPUT: usize = 2_048;

/// What [`clean_url`] made of a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CleanUrl {
    /// The cell as it was written, without control characters.
    pub input: String,
    /// Absolute http(s), without credentials, fragment, tracking parameters and default port.
    pub url: Url,
    /// Registrable domain by the Public Suffix List, private suffixes included, or the literal address.
    pub domain: String,
    /// Equal for two inputs that mean one website: host without `www.`, port unless default, path without trailing
    /// slash, sorted query.
    pub dedupe_key: String,
    /// What politeness counts by: the registrable domain, or `ip:port` for a literal address.
    pub host_key: String,
}

/// Why an input is no website. Displays as a sentence for the analyst.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum UrlRefusal {
    /// Nothing but white space.
    #[error("The cell is empty.")]
    Empty,
    /// `n/a`, `-`, `none`, …
    #[error("\"{0}\" says that there is no website.")]
    Placeholder(String),
    /// `Website`, `URL`, …: a header in the midst of the rows, where two files were joined.
    #[error("\"{0}\" is the name of a column, not a web address.")]
    ColumnName(String),
    /// An e-mail address.
    #[error("\"{0}\" is an e-mail address, not a website.")]
    EmailAddress(String),
    /// A telephone number or some other plain number.
    #[error("\"{0}\" is a number, not a website.")]
    Number(String),
    /// No web address can be made out.
    #[error("\"{0}\" is not a web address.")]
    NotAnAddress(String),
    /// More than one web address.
    #[error("The cell names {0} different web addresses; keep one.")]
    Several(usize),
    /// `ftp:`, `javascript:`, …
    #[error("Only http and https addresses can be read, not \"{0}:\".")]
    Scheme(String),
    /// The URL standard refuses it.
    #[error("\"{input}\" is not a valid web address: {reason}.")]
    Invalid {
        /// What was parsed.
        input: String,
        /// The parser's reason.
        reason: String,
    },
    /// `localhost`, `intranet`, `co.nz`, a made-up ending.
    #[error("\"{0}\" is not a public website name.")]
    NotPublic(String),
    /// Longer than any address that is in use.
    #[error("The cell is longer than {MAX_INPUT} characters.")]
    TooLong,
}

/// Cleans one cell.
///
/// Rules: a scheme is added where it is missing (https for names, http for literal addresses and explicit ports),
/// parsing is that of the WHATWG URL standard with IDNA, then fragment, credentials, default port and tracking
/// parameters go. Whether an address may be *reached* is not decided here but by [`super::guard::AddressGuard`].
///
/// # Errors
/// [`UrlRefusal`] when the cell holds no address of a public website.
pub fn clean_url(input: &str) -> Result<CleanUrl, UrlRefusal> {
    let shown = super::text::squeeze(input);
    let text = unwrapped(&shown);
    if text.is_empty() {
        return Err(UrlRefusal::Empty);
    }
    if text.chars().count() > MAX_INPUT {
        return Err(UrlRefusal::TooLong);
    }
    if is_placeholder(text) {
        return Err(UrlRefusal::Placeholder(text.to_owned()));
    }
    if is_column_name(text) {
        return Err(UrlRefusal::ColumnName(text.to_owned()));
    }
    if let Some(count) = several(text) {
        return Err(UrlRefusal::Several(count));
    }
    let parsed = parse(text).or_else(|refusal| match embedded(text)? {
        Some(found) => parse(found),
        None => Err(refusal),
    })?;
    finish(shown.clone(), parsed)
}

/// Without the quotes and brackets around all of it, the list's punctuation behind it, and a scheme that stands twice.
fn unwrapped(text: &str) -> &str {
    const SCHEMES: [&str; 4] = ["http://", "https://", "http//", "https//"];
    let quote = |c: char| {
        matches!(
            c,
            '"' | '\'' | '<' | '>' | '`' | '“' | '”' | '„' | '‘' | '’' | '«' | '»' | '‹' | '›' | ' '
        )
    };
    let mut text = text;
    loop {
        let mut rest = text.trim_matches(quote).trim_end_matches([',', ';']);
        for (open, close) in [('(', ')'), ('[', ']')] {
            let inner = rest.strip_prefix(open).and_then(|inner| inner.strip_suffix(close));
            rest = inner
                .filter(|inner| !inner.contains(open) && inner.parse::<std::net::Ipv6Addr>().is_err())
                .unwrap_or(rest);
        }
        let scheme = SCHEMES[..2].iter().find(|scheme| super::text::starts_ci(rest, scheme));
        if let Some(scheme) = scheme {
            let second = &rest[scheme.len()..];
            let twice = SCHEMES.iter().any(|scheme| super::text::starts_ci(second, scheme));
            rest = if twice { second } else { rest };
        }
        if rest.len() == text.len() {
            return rest;
        }
        text = rest;
    }
}

fn is_column_name(text: &str) -> bool {
    const NAMES: [&str; 8] = [
        "website",
        "websites",
        "web site",
        "website url",
        "web address",
        "url",
        "homepage",
        "domain",
    ];
    NAMES.iter().any(|name| text.eq_ignore_ascii_case(name))
}

fn is_placeholder(text: &str) -> bool {
    let word = text.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    matches!(
        word.as_str(),
        "" | "n/a"
            | "na"
            | "n.a"
            | "none"
            | "nil"
            | "null"
            | "tbd"
            | "tbc"
            | "tba"
            | "unknown"
            | "no"
            | "no website"
            | "not available"
            | "not applicable"
            | "undefined"
            | "nan"
            | "x"
            | "xx"
            | "xxx"
            | "0"
            | "no url"
            | "does not have one"
            | "kein"
            | "keine"
            | "aucun"
            | "ninguno"
            | "nessuno"
            | "nenhum"
            | "geen"
            | "ingen"
            | "brak"
            | "нет"
            | "なし"
            | "無し"
            | "无"
            | "無"
    )
}

/// The scheme that `text` starts with, when what follows is not a port.
fn scheme(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_once(':')?;
    let named = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
    let port = rest
        .split(['/', '?', '#'])
        .next()
        .is_some_and(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()));
    (named && (rest.starts_with("//") || !(port || scheme.contains('.')))).then_some(scheme)
}

fn parse(text: &str) -> Result<Url, UrlRefusal> {
    let invalid = |reason: String| UrlRefusal::Invalid {
        input: text.to_owned(),
        reason,
    };
    let mistyped = [
        "http//",
        "https//",
        "http;//",
        "https;//",
        "htp://",
        "htps://",
        "hhttp://",
        "hhttps://",
    ];
    if let Some(slip) = mistyped.iter().find(|slip| super::text::starts_ci(text, slip)) {
        let rest = text[slip.len()..].trim_start_matches(['/', ':']);
        return Url::parse(&format!("https://{rest}")).map_err(|error| invalid(error.to_string()));
    }
    let full = match scheme(text) {
        Some(scheme) if scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https") => text.to_owned(),
        Some(scheme) if scheme.eq_ignore_ascii_case("mailto") => {
            return Err(UrlRefusal::EmailAddress(text[scheme.len() + 1..].to_owned()));
        }
        Some(scheme) if !text.contains(' ') => return Err(UrlRefusal::Scheme(scheme.to_lowercase())),
        Some(_) => return Err(UrlRefusal::NotAnAddress(text.to_owned())),
        None => {
            let bare = text.trim_start_matches(['/', '\\']);
            if bare.contains(' ') {
                return Err(UrlRefusal::NotAnAddress(text.to_owned()));
            }
            refuse_mail_and_numbers(bare)?;
            let bracketed = bare.strip_prefix('[').and_then(|inner| inner.split_once(']'));
            let literal_v6 = bracketed.is_some_and(|(inner, _)| inner.contains(':'));
            if !literal_v6 && (!bare.contains('.') || bare.starts_with('[')) {
                return Err(UrlRefusal::NotAnAddress(text.to_owned()));
            }
            let host = bare.split(['/', '?', '#']).next().unwrap_or(bare);
            let literal = host.starts_with('[') || host.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b':');
            let scheme = if literal || host.contains(':') { "http" } else { "https" };
            format!("{scheme}://{bare}")
        }
    };
    Url::parse(&full).map_err(|error| invalid(error.to_string()))
}

fn refuse_mail_and_numbers(bare: &str) -> Result<(), UrlRefusal> {
    let host = bare.split(['/', '?', '#']).next().unwrap_or(bare);
    if let Some((local, domain)) = host.rsplit_once('@')
        && !local.contains(':')
        && domain.contains('.')
    {
        return Err(UrlRefusal::EmailAddress(bare.to_owned()));
    }
    let digits = host.bytes().filter(u8::is_ascii_digit).count();
    let numeric = host.bytes().all(|b| b.is_ascii_digit() || b"+-.()/:".contains(&b));
    let literal = host
        .rsplit_once(':')
        .map_or(host, |(ip, _)| ip)
        .parse::<std::net::Ipv4Addr>()
        .is_ok();
    if digits > 0 && numeric && !literal && !host.starts_with('[') {
        return Err(UrlRefusal::Number(bare.to_owned()));
    }
    Ok(())
}

/// How many different addresses a cell lists that begins with one; without this check the rest of the cell would be
/// the path of the first.
fn several(text: &str) -> Option<usize> {
    let mut found: Vec<String> = Vec::new();
    for token in text.split([' ', ',', ';', '|']) {
        let before = &text[..token.as_ptr() as usize - text.as_ptr() as usize];
        // Commas in a query may separate values, and a bare name behind one in a path may belong to the path.
        let in_query = before.contains('?') && !before.ends_with(' ');
        let parted = before.ends_with(' ') || !before.contains('/');
        if (is_explicit(token) || (parted && token.contains('.')))
            && !in_query
            && let Ok(clean) = parse(token).and_then(|url| finish(String::new(), url))
            && !found.contains(&clean.dedupe_key)
        {
            found.push(clean.dedupe_key);
        }
    }
    (found.len() > 1).then_some(found.len())
}

fn is_explicit(token: &str) -> bool {
    ["http://", "https://", "www."]
        .iter()
        .any(|prefix| super::text::starts_ci(token, prefix))
}

/// The one web address inside a longer text such as `Smile Dental (www.smile.co.nz)`, a Markdown link or a piece of HTML.
///
/// A bare name counts only beside a separator: of `smile dental.co.nz` nobody knows what was meant.
fn embedded(text: &str) -> Result<Option<&str>, UrlRefusal> {
    const SEPARATORS: &str = " ()<>[]|;,\"";
    const MARKS: &str = "(<[|;,/-–—";
    if !text.contains(|c| SEPARATORS.contains(c)) {
        return Ok(None);
    }
    let html = text.contains("href=") || text.starts_with('<');
    let mut found: Vec<(&str, String)> = Vec::new();
    let (mut mail, mut behind_separator) = (None, false);
    for word in text.split(|c| SEPARATORS.contains(c) || (html && c == '\'')) {
        let token = word.trim_end_matches(['.', ':', '!', '?', '\'', '’']);
        if token.is_empty() || matches!(token, "-" | "–" | "—") {
            behind_separator = true;
            continue;
        }
        let start = token.as_ptr() as usize - text.as_ptr() as usize;
        let beside_mark = match text[..start].chars().next_back() {
            Some(before) => "(<[|;,".contains(before),
            None => text[token.len()..].trim_start().starts_with(|c| MARKS.contains(c)),
        };
        let separated = behind_separator || beside_mark;
        behind_separator = word.ends_with(':');
        if token.contains('@') && !is_explicit(token) {
            mail = Some(token);
        } else if (is_explicit(token) || (separated && token.contains('.')))
            && let Ok(clean) = parse(token).and_then(|url| finish(String::new(), url))
            && !found.iter().any(|(_, key)| *key == clean.dedupe_key)
        {
            found.push((token, clean.dedupe_key));
        }
    }
    match (found.as_slice(), mail) {
        ([], Some(mail)) => Err(UrlRefusal::EmailAddress(mail.to_owned())),
        ([], None) if is_number(text) => Err(UrlRefusal::Number(text.to_owned())),
        ([], None) => Ok(None),
        ([(one, _)], _) => Ok(Some(one)),
        (several, _) => Err(UrlRefusal::Several(several.len())),
    }
}

fn is_number(text: &str) -> bool {
    text.bytes().any(|b| b.is_ascii_digit()) && text.bytes().all(|b| b.is_ascii_digit() || b"+-.()/ ".contains(&b))
}

fn finish(input: String, mut url: Url) -> Result<CleanUrl, UrlRefusal> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(UrlRefusal::Scheme(url.scheme().to_owned()));
    }
    url.set_fragment(None);
    // Both setters fail only for URLs without a host, which http(s) URLs always have.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    strip_tracking(&mut url);
    let not_public = |name: &str| UrlRefusal::NotPublic(name.to_owned());
    let port = url.port();
    let (domain, host, host_key) = match url.host() {
        None => return Err(not_public(url.as_str())),
        Some(Host::Ipv4(ip)) => literal(IpAddr::V4(ip), &url),
        Some(Host::Ipv6(ip)) => literal(IpAddr::V6(ip), &url),
        Some(Host::Domain(name)) => {
            let bare = name.trim_end_matches('.').to_owned();
            let domain = registrable(&bare).ok_or_else(|| not_public(&bare))?;
            if bare.len() != name.len() && url.set_host(Some(&bare)).is_err() {
                return Err(not_public(&bare));
            }
            let host = match bare.strip_prefix("www.") {
                Some(rest) if registrable(rest).is_some() => rest.to_owned(),
                _ => bare,
            };
            (domain.clone(), host, domain)
        }
    };
    let mut dedupe_key = host;
    if let Some(port) = port {
        dedupe_key.push_str(&format!(":{port}"));
    }
    dedupe_key.push_str(url.path().trim_end_matches('/'));
    if let Some(query) = url.query() {
        let mut pairs: Vec<&str> = query.split('&').filter(|pair| !pair.is_empty()).collect();
        pairs.sort_unstable();
        if !pairs.is_empty() {
            dedupe_key.push('?');
            dedupe_key.push_str(&pairs.join("&"));
        }
    }
    Ok(CleanUrl {
        input,
        url,
        domain,
        dedupe_key,
        host_key,
    })
}

fn literal(ip: IpAddr, url: &Url) -> (String, String, String) {
    let shown = if ip.is_ipv6() {
        format!("[{ip}]")
    } else {
        ip.to_string()
    };
    let port = url.port_or_known_default().unwrap_or(80);
    (ip.to_string(), shown.clone(), format!("{shown}:{port}"))
}

/// The registrable domain of a host name (punycode, lower case) by the Public Suffix List, private suffixes
/// included. `None` when it has none, or when its ending is no public one.
///
/// The names that RFC 2606 keeps for examples pass, so that samples can be uploaded; they never resolve.
pub fn registrable(host: &str) -> Option<String> {
    // The URL standard allows more letters in a host than a name server does: `www,example.com` is one label there.
    let is_label = |label: &str| {
        let letters = label
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        letters && (1..=63).contains(&label.len())
    };
    if host.len() > 253 || !host.split('.').all(is_label) {
        return None;
    }
    let suffix = psl::suffix(host.as_bytes())?;
    let reserved = matches!(host.rsplit('.').next(), Some("example" | "test" | "invalid"));
    if !suffix.is_known() && !reserved {
        return None;
    }
    if host.ends_with(".home.arpa") || host.ends_with(".onion") {
        return None;
    }
    match psl::domain_str(host) {
        Some(domain) => Some(domain.to_owned()),
        None if suffix.typ() == Some(psl::Type::Private) => Some(host.to_owned()),
        None => None,
    }
}

/// What belongs to one website for the scraper: hosts that share it are the same site.
pub fn site_key(url: &Url) -> String {
    match url.host() {
        Some(Host::Domain(name)) => registrable(name.trim_end_matches('.')).unwrap_or_else(|| name.to_owned()),
        Some(Host::Ipv4(ip)) => literal(IpAddr::V4(ip), url).2,
        Some(Host::Ipv6(ip)) => literal(IpAddr::V6(ip), url).2,
        None => String::new(),
    }
}

#[cfg(test)]
#[path = "url_tests.rs"]
mod tests;
