use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::super::test_client::{Outcome, answer, client};
use super::{BanRule, Code, ErrorBody, Garbage, KEY, Needs, Options, ZenRows};

const TARGET: &str = "https://practice.example/";

fn get(zenrows: &ZenRows, query: &[(&str, &str)]) -> reqwest::RequestBuilder {
    let mut url = url::Url::parse(&zenrows.base_url()).unwrap();
    url.query_pairs_mut().extend_pairs(query);
    client().unwrap().get(url)
}

fn page(zenrows: &ZenRows, more: &[(&str, &str)]) -> reqwest::RequestBuilder {
    get(zenrows, &[&[("apikey", KEY), ("url", TARGET)], more].concat())
}

async fn refused(request: reqwest::RequestBuilder) -> Result<(u16, String), reqwest::Error> {
    let (status, body) = answer(request).await?;
    Ok((status, body["code"].as_str().unwrap_or_default().to_owned()))
}

fn code(code: Code) -> (u16, String) {
    (code.status(), code.as_str().to_owned())
}

#[tokio::test]
async fn a_page_comes_with_its_headers() -> Outcome {
    let zenrows = ZenRows::start(Options::default()).await?;
    zenrows.set_final_url(TARGET, "https://practice.example/home");
    let response = page(&zenrows, &[]).send().await?;
    assert_eq!(response.status(), 200);
    for (name, value) in [
        ("concurrency-limit", "5"),
        ("concurrency-remaining", "5"),
        ("x-request-cost", "1"),
        ("zr-final-url", "https://practice.example/home"),
        ("zr-content-type", "text/html; charset=utf-8"),
        ("content-type", "text/html; charset=utf-8"),
    ] {
        assert_eq!(response.headers()[name], value, "{name}");
    }
    assert!(response.headers().contains_key("x-request-id"));
    assert!(response.text().await?.contains("hello@practice.example"));
    zenrows.set_page(TARGET, "<title>Mine</title>");
    assert_eq!(page(&zenrows, &[]).send().await?.text().await?, "<title>Mine</title>");
    let forwarded = client()?
        .post(format!("{}?apikey={KEY}&url={TARGET}", zenrows.base_url()))
        .body("a=1")
        .send()
        .await?;
    assert_eq!(forwarded.status(), 200);
    let requests = zenrows.requests();
    assert_eq!((requests[2].method.as_str(), requests[2].forwarded_bytes), ("POST", 3));
    assert!(!format!("{requests:?}").contains(KEY));
    Ok(())
}

#[tokio::test]
async fn cost_grows_with_what_is_used() -> Outcome {
    let zenrows = ZenRows::start(Options::default()).await?;
    for (more, cost) in [
        (&[][..], "1"),
        (&[("js_render", "true")], "5"),
        (&[("premium_proxy", "true"), ("proxy_country", "nz")], "10"),
        (&[("premium_proxy", "true"), ("js_render", "true")], "25"),
    ] {
        assert_eq!(page(&zenrows, more).send().await?.headers()["x-request-cost"], cost);
    }
    zenrows.require("practice.example", Needs::Both);
    let auto = page(&zenrows, &[("mode", "auto")]).send().await?;
    assert_eq!(auto.headers()["x-request-cost"], "25");
    assert_eq!(zenrows.spent(), 66);
    Ok(())
}

#[tokio::test]
async fn keys_are_checked() -> Outcome {
    let zenrows = ZenRows::start(Options::default()).await?;
    let unknown = "f".repeat(40);
    for (key, expected) in [
        (None, Code::Auth001),
        (Some("short"), Code::Auth002),
        (Some(unknown.as_str()), Code::Auth003),
    ] {
        let query: Vec<_> = key
            .map(|key| ("apikey", key))
            .into_iter()
            .chain([("url", TARGET)])
            .collect();
        assert_eq!(refused(get(&zenrows, &query)).await?, code(expected));
    }
    zenrows.revoke(KEY);
    assert_eq!(refused(page(&zenrows, &[])).await?, code(Code::Auth003));
    for refusal in [
        Code::Auth004,
        Code::Auth005,
        Code::Auth009,
        Code::Auth011,
        Code::Auth012,
    ] {
        zenrows.refuse_key(KEY, refusal);
        assert_eq!(refused(page(&zenrows, &[])).await?, code(refusal));
    }
    zenrows.accept_key(KEY);
    assert_eq!(page(&zenrows, &[]).send().await?.status(), 200);
    Ok(())
}

