//! The `RegistrationSupervisor`: runs what can go on of one registration batch.
//!
//! It holds nothing that is not in the database. A registration that waits, for a time or for a person, has no actor; a batch whose
//! registrations all wait costs a supervisor that does nothing until it is woken.

mod children;
mod execution;
mod facts;
mod job;
mod questions;
mod uncertain;
mod work;
mod written;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix::{
    Actor, ActorContext, ActorFutureExt, AsyncContext, Context, Handler, MessageResult, SpawnHandle, WrapFuture,
};
use chrono::Utc;
use entity::Id;

use self::children::{Child, Faults};
use self::job::BatchContext;
use super::control::Engine;
use super::credits::{Credit, CreditGranted};
use super::job_supervisor::{Describe, LookForDue, Wake};
use super::supervision::{Exit, LastWord};
use crate::model::crash::{LastEnd, Verdict};
use crate::model::registration::batch::BatchStatus;
use crate::ops::misbehave;
use crate::store::read::{OpenRegistrationBatch, RunnableRegistration};
use crate::store::write::{MarkRegistrationsInFlight, RecoverRegistrationBatch};

/// How often children that may be stuck are looked at.
const TICK: Duration = Duration::from_millis(500);
/// How soon the database is read again after it could not be.
const AGAIN: Duration = Duration::from_secs(1);

/// Supervises one batch.
pub struct RegistrationSupervisor {
    engine: Arc<Engine>,
    batch: OpenRegistrationBatch,
    last_end: LastEnd,
    /// Absent until the batch has been recovered.
    context: Option<Arc<BatchContext>>,
    children: HashMap<Id, Child>,
    faults: HashMap<Id, Faults>,
    backing_off: HashSet<Id>,
    /// What has begun its execution and not ended it, as the database said last; it may wait, and then has no actor.
    executing: HashSet<Id>,
    /// What can go on, in the order of its turn, and has no actor.
    ready: Vec<RunnableRegistration>,
    credits: Vec<Credit>,
    expected: usize,
    /// An exclusive run is being prepared or goes on.
    suspect_runs: bool,
    reading: bool,
    read_again: bool,
    /// What may be running is being noted.
    marking: bool,
    asking: bool,
    ticking: Option<SpawnHandle>,
    word: LastWord,
}

impl RegistrationSupervisor {
    pub(super) fn new(engine: Arc<Engine>, batch: OpenRegistrationBatch, last_end: LastEnd, word: LastWord) -> Self {
        Self {
            engine,
            batch,
            last_end,
            context: None,
            children: HashMap::new(),
            faults: HashMap::new(),
            backing_off: HashSet::new(),
            executing: HashSet::new(),
            ready: Vec::new(),
            credits: Vec::new(),
            expected: 0,
            suspect_runs: false,
            reading: false,
            read_again: false,
            marking: false,
            asking: false,
            ticking: None,
            word,
        }
    }

    /// Counts an unclean end, then looks what can go on.
    fn begin(&mut self, context: &mut Context<Self>) {
        let engine = Arc::clone(&self.engine);
        let batch = self.batch.clone();
        let recover = RecoverRegistrationBatch {
            batch_id: batch.id,
            last_end: self.last_end,
        };
        let work = async move {
            engine.storage.write(recover).await.map_err(|error| error.to_string())?;
            let organisation = engine.reader.organisation_name(batch.organisation_id).await;
            Ok::<_, String>(BatchContext {
                organisation: organisation.map_err(|error| error.to_string())?.unwrap_or_default(),
                engine,
                held: AtomicBool::new(batch.status == BatchStatus::Paused),
                batch,
            })
        };
        context.spawn(work.into_actor(self).map(|outcome, actor, context| match outcome {
            Ok(batch) => {
                actor.context = Some(Arc::new(batch));
                actor.look(context);
            }
            Err(why) => actor.fail(why, context),
        }));
    }

    fn fail(&mut self, why: String, context: &mut Context<Self>) {
        self.word.leave(Exit::Failed(why));
        context.stop();
    }

