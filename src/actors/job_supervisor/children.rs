//! The practices in flight: starting them, hearing how they ended, building them again.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use actix::{ActorFutureExt, AsyncContext, Context, Handler, Message, WrapFuture};
use chrono::{DateTime, Utc};
use rand::RngExt as _;

use super::{JobSupervisor, actor_id};
use crate::actors::credits::Credit;
use crate::actors::practice::{EndSlot, ItemEnd, JobContext, PracticeActor, give_up};
use crate::actors::supervision::{ActorReport, Exit, Monitored, RestartBudget, spawn_monitored};
use crate::model::batch::JobEvent;
use crate::model::journal::Origin;
use crate::providers::HostSlot;
use crate::steps::Progress;
use crate::store::read::RunnableItem;
use crate::store::write::{ChangeJob, MarkInFlight};

/// A practice in flight, and what it holds while it is.
pub(super) struct Child {
    monitored: Monitored<PracticeActor>,
    generation: u32,
    progress: Progress,
    has_followers: bool,
    started_at: DateTime<Utc>,
    _slot: Option<HostSlot>,
    _credit: Credit,
}

/// How often a practice's actor has failed.
pub(super) struct Faults {
    budget: RestartBudget,
    generation: u32,
    last: String,
}

/// A practice's actor has ended.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct ChildExited {
    id: i64,
    generation: u32,
    end: Option<ItemEnd>,
    exit: Exit,
}

impl JobSupervisor {
    pub(super) fn start_child(
        &mut self,
        job: &Arc<JobContext>,
        item: RunnableItem,
        slot: Option<HostSlot>,
        credit: Credit,
        context: &mut Context<Self>,
    ) {
        let id = item.id;
        let slot = slot.map(|slot| slot.taken_by(id));
        let generation = self.faults.get(&id).map_or(1, |faults| faults.generation + 1);
        let progress = Progress::new();
        let has_followers = item.has_followers;
        let end: EndSlot = Rc::new(Cell::new(None));
        let parent = context.address();
        let monitored = spawn_monitored(
            {
                let (job, progress, end) = (Arc::clone(job), progress.clone(), Rc::clone(&end));
                move |_, word| PracticeActor::new(job, item, progress, end, word)
            },
            move |exit| {
                parent.do_send(ChildExited {
                    id,
                    generation,
                    end: end.take(),
                    exit,
                })
            },
        );
        let started_at = Utc::now();
        let child = Child {
            monitored,
            generation,
            progress,
            has_followers,
            started_at,
            _slot: slot,
            _credit: credit,
        };
        self.children.insert(id, child);
        self.settled = false;
    }

