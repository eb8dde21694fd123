//! The end of a job: duplicates take their outcomes, and the last one completes it.

use std::sync::Arc;
use std::time::Duration;

use actix::{ActorContext, ActorFutureExt, AsyncContext, Context, WrapFuture};

use super::JobSupervisor;
use crate::actors::control::Engine;
use crate::model::batch::JobEvent;
use crate::model::journal::Origin;
use crate::store::read::OpenJob;
use crate::store::write::{ChangeJob, Changed, CopyFollowers, WriteError};

/// What was found when nothing was left to do.
enum Found {
    Completed,
    /// Some practices wait for a time to come; the scheduler will tell.
    Waits,
    /// The counts say that something is left.
    Unfinished,
    /// The job is no longer what it was when its row was read.
    Changed,
}

impl JobSupervisor {
    /// Gives the duplicates of a finished practice its outcome.
    pub(super) fn copy_outcome(&mut self, leader: i64, context: &mut Context<Self>) {
        self.leaders.push(leader);
        self.copy_next(context);
    }

    /// Practices may have finished in an earlier life of this process, before their duplicates were told.
    pub(super) fn copy_outcomes_left_behind(&mut self, context: &mut Context<Self>) {
        self.copying = true;
        let engine = Arc::clone(&self.engine);
        let job = self.job.clone();
        let work = async move { copy_left_behind(&engine, &job).await };
        context.spawn(
            work.into_actor(self)
                .map(|outcome, actor, context| actor.copied(outcome, context)),
        );
    }

    fn copy_next(&mut self, context: &mut Context<Self>) {
        if self.copying {
            return;
        }
        let Some(leader) = self.leaders.pop() else { return };
        self.copying = true;
        let engine = Arc::clone(&self.engine);
        let job = self.job.clone();
        let work = async move {
            copy(&engine, &job, leader)
                .await
                .map(drop)
                .map_err(|error| error.to_string())
        };
        context.spawn(
            work.into_actor(self)
                .map(|outcome, actor, context| actor.copied(outcome, context)),
        );
    }

    fn copied(&mut self, outcome: Result<(), String>, context: &mut Context<Self>) {
        self.copying = false;
        if let Err(error) = outcome {
            tracing::error!(error, job = %self.job.id, "duplicates could not be given their outcome");
        }
        self.copy_next(context);
        self.finish_if_idle(context);
    }

    pub(super) fn finish_if_idle(&mut self, context: &mut Context<Self>) {
        let idle = self.children.is_empty() && self.backlog.is_empty() && self.scan.is_exhausted();
        let busy = self.copying || self.finishing || self.suspect_runs || self.settled || self.context.is_none();
        if !idle || busy {
            return;
        }
        self.finishing = true;
        let engine = Arc::clone(&self.engine);
        let job = self.job.clone();
        let work = async move { finish(&engine, &job).await };
        context.spawn(work.into_actor(self).map(|outcome, actor, context| {
            actor.finishing = false;
            match outcome {
                Ok(Found::Completed) => context.stop(),
                Ok(Found::Waits) => actor.settled = true,
                Ok(Found::Changed) => actor.reconcile(context),
                Ok(Found::Unfinished) => {
                    actor.settled = true;
                    context.run_later(Duration::from_secs(1), |actor, context| {
                        actor.settled = false;
                        actor.scan_again();
                        actor.fill(context);
                    });
                }
                Err(error) => actor.fail(error, context),
            }
        }));
    }
}

/// Tells how many duplicates were moved.
async fn copy(engine: &Engine, job: &OpenJob, leader: i64) -> Result<u64, WriteError> {
    let mut total = 0;
    loop {
        let command = CopyFollowers {
            organisation_id: job.organisation_id,
            job_id: job.id,
            epoch: job.epoch,
            leader,
        };
        let moved = engine.storage.write(command).await?;
        total += moved;
        if !CopyFollowers::more_after(moved) {
            return Ok(total);
        }
    }
}

async fn copy_left_behind(engine: &Engine, job: &OpenJob) -> Result<(), String> {
    loop {
        let leaders = engine
            .reader
            .leaders_to_copy(job.id)
            .await
            .map_err(|error| error.to_string())?;
        let mut moved = 0;
        for leader in leaders {
            moved += copy(engine, job, leader).await.map_err(|error| error.to_string())?;
        }
        // None left, or the job is fenced and none will move.
        if moved == 0 {
            return Ok(());
        }
    }
}

async fn finish(engine: &Engine, job: &OpenJob) -> Result<Found, String> {
    if engine
        .reader
        .has_waiting(job.id)
        .await
        .map_err(|error| error.to_string())?
    {
        return Ok(Found::Waits);
    }
    let complete = ChangeJob {
        job_id: job.id,
        event: JobEvent::Complete,
        origin: Origin::engine(),
        reason: None,
    };
    match engine
        .storage
        .write(complete)
        .await
        .map_err(|error| error.to_string())?
    {
        Changed::Accepted(_) | Changed::Already(_) | Changed::NotFound => Ok(Found::Completed),
        Changed::Unfinished => Ok(Found::Unfinished),
        Changed::Illegal { .. } => Ok(Found::Changed),
    }
}
