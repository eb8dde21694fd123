//! One sending of a delivery, and what came of it.

use sea_orm::entity::prelude::*;

use crate::Id;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_attempts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub delivery_id: Id,
    #[sea_orm(primary_key, auto_increment = false)]
    pub attempt: i32,
    pub started_at: DateTimeUtc,
    pub duration_ms: i64,
    pub response_code: Option<i32>,
    /// The beginning of the answer.
    pub excerpt: Option<String>,
    pub error: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
