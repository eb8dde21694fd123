//! Who fetched what: counts for every path, and the latest visits with their times.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

/// One request that was answered.
#[derive(Debug, Clone)]
pub struct Visit {
    /// The path, without the query.
    pub path: String,
    /// When the request had arrived.
    pub at: Instant,
}

#[derive(Default)]
struct Entries {
    practices: HashMap<u64, u64>,
    paths: HashMap<String, u64>,
    keys: HashMap<String, u64>,
    visits: VecDeque<Visit>,
    delay: Duration,
    robots: Option<String>,
}

impl Entries {
    fn note(&mut self, path: String) {
        if self.visits.len() == Ledger::VISITS_KEPT {
            self.visits.pop_front();
        }
        self.visits.push_back(Visit {
            path,
            at: Instant::now(),
        });
    }
}

/// What the site remembers and how it is set. One lock, so that a count and the log never disagree.
#[derive(Default)]
pub(super) struct Ledger {
    entries: Mutex<Entries>,
    practice_total: watch::Sender<u64>,
}

impl Ledger {
    /// How many visits the log keeps.
    pub(super) const VISITS_KEPT: usize = 10_000;

    fn lock(&self) -> MutexGuard<'_, Entries> {
        // Every change below is complete before anything in it could panic.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn count_practice(&self, n: u64) {
        let mut entries = self.lock();
        *entries.practices.entry(n).or_default() += 1;
        self.practice_total.send_modify(|total| *total += 1);
        entries.note(format!("/p/{n}"));
    }

    pub(super) fn count_path(&self, path: &str) {
        let mut entries = self.lock();
        *entries.paths.entry(path.to_owned()).or_default() += 1;
        entries.note(path.to_owned());
    }

    /// How often this was asked for `key` before.
    pub(super) fn earlier(&self, key: String) -> u64 {
        let mut entries = self.lock();
        let asked = entries.keys.entry(key).or_default();
        *asked += 1;
        *asked - 1
    }

    pub(super) fn hits(&self, n: u64) -> u64 {
        self.lock().practices.get(&n).copied().unwrap_or_default()
    }

    pub(super) fn total_hits(&self) -> u64 {
        *self.practice_total.borrow()
    }

    /// Follows [`total_hits`](Self::total_hits).
    pub(super) fn follow_total_hits(&self) -> watch::Receiver<u64> {
        self.practice_total.subscribe()
    }

    pub(super) fn path_hits(&self, path: &str) -> u64 {
        self.lock().paths.get(path).copied().unwrap_or_default()
    }

    pub(super) fn visits(&self) -> Vec<Visit> {
        self.lock().visits.iter().cloned().collect()
    }

    pub(super) fn forget(&self) {
        let mut entries = self.lock();
        *entries = Entries {
            delay: entries.delay,
            robots: entries.robots.take(),
            ..Entries::default()
        };
        self.practice_total.send_replace(0);
    }

    pub(super) fn delay(&self) -> Duration {
        self.lock().delay
    }

    pub(super) fn set_delay(&self, delay: Duration) {
        self.lock().delay = delay;
    }

    pub(super) fn robots(&self) -> Option<String> {
        self.lock().robots.clone()
    }

    pub(super) fn set_robots(&self, robots: Option<&str>) {
        self.lock().robots = robots.map(str::to_owned);
    }
}
