//! Lists of registration batches.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::{Id, registration_batch_jobs as batches, registration_jobs as jobs};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect};
use serde::Serialize;
use utoipa::ToSchema;

use super::jobs::RegistrationView;
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
    /// Those that have not begun.
    pub pending: i32,
    /// Those that have begun, and neither wait for a person nor have ended.
    pub in_progress: i32,
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

/// What lists read of a batch: all but its configuration and what is in flight.
#[derive(FromQueryResult)]
pub(super) struct BatchRow {
    pub id: Id,
    name: String,
    status: String,
    execution_mode: String,
    total_restaurants: i32,
    completed_restaurants: i32,
    failed_restaurants: i32,
    cancelled_restaurants: i32,
    waiting_restaurants: i32,
    error_message: Option<String>,
    retry_of: Option<Id>,
    template_id: Option<Id>,
    schedule_id: Option<Id>,
    created_by: Option<Id>,
    created_at: DateTime<Utc>,
    started_at: Option<DateTime<Utc>>,
    paused_at: Option<DateTime<Utc>>,
    resumed_at: Option<DateTime<Utc>>,
    completed_at: Option<DateTime<Utc>>,
    cancelled_at: Option<DateTime<Utc>>,
    archived_at: Option<DateTime<Utc>>,
}

impl From<batches::Model> for BatchRow {
    fn from(batch: batches::Model) -> Self {
        Self {
            id: batch.id,
            name: batch.name,
            status: batch.status,
            execution_mode: batch.execution_mode,
            total_restaurants: batch.total_restaurants,
            completed_restaurants: batch.completed_restaurants,
            failed_restaurants: batch.failed_restaurants,
            cancelled_restaurants: batch.cancelled_restaurants,
            waiting_restaurants: batch.waiting_restaurants,
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

const COLUMNS: [batches::Column; 21] = {
    use batches::Column as C;
    [
        C::Id,
        C::Name,
        C::Status,
        C::ExecutionMode,
        C::TotalRestaurants,
        C::CompletedRestaurants,
        C::FailedRestaurants,
        C::CancelledRestaurants,
        C::WaitingRestaurants,
        C::ErrorMessage,
        C::RetryOf,
        C::TemplateId,
        C::ScheduleId,
        C::CreatedBy,
        C::CreatedAt,
        C::StartedAt,
        C::PausedAt,
        C::ResumedAt,
        C::CompletedAt,
        C::CancelledAt,
        C::ArchivedAt,
    ]
};

/// How many of a batch's registrations have not begun.
#[derive(FromQueryResult)]
struct PendingRow {
    batch_job_id: Id,
    pending: i64,
}

impl RegistrationBatchView {
    pub(super) fn of(batch: BatchRow, pending: i32) -> Self {
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
            pending,
            in_progress: (batch.total_restaurants - ended - batch.waiting_restaurants - pending).max(0),
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

impl RegistrationBatchView {
    /// Counts the registrations themselves, which were read a moment after the batch: an answer agrees with itself.
    pub(super) fn counting(mut self, jobs: &[RegistrationView]) -> Self {
        let are = |status: &str| {
            let many = jobs.iter().filter(|job| job.status == status).count();
            i32::try_from(many).unwrap_or(i32::MAX)
        };
        self.completed = are("completed");
        self.failed = are("failed");
        self.cancelled = are("cancelled");
        self.waiting = are("action_required");
        self.pending = are("pending");
        self.in_progress = are("in_progress");
        self.progress_percent = (self.completed + self.failed + self.cancelled) * 100 / self.total.max(1);
        self
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
            .select_only()
            .columns(COLUMNS)
            .order_by_desc(batches::Column::Id)
            .limit(filter.limit + 1)
            .into_model::<BatchRow>()
            .all(&self.seen_by(scope))
            .await?;
        let ids: Vec<Id> = rows.iter().map(|row| row.id).collect();
        let pending = self.pending_registrations(scope.organisation_id, ids).await?;
        let view = |row: BatchRow| {
            let pending = pending.get(&row.id).copied().unwrap_or_default();
            RegistrationBatchView::of(row, pending)
        };
        let views = rows.into_iter().map(view).collect();
        Ok(Page::cut(views, filter.limit, |view: &RegistrationBatchView| {
            view.id.to_string()
        }))
    }

    /// How many registrations of each batch have not begun; a batch of which all have is left out.
    pub(super) async fn pending_registrations(
        &self,
        organisation: Id,
        batches: Vec<Id>,
    ) -> Result<HashMap<Id, i32>, DbErr> {
        let rows = jobs::Entity::find()
            .select_only()
            .column(jobs::Column::BatchJobId)
            .column_as(jobs::Column::Id.count(), "pending")
            .filter(jobs::Column::BatchJobId.is_in(batches))
            .filter(jobs::Column::Status.eq("pending"))
            .group_by(jobs::Column::BatchJobId)
            .into_model::<PendingRow>()
            .all(&self.within(organisation))
            .await?;
        let counted = rows
            .into_iter()
            .map(|row| (row.batch_job_id, i32::try_from(row.pending).unwrap_or(i32::MAX)));
        Ok(counted.collect())
    }
}
