//! Registrations: batches of jobs of six steps, the sixth of which has parts of its own.

pub mod batch;
pub mod form;
pub mod job;
pub mod plan;
pub mod step;
pub mod sub_step;

/// A word that is not the name of a state.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a status")]
pub struct UnknownState(pub String);
