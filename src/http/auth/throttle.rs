//! Slowing down whoever guesses passwords, without locking anybody out.
//!
//! Failures are counted for an account as seen from an address, and for an address over all accounts; after a few the
//! next attempt must wait, longer each time. An account that is attacked from many addresses is not closed: attempts from
//! browsers that have not signed in to it before are answered later, that is all. A browser that has is counted by itself.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Attempts at one account from one address, or from one known device, before waits begin.
const FREE_OF_ACCOUNT: u32 = 5;
/// Attempts from one address at all accounts together before waits begin.
const FREE_OF_ADDRESS: u32 = 30;
/// Failures of an account, from wherever, before answers are held back.
const FREE_OF_ALL: u32 = 20;
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(900);
const LONGEST_HOLD: Duration = Duration::from_secs(3);
/// After this time without a failure the count begins anew.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(3_600);
/// Counts that are kept of each kind.
const REMEMBERED: usize = 10_000;

#[derive(Clone, Copy, Debug)]
struct Count {
    failures: u32,
    last: Instant,
}

/// Counts by key, of bounded number.
#[derive(Debug)]
struct Counts<K> {
    free: u32,
    known: HashMap<K, Count>,
}

impl<K: Eq + Hash + Clone> Counts<K> {
    fn new(free: u32) -> Self {
        Self {
            free,
            known: HashMap::new(),
        }
    }

    fn failures(&self, key: &K, now: Instant) -> u32 {
        let count = self
            .known
            .get(key)
            .filter(|count| now.duration_since(count.last) < FORGOTTEN_AFTER);
        count.map_or(0, |count| count.failures)
    }

    /// How much longer the next attempt has to wait.
    fn wait(&self, key: &K, now: Instant) -> Duration {
        let Some(beyond) = self.failures(key, now).checked_sub(self.free) else {
            return Duration::ZERO;
        };
        let wait = FIRST_WAIT.saturating_mul(1 << beyond.min(16)).min(LONGEST_WAIT);
        let passed = self.known.get(key).map_or(wait, |count| now.duration_since(count.last));
        wait.saturating_sub(passed)
    }

    fn add(&mut self, key: K, now: Instant) {
        let failures = self.failures(&key, now).saturating_add(1);
        if self.known.len() >= REMEMBERED && !self.known.contains_key(&key) {
            self.known
                .retain(|_, count| now.duration_since(count.last) < FORGOTTEN_AFTER);
        }
        if self.known.len() >= REMEMBERED
            && let Some(least) = self.known.iter().min_by_key(|(_, count)| (count.failures, count.last))
        {
            let least = least.0.clone();
            self.known.remove(&least);
        }
        self.known.insert(key, Count { failures, last: now });
    }

    fn take_back(&mut self, key: &K) {
        if let Some(count) = self.known.get_mut(key) {
            count.failures = count.failures.saturating_sub(1);
        }
    }
}

/// From where an account is signed in to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Place {
    /// An address; of IPv6 the network that one customer gets.
    Address(IpAddr),
    /// The hash of a device's cookie.
    Device(String),
}

/// An attempt that is being made. It counts as a failure until it is known to be none.
#[derive(Clone, Debug)]
pub struct Attempt {
    account: String,
    place: Place,
    /// How long to wait before it is answered.
    pub hold: Duration,
}

#[derive(Debug)]
struct Inner {
    places: Counts<(String, Place)>,
    addresses: Counts<IpAddr>,
    accounts: Counts<String>,
}

/// Counts failures.
#[derive(Debug)]
pub struct Throttle(Mutex<Inner>);

impl Default for Throttle {
    fn default() -> Self {
        Self(Mutex::new(Inner {
            places: Counts::new(FREE_OF_ACCOUNT),
            addresses: Counts::new(FREE_OF_ADDRESS),
            accounts: Counts::new(FREE_OF_ALL),
        }))
    }
}

fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let mask = u128::MAX << 64;
            IpAddr::V6((v6.to_bits() & mask).into())
        }
        v4 => v4,
    }
}

impl Throttle {
    /// Begins an attempt: `account` is what was given as the name of one, whether there is such an account or not;
    /// `device` is the hash of a cookie that is known for it.
    ///
    /// # Errors
    /// How long to wait first.
    pub fn begin(
        &self,
        account: &str,
        address: Option<IpAddr>,
        device: Option<&str>,
        now: Instant,
    ) -> Result<Attempt, Duration> {
        let address = network(address.unwrap_or(IpAddr::from([0, 0, 0, 0])));
        let place = match device {
            Some(device) => Place::Device(device.to_owned()),
            None => Place::Address(address),
        };
        let account = account.to_owned();
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (account.clone(), place.clone());
        let mut wait = inner.places.wait(&key, now);
        let mut hold = Duration::ZERO;
        if device.is_none() {
            wait = wait.max(inner.addresses.wait(&address, now));
            let beyond = inner.accounts.failures(&account, now).checked_sub(FREE_OF_ALL);
            hold = beyond.map_or(Duration::ZERO, |beyond| {
                Duration::from_millis(100)
                    .saturating_mul(beyond.saturating_add(1))
                    .min(LONGEST_HOLD)
            });
        }
        if !wait.is_zero() {
            return Err(wait);
        }
        inner.places.add(key, now);
        if device.is_none() {
            inner.addresses.add(address, now);
            inner.accounts.add(account.clone(), now);
        }
        Ok(Attempt { account, place, hold })
    }

