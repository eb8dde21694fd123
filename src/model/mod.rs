//! The pure core: states, transitions, retry arithmetic, counts and fairness.
//!
//! Nothing here does I/O, reads a clock or draws a random number; callers hand those in.

pub mod access;
pub mod audit;
pub mod batch;
pub mod batch_run;
pub mod batch_template;
pub mod counts;
pub mod crash;
pub mod digest;
pub mod exclusion;
pub mod fair;
pub mod journal;
pub mod merge_patch;
pub mod play;
pub mod practice;
pub mod registration;
pub mod retention;
pub mod retry;
pub mod schedule;
pub mod speed;
pub mod step;
pub mod webhook;
pub mod workflow;
pub mod workflow_diff;
pub mod workflow_spec;
