//! One of the six steps of a registration.

use sea_orm::entity::prelude::*;

use crate::Id;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "registration_job_steps")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Id,
    pub registration_job_id: Id,
    pub organisation_id: Id,
    /// 1 to 6.
    pub step_number: i32,
    pub step_name: String,
    /// `automatic` or `action_required`.
    pub step_type: String,
    pub status: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub result_data: Option<Json>,
    /// A list, in the order of the execution; of the sixth step alone.
    #[sea_orm(column_type = "JsonBinary")]
    pub sub_step_progress: Option<Json>,
    /// The question that stands.
    #[sea_orm(column_type = "JsonBinary")]
    pub asked: Option<Json>,
    /// What a person said, also before the step has come.
    #[sea_orm(column_type = "JsonBinary")]
    pub answer: Option<Json>,
    pub answered_by: Option<String>,
    pub answered_at: Option<DateTimeUtc>,
    /// When it is said again that somebody is waited for.
    pub remind_at: Option<DateTimeUtc>,
    /// When the answer by default takes its place, or the step fails.
    pub due_at: Option<DateTimeUtc>,
    pub error_message: Option<String>,
    #[sea_orm(column_type = "JsonBinary")]
    pub error_details: Option<Json>,
    pub retry_count: i32,
    pub max_retries: i32,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    pub started_at: Option<DateTimeUtc>,
    pub completed_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
