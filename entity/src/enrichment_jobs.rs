//! One upload under supervision. The counts are kept by the transactions that change its practices.

use sea_orm::entity::prelude::*;

use crate::Id;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "enrichment_jobs")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Id,
    pub organisation_id: Id,
    pub user_id: Id,
    pub original_filename: Option<String>,
    pub name: Option<String>,
    pub play_name: String,
    pub url_column: Option<String>,
    /// Names of the input's columns, in order.
    #[sea_orm(column_type = "JsonBinary")]
    pub headers: Json,
    #[sea_orm(column_type = "JsonBinary")]
    pub settings: Json,
    /// What of the play is run.
    #[sea_orm(column_type = "JsonBinary")]
    pub selection: Json,
    pub status: String,
    pub error_message: Option<String>,
    pub total_practices: i32,
    /// Aggregated, in error and excluded.
    pub completed_practices: i32,
    pub failed_practices: i32,
    pub pending_count: i32,
    pub url_complete_count: i32,
    pub scraped_count: i32,
    pub aggregated_count: i32,
    pub error_count: i32,
    pub excluded_count: i32,
    pub duplicates: i32,
    pub invalid: i32,
    pub blank_rows: i32,
    /// Raised by kill, cancel and takeover: a write that carries an older one changes nothing.
    pub epoch: i32,
    /// Ids of the practices that may be running.
    #[sea_orm(column_type = "JsonBinary")]
    pub in_flight: Json,
    /// Absent while rows are still coming in; such a job is seen by nobody.
    pub imported_at: Option<DateTimeUtc>,
    pub started_at: Option<DateTimeUtc>,
    pub finished_at: Option<DateTimeUtc>,
    /// The archive file is complete: exports are served from it.
    pub archived_at: Option<DateTimeUtc>,
    /// Payloads and journal are gone from the database.
    pub pruned_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
