//! Registrations with their steps, sub-steps and candidates.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::{
    Id, companies_office_search_candidates as candidates, registration_batch_jobs as batches,
    registration_job_steps as steps, registration_jobs as jobs, restaurants,
};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, DbErr, EntityTrait, IdenStatic, Iterable as _, QueryFilter, QueryOrder, QuerySelect, Select,
};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{blocked_by, duration_ms};
use crate::model::registration::sub_step::{Progress, SubStep, SubStepStatus};
use crate::store::read::directory::RestaurantView;
use crate::store::read::jobs::Page;
use crate::store::read::reader::Reader;
use crate::store::read::scope::{Access, Scope};

/// A registration as the API shows it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RegistrationView {
    pub id: Id,
    pub batch_job_id: Id,
    pub restaurant_id: Id,
    pub restaurant_name: String,
    /// Its place in the batch, from 0.
    pub position: i32,
    pub status: String,
    /// The step that it is at, 1 to 6.
    pub current_step: i32,
    /// Why it does not move.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocked_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
    /// Where it failed: a step, or a step and a sub-step, such as `execution/menu`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub execution_config: Option<Value>,
    /// Under what the platform knows it, also in retries.
    pub reference: Id,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_job_id: Option<Id>,
    pub created_at: DateTime<Utc>,
    pub started_at: Option<DateTime<Utc>>,
    pub completed_at: Option<DateTime<Utc>>,
    pub duration_ms: Option<i64>,
    pub steps: Vec<RegistrationStepView>,
}

/// One of the six steps.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RegistrationStepView {
    pub step_number: i32,
    pub step_name: String,
    /// `automatic` or `action_required`.
    pub step_type: String,
    pub status: String,
    pub retry_count: i32,
    pub max_retries: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub error_details: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub result_data: Option<Value>,
    /// What a person said.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub answer: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<DateTime<Utc>>,
    /// Of a step that waits for a person: when that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked_at: Option<DateTime<Utc>>,
    /// When it is said again that somebody is waited for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remind_at: Option<DateTime<Utc>>,
    /// When the question is closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_at: Option<DateTime<Utc>>,
    pub started_at: Option<DateTime<Utc>>,
    pub completed_at: Option<DateTime<Utc>>,
    pub duration_ms: Option<i64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sub_step_progress: Vec<SubStepView>,
}

/// A part of the execution.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SubStepView {
    #[serde(flatten)]
    pub sub_step: SubStep,
    pub duration_ms: Option<i64>,
}

/// A company that may be the restaurant's.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CandidateView {
    pub id: Id,
    pub rank: i32,
    pub score: f64,
    #[schema(value_type = Vec<String>)]
    pub match_reasons: Value,
    pub nzbn: Option<String>,
    pub company_number: Option<String>,
    pub name: String,
    pub status: Option<String>,
    pub selected: bool,
    #[schema(value_type = Object)]
    pub raw: Value,
}

impl From<candidates::Model> for CandidateView {
    fn from(row: candidates::Model) -> Self {
        Self {
            id: row.id,
            rank: row.rank,
            score: row.score,
            match_reasons: row.match_reasons,
            nzbn: row.nzbn,
            company_number: row.company_number,
            name: row.name,
            status: row.status,
            selected: row.selected,
            raw: row.raw,
        }
    }
}

/// One registration with all that belongs to it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RegistrationDetail {
    #[serde(flatten)]
    pub job: RegistrationView,
    pub batch_name: String,
    pub batch_status: String,
    /// What is known of the restaurant now.
    pub restaurant: Option<RestaurantView>,
    /// What the company search has found, the likeliest first.
    pub candidates: Vec<CandidateView>,
}

/// Which registrations.
#[derive(Clone, Debug, Default)]
pub struct RegistrationFilter {
    pub restaurant_id: Option<Id>,
    /// Only registrations before this one.
    pub before: Option<Id>,
    pub limit: u64,
}

/// What of a step nobody is shown: the question stands in `GET /api/actions`.
const UNSHOWN: &[steps::Column] = &[steps::Column::Asked];

/// What of a step lists do not show: results, answers and sub-steps may be large.
const HEAVY: &[steps::Column] = &[
    steps::Column::Asked,
    steps::Column::Answer,
    steps::Column::ResultData,
    steps::Column::ErrorDetails,
    steps::Column::SubStepProgress,
];

