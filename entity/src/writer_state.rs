//! What the one writer knows of itself; one row.

use sea_orm::entity::prelude::*;

use crate::Id;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "writer_state")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// The last transaction that committed.
    pub group_id: Option<Id>,
    /// The process that may write; another one's transactions roll back.
    pub owner: Option<Id>,
    /// Set at start, cleared by a clean end.
    pub running: bool,
    /// `clean`, `killed` (from outside) or `aborted` (by itself).
    pub last_end: String,
}

impl ActiveModelBehavior for ActiveModel {}
