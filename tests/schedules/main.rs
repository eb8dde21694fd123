//! Templates of registration batches, and schedules that make batches by themselves.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on says so by a panic"
)]

mod authored;
mod desk;
mod running;
mod templates;
#[macro_use]
#[path = "../support/mod.rs"]
mod support;

use authored::{schedules_are_made_changed_and_deleted, schedules_that_do_not_hold_are_refused};
use running::{
    a_missed_run_is_made_up_for_once_after_a_restart, a_run_is_left_out_while_a_batch_of_the_schedule_is_open,
    a_schedule_that_is_due_makes_one_batch, somebody_may_run_a_schedule_at_once,
};
use templates::{a_batch_is_made_of_a_template, templates_are_made_changed_and_deleted};

on_both_databases!("schedules":
    templates_are_made_changed_and_deleted,
    a_batch_is_made_of_a_template,
    schedules_are_made_changed_and_deleted,
    schedules_that_do_not_hold_are_refused,
    a_schedule_that_is_due_makes_one_batch,
    a_run_is_left_out_while_a_batch_of_the_schedule_is_open,
    a_missed_run_is_made_up_for_once_after_a_restart,
    somebody_may_run_a_schedule_at_once,
);
