//! Providers and destinations, as the operator sees them: who is asked, within which limits, and who refuses us.

use actix_web::web::{Data, Json, Path};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::http::app::App;
use crate::http::caller::Caller;
use crate::http::problem::Problem;
use crate::store::destinations::{BreakerState, LaneState};
use crate::store::read::Role;

/// Everything outside that steps depend on.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProviderList {
    /// One entry a provider, host and key: `name`, `in_flight`, `limit`, `circuit`, `calls`, `failures`, `cost`.
    #[schema(value_type = Vec<Object>)]
    data: Vec<Value>,
    /// Destinations outside the daemon's own database.
    destinations: Vec<DestinationState>,
}

/// How a destination is.
#[derive(Debug, Serialize, ToSchema)]
pub struct DestinationState {
    name: &'static str,
    rows_waiting: usize,
    bytes_waiting: usize,
    rows_written: u64,
    /// `closed` while it is written to.
    #[schema(value_type = String)]
    breaker: BreakerState,
    last_error: Option<String>,
}

impl From<LaneState> for DestinationState {
    fn from(lane: LaneState) -> Self {
        Self {
            name: lane.name,
            rows_waiting: lane.rows_waiting,
            bytes_waiting: lane.bytes_waiting,
            rows_written: lane.rows_written,
            breaker: lane.breaker,
            last_error: lane.last_error,
        }
    }
}

/// How providers and destinations are.
#[utoipa::path(
    get, path = "/api/admin/providers", tag = "daemon",
    responses((status = 200, description = "Providers with their circuits, and destinations.", body = ProviderList)),
)]
pub async fn list(app: Data<App>, caller: Caller) -> Result<Json<ProviderList>, Problem> {
    caller.require(Role::Operator)?;
    let engine = &app.engine;
    Ok(Json(ProviderList {
        data: engine.providers.states().iter().map(|state| json!(state)).collect(),
        destinations: engine.destinations.states().into_iter().map(Into::into).collect(),
    }))
}

/// Says that a provider may be asked again that was left alone: after its key has been mended.
#[utoipa::path(
    post, path = "/api/admin/providers/{name}/resume", tag = "daemon",
    params(("name" = String, Path, description = "As the list of providers names it.")),
    responses((status = 200, description = "It is asked again; jobs that were paused for it are resumed by their owners.", body = ProviderList)),
)]
pub async fn resume(app: Data<App>, caller: Caller, name: Path<String>) -> Result<Json<ProviderList>, Problem> {
    caller.require(Role::Operator)?;
    if !app.engine.providers.resume(&name) {
        return Err(Problem::not_found("provider"));
    }
    list(app, caller).await
}
