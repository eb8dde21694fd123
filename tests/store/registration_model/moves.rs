//! What an actor would write next of a registration, legal or not.

use super::reference::Written;
use super::rows::{Job, Part};

/// Ways to go on, by which a registration is moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Begin,
    Complete,
    TryAgain,
    Skip,
    Fail,
    /// Fails, and its batch with it.
    Critical,
    /// The call of a sub-step is about to leave.
    Call,
    /// Nobody knows what the call has done: a person is asked.
    Ask,
}

pub const WAYS: [Way; 8] = [
    Way::Begin,
    Way::Complete,
    Way::TryAgain,
    Way::Skip,
    Way::Fail,
    Way::Critical,
    Way::Call,
    Way::Ask,
];

/// What the registration's actor would do.
pub fn usual(job: &Job) -> Way {
    let begun = job.steps[job.current].status == "in_progress";
    match job.current {
        2 | 4 => Way::Ask,
        5 if begun => match whose_turn(&parts(job)) {
            Some(part) if part.status == "pending" => Way::Call,
            _ => Way::Complete,
        },
        _ if begun => Way::Complete,
        _ => Way::Begin,
    }
}

pub fn written(job: &Job, way: Way) -> Written {
    match job.current {
        2 | 4 => question(job, way),
        5 => execution(job, way),
        _ => automatic(job, way),
    }
}

fn moving(job: &Job, becomes: &'static str, operation: &'static str) -> Written {
    Written {
        to: "in_progress",
        current: job.current,
        call_open: false,
        steps: vec![(job.current, becomes)],
        parts: None,
        asks: false,
        operation,
        told: Some(becomes),
        fails_batch: false,
    }
}

fn failing(job: &Job, way: Way) -> Written {
    let mut failed = moving(job, "failed", "step_failed");
    failed.to = "failed";
    failed
        .steps
        .extend((job.current + 1..6).map(|later| (later, "skipped")));
    failed.fails_batch = way == Way::Critical;
    failed
}

fn question(job: &Job, way: Way) -> Written {
    if matches!(way, Way::Fail | Way::Critical) {
        return failing(job, way);
    }
    Written {
        to: "action_required",
        asks: true,
        ..moving(job, "action_required", "action_required")
    }
}

fn automatic(job: &Job, way: Way) -> Written {
    let current = job.current + 1;
    match way {
        Way::Complete => Written {
            current,
            ..moving(job, "completed", "step_completed")
        },
        Way::Skip => Written {
            current,
            ..moving(job, "skipped", "step_skipped")
        },
        Way::Fail | Way::Critical => failing(job, way),
        Way::TryAgain => moving(job, "in_progress", "step_waiting"),
        Way::Begin | Way::Call | Way::Ask => moving(job, "in_progress", "step_started"),
    }
}

fn parts(job: &Job) -> Vec<Part> {
    let new = || {
        ["account", "menu", "images"].map(|name| Part {
            name: name.to_owned(),
            status: "pending",
            unknown: false,
        })
    };
    job.steps[5].parts.clone().unwrap_or_else(|| new().to_vec())
}

fn whose_turn(parts: &[Part]) -> Option<&Part> {
    let begun = |part: &&Part| matches!(part.status, "in_progress" | "action_required");
    let open = parts.iter().find(begun);
    open.or_else(|| parts.iter().find(|part| part.status == "pending"))
}

fn execution(job: &Job, way: Way) -> Written {
    let mut parts = parts(job);
    let turn = whose_turn(&parts).map(|part| part.name.clone());
    let Some(part) = parts.iter_mut().find(|part| Some(&part.name) == turn.as_ref()) else {
        return Written {
            to: "completed",
            parts: Some(parts),
            ..moving(job, "completed", "step_completed")
        };
    };
    let within = |operation| Written {
        told: None,
        ..moving(job, "in_progress", operation)
    };
    let is_called = part.status == "in_progress";
    let mut written = match way {
        Way::Complete if is_called => {
            part.status = "completed";
            part.unknown = false;
            within("step_completed")
        }
        Way::TryAgain if is_called => {
            part.unknown = true;
            moving(job, "in_progress", "step_waiting")
        }
        Way::Skip if part.status == "pending" => {
            part.status = "skipped";
            within("step_skipped")
        }
        Way::Ask if is_called => {
            part.status = "action_required";
            part.unknown = true;
            Written {
                to: "action_required",
                asks: true,
                ..moving(job, "action_required", "action_required")
            }
        }
        Way::Fail | Way::Critical => {
            part.status = "failed";
            for later in parts.iter_mut().filter(|part| part.status == "pending") {
                later.status = "skipped";
            }
            failing(job, way)
        }
        Way::Call if part.status != "action_required" => {
            part.unknown |= is_called && job.call_open;
            part.status = "in_progress";
            Written {
                call_open: true,
                ..within("step_started")
            }
        }
        _ => Written {
            call_open: job.call_open,
            ..moving(job, "in_progress", "step_started")
        },
    };
    written.parts = Some(parts);
    written
}
