//! Where an organisation is told of its batches, as its people see it: without secrets.

use chrono::{DateTime, Utc};
use entity::{Id, webhook_endpoints};
use sea_orm::{ColumnTrait as _, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::Serialize;
use utoipa::ToSchema;

use super::jobs::Page;
use super::reader::Reader;
use super::scope::{Access, Scope};
use crate::model::webhook::{EventType, Format, shown_url};

/// An endpoint as the API shows it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WebhookEndpointView {
    pub id: Id,
    /// Without its query; of a Slack address only the beginning, since it is a secret.
    pub url: String,
    pub format: Format,
    pub event_types: Vec<EventType>,
    pub description: Option<String>,
    pub enabled: bool,
    /// Why it is switched off.
    pub disabled_reason: Option<String>,
    pub disabled_at: Option<DateTime<Utc>>,
    /// It has taken nothing since then.
    pub failing_since: Option<DateTime<Utc>>,
    /// It asked for less, or Slack's pace is kept: nothing is sent until then.
    pub throttled_until: Option<DateTime<Utc>>,
    /// Until when the secret signs too that it had before.
    pub previous_secret_until: Option<DateTime<Utc>>,
    pub created_by: Option<Id>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl WebhookEndpointView {
    fn read(endpoint: webhook_endpoints::Model) -> Result<Self, DbErr> {
        let unknown = |error: &dyn std::fmt::Display| DbErr::Custom(format!("webhook endpoint: {error}"));
        let format: Format = endpoint.format.parse().map_err(|error| unknown(&error))?;
        let now = Utc::now();
        Ok(Self {
            id: endpoint.id,
            url: shown_url(&endpoint.url, format),
            format,
            event_types: serde_json::from_value(endpoint.event_types).map_err(|error| unknown(&error))?,
            description: endpoint.description,
            enabled: endpoint.enabled,
            disabled_reason: endpoint.disabled_reason,
            disabled_at: endpoint.disabled_at,
            failing_since: endpoint.failing_since,
            throttled_until: endpoint.throttled_until.filter(|until| *until > now),
            previous_secret_until: endpoint.previous_until.filter(|until| *until > now),
            created_by: endpoint.created_by,
            created_at: endpoint.created_at,
            updated_at: endpoint.updated_at,
        })
    }
}

impl Reader {
    /// The organisation's endpoints, newest first.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn webhook_endpoints(
        &self,
        scope: &Scope,
        before: Option<Id>,
        limit: u64,
    ) -> Result<Page<WebhookEndpointView>, DbErr> {
        let columns = &webhook_endpoints::COLUMN;
        let mut query = webhook_endpoints::Entity::find().filter(columns.organisation_id.eq(scope.organisation_id));
        if let Some(before) = before {
            query = query.filter(columns.id.lt(before));
        }
        let found = query
            .order_by_desc(webhook_endpoints::Column::Id)
            .limit(limit + 1)
            .all(&self.seen_by(scope))
            .await?;
        let views: Result<Vec<_>, DbErr> = found.into_iter().map(WebhookEndpointView::read).collect();
        Ok(Page::cut(views?, limit, |endpoint: &WebhookEndpointView| {
            endpoint.id.to_string()
        }))
    }

    /// One endpoint, if the scope may see it.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn webhook_endpoint(&self, scope: &Scope, id: Id) -> Result<Access<WebhookEndpointView>, DbErr> {
        let endpoint = webhook_endpoints::Entity::find_by_id(id)
            .one(&self.seen_by(scope))
            .await?;
        Ok(match endpoint {
            None => self.unseen(scope, "webhook_endpoints", id).await?,
            Some(endpoint) if endpoint.organisation_id == scope.organisation_id => {
                Access::Granted(WebhookEndpointView::read(endpoint)?)
            }
            Some(_) => Access::Forbidden,
        })
    }
}
