//! What lets an outside system answer one step run.

use sea_orm::entity::prelude::*;

use crate::Id;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "callback_tokens")]
pub struct Model {
    /// SHA-256 of the token, in hex; the token itself is kept nowhere.
    #[sea_orm(primary_key, auto_increment = false)]
    pub digest: String,
    pub step_run_id: Id,
    /// The workflow that was called; its address carries this name too.
    pub workflow_slug: String,
    pub attempt: i32,
}

impl ActiveModelBehavior for ActiveModel {}
