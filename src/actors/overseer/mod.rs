//! The `Overseer`: root of the tree. Starts a supervisor for every running job, hears of every end, drains.
//!
//! Start-up, recovery and the wake-up after a command are one path: `reconcile` compares the batches that are open in the
//! database with the supervisors that live.

mod batches;
mod commands;
mod drain;
mod report;
mod singletons;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, Addr, AsyncContext, Context, Handler, Message};
use chrono::{DateTime, Utc};
use entity::Id;
use tokio::sync::watch;

use self::batches::Batches;
use self::singletons::Singleton;
use super::control::Engine;
use super::housekeeper::Housekeeper;
use super::job_supervisor::JobSupervisor;
use super::logger::LoggerActor;
use super::notifier::Notifier;
use super::registration::RegistrationSupervisor;
use super::scheduler::Scheduler;
use super::storage::StorageActor;
use crate::providers::host_limits::Courtesy;
use crate::settings::Settings;

pub use self::commands::{AnswerArrived, Redo, RegistrationsChanged, Steer, WorkflowsChanged};
pub use self::drain::Drain;
pub use self::report::{ListActors, Pulse};

/// How often the database is compared with the supervisors that live, besides when something is known to have changed.
const RECONCILE_EVERY: Duration = Duration::from_secs(1);
/// Exit status of a process that a singleton took with it.
pub const EXIT_FAULT: i32 = 70;

/// The root of the tree.
pub struct Overseer {
    engine: Arc<Engine>,
    settings: watch::Sender<Arc<Settings>>,
    storage: Addr<StorageActor>,
    logger: Singleton<LoggerActor>,
    notifier: Singleton<Notifier>,
    scheduler: Singleton<Scheduler>,
    housekeeper: Singleton<Housekeeper>,
    jobs: Batches<JobSupervisor>,
    registrations: Batches<RegistrationSupervisor>,
    /// Told once every unfinished batch has a supervisor.
    recovered: watch::Sender<bool>,
    reconciling: bool,
    reconcile_again: bool,
    /// Batches that an earlier process may have left items of in flight; absent until they are known.
    left_behind: Option<HashSet<Id>>,
    started_at: DateTime<Utc>,
}

impl Overseer {
    pub(super) fn new(
        engine: Arc<Engine>,
        settings: watch::Sender<Arc<Settings>>,
        storage: Addr<StorageActor>,
        recovered: watch::Sender<bool>,
    ) -> Self {
        let now = engine.settings();
        Self {
            engine,
            settings,
            storage,
            logger: Singleton::new(&now),
            notifier: Singleton::new(&now),
            scheduler: Singleton::new(&now),
            housekeeper: Singleton::new(&now),
            jobs: HashMap::new(),
            registrations: HashMap::new(),
            recovered,
            reconciling: false,
            reconcile_again: false,
            left_behind: None,
            started_at: Utc::now(),
        }
    }
}

impl Actor for Overseer {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Context<Self>) {
        self.start_logger(context);
        self.start_notifier(context);
        self.start_scheduler(context);
        self.start_housekeeper(context);
        context.run_interval(RECONCILE_EVERY, Self::reconcile);
        self.reconcile(context);
    }
}

/// Compare the database with the supervisors that live: something may have been added.
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "()")]
pub struct Reconcile;

impl Handler<Reconcile> for Overseer {
    type Result = ();

    fn handle(&mut self, _: Reconcile, context: &mut Context<Self>) {
        self.reconcile(context);
    }
}

/// New settings are in force.
#[derive(Message, Debug)]
#[rtype(result = "()")]
pub struct Retune(pub Arc<Settings>);

impl Handler<Retune> for Overseer {
    type Result = ();

    fn handle(&mut self, Retune(settings): Retune, _: &mut Context<Self>) {
        self.engine.credits.set_capacity(settings.engine.max_in_flight);
        self.engine.hosts.set_courtesy(courtesy(&settings));
        self.settings.send_replace(settings);
    }
}

/// What hosts are granted by these settings.
pub(super) fn courtesy(settings: &Settings) -> Courtesy {
    Courtesy {
        concurrency: settings.scrape.host_concurrency,
        delay: Duration::from_millis(settings.scrape.host_delay_ms),
    }
}
