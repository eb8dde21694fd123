//! A practice's way through its play: whose turn it is, what that gives, and what is written of it.

use std::cell::Cell;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::FutureExt as _;
use rand::RngExt as _;
use serde_json::{Map, Value};

use super::asking::Answer;
use super::conditions::{Completed, Decision};
use super::storing::Done;
use super::written::Written;
use super::{ItemEnd, JobContext};
use crate::actors::supervision::panic_text;
use crate::model::journal::Operation;
use crate::model::play::{Play, PlayStep};
use crate::model::practice::{PracticeEvent, PracticeStatus};
use crate::model::step::{Begun, Ended, ItemFlow, Settled, Standing, StepFailure, Turn, settle};
use crate::model::workflow::{Mode, RetryOverride, Workflow};
use crate::ops::breakpoint;
use crate::steps::{Progress, StepContext, StepResult, StepStop};
use crate::store::read::{RunnableItem, workflow_at};
use crate::store::write::{PayloadColumn, StepRunChange, Transitioned, WriteError};

/// A practice and all that its steps need.
pub(super) struct Work {
    pub job: Arc<JobContext>,
    pub item: RunnableItem,
    pub status: PracticeStatus,
    pub version: i32,
    pub flow: ItemFlow,
    pub given: Given,
    pub progress: Progress,
    /// What the practice's company has completed; read when it is first asked for.
    pub completed: Option<Completed>,
    /// The data of the step that runs is with its step run until it can be stored.
    pub kept: Cell<bool>,
}

/// What earlier steps gave.
pub(super) struct Given {
    /// JSON text.
    pub url: Option<Arc<str>>,
    /// JSON text.
    pub scrape: Option<Arc<str>>,
    /// By slug, of steps without a column of their own.
    pub steps: Map<String, Value>,
}

impl Work {
    pub fn new(job: Arc<JobContext>, mut item: RunnableItem, progress: Progress) -> Option<Self> {
        let status = item.status.parse().ok()?;
        let text = |payload: Option<Value>| payload.map(|payload| Arc::from(payload.to_string()));
        let given = Given {
            url: text(item.url_worker_payload.take()),
            scrape: text(item.scraper_worker_payload.take()),
            steps: match item.step_data.take() {
                Some(Value::Object(steps)) => steps,
                _ => Map::new(),
            },
        };
        let flow = item.flow.take().map(serde_json::from_value::<ItemFlow>).transpose();
        let flow = flow.unwrap_or_default().unwrap_or_default();
        Some(Self {
            job,
            status,
            version: item.version,
            kept: Cell::new(flow.kept),
            flow,
            item,
            given,
            progress,
            completed: None,
        })
    }

    pub fn identifier(&self) -> &str {
        &self.item.practice_identifier
    }

    pub async fn run(mut self) -> Result<ItemEnd, String> {
        let job = Arc::clone(&self.job);
        loop {
            if !job.may_start_a_step() {
                return Ok(ItemEnd::Released);
            }
            let Some((step, place)) = self.step_to_take(&job.play).await? else {
                let why = "its play has no further step; redo the job".to_owned();
                return self.give_up(why).await.map_err(|error| error.to_string());
            };
            let Some((workflow, next)) = step.alternative(place) else {
                return Ok(ItemEnd::Superseded);
            };
            let turn = Turn {
                step: &step,
                workflow,
                next,
            };
            self.progress.record();
            let end = match (self.decide(&step, workflow).await, next) {
                (Ok(Decision::Runs), _) => {
                    let result = self.run_step(step.number, workflow).await;
                    self.progress.record();
                    self.settle(turn, result).await
                }
                (Ok(Decision::PassedOver(why)), Some(place)) => self.pass_over(turn, place, &why).await,
                (Ok(Decision::PassedOver(why) | Decision::Skipped(why)), _) => self.skip(turn, &why).await,
                (Err(stop), _) => self.settle(turn, Err(stop)).await,
            };
            if let Some(end) = end? {
                return Ok(end);
            }
        }
    }

