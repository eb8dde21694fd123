//! API tokens.

use chrono::{DateTime, Utc};
use entity::Id;
use sea_orm::DbErr;

use super::audit;
use super::group::Group;
use super::idempotency::KeyAnswer;
use crate::model::access::TokenScope;
use crate::model::journal::Origin;

/// Keeps a token, as a hash.
#[derive(Clone, Debug)]
pub struct AddToken {
    pub id: Id,
    pub organisation_id: Id,
    pub user_id: Id,
    pub name: String,
    pub token_hash: String,
    pub scope: TokenScope,
    /// Route groups that it may use; `None`: all.
    pub groups: Option<Vec<String>>,
    pub expires_at: Option<DateTime<Utc>>,
    pub origin: Origin,
    pub answer: Option<KeyAnswer>,
}

impl AddToken {
    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<(), DbErr> {
        const SQL: &str = "insert into api_tokens (id, organisation_id, user_id, name, token_hash, created_at, \
            expires_at, scope, groups) values (?,?,?,?,?,?,?,?,?)";
        let values = [
            self.id.into(),
            self.organisation_id.into(),
            self.user_id.into(),
            self.name.clone().into(),
            self.token_hash.clone().into(),
            group.now.into(),
            self.expires_at.into(),
            self.scope.as_str().into(),
            self.groups.as_ref().map(|groups| groups.join(",")).into(),
        ];
        group.execute(SQL, values).await?;
        audit::note(group, &self.origin, format!("token {}", self.id)).await?;
        if let Some(answer) = &self.answer {
            answer.write(group).await?;
        }
        Ok(())
    }
}

/// Ends a token. Answered with whether there was one that had not ended.
#[derive(Clone, Debug)]
pub struct RevokeToken {
    pub id: Id,
    pub origin: Origin,
}

impl RevokeToken {
    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<bool, DbErr> {
        let sql = "update api_tokens set revoked_at = ? where id = ? and revoked_at is null";
        let ended = group.execute(sql, [group.now.into(), self.id.into()]).await? > 0;
        if ended {
            audit::note(group, &self.origin, format!("token {}", self.id)).await?;
        }
        Ok(ended)
    }
}
