//! A website that an organisation never contacts.

use sea_orm::entity::prelude::*;

use crate::Id;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "exclusions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Id,
    pub organisation_id: Id,
    /// The dedupe key of a page, or a host, which stands for all pages on it.
    pub key: String,
    /// As it was written by whoever excluded it.
    pub identifier: String,
    pub reason: Option<String>,
    pub created_by: Option<Id>,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
