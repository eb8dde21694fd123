//! The `Overseer`: root of the tree. Starts a supervisor for every running job, hears of every end, drains.
//!
//! Start-up, recovery and the wake-up after a command are one path: `reconcile` compares the jobs that are open in the
//! database with the supervisors that live.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use actix::{
    Actor, ActorFutureExt, Addr, AsyncContext, Context, Handler, Message, MessageResult, ResponseFuture, System,
    WrapFuture,
};
use chrono::{DateTime, Utc};
use entity::Id;
use rand::RngExt as _;
use tokio::sync::watch;

use super::control::Engine;
use super::job_supervisor::{Describe, JobSupervisor, LookForDue, Wake, actor_id};
use super::logger::LoggerActor;
use super::scheduler::{ItemsDue, Scheduler};
use super::storage::{Follow, Storage, StorageActor};
use super::supervision::{ActorReport, Exit, Monitored, RestartBudget, spawn_monitored};
use crate::model::batch::{JobEvent, JobStatus};
use crate::model::crash::LastEnd;
use crate::model::journal::Origin;
use crate::ops::misbehave;
use crate::providers::host_limits::Courtesy;
use crate::settings::Settings;
use crate::store::read::OpenJob;
use crate::store::write::{ChangeJob, Changed, CloseCleanly, RedoJob, Redone, WriteError};

/// How often the database is compared with the supervisors that live, besides when something is known to have changed.
const RECONCILE_EVERY: Duration = Duration::from_secs(1);
/// Exit status of a process that a singleton took with it.
pub const EXIT_FAULT: i32 = 70;

/// A job's supervisor.
struct Supervised {
    /// Absent while it waits to be built again.
    monitored: Option<Monitored<JobSupervisor>>,
    generation: u32,
    budget: RestartBudget,
    last_failure: Option<String>,
    started_at: DateTime<Utc>,
    /// Not before this.
    rebuild_at: Option<Instant>,
}

/// One of the actors of which there is one.
struct Singleton<A: Actor> {
    monitored: Option<Monitored<A>>,
    generation: u32,
    budget: RestartBudget,
    last_failure: Option<String>,
    started_at: DateTime<Utc>,
}

impl<A: Actor> Singleton<A> {
    fn new(settings: &Settings) -> Self {
        Self {
            monitored: None,
            generation: 0,
            budget: RestartBudget::new(settings),
            last_failure: None,
            started_at: Utc::now(),
        }
    }

    fn report(&self, id: &str, kind: &'static str) -> ActorReport {
        ActorReport {
            id: id.to_owned(),
            kind,
            parent: Some("overseer".to_owned()),
            state: if self.monitored.is_some() {
                "running"
            } else {
                "waiting to be restarted"
            }
            .to_owned(),
            generation: self.generation,
            restarts: self.budget.spent(),
            queued: None,
            last_failure: self.last_failure.clone(),
            started_at: self.started_at,
        }
    }
}

