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
    /// Since when its credentials are refused.
    pub disabled_at: Option<DateTimeUtc>,
    /// Since when it is only a name that other rows need.
    pub removed_at: Option<DateTimeUtc>,
    pub last_login_at: Option<DateTimeUtc>,
    /// Who vouches for the user, where that is somebody else.
    pub issuer: Option<String>,
    /// What the issuer calls the user.
    pub subject: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
