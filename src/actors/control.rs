//! What all actors of one daemon share.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use sea_orm::DbErr;
use tokio::sync::watch;

use super::credits::Credits;
use super::storage::Storage;
use crate::model::crash::LastEnd;
use crate::model::registration::plan::RegistrationPlan;
use crate::providers::{HostLimits, Providers};
use crate::settings::Settings;
use crate::steps::Handlers;
use crate::steps::preflight::Preflight;
use crate::steps::registration::RegistrationHandlers;
use crate::store::Hq;
use crate::store::destinations::Destinations;
use crate::store::read::{EngineReader, JournalReader};

/// The means by which actors work. One a daemon, shared by all of them.
pub struct Engine {
    pub storage: Storage,
    pub reader: EngineReader,
    pub journal: JournalReader,
    pub readers: Hq,
    pub handlers: Handlers,
    pub registration_handlers: RegistrationHandlers,
    pub hosts: Arc<HostLimits>,
    pub providers: Arc<Providers>,
    pub destinations: Arc<Destinations>,
    /// How registrations go, as the files say now.
    pub registration: watch::Sender<Arc<RegistrationPlan>>,
    pub credits: Arc<Credits>,
    /// Where the daemon listens, for callbacks; absent where nobody can call.
    pub listens: Option<SocketAddr>,
    pub settings: watch::Receiver<Arc<Settings>>,
    /// How the process before this one ended.
    pub last_end: LastEnd,
    /// Webhooks on their way: they get the drain's time to be answered.
    pub deliveries_in_flight: Arc<AtomicUsize>,
    /// Set once, when the daemon begins to drain.
    pub draining: Arc<AtomicBool>,
}

impl Engine {
    /// The settings in force.
    #[must_use]
    pub fn settings(&self) -> Arc<Settings> {
        Arc::clone(&self.settings.borrow())
    }

    /// How registrations go from now on.
    #[must_use]
    pub fn registration_plan(&self) -> Arc<RegistrationPlan> {
        Arc::clone(&self.registration.borrow())
    }

    /// Waits until what had happened when this was called stands in the logs; `false` where that is not so at the deadline.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn until_logged(&self, deadline: Option<Instant>) -> Result<bool, DbErr> {
        const LOOK_EVERY: Duration = Duration::from_millis(20);
        let head = self.storage.health().head();
        while self.journal.cursor("logger").await? < head {
            if deadline.is_some_and(|deadline| Instant::now() > deadline) {
                return Ok(false);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(true)
    }

    /// What looks at workflows before they run.
    #[must_use]
    pub fn preflight(&self) -> Preflight {
        Preflight {
            providers: Arc::clone(&self.providers),
            destinations: Arc::clone(&self.destinations),
            handlers: self.handlers.clone(),
            listens: self.listens,
        }
    }

    /// Whether no new step may start because the daemon is going down.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }
}