    /// The attempt was right.
    pub fn succeed(&self, attempt: &Attempt) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner
            .places
            .known
            .remove(&(attempt.account.clone(), attempt.place.clone()));
        self.release(&mut inner, attempt);
    }

    /// The attempt was neither right nor wrong.
    pub fn take_back(&self, attempt: &Attempt) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner
            .places
            .take_back(&(attempt.account.clone(), attempt.place.clone()));
        self.release(&mut inner, attempt);
    }

    fn release(&self, inner: &mut Inner, attempt: &Attempt) {
        if let Place::Address(address) = &attempt.place {
            inner.addresses.take_back(address);
            inner.accounts.take_back(&attempt.account);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    const ANN: &str = "ann@example.test";

    fn from(last: u8) -> Option<IpAddr> {
        Some(IpAddr::from([203, 0, 113, last]))
    }

    #[test]
    fn waits_grow_and_end() {
        let throttle = Throttle::default();
        let mut now = Instant::now();
        for _ in 0..FREE_OF_ACCOUNT {
            throttle.begin(ANN, from(1), None, now).unwrap();
        }
        let mut waits = Vec::new();
        for _ in 0..12 {
            let wait = throttle.begin(ANN, from(1), None, now).unwrap_err();
            waits.push(wait.as_secs());
            now += wait;
            throttle.begin(ANN, from(1), None, now).unwrap();
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
        assert!(throttle.begin(ANN, from(1), None, now + FORGOTTEN_AFTER).is_ok());
    }

    #[test]
    fn an_attack_from_one_place_does_not_touch_another() {
        let throttle = Throttle::default();
        let now = Instant::now();
        while throttle.begin(ANN, from(1), None, now).is_ok() {}
        assert!(throttle.begin(ANN, from(2), None, now).is_ok());
        assert!(
            throttle.begin(ANN, from(1), Some("known"), now).is_ok(),
            "a known device"
        );
    }

    #[test]
    fn an_attack_from_everywhere_slows_strangers_down_and_locks_nobody_out() {
        let throttle = Throttle::default();
        let now = Instant::now();
        for last in 0..=200 {
            throttle.begin(ANN, from(last), None, now).unwrap();
        }
        let stranger = throttle.begin(ANN, from(250), None, now).unwrap();
        assert_eq!(stranger.hold, LONGEST_HOLD);
        let known = throttle.begin(ANN, from(250), Some("known"), now).unwrap();
        assert_eq!(known.hold, Duration::ZERO);
    }

    #[test]
    fn one_address_that_tries_all_accounts_must_wait() {
        let throttle = Throttle::default();
        let now = Instant::now();
        let made = (0..100)
            .take_while(|n| {
                throttle
                    .begin(&format!("user-{n}@example.test"), from(1), None, now)
                    .is_ok()
            })
            .count();
        assert_eq!(made, FREE_OF_ADDRESS as usize);
        let neighbour = "2001:db8:1:1::1".parse().unwrap();
        let far = "2001:db8:1:1:ffff::2".parse().unwrap();
        while throttle.begin(ANN, Some(neighbour), None, now).is_ok() {}
        assert!(throttle.begin(ANN, Some(far), None, now).is_err(), "the same customer");
    }

    #[test]
    fn a_right_password_clears_the_count() {
        let throttle = Throttle::default();
        let now = Instant::now();
        for _ in 0..100 {
            for _ in 0..FREE_OF_ACCOUNT - 1 {
                let attempt = throttle.begin(ANN, from(1), None, now).unwrap();
                throttle.take_back(&attempt);
            }
            let attempt = throttle.begin(ANN, from(1), None, now).unwrap();
            throttle.succeed(&attempt);
        }
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let throttle = Throttle::default();
        let now = Instant::now();
        for n in 0..REMEMBERED + 500 {
            let address = IpAddr::from(u32::try_from(n).unwrap().to_be_bytes());
            throttle.begin(&format!("{n}"), Some(address), None, now).unwrap();
        }
        let inner = throttle.0.lock().unwrap();
        assert_eq!(
            (
                inner.places.known.len(),
                inner.addresses.known.len(),
                inner.accounts.known.len()
            ),
            (REMEMBERED, REMEMBERED, REMEMBERED)
        );
    }
}
