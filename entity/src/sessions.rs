//! A browser in which a user is signed in.

use sea_orm::entity::prelude::*;

use crate::Id;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "sessions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Id,
    pub organisation_id: Id,
    pub user_id: Id,
    /// Lower-case hex SHA-256 of what the cookie holds.
    pub token_hash: String,
    pub address: Option<String>,
    pub user_agent: Option<String>,
    pub created_at: DateTimeUtc,
    pub last_used_at: DateTimeUtc,
    /// The end of it, however much it is used.
    pub expires_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
