#![allow(clippy::unwrap_used, clippy::expect_used)]
use super::*;
use crate::providers::host_limits::Courtesy;

fn hosts() -> Arc<HostLimits> {
    HostLimits::new(Courtesy {
        concurrency: 2,
        delay: Duration::ZERO,
    })
}

#[test]
fn the_user_agent_says_where_to_write_to() {
    assert_eq!(user_agent("batchdesk/1", ""), "batchdesk/1");
    assert_eq!(
        user_agent("batchdesk/1", "https://example.com/bot"),
        "batchdesk/1 (+https://example.com/bot)"
    );
    assert_eq!(user_agent("batchdesk/1", "a@b.nz"), "batchdesk/1 (+mailto:a@b.nz)");
    assert_eq!(
        user_agent("batchdesk/1", "mailto:a@b.nz"),
        "batchdesk/1 (+mailto:a@b.nz)"
    );
}

#[tokio::test]
async fn what_one_scrape_is_told_all_others_keep_to() {
    let (hosts, progress) = (hosts(), Progress::new());
    let turn = || Turn {
        hosts: &hosts,
        progress: &progress,
    };
    turn().before_request("a.nz", Duration::ZERO).await.unwrap();
    turn().report("a.nz", 429, Some(Duration::from_secs(40)));
    let error = turn().before_request("a.nz", Duration::ZERO).await.unwrap_err();
    assert_eq!((error.kind, error.retryable), (FetchErrorKind::Limited, true));
    assert!(
        error.retry_after.is_some_and(|wait| wait > Duration::from_secs(35)),
        "{error:?}"
    );
    assert!(error.message.starts_with("a.nz is to be left alone for 3"), "{error}");
    turn().before_request("b.nz", Duration::ZERO).await.unwrap();
}

#[tokio::test]
async fn a_complaint_reaches_those_who_wait_for_their_turn() {
    let (hosts, progress) = (hosts(), Progress::new());
    let turn = Turn {
        hosts: &hosts,
        progress: &progress,
    };
    turn.before_request("a.nz", Duration::from_millis(50)).await.unwrap();
    let complains = async { turn.report("a.nz", 503, Some(Duration::from_secs(40))) };
    let (waited, ()) = tokio::join!(turn.before_request("a.nz", Duration::ZERO), complains);
    assert_eq!(waited.map_err(|error| error.kind), Err(FetchErrorKind::Limited));
}

#[tokio::test]
async fn a_page_that_has_not_changed_since_an_earlier_life_is_not_sent_again() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let home = format!("http://{}/", listener.local_addr().unwrap());
    let serving = std::thread::spawn(move || {
        // One home page in full, one that is as it was; robots.txt is not asked for.
        let answers = [
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nETag: \"v1\"\r\nContent-Length: 30\r\nConnection: close\r\n\r\n\
             <title>Smile Dental</title><p>",
            "HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n",
        ];
        answers.map(|answer| {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = String::new();
            let mut reader = std::io::BufReader::new(stream.try_clone().unwrap());
            while std::io::BufRead::read_line(&mut reader, &mut request).unwrap() > 2 {}
            std::io::Write::write_all(&mut stream, answer.as_bytes()).unwrap();
            request.to_lowercase()
        })
    });
    let text = "[scrape]\nrespect_robots = false\nmax_pages = 0\n[network]\nallow_cidrs = [\"127.0.0.0/8\"]\n";
    let (_keep, settings) = watch::channel(Arc::new(Settings::from_text(text).unwrap()));
    let scrape = ScrapeSite::new(settings, hosts()).unwrap();
    let clean = crate::scrape::clean_url(&home).unwrap();
    let url = serde_json::to_string(&CleanUrlPayload::from(&clean)).unwrap();
    let mut context = StepContext {
        job_id: entity::Id::now(),
        item_id: 1,
        identifier: home,
        url: Some(url.into()),
        scrape: None,
        settings: Arc::new(Value::Null),
        progress: Progress::new(),
    };
    let first = scrape.run(&context).await.unwrap();
    context.scrape = Some(Arc::clone(&first.json));
    let second = scrape.run(&context).await.unwrap();
    assert_eq!(first, second);
    let requests = serving.join().unwrap();
    assert!(!requests[0].contains("if-none-match") && requests[1].contains("if-none-match: \"v1\""));
}
