//! The audit log.

use chrono::{DateTime, Utc};
use entity::{Id, audit_log};
use sea_orm::{ColumnTrait as _, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::jobs::Page;
use super::reader::Reader;
use super::scope::{Role, Scope};

/// A row of the audit log as the API shows it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AuditView {
    pub id: Id,
    /// Absent where nobody was recognised.
    pub organisation_id: Option<Id>,
    pub user_id: Option<Id>,
    /// `token:ID user:ID`, `session:ID user:ID`, `anybody`.
    pub actor: String,
    /// `api ADDRESS`.
    pub source: String,
    /// Method and route.
    pub action: String,
    /// What was changed, such as `job ID`, or the path.
    pub object: String,
    /// `done`, or the code of the refusal.
    pub outcome: String,
    pub details: Value,
    pub created_at: DateTime<Utc>,
}

impl From<audit_log::Model> for AuditView {
    fn from(row: audit_log::Model) -> Self {
        Self {
            id: row.id,
            organisation_id: row.organisation_id,
            user_id: row.user_id,
            actor: row.actor,
            source: row.source,
            action: row.action,
            object: row.object,
            outcome: row.outcome,
            details: row.details,
            created_at: row.created_at,
        }
    }
}

/// Which rows.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// Counts for operators; others see their own organisation.
    pub organisation_id: Option<Id>,
    pub user_id: Option<Id>,
    pub action: Option<String>,
    pub object: Option<String>,
    pub outcome: Option<String>,
    pub created_after: Option<DateTime<Utc>>,
    pub created_before: Option<DateTime<Utc>>,
    pub before: Option<Id>,
    pub limit: u64,
}

impl Reader {
    /// Rows of the audit log, newest first.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn audit(&self, scope: &Scope, filter: AuditFilter) -> Result<Page<AuditView>, DbErr> {
        let columns = &audit_log::COLUMN;
        let organisation = match scope.role {
            Role::Operator => filter.organisation_id,
            _ => Some(scope.organisation_id),
        };
        let mut query = audit_log::Entity::find();
        if let Some(organisation) = organisation {
            query = query.filter(columns.organisation_id.eq(organisation));
        }
        if let Some(user) = filter.user_id {
            query = query.filter(columns.user_id.eq(user));
        }
        if let Some(action) = &filter.action {
            query = query.filter(columns.action.eq(action));
        }
        if let Some(object) = &filter.object {
            query = query.filter(columns.object.eq(object));
        }
        if let Some(outcome) = &filter.outcome {
            query = query.filter(columns.outcome.eq(outcome));
        }
        if let Some(after) = filter.created_after {
            query = query.filter(columns.created_at.gte(after));
        }
        if let Some(before) = filter.created_before {
            query = query.filter(columns.created_at.lt(before));
        }
        if let Some(before) = filter.before {
            query = query.filter(columns.id.lt(before));
        }
        let found = query
            .order_by_desc(audit_log::Column::Id)
            .limit(filter.limit + 1)
            .all(&self.administered_by(scope))
            .await?;
        let views = found.into_iter().map(AuditView::from).collect();
        Ok(Page::cut(views, filter.limit, |row: &AuditView| row.id.to_string()))
    }
}
