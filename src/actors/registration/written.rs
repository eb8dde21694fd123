//! What is written of a registration's way, as transitions.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::job::JobEnd;
use super::work::Work;
use crate::model::journal::{Operation, Origin};
use crate::model::registration::job::RegistrationStatus;
use crate::model::registration::step::{StepNumber, StepStatus};
use crate::model::step::StepFailure;
use crate::scrape::text::squeeze_to;
use crate::store::read::RegistrationJob;
use crate::store::write::{
    JournalEntry, RegistrationMoved, RegistrationRef, RegistrationTransition, StepWrite, WriteError,
};

impl Work {
    /// A transition that says nothing yet but where the registration goes.
    pub(super) fn moving(
        &self,
        job: &RegistrationJob,
        to: RegistrationStatus,
        step: StepNumber,
    ) -> RegistrationTransition {
        RegistrationTransition {
            job: RegistrationRef {
                organisation_id: self.batch.batch.organisation_id,
                batch_id: self.batch.batch.id,
                id: job.id,
                restaurant_id: job.restaurant.id,
                version: job.version,
                epoch: self.batch.batch.epoch,
            },
            from: job.status,
            to,
            current_step: step,
            attempt: 0,
            next_at: None,
            blocked_by: None,
            error: None,
            call_open: false,
            ready: false,
            steps: Vec::new(),
            execution_config: None,
            candidates: None,
            restaurant: None,
            fails_batch: None,
            journal: Vec::new(),
            threshold: self.batch.threshold(),
            origin: Origin::engine(),
        }
    }

    /// Writes the transition; `Some` when the actor must stop.
    ///
    /// # Errors
    /// Where the writer refuses it.
    pub(super) async fn try_commit(&self, transition: RegistrationTransition) -> Result<Option<JobEnd>, WriteError> {
        let asked = transition.to;
        let writing = self.progress.writing();
        let written = self.batch.engine.storage.write(transition).await;
        drop(writing);
        Ok(match written? {
            RegistrationMoved::To(to) if to.has_ended() => Some(JobEnd::Ended),
            RegistrationMoved::To(to) if to == asked => None,
            // Its batch has ended.
            RegistrationMoved::To(_) => Some(JobEnd::Superseded),
            RegistrationMoved::Conflict => Some(JobEnd::Superseded),
        })
    }

    pub(super) async fn commit(&self, transition: RegistrationTransition) -> Result<Option<JobEnd>, String> {
        self.try_commit(transition).await.map_err(|error| error.to_string())
    }

    /// Writes what a step gave. Where the database refuses that, the step has failed, with the reason.
    pub(super) async fn commit_result(
        &self,
        job: &RegistrationJob,
        transition: RegistrationTransition,
    ) -> Result<Option<JobEnd>, String> {
        let step = job.current_step;
        match self.try_commit(transition).await {
            Err(WriteError::Rejected(why)) => {
                let failure = StepFailure::permanent(format!("what step {step} gave cannot be stored: {why}"));
                self.commit(self.failing(job, &failure, job.attempt + 1)).await
            }
            other => other.map_err(|error| error.to_string()),
        }
    }

    /// The current step, and the registration with it, fails for good.
    pub(super) fn failing(&self, job: &RegistrationJob, failure: &StepFailure, attempt: i32) -> RegistrationTransition {
        let step = job.current_step;
        let mut transition = self.moving(job, RegistrationStatus::Failed, step);
        transition.attempt = attempt;
        transition.error = Some(told(step.name(), failure));
        transition.steps.push(StepWrite {
            error: Some(failure.error.clone()),
            error_details: failure.chain.as_ref().map(|chain| json!({ "chain": chain })),
            retry_count: Some((attempt - 1).max(0)),
            ..StepWrite::to(step, StepStatus::Failed)
        });
        for later in StepNumber::ALL.into_iter().filter(|later| *later > step) {
            transition.steps.push(StepWrite {
                error: Some(format!("step {step} failed")),
                ..StepWrite::to(later, StepStatus::Skipped)
            });
        }
        let details = json!({ "error": failure.error, "chain": failure.chain });
        transition.journal.push(entry(
            job,
            Operation::StepFailed,
            Some(StepStatus::Failed),
            attempt,
            details,
        ));
        transition
    }

    /// As [`failing`](Self::failing), from outside of the step: what is open in the execution fails with it.
    pub(super) fn giving_up(
        &self,
        job: &RegistrationJob,
        failure: &StepFailure,
        attempt: i32,
    ) -> RegistrationTransition {
        let mut transition = self.failing(job, failure, attempt);
        let row = job.step(StepNumber::Execution);
        if let Some(row) = row.filter(|row| row.number == job.current_step)
            && let Some(step) = transition.steps.first_mut()
        {
            let plan = self.batch.engine.registration_plan();
            let mut progress = row.progress.under(&plan);
            progress.give_up(&plan, job.call_open, &failure.error, Utc::now());
            step.progress = Some(json!(progress));
        }
        transition
    }
}

/// Why `what` failed, with the beginning of what the other side said of it.
pub(super) fn told(what: &str, failure: &StepFailure) -> String {
    const SAID: usize = 300;
    let said = failure.chain.as_deref().map(|chain| squeeze_to(chain, SAID));
    match said.filter(|said| !said.is_empty()) {
        Some(said) => format!("{what} failed: {}: {said}", failure.error),
        None => format!("{what} failed: {}", failure.error),
    }
}

/// A journal row about the step that the registration is at.
pub(super) fn entry(
    job: &RegistrationJob,
    operation: Operation,
    to: Option<StepStatus>,
    attempt: i32,
    details: Value,
) -> JournalEntry {
    JournalEntry {
        operation,
        step: job.current_step,
        attempt,
        from: job.step(job.current_step).map(|step| step.status.as_str()),
        to: to.map(StepStatus::as_str),
        details,
    }
}

/// What a row says that waits for a time to come.
pub(super) fn until(what: &str, at: DateTime<Utc>) -> String {
    format!("{what} until {}", at.to_rfc3339_opts(SecondsFormat::Secs, true))
}
