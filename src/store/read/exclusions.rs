//! The websites that an organisation never contacts.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use entity::{Id, exclusions};
use sea_orm::sea_query::{Expr, ExprTrait as _, Func, LikeExpr};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, TryGetable,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::jobs::Page;
use super::reader::Reader;
use super::scope::Scope;
use crate::store::rows::{in_list, like_prefix, statement};

/// An exclusion as the API shows it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ExclusionView {
    pub id: Id,
    /// The host, or the host with path and query where one page is excluded.
    pub key: String,
    /// As whoever excluded it wrote it.
    pub identifier: String,
    pub reason: Option<String>,
    pub created_by: Option<Id>,
    pub created_at: DateTime<Utc>,
}

impl From<exclusions::Model> for ExclusionView {
    fn from(exclusion: exclusions::Model) -> Self {
        Self {
            id: exclusion.id,
            key: exclusion.key,
            identifier: exclusion.identifier,
            reason: exclusion.reason,
            created_by: exclusion.created_by,
            created_at: exclusion.created_at,
        }
    }
}

impl Reader {
    /// The organisation's exclusions, newest first; `prefix` is one of the key.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn exclusions(
        &self,
        scope: &Scope,
        prefix: Option<&str>,
        before: Option<Id>,
        limit: u64,
    ) -> Result<Page<ExclusionView>, DbErr> {
        let columns = &exclusions::COLUMN;
        let mut query = exclusions::Entity::find().filter(columns.organisation_id.eq(scope.organisation_id));
        if let Some(prefix) = prefix {
            let pattern = LikeExpr::new(like_prefix(prefix)).escape('\\');
            query = query.filter(Expr::expr(Func::lower(Expr::col(exclusions::Column::Key))).like(pattern));
        }
        if let Some(before) = before {
            query = query.filter(columns.id.lt(before));
        }
        let found = query
            .order_by_desc(exclusions::Column::Id)
            .limit(limit + 1)
            .all(&self.seen_by(scope))
            .await?;
        let views = found.into_iter().map(ExclusionView::from).collect();
        Ok(Page::cut(views, limit, |exclusion: &ExclusionView| {
            exclusion.id.to_string()
        }))
    }

    /// Those of `keys` that are on the organisation's list.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn excluded_among(&self, organisation_id: Id, keys: &[&str]) -> Result<HashSet<String>, DbErr> {
        if keys.is_empty() {
            return Ok(HashSet::new());
        }
        let (list, values) = in_list(keys);
        let sql = format!("select key from exclusions where organisation_id = ? and key in ({list})");
        let values = std::iter::once(organisation_id.into()).chain(values);
        let found = statement(self.backend(), &sql, values);
        let rows = self.within(organisation_id).query_all_raw(found).await?;
        rows.iter()
            .map(|row| String::try_get_by(row, 0).map_err(DbErr::from))
            .collect()
    }
}
