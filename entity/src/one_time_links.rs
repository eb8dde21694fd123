//! A link that sets a password, once.

use sea_orm::entity::prelude::*;

use crate::Id;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "one_time_links")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    /// Lower-case hex SHA-256; the link itself is stored nowhere.
    pub token_hash: String,
    /// Absent for the link that sets the daemon up.
    pub user_id: Option<Id>,
    /// `setup`, `invitation` or `password_reset`.
    pub kind: String,
    pub created_by: Option<Id>,
    pub created_at: DateTimeUtc,
    pub expires_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
