//! The REST interface of registration batches: what is refused, and how; what lists, exports and streams tell.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on says so by a panic"
)]

mod answers;
mod choice;
#[allow(dead_code, reason = "shared with the tests of whole registrations")]
#[path = "../registration_flow/desk.rs"]
mod desk;
mod export;
mod feed;
mod keys;
mod lists;
mod proposals;
mod schedules;
mod states;
mod views;
#[macro_use]
#[path = "../support/mod.rs"]
mod support;

use answers::{all_that_stands_against_answers_is_told, what_is_no_longer_asked_is_refused_with_both_states};
use choice::{a_batch_takes_fifty, a_template_gives_what_is_left_out, restaurants_that_cannot_be_taken};
use desk::{Desk, NO_OFFICE, Opening};
use export::files_hold_every_restaurant_and_whole_texts;
use feed::a_stream_goes_on_where_it_was_left;
use keys::{a_batch_is_started_once, requests_that_come_again_are_carried_out_once};
use lists::{pages_hold_everything_once_while_rows_change, questions_are_told_to_their_organisation_oldest_first};
use proposals::many_are_confirmed_after_they_were_counted;
use schedules::{a_schedule_that_cannot_be_read_stops_only_itself, both_mistakes_of_a_timetable_are_told};
use states::every_command_in_every_state;
use support::daemon::Db;
use views::{
    a_default_that_is_not_taken_is_not_shown, a_question_is_told_with_its_times,
    a_registration_is_told_with_what_it_is_about, what_nobody_answers_in_time_fails_without_a_default,
    what_nobody_answers_in_time_is_answered_by_default,
};

/// A desk without the Companies Office.
async fn open(database: Db) -> Desk {
    let opening = Opening {
        plan: NO_OFFICE,
        ..Opening::default()
    };
    Desk::open(database, opening).await
}

/// Runs a statement that changes one row or more.
async fn sql(desk: &Desk, sql: &str) {
    use sea_orm::ConnectionTrait as _;
    let db = sea_orm::Database::connect(desk.daemon.database_url()).await.unwrap();
    assert!(db.execute_unprepared(sql).await.unwrap().rows_affected() > 0, "{sql}");
}

on_both_databases!("registration":
    a_batch_takes_fifty,
    a_template_gives_what_is_left_out,
    restaurants_that_cannot_be_taken,
    every_command_in_every_state,
    all_that_stands_against_answers_is_told,
    what_is_no_longer_asked_is_refused_with_both_states,
    files_hold_every_restaurant_and_whole_texts,
    a_stream_goes_on_where_it_was_left,
    a_batch_is_started_once,
    requests_that_come_again_are_carried_out_once,
    pages_hold_everything_once_while_rows_change,
    questions_are_told_to_their_organisation_oldest_first,
    many_are_confirmed_after_they_were_counted,
    both_mistakes_of_a_timetable_are_told,
    a_schedule_that_cannot_be_read_stops_only_itself,
    a_default_that_is_not_taken_is_not_shown,
    what_nobody_answers_in_time_is_answered_by_default,
    what_nobody_answers_in_time_fails_without_a_default,
    a_question_is_told_with_its_times,
    a_registration_is_told_with_what_it_is_about,
);
