//! Which addresses may be reached. The wall between what users supply and the operator's own network.
//!
//! A name is resolved once, every address of the answer is checked, and the connector gets exactly the checked
//! addresses, so a second DNS answer cannot slip in (rebinding). Literal addresses never reach the resolver and are
//! checked with [`AddressGuard::check`] before every request, after every redirect too.

use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use thiserror::Error;
use url::{Host, Url};

use super::names::{Names, NoResolver};
use crate::settings::{Network, Ports};

/// What may not be reached, and why.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AddressRefused {
    /// The address is of a kind that is not public.
    #[error("The address {ip} is {kind} and may not be reached.")]
    Address { ip: IpAddr, kind: &'static str },
    /// The port is none of those that the operator allows.
    #[error("The port {0} may not be reached: network.allow_ports does not name it.")]
    Port(u16),
}

impl AddressRefused {
    /// What an operator does who means it to be reached, as the end of a sentence.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Address { .. } => "name its network in network.allow_cidrs",
            Self::Port(_) => "name it in network.allow_ports",
        }
    }
}

/// Decides which addresses may be reached; a network on the allow list always may.
#[derive(Debug, Clone, Default)]
pub struct AddressGuard {
    allow: Vec<IpNet>,
    ports: Vec<Ports>,
    names: Names,
}

impl AddressGuard {
    /// A guard that permits public addresses and those in `allow`, at any port.
    pub fn new(allow: Vec<IpNet>) -> Self {
        Self {
            allow,
            ..Self::default()
        }
    }

    /// The guard that the operator asks for.
    ///
    /// # Errors
    /// Where the name servers cannot be used.
    pub fn of(network: &Network) -> Result<Self, NoResolver> {
        Ok(Self {
            names: Names::of(&network.nameservers)?,
            ..Self::of_addresses(network)
        })
    }

    /// The same for one [`check`](Self::check), which asks nobody for a name and so needs no name servers.
    pub fn of_addresses(network: &Network) -> Self {
        Self {
            ports: network.allow_ports.clone(),
            ..Self::new(network.allow_cidrs.clone())
        }
    }

    /// Whether `ip` may be reached.
    ///
    /// # Errors
    /// [`AddressRefused`] for everything that the IANA special-purpose registries (RFC 6890 and successors) do not
    /// call globally reachable unicast, and for IPv6 forms that carry such an IPv4 address.
    pub fn permits(&self, ip: IpAddr) -> Result<(), AddressRefused> {
        if self.allow.iter().any(|net| net.contains(&ip)) {
            return Ok(());
        }
        let refused = |kind| Err(AddressRefused::Address { ip, kind });
        match ip {
            IpAddr::V4(v4) => refusal_v4(v4).map_or(Ok(()), refused),
            IpAddr::V6(v6) => {
                // It is told as it was written, not as what it stands for.
                let permits_v4 = |embedded| {
                    self.permits(IpAddr::V4(embedded)).or_else(|inner| match inner {
                        AddressRefused::Address { kind, .. } => refused(kind),
                        AddressRefused::Port(_) => Err(inner),
                    })
                };
                if let Some(embedded) = transparent_v4(v6) {
                    return permits_v4(embedded);
                }
                refusal_v6(v6).map_or(Ok(()), refused)?;
                tunnelled_v4(v6).into_iter().try_for_each(permits_v4)
            }
        }
    }

    /// Checks a URL before it is asked for: its port, and its host where that is an address. The addresses of names are checked when
    /// they are resolved.
    ///
    /// The ports hold for all but addresses of the allow list.
    ///
    /// # Errors
    /// [`AddressRefused`] with what may not be reached.
    pub fn check(&self, url: &Url) -> Result<(), AddressRefused> {
        let address = match url.host() {
            Some(Host::Ipv4(ip)) => Some(IpAddr::V4(ip)),
            Some(Host::Ipv6(ip)) => Some(IpAddr::V6(ip)),
            _ => None,
        };
        if let Some(address) = address {
            self.permits(address)?;
        }
        let is_allowed = address.is_some_and(|ip| self.allow.iter().any(|net| net.contains(&ip)));
        match url.port_or_known_default() {
            Some(port) if !is_allowed && !self.ports.is_empty() && !self.ports.iter().any(|each| each.holds(port)) => {
                Err(AddressRefused::Port(port))
            }
            _ => Ok(()),
        }
    }
}

fn refusal_v4(ip: Ipv4Addr) -> Option<&'static str> {
    let [a, b, c, d] = ip.octets();
    Some(match (a, b, c, d) {
        (0, ..) => "unspecified",
        (10, ..) | (172, 16..=31, ..) | (192, 168, ..) => "private",
        (100, 64..=127, ..) => "shared address space (carrier NAT)",
        (127, ..) => "loopback",
        (169, 254, 169, 254) | (168, 63, 129, 16) => "a cloud metadata service",
        (169, 254, ..) => "link-local",
        (192, 0, 0, _) => "reserved for protocols",
        (192, 0, 2, _) | (198, 51, 100, _) | (203, 0, 113, _) => "reserved for documentation",
        (192, 31, 196, _) | (192, 52, 193, _) | (192, 175, 48, _) => "reserved for DNS services",
        (192, 88, 99, _) => "a 6to4 relay",
        (198, 18..=19, ..) => "reserved for benchmarks",
        (224..=239, ..) => "multicast",
        (240..=255, ..) => "reserved",
        _ => return None,
    })
}

