//! What may be running, what an earlier process left, and questions that are open for long.

use entity::Id;
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult};
use serde_json::{Value, json};

use super::transition::{JournalEntry, RegistrationRef, journal_row};
use crate::model::crash::LastEnd;
use crate::model::journal::{Operation, Origin};
use crate::model::registration::step::StepNumber;
use crate::store::rows::{in_list, statement};
use crate::store::write::group::Group;

/// Notes which registrations of a batch may be running from now on, so that an unclean end can be counted against them.
#[derive(Clone, Debug)]
pub struct MarkRegistrationsInFlight {
    pub batch_id: Id,
    pub jobs: Vec<Id>,
}

impl MarkRegistrationsInFlight {
    pub(in crate::store::write) async fn apply(&self, group: &mut Group<'_>) -> Result<(), DbErr> {
        const SQL: &str = "update registration_batch_jobs set in_flight = ? where id = ?";
        group
            .execute(SQL, [json!(self.jobs).into(), self.batch_id.into()])
            .await?;
        Ok(())
    }
}

/// Counts an unclean end against the registrations that may have been running. Answered with how many there were.
#[derive(Clone, Debug)]
pub struct RecoverRegistrationBatch {
    pub batch_id: Id,
    pub last_end: LastEnd,
}

impl RecoverRegistrationBatch {
    pub(in crate::store::write) async fn apply(&self, group: &mut Group<'_>) -> Result<u64, DbErr> {
        const IN_FLIGHT: &str = "select in_flight from registration_batch_jobs where id = ?";
        const CLEAR: &str = "update registration_batch_jobs set in_flight = '[]' where id = ?";
        let select = statement(group.backend, IN_FLIGHT, [self.batch_id.into()]);
        let Some(row) = group.tx.query_one_raw(select).await? else {
            return Ok(0);
        };
        let in_flight: Value = row.try_get("", "in_flight")?;
        let ids: Vec<Id> = serde_json::from_value(in_flight).map_err(|error| DbErr::Json(error.to_string()))?;
        if ids.is_empty() {
            return Ok(0);
        }
        group.execute(CLEAR, [self.batch_id.into()]).await?;
        if self.last_end == LastEnd::Clean {
            return Ok(0);
        }
        let most = if ids.len() == 1 {
            i32::MAX
        } else {
            self.last_end.most_in_company()
        };
        let (list, mut values) = in_list(&ids);
        values.insert(0, most.into());
        values.push(group.now.into());
        let sql = format!(
            "update registration_jobs set crashes = case when crashes < ? then crashes + 1 else crashes end \
             where id in ({list}) and status in ('pending', 'in_progress') and (next_at is null or next_at <= ?)"
        );
        group.execute(&sql, values).await
    }
}

/// Says again that a question is open.
#[derive(Clone, Debug)]
pub struct RemindOfQuestion {
    pub job_id: Id,
    pub step: StepNumber,
}

#[derive(FromQueryResult)]
struct Waiting {
    organisation_id: Id,
    batch_job_id: Id,
    restaurant_id: Id,
    version: i32,
    epoch: i32,
}

impl RemindOfQuestion {
    pub(in crate::store::write) async fn apply(&self, group: &mut Group<'_>) -> Result<bool, DbErr> {
        const STEP: &str = "update registration_job_steps set remind_at = null, updated_at = ? \
            where registration_job_id = ? and step_number = ? and status = 'action_required' and remind_at is not null";
        const JOB: &str = "select j.organisation_id, j.batch_job_id, j.restaurant_id, j.version, b.epoch \
            from registration_jobs j join registration_batch_jobs b on b.id = j.batch_job_id where j.id = ?";
        let values = [group.now.into(), self.job_id.into(), self.step.number().into()];
        if group.execute(STEP, values).await? == 0 {
            return Ok(false);
        }
        let select = statement(group.backend, JOB, [self.job_id.into()]);
        let Some(row) = group.tx.query_one_raw(select).await? else {
            return Ok(false);
        };
        let waiting = Waiting::from_query_result(&row, "")?;
        let job = RegistrationRef {
            organisation_id: waiting.organisation_id,
            batch_id: waiting.batch_job_id,
            id: self.job_id,
            restaurant_id: waiting.restaurant_id,
            version: waiting.version,
            epoch: waiting.epoch,
        };
        let entry = JournalEntry {
            operation: Operation::ActionRequired,
            step: self.step,
            attempt: 0,
            from: None,
            to: None,
            details: json!({ "reminder": true }),
        };
        journal_row(group, &job, &Origin::engine(), &entry);
        Ok(true)
    }
}
