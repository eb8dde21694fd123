//! How a name comes to its addresses: as the system says, or as the name servers do that the operator has named.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use thiserror::Error;

/// A name that did not resolve.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("The name {name} could not be resolved: {reason}.")]
pub struct NameUnresolved {
    /// The name that was asked for.
    pub name: String,
    /// The resolver's words.
    pub reason: String,
    /// A later attempt may succeed.
    pub temporary: bool,
}

/// No resolver can be made of the name servers.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("network.nameservers cannot be used: {0}")]
pub struct NoResolver(String);

/// Who is asked for the addresses of a name.
#[derive(Debug, Clone, Default)]
pub enum Names {
    /// `getaddrinfo`, with all that `/etc/nsswitch.conf` says.
    #[default]
    System,
    /// These servers (`network.nameservers`) and `/etc/hosts`; what they answer is kept for as long as they say.
    Servers(Box<TokioResolver>),
}

impl Names {
    /// By these servers, or by the system where there are none.
    ///
    /// # Errors
    /// Where no resolver can be made of them.
    pub fn of(servers: &[SocketAddr]) -> Result<Self, NoResolver> {
        if servers.is_empty() {
            return Ok(Self::System);
        }
        let servers = servers.iter().map(|server| {
            let at_its_port = |mut connection: ConnectionConfig| {
                connection.port = server.port();
                connection
            };
            let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(at_its_port);
            NameServerConfig::new(server.ip(), true, connections.into())
        });
        let config = ResolverConfig::from_name_servers(servers.collect());
        let builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
        let resolver = builder.build().map_err(|error| NoResolver(error.to_string()))?;
        Ok(Self::Servers(Box::new(resolver)))
    }

    /// All addresses of the name, IPv4 and IPv6.
    ///
    /// # Errors
    /// Where it has none, or nobody answers.
    pub async fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, NameUnresolved> {
        let addresses = match self {
            Self::System => by_system(name).await?,
            Self::Servers(resolver) => match resolver.lookup_ip(name).await {
                Ok(found) => found.iter().collect(),
                Err(error) => return Err(unresolved_by_servers(name, &error)),
            },
        };
        if addresses.is_empty() {
            return Err(unresolved(name, "it has no address", false));
        }
        Ok(addresses)
    }
}

async fn by_system(name: &str) -> Result<Vec<IpAddr>, NameUnresolved> {
    let asked = name.to_owned();
    let looked_up = tokio::task::spawn_blocking(move || {
        let found = (asked.as_str(), 0).to_socket_addrs()?;
        Ok::<_, std::io::Error>(found.map(|address| address.ip()).collect())
    });
    let why = match looked_up.await {
        Ok(Ok(addresses)) => return Ok(addresses),
        Ok(Err(error)) => error.to_string(),
        Err(error) => error.to_string(),
    };
    let why = why.trim_start_matches("failed to lookup address information: ");
    let temporary = why.contains("emporary") || why.contains("ry again");
    Err(unresolved(name, why, temporary))
}

fn unresolved_by_servers(name: &str, error: &NetError) -> NameUnresolved {
    if error.is_nx_domain() {
        return unresolved(name, "there is no such name", false);
    }
    if error.is_no_records_found() {
        return unresolved(name, "it has no address", false);
    }
    unresolved(name, &error.to_string(), true)
}

fn unresolved(name: &str, reason: &str, temporary: bool) -> NameUnresolved {
    NameUnresolved {
        name: name.to_owned(),
        reason: reason.to_owned(),
        temporary,
    }
}
