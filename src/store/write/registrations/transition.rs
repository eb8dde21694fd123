//! One registration moves: its row, its steps, what it found, and what follows for its batch.

use chrono::{DateTime, Utc};
use entity::Id;
use sea_orm::{ConnectionTrait, DbErr, TryGetable};
use serde_json::{Map, Value};

use super::answers;
use super::batch::{BatchRow, Threshold, conclude, count, enter, fail};
use crate::model::journal::{BatchKind, Operation, Origin};
use crate::model::merge_patch::merge;
use crate::model::registration::batch::{BatchEvent, BatchStatus};
use crate::model::registration::job::RegistrationStatus;
use crate::model::registration::profile::search_key;
use crate::model::registration::step::{StepNumber, StepStatus};
use crate::store::rows::statement;
use crate::store::write::Transitioned;
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

/// What becomes of one step. What is `None` stays.
#[derive(Clone, Debug)]
pub struct StepWrite {
    pub step: StepNumber,
    pub status: StepStatus,
    pub result: Option<Value>,
    /// `sub_step_progress`.
    pub progress: Option<Value>,
    pub asked: Option<Value>,
    pub remind_at: Option<DateTime<Utc>>,
    pub due_at: Option<DateTime<Utc>>,
    pub error: Option<String>,
    pub error_details: Option<Value>,
    pub retry_count: Option<i32>,
    pub max_retries: Option<i32>,
}

impl StepWrite {
    #[must_use]
    pub fn to(step: StepNumber, status: StepStatus) -> Self {
        Self {
            step,
            status,
            result: None,
            progress: None,
            asked: None,
            remind_at: None,
            due_at: None,
            error: None,
            error_details: None,
            retry_count: None,
            max_retries: None,
        }
    }
}

/// A candidate that a search has found.
#[derive(Clone, Debug, PartialEq)]
pub struct CandidateFound {
    pub score: f64,
    pub match_reasons: Value,
    pub nzbn: Option<String>,
    pub company_number: Option<String>,
    pub name: String,
    pub status: Option<String>,
    pub raw: Value,
}

/// What was learnt of the restaurant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RestaurantFacts {
    /// Column and value; a column that holds something is left as it is.
    pub fill: Vec<(&'static str, String)>,
    /// As `fill`, over what is there.
    pub set: Vec<(&'static str, String)>,
    /// Merged into `data` (RFC 7396).
    pub data: Map<String, Value>,
}

impl RestaurantFacts {
    fn bytes(&self) -> usize {
        let columns = self.fill.iter().chain(&self.set).map(|(_, value)| value.len());
        let data = self
            .data
            .iter()
            .map(|(name, value)| name.len() + value.to_string().len());
        columns.sum::<usize>() + data.sum::<usize>()
    }
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
        !self.journal.is_empty() && operations.all(|operation| operation == Operation::StepStarted)
    }

    pub(in crate::store::write) async fn apply(&self, group: &mut Group<'_>) -> Result<Transitioned, DbErr> {
        let Some(batch) = BatchRow::load(group, self.job.batch_id).await? else {
            return Ok(Transitioned::Conflict);
        };
        // No call leaves once somebody was told that the batch is paused, cancelled or failed.
        if self.call_open && !matches!(batch.status()?, BatchStatus::Pending | BatchStatus::InProgress) {
            return Ok(Transitioned::Conflict);
        }
        let to = self.in_batch(batch.status()?);
        if !self.from.may_become(to) {
            let (from, step) = (self.from, self.current_step);
            let error = format!("a registration at step {step} whose status is '{from}' cannot become '{to}'");
            return Err(DbErr::Custom(error));
        }
        if !self.move_job(group, to).await? {
            return Ok(Transitioned::Conflict);
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
        if batch.status()? == BatchStatus::Pending {
            enter(
                group,
                &batch,
                BatchStatus::InProgress,
                BatchEvent::Begin,
                &self.origin,
                None,
            )
            .await?;
        }
        let seq = self.write_journal(group, to);
        count(group, self.job.batch_id, self.from, to).await?;
        if to == RegistrationStatus::ActionRequired {
            answers::take_early_answer(group, &self.job, self.current_step).await?;
        }
        match &self.fails_batch {
            Some(reason) if batch.status()?.is_open() => fail(group, &batch, &self.origin, reason).await?,
            _ => conclude(group, self.job.batch_id, self.threshold, &self.origin).await?,
        }
        Ok(Transitioned::Committed { seq })
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
            now.into(),
            to.has_ended().into(),
            now.into(),
            self.job.id.into(),
            self.job.version.into(),
            self.job.epoch.into(),
        ];
        Ok(group.execute(SQL, values).await? > 0)
    }

    fn write_journal(&self, group: &mut Group<'_>, to: RegistrationStatus) -> i64 {
        let mut last = group.next_seq() - 1;
        for entry in &self.journal {
            last = journal_row(group, &self.job, &self.origin, entry);
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
            last = journal_row(group, &self.job, &self.origin, &entry);
        }
        last
    }
}

/// Appends a row about a registration to the journal.
pub(super) fn journal_row(group: &mut Group<'_>, job: &RegistrationRef, origin: &Origin, entry: &JournalEntry) -> i64 {
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
    })
}

