//! Whether a step runs at all: what is completed already, what it depends on, its own condition.

use std::collections::HashSet;

use super::work::Work;
use crate::model::play::PlayStep;
use crate::model::workflow::Workflow;

/// What a company has completed, in any job.
#[derive(Debug, Default)]
pub(super) struct Completed {
    slugs: HashSet<String>,
    /// Numbers of steps of the play that runs.
    steps: HashSet<i32>,
}

impl Work {
    /// Why the step is skipped; `None` where it runs.
    pub(super) async fn reason_to_skip(
        &mut self,
        step: &PlayStep,
        workflow: &Workflow,
    ) -> Result<Option<String>, String> {
        // A step that has begun is ended.
        if self.item.attempt > 0 || self.flow.alternative > 0 || self.flow.kept {
            return Ok(None);
        }
        if !self.job.selection.force && self.completed().await?.steps.contains(&step.number) {
            return Ok(Some("completed before".to_owned()));
        }
        let depends_on = &workflow.flow.depends_on;
        if let Some(missing) = self.first_incomplete(depends_on).await? {
            return Ok(Some(format!("'{missing}' has not completed")));
        }
        let Some(when) = &workflow.flow.when else {
            return Ok(None);
        };
        let Some(context) = self.template_context().await.map_err(|error| error.to_string())? else {
            return Ok(None);
        };
        match self.job.engine.providers.templates().holds(when, &context) {
            Ok(true) => Ok(None),
            Ok(false) => Ok(Some(format!("its condition does not hold: {when}"))),
            // Told as the step's own failure when it runs.
            Err(error) => Ok(Some(format!("its condition cannot be decided: {error}"))),
        }
    }

    async fn first_incomplete(&mut self, slugs: &[String]) -> Result<Option<String>, String> {
        let job = std::sync::Arc::clone(&self.job);
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
    async fn completed(&mut self) -> Result<&Completed, String> {
        if self.completed.is_none() {
            let mut completed = Completed::default();
            if let Some(company) = self.item.company_id {
                let rows = self.job.engine.reader.completions(company).await;
                for row in rows.map_err(|error| error.to_string())? {
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
