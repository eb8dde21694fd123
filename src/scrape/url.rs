//! From what an analyst wrote in a cell to an address that can be fetched, or a sentence that says why not.
//!
//! Pure: intake and the URL worker call the same function and get the same answer.

mod cell;

use std::net::IpAddr;

use thiserror::Error;
use url::{Host, Url};

use super::tracking::strip_tracking;
use cell::{embedded, is_column_name, is_placeholder, narrowed, several, unwrapped};

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
    let narrow = narrowed(&shown);
    let text = unwrapped(&narrow);
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
    let mut clean = finish(shown, parsed)?;
    // What was cut off may have hidden punctuation that belongs to the list, not to the address.
    loop {
        let bare = unwrapped(clean.url.as_str());
        if bare.len() == clean.url.as_str().len() {
            return Ok(clean);
        }
        let url = parse(bare)?;
        clean = finish(clean.input, url)?;
    }
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
    let numeric = host.bytes().all(|b| b.is_ascii_digit() || b"+-.,()/:".contains(&b));
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
mod standard_tests;
#[cfg(test)]
#[path = "url_tests.rs"]
mod tests;