#[tokio::test]
async fn parameters_are_checked() -> Outcome {
    let zenrows = ZenRows::start(Options::default()).await?;
    for query in [
        &[("apikey", KEY)][..],
        &[("apikey", KEY), ("url", "practice.example")],
        &[("apikey", KEY), ("url", "ftp://practice.example/")],
    ] {
        assert_eq!(refused(get(&zenrows, query)).await?, code(Code::Reqs004));
    }
    for more in [
        [("proxy_country", "nz")],
        [("js_render", "yes")],
        [("wait", "100")],
        [("mode", "manual")],
        [("response_type", "docx")],
        [("allowed_status_codes", "404,x")],
    ] {
        assert_eq!(refused(page(&zenrows, &more)).await?, code(Code::Reqs004), "{more:?}");
    }
    let extractor = [("css_extractor", "h1")];
    assert_eq!(refused(page(&zenrows, &extractor)).await?, code(Code::Resp004));
    zenrows.forbid("practice.example");
    assert_eq!(refused(page(&zenrows, &[])).await?, code(Code::Reqs001));
    Ok(())
}

#[tokio::test]
async fn a_domain_can_want_more_than_a_plain_request() -> Outcome {
    let zenrows = ZenRows::start(Options::default()).await?;
    let js = ("js_render", "true");
    let premium = ("premium_proxy", "true");
    for (needs, too_little, enough) in [
        (Needs::JsRender, &[premium][..], &[js][..]),
        (Needs::PremiumProxy, &[js], &[premium]),
        (Needs::Both, &[js], &[js, premium]),
    ] {
        zenrows.require("practice.example", needs);
        assert_eq!(refused(page(&zenrows, too_little)).await?, code(Code::Reqs002));
        assert_eq!(page(&zenrows, enough).send().await?.status(), 200);
    }
    let extract = [("extract", "auto"), js, premium];
    assert_eq!(refused(page(&zenrows, &extract)).await?, code(Code::Auth010));
    zenrows.enable_extract("practice.example");
    let (status, parsed) = answer(page(&zenrows, &extract)).await?;
    assert_eq!((status, &parsed["title"]), (200, &json!("practice.example")));
    Ok(())
}

#[tokio::test]
async fn every_code_can_be_asked_for_in_both_forms() -> Outcome {
    let zenrows = ZenRows::start(Options {
        ban: None,
        ..Options::default()
    })
    .await?;
    for expected in Code::ALL {
        zenrows.set_error_body(ErrorBody::Problem);
        zenrows.fail_next(expected, 1);
        let response = page(&zenrows, &[]).send().await?;
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        let status = response.status().as_u16();
        let body: Value = serde_json::from_str(&response.text().await?)?;
        assert_eq!((status, &body["code"]), (expected.status(), &json!(expected.as_str())));
        assert_eq!(body["status"], status);
        for field in ["title", "detail", "type", "instance"] {
            assert!(body[field].is_string(), "{field} of {body}");
        }

        zenrows.set_error_body(ErrorBody::Older);
        zenrows.fail_domain("practice.example", expected, Some(1));
        let (status, body) = answer(page(&zenrows, &[])).await?;
        assert_eq!((status, &body["code"]), (expected.status(), &json!(expected.as_str())));
        assert!(body["message"].is_string() && body.get("detail").is_none());
        assert_eq!(page(&zenrows, &[]).send().await?.status(), 200);
    }
    Ok(())
}

#[tokio::test]
async fn targets_have_statuses_and_sizes() -> Outcome {
    let zenrows = ZenRows::start(Options {
        largest_page: 1000,
        ..Options::default()
    })
    .await?;
    zenrows.set_target_status(TARGET, 404);
    assert_eq!(refused(page(&zenrows, &[])).await?, code(Code::Resp002));
    let allowed = page(&zenrows, &[("allowed_status_codes", "404,500")]).send().await?;
    assert_eq!(allowed.status(), 404);
    assert!(allowed.text().await?.contains("practice.example"));
    zenrows.set_target_status(TARGET, 503);
    assert_eq!(refused(page(&zenrows, &[])).await?, code(Code::Resp001));
    zenrows.set_target_status(TARGET, 200);
    zenrows.set_page(TARGET, &"x".repeat(1001));
    assert_eq!(refused(page(&zenrows, &[])).await?, code(Code::Resp005));
    Ok(())
}

#[tokio::test]
async fn what_is_over_the_limit_is_refused_and_never_queued() -> Outcome {
    let zenrows = Arc::new(
        ZenRows::start(Options {
            concurrency: 2,
            ..Options::default()
        })
        .await?,
    );
    zenrows.hold();
    let first: Vec<_> = (0..2).map(|_| tokio::spawn(page(&zenrows, &[]).send())).collect();
    zenrows.until_running(2).await;
    let over = join_all((0..6).map(|_| page(&zenrows, &[]).send())).await;
    for response in over {
        let response = response?;
        assert_eq!(response.status(), 429);
        assert_eq!(response.headers()["concurrency-remaining"], "0");
        assert!(response.text().await?.contains("AUTH006"));
    }
    zenrows.release();
    for held in first {
        assert_eq!(held.await??.status(), 200);
    }
    assert_eq!((zenrows.peak_concurrency(KEY), zenrows.total()), (2, 8));
    assert!((zenrows.share_of_429() - 0.75).abs() < 1e-9);
    Ok(())
}

