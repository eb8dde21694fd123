//! Leads and restaurants.

use chrono::{DateTime, Utc};
use entity::Id;
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, TryGetable, Value};
use serde::Serialize;
use utoipa::ToSchema;

use super::engine::EngineReader;
use super::jobs::Page;
use super::reader::Reader;
use super::scope::{Access, Scope};
use crate::model::registration::filter::{Registered, RestaurantFilter};
use crate::model::registration::profile::{Directory, Profile, search_key};
use crate::store::rows::{like_prefix, statement};
use crate::store::unsettled::UNSETTLED;

/// A restaurant as the API shows it.
#[derive(Clone, Debug, PartialEq, Serialize, FromQueryResult, ToSchema)]
pub struct RestaurantView {
    pub id: Id,
    pub name: String,
    /// `outbound` or `inbound`.
    #[sea_orm(from_alias = "type")]
    #[serde(rename = "type")]
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
    pub region: Option<String>,
    /// ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// An enrichment job of the daemon's own, or the name that another system has for its own.
    pub extraction_job_id: Option<String>,
    pub company_number: Option<String>,
    pub nzbn: Option<String>,
    #[schema(value_type = Object)]
    pub data: serde_json::Value,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// A lead as the API shows it: a restaurant that may become one.
#[derive(Clone, Debug, PartialEq, Serialize, FromQueryResult, ToSchema)]
pub struct LeadView {
    #[sea_orm(nested)]
    #[serde(flatten)]
    pub profile: RestaurantView,
    /// The restaurant that it has become.
    pub converted_restaurant_id: Option<Id>,
    pub converted_at: Option<DateTime<Utc>>,
}

/// An entry of one of the two lists, as the API shows it.
pub trait DirectoryEntry: FromQueryResult + Serialize {
    const DIRECTORY: Directory;

    fn profile(&self) -> &RestaurantView;
}

impl DirectoryEntry for RestaurantView {
    const DIRECTORY: Directory = Directory::Restaurants;

    fn profile(&self) -> &Self {
        self
    }
}

impl DirectoryEntry for LeadView {
    const DIRECTORY: Directory = Directory::Leads;

