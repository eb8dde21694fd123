//! The registrations that run: starting them, hearing how they ended, building them again.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use actix::{ActorFutureExt, AsyncContext, Context, Handler, Message, WrapFuture};
use chrono::{DateTime, Utc};
use entity::Id;
use rand::RngExt as _;

use super::job::{BatchContext, EndSlot, JobEnd, RegistrationJobActor};
use super::work::Work;
use super::{RegistrationSupervisor, TICK, actor_id};
use crate::actors::credits::Credit;
use crate::actors::supervision::{ActorReport, Exit, Monitored, RestartBudget, spawn_monitored};
use crate::model::crash::Verdict;
use crate::model::journal::Origin;
use crate::model::registration::batch::BatchEvent;
use crate::model::step::StepFailure;
use crate::steps::Progress;
use crate::store::read::RunnableRegistration;
use crate::store::write::ChangeRegistrationBatch;

/// How soon it is tried again to give up a registration that could not be.
const GIVING_UP_AGAIN: Duration = Duration::from_secs(30);

/// A registration that runs, and what it holds while it does.
pub(super) struct Child {
    monitored: Monitored<RegistrationJobActor>,
    generation: u32,
    progress: Progress,
    /// It is at the execution.
    pub executes: bool,
    started_at: DateTime<Utc>,
    _credit: Credit,
}

/// How often a registration's actor has failed.
pub(super) struct Faults {
    budget: RestartBudget,
    generation: u32,
    last: String,
}

/// A registration's actor has ended.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct ChildExited {
    id: Id,
    generation: u32,
    end: Option<JobEnd>,
    exit: Exit,
}

impl RegistrationSupervisor {
    pub(super) fn start_child(
        &mut self,
        shared: &Arc<BatchContext>,
        each: &RunnableRegistration,
        credit: Credit,
        context: &mut Context<Self>,
    ) {
        let id = each.id;
        if self.children.contains_key(&id) {
            return;
        }
        let executes = self.may_execute(each);
        let generation = self.faults.get(&id).map_or(1, |faults| faults.generation + 1);
        let progress = Progress::new();
        let end: EndSlot = Rc::new(Cell::new(None));
        let parent = context.address();
        let work = Work {
            batch: Arc::clone(shared),
            id,
            may_execute: executes,
            progress: progress.clone(),
        };
        let monitored = spawn_monitored(
            {
                let end = Rc::clone(&end);
                move |_, word| RegistrationJobActor::new(work, end, word)
            },
            move |exit| {
                parent.do_send(ChildExited {
                    id,
                    generation,
                    end: end.take(),
                    exit,
                });
            },
        );
        let child = Child {
            monitored,
            generation,
            progress,
            executes,
            started_at: Utc::now(),
            _credit: credit,
        };
        self.children.insert(id, child);
        if self.ticking.is_none() {
            self.ticking = Some(context.run_interval(TICK, Self::tick));
        }
    }

    pub(super) fn end_stuck_children(&self) {
        let limit = self.engine.settings().engine.stuck_after_ms;
        for (id, child) in &self.children {
            if child.progress.idle_ms() > limit {
                tracing::warn!(registration = %id, "a registration did not move for {limit} ms; its actor is ended");
                child.monitored.end(Exit::Stuck);
            }
        }
    }

    pub(super) fn end_children(&mut self) {
        for child in self.children.values() {
            child.monitored.end(Exit::Interrupted);
        }
        self.children.clear();
    }

    /// Nothing else runs: the registration that may be what ends the process runs alone.
    pub(super) fn start_suspect(&mut self, credit: Credit, context: &mut Context<Self>) {
        self.suspect_runs = false;
        let suspect = self
            .ready
            .iter()
            .position(|each| self.last_end.verdict(each.crashes) == Verdict::RunsAlone);
        let (Some(shared), Some(place)) = (self.context.clone(), suspect) else {
            return;
        };
        let each = self.ready.remove(place);
        tracing::warn!(registration = %each.id, crashes = each.crashes, "runs alone: it may be what ends the process");
        self.suspect_runs = true;
        self.start_noted(shared, vec![each], vec![credit], context);
    }

    /// Gives up what has ended the process often enough.
    pub(super) fn give_up_condemned(&mut self, context: &mut Context<Self>) {
        let last_end = self.last_end;
        let is_condemned = |each: &RunnableRegistration| last_end.verdict(each.crashes) == Verdict::Condemned;
        let condemned: Vec<_> = self.ready.extract_if(.., |each| is_condemned(each)).collect();
        for each in condemned {
            self.write_off(each.id, format!("ended the process {} times", each.crashes), context);
        }
    }

