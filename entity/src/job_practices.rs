//! One row of an upload.

use sea_orm::entity::prelude::*;

use crate::Id;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "job_practices")]
pub struct Model {
    /// Given by the writer in input order.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    pub job_id: Id,
    pub organisation_id: Id,
    /// 1-based data row of the input.
    pub row_number: i64,
    /// What the URL column held, as it was written.
    pub practice_identifier: String,
    /// The input's own cells, in the order of the job's `headers`.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub input: Option<Json>,
    pub status: String,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub url_worker_payload: Option<Json>,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub scraper_worker_payload: Option<Json>,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub final_payload: Option<Json>,
    /// What the last step without a column of its own gave.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub step_data: Option<Json>,
    pub error_message: Option<String>,
    pub dedupe_key: Option<String>,
    /// Registrable domain, or `ip:port`: what politeness counts by.
    pub host_key: Option<String>,
    pub domain: Option<String>,
    /// The practice whose outcome this one takes.
    pub duplicate_of: Option<i64>,
    pub has_followers: bool,
    pub company_id: Option<Id>,
    /// Number of the last step that completed; 0 before the first.
    pub step_number: i32,
    /// Where it stands within its step, and which steps it went past.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub flow: Option<Json>,
    /// Raised by a redo.
    pub life: i32,
    /// Failed attempts at the step that comes next.
    pub attempt: i32,
    /// Not before this time.
    pub next_at: Option<DateTimeUtc>,
    /// Why the practice does not move.
    pub blocked_by: Option<String>,
    /// Raised by every transition; a write must name the one it has seen.
    pub version: i32,
    /// How often the process ended uncleanly while this practice may have been running.
    pub crashes: i32,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
