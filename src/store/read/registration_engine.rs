//! What the actors read of registrations: batches that want a supervisor, and registrations that can go on.

use chrono::{DateTime, Utc};
use entity::{Id, restaurants};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, TryGetable};
use serde_json::Value;

use super::engine::{EngineReader, limit};
use crate::model::registration::batch::BatchStatus;
use crate::model::registration::job::RegistrationStatus;
use crate::model::registration::step::{StepNumber, StepStatus};
use crate::model::registration::sub_step::Progress;
use crate::store::rows::statement;

/// A batch that wants a supervisor: it is open, or a call of one that has ended is.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenRegistrationBatch {
    pub id: Id,
    pub organisation_id: Id,
    pub name: String,
    pub status: BatchStatus,
    pub epoch: i32,
    /// Whether executions go side by side.
    pub parallel: bool,
    pub settings: Value,
}

#[derive(FromQueryResult)]
struct BatchRow {
    id: Id,
    organisation_id: Id,
    name: String,
    status: String,
    epoch: i32,
    execution_mode: String,
    settings: Value,
}

const BATCH: &str = "select b.id, b.organisation_id, b.name, b.status, b.epoch, b.execution_mode, b.settings \
    from registration_batch_jobs b";

fn open_batch(row: BatchRow) -> Option<OpenRegistrationBatch> {
    let Ok(status) = row.status.parse() else {
        tracing::error!(batch = %row.id, status = row.status, "a batch in a state that does not exist is left alone");
        return None;
    };
    Some(OpenRegistrationBatch {
        id: row.id,
        organisation_id: row.organisation_id,
        name: row.name,
        status,
        epoch: row.epoch,
        parallel: row.execution_mode == "parallel",
        settings: row.settings,
    })
}

/// A registration that has not ended, as far as its supervisor needs it.
#[derive(Clone, Debug, FromQueryResult)]
pub struct RunnableRegistration {
    pub id: Id,
    pub status: String,
    pub current_step: i32,
    pub next_at: Option<DateTime<Utc>>,
    pub ready_at: Option<DateTime<Utc>>,
    pub crashes: i32,
    pub call_open: bool,
    /// Its execution has begun.
    pub executing: bool,
}

/// A step of a registration.
#[derive(Clone, Debug)]
pub struct RegistrationStep {
    pub number: StepNumber,
    pub status: StepStatus,
    pub result: Option<Value>,
    pub progress: Progress,
    pub answered: bool,
    pub retry_count: i32,
}

/// A registration with all that its steps need.
#[derive(Clone, Debug)]
pub struct RegistrationJob {
    pub id: Id,
    pub version: i32,
    pub status: RegistrationStatus,
    pub current_step: StepNumber,
    pub attempt: i32,
    pub next_at: Option<DateTime<Utc>>,
    pub ready_at: Option<DateTime<Utc>>,
    pub call_open: bool,
    pub reference: Id,
    pub execution_config: Option<Value>,
    pub steps: Vec<RegistrationStep>,
    pub restaurant: restaurants::Model,
    /// How its batch stands.
    pub batch_status: BatchStatus,
}

impl RegistrationJob {
    #[must_use]
    pub fn step(&self, number: StepNumber) -> Option<&RegistrationStep> {
        self.steps.iter().find(|step| step.number == number)
    }

    /// As it stands once the end of a sub-step is committed.
    #[must_use]
    pub fn after_sub_step(&self, progress: Progress) -> Self {
        let mut after = Self {
            version: self.version + 1,
            status: RegistrationStatus::InProgress,
            attempt: 0,
            next_at: None,
            call_open: false,
            ..self.clone()
        };
        if let Some(step) = after.steps.iter_mut().find(|step| step.number == StepNumber::Execution) {
            step.status = StepStatus::InProgress;
            step.progress = progress;
        }
        after
    }
}

/// A question that is open for long.
#[derive(Clone, Debug, FromQueryResult)]
pub struct OpenQuestion {
    pub registration_job_id: Id,
    pub step_number: i32,
    pub due_at: Option<DateTime<Utc>>,
}

fn unreadable(error: impl std::fmt::Display) -> DbErr {
    DbErr::Custom(error.to_string())
}

impl EngineReader {
    /// Batches that want a supervisor, oldest first.
    ///
    /// # Errors
    /// Where the database cannot be read. A single row that makes no sense is left out and logged.
    pub async fn open_registration_batches(&self) -> Result<Vec<OpenRegistrationBatch>, DbErr> {
        let sql = format!(
            "{BATCH} where b.id in (select o.id from registration_batch_jobs o \
             where o.status in ('pending', 'in_progress', 'paused') \
             union all select j.batch_job_id from registration_jobs j where j.call_open) order by b.id"
        );
        let rows = self
            .hq
            .query_all_raw(statement(self.hq.get_database_backend(), &sql, []))
            .await?;
        let read = |row| match BatchRow::from_query_result(row, "") {
            Ok(row) => open_batch(row),
            Err(error) => {
                tracing::error!(%error, "a batch that cannot be read is left alone");
                None
            }
        };
        Ok(rows.iter().filter_map(read).collect())
    }

