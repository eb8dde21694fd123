//! What strangers write must not make the daemon reach the operator's network: by lists, redirects, workflows and webhooks, in every
//! notation of an address. A listener that stands there sees nothing.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on says so by a panic"
)]

#[macro_use]
mod support;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use support::api::Api;
use support::daemon::{Daemon, Db};
use support::dns::NameServer;
use support::start_with;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const SOON: Duration = Duration::from_secs(60);
/// The test's own public internet is one address of loopback; the operator's network is all the rest of it.
const ONE_ADDRESS: &str = "[network]\nallow_cidrs = ['127.0.0.1/32']\n[retry]\nmax_retries = 0\n";
const ALL_OF_LOOPBACK: &str = "[network]\nallow_cidrs = ['127.0.0.0/8']\n[retry]\nmax_retries = 0\n";
const NOTHING: &str = "[network]\nallow_cidrs = []\n[retry]\nmax_retries = 0\n";

on_both_databases!("outgoing requests":
    no_notation_of_an_address_reaches_the_operators_network,
    a_name_that_leads_home_is_not_followed,
    a_name_whose_address_changes_is_not_followed_home,
    ports_are_reached_that_the_operator_allows,
);

/// Somebody on the operator's network, who counts who knocks.
struct Inside {
    address: SocketAddr,
    knocks: Arc<AtomicU32>,
}

impl Inside {
    async fn at(address: &str) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let knocks = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&knocks);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(answer(stream, "200 OK", "", "secret"));
            }
        });
        Self { address, knocks }
    }

    fn knocks(&self) -> u32 {
        self.knocks.load(Ordering::SeqCst)
    }
}

/// Somebody outside, who sends visitors on: by a status, by a chain of two, by the page, by a link.
async fn outside(inside: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let own = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = [0; 4096];
            let read = stream.read(&mut head).await.unwrap_or(0);
            let head = String::from_utf8_lossy(&head[..read]).into_owned();
            let path = head.split(' ').nth(1).unwrap_or("/").to_owned();
            let inside = format!("http://{inside}/");
            let (status, more, page) = match path.as_str() {
                "/302" | "/next" => ("302 Found", format!("location: {inside}\r\n"), String::new()),
                "/chain" => (
                    "301 Moved Permanently",
                    format!("location: http://{own}/next\r\n"),
                    String::new(),
                ),
                "/scheme" => (
                    "302 Found",
                    format!("location: //127.0.0.2:{}/\r\n", own.port()),
                    String::new(),
                ),
                "/file" => (
                    "302 Found",
                    "location: file:///etc/passwd\r\n".to_owned(),
                    String::new(),
                ),
                "/meta" => {
                    let refresh = format!("<meta http-equiv=\"refresh\" content=\"0; url={inside}\">");
                    (
                        "200 OK",
                        String::new(),
                        format!("<html><head>{refresh}</head><body>Moved</body></html>"),
                    )
                }
                "/link" => {
                    let link = format!("<a href=\"{inside}contact\">Contact</a>");
                    ("200 OK", String::new(), format!("<html><body>{link}</body></html>"))
                }
                _ => ("404 Not Found", String::new(), String::new()),
            };
            write(&mut stream, status, &more, &page).await;
        }
    });
    own
}

async fn answer(mut stream: TcpStream, status: &str, more: &str, page: &str) {
    let mut head = [0; 4096];
    let _ = stream.read(&mut head).await;
    write(&mut stream, status, more, page).await;
}

async fn write(stream: &mut TcpStream, status: &str, more: &str, page: &str) {
    let length = page.len();
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/html\r\ncontent-length: {length}\r\n{more}connection: close\r\n\r\n"
    );
    let _ = stream.write_all(head.as_bytes()).await;
    let _ = stream.write_all(page.as_bytes()).await;
}