    /// The step that comes next, and the place of the workflow in it whose turn it is.
    async fn step_to_take(&self, play: &Play) -> Result<Option<(PlayStep, usize)>, String> {
        if let Some(begun) = self.flow.begun {
            if let Some((step, place)) = play.place_of(begun.workflow, self.item.step_number) {
                return Ok(Some((step.clone(), place)));
            }
            // Disabled, deleted or moved since: it ends all the same.
            let former = workflow_at(&self.job.engine.readers, begun.workflow, begun.version).await;
            if let Some(former) = former.map_err(|error| error.to_string())? {
                let is_last = play.after(former.number).is_none();
                return Ok(Some((PlayStep::alone(Arc::new(former), is_last), 0)));
            }
        }
        Ok(play.after(self.item.step_number).map(|step| {
            // The workflow that was asked last time may be gone.
            let place = self.flow.alternative;
            let place = if place < step.alternatives.len() { place } else { 0 };
            (step.clone(), place)
        }))
    }

    async fn run_step(&self, step: i32, workflow: &Arc<Workflow>) -> Result<Done, StepStop> {
        breakpoint("before step");
        let started = std::time::Instant::now();
        let outcome = AssertUnwindSafe(self.do_step(step, workflow)).catch_unwind().await;
        metrics::histogram!("batchdesk_step_seconds", "step" => workflow.handler().to_owned())
            .record(started.elapsed());
        breakpoint("after step");
        outcome.unwrap_or_else(|panic| {
            let text = panic_text(panic.as_ref());
            tracing::error!(
                item = self.item.id,
                step = workflow.slug,
                panic = text,
                "a step panicked"
            );
            Err(StepFailure::passing(format!("the step panicked: {text}")).into())
        })
    }

    async fn do_step(&self, step: i32, workflow: &Arc<Workflow>) -> Result<Done, StepStop> {
        let answer = if workflow.is_native() {
            let data = self.do_natively(workflow).await?;
            let workflow = Arc::clone(workflow);
            Answer { workflow, data }
        } else {
            self.ask(step, workflow).await?
        };
        if answer.workflow.version == workflow.version {
            return self.store(step, answer).await;
        }
        match self.store(step, answer.clone()).await {
            // The version that the step began under can end nothing; the one that took its place may mend that.
            Err(StepStop::Refused(_)) => {
                let workflow = Arc::clone(workflow);
                self.store(step, Answer { workflow, ..answer }).await
            }
            ended => ended,
        }
    }

    async fn do_natively(&self, workflow: &Workflow) -> StepResult {
        let Some(handler) = self.job.engine.handlers.get(workflow.handler()) else {
            let why = format!(
                "the workflow '{}' names the handler '{}', which does not exist",
                workflow.slug,
                workflow.handler()
            );
            return Err(StepFailure::permanent(why).into());
        };
        let context = StepContext {
            job_id: self.job.job_id,
            item_id: self.item.id,
            identifier: self.item.practice_identifier.clone(),
            url: self.given.url.clone(),
            scrape: self.given.scrape.clone(),
            settings: Arc::clone(&self.job.settings),
            progress: self.progress.clone(),
        };
        handler.run(&context).await
    }

