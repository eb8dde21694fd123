//! Registration batches and their registrations, for people.

mod actions;
mod batches;
mod jobs;
mod journal;

use chrono::{DateTime, Utc};
use entity::{Id, registration_batch_jobs as batches_table};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::reader::Reader;
use super::scope::{Access, Scope};

pub use actions::{ActionFilter, ActionView};
pub use batches::{RegistrationBatchFilter, RegistrationBatchView};
pub use jobs::{
    CandidateView, RegistrationDetail, RegistrationFilter, RegistrationStepView, RegistrationView, SubStepView,
};
pub use journal::{RegistrationLogFilter, RegistrationLogView, RegistrationProgress};

/// The time between two moments in ms; to now while the second has not come.
fn duration_ms(from: Option<DateTime<Utc>>, to: Option<DateTime<Utc>>) -> Option<i64> {
    let from = from?;
    Some((to.unwrap_or_else(Utc::now) - from).num_milliseconds().max(0))
}

/// What of the enrichment API's words tells why a registration does not move.
fn blocked_by(status: &str, batch: &str, own: Option<String>) -> Option<String> {
    match (status, batch) {
        ("completed" | "failed" | "cancelled", _) => None,
        ("action_required", _) => Some("person".to_owned()),
        (_, "draft") => Some("the batch has not been started".to_owned()),
        (_, "paused") => Some("paused".to_owned()),
        (_, "failed") => Some("the batch has failed; retry it".to_owned()),
        ("pending", _) => own.or_else(|| Some("waiting its turn".to_owned())),
        (_, _) => own,
    }
}

/// A batch with all its registrations.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RegistrationBatchDetail {
    #[serde(flatten)]
    pub batch: RegistrationBatchView,
    /// What all its restaurants have in common.
    #[schema(value_type = Object)]
    pub common_config: Value,
    /// Batches that took up what failed in it, or all of it, the newest last.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub retried_by: Vec<Id>,
    pub summary: RegistrationSummary,
    pub jobs: Vec<RegistrationView>,
}

/// How a batch went so far.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RegistrationSummary {
    pub duration_ms: Option<i64>,
    pub total: i32,
    pub successful: i32,
    pub successful_percent: i32,
    pub failed: i32,
    pub failed_percent: i32,
    /// A line a restaurant, in the order of the batch.
    pub results: Vec<String>,
}

impl RegistrationSummary {
    fn of(batch: &RegistrationBatchView, jobs: &[RegistrationView]) -> Self {
        let percent = |part: i32| if batch.total == 0 { 0 } else { part * 100 / batch.total };
        let line = |job: &RegistrationView| {
            let came = match &job.failed_at {
                Some(place) => format!("{}: {} at {place}", job.restaurant_name, job.status),
                None => format!("{}: {}", job.restaurant_name, job.status),
            };
            match &job.error_message {
                Some(error) => format!("{came} ({error})"),
                None => came,
            }
        };
        Self {
            duration_ms: duration_ms(batch.started_at, batch.completed_at.or(batch.cancelled_at)),
            total: batch.total,
            successful: batch.completed,
            successful_percent: percent(batch.completed),
            failed: batch.failed,
            failed_percent: percent(batch.failed),
            results: jobs.iter().map(line).collect(),
        }
    }
}

impl Reader {
    /// The batch's row, if the scope may see it.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn registration_batch(&self, scope: &Scope, id: Id) -> Result<Access<batches_table::Model>, DbErr> {
        let batch = batches_table::Entity::find_by_id(id).one(&self.seen_by(scope)).await?;
        Ok(match batch {
            None => self.unseen(scope, "registration_batch_jobs", id).await?,
            Some(batch) if batch.organisation_id == scope.organisation_id => Access::Granted(batch),
            Some(_) => Access::Forbidden,
        })
    }

    /// The batch with all its registrations, steps and sub-steps; a batch has at most as many as the settings allow.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn registration_batch_detail(
        &self,
        scope: &Scope,
        id: Id,
    ) -> Result<Access<RegistrationBatchDetail>, DbErr> {
        let batch = match self.registration_batch(scope, id).await? {
            Access::Granted(batch) => batch,
            Access::Forbidden => return Ok(Access::Forbidden),
            Access::Missing => return Ok(Access::Missing),
        };
        let jobs = self.registrations_of(&batch).await?;
        let later = batches_table::Entity::find().filter(batches_table::Column::RetryOf.eq(id));
        let retried_by = later
            .select_only()
            .column(batches_table::Column::Id)
            .order_by_asc(batches_table::Column::Id)
            .into_tuple::<Id>()
            .all(&self.seen_by(scope))
            .await?;
        let common_config = batch.settings.clone();
        let batch = RegistrationBatchView::of(batch.into(), 0).counting(&jobs);
        Ok(Access::Granted(RegistrationBatchDetail {
            summary: RegistrationSummary::of(&batch, &jobs),
            batch,
            common_config,
            retried_by,
            jobs,
        }))
    }
}
