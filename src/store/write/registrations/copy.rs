//! A batch that takes up another one: what failed in it from where it failed, or all of it anew.

use std::collections::HashMap;

use entity::{
    Id, companies_office_search_candidates as candidates, registration_job_steps as steps, registration_jobs as jobs,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, Set,
    TryGetable,
};
use serde_json::{Value, json};

use super::answers::{candidate_of, is_candidate};
use super::batch::BatchRow;
use super::create::{NewBatch, NewRegistration, insert_batch, insert_job, start};
use super::unknown::{UnknownCalls, read_progress, unknown_calls, unknown_since};
use crate::model::journal::Origin;
use crate::model::registration::batch::{BatchStatus, retry_name};
use crate::model::registration::step::{StepNumber, StepStatus};
use crate::store::rows::statement;
use crate::store::write::KeyAnswer;
use crate::store::write::audit;
use crate::store::write::group::Group;

/// What of the source is taken up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// What failed, from the step and sub-step that failed.
    Failed,
    /// The same, of one registration; its new id.
    Job { source: Id, id: Id },
    /// All, from the beginning.
    All,
}

/// Makes and starts a batch that takes up another.
#[derive(Clone, Debug)]
pub struct RepeatRegistrationBatch {
    pub id: Id,
    pub organisation_id: Id,
    pub source: Id,
    pub repeat: Repeat,
    /// Also where nobody knows what a call of an ended registration of a restaurant has done. What is taken up finds out
    /// itself what its own have done.
    pub despite_unknown_outcomes: bool,
    /// Configurations that take the place of those that were confirmed, by registration of the source.
    pub configs: Vec<(Id, Value)>,
    /// Companies that take the place of those that were picked, as answers to step 3, by registration of the source.
    pub selections: Vec<(Id, Value)>,
    pub created_by: Option<Id>,
    pub origin: Origin,
    pub answer: Option<KeyAnswer>,
}

/// The answer to [`RepeatRegistrationBatch`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Repeated {
    /// How many restaurants the new batch has.
    Created(usize),
    /// The source is neither paused nor has it ended.
    Illegal(BatchStatus),
    /// Nothing in it failed.
    NothingFailed,
    /// It has ended, and these registrations are still in a call, which ends first.
    CallsOpen(Vec<Id>),
    /// Restaurants that are being registered: the restaurant and the batch that does.
    Busy(Vec<(Id, Id)>),
    /// Restaurants with calls of ended registrations of which nobody knows what they did.
    OutcomeUnknown(Vec<UnknownCalls>),
    /// Registrations that something is given for and that are not taken up.
    Unknown(Vec<Id>),
    /// Registrations that another company is given for and that were being executed for the first one.
    TooLate(Vec<Id>),
    /// Registrations that a company is given for that is no candidate of theirs.
    UnknownCandidate(Vec<Id>),
    NotFound,
}

