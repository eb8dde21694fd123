//! Which restaurants a batch is to take.

use entity::Id;
use sea_orm::{ConnectionTrait, DbErr, TryGetable, Value};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::engine::limit;
use crate::store::Hq;
use crate::store::rows::{like_prefix, statement};

/// How far the registration of a restaurant is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Registered {
    /// None is open, none is completed.
    None,
    Open,
    Completed,
}

/// Which restaurants. What is absent is not asked for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RestaurantFilter {
    /// `outbound` or `inbound`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// `cold`, `warm` or `hot`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icp_min: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icp_max: Option<i32>,
    /// The beginning of a name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registered: Option<Registered>,
}

impl RestaurantFilter {
    /// As SQL over a restaurant `r`, with what it binds.
    fn condition(&self, organisation: Id) -> (String, Vec<Value>) {
        const OPEN: &str = "exists (select 1 from registration_jobs o where o.restaurant_id = r.id and o.is_open)";
        const COMPLETED: &str =
            "exists (select 1 from registration_jobs o where o.restaurant_id = r.id and o.status = 'completed')";
        let mut sql = "r.organisation_id = ?".to_owned();
        let mut values: Vec<Value> = vec![organisation.into()];
        for (column, wanted) in [("type", &self.kind), ("stage", &self.stage), ("status", &self.status)] {
            if let Some(wanted) = wanted {
                sql.push_str(&format!(" and r.{column} = ?"));
                values.push(wanted.clone().into());
            }
        }
        // SQLite lowers ASCII letters only, so that a name in other letters has to be written as it stands there.
        for (column, wanted) in [
            ("city", &self.city),
            ("region", &self.region),
            ("country", &self.country),
        ] {
            if let Some(wanted) = wanted {
                sql.push_str(&format!(" and (r.{column} = ? or lower(r.{column}) = ?)"));
                values.extend([wanted.clone().into(), wanted.to_lowercase().into()]);
            }
        }
        for (sign, bound) in [(">=", self.icp_min), ("<=", self.icp_max)] {
            if let Some(bound) = bound {
                sql.push_str(&format!(" and r.icp_score {sign} ?"));
                values.push(bound.into());
            }
        }
        if let Some(q) = self.q.as_ref().filter(|q| !q.is_empty()) {
            sql.push_str(r" and r.name_key like ? escape '\'");
            values.push(like_prefix(q).into());
        }
        match self.registered {
            None => {}
            Some(Registered::None) => sql.push_str(&format!(" and not {OPEN} and not {COMPLETED}")),
            Some(Registered::Open) => sql.push_str(&format!(" and {OPEN}")),
            Some(Registered::Completed) => sql.push_str(&format!(" and {COMPLETED}")),
        }
        (sql, values)
    }
}

/// The organisation's restaurants that match, oldest first, up to `most`.
///
/// # Errors
/// Where the database cannot be read.
pub(super) async fn restaurants_matching(
    hq: &Hq,
    organisation: Id,
    filter: &RestaurantFilter,
    most: usize,
) -> Result<Vec<Id>, DbErr> {
    let (condition, mut values) = filter.condition(organisation);
    let sql = format!("select r.id from restaurants r where {condition} order by r.id limit ?");
    values.push(limit(most));
    let rows = hq
        .query_all_raw(statement(hq.get_database_backend(), &sql, values))
        .await?;
    rows.iter()
        .map(|row| Id::try_get_by(row, 0).map_err(DbErr::from))
        .collect()
}
