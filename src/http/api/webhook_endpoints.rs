//! `/api/webhook-endpoints`: where an organisation is told of what happens to its batches.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Json, Path, Query};
use chrono::{SubsecRound as _, TimeDelta, Utc};
use entity::Id;
use rand::RngExt as _;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;
use url::Url;
use utoipa::{IntoParams, ToSchema};

use crate::actors::DeliveriesDue;
use crate::http::app::App;
use crate::http::caller::Caller;
use crate::http::cursor::{self, List};
use crate::http::idempotency::{IdempotencyKey, once};
use crate::http::problem::Problem;
use crate::model::webhook::{EventType, Format, Message, SECRET_BYTES, secret_of, shown_url};
use crate::scrape::AddressGuard;
use crate::store::read::{Access, Role, WebhookEndpointView};
use crate::store::write::{
    ChangeWebhookEndpoint, CreateWebhookEndpoint, DeleteWebhookEndpoint, EndpointCreated, KeyAnswer, MOST_ENDPOINTS,
    RotateWebhookSecret, StoredAnswer, TestWebhookEndpoint, WebhookEvent,
};

/// The longest address, in bytes.
const LONGEST_URL: usize = 2_048;
/// The longest description, in characters.
const LONGEST_DESCRIPTION: usize = 500;
/// How long a secret signs on after it was replaced, where nobody says otherwise, and at most.
const OLD_SECRET_HOURS: u32 = 24;
const MOST_OLD_SECRET_HOURS: u32 = 720;

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct EndpointQuery {
    limit: Option<u64>,
    cursor: Option<String>,
}

/// `GET /api/webhook-endpoints`: newest first, without secrets.
#[utoipa::path(
    get, path = "/api/webhook-endpoints", tag = "webhooks",
    params(EndpointQuery),
    responses(
        (
            status = 200,
            description = "The organisation's endpoints, newest first, without secrets.",
            body = List<WebhookEndpointView>,
        ),
    ),
)]
pub async fn list(
    app: Data<App>,
    caller: Caller,
    query: Query<EndpointQuery>,
) -> Result<Json<List<WebhookEndpointView>>, Problem> {
    caller.require(Role::Member)?;
    let before = cursor::read(query.cursor.as_deref())?;
    let limit = cursor::limit(query.limit)?;
    Ok(Json(
        app.reader.webhook_endpoints(&caller.scope, before, limit).await?.into(),
    ))
}

/// The endpoint, if the caller may see it.
pub(super) async fn visible(app: &App, caller: &Caller, id: Id) -> Result<WebhookEndpointView, Problem> {
    match app.reader.webhook_endpoint(&caller.scope, id).await? {
        Access::Granted(endpoint) => Ok(endpoint),
        Access::Forbidden => Err(Problem::forbidden(
            "this webhook endpoint belongs to another organisation",
        )),
        Access::Missing => Err(missing()),
    }
}

fn missing() -> Problem {
    Problem::not_found("webhook endpoint")
}

pub(super) fn switched_off() -> Problem {
    let detail = "this endpoint is switched off; switch it on with PATCH {\"enabled\": true} first";
    Problem::new(StatusCode::CONFLICT, "endpoint_disabled", detail)
}

/// `GET /api/webhook-endpoints/{id}`.
#[utoipa::path(
    get, path = "/api/webhook-endpoints/{id}", tag = "webhooks",
    params(("id" = Id, Path, description = "The endpoint.")),
    responses((status = 200, description = "The endpoint, without its secret.", body = WebhookEndpointView)),
)]
pub async fn detail(app: Data<App>, caller: Caller, id: Path<Id>) -> Result<Json<WebhookEndpointView>, Problem> {
    caller.require(Role::Member)?;
    Ok(Json(visible(&app, &caller, *id).await?))
}

/// Where to tell of what.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWebhookEndpoint {
    /// `https://…`, or `http://…` where nobody listens in between.
    url: String,
    #[serde(default)]
    format: Format,
    /// Default: `batch.completed`, `batch.failed`, `batch.paused`, `action_required`.
    event_types: Option<Vec<EventType>>,
    description: Option<String>,
}

