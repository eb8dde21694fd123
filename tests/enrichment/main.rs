//! Steps that providers do, through the real daemon: called, called back, stored in tables, logged.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on says so by a panic"
)]

#[macro_use]
#[path = "../support/mod.rs"]
mod support;

mod callbacks;
mod checks;
mod desk;
mod faults;
mod outside;
mod plays;
mod seed;
