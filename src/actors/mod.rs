//! The supervision tree. Actors are thin shells around `model` and `store`.

mod archive_files;
pub mod control;
pub mod credits;
mod engine;
mod export;
mod export_rows;
mod housekeeper;
pub mod import;
pub mod job_supervisor;
mod logger;
mod notifier;
mod overseer;
mod practice;
mod registration;
mod reload;
mod schedule_runs;
mod scheduler;
mod storage;
pub mod supervision;

pub use archive_files::ArchiveFiles;
pub use control::Engine;
pub use engine::{EngineError, EngineHandle, start};
pub use export::{Export, ExportError, ExportSpool};
pub use notifier::DeliveriesDue;
pub use overseer::{
    AnswerArrived, Drain, EXIT_FAULT, ListActors, Overseer, Pulse, Reconcile, Redo, RegistrationsChanged, Retune,
    Steer, WorkflowsChanged,
};
pub use reload::{Authored, AuthoredError, ReloadError, ReloadPreview, Reloaded, Reloader, authored};
pub use schedule_runs::{RunFailed, run_schedule};
pub use storage::{Storage, StorageHealth};
