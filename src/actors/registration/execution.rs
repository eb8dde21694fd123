//! The execution: its sub-steps one after the other, each committed before its call leaves and when it has ended.

use std::sync::Arc;

use chrono::Utc;
use rand::RngExt as _;
use serde_json::{Value, json};

use super::facts::facts;
use super::job::JobEnd;
use super::work::{Next, Work};
use super::written::{entry, told, until};
use crate::model::journal::Operation;
use crate::model::registration::job::RegistrationStatus;
use crate::model::registration::plan::{RegistrationPlan, SubStepPlan};
use crate::model::registration::step::{StepNumber, StepStatus};
use crate::model::registration::sub_step::{Progress, SubStep, SubStepStatus, Turn};
use crate::model::retry::RetryPolicy;
use crate::model::step::StepFailure;
use crate::steps::registration::{Found, RegistrationContext, RegistrationStop};
use crate::store::read::RegistrationJob;
use crate::store::write::{RegistrationTransition, StepWrite, WriteError};

/// Bytes of an answer that are kept with its sub-step.
const RESULT_BYTES: usize = 64 << 10;

impl Work {
    /// One move of the execution.
    pub(super) async fn execute(&self, job: &RegistrationJob, plan: &RegistrationPlan) -> Result<Next, String> {
        let Some(row) = job.step(StepNumber::Execution) else {
            return Err("the registration has no sixth step".to_owned());
        };
        let mut progress = row.progress.under(plan);
        let end = if !self.may_execute {
            self.queue(job).await
        } else if row.status != StepStatus::InProgress {
            self.begin_execution(job, &progress).await
        } else {
            match progress.clone().turn(plan) {
                Turn::Over => self.end_execution(job, &progress).await,
                Turn::Asked(_) => Ok(Some(JobEnd::Waiting)),
                Turn::Skip(planned, missing) => {
                    let why = format!("'{missing}' has not completed");
                    self.skip_sub_step(job, &mut progress, &planned.slug, &why).await
                }
                Turn::Unplanned(slug) => {
                    let why = "registration.toml names it no more, and it had begun";
                    self.ask_whether_done(job, &mut progress, slug, why).await
                }
                Turn::Run(planned) => return self.run_sub_step(job, planned, progress).await,
            }
        };
        Ok(end?.into())
    }

    /// The registration has come to the execution, and waits for its turn.
    async fn queue(&self, job: &RegistrationJob) -> Result<Option<JobEnd>, String> {
        if job.ready_at.is_some() {
            return Ok(Some(JobEnd::Waiting));
        }
        let mut ready = self.moving(job, RegistrationStatus::InProgress, StepNumber::Execution);
        ready.ready = true;
        ready.blocked_by = Some("waiting its turn".to_owned());
        Ok(self.commit(ready).await?.or(Some(JobEnd::Waiting)))
    }

    async fn begin_execution(&self, job: &RegistrationJob, progress: &Progress) -> Result<Option<JobEnd>, String> {
        let mut begin = self.in_execution(job, progress);
        begin.ready = true;
        begin.call_open = job.call_open;
        begin.journal.push(entry(
            job,
            Operation::StepStarted,
            Some(StepStatus::InProgress),
            1,
            json!({}),
        ));
        self.commit(begin).await
    }

    async fn end_execution(&self, job: &RegistrationJob, progress: &Progress) -> Result<Option<JobEnd>, String> {
        let mut end = self.moving(job, RegistrationStatus::Completed, StepNumber::Execution);
        let count = |status| progress.0.iter().filter(|each| each.status == status).count();
        let result = json!({
            "completed": count(SubStepStatus::Completed), "skipped": count(SubStepStatus::Skipped),
        });
        end.steps.push(StepWrite {
            result: Some(result.clone()),
            progress: Some(json!(progress)),
            ..StepWrite::to(StepNumber::Execution, StepStatus::Completed)
        });
        end.journal.push(entry(
            job,
            Operation::StepCompleted,
            Some(StepStatus::Completed),
            1,
            result,
        ));
        self.commit(end).await
    }

