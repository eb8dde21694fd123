//! The webhooks of a table, and how fast rows may come in.

use std::collections::HashMap;
use std::time::Instant;

/// How a submission is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// No such webhook, or no longer.
    Deleted,
    /// It has taken all the submissions of its life.
    Exhausted,
    /// Too fast: try again after so many seconds.
    TooFast(u64),
}

/// The webhooks and the workspace's rate, which they share.
pub(super) struct Webhooks {
    taken: HashMap<String, u64>,
    lifetime: u64,
    rate: f64,
    burst: f64,
    tokens: f64,
    filled: Instant,
    made: u64,
}

impl Webhooks {
    pub(super) fn new(rate: f64, burst: u32, lifetime: u64) -> Self {
        Self {
            taken: HashMap::new(),
            lifetime,
            rate,
            burst: f64::from(burst),
            tokens: f64::from(burst),
            filled: Instant::now(),
            made: 0,
        }
    }

    /// Makes one more webhook.
    pub(super) fn make(&mut self) -> String {
        self.made += 1;
        let id = format!("pull-in-data-from-a-webhook-{:08x}", self.made);
        self.taken.insert(id.clone(), 0);
        id
    }

    pub(super) fn delete(&mut self, id: &str) {
        self.taken.remove(id);
    }

    pub(super) fn exists(&self, id: &str) -> bool {
        self.taken.contains_key(id)
    }

    pub(super) fn taken(&self, id: &str) -> u64 {
        self.taken.get(id).copied().unwrap_or_default()
    }

    pub(super) fn set_lifetime(&mut self, lifetime: u64) {
        self.lifetime = lifetime;
    }

    pub(super) fn set_rate(&mut self, rate: f64, burst: u32) {
        self.rate = rate;
        self.burst = f64::from(burst);
        self.tokens = self.burst;
        self.filled = Instant::now();
    }

    /// Takes so many rows, all or none.
    pub(super) fn take(&mut self, id: &str, rows: u64) -> Result<(), Refused> {
        let taken = self.taken.get_mut(id).ok_or(Refused::Deleted)?;
        if *taken + rows > self.lifetime {
            return Err(Refused::Exhausted);
        }
        let now = Instant::now();
        let earned = now.duration_since(self.filled).as_secs_f64() * self.rate;
        self.tokens = (self.tokens + earned).min(self.burst);
        self.filled = now;
        let wanted = rows as f64;
        if self.tokens < wanted {
            let wait = (wanted - self.tokens) / self.rate.max(f64::MIN_POSITIVE);
            return Err(Refused::TooFast(wait.ceil().clamp(1.0, 3600.0) as u64));
        }
        self.tokens -= wanted;
        *taken += rows;
        Ok(())
    }
}
