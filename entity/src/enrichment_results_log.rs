//! One row per step run at its end.

use sea_orm::entity::prelude::*;

use crate::Id;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "enrichment_results_log")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    /// UUIDv5 of item, step and life.
    pub step_run_id: Id,
    pub organisation_id: Id,
    pub workflow_id: Option<Id>,
    pub workflow_slug: String,
    pub company_id: Option<Id>,
    pub company_domain: Option<String>,
    pub play_name: String,
    pub step_number: i32,
    /// `completed`, `failed` or `skipped`.
    pub status: String,
    pub result_table: Option<String>,
    pub batch_id: Id,
    pub practice_id: i64,
    pub life: i32,
    pub attempts: i32,
    pub error_message: Option<String>,
    /// What the provider says that the step has cost, in its own unit.
    pub cost: Option<f64>,
    /// What was missing or odd, as a list of sentences.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub warnings: Option<Json>,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