    /// A transition within the execution, with this progress.
    pub(super) fn in_execution(&self, job: &RegistrationJob, progress: &Progress) -> RegistrationTransition {
        let mut transition = self.moving(job, RegistrationStatus::InProgress, StepNumber::Execution);
        transition.steps.push(StepWrite {
            progress: Some(json!(progress)),
            ..StepWrite::to(StepNumber::Execution, StepStatus::InProgress)
        });
        transition
    }

    async fn skip_sub_step(
        &self,
        job: &RegistrationJob,
        progress: &mut Progress,
        slug: &str,
        why: &str,
    ) -> Result<Option<JobEnd>, String> {
        if let Some(each) = progress.get_mut(slug) {
            each.skip(why, Utc::now());
        }
        self.write_skip(job, progress, slug, why).await
    }

    async fn write_skip(
        &self,
        job: &RegistrationJob,
        progress: &Progress,
        slug: &str,
        why: &str,
    ) -> Result<Option<JobEnd>, String> {
        let mut skip = self.in_execution(job, progress);
        let details = json!({ "sub_step": slug, "reason": why });
        skip.journal.push(entry(job, Operation::StepSkipped, None, 0, details));
        self.commit(skip).await
    }

    async fn run_sub_step(
        &self,
        job: &RegistrationJob,
        planned: &SubStepPlan,
        mut progress: Progress,
    ) -> Result<Next, String> {
        let Some(state) = progress.get(&planned.slug).cloned() else {
            return Err(format!("the sub-step '{}' is not in its list", planned.slug));
        };
        let was_cut_off = state.status == SubStepStatus::InProgress && (job.call_open || state.outcome_unknown);
        if was_cut_off
            && !planned.only_reads
            && let Some(state) = progress.get_mut(&planned.slug)
        {
            // The next commit closes the call: that nobody knows what came of it must not be lost with that.
            state.outcome_unknown = true;
        }
        let facts = Arc::new(facts(&self.batch, job, &progress));
        if state.status == SubStepStatus::Pending {
            match self.condition_holds(planned, &facts).await {
                Ok(true) => {}
                Ok(false) => {
                    let why = format!(
                        "its condition does not hold: {}",
                        planned.when.as_deref().unwrap_or_default()
                    );
                    let end = self.skip_sub_step(job, &mut progress, &planned.slug, &why).await;
                    return Ok(end?.into());
                }
                Err(failure) => {
                    let end = self.fail_sub_step(job, planned, progress, &failure, None).await;
                    return Ok(end?.into());
                }
            }
        }
        if let Some(missing) = self.missing_platform(planned) {
            let failure = StepFailure::permanent(missing);
            let end = self
                .fail_sub_step(job, planned, progress, &failure, Some(missing))
                .await;
            return Ok(end?.into());
        }
        let mut context = self.context(job, &planned.slug, &planned.settings, facts);
        context.key = state.key(job.reference);
        context.attempt = state.attempt + 1;
        if was_cut_off && !planned.only_reads && !planned.effect.honours_keys {
            match self.look_for_effect(job, planned, progress, &context).await? {
                Ok(next) => return Ok(next),
                Err(undone) => progress = undone,
            }
        }
        self.call(job, planned, progress, &context).await
    }

    /// Commits that the call is about to leave, makes it, and writes what came of it.
    async fn call(
        &self,
        job: &RegistrationJob,
        planned: &SubStepPlan,
        mut progress: Progress,
        context: &RegistrationContext,
    ) -> Result<Next, String> {
        if let Some(state) = progress.get_mut(&planned.slug) {
            state.start(Utc::now());
        }
        let mut start = self.in_execution(job, &progress);
        start.call_open = !planned.only_reads;
        start.attempt = context.attempt - 1;
        let details = json!({ "sub_step": planned.slug, "idempotency_key": context.key });
        start
            .journal
            .push(entry(job, Operation::StepStarted, None, context.attempt, details));
        if let Some(end) = self.commit(start).await? {
            return Ok(Next::Stop(end));
        }
        let job = &RegistrationJob {
            version: job.version + 1,
            status: RegistrationStatus::InProgress,
            ..job.clone()
        };
        match self.run_handler(&planned.handler, context).await {
            Ok(found) => self.complete_sub_step(job, planned, progress, found, None).await,
            Err(RegistrationStop::PutOff { wait, why }) => {
                let at = Utc::now() + chrono::TimeDelta::from_std(wait).unwrap_or(chrono::TimeDelta::days(1));
                let mut put_off = self.in_execution(job, &progress);
                put_off.attempt = context.attempt - 1;
                put_off.next_at = Some(at);
                put_off.blocked_by = Some(until(&why, at));
                Ok(self.commit(put_off).await?.or(Some(JobEnd::Waiting)).into())
            }
            Err(RegistrationStop::Refused(why)) => {
                let failure = StepFailure::permanent(why.clone());
                let end = self.fail_sub_step(job, planned, progress, &failure, Some(&why)).await;
                Ok(end?.into())
            }
            // One restaurant that the key may not touch does not stop the others.
            Err(RegistrationStop::Forbidden(why)) => {
                let failure = StepFailure::permanent(why);
                self.call_failed(job, planned, progress, context, &failure, false).await
            }
            Err(RegistrationStop::Failed {
                failure,
                outcome_unknown,
            }) => {
                let unknown = outcome_unknown && !planned.only_reads;
                self.call_failed(job, planned, progress, context, &failure, unknown)
                    .await
            }
        }
    }

