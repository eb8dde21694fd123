//! Where an organisation is told of what happens to its batches.

use sea_orm::entity::prelude::*;

use crate::Id;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_endpoints")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Id,
    pub organisation_id: Id,
    /// A secret where the format is `slack`.
    pub url: String,
    /// `standard` or `slack`.
    pub format: String,
    /// Names of events, as a list.
    #[sea_orm(column_type = "JsonBinary")]
    pub event_types: Json,
    pub description: Option<String>,
    /// What signs; absent for `slack`.
    pub secret: Option<String>,
    /// Signs too, until its time.
    pub previous_secret: Option<String>,
    pub previous_until: Option<DateTimeUtc>,
    pub enabled: bool,
    pub disabled_reason: Option<String>,
    pub disabled_at: Option<DateTimeUtc>,
    /// Nothing has been taken since then.
    pub failing_since: Option<DateTimeUtc>,
    /// It wants to be left alone until then.
    pub throttled_until: Option<DateTimeUtc>,
    pub created_by: Option<Id>,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
