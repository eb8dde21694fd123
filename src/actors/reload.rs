//! Settings that change while the daemon runs: by SIGHUP or by request.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use actix::Addr;
use tokio::sync::Mutex;
use utoipa::ToSchema;

use super::control::Engine;
use super::overseer::{Overseer, Retune, WorkflowsChanged};
use crate::model::registration::plan::RegistrationPlan;
use crate::model::workflow_diff::WorkflowDiff;
use crate::model::workflow_spec::WorkflowSpec;
use crate::ops::Logging;
use crate::settings::{
    RegistrationFileError, Reload, SettingsError, WorkflowFileError, Workflows, reload, workflow_files, workflows_of,
};
use crate::steps::registration::checked_plan;
use crate::store::read::shared_workflows;
use crate::store::write::{ApplyWorkflows, WriteError};

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

/// What a reload would change.
#[derive(Clone, Debug, serde::Serialize, ToSchema)]
pub struct ReloadPreview {
    /// Always true: nothing has changed.
    pub dry_run: bool,
    /// Keys that would be in force at once.
    pub changed: Vec<String>,
    /// Keys that would wait for a restart.
    pub needs_restart: Vec<String>,
    pub workflows: WorkflowDiff,
}

/// Why a reload changed nothing.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    Files(#[from] AuthoredError),
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error(transparent)]
    Database(#[from] sea_orm::DbErr),
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

    /// What [`reload`](Self::reload) would change. Changes nothing.
    ///
    /// # Errors
    /// See [`ReloadError`].
    pub async fn preview(&self) -> Result<ReloadPreview, ReloadError> {
        let (read, files) = self.read().await?;
        let rows = shared_workflows(&self.engine.readers).await?;
        Ok(ReloadPreview {
            dry_run: true,
            changed: read.changed,
            needs_restart: read.needs_restart,
            workflows: WorkflowDiff::between(&rows, &files.workflows),
        })
    }

    /// What the files say now.
    async fn read(&self) -> Result<(Reload, Authored), ReloadError> {
        let current = self.engine.settings();
        let file = self.file.clone();
        let read = tokio::task::spawn_blocking(move || {
            let read = reload(&current, file.as_deref())?;
            let authored = authored(&read.settings.workflows)?;
            Ok::<_, ReloadError>((read, authored))
        });
        read.await.map_err(|_| ReloadError::Interrupted)?
    }

    /// Applies what the files say now to everything that runs.
    ///
    /// # Errors
    /// See [`ReloadError`]; then nothing has changed.
    pub async fn reload(&self) -> Result<Reloaded, ReloadError> {
        let _turn = self.turn.lock().await;
        let (read, authored) = self.read().await?;
        let Authored {
            workflows,
            registration,
        } = authored;
        let Reload {
            settings,
            changed,
            needs_restart,
        } = read;
        let written =
            tokio::time::timeout(WRITTEN_WITHIN, self.engine.storage.write(ApplyWorkflows { workflows })).await;
        let workflows = written.map_err(|_| ReloadError::Away)??;
        self.engine.registration.send_replace(Arc::new(registration));
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

/// What the files of the workflow directory say, and the built-in ones where it has none of their name.
#[derive(Clone, Debug)]
pub struct Authored {
    pub workflows: Vec<WorkflowSpec>,
    pub registration: RegistrationPlan,
}

/// Why the files of the workflow directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AuthoredError {
    #[error(transparent)]
    Workflows(#[from] WorkflowFileError),
    #[error(transparent)]
    Registration(#[from] RegistrationFileError),
}

/// Reads the files of the workflow directory.
///
/// # Errors
/// The first mistake; nothing should be applied then.
pub fn authored(settings: &Workflows) -> Result<Authored, AuthoredError> {
    let directory = Path::new(&settings.dir);
    let files = workflow_files(directory)?;
    Ok(Authored {
        workflows: workflows_of(files, &settings.dispatcher_url),
        registration: checked_plan(directory)?,
    })
}
