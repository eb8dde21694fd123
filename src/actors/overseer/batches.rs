//! Supervisors of batches: started where one is missing, built again when one fails, given up when one keeps failing.

use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix::dev::ToEnvelope;
use actix::{Actor, ActorFutureExt, Addr, AsyncContext, Context, Handler, Message, WrapFuture};
use chrono::{DateTime, Utc};
use entity::Id;
use rand::RngExt as _;
use sea_orm::DbErr;

use super::Overseer;
use crate::actors::control::Engine;
use crate::actors::job_supervisor::{self, Describe, JobSupervisor, LookForDue, Wake};
use crate::actors::registration::{self, RegistrationSupervisor};
use crate::actors::scheduler::BatchesDue;
use crate::actors::supervision::{ActorReport, Exit, LastWord, Monitored, RestartBudget, spawn_monitored};
use crate::model::batch::{JobEvent, JobStatus};
use crate::model::crash::LastEnd;
use crate::model::journal::Origin;
use crate::model::registration::batch::{BatchEvent, BatchStatus};
use crate::ops::misbehave;
use crate::store::read::{OpenJob, OpenRegistrationBatch};
use crate::store::write::{ChangeJob, ChangeRegistrationBatch, WriteError};

/// A batch's supervisor.
pub(super) struct Supervised<S: Actor> {
    /// Absent while it waits to be built again.
    pub monitored: Option<Monitored<S>>,
    generation: u32,
    budget: RestartBudget,
    last_failure: Option<String>,
    started_at: DateTime<Utc>,
    /// Not before this.
    rebuild_at: Option<Instant>,
    /// Whom the batch belongs to.
    organisation_id: Id,
}

/// The supervisors of one kind of batch, by batch.
pub(super) type Batches<S> = HashMap<Id, Supervised<S>>;

/// What supervises one kind of batch.
pub(super) trait BatchSupervisor:
    Actor<Context = Context<Self>> + Handler<Wake> + Handler<LookForDue> + Handler<Describe>
{
    /// A batch's row, as a supervisor begins with it.
    type Row;
    /// The name of the actor.
    const KIND: &'static str;

    fn build(engine: Arc<Engine>, row: Self::Row, last_end: LastEnd, word: LastWord) -> Self;
    /// The batch, whom it belongs to, and whether it needs a supervisor.
    fn of(row: &Self::Row) -> (Id, Id, bool);
    fn batches(overseer: &mut Overseer) -> &mut Batches<Self>;
    /// The supervisor's name in the tree.
    fn name(batch: Id) -> String;
    /// Pauses the batch, for this reason.
    fn pause(
        engine: &Engine,
        organisation_id: Id,
        batch: Id,
        why: String,
    ) -> impl Future<Output = Result<(), WriteError>>;
}

impl BatchSupervisor for JobSupervisor {
    type Row = OpenJob;
    const KIND: &'static str = "JobSupervisor";

    fn build(engine: Arc<Engine>, row: OpenJob, last_end: LastEnd, word: LastWord) -> Self {
        Self::new(engine, row, last_end, word)
    }

    fn of(row: &OpenJob) -> (Id, Id, bool) {
        (row.id, row.organisation_id, row.status != JobStatus::Paused)
    }

    fn batches(overseer: &mut Overseer) -> &mut Batches<Self> {
        &mut overseer.jobs
    }

    fn name(batch: Id) -> String {
        job_supervisor::actor_id(batch)
    }

    async fn pause(engine: &Engine, _: Id, batch: Id, why: String) -> Result<(), WriteError> {
        let pause = ChangeJob {
            job_id: batch,
            event: JobEvent::Pause,
            origin: Origin::engine(),
            reason: Some(why),
        };
        engine.storage.write(pause).await.map(drop)
    }
}

impl BatchSupervisor for RegistrationSupervisor {
    type Row = OpenRegistrationBatch;
    const KIND: &'static str = "RegistrationSupervisor";