/// The root of the tree.
pub struct Overseer {
    engine: Arc<Engine>,
    settings: watch::Sender<Arc<Settings>>,
    storage: Addr<StorageActor>,
    logger: Singleton<LoggerActor>,
    scheduler: Singleton<Scheduler>,
    jobs: HashMap<Id, Supervised>,
    /// Told once every unfinished batch has a supervisor.
    recovered: watch::Sender<bool>,
    reconciling: bool,
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
            scheduler: Singleton::new(&now),
            jobs: HashMap::new(),
            recovered,
            reconciling: false,
            started_at: Utc::now(),
        }
    }

    fn start_logger(&mut self, context: &mut Context<Self>) {
        let engine = Arc::clone(&self.engine);
        let work = async move { engine.journal.cursor("logger").await };
        context.spawn(work.into_actor(self).map(|cursor, actor, context| match cursor {
            Ok(cursor) => actor.start_logger_at(cursor, context),
            Err(error) => {
                tracing::warn!(%error, "cannot see how far the logs have come; looking again");
                context.run_later(RECONCILE_EVERY, Self::start_logger);
            }
        }));
    }

    fn start_logger_at(&mut self, cursor: i64, context: &mut Context<Self>) {
        let overseer = context.address();
        let engine = Arc::clone(&self.engine);
        let monitored = spawn_monitored(
            move |_, word| LoggerActor::new(engine, cursor, word),
            move |exit| {
                overseer.do_send(SingletonExited {
                    which: Which::Logger,
                    exit,
                })
            },
        );
        self.storage.do_send(Follow(monitored.addr.clone().recipient()));
        self.logger.generation += 1;
        self.logger.started_at = Utc::now();
        self.logger.monitored = Some(monitored);
    }

    fn start_scheduler(&mut self, context: &mut Context<Self>) {
        let overseer = context.address();
        let due = context.address().recipient();
        let engine = Arc::clone(&self.engine);
        let monitored = spawn_monitored(
            move |_, _| Scheduler::new(engine, due),
            move |exit| {
                overseer.do_send(SingletonExited {
                    which: Which::Scheduler,
                    exit,
                })
            },
        );
        self.scheduler.generation += 1;
        self.scheduler.started_at = Utc::now();
        self.scheduler.monitored = Some(monitored);
    }

    fn reconcile(&mut self, context: &mut Context<Self>) {
        if self.reconciling || self.engine.is_draining() {
            return;
        }
        misbehave("overseer", "reconcile");
        self.reconciling = true;
        let engine = Arc::clone(&self.engine);
        let work = async move { engine.reader.open_jobs().await };
        context.spawn(work.into_actor(self).map(|jobs, actor, context| {
            actor.reconciling = false;
            match jobs {
                Ok(jobs) => {
                    for job in jobs {
                        actor.supervise(job, context);
                    }
                    actor.recovered.send_replace(true);
                }
                Err(error) => tracing::warn!(%error, "cannot see which jobs are open; looking again"),
            }
        }));
    }

    /// Starts a supervisor for the job if it wants one and has none.
    fn supervise(&mut self, job: OpenJob, context: &mut Context<Self>) {
        if job.status == JobStatus::Paused || self.engine.is_draining() {
            return;
        }
        // What an unclean end left in flight is counted by the first supervisor of this process.
        let first = !self.jobs.contains_key(&job.id);
        let last_end = if first { self.engine.last_end } else { LastEnd::Clean };
        let settings = self.engine.settings();
        let entry = self.jobs.entry(job.id).or_insert_with(|| Supervised {
            monitored: None,
            generation: 0,
            budget: RestartBudget::new(&settings),
            last_failure: None,
            started_at: Utc::now(),
            rebuild_at: None,
        });
        if entry.monitored.is_some() || entry.rebuild_at.is_some_and(|at| at > Instant::now()) {
            return;
        }
        entry.generation += 1;
        entry.rebuild_at = None;
        entry.started_at = Utc::now();
        let (id, generation) = (job.id, entry.generation);
        let overseer = context.address();
        let engine = Arc::clone(&self.engine);
        entry.monitored = Some(spawn_monitored(
            move |_, word| JobSupervisor::new(engine, job, last_end, word),
            move |exit| overseer.do_send(SupervisorExited { id, generation, exit }),
        ));
    }

    fn wake(&mut self, id: Id, context: &mut Context<Self>) {
        match self.jobs.get(&id).and_then(|job| job.monitored.as_ref()) {
            Some(supervisor) => supervisor.addr.do_send(Wake),
            None => self.reconcile(context),
        }
    }

    /// A supervisor that keeps failing stops its job rather than the daemon.
    fn pause_for(&self, id: Id, why: String, context: &mut Context<Self>) {
        tracing::error!(job = %id, error = why, "the job's supervisor failed too often; the job is paused");
        let storage = self.engine.storage.clone();
        let pause = ChangeJob {
            job_id: id,
            event: JobEvent::Pause,
            origin: Origin::engine(),
            reason: Some(why),
        };
        let work = async move { storage.write(pause).await };
        context.spawn(work.into_actor(self).map(move |outcome, _, _| {
            if let Err(error) = outcome {
                tracing::error!(%error, job = %id, "the job could not be paused");
            }
        }));
    }
}

impl Actor for Overseer {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Context<Self>) {
        self.start_logger(context);
        self.start_scheduler(context);
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

/// A job has been changed by a command.
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "()")]
struct JobChanged(Id);

impl Handler<JobChanged> for Overseer {
    type Result = ();

    fn handle(&mut self, JobChanged(id): JobChanged, context: &mut Context<Self>) {
        self.wake(id, context);
    }
}

/// Pauses, resumes or kills a job. Answered once that is committed; the actors hear of it then.
#[derive(Message, Debug)]
#[rtype(result = "Result<Changed, WriteError>")]
pub struct Steer(pub ChangeJob);

