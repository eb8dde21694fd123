//! What was sent to webhook endpoints, how that went, and sending it again.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Json, Path, Query};
use chrono::{DateTime, Utc};
use entity::Id;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use super::jobs::status;
use super::webhook_endpoints::{switched_off, visible};
use crate::actors::DeliveriesDue;
use crate::http::app::App;
use crate::http::caller::Caller;
use crate::http::cursor::{self, List};
use crate::http::idempotency::{IdempotencyKey, once};
use crate::http::problem::Problem;
use crate::model::webhook::DeliveryStatus;
use crate::store::read::{Access, Role, WebhookDeliveryDetail, WebhookDeliveryView};
use crate::store::write::{KeyAnswer, Redeliver, Redelivered, Redelivery, RequestKey, StoredAnswer};

/// Which deliveries.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct DeliveryQuery {
    /// `pending`, `delivered`, `failed` or `skipped`.
    status: Option<String>,
    limit: Option<u64>,
    cursor: Option<String>,
}

fn delivery_status(text: Option<&str>) -> Result<Option<DeliveryStatus>, Problem> {
    status(text, &DeliveryStatus::ALL.map(DeliveryStatus::as_str))
}

/// `GET /api/webhook-endpoints/{id}/deliveries`: newest first.
#[utoipa::path(
    get, path = "/api/webhook-endpoints/{id}/deliveries", tag = "webhooks",
    params(("id" = Id, Path, description = "The endpoint."), DeliveryQuery),
    responses(
        (status = 200, description = "Its deliveries, newest first.", body = List<WebhookDeliveryView>),
    ),
)]
pub async fn list(
    app: Data<App>,
    caller: Caller,
    id: Path<Id>,
    query: Query<DeliveryQuery>,
) -> Result<Json<List<WebhookDeliveryView>>, Problem> {
    caller.require(Role::Admin)?;
    let status = delivery_status(query.status.as_deref())?;
    let before = cursor::read(query.cursor.as_deref())?;
    let limit = cursor::limit(query.limit)?;
    let endpoint = visible(&app, &caller, *id).await?;
    let page = app
        .reader
        .webhook_deliveries(&caller.scope, endpoint.id, status, before, limit)
        .await?;
    Ok(Json(page.into()))
}

async fn found(app: &App, caller: &Caller, id: Id) -> Result<WebhookDeliveryDetail, Problem> {
    match app.reader.webhook_delivery(&caller.scope, id).await? {
        Access::Granted(delivery) => Ok(delivery),
        Access::Forbidden => Err(Problem::forbidden("this delivery belongs to another organisation")),
        Access::Missing => Err(missing()),
    }
}

fn missing() -> Problem {
    Problem::not_found("webhook delivery")
}

/// `GET /api/webhook-deliveries/{id}`.
#[utoipa::path(
    get, path = "/api/webhook-deliveries/{id}", tag = "webhooks",
    params(("id" = Id, Path, description = "The delivery.")),
    responses(
        (status = 200, description = "What is sent, and every attempt.", body = WebhookDeliveryDetail),
    ),
)]
pub async fn detail(app: Data<App>, caller: Caller, id: Path<Id>) -> Result<Json<WebhookDeliveryDetail>, Problem> {
    caller.require(Role::Admin)?;
    Ok(Json(found(&app, &caller, *id).await?))
}

/// What became of a redelivery.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum RedeliveryAnswer {
    /// So many are on their way again.
    Sent { redelivered: u64 },
    /// With `dry_run`.
    Counted { matched: i64, dry_run: bool },
}

fn sent(redelivered: u64) -> StoredAnswer {
    StoredAnswer {
        status: 202,
        location: None,
        body: json!(RedeliveryAnswer::Sent { redelivered }).to_string(),
    }
}

/// `POST /api/webhook-deliveries/{id}/redeliver`: sends it again, under the same `webhook-id`.
#[utoipa::path(
    post, path = "/api/webhook-deliveries/{id}/redeliver", tag = "webhooks",
    params(
        ("id" = Id, Path, description = "The delivery."),
        ("Idempotency-Key" = Option<String>, Header, description = "Carried out once for each key, for 24 hours."),
    ),
    responses((status = 202, description = "It is on its way again.", body = RedeliveryAnswer)),
)]
pub async fn redeliver_one(
    app: Data<App>,
    caller: Caller,
    key: IdempotencyKey,
    id: Path<Id>,
) -> Result<HttpResponse, Problem> {
    caller.require(Role::Admin)?;
    let id = *id;
    let endpoint_id = found(&app, &caller, id).await?.delivery.endpoint_id;
    let (shared, asker) = (app.clone(), caller.clone());
    const ROUTE: &str = "POST /api/webhook-deliveries/{id}/redeliver";
    once(&app, &caller, key, ROUTE, &id, move |request_key| async move {
        let answer = sent(1);
        let command = Redeliver {
            endpoint_id,
            which: Redelivery::One(id),
            origin: asker.origin(),
            answer: request_key.map(|request| KeyAnswer {
                request,
                answer: answer.clone(),
            }),
        };
        let Redelivered::Accepted { deliveries: 1.., .. } = accepted(&shared, command).await? else {
            let detail = "this delivery is pending: it is on its way already";
            return Err(Problem::new(StatusCode::CONFLICT, "still_pending", detail));
        };
        shared.overseer.do_send(DeliveriesDue);
        Ok(answer)
    })
    .await
}

