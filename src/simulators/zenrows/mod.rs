//! The scraping service ZenRows: its parameters, its limits, and every code that it refuses with.

mod accounts;
mod answer;
mod codes;
mod params;
mod service;
mod targets;

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::web;
use tokio::sync::watch;

use super::log::Log;
use super::pace::Pace;
use super::serving::{Serving, locked};
use accounts::Accounts;
use service::{Service, fetch};

pub use accounts::BanRule;
pub use codes::{Code, ErrorBody};
pub use targets::{Garbage, Needs};

/// The key that the stand-in knows unless it is told others.
pub const KEY: &str = "0123456789abcdef0123456789abcdef01234567";

/// What the service is to be like. Everything but the keys can be changed later.
#[derive(Debug, Clone)]
pub struct Options {
    /// The keys that it knows: 40 hexadecimal digits each.
    pub keys: Vec<String>,
    /// How many requests a key may have at once.
    pub concurrency: usize,
    /// How many requests a key may begin within a second; `None` is any number.
    pub rate: Option<usize>,
    /// How long the work on a request takes.
    pub latency: Duration,
    /// The largest page that the plan allows.
    pub largest_page: usize,
    /// When failing calls lead to a ban; `None` is never.
    pub ban: Option<BanRule>,
    /// The form of errors.
    pub error_body: ErrorBody,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            keys: vec![KEY.to_owned()],
            concurrency: 5,
            rate: None,
            latency: Duration::ZERO,
            largest_page: 5 << 20,
            ban: Some(BanRule::default()),
            error_body: ErrorBody::default(),
        }
    }
}

/// One request, as it ended.
#[derive(Debug, Clone)]
pub struct Request {
    /// `GET`, `POST` or `PUT`.
    pub method: String,
    /// The URL that was asked for; empty when there was none.
    pub url: String,
    /// All parameters but the key.
    pub params: Vec<(String, String)>,
    /// How many bytes were to be forwarded to the target.
    pub forwarded_bytes: usize,
    /// The status of the answer.
    pub status: u16,
    /// Why there was no page.
    pub code: Option<Code>,
    /// What it cost; nothing when there was no page.
    pub cost: u32,
    /// The client was gone before the work was over.
    pub hung_up: bool,
}

/// The service, until this is dropped.
///
/// ```no_run
/// # async fn example() -> std::io::Result<()> {
/// use batchdesk::simulators::zenrows::{Code, KEY, Options, ZenRows};
///
/// let zenrows = ZenRows::start(Options::default()).await?;
/// zenrows.fail_domain("practice.example", Code::Resp001, Some(2));
/// let request = format!("{}?apikey={KEY}&url=https://practice.example/", zenrows.base_url());
/// # Ok(())
/// # }
/// ```
pub struct ZenRows {
    address: SocketAddr,
    service: Arc<Service>,
    _serving: Serving,
}

impl ZenRows {
    /// Serves on loopback. Any runtime will do.
    pub async fn start(options: Options) -> io::Result<Self> {
        let service = Arc::new(Service {
            accounts: Mutex::new(Accounts::new(
                &options.keys,
                options.concurrency,
                options.rate,
                options.ban,
            )),
            targets: Mutex::default(),
            error_body: Mutex::new(options.error_body),
            largest_page: options.largest_page,
            pace: Pace::new(options.latency),
            log: Log::default(),
            next_id: AtomicU64::new(1),
            running: watch::Sender::default(),
            hang_ups: watch::Sender::default(),
        });
        let shared = Arc::clone(&service);
        let (address, serving) = Serving::on_loopback(move |app| {
            app.app_data(web::Data::from(Arc::clone(&shared)))
                .route("/v1", web::to(fetch))
                .route("/v1/", web::to(fetch));
        })
        .await?;
        Ok(Self {
            address,
            service,
            _serving: serving,
        })
    }