/// Writes what becomes of a step.
pub(super) async fn write_step(group: &Group<'_>, job: Id, step: &StepWrite) -> Result<(), DbErr> {
    const SQL: &str = "update registration_job_steps set status = ?, result_data = coalesce(?, result_data), \
        sub_step_progress = coalesce(?, sub_step_progress), asked = coalesce(?, asked), \
        answer = case when ? then null else answer end, remind_at = ?, due_at = ?, \
        error_message = ?, error_details = ?, retry_count = coalesce(?, retry_count), \
        max_retries = coalesce(?, max_retries), updated_at = ?, \
        started_at = case when ? then started_at else coalesce(started_at, ?) end, \
        completed_at = case when ? then ? else null end \
        where registration_job_id = ? and step_number = ? and status in (";
    let before: Vec<String> = StepStatus::before(step.status)
        .map(|status| format!("'{status}'"))
        .collect();
    let sql = format!("{SQL}{})", before.join(", "));
    let skipped = matches!(step.status, StepStatus::Skipped | StepStatus::Pending);
    let values = [
        step.status.as_str().into(),
        step.result.clone().into(),
        step.progress.clone().into(),
        step.asked.clone().into(),
        // A question about the execution is a new one each time; the others may have been answered before they were asked.
        (step.step == StepNumber::Execution && step.asked.is_some()).into(),
        step.remind_at.into(),
        step.due_at.into(),
        step.error.clone().into(),
        step.error_details.clone().into(),
        step.retry_count.into(),
        step.max_retries.into(),
        group.now.into(),
        skipped.into(),
        group.now.into(),
        step.status.has_ended().into(),
        group.now.into(),
        job.into(),
        step.step.number().into(),
    ];
    if group.execute(&sql, values).await? == 0 {
        let error = format!("step {} is in no state that can become '{}'", step.step, step.status);
        return Err(DbErr::Custom(error));
    }
    Ok(())
}

/// The steps of a registration whose batch has ended meanwhile: skipped where it is cancelled, open for a retry otherwise.
async fn close_steps(group: &Group<'_>, job: Id, to: RegistrationStatus) -> Result<(), DbErr> {
    const SQL: &str = "update registration_job_steps set status = ?, error_message = ?, due_at = null, remind_at = null, \
        updated_at = ?, completed_at = case when ? then ? else null end \
        where registration_job_id = ? and (status in ('in_progress', 'action_required') or (? and status = 'pending'))";
    let cancelled = to == RegistrationStatus::Cancelled;
    let status = if cancelled {
        StepStatus::Skipped
    } else {
        StepStatus::Pending
    };
    let why = cancelled.then_some("the batch was cancelled");
    let values = [
        status.as_str().into(),
        why.into(),
        group.now.into(),
        cancelled.into(),
        group.now.into(),
        job.into(),
        cancelled.into(),
    ];
    group.execute(SQL, values).await?;
    Ok(())
}

async fn replace_candidates(
    group: &Group<'_>,
    job: &RegistrationRef,
    candidates: &[CandidateFound],
) -> Result<(), DbErr> {
    const FORGET: &str = "delete from companies_office_search_candidates where registration_job_id = ?";
    const SQL: &str = "insert into companies_office_search_candidates (id, registration_job_id, organisation_id, rank, \
        score, match_reasons, nzbn, company_number, name, status, raw, created_at) values (?,?,?,?,?,?,?,?,?,?,?,?)";
    group.execute(FORGET, [job.id.into()]).await?;
    for (rank, found) in (1_i32..).zip(candidates) {
        let values = [
            Id::now().into(),
            job.id.into(),
            job.organisation_id.into(),
            rank.into(),
            found.score.into(),
            found.match_reasons.clone().into(),
            found.nzbn.clone().into(),
            found.company_number.clone().into(),
            found.name.clone().into(),
            found.status.clone().into(),
            found.raw.clone().into(),
            group.now.into(),
        ];
        group.execute(SQL, values).await?;
    }
    Ok(())
}

/// Writes what was learnt of a restaurant. The columns are names of the code, never of a person.
async fn learn(group: &Group<'_>, restaurant: Id, facts: &RestaurantFacts) -> Result<(), DbErr> {
    const DATA: &str = "select data from restaurants where id = ?";
    let mut changes = Vec::new();
    let mut values: Vec<sea_orm::Value> = Vec::new();
    for (column, value) in &facts.fill {
        changes.push(format!("{column} = coalesce(nullif({column}, ''), ?)"));
        values.push(value.clone().into());
        if matches!(*column, "city" | "region") {
            changes.push(format!("{column}_key = coalesce(nullif({column}_key, ''), ?)"));
            values.push(search_key(value).into());
        }
    }
    for (column, value) in &facts.set {
        changes.push(format!("{column} = ?"));
        values.push(value.clone().into());
    }
    if !facts.data.is_empty() {
        let found = group
            .tx
            .query_one_raw(statement(group.backend, DATA, [restaurant.into()]))
            .await?;
        let Some(found) = found else { return Ok(()) };
        let mut data = Value::try_get_by(&found, 0)?;
        merge(&mut data, &Value::Object(facts.data.clone()));
        changes.push("data = ?".to_owned());
        values.push(data.into());
    }
    if changes.is_empty() {
        return Ok(());
    }
    let list = changes.join(", ");
    let sql = format!("update restaurants set {list}, version = version + 1, updated_at = ? where id = ?");
    values.extend([group.now.into(), restaurant.into()]);
    group.execute(&sql, values).await?;
    Ok(())
}
