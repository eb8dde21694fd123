//! A list that was sent for a preview, and is kept for a while.

use sea_orm::entity::prelude::*;

use crate::Id;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "imports")]
pub struct Model {
    /// Also the name of the file that holds the rows.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Id,
    pub organisation_id: Id,
    pub user_id: Id,
    pub filename: String,
    /// What the file that was sent had been, before its rows were written out as text.
    #[sea_orm(column_type = "JsonBinary")]
    pub source: Json,
    pub created_at: DateTimeUtc,
    pub expires_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
