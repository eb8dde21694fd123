//! Commands that work without a daemon, or beside one: `run` and `backup`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on says so by a panic"
)]

mod backup;
mod run;
#[path = "../support/mod.rs"]
mod support;
