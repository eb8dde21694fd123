//! The `PracticeActor`: one practice in flight, from step to step until it is finished, must wait, or may not go on.
//!
//! A result counts when its transaction has committed; only then does the next step begin. The actor may be dropped at
//! any await: what it was doing is either committed or done again.

use std::cell::Cell;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix::{Actor, ActorContext, ActorFutureExt, AsyncContext, Context, WrapFuture};
use chrono::{DateTime, SecondsFormat, Utc};
use entity::Id;
use futures_util::FutureExt as _;
use rand::RngExt as _;
use serde_json::Value;

use super::control::Engine;
use super::supervision::{Exit, LastWord, panic_text};
use crate::model::journal::{Operation, StepRunEnd};
use crate::model::play::{Play, PlayStep};
use crate::model::practice::PracticeStatus;
use crate::model::retry::RetryPolicy;
use crate::model::step::{Settled, Standing, StepFailure, settle};
use crate::ops::{breakpoint, misbehave};
use crate::settings::Retry;
use crate::steps::{Progress, StepContext, StepData, StepResult};
use crate::store::read::RunnableItem;
use crate::store::write::{ItemRef, ItemTransition, Payload, PayloadColumn, Transitioned, WriteError};

/// What all practices of a job share while they run.
pub struct JobContext {
    pub engine: Arc<Engine>,
    pub job_id: Id,
    pub organisation_id: Id,
    pub epoch: i32,
    pub play: Play,
    pub settings: Arc<Value>,
    /// Set while no new step of this job may start.
    pub held: AtomicBool,
}

impl JobContext {
    fn may_start_a_step(&self) -> bool {
        !self.held.load(Ordering::Acquire) && !self.engine.is_draining()
    }
}

/// Where a practice stands when its actor stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemEnd {
    /// Finished, and committed as such.
    Finished(PracticeStatus),
    /// Its row says until when it waits.
    Waiting,
    /// No further step may start now; it goes on from its row later.
    Released,
    /// Somebody else has changed the row, or the job is fenced.
    Superseded,
}

/// Where the actor says how it went, before it stops. Empty at its end: it did not get that far.
pub type EndSlot = Rc<Cell<Option<ItemEnd>>>;

/// Runs one practice.
pub struct PracticeActor {
    work: Option<Work>,
    end: EndSlot,
    word: LastWord,
}

impl PracticeActor {
    pub(super) fn new(
        job: Arc<JobContext>,
        item: RunnableItem,
        progress: Progress,
        end: EndSlot,
        word: LastWord,
    ) -> Self {
        Self {
            work: Work::new(job, item, progress),
            end,
            word,
        }
    }
}

impl Actor for PracticeActor {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Context<Self>) {
        let Some(work) = self.work.take() else {
            self.word
                .leave(Exit::Failed("its row is in a state that does not exist".to_owned()));
            context.stop();
            return;
        };
        misbehave("practice", &work.item.practice_identifier);
        context.spawn(work.run().into_actor(self).map(|outcome, actor, context| {
            match outcome {
                Ok(end) => actor.end.set(Some(end)),
                Err(error) => actor.word.leave(Exit::Failed(error.to_string())),
            }
            context.stop();
        }));
    }
}

/// A practice and all that its steps need.
struct Work {
    job: Arc<JobContext>,
    item: RunnableItem,
    status: PracticeStatus,
    version: i32,
    given: Given,
    progress: Progress,
}

/// What earlier steps gave, as JSON text.
struct Given {
    url: Option<Arc<str>>,
    scrape: Option<Arc<str>>,
    step_data: Option<Arc<str>>,
}

/// What is written after a step.
struct Written {
    to: PracticeStatus,
    step_number: i32,
    attempt: i32,
    next_at: Option<DateTime<Utc>>,
    failure: Option<StepFailure>,
    data: Option<StepData>,
    operation: Operation,
}

impl Work {
    fn new(job: Arc<JobContext>, mut item: RunnableItem, progress: Progress) -> Option<Self> {
        let status = item.status.parse().ok()?;
        let text = |payload: Option<Value>| payload.map(|payload| Arc::from(payload.to_string()));
        let given = Given {
            url: text(item.url_worker_payload.take()),
            scrape: text(item.scraper_worker_payload.take()),
            step_data: text(item.step_data.take()),
        };
        Some(Self {
            job,
            status,
            version: item.version,
            item,
            given,
            progress,
        })
    }

