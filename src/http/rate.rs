//! How often one caller may ask, told in the headers of draft-ietf-httpapi-ratelimit-headers.
//!
//! Each credential has a bucket that fills at the configured rate and holds a minute's worth. All that is kept of it is the
//! time at which it will be full.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use entity::Id;

use super::problem::Problem;
use crate::store::read::{Credential, Scope};

const LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const WINDOW: Duration = Duration::from_secs(60);
/// Callers that are remembered.
const REMEMBERED: usize = 10_000;

/// What is left to a caller after a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spent {
    quota: u32,
    remaining: u32,
    /// Until another request is allowed, where none is left; else until all of them are.
    reset: Duration,
    over: bool,
}

impl Spent {
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// 429 with the time after which another request is allowed.
    #[must_use]
    pub fn refusal(&self) -> Problem {
        let quota = self.quota;
        let detail = format!("more than {quota} requests a minute (http.requests_per_minute); slow down");
        let wait = Duration::from_secs(self.reset_seconds().max(1));
        Problem::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", detail).retry_after(wait)
    }

    fn reset_seconds(&self) -> u64 {
        self.reset.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX)
    }

    /// Adds the headers to an answer.
    pub fn tell(&self, headers: &mut HeaderMap) {
        let policy = format!("\"caller\";q={};w={}", self.quota, WINDOW.as_secs());
        let left = format!("\"caller\";r={};t={}", self.remaining, self.reset_seconds());
        for (name, value) in [(POLICY, policy), (LIMIT, left)] {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Key {
    Token(Id),
    User(Id),
}

/// The buckets.
#[derive(Debug, Default)]
pub struct Rates(Mutex<HashMap<Key, Instant>>);

impl Rates {
    /// Counts a request; `None` where there is no limit.
    #[must_use]
    pub fn spend(&self, scope: &Scope, quota: u32) -> Option<Spent> {
        let key = match scope.credential() {
            Credential::Token(id) => Key::Token(id),
            _ => Key::User(scope.user_id),
        };
        self.spend_at(key, quota, Instant::now())
    }

    fn spend_at(&self, key: Key, quota: u32, now: Instant) -> Option<Spent> {
        if quota == 0 {
            return None;
        }
        let each = WINDOW / quota;
        let mut full_at = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if full_at.len() >= REMEMBERED && !full_at.contains_key(&key) {
            full_at.retain(|_, full| *full > now);
            // Whoever is near to a full bucket loses least by being forgotten.
            if full_at.len() >= REMEMBERED
                && let Some(soonest) = full_at.iter().min_by_key(|(_, full)| **full).map(|(key, _)| *key)
            {
                full_at.remove(&soonest);
            }
        }
        let full = full_at.get(&key).copied().unwrap_or(now).max(now);
        let next = full + each;
        let missing = next.duration_since(now);
        if missing > WINDOW {
            return Some(Spent {
                quota,
                remaining: 0,
                reset: missing - WINDOW,
                over: true,
            });
        }
        full_at.insert(key, next);
        let remaining = (WINDOW - missing).as_nanos() / each.as_nanos().max(1);
        Some(Spent {
            quota,
            remaining: u32::try_from(remaining).unwrap_or(u32::MAX),
            reset: missing,
            over: false,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn a_bucket_empties_and_fills() {
        let (rates, key) = (Rates::default(), Key::User(Id::now()));
        let now = Instant::now();
        for left in (0..6).rev() {
            let spent = rates.spend_at(key, 6, now).unwrap();
            assert_eq!((spent.remaining, spent.over), (left, false));
        }
        let spent = rates.spend_at(key, 6, now).unwrap();
        assert_eq!((spent.over, spent.reset), (true, Duration::from_secs(10)));
        assert!(!rates.spend_at(key, 6, now + Duration::from_secs(10)).unwrap().over);
        assert!(rates.spend_at(key, 6, now + Duration::from_secs(10)).unwrap().over);
        assert!(
            !rates.spend_at(Key::Token(Id::now()), 6, now).unwrap().over,
            "another caller"
        );
        assert_eq!(rates.spend_at(key, 0, now), None, "no limit");
    }

    #[test]
    fn buckets_are_bounded() {
        let rates = Rates::default();
        let now = Instant::now();
        for _ in 0..REMEMBERED + 100 {
            rates.spend_at(Key::User(Id::now()), 60, now).unwrap();
        }
        assert_eq!(rates.0.lock().unwrap().len(), REMEMBERED);
    }

    #[test]
    fn the_headers_say_what_is_left() {
        let spent = Rates::default()
            .spend_at(Key::User(Id::now()), 60, Instant::now())
            .unwrap();
        let mut headers = HeaderMap::new();
        spent.tell(&mut headers);
        assert_eq!(headers.get("ratelimit-policy").unwrap(), "\"caller\";q=60;w=60");
        assert_eq!(headers.get("ratelimit").unwrap(), "\"caller\";r=59;t=1");
    }
}
