#![allow(clippy::unwrap_used, clippy::expect_used)]
use super::*;
use crate::scrape::fetch::FetchSettings;
use crate::scrape::merge::merge;
use crate::scrape::payload::CleanUrlPayload;
use crate::scrape::test_server::{NoPace, Server, fetcher, ok, status};

const HOME: &str = r#"<html lang="en-NZ"><title>Smile Dental</title><a href="/blog">Blog</a><a href="/contact">Contact us</a>
<a href="/about-us#team">About us</a><a href="http://127.0.0.2:1/contact">Contact elsewhere</a><a href="/missing/contact">Contact form</a>"#;
const CONTACT: &str =
    r#"<p>12 High Street<br>Dunedin 9016</p><a href="tel:+6434771234">03 477 1234</a><a href="/">Home</a>"#;

async fn scrape(server: &Server, settings: SiteSettings) -> Result<ScrapePayload, FetchError> {
    scrape_again(server, settings, &[]).await
}

async fn scrape_again(
    server: &Server,
    settings: SiteSettings,
    former: &[ScrapedPage],
) -> Result<ScrapePayload, FetchError> {
    let fetcher = fetcher(FetchSettings {
        timeout: Duration::from_secs(3),
        ..FetchSettings::default()
    });
    let robots = RobotsCache::new(&fetcher.settings().user_agent);
    scrape_site(
        &fetcher,
        &robots,
        &NoPace::default(),
        &server.url("/"),
        &settings,
        former,
    )
    .await
}

#[tokio::test]
async fn the_best_pages_are_read_and_failures_noted() {
    let server = Server::pages(&[("/", HOME), ("/contact", CONTACT), ("/about-us", "<h1>About</h1>")]);
    let payload = scrape(
        &server,
        SiteSettings {
            max_pages: 3,
            region: Some("NZ".into()),
            ..SiteSettings::default()
        },
    )
    .await
    .unwrap();
    let pages: Vec<_> = payload
        .pages
        .iter()
        .map(|page| (page.url.clone(), page.status))
        .collect();
    assert_eq!(
        pages,
        [
            (server.url("/").to_string(), Some(200)),
            (server.url("/contact").to_string(), Some(200)),
            (server.url("/about-us").to_string(), Some(200)),
            (server.url("/missing/contact").to_string(), Some(404)),
        ]
    );
    assert!(payload.pages[3].error.is_some());
    let asked = server.paths();
    assert_eq!(asked.iter().filter(|path| *path == "/robots.txt").count(), 1);
    assert!(!asked.contains(&"/blog".to_owned()));

    let url = CleanUrlPayload {
        input: "x".into(),
        url: server.url("/").into(),
        domain: "127.0.0.1".into(),
        dedupe_key: "x".into(),
    };
    let merged = merge(&url, &payload);
    assert_eq!(merged.name.as_deref(), Some("Smile Dental"));
    assert_eq!(merged.phones[0].e164.as_deref(), Some("+6434771234"));
    assert_eq!(merged.addresses[0].postal_code.as_deref(), Some("9016"));
    assert!(merged.provenance["phones"].page.ends_with("/contact"));
    let stored = serde_json::to_string(&payload).unwrap();
    assert_eq!(
        serde_json::from_str::<ScrapePayload>(&stored).unwrap().pages[1]
            .facts
            .phones,
        payload.pages[1].facts.phones
    );
}

#[tokio::test]
async fn robots_decide() {
    let server = Server::start(|path, out| match path {
        "/robots.txt" => ok(out, "text/plain", b"User-agent: batchdesk\nDisallow: /contact\n"),
        "/" => ok(out, "text/html", HOME.as_bytes()),
        _ => ok(out, "text/html", CONTACT.as_bytes()),
    });
    let payload = scrape(
        &server,
        SiteSettings {
            max_pages: 1,
            ..SiteSettings::default()
        },
    )
    .await
    .unwrap();
    assert!(payload.pages[1].error.as_deref().unwrap().contains("robots.txt"));
    // What nobody was asked for does not count.
    assert_eq!(pages_of(&payload), ["", "contact", "about-us"]);
    assert!(!server.paths().contains(&"/contact".to_owned()));
    let rude = SiteSettings {
        max_pages: 1,
        respect_robots: false,
        ..SiteSettings::default()
    };
    assert_eq!(scrape(&server, rude).await.unwrap().pages[1].error, None);

    let broken = Server::start(|path, out| match path {
        "/robots.txt" => status(out, "503 Unavailable", "Retry-After: 9\r\n"),
        _ => ok(out, "text/html", HOME.as_bytes()),
    });
    let error = scrape(&broken, SiteSettings::default()).await.unwrap_err();
    assert_eq!(
        (error.kind, error.retryable, error.retry_after),
        (FetchErrorKind::RobotsUnreachable, true, Some(Duration::from_secs(9)))
    );
}

