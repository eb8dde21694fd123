//! Which provider does a step, and where its result goes.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::Id;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "db_driven_enrichment_workflows")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Id,
    /// Absent: shared by all organisations.
    pub organisation_id: Option<Id>,
    pub workflow_slug: String,
    pub title: String,
    /// Place in the play, ascending, gaps allowed.
    pub overall_step_number: i32,
    pub provider: String,
    /// `hq` or `workspace`.
    pub destination_db: String,
    pub destination_table_name: Option<String>,
    #[sea_orm(column_type = "JsonBinary")]
    pub destination_field_mappings: Json,
    pub play_name: String,
    /// `sync` or `async`.
    pub mode: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub settings: Json,
    pub enabled: bool,
    /// `file` or `api`.
    pub managed_by: String,
    pub version: i32,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
