//! Where results of workflows go: tables in HQ's own database, in a workspace database, or behind PostgREST.
//!
//! A workflow's row names a table and maps JSON paths to its columns ([`DestinationSpec`]). What the table looks like is
//! asked of the database once ([`Destinations::plan`]); a [`TablePlan`] turns data into a row without any I/O; the row
//! is written by an upsert whose key is the id of the step run, so that a repeat changes nothing.
//!
//! Rows for HQ's own database are written in the transaction of their item ([`insert_rows`]). All others go through the
//! lane of their destination ([`Destinations::write`]), which nothing in HQ waits for but the item itself.

mod breaker;
mod coerce;
mod error;
mod fault;
mod fit;
mod insert;
mod introspect;
mod lane;
mod moment;
mod names;
mod number;
mod openapi;
mod outside;
mod path;
mod plan;
mod plans;
mod postgrest;
mod registry;
mod spec;
mod sql;
mod table;
mod target;
mod worker;

pub use breaker::BreakerState;
pub use error::{Blame, DestinationError, DestinationMistake};
#[cfg(test)]
pub(in crate::store) use insert::by_table;
pub(in crate::store) use insert::insert_rows;
pub use lane::{LaneState, Patience};
pub use plan::{DestinationRow, TablePlan};
pub use registry::Destinations;
pub use spec::{DestinationDb, DestinationSpec, RowIds, destination_of, read_destination};
