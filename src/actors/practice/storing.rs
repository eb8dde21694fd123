//! Where a step's data goes besides its practice: the destination table that the workflow names.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::REFUSED_ROWS;
use super::asking::Answer;
use super::work::Work;
use crate::model::step::StepFailure;
use crate::model::workflow::{Mode, Workflow};
use crate::ops::breakpoint;
use crate::steps::{StepData, StepStop};
use crate::store::destinations::{Blame, DestinationError, DestinationRow, RowIds};

/// Why an item waits whose data cannot be stored for the moment.
const DESTINATION_AWAY: &str = "destination away";

/// A step that is done, up to its commit.
pub(super) struct Done {
    pub data: StepData,
    /// Goes with the transition, in the same transaction.
    pub row: Option<DestinationRow>,
}

impl Work {
    /// Maps the data to the workflow's table. A row for another database than HQ's is written here, before the transition:
    /// a crash in between repeats the write, which changes nothing.
    pub(super) async fn store(&self, step: i32, answer: Answer) -> Result<Done, StepStop> {
        let Answer { workflow, mut data } = answer;
        let Some(destination) = workflow.destination.as_ref().filter(|_| data.found) else {
            return Ok(Done { data, row: None });
        };
        let destinations = &self.job.engine.destinations;
        let plan = match destinations.plan(destination).await {
            Ok(plan) => plan,
            Err(error) => return Err(self.not_stored(step, &workflow, &data, error).await),
        };
        let ids = RowIds {
            step_run_id: self.run_id(step),
            workflow_id: workflow.id,
            organisation_id: self.job.organisation_id,
            company_id: self.item.company_id,
            company_domain: self.item.domain.clone(),
        };
        let (row, warnings) = plan
            .row(&ids, &data.value())
            .map_err(|error| self.refused(stop(error)))?;
        // Nothing of what the workflow wants is there: there is nothing to store.
        data.found = destination.mappings.is_empty() || warnings.len() < destination.mappings.len();
        data.warnings.extend(warnings);
        if !data.found {
            return Ok(Done { data, row: None });
        }
        if destinations.is_in_hq(destination.database) {
            return Ok(Done { data, row: Some(row) });
        }
        breakpoint("before destination");
        let written = {
            let _writing = self.progress.writing();
            destinations.write(row).await
        };
        breakpoint("after destination");
        match written {
            Ok(()) => {
                self.job.refused_rows.store(0, Ordering::Relaxed);
                Ok(Done { data, row: None })
            }
            Err(error) => Err(self.not_stored(step, &workflow, &data, error).await),
        }
    }

    /// What becomes of a step whose data its table does not take. Where that is not the row's fault the data is kept.
    async fn not_stored(&self, step: i32, workflow: &Workflow, data: &StepData, error: DestinationError) -> StepStop {
        if error.blame() != Blame::Row
            && let Err(stop) = self.keep_until_stored(step, workflow, data).await
        {
            return stop;
        }
        self.refused(stop(error))
    }

    /// A row that is refused is that row's failure; where all are, the job is paused before it has run through all of them.
    pub(super) fn refused(&self, stop: StepStop) -> StepStop {
        let StepStop::Failed(failure) = stop else {
            return stop;
        };
        let in_a_row = self.job.refused_rows.fetch_add(1, Ordering::Relaxed) + 1;
        if in_a_row >= REFUSED_ROWS {
            return StepStop::Refused(format!(
                "{in_a_row} rows in a row were refused, the last one so: {}",
                failure.error
            ));
        }
        StepStop::Failed(failure)
    }

    /// What native steps give is cheap to have again, and what a callback brought is with its step run anyway; what a
    /// provider gave at once may have been paid for.
    async fn keep_until_stored(&self, step: i32, workflow: &Workflow, data: &StepData) -> Result<(), StepStop> {
        if workflow.is_native() || workflow.mode == Mode::Async || self.kept.get() {
            return Ok(());
        }
        self.keep(step, workflow, data.json.to_string()).await
    }
}

fn stop(error: DestinationError) -> StepStop {
    const UNLESS_TOLD: Duration = Duration::from_secs(5);
    match error.blame() {
        Blame::Row => StepFailure::permanent(error.to_string()).into(),
        Blame::Workflow => StepStop::Refused(error.to_string()),
        Blame::Passing => StepStop::PutOff {
            wait: error.retry_after().unwrap_or(UNLESS_TOLD),
            why: DESTINATION_AWAY,
        },
    }
}
