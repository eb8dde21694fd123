//! Lists of registration batches.

use chrono::{DateTime, Utc};
use entity::{Id, registration_batch_jobs as batches};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::Serialize;
use utoipa::ToSchema;

use crate::model::registration::batch::BatchStatus;
use crate::store::read::jobs::Page;
use crate::store::read::reader::Reader;
use crate::store::read::scope::Scope;

/// Which batches.
#[derive(Clone, Debug, Default)]
pub struct RegistrationBatchFilter {
    /// In one of these states; empty: in any.
    pub status: Vec<BatchStatus>,
    pub created_after: Option<DateTime<Utc>>,
    /// Those that were hidden, rather than those that were not.
    pub archived: bool,
    /// Only batches before this one.
    pub before: Option<Id>,
    pub limit: u64,
}

/// A batch as lists show it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RegistrationBatchView {
    pub id: Id,
    pub name: String,
    pub status: String,
    pub execution_mode: String,
    pub total: i32,
    pub completed: i32,
    pub failed: i32,
    pub cancelled: i32,
    /// Those that wait for a person.
    pub waiting: i32,
    /// Share of those that have ended, in percent.
    pub progress_percent: i32,
    /// Why it failed or was paused by the daemon.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_of: Option<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template_id: Option<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule_id: Option<Id>,
    pub created_by: Option<Id>,
    pub created_at: DateTime<Utc>,
    pub started_at: Option<DateTime<Utc>>,
    pub paused_at: Option<DateTime<Utc>>,
    pub resumed_at: Option<DateTime<Utc>>,
    pub completed_at: Option<DateTime<Utc>>,
    pub cancelled_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub archived_at: Option<DateTime<Utc>>,
}

impl From<batches::Model> for RegistrationBatchView {
    fn from(batch: batches::Model) -> Self {
        let ended = batch.completed_restaurants + batch.failed_restaurants + batch.cancelled_restaurants;
        Self {
            id: batch.id,
            name: batch.name,
            status: batch.status,
            execution_mode: batch.execution_mode,
            total: batch.total_restaurants,
            completed: batch.completed_restaurants,
            failed: batch.failed_restaurants,
            cancelled: batch.cancelled_restaurants,
            waiting: batch.waiting_restaurants,
            progress_percent: ended * 100 / batch.total_restaurants.max(1),
            error_message: batch.error_message,
            retry_of: batch.retry_of,
            template_id: batch.template_id,
            schedule_id: batch.schedule_id,
            created_by: batch.created_by,
            created_at: batch.created_at,
            started_at: batch.started_at,
            paused_at: batch.paused_at,
            resumed_at: batch.resumed_at,
            completed_at: batch.completed_at,
            cancelled_at: batch.cancelled_at,
            archived_at: batch.archived_at,
        }
    }
}

impl Reader {
    /// The organisation's batches, newest first.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn registration_batches(
        &self,
        scope: &Scope,
        filter: RegistrationBatchFilter,
    ) -> Result<Page<RegistrationBatchView>, DbErr> {
        let mut found = batches::Entity::find().filter(batches::Column::OrganisationId.eq(scope.organisation_id));
        if !filter.status.is_empty() {
            let among = filter.status.iter().map(|status| status.as_str());
            found = found.filter(batches::Column::Status.is_in(among));
        }
        if let Some(after) = filter.created_after {
            found = found.filter(batches::Column::CreatedAt.gt(after));
        }
        if let Some(before) = filter.before {
            found = found.filter(batches::Column::Id.lt(before));
        }
        found = if filter.archived {
            found.filter(batches::Column::ArchivedAt.is_not_null())
        } else {
            found.filter(batches::Column::ArchivedAt.is_null())
        };
        let rows = found
            .order_by_desc(batches::Column::Id)
            .limit(filter.limit + 1)
            .all(&self.seen_by(scope))
            .await?;
        let views = rows.into_iter().map(RegistrationBatchView::from).collect();
        Ok(Page::cut(views, filter.limit, |view: &RegistrationBatchView| {
            view.id.to_string()
        }))
    }
}