/// One address in all the ways in which people have written it to get past a wall.
fn notations(port: u16) -> Vec<String> {
    let hosts = [
        "127.0.0.2",
        "127.0.2",
        "127.2",
        "2130706434",
        "0x7f000002",
        "0x7f.0x0.0x0.0x2",
        "0177.0.0.2",
        "017700000002",
        "0x7f.2",
        "127.0.0.2.",
        "[::ffff:127.0.0.2]",
        "[::ffff:7f00:2]",
        "[0:0:0:0:0:ffff:7f00:0002]",
        "[::127.0.0.2]",
        "[::ffff:0:127.0.0.2]",
        "[64:ff9b::127.0.0.2]",
        "[2002:7f00:2::1]",
        "user@127.0.0.2",
        "example.com@127.0.0.2",
        "example.com:80@127.0.0.2",
        "example.com%23@127.0.0.2",
        "１２７.０.０.２",
        "①②⑦.⓪.⓪.②",
        "127。0。0。2",
        "%31%32%37.0.0.2",
        "127.0.0.2%2e",
    ];
    let mut urls: Vec<String> = hosts.iter().map(|host| format!("http://{host}:{port}/")).collect();
    urls.push(format!("http:\\\\127.0.0.2:{port}\\"));
    urls.push(format!("http:127.0.0.2:{port}/"));
    urls.push(format!("hTTp:///127.0.0.2:{port}/"));
    urls.push(format!("http://127.0.0.2:{port}/#@example.com/"));
    urls.push(format!("http://127.0.0.2:{port}?@example.com/"));
    urls.push(format!("127.0.0.2:{port}"));
    urls
}

async fn run_list(api: &Api, urls: &[String]) -> Vec<Value> {
    let mut csv = "website\n".to_owned();
    for url in urls {
        csv.push_str(&format!("\"{url}\"\n"));
    }
    let job = api.create_job(csv).await;
    api.wait_for(&job, "completed", SOON).await;
    api.all_practices(&job).await
}

/// Whatever makes the daemon send something to an address of a user's choice, at this address.
async fn try_all(daemon: &Daemon, urls: &[String]) {
    let api = daemon.api(&daemon.token("admin"));
    let listed = run_list(&api, urls).await;
    assert_eq!(listed.len(), urls.len());
    for (n, url) in urls.iter().enumerate() {
        // Refused at once, or when it is called: both are an end.
        let endpoint = api.post("/api/webhook-endpoints", &json!({ "url": url })).await;
        if endpoint.status == 201 {
            let id = endpoint.json()["id"].as_str().unwrap().to_owned();
            let sent = api
                .post(&format!("/api/webhook-endpoints/{id}/test"), &json!({}))
                .await
                .json();
            wait_until_tried(&api, &id, &sent).await;
        }
        let workflow = json!({
            "workflow_slug": format!("reach-{n}"), "title": "Reach", "overall_step_number": 1, "provider": "http",
            "play_name": format!("reach-{n}"), "settings": { "url": url, "method": "GET" },
        });
        let made = api.post("/api/workflows", &workflow).await;
        if made.status == 201 {
            let body = json!({ "practices": [{ "website": "example.com" }], "play": format!("reach-{n}") });
            let job = api.post("/api/jobs", &body).await.expect(201).json();
            let job = job["job_id"].as_str().unwrap().to_owned();
            let ended = |seen: &Value| matches!(seen["status"].as_str(), Some("completed" | "error" | "paused"));
            api.wait_until(&job, ended, SOON).await;
        }
    }
}

