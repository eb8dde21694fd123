//! Uploads, in the words of those who watch uploads.

use std::str::FromStr;

use chrono::{DateTime, SecondsFormat, Utc};
use entity::{Id, batch_runs};
use sea_orm::{ColumnTrait, Condition, DbErr, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect, sea_query};
use serde::Serialize;
use utoipa::ToSchema;

use super::jobs::Page;
use super::reader::Reader;
use super::scope::{Access, Scope};

/// An upload as the API shows it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BatchRunView {
    pub id: Id,
    pub user_id: Option<Id>,
    pub job_id: Option<Id>,
    pub filename: String,
    pub status: String,
    pub started_at: Option<DateTime<Utc>>,
    pub finished_at: Option<DateTime<Utc>>,
    pub result_url: Option<String>,
    pub error_message: Option<String>,
    pub meta: serde_json::Value,
    /// What `If-Match` of a change compares, as the ETag.
    pub version: i32,
    pub created_at: DateTime<Utc>,
}

impl From<batch_runs::Model> for BatchRunView {
    fn from(run: batch_runs::Model) -> Self {
        Self {
            id: run.id,
            user_id: run.user_id,
            job_id: run.job_id,
            filename: run.filename,
            status: run.status,
            started_at: run.started_at,
            finished_at: run.finished_at,
            result_url: run.result_url,
            error_message: run.error_message,
            meta: run.meta,
            version: run.version,
            created_at: run.created_at,
        }
    }
}

/// A place in the list: those not started come first, then the newest start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchRunKey {
    started_at: Option<DateTime<Utc>>,
    id: Id,
}

impl BatchRunKey {
    fn of(run: &BatchRunView) -> String {
        let started_at = run.started_at.map(|at| at.to_rfc3339_opts(SecondsFormat::Nanos, true));
        format!("{} {}", started_at.as_deref().unwrap_or("-"), run.id)
    }
}

impl FromStr for BatchRunKey {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (started_at, id) = text.split_once(' ').ok_or(())?;
        let started_at = match started_at {
            "-" => None,
            at => Some(DateTime::parse_from_rfc3339(at).map_err(drop)?.to_utc()),
        };
        Ok(Self {
            started_at,
            id: id.parse().map_err(drop)?,
        })
    }
}

impl Reader {
    /// The uploads that the scope sees, newest start first, those not started before all others.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn batch_runs(
        &self,
        scope: &Scope,
        after: Option<BatchRunKey>,
        limit: u64,
    ) -> Result<Page<BatchRunView>, DbErr> {
        let columns = &batch_runs::COLUMN;
        let mut query = batch_runs::Entity::find().filter(columns.organisation_id.eq(scope.organisation_id));
        if !scope.sees_all_jobs() {
            query = query.filter(columns.user_id.eq(scope.user_id));
        }
        if let Some(BatchRunKey { started_at, id }) = after {
            let same = match started_at {
                None => columns.started_at.is_null(),
                Some(at) => columns.started_at.eq(at),
            };
            let later = match started_at {
                None => columns.started_at.is_not_null(),
                Some(at) => columns.started_at.lt(at),
            };
            let beyond = Condition::any()
                .add(later)
                .add(Condition::all().add(same).add(columns.id.lt(id)));
            query = query.filter(beyond);
        }
        let found = query
            .order_by_with_nulls(
                batch_runs::Column::StartedAt,
                Order::Desc,
                sea_query::NullOrdering::First,
            )
            .order_by_desc(batch_runs::Column::Id)
            .limit(limit + 1)
            .all(&self.seen_by(scope))
            .await?;
        Ok(Page::cut(
            found.into_iter().map(BatchRunView::from).collect(),
            limit,
            BatchRunKey::of,
        ))
    }

    /// One upload, if the scope may see it.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn batch_run(&self, scope: &Scope, id: Id) -> Result<Access<BatchRunView>, DbErr> {
        let run = batch_runs::Entity::find_by_id(id).one(&self.seen_by(scope)).await?;
        Ok(match run {
            None => self.unseen(scope, "batch_runs", id).await?,
            Some(run)
                if run.organisation_id == scope.organisation_id
                    && (scope.sees_all_jobs() || run.user_id == Some(scope.user_id)) =>
            {
                Access::Granted(run.into())
            }
            Some(_) => Access::Forbidden,
        })
    }
}
