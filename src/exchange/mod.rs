//! Files in and files out: lists of websites as people send them, and the enriched list as they get it back.
//!
//! Everything here is a function of bytes. Who uploads, where rows are kept and how an answer is sent are decided by the
//! callers; this room knows no actor, no HTTP server and no database.

pub mod archive;
pub mod read;
pub mod write;

#[cfg(test)]
mod agreement;
#[cfg(test)]
mod round_trip;
