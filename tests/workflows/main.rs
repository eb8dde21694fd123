//! Companies, the workflows that enrich them, the files that workflows come from, and runs.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on says so by a panic"
)]

mod authored;
mod companies;
mod files;
mod runs;
#[macro_use]
#[path = "../support/mod.rs"]
mod support;

use std::time::Duration;

use reqwest::Method;
use serde_json::Value;

use authored::{
    a_copy_can_be_changed, authors_make_and_change_workflows, changes_meet_versions, mistakes_are_told_at_once,
    who_may_do_what,
};
use companies::{companies_are_made_found_and_changed, companies_come_as_files, companies_that_are_wrong_are_refused};
use files::{
    a_wrong_registration_file_changes_nothing, files_own_their_workflows, what_files_would_change_is_shown_first,
};
use runs::{
    companies_run_through_a_play, many_companies_become_one_job, parts_of_a_play_run_alone,
    runs_that_make_no_sense_are_refused,
};
use support::api::{Answer, Api};

const SOON: Duration = Duration::from_secs(60);
const CSV: (&str, &str) = ("content-type", "text/csv");
const JSON: (&str, &str) = ("content-type", "application/json");

/// Sends JSON by any method.
async fn send(api: &Api, method: Method, path: &str, body: &Value) -> Answer {
    api.raw(method, path, body.to_string(), &[JSON]).await
}

/// The values of one member of a list's items.
fn each(list: &Value, member: &str) -> Vec<Value> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|item| item[member].clone())
        .collect()
}

on_both_databases!("workflows":
    companies_are_made_found_and_changed,
    companies_that_are_wrong_are_refused,
    companies_come_as_files,
    authors_make_and_change_workflows,
    mistakes_are_told_at_once,
    changes_meet_versions,
    who_may_do_what,
    a_copy_can_be_changed,
    files_own_their_workflows,
    a_wrong_registration_file_changes_nothing,
    what_files_would_change_is_shown_first,
    companies_run_through_a_play,
    parts_of_a_play_run_alone,
    many_companies_become_one_job,
    runs_that_make_no_sense_are_refused,
);
