//! Politeness: how many practices of a host are worked on at a time, and how far apart its requests are, from all
//! batches together.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Hosts that are remembered before those at rest are forgotten.
const REMEMBERED: usize = 4_096;
/// The longest that a step waits for its turn in memory; beyond it the wait becomes a row with a time.
const LONGEST_WAIT: Duration = Duration::from_secs(1);
/// Bounds of the extra delay for a host that answers 429 or 503 without saying how long to wait.
const FIRST_SLOWDOWN: Duration = Duration::from_secs(1);
const LONGEST_SLOWDOWN: Duration = Duration::from_secs(60);

/// What a host is granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Courtesy {
    /// Items at a time.
    pub concurrency: usize,
    /// Least time between the starts of two requests.
    pub delay: Duration,
}

#[derive(Debug, Default)]
struct Host {
    in_use: usize,
    /// The items that have said that they are there.
    items: Vec<i64>,
    /// No request starts before this.
    next_at: Option<Instant>,
    /// Extra delay while the host complains.
    slowdown: Duration,
}

impl Host {
    fn is_at_rest(&self, now: Instant) -> bool {
        self.in_use == 0 && self.slowdown.is_zero() && self.next_at.is_none_or(|at| at <= now)
    }
}

/// The limits of all hosts. Cheap to share.
#[derive(Debug)]
pub struct HostLimits {
    courtesy: Mutex<Courtesy>,
    hosts: Mutex<HashMap<String, Host>>,
}

/// Whether an item may begin on its host.
#[derive(Debug)]
pub enum Entry {
    Granted(HostSlot),
    /// As many items as allowed are at the host.
    Full,
    /// The host is to be left alone for this long.
    Later(Duration),
}

/// An item's place at a host; given back when dropped.
#[derive(Debug)]
pub struct HostSlot {
    limits: Arc<HostLimits>,
    host: String,
    item: Option<i64>,
}

impl HostSlot {
    /// Says which item has the place.
    #[must_use]
    pub fn taken_by(mut self, item: i64) -> Self {
        self.item = Some(item);
        self.limits.with_host(&self.host, |state| state.items.push(item));
        self
    }
}

/// How an item stands to its host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It has a place there.
    Entered,
    /// It has none, and the host has none to give now.
    HeldBack,
    /// It has none, and could have one.
    Welcome,
}

impl Drop for HostSlot {
    fn drop(&mut self) {
        self.limits.leave(&self.host, self.item);
    }
}

impl HostLimits {
    #[must_use]
    pub fn new(courtesy: Courtesy) -> Arc<Self> {
        Arc::new(Self {
            courtesy: Mutex::new(courtesy),
            hosts: Mutex::new(HashMap::new()),
        })
    }

    /// Changes what hosts are granted from now on.
    pub fn set_courtesy(&self, courtesy: Courtesy) {
        *self.courtesy.lock().unwrap_or_else(PoisonError::into_inner) = courtesy;
    }

