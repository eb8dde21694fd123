//! What goes wrong on request.

use std::collections::{HashMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::Resource;

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asked {
    /// To do something, or, of [`Resource::Readiness`], to check.
    Work,
    /// To tell what was done.
    Find,
}

/// What goes wrong with one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum Fault {
    /// There is no answer, ever; what it asked for is done, or not.
    Hang {
        /// Whether it is done.
        #[serde(default)]
        effect: bool,
    },
    /// What it asked for is done, and the answer is 500.
    HalfSucceed,
    /// What it asked for is done, and the connection is closed without an answer.
    DieBeforeAnswer,
    /// Nothing is done, and the connection is closed without an answer.
    DieBeforeEffect,
    /// What it asked for is done, and the answer is a web page with status 200.
    Garbage,
    /// Nothing is done; 429.
    SlowDown {
        /// What `Retry-After` says, in seconds.
        retry_after: u64,
    },
    /// Nothing is done; this status, for good where it is a 4xx.
    Refuse {
        /// The status.
        status: u16,
    },
    /// Nothing is done; 401, as if the key were a wrong one.
    RefuseLogin,
    /// All is well, after a while.
    Slow {
        /// How long it takes.
        ms: u64,
    },
}

impl Fault {
    /// Whether what was asked for is done all the same.
    pub(super) fn has_effect(self) -> bool {
        match self {
            Self::Hang { effect } => effect,
            Self::HalfSucceed | Self::DieBeforeAnswer | Self::Garbage | Self::Slow { .. } => true,
            Self::DieBeforeEffect | Self::SlowDown { .. } | Self::Refuse { .. } | Self::RefuseLogin => false,
        }
    }
}

/// The faults that are still to come.
#[derive(Default)]
pub(super) struct Faults(HashMap<(Resource, Asked), VecDeque<(Fault, u32)>>);

impl Faults {
    pub(super) fn add(&mut self, resource: Resource, asked: Asked, fault: Fault, times: u32) {
        if times > 0 {
            self.0.entry((resource, asked)).or_default().push_back((fault, times));
        }
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// The fault that this request has.
    pub(super) fn take(&mut self, resource: Resource, asked: Asked) -> Option<Fault> {
        let queue = self.0.get_mut(&(resource, asked))?;
        let (fault, times) = queue.front_mut()?;
        let fault = *fault;
        *times -= 1;
        if *times == 0 {
            queue.pop_front();
        }
        Some(fault)
    }
}