    /// Writes what the step gave; `Some` when the actor has nothing left to do.
    async fn settle(&mut self, turn: Turn<'_>, result: Result<Done, StepStop>) -> Result<Option<ItemEnd>, String> {
        let (data, row, failure) = match result {
            Ok(done) => (Some(done.data), done.row, None),
            Err(StepStop::Failed(failure)) => (None, None, Some(failure)),
            Err(StepStop::AwaitsCallback { until }) => return self.await_callback(turn, until).await,
            Err(StepStop::PutOff { wait, why }) => return self.put_off(turn, wait, why).await,
            Err(StepStop::Superseded) => return Ok(Some(ItemEnd::Superseded)),
            Err(StepStop::Refused(why)) => return Ok(Some(ItemEnd::Refused(why))),
        };
        let ended = match (&data, &failure) {
            (_, Some(failure)) => Ended::Failed(failure),
            (Some(data), None) if !data.found => Ended::FoundNothing,
            _ => Ended::Done,
        };
        let before = Standing {
            status: self.status,
            attempt: self.item.attempt,
        };
        let own = RetryOverride {
            max_retries: turn.workflow.flow.max_retries(),
            ..turn.workflow.flow.retry
        };
        let policy = self.job.engine.settings().retry.policy(&own);
        let Ok(settled) = settle(before, turn, ended, &policy, Utc::now(), rand::rng().random()) else {
            return Ok(Some(ItemEnd::Superseded));
        };
        let mut written = match settled {
            Settled::Completed { to } => {
                let flow = self
                    .flow
                    .after(turn.step, Some(&turn.workflow.slug), "another workflow did the step");
                Written {
                    tried: self.tried(),
                    ..Written::completed(turn.step.number, to, flow, data)
                }
            }
            Settled::Waits { next_at, attempt } => Written {
                attempt,
                next_at: Some(next_at),
                blocked_by: Some(Written::until("retry", next_at)),
                failure,
                ..self.stays(Operation::StepWaiting)
            },
            Settled::PassedOn { place } => {
                let why = failure
                    .as_ref()
                    .map_or("found nothing", |failure| failure.error.as_str());
                Written {
                    attempt: 0,
                    flow: self.flow.at_alternative(place, &turn.workflow.slug, why),
                    failure,
                    ..self.stays(Operation::StepWaiting)
                }
            }
            Settled::WentPast { to, attempt } => {
                let why = failure.as_ref().map_or("failed", |failure| failure.error.as_str());
                let flow = self.flow.after(turn.step, None, why);
                Written {
                    tried: attempt,
                    failure,
                    operation: Operation::StepFailed,
                    ..Written::completed(turn.step.number, to, flow, None)
                }
            }
            Settled::Failed { attempt } => Written {
                to: PracticeStatus::Error,
                attempt,
                failure,
                ..self.stays(Operation::StepFailed)
            },
        };
        written.row = row.filter(|_| written.data.is_some());
        written.step_run = self.ended_run(turn);
        self.put(turn, written).await
    }

    /// The step run that has ended with the step, if its answer came from outside.
    fn ended_run(&self, turn: Turn<'_>) -> Option<StepRunChange> {
        let from_outside = turn.workflow.mode == Mode::Async || self.kept.get();
        from_outside.then(|| StepRunChange::Closes(self.run_id(turn.step.number)))
    }

    /// Waits, in its row alone, for a callback.
    async fn await_callback(&mut self, turn: Turn<'_>, until: DateTime<Utc>) -> Result<Option<ItemEnd>, String> {
        let written = Written {
            next_at: Some(until),
            blocked_by: Some(Written::until("callback", until)),
            step_run: Some(StepRunChange::Awaits(self.run_id(turn.step.number))),
            reason: Some("waits for a callback".to_owned()),
            flow: self.begun_by(turn.workflow),
            ..self.stays(Operation::StepWaiting)
        };
        self.put(turn, written).await
    }

    /// Tries again later what was not tried, or could not be stored.
    async fn put_off(&mut self, turn: Turn<'_>, wait: Duration, why: &str) -> Result<Option<ItemEnd>, String> {
        let next_at = Utc::now() + TimeDelta::from_std(wait).unwrap_or(TimeDelta::days(1));
        let written = Written {
            next_at: Some(next_at),
            blocked_by: Some(Written::until(why, next_at)),
            reason: Some(why.to_owned()),
            flow: if self.kept.get() {
                self.begun_by(turn.workflow)
            } else {
                self.flow.clone()
            },
            ..self.stays(Operation::StepWaiting)
        };
        self.put(turn, written).await
    }

