//! Killing, pausing, resuming and redoing a job.

use actix_web::web::{Data, Json};
use entity::Id;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::actors::{Redo, Steer};
use crate::http::app::App;
use crate::http::caller::Caller;
use crate::http::problem::Problem;
use crate::model::batch::JobEvent;
use crate::store::read::Role;
use crate::store::write::{ChangeJob, Changed, RedoJob, Redone};

/// Which job.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JobCommand {
    job_id: Id,
}

/// `POST /api/kill-job`.
pub async fn kill(app: Data<App>, caller: Caller, body: Json<JobCommand>) -> Result<Json<Value>, Problem> {
    steer(&app, &caller, body.job_id, JobEvent::Kill, Some("killed".to_owned())).await
}

/// `POST /api/pause-job`.
pub async fn pause(app: Data<App>, caller: Caller, body: Json<JobCommand>) -> Result<Json<Value>, Problem> {
    steer(&app, &caller, body.job_id, JobEvent::Pause, None).await
}

/// `POST /api/resume-job`.
pub async fn resume(app: Data<App>, caller: Caller, body: Json<JobCommand>) -> Result<Json<Value>, Problem> {
    steer(&app, &caller, body.job_id, JobEvent::Resume, None).await
}

async fn steer(
    app: &App,
    caller: &Caller,
    job_id: Id,
    event: JobEvent,
    reason: Option<String>,
) -> Result<Json<Value>, Problem> {
    caller.require(Role::Member)?;
    app.job(caller, job_id).await?;
    let command = ChangeJob {
        job_id,
        event,
        origin: caller.origin(),
        reason,
    };
    // The command stands in the writer's queue also when this wait is over.
    let answer = tokio::time::timeout(app.command_timeout(), app.overseer.send(Steer(command))).await;
    match answer.map_err(|_| Problem::unavailable())??? {
        Changed::Accepted(status) | Changed::Already(status) => Ok(Json(json!({ "job_id": job_id, "status": status }))),
        Changed::Illegal { from, event } => Err(Problem::illegal(from, event)),
        Changed::Unfinished | Changed::NotFound => Err(Problem::not_found("job")),
    }
}

/// `POST /api/redo-job`.
pub async fn redo(app: Data<App>, caller: Caller, body: Json<JobCommand>) -> Result<Json<Value>, Problem> {
    caller.require(Role::Member)?;
    let job_id = body.job_id;
    app.job(&caller, job_id).await?;
    let command = RedoJob {
        job_id,
        origin: caller.origin(),
    };
    let answer = tokio::time::timeout(app.command_timeout(), app.overseer.send(Redo(command))).await;
    match answer.map_err(|_| Problem::unavailable())??? {
        Redone::Accepted { reset } => Ok(Json(json!({ "job_id": job_id, "reset": reset }))),
        Redone::Illegal { from } => Err(Problem::illegal(from, JobEvent::Redo)),
        Redone::NotFound => Err(Problem::not_found("job")),
    }
}