    fn profile(&self) -> &RestaurantView {
        &self.profile
    }
}

impl RestaurantView {
    /// How an entry with this profile is shown that is made now.
    #[must_use]
    pub fn new(id: Id, profile: &Profile, now: DateTime<Utc>) -> Self {
        let profile = profile.clone();
        Self {
            id,
            name: profile.name,
            kind: profile.kind.as_str().to_owned(),
            stage: profile.stage.as_str().to_owned(),
            icp_score: profile.icp_score,
            status: profile.status,
            website: profile.website,
            website_input: profile.website_input,
            phone: profile.phone,
            email: profile.email,
            address: profile.address,
            city: profile.city,
            region: profile.region,
            country: profile.country,
            extraction_job_id: profile.extraction_job_id,
            company_number: profile.company_number,
            nzbn: profile.nzbn,
            data: profile.data,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    /// How this one is shown once it has another profile.
    #[must_use]
    pub fn with(&self, profile: &Profile) -> Self {
        Self {
            version: self.version,
            updated_at: self.updated_at,
            ..Self::new(self.id, profile, self.created_at)
        }
    }
}

impl From<RestaurantView> for LeadView {
    /// A lead that nobody has converted.
    fn from(profile: RestaurantView) -> Self {
        Self {
            profile,
            converted_restaurant_id: None,
            converted_at: None,
        }
    }
}

/// What is selected of an entry `r`.
pub(in crate::store) fn shown(directory: Directory) -> &'static str {
    match directory {
        Directory::Restaurants => {
            "r.id, r.name, r.type, r.stage, r.icp_score, r.status, r.website, r.website_input, r.phone, r.email, \
             r.address, r.city, r.region, r.country, r.extraction_job_id, r.company_number, r.nzbn, r.data, r.version, \
             r.created_at, r.updated_at"
        }
        Directory::Leads => {
            "r.id, r.name, r.type, r.stage, r.icp_score, r.status, r.website, r.website_input, r.phone, r.email, \
             r.address, r.city, r.region, r.country, r.extraction_job_id, r.company_number, r.nzbn, r.data, r.version, \
             r.created_at, r.updated_at, r.converted_restaurant_id, r.converted_at"
        }
    }
}

/// The filter as SQL over an entry `r`, with what it binds. What is known of the other list alone is passed over.
fn condition(directory: Directory, organisation_id: Id, filter: &RestaurantFilter) -> (String, Vec<Value>) {
    let mut sql = "r.organisation_id = ?".to_owned();
    let mut values: Vec<Value> = vec![organisation_id.into()];
    let equal = [
        ("r.type = ?", filter.kind.map(|kind| kind.as_str().to_owned())),
        ("r.stage = ?", filter.stage.map(|stage| stage.as_str().to_owned())),
        ("r.status = ?", filter.status.clone()),
        ("r.city_key = ?", filter.city.as_deref().map(search_key)),
        ("r.region_key = ?", filter.region.as_deref().map(search_key)),
        ("r.country = ?", filter.country.as_deref().map(str::to_uppercase)),
        (
            r"r.name_key like ? escape '\'",
            filter.q.as_deref().filter(|prefix| !prefix.is_empty()).map(like_prefix),
        ),
    ];
    for (is, value) in equal {
        if let Some(value) = value {
            sql.push_str(&format!(" and {is}"));
            values.push(value.into());
        }
    }
    for (is, score) in [
        ("r.icp_score >= ?", filter.icp_min),
        ("r.icp_score <= ?", filter.icp_max),
    ] {
        if let Some(score) = score {
            sql.push_str(&format!(" and {is}"));
            values.push(score.into());
        }
    }
    match directory {
        Directory::Leads => match filter.converted {
            Some(true) => sql.push_str(" and r.converted_restaurant_id is not null"),
            Some(false) => sql.push_str(" and r.converted_restaurant_id is null"),
            None => {}
        },
        Directory::Restaurants => {
            let registered = filter.registered.map(|registered| match registered {
                Registered::None => (false, "(j.is_open or j.status = 'completed')"),
                Registered::Open => (true, "j.is_open"),
                Registered::Completed => (true, "j.status = 'completed'"),
            });
            let unknown = filter.outcome_unknown.map(|unknown| (unknown, UNSETTLED));
            for (is, which) in [registered, unknown].into_iter().flatten() {
                let verb = if is { "exists" } else { "not exists" };
                sql.push_str(&format!(
                    " and {verb} (select 1 from registration_jobs j where j.restaurant_id = r.id and {which})"
                ));
            }
        }
    }
    (sql, values)
}

pub(super) async fn matching(
    hq: &impl ConnectionTrait,
    directory: Directory,
    organisation_id: Id,
    filter: &RestaurantFilter,
    limit: usize,
) -> Result<Vec<Id>, DbErr> {
    let (condition, mut values) = condition(directory, organisation_id, filter);
    let sql = format!(
        "select r.id from {} r where {condition} order by r.id limit ?",
        directory.table()
    );
    values.push(i64::try_from(limit).unwrap_or(i64::MAX).into());
    let rows = hq
        .query_all_raw(statement(hq.get_database_backend(), &sql, values))
        .await?;
    rows.iter().map(|row| row.try_get("", "id")).collect()
}

async fn count(
    hq: &impl ConnectionTrait,
    directory: Directory,
    organisation_id: Id,
    filter: &RestaurantFilter,
) -> Result<u64, DbErr> {
    let (condition, values) = condition(directory, organisation_id, filter);
    let sql = format!("select count(*) from {} r where {condition}", directory.table());
    let row = hq
        .query_one_raw(statement(hq.get_database_backend(), &sql, values))
        .await?;
    let count = row.map_or(Ok(0), |row| i64::try_get_by(&row, 0))?;
    Ok(u64::try_from(count).unwrap_or_default())
}

impl Reader {
    /// The organisation's leads or restaurants, newest first, those made before this one.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn entries<T: DirectoryEntry>(
        &self,
        scope: &Scope,
        filter: &RestaurantFilter,
        before: Option<Id>,
        limit: u64,
    ) -> Result<Page<T>, DbErr> {
        let (condition, mut values) = condition(T::DIRECTORY, scope.organisation_id, filter);
        let (shown, table) = (shown(T::DIRECTORY), T::DIRECTORY.table());
        let mut sql = format!("select {shown} from {table} r where {condition}");
        if let Some(before) = before {
            sql.push_str(" and r.id < ?");
            values.push(before.into());
        }
        sql.push_str(" order by r.id desc limit ?");
        values.push(i64::try_from(limit + 1).unwrap_or(i64::MAX).into());
        let found = self.select::<T>(scope.organisation_id, &sql, values).await?;
        Ok(Page::cut(found, limit, |entry: &T| entry.profile().id.to_string()))
    }