/// A new endpoint.
#[derive(Debug, Serialize, ToSchema)]
pub struct CreatedWebhookEndpoint {
    #[serde(flatten)]
    endpoint: WebhookEndpointView,
    /// What signatures are checked with. Shown this once; absent for Slack.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

fn unprocessable(code: &'static str, detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail)
}

/// Checks an address as far as that can be done before it is used. What a name stands for is checked at every sending.
fn checked_url(app: &App, text: &str) -> Result<SecretString, Problem> {
    let refused = |why: &str| unprocessable("bad_webhook_url", format!("'url' {why}"));
    if text.len() > LONGEST_URL {
        return Err(refused(&format!("may have {LONGEST_URL} bytes")));
    }
    let url = Url::parse(text.trim()).map_err(|_| refused("must be a whole URL, such as https://example.com/hooks"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        return Err(refused("must begin with https:// or http:// and name a host"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused(
            "must hold no user name or password; the signature says who sends",
        ));
    }
    if url.fragment().is_some() {
        return Err(refused("must hold no '#': what follows it is never sent"));
    }
    let guard = AddressGuard::of_addresses(&app.engine.settings().network);
    guard.check(&url).map_err(|error| {
        let detail = format!("'url' leads to an address that this daemon does not speak to: {error}");
        unprocessable("forbidden_address", detail)
    })?;
    Ok(String::from(url).into())
}

fn checked_events(given: Option<&[EventType]>) -> Result<Option<Vec<EventType>>, Problem> {
    let Some(given) = given else { return Ok(None) };
    if given.is_empty() || given.contains(&EventType::Test) {
        let wanted = EventType::ALL.into_iter().filter(|event| *event != EventType::Test);
        let names: Vec<&str> = wanted.map(EventType::as_str).collect();
        let detail = format!("'event_types' must name one or more of {}", names.join(", "));
        return Err(unprocessable("bad_event_types", detail));
    }
    let mut events = given.to_vec();
    events.sort_by_key(|event| event.as_str());
    events.dedup();
    Ok(Some(events))
}

/// Blank is none.
fn checked_description(given: &str) -> Result<Option<String>, Problem> {
    let text = given.trim();
    if text.chars().count() > LONGEST_DESCRIPTION {
        let detail = format!("'description' may have {LONGEST_DESCRIPTION} characters");
        return Err(Problem::bad_request(detail));
    }
    Ok(Some(text.to_owned()).filter(|text| !text.is_empty()))
}

fn new_secret() -> String {
    let mut chance = [0_u8; SECRET_BYTES];
    rand::rng().fill(&mut chance);
    secret_of(chance)
}

/// `POST /api/webhook-endpoints`.
#[utoipa::path(
    post, path = "/api/webhook-endpoints", tag = "webhooks",
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "Carried out once for each key, for 24 hours."),
    ),
    request_body = NewWebhookEndpoint,
    responses((status = 201, description = "The endpoint, with its secret.", body = CreatedWebhookEndpoint)),
)]
pub async fn create(
    app: Data<App>,
    caller: Caller,
    key: IdempotencyKey,
    body: Json<NewWebhookEndpoint>,
) -> Result<HttpResponse, Problem> {
    caller.require(Role::Admin)?;
    let url = checked_url(&app, &body.url)?;
    let events = checked_events(body.event_types.as_deref())?.unwrap_or_else(|| EventType::USUAL.to_vec());
    let description = checked_description(body.description.as_deref().unwrap_or_default())?;
    let secret = (body.format == Format::Standard).then(new_secret);
    let created = CreatedWebhookEndpoint {
        endpoint: endpoint_view(&caller, &body, &url, events, description),
        secret,
    };
    let (shared, asker) = (app.clone(), caller.clone());
    const ROUTE: &str = "POST /api/webhook-endpoints";
    once(&app, &caller, key, ROUTE, &*body, move |request_key| async move {
        let answer = StoredAnswer {
            status: 201,
            location: Some(format!("/api/webhook-endpoints/{}", created.endpoint.id)),
            body: json!(created).to_string(),
        };
        let endpoint = created.endpoint;
        let command = CreateWebhookEndpoint {
            id: endpoint.id,
            organisation_id: asker.scope.organisation_id,
            user_id: asker.scope.user_id,
            url,
            format: endpoint.format,
            event_types: endpoint.event_types,
            description: endpoint.description,
            secret: created.secret.map(SecretString::from),
            created_at: endpoint.created_at,
            origin: asker.origin(),
            answer: request_key.map(|request| KeyAnswer {
                request,
                answer: answer.clone(),
            }),
        };
        match shared.command(command).await? {
            EndpointCreated::Accepted => Ok(answer),
            EndpointCreated::TooMany => {
                let detail = format!("an organisation may have {MOST_ENDPOINTS} endpoints; delete one first");
                Err(Problem::new(StatusCode::CONFLICT, "too_many_endpoints", detail))
            }
        }
    })
    .await
}

