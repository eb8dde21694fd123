//! The daemon itself, for operators.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Json};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::actors::supervision::ActorReport;
use crate::actors::{ListActors, ReloadError, Reloaded};
use crate::http::app::App;
use crate::http::caller::Caller;
use crate::http::problem::{Problem, Refusals};
use crate::store::read::Role;

/// The live supervision tree.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActorTree {
    data: Vec<ActorReport>,
}

/// `GET /api/admin/actors`: the live supervision tree.
#[utoipa::path(
    get, path = "/api/admin/actors", tag = "daemon",
    responses((status = 200, description = "The live supervision tree.", body = ActorTree), Refusals),
)]
pub async fn actors(app: Data<App>, caller: Caller) -> Result<Json<ActorTree>, Problem> {
    caller.require(Role::Operator)?;
    let data = app.overseer.send(ListActors).await?;
    Ok(Json(ActorTree { data }))
}

/// `POST /api/admin/reload`: reads settings and workflow files again.
#[utoipa::path(
    post, path = "/api/admin/reload", tag = "daemon",
    responses((status = 200, description = "What is in force now.", body = Reloaded), Refusals),
)]
pub async fn reload(app: Data<App>, caller: Caller) -> Result<Json<Reloaded>, Problem> {
    caller.require(Role::Operator)?;
    match app.reloader.reload().await {
        Ok(reloaded) => Ok(Json(reloaded)),
        Err(ReloadError::Write(error)) => Err(error.into()),
        Err(ReloadError::Away) => Err(Problem::unavailable()),
        Err(error) => {
            let problem = Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "bad_settings",
                format!("nothing has changed: {error}"),
            );
            Err(match error {
                ReloadError::Settings(error) => problem.with("problems", json!(error.problems)),
                _ => problem,
            })
        }
    }
}
