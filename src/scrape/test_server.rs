#![allow(clippy::unwrap_used, clippy::expect_used)]
//! A web server for tests: each request is answered by a function, on plain threads.

use super::fetch::{ByteBudget, FetchError, FetchSettings, Fetcher};
use super::guard::AddressGuard;
use super::site::Pace;
use async_trait::async_trait;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use url::Url;

/// Writes an answer to a request for a path with these headers, their names in lower case.
pub(crate) type Answer = dyn Fn(&str, &[String], &mut TcpStream) + Send + Sync;

pub(crate) struct Server {
    address: SocketAddr,
    pub(crate) asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub(crate) fn start(answer: impl Fn(&str, &mut TcpStream) + Send + Sync + 'static) -> Self {
        Self::start_with_headers(move |path, _, out| answer(path, out))
    }

    pub(crate) fn start_with_headers(answer: impl Fn(&str, &[String], &mut TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        let answer: Arc<Answer> = Arc::new(answer);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (answer, log) = (Arc::clone(&answer), Arc::clone(&log));
                std::thread::spawn(move || serve(stream, &*answer, &log));
            }
        });
        Self { address, asked }
    }

    /// Pages by path, everything else is 404.
    pub(crate) fn pages(pages: &'static [(&'static str, &'static str)]) -> Self {
        Self::start(move |path, out| match pages.iter().find(|(known, _)| *known == path) {
            Some((_, html)) => ok(out, "text/html", html.as_bytes()),
            None => status(out, "404 Not Found", ""),
        })
    }

    pub(crate) fn url(&self, path: &str) -> Url {
        format!("http://{}{path}", self.address).parse().unwrap()
    }

    pub(crate) fn paths(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn serve(stream: TcpStream, answer: &Answer, log: &Mutex<Vec<String>>) {
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut out = stream;
    let mut request = String::new();
    if reader.by_ref().read_line(&mut request).unwrap_or(0) == 0 {
        return;
    }
    let mut headers = Vec::new();
    let mut line = String::new();
    while reader.read_line(&mut line).unwrap_or(0) > 2 {
        if let Some((name, value)) = line.split_once(':') {
            headers.push(format!("{}: {}", name.to_ascii_lowercase(), value.trim()));
        }
        line.clear();
    }
    let path = request.split(' ').nth(1).unwrap_or("/").to_owned();
    log.lock().unwrap().push(path.clone());
    answer(&path, &headers, &mut out);
    let _ = out.flush();
}

/// A complete answer; the connection closes after it.
pub(crate) fn ok(out: &mut TcpStream, content_type: &str, body: &[u8]) {
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let _ = out.write_all(head.as_bytes()).and_then(|()| out.write_all(body));
}

/// An answer without a body.
pub(crate) fn status(out: &mut TcpStream, status: &str, headers: &str) {
    let _ = out
        .write_all(format!("HTTP/1.1 {status}\r\n{headers}Content-Length: 0\r\nConnection: close\r\n\r\n").as_bytes());
}

/// A fetcher that may reach loopback.
pub(crate) fn fetcher(settings: FetchSettings) -> Fetcher {
    guarded(settings, AddressGuard::new(vec!["127.0.0.0/8".parse().unwrap()]))
}

pub(crate) fn guarded(settings: FetchSettings, guard: AddressGuard) -> Fetcher {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let budget = ByteBudget::new(4 * 1024 * 1024, settings.max_body_bytes);
    Fetcher::new(settings, Arc::new(guard), budget).unwrap()
}

/// Never waits, and remembers what it was asked and told.
#[derive(Default)]
pub(crate) struct NoPace {
    pub(crate) spacings: Mutex<Vec<Duration>>,
    pub(crate) reports: Mutex<Vec<(u16, Option<Duration>)>>,
}

#[async_trait]
impl Pace for NoPace {
    async fn before_request(&self, _host_key: &str, at_least: Duration) -> Result<(), FetchError> {
        self.spacings.lock().unwrap().push(at_least);
        Ok(())
    }

    fn report(&self, _host_key: &str, status: u16, retry_after: Option<Duration>) {
        self.reports.lock().unwrap().push((status, retry_after));
    }
}
