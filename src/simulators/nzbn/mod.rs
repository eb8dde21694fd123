//! The NZBN register of the New Zealand Companies Office, as far as registrations ask it: searches, documents and their parts,
//! with about forty made-up companies.

mod register;
mod serve;

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use actix_web::web;
use serde::Serialize;

use super::log::Log;
use super::serving::{Serving, locked};
use register::{Company, companies};

/// The key that it takes, in the header `Ocp-Apim-Subscription-Key`.
pub const KEY: &str = "nzbn-test-key";
/// Where the register is under its host.
const BASE: &str = "/gateway/nzbn/v5";

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Asked {
    /// Companies by a term.
    Search,
    /// The document of one.
    Entity,
    /// A part of the document of one.
    Part,
}

/// What goes wrong with one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// 429.
    SlowDown {
        /// What `Retry-After` says, in seconds.
        retry_after: u64,
    },
    /// This status.
    Fail {
        /// The status.
        status: u16,
    },
    /// A web page with status 200.
    Garbage,
    /// 401, as if the key were a wrong one.
    RefuseKey,
    /// 403, as for a key of another product.
    NotSubscribed,
}

/// One request, as it arrived.
#[derive(Debug, Clone, Serialize)]
pub struct Request {
    /// What it was for.
    pub asked: Asked,
    /// Path and query.
    pub target: String,
    /// The status of its answer.
    pub status: u16,
}

struct Desk {
    companies: Vec<Company>,
    faults: Mutex<VecDeque<(Asked, Fault)>>,
    requests: Log<Request>,
}

impl Desk {
    /// The fault that this request has.
    fn fault(&self, asked: Asked) -> Option<Fault> {
        let mut faults = locked(&self.faults);
        let at = faults.iter().position(|(of, _)| *of == asked)?;
        faults.remove(at).map(|(_, fault)| fault)
    }
}

/// The register, until this is dropped.
///
/// ```no_run
/// # async fn example() -> std::io::Result<()> {
/// use batchdesk::simulators::nzbn::{Asked, Fault, Nzbn};
///
/// let register = Nzbn::start().await?;
/// register.fault(Asked::Search, Fault::SlowDown { retry_after: 1 }, 1);
/// // ... run a registration with registration.companies_office_url = register.url() ...
/// assert_eq!(register.requests()[0].status, 429);
/// # Ok(())
/// # }
/// ```
pub struct Nzbn {
    address: SocketAddr,
    desk: Arc<Desk>,
    _serving: Serving,
}

impl Nzbn {
    /// Serves on loopback and takes [`KEY`]. Any runtime will do.
    pub async fn start() -> io::Result<Self> {
        let desk = Arc::new(Desk {
            companies: companies(),
            faults: Mutex::default(),
            requests: Log::default(),
        });
        let shared = Arc::clone(&desk);
        let (address, serving) = Serving::on_loopback(move |app| {
            app.app_data(web::Data::from(Arc::clone(&shared)))
                .service(web::scope(BASE).configure(serve::routes));
        })
        .await?;
        Ok(Self {
            address,
            desk,
            _serving: serving,
        })
    }

    /// What `registration.companies_office_url` is set to.
    pub fn url(&self) -> String {
        format!("http://{}{BASE}", self.address)
    }

    /// The next requests for this have the fault, so many times. Faults of one kind of request follow each other.
    pub fn fault(&self, asked: Asked, fault: Fault, times: usize) {
        locked(&self.desk.faults).extend(std::iter::repeat_n((asked, fault), times));
    }

    /// The number of the company of this name, and its NZBN.
    pub fn numbers(&self, name: &str) -> Option<(String, String)> {
        let company = self.desk.companies.iter().find(|company| company.name == name)?;
        Some((company.number.clone(), company.nzbn.clone()))
    }

    /// The latest requests, oldest first.
    pub fn requests(&self) -> Vec<Request> {
        self.desk.requests.entries()
    }

    /// Waits until there have been so many requests.
    pub async fn until_asked(&self, times: u64) {
        self.desk.requests.until(times).await;
    }
}

#[cfg(test)]
mod tests;