    /// One lead or restaurant, if it is the organisation's.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn entry<T: DirectoryEntry>(&self, scope: &Scope, id: Id) -> Result<Access<T>, DbErr> {
        let (shown, table) = (shown(T::DIRECTORY), T::DIRECTORY.table());
        let sql = format!("select r.organisation_id, {shown} from {table} r where r.id = ?");
        let found = statement(self.backend(), &sql, [id.into()]);
        let Some(row) = self.seen_by(scope).query_one_raw(found).await? else {
            return self.unseen(scope, T::DIRECTORY.table(), id).await;
        };
        let owner: Id = row.try_get("", "organisation_id")?;
        if owner != scope.organisation_id {
            return Ok(Access::Forbidden);
        }
        Ok(Access::Granted(T::from_query_result(&row, "")?))
    }

    /// Up to `limit` of the organisation's leads that match, oldest first.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn leads_matching(
        &self,
        scope: &Scope,
        filter: &RestaurantFilter,
        limit: usize,
    ) -> Result<Vec<Id>, DbErr> {
        matching(
            &self.seen_by(scope),
            Directory::Leads,
            scope.organisation_id,
            filter,
            limit,
        )
        .await
    }

    /// How many of the organisation's leads match.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn count_leads(&self, scope: &Scope, filter: &RestaurantFilter) -> Result<u64, DbErr> {
        count(&self.seen_by(scope), Directory::Leads, scope.organisation_id, filter).await
    }

    /// Up to `limit` of the organisation's restaurants that match, oldest first.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn restaurants_matching(
        &self,
        scope: &Scope,
        filter: &RestaurantFilter,
        limit: usize,
    ) -> Result<Vec<Id>, DbErr> {
        matching(
            &self.seen_by(scope),
            Directory::Restaurants,
            scope.organisation_id,
            filter,
            limit,
        )
        .await
    }

    /// How many of the organisation's restaurants match.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn count_restaurants(&self, scope: &Scope, filter: &RestaurantFilter) -> Result<u64, DbErr> {
        count(
            &self.seen_by(scope),
            Directory::Restaurants,
            scope.organisation_id,
            filter,
        )
        .await
    }
}

impl EngineReader {
    /// Up to `limit` of an organisation's restaurants that match, oldest first.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn restaurants_matching(
        &self,
        organisation_id: Id,
        filter: &RestaurantFilter,
        limit: usize,
    ) -> Result<Vec<Id>, DbErr> {
        matching(&self.hq, Directory::Restaurants, organisation_id, filter, limit).await
    }

    /// How many of an organisation's restaurants match.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn count_restaurants(&self, organisation_id: Id, filter: &RestaurantFilter) -> Result<u64, DbErr> {
        count(&self.hq, Directory::Restaurants, organisation_id, filter).await
    }
}