fn refusal_v6(ip: Ipv6Addr) -> Option<&'static str> {
    let s = ip.segments();
    Some(match s {
        _ if ip.is_unspecified() => "unspecified",
        _ if ip.is_loopback() => "loopback",
        [0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254] => "a cloud metadata service",
        [0xfc00..=0xfdff, ..] => "private (unique local)",
        [0xfe80..=0xfebf, ..] => "link-local",
        [0xfec0..=0xfeff, ..] => "private (site local)",
        [0xff00..=0xffff, ..] => "multicast",
        [0x2001, 0x0db8, ..] | [0x3fff, 0..=0x0fff, ..] => "reserved for documentation",
        [0x2001, 0x0002, 0, ..] => "reserved for benchmarks",
        [0x2001, 0x0010..=0x002f, ..] => "an identifier, not an address",
        [0x2001, 0x0001..=0x01ff, ..] => "reserved for protocols",
        [0x0064, 0xff9b, 1, ..] => "a local NAT64 address",
        [0x0064, 0xff9b, 0, ..] => return None,
        [0x2000..=0x3fff, ..] => return None,
        _ => "reserved",
    })
}

/// Forms that simply *are* an IPv4 address: mapped (`::ffff:a.b.c.d`), translated (`::ffff:0:a.b.c.d`) and the old
/// compatible form (`::a.b.c.d`).
fn transparent_v4(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    match ip.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0, 0, 0, 0, 0xffff, 0, high, low] => Some(join(high, low)),
        [0, 0, 0, 0, 0, 0, high, low] if high != 0 || low > 1 => Some(join(high, low)),
        _ => None,
    }
}

/// IPv4 addresses that a packet to `ip` may end up at: 6to4, NAT64, Teredo (server and client) and ISATAP.
fn tunnelled_v4(ip: Ipv6Addr) -> Vec<Ipv4Addr> {
    match ip.segments() {
        [0x2002, high, low, ..] => vec![join(high, low)],
        [0x0064, 0xff9b, 0, 0, 0, 0, high, low] => vec![join(high, low)],
        [0x2001, 0, server_high, server_low, _, _, high, low] => {
            vec![join(server_high, server_low), join(!high, !low)]
        }
        [_, _, _, _, 0 | 0x0200, 0x5efe, high, low] => vec![join(high, low)],
        _ => Vec::new(),
    }
}

fn join(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from((u32::from(high) << 16) | u32::from(low))
}

/// Names as the [`AddressGuard`] lets them be resolved, for reqwest.
#[derive(Debug, Clone)]
pub struct GuardedResolver(pub Arc<AddressGuard>);

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = Arc::clone(&self.0);
        Box::pin(async move {
            let addresses = guard.names.addresses(name.as_str()).await?;
            for address in &addresses {
                guard.permits(*address)?;
            }
            // The port is that of the URL.
            let addresses = addresses.into_iter().map(|ip| SocketAddr::new(ip, 0));
            Ok(Box::new(addresses) as Addrs)
        })
    }
}

/// What every client begins with: it reaches what the guard permits, follows no redirect by itself and asks no proxy that the
/// environment names. Addresses that are literal are the caller's to check, before every request.
pub fn guarded_client(guard: &Arc<AddressGuard>) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .referer(false)
        .user_agent(concat!("batchdesk/", env!("CARGO_PKG_VERSION")))
        .dns_resolver(Arc::new(GuardedResolver(Arc::clone(guard))))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn permitted(guard: &AddressGuard, ip: &str) -> bool {
        guard.permits(ip.parse().unwrap()).is_ok()
    }

    #[test]
    fn only_public_unicast_is_reached() {
        let guard = AddressGuard::default();
        for ip in [
            "1.1.1.1",
            "8.8.8.8",
            "172.15.0.1",
            "100.128.0.1",
            "2606:4700::1111",
            "2a00:1450::1",
            "::ffff:8.8.8.8",
        ] {
            assert!(permitted(&guard, ip), "{ip}");
        }
        for ip in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "169.254.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "192.0.0.8",
            "192.0.2.1",
            "198.18.0.1",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "fec0::1",
            "ff02::1",
            "2001:db8::1",
            "3fff::1",
            "2001:2::1",
            "100::1",
            "fd00:ec2::254",
            "4000::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "::ffff:0:10.1.1.1",
            "2002:7f00:1::",
            "2002:a00:1::",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "2001:0:a00:1::",
            "2001:0:808:808:0:0:80ff:fffe",
            "2606::5efe:a00:1",
        ] {
            assert!(!permitted(&guard, ip), "{ip}");
        }
        assert!(permitted(&guard, "64:ff9b::808:808"));
        assert!(permitted(&guard, "2002:808:808::1"));
    }

    #[test]
    fn the_allow_list_wins_in_every_notation() {
        let guard = AddressGuard::new(vec!["127.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()]);
        assert!(permitted(&guard, "127.0.0.1"));
        assert!(permitted(&guard, "::ffff:127.0.0.1"));
        assert!(permitted(&guard, "fd00::7"));
        assert!(!permitted(&guard, "10.0.0.1"));
    }

    #[test]
    fn literals_are_checked_in_any_notation() {
        let guard = AddressGuard::default();
        for url in [
            "http://127.1/",
            "http://0x7f000001/",
            "http://2130706433/",
            "http://[::1]/",
            "http://0177.0.0.1/",
        ] {
            assert!(guard.check(&url.parse().unwrap()).is_err(), "{url}");
        }
        assert!(guard.check(&"http://example.com/".parse().unwrap()).is_ok());
    }

    #[tokio::test]
    async fn a_name_that_leads_home_is_refused() {
        let resolver = GuardedResolver(Arc::new(AddressGuard::default()));
        let error = resolver.resolve("localhost".parse().unwrap()).await.err().unwrap();
        assert!(error.downcast_ref::<AddressRefused>().is_some(), "{error}");
    }
}
