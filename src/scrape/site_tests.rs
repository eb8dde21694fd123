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
    let fetcher = fetcher(FetchSettings {
        timeout: Duration::from_secs(3),
        ..FetchSettings::default()
    });
    let robots = RobotsCache::new(&fetcher.settings().user_agent);
    scrape_site(&fetcher, &robots, &NoPace::default(), &server.url("/"), &settings).await
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
            (server.url("/missing/contact").to_string(), Some(404)),
            (server.url("/about-us").to_string(), Some(200)),
        ]
    );
    assert!(payload.pages[2].error.is_some());
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