    async fn run(mut self) -> Result<ItemEnd, WriteError> {
        loop {
            if !self.job.may_start_a_step() {
                return Ok(ItemEnd::Released);
            }
            let step = match self.job.play.after(self.item.step_number) {
                Some(step) => step.clone(),
                None => {
                    return self
                        .give_up("its play has no further step; redo the job".to_owned())
                        .await;
                }
            };
            self.progress.record();
            let result = self.run_step(&step).await;
            self.progress.record();
            if let Some(end) = self.settle(&step, result).await? {
                return Ok(end);
            }
        }
    }

    async fn run_step(&self, step: &PlayStep) -> StepResult {
        let Some(handler) = self.job.engine.handlers.get(&step.handler) else {
            let why = format!(
                "the workflow '{}' names the handler '{}', which does not exist",
                step.slug, step.handler
            );
            return Err(StepFailure::permanent(why));
        };
        let context = StepContext {
            job_id: self.job.job_id,
            item_id: self.item.id,
            identifier: self.item.practice_identifier.clone(),
            url: self.given.url.clone(),
            scrape: self.given.scrape.clone(),
            step_data: self.given.step_data.clone(),
            settings: Arc::clone(&self.job.settings),
            progress: self.progress.clone(),
        };
        breakpoint("before step");
        let started = std::time::Instant::now();
        let outcome = AssertUnwindSafe(handler.run(&context)).catch_unwind().await;
        metrics::histogram!("batchdesk_step_seconds", "step" => step.slug.clone()).record(started.elapsed());
        breakpoint("after step");
        outcome.unwrap_or_else(|panic| {
            let text = panic_text(panic.as_ref());
            tracing::error!(item = self.item.id, step = step.slug, panic = text, "a step panicked");
            Err(StepFailure::passing(format!("the step panicked: {text}")))
        })
    }

    /// Writes what the step gave; `Some` when the actor has nothing left to do.
    async fn settle(&mut self, step: &PlayStep, result: StepResult) -> Result<Option<ItemEnd>, WriteError> {
        let policy = policy(&self.job.engine.settings().retry);
        let before = Standing {
            status: self.status,
            attempt: self.item.attempt,
        };
        let outcome = result.as_ref().map(|_| ());
        let Ok(settled) = settle(before, step, outcome, &policy, Utc::now(), rand::rng().random()) else {
            return Ok(Some(ItemEnd::Superseded));
        };
        let (data, failure) = match result {
            Ok(data) => (Some(data), None),
            Err(failure) => (None, Some(failure)),
        };
        let written = match settled {
            Settled::Completed { to } => Written {
                to,
                step_number: step.number,
                attempt: 0,
                next_at: None,
                failure: None,
                data,
                operation: Operation::StepCompleted,
            },
            Settled::Waits { next_at, attempt } => Written {
                to: self.status,
                step_number: self.item.step_number,
                attempt,
                next_at: Some(next_at),
                failure,
                data: None,
                operation: Operation::StepWaiting,
            },
            Settled::Failed { attempt } => Written {
                to: PracticeStatus::Error,
                step_number: self.item.step_number,
                attempt,
                next_at: None,
                failure,
                data: None,
                operation: Operation::StepFailed,
            },
        };
        let (to, waits) = (written.to, written.next_at.is_some());
        match self.write(step, &written).await {
            Ok(Transitioned::Conflict) => return Ok(Some(ItemEnd::Superseded)),
            Ok(Transitioned::Committed { .. }) => {}
            // The database will never take this data: that is the step's failure, told in its own words.
            Err(WriteError::Rejected(why)) if written.data.is_some() => {
                let failure = StepFailure::permanent(format!("the step's data cannot be stored: {why}"));
                return Box::pin(self.settle(step, Err(failure))).await;
            }
            Err(error) => return Err(error),
        }
        if waits {
            return Ok(Some(ItemEnd::Waiting));
        }
        if to.is_finished() {
            return Ok(Some(ItemEnd::Finished(to)));
        }
        self.advance(written);
        Ok(None)
    }