    /// The flow of an item whose step has begun, and goes on later.
    fn begun_by(&self, workflow: &Workflow) -> ItemFlow {
        let begun = Begun {
            workflow: workflow.id,
            version: workflow.version,
        };
        ItemFlow {
            kept: self.kept.get(),
            begun: self.flow.begun.or(Some(begun)),
            ..self.flow.clone()
        }
    }

    /// Asks the workflow at `place` of the same step instead.
    async fn pass_over(&mut self, turn: Turn<'_>, place: usize, why: &str) -> Result<Option<ItemEnd>, String> {
        let written = Written {
            attempt: 0,
            reason: Some(why.to_owned()),
            flow: self.flow.at_alternative(place, &turn.workflow.slug, why),
            ..self.stays(Operation::StepWaiting)
        };
        self.put(turn, written).await
    }

    /// Goes past a step that need not run.
    async fn skip(&mut self, turn: Turn<'_>, why: &str) -> Result<Option<ItemEnd>, String> {
        let sets = turn.step.done_status(turn.workflow);
        let Ok(to) = self.status.next(PracticeEvent::StepCompleted { sets }) else {
            return Ok(Some(ItemEnd::Superseded));
        };
        let flow = self.flow.after(turn.step, None, why);
        let written = Written {
            operation: Operation::StepSkipped,
            reason: Some(why.to_owned()),
            tried: 0,
            ..Written::completed(turn.step.number, to, flow, None)
        };
        self.put(turn, written).await
    }

    /// Commits, and takes over what was committed.
    async fn put(&mut self, turn: Turn<'_>, mut written: Written) -> Result<Option<ItemEnd>, String> {
        if turn.step.is_last() && written.to == PracticeStatus::Aggregated {
            let whole = self.whole(turn.workflow, written.data.as_ref()).await;
            written.whole = whole.map_err(|error| error.to_string())?;
        }
        match self.write(turn, &written).await {
            Ok(Transitioned::Conflict) => return Ok(Some(ItemEnd::Superseded)),
            Ok(Transitioned::Committed { .. }) => {}
            // The database will never take this data: that is the step's failure, told in its own words.
            Err(WriteError::Rejected(why)) if written.data.is_some() => {
                let failure = StepFailure::permanent(format!("the step's data cannot be stored: {why}"));
                let stop = match &written.row {
                    Some(row) => {
                        self.job.engine.destinations.forget(row.plan());
                        self.refused(failure.into())
                    }
                    None => failure.into(),
                };
                return Box::pin(self.settle(turn, Err(stop))).await;
            }
            Err(error) => return Err(error.to_string()),
        }
        if written.row.is_some() {
            self.job.refused_rows.store(0, Ordering::Relaxed);
        }
        if written.next_at.is_some() {
            return Ok(Some(ItemEnd::Waiting));
        }
        if written.to.is_finished() {
            return Ok(Some(ItemEnd::Finished(written.to)));
        }
        self.advance(turn.workflow, written);
        Ok(None)
    }

    fn advance(&mut self, workflow: &Workflow, written: Written) {
        self.status = written.to;
        self.version += 1;
        self.item.step_number = written.step_number;
        self.item.attempt = written.attempt;
        self.flow = written.flow;
        self.kept.set(self.flow.kept);
        let Some(data) = written.data else { return };
        match data.column {
            PayloadColumn::Url => self.given.url = Some(data.json),
            PayloadColumn::Scraper => self.given.scrape = Some(data.json),
            PayloadColumn::StepData => {
                self.given.steps.insert(workflow.slug.clone(), data.value());
            }
            PayloadColumn::Final => {}
        }
    }

    pub fn tried(&self) -> i32 {
        self.item.attempt.saturating_add(1)
    }

    /// What is written of an item that stays where it is.
    fn stays(&self, operation: Operation) -> Written {
        Written {
            to: self.status,
            step_number: self.item.step_number,
            attempt: self.item.attempt,
            tried: self.tried(),
            next_at: None,
            blocked_by: None,
            failure: None,
            reason: None,
            flow: self.flow.clone(),
            data: None,
            whole: None,
            row: None,
            step_run: None,
            operation,
        }
    }
}
