//! Calls of which nobody knows whether they did their work: looked for, or asked about.

use chrono::Utc;
use rand::RngExt as _;
use serde_json::json;

use super::execution::bounded;
use super::facts::facts;
use super::job::JobEnd;
use super::work::{Next, Work, seconds_after};
use super::written::entry;
use crate::model::journal::Operation;
use crate::model::registration::job::RegistrationStatus;
use crate::model::registration::plan::{RegistrationPlan, SubStepPlan};
use crate::model::registration::step::{StepNumber, StepStatus};
use crate::model::registration::sub_step::{Progress, SubStepStatus};
use crate::steps::registration::{Found, RegistrationContext, RegistrationStop, find_effect};
use crate::store::read::RegistrationJob;
use crate::store::write::StepWrite;

/// Why a sub-step counts as done whose answer nobody has seen.
const FOUND: &str = "it was found to have been done";

impl Work {
    /// Looks whether the work was done. `Err` with the progress where it was not, so that it can be done.
    pub(super) async fn look_for_effect(
        &self,
        job: &RegistrationJob,
        planned: &SubStepPlan,
        mut progress: Progress,
        context: &RegistrationContext,
    ) -> Result<Result<Next, Progress>, String> {
        let asked = planned.title.clone();
        if planned.effect.find.is_none() {
            let why = format!("{asked} was cut off, and nothing tells whether it was done");
            let end = self.ask_whether_done(job, &mut progress, &planned.slug, &why).await;
            return Ok(Ok(end?.into()));
        }
        match find_effect(context, &planned.effect).await {
            Ok(Some(found)) => {
                let reason = Some(FOUND.to_owned());
                let next = self.complete_sub_step(job, planned, progress, Found::data(found), reason);
                Ok(Ok(next.await?))
            }
            Ok(None) => {
                if let Some(state) = progress.get_mut(&planned.slug) {
                    state.outcome_unknown = false;
                }
                Ok(Err(progress))
            }
            Err(stop) => Ok(Ok(self.cannot_tell(job, planned, progress, stop).await?.into())),
        }
    }

    /// Whether it was done could not be told: it is looked for again, and at last a person is asked.
    async fn cannot_tell(
        &self,
        job: &RegistrationJob,
        planned: &SubStepPlan,
        mut progress: Progress,
        stop: RegistrationStop,
    ) -> Result<Option<JobEnd>, String> {
        let (error, after, may_pass) = match stop {
            RegistrationStop::Failed { failure, .. } => (failure.error, failure.retry_after, failure.retryable),
            RegistrationStop::PutOff { wait, why } => (why, Some(wait), true),
            RegistrationStop::Refused(why) | RegistrationStop::Forbidden(why) => (why, None, true),
        };
        let attempt = progress.get(&planned.slug).map_or(1, |state| state.attempt + 1);
        let failed = u32::try_from(attempt).unwrap_or(u32::MAX);
        let delay = may_pass
            .then(|| self.policy(planned).delay(failed, after, rand::rng().random()))
            .flatten();
        let Some(delay) = delay else {
            let why = format!("it could not be told whether it was done: {error}");
            return self.ask_whether_done(job, &mut progress, &planned.slug, &why).await;
        };
        if let Some(state) = progress.get_mut(&planned.slug) {
            state.attempt = attempt;
            state.outcome_unknown = true;
            state.error = Some(error.clone());
        }
        let failure = crate::model::step::StepFailure::passing(error);
        self.wait_for_retry(job, planned, &progress, attempt, delay, &failure)
            .await
    }

    /// Asks a person whether the work of this sub-step was done.
    pub(super) async fn ask_whether_done(
        &self,
        job: &RegistrationJob,
        progress: &mut Progress,
        slug: &str,
        why: &str,
    ) -> Result<Option<JobEnd>, String> {
        let mut title = slug.to_owned();
        if let Some(state) = progress.get_mut(slug) {
            state.ask(why);
            title.clone_from(&state.title);
        }
        let plan = self.batch.engine.registration_plan();
        let ask = plan.step(StepNumber::Execution).and_then(|step| step.ask.as_ref());
        let mut asking = self.moving(job, RegistrationStatus::ActionRequired, StepNumber::Execution);
        asking.blocked_by = Some("person".to_owned());
        asking.steps.push(StepWrite {
            progress: Some(json!(progress)),
            remind_at: seconds_after(Utc::now(), ask.and_then(|ask| ask.reminder_seconds)),
            asked: Some(json!({ "question": "was this done?", "sub_step": slug, "title": title, "reason": why })),
            ..StepWrite::to(StepNumber::Execution, StepStatus::ActionRequired)
        });
        let details = json!({ "restaurant": job.restaurant.name, "sub_step": slug, "reason": why });
        asking.journal.push(entry(
            job,
            Operation::ActionRequired,
            Some(StepStatus::ActionRequired),
            0,
            details,
        ));
        Ok(self.commit(asking).await?.or(Some(JobEnd::Waiting)))
    }

    /// The batch has ended while a call of this registration was cut off: what can be told of it is recorded, nothing is repeated.
    pub(super) async fn record_cut_off(
        &self,
        job: &RegistrationJob,
        plan: &RegistrationPlan,
    ) -> Result<Option<JobEnd>, String> {
        let Some(row) = job.step(StepNumber::Execution) else {
            return Err("the registration has no sixth step".to_owned());
        };
        let mut progress = row.progress.under(plan);
        let open = progress
            .0
            .iter()
            .find(|each| each.status == SubStepStatus::InProgress)
            .cloned();
        let mut operation = Operation::StepFailed;
        let mut details = json!({ "reason": "the batch had ended when its call was cut off" });
        if let Some(open) = open {
            details["sub_step"] = json!(open.sub_step);
            let found = match plan
                .sub_step(&open.sub_step)
                .filter(|planned| planned.effect.find.is_some())
            {
                Some(planned) => {
                    let facts = std::sync::Arc::new(facts(&self.batch, job, &progress));
                    let mut context = self.context(job, &planned.slug, &planned.settings, facts);
                    context.key = open.key(job.reference);
                    find_effect(&context, &planned.effect).await.ok()
                }
                None => None,
            };
            if let Some(state) = progress.get_mut(&open.sub_step) {
                match found {
                    Some(Some(result)) => {
                        operation = Operation::StepCompleted;
                        state.complete(Some(bounded(result)), Some(FOUND.to_owned()), Utc::now());
                    }
                    Some(None) => {
                        state.outcome_unknown = false;
                        state.skip("it was found not to have been done", Utc::now());
                    }
                    None => {
                        state.outcome_unknown = true;
                        state.error = Some("it was cut off, and nobody knows whether it was done".to_owned());
                    }
                }
            }
        }
        let mut recorded = self.in_execution(job, &progress);
        recorded.journal.push(entry(job, operation, None, 0, details));
        Ok(self.commit(recorded).await?.or(Some(JobEnd::Superseded)))
    }
}
