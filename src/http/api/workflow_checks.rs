//! Looking at a workflow before it runs: what is wrong with it, and what it would do for one company.

use actix_web::web::{Data, Json, Path};
use entity::Id;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{companies, workflows};
use crate::http::app::App;
use crate::http::caller::Caller;
use crate::http::problem::Problem;
use crate::steps::preflight::{DryRun, Trial, WorkflowMistake};
use crate::store::read::{Role, workflow};

/// What is wrong with a workflow.
#[derive(Debug, Serialize, ToSchema)]
pub struct CheckedWorkflow {
    /// No mistake but warnings.
    ok: bool,
    mistakes: Vec<WorkflowMistake>,
}

async fn organisation(app: &App, caller: &Caller) -> Result<String, Problem> {
    let name = app
        .engine
        .reader
        .organisation_name(caller.scope.organisation_id)
        .await?;
    Ok(name.unwrap_or_default())
}

/// Finds every mistake before the first item does.
#[utoipa::path(
    post, path = "/api/workflows/{id}/check", tag = "workflows",
    description = "Finds every mistake at once: settings, templates, secrets, the destination's table and columns. Nothing is \
        called and nothing written.",
    params(("id" = Id, Path, description = "The workflow.")),
    responses((status = 200, description = "What is wrong with it.", body = CheckedWorkflow)),
)]
pub async fn check(app: Data<App>, caller: Caller, id: Path<Id>) -> Result<Json<CheckedWorkflow>, Problem> {
    caller.require(Role::Member)?;
    let row = workflows::visible(&app, &caller, *id).await?;
    let organisation = organisation(&app, &caller).await?;
    let mistakes = app.engine.preflight().check(&workflow(&row), &organisation).await;
    Ok(Json(CheckedWorkflow {
        ok: mistakes.iter().all(|mistake| mistake.warning),
        mistakes,
    }))
}

/// Which company, and with what answer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DryRunRequest {
    company_id: Id,
    /// Send the request, which may cost something. Only a provider that answers at once is called.
    #[serde(default)]
    call: bool,
    /// An answer to go on with in place of the provider's.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    sample: Option<Value>,
}

/// Shows what the workflow would do for one company.
#[utoipa::path(
    post, path = "/api/workflows/{id}/dry-run", tag = "workflows",
    description = "Shows the request for one company, and with `call` or a `sample` answer also the row that would be written. \
        Nothing is written. A mapped path that the data does not have is an error here.",
    params(("id" = Id, Path, description = "The workflow.")),
    request_body = DryRunRequest,
    responses((status = 200, description = "What it would do.", body = DryRun)),
)]
pub async fn dry_run(
    app: Data<App>,
    caller: Caller,
    id: Path<Id>,
    body: Json<DryRunRequest>,
) -> Result<Json<DryRun>, Problem> {
    caller.require(Role::Member)?;
    let row = workflows::visible(&app, &caller, *id).await?;
    let company = companies::visible(&app, &caller, body.company_id).await?;
    let organisation = organisation(&app, &caller).await?;
    let DryRunRequest { call, sample, .. } = body.into_inner();
    let trial = Trial {
        company,
        sample,
        may_call: call,
    };
    let report = app
        .engine
        .preflight()
        .dry_run(&workflow(&row), &organisation, trial)
        .await;
    Ok(Json(report))
}