impl Handler<Steer> for Overseer {
    type Result = ResponseFuture<Result<Changed, WriteError>>;

    fn handle(&mut self, Steer(command): Steer, context: &mut Context<Self>) -> Self::Result {
        let (storage, me, id) = (self.engine.storage.clone(), context.address(), command.job_id);
        Box::pin(async move {
            let changed = storage.write(command).await?;
            me.do_send(JobChanged(id));
            Ok(changed)
        })
    }
}

/// Runs the practices in error again.
#[derive(Message, Debug)]
#[rtype(result = "Result<Redone, WriteError>")]
pub struct Redo(pub RedoJob);

impl Handler<Redo> for Overseer {
    type Result = ResponseFuture<Result<Redone, WriteError>>;

    fn handle(&mut self, Redo(command): Redo, context: &mut Context<Self>) -> Self::Result {
        let (storage, me, id) = (self.engine.storage.clone(), context.address(), command.job_id);
        Box::pin(async move {
            let redone = storage.write(command).await?;
            me.do_send(JobChanged(id));
            Ok(redone)
        })
    }
}

impl Handler<ItemsDue> for Overseer {
    type Result = ();

    fn handle(&mut self, ItemsDue(jobs): ItemsDue, context: &mut Context<Self>) {
        for id in jobs {
            match self.jobs.get(&id).and_then(|job| job.monitored.as_ref()) {
                Some(supervisor) => supervisor.addr.do_send(LookForDue),
                None => self.reconcile(context),
            }
        }
    }
}

#[derive(Message, Debug)]
#[rtype(result = "()")]
struct SupervisorExited {
    id: Id,
    generation: u32,
    exit: Exit,
}

impl Handler<SupervisorExited> for Overseer {
    type Result = ();

    fn handle(&mut self, exited: SupervisorExited, context: &mut Context<Self>) {
        let id = exited.id;
        let Some(entry) = self
            .jobs
            .get_mut(&id)
            .filter(|entry| entry.generation == exited.generation)
        else {
            return;
        };
        entry.monitored = None;
        let Some(why) = exited.exit.failure() else {
            // It may have been resumed or redone while its supervisor was ending.
            self.jobs.remove(&id);
            self.reconcile(context);
            return;
        };
        tracing::error!(job = %id, error = why, "a job's supervisor failed");
        entry.last_failure = Some(why.clone());
        match entry.budget.spend(Instant::now(), rand::rng().random()) {
            Some(wait) => {
                entry.rebuild_at = Some(Instant::now() + wait);
                context.run_later(wait + Duration::from_millis(1), Self::reconcile);
            }
            None => {
                self.jobs.remove(&id);
                self.pause_for(id, why, context);
            }
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    Logger,
    Scheduler,
}

#[derive(Message, Debug)]
#[rtype(result = "()")]
struct SingletonExited {
    which: Which,
    exit: Exit,
}

impl Handler<SingletonExited> for Overseer {
    type Result = ();

    fn handle(&mut self, exited: SingletonExited, context: &mut Context<Self>) {
        let why = exited
            .exit
            .failure()
            .unwrap_or_else(|| "ended without a word".to_owned());
        tracing::error!(actor = ?exited.which, error = why, "an actor failed");
        let budget = match exited.which {
            Which::Logger => {
                self.logger.monitored = None;
                self.logger.last_failure = Some(why);
                &mut self.logger.budget
            }
            Which::Scheduler => {
                self.scheduler.monitored = None;
                self.scheduler.last_failure = Some(why);
                &mut self.scheduler.budget
            }
        };
        let Some(wait) = budget.spend(Instant::now(), rand::rng().random()) else {
            tracing::error!(actor = ?exited.which, "failed too often; the process ends, for the service manager to start anew");
            System::current().stop_with_code(EXIT_FAULT);
            return;
        };
        context.run_later(wait, move |actor, context| match exited.which {
            Which::Logger => actor.start_logger(context),
            Which::Scheduler => actor.start_scheduler(context),
        });
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

/// Asks for the live tree.
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "Vec<ActorReport>")]
pub struct ListActors;

impl Handler<ListActors> for Overseer {
    type Result = ResponseFuture<Vec<ActorReport>>;

    fn handle(&mut self, _: ListActors, _: &mut Context<Self>) -> Self::Result {
        let health = self.engine.storage.health();
        let root = ActorReport {
            id: "overseer".to_owned(),
            kind: "Overseer",
            parent: None,
            state: if self.engine.is_draining() {
                "draining"
            } else {
                "running"
            }
            .to_owned(),
            generation: 1,
            restarts: 0,
            queued: None,
            last_failure: None,
            started_at: self.started_at,
        };
        let storage = ActorReport {
            id: "storage".to_owned(),
            kind: "StorageActor",
            parent: Some("overseer".to_owned()),
            state: if health.is_away() {
                "the database takes no writes"
            } else {
                "running"
            }
            .to_owned(),
            queued: Some(health.queued()),
            ..root.clone()
        };
        let mut reports = vec![
            root,
            storage,
            self.logger.report("logger", "LoggerActor"),
            self.scheduler.report("scheduler", "Scheduler"),
        ];
        let mut supervisors = Vec::new();
        for (id, job) in &self.jobs {
            reports.push(ActorReport {
                id: actor_id(*id),
                kind: "JobSupervisor",
                parent: Some("overseer".to_owned()),
                state: if job.monitored.is_some() {
                    "running"
                } else {
                    "waiting to be restarted"
                }
                .to_owned(),
                generation: job.generation,
                restarts: job.budget.spent(),
                queued: None,
                last_failure: job.last_failure.clone(),
                started_at: job.started_at,
            });
            supervisors.extend(job.monitored.as_ref().map(|monitored| monitored.addr.clone()));
        }
        Box::pin(async move {
            for supervisor in supervisors {
                // One that has just ended has no children to tell of.
                reports.extend(supervisor.send(Describe).await.unwrap_or_default());
            }
            reports
        })
    }
}

/// Whether root and writer still move, for the watchdog.
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "bool")]
pub struct Pulse;

