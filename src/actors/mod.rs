//! The supervision tree. Actors are thin shells around `model` and `store`.

pub mod control;
pub mod credits;
mod engine;
pub mod job_supervisor;
mod logger;
mod overseer;
mod practice;
mod scheduler;
mod storage;
pub mod supervision;

pub use control::Engine;
pub use engine::{EngineError, EngineHandle, start};
pub use overseer::{Drain, ListActors, Overseer, Reconcile, Redo, Retune, Steer};
pub use storage::{Storage, StorageHealth};
