//! How much is asked of a provider: its rate, how many calls at a time, and whether it is asked at all.
//!
//! `bucket`, `circuit` and `width` are pure: the time is handed in. `gate` puts them together and waits.

mod bucket;
mod circuit;
mod gate;
mod gates;
mod terms;
mod width;

pub(super) use bucket::Bucket;
pub(super) use circuit::{Change, Circuit, CircuitRule, Health, Position};
pub(super) use gate::{Gate, Place};
pub(super) use gates::{GateKey, Gates};
pub(super) use terms::{Effect, Fingerprint, Refused, Tuning};
pub(super) use width::Width;
