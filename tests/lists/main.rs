//! What stands around a list: previews, JSON, the exclusion list, keys that make a request count once, bulk commands,
//! batch runs.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on says so by a panic"
)]

mod batch_runs;
mod bulk;
mod exclusions;
mod forms;
mod once;
#[macro_use]
#[path = "../support/mod.rs"]
mod support;

use std::time::Duration;

use batch_runs::batch_runs_of_others_are_kept;
use bulk::{all_that_match_are_changed_with_a_count_first, what_does_not_move_says_why};
use exclusions::excluded_websites_are_never_contacted;
use forms::a_preview_tells_what_would_become_of_a_list;
use forms::json_lists_are_lists;
use forms::workbooks_are_lists;
use once::a_key_makes_a_request_count_once;

const SOON: Duration = Duration::from_secs(60);
const CSV: (&str, &str) = ("content-type", "text/csv");
const JSON: (&str, &str) = ("content-type", "application/json");

on_both_databases!("lists":
    a_preview_tells_what_would_become_of_a_list,
    json_lists_are_lists,
    workbooks_are_lists,
    excluded_websites_are_never_contacted,
    a_key_makes_a_request_count_once,
    all_that_match_are_changed_with_a_count_first,
    what_does_not_move_says_why,
    batch_runs_of_others_are_kept,
);
