//! What operators see of a provider.

use std::time::{Duration, Instant};

use serde::Serialize;

use super::limits::{Gate, Position};
use super::spec::ProviderName;

/// A provider at one host with one secret.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProviderState {
    /// What [`resume`](super::Providers::resume) takes.
    pub name: String,
    pub provider: &'static str,
    /// With a port that is not the usual one.
    pub host: String,
    /// Names of the secrets that go there, joined by commas; empty: none.
    pub secret: String,
    pub in_flight: usize,
    /// Calls that may run at a time while the circuit is closed.
    pub limit: usize,
    pub circuit: CircuitState,
    /// Since the start.
    pub calls: u64,
    pub failures: u64,
    /// Calls that were refused as one too many at a time.
    pub crowded: u64,
    pub cost: f64,
    /// Clay: rows that each webhook at this host has taken.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub submissions: Vec<(String, u64)>,
}

/// Whether the provider is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum CircuitState {
    /// It is.
    Closed,
    /// It is not, as it fails, or asked to slow down.
    Open { for_ms: u64 },
    /// One call tries whether it works again.
    HalfOpen,
    /// It is not, as it refuses us; until an operator resumes it, or for so long.
    Paused { reason: String, for_ms: Option<u64> },
}

impl ProviderState {
    pub(super) fn of(gate: &Gate, submissions: &[(String, u64)]) -> Self {
        let key = gate.key();
        let seen = gate.snapshot();
        let circuit = match (seen.paused, seen.position, seen.resting) {
            (Some((reason, rest)), _, _) => CircuitState::Paused {
                reason,
                for_ms: rest.map(millis),
            },
            (None, Position::Open { until }, _) => CircuitState::Open {
                for_ms: millis(until.saturating_duration_since(Instant::now())),
            },
            (None, Position::HalfOpen { .. }, _) => CircuitState::HalfOpen,
            (None, Position::Closed, Some(rest)) => CircuitState::Open { for_ms: millis(rest) },
            (None, Position::Closed, None) => CircuitState::Closed,
        };
        let at_host = |webhook: &str| {
            let host = key.host.split(':').next().unwrap_or_default();
            webhook.split('/').next() == Some(host)
        };
        let submissions = if key.provider == ProviderName::Clay {
            submissions
        } else {
            &[]
        };
        Self {
            name: key.to_string(),
            provider: key.provider.as_str(),
            host: key.host.clone(),
            secret: key.secret.clone(),
            in_flight: seen.in_flight,
            limit: seen.limit,
            circuit,
            calls: seen.calls,
            failures: seen.failures,
            crowded: seen.crowded,
            cost: seen.cost,
            submissions: submissions
                .iter()
                .filter(|(webhook, _)| at_host(webhook))
                .cloned()
                .collect(),
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