#[tokio::test]
async fn meta_refreshes_and_frames_lead_on() {
    let server = Server::pages(&[
        ("/", r#"<meta http-equiv="refresh" content="0; URL='/en/'">"#),
        ("/en/", r#"<frameset><frame src="/main.html"></frameset>"#),
        ("/main.html", CONTACT),
    ]);
    let payload = scrape(
        &server,
        SiteSettings {
            region: Some("NZ".into()),
            ..SiteSettings::default()
        },
    )
    .await
    .unwrap();
    assert!(payload.final_url.ends_with("/en/"));
    assert_eq!(payload.pages[1].facts.phones.len(), 1);
}

#[tokio::test]
async fn a_home_page_without_links_is_helped_by_the_site_map() {
    let server = Server::pages(&[
        ("/", "<div id=app></div>"),
        ("/robots.txt", "Sitemap: /map.xml"),
        ("/map.xml", "<urlset><url><loc>/contact</loc></url></urlset>"),
        ("/contact", CONTACT),
    ]);
    let payload = scrape(
        &server,
        SiteSettings {
            region: Some("NZ".into()),
            ..SiteSettings::default()
        },
    )
    .await
    .unwrap();
    assert_eq!(payload.pages.len(), 2);
    assert_eq!(payload.pages[1].facts.phones.len(), 1);
}

#[tokio::test]
async fn many_jobs_ask_for_robots_once() {
    let server = Server::pages(&[("/", HOME)]);
    let fetcher = fetcher(FetchSettings::default());
    let robots = RobotsCache::new("batchdesk/1");
    let pace = NoPace::default();
    let checks = (0..20).map(|_| robots.check(&fetcher, &pace, fetcher_url(&server)));
    for verdict in futures_util::future::join_all(checks).await {
        assert!(verdict.unwrap().allowed);
    }
    assert_eq!(server.paths(), ["/robots.txt"]);
}

fn fetcher_url(server: &Server) -> &'static Url {
    Box::leak(Box::new(server.url("/")))
}

fn pages_of(payload: &ScrapePayload) -> Vec<&str> {
    let path = |page: &'_ ScrapedPage| page.url.splitn(4, '/').nth(3).map(str::len).unwrap_or_default();
    payload
        .pages
        .iter()
        .map(|page| &page.url[page.url.len() - path(page)..])
        .collect()
}

fn phones(payload: &ScrapePayload) -> Vec<usize> {
    payload.pages.iter().map(|page| page.facts.phones.len()).collect()
}

#[tokio::test]
async fn pages_that_have_not_changed_are_taken_as_they_were() {
    const HOME: &str =
        r#"<title>Smile Dental</title><a href="/contact">Contact us</a><a href="/about-us">About us</a>"#;
    const VISIT: &str = r#"<p>12 High Street<br>Dunedin 9016</p><a href="tel:+6434771234">03 477 1234</a>"#;
    let server = Server::start_with_headers(|path, headers, out| {
        let asked = |header: &str| headers.iter().any(|line| line == header);
        let body = match path {
            "/" => HOME,
            "/contact" => VISIT,
            // Changed since: it no longer has what it was asked with.
            "/about-us" if asked("if-none-match: \"/about-us\"") => "<h1>About them</h1>",
            "/about-us" => "<h1>About us</h1>",
            _ => return status(out, "404 Not Found", ""),
        };
        if path != "/about-us" && asked(&format!("if-none-match: \"{path}\"")) {
            return status(out, "304 Not Modified", "");
        }
        let tag = format!("ETag: \"{path}\"\r\n");
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n{tag}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        let _ = std::io::Write::write_all(out, head.as_bytes());
    });
    let first = scrape(&server, SiteSettings::default()).await.unwrap();
    assert_eq!(pages_of(&first), ["", "contact", "about-us"]);
    // As it comes back from the database, where links are not kept.
    let stored = serde_json::to_string(&first).unwrap();
    let former: ScrapePayload = serde_json::from_str(&stored).unwrap();
    let second = scrape_again(&server, SiteSettings::default(), &former.pages)
        .await
        .unwrap();
    assert_eq!(pages_of(&second), ["", "contact", "about-us"]);
    assert_eq!(second.pages[..2], former.pages[..2]);
    assert_eq!(phones(&second), [0, 1, 0]);
    assert_ne!(second.pages[2].facts, former.pages[2].facts);
    let third = scrape_again(&server, SiteSettings::default(), &second.pages)
        .await
        .unwrap();
    assert_eq!(third.pages[..2], second.pages[..2]);
}

#[tokio::test]
async fn one_text_at_two_addresses_counts_once() {
    let server = Server::pages(&[
        (
            "/",
            r#"<a href="/contact">Contact</a><a href="/contact-us">Contact us</a><a href="/team">Team</a>"#,
        ),
        ("/contact", CONTACT),
        ("/contact-us", CONTACT),
        ("/team", "<h1>Team</h1>"),
    ]);
    let payload = scrape(&server, SiteSettings::default()).await.unwrap();
    assert_eq!(pages_of(&payload), ["", "contact", "team"]);
}

#[tokio::test]
async fn refreshes_of_further_pages_are_followed_within_the_site() {
    let server = Server::pages(&[
        (
            "/",
            r#"<a href="/contact">Contact</a><a href="/about">About</a><a href="/team">Team</a>"#,
        ),
        (
            "/contact",
            r#"<meta http-equiv="refresh" content="0; url=/reach-us.html">"#,
        ),
        ("/reach-us.html", CONTACT),
        ("/about", r#"<meta http-equiv="refresh" content="0; url=/about">"#),
        (
            "/team",
            r#"<meta http-equiv="refresh" content="0; url=http://169.254.169.254/team">"#,
        ),
    ]);
    let payload = scrape(&server, SiteSettings::default()).await.unwrap();
    assert_eq!(pages_of(&payload), ["", "reach-us.html", "team", "about"]);
    assert!(payload.pages.iter().all(|page| page.error.is_none()));
}

#[tokio::test]
async fn a_refresh_leads_nowhere_that_the_guard_forbids() {
    let server = Server::pages(&[(
        "/",
        r#"<title>Smile</title><meta http-equiv="refresh" content="0; url=http://169.254.169.254/latest/">"#,
    )]);
    let payload = scrape(&server, SiteSettings::default()).await.unwrap();
    assert_eq!(payload.final_url, server.url("/").as_str());
}

#[tokio::test]
async fn traps_files_and_repetitions_are_not_asked_for() {
    let server = Server::pages(&[
        (
            "/",
            r##"<a href="/contact">Contact</a><a href="/contact/">Contact</a><a href="/contact#form">Contact</a>
            <a href="/contact?utm_source=x">Contact</a><a href="/team.pdf">Team</a><a href="/logout?contact">Contact</a>
            <a href="/cart/contact">Contact</a><a href="/calendar/about">About</a><a href="mailto:contact@a.nz">Contact</a>
            <a href="/contact?add-to-cart=1">Contact</a><a href="/">Contact</a>"##,
        ),
        ("/contact", CONTACT),
    ]);
    let payload = scrape(
        &server,
        SiteSettings {
            max_pages: 50,
            ..SiteSettings::default()
        },
    )
    .await
    .unwrap();
    assert_eq!(pages_of(&payload), ["", "contact"]);
    assert_eq!(server.paths(), ["/robots.txt", "/", "/contact"]);
}

#[tokio::test]
async fn no_more_pages_than_asked_for() {
    let server = Server::start(|path, out| {
        let links: String = (0..30)
            .map(|n| format!(r#"<a href="{path}{n}-contact">Contact</a>"#))
            .collect();
        ok(out, "text/html", format!("<h1>{path}</h1>{links}").as_bytes());
    });
    for max_pages in [0, 3] {
        let settings = SiteSettings {
            max_pages,
            respect_robots: false,
            ..SiteSettings::default()
        };
        let before = server.paths().len();
        let payload = scrape(&server, settings).await.unwrap();
        assert_eq!(
            (payload.pages.len(), server.paths().len() - before),
            (max_pages + 1, max_pages + 1)
        );
    }
}

#[tokio::test]
async fn site_maps_are_followed_through_an_index_and_gzip() {
    let server = Server::start(|path, out| {
        let text = |out: &mut _, body: &str| ok(out, "application/xml", body.as_bytes());
        match path {
            "/" => ok(out, "text/html", b"<div id=app></div><a href=/services>Services</a>"),
            "/robots.txt" => text(
                out,
                "User-agent: *\nDisallow:\nSitemap: http://169.254.169.254/x.xml\nSitemap: /index.xml",
            ),
            "/index.xml" => status(out, "302 Found", "Location: /index2.xml\r\n"),
            "/index2.xml" => text(
                out,
                "<sitemapindex><sitemap><loc>/posts.xml</loc></sitemap><sitemap><loc>/pages.xml.gz</loc></sitemap></sitemapindex>",
            ),
            "/pages.xml.gz" => {
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                std::io::Write::write_all(&mut encoder, b"<urlset><url><loc>/contact</loc></url></urlset>").unwrap();
                ok(out, "application/gzip", &encoder.finish().unwrap());
            }
            "/contact" => ok(out, "text/html", CONTACT.as_bytes()),
            _ => status(out, "404 Not Found", ""),
        }
    });
    let payload = scrape(&server, SiteSettings::default()).await.unwrap();
    assert_eq!(pages_of(&payload), ["", "contact", "services"]);
    let expected = [
        "/robots.txt",
        "/",
        "/index.xml",
        "/index2.xml",
        "/pages.xml.gz",
        "/contact",
        "/services",
    ];
    assert_eq!(server.paths(), expected);
}

#[tokio::test]
async fn an_endless_index_is_given_up() {
    let server = Server::start(|path, out| match path {
        "/" => ok(out, "text/html", b"<div id=app></div>"),
        "/robots.txt" => status(out, "404 Not Found", ""),
        path => {
            let next = format!("<sitemapindex><sitemap><loc>{path}x</loc></sitemap></sitemapindex>");
            ok(out, "application/xml", next.as_bytes());
        }
    });
    let payload = scrape(&server, SiteSettings::default()).await.unwrap();
    assert_eq!((payload.pages.len(), server.paths().len()), (1, 6));
}

#[tokio::test]
async fn the_crawl_delay_and_all_answers_are_told_to_whoever_keeps_the_pace() {
    let server = Server::start(|path, out| match path {
        "/robots.txt" => ok(out, "text/plain", b"User-agent: *\nCrawl-delay: 3\n"),
        "/" => ok(
            out,
            "text/html",
            b"<a href=/contact>Contact</a><a href=/about>About</a>",
        ),
        _ => status(out, "429 Slow down", "Retry-After: 8\r\n"),
    });
    let fetcher = fetcher(FetchSettings::default());
    let robots = RobotsCache::new("batchdesk/1");
    let pace = NoPace::default();
    let settings = SiteSettings::default();
    let payload = scrape_site(&fetcher, &robots, &pace, &server.url("/"), &settings, &[])
        .await
        .unwrap();
    assert_eq!(payload.pages.len(), 2, "after a 429 no further page is asked for");
    let spacings: Vec<u64> = pace.spacings.lock().unwrap().iter().map(Duration::as_secs).collect();
    assert_eq!(spacings, [0, 3, 3]);
    let reports = pace.reports.lock().unwrap().clone();
    assert_eq!(reports, [(200, None), (200, None), (429, Some(Duration::from_secs(8)))]);
}

#[tokio::test]
async fn a_slow_site_is_given_up_as_a_whole() {
    let server = Server::start(|path, out| match path {
        "/" => ok(
            out,
            "text/html",
            b"<a href=/contact>Contact</a><a href=/about>About</a><a href=/team>Team</a>\
            <a href=/services>Services</a><a href=/location>Location</a><a href=/hours>Hours</a>",
        ),
        "/robots.txt" => status(out, "404 Not Found", ""),
        // Says nothing until the client hangs up.
        _ => {
            let _ = std::io::Read::read(out, &mut [0]);
        }
    });
    let fetcher = fetcher(FetchSettings {
        timeout: Duration::from_millis(100),
        ..FetchSettings::default()
    });
    let robots = RobotsCache::new("batchdesk/1");
    let settings = SiteSettings {
        max_pages: 6,
        ..SiteSettings::default()
    };
    let scraped = scrape_site(&fetcher, &robots, &NoPace::default(), &server.url("/"), &settings, &[]).await;
    let pages = scraped.unwrap().pages;
    assert_eq!(
        pages.len(),
        4,
        "the home page, and as many as fit into three times the limit"
    );
    assert!(pages[1..].iter().all(|page| page.error.is_some()));
}

#[test]
fn other_addresses_of_a_home_page() {
    let after = |start: &str, kind| {
        let others = visit::others(&start.parse().unwrap(), kind);
        others.into_iter().map(String::from).collect::<Vec<_>>()
    };
    let bare = "https://smile.co.nz/x";
    assert_eq!(after(bare, FetchErrorKind::Dns), ["https://www.smile.co.nz/x"]);
    assert_eq!(
        after(bare, FetchErrorKind::Tls),
        ["https://www.smile.co.nz/x", "http://smile.co.nz/x"]
    );
    assert_eq!(after(bare, FetchErrorKind::Connect), ["http://smile.co.nz/x"]);
    assert_eq!(
        after("http://www.smile.co.nz/", FetchErrorKind::Dns),
        ["http://smile.co.nz/"]
    );
    assert!(after("https://book.smile.co.nz/", FetchErrorKind::Dns).is_empty());
    assert!(after("https://smile.co.nz:8443/", FetchErrorKind::Connect).is_empty());
    assert!(after("http://127.0.0.1/", FetchErrorKind::Dns).is_empty());
    assert!(after(bare, FetchErrorKind::Status(404)).is_empty());
}
