//! A step run whose answer comes from outside, or that has one kept until it can be stored.

use sea_orm::entity::prelude::*;

use crate::Id;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "step_runs")]
pub struct Model {
    /// UUIDv5 of item, step and life.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Id,
    pub organisation_id: Id,
    pub batch_id: Id,
    pub practice_id: i64,
    pub step_number: i32,
    pub life: i32,
    pub attempt: i32,
    pub workflow_id: Id,
    pub workflow_slug: String,
    /// The version that the step began under.
    pub workflow_version: i32,
    /// Until when an answer is taken.
    pub deadline: Option<DateTimeUtc>,
    /// What was answered, as it came.
    pub answer: Option<String>,
    /// SHA-256 of the answer, in hex.
    pub answer_digest: Option<String>,
    pub answered_at: Option<DateTimeUtc>,
    /// The step has ended: no answer counts any more.
    pub closed_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