    /// Reads how the batch stands and what of it can go on.
    fn look(&mut self, context: &mut Context<Self>) {
        if self.context.is_none() {
            return;
        }
        if self.reading {
            self.read_again = true;
            return;
        }
        self.reading = true;
        let engine = Arc::clone(&self.engine);
        let id = self.batch.id;
        let work = async move {
            let batch = engine.reader.registration_batch(id).await?;
            let registrations = engine.reader.unfinished_registrations(id).await?;
            Ok::<_, sea_orm::DbErr>((batch, registrations))
        };
        context.spawn(work.into_actor(self).map(|found, actor, context| {
            actor.reading = false;
            match found {
                Ok((Some(batch), registrations)) if batch.epoch == actor.batch.epoch => {
                    actor.take_in(batch, registrations, context);
                }
                // Gone, or fenced by a new epoch: whoever runs on would only meet conflicts.
                Ok(_) => {
                    actor.end_children();
                    context.stop();
                }
                Err(error) => {
                    tracing::warn!(%error, batch = %actor.batch.id, "cannot see how the batch stands; looking again");
                    context.run_later(AGAIN, Self::look);
                }
            }
            if std::mem::take(&mut actor.read_again) {
                actor.look(context);
            }
        }));
    }

    fn take_in(
        &mut self,
        batch: OpenRegistrationBatch,
        registrations: Vec<RunnableRegistration>,
        context: &mut Context<Self>,
    ) {
        let is_held = matches!(batch.status, BatchStatus::Paused | BatchStatus::Draft);
        if let Some(shared) = &self.context {
            shared
                .held
                .store(is_held || batch.status.has_ended(), Ordering::Release);
        }
        self.batch = batch;
        let now = Utc::now();
        let ended = self.batch.status.has_ended();
        let limit = if self.batch.parallel {
            self.engine.settings().registration.max_parallel
        } else {
            1
        };
        self.executing = registrations
            .iter()
            .filter(|each| each.executing)
            .map(|each| each.id)
            .collect();
        let mut executing = self.executing.len();
        self.ready.clear();
        for each in registrations {
            let may_go_on = if ended {
                each.call_open
            } else {
                !is_held && each.next_at.is_none_or(|at| at <= now)
            };
            if !may_go_on || self.backing_off.contains(&each.id) {
                continue;
            }
            let running = self.children.contains_key(&each.id);
            if each.current_step == 6 && !each.executing && !ended {
                // What runs up to its turn may be on its way to wait for it.
                let waits_already = each.ready_at.is_some();
                if executing < limit {
                    executing += 1;
                } else if waits_already || running {
                    continue;
                }
            }
            if !running {
                self.ready.push(each);
            }
        }
        self.fill(context);
    }

    /// Whether it is this registration's turn at the execution.
    fn may_execute(&self, each: &RunnableRegistration) -> bool {
        if each.current_step != 6 {
            return false;
        }
        let limit = if self.batch.parallel {
            self.engine.settings().registration.max_parallel
        } else {
            1
        };
        let running = self
            .children
            .iter()
            .filter(|(_, child)| child.executes)
            .map(|(id, _)| id);
        let others: HashSet<&Id> = self.executing.iter().chain(running).collect();
        let others = others.len();
        each.executing || self.batch.status.has_ended() || others < limit
    }

    /// Starts what can be started; ends where nothing is left to watch.
    fn fill(&mut self, context: &mut Context<Self>) {
        let Some(shared) = self.context.clone() else { return };
        if self.engine.is_draining() {
            self.ready.clear();
        }
        self.give_up_condemned(context);
        if self.suspect_runs || self.marking {
            return;
        }
        let is_suspect = |each: &RunnableRegistration| self.last_end.verdict(each.crashes) == Verdict::RunsAlone;
        if self.ready.iter().any(is_suspect) {
            self.credits.retain(Credit::is_exclusive);
            if self.children.is_empty() {
                self.suspect_runs = true;
                self.engine.credits.claim_exclusive(self.batch.id);
            }
            return;
        }
        let window = self.engine.settings().engine.window;
        let room = window.saturating_sub(self.children.len());
        let wanted = self.ready.len().min(room);
        if wanted == 0 {
            self.credits.clear();
            self.rest(context);
            return;
        }
        if self.credits.is_empty() {
            if wanted > self.expected {
                let more = wanted - self.expected;
                self.expected = wanted;
                self.engine.credits.claim(self.batch.id, more);
            }
            return;
        }
        let count = wanted.min(self.credits.len());
        let credits: Vec<Credit> = self.credits.drain(..count).collect();
        let starting: Vec<RunnableRegistration> = self.ready.drain(..count).collect();
        self.start_noted(shared, starting, credits, context);
    }

