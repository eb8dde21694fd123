//! Stand-ins on loopback for the outside world: `demo` shows them off, tests and benches measure against them.

mod body;
mod callbacks;
pub mod clay;
pub mod hook;
pub mod load;
mod log;
pub mod n8n;
pub mod nzbn;
mod pace;
pub mod platform;
pub mod postgrest;
pub mod restaurants;
mod serving;
pub mod sites;
#[cfg(test)]
mod test_client;
pub mod zenrows;

pub use callbacks::{Callback, Delivery};