    /// The batch as it stands.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn registration_batch(&self, id: Id) -> Result<Option<OpenRegistrationBatch>, DbErr> {
        let sql = format!("{BATCH} where b.id = ?");
        let rows: Vec<BatchRow> = self.select(&sql, vec![id.into()]).await?;
        Ok(rows.into_iter().find_map(open_batch))
    }

    /// The registrations of a batch that have not ended: those whose execution has begun first, then in the order in which they
    /// came to it, then as the batch has them.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn unfinished_registrations(&self, batch: Id) -> Result<Vec<RunnableRegistration>, DbErr> {
        let sql = "select j.id, j.status, j.current_step, j.next_at, j.ready_at, j.crashes, j.call_open, \
            coalesce(s.status = 'in_progress', false) as executing from registration_jobs j \
            left join registration_job_steps s on s.registration_job_id = j.id and s.step_number = 6 \
            where j.batch_job_id = ? and j.status in ('pending', 'in_progress') \
            order by case when s.status = 'in_progress' then 0 else 1 end, \
            case when j.ready_at is null then 1 else 0 end, j.ready_at, j.position";
        self.select(sql, vec![batch.into()]).await
    }

    /// One registration, whatever it waits for.
    ///
    /// # Errors
    /// Where the database cannot be read, or what is there makes no sense.
    pub async fn registration(&self, id: Id) -> Result<Option<RegistrationJob>, DbErr> {
        use entity::{registration_batch_jobs as batches, registration_job_steps as steps, registration_jobs as jobs};
        let Some(job) = jobs::Entity::find_by_id(id).one(&self.hq).await? else {
            return Ok(None);
        };
        let rows = steps::Entity::find()
            .filter(steps::Column::RegistrationJobId.eq(id))
            .order_by_asc(steps::Column::StepNumber);
        // After its job, whose version says whether anything has changed since: steps that are older than it would not be noticed.
        let (batch, restaurant, rows) = tokio::try_join!(
            batches::Entity::find_by_id(job.batch_job_id).one(&self.hq),
            restaurants::Entity::find_by_id(job.restaurant_id).one(&self.hq),
            rows.all(&self.hq),
        )?;
        let (Some(batch), Some(restaurant)) = (batch, restaurant) else {
            return Ok(None);
        };
        let steps = rows.into_iter().map(step).collect::<Result<_, _>>()?;
        Ok(Some(RegistrationJob {
            id,
            version: job.version,
            status: job.status.parse().map_err(unreadable)?,
            current_step: StepNumber::try_from(job.current_step).map_err(unreadable)?,
            attempt: job.attempt,
            next_at: job.next_at,
            ready_at: job.ready_at,
            call_open: job.call_open,
            reference: job.reference,
            execution_config: job.execution_config,
            steps,
            restaurant,
            batch_status: batch.status.parse().map_err(unreadable)?,
        }))
    }

    /// Running batches with registrations or questions whose time has come.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn registrations_due(&self, now: DateTime<Utc>) -> Result<Vec<Id>, DbErr> {
        let sql = "select j.batch_job_id from registration_jobs j \
            join registration_batch_jobs b on b.id = j.batch_job_id and b.status = 'in_progress' \
            where j.next_at is not null and j.next_at <= ? \
            union select j.batch_job_id from registration_job_steps s \
            join registration_jobs j on j.id = s.registration_job_id \
            join registration_batch_jobs b on b.id = j.batch_job_id and b.status = 'in_progress' \
            where s.status = 'action_required' and s.due_at is not null and s.due_at <= ? \
            union select j.batch_job_id from registration_job_steps s \
            join registration_jobs j on j.id = s.registration_job_id \
            join registration_batch_jobs b on b.id = j.batch_job_id and b.status = 'in_progress' \
            where s.status = 'action_required' and s.remind_at is not null and s.remind_at <= ?";
        self.ids(sql, vec![now.into(), now.into(), now.into()]).await
    }

    /// Questions of a batch that are to be closed or told of again, oldest first.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn questions_due(&self, batch: Id, now: DateTime<Utc>, rows: usize) -> Result<Vec<OpenQuestion>, DbErr> {
        let sql = "select s.registration_job_id, s.step_number, s.due_at from registration_job_steps s \
            join registration_jobs j on j.id = s.registration_job_id \
            where j.batch_job_id = ? and j.status = 'action_required' and s.status = 'action_required' \
            and ((s.due_at is not null and s.due_at <= ?) or (s.remind_at is not null and s.remind_at <= ?)) \
            order by s.id limit ?";
        let values = vec![batch.into(), now.into(), now.into(), limit(rows)];
        self.select(sql, values).await
    }

    /// What an enrichment job of the organisation has found of a website: how the job stands, and the practice's final payload.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn extraction(
        &self,
        organisation_id: Id,
        job: Id,
        domain: Option<&str>,
    ) -> Result<Option<(String, Option<Value>)>, DbErr> {
        let sql = "select status from enrichment_jobs where id = ? and organisation_id = ? and imported_at is not null";
        let values = [job.into(), organisation_id.into()];
        let backend = self.hq.get_database_backend();
        let Some(row) = self.hq.query_one_raw(statement(backend, sql, values)).await? else {
            return Ok(None);
        };
        let status = String::try_get_by(&row, 0)?;
        let sql = "select final_payload from job_practices where job_id = ? and status = 'aggregated' \
            and (domain = ? or (? is null and not exists \
            (select 1 from job_practices o where o.job_id = job_practices.job_id and o.id <> job_practices.id))) \
            order by id limit 1";
        let values = [job.into(), domain.into(), domain.into()];
        let found = self.hq.query_one_raw(statement(backend, sql, values)).await?;
        let payload = found.map(|row| Option::<Value>::try_get_by(&row, 0)).transpose()?;
        Ok(Some((status, payload.flatten())))
    }
}

fn step(row: entity::registration_job_steps::Model) -> Result<RegistrationStep, DbErr> {
    let progress = row.sub_step_progress.map(serde_json::from_value).transpose();
    Ok(RegistrationStep {
        number: StepNumber::try_from(row.step_number).map_err(unreadable)?,
        status: row.status.parse().map_err(unreadable)?,
        result: row.result_data,
        progress: progress
            .map_err(|error| DbErr::Json(error.to_string()))?
            .unwrap_or_default(),
        answered: row.answer.is_some(),
        retry_count: row.retry_count,
    })
}
