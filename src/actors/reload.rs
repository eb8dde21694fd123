//! Settings that change while the daemon runs: by SIGHUP or by request.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use actix::Addr;
use tokio::sync::Mutex;
use utoipa::ToSchema;

use super::control::Engine;
use super::overseer::{Overseer, Retune, WorkflowsChanged};
use crate::ops::Logging;
use crate::settings::{Reload, SettingsError, WorkflowFile, WorkflowFileError, reload, workflow_files};
use crate::store::write::{ApplyWorkflows, WorkflowRow, WriteError};

/// How long a reload waits for the workflow rows to be written.
const WRITTEN_WITHIN: Duration = Duration::from_secs(10);

/// Reads the settings and the workflow files again. A mistake in any of them changes nothing.
pub struct Reloader {
    file: Option<PathBuf>,
    engine: Arc<Engine>,
    overseer: Addr<Overseer>,
    logging: Logging,
    /// One reload at a time.
    turn: Mutex<()>,
}

/// What a reload changed.
#[derive(Clone, Debug, serde::Serialize, ToSchema)]
pub struct Reloaded {
    /// Keys that are in force now.
    pub changed: Vec<String>,
    /// Keys that changed in the files and wait for a restart.
    pub needs_restart: Vec<String>,
    /// Workflow rows that were made, changed or disabled.
    pub workflows_changed: u64,
}

/// Why a reload changed nothing.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    Workflows(#[from] WorkflowFileError),
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error("the database takes no writes at the moment")]
    Away,
    #[error("the settings could not be read")]
    Interrupted,
}

impl Reloader {
    #[must_use]
    pub fn new(file: Option<PathBuf>, engine: Arc<Engine>, overseer: Addr<Overseer>, logging: Logging) -> Self {
        Self {
            file,
            engine,
            overseer,
            logging,
            turn: Mutex::new(()),
        }
    }

    /// Applies what the files say now to everything that runs.
    ///
    /// # Errors
    /// See [`ReloadError`]; then nothing has changed.
    pub async fn reload(&self) -> Result<Reloaded, ReloadError> {
        let _turn = self.turn.lock().await;
        let current = self.engine.settings();
        let file = self.file.clone();
        let read = tokio::task::spawn_blocking(move || {
            let Reload {
                settings,
                changed,
                needs_restart,
            } = reload(&current, file.as_deref())?;
            let rows = workflow_rows(Path::new(&settings.workflows.dir))?;
            Ok::<_, ReloadError>((settings, changed, needs_restart, rows))
        });
        let (settings, changed, needs_restart, rows) = read.await.map_err(|_| ReloadError::Interrupted)??;
        let written = tokio::time::timeout(WRITTEN_WITHIN, self.engine.storage.write(ApplyWorkflows { rows })).await;
        let workflows = written.map_err(|_| ReloadError::Away)??;
        // The settings were checked, and the level with them; a filter that cannot be set leaves the one before.
        if let Err(error) = self.logging.set_level(&settings.log.level) {
            tracing::error!(%error, "the log level stays as it was");
        }
        // An overseer that does not answer is about to take the process with it.
        let _ = self.overseer.send(Retune(Arc::new(settings))).await;
        self.overseer.do_send(WorkflowsChanged);
        tracing::info!(?changed, ?needs_restart, workflows, "settings reloaded");
        Ok(Reloaded {
            changed,
            needs_restart,
            workflows_changed: workflows,
        })
    }
}

/// The workflow files as rows.
///
/// # Errors
/// See [`WorkflowFileError`].
pub fn workflow_rows(directory: &Path) -> Result<Vec<WorkflowRow>, WorkflowFileError> {
    Ok(workflow_files(directory)?.into_iter().flat_map(rows).collect())
}

fn rows(file: WorkflowFile) -> impl Iterator<Item = WorkflowRow> {
    let play = file.play;
    file.workflows.into_iter().map(move |workflow| WorkflowRow {
        slug: workflow.slug,
        title: workflow.title,
        play: play.clone(),
        step_number: workflow.step,
        provider: workflow.provider,
        mode: workflow.mode,
        destination_db: workflow.destination_db,
        destination_table: workflow.destination_table,
        destination_field_mappings: serde_json::json!(workflow.destination_field_mappings),
        settings: workflow.settings.into(),
        enabled: workflow.enabled,
    })
}
