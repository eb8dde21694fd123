#![allow(clippy::unwrap_used, clippy::expect_used)]
use serde_json::json;

use super::*;

fn parse(provider: ProviderName, mode: Mode, settings: Value) -> Result<ProviderSpec, Vec<String>> {
    ProviderSpec::parse(provider, mode, settings.as_object().unwrap())
        .map_err(|mistakes| mistakes.iter().map(ToString::to_string).collect())
}

#[test]
fn names_are_read() {
    for name in ProviderName::ALL {
        assert_eq!(name.to_string().parse(), Ok(name));
    }
    assert!("fax".parse::<ProviderName>().is_err());
    assert_eq!("async".parse(), Ok(Mode::Async));
}

#[test]
fn every_mistake_is_told_at_once() {
    let told = parse(
        ProviderName::Http,
        Mode::Sync,
        json!({
            "methd": "GET", "method": "FETCH", "headers": {"Host": "x", "a b": "x", "ok": "{{ x }}"}, "query": [],
            "result": "a..b", "timeout_ms": 5, "success_status": "nice", "concurrency": "many", "when": "true",
            "zzzzzzzzzz": 1,
        }),
    )
    .unwrap_err();
    for expected in [
        "`url` is missing",
        "`methd` is no setting of a workflow with provider http; did you mean `method`?",
        "`method` is \"FETCH\"",
        "`headers.Host` is set by the connection itself",
        "`headers.a b` is no name of a header",
        "`query` takes a table of names and values, not a list",
        "`result` is \"a..b\", no path",
        "`timeout_ms` is 5, out of range",
        "`success_status` is \"nice\", no status",
        "`concurrency` takes a whole number, not a text",
        "`zzzzzzzzzz` is no setting",
    ] {
        assert!(
            told.iter().any(|line| line.starts_with(expected)),
            "{expected}: {told:#?}"
        );
    }
    assert_eq!(told.len(), 11, "{told:#?}");
}

#[test]
fn settings_of_the_flow_are_accepted_everywhere() {
    for name in ProviderName::ALL {
        let settings = json!({
            "url": "https://a.example/", "handler": "provider", "done_status": "scraped", "when": "x",
            "depends_on": ["a"], "skip_if_failed": ["a"], "conflict_columns": ["a"], "callback_deadline_ms": 1,
            "on_deadline": "fail", "max_retries": 1, "retry": {"base_ms": 1},
        });
        let mut settings = settings.as_object().unwrap().clone();
        if name == ProviderName::Native {
            settings.remove("url");
        }
        let mode = match name {
            ProviderName::N8n | ProviderName::Clay => Mode::Async,
            _ => Mode::Sync,
        };
        assert!(ProviderSpec::parse(name, mode, &settings).is_ok(), "{name}");
    }
}

#[test]
fn parameters_of_zenrows_are_checked_as_zenrows_does() {
    let ok = json!({"params": {
        "js_render": true, "premium_proxy": "true", "proxy_country": "nz", "wait": 500, "wait_for": ".x",
        "css_extractor": {"title": "h1"}, "allowed_status_codes": [404, 500], "block_resources": "image,font",
        "session_id": "{{ n }}", "js_instructions": [{"click": ".a"}], "outputs": ["emails", "phone_numbers"],
    }});
    assert!(parse(ProviderName::Zenrows, Mode::Sync, ok).is_ok());
    assert!(
        parse(
            ProviderName::Zenrows,
            Mode::Sync,
            json!({"params": {"mode": "auto", "wait": 5}})
        )
        .is_ok()
    );
    let told = parse(
        ProviderName::Zenrows,
        Mode::Async,
        json!({
            "params": {"proxy_country": "nz", "wait": 50_000, "js_rendr": true, "apikey": "k", "autoparse": "yes",
                       "css_extractor": "no json", "device": "fridge"},
            "escalate": [{"js_render": true}, {"proxy_country": "nz"}, 5],
            "timeout_ms": 20_000,
        }),
    )
    .unwrap_err();
    for expected in [
        "`mode` is async",
        "`params.proxy_country` needs premium_proxy",
        "`params.wait` is 50000; write 0 to 30000",
        "`params.wait` needs js_render",
        "`params.js_rendr` is no parameter of ZenRows; did you mean `js_render`?",
        "`params.apikey` is set by `secret`",
        "`params.autoparse` is \"yes\"",
        "`params.css_extractor` is \"no json\"",
        "`params.device` is \"fridge\"",
        "`escalate[1].proxy_country` needs premium_proxy",
        "`escalate[2]` is a number, no table",
        "`timeout_ms` is 20000, out of range; write 180000 to 900000",
    ] {
        assert!(
            told.iter().any(|line| line.starts_with(expected)),
            "{expected}: {told:#?}"
        );
    }
}

#[test]
fn clay_takes_rows_and_calls_back() {
    let told = parse(
        ProviderName::Clay,
        Mode::Sync,
        json!({"url": "https://api.clay.com/v3/sources/webhook/x", "body": [1], "secret": "a secret"}),
    )
    .unwrap_err();
    assert_eq!(told.len(), 3, "{told:#?}");
}

#[test]
fn statuses_are_read_in_all_forms() {
    let spec = parse(
        ProviderName::Http,
        Mode::Sync,
        json!({"url": "https://a.example/", "success_status": [200, "3xx", "404-410"]}),
    )
    .unwrap();
    assert_eq!(spec.success, [200..=200, 300..=399, 404..=410]);
}

#[test]
fn the_host_is_fixed_only_where_no_template_follows_in_it() {
    let fixed = |url: &str| {
        parse(ProviderName::Http, Mode::Sync, json!({"url": url}))
            .unwrap()
            .fixed_address()
            .map(|url| url.host_str().unwrap().to_owned())
    };
    assert_eq!(fixed("https://a.example/x/{{ y }}").as_deref(), Some("a.example"));
    assert_eq!(fixed("https://a.example").as_deref(), Some("a.example"));
    assert_eq!(fixed("https://a.example{{ y }}"), None);
    assert_eq!(fixed("https://{{ y }}.example/"), None);
    assert_eq!(fixed("{{ url }}"), None);
}
