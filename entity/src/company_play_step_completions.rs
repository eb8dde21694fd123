//! Which steps a company has completed.

use sea_orm::entity::prelude::*;

use crate::Id;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "company_play_step_completions")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub organisation_id: Id,
    pub company_id: Id,
    pub play_name: String,
    pub step_number: i32,
    pub workflow_id: Option<Id>,
    pub workflow_slug: String,
    pub step_run_id: Id,
    pub completed_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