    /// The call gave nothing. It is made again, or the sub-step has failed, or a person has to look.
    async fn call_failed(
        &self,
        job: &RegistrationJob,
        planned: &SubStepPlan,
        mut progress: Progress,
        context: &RegistrationContext,
        failure: &StepFailure,
        unknown: bool,
    ) -> Result<Next, String> {
        let attempt = context.attempt;
        if let Some(state) = progress.get_mut(&planned.slug) {
            state.attempt = attempt;
            // A refusal tells of the call that it answers, not of an earlier one: that may have asked for something else.
            state.outcome_unknown |= unknown;
            state.error = Some(failure.error.clone());
        }
        let is_unknown = progress.get(&planned.slug).is_some_and(|state| state.outcome_unknown);
        let can_tell = planned.effect.honours_keys || planned.effect.find.is_some();
        if unknown && !can_tell {
            let end = self
                .ask_whether_done(job, &mut progress, &planned.slug, &failure.error)
                .await;
            return Ok(end?.into());
        }
        let policy = self.policy(planned);
        let delay = (failure.retryable || unknown)
            .then(|| {
                let failed = u32::try_from(attempt).unwrap_or(u32::MAX);
                policy.delay(failed, failure.retry_after, rand::rng().random())
            })
            .flatten();
        let Some(delay) = delay else {
            // No call follows that could tell; the failure is definite only where it was not done.
            let is_refused = !(failure.retryable || unknown);
            if is_unknown && (is_refused || !planned.effect.honours_keys) {
                match self.look_for_effect(job, planned, progress, context).await? {
                    Ok(next) => return Ok(next),
                    Err(undone) => progress = undone,
                }
            }
            let end = self.fail_sub_step(job, planned, progress, failure, None).await;
            return Ok(end?.into());
        };
        let end = self.wait_for_retry(job, planned, &progress, attempt, delay, failure);
        Ok(end.await?.into())
    }

    pub(super) async fn wait_for_retry(
        &self,
        job: &RegistrationJob,
        planned: &SubStepPlan,
        progress: &Progress,
        attempt: i32,
        delay: std::time::Duration,
        failure: &StepFailure,
    ) -> Result<Option<JobEnd>, String> {
        let mut waiting = self.in_execution(job, progress);
        self.wait(&mut waiting, job, attempt, delay, failure);
        for row in &mut waiting.journal {
            row.details["sub_step"] = json!(planned.slug);
        }
        for step in &mut waiting.steps {
            step.error = Some(failure.error.clone());
            step.retry_count = Some(attempt);
            step.max_retries = i32::try_from(self.policy(planned).max_retries).ok();
        }
        Ok(self.commit(waiting).await?.or(Some(JobEnd::Waiting)))
    }

    pub(super) fn policy(&self, planned: &SubStepPlan) -> RetryPolicy {
        self.batch.engine.settings().retry.policy(&planned.retry)
    }

