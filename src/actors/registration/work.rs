//! A registration's way through its six steps: what comes next, what that gives, and what is written of it.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use entity::Id;
use futures_util::FutureExt as _;
use rand::RngExt as _;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::facts::facts;
use super::job::{BatchContext, JobEnd};
use super::written::{entry, until};
use crate::actors::supervision::panic_text;
use crate::model::journal::Operation;
use crate::model::registration::job::RegistrationStatus;
use crate::model::registration::plan::{RegistrationPlan, StepPlan};
use crate::model::registration::step::{StepNumber, StepStatus};
use crate::model::registration::sub_step::Progress as Execution;
use crate::model::step::StepFailure;
use crate::ops::breakpoint;
use crate::steps::Progress;
use crate::steps::registration::{Found, RegistrationContext, RegistrationStop, prefilled};
use crate::store::read::RegistrationJob;
use crate::store::write::{RegistrationTransition, StepWrite};

/// A registration and all that its steps need.
pub(super) struct Work {
    pub batch: Arc<BatchContext>,
    pub id: Id,
    /// Whether it is this registration's turn at the execution.
    pub may_execute: bool,
    pub progress: Progress,
}

/// What follows a move.
pub(super) enum Next {
    Stop(JobEnd),
    /// The database says how the registration stands.
    Look,
    /// The registration stands so, as was just committed. Whoever changes it meanwhile changes its version, which the next commit
    /// meets.
    GoOn(Box<RegistrationJob>),
}

impl From<Option<JobEnd>> for Next {
    fn from(end: Option<JobEnd>) -> Self {
        end.map_or(Self::Look, Self::Stop)
    }
}

impl Work {
    pub async fn run(self) -> Result<JobEnd, String> {
        let mut next = Next::Look;
        loop {
            let job = match next {
                Next::Stop(end) => return Ok(end),
                Next::GoOn(job) => Some(*job),
                Next::Look => {
                    let job = self.batch.engine.reader.registration(self.id).await;
                    job.map_err(|error| error.to_string())?
                }
            };
            let Some(job) = job else {
                return Ok(JobEnd::Superseded);
            };
            self.progress.record();
            next = match self.held_back(&job) {
                Some(end) => Next::Stop(end),
                None => self.take(&job).await?,
            };
        }
    }

    /// Why the registration does not go on now.
    fn held_back(&self, job: &RegistrationJob) -> Option<JobEnd> {
        if job.status.has_ended() {
            return Some(JobEnd::Ended);
        }
        if job.batch_status.has_ended() {
            // What was cut off in a call is still to be recorded.
            return (!job.call_open).then_some(JobEnd::Superseded);
        }
        if !self.batch.may_start_a_step() {
            return Some(JobEnd::Released);
        }
        let waits = job.next_at.is_some_and(|at| at > Utc::now());
        (waits || job.status == RegistrationStatus::ActionRequired).then_some(JobEnd::Waiting)
    }

    async fn take(&self, job: &RegistrationJob) -> Result<Next, String> {
        let plan = self.batch.engine.registration_plan();
        if job.batch_status.has_ended() {
            return Ok(self.record_cut_off(job, &plan).await?.into());
        }
        let end = match job.current_step {
            StepNumber::Execution => return self.execute(job, &plan).await,
            step if step.is_asked() => self.ask(job, &plan).await?,
            step => match plan.step(step) {
                Some(planned) => self.automatic(job, planned).await?,
                None => {
                    let failure = StepFailure::permanent(format!("registration.toml says nothing of step {step}"));
                    self.commit(self.failing(job, &failure, 1)).await?
                }
            },
        };
        Ok(end.into())
    }

    /// A step that nobody has to be asked about.
    async fn automatic(&self, job: &RegistrationJob, planned: &StepPlan) -> Result<Option<JobEnd>, String> {
        let step = job.current_step;
        if step == StepNumber::CompanyDetails && nothing_picked(job) {
            return self.skip(job, "no company was picked").await;
        }
        if job.step(step).is_none_or(|row| row.status != StepStatus::InProgress) {
            let mut start = self.moving(job, RegistrationStatus::InProgress, step);
            start.attempt = job.attempt;
            start.steps.push(StepWrite::to(step, StepStatus::InProgress));
            let tried = job.attempt + 1;
            start.journal.push(entry(
                job,
                Operation::StepStarted,
                Some(StepStatus::InProgress),
                tried,
                json!({}),
            ));
            return self.commit(start).await;
        }
        let handler = planned.handler.as_deref().unwrap_or(step.name());
        let context = self.context(
            job,
            step.name(),
            &planned.settings,
            Arc::new(facts(&self.batch, job, &Execution::default())),
        );
        match self.run_handler(handler, &context).await {
            Ok(found) => self.complete(job, found).await,
            Err(stop) => self.stop(job, planned, stop).await,
        }
    }

