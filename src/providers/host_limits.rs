//! Politeness: how many practices of a host are worked on at a time, and how far apart its requests are, from all
//! batches together.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Hosts that are remembered before some are forgotten.
const REMEMBERED: usize = 4_096;
/// The longest that a step waits in memory for a host that complains; beyond it the wait becomes a row with a time.
const LONGEST_WAIT: Duration = Duration::from_secs(1);
/// The longest that a step waits in memory for its turn among others, where only the spacing of requests says so.
const LONGEST_TURN: Duration = Duration::from_secs(10);
/// Bounds of the extra delay for a host that answers 429 or 503.
const FIRST_SLOWDOWN: Duration = Duration::from_secs(1);
const LONGEST_SLOWDOWN: Duration = Duration::from_secs(60);
/// The longest that a host is left alone, whatever it asks for.
const LONGEST_REST: Duration = Duration::from_secs(24 * 3600);
/// Each good answer takes this share of the extra delay away, so it takes about forty to forget the longest.
const FORGIVEN: u32 = 8;

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
    /// No request starts before this, by the spacing of requests.
    next_at: Option<Instant>,
    /// No request starts before this, because the host has asked for it.
    rests_until: Option<Instant>,
    /// Extra delay while the host complains.
    slowdown: Duration,
}

impl Host {
    fn is_at_rest(&self, now: Instant) -> bool {
        self.in_use == 0 && self.slowdown.is_zero() && self.wait(now).is_zero()
    }

    /// How long the host is to be left alone because it asked.
    fn rest(&self, now: Instant) -> Duration {
        self.rests_until
            .map_or(Duration::ZERO, |until| until.saturating_duration_since(now))
    }

    /// How long until a request may start.
    fn wait(&self, now: Instant) -> Duration {
        let turn = self
            .next_at
            .map_or(Duration::ZERO, |at| at.saturating_duration_since(now));
        turn.max(self.rest(now))
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
            forget(&mut hosts);
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
            let wait = state.wait(now);
            if !wait.is_zero() {
                return Entry::Later(wait);
            }
            state.in_use += 1;
            Entry::Granted(HostSlot {
                limits: Arc::clone(self),
                host: host.to_owned(),
                item: None,
            })
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
        let rests = state.wait(Instant::now()) > LONGEST_WAIT;
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

    /// Reserves the next turn at the host and tells how long to wait for it. The turn after it comes no sooner than
    /// `at_least` later, for a host that wants more than the usual.
    ///
    /// # Errors
    /// The wait, where it is longer than a step may sleep; then nothing is reserved.
    pub fn reserve(&self, host: &str, at_least: Duration) -> Result<Duration, Duration> {
        let delay = self.courtesy().delay.max(at_least);
        let now = Instant::now();
        self.with_host(host, |state| {
            let wait = state.wait(now);
            if wait > LONGEST_TURN || state.rest(now) > LONGEST_WAIT {
                return Err(wait);
            }
            state.next_at = Some(now + wait + delay.max(state.slowdown));
            Ok(wait)
        })
    }

    /// How long the host is still to be left alone because it has asked, where that is longer than a step may sleep: for who
    /// has slept until a turn that was reserved before.
    pub fn refuses(&self, host: &str) -> Option<Duration> {
        let rest = self.with_host(host, |state| state.rest(Instant::now()));
        (rest > LONGEST_WAIT).then_some(rest)
    }

    /// Learns from an answer. A host that says 429 or 503 is left alone for as long as it asks, and its requests are farther
    /// apart from then on, twice as far each time; each good answer brings them a little nearer again.
    pub fn learn(&self, host: &str, status: u16, retry_after: Option<Duration>) {
        self.with_host(host, |state| {
            if matches!(status, 429 | 503) {
                state.slowdown = (state.slowdown * 2).clamp(FIRST_SLOWDOWN, LONGEST_SLOWDOWN);
                let until = Instant::now() + retry_after.unwrap_or(state.slowdown).min(LONGEST_REST);
                state.rests_until = Some(state.rests_until.map_or(until, |at| at.max(until)));
            } else if status < 500 {
                state.slowdown -= state.slowdown / FORGIVEN;
                if state.slowdown < FIRST_SLOWDOWN / 4 {
                    state.slowdown = Duration::ZERO;
                }
            }
        });
    }
}

/// Makes room: hosts at rest go, and where that is not enough, of those that nobody is at the half that may be asked
/// again soonest.
fn forget(hosts: &mut HashMap<String, Host>) {
    let now = Instant::now();
    hosts.retain(|_, host| !host.is_at_rest(now));
    if hosts.len() < REMEMBERED {
        return;
    }
    let mut waits: Vec<Duration> = hosts
        .values()
        .filter(|host| host.in_use == 0)
        .map(|host| host.wait(now))
        .collect();
    waits.sort_unstable();
    if let Some(middle) = waits.get(waits.len() / 2) {
        hosts.retain(|_, host| host.in_use > 0 || host.wait(now) > *middle);
    }
}

#[cfg(test)]
#[path = "host_limits_tests.rs"]
mod tests;
