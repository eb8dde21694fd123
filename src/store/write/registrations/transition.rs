//! One registration moves: its row, its steps, what it found, and what follows for its batch.

use chrono::{DateTime, Utc};
use entity::Id;
use sea_orm::DbErr;
use serde_json::Value;

use super::answers;
use super::batch::{BatchRow, Threshold, conclude, count, enter, fail};
use super::learnt::{CandidateFound, RestaurantFacts, learn, replace_candidates};
use super::step::{StepWrite, close_steps, write_step};
use crate::model::journal::{BatchKind, Operation, Origin};
use crate::model::registration::batch::{BatchEvent, BatchStatus};
use crate::model::registration::job::RegistrationStatus;
use crate::model::registration::step::StepNumber;
use crate::store::write::group::Group;
use crate::store::write::journal::JournalRow;

/// A registration as its writer last saw it. A write counts only if nothing has changed since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegistrationRef {
    pub organisation_id: Id,
    pub batch_id: Id,
    pub id: Id,
    pub restaurant_id: Id,
    pub version: i32,
    pub epoch: i32,
}

/// The answer to a [`RegistrationTransition`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegistrationMoved {
    /// It counts. The status is the one asked for, unless the batch has ended meanwhile.
    To(RegistrationStatus),
    /// Somebody else has changed the row, or no call may leave: whoever asked must stop.
    Conflict,
}

/// A row of the journal that a transition leaves.
#[derive(Clone, Debug)]
pub struct JournalEntry {
    pub operation: Operation,
    pub step: StepNumber,
    pub attempt: i32,
    pub from: Option<&'static str>,
    pub to: Option<&'static str>,
    /// A JSON object.
    pub details: Value,
}

/// One registration moves.
#[derive(Clone, Debug)]
pub struct RegistrationTransition {
    pub job: RegistrationRef,
    pub from: RegistrationStatus,
    pub to: RegistrationStatus,
    pub current_step: StepNumber,
    pub attempt: i32,
    pub next_at: Option<DateTime<Utc>>,
    pub blocked_by: Option<String>,
    pub error: Option<String>,
    /// A call that changes something outside is about to leave.
    pub call_open: bool,
    /// It has come to the execution.
    pub ready: bool,
    pub steps: Vec<StepWrite>,
    pub execution_config: Option<Value>,
    pub candidates: Option<Vec<CandidateFound>>,
    pub restaurant: Option<RestaurantFacts>,
    /// Why the whole batch fails with it.
    pub fails_batch: Option<String>,
    pub journal: Vec<JournalEntry>,
    pub threshold: Threshold,
    pub origin: Origin,
}

impl RegistrationTransition {
    pub(in crate::store::write) fn bytes(&self) -> usize {
        let of = |value: &Option<Value>| value.as_ref().map_or(0, |value| value.to_string().len());
        let said = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let steps = self.steps.iter().map(|step| {
            of(&step.result) + of(&step.progress) + of(&step.asked) + of(&step.error_details) + said(&step.error)
        });
        let candidates = self.candidates.iter().flatten();
        let candidates = candidates.map(|each| each.raw.to_string().len() + each.match_reasons.to_string().len());
        let journal = self.journal.iter().map(|entry| entry.details.to_string().len());
        let restaurant = self.restaurant.as_ref().map_or(0, RestaurantFacts::bytes);
        steps.sum::<usize>()
            + candidates.sum::<usize>()
            + journal.sum::<usize>()
            + restaurant
            + of(&self.execution_config)
            + said(&self.error)
    }

    /// Whether it says only that something begins: what ends the process while it goes on has not been survived yet.
    fn only_begins(&self) -> bool {
        let mut operations = self.journal.iter().map(|entry| entry.operation);
        // That it waits its turn has no row of its own.
        let says_it = self.ready || !self.journal.is_empty();
        says_it && operations.all(|operation| operation == Operation::StepStarted)
    }

