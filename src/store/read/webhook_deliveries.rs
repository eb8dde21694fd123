//! How events have fared on their way to an endpoint, as people see it.

use chrono::{DateTime, Utc};
use entity::{Id, webhook_attempts, webhook_events};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, TryGetable, Value,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::jobs::Page;
use super::reader::Reader;
use super::scope::{Access, Scope};
use crate::model::webhook::DeliveryStatus;
use crate::store::rows::statement;
use crate::store::write::Redelivery;

/// A delivery as the API shows it.
#[derive(Clone, Debug, Serialize, ToSchema, FromQueryResult)]
pub struct WebhookDeliveryView {
    pub id: Id,
    pub endpoint_id: Id,
    /// What is sent as `webhook-id`, however often.
    pub event_id: Id,
    /// Such as `batch.completed`.
    pub r#type: String,
    /// Absent for a test.
    pub batch_kind: Option<String>,
    pub batch_id: Option<Id>,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
    /// `pending`, `delivered`, `failed`, or `skipped` where the endpoint was switched off.
    pub status: String,
    /// How often it was sent.
    pub attempts: i32,
    /// When it is sent next.
    pub next_at: Option<DateTime<Utc>>,
    /// What the last attempt was answered.
    pub response_code: Option<i32>,
    /// The beginning of that answer.
    pub excerpt: Option<String>,
    /// Why there was none, or why it does not count as taken.
    pub error: Option<String>,
    pub duration_ms: Option<i64>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// A delivery with all that was tried.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WebhookDeliveryDetail {
    #[serde(flatten)]
    pub delivery: WebhookDeliveryView,
    /// What is sent, or what Slack's message is made of.
    pub body: serde_json::Value,
    /// Oldest first.
    pub attempt_log: Vec<WebhookAttemptView>,
}

/// One sending.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WebhookAttemptView {
    pub attempt: i32,
    pub started_at: DateTime<Utc>,
    pub duration_ms: i64,
    pub response_code: Option<i32>,
    pub excerpt: Option<String>,
    pub error: Option<String>,
}

impl From<webhook_attempts::Model> for WebhookAttemptView {
    fn from(attempt: webhook_attempts::Model) -> Self {
        Self {
            attempt: attempt.attempt,
            started_at: attempt.started_at,
            duration_ms: attempt.duration_ms,
            response_code: attempt.response_code,
            excerpt: attempt.excerpt,
            error: attempt.error,
        }
    }
}

const DELIVERY: &str = "select d.id, d.endpoint_id, d.event_id, v.type, v.batch_kind, v.batch_id, v.occurred_at, \
    d.status, d.attempts, d.next_at, d.response_code, d.excerpt, d.error, d.duration_ms, d.created_at, d.updated_at, \
    d.organisation_id from webhook_deliveries d join webhook_events v on v.id = d.event_id";

impl Reader {
    /// Deliveries to an endpoint that the scope sees, newest first.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn webhook_deliveries(
        &self,
        scope: &Scope,
        endpoint: Id,
        status: Option<DeliveryStatus>,
        before: Option<Id>,
        limit: u64,
    ) -> Result<Page<WebhookDeliveryView>, DbErr> {
        let mut sql = format!("{DELIVERY} where d.endpoint_id = ? and d.organisation_id = ?");
        let mut values: Vec<Value> = vec![endpoint.into(), scope.organisation_id.into()];
        if let Some(status) = status {
            sql.push_str(" and d.status = ?");
            values.push(status.as_str().into());
        }
        if let Some(before) = before {
            sql.push_str(" and d.id < ?");
            values.push(before.into());
        }
        sql.push_str(" order by d.id desc limit ?");
        values.push(i64::try_from(limit + 1).unwrap_or(i64::MAX).into());
        let select = statement(self.backend(), &sql, values);
        let rows = self.seen_by(scope).query_all_raw(select).await?;
        let found: Result<Vec<_>, DbErr> = rows
            .iter()
            .map(|row| WebhookDeliveryView::from_query_result(row, ""))
            .collect();
        Ok(Page::cut(found?, limit, |delivery: &WebhookDeliveryView| {
            delivery.id.to_string()
        }))
    }

    /// One delivery, if the scope may see it.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn webhook_delivery(&self, scope: &Scope, id: Id) -> Result<Access<WebhookDeliveryDetail>, DbErr> {
        let sql = format!("{DELIVERY} where d.id = ?");
        let select = statement(self.backend(), &sql, [id.into()]);
        let Some(row) = self.seen_by(scope).query_one_raw(select).await? else {
            return self.unseen(scope, "webhook_deliveries", id).await;
        };
        let organisation_id: Id = row.try_get("", "organisation_id")?;
        if organisation_id != scope.organisation_id {
            return Ok(Access::Forbidden);
        }
        let delivery = WebhookDeliveryView::from_query_result(&row, "")?;
        let event = webhook_events::Entity::find_by_id(delivery.event_id)
            .one(&self.seen_by(scope))
            .await?;
        let body = event.map(|event| serde_json::from_str(&event.body).unwrap_or_default());
        let attempts = webhook_attempts::Entity::find()
            .filter(webhook_attempts::COLUMN.delivery_id.eq(id))
            .order_by_asc(webhook_attempts::Column::Attempt)
            .all(&self.seen_by(scope))
            .await?;
        Ok(Access::Granted(WebhookDeliveryDetail {
            delivery,
            body: body.unwrap_or_default(),
            attempt_log: attempts.into_iter().map(WebhookAttemptView::from).collect(),
        }))
    }

    /// How many deliveries to an endpoint a redelivery would send again.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn count_redeliveries(&self, scope: &Scope, endpoint: Id, which: &Redelivery) -> Result<i64, DbErr> {
        let (condition, values) = which.condition();
        let sql = format!(
            "select count(*) from webhook_deliveries d join webhook_events v on v.id = d.event_id \
             where d.endpoint_id = ? and d.organisation_id = ? and {condition}"
        );
        let values = [endpoint.into(), scope.organisation_id.into()]
            .into_iter()
            .chain(values);
        let select = statement(self.backend(), &sql, values);
        let row = self.seen_by(scope).query_one_raw(select).await?;
        row.map_or(Ok(0), |row| i64::try_get_by(&row, 0).map_err(DbErr::from))
    }
}
