//! Leads and restaurants, and how the ones become the others.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on says so by a panic"
)]

mod leads;
mod restaurants;
#[macro_use]
#[path = "../support/mod.rs"]
mod support;

use reqwest::Method;
use serde_json::Value;

use leads::{
    a_conversion_that_cannot_be_is_none, a_filter_is_counted_before_it_converts, leads_are_found_by_what_is_known,
    leads_become_restaurants_once, leads_come_as_files,
};
use restaurants::{
    mistakes_are_told_at_once, restaurants_are_made_and_changed, restaurants_in_use_stay,
    what_is_sent_twice_is_made_once,
};
use support::api::{Answer, Api};

const CSV: (&str, &str) = ("content-type", "text/csv");
const JSON: (&str, &str) = ("content-type", "application/json");
/// An id that nothing has.
const NOBODY: &str = "0190a000-0000-7000-8000-000000000000";

/// Changes something, with the version that is changed where it matters.
async fn patch(api: &Api, path: &str, body: &Value, version: Option<&str>) -> Answer {
    let mut headers = vec![JSON];
    headers.extend(version.map(|version| ("if-match", version)));
    api.raw(Method::PATCH, path, body.to_string(), &headers).await
}

async fn delete(api: &Api, path: &str) -> Answer {
    api.raw(Method::DELETE, path, "", &[]).await
}

/// The names on a list.
async fn names(api: &Api, path: &str) -> Vec<String> {
    let list = api.get(path).await.expect(200).json();
    each(&list["data"], "name")
}

/// One member of each of several items, as text.
fn each(list: &Value, member: &str) -> Vec<String> {
    let items = list.as_array().unwrap().iter();
    items.map(|item| item[member].as_str().unwrap().to_owned()).collect()
}

/// The places of mistakes.
fn pointers(refused: &Value) -> Vec<String> {
    assert_eq!(refused["code"], "invalid", "{refused}");
    each(&refused["errors"], "pointer")
}

on_both_databases!("registration":
    restaurants_are_made_and_changed,
    mistakes_are_told_at_once,
    what_is_sent_twice_is_made_once,
    restaurants_in_use_stay,
    leads_are_found_by_what_is_known,
    leads_become_restaurants_once,
    a_conversion_that_cannot_be_is_none,
    a_filter_is_counted_before_it_converts,
    leads_come_as_files,
);
