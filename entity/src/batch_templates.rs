//! A saved choice of restaurants with the settings of the batches that are made of it.

use sea_orm::entity::prelude::*;

use crate::Id;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "batch_templates")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Id,
    pub organisation_id: Id,
    /// Unique in the organisation.
    pub name: String,
    /// `restaurants` or `leads`.
    pub source: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub filter: Json,
    /// `execution_mode`, `common_config`, `name`.
    #[sea_orm(column_type = "JsonBinary")]
    pub settings: Json,
    /// Restaurants that one batch takes at most.
    pub restaurant_limit: Option<i32>,
    pub created_by: Option<Id>,
    pub version: i32,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
