//! Lists that were sent for a preview.

use chrono::{DateTime, Utc};
use entity::{Id, imports};
use sea_orm::{DbErr, EntityTrait, QueryFilter, QuerySelect};

use super::engine::EngineReader;
use super::reader::Reader;
use super::scope::{Access, Scope};

impl Reader {
    /// A list that is still kept, if the scope may see it.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn kept_list(&self, scope: &Scope, id: Id) -> Result<Access<imports::Model>, DbErr> {
        let list = imports::Entity::find_by_id(id).one(&self.seen_by(scope)).await?;
        Ok(match list {
            None => self.unseen(scope, "imports", id).await?,
            Some(list) if list.expires_at <= Utc::now() => Access::Missing,
            Some(list)
                if list.organisation_id == scope.organisation_id
                    && (scope.sees_all_jobs() || list.user_id == scope.user_id) =>
            {
                Access::Granted(list)
            }
            Some(_) => Access::Forbidden,
        })
    }
}

impl EngineReader {
    /// Up to `limit` lists whose time is over.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn expired_lists(&self, now: DateTime<Utc>, limit: u64) -> Result<Vec<Id>, DbErr> {
        let found = imports::Entity::find()
            .filter(imports::COLUMN.expires_at.lte(now))
            .limit(limit)
            .all(&self.hq)
            .await?;
        Ok(found.into_iter().map(|list| list.id).collect())
    }
}