    fn courtesy(&self) -> Courtesy {
        *self.courtesy.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with_host<T>(&self, host: &str, work: impl FnOnce(&mut Host) -> T) -> T {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if hosts.len() >= REMEMBERED && !hosts.contains_key(host) {
            let now = Instant::now();
            hosts.retain(|_, host| !host.is_at_rest(now));
        }
        match hosts.get_mut(host) {
            Some(host) => work(host),
            None => work(hosts.entry(host.to_owned()).or_default()),
        }
    }

    /// Takes a place at the host, if there is one now.
    pub fn try_enter(self: &Arc<Self>, host: &str) -> Entry {
        let courtesy = self.courtesy();
        let now = Instant::now();
        self.with_host(host, |state| {
            if state.in_use >= courtesy.concurrency {
                return Entry::Full;
            }
            match state.next_at.and_then(|at| at.checked_duration_since(now)) {
                Some(wait) if !wait.is_zero() => Entry::Later(wait),
                _ => {
                    state.in_use += 1;
                    Entry::Granted(HostSlot {
                        limits: Arc::clone(self),
                        host: host.to_owned(),
                        item: None,
                    })
                }
            }
        })
    }

    /// How the item stands to its host now.
    #[must_use]
    pub fn standing(&self, host: &str, item: i64) -> Standing {
        let concurrency = self.courtesy().concurrency;
        let hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(state) = hosts.get(host) else {
            return Standing::Welcome;
        };
        let rests = state.next_at.is_some_and(|at| at > Instant::now() + LONGEST_WAIT);
        if state.items.contains(&item) {
            Standing::Entered
        } else if state.in_use >= concurrency || rests {
            Standing::HeldBack
        } else {
            Standing::Welcome
        }
    }

    fn leave(&self, host: &str, item: Option<i64>) {
        self.with_host(host, |state| {
            state.in_use = state.in_use.saturating_sub(1);
            state.items.retain(|there| Some(*there) != item);
        });
    }

    /// Reserves the next turn at the host and tells how long to wait for it.
    ///
    /// # Errors
    /// The wait, where it is longer than a step may sleep; then nothing is reserved.
    pub fn reserve(&self, host: &str) -> Result<Duration, Duration> {
        let delay = self.courtesy().delay;
        let now = Instant::now();
        self.with_host(host, |state| {
            let start = state.next_at.map_or(now, |at| at.max(now));
            let wait = start - now;
            if wait > LONGEST_WAIT {
                return Err(wait);
            }
            state.next_at = Some(start + delay.max(state.slowdown));
            Ok(wait)
        })
    }

    /// Learns from an answer: a host that says 429 or 503 is left alone for as long as it asks, or for longer each
    /// time; one that answers well is forgiven by halves.
    pub fn learn(&self, host: &str, status: u16, retry_after: Option<Duration>) {
        self.with_host(host, |state| {
            if matches!(status, 429 | 503) {
                state.slowdown = (state.slowdown * 2).clamp(FIRST_SLOWDOWN, LONGEST_SLOWDOWN);
                let until = Instant::now() + retry_after.unwrap_or(state.slowdown);
                state.next_at = Some(state.next_at.map_or(until, |at| at.max(until)));
            } else if status < 500 {
                state.slowdown /= 2;
                if state.slowdown < FIRST_SLOWDOWN / 4 {
                    state.slowdown = Duration::ZERO;
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(concurrency: usize, delay_ms: u64) -> Arc<HostLimits> {
        HostLimits::new(Courtesy {
            concurrency,
            delay: Duration::from_millis(delay_ms),
        })
    }

    #[test]
    fn a_host_takes_as_many_as_allowed_and_again_when_one_leaves() {
        let limits = limits(1, 0);
        let Entry::Granted(first) = limits.try_enter("a.nz") else {
            panic!("nobody is there");
        };
        let first = first.taken_by(7);
        assert!(matches!(limits.try_enter("a.nz"), Entry::Full));
        assert_eq!(limits.standing("a.nz", 7), Standing::Entered);
        assert_eq!(limits.standing("a.nz", 8), Standing::HeldBack);
        assert_eq!(limits.standing("b.nz", 8), Standing::Welcome);
        assert!(matches!(limits.try_enter("b.nz"), Entry::Granted(_)));
        drop(first);
        assert_eq!(limits.standing("a.nz", 7), Standing::Welcome);
        assert!(matches!(limits.try_enter("a.nz"), Entry::Granted(_)));
    }

    #[test]
    fn turns_are_apart_by_the_delay() {
        let limits = limits(9, 400);
        assert_eq!(limits.reserve("a.nz"), Ok(Duration::ZERO));
        let second = limits.reserve("a.nz");
        assert!(second.is_ok_and(|wait| wait > Duration::from_millis(300)), "{second:?}");
        assert!(matches!(limits.try_enter("a.nz"), Entry::Later(_)));
    }

    #[test]
    fn a_long_wait_is_refused_rather_than_slept() {
        let limits = limits(9, 0);
        limits.learn("a.nz", 429, Some(Duration::from_secs(30)));
        assert!(limits.reserve("a.nz").is_err_and(|wait| wait > Duration::from_secs(25)));
    }

    #[test]
    fn hosts_at_rest_are_forgotten() {
        let limits = limits(1, 0);
        for n in 0..REMEMBERED * 2 {
            drop(limits.try_enter(&format!("host-{n}.nz")));
        }
        let remembered = limits.hosts.lock().unwrap_or_else(PoisonError::into_inner).len();
        assert!(remembered <= REMEMBERED, "{remembered}");
    }
}