    pub(in crate::store::write) async fn apply(&self, group: &mut Group<'_>) -> Result<RegistrationMoved, DbErr> {
        let Some(batch) = BatchRow::load(group, self.job.batch_id).await? else {
            return Ok(RegistrationMoved::Conflict);
        };
        // No call leaves once somebody was told that the batch is paused, cancelled or failed.
        if self.call_open && !matches!(batch.status()?, BatchStatus::Pending | BatchStatus::InProgress) {
            return Ok(RegistrationMoved::Conflict);
        }
        let to = self.in_batch(batch.status()?);
        if !self.move_job(group, to).await? {
            return Ok(RegistrationMoved::Conflict);
        }
        // Only what is not out of date can be wrong.
        if !self.from.may_become(to) {
            let (from, step) = (self.from, self.current_step);
            let error = format!("a registration at step {step} whose status is '{from}' cannot become '{to}'");
            return Err(DbErr::Custom(error));
        }
        for step in &self.steps {
            write_step(group, self.job.id, step).await?;
        }
        if to != self.to {
            close_steps(group, self.job.id, to).await?;
        }
        if let Some(candidates) = &self.candidates {
            replace_candidates(group, &self.job, candidates).await?;
        }
        if let Some(facts) = &self.restaurant {
            learn(group, self.job.restaurant_id, facts).await?;
        }
        let begins = batch.status()? == BatchStatus::Pending;
        if begins {
            let (to, event) = (BatchStatus::InProgress, BatchEvent::Begin);
            enter(group, &batch, to, event, &self.origin, None).await?;
        }
        self.write_journal(group, to);
        let counted = count(group, self.job.batch_id, self.from, to).await?;
        if to == RegistrationStatus::ActionRequired {
            answers::take_early_answer(group, &self.job, self.current_step).await?;
        }
        let batch = match begins || counted {
            true => BatchRow::load(group, self.job.batch_id).await?,
            false => Some(batch),
        };
        if let Some(batch) = batch
            && batch.status()?.is_open()
        {
            match &self.fails_batch {
                Some(reason) => fail(group, &batch, &self.origin, reason).await?,
                None => conclude(group, &batch, self.threshold, &self.origin).await?,
            }
        }
        Ok(RegistrationMoved::To(to))
    }

    /// What the registration becomes, seen that its batch may have ended meanwhile: what was done counts, but it does not go on
    /// unless a call is still open.
    fn in_batch(&self, batch: BatchStatus) -> RegistrationStatus {
        if self.to.has_ended() || self.call_open {
            return self.to;
        }
        match batch {
            BatchStatus::Cancelled => RegistrationStatus::Cancelled,
            BatchStatus::Failed => RegistrationStatus::Pending,
            _ => self.to,
        }
    }

    async fn move_job(&self, group: &Group<'_>, to: RegistrationStatus) -> Result<bool, DbErr> {
        const SQL: &str = "update registration_jobs set status = ?, is_open = case when ? then is_open else ? end, \
            current_step = ?, attempt = ?, next_at = ?, blocked_by = ?, error_message = ?, call_open = ?, \
            ready_at = case when ? then coalesce(ready_at, ?) else ready_at end, \
            execution_config = coalesce(?, execution_config), crashes = case when ? then crashes else 0 end, version = version + 1, updated_at = ?, \
            since_seq = case when started_at is null then ? else since_seq end, \
            started_at = coalesce(started_at, ?), completed_at = case when ? then ? else completed_at end \
            where id = ? and version = ? and exists (select 1 from registration_batch_jobs b \
            where b.id = registration_jobs.batch_job_id and b.epoch = ?)";
        let now = group.now;
        let goes_on = to == self.to && !to.has_ended();
        let values = [
            to.as_str().into(),
            goes_on.into(),
            false.into(),
            self.current_step.number().into(),
            self.attempt.into(),
            self.next_at.filter(|_| goes_on).into(),
            self.blocked_by.clone().filter(|_| goes_on).into(),
            self.error.clone().into(),
            self.call_open.into(),
            self.ready.into(),
            now.into(),
            self.execution_config.clone().into(),
            self.only_begins().into(),
            now.into(),
            group.next_seq().into(),
            now.into(),
            to.has_ended().into(),
            now.into(),
            self.job.id.into(),
            self.job.version.into(),
            self.job.epoch.into(),
        ];
        Ok(group.execute(SQL, values).await? > 0)
    }

    fn write_journal(&self, group: &mut Group<'_>, to: RegistrationStatus) {
        for entry in &self.journal {
            journal_row(group, &self.job, &self.origin, entry);
        }
        if to.has_ended() {
            let entry = JournalEntry {
                operation: Operation::ItemFinished,
                step: self.current_step,
                attempt: self.attempt,
                from: Some(self.from.as_str()),
                to: Some(to.as_str()),
                details: serde_json::json!({ "error": self.error }),
            };
            journal_row(group, &self.job, &self.origin, &entry);
        }
    }
}

/// Appends a row about a registration to the journal.
pub(super) fn journal_row(group: &mut Group<'_>, job: &RegistrationRef, origin: &Origin, entry: &JournalEntry) {
    group.journal(|seq, at| JournalRow {
        seq,
        organisation_id: job.organisation_id,
        kind: BatchKind::Registration,
        job_id: job.batch_id,
        item_id: None,
        registration_id: Some(job.id),
        step: Some(entry.step.number()),
        attempt: Some(entry.attempt),
        origin: origin.clone(),
        from_state: entry.from,
        to_state: entry.to,
        operation: entry.operation,
        details: entry.details.to_string(),
        at,
    });
}
