//! The commit pipeline on both databases: groups, order, fencing, halving, and what is left when the database refuses.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on says so by a panic"
)]

mod answers;
mod bench;
mod companies;
mod full_disk;
mod groups;
mod random_commands;
mod registration_model;
mod registration_moves;
mod registration_plans;
mod row_security;
mod schedules;
mod schema;
#[path = "../support/mod.rs"]
mod support;

use bench::Bench;

macro_rules! on_both_databases {
    ($($room:ident::$name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test] async fn $name() { super::$room::$name(super::Bench::sqlite("").await).await; })+
        }
        mod postgresql {
            $(#[tokio::test] async fn $name() {
                if super::support::postgres::require_or_skip("commit pipeline on PostgreSQL") {
                    let database = super::support::postgres::create_database();
                    super::$room::$name(super::Bench::new(&database.url, "").await).await;
                }
            })+
        }
    };
}

on_both_databases!(
    groups::a_command_that_fails_does_not_fail_its_group,
    groups::stale_versions_and_fenced_epochs_change_nothing,
    groups::an_unfinished_import_is_seen_by_nobody_and_leaves_nothing,
    groups::a_chunk_of_logs_is_written_once,
    companies::a_company_may_be_gone_before_its_logs_and_rows_are_written,
    companies::the_later_of_two_with_one_domain_is_written_over_the_earlier,
    groups::a_process_that_was_taken_over_from_writes_nothing_more,
    answers::an_accepted_answer_is_never_lost_and_never_applied_twice,
    schedules::a_run_takes_place_once_whatever_the_clock_does,
    schedules::those_who_are_being_registered_by_then_are_left_out,
    schedules::those_with_calls_that_nobody_knows_of_are_left_out,
    schedules::a_run_while_the_clock_was_far_ahead_silences_nobody_for_good,
    schedules::a_run_that_waits_takes_place_when_the_earlier_batch_has_ended,
    schedules::a_schedule_that_cannot_be_read_is_switched_off,
    registration_moves::ends_of_the_process_count_until_a_step_has_ended,
    registration_moves::no_call_leaves_once_its_batch_is_held,
    registration_moves::a_move_that_no_state_allows_changes_nothing,
    random_commands::random_commands_keep_counters_rows_and_journal_in_step,
    registration_plans::what_is_asked_again_and_again_uses_its_indexes,
    registration_model::random_commands_do_what_the_reference_model_says,
);
