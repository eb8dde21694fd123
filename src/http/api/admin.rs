//! The daemon itself, for operators.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Json, Query};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use crate::actors::supervision::ActorReport;
use crate::actors::{ListActors, ReloadError, ReloadPreview, Reloaded};
use crate::http::app::App;
use crate::http::caller::Caller;
use crate::http::problem::Problem;
use crate::store::read::Role;

/// The live supervision tree.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActorTree {
    data: Vec<ActorReport>,
}

/// `GET /api/admin/actors`: the live supervision tree.
#[utoipa::path(
    get, path = "/api/admin/actors", tag = "daemon",
    responses((status = 200, description = "The live supervision tree.", body = ActorTree)),
)]
pub async fn actors(app: Data<App>, caller: Caller) -> Result<Json<ActorTree>, Problem> {
    caller.require(Role::Operator)?;
    let data = app.overseer.send(ListActors).await?;
    Ok(Json(ActorTree { data }))
}

/// Whether anything is changed.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ReloadQuery {
    /// Only tells what would change.
    #[serde(default)]
    dry_run: bool,
}

/// What a reload has changed, or would change.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum ReloadAnswer {
    Done(Reloaded),
    /// With `dry_run`.
    Preview(ReloadPreview),
}

/// `POST /api/admin/reload`: reads settings and workflow files again.
#[utoipa::path(
    post, path = "/api/admin/reload", tag = "daemon",
    params(ReloadQuery),
    responses((status = 200, description = "What is in force now, or would be.", body = ReloadAnswer)),
)]
pub async fn reload(app: Data<App>, caller: Caller, query: Query<ReloadQuery>) -> Result<Json<ReloadAnswer>, Problem> {
    caller.require(Role::Operator)?;
    let outcome = if query.dry_run {
        app.reloader.preview().await.map(ReloadAnswer::Preview)
    } else {
        app.reloader.reload().await.map(ReloadAnswer::Done)
    };
    outcome.map(Json).map_err(refused)
}

fn refused(error: ReloadError) -> Problem {
    match error {
        ReloadError::Write(error) => error.into(),
        ReloadError::Database(error) => error.into(),
        ReloadError::Away => Problem::unavailable(),
        error => {
            let problem = Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "bad_settings",
                format!("nothing has changed: {error}"),
            );
            match error {
                ReloadError::Settings(error) => problem.with("problems", json!(error.problems)),
                _ => problem,
            }
        }
    }
}
