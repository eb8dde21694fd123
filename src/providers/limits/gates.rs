use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Gate, Tuning};
use crate::providers::spec::ProviderName;

/// Gates that are remembered before those at rest are forgotten.
const REMEMBERED: usize = 1_024;

/// What shares limits: a provider, its host (with a port that is not the usual one) and the secrets that are sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::providers) struct GateKey {
    pub(in crate::providers) provider: ProviderName,
    pub(in crate::providers) host: String,
    /// Names, joined by commas; empty: none.
    pub(in crate::providers) secret: String,
}

impl fmt::Display for GateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.provider, self.host)?;
        match self.secret.as_str() {
            "" => Ok(()),
            secret => write!(f, ":{secret}"),
        }
    }
}

/// All gates.
#[derive(Debug, Default)]
pub(in crate::providers) struct Gates(Mutex<HashMap<GateKey, Arc<Gate>>>);

impl Gates {
    /// The gate of that key, tuned as the workflow says.
    pub(in crate::providers) fn get(&self, key: GateKey, tuning: &Tuning) -> Arc<Gate> {
        let mut gates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(gate) = gates.get(&key) {
            gate.tune(tuning);
            return Arc::clone(gate);
        }
        if gates.len() >= REMEMBERED {
            gates.retain(|_, gate| Arc::strong_count(gate) > 1 || !gate.is_at_rest());
        }
        let gate = Arc::new(Gate::new(key.clone(), tuning));
        gates.insert(key, Arc::clone(&gate));
        gate
    }

    /// The gate of that key, if calls have gone through it.
    pub(in crate::providers) fn find(&self, key: &GateKey) -> Option<Arc<Gate>> {
        let gates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        gates.get(key).cloned()
    }

    /// All of them, by name.
    pub(in crate::providers) fn all(&self) -> Vec<Arc<Gate>> {
        let gates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<_> = gates.values().cloned().collect();
        drop(gates);
        all.sort_by_cached_key(|gate| gate.key().to_string());
        all
    }
}
