//! Where a request comes from, also through proxies that are trusted.

use std::net::IpAddr;

use actix_web::HttpRequest;
use actix_web::http::header::{FORWARDED, HOST, HeaderName};

use crate::settings::{ForwardedHeader, Http};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// The far end of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client {
    pub address: Option<IpAddr>,
    /// Whether it came over TLS, as the trusted proxy says.
    pub secure: bool,
    /// Whether it came from this machine, to this machine's own name, and through no proxy.
    pub local: bool,
}

/// A hop that a proxy has noted.
struct Hop {
    address: Option<IpAddr>,
    secure: Option<bool>,
}

impl Client {
    /// The far end of `request`. Headers count only as far as they were written by trusted proxies: they are read from the
    /// right, and the first address that is no trusted proxy's is the client.
    #[must_use]
    pub fn of(request: &HttpRequest, settings: &Http) -> Self {
        let peer = request.peer_addr().map(|peer| peer.ip().to_canonical());
        let is_trusted = |address: IpAddr| settings.trusted_proxies.iter().any(|net| net.contains(&address));
        let mut client = Self {
            address: peer,
            secure: false,
            local: peer.is_some_and(|peer| peer.is_loopback()) && names_this_machine(request),
        };
        if !peer.is_some_and(is_trusted) {
            return client;
        }
        let hops = hops(request, settings.forwarded_header);
        if !hops.is_empty() {
            client.local = false;
        }
        for hop in hops.iter().rev() {
            if let Some(secure) = hop.secure {
                client.secure = secure;
            }
            // A proxy that does not say from whom leaves itself as all that is known.
            let Some(address) = hop.address else { break };
            client.address = Some(address);
            if !is_trusted(address) {
                break;
            }
        }
        client
    }
}

fn values(request: &HttpRequest, name: &HeaderName) -> Vec<String> {
    let lines = request.headers().get_all(name);
    lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .map(|value| value.trim().to_owned())
        .filter(|value| !value.is_empty())
        .collect()
}

/// The hops, the farthest first, as the header tells that the proxies write. The other one may be the client's own: a proxy passes on
/// what it does not know.
fn hops(request: &HttpRequest, header: ForwardedHeader) -> Vec<Hop> {
    if header == ForwardedHeader::Forwarded {
        let elements = values(request, &FORWARDED);
        return elements.iter().map(|element| forwarded(element)).collect();
    }
    let schemes = values(request, &FORWARDED_PROTO);
    let last = schemes.last().map(|scheme| scheme.eq_ignore_ascii_case("https"));
    let mut hops: Vec<Hop> = values(request, &FORWARDED_FOR)
        .iter()
        .map(|node| Hop {
            address: address(node),
            secure: None,
        })
        .collect();
    match hops.last_mut() {
        Some(hop) => hop.secure = last,
        None if last.is_some() => hops.push(Hop {
            address: None,
            secure: last,
        }),
        None => {}
    }
    hops
}

fn forwarded(element: &str) -> Hop {
    let mut hop = Hop {
        address: None,
        secure: None,
    };
    for pair in element.split(';') {
        let Some((name, value)) = pair.split_once('=') else {
            continue;
        };
        let value = value.trim().trim_matches('"');
        match name.trim().to_ascii_lowercase().as_str() {
            "for" => hop.address = address(value),
            "proto" => hop.secure = Some(value.eq_ignore_ascii_case("https")),
            _ => {}
        }
    }
    hop
}

/// `203.0.113.7`, `203.0.113.7:4711`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:4711`.
fn address(node: &str) -> Option<IpAddr> {
    let node = node.trim();
    let bare = match node.strip_prefix('[') {
        Some(rest) => rest.split(']').next()?,
        None if node.matches(':').count() == 1 => node.split(':').next()?,
        None => node,
    };
    bare.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

/// Whether the request names `localhost` or a loopback address as its host.
fn names_this_machine(request: &HttpRequest) -> bool {
    let Some(host) = request.headers().get(HOST).and_then(|host| host.to_str().ok()) else {
        return false;
    };
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use actix_web::test::TestRequest;

    use super::*;

    fn client(peer: &str, headers: &[(&str, &str)]) -> Client {
        let mut request = TestRequest::default().peer_addr(format!("{peer}:4711").parse().unwrap());
        for header in headers {
            request = request.append_header(*header);
        }
        Client::of(&request.to_http_request(), &settings("x-forwarded-for"))
    }

    fn settings(header: &str) -> Http {
        let text = format!("[http]\ntrusted_proxies = ['10.0.0.0/8']\nforwarded_header = '{header}'\n");
        crate::settings::Settings::from_text(&text).unwrap().http
    }

    fn address_of(peer: &str, headers: &[(&str, &str)]) -> String {
        client(peer, headers).address.unwrap().to_string()
    }

    #[test]
    fn headers_of_strangers_do_not_count() {
        let lie = [("x-forwarded-for", "198.51.100.1"), ("x-forwarded-proto", "https")];
        let seen = client("203.0.113.9", &lie);
        assert_eq!(
            (seen.address.unwrap().to_string().as_str(), seen.secure),
            ("203.0.113.9", false)
        );
    }

    #[test]
    fn headers_are_read_from_the_right() {
        for (value, seen) in [
            ("198.51.100.1", "198.51.100.1"),
            ("6.6.6.6, 198.51.100.1", "198.51.100.1"),
            ("6.6.6.6, 198.51.100.1, 10.1.1.1", "198.51.100.1"),
            ("198.51.100.1:4711", "198.51.100.1"),
            ("[2001:db8::1]:4711", "2001:db8::1"),
            ("10.1.1.1", "10.1.1.1"),
            ("6.6.6.6, nonsense", "10.0.0.1"),
            ("", "10.0.0.1"),
        ] {
            assert_eq!(address_of("10.0.0.1", &[("x-forwarded-for", value)]), seen, "{value}");
        }
        let twice = [("x-forwarded-for", "6.6.6.6"), ("x-forwarded-for", "198.51.100.1")];
        assert_eq!(address_of("10.0.0.1", &twice), "198.51.100.1");
    }

    #[test]
    fn only_the_header_counts_that_the_proxies_write() {
        let headers = [
            ("forwarded", "for=6.6.6.6, for=\"[2001:db8::7]:99\";proto=https"),
            ("x-forwarded-for", "198.51.100.1"),
        ];
        let seen = client("10.0.0.1", &headers);
        assert_eq!(
            (seen.address.unwrap().to_string().as_str(), seen.secure),
            ("198.51.100.1", false)
        );
        let request = headers.iter().fold(
            TestRequest::default().peer_addr("10.0.0.1:4711".parse().unwrap()),
            |request, header| request.append_header(*header),
        );
        let seen = Client::of(&request.to_http_request(), &settings("forwarded"));
        assert_eq!(
            (seen.address.unwrap().to_string().as_str(), seen.secure),
            ("2001:db8::7", true)
        );
    }

    #[test]
    fn local_is_this_machine_by_its_own_name_alone() {
        assert!(client("127.0.0.1", &[("host", "localhost:8420")]).local);
        assert!(client("127.0.0.1", &[("host", "127.0.0.1:8420")]).local);
        assert!(client("127.0.0.1", &[("host", "[::1]:8420")]).local);
        assert!(!client("127.0.0.1", &[("host", "desk.example.com")]).local);
        assert!(!client("203.0.113.9", &[("host", "localhost")]).local);
    }
}
