//! What calls something outside, and the limits that all batches share.

pub mod host_limits;

pub use host_limits::{Entry, HostLimits, HostSlot};