impl RepeatRegistrationBatch {
    pub(in crate::store::write) async fn apply(&self, group: &mut Group<'_>) -> Result<Repeated, DbErr> {
        let source = BatchRow::load(group, self.source).await?;
        let Some(source) = source.filter(|row| row.organisation_id == self.organisation_id) else {
            return Ok(Repeated::NotFound);
        };
        let status = source.status()?;
        let may = status.has_ended() || (status == BatchStatus::Paused && !matches!(self.repeat, Repeat::All));
        if !may {
            return Ok(Repeated::Illegal(status));
        }
        if status.has_ended() {
            let open = self.calls_open(group).await?;
            if !open.is_empty() {
                return Ok(Repeated::CallsOpen(open));
            }
        }
        let taken = self.taken(group, status).await?;
        if taken.is_empty() {
            return Ok(Repeated::NothingFailed);
        }
        let given = self.configs.iter().chain(&self.selections).map(|(job, _)| *job);
        let unknown: Vec<Id> = given.filter(|id| taken.iter().all(|job| job.id != *id)).collect();
        if !unknown.is_empty() {
            return Ok(Repeated::Unknown(unknown));
        }
        if let Some(wrong) = self.wrong_selections(group, &taken).await? {
            return Ok(wrong);
        }
        let busy = self.busy(group, &taken).await?;
        if !busy.is_empty() {
            return Ok(Repeated::Busy(busy));
        }
        let unknown = self.unknown_calls(group, &taken).await?;
        if !unknown.is_empty() && !self.despite_unknown_outcomes {
            return Ok(Repeated::OutcomeUnknown(unknown));
        }
        let row = self.insert(group, &source, taken.len()).await?;
        for (position, job) in taken.iter().enumerate() {
            match self.repeat {
                Repeat::All => {
                    let new = NewRegistration::of(job.restaurant_id);
                    insert_job(group, self.organisation_id, self.id, new, position).await?;
                }
                Repeat::Failed => self.copy_job(group, Id::now(), job, position).await?,
                Repeat::Job { id, .. } => self.copy_job(group, id, job, position).await?,
            }
        }
        start(group, &row, &self.origin).await?;
        audit::note(group, &self.origin, format!("registration batch {}", self.id)).await?;
        if let Some(answer) = &self.answer {
            answer.write(group).await?;
        }
        Ok(Repeated::Created(taken.len()))
    }

    /// The registrations that are taken up, in their order. Of a batch that failed as a whole or was cancelled, also
    /// those that it left undone.
    async fn taken(&self, group: &Group<'_>, source: BatchStatus) -> Result<Vec<jobs::Model>, DbErr> {
        let mut found = jobs::Entity::find()
            .filter(jobs::Column::BatchJobId.eq(self.source))
            .order_by_asc(jobs::Column::Position);
        found = match self.repeat {
            Repeat::All => found,
            Repeat::Job { source, .. } => found.filter(jobs::Column::Id.eq(source)),
            Repeat::Failed => found,
        };
        let found = found.all(group.tx).await?;
        // What was taken up before goes on from there: its retry knows what has been done since.
        let ids: Vec<Id> = found.iter().map(|job| job.id).collect();
        let retried = jobs::Entity::find()
            .filter(jobs::Column::SourceJobId.is_in(ids))
            .all(group.tx)
            .await?;
        let was_retried = |job: &jobs::Model| retried.iter().any(|later| later.source_job_id == Some(job.id));
        let failed = |job: &jobs::Model| match source {
            BatchStatus::Failed => matches!(job.status.as_str(), "failed" | "pending"),
            BatchStatus::Cancelled => matches!(job.status.as_str(), "failed" | "cancelled"),
            _ => job.status == "failed",
        };
        Ok(match self.repeat {
            Repeat::All => found,
            Repeat::Failed | Repeat::Job { .. } => found
                .into_iter()
                .filter(|job| failed(job) && !was_retried(job))
                .collect(),
        })
    }

    /// Registrations of what is taken up that its end has met in a call.
    async fn calls_open(&self, group: &Group<'_>) -> Result<Vec<Id>, DbErr> {
        let open = jobs::Entity::find()
            .filter(jobs::Column::BatchJobId.eq(self.source))
            .filter(jobs::Column::CallOpen.eq(true))
            .order_by_asc(jobs::Column::Position)
            .all(group.tx)
            .await?;
        let taken = |job: &jobs::Model| match self.repeat {
            Repeat::Job { source, .. } => job.id == source,
            Repeat::Failed | Repeat::All => true,
        };
        Ok(open.iter().filter(|job| taken(job)).map(|job| job.id).collect())
    }

