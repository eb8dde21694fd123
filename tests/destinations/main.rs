//! Destinations outside HQ, on real databases and a PostgREST of our own.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on says so by a panic"
)]

mod any_values;
mod faults;
mod place;
mod postgrest;
mod rest_server;
#[path = "../support/mod.rs"]
mod support;
mod tables;
mod types;
mod writing;

macro_rules! on_both_databases {
    ($($room:ident::$name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test] async fn $name() { super::$room::$name(super::place::Place::sqlite().await).await; })+
        }
        mod postgresql {
            $(#[tokio::test] async fn $name() {
                if super::support::postgres::require_or_skip("destinations on PostgreSQL") {
                    let database = super::support::postgres::create_database();
                    super::$room::$name(super::place::Place::new(&database.url, "", super::place::hasty()).await).await;
                }
            })+
        }
    };
}

on_both_databases!(
    any_values::whatever_the_data_holds_only_its_own_row_can_fail,
    writing::a_repeat_updates_and_never_doubles,
    writing::one_bad_row_fails_alone,
    writing::many_rows_at_once_are_all_there,
    writing::conflict_columns_make_one_row_of_many_runs,
    writing::no_organisation_overwrites_a_row_of_another,
    writing::a_default_holds_where_the_data_has_nothing,
    faults::a_table_that_disappears_is_told_and_looked_for_again,
    faults::a_missing_table_is_no_matter_to_another,
    faults::a_closed_lane_has_written_what_it_took,
    tables::every_mistake_is_told_at_once,
    tables::what_cannot_be_written_to_is_refused,
    tables::a_key_is_found_or_asked_for,
);
