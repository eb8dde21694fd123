//! Lists of jobs.

use chrono::{DateTime, Utc};
use entity::{Id, enrichment_jobs};
use sea_orm::sea_query::{Expr, ExprTrait as _, Func, LikeExpr};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, PaginatorTrait as _, QueryFilter, QueryOrder, QuerySelect, Select};
use serde::Serialize;
use utoipa::ToSchema;

use super::reader::Reader;
use super::scope::{Access, Scope};
use crate::model::batch::JobStatus;
use crate::model::counts::StatusCounts;
use crate::store::rows::like_prefix;

/// A page of a list, and where the next one begins.
#[derive(Clone, Debug, Serialize)]
pub struct Page<T> {
    pub data: Vec<T>,
    /// Key of the last item, if more follow.
    #[serde(skip)]
    pub last: Option<String>,
}

impl<T> Page<T> {
    /// `found` has one item more than the page if more follow.
    pub(super) fn cut(mut found: Vec<T>, limit: u64, key: impl Fn(&T) -> String) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = found.len() > limit;
        found.truncate(limit);
        let last = if more { found.last().map(key) } else { None };
        Self { data: found, last }
    }
}

/// Which jobs.
#[derive(Clone, Debug, Default)]
pub struct JobFilter {
    pub status: Option<JobStatus>,
    /// Only jobs in one of these states.
    pub among: Option<Vec<JobStatus>>,
    /// Prefix of name or file name.
    pub prefix: Option<String>,
    pub created_after: Option<DateTime<Utc>>,
    pub created_before: Option<DateTime<Utc>>,
    /// Only jobs before this one.
    pub before: Option<Id>,
    pub limit: u64,
}

/// A job as the API shows it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct JobView {
    pub job_id: Id,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    pub original_filename: Option<String>,
    pub play: String,
    /// What of the play is run, where it is not all of it: `step`, `workflow_id`, `force`.
    #[serde(skip_serializing_if = "is_empty")]
    #[schema(value_type = Object)]
    pub selection: serde_json::Value,
    pub url_column: Option<String>,
    pub status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
    pub total_practices: i32,
    pub completed_practices: i32,
    pub failed_practices: i32,
    pub duplicates: i32,
    pub invalid: i32,
    pub blank_rows: i32,
    pub counts: StatusCounts,
    pub created_at: DateTime<Utc>,
    pub started_at: Option<DateTime<Utc>>,
    pub finished_at: Option<DateTime<Utc>>,
    /// Exports are served from the archive since then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub archived_at: Option<DateTime<Utc>>,
    /// Payloads and journal are in the archive alone since then, and nothing can be redone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pruned_at: Option<DateTime<Utc>>,
    pub updated_at: DateTime<Utc>,
}

impl From<enrichment_jobs::Model> for JobView {
    fn from(job: enrichment_jobs::Model) -> Self {
        Self {
            job_id: job.id,
            counts: counts(&job),
            name: job.name,
            original_filename: job.original_filename,
            play: job.play_name,
            selection: job.selection,
            url_column: job.url_column,
            status: job.status,
            error_message: job.error_message,
            total_practices: job.total_practices,
            completed_practices: job.completed_practices,
            failed_practices: job.failed_practices,
            duplicates: job.duplicates,
            invalid: job.invalid,
            blank_rows: job.blank_rows,
            created_at: job.created_at,
            started_at: job.started_at,
            finished_at: job.finished_at,
            archived_at: job.archived_at,
            pruned_at: job.pruned_at,
            updated_at: job.updated_at,
        }
    }
}

fn is_empty(selection: &serde_json::Value) -> bool {
    selection.as_object().is_none_or(serde_json::Map::is_empty)
}

/// The counts that the job's row keeps.
pub(super) fn counts(job: &enrichment_jobs::Model) -> StatusCounts {
    StatusCounts {
        pending: job.pending_count.into(),
        url_complete: job.url_complete_count.into(),
        scraped: job.scraped_count.into(),
        aggregated: job.aggregated_count.into(),
        error: job.error_count.into(),
        excluded: job.excluded_count.into(),
    }
}

impl Reader {
    /// The job, if the scope may see it. A job whose rows are still coming in is missing.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn job(&self, scope: &Scope, id: Id) -> Result<Access<enrichment_jobs::Model>, DbErr> {
        let job = enrichment_jobs::Entity::find_by_id(id)
            .one(&self.seen_by(scope))
            .await?;
        Ok(match job {
            None => self.unseen(scope, "enrichment_jobs", id).await?,
            Some(job) if job.imported_at.is_none() => Access::Missing,
            Some(job) if scope.sees_job(job.organisation_id, job.user_id) => Access::Granted(job),
            Some(_) => Access::Forbidden,
        })
    }

    /// The jobs that the scope sees, newest first.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn jobs(&self, scope: &Scope, filter: JobFilter) -> Result<Page<JobView>, DbErr> {
        let found = matching(scope, &filter)
            .order_by_desc(enrichment_jobs::Column::Id)
            .limit(filter.limit + 1)
            .all(&self.seen_by(scope))
            .await?;
        let views = found.into_iter().map(JobView::from).collect();
        Ok(Page::cut(views, filter.limit, |job: &JobView| job.job_id.to_string()))
    }

    /// How many jobs that the scope sees match, on all pages.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn count_jobs(&self, scope: &Scope, filter: &JobFilter) -> Result<u64, DbErr> {
        matching(scope, filter).count(&self.seen_by(scope)).await
    }

    /// The newest of the jobs that the scope's user made.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn newest_own_job(&self, scope: &Scope) -> Result<Option<enrichment_jobs::Model>, DbErr> {
        let columns = &enrichment_jobs::COLUMN;
        enrichment_jobs::Entity::find()
            .filter(columns.organisation_id.eq(scope.organisation_id))
            .filter(columns.user_id.eq(scope.user_id))
            .filter(columns.imported_at.is_not_null())
            .order_by_desc(enrichment_jobs::Column::Id)
            .one(&self.seen_by(scope))
            .await
    }
}

fn matching(scope: &Scope, filter: &JobFilter) -> Select<enrichment_jobs::Entity> {
    let columns = &enrichment_jobs::COLUMN;
    let mut query = enrichment_jobs::Entity::find()
        .filter(columns.organisation_id.eq(scope.organisation_id))
        .filter(columns.imported_at.is_not_null());
    if !scope.sees_all_jobs() {
        query = query.filter(columns.user_id.eq(scope.user_id));
    }
    if let Some(status) = filter.status {
        query = query.filter(columns.status.eq(status.as_str()));
    }
    if let Some(among) = &filter.among {
        query = query.filter(columns.status.is_in(among.iter().map(|status| status.as_str())));
    }
    if let Some(prefix) = &filter.prefix {
        let begins =
            |column| Expr::expr(Func::lower(Expr::col(column))).like(LikeExpr::new(like_prefix(prefix)).escape('\\'));
        query =
            query.filter(begins(enrichment_jobs::Column::Name).or(begins(enrichment_jobs::Column::OriginalFilename)));
    }
    if let Some(after) = filter.created_after {
        query = query.filter(columns.created_at.gt(after));
    }
    if let Some(before) = filter.created_before {
        query = query.filter(columns.created_at.lt(before));
    }
    if let Some(before) = filter.before {
        query = query.filter(columns.id.lt(before));
    }
    query
}