    /// Notes what may be running from now on, then starts it.
    fn start_noted(
        &mut self,
        shared: Arc<BatchContext>,
        starting: Vec<RunnableRegistration>,
        credits: Vec<Credit>,
        context: &mut Context<Self>,
    ) {
        self.marking = true;
        let mut jobs: Vec<Id> = starting.iter().map(|each| each.id).collect();
        jobs.extend(self.children.keys());
        let mark = MarkRegistrationsInFlight {
            batch_id: self.batch.id,
            jobs,
        };
        let engine = Arc::clone(&self.engine);
        let work = async move { engine.storage.write(mark).await };
        context.spawn(work.into_actor(self).map(move |outcome, actor, context| {
            actor.marking = false;
            match outcome {
                Ok(()) => {
                    for (each, credit) in starting.into_iter().zip(credits) {
                        actor.start_child(&shared, &each, credit, context);
                    }
                    actor.look(context);
                }
                Err(error) => actor.fail(error.to_string(), context),
            }
        }));
    }

    /// A batch that does not go on needs no supervisor; a change of it brings a new one.
    fn rest(&mut self, context: &mut Context<Self>) {
        let goes_on = matches!(self.batch.status, BatchStatus::Pending | BatchStatus::InProgress);
        let is_idle = self.children.is_empty() && self.ready.is_empty() && !self.reading && !self.asking;
        if is_idle {
            if let Some(tick) = self.ticking.take() {
                context.cancel_future(tick);
            }
            if (!goes_on && self.backing_off.is_empty()) || self.engine.is_draining() {
                context.stop();
            }
        }
    }

    fn tick(&mut self, context: &mut Context<Self>) {
        misbehave("registration_supervisor", "tick");
        self.end_stuck_children();
        self.fill(context);
    }
}

impl Actor for RegistrationSupervisor {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Context<Self>) {
        misbehave("registration_supervisor", "started");
        let recipient = context.address().recipient();
        self.engine
            .credits
            .join(self.batch.organisation_id, self.batch.id, recipient);
        self.begin(context);
    }

    fn stopped(&mut self, _: &mut Context<Self>) {
        self.credits.clear();
        self.engine.credits.leave(self.batch.id);
    }
}

impl Handler<Wake> for RegistrationSupervisor {
    type Result = ();

    fn handle(&mut self, _: Wake, context: &mut Context<Self>) {
        self.look(context);
    }
}

impl Handler<LookForDue> for RegistrationSupervisor {
    type Result = ();

    fn handle(&mut self, _: LookForDue, context: &mut Context<Self>) {
        self.close_questions(context);
        self.look(context);
    }
}

impl Handler<CreditGranted> for RegistrationSupervisor {
    type Result = ();

    fn handle(&mut self, CreditGranted(credit): CreditGranted, context: &mut Context<Self>) {
        if credit.is_exclusive() {
            self.start_suspect(credit, context);
        } else {
            self.expected = self.expected.saturating_sub(1);
            self.credits.push(credit);
            self.fill(context);
        }
    }
}

impl Handler<Describe> for RegistrationSupervisor {
    type Result = MessageResult<Describe>;

    fn handle(&mut self, _: Describe, _: &mut Context<Self>) -> Self::Result {
        MessageResult(self.describe_children())
    }
}

/// The name of a batch's supervisor in the tree.
pub(in crate::actors) fn actor_id(batch: Id) -> String {
    format!("registration-batch:{batch}")
}