    fn advance(&mut self, written: Written) {
        self.status = written.to;
        self.version += 1;
        self.item.step_number = written.step_number;
        self.item.attempt = 0;
        let Some(data) = written.data else { return };
        match data.column {
            PayloadColumn::Url => self.given.url = Some(data.json),
            PayloadColumn::Scraper => self.given.scrape = Some(data.json),
            PayloadColumn::StepData => self.given.step_data = Some(data.json),
            PayloadColumn::Final => {}
        }
    }

    async fn write(&self, step: &PlayStep, written: &Written) -> Result<Transitioned, WriteError> {
        let tried = self.item.attempt.saturating_add(1);
        let failure = written.failure.as_ref();
        let end = run_end(&self.job, &self.item, step, failure);
        let transition = ItemTransition {
            item: ItemRef {
                organisation_id: self.job.organisation_id,
                job_id: self.job.job_id,
                id: self.item.id,
                version: self.version,
                epoch: self.job.epoch,
            },
            from: self.status,
            to: written.to,
            step_number: written.step_number,
            attempt: written.attempt,
            next_at: written.next_at,
            blocked_by: written
                .next_at
                .map(|at| format!("retry until {}", at.to_rfc3339_opts(SecondsFormat::Secs, true))),
            error: failure.map(|failure| failure.error.clone()),
            payload: written.data.as_ref().map(|data| Payload {
                column: data.column,
                json: Arc::clone(&data.json),
            }),
            operation: written.operation,
            step: step.number,
            tried,
            details: serde_json::to_string(&end).map_err(|error| WriteError::Rejected(error.to_string()))?,
        };
        let _writing = self.progress.writing();
        self.job.engine.storage.write(transition).await
    }

    /// Ends the practice in error for a reason that is no step's.
    async fn give_up(self, why: String) -> Result<ItemEnd, WriteError> {
        let status = self.status;
        match give_up(&self.job, &self.item, status, self.version, why).await? {
            Transitioned::Committed { .. } => Ok(ItemEnd::Finished(PracticeStatus::Error)),
            Transitioned::Conflict => Ok(ItemEnd::Superseded),
        }
    }
}

/// Writes a practice off, for a reason that is no step's.
///
/// # Errors
/// As [`super::storage::Storage::write`].
pub async fn give_up(
    job: &JobContext,
    item: &RunnableItem,
    status: PracticeStatus,
    version: i32,
    why: String,
) -> Result<Transitioned, WriteError> {
    // As the failure of the step that would have come next, so that it is logged like any other.
    let (operation, step, details) = match job.play.after(item.step_number) {
        Some(step) => {
            let end = run_end(job, item, step, Some(&StepFailure::permanent(why.clone())));
            (Operation::StepFailed, step.number, serde_json::to_string(&end))
        }
        None => {
            let details = serde_json::to_string(&serde_json::json!({ "error": why }));
            (Operation::ItemFinished, item.step_number, details)
        }
    };
    let transition = ItemTransition {
        item: ItemRef {
            organisation_id: job.organisation_id,
            job_id: job.job_id,
            id: item.id,
            version,
            epoch: job.epoch,
        },
        from: status,
        to: PracticeStatus::Error,
        step_number: item.step_number,
        attempt: item.attempt,
        next_at: None,
        blocked_by: None,
        error: Some(why),
        payload: None,
        operation,
        step,
        tried: item.attempt,
        details: details.map_err(|error| WriteError::Rejected(error.to_string()))?,
    };
    job.engine.storage.write(transition).await
}

/// What the end of a step run leaves in the journal.
fn run_end(job: &JobContext, item: &RunnableItem, step: &PlayStep, failure: Option<&StepFailure>) -> StepRunEnd {
    StepRunEnd {
        workflow_id: step.workflow_id,
        workflow_slug: step.slug.clone(),
        play: job.play.name.clone(),
        life: item.life,
        domain: item.domain.clone(),
        company_id: item.company_id,
        result_table: step.result_table.clone(),
        error: failure.map(|failure| failure.error.clone()),
        chain: failure.and_then(|failure| failure.chain.clone()),
        input: failure.map(|_| item.practice_identifier.clone()),
    }
}

fn policy(retry: &Retry) -> RetryPolicy {
    RetryPolicy {
        max_retries: retry.max_retries,
        base: Duration::from_millis(retry.base_ms),
        factor: retry.factor,
        jitter: retry.jitter,
        longest: Duration::from_millis(retry.max_ms),
    }
}