fn endpoint_view(
    caller: &Caller,
    body: &NewWebhookEndpoint,
    url: &SecretString,
    event_types: Vec<EventType>,
    description: Option<String>,
) -> WebhookEndpointView {
    let now = Utc::now().trunc_subsecs(3);
    WebhookEndpointView {
        id: Id::now(),
        url: shown_url(url.expose_secret(), body.format),
        format: body.format,
        event_types,
        description,
        enabled: true,
        disabled_reason: None,
        disabled_at: None,
        failing_since: None,
        throttled_until: None,
        previous_secret_until: None,
        created_by: Some(caller.scope.user_id),
        created_at: now,
        updated_at: now,
    }
}

/// What to change of an endpoint.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookEndpointPatch {
    url: Option<String>,
    event_types: Option<Vec<EventType>>,
    /// Blank takes it away.
    description: Option<String>,
    /// Off: what waits is skipped, and so is what comes. On: it begins anew.
    enabled: Option<bool>,
}

/// `PATCH /api/webhook-endpoints/{id}`.
#[utoipa::path(
    patch, path = "/api/webhook-endpoints/{id}", tag = "webhooks",
    params(("id" = Id, Path, description = "The endpoint.")),
    request_body = WebhookEndpointPatch,
    responses((status = 200, description = "The endpoint as it is now.", body = WebhookEndpointView)),
)]
pub async fn change(
    app: Data<App>,
    caller: Caller,
    id: Path<Id>,
    body: Json<WebhookEndpointPatch>,
) -> Result<Json<WebhookEndpointView>, Problem> {
    caller.require(Role::Admin)?;
    visible(&app, &caller, *id).await?;
    let command = ChangeWebhookEndpoint {
        id: *id,
        url: body.url.as_deref().map(|url| checked_url(&app, url)).transpose()?,
        event_types: checked_events(body.event_types.as_deref())?,
        description: body.description.as_deref().map(checked_description).transpose()?,
        enabled: body.enabled,
        origin: caller.origin(),
    };
    if !app.command(command).await? {
        return Err(missing());
    }
    Ok(Json(visible(&app, &caller, *id).await?))
}

/// `DELETE /api/webhook-endpoints/{id}`.
#[utoipa::path(
    delete, path = "/api/webhook-endpoints/{id}", tag = "webhooks",
    params(("id" = Id, Path, description = "The endpoint.")),
    responses((status = 204, description = "It is gone, with the log of its deliveries.")),
)]
pub async fn delete(app: Data<App>, caller: Caller, id: Path<Id>) -> Result<HttpResponse, Problem> {
    caller.require(Role::Admin)?;
    visible(&app, &caller, *id).await?;
    let command = DeleteWebhookEndpoint {
        id: *id,
        origin: caller.origin(),
    };
    match app.command(command).await? {
        true => Ok(HttpResponse::NoContent().finish()),
        false => Err(missing()),
    }
}

/// How the old secret ends.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretRotation {
    /// Hours for which the old secret signs too: 0 to 720, default 24.
    old_secret_hours: Option<u32>,
}

/// The new secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct RotatedSecret {
    /// Shown this once.
    secret: String,
    /// Until when signatures of the old one come too.
    previous_secret_until: chrono::DateTime<Utc>,
}

