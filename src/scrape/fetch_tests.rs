#![allow(clippy::unwrap_used, clippy::expect_used)]
use super::*;
use crate::scrape::test_server::{Server, fetcher, guarded, ok, status};
use std::io::{Read, Write};
use std::net::TcpStream;

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
            // A byte each time that the client has said nothing for a while, until it hangs up.
            out.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
            while out.read(&mut [0]).is_err() && out.write_all(b"x").is_ok() {}
        }
        "/short" => {
            let _ = out.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 100\r\n\r\nhalf");
        }
        "/pdf" => ok(out, "application/pdf", b"%PDF"),
        "/untyped" => {
            let _ = out.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\n<p>x");
        }
        _ => {}
    });
    assert_eq!(kind(&server, "/endless").await, FetchErrorKind::TooLarge);
    assert_eq!(kind(&server, "/announced").await, FetchErrorKind::TooLarge);
    assert_eq!(kind(&server, "/loris").await, FetchErrorKind::Timeout);
    assert_eq!(kind(&server, "/short").await, FetchErrorKind::Body);
    assert_eq!(kind(&server, "/pdf").await, FetchErrorKind::ContentType);
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

fn encoded(out: &mut TcpStream, coding: &str, body: &[u8]) {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: {coding}\r\nContent-Length: {length}\r\n\r\n"
    );
    let _ = out.write_all(head.as_bytes()).and_then(|()| out.write_all(body));
}

/// `body` in each coding that is asked for. Brotli's is written down: a million spaces.
fn coded(coding: &str, body: &[u8]) -> Vec<u8> {
    let fast = flate2::Compression::fast();
    match coding {
        "gzip" => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), fast);
            encoder.write_all(body).unwrap();
            encoder.finish().unwrap()
        }
        "deflate" => {
            let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), fast);
            encoder.write_all(body).unwrap();
            encoder.finish().unwrap()
        }
        "zstd" => zstd::encode_all(body, 1).unwrap(),
        "br" => vec![91, 63, 66, 143, 95, 2, 36, 30, 11, 4, 242, 115, 30, 0],
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn compressed_bodies_are_counted_after_decompression() {
    let server = Server::start(|path, out| {
        let coding = &path[1..];
        encoded(out, coding, &coded(coding, &vec![b' '; 1_000_000]));
    });
    for coding in ["gzip", "deflate", "zstd", "br"] {
        let path = format!("/{coding}");
        assert_eq!(kind(&server, &path).await, FetchErrorKind::TooLarge, "{coding}");
        let roomy = FetchSettings {
            max_body_bytes: 1_000_000,
            ..quick()
        };
        let page = fetcher(roomy).get(&server.url(&path), Wanted::Page).await.unwrap();
        assert_eq!(page.body.len(), 1_000_000, "{coding}");
        let cut = fetcher(quick())
            .get(&server.url(&path), Wanted::Text(500))
            .await
            .unwrap();
        assert_eq!(cut.body.len(), 500, "{coding}");
    }
}

#[tokio::test]
async fn damaged_and_endless_compression_ends() {
    let server = Server::start(|path, out| match path {
        "/damaged" => {
            let mut body = coded("gzip", b"<p>hello, hello, hello</p>");
            let middle = body.len() / 2;
            body[middle] ^= 0xff;
            encoded(out, "gzip", &body);
        }
        // Blocks that decompress to nothing: only time can end them.
        _ => {
            let _ = out.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\n\r\n");
            let _ = out.write_all(&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);
            while out.write_all(&[0, 0, 0, 0xff, 0xff].repeat(1_000)).is_ok() {}
        }
    });
    assert_eq!(kind(&server, "/damaged").await, FetchErrorKind::Body);
    assert_eq!(kind(&server, "/empty").await, FetchErrorKind::Timeout);
}

