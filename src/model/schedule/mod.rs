//! Schedules: when something runs again and again, and what becomes of a run whose time has come.

mod cron;
mod policy;
#[cfg(test)]
mod tests;

pub use cron::{Mistaken, Timetable};
pub use policy::{Decision, MISSED_AFTER, MissedPolicy, Occasion, OverlapPolicy, UnknownPolicy, decide};
