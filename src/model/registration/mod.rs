//! Registrations: batches of jobs of six steps, the sixth of which has parts of its own.

pub mod batch;
pub mod company;
pub mod company_name;
pub mod filter;
pub mod form;
mod homes;
pub mod job;
pub mod likeness;
pub mod nzbn;
pub mod plan;
pub mod profile;
pub mod step;
mod street;
pub mod sub_step;

/// A word that is not the name of a state.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a status")]
pub struct UnknownState(pub String);
