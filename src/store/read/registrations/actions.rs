//! What waits for a person.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::{Id, companies_office_search_candidates as candidates};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, TryGetable};
use serde_json::Value;

use super::jobs::CandidateView;
use crate::store::read::engine::limit;
use crate::store::read::jobs::Page;
use crate::store::read::reader::Reader;
use crate::store::read::scope::Scope;
use crate::store::rows::statement;

/// Which questions.
#[derive(Clone, Debug, Default)]
pub struct ActionFilter {
    pub batch_id: Option<Id>,
    /// 3, 5 or 6.
    pub step: Option<i32>,
    /// Only questions after this registration's.
    pub after: Option<Id>,
    pub limit: u64,
}

/// A question that waits for an answer.
#[derive(Clone, Debug)]
pub struct ActionView {
    pub registration_job_id: Id,
    pub batch_job_id: Id,
    pub batch_name: String,
    pub batch_status: String,
    pub restaurant_id: Id,
    pub restaurant_name: String,
    pub step_number: i32,
    /// When it was asked.
    pub since: DateTime<Utc>,
    pub remind_at: Option<DateTime<Utc>>,
    pub due_at: Option<DateTime<Utc>>,
    /// What was asked, beside the step's form.
    pub asked: Option<Value>,
    /// Of a company selection.
    pub candidates: Vec<CandidateView>,
}

#[derive(FromQueryResult)]
struct Row {
    registration_job_id: Id,
    batch_job_id: Id,
    batch_name: String,
    batch_status: String,
    restaurant_id: Id,
    restaurant_name: String,
    step_number: i32,
    since: DateTime<Utc>,
    remind_at: Option<DateTime<Utc>>,
    due_at: Option<DateTime<Utc>>,
    asked: Option<Value>,
}

/// The execution was begun long before its question, which is the last that was written of it; the other questions are how their
/// steps begin.
const ASKED_AT: &str = "case when s.step_number = 6 then s.updated_at else coalesce(s.started_at, s.updated_at) end";

const FROM: &str = "from registration_jobs j join registration_batch_jobs b on b.id = j.batch_job_id \
    join registration_job_steps s on s.registration_job_id = j.id and s.step_number = j.current_step \
    and s.status = 'action_required' join restaurants r on r.id = j.restaurant_id \
    where j.organisation_id = ? and j.status = 'action_required'";

impl ActionFilter {
    fn condition(&self, scope: &Scope) -> (String, Vec<sea_orm::Value>) {
        let mut sql = FROM.to_owned();
        let mut values: Vec<sea_orm::Value> = vec![scope.organisation_id.into()];
        if let Some(batch) = self.batch_id {
            sql.push_str(" and j.batch_job_id = ?");
            values.push(batch.into());
        }
        if let Some(step) = self.step {
            sql.push_str(" and s.step_number = ?");
            values.push(step.into());
        }
        (sql, values)
    }
}

impl Reader {
    /// What waits for a person of the organisation, oldest registration first.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn actions(&self, scope: &Scope, filter: &ActionFilter) -> Result<Page<ActionView>, DbErr> {
        let (mut condition, mut values) = filter.condition(scope);
        if let Some(after) = filter.after {
            condition.push_str(" and j.id > ?");
            values.push(after.into());
        }
        let sql = format!(
            "select j.id as registration_job_id, j.batch_job_id, b.name as batch_name, b.status as batch_status, \
             j.restaurant_id, r.name as restaurant_name, s.step_number, {ASKED_AT} as since, s.remind_at, s.due_at, s.asked \
             {condition} order by j.id limit ?"
        );
        values.push(limit(usize::try_from(filter.limit + 1).unwrap_or(usize::MAX)));
        let rows: Vec<Row> = self.select(scope.organisation_id, &sql, values).await?;
        let ids: Vec<Id> = rows.iter().map(|row| row.registration_job_id).collect();
        let found = candidates::Entity::find()
            .filter(candidates::Column::RegistrationJobId.is_in(ids))
            .order_by_asc(candidates::Column::Rank)
            .all(&self.seen_by(scope))
            .await?;
        let mut by_job: HashMap<Id, Vec<CandidateView>> = HashMap::new();
        for candidate in found {
            by_job
                .entry(candidate.registration_job_id)
                .or_default()
                .push(candidate.into());
        }
        let views = rows.into_iter().map(|row| ActionView {
            candidates: match row.step_number {
                3 => by_job.remove(&row.registration_job_id).unwrap_or_default(),
                _ => Vec::new(),
            },
            registration_job_id: row.registration_job_id,
            batch_job_id: row.batch_job_id,
            batch_name: row.batch_name,
            batch_status: row.batch_status,
            restaurant_id: row.restaurant_id,
            restaurant_name: row.restaurant_name,
            step_number: row.step_number,
            since: row.since,
            remind_at: row.remind_at,
            due_at: row.due_at,
            asked: row.asked,
        });
        Ok(Page::cut(views.collect(), filter.limit, |view: &ActionView| {
            view.registration_job_id.to_string()
        }))
    }

    /// How many questions wait.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn count_actions(&self, scope: &Scope, filter: &ActionFilter) -> Result<i64, DbErr> {
        let (condition, values) = filter.condition(scope);
        let count = statement(self.backend(), &format!("select count(*) {condition}"), values);
        let row = self.seen_by(scope).query_one_raw(count).await?;
        row.map_or(Ok(0), |row| i64::try_get_by(&row, 0).map_err(DbErr::from))
    }
}
