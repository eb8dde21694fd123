//! A company that may be the restaurant's, as the Companies Office knows it.

use sea_orm::entity::prelude::*;

use crate::Id;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "companies_office_search_candidates")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Id,
    pub registration_job_id: Id,
    pub organisation_id: Id,
    /// 1 is the likeliest.
    pub rank: i32,
    /// 0 to 1.
    pub score: f64,
    /// Why the score is what it is, in words.
    #[sea_orm(column_type = "JsonBinary")]
    pub match_reasons: Json,
    pub nzbn: Option<String>,
    pub company_number: Option<String>,
    pub name: String,
    pub status: Option<String>,
    /// What the register answered, without home addresses.
    #[sea_orm(column_type = "JsonBinary")]
    pub raw: Json,
    pub selected: bool,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
