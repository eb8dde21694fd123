//! The states of a registration batch, as the specification draws them.

/// What becomes of a batch, or why nothing does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    To(&'static str),
    /// What was asked for holds.
    Already,
    Illegal,
}

/// What somebody, or the engine, does to a whole batch.
/// What starts and goes on comes more often than what ends.
pub const EVENTS: [&str; 8] = [
    "start", "start", "pause", "resume", "resume", "resume", "cancel", "fail",
];

/// The state that an event aims at.
pub fn target(event: &str) -> &'static str {
    match event {
        "start" => "pending",
        "pause" => "paused",
        "resume" => "in_progress",
        "cancel" => "cancelled",
        _ => "failed",
    }
}

pub fn next(batch: &str, event: &str) -> Next {
    match (batch, event) {
        ("draft", "start") => Next::To("pending"),
        ("pending" | "in_progress", "pause") => Next::To("paused"),
        ("paused", "resume") => Next::To("in_progress"),
        ("draft" | "pending" | "in_progress" | "paused", "cancel") => Next::To("cancelled"),
        ("pending" | "in_progress" | "paused", "fail") => Next::To("failed"),
        // One that runs was started; nobody need resume it.
        ("pending" | "in_progress", "start" | "resume")
        | ("paused", "pause")
        | ("cancelled", "cancel")
        | ("failed", "fail") => Next::Already,
        _ => Next::Illegal,
    }
}

/// Of a batch or a registration.
pub fn has_ended(status: &str) -> bool {
    matches!(status, "completed" | "failed" | "cancelled")
}

/// Whether a batch was started and has not ended.
pub fn is_open(batch: &str) -> bool {
    matches!(batch, "pending" | "in_progress" | "paused")
}

/// `pending → in_progress ⇄ action_required → completed | failed | cancelled`. What has to be asked at once need not begin before; what
/// has not ended is pending again where its batch fails.
pub fn job_may_become(from: &str, to: &str) -> bool {
    match to {
        "in_progress" => matches!(from, "pending" | "in_progress" | "action_required"),
        "action_required" => matches!(from, "pending" | "in_progress"),
        "completed" => from == "in_progress",
        _ => !has_ended(from),
    }
}

pub fn step_has_ended(status: &str) -> bool {
    matches!(status, "completed" | "failed" | "skipped")
}

/// `pending → in_progress → completed | action_required | failed | skipped`. A step that is tried again, or was cut off, begins once more;
/// one that is asked about need not begin before.
pub fn step_may_become(from: &str, to: &str) -> bool {
    match to {
        "in_progress" | "action_required" => matches!(from, "pending" | "in_progress"),
        "completed" => matches!(from, "in_progress" | "action_required"),
        _ => !step_has_ended(from),
    }
}
