//! Secrets at the moment of sending: who may send which where, and what they are now.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use tokio::sync::watch;

use super::limits::Fingerprint;
use super::scrub::{Traces, scrub};
use crate::settings::{SecretError, SecretSource, Settings};

/// How long a secret that was read is taken for what it is.
const FRESH: Duration = Duration::from_secs(30);
/// Former values whose traces are still looked for.
const FORMER: usize = 64;

/// A secret's value.
#[derive(Clone)]
pub(super) struct Known {
    pub(super) value: SecretString,
    pub(super) fingerprint: Fingerprint,
    pub(super) traces: Arc<Traces>,
}

#[derive(Default)]
struct Shelf {
    /// The settings that the values were read under.
    of: Option<Arc<Settings>>,
    now: HashMap<String, (Instant, Known)>,
    /// Traces of every value that may have been sent, the latest last.
    traces: VecDeque<(Fingerprint, Arc<Traces>)>,
}

/// All secrets that the settings declare.
pub(super) struct Vault {
    settings: watch::Receiver<Arc<Settings>>,
    shelf: Mutex<Shelf>,
}

/// Why a secret is not sent. Names it, and holds nothing of it.
#[derive(Debug, thiserror::Error)]
pub(super) enum Withheld {
    #[error("the secret {0} is not declared; add [secrets.{0}] with `from` and `hosts` to the config file")]
    Undeclared(String),
    #[error("the secret {name} may not be sent to {host}; add the host to `hosts` of [secrets.{name}] if it should")]
    Host { name: String, host: String },
    #[error(
        "the organisation '{organisation}' may not use the secret {name}; `organisations` of [secrets.{name}] says who may"
    )]
    Organisation { name: String, organisation: String },
    #[error("the secret {name} cannot be read: {cause}")]
    Unreadable { name: String, cause: SecretError },
    #[error("the secret {0} could not be read")]
    Interrupted(String),
}

impl Vault {
    pub(super) fn new(settings: watch::Receiver<Arc<Settings>>) -> Self {
        Self {
            settings,
            shelf: Mutex::default(),
        }
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the organisation may use the secret at all, and where it is kept.
    pub(super) fn source(&self, name: &str, organisation: &str) -> Result<SecretSource, Withheld> {
        let settings = Arc::clone(&self.settings.borrow());
        let source = settings
            .secrets
            .get(name)
            .ok_or_else(|| Withheld::Undeclared(name.to_owned()))?;
        if source.may_be_used_by(organisation) {
            Ok(source.clone())
        } else {
            Err(Withheld::Organisation {
                name: name.to_owned(),
                organisation: organisation.to_owned(),
            })
        }
    }

    /// As [`source`](Self::source), for a request to `host`.
    pub(super) fn entitled(&self, name: &str, organisation: &str, host: &str) -> Result<SecretSource, Withheld> {
        let source = self.source(name, organisation)?;
        if source.may_go_to(host) {
            Ok(source)
        } else {
            Err(Withheld::Host {
                name: name.to_owned(),
                host: host.to_owned(),
            })
        }
    }

    /// The secret's value, for a request to `host`.
    pub(super) async fn reveal(&self, name: &str, organisation: &str, host: &str) -> Result<Known, Withheld> {
        let source = self.entitled(name, organisation, host)?;
        if let Some(known) = self.fresh(name) {
            return Ok(known);
        }
        let read = tokio::task::spawn_blocking(move || source.read()).await;
        let value = read
            .map_err(|_| Withheld::Interrupted(name.to_owned()))?
            .map_err(|cause| Withheld::Unreadable {
                name: name.to_owned(),
                cause,
            })?;
        Ok(self.keep(name, value))
    }

    /// Reads every declared secret that has not been read lately, so that [`scrub`](Self::scrub) finds it also where it was
    /// sent before a restart. One that cannot be read is left out.
    pub(super) async fn learn(&self) {
        let settings = Arc::clone(&self.settings.borrow());
        let unread = settings.secrets.iter().filter(|(name, _)| self.fresh(name).is_none());
        let unread: Vec<(String, SecretSource)> = unread.map(|(name, source)| (name.clone(), source.clone())).collect();
        if unread.is_empty() {
            return;
        }
        let read = move || {
            let values = unread
                .into_iter()
                .map(|(name, source)| Some((name, source.read().ok()?)));
            values.flatten().collect::<Vec<_>>()
        };
        for (name, value) in tokio::task::spawn_blocking(read).await.unwrap_or_default() {
            self.keep(&name, value);
        }
    }

    fn fresh(&self, name: &str) -> Option<Known> {
        let settings = Arc::clone(&self.settings.borrow());
        let mut shelf = self.shelf();
        if !shelf.of.as_ref().is_some_and(|of| Arc::ptr_eq(of, &settings)) {
            shelf.now.clear();
            shelf.of = Some(settings);
        }
        let (read_at, known) = shelf.now.get(name)?;
        (read_at.elapsed() < FRESH).then(|| known.clone())
    }

    fn keep(&self, name: &str, value: SecretString) -> Known {
        let fingerprint: Fingerprint = Sha256::digest(value.expose_secret()).into();
        let mut shelf = self.shelf();
        let seen = shelf.traces.iter().find(|(of, _)| *of == fingerprint);
        let traces = match seen {
            Some((_, traces)) => Arc::clone(traces),
            None => {
                let traces = Arc::new(Traces::new(name, value.expose_secret()));
                if shelf.traces.len() >= FORMER {
                    shelf.traces.pop_front();
                }
                shelf.traces.push_back((fingerprint, Arc::clone(&traces)));
                traces
            }
        };
        let known = Known {
            value,
            fingerprint,
            traces,
        };
        shelf.now.insert(name.to_owned(), (Instant::now(), known.clone()));
        known
    }

    /// `text` without any secret that has been read.
    pub(super) fn scrub(&self, text: String) -> String {
        let traces: Vec<Arc<Traces>> = self
            .shelf()
            .traces
            .iter()
            .map(|(_, traces)| Arc::clone(traces))
            .collect();
        scrub(&traces, text)
    }
}
