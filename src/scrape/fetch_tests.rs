#![allow(clippy::unwrap_used, clippy::expect_used)]
#![allow(
    clippy::disallowed_methods,
    reason = "the slow servers here have threads of their own"
)]
use super::*;
use crate::scrape::test_server::{Server, fetcher, guarded, ok, status};
use std::io::Write;

fn quick() -> FetchSettings {
    FetchSettings {
        timeout: Duration::from_millis(700),
        max_body_bytes: 200_000,
        max_redirects: 3,
        ..FetchSettings::default()
    }
}

async fn kind(server: &Server, path: &str) -> FetchErrorKind {
    fetcher(quick())
        .get(&server.url(path), Wanted::Page)
        .await
        .expect_err(path)
        .kind
}

#[tokio::test]
async fn redirects_are_followed_counted_and_kept_from_circles() {
    let server = Server::start(|path, out| match path {
        "/a" => status(out, "301 Moved", "Location: /b\r\n"),
        "/b" => ok(out, "text/html", b"<p>b</p>"),
        "/loop" => status(out, "302 Found", "Location: /loop2\r\n"),
        "/loop2" => status(out, "302 Found", "Location: /loop\r\n"),
        "/file" => status(out, "302 Found", "Location: file:///etc/passwd\r\n"),
        path => status(out, "302 Found", &format!("Location: {path}x\r\n")),
    });
    let page = fetcher(quick()).get(&server.url("/a"), Wanted::Page).await.unwrap();
    assert_eq!(
        (page.url, page.redirects, page.status),
        (server.url("/b"), vec![server.url("/a")], 200)
    );
    assert_eq!(kind(&server, "/loop").await, FetchErrorKind::RedirectLoop);
    assert_eq!(kind(&server, "/endless").await, FetchErrorKind::TooManyRedirects);
    assert_eq!(kind(&server, "/file").await, FetchErrorKind::Refused);
}

#[tokio::test]
async fn the_guard_sees_every_hop() {
    let server = Server::start(|_, out| status(out, "302 Found", "Location: http://169.254.169.254/latest/\r\n"));
    assert_eq!(kind(&server, "/").await, FetchErrorKind::Refused);
    let strict = guarded(quick(), AddressGuard::default());
    assert_eq!(
        strict.get(&server.url("/"), Wanted::Page).await.unwrap_err().kind,
        FetchErrorKind::Refused
    );
    let by_name: Url = "http://localhost:9/".parse().unwrap();
    let error = strict.get(&by_name, Wanted::Page).await.unwrap_err();
    assert_eq!((error.kind, error.retryable), (FetchErrorKind::Refused, false));
}

