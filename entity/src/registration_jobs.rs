//! The registration of one restaurant within a batch.

use sea_orm::entity::prelude::*;

use crate::Id;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "registration_jobs")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Id,
    pub batch_job_id: Id,
    pub organisation_id: Id,
    pub restaurant_id: Id,
    /// Its place in the batch, from 0.
    pub position: i32,
    pub status: String,
    /// Its batch was started and it has not ended; a restaurant has at most one such job.
    pub is_open: bool,
    /// The step that it is at, 1 to 6.
    pub current_step: i32,
    /// What a person confirmed for the execution.
    #[sea_orm(column_type = "JsonBinary")]
    pub execution_config: Option<Json>,
    pub error_message: Option<String>,
    /// Failed attempts at the current step or sub-step.
    pub attempt: i32,
    pub next_at: Option<DateTimeUtc>,
    pub blocked_by: Option<String>,
    /// A call that changes something outside may be on its way.
    pub call_open: bool,
    /// When it came to the execution.
    pub ready_at: Option<DateTimeUtc>,
    /// Under what the other side knows the registration: the id of the first job of its restaurant, also in retries.
    pub reference: Id,
    /// The job of an earlier batch that it takes up.
    pub source_job_id: Option<Id>,
    pub version: i32,
    pub crashes: i32,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    pub started_at: Option<DateTimeUtc>,
    pub completed_at: Option<DateTimeUtc>,
    /// The journal's number at its first move, until then at its making: orders the registrations of a restaurant, whatever the clock does.
    pub since_seq: i64,
    /// Nobody knows what a call of its execution has done.
    pub outcome_unknown: bool,
}

impl ActiveModelBehavior for ActiveModel {}
