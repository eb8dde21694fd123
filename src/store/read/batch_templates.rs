//! Templates of registration batches, and whom they take.

use chrono::{DateTime, Utc};
use entity::{Id, batch_templates};
use sea_orm::{ColumnTrait as _, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect};
use serde::Serialize;
use utoipa::ToSchema;

use super::jobs::Page;
use super::reader::Reader;
use super::scope::{Access, Scope};
use crate::model::batch_template::{BatchSettings, TemplateSource};
use crate::model::registration::filter::{Registered, RestaurantFilter};
use crate::model::registration::profile::Directory;
use crate::store::rows::in_list;

/// A template as the API shows it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct BatchTemplateView {
    pub id: Id,
    pub name: String,
    pub source: TemplateSource,
    pub filter: RestaurantFilter,
    pub settings: BatchSettings,
    /// Restaurants that one batch takes at most.
    pub limit: Option<i32>,
    pub created_by: Option<Id>,
    /// What `If-Match` of a change compares, as the ETag.
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl TryFrom<batch_templates::Model> for BatchTemplateView {
    type Error = DbErr;

    fn try_from(row: batch_templates::Model) -> Result<Self, DbErr> {
        Ok(Self {
            id: row.id,
            name: row.name,
            source: readable(row.source.into())?,
            filter: readable(row.filter)?,
            settings: readable(row.settings)?,
            limit: row.restaurant_limit,
            created_by: row.created_by,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

/// A column of JSON as its own type.
pub(super) fn readable<T: serde::de::DeserializeOwned>(value: serde_json::Value) -> Result<T, DbErr> {
    serde_json::from_value(value).map_err(|error| DbErr::Json(error.to_string()))
}

/// A restaurant in a preview.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema, FromQueryResult)]
pub struct SelectedRestaurant {
    pub id: Id,
    pub name: String,
    pub city: Option<String>,
    pub stage: String,
    pub icp_score: Option<i32>,
}

/// The filter of a batch that is to be made: what says nothing of registrations means restaurants that have none, and nobody is taken
/// with calls of which nobody knows what they did.
fn for_registration(mut filter: RestaurantFilter) -> RestaurantFilter {
    filter.registered.get_or_insert(Registered::None);
    filter.outcome_unknown = Some(false);
    filter
}

impl Reader {
    /// The organisation's templates, newest first.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn batch_templates(
        &self,
        scope: &Scope,
        before: Option<Id>,
        limit: u64,
    ) -> Result<Page<BatchTemplateView>, DbErr> {
        let columns = &batch_templates::COLUMN;
        let mut query = batch_templates::Entity::find().filter(columns.organisation_id.eq(scope.organisation_id));
        if let Some(before) = before {
            query = query.filter(columns.id.lt(before));
        }
        let found = query
            .order_by_desc(batch_templates::Column::Id)
            .limit(limit + 1)
            .all(&self.seen_by(scope))
            .await?;
        let views: Result<Vec<_>, DbErr> = found.into_iter().map(BatchTemplateView::try_from).collect();
        Ok(Page::cut(views?, limit, |template: &BatchTemplateView| {
            template.id.to_string()
        }))
    }

    /// One template, if the scope may see it.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn batch_template(&self, scope: &Scope, id: Id) -> Result<Access<BatchTemplateView>, DbErr> {
        let found = batch_templates::Entity::find_by_id(id)
            .one(&self.seen_by(scope))
            .await?;
        Ok(match found {
            None => self.unseen(scope, "batch_templates", id).await?,
            Some(row) if row.organisation_id == scope.organisation_id => Access::Granted(row.try_into()?),
            Some(_) => Access::Forbidden,
        })
    }

    /// The restaurants that a template over restaurants takes now, oldest first, up to `most`. What its batches are to be like
    /// stands in the template's `settings`.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn template_restaurants(
        &self,
        scope: &Scope,
        template: &BatchTemplateView,
        most: usize,
    ) -> Result<Vec<Id>, DbErr> {
        let filter = for_registration(template.filter.clone());
        self.restaurants_matching(scope, &filter, most).await
    }

    /// Restaurants or leads of the organisation as a preview shows them, oldest first.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn selected_restaurants(
        &self,
        scope: &Scope,
        directory: Directory,
        ids: &[Id],
    ) -> Result<Vec<SelectedRestaurant>, DbErr> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let (list, mut values) = in_list(ids);
        let sql = format!(
            "select id, name, city, stage, icp_score from {} where id in ({list}) and organisation_id = ? order by id",
            directory.table()
        );
        values.push(scope.organisation_id.into());
        self.select(scope.organisation_id, &sql, values).await
    }
}
