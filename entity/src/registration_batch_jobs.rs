//! A batch of registrations under supervision. The counts are kept by the transactions that change its jobs.

use sea_orm::entity::prelude::*;

use crate::Id;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "registration_batch_jobs")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Id,
    pub organisation_id: Id,
    pub name: String,
    /// `sequential` or `parallel`.
    pub execution_mode: String,
    pub status: String,
    pub total_restaurants: i32,
    pub completed_restaurants: i32,
    pub failed_restaurants: i32,
    pub cancelled_restaurants: i32,
    /// Those that wait for a person.
    pub waiting_restaurants: i32,
    /// What all its restaurants have in common.
    #[sea_orm(column_type = "JsonBinary")]
    pub settings: Json,
    /// Why it failed or was paused by the daemon.
    pub error_message: Option<String>,
    /// It was paused because too many had failed.
    pub threshold_reached: bool,
    /// Somebody went on after too many had failed: it is not paused for that again.
    pub threshold_acknowledged: bool,
    pub retry_of: Option<Id>,
    pub template_id: Option<Id>,
    pub schedule_id: Option<Id>,
    pub created_by: Option<Id>,
    /// Raised by a takeover: a write that carries an older one changes nothing.
    pub epoch: i32,
    /// Ids of the jobs that may be running.
    #[sea_orm(column_type = "JsonBinary")]
    pub in_flight: Json,
    pub version: i32,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    pub started_at: Option<DateTimeUtc>,
    pub paused_at: Option<DateTimeUtc>,
    pub resumed_at: Option<DateTimeUtc>,
    pub completed_at: Option<DateTimeUtc>,
    pub cancelled_at: Option<DateTimeUtc>,
    /// Lists leave it out.
    pub archived_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
