//! The journal: one row for every committed state change, in commit order.

use sea_orm::entity::prelude::*;

use crate::Id;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "batch_operation_logs")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    pub id: Id,
    pub organisation_id: Id,
    /// `enrichment` or `registration`.
    pub batch_kind: String,
    pub batch_job_id: Id,
    pub registration_job_id: Option<Id>,
    pub item_id: Option<String>,
    pub step: Option<i32>,
    pub attempt: Option<i32>,
    /// Who: `token:ID user:ID`, or `system`.
    pub actor: String,
    /// From where: `api` and the address, or `engine`.
    pub source: String,
    pub from_state: Option<String>,
    pub to_state: Option<String>,
    pub operation: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub details: Json,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