/// Reads null in place of these columns.
fn leaving_out<E: EntityTrait>(select: Select<E>, columns: &[E::Column]) -> Select<E> {
    let names: Vec<String> = columns.iter().map(IdenStatic::as_str).map(str::to_owned).collect();
    let read = E::Column::iter().filter(|column| !names.iter().any(|name| name == column.as_str()));
    let select = select.select_only().columns(read);
    names
        .into_iter()
        .fold(select, |select, name| select.column_as(Expr::cust("null"), name))
}

/// Where a registration failed.
fn failed_at(steps: &[RegistrationStepView]) -> Option<String> {
    let step = steps.iter().find(|step| step.status == "failed")?;
    let failed = |each: &&SubStepView| each.sub_step.status == SubStepStatus::Failed;
    // One that was left out when it failed has not failed the registration; that is the last.
    Some(match step.sub_step_progress.iter().rfind(failed) {
        Some(each) => format!("{}/{}", step.step_name, each.sub_step.sub_step),
        None => step.step_name.clone(),
    })
}

fn step_view(row: steps::Model) -> RegistrationStepView {
    let asked_at = (row.status == "action_required").then(|| match row.step_number {
        6 => row.updated_at,
        _ => row.started_at.unwrap_or(row.updated_at),
    });
    let progress = row
        .sub_step_progress
        .and_then(|progress| serde_json::from_value::<Progress>(progress).ok());
    let sub_steps = progress.unwrap_or_default().0.into_iter();
    RegistrationStepView {
        step_number: row.step_number,
        step_name: row.step_name,
        step_type: row.step_type,
        status: row.status,
        retry_count: row.retry_count,
        max_retries: row.max_retries,
        error_message: row.error_message,
        error_details: row.error_details,
        result_data: row.result_data,
        answer: row.answer,
        answered_by: row.answered_by,
        answered_at: row.answered_at,
        asked_at,
        remind_at: row.remind_at,
        due_at: row.due_at,
        started_at: row.started_at,
        completed_at: row.completed_at,
        duration_ms: duration_ms(row.started_at, row.completed_at),
        sub_step_progress: sub_steps
            .map(|sub_step| SubStepView {
                duration_ms: duration_ms(sub_step.started_at, sub_step.completed_at),
                sub_step,
            })
            .collect(),
    }
}

fn view(
    job: jobs::Model,
    batch_status: &str,
    restaurant: Option<String>,
    steps: Vec<RegistrationStepView>,
) -> RegistrationView {
    let failed_at = if job.status == "failed" {
        failed_at(&steps)
    } else {
        None
    };
    RegistrationView {
        blocked_by: blocked_by(&job.status, batch_status, job.blocked_by),
        id: job.id,
        batch_job_id: job.batch_job_id,
        restaurant_id: job.restaurant_id,
        restaurant_name: restaurant.unwrap_or_default(),
        position: job.position,
        status: job.status,
        current_step: job.current_step,
        error_message: job.error_message,
        failed_at,
        execution_config: job.execution_config,
        reference: job.reference,
        source_job_id: job.source_job_id,
        created_at: job.created_at,
        duration_ms: duration_ms(job.started_at, job.completed_at),
        started_at: job.started_at,
        completed_at: job.completed_at,
        steps,
    }
}

impl Reader {
    /// A batch's registrations, in its order.
    pub(super) async fn registrations_of(&self, batch: &batches::Model) -> Result<Vec<RegistrationView>, DbErr> {
        let rows = jobs::Entity::find()
            .filter(jobs::Column::BatchJobId.eq(batch.id))
            .order_by_asc(jobs::Column::Position)
            .all(&self.within(batch.organisation_id))
            .await?;
        let statuses = HashMap::from([(batch.id, batch.status.clone())]);
        self.with_steps(batch.organisation_id, rows, &statuses, UNSHOWN).await
    }

    /// The registrations with their steps, of which some columns are left in the database.
    async fn with_steps(
        &self,
        organisation: Id,
        rows: Vec<jobs::Model>,
        statuses: &HashMap<Id, String>,
        without: &[steps::Column],
    ) -> Result<Vec<RegistrationView>, DbErr> {
        let ids: Vec<Id> = rows.iter().map(|job| job.id).collect();
        let of: Vec<Id> = rows.iter().map(|job| job.restaurant_id).collect();
        let found: Vec<(Id, String)> = restaurants::Entity::find()
            .select_only()
            .columns([restaurants::Column::Id, restaurants::Column::Name])
            .filter(restaurants::Column::Id.is_in(of))
            .into_tuple()
            .all(&self.within(organisation))
            .await?;
        let names: HashMap<Id, String> = found.into_iter().collect();
        let found = steps::Entity::find()
            .filter(steps::Column::RegistrationJobId.is_in(ids))
            .order_by_asc(steps::Column::StepNumber);
        let found = leaving_out::<steps::Entity>(found, without)
            .into_model::<steps::Model>()
            .all(&self.within(organisation))
            .await?;
        let mut by_job: HashMap<Id, Vec<RegistrationStepView>> = HashMap::new();
        for row in found {
            by_job.entry(row.registration_job_id).or_default().push(step_view(row));
        }
        let read = |job: jobs::Model| {
            let steps = by_job.remove(&job.id).unwrap_or_default();
            let status = statuses.get(&job.batch_job_id).map_or("", String::as_str);
            let name = names.get(&job.restaurant_id).cloned();
            view(job, status, name, steps)
        };
        Ok(rows.into_iter().map(read).collect())
    }