    /// Ends children that have not moved for too long. What they were waiting for is not worth the wait any more.
    pub(super) fn end_stuck_children(&self) {
        let limit = self.engine.settings().engine.stuck_after_ms;
        for (id, child) in &self.children {
            if child.progress.idle_ms() > limit {
                tracing::warn!(item = id, "a practice did not move for {limit} ms; its actor is ended");
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

    /// Builds a practice's actor again from its row, or gives the practice up when that was done too often.
    fn child_failed(&mut self, id: i64, generation: u32, why: String, context: &mut Context<Self>) {
        tracing::warn!(item = id, generation, error = why, "a practice's actor failed");
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
                    // Read from its row like any other, and noted as being in flight before it runs.
                    actor.backing_off.remove(&id);
                    actor.settled = false;
                    actor.scan_again();
                    actor.fill(context);
                });
            }
            None => self.write_off(id, why, context),
        }
    }

    pub(super) fn write_off(&mut self, id: i64, why: String, context: &mut Context<Self>) {
        let Some(job) = self.context.clone() else { return };
        self.faults.remove(&id);
        let work = async move {
            let Some(item) = job.engine.reader.item(id).await.map_err(|error| error.to_string())? else {
                return Ok(false);
            };
            let status = item.status.parse().map_err(|error| format!("{error}"))?;
            let version = item.version;
            let leads = item.has_followers;
            give_up(&job, &item, status, version, why)
                .await
                .map_err(|error| error.to_string())?;
            Ok::<_, String>(leads)
        };
        context.spawn(work.into_actor(self).map(move |outcome, actor, context| {
            match outcome {
                Ok(true) => actor.copy_outcome(id, context),
                Ok(false) => {}
                Err(error) => tracing::error!(item = id, error, "a practice could not be given up"),
            }
            actor.settled = false;
            actor.fill(context);
        }));
    }

    /// Asks for the next suspect's run: everything else, of all jobs, ends first.
    pub(super) fn run_suspect(&mut self) {
        if !self.suspect_runs && self.children.is_empty() {
            self.suspect_runs = true;
            self.engine.credits.claim_exclusive(self.job.id);
        }
    }

    /// Nothing else runs: notes the suspect, alone, as being in flight, and starts it.
    pub(super) fn start_suspect(&mut self, credit: Credit, context: &mut Context<Self>) {
        let (Some(job), Some(item), false) = (self.context.clone(), self.backlog.pop_suspect(), self.is_held()) else {
            self.suspect_runs = false;
            return;
        };
        let engine = Arc::clone(&self.engine);
        let mark = MarkInFlight {
            job_id: self.job.id,
            items: vec![item.id],
        };
        let work = async move { engine.storage.write(mark).await };
        context.spawn(work.into_actor(self).map(move |outcome, actor, context| match outcome {
            Ok(()) => {
                let crashes = item.crashes;
                tracing::warn!(item = item.id, crashes, "runs alone: it may be what ends the process");
                actor.start_child(&job, item, None, credit, context);
            }
            Err(error) => actor.fail(error.to_string(), context),
        }));
    }

    /// Nothing of the job could go on: it is paused rather than run into the same wall with every practice.
    fn pause_for(&mut self, why: String, context: &mut Context<Self>) {
        let Some(job) = self.context.clone() else { return };
        // No other practice starts meanwhile.
        if job.held.swap(true, Ordering::AcqRel) {
            return;
        }
        tracing::error!(job = %self.job.id, error = why, "the job is paused");
        let pause = ChangeJob {
            job_id: self.job.id,
            event: JobEvent::Pause,
            origin: Origin::engine(),
            reason: Some(why),
        };
        let work = async move { job.engine.storage.write(pause).await };
        context.spawn(work.into_actor(self).map(|outcome, actor, context| {
            if let Err(error) = outcome {
                tracing::error!(%error, job = %actor.job.id, "the job could not be paused");
            }
            actor.reconcile(context);
        }));
    }

    pub(super) fn describe_children(&self) -> Vec<ActorReport> {
        let parent = actor_id(self.job.id);
        self.children
            .iter()
            .map(|(id, child)| {
                let faults = self.faults.get(id);
                ActorReport {
                    id: format!("practice:{id}"),
                    kind: "PracticeActor",
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

impl Handler<ChildExited> for JobSupervisor {
    type Result = ();

    fn handle(&mut self, exited: ChildExited, context: &mut Context<Self>) {
        let id = exited.id;
        if self
            .children
            .get(&id)
            .is_none_or(|child| child.generation != exited.generation)
        {
            return;
        }
        let Some(child) = self.children.remove(&id) else { return };
        self.settled = false;
        if std::mem::take(&mut self.suspect_runs) && !self.backlog.has_suspects() {
            // The others were read before the suspect alone was noted as being in flight.
            self.scan_again();
        }
        if self.scan.is_reading() {
            self.ended_meanwhile.insert(id);
        }
        match (exited.end, exited.exit.failure()) {
            (Some(ItemEnd::Finished(_)), _) => {
                self.faults.remove(&id);
                if child.has_followers {
                    self.copy_outcome(id, context);
                }
            }
            (Some(ItemEnd::Refused(why)), _) => self.pause_for(why, context),
            (Some(ItemEnd::Released), _) if !self.is_held() => self.scan_again(),
            (Some(ItemEnd::Waiting | ItemEnd::Released | ItemEnd::Superseded), _) => {}
            (None, Some(why)) => self.child_failed(id, exited.generation, why, context),
            (None, None) if exited.exit == Exit::Interrupted => {}
            (None, None) => self.child_failed(id, exited.generation, "ended without a word".to_owned(), context),
        }
        drop(child);
        self.fill(context);
    }
}
