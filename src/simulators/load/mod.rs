//! A site of any number of practice pages that counts who fetches what, with a path for every fault that a website
//! can have.

mod faults;
mod ledger;
mod page;

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_web::{HttpResponse, rt, web};

use super::serving::Serving;
use ledger::Ledger;

pub use ledger::Visit;
pub use page::{PracticeFacts, facts, page};

/// The site, served until this is dropped. Each one started is a host of its own.
pub struct LoadSite {
    address: SocketAddr,
    ledger: Arc<Ledger>,
    _serving: Serving,
}

impl LoadSite {
    /// Serves on loopback. Any runtime will do.
    ///
    /// `/p/{n}` is the page of practice n. The faults:
    ///
    /// | path | does |
    /// |---|---|
    /// | `/fault/slow?ms=` | answers after that long |
    /// | `/fault/reset` | closes the connection in the middle of the body |
    /// | `/fault/endless?ms=` | streams for ever, with that pause between chunks |
    /// | `/fault/gzip-bomb` | 1 KB unpacks to 1 MiB, for ever |
    /// | `/fault/redirect-loop` | leads to itself by a detour |
    /// | `/fault/redirect?to=` | leads to that URL |
    /// | `/fault/status/{code}?times=&retry_after=&key=` | that status, the first so many times for that key, then a page |
    /// | `/fault/binary?type=` | noise under that content type |
    /// | `/fault/huge-header` | one header of 1 MiB |
    pub async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let ledger = Arc::new(Ledger::default());
        let shared = Arc::clone(&ledger);
        let serving = Serving::start(vec![listener], move |app| {
            app.app_data(web::Data::from(Arc::clone(&shared)))
                .route("/p/{n}", web::get().to(practice))
                .route("/robots.txt", web::get().to(robots))
                .configure(faults::routes);
        })
        .await?;
        Ok(Self {
            address,
            ledger,
            _serving: serving,
        })
    }

    /// `http://ADDRESS` followed by `path`.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The URL of the page of practice `n`.
    pub fn practice_url(&self, n: u64) -> String {
        self.url(&format!("/p/{n}"))
    }

    /// How often the page of practice `n` was fetched.
    pub fn hits(&self, n: u64) -> u64 {
        self.ledger.hits(n)
    }

    /// How often any practice page was fetched.
    pub fn total_hits(&self) -> u64 {
        self.ledger.total_hits()
    }

    /// Waits until practice pages have been fetched so often.
    pub async fn until_total_hits(&self, hits: u64) {
        // The ledger lives for as long as this does, so the wait does not end without it.
        let _ = self.ledger.follow_total_hits().wait_for(|total| *total >= hits).await;
    }

    /// How often a path other than a practice page was fetched, whatever its query.
    pub fn path_hits(&self, path: &str) -> u64 {
        self.ledger.path_hits(path)
    }

    /// The latest fetches, oldest first; those before the last ten thousand are forgotten.
    pub fn log(&self) -> Vec<Visit> {
        self.ledger.visits()
    }

    /// Forgets every count and the log.
    pub fn forget(&self) {
        self.ledger.forget();
    }

    /// Answers practice pages from now on only after `delay`.
    pub fn set_delay(&self, delay: Duration) {
        self.ledger.set_delay(delay);
    }

    /// Serves this robots.txt from now on; `None` is a 404, which allows everything.
    pub fn set_robots(&self, robots: Option<&str>) {
        self.ledger.set_robots(robots);
    }
}

async fn practice(n: web::Path<u64>, ledger: web::Data<Ledger>) -> HttpResponse {
    let n = n.into_inner();
    ledger.count_practice(n);
    let delay = ledger.delay();
    if !delay.is_zero() {
        rt::time::sleep(delay).await;
    }
    html(page(n))
}

async fn robots(ledger: web::Data<Ledger>) -> HttpResponse {
    ledger.count_path("/robots.txt");
    match ledger.robots() {
        Some(text) => HttpResponse::Ok().content_type("text/plain").body(text),
        None => HttpResponse::NotFound().finish(),
    }
}

fn html(body: String) -> HttpResponse {
    HttpResponse::Ok().content_type("text/html; charset=utf-8").body(body)
}

#[cfg(test)]
mod tests;
