#![allow(clippy::unwrap_used, clippy::expect_used)]

use serde_json::json;

use super::*;

fn read(authored: Value) -> Result<WorkflowSpec, Vec<Mistake>> {
    WorkflowSpec::read(authored.as_object().unwrap())
}

fn pointers(authored: Value) -> Vec<String> {
    let mistakes = read(authored).unwrap_err();
    mistakes.into_iter().map(|mistake| mistake.pointer).collect()
}

#[test]
fn an_author_need_not_say_what_goes_without_saying() {
    let spec = read(json!({
        "workflow_slug": "scrape-homepage-via-zenrows",
        "title": "Scrape Homepage",
        "overall_step_number": 1,
        "provider": "zenrows",
        "destination_db": "workspace",
        "destination_table_name": "company_homepage_scrapes",
        "destination_field_mappings": { "homepage_html": "homepage_html", "scraped_at": "scraped_at" }
    }))
    .unwrap();
    assert_eq!(
        (spec.play.as_str(), spec.mode.as_str(), spec.enabled),
        ("default", "sync", true)
    );
    assert_eq!(WorkflowSpec::read(&spec.fields()).unwrap(), spec);
}

#[test]
fn every_mistake_is_told_at_once() {
    let told = pointers(json!({
        "workflow_slug": "a b", "overall_step_number": 0, "provider": "fax", "mode": "later", "destination_db": "moon",
        "destination_table_name": "1st; --", "destination_field_mappings": { "a": "x", "b": "x", "c": 3, "d": "no way" },
        "settings": { "skip_if_failed": "yes", "depends_on": "a" }, "enabled": 1, "colour": "red"
    }));
    assert_eq!(
        told,
        [
            "/colour",
            "/provider",
            "/workflow_slug",
            "/title",
            "/overall_step_number",
            "/mode",
            "/destination_db",
            "/destination_table_name",
            "/destination_field_mappings/b",
            "/destination_field_mappings/c",
            "/destination_field_mappings/d",
            "/enabled",
            "/settings/skip_if_failed",
            "/settings/depends_on",
        ]
    );
}

#[test]
fn modes_are_those_that_a_provider_has() {
    let with = |provider: &str, mode: Value| {
        read(json!({
            "workflow_slug": "s", "title": "t", "overall_step_number": 1, "provider": provider, "mode": mode,
            "settings": if provider == "native" { json!({ "handler": "url" }) } else { json!({}) }
        }))
        .map(|spec| spec.mode)
    };
    for (provider, mode) in [
        ("native", "sync"),
        ("zenrows", "sync"),
        ("http", "sync"),
        ("n8n", "async"),
        ("clay", "async"),
    ] {
        assert_eq!(with(provider, Value::Null).as_deref(), Ok(mode), "{provider}");
    }
    assert_eq!(with("http", json!("async")).as_deref(), Ok("async"));
    assert_eq!(with("n8n", json!("sync")).as_deref(), Ok("sync"));
    for (provider, mode) in [("native", "async"), ("zenrows", "async"), ("clay", "sync")] {
        assert_eq!(
            with(provider, json!(mode)).unwrap_err()[0].pointer,
            "/mode",
            "{provider}"
        );
    }
}

#[test]
fn settings_of_a_provider_are_left_to_it_but_mistyped_keys_are_found() {
    let with = |provider: &str, settings: Value| {
        read(json!({
            "workflow_slug": "s", "title": "t", "overall_step_number": 1, "provider": provider, "settings": settings
        }))
    };
    assert!(
        with(
            "http",
            json!({ "url": "https://a.example", "headers": {}, "timeout_ms": 9, "query": {} })
        )
        .is_ok()
    );
    let mistake = with("http", json!({ "skip_if_faild": true })).unwrap_err().remove(0);
    assert_eq!(
        mistake.to_string(),
        "'settings.skip_if_faild' is not known; did you mean 'skip_if_failed'?"
    );
    let native = with("native", json!({ "handler": "magic", "url": "x" })).unwrap_err();
    assert_eq!(
        native.iter().map(|each| each.pointer.as_str()).collect::<Vec<_>>(),
        ["/settings/url", "/settings/handler"]
    );
    assert_eq!(with("native", json!({})).unwrap_err()[0].pointer, "/settings/handler");
    assert_eq!(
        with("n8n", json!({ "handler": "url" })).unwrap_err()[0].pointer,
        "/settings/handler"
    );
    assert_eq!(
        with("n8n", json!({ "depends_on": ["s"] })).unwrap_err()[0].pointer,
        "/settings/depends_on"
    );
    assert_eq!(
        with("n8n", json!({ "done_status": "error" })).unwrap_err()[0].pointer,
        "/settings/done_status"
    );
    let columns = with("n8n", json!({ "conflict_columns": ["a", "b c"] })).unwrap_err();
    assert_eq!(columns[0].pointer, "/settings/conflict_columns/1");
}