    pub(super) async fn complete_sub_step(
        &self,
        job: &RegistrationJob,
        planned: &SubStepPlan,
        mut progress: Progress,
        found: Found,
        reason: Option<String>,
    ) -> Result<Next, String> {
        let now = Utc::now();
        let result = bounded(found.data);
        let done = |state: &mut SubStep, result: Option<Value>, reason| state.complete(result, reason, now);
        if let Some(state) = progress.get_mut(&planned.slug) {
            done(state, Some(result), reason.clone());
        }
        let of = |progress: &Progress| {
            let mut completed = self.in_execution(job, progress);
            completed.restaurant = found.restaurant.clone();
            let details = json!({ "sub_step": planned.slug, "reason": reason });
            completed
                .journal
                .push(entry(job, Operation::StepCompleted, None, 0, details));
            completed
        };
        match self.try_commit(of(&progress)).await {
            // What a sub-step teaches about the restaurant is merged where it is written.
            Ok(None) if found.restaurant.is_none() => Ok(Next::GoOn(Box::new(job.after_sub_step(progress)))),
            // It was done, whatever its answer holds that the database does not take.
            Err(WriteError::Rejected(why)) => {
                if let Some(state) = progress.get_mut(&planned.slug) {
                    done(state, None, Some(format!("its answer could not be stored: {why}")));
                }
                Ok(self.commit(of(&progress)).await?.into())
            }
            other => Ok(other.map_err(|error| error.to_string())?.into()),
        }
    }

    /// The sub-step has failed for good: it is left out where the configuration says so, else the registration fails, and with a
    /// `critical` reason its batch.
    pub(super) async fn fail_sub_step(
        &self,
        job: &RegistrationJob,
        planned: &SubStepPlan,
        mut progress: Progress,
        failure: &StepFailure,
        critical: Option<&str>,
    ) -> Result<Option<JobEnd>, String> {
        let now = Utc::now();
        if planned.skip_if_failed && critical.is_none() {
            let why = format!("it failed, and may: {}", failure.error);
            if let Some(state) = progress.get_mut(&planned.slug) {
                state.skip_failed(why.as_str(), now);
            }
            return self.write_skip(job, &progress, &planned.slug, &why).await;
        }
        let attempt = progress.get(&planned.slug).map_or(1, |state| state.attempt.max(1));
        if let Some(state) = progress.get_mut(&planned.slug) {
            state.fail(failure.error.clone(), now);
        }
        progress.skip_rest(&format!("'{}' failed", planned.slug), now);
        let mut failed = self.failing(job, failure, attempt);
        failed.error = Some(told(&planned.title, failure));
        failed.fails_batch = critical.map(|why| format!("{}: {why}", planned.title));
        if let Some(step) = failed.steps.first_mut() {
            step.progress = Some(json!(progress));
        }
        for row in &mut failed.journal {
            row.details["sub_step"] = json!(planned.slug);
        }
        self.commit(failed).await
    }

    async fn condition_holds(&self, planned: &SubStepPlan, facts: &Arc<Value>) -> Result<bool, StepFailure> {
        let Some(when) = planned.when.clone() else {
            return Ok(true);
        };
        let templates = Arc::clone(self.batch.engine.providers.templates());
        let facts = Arc::clone(facts);
        let decided = tokio::task::spawn_blocking(move || templates.holds(&when, &facts)).await;
        match decided {
            Ok(Ok(holds)) => Ok(holds),
            Ok(Err(error)) => Err(StepFailure::permanent(format!(
                "its condition cannot be decided: {error}"
            ))),
            Err(_) => Err(StepFailure::permanent("its condition was not decided")),
        }
    }

    /// Why no registration could do this: it names the platform, and nobody has said where that is.
    fn missing_platform(&self, planned: &SubStepPlan) -> Option<&'static str> {
        let settings = self.batch.engine.settings();
        let names_it = || {
            Value::Object(planned.settings.clone())
                .to_string()
                .contains("platform.url")
        };
        (settings.registration.platform_url.is_empty() && names_it())
            .then_some("registration.platform_url is not set: say where the platform is, then retry the batch")
    }
}

/// An answer as far as it is kept.
pub(super) fn bounded(data: Value) -> Value {
    let bytes = data.to_string().len();
    if bytes > RESULT_BYTES {
        json!({ "left_out": format!("an answer of {bytes} bytes; `result` can name less of it") })
    } else {
        data
    }
}