async fn wait_until_tried(api: &Api, endpoint: &str, sent: &Value) {
    let end = std::time::Instant::now() + SOON;
    loop {
        let path = format!("/api/webhook-endpoints/{endpoint}/deliveries");
        let deliveries = api.get(&path).await.expect(200).json();
        let tried = |delivery: &Value| delivery["attempts"].as_u64().is_some_and(|attempts| attempts > 0);
        if deliveries["data"].as_array().unwrap().iter().any(tried) {
            return;
        }
        assert!(std::time::Instant::now() < end, "{sent:#} {deliveries:#}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn no_notation_of_an_address_reaches_the_operators_network(database: Db) {
    let inside = Inside::at("127.0.0.2:0").await;
    let outside = outside(inside.address).await;
    let mut urls = notations(inside.address.port());
    let ways_on = ["302", "chain", "scheme", "file", "meta", "link"];
    urls.extend(ways_on.map(|way| format!("http://{outside}/{way}")));
    let daemon = start_with(&database, ONE_ADDRESS);
    try_all(&daemon, &urls).await;
    assert_eq!(inside.knocks(), 0);
    assert!(!daemon.log().contains("root:x:0"));
    drop(daemon);
    // The same where all of it is allowed: it is the wall that holds, not the test.
    let open = start_with(&Db::Sqlite, ALL_OF_LOOPBACK);
    try_all(&open, &urls[..1]).await;
    assert!(inside.knocks() >= 3, "{} ways got through", inside.knocks());
    let before = inside.knocks();
    run_list(&open.api(&open.token("admin")), &urls[urls.len() - ways_on.len()..]).await;
    assert!(inside.knocks() > before);
}

async fn a_name_that_leads_home_is_not_followed(database: Db) {
    let inside = Inside::at("127.0.0.1:0").await;
    let port = inside.address.port();
    let urls = ["localhost", "LOCALHOST", "localhost.", "user@localhost"].map(|host| format!("http://{host}:{port}/"));
    let daemon = start_with(&database, NOTHING);
    try_all(&daemon, &urls).await;
    assert_eq!(inside.knocks(), 0);
    drop(daemon);
    let open = start_with(&Db::Sqlite, ALL_OF_LOOPBACK);
    try_all(&open, &urls[..1]).await;
    // A list takes no name without a domain, whatever is allowed.
    assert!(inside.knocks() >= 2, "{} ways got through", inside.knocks());
}

async fn a_name_whose_address_changes_is_not_followed_home(database: Db) {
    let inside = Inside::at("127.0.0.2:0").await;
    let port = inside.address.port();
    let outside = Inside::at(&format!("127.0.0.1:{port}")).await;
    let (public, private) = (Ipv4Addr::new(127, 0, 0, 1), Ipv4Addr::new(127, 0, 0, 2));
    let names = NameServer::start(move |name, n| match name.split('.').next() {
        // Whoever checks a name and asks again to connect to it is led in by every other answer.
        Some("turns") if n % 2 == 1 => vec![private],
        Some("both") => vec![public, private],
        Some("private") => vec![private],
        _ => vec![public],
    })
    .await;
    let urls = ["turns", "both", "private"].map(|name| format!("http://{name}.practice.co.nz:{port}/"));
    let merged = |network: &str| {
        network.replace(
            "[network]\n",
            &format!("[network]\nnameservers = ['{}']\n", names.address),
        )
    };
    let daemon = start_with(&database, &merged(ONE_ADDRESS));
    try_all(&daemon, &urls).await;
    assert_eq!(inside.knocks(), 0);
    // It was followed while it led outside, and asked for again.
    assert!(outside.knocks() >= 1, "nobody came to the address outside");
    assert!(names.asked() >= 6, "{} questions", names.asked());
    drop(daemon);
    let open = start_with(&Db::Sqlite, &merged(ALL_OF_LOOPBACK));
    try_all(&open, &urls[2..]).await;
    assert!(inside.knocks() >= 3, "{} ways got through", inside.knocks());
}

async fn ports_are_reached_that_the_operator_allows(database: Db) {
    let (wanted, other) = (Inside::at("127.0.0.1:0").await, Inside::at("127.0.0.1:0").await);
    let names = NameServer::start(|_, _| vec![Ipv4Addr::LOCALHOST]).await;
    let url = |inside: &Inside| format!("http://www.practice.co.nz:{}/", inside.address.port());
    let settings = format!(
        "[network]\nallow_cidrs = ['127.0.0.1/32']\nallow_ports = ['80', '{}']\nnameservers = ['{}']\n[retry]\nmax_retries = 0\n",
        wanted.address.port(),
        names.address
    );
    let daemon = start_with(&database, &settings);
    try_all(&daemon, &[url(&wanted), url(&other)]).await;
    assert_eq!(other.knocks(), 0);
    assert!(wanted.knocks() >= 3, "{} ways got through", wanted.knocks());
    // Where the address itself is written, its network decides.
    let api = daemon.api(&daemon.token("admin"));
    run_list(&api, &[format!("http://{}/", other.address)]).await;
    assert!(other.knocks() >= 1);
    let refused = run_list(&api, &[url(&other)]).await;
    assert!(refused[0].to_string().contains("network.allow_ports"), "{refused:#?}");
}
