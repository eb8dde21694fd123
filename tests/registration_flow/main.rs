//! Registration batches from their start to their end: the steps, the people, the faults of the platform.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on says so by a panic"
)]

mod deaths;
mod desk;
mod doubts;
mod effects;
mod failing;
mod happy;
mod office;
mod people;
mod steering;
mod unknown_calls;
#[macro_use]
#[path = "../support/mod.rs"]
mod support;

use deaths::{
    a_call_that_a_death_cut_off_is_asked_about_where_nothing_tells,
    a_call_that_outlived_its_batch_and_the_daemon_is_looked_for,
    a_call_that_outlived_its_batch_and_the_daemon_is_recorded, whoever_waits_for_people_waits_on_after_a_death,
};
use doubts::{
    a_question_about_a_call_is_put_again, a_refusal_does_not_tell_what_an_earlier_call_has_done,
    a_search_that_is_not_there_tells_nothing, an_execution_that_was_asked_about_waits_its_turn_again,
    nobody_is_left_out_of_a_retry_because_a_call_of_theirs_is_on_its_way,
    what_was_retried_is_retried_from_its_newest_batch,
};
use effects::{
    a_call_that_nobody_knows_of_is_asked_about, every_fault_of_the_platform_leaves_one_effect,
    what_the_platform_refuses_for_good_fails_at_once,
};
use failing::{
    too_many_failures_fail_a_batch_where_that_is_wanted, what_is_forbidden_for_one_restaurant_stops_no_other,
    what_may_fail_is_left_out, without_a_platform_a_batch_fails_and_says_so,
};
use happy::{a_retry_may_mend_the_configuration, auckland_q4, leads_become_a_batch, one_restaurant_is_a_batch_of_one};
use office::{
    a_company_that_is_given_with_a_retry_waits_for_the_search, a_company_that_was_mistyped_is_corrected_in_a_retry,
    a_refused_key_pauses_the_batch, a_retry_names_its_own_candidates,
    a_retry_without_a_company_keeps_nothing_of_the_first_one, the_company_that_was_picked_is_looked_up,
    the_extraction_job_of_a_restaurant_is_followed,
};
use people::{answers_are_taken_once, answers_may_come_early_and_in_parts, what_is_not_waited_for_is_refused};
use steering::{
    a_call_that_outlives_its_batch_is_told_of_before_the_end, a_call_under_way_ends_before_its_batch_is_cancelled,
    a_draft_that_is_started_after_all_is_seen_again, a_pause_lets_the_running_sub_step_end,
    a_refused_login_fails_the_batch_and_a_retry_takes_all_up, executions_go_one_by_one_or_side_by_side,
    too_many_failures_pause_a_batch_once, what_a_cancelled_batch_left_undone_is_taken_up_alone,
};
use unknown_calls::{
    a_template_leaves_out_who_has_such_calls, nobody_is_told_of_such_calls_of_other_organisations,
    nothing_is_begun_anew_over_a_call_that_nobody_knows_of,
    older_batches_drafts_and_leads_are_not_begun_over_it_either,
};

on_both_databases!("registration":
    auckland_q4,
    a_retry_may_mend_the_configuration,
    leads_become_a_batch,
    one_restaurant_is_a_batch_of_one,
    the_company_that_was_picked_is_looked_up,
    the_extraction_job_of_a_restaurant_is_followed,
    a_refused_key_pauses_the_batch,
    answers_may_come_early_and_in_parts,
    answers_are_taken_once,
    what_is_not_waited_for_is_refused,
    a_pause_lets_the_running_sub_step_end,
    a_call_under_way_ends_before_its_batch_is_cancelled,
    too_many_failures_pause_a_batch_once,
    too_many_failures_fail_a_batch_where_that_is_wanted,
    what_may_fail_is_left_out,
    what_is_forbidden_for_one_restaurant_stops_no_other,
    without_a_platform_a_batch_fails_and_says_so,
    a_refused_login_fails_the_batch_and_a_retry_takes_all_up,
    executions_go_one_by_one_or_side_by_side,
    every_fault_of_the_platform_leaves_one_effect,
    a_call_that_nobody_knows_of_is_asked_about,
    what_the_platform_refuses_for_good_fails_at_once,
    an_execution_that_was_asked_about_waits_its_turn_again,
    a_search_that_is_not_there_tells_nothing,
    a_question_about_a_call_is_put_again,
    nothing_is_begun_anew_over_a_call_that_nobody_knows_of,
    older_batches_drafts_and_leads_are_not_begun_over_it_either,
    a_template_leaves_out_who_has_such_calls,
    whoever_waits_for_people_waits_on_after_a_death,
    a_call_that_a_death_cut_off_is_asked_about_where_nothing_tells,
    a_call_that_outlived_its_batch_and_the_daemon_is_recorded,
    a_call_that_outlived_its_batch_and_the_daemon_is_looked_for,
    nobody_is_told_of_such_calls_of_other_organisations,
    what_was_retried_is_retried_from_its_newest_batch,
    a_retry_names_its_own_candidates,
    a_draft_that_is_started_after_all_is_seen_again,
    a_call_that_outlives_its_batch_is_told_of_before_the_end,
    a_company_that_was_mistyped_is_corrected_in_a_retry,
    a_company_that_is_given_with_a_retry_waits_for_the_search,
    what_a_cancelled_batch_left_undone_is_taken_up_alone,
    a_refusal_does_not_tell_what_an_earlier_call_has_done,
    nobody_is_left_out_of_a_retry_because_a_call_of_theirs_is_on_its_way,
    a_retry_without_a_company_keeps_nothing_of_the_first_one,
);
