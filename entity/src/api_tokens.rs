//! A token that a script presents as a bearer.

use sea_orm::entity::prelude::*;

use crate::Id;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "api_tokens")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Id,
    pub organisation_id: Id,
    pub user_id: Id,
    pub name: String,
    /// Lower-case hex SHA-256; the token itself is stored nowhere.
    pub token_hash: String,
    pub created_at: DateTimeUtc,
    pub expires_at: Option<DateTimeUtc>,
    pub revoked_at: Option<DateTimeUtc>,
    /// `read`, `write` or `admin`: what it may do at most.
    pub scope: String,
    /// Route groups that it may use, with commas between them; absent: all.
    pub groups: Option<String>,
    pub last_used_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
