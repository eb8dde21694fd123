//! What each code of ZenRows means for us: one row each.

use super::super::limits::Health;

/// What is done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// It cannot succeed for this row.
    FailRow,
    /// It cannot succeed for any row.
    FailWorkflow,
    Retry,
    /// Once with more parameters, else it cannot succeed for this row.
    Escalate,
    /// Once with more parameters, else later.
    RetryEscalated,
    /// Once without having the page parsed, else later.
    RetryUnparsed,
    /// One call too many at a time.
    Crowded,
    /// Too many calls a second.
    SlowDown,
    /// The key is no good until somebody does something about it.
    Pause,
    /// Our address is blocked for its error rate.
    PauseBlocked,
}

/// One code.
pub(super) struct Known {
    pub(super) code: &'static str,
    pub(super) action: Action,
    pub(super) health: Health,
    pub(super) meaning: &'static str,
}

use Action::{
    Crowded, Escalate, FailRow, FailWorkflow, Pause, PauseBlocked, Retry, RetryEscalated, RetryUnparsed, SlowDown,
};
// A refusal of what we asked for: too many of these have the key banned.
use Health::{Bad, Good, Neutral, Offended};

const fn row(code: &'static str, action: Action, health: Health, meaning: &'static str) -> Known {
    Known {
        code,
        action,
        health,
        meaning,
    }
}

pub(super) const TABLE: [Known; 25] = [
    row("REQS001", FailRow, Offended, "requests to this domain are forbidden"),
    row(
        "REQS002",
        Escalate,
        Offended,
        "the site needs more parameters; add a set to `escalate`, e.g. { js_render = true, premium_proxy = true }, or \
         set mode = \"auto\" in `params`",
    ),
    row(
        "REQS004",
        FailWorkflow,
        Offended,
        "the parameters are wrong; mend `params`",
    ),
    row("REQS006", FailRow, Offended, "the key of the captcha solver is wrong"),
    row("RESP001", RetryEscalated, Neutral, "the content could not be had"),
    row("RESP002", FailRow, Good, "the site has no such page"),
    row("RESP003", RetryUnparsed, Neutral, "the page could not be parsed"),
    row(
        "RESP004",
        FailWorkflow,
        Offended,
        "`css_extractor` is wrong; mend it in `params`",
    ),
    row("RESP005", FailRow, Good, "the page is larger than the plan allows"),
    row("RESP006", Retry, Neutral, "the captcha was not solved"),
    row("RESP007", FailRow, Good, "the name of the site does not resolve"),
    row("RESP008", FailRow, Offended, "the page cannot be had, now or later"),
    row("CTX0002", Retry, Bad, "the time limit is over"),
    row("AUTH001", Pause, Neutral, "the key is missing"),
    row("AUTH002", Pause, Neutral, "the key has a wrong form"),
    row("AUTH003", Pause, Neutral, "the key is not known"),
    row("AUTH004", Pause, Neutral, "the usage of the plan is spent"),
    row("AUTH005", Pause, Neutral, "the subscription has expired"),
    row("AUTH006", Crowded, Offended, "the plan's concurrency is used up"),
    row("AUTH008", SlowDown, Offended, "too many requests in a short time"),
    row(
        "AUTH009",
        Pause,
        Neutral,
        "the email address of the account is not verified",
    ),
    row("AUTH010", Pause, Neutral, "the plan lacks a feature that was asked for"),
    row("AUTH011", Pause, Neutral, "there is no subscription"),
    row(
        "AUTH012",
        Pause,
        Neutral,
        "the subscription does not cover this product",
    ),
    row(
        "BLK0001",
        PauseBlocked,
        Neutral,
        "our address is blocked for its error rate",
    ),
];

/// The row of a code; of the status where the code is not known.
pub(super) fn find(code: &str, status: u16) -> &'static Known {
    const FAILED: Known = row("", Retry, Bad, "an error of its own");
    const KEY: Known = row("", Pause, Neutral, "the key was refused");
    const REQUEST: Known = row("", FailRow, Offended, "the request was refused");
    const PAGE: Known = row("", FailRow, Good, "the page cannot be had");
    const CONTENT: Known = row("", RetryEscalated, Neutral, "the content could not be had");
    const TOO_MANY: Known = row("", SlowDown, Offended, "too many requests");
    if let Some(known) = TABLE.iter().find(|known| known.code == code) {
        return known;
    }
    match status {
        401 | 402 => &KEY,
        422 => &CONTENT,
        424 | 408 | 425 => &FAILED,
        429 => &TOO_MANY,
        404 | 413 => &PAGE,
        400..=499 => &REQUEST,
        _ => &FAILED,
    }
}
