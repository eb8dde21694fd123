//! What calls something outside, and the limits that all batches share.
//!
//! A workflow row is read into a [`ProviderSpec`]; [`Providers`] makes requests of it, sends them within the limits of
//! each provider and says what the answers mean. `http_api`, `n8n`, `clay` and `zenrows` know how their side is asked
//! and what it answers, nothing else; secrets take the place of their placeholders in `request` alone.

mod answer;
mod call;
mod callback;
mod clay;
pub mod host_limits;
mod http_api;
mod limits;
mod n8n;
mod path;
mod request;
mod scrub;
mod secrets;
mod service;
mod spec;
mod state;
#[cfg(test)]
mod test_server;
mod transport;
mod zenrows;

pub use call::{Answered, Call, CallFailure, CallReport, Verdict};
pub use host_limits::{Entry, HostLimits, HostSlot};
pub use path::{NotAPath, ResultPath};
pub use service::{Providers, secrets_named_in};
pub use spec::{Mode, ProviderName, ProviderSpec, SpecMistake, UnknownProvider};
pub use state::{CircuitState, ProviderState};
