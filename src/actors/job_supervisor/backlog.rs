//! The practices that a job has read ahead, and which of them can start.
//!
//! A practice whose host is busy is parked, so that a list sorted by host neither idles nor holds others back. Few
//! of one host are kept: the rest stay in the database until their host has room, so memory does not grow with the list.

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;

use crate::providers::{Entry, HostSlot};
use crate::store::read::RunnableItem;

/// Bounds of how many practices of one busy host are kept in memory.
const FEWEST_PER_HOST: usize = 8;
const MOST_PER_HOST: usize = 256;

/// Practices of one host that were passed over while reading on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PassedOver {
    pub host: String,
    /// They stand after this practice.
    pub after: i64,
}

#[derive(Debug)]
pub(super) struct Backlog {
    /// Practices of one host that are kept.
    per_host: usize,
    ready: VecDeque<RunnableItem>,
    parked: HashMap<String, VecDeque<RunnableItem>>,
    passed_over: HashMap<String, i64>,
    /// May be what ends the process; run alone.
    suspects: VecDeque<RunnableItem>,
    known: HashSet<i64>,
}

/// What can be started now.
#[derive(Debug)]
pub(super) enum Next {
    Start(Box<RunnableItem>, Option<HostSlot>),
    /// All hosts are busy, the first of them for this long, if that is known.
    Busy(Option<Duration>),
    Empty,
}

impl Backlog {
    /// A backlog for hosts that take so many practices at a time: twice as many are kept, so that a host with room
    /// never waits for the database.
    pub fn new(host_concurrency: usize) -> Self {
        Self {
            per_host: host_concurrency.saturating_mul(2).clamp(FEWEST_PER_HOST, MOST_PER_HOST),
            ready: VecDeque::new(),
            parked: HashMap::new(),
            passed_over: HashMap::new(),
            suspects: VecDeque::new(),
            known: HashSet::new(),
        }
    }

    pub fn per_host(&self) -> usize {
        self.per_host
    }

