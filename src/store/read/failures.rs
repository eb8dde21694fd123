//! What failed, and why.

use chrono::{DateTime, Utc};
use entity::Id;
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Value};
use serde::Serialize;
use utoipa::ToSchema;

use super::jobs::Page;
use super::reader::Reader;
use super::scope::Scope;
use crate::store::rows::statement;

/// A step run that failed for good.
#[derive(Clone, Debug, Serialize, FromQueryResult, ToSchema)]
pub struct FailureView {
    pub id: i64,
    pub job_id: Id,
    pub practice_id: Option<i64>,
    pub failed_workflow_id: Option<String>,
    pub failed_workflow_name: Option<String>,
    /// The step run.
    pub failed_execution_id: String,
    pub error_message: String,
    /// The chain of causes, outermost first, one a line.
    pub error_stack: Option<String>,
    pub original_input_data: Option<serde_json::Value>,
    pub status: String,
    pub logged_at: DateTime<Utc>,
}

impl Reader {
    /// Failures in the jobs that the scope sees, newest first; of one job if it is named.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn failures(
        &self,
        scope: &Scope,
        job: Option<Id>,
        before: Option<i64>,
        limit: u64,
    ) -> Result<Page<FailureView>, DbErr> {
        let mut sql = "select f.id, f.batch_id as job_id, f.practice_id, f.failed_workflow_id, \
            f.failed_workflow_name, f.failed_execution_id, f.error_message, f.error_stack, f.original_input_data, \
            f.status, f.logged_at from failed_jobs f join enrichment_jobs j on j.id = f.batch_id \
            where f.organisation_id = ?"
            .to_owned();
        let mut values: Vec<Value> = vec![scope.organisation_id.into()];
        if !scope.sees_all_jobs() {
            sql.push_str(" and j.user_id = ?");
            values.push(scope.user_id.into());
        }
        if let Some(job) = job {
            sql.push_str(" and f.batch_id = ?");
            values.push(job.into());
        }
        if let Some(before) = before {
            sql.push_str(" and f.id < ?");
            values.push(before.into());
        }
        sql.push_str(" order by f.id desc limit ?");
        values.push(i64::try_from(limit + 1).unwrap_or(i64::MAX).into());
        let statement = statement(self.backend(), &sql, values);
        let rows = self.seen_by(scope).query_all_raw(statement).await?;
        let found = rows.iter().map(|row| FailureView::from_query_result(row, ""));
        Ok(Page::cut(
            found.collect::<Result<_, _>>()?,
            limit,
            |failure: &FailureView| failure.id.to_string(),
        ))
    }
}