    /// The organisation's registrations, newest first.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn registrations(
        &self,
        scope: &Scope,
        filter: RegistrationFilter,
    ) -> Result<Page<RegistrationView>, DbErr> {
        let mut found = jobs::Entity::find().filter(jobs::Column::OrganisationId.eq(scope.organisation_id));
        if let Some(restaurant) = filter.restaurant_id {
            found = found.filter(jobs::Column::RestaurantId.eq(restaurant));
        }
        if let Some(before) = filter.before {
            found = found.filter(jobs::Column::Id.lt(before));
        }
        let found = found.order_by_desc(jobs::Column::Id).limit(filter.limit + 1);
        let rows = leaving_out::<jobs::Entity>(found, &[jobs::Column::ExecutionConfig])
            .into_model::<jobs::Model>()
            .all(&self.seen_by(scope))
            .await?;
        let of: Vec<Id> = rows.iter().map(|job| job.batch_job_id).collect();
        let found: Vec<(Id, String)> = batches::Entity::find()
            .select_only()
            .columns([batches::Column::Id, batches::Column::Status])
            .filter(batches::Column::Id.is_in(of))
            .into_tuple()
            .all(&self.seen_by(scope))
            .await?;
        let statuses = found.into_iter().collect();
        let views = self.with_steps(scope.organisation_id, rows, &statuses, HEAVY).await?;
        Ok(Page::cut(views, filter.limit, |view: &RegistrationView| {
            view.id.to_string()
        }))
    }

    /// The first registration of a batch.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn first_registration(&self, scope: &Scope, batch: Id) -> Result<Option<Id>, DbErr> {
        let first = jobs::Entity::find()
            .filter(jobs::Column::BatchJobId.eq(batch))
            .order_by_asc(jobs::Column::Position)
            .one(&self.seen_by(scope))
            .await?;
        Ok(first.map(|job| job.id))
    }

    /// What a restaurant of the organisation is called.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn restaurant_name(&self, scope: &Scope, id: Id) -> Result<Option<String>, DbErr> {
        let found = restaurants::Entity::find_by_id(id).one(&self.seen_by(scope)).await?;
        Ok(found
            .filter(|restaurant| restaurant.organisation_id == scope.organisation_id)
            .map(|restaurant| restaurant.name))
    }

    /// One registration, if the scope may see it.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn registration_detail(&self, scope: &Scope, id: Id) -> Result<Access<RegistrationDetail>, DbErr> {
        let Some(job) = jobs::Entity::find_by_id(id).one(&self.seen_by(scope)).await? else {
            return self.unseen(scope, "registration_jobs", id).await;
        };
        if job.organisation_id != scope.organisation_id {
            return Ok(Access::Forbidden);
        }
        let Some(batch) = batches::Entity::find_by_id(job.batch_job_id)
            .one(&self.seen_by(scope))
            .await?
        else {
            return Ok(Access::Missing);
        };
        let statuses = HashMap::from([(batch.id, batch.status.clone())]);
        let Some(view) = self
            .with_steps(scope.organisation_id, vec![job], &statuses, UNSHOWN)
            .await?
            .pop()
        else {
            return Ok(Access::Missing);
        };
        let found = candidates::Entity::find()
            .filter(candidates::Column::RegistrationJobId.eq(id))
            .order_by_asc(candidates::Column::Rank)
            .all(&self.seen_by(scope))
            .await?;
        let restaurant = match self.entry::<RestaurantView>(scope, view.restaurant_id).await? {
            Access::Granted(restaurant) => Some(restaurant),
            Access::Forbidden | Access::Missing => None,
        };
        Ok(Access::Granted(RegistrationDetail {
            restaurant,
            job: view,
            batch_name: batch.name,
            batch_status: batch.status,
            candidates: found.into_iter().map(CandidateView::from).collect(),
        }))
    }
}
