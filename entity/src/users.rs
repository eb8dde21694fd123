//! A person in an organisation.

use sea_orm::entity::prelude::*;

use crate::Id;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Id,
    pub organisation_id: Id,
    pub email: String,
    /// Argon2id in PHC form; absent for a user who signs in elsewhere.
    pub password_hash: Option<String>,
    pub name: Option<String>,
    /// `viewer`, `member`, `admin` or `operator`.
    pub role: String,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
