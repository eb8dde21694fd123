//! Who may come in and what they may do: users, sessions, tokens, an outside issuer, the audit log, and what every answer
//! says to browsers.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on says so by a panic"
)]

mod access;
mod audit;
mod browser;
mod canary;
mod claims;
mod first_user;
mod issuer;
mod keys;
mod sessions;
mod surface;
mod tokens;
mod users;
#[macro_use]
#[path = "../support/mod.rs"]
mod support;

use access::every_route_has_a_rule_and_keeps_it;
use audit::{changes_and_their_rows_are_one, what_people_do_is_kept};
use canary::no_secret_is_written_anywhere;
use first_user::a_daemon_without_users_is_set_up_once;
use issuer::{tokens_of_an_issuer_are_accepted, tokens_that_are_not_right_are_refused};
use keys::no_key_of_others_is_written_anywhere;
use sessions::{
    guessing_is_slowed_down_and_locks_nobody_out, requests_of_other_sites_are_refused, sessions_begin_and_end,
};
use tokens::tokens_are_limited_and_end;
use users::{links_are_sent_to_whoever_passes_them_on, nobody_can_be_locked_out, users_are_administered};

const PASSWORD: &str = "correct horse battery staple";

on_both_databases!("identity":
    every_route_has_a_rule_and_keeps_it,
    what_people_do_is_kept,
    changes_and_their_rows_are_one,
    no_secret_is_written_anywhere,
    no_key_of_others_is_written_anywhere,
    a_daemon_without_users_is_set_up_once,
    tokens_of_an_issuer_are_accepted,
    tokens_that_are_not_right_are_refused,
    sessions_begin_and_end,
    requests_of_other_sites_are_refused,
    guessing_is_slowed_down_and_locks_nobody_out,
    tokens_are_limited_and_end,
    users_are_administered,
    links_are_sent_to_whoever_passes_them_on,
    nobody_can_be_locked_out,
);