    /// `http://ADDRESS/v1/`, to be followed by the query.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1/", self.address)
    }

    /// Work takes so long from now on.
    pub fn set_latency(&self, latency: Duration) {
        self.service.pace.set_latency(latency);
    }

    /// No work ends until [`release`](Self::release).
    pub fn hold(&self) {
        self.service.pace.hold();
    }

    /// Lets all work end that was held.
    pub fn release(&self) {
        self.service.pace.release();
    }

    /// How many requests a key may have at once from now on.
    pub fn set_concurrency(&self, concurrency: usize) {
        locked(&self.service.accounts).set_concurrency(concurrency);
    }

    /// The form of errors from now on.
    pub fn set_error_body(&self, form: ErrorBody) {
        *locked(&self.service.error_body) = form;
    }

    /// The key is not known any more.
    pub fn revoke(&self, key: &str) {
        self.refuse_key(key, Code::Auth003);
    }

    /// Every request of the key is refused so: a spent plan, an expired subscription.
    pub fn refuse_key(&self, key: &str, code: Code) {
        locked(&self.service.accounts).refuse(key, Some(code));
    }

    /// The key is good, from now on or again.
    pub fn accept_key(&self, key: &str) {
        locked(&self.service.accounts).refuse(key, None);
    }

    /// Forgets every failing call, and every ban.
    pub fn lift_bans(&self) {
        locked(&self.service.accounts).lift_bans();
    }

    /// The domain may not be asked for.
    pub fn forbid(&self, domain: &str) {
        locked(&self.service.targets).forbid(domain);
    }

    /// The domain gives nothing without these parameters.
    pub fn require(&self, domain: &str, needs: Needs) {
        locked(&self.service.targets).require(domain, needs);
    }

    /// `extract` works for the domain.
    pub fn enable_extract(&self, domain: &str) {
        locked(&self.service.targets).enable_extract(domain);
    }

    /// Requests for the domain fail so: the next so many, or all.
    pub fn fail_domain(&self, domain: &str, code: Code, times: Option<u64>) {
        locked(&self.service.targets).fail(domain, code, times);
    }

    /// Requests for the domain fail no more.
    pub fn heal_domain(&self, domain: &str) {
        locked(&self.service.targets).heal(domain);
    }

    /// The next so many requests that got a slot fail so, whatever they ask for.
    pub fn fail_next(&self, code: Code, times: usize) {
        locked(&self.service.targets).fail_next(code, times);
    }

    /// The next so many answers to requests that got a slot are garbage.
    pub fn garble_next(&self, garbage: Garbage, times: usize) {
        locked(&self.service.targets).garble_next(garbage, times);
    }

    /// The page of a URL; those without one get a page that is made up for them.
    pub fn set_page(&self, url: &str, html: &str) {
        locked(&self.service.targets).set_page(url, html);
    }

    /// What the target itself answers: a 404 is RESP002, any other failure RESP001, unless the request allows it.
    pub fn set_target_status(&self, url: &str, status: u16) {
        locked(&self.service.targets).set_status(url, status);
    }

    /// Where the target redirects to, as `Zr-Final-Url` tells.
    pub fn set_final_url(&self, url: &str, to: &str) {
        locked(&self.service.targets).set_final_url(url, to);
    }

    /// The latest requests that ended, oldest first.
    pub fn requests(&self) -> Vec<Request> {
        self.service.log.entries()
    }

    /// How many requests have ended.
    pub fn total(&self) -> u64 {
        self.service.log.total()
    }

    /// Waits until so many requests have ended.
    pub async fn until_total(&self, total: u64) {
        self.service.log.until(total).await;
    }

    /// Waits until exactly so many requests have a slot.
    pub async fn until_running(&self, running: usize) {
        let _ = self.service.running.subscribe().wait_for(|now| *now == running).await;
    }

    /// Waits until so many clients have hung up on running work.
    pub async fn until_hang_ups(&self, hang_ups: u64) {
        let _ = self.service.hang_ups.subscribe().wait_for(|now| *now >= hang_ups).await;
    }

    /// The most requests that the key has had at once.
    pub fn peak_concurrency(&self, key: &str) -> usize {
        locked(&self.service.accounts).peak(key)
    }

    /// Which share of the latest requests was refused with 429.
    pub fn share_of_429(&self) -> f64 {
        let requests = self.requests();
        let refused = requests.iter().filter(|request| request.status == 429).count();
        refused as f64 / requests.len().max(1) as f64
    }

    /// How many bans there were, of keys and of addresses.
    pub fn bans(&self) -> u64 {
        locked(&self.service.accounts).bans()
    }

    /// What the latest requests cost together.
    pub fn spent(&self) -> u64 {
        self.requests().iter().map(|request| u64::from(request.cost)).sum()
    }
}

#[cfg(test)]
mod tests;