#[tokio::test]
async fn who_hangs_up_keeps_the_slot_until_the_work_is_over() -> Outcome {
    let zenrows = ZenRows::start(Options {
        concurrency: 1,
        ..Options::default()
    })
    .await?;
    zenrows.hold();
    let gone = tokio::spawn(page(&zenrows, &[]).send());
    zenrows.until_running(1).await;
    gone.abort();
    zenrows.until_hang_ups(1).await;
    assert_eq!(refused(page(&zenrows, &[])).await?, code(Code::Auth006));
    zenrows.release();
    zenrows.until_running(0).await;
    assert_eq!(page(&zenrows, &[]).send().await?.status(), 200);
    let hung_up: Vec<bool> = zenrows.requests().iter().map(|request| request.hung_up).collect();
    assert_eq!(hung_up, [false, true, false]);
    Ok(())
}

#[tokio::test]
async fn the_rate_is_limited() -> Outcome {
    let zenrows = ZenRows::start(Options {
        rate: Some(0),
        ..Options::default()
    })
    .await?;
    assert_eq!(refused(page(&zenrows, &[])).await?, code(Code::Auth008));
    Ok(())
}

#[tokio::test]
async fn failing_calls_ban_the_key_and_then_the_address() -> Outcome {
    let other = "e".repeat(40);
    let zenrows = ZenRows::start(Options {
        keys: vec![KEY.to_owned(), other.clone()],
        ban: Some(BanRule {
            failures: 3,
            within: Duration::from_secs(60),
            lasts: Duration::from_secs(600),
        }),
        ..Options::default()
    })
    .await?;
    let theirs = || get(&zenrows, &[("apikey", &other), ("url", TARGET)]);
    zenrows.fail_domain("practice.example", Code::Resp001, Some(5));
    for _ in 0..5 {
        assert_eq!(refused(page(&zenrows, &[])).await?, code(Code::Resp001));
    }
    for _ in 0..3 {
        assert_eq!(refused(page(&zenrows, &[("wait", "x")])).await?, code(Code::Reqs004));
    }
    assert_eq!(
        (refused(page(&zenrows, &[])).await?, zenrows.bans()),
        (code(Code::Blk0001), 1)
    );
    assert_eq!(theirs().send().await?.status(), 200);
    for _ in 0..2 {
        assert_eq!(refused(page(&zenrows, &[])).await?, code(Code::Blk0001));
    }
    assert_eq!((refused(theirs()).await?, zenrows.bans()), (code(Code::Blk0001), 2));
    zenrows.lift_bans();
    assert_eq!(page(&zenrows, &[]).send().await?.status(), 200);
    Ok(())
}

#[tokio::test]
async fn answers_have_the_form_that_was_asked_for_or_are_garbage() -> Outcome {
    let zenrows = ZenRows::start(Options::default()).await?;
    let extract = [("css_extractor", r#"{"name":"h1","fax":".fax"}"#)];
    let (_, found) = answer(page(&zenrows, &extract)).await?;
    assert_eq!(found, json!({ "name": "practice.example", "fax": null }));
    let (_, parsed) = answer(page(&zenrows, &[("autoparse", "true")])).await?;
    assert_eq!(parsed["url"], TARGET);
    let (_, whole) = answer(page(&zenrows, &[("json_response", "true")])).await?;
    assert!(whole["html"].is_string());
    let (_, lists) = answer(page(&zenrows, &[("outputs", "emails,links")])).await?;
    assert_eq!(lists, json!({ "emails": [], "links": [] }));
    for (form, content_type) in [
        ("markdown", "text/markdown; charset=utf-8"),
        ("plaintext", "text/plain; charset=utf-8"),
        ("pdf", "application/pdf"),
    ] {
        let response = page(&zenrows, &[("response_type", form)]).send().await?;
        assert_eq!(response.headers()["content-type"], content_type);
    }

    zenrows.garble_next(Garbage::Html, 1);
    let html = page(&zenrows, &extract).send().await?;
    assert_eq!(
        (html.status().as_u16(), html.headers()["content-type"].to_str()?),
        (200, "text/html")
    );
    zenrows.garble_next(Garbage::Empty, 1);
    assert_eq!(page(&zenrows, &[]).send().await?.bytes().await?.len(), 0);
    zenrows.garble_next(Garbage::CutOff, 1);
    let cut = page(&zenrows, &[]).send().await?;
    assert_eq!(cut.status(), 200);
    assert!(cut.bytes().await.is_err());
    Ok(())
}

#[tokio::test]
async fn it_stops_even_while_work_is_held() -> Outcome {
    let zenrows = ZenRows::start(Options::default()).await?;
    zenrows.hold();
    let held = tokio::spawn(page(&zenrows, &[]).send());
    zenrows.until_running(1).await;
    drop(zenrows);
    assert!(held.await?.is_err());
    Ok(())
}
