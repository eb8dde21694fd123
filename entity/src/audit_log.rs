//! What people, tokens and sessions did; never pruned.

use sea_orm::entity::prelude::*;

use crate::Id;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_log")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Id,
    /// The request that the row tells of; one that changes several things has a row for each.
    pub request: Id,
    pub organisation_id: Option<Id>,
    pub user_id: Option<Id>,
    pub actor: String,
    pub source: String,
    /// Method and route.
    pub action: String,
    /// What was changed, such as `job ID`, or the path.
    pub object: String,
    /// `done`, or the code of the refusal.
    pub outcome: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub details: Json,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
