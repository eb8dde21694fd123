//! From what an analyst wrote in a cell to an address that can be fetched, or a sentence that says why not.
//!
//! Pure: intake and the URL worker call the same function and get the same answer.

use std::net::IpAddr;
use thiserror::Error;
use url::{Host, Url};

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
    let text = unwrap_quotes(&shown);
    if text.is_empty() {
        return Err(UrlRefusal::Empty);
    }
    if text.chars().count() > MAX_INPUT {
        return Err(UrlRefusal::TooLong);
    }
    if is_placeholder(text) {
        return Err(UrlRefusal::Placeholder(text.to_owned()));
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

fn unwrap_quotes(text: &str) -> &str {
    text.trim_matches(|c: char| matches!(c, '"' | '\'' | '<' | '>' | '`' | '“' | '”' | '‘' | '’' | ' '))
        .trim_end_matches([',', ';'])
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
            if !bare.contains('.') && !bare.starts_with('[') {
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
        let start = token.as_ptr() as usize - text.as_ptr() as usize;
        let explicit = ["http://", "https://", "www."]
            .iter()
            .any(|prefix| super::text::starts_ci(token, prefix));
        // Commas in a query may separate values.
        let in_query = text[..start].contains('?') && !text[..start].ends_with(' ');
        if explicit
            && !in_query
            && let Ok(clean) = parse(token).and_then(|url| finish(String::new(), url))
            && !found.contains(&clean.dedupe_key)
        {
            found.push(clean.dedupe_key);
        }
    }
    (found.len() > 1).then_some(found.len())
}

/// The one web address inside a longer text such as `Smile Dental (www.smile.co.nz)`.
///
/// A bare name counts only behind a separator: of `smile dental.co.nz` nobody knows what was meant.
fn embedded(text: &str) -> Result<Option<&str>, UrlRefusal> {
    if !text.contains(' ') {
        return Ok(None);
    }
    let mut found: Vec<(&str, String)> = Vec::new();
    let (mut mail, mut behind_separator) = (None, false);
    for word in text.split([' ', '(', ')', '<', '>', '[', ']', '|', ';', ',', '"']) {
        let token = word.trim_end_matches(['.', ':', '!', '?', '\'', '’']);
        if token.is_empty() || matches!(token, "-" | "–" | "—") {
            behind_separator = true;
            continue;
        }
        let explicit = ["http://", "https://", "www."]
            .iter()
            .any(|prefix| super::text::starts_ci(token, prefix));
        let start = token.as_ptr() as usize - text.as_ptr() as usize;
        let separated = behind_separator
            || start
                .checked_sub(1)
                .is_some_and(|at| b"(<[|;,".contains(&text.as_bytes()[at]));
        behind_separator = word.ends_with(':');
        if token.contains('@') && !explicit {
            mail = Some(token);
        } else if (explicit || (separated && token.contains('.')))
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
    if host.is_empty() || host.len() > 253 || host.split('.').any(|label| label.is_empty() || label.len() > 63) {
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

fn strip_tracking(url: &mut Url) {
    let Some(query) = url.query() else { return };
    let kept: Vec<&str> = query
        .split('&')
        .filter(|pair| !pair.is_empty() && !is_tracking(pair))
        .collect();
    let kept = kept.join("&");
    if kept.len() != query.len() {
        url.set_query(Some(kept.as_str()).filter(|kept| !kept.is_empty()));
    } else if query.is_empty() {
        url.set_query(None);
    }
}

fn is_tracking(pair: &str) -> bool {
    let key = pair.split('=').next().unwrap_or(pair);
    let key = super::text::percent_decode(key).to_ascii_lowercase();
    key.starts_with("utm_")
        || key.starts_with("_hs")
        || key.starts_with("pk_")
        || key.starts_with("mtm_")
        || matches!(
            key.as_str(),
            "gclid"
                | "gclsrc"
                | "dclid"
                | "gbraid"
                | "wbraid"
                | "gad_source"
                | "gad_campaignid"
                | "fbclid"
                | "msclkid"
                | "yclid"
                | "ttclid"
                | "twclid"
                | "li_fat_id"
                | "igshid"
                | "igsh"
                | "mc_cid"
                | "mc_eid"
                | "mkt_tok"
                | "srsltid"
                | "y_source"
                | "_ga"
                | "_gl"
                | "epik"
                | "vero_id"
                | "vero_conv"
                | "hsctatracking"
                | "oly_anon_id"
                | "oly_enc_id"
                | "wickedid"
                | "rb_clickid"
                | "s_cid"
                | "ocid"
                | "zanpid"
        )
}

#[cfg(test)]
#[path = "url_tests.rs"]
mod tests;
