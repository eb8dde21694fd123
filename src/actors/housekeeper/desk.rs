//! What chores work with.

use std::io;
use std::sync::Arc;

use sea_orm::DbErr;

use crate::actors::archive_files::ArchiveFiles;
use crate::actors::control::Engine;
use crate::steps::Progress;
use crate::store::write::{WriteCommand, WriteError};

/// Why a chore could not be done.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("the database could not be read: {0}")]
    Read(#[from] DbErr),
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error("a file could not be written: {0}")]
    File(#[from] io::Error),
    #[error("{found} of {expected} rows were found")]
    Incomplete { found: u64, expected: u64 },
    #[error("panicked: {0}")]
    Panicked(String),
}

impl Fault {
    /// Whether it has nothing to do with what was worked on: the next would fail in the same way.
    pub fn is_general(&self) -> bool {
        match self {
            Self::File(error) => error.kind() != io::ErrorKind::InvalidData,
            Self::Write(error) => matches!(error, WriteError::Stopped | WriteError::Fenced),
            _ => false,
        }
    }
}

/// The means of a chore. Whatever waits for the database or the disk counts as moving.
#[derive(Clone)]
pub(super) struct Desk {
    pub engine: Arc<Engine>,
    pub progress: Progress,
    pub files: ArchiveFiles,
}

impl Desk {
    pub fn new(engine: Arc<Engine>) -> Self {
        Self {
            files: ArchiveFiles::new(&engine.settings().data_dir),
            progress: Progress::new(),
            engine,
        }
    }

    /// Whether the daemon wants anything more to be done.
    pub fn goes_on(&self) -> bool {
        !self.engine.is_draining()
    }

    /// Sends a command and waits for its transaction.
    pub async fn write<C: WriteCommand>(&self, command: C) -> Result<C::Answer, Fault> {
        let _writing = self.progress.writing();
        Ok(self.engine.storage.write(command).await?)
    }

    /// Runs what blocks where it may.
    pub async fn on_disk<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> Result<T, Fault> {
        let _writing = self.progress.writing();
        match tokio::task::spawn_blocking(work).await {
            Ok(done) => Ok(done?),
            Err(error) => Err(Fault::Panicked(error.to_string())),
        }
    }
}
