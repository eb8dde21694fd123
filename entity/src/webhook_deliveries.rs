//! An event on its way to an endpoint.

use sea_orm::entity::prelude::*;

use crate::Id;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_deliveries")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Id,
    pub organisation_id: Id,
    pub endpoint_id: Id,
    pub event_id: Id,
    /// `pending`, `delivered`, `failed` or `skipped`.
    pub status: String,
    /// How often it was sent.
    pub attempts: i32,
    /// How often since it was last asked for.
    pub tries: i32,
    /// When it is sent next; absent where it is not pending.
    pub next_at: Option<DateTimeUtc>,
    /// What the last attempt was answered.
    pub response_code: Option<i32>,
    pub excerpt: Option<String>,
    pub error: Option<String>,
    pub duration_ms: Option<i64>,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
