//! Some two dozen practice websites, each on a port and thus a host of its own, in eight languages: built as such sites are
//! built, good ones, slow ones, broken ones. Each has something that no other has. People, numbers and domains are invented.

mod catalog;
mod list;
mod respond;

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;

use actix_web::middleware::Compress;
use actix_web::web;

use super::serving::Serving;
use catalog::{Behaviour, SITES};
use respond::Site;

pub use list::{EXPECTED, ExpectedRow};

/// The bundled sites, served until this is dropped.
pub struct SampleSites {
    addresses: HashMap<&'static str, SocketAddr>,
    _serving: Serving,
    _refusing: Vec<RefusingPort>,
}

impl SampleSites {
    /// Serves every bundled site on loopback. Any runtime will do.
    pub async fn start() -> io::Result<Self> {
        let mut addresses = HashMap::new();
        let mut listeners = Vec::new();
        let mut refusing = Vec::new();
        for site in SITES {
            let address = if matches!(site.behaviour, Behaviour::Refuses) {
                let port = RefusingPort::reserve()?;
                let address = port.address;
                refusing.push(port);
                address
            } else {
                let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
                let address = listener.local_addr()?;
                listeners.push(listener);
                address
            };
            addresses.insert(site.name, address);
        }

        let by_port: Arc<HashMap<u16, Site>> = Arc::new(
            SITES
                .iter()
                .map(|site| (addresses[site.name].port(), Site::new(site, &addresses)))
                .collect(),
        );
        let serving = Serving::start(listeners, move |app| {
            let sites = web::scope("")
                .wrap(Compress::default())
                .default_service(web::to(respond::respond));
            app.app_data(web::Data::from(Arc::clone(&by_port))).service(sites);
        })
        .await?;
        Ok(Self {
            addresses,
            _serving: serving,
            _refusing: refusing,
        })
    }

    /// The sample list, as people keep such lists: columns that nobody needs, one practice twice, one blank row and one
    /// without a website.
    pub fn demo_csv(&self) -> String {
        self.addresses
            .iter()
            .fold(list::PRACTICES.to_owned(), |csv, (name, address)| {
                csv.replace(&format!("{{{name}}}"), &address.to_string())
            })
    }

    /// What the rows of [`demo_csv`](Self::demo_csv) end as, in order, the blank one left out.
    pub fn expected(&self) -> &'static [ExpectedRow] {
        EXPECTED
    }

    /// The start page of a site, by the name of its folder.
    pub fn url(&self, site: &str) -> Option<String> {
        self.addresses.get(site).map(|address| format!("http://{address}/"))
    }
}

/// The near end of an open connection owns its port without listening on it. So the port refuses everyone, and
/// nobody else can be given it meanwhile, as a port that was merely closed could be.
struct RefusingPort {
    address: SocketAddr,
    _ends: (TcpStream, TcpStream),
}

impl RefusingPort {
    fn reserve() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let near = TcpStream::connect(listener.local_addr()?)?;
        let (far, address) = listener.accept()?;
        Ok(Self {
            address,
            _ends: (near, far),
        })
    }
}

#[cfg(test)]
mod tests;