    /// What stands against the companies that are given.
    async fn wrong_selections(&self, group: &Group<'_>, taken: &[jobs::Model]) -> Result<Option<Repeated>, DbErr> {
        let is_given = |job: &&jobs::Model| self.selection(job.id).is_some();
        let execution = StepNumber::Execution.number();
        let late = taken
            .iter()
            .filter(is_given)
            .filter(|job| job.current_step >= execution);
        let late: Vec<Id> = late.map(|job| job.id).collect();
        if !late.is_empty() {
            return Ok(Some(Repeated::TooLate(late)));
        }
        let mut unknown = Vec::new();
        for (job, selection) in &self.selections {
            if let Some(candidate) = candidate_of(selection)
                && !is_candidate(group, *job, candidate).await?
            {
                unknown.push(*job);
            }
        }
        Ok((!unknown.is_empty()).then_some(Repeated::UnknownCandidate(unknown)))
    }

    fn selection(&self, job: Id) -> Option<&Value> {
        let given = self.selections.iter().find(|(of, _)| *of == job);
        given.map(|(_, selection)| selection)
    }

    async fn unknown_calls(&self, group: &Group<'_>, taken: &[jobs::Model]) -> Result<Vec<UnknownCalls>, DbErr> {
        match self.repeat {
            Repeat::All => {
                let restaurants: Vec<Id> = taken.iter().map(|job| job.restaurant_id).collect();
                unknown_calls(group, &restaurants).await
            }
            Repeat::Failed | Repeat::Job { .. } => unknown_since(group, taken).await,
        }
    }

    async fn busy(&self, group: &Group<'_>, taken: &[jobs::Model]) -> Result<Vec<(Id, Id)>, DbErr> {
        let ids: Vec<Id> = taken.iter().map(|job| job.restaurant_id).collect();
        let open = jobs::Entity::find()
            .filter(jobs::Column::RestaurantId.is_in(ids))
            .filter(jobs::Column::IsOpen.eq(true))
            .all(group.tx)
            .await?;
        Ok(open
            .into_iter()
            .map(|job| (job.restaurant_id, job.batch_job_id))
            .collect())
    }

    async fn insert(&self, group: &mut Group<'_>, source: &BatchRow, total: usize) -> Result<BatchRow, DbErr> {
        const OF_SOURCE: &str = "select execution_mode = 'parallel', settings, template_id, schedule_id \
            from registration_batch_jobs where id = ?";
        let found = group
            .tx
            .query_one_raw(statement(group.backend, OF_SOURCE, [source.id.into()]))
            .await?
            .ok_or_else(|| DbErr::RecordNotFound("the source of a retry".to_owned()))?;
        let name = match self.repeat {
            Repeat::All => source.name.clone(),
            Repeat::Failed | Repeat::Job { .. } => retry_name(&source.name),
        };
        let batch = NewBatch {
            id: self.id,
            organisation_id: self.organisation_id,
            name: &name,
            parallel: bool::try_get_by(&found, 0)?,
            settings: Value::try_get_by(&found, 1)?,
            total,
            retry_of: Some(source.id),
            template_id: Option::<Id>::try_get_by(&found, 2)?,
            schedule_id: Option::<Id>::try_get_by(&found, 3)?,
            created_by: self.created_by,
        };
        insert_batch(group, batch, &self.origin).await
    }
}