/// Which deliveries to send again.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RedeliveryRange {
    /// Of events that happened from then on.
    since: DateTime<Utc>,
    /// Of events that happened before then; default: now.
    until: Option<DateTime<Utc>>,
    /// Only `delivered`, `failed` or `skipped` ones; default: all three.
    status: Option<String>,
    /// Counts them and sends nothing.
    #[serde(default)]
    dry_run: bool,
}

/// `POST /api/webhook-endpoints/{id}/redeliver`: sends again what happened in a stretch of time.
#[utoipa::path(
    post, path = "/api/webhook-endpoints/{id}/redeliver", tag = "webhooks",
    params(
        ("id" = Id, Path, description = "The endpoint."),
        ("Idempotency-Key" = Option<String>, Header, description = "Carried out once for each key, for 24 hours."),
    ),
    request_body = RedeliveryRange,
    responses(
        (status = 200, description = "With `dry_run`: how many match.", body = RedeliveryAnswer),
        (status = 202, description = "How many are on their way again.", body = RedeliveryAnswer),
    ),
)]
pub async fn redeliver(
    app: Data<App>,
    caller: Caller,
    key: IdempotencyKey,
    id: Path<Id>,
    body: Json<RedeliveryRange>,
) -> Result<HttpResponse, Problem> {
    caller.require(Role::Admin)?;
    let id = *id;
    let status = delivery_status(body.status.as_deref())?;
    if status == Some(DeliveryStatus::Pending) {
        return Err(Problem::bad_request(
            "what is pending is on its way already; 'status' must be delivered, failed or skipped",
        ));
    }
    let endpoint = visible(&app, &caller, id).await?;
    let which = Redelivery::Between {
        since: body.since,
        until: body.until.unwrap_or_else(Utc::now),
        status,
        after: None,
    };
    if body.dry_run {
        let matched = app.reader.count_redeliveries(&caller.scope, id, &which).await?;
        return Ok(HttpResponse::Ok().json(RedeliveryAnswer::Counted { matched, dry_run: true }));
    }
    if !endpoint.enabled {
        return Err(switched_off());
    }
    let (shared, asker) = (app.clone(), caller.clone());
    let asked = json!({ "endpoint": id, "body": &*body });
    const ROUTE: &str = "POST /api/webhook-endpoints/{id}/redeliver";
    once(&app, &caller, key, ROUTE, &asked, move |request_key| async move {
        redeliver_matching(&shared, &asker, id, which, request_key).await
    })
    .await
}

/// Sends again what matches, a thousand at a time, and then writes down the answer. Where that is cut off half way, asking
/// again sends the rest: what is on its way is passed over.
async fn redeliver_matching(
    app: &App,
    caller: &Caller,
    endpoint_id: Id,
    which: Redelivery,
    request_key: Option<RequestKey>,
) -> Result<StoredAnswer, Problem> {
    let mut redelivered = 0;
    let mut next = Some(which);
    while let Some(which) = next.take() {
        let command = Redeliver {
            endpoint_id,
            which: which.clone(),
            origin: caller.origin(),
            answer: None,
        };
        let Redelivered::Accepted { deliveries, more_after } = accepted(app, command).await? else {
            break;
        };
        redelivered += deliveries;
        app.overseer.do_send(DeliveriesDue);
        next = more_after.map(|last| which.after(last));
    }
    let answer = sent(redelivered);
    if let Some(request) = request_key {
        let last = Redeliver {
            endpoint_id,
            which: Redelivery::None,
            origin: caller.origin(),
            answer: Some(KeyAnswer {
                request,
                answer: answer.clone(),
            }),
        };
        accepted(app, last).await?;
    }
    Ok(answer)
}

/// # Errors
/// Where the endpoint is gone or switched off.
async fn accepted(app: &App, command: Redeliver) -> Result<Redelivered, Problem> {
    match app.command(command).await? {
        accepted @ Redelivered::Accepted { .. } => Ok(accepted),
        Redelivered::Disabled => Err(switched_off()),
        Redelivered::NotFound => Err(missing()),
    }
}
