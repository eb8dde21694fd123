//! The keys: who may ask, how often, how much at once, and who is banned.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use super::codes::Code;
use super::params::Refusal;

/// When failing calls have a key banned. A banned key that is used as often again has its whole address banned.
#[derive(Debug, Clone, Copy)]
pub struct BanRule {
    /// So many failing calls ...
    pub failures: usize,
    /// ... within this time ...
    pub within: Duration,
    /// ... ban for so long.
    pub lasts: Duration,
}

impl Default for BanRule {
    fn default() -> Self {
        Self {
            failures: 100,
            within: Duration::from_secs(60),
            lasts: Duration::from_secs(300),
        }
    }
}

/// Failing calls, and the ban that they brought.
#[derive(Default)]
struct Conduct {
    failures: VecDeque<Instant>,
    banned_until: Option<Instant>,
}

impl Conduct {
    fn banned(&self) -> bool {
        self.banned_until.is_some_and(|until| Instant::now() < until)
    }

    /// Whether this failing call brought a ban.
    fn fail(&mut self, rule: BanRule) -> bool {
        let now = Instant::now();
        self.failures.push_back(now);
        while self.failures.front().is_some_and(|at| now - *at > rule.within) {
            self.failures.pop_front();
        }
        if self.failures.len() < rule.failures {
            return false;
        }
        self.failures.clear();
        self.banned_until = Some(now + rule.lasts);
        true
    }
}

#[derive(Default)]
struct Account {
    refusal: Option<Code>,
    running: usize,
    peak: usize,
    starts: VecDeque<Instant>,
    conduct: Conduct,
}

/// All keys that are known.
pub(super) struct Accounts {
    known: HashMap<String, Account>,
    address: Conduct,
    concurrency: usize,
    rate: Option<usize>,
    ban: Option<BanRule>,
    bans: u64,
}

impl Accounts {
    pub(super) fn new(keys: &[String], concurrency: usize, rate: Option<usize>, ban: Option<BanRule>) -> Self {
        Self {
            known: keys.iter().map(|key| (key.clone(), Account::default())).collect(),
            address: Conduct::default(),
            concurrency,
            rate,
            ban,
            bans: 0,
        }
    }

    /// Whether the key may ask at all.
    pub(super) fn check(&self, key: Option<&str>) -> Result<String, Refusal> {
        if self.address.banned() {
            return Err(Refusal::new(Code::Blk0001, "Your address is blocked for a while."));
        }
        let key = key.ok_or_else(|| Refusal::new(Code::Auth001, "Give the apikey in the query."))?;
        if key.len() != 40 || !key.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(Refusal::new(Code::Auth002, "An apikey is 40 hexadecimal digits."));
        }
        let account = self
            .known
            .get(key)
            .ok_or_else(|| Refusal::new(Code::Auth003, "Check the apikey."))?;
        if account.conduct.banned() {
            return Err(Refusal::new(Code::Blk0001, "Your apikey is blocked for a while."));
        }
        match account.refusal {
            Some(code) => Err(Refusal::new(code, "See the account.")),
            None => Ok(key.to_owned()),
        }
    }

    /// Takes a slot, if there is one. Nobody is ever queued.
    pub(super) fn begin(&mut self, key: &str) -> Result<(), Refusal> {
        let Some(account) = self.known.get_mut(key) else {
            return Err(Refusal::new(Code::Auth003, "Check the apikey."));
        };
        if let Some(rate) = self.rate {
            let now = Instant::now();
            while account
                .starts
                .front()
                .is_some_and(|at| now - *at >= Duration::from_secs(1))
            {
                account.starts.pop_front();
            }
            if account.starts.len() >= rate {
                return Err(Refusal::new(
                    Code::Auth008,
                    format!("{rate} requests a second are allowed."),
                ));
            }
            account.starts.push_back(now);
        }
        if account.running >= self.concurrency {
            let detail = format!("{} requests at once are allowed.", self.concurrency);
            return Err(Refusal::new(Code::Auth006, detail));
        }
        account.running += 1;
        account.peak = account.peak.max(account.running);
        Ok(())
    }

    pub(super) fn end(&mut self, key: &str) {
        if let Some(account) = self.known.get_mut(key) {
            account.running -= 1;
        }
    }

    /// Notes a call that was refused: enough of them ban the key, or the address when the key is banned or unknown.
    pub(super) fn failed(&mut self, key: Option<&str>, code: Code) {
        let Some(rule) = self.ban else { return };
        let account = key.and_then(|key| self.known.get_mut(key));
        let banned = match account {
            Some(account) if !account.conduct.banned() => code.counts_towards_a_ban() && account.conduct.fail(rule),
            _ => !self.address.banned() && self.address.fail(rule),
        };
        self.bans += u64::from(banned);
    }

    pub(super) fn refuse(&mut self, key: &str, refusal: Option<Code>) {
        self.known.entry(key.to_owned()).or_default().refusal = refusal;
    }

    pub(super) fn set_concurrency(&mut self, concurrency: usize) {
        self.concurrency = concurrency;
    }

    pub(super) fn lift_bans(&mut self) {
        self.address = Conduct::default();
        for account in self.known.values_mut() {
            account.conduct = Conduct::default();
        }
    }

    pub(super) fn bans(&self) -> u64 {
        self.bans
    }

    pub(super) fn running(&self) -> usize {
        self.known.values().map(|account| account.running).sum()
    }

    pub(super) fn peak(&self, key: &str) -> usize {
        self.known.get(key).map_or(0, |account| account.peak)
    }

    /// The limit of a key, and how much of it is free.
    pub(super) fn concurrency(&self, key: &str) -> Option<(usize, usize)> {
        let account = self.known.get(key)?;
        Some((self.concurrency, self.concurrency.saturating_sub(account.running)))
    }
}
