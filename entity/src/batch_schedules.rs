//! A schedule that makes registration batches by itself.

use sea_orm::entity::prelude::*;

use crate::Id;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "batch_schedules")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Id,
    pub organisation_id: Id,
    /// Unique in the organisation.
    pub name: String,
    /// Absent where the schedule has a filter and settings of its own.
    pub template_id: Option<Id>,
    #[sea_orm(column_type = "JsonBinary")]
    pub filter: Option<Json>,
    #[sea_orm(column_type = "JsonBinary")]
    pub settings: Option<Json>,
    /// Five fields.
    pub cron: String,
    /// An IANA name.
    pub time_zone: String,
    /// Restaurants that one batch takes at most.
    pub restaurant_limit: Option<i32>,
    /// Only restaurants without a registration that is open or completed.
    pub only_unregistered: bool,
    /// `skip`, `allow` or `wait`.
    pub overlap: String,
    /// `run_once` or `skip`.
    pub missed: String,
    pub enabled: bool,
    /// The run that is due next.
    pub next_run_at: Option<DateTimeUtc>,
    /// When it is looked at: later than it is due where it waits for an earlier batch.
    pub look_at: Option<DateTimeUtc>,
    pub waits_since: Option<DateTimeUtc>,
    pub last_run_at: Option<DateTimeUtc>,
    pub last_batch_id: Option<Id>,
    /// What came of the last run, in a sentence.
    pub last_outcome: Option<String>,
    pub created_by: Option<Id>,
    /// Raised by people's changes, not by runs.
    pub version: i32,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
