//! A platform that restaurants are registered on, as `config/workflows/registration.toml` speaks to it: a JSON interface
//! that remembers every effect it had, so that a test can tell whether something was done twice.

mod books;
mod control;
mod fault;
mod resource;
mod serve;

use std::collections::HashSet;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use actix_web::web;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::watch;

use super::log::Log;
use super::serving::{Serving, locked};
use books::Books;

pub use fault::{Asked, Fault};
pub use resource::{Resource, UnknownResource};

/// The key that it takes unless [`Options`] say otherwise.
pub const KEY: &str = "platform-test-key";

/// What the platform is to be like.
#[derive(Debug, Clone)]
pub struct Options {
    /// What `Authorization: Bearer` has to hold.
    pub key: String,
    /// Whether it does the work of one `Idempotency-Key` once.
    pub honours_keys: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            key: KEY.to_owned(),
            honours_keys: true,
        }
    }
}

/// One request to a resource, as it arrived.
#[derive(Debug, Clone, Serialize)]
pub struct Request {
    /// What it was for.
    pub resource: Resource,
    /// Whether it was to do something, or to find what was done.
    pub asked: Asked,
    /// Path and query.
    pub target: String,
    /// The registration that it names; empty where it names none.
    pub reference: String,
    /// Its `Idempotency-Key`.
    pub idempotency_key: Option<String>,
    /// The body: JSON, or a text where it is none.
    pub body: Value,
    /// Whether something was made for it.
    pub effect: bool,
    /// The status of its answer; none where it gets none.
    pub status: Option<u16>,
}

struct Desk {
    key: String,
    books: Mutex<Books>,
    /// Resources whose work is not answered for now.
    held: watch::Sender<HashSet<Resource>>,
    requests: Log<Request>,
    /// Moves with every request.
    arrivals: watch::Sender<u64>,
}

/// The platform, until this is dropped.
///
/// ```no_run
/// # async fn example() -> std::io::Result<()> {
/// use batchdesk::simulators::platform::{Fault, Platform, Resource};
///
/// let platform = Platform::start().await?;
/// platform.fault(Resource::Menus, Fault::HalfSucceed, 1);
/// // ... run a registration with the reference "r-1" against platform.url() ...
/// platform.until_asked(Resource::Menus, 2).await;
/// assert_eq!(platform.effects(Resource::Menus, "r-1"), 1);
/// # Ok(())
/// # }
/// ```
///
/// The same over HTTP, for whoever has only its address: `POST /_faults`, `DELETE /_faults`, `POST /_settings`,
/// `POST /_hold`, `POST /_release`, `GET /_effects`, `GET /_requests`.
pub struct Platform {
    address: SocketAddr,
    desk: Arc<Desk>,
    _serving: Serving,
}

impl Platform {
    /// Serves on loopback, takes [`KEY`] and honours `Idempotency-Key`. Any runtime will do.
    pub async fn start() -> io::Result<Self> {
        Self::with(Options::default()).await
    }

    /// Serves on loopback.
    pub async fn with(options: Options) -> io::Result<Self> {
        let desk = Arc::new(Desk {
            key: options.key,
            books: Mutex::new(Books::new(options.honours_keys)),
            held: watch::Sender::default(),
            requests: Log::default(),
            arrivals: watch::Sender::default(),
        });
        let shared = Arc::clone(&desk);
        let (address, serving) = Serving::on_loopback(move |app| {
            app.app_data(web::Data::from(Arc::clone(&shared)))
                .configure(control::routes)
                .route("/v1/{resource}", web::to(serve::resource))
                .default_service(web::to(serve::nothing));
        })
        .await?;
        Ok(Self {
            address,
            desk,
            _serving: serving,
        })
    }

    /// `http://ADDRESS`, what `registration.platform_url` is set to.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The next requests to do this have the fault, so many times. Faults of one resource follow each other.
    pub fn fault(&self, resource: Resource, fault: Fault, times: u32) {
        locked(&self.desk.books).faults.add(resource, Asked::Work, fault, times);
    }

    /// The next requests to find what was done of this have the fault, so many times.
    pub fn fault_of_find(&self, resource: Resource, fault: Fault, times: u32) {
        locked(&self.desk.books).faults.add(resource, Asked::Find, fault, times);
    }

    /// Takes back every fault that has not come about.
    pub fn clear_faults(&self) {
        locked(&self.desk.books).faults.clear();
    }

    /// Whether the work of one `Idempotency-Key` is done once from now on.
    pub fn honours_keys(&self, honours: bool) {
        locked(&self.desk.books).honours_keys = honours;
    }

    /// Does the work of this resource, and does not answer until [`release`](Self::release).
    pub fn hold(&self, resource: Resource) {
        self.desk.hold(resource);
    }

    /// Answers what was held.
    pub fn release(&self, resource: Resource) {
        self.desk.release(resource);
    }

    /// How often this was done for a registration.
    pub fn effects(&self, resource: Resource, reference: &str) -> u64 {
        locked(&self.desk.books).effects(resource, reference)
    }

    /// What was made of this for a registration, in order.
    pub fn made(&self, resource: Resource, reference: &str) -> Vec<Value> {
        locked(&self.desk.books).made(resource, reference).to_vec()
    }

    /// How often it was asked to do this, refused requests included.
    pub fn asked(&self, resource: Resource) -> u64 {
        locked(&self.desk.books).arrived(resource, Asked::Work)
    }

    /// How often it was asked to find what was done of this.
    pub fn finds(&self, resource: Resource) -> u64 {
        locked(&self.desk.books).arrived(resource, Asked::Find)
    }

    /// Waits until it was asked so often to do this. What they were to do has been done by then, but not answered.
    pub async fn until_asked(&self, resource: Resource, times: u64) {
        self.until(resource, Asked::Work, times).await;
    }

    /// Waits until it was asked so often to find what was done of this.
    pub async fn until_finds(&self, resource: Resource, times: u64) {
        self.until(resource, Asked::Find, times).await;
    }

    async fn until(&self, resource: Resource, asked: Asked, times: u64) {
        let enough = |_: &u64| locked(&self.desk.books).arrived(resource, asked) >= times;
        // The sender lives for as long as this does, so the wait does not end without it.
        let _ = self.desk.arrivals.subscribe().wait_for(enough).await;
    }

    /// The latest requests to resources, oldest first.
    pub fn requests(&self) -> Vec<Request> {
        self.desk.requests.entries()
    }
}

impl Desk {
    fn hold(&self, resource: Resource) {
        self.held.send_modify(|held| {
            held.insert(resource);
        });
    }

    fn release(&self, resource: Resource) {
        self.held.send_modify(|held| {
            held.remove(&resource);
        });
    }

    fn note(&self, request: Request) {
        locked(&self.books).arrive(request.resource, request.asked);
        self.requests.push(request);
        self.arrivals.send_modify(|arrivals| *arrivals += 1);
    }
}

#[cfg(test)]
mod tests;