/// `POST /api/webhook-endpoints/{id}/rotate-secret`.
#[utoipa::path(
    post, path = "/api/webhook-endpoints/{id}/rotate-secret", tag = "webhooks",
    params(
        ("id" = Id, Path, description = "The endpoint."),
        ("Idempotency-Key" = Option<String>, Header, description = "Carried out once for each key, for 24 hours."),
    ),
    request_body = SecretRotation,
    responses((status = 200, description = "The new secret.", body = RotatedSecret)),
)]
pub async fn rotate_secret(
    app: Data<App>,
    caller: Caller,
    key: IdempotencyKey,
    id: Path<Id>,
    body: Json<SecretRotation>,
) -> Result<HttpResponse, Problem> {
    caller.require(Role::Admin)?;
    let id = *id;
    if visible(&app, &caller, id).await?.format == Format::Slack {
        let detail = "a Slack endpoint has no secret but its address; make a new webhook in Slack and change 'url'";
        return Err(Problem::new(StatusCode::CONFLICT, "no_secret", detail));
    }
    let hours = body.old_secret_hours.unwrap_or(OLD_SECRET_HOURS);
    if hours > MOST_OLD_SECRET_HOURS {
        let detail = format!("'old_secret_hours' must be 0 to {MOST_OLD_SECRET_HOURS}");
        return Err(Problem::bad_request(detail));
    }
    let rotated = RotatedSecret {
        secret: new_secret(),
        previous_secret_until: Utc::now().trunc_subsecs(3) + TimeDelta::hours(hours.into()),
    };
    let (shared, asker) = (app.clone(), caller.clone());
    let asked = json!({ "endpoint": id, "body": &*body });
    const ROUTE: &str = "POST /api/webhook-endpoints/{id}/rotate-secret";
    once(&app, &caller, key, ROUTE, &asked, move |request_key| async move {
        let answer = StoredAnswer {
            status: 200,
            location: None,
            body: json!(rotated).to_string(),
        };
        let command = RotateWebhookSecret {
            id,
            secret: rotated.secret.into(),
            previous_until: rotated.previous_secret_until,
            origin: asker.origin(),
            answer: request_key.map(|request| KeyAnswer {
                request,
                answer: answer.clone(),
            }),
        };
        match shared.command(command).await? {
            true => Ok(answer),
            false => Err(missing()),
        }
    })
    .await
}

/// What was put on its way.
#[derive(Debug, Serialize, ToSchema)]
pub struct TestSent {
    delivery_id: Id,
    /// What is sent as `webhook-id`.
    event_id: Id,
}

/// `POST /api/webhook-endpoints/{id}/test`: sends an event of the type `webhook.test`.
#[utoipa::path(
    post, path = "/api/webhook-endpoints/{id}/test", tag = "webhooks",
    params(
        ("id" = Id, Path, description = "The endpoint."),
        ("Idempotency-Key" = Option<String>, Header, description = "Carried out once for each key, for 24 hours."),
    ),
    responses(
        (
            status = 202,
            description = "A message is on its way; `Location` tells how it fares.",
            body = TestSent,
        ),
    ),
)]
pub async fn test(app: Data<App>, caller: Caller, key: IdempotencyKey, id: Path<Id>) -> Result<HttpResponse, Problem> {
    caller.require(Role::Admin)?;
    let id = *id;
    visible(&app, &caller, id).await?;
    let now = Utc::now().trunc_subsecs(3);
    let sent = TestSent {
        delivery_id: Id::now(),
        event_id: Id::now(),
    };
    let (shared, asker) = (app.clone(), caller.clone());
    const ROUTE: &str = "POST /api/webhook-endpoints/{id}/test";
    once(&app, &caller, key, ROUTE, &id, move |request_key| async move {
        let answer = StoredAnswer {
            status: 202,
            location: Some(format!("/api/webhook-deliveries/{}", sent.delivery_id)),
            body: json!(sent).to_string(),
        };
        let command = TestWebhookEndpoint {
            endpoint_id: id,
            delivery_id: sent.delivery_id,
            event: WebhookEvent {
                id: sent.event_id,
                organisation_id: asker.scope.organisation_id,
                event_type: EventType::Test,
                batch_kind: None,
                batch_id: None,
                body: json!(Message::test(id, now)).to_string(),
                occurred_at: now,
            },
            origin: asker.origin(),
            answer: request_key.map(|request| KeyAnswer {
                request,
                answer: answer.clone(),
            }),
        };
        if !shared.command(command).await? {
            return Err(switched_off());
        }
        shared.overseer.do_send(DeliveriesDue);
        Ok(answer)
    })
    .await
}
