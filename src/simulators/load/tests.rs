use std::collections::HashSet;
use std::error::Error;
use std::time::{Duration, Instant};

use futures_util::future::try_join_all;

use super::{LoadSite, facts, page};

type Outcome = Result<(), Box<dyn Error>>;

fn client() -> Result<reqwest::Client, reqwest::Error> {
    // Another test may have been first to install it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::limited(5))
        .build()
}

#[test]
fn a_page_is_20_kb_and_always_the_same() {
    for n in [0, 1, 42, 19_999, 999_999] {
        let html = page(n);
        assert_eq!(html, page(n));
        assert!((20 << 10..21 << 10).contains(&html.len()), "{} bytes", html.len());
        let facts = facts(n);
        assert!(html.contains(&facts.name) && html.contains(&facts.phone_e164) && html.contains(&facts.email));
    }
    let phones: HashSet<String> = (0..20_000).map(|n| facts(n).phone_e164).collect();
    assert_eq!(phones.len(), 20_000);
}

#[tokio::test]
async fn counts_are_right_when_many_ask_at_once() -> Outcome {
    let site = LoadSite::start().await?;
    let client = client()?;
    for _ in 0..10 {
        try_join_all((0..64).map(|n| client.get(site.practice_url(n % 32)).send())).await?;
    }
    assert_eq!(site.total_hits(), 640);
    assert!((0..32).all(|n| site.hits(n) == 20));
    assert_eq!(site.log().len(), 640);
    site.forget();
    assert_eq!((site.total_hits(), site.hits(1), site.log().len()), (0, 0, 0));
    Ok(())
}

#[tokio::test]
async fn the_log_is_bounded() {
    let ledger = super::Ledger::default();
    for n in 0..10_100 {
        ledger.count_practice(n);
    }
    let visits = ledger.visits();
    assert_eq!(visits.len(), super::Ledger::VISITS_KEPT);
    assert_eq!(visits[0].path, "/p/100");
}

#[tokio::test]
async fn delay_and_robots_can_be_set() -> Outcome {
    let site = LoadSite::start().await?;
    let client = client()?;
    assert_eq!(client.get(site.url("/robots.txt")).send().await?.status(), 404);
    site.set_robots(Some("User-agent: *\nDisallow: /p/1\n"));
    assert!(
        client
            .get(site.url("/robots.txt"))
            .send()
            .await?
            .text()
            .await?
            .contains("/p/1")
    );
    assert_eq!(site.path_hits("/robots.txt"), 2);
    site.set_delay(Duration::from_millis(100));
    let before = Instant::now();
    client.get(site.practice_url(1)).send().await?.error_for_status()?;
    assert!(before.elapsed() >= Duration::from_millis(100));
    Ok(())
}

#[tokio::test]
async fn bodies_break_off_and_never_end() -> Outcome {
    let site = LoadSite::start().await?;
    let client = client()?;
    let cut = client.get(site.url("/fault/reset")).send().await?;
    assert_eq!(cut.status(), 200);
    assert!(cut.bytes().await.is_err());

    let mut endless = client.get(site.url("/fault/endless")).send().await?;
    let mut read = 0;
    while read < 8 << 20 {
        read += endless.chunk().await?.ok_or("it ended")?.len();
    }
    // From before the first byte: whoever is late finds several waiting.
    let before = Instant::now();
    let mut drip = client.get(site.url("/fault/endless?ms=30")).send().await?;
    for _ in 0..3 {
        drip.chunk().await?.ok_or("it ended")?;
    }
    assert!(before.elapsed() >= Duration::from_millis(60));

    let mut bomb = client.get(site.url("/fault/gzip-bomb")).send().await?;
    let mut unpacked = 0;
    while unpacked < 64 << 20 {
        unpacked += bomb.chunk().await?.ok_or("it ended")?.len();
    }
    Ok(())
}

#[tokio::test]
async fn redirects_and_statuses_do_as_asked() -> Outcome {
    let site = LoadSite::start().await?;
    let client = client()?;
    let lost = client.get(site.url("/fault/redirect-loop")).send().await;
    assert!(lost.is_err_and(|error| error.is_redirect()));
    let target = site.practice_url(7);
    let led = client
        .get(site.url(&format!("/fault/redirect?to={target}")))
        .send()
        .await?;
    assert_eq!(led.url().as_str(), target);

    for (key, statuses) in [("a", [429, 429, 200]), ("b", [429, 429, 200])] {
        for status in statuses {
            let path = format!("/fault/status/429?times=2&retry_after=3&key={key}");
            let answer = client.get(site.url(&path)).send().await?;
            assert_eq!(answer.status(), status);
            assert_eq!(answer.headers().contains_key("retry-after"), status == 429);
        }
    }
    assert_eq!(site.path_hits("/fault/status/429"), 6);
    for _ in 0..5 {
        assert_eq!(client.get(site.url("/fault/status/503")).send().await?.status(), 503);
    }
    Ok(())
}

#[tokio::test]
async fn odd_answers_are_odd() -> Outcome {
    let site = LoadSite::start().await?;
    let client = client()?;
    let binary = client.get(site.url("/fault/binary?type=text/html")).send().await?;
    assert_eq!(binary.headers()["content-type"], "text/html");
    assert!(binary.bytes().await?.contains(&0));
    assert!(client.get(site.url("/fault/huge-header")).send().await.is_err());
    let before = Instant::now();
    client
        .get(site.url("/fault/slow?ms=80"))
        .send()
        .await?
        .error_for_status()?;
    assert!(before.elapsed() >= Duration::from_millis(80));
    assert_eq!(client.get(site.url("/nothing")).send().await?.status(), 404);
    assert_eq!(site.path_hits("/nothing"), 1);
    Ok(())
}