    /// Builds the registration's actor again from its row, or gives it up when that was done too often.
    fn child_failed(&mut self, id: Id, generation: u32, why: String, context: &mut Context<Self>) {
        tracing::warn!(registration = %id, generation, error = why, "a registration's actor failed");
        let settings = self.engine.settings();
        let faults = self.faults.entry(id).or_insert_with(|| Faults {
            budget: RestartBudget::new(&settings),
            generation,
            last: String::new(),
        });
        faults.generation = generation;
        faults.last.clone_from(&why);
        match faults.budget.spend(Instant::now(), rand::rng().random()) {
            Some(wait) => {
                self.backing_off.insert(id);
                context.run_later(wait, move |actor, context| {
                    actor.backing_off.remove(&id);
                    actor.look(context);
                });
            }
            None => self.write_off(id, why, context),
        }
    }

    fn write_off(&mut self, id: Id, why: String, context: &mut Context<Self>) {
        let Some(shared) = self.context.clone() else { return };
        self.faults.remove(&id);
        self.backing_off.insert(id);
        let work = async move {
            let work = Work {
                batch: shared,
                id,
                may_execute: false,
                progress: Progress::new(),
            };
            let job = work.batch.engine.reader.registration(id).await;
            let Some(job) = job.map_err(|error| error.to_string())? else {
                return Ok(());
            };
            if !job.status.has_ended() {
                let failed = work.giving_up(&job, &StepFailure::permanent(why), job.attempt + 1);
                work.commit(failed).await?;
            }
            Ok::<_, String>(())
        };
        context.spawn(work.into_actor(self).map(move |outcome, actor, context| {
            let Err(error) = outcome else {
                actor.backing_off.remove(&id);
                return actor.look(context);
            };
            tracing::error!(registration = %id, error, "a registration could not be given up; trying again");
            context.run_later(GIVING_UP_AGAIN, move |actor, context| {
                actor.backing_off.remove(&id);
                actor.look(context);
            });
        }));
    }

    /// No registration of the batch could go on: it is paused rather than run into the same wall with each of them.
    fn pause_for(&mut self, why: String, context: &mut Context<Self>) {
        let Some(shared) = self.context.clone() else { return };
        if shared.held.swap(true, Ordering::AcqRel) {
            return;
        }
        tracing::error!(batch = %self.batch.id, error = why, "the batch is paused");
        let pause = ChangeRegistrationBatch {
            organisation_id: self.batch.organisation_id,
            batch_id: self.batch.id,
            event: BatchEvent::Pause,
            despite_unknown_outcomes: false,
            origin: Origin::engine(),
            reason: Some(why),
        };
        let work = async move { shared.engine.storage.write(pause).await };
        context.spawn(work.into_actor(self).map(|outcome, actor, context| {
            if let Err(error) = outcome {
                tracing::error!(%error, batch = %actor.batch.id, "the batch could not be paused");
            }
            actor.look(context);
        }));
    }

    pub(super) fn describe_children(&self) -> Vec<ActorReport> {
        let parent = actor_id(self.batch.id);
        self.children
            .iter()
            .map(|(id, child)| {
                let faults = self.faults.get(id);
                ActorReport {
                    id: format!("registration:{id}"),
                    kind: "RegistrationJobActor",
                    parent: Some(parent.clone()),
                    state: format!("moved {} ms ago", child.progress.idle_ms()),
                    generation: child.generation,
                    restarts: faults.map_or(0, |faults| faults.budget.spent()),
                    queued: None,
                    last_failure: faults.map(|faults| faults.last.clone()),
                    started_at: child.started_at,
                }
            })
            .collect()
    }
}

impl Handler<ChildExited> for RegistrationSupervisor {
    type Result = ();

    fn handle(&mut self, exited: ChildExited, context: &mut Context<Self>) {
        let id = exited.id;
        let is_current = self
            .children
            .get(&id)
            .is_some_and(|child| child.generation == exited.generation);
        if !is_current {
            return;
        }
        self.children.remove(&id);
        self.suspect_runs = false;
        match (exited.end, exited.exit.failure()) {
            (Some(JobEnd::Ended), _) => {
                self.faults.remove(&id);
            }
            (Some(JobEnd::Refused(why)), _) => self.pause_for(why, context),
            (Some(JobEnd::Waiting | JobEnd::Released | JobEnd::Superseded), _) => {}
            (None, Some(why)) => self.child_failed(id, exited.generation, why, context),
            (None, None) if exited.exit == Exit::Interrupted => {}
            (None, None) => self.child_failed(id, exited.generation, "ended without a word".to_owned(), context),
        }
        self.look(context);
    }
}