    pub(super) fn context(
        &self,
        job: &RegistrationJob,
        slug: &str,
        settings: &Map<String, Value>,
        facts: Arc<Value>,
    ) -> RegistrationContext {
        RegistrationContext {
            organisation_id: self.batch.batch.organisation_id,
            organisation: self.batch.organisation.clone(),
            batch_id: self.batch.batch.id,
            restaurant: job.restaurant.clone(),
            slug: slug.to_owned(),
            settings: settings.clone(),
            facts,
            key: Uuid::new_v5(&job.id.0, slug.as_bytes()),
            attempt: job.attempt + 1,
            providers: Arc::clone(&self.batch.engine.providers),
            reader: self.batch.engine.reader.clone(),
            handlers: self.batch.engine.handlers.clone(),
            progress: self.progress.clone(),
        }
    }

    /// Runs the handler of this name; a panic in it is a failed attempt.
    pub(super) async fn run_handler(
        &self,
        name: &str,
        context: &RegistrationContext,
    ) -> Result<Found, RegistrationStop> {
        let Some(handler) = self.batch.engine.registration_handlers.get(name) else {
            let why = format!("'{}' names the handler '{name}', which does not exist", context.slug);
            return Err(RegistrationStop::Refused(why));
        };
        breakpoint("before step");
        let started = std::time::Instant::now();
        let outcome = AssertUnwindSafe(handler.run(context)).catch_unwind().await;
        metrics::histogram!("batchdesk_step_seconds", "step" => context.slug.clone()).record(started.elapsed());
        breakpoint("after step");
        outcome.unwrap_or_else(|panic| {
            let text = panic_text(panic.as_ref());
            tracing::error!(registration = %self.id, step = context.slug, panic = text, "a step panicked");
            Err(RegistrationStop::Failed {
                failure: StepFailure::passing(format!("the step panicked: {text}")),
                outcome_unknown: true,
            })
        })
    }

    async fn complete(&self, job: &RegistrationJob, found: Found) -> Result<Option<JobEnd>, String> {
        let step = job.current_step;
        let next = step.next().unwrap_or(step);
        let mut done = self.moving(job, RegistrationStatus::InProgress, next);
        done.steps.push(StepWrite {
            result: Some(found.data),
            ..StepWrite::to(step, StepStatus::Completed)
        });
        done.candidates = found.candidates;
        done.restaurant = found.restaurant;
        let tried = job.attempt + 1;
        done.journal.push(entry(
            job,
            Operation::StepCompleted,
            Some(StepStatus::Completed),
            tried,
            json!({}),
        ));
        self.commit_result(job, done).await
    }

    async fn skip(&self, job: &RegistrationJob, why: &str) -> Result<Option<JobEnd>, String> {
        let step = job.current_step;
        let mut skipped = self.moving(job, RegistrationStatus::InProgress, step.next().unwrap_or(step));
        skipped.steps.push(StepWrite {
            error: Some(why.to_owned()),
            ..StepWrite::to(step, StepStatus::Skipped)
        });
        let details = json!({ "reason": why });
        skipped.journal.push(entry(
            job,
            Operation::StepSkipped,
            Some(StepStatus::Skipped),
            0,
            details,
        ));
        self.commit(skipped).await
    }