impl RepeatRegistrationBatch {
    /// Copies a registration as far as it had come.
    async fn copy_job(&self, group: &Group<'_>, id: Id, source: &jobs::Model, position: usize) -> Result<(), DbErr> {
        let given = self.configs.iter().find(|(job, _)| *job == source.id);
        let config = given.map(|(_, config)| config.clone());
        let selection = self.selection(source.id);
        let begins_at = match selection {
            // What comes before the choice is done before it.
            Some(_) => source.current_step.min(StepNumber::CompanySelection.number()),
            None => source.current_step,
        };
        let job = jobs::ActiveModel {
            id: Set(id),
            batch_job_id: Set(self.id),
            organisation_id: Set(source.organisation_id),
            restaurant_id: Set(source.restaurant_id),
            position: Set(i32::try_from(position).unwrap_or(i32::MAX)),
            status: Set("pending".to_owned()),
            is_open: Set(false),
            current_step: Set(begins_at),
            execution_config: Set(config
                .clone()
                .or_else(|| source.execution_config.clone().filter(|_| selection.is_none()))),
            reference: Set(source.reference),
            source_job_id: Set(Some(source.id)),
            since_seq: Set(group.next_seq()),
            outcome_unknown: Set(source.outcome_unknown),
            created_at: Set(group.now),
            updated_at: Set(group.now),
            ..Default::default()
        };
        job.insert(group.tx).await?;
        let found = candidates::Entity::find()
            .filter(candidates::Column::RegistrationJobId.eq(source.id))
            .all(group.tx)
            .await?;
        let mut copies = HashMap::with_capacity(found.len());
        for candidate in found {
            let new = Id::now();
            copies.insert(candidate.id.to_string(), new.to_string());
            let mut copy = candidate.into_active_model().reset_all();
            copy.id = Set(new);
            copy.registration_job_id = Set(id);
            copy.insert(group.tx).await?;
        }
        let of_source = steps::Entity::find()
            .filter(steps::Column::RegistrationJobId.eq(source.id))
            .all(group.tx)
            .await?;
        for mut step in of_source {
            let given = match StepNumber::try_from(step.step_number) {
                Ok(StepNumber::CompanySelection) => selection,
                Ok(StepNumber::Configuration) => config.as_ref(),
                _ => None,
            };
            // What was confirmed for one company is nothing for another.
            if selection.is_some() && step.step_number == StepNumber::Configuration.number() {
                step.answer = None;
            }
            if let Some(given) = given {
                step.answer = Some(given.clone());
                step.answered_by = Some(self.origin.actor.clone());
                step.answered_at = Some(group.now);
            }
            for said in [&mut step.answer, &mut step.result_data] {
                name_copy(said, &copies);
            }
            copy_step(group, id, begins_at, step, given.is_some()).await?;
        }
        Ok(())
    }
}

/// What names a candidate of the source names its copy.
fn name_copy(said: &mut Option<Value>, copies: &HashMap<String, String>) {
    let named = said.as_mut().and_then(|said| said.get_mut("candidate_id"));
    if let Some(named) = named
        && let Some(copy) = named.as_str().and_then(|id| copies.get(id))
    {
        *named = json!(copy);
    }
}

/// A step before the one that failed stays as it was; that one and those after it are open again. An answer that came before its
/// question is kept, and so is one that is `given` with the retry.
async fn copy_step(group: &Group<'_>, job: Id, failed: i32, step: steps::Model, given: bool) -> Result<(), DbErr> {
    let is_done = step.step_number < failed;
    let progress = match step.sub_step_progress.clone() {
        Some(progress) if step.step_number == StepNumber::Execution.number() => {
            Some(json!(read_progress(progress)?.to_retry()))
        }
        other => other,
    };
    // An answer that a step has failed with is asked for again.
    let has_failed = step.status == StepStatus::Failed.as_str();
    let is_answered_before = step.step_number != StepNumber::Execution.number() && !has_failed;
    let mut copy = step.into_active_model().reset_all();
    copy.id = Set(Id::now());
    copy.registration_job_id = Set(job);
    copy.sub_step_progress = Set(progress);
    if !is_done {
        copy.status = Set(StepStatus::Pending.as_str().to_owned());
        copy.error_message = Set(None);
        copy.error_details = Set(None);
        copy.retry_count = Set(0);
        copy.started_at = Set(None);
        copy.completed_at = Set(None);
        copy.due_at = Set(None);
        copy.remind_at = Set(None);
        copy.asked = Set(None);
        // What a step has given once is nothing that it gives again: another company may be picked, or none.
        copy.result_data = Set(None);
        if !given && !is_answered_before {
            copy.answer = Set(None);
        }
    }
    copy.insert(group.tx).await?;
    Ok(())
}