#[tokio::test]
async fn endless_slow_and_broken_answers_end() {
    let server = Server::start(|path, out| match path {
        "/endless" => {
            let _ = out.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n");
            while out.write_all(&[b'x'; 8192]).is_ok() {}
        }
        "/announced" => {
            let _ = out.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 99999999\r\n\r\nx");
        }
        "/loris" => {
            let _ = out.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n");
            while out.write_all(b"x").is_ok() {
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        "/short" => {
            let _ = out.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 100\r\n\r\nhalf");
        }
        "/pdf" => ok(out, "application/pdf", b"%PDF"),
        "/untyped" => {
            let _ = out.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\n<p>x");
        }
        "/bomb" => {
            // A quarter of a megabyte of zeros, as gzip writes them.
            let body = gzip_of_zeros();
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            let _ = out.write_all(head.as_bytes()).and_then(|()| out.write_all(&body));
        }
        _ => {}
    });
    assert_eq!(kind(&server, "/endless").await, FetchErrorKind::TooLarge);
    assert_eq!(kind(&server, "/announced").await, FetchErrorKind::TooLarge);
    assert_eq!(kind(&server, "/loris").await, FetchErrorKind::Timeout);
    assert_eq!(kind(&server, "/short").await, FetchErrorKind::Body);
    assert_eq!(kind(&server, "/pdf").await, FetchErrorKind::ContentType);
    assert_eq!(kind(&server, "/bomb").await, FetchErrorKind::TooLarge);
    assert!(
        fetcher(quick())
            .get(&server.url("/untyped"), Wanted::Page)
            .await
            .is_ok()
    );
    assert_eq!(
        fetcher(quick())
            .get(&server.url("/endless"), Wanted::Text(1_000))
            .await
            .unwrap()
            .body
            .len(),
        1_000
    );
    assert!(kind(&server, "/hang-up").await == FetchErrorKind::Connect);
}

/// Stored and fixed-Huffman blocks are short to write by hand: a literal zero, then matches of 258 at distance 1.
fn gzip_of_zeros() -> Vec<u8> {
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    let (mut bits, mut count) = (0u32, 0);
    let mut push = |out: &mut Vec<u8>, value: u32, length: u32| {
        for at in 0..length {
            bits |= ((value >> at) & 1) << count;
            count += 1;
            if count == 8 {
                out.push(bits as u8);
                (bits, count) = (0, 0);
            }
        }
    };
    push(&mut out, 0b011, 3);
    push(&mut out, 0b0000_1100, 8);
    for _ in 0..1_100 {
        // Length 258 is symbol 285 (11000101, sent from its high bit), distance 1 is symbol 0 in five bits.
        push(&mut out, 0b1010_0011, 8);
        push(&mut out, 0, 5);
    }
    push(&mut out, 0, 7);
    push(&mut out, 0, 7);
    out.extend([0; 8]);
    out
}

#[tokio::test]
async fn statuses_say_whether_to_come_back() {
    let server = Server::start(|path, out| match path {
        "/429" => status(out, "429 Too Many Requests", "Retry-After: 7\r\n"),
        "/503" => status(out, "503 Unavailable", "Retry-After: Sun, 22 Nov 2037 10:00:00 GMT\r\n"),
        "/500" => status(out, "500 Oops", "Retry-After: 7\r\n"),
        _ => status(out, "404 Not Found", ""),
    });
    let get = async |path: &str| fetcher(quick()).get(&server.url(path), Wanted::Page).await.unwrap_err();
    let slow = get("/429").await;
    assert_eq!(
        (slow.kind, slow.retryable, slow.retry_after),
        (FetchErrorKind::Status(429), true, Some(Duration::from_secs(7)))
    );
    assert_eq!(get("/503").await.retry_after, Some(Duration::from_secs(86_400)));
    let broken = get("/500").await;
    assert_eq!((broken.retryable, broken.retry_after), (true, None));
    let missing = get("/404").await;
    assert_eq!((missing.kind, missing.retryable), (FetchErrorKind::Status(404), false));
    assert!(missing.to_string().ends_with('.'));
}

#[tokio::test]
async fn unreachable_hosts_are_told_apart() {
    let nobody: Url = "http://127.0.0.1:1/".parse().unwrap();
    let error = fetcher(quick()).get(&nobody, Wanted::Page).await.unwrap_err();
    assert_eq!((error.kind, error.retryable), (FetchErrorKind::Connect, true));
    let unknown: Url = "http://no-such-name.invalid/".parse().unwrap();
    assert_eq!(
        fetcher(quick()).get(&unknown, Wanted::Page).await.unwrap_err().kind,
        FetchErrorKind::Dns
    );
    // A server that speaks plain HTTP on its TLS port, and reads on so that nothing is reset.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let over_tls: Url = format!("https://{}/", listener.local_addr().unwrap()).parse().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
            let _ = std::io::copy(&mut stream, &mut std::io::sink());
        }
    });
    let error = fetcher(quick()).get(&over_tls, Wanted::Page).await.unwrap_err();
    assert_eq!(error.kind, FetchErrorKind::Tls, "{error}");
}
