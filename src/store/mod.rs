//! HQ: the commit pipeline's SQL, and the queries of those who only read.
//!
//! `write` is used by the `StorageActor` alone (and by the commands that set up identities, in transactions of their
//! own); `read` runs on a pool that cannot write.

pub mod backup;
pub mod connect;
pub mod destinations;
pub mod failed;
pub mod fault;
pub mod identity;
pub mod lock;
pub mod read;
pub mod row_security;
mod rows;
pub mod tx;
mod unsettled;
pub mod write;

pub use connect::{Database, Hq};
