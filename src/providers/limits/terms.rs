//! What goes into a gate and comes out of it.

use std::time::Duration;

use super::{CircuitRule, Health, Position};

/// What tells one value of a secret from the next, and nothing else.
pub(in crate::providers) type Fingerprint = [u8; 32];

/// What a workflow asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::providers) struct Tuning {
    /// Calls at a time, if the workflow says so.
    pub(in crate::providers) concurrency: Option<usize>,
    /// Calls a second, and at once after a rest.
    pub(in crate::providers) rate: Option<(f64, f64)>,
    /// Where neither is said.
    pub(in crate::providers) default_concurrency: usize,
    /// Whether the limit is learnt from the provider.
    pub(in crate::providers) learns: bool,
    pub(in crate::providers) circuit: CircuitRule,
}

/// Why no call may start now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::providers) enum Refused {
    /// Until somebody resumes it, or for so long.
    Paused { reason: String, rest: Option<Duration> },
    /// Not for so long.
    Later { wait: Duration, why: &'static str },
}

/// What a call's end means for the calls after it.
#[derive(Clone, Debug)]
pub(in crate::providers) struct Effect {
    pub(in crate::providers) health: Health,
    pub(in crate::providers) failed: bool,
    pub(in crate::providers) cost: Option<f64>,
    /// The limit that the provider names, and how much of it is free.
    pub(in crate::providers) limit: Option<usize>,
    pub(in crate::providers) remaining: Option<usize>,
    /// Refused as one too many at a time.
    pub(in crate::providers) crowded: bool,
    /// Nothing is to start for so long.
    pub(in crate::providers) rest: Option<Duration>,
    /// Nothing is to start until it is resumed, or for so long.
    pub(in crate::providers) pause: Option<(String, Option<Duration>)>,
}

impl Effect {
    pub(in crate::providers) fn of(health: Health) -> Self {
        Self {
            health,
            failed: health == Health::Bad,
            cost: None,
            limit: None,
            remaining: None,
            crowded: false,
            rest: None,
            pause: None,
        }
    }
}

/// What people see of a gate.
#[derive(Clone, Debug)]
pub(in crate::providers) struct Snapshot {
    pub(in crate::providers) in_flight: usize,
    pub(in crate::providers) limit: usize,
    pub(in crate::providers) position: Position,
    pub(in crate::providers) paused: Option<(String, Option<Duration>)>,
    pub(in crate::providers) resting: Option<Duration>,
    pub(in crate::providers) calls: u64,
    pub(in crate::providers) failures: u64,
    pub(in crate::providers) crowded: u64,
    pub(in crate::providers) cost: f64,
}
