#![allow(clippy::unwrap_used, clippy::expect_used)]
use super::*;
use crate::scrape::fetch::FetchSettings;
use crate::scrape::test_server::{NoPace, Server, fetcher, ok, status};

fn failure(kind: FetchErrorKind) -> Result<Arc<Rules>, FetchError> {
    verdict_on_failure("h", FetchError::new(kind, "x"))
}

#[test]
fn failures_follow_rfc_9309() {
    assert!(failure(FetchErrorKind::Status(404)).is_ok());
    assert!(failure(FetchErrorKind::Status(403)).is_ok());
    for kind in [
        FetchErrorKind::Status(500),
        FetchErrorKind::Status(429),
        FetchErrorKind::Timeout,
    ] {
        let error = failure(kind).unwrap_err();
        assert_eq!((error.kind, error.retryable), (FetchErrorKind::RobotsUnreachable, true));
        assert!(error.message.contains("is left alone"), "{error}");
    }
    assert_eq!(failure(FetchErrorKind::Dns).unwrap_err().kind, FetchErrorKind::Dns);
}

#[test]
fn a_copy_lasts_a_day_and_failures_longer_each_time() {
    let now = Instant::now();
    let rules = Arc::new(Rules::read(b"user-agent: *\ndisallow: /x\n", "batchdesk"));
    let good = Known::after(Ok(Arc::clone(&rules)), None, now);
    assert_eq!(good.until - now, FRESH);

    let broken = || failure(FetchErrorKind::Status(500));
    let mut known = Known::after(broken(), None, now);
    let mut pauses = vec![(known.until - now).as_secs()];
    for _ in 0..8 {
        known = Known::after(broken(), Some(&known), now);
        pauses.push((known.until - now).as_secs());
    }
    assert_eq!(pauses, [2, 4, 8, 16, 32, 64, 128, 256, 300]);
    let told = known.answer(now + Duration::from_secs(100)).unwrap_err();
    assert_eq!(told.retry_after, Some(Duration::from_secs(200)));

    let kept = Known::after(broken(), Some(&good), now);
    assert_eq!((kept.rules.as_ref(), kept.until - now), (Ok(&rules), FIRST_FAILURE));
    let mut asked = broken().unwrap_err();
    asked.retry_after = Some(Duration::from_secs(90));
    assert_eq!(Known::after(Err(asked), None, now).until - now, Duration::from_secs(90));
}

#[test]
fn the_cache_is_bounded_and_forgets_what_was_not_asked_for_longest() {
    let cache = RobotsCache::new("batchdesk/1");
    for n in 0..200 {
        cache.slot(&format!("http://{n}.nz"));
        cache.weigh(&format!("http://{n}.nz"), 1_000);
    }
    cache.slot("http://0.nz");
    let mut origins = cache.origins.lock().unwrap();
    shrink(&mut origins, 10_000);
    assert_eq!(origins.len(), 10);
    assert!(origins.contains_key("http://0.nz"));
}

#[test]
fn the_product_token_is_what_stands_before_the_version() {
    assert_eq!(
        RobotsCache::new("batch-desk_x/0.1 (+mailto:a@b.nz)").agent,
        "batch-desk_x"
    );
    assert_eq!(RobotsCache::new("1").agent, "");
}

async fn allowed(server: &Server, path: &str) -> Result<bool, FetchErrorKind> {
    let cache = RobotsCache::new("batchdesk/1");
    let fetcher = fetcher(FetchSettings::default());
    let verdict = cache.check(&fetcher, &NoPace::default(), &server.url(path)).await;
    verdict.map(|verdict| verdict.allowed).map_err(|error| error.kind)
}

#[tokio::test]
async fn five_redirects_are_followed_and_a_sixth_means_that_there_is_none() {
    let server = Server::start(|path, out| match path {
        "/robots.txt" => status(out, "301 Moved", "Location: /hop1\r\n"),
        "/hop1" => status(out, "302 Found", "Location: /hop2\r\n"),
        "/hop2" => status(out, "303 See Other", "Location: /hop3\r\n"),
        "/hop3" => status(out, "307 Temporary", "Location: /hop4\r\n"),
        "/hop4" => status(out, "308 Permanent", "Location: /hop5\r\n"),
        _ => ok(out, "text/plain", b"User-agent: *\nDisallow: /x\n"),
    });
    assert_eq!(allowed(&server, "/x").await, Ok(false));
    let farther = Server::start(|path, out| match path {
        "/hop5" => ok(out, "text/plain", b"User-agent: *\nDisallow: /x\n"),
        "/robots.txt" => status(out, "302 Found", "Location: /hop\r\n"),
        path => status(out, "302 Found", &format!("Location: {path}x\r\n")),
    });
    assert_eq!(allowed(&farther, "/x").await, Ok(true));
}

#[tokio::test]
async fn what_is_beyond_the_limit_is_not_read() {
    let server = Server::start(|_, out| {
        let mut body = b"User-agent: *\nDisallow: /near\n".to_vec();
        while body.len() < MAX_BYTES {
            body.extend_from_slice(b"# filling, filling, filling\n");
        }
        body.extend_from_slice(b"Disallow: /far\n");
        ok(out, "text/plain", &body);
    });
    assert_eq!(allowed(&server, "/near").await, Ok(false));
    assert_eq!(allowed(&server, "/far").await, Ok(true));
}

#[tokio::test]
async fn a_failure_is_remembered_for_those_who_ask_next() {
    let server = Server::start(|_, out| status(out, "500 Oops", ""));
    let cache = RobotsCache::new("batchdesk/1");
    let fetcher = fetcher(FetchSettings::default());
    for _ in 0..3 {
        let error = cache
            .check(&fetcher, &NoPace::default(), &server.url("/"))
            .await
            .unwrap_err();
        assert_eq!((error.kind, error.retryable), (FetchErrorKind::RobotsUnreachable, true));
    }
    assert_eq!(server.paths(), ["/robots.txt"]);
}

#[tokio::test]
async fn heavy_rules_are_matched_as_light_ones_are() {
    let server = Server::start(|_, out| {
        let rules: String = (0..8_000).map(|n| format!("Disallow: /folder-{n}/*/x$\n")).collect();
        ok(out, "text/plain", format!("User-agent: *\n{rules}").as_bytes());
    });
    assert_eq!(allowed(&server, "/folder-7999/y/x").await, Ok(false));
    assert_eq!(allowed(&server, "/folder-8000/y/x").await, Ok(true));
}