    /// A step gave nothing: it is tried again, put off, or has failed for good.
    async fn stop(
        &self,
        job: &RegistrationJob,
        planned: &StepPlan,
        stop: RegistrationStop,
    ) -> Result<Option<JobEnd>, String> {
        let step = job.current_step;
        let policy = self.batch.engine.settings().retry.policy(&planned.retry);
        let failure = match stop {
            RegistrationStop::Refused(why) | RegistrationStop::Forbidden(why) => {
                return Ok(Some(JobEnd::Refused(why)));
            }
            RegistrationStop::PutOff { wait, why } => {
                let at = Utc::now() + TimeDelta::from_std(wait).unwrap_or(TimeDelta::days(1));
                let mut put_off = self.moving(job, RegistrationStatus::InProgress, step);
                put_off.attempt = job.attempt;
                put_off.next_at = Some(at);
                put_off.blocked_by = Some(until(&why, at));
                put_off.steps.push(StepWrite::to(step, StepStatus::InProgress));
                return Ok(self.commit(put_off).await?.or(Some(JobEnd::Waiting)));
            }
            RegistrationStop::Failed { failure, .. } => failure,
        };
        let attempt = job.attempt + 1;
        let failed = u32::try_from(attempt).unwrap_or(u32::MAX);
        let delay = failure
            .retryable
            .then(|| policy.delay(failed, failure.retry_after, rand::rng().random()))
            .flatten();
        let Some(delay) = delay else {
            return self.commit(self.failing(job, &failure, attempt)).await;
        };
        let mut waiting = self.moving(job, RegistrationStatus::InProgress, step);
        self.wait(&mut waiting, job, attempt, delay, &failure);
        waiting.steps.push(StepWrite {
            error: Some(failure.error.clone()),
            retry_count: Some(attempt),
            max_retries: i32::try_from(policy.max_retries).ok(),
            ..StepWrite::to(step, StepStatus::InProgress)
        });
        Ok(self.commit(waiting).await?.or(Some(JobEnd::Waiting)))
    }

    /// The step is tried again after `delay`.
    pub(super) fn wait(
        &self,
        transition: &mut RegistrationTransition,
        job: &RegistrationJob,
        attempt: i32,
        delay: Duration,
        failure: &StepFailure,
    ) {
        let at = Utc::now() + TimeDelta::from_std(delay).unwrap_or(TimeDelta::days(1));
        transition.attempt = attempt;
        transition.next_at = Some(at);
        transition.blocked_by = Some(until("retry", at));
        transition.error = Some(failure.error.clone());
        let details = json!({ "error": failure.error, "chain": failure.chain, "next_at": at });
        transition.journal.push(entry(
            job,
            Operation::StepWaiting,
            Some(StepStatus::InProgress),
            attempt,
            details,
        ));
    }

    /// Puts the step's question; an answer that came before it is taken at once.
    async fn ask(&self, job: &RegistrationJob, plan: &RegistrationPlan) -> Result<Option<JobEnd>, String> {
        let step = job.current_step;
        let ask = plan.step(step).and_then(|step| step.ask.as_ref());
        let asked = match step {
            StepNumber::Configuration => self.prefilled(job, plan).await,
            _ => json!({}),
        };
        let now = Utc::now();
        let mut asking = self.moving(job, RegistrationStatus::ActionRequired, step);
        asking.blocked_by = Some("person".to_owned());
        asking.steps.push(StepWrite {
            asked: Some(asked),
            remind_at: seconds_after(now, ask.and_then(|ask| ask.reminder_seconds)),
            due_at: seconds_after(now, ask.and_then(|ask| ask.deadline_seconds)),
            ..StepWrite::to(step, StepStatus::ActionRequired)
        });
        asking.journal.push(entry(
            job,
            Operation::ActionRequired,
            Some(StepStatus::ActionRequired),
            0,
            json!({ "restaurant": job.restaurant.name }),
        ));
        // Where the answer was there already, the next look finds the registration going on.
        self.commit_result(job, asking).await
    }

    /// What the configuration is proposed to be: of the restaurant, the company and the batch's settings.
    async fn prefilled(&self, job: &RegistrationJob, plan: &RegistrationPlan) -> Value {
        let facts = facts(&self.batch, job, &Execution::default());
        let templates = Arc::clone(self.batch.engine.providers.templates());
        let prefill = plan.prefill.clone();
        let filled = tokio::task::spawn_blocking(move || prefilled(&templates, &prefill, &facts)).await;
        let filled = filled.unwrap_or_default();
        json!({ "config": filled.config, "warnings": filled.warnings })
    }
}

/// Whether the person who was asked for the company said that there is none, or named none.
fn nothing_picked(job: &RegistrationJob) -> bool {
    let picked = job
        .step(StepNumber::CompanySelection)
        .and_then(|step| step.result.as_ref());
    picked.is_none_or(|picked| picked.get("none").is_some())
}

/// When so many seconds have gone by, if that is ever.
pub(super) fn seconds_after(now: DateTime<Utc>, seconds: Option<u64>) -> Option<DateTime<Utc>> {
    let seconds = i64::try_from(seconds?).unwrap_or(i64::MAX);
    now.checked_add_signed(TimeDelta::try_seconds(seconds)?)
}