impl Handler<Pulse> for Overseer {
    type Result = ResponseFuture<bool>;

    fn handle(&mut self, _: Pulse, _: &mut Context<Self>) -> Self::Result {
        let storage: Storage = self.engine.storage.clone();
        Box::pin(async move { storage.answers(Duration::from_secs(5)).await })
    }
}

/// How many supervisors live.
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "usize")]
struct Supervisors;

impl Handler<Supervisors> for Overseer {
    type Result = MessageResult<Supervisors>;

    fn handle(&mut self, _: Supervisors, _: &mut Context<Self>) -> Self::Result {
        MessageResult(self.jobs.values().filter(|job| job.monitored.is_some()).count())
    }
}

/// Ends what still runs when the drain's time is up.
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "()")]
struct EndJobs;

impl Handler<EndJobs> for Overseer {
    type Result = ();

    fn handle(&mut self, _: EndJobs, _: &mut Context<Self>) {
        for job in self.jobs.values().filter_map(|job| job.monitored.as_ref()) {
            job.end(Exit::Interrupted);
        }
        self.jobs.clear();
    }
}

/// No new step; running ones get the drain's time; logs reach the journal's head; then the clean end is written down.
/// Answered when all of that is done.
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "()")]
pub struct Drain;

impl Handler<Drain> for Overseer {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, _: Drain, context: &mut Context<Self>) -> Self::Result {
        self.engine.draining.store(true, Ordering::Release);
        let engine = Arc::clone(&self.engine);
        let me = context.address();
        Box::pin(async move { drain(&engine, &me).await })
    }
}

async fn drain(engine: &Engine, overseer: &Addr<Overseer>) {
    const LOOK_EVERY: Duration = Duration::from_millis(20);
    let deadline = Instant::now() + Duration::from_millis(engine.settings().engine.drain_timeout_ms);
    while overseer.send(Supervisors).await.is_ok_and(|live| live > 0) {
        if Instant::now() >= deadline {
            tracing::warn!("running steps did not end in time; they go on at the next start");
            // An overseer that does not answer has no jobs any more.
            let _ = overseer.send(EndJobs).await;
            break;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    let head = engine.storage.health().head();
    let logged_by = deadline.max(Instant::now() + Duration::from_secs(5));
    while engine.journal.cursor("logger").await.is_ok_and(|cursor| cursor < head) && Instant::now() < logged_by {
        tokio::time::sleep(LOOK_EVERY).await;
    }
    if let Err(error) = engine.storage.write(CloseCleanly).await {
        tracing::error!(%error, "the clean end could not be written down");
    }
}
