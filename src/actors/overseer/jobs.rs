//! Supervisors of jobs: started where one is missing, built again when one fails, given up when one keeps failing.

use std::sync::Arc;
use std::time::{Duration, Instant};

use actix::{ActorFutureExt, AsyncContext, Context, Handler, Message, WrapFuture};
use chrono::{DateTime, Utc};
use entity::Id;
use rand::RngExt as _;

use super::Overseer;
use crate::actors::job_supervisor::{JobSupervisor, LookForDue, Wake};
use crate::actors::scheduler::ItemsDue;
use crate::actors::supervision::{Exit, Monitored, RestartBudget, spawn_monitored};
use crate::model::batch::{JobEvent, JobStatus};
use crate::model::crash::LastEnd;
use crate::model::journal::Origin;
use crate::ops::misbehave;
use crate::store::read::OpenJob;
use crate::store::write::ChangeJob;

/// A job's supervisor.
pub(super) struct Supervised {
    /// Absent while it waits to be built again.
    pub monitored: Option<Monitored<JobSupervisor>>,
    pub generation: u32,
    pub budget: RestartBudget,
    pub last_failure: Option<String>,
    pub started_at: DateTime<Utc>,
    /// Not before this.
    rebuild_at: Option<Instant>,
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
        let work = async move { engine.reader.open_jobs().await };
        context.spawn(work.into_actor(self).map(|jobs, actor, context| {
            actor.reconciling = false;
            match jobs {
                Ok(jobs) => {
                    let left = actor
                        .left_behind
                        .get_or_insert_with(|| jobs.iter().map(|job| job.id).collect());
                    left.retain(|id| jobs.iter().any(|job| job.id == *id));
                    for job in jobs {
                        actor.supervise(job, context);
                    }
                    actor.recovered.send_replace(true);
                }
                Err(error) => tracing::warn!(%error, "cannot see which jobs are open; looking again"),
            }
            if std::mem::take(&mut actor.reconcile_again) {
                actor.reconcile(context);
            }
        }));
    }

    /// Starts a supervisor for the job if it wants one and has none.
    fn supervise(&mut self, job: OpenJob, context: &mut Context<Self>) {
        if job.status == JobStatus::Paused || self.engine.is_draining() {
            return;
        }
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
        // What an unclean end left in flight is counted once, by the first supervisor of this process.
        let left_behind = self.left_behind.as_mut().is_some_and(|left| left.remove(&job.id));
        let last_end = if left_behind {
            self.engine.last_end
        } else {
            LastEnd::Clean
        };
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

    pub(super) fn look_for_due(&mut self, id: Id, context: &mut Context<Self>) {
        match self.jobs.get(&id).and_then(|job| job.monitored.as_ref()) {
            Some(supervisor) => supervisor.addr.do_send(LookForDue),
            None => self.reconcile(context),
        }
    }

    pub(super) fn wake(&mut self, id: Id, context: &mut Context<Self>) {
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

impl Handler<ItemsDue> for Overseer {
    type Result = ();

    fn handle(&mut self, ItemsDue(jobs): ItemsDue, context: &mut Context<Self>) {
        for id in jobs {
            self.look_for_due(id, context);
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