    fn build(engine: Arc<Engine>, row: OpenRegistrationBatch, last_end: LastEnd, word: LastWord) -> Self {
        Self::new(engine, row, last_end, word)
    }

    fn of(row: &OpenRegistrationBatch) -> (Id, Id, bool) {
        (row.id, row.organisation_id, row.status != BatchStatus::Paused)
    }

    fn batches(overseer: &mut Overseer) -> &mut Batches<Self> {
        &mut overseer.registrations
    }

    fn name(batch: Id) -> String {
        registration::actor_id(batch)
    }

    async fn pause(engine: &Engine, organisation_id: Id, batch: Id, why: String) -> Result<(), WriteError> {
        let pause = ChangeRegistrationBatch {
            organisation_id,
            batch_id: batch,
            event: BatchEvent::Pause,
            despite_unknown_outcomes: false,
            origin: Origin::engine(),
            reason: Some(why),
        };
        engine.storage.write(pause).await.map(drop)
    }
}

impl Overseer {
    pub(super) fn reconcile(&mut self, context: &mut Context<Self>) {
        if self.engine.is_draining() {
            return;
        }
        if self.reconciling {
            // What is being read may be older than what was just told.
            self.reconcile_again = true;
            return;
        }
        misbehave("overseer", "reconcile");
        self.reconciling = true;
        let engine = Arc::clone(&self.engine);
        let work = async move {
            let jobs = engine.reader.open_jobs().await?;
            let registrations = engine.reader.open_registration_batches().await?;
            Ok::<_, DbErr>((jobs, registrations))
        };
        context.spawn(work.into_actor(self).map(|open, actor, context| {
            actor.reconciling = false;
            match open {
                Ok((jobs, registrations)) => {
                    let ids = || {
                        jobs.iter()
                            .map(|job| job.id)
                            .chain(registrations.iter().map(|each| each.id))
                    };
                    let left = actor.left_behind.get_or_insert_with(|| ids().collect());
                    left.retain(|id| ids().any(|open| open == *id));
                    for job in jobs {
                        actor.supervise::<JobSupervisor>(job, context);
                    }
                    for batch in registrations {
                        actor.supervise::<RegistrationSupervisor>(batch, context);
                    }
                    actor.recovered.send_replace(true);
                }
                Err(error) => tracing::warn!(%error, "cannot see which batches are open; looking again"),
            }
            if std::mem::take(&mut actor.reconcile_again) {
                actor.reconcile(context);
            }
        }));
    }

    /// Starts a supervisor for the batch if it wants one and has none.
    fn supervise<S: BatchSupervisor>(&mut self, row: S::Row, context: &mut Context<Self>)
    where
        S::Row: 'static,
    {
        let (id, organisation_id, wants_one) = S::of(&row);
        if !wants_one || self.engine.is_draining() {
            return;
        }
        let settings = self.engine.settings();
        let entry = S::batches(self).entry(id).or_insert_with(|| Supervised {
            monitored: None,
            generation: 0,
            budget: RestartBudget::new(&settings),
            last_failure: None,
            started_at: Utc::now(),
            rebuild_at: None,
            organisation_id,
        });
        if entry.monitored.is_some() || entry.rebuild_at.is_some_and(|at| at > Instant::now()) {
            return;
        }
        entry.generation += 1;
        entry.rebuild_at = None;
        entry.started_at = Utc::now();
        let generation = entry.generation;
        // What an unclean end left in flight is counted once, by the first supervisor of this process.
        let left_behind = self.left_behind.as_mut().is_some_and(|left| left.remove(&id));
        let last_end = if left_behind {
            self.engine.last_end
        } else {
            LastEnd::Clean
        };
        let overseer = context.address();
        let engine = Arc::clone(&self.engine);
        let monitored = spawn_monitored(
            move |_, word| S::build(engine, row, last_end, word),
            move |exit| {
                overseer.do_send(SupervisorExited::<S> {
                    id,
                    generation,
                    exit,
                    of: PhantomData,
                });
            },
        );
        if let Some(entry) = S::batches(self).get_mut(&id) {
            entry.monitored = Some(monitored);
        }
    }