#[tokio::test]
async fn headers_have_a_limit() {
    let server = Server::start(|path, out| {
        let line = format!("X-Filling: {}\r\n", "x".repeat(1_000));
        match path {
            "/endless" => {
                let _ = out.write_all(b"HTTP/1.1 200 OK\r\n");
                while out.write_all(line.as_bytes()).is_ok() {}
            }
            "/long" => status(out, "200 OK", &line.repeat(70)),
            "/slow" => {
                let _ = out.write_all(b"HTTP/1.1 200 OK\r\nX-Slow: ");
                out.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
                while out.read(&mut [0]).is_err() && out.write_all(b"x").is_ok() {}
            }
            _ => status(out, "200 OK", &line.repeat(50)),
        }
    });
    assert_eq!(kind(&server, "/endless").await, FetchErrorKind::TooLarge);
    assert_eq!(kind(&server, "/long").await, FetchErrorKind::TooLarge);
    assert_eq!(kind(&server, "/slow").await, FetchErrorKind::Timeout);
    assert!(fetcher(quick()).get(&server.url("/"), Wanted::Page).await.is_ok());
}

#[tokio::test]
async fn what_is_no_page_is_refused_and_told() {
    let server = Server::start(|path, out| match path {
        "/json" => ok(out, "application/json", b"{}"),
        "/pdf-as-html" => ok(out, "text/html", b"%PDF-1.7 ..."),
        "/untyped-data" => {
            let _ = out.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\n\x00\x01\x02\x03");
        }
        "/untyped-text" => {
            let _ = out.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\ntext");
        }
        "/xhtml" => ok(out, "application/xhtml+xml; charset=utf-8", b"<html/>"),
        _ => ok(out, "text/plain", b"Smile Dental"),
    });
    for path in ["/json", "/pdf-as-html", "/untyped-data"] {
        assert_eq!(kind(&server, path).await, FetchErrorKind::ContentType, "{path}");
    }
    for path in ["/untyped-text", "/xhtml", "/plain"] {
        assert!(
            fetcher(quick()).get(&server.url(path), Wanted::Page).await.is_ok(),
            "{path}"
        );
    }
    // Any text is a site map or a robots.txt for all that a type can say.
    let json = fetcher(quick())
        .get(&server.url("/json"), Wanted::Text(9))
        .await
        .unwrap();
    assert_eq!(json.body, b"{}");
}

#[tokio::test]
async fn a_page_is_asked_for_with_what_it_was() {
    let server = Server::start_with_headers(|path, headers, out| {
        let asked = |header: &str| headers.iter().any(|line| line == header);
        if path != "/rude"
            && (asked("if-none-match: \"v1\"") || asked("if-modified-since: Sun, 22 Nov 2026 10:00:00 GMT"))
        {
            return status(out, "304 Not Modified", "");
        }
        assert!(
            asked("user-agent: batchdesk/1 (+mailto:ops@example.com)"),
            "{headers:?}"
        );
        let _ = out.write_all(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nETag: \"v1\"\r\nLast-Modified: Sun, 22 Nov 2026 10:00:00 GMT\r\n\
              Content-Length: 4\r\nConnection: close\r\n\r\n<p>x",
        );
    });
    let fetcher = fetcher(FetchSettings {
        user_agent: "batchdesk/1 (+mailto:ops@example.com)".to_owned(),
        ..quick()
    });
    let page = fetcher.get(&server.url("/"), Wanted::Page).await.unwrap();
    assert_eq!(page.validators.etag.as_deref(), Some("\"v1\""));
    for known in [
        page.validators.clone(),
        Validators {
            etag: None,
            ..page.validators.clone()
        },
    ] {
        let hop = fetcher.hop_if_changed(&server.url("/"), Wanted::Page, &known).await;
        assert!(matches!(hop, Ok(Hop::Unchanged)), "{hop:?}");
    }
    let other = Validators {
        etag: Some("\"v0\"".to_owned()),
        last_modified: None,
    };
    let hop = fetcher.hop_if_changed(&server.url("/"), Wanted::Page, &other).await;
    assert!(matches!(hop, Ok(Hop::Page(_))), "{hop:?}");
    let hop = fetcher
        .hop_if_changed(&server.url("/rude"), Wanted::Page, &page.validators)
        .await;
    assert!(matches!(hop, Ok(Hop::Page(_))), "{hop:?}");
}

#[tokio::test]
async fn a_304_that_nobody_asked_for_is_an_error() {
    let server = Server::start(|_, out| status(out, "304 Not Modified", ""));
    assert_eq!(kind(&server, "/").await, FetchErrorKind::Status(304));
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
