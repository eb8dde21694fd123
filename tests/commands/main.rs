//! Commands that work without a daemon, or beside one: `run`, `backup` and `demo`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on says so by a panic"
)]

mod backup;
mod demo;
mod run;
#[path = "../support/mod.rs"]
mod support;
