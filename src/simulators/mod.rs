//! Stand-ins on loopback for the outside world: `demo` shows them off, tests and benches measure against them.

pub mod load;
mod serving;
pub mod sites;
