//! Whether a step runs at all: what is completed already, what it depends on, its own condition.

use std::collections::HashSet;
use std::sync::Arc;

use super::asking::unread;
use super::work::Work;
use crate::model::play::PlayStep;
use crate::model::step::StepFailure;
use crate::model::workflow::Workflow;
use crate::steps::StepStop;

/// What a company has completed, in any job.
#[derive(Debug, Default)]
pub(super) struct Completed {
    slugs: HashSet<String>,
    /// Numbers of steps of the play that runs.
    steps: HashSet<i32>,
}

/// What becomes of a workflow's turn.
pub(super) enum Decision {
    Runs,
    /// The step need not be done, whoever could.
    Skipped(String),
    /// This workflow does not do it.
    PassedOver(String),
}

impl Work {
    /// Whether the workflow's turn is taken. What of a step has begun is ended, whatever has changed since.
    ///
    /// # Errors
    /// Where the database cannot be read, or the condition is none.
    pub(super) async fn decide(&mut self, step: &PlayStep, workflow: &Workflow) -> Result<Decision, StepStop> {
        if self.item.attempt > 0 || self.flow.begun.is_some() {
            return Ok(Decision::Runs);
        }
        let first = self.flow.alternative == 0;
        if first && !self.job.selection.force && self.completed().await?.steps.contains(&step.number) {
            return Ok(Decision::Skipped("completed before".to_owned()));
        }
        if let Some(missing) = self.first_incomplete(&workflow.flow.depends_on).await? {
            return Ok(Decision::PassedOver(format!("'{missing}' has not completed")));
        }
        let Some(when) = &workflow.flow.when else {
            return Ok(Decision::Runs);
        };
        let Some(context) = self.template_context().await.map_err(|error| unread(&error))? else {
            return Ok(Decision::Runs);
        };
        let templates = Arc::clone(self.job.engine.providers.templates());
        let condition = when.clone();
        // A condition may take its time over what it is given.
        let holds = tokio::task::spawn_blocking(move || templates.holds(&condition, &context)).await;
        let holds = holds.map_err(|error| StepFailure::passing(format!("its condition was not decided: {error}")))?;
        match holds {
            Ok(true) => Ok(Decision::Runs),
            Ok(false) => Ok(Decision::PassedOver(format!("its condition does not hold: {when}"))),
            Err(error) => Err(StepFailure::permanent(format!("its condition cannot be decided: {error}")).into()),
        }
    }

    async fn first_incomplete(&mut self, slugs: &[String]) -> Result<Option<String>, StepStop> {
        let job = Arc::clone(&self.job);
        for slug in slugs {
            let done = job
                .play
                .number_of(slug)
                .is_some_and(|number| number <= self.item.step_number);
            let done_here = done && !self.flow.passed.contains_key(slug);
            if !done_here && !self.completed().await?.slugs.contains(slug) {
                return Ok(Some(slug.clone()));
            }
        }
        Ok(None)
    }

    /// What the practice's company has completed; a practice of an upload has no company.
    async fn completed(&mut self) -> Result<&Completed, StepStop> {
        if self.completed.is_none() {
            let mut completed = Completed::default();
            if let Some(company) = self.item.company_id {
                let rows = self.job.engine.reader.completions(company).await;
                for row in rows.map_err(|error| unread(&error))? {
                    if row.play_name == self.job.play.name {
                        completed.steps.insert(row.step_number);
                    }
                    completed.slugs.insert(row.workflow_slug);
                }
            }
            self.completed = Some(completed);
        }
        Ok(self.completed.get_or_insert_default())
    }
}