    /// Tells the batch's supervisor; where there is none, one is started that reads all of it.
    pub(super) fn tell<S, M>(&mut self, id: Id, message: M, context: &mut Context<Self>)
    where
        S: BatchSupervisor + Handler<M>,
        M: Message<Result = ()> + Send + 'static,
        Context<S>: ToEnvelope<S, M>,
    {
        match S::batches(self).get(&id).and_then(|batch| batch.monitored.as_ref()) {
            Some(supervisor) => supervisor.addr.do_send(message),
            None => self.reconcile(context),
        }
    }

    /// The supervisors of one kind that live.
    pub(super) fn supervisors<S: BatchSupervisor>(&mut self) -> impl Iterator<Item = &Monitored<S>> {
        S::batches(self).values().filter_map(|batch| batch.monitored.as_ref())
    }

    /// A supervisor that keeps failing stops its batch rather than the daemon.
    fn pause_for<S: BatchSupervisor>(&self, organisation_id: Id, id: Id, why: String, context: &mut Context<Self>) {
        tracing::error!(batch = %id, error = why, "the batch's supervisor failed too often; the batch is paused");
        let engine = Arc::clone(&self.engine);
        let work = async move { S::pause(&engine, organisation_id, id, why).await };
        context.spawn(work.into_actor(self).map(move |outcome, _, _| {
            if let Err(error) = outcome {
                tracing::error!(%error, batch = %id, "the batch could not be paused");
            }
        }));
    }
}

impl<S: Actor> Supervised<S> {
    /// How the tree shows the supervisor of this name, and how it is reached.
    pub(super) fn report(&self, id: String, kind: &'static str) -> (ActorReport, Option<Addr<S>>) {
        let state = if self.monitored.is_some() {
            "running"
        } else {
            "waiting to be restarted"
        };
        let report = ActorReport {
            id,
            kind,
            parent: Some("overseer".to_owned()),
            state: state.to_owned(),
            generation: self.generation,
            restarts: self.budget.spent(),
            queued: None,
            last_failure: self.last_failure.clone(),
            started_at: self.started_at,
        };
        (report, self.monitored.as_ref().map(|monitored| monitored.addr.clone()))
    }
}

impl Handler<BatchesDue> for Overseer {
    type Result = ();

    fn handle(&mut self, due: BatchesDue, context: &mut Context<Self>) {
        for id in due.jobs {
            self.tell::<JobSupervisor, _>(id, LookForDue, context);
        }
        for id in due.registrations {
            self.tell::<RegistrationSupervisor, _>(id, LookForDue, context);
        }
    }
}

#[derive(Message)]
#[rtype(result = "()")]
struct SupervisorExited<S> {
    id: Id,
    generation: u32,
    exit: Exit,
    of: PhantomData<fn() -> S>,
}

impl<S: BatchSupervisor> Handler<SupervisorExited<S>> for Overseer {
    type Result = ();

    fn handle(&mut self, exited: SupervisorExited<S>, context: &mut Context<Self>) {
        let id = exited.id;
        let Some(entry) = S::batches(self)
            .get_mut(&id)
            .filter(|entry| entry.generation == exited.generation)
        else {
            return;
        };
        entry.monitored = None;
        let organisation_id = entry.organisation_id;
        let Some(why) = exited.exit.failure() else {
            // It may have been resumed or redone while its supervisor was ending.
            S::batches(self).remove(&id);
            self.reconcile(context);
            return;
        };
        tracing::error!(batch = %id, error = why, "a batch's supervisor failed");
        entry.last_failure = Some(why.clone());
        match entry.budget.spend(Instant::now(), rand::rng().random()) {
            Some(wait) => {
                entry.rebuild_at = Some(Instant::now() + wait);
                context.run_later(wait + Duration::from_millis(1), Self::reconcile);
            }
            None => {
                S::batches(self).remove(&id);
                self.pause_for::<S>(organisation_id, id, why, context);
            }
        }
    }
}