    /// How many practices are held.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    pub fn ready(&self) -> usize {
        self.ready.len()
    }

    pub fn is_empty(&self) -> bool {
        self.known.is_empty() && self.passed_over.is_empty()
    }

    pub fn ids(&self) -> impl Iterator<Item = i64> + '_ {
        self.known.iter().copied()
    }

    pub fn knows(&self, id: i64) -> bool {
        self.known.contains(&id)
    }

    pub fn push_suspect(&mut self, item: RunnableItem) {
        if self.known.insert(item.id) {
            self.suspects.push_back(item);
        }
    }

    pub fn has_suspects(&self) -> bool {
        !self.suspects.is_empty()
    }

    pub fn pop_suspect(&mut self) -> Option<RunnableItem> {
        let item = self.suspects.pop_front()?;
        self.known.remove(&item.id);
        Some(item)
    }

    /// Takes in a practice that was read in the order of the list.
    pub fn push(&mut self, item: RunnableItem) {
        if let Some(after) = item.host_key.as_ref().and_then(|host| self.passed_over.get_mut(host)) {
            *after = (*after).min(item.id - 1);
        } else if self.known.insert(item.id) {
            self.ready.push_back(item);
        }
    }

    /// Takes in a practice whose time has come. Where its host has enough to do it is left: it stays due.
    pub fn push_due(&mut self, item: RunnableItem) {
        let parked = item
            .host_key
            .as_ref()
            .and_then(|host| self.parked.get(host))
            .map_or(0, VecDeque::len);
        if parked < self.per_host && self.known.insert(item.id) {
            match item.host_key.clone() {
                Some(host) => self.parked.entry(host).or_default().push_back(item),
                None => self.ready.push_back(item),
            }
        }
    }

    /// Hosts of which as many practices are held as may be.
    pub fn full_hosts(&self) -> Vec<String> {
        let full = self.parked.iter().filter(|(_, queue)| queue.len() >= self.per_host);
        full.map(|(host, _)| host.clone()).collect()
    }

    /// Takes in practices of one host that had been passed over; more may follow after the practice `more_after`.
    pub fn refill(&mut self, host: &str, items: Vec<RunnableItem>, more_after: Option<i64>) {
        match more_after {
            Some(after) => self.passed_over.insert(host.to_owned(), after),
            None => self.passed_over.remove(host),
        };
        for item in items {
            if self.known.insert(item.id) {
                self.parked.entry(host.to_owned()).or_default().push_back(item);
            }
        }
    }

    /// Hosts of which practices were passed over, and after which practice.
    pub fn passed_over(&self) -> HashMap<String, i64> {
        self.passed_over.clone()
    }

    /// A host whose passed-over practices should be read, because few of it are left in memory.
    pub fn to_refill(&self) -> Option<PassedOver> {
        let parked = |host: &str| self.parked.get(host).map_or(0, VecDeque::len);
        self.passed_over
            .iter()
            .find(|(host, _)| parked(host) < self.per_host / 2)
            .map(|(host, after)| PassedOver {
                host: host.clone(),
                after: *after,
            })
    }

    /// The next practice whose host has room: those that have waited for theirs come first.
    pub fn next(&mut self, mut enter: impl FnMut(&str) -> Entry) -> Next {
        let mut soonest: Option<Duration> = None;
        let mut note = |wait: Duration| soonest = Some(soonest.map_or(wait, |known| known.min(wait)));
        let mut open = None;
        for host in self.parked.keys() {
            match enter(host) {
                Entry::Granted(slot) => {
                    open = Some((host.clone(), slot));
                    break;
                }
                Entry::Later(wait) => note(wait),
                Entry::Full => {}
            }
        }
        if let Some((host, slot)) = open
            && let Some(item) = self.unpark(&host)
        {
            return Next::Start(Box::new(item), Some(slot));
        }
        while let Some(item) = self.ready.pop_front() {
            let Some(host) = item.host_key.clone() else {
                self.known.remove(&item.id);
                return Next::Start(Box::new(item), None);
            };
            if self.parked.contains_key(&host) {
                self.park(host, item);
                continue;
            }
            match enter(&host) {
                Entry::Granted(slot) => {
                    self.known.remove(&item.id);
                    return Next::Start(Box::new(item), Some(slot));
                }
                Entry::Later(wait) => {
                    note(wait);
                    self.park(host, item);
                }
                Entry::Full => self.park(host, item),
            }
        }
        if self.parked.is_empty() {
            Next::Empty
        } else {
            Next::Busy(soonest)
        }
    }

    fn unpark(&mut self, host: &str) -> Option<RunnableItem> {
        let queue = self.parked.get_mut(host)?;
        let item = queue.pop_front();
        if queue.is_empty() {
            self.parked.remove(host);
        }
        if let Some(item) = &item {
            self.known.remove(&item.id);
        }
        item
    }

    fn park(&mut self, host: String, item: RunnableItem) {
        if self.passed_over.contains_key(&host) {
            self.known.remove(&item.id);
            return;
        }
        let queue = self.parked.entry(host.clone()).or_default();
        if queue.len() >= self.per_host {
            self.known.remove(&item.id);
            self.passed_over.insert(host, item.id - 1);
        } else {
            queue.push_back(item);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::HostLimits;
    use crate::providers::host_limits::Courtesy;
    use std::sync::Arc;

    fn item(id: i64, host: &str) -> RunnableItem {
        RunnableItem {
            id,
            version: 1,
            status: "pending".to_owned(),
            practice_identifier: host.to_owned(),
            host_key: Some(host.to_owned()),
            domain: None,
            company_id: None,
            step_number: 0,
            life: 1,
            attempt: 0,
            crashes: 0,
            has_followers: false,
            url_worker_payload: None,
            scraper_worker_payload: None,
            step_data: None,
            flow: None,
        }
    }

    fn limits() -> Arc<HostLimits> {
        HostLimits::new(Courtesy {
            concurrency: 1,
            delay: Duration::ZERO,
        })
    }

    fn start(backlog: &mut Backlog, limits: &Arc<HostLimits>) -> Option<(i64, Option<HostSlot>)> {
        match backlog.next(|host| limits.try_enter(host)) {
            Next::Start(item, slot) => Some((item.id, slot)),
            Next::Busy(_) | Next::Empty => None,
        }
    }

    #[test]
    fn a_busy_host_does_not_hold_back_the_next_one() {
        let limits = limits();
        let mut backlog = Backlog::new(1);
        for id in 1..=3 {
            backlog.push(item(id, "slow.nz"));
        }
        backlog.push(item(4, "other.nz"));
        let first = start(&mut backlog, &limits);
        let second = start(&mut backlog, &limits);
        assert_eq!(
            (first.as_ref().map(|f| f.0), second.as_ref().map(|s| s.0)),
            (Some(1), Some(4))
        );
        assert!(start(&mut backlog, &limits).is_none());
        drop(first);
        assert_eq!(start(&mut backlog, &limits).map(|(id, _)| id), Some(2));
    }

    #[test]
    fn what_is_passed_over_is_read_again_when_its_host_has_been_served() {
        let limits = limits();
        let mut backlog = Backlog::new(1);
        for id in 1..=100 {
            backlog.push(item(id, "slow.nz"));
        }
        let running = start(&mut backlog, &limits);
        assert!(start(&mut backlog, &limits).is_none());
        assert_eq!(backlog.len(), FEWEST_PER_HOST);
        assert_eq!(backlog.to_refill(), None, "its parked practices come first");
        drop(running);
        let mut last = 1;
        while let Some((id, _slot)) = start(&mut backlog, &limits) {
            assert_eq!(id, last + 1);
            last = id;
        }
        let passed_over = PassedOver {
            host: "slow.nz".to_owned(),
            after: last,
        };
        assert_eq!(backlog.to_refill(), Some(passed_over));
        assert!(!backlog.is_empty());
        backlog.refill("slow.nz", vec![item(last + 1, "slow.nz")], None);
        assert_eq!(start(&mut backlog, &limits).map(|(id, _)| id), Some(last + 1));
        assert!(backlog.is_empty());
    }
}
