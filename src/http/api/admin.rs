//! The daemon itself, for operators.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Json};
use serde_json::{Value, json};

use crate::actors::{ListActors, ReloadError, Reloaded};
use crate::http::app::App;
use crate::http::caller::Caller;
use crate::http::problem::Problem;
use crate::store::read::Role;

/// `GET /api/admin/actors`: the live supervision tree.
pub async fn actors(app: Data<App>, caller: Caller) -> Result<Json<Value>, Problem> {
    caller.require(Role::Operator)?;
    Ok(Json(json!({ "data": app.overseer.send(ListActors).await? })))
}

/// `POST /api/admin/reload`: reads settings and workflow files again.
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
