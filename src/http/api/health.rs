//! What monitors ask.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Json};
use actix_web::{HttpResponse, Responder};
use serde_json::{Value, json};

use crate::http::app::App;
use crate::http::problem::Problem;

/// The process lives.
pub async fn healthz() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// Every unfinished batch goes on, and the database takes reads and writes.
pub async fn readyz(app: Data<App>) -> Result<Json<Value>, Problem> {
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
    app.engine.reader.ping().await?;
    Ok(Json(json!({ "status": "ready" })))
}

/// Prometheus' text format.
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
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4")
        .body(app.metrics.render())
}
