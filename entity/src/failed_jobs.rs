//! A failure, with what was tried and why it failed.

use sea_orm::entity::prelude::*;

use crate::Id;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "failed_jobs")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub organisation_id: Id,
    pub batch_id: Id,
    pub practice_id: Option<i64>,
    pub failed_workflow_id: Option<String>,
    pub failed_workflow_name: Option<String>,
    /// The step run.
    pub failed_execution_id: String,
    pub error_message: String,
    /// The chain of errors, outermost first.
    pub error_stack: Option<String>,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub original_input_data: Option<Json>,
    pub status: String,
    pub logged_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
