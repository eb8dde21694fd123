//! Webhooks: endpoints are told what happens to batches, at least once, signed, and nobody else is.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on says so by a panic"
)]

mod desk;
mod endpoints;
mod failing;
mod interrupted;
mod kept;
mod registrations;
mod telling;
#[macro_use]
#[path = "../support/mod.rs"]
mod support;

use endpoints::{
    a_new_secret_signs_beside_the_old_one, addresses_are_checked_when_they_are_given_and_when_they_are_used,
    an_endpoint_belongs_to_its_organisation, endpoints_are_made_changed_and_deleted, no_secret_is_told_twice,
};
use failing::{
    a_refusal_is_sent_again_under_the_same_id, a_slow_endpoint_holds_up_nobody_else,
    an_endpoint_that_asks_is_left_alone, an_endpoint_that_fails_for_days_is_switched_off,
    gone_is_switched_off_and_what_was_skipped_can_be_sent, what_slack_refuses_is_not_sent_again,
};
use interrupted::{
    a_message_on_its_way_gets_the_time_of_the_drain, killed_after_the_commit_it_is_told_all_the_same,
    killed_before_the_answer_it_is_sent_again,
};
use kept::{deliveries_are_a_list, events_are_kept_for_a_time, what_was_delivered_is_sent_again_when_asked_for};
use registrations::{registrations_are_told_of_and_questions_gathered, slack_hears_once_of_many_who_wait};
use telling::{each_event_is_told_once_and_signed, slack_is_told_in_its_own_way, who_asks_hears_of_steering_too};

on_both_databases!("webhooks":
    each_event_is_told_once_and_signed,
    who_asks_hears_of_steering_too,
    slack_is_told_in_its_own_way,
    registrations_are_told_of_and_questions_gathered,
    slack_hears_once_of_many_who_wait,
    a_refusal_is_sent_again_under_the_same_id,
    gone_is_switched_off_and_what_was_skipped_can_be_sent,
    an_endpoint_that_asks_is_left_alone,
    an_endpoint_that_fails_for_days_is_switched_off,
    what_slack_refuses_is_not_sent_again,
    a_slow_endpoint_holds_up_nobody_else,
    endpoints_are_made_changed_and_deleted,
    an_endpoint_belongs_to_its_organisation,
    a_new_secret_signs_beside_the_old_one,
    no_secret_is_told_twice,
    addresses_are_checked_when_they_are_given_and_when_they_are_used,
    killed_before_the_answer_it_is_sent_again,
    killed_after_the_commit_it_is_told_all_the_same,
    a_message_on_its_way_gets_the_time_of_the_drain,
    deliveries_are_a_list,
    what_was_delivered_is_sent_again_when_asked_for,
    events_are_kept_for_a_time,
);
