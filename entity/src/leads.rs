//! A lead: it may become a restaurant, once.

use sea_orm::entity::prelude::*;

use crate::Id;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "leads")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Id,
    pub organisation_id: Id,
    pub name: String,
    /// The name in lower case, for lists and searches.
    pub name_key: String,
    /// `outbound` or `inbound`.
    #[sea_orm(column_name = "type")]
    pub kind: String,
    /// `cold`, `warm` or `hot`.
    pub stage: String,
    /// 0 to 10.
    pub icp_score: Option<i32>,
    /// The sales team's own word for where it stands.
    pub status: String,
    /// As it can be fetched.
    pub website: Option<String>,
    /// As somebody wrote it.
    pub website_input: Option<String>,
    pub phone: Option<String>,
    pub email: Option<String>,
    pub address: Option<String>,
    pub city: Option<String>,
    /// The city in lower case.
    pub city_key: Option<String>,
    pub region: Option<String>,
    /// The region in lower case.
    pub region_key: Option<String>,
    pub country: Option<String>,
    /// An enrichment job of ours, or the name that another system has for its own.
    pub extraction_job_id: Option<String>,
    pub company_number: Option<String>,
    pub nzbn: Option<String>,
    #[sea_orm(column_type = "JsonBinary")]
    pub data: Json,
    pub converted_restaurant_id: Option<Id>,
    pub converted_at: Option<DateTimeUtc>,
    pub version: i32,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
