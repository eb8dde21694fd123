//! What monitors ask.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Json};
use actix_web::{HttpResponse, Responder};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::app::App;
use crate::http::problem::Problem;

/// How the daemon is.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    status: &'static str,
}

/// The process lives.
#[utoipa::path(
    get, path = "/healthz", tag = "daemon", security(()),
    responses((status = 200, description = "It lives.", body = Health)),
)]
pub async fn healthz() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Every unfinished batch goes on, and the database takes reads and writes.
#[utoipa::path(
    get, path = "/readyz", tag = "daemon", security(()),
    responses(
        (
            status = 200,
            description = "Every unfinished batch goes on, and the database takes reads and writes.",
            body = Health,
        ),
    ),
)]
pub async fn readyz(app: Data<App>) -> Result<Json<Health>, Problem> {
    let not_ready = |why: &str| Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not_ready", why);
    if app.engine.is_draining() {
        return Err(not_ready("the daemon is shutting down"));
    }
    if !*app.recovered.borrow() {
        return Err(not_ready("unfinished batches are being recovered"));
    }
    if app.engine.storage.health().is_away() {
        return Err(not_ready(
            "the database takes no writes at the moment; it is tried until it does",
        ));
    }
    app.reader.ping().await.map_err(|error| {
        tracing::error!(%error, "reads for people fail");
        not_ready("the database refuses reads for people; the log says why")
    })?;
    Ok(Json(Health { status: "ready" }))
}

/// Prometheus' text format.
#[utoipa::path(
    get, path = "/metrics", tag = "daemon", security(()),
    responses((status = 200, description = "Prometheus' text format.", body = String, content_type = "text/plain")),
)]
pub async fn metrics(app: Data<App>) -> impl Responder {
    let (in_use, capacity) = app.engine.credits.usage();
    metrics::gauge!("batchdesk_items_in_flight").set(in_use as f64);
    metrics::gauge!("batchdesk_items_in_flight_limit").set(capacity as f64);
    metrics::gauge!("batchdesk_journal_head").set(app.engine.storage.health().head() as f64);
    // A database that does not answer leaves the last value.
    if let Ok(cursor) = app.engine.journal.cursor("logger").await {
        metrics::gauge!("batchdesk_log_cursor").set(cursor as f64);
    }
    metrics::gauge!("batchdesk_commands_queued").set(app.engine.storage.health().queued() as f64);
    metrics::gauge!("batchdesk_event_streams").set(app.streams.open() as f64);
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4")
        .body(app.metrics.render())
}
