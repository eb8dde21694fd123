//! `POST /api/storage-worker`: an outside function stores one result itself, by the workflow's row.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Json};
use entity::Id;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{companies, workflows};
use crate::http::app::App;
use crate::http::caller::Caller;
use crate::http::idempotency::{IdempotencyKey, once};
use crate::http::problem::Problem;
use crate::model::journal::StepRunEnd;
use crate::model::workflow::Workflow;
use crate::scrape::clean_url;
use crate::store::destinations::{Blame, DestinationError, DestinationRow, RowIds};
use crate::store::read::{Role, workflow};
use crate::store::write::{KeyAnswer, RecordResult, StoredAnswer};

/// Namespace of the ids of results that come without a step run.
const RESULTS: Uuid = Uuid::from_u128(0x0b7c_5d5e_9d0a_5f0e_a0c3_7d51_2f6e_44b1);

/// One result.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResultToStore {
    workflow_id: Id,
    /// The company that it is about: one of the organisation's.
    #[serde(default)]
    company_id: Option<Id>,
    /// In its place, the company's domain or address; it need not be a company of the organisation's yet.
    #[serde(default)]
    company_domain: Option<String>,
    /// The result; the workflow's mappings say which of it goes where.
    #[schema(value_type = Object)]
    data: Value,
}

/// Where the result went.
#[derive(Debug, Serialize, ToSchema)]
pub struct StoredResult {
    /// The row's `id`: the same result posted again updates the same row.
    id: Id,
    result_table: Option<String>,
    /// Mapped paths that the data does not have.
    warnings: Vec<String>,
}

/// A result with all that storing it needs.
struct Mapped {
    id: Id,
    company_id: Option<Id>,
    domain: Option<String>,
    row: Option<DestinationRow>,
    warnings: Vec<String>,
}

/// Stores one result.
#[utoipa::path(
    post, path = "/api/storage-worker", tag = "workflows",
    description = "Stores one result that an outside function has made, in the table that the workflow names, and logs it. A \
        company's result for a workflow has one row: posting again updates it.",
    request_body = ResultToStore,
    responses((status = 201, description = "It is stored and logged.", body = StoredResult)),
)]
pub async fn store(
    app: Data<App>,
    caller: Caller,
    key: IdempotencyKey,
    body: Json<ResultToStore>,
) -> Result<HttpResponse, Problem> {
    caller.require(Role::Member)?;
    let asked = body.into_inner();
    let row = workflows::visible(&app, &caller, asked.workflow_id).await?;
    let (workflow, enabled) = (workflow(&row), row.enabled);
    let (shared, who, result) = (app.clone(), caller.clone(), asked.clone());
    once(
        &app,
        &caller,
        key,
        "POST /api/storage-worker",
        &asked,
        move |request_key| async move {
            if !enabled {
                return Err(disabled(&workflow.slug));
            }
            let mapped = match map(&shared, &who, &workflow, &result).await {
                Ok(mapped) => mapped,
                Err(Refused::Problem(problem)) => return Err(problem),
                Err(Refused::Row(mapped, error)) => {
                    record(&shared, &who, &workflow, mapped, Some(error.to_string()), None).await?;
                    return Err(refusal(&error));
                }
            };
            let answer = StoredAnswer {
                status: 201,
                location: None,
                body: json!(StoredResult {
                    id: mapped.id,
                    result_table: workflow
                        .destination
                        .as_ref()
                        .map(|destination| destination.table.clone()),
                    warnings: mapped.warnings.clone(),
                })
                .to_string(),
            };
            let key_answer = request_key.map(|request| KeyAnswer {
                request,
                answer: answer.clone(),
            });
            record(&shared, &who, &workflow, mapped, None, key_answer).await?;
            Ok(answer)
        },
    )
    .await
}

/// Why a result is not stored.
enum Refused {
    Problem(Problem),
    /// The row's own fault, which is logged like that of any step.
    Row(Mapped, DestinationError),
}

impl<E: Into<Problem>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self::Problem(error.into())
    }
}

/// Maps the data, and writes the row where it goes to another database than HQ's.
async fn map(app: &App, caller: &Caller, workflow: &Workflow, result: &ResultToStore) -> Result<Mapped, Refused> {
    let organisation_id = caller.scope.organisation_id;
    let (company_id, domain) = company(app, caller, result).await?;
    let subject = company_id.map_or_else(|| domain.clone(), |id| id.to_string());
    let name = format!("{organisation_id} {} {subject}", workflow.id);
    let mut mapped = Mapped {
        id: Id(Uuid::new_v5(&RESULTS, name.as_bytes())),
        company_id,
        domain: Some(domain),
        row: None,
        warnings: Vec::new(),
    };
    let Some(destination) = &workflow.destination else {
        return Ok(mapped);
    };
    let destinations = &app.engine.destinations;
    let plan = destinations.plan(destination).await.map_err(|error| refusal(&error))?;
    let ids = RowIds {
        step_run_id: mapped.id,
        workflow_id: workflow.id,
        organisation_id,
        company_id: mapped.company_id,
        company_domain: mapped.domain.clone(),
    };
    let (row, warnings) = match plan.row(&ids, &result.data) {
        Ok(row) => row,
        Err(error) => return Err(Refused::Row(mapped, error)),
    };
    mapped.warnings = warnings;
    if destinations.is_in_hq(destination.database) {
        mapped.row = Some(row);
        return Ok(mapped);
    }
    match destinations.write(row).await {
        Ok(()) => Ok(mapped),
        Err(error) if error.blame() == Blame::Row => Err(Refused::Row(mapped, error)),
        Err(error) => Err(refusal(&error).into()),
    }
}

/// The organisation's company that is meant, if there is one, and its domain.
async fn company(app: &App, caller: &Caller, result: &ResultToStore) -> Result<(Option<Id>, String), Problem> {
    if let Some(id) = result.company_id {
        let company = companies::visible(app, caller, id).await?;
        return Ok((Some(id), company.domain));
    }
    let named = result
        .company_domain
        .as_deref()
        .ok_or_else(|| Problem::bad_request("say what the result is about: 'company_id' or 'company_domain'"))?;
    let domain = clean_url(named)
        .map_err(|refusal| Problem::bad_request(format!("'company_domain' names no company: {refusal}")))?
        .host_key;
    let company = app.reader.company_of_domain(&caller.scope, &domain).await?;
    Ok((company.map(|company| company.id), domain))
}

async fn record(
    app: &App,
    caller: &Caller,
    workflow: &Workflow,
    mapped: Mapped,
    error: Option<String>,
    answer: Option<KeyAnswer>,
) -> Result<(), Problem> {
    let organisation_id = caller.scope.organisation_id;
    let batch = format!("{organisation_id} {}", workflow.id);
    let result_table = workflow
        .destination
        .as_ref()
        .map(|destination| destination.table.clone());
    let command = RecordResult {
        organisation_id,
        batch_id: Id(Uuid::new_v5(&RESULTS, batch.as_bytes())),
        step: workflow.number,
        end: StepRunEnd {
            workflow_id: workflow.id,
            workflow_slug: workflow.slug.clone(),
            play: workflow.play.clone(),
            life: 1,
            domain: mapped.domain,
            company_id: mapped.company_id,
            result_table,
            // A refused result has no row; each refusal is one of its own.
            step_run: error.is_none().then_some(mapped.id),
            error,
            chain: None,
            warnings: mapped.warnings,
            cost: None,
            reason: None,
            input: None,
        },
        row: mapped.row,
        origin: caller.origin(),
        answer,
    };
    app.command(command).await.map(drop)
}

fn disabled(slug: &str) -> Problem {
    let detail = format!("the workflow '{slug}' is disabled; enable it before results are stored for it");
    Problem::new(StatusCode::CONFLICT, "workflow_disabled", detail)
}

fn refusal(error: &DestinationError) -> Problem {
    let status = match error.blame() {
        Blame::Row => StatusCode::UNPROCESSABLE_ENTITY,
        Blame::Workflow => StatusCode::CONFLICT,
        Blame::Passing => StatusCode::SERVICE_UNAVAILABLE,
    };
    let problem = Problem::new(status, error.code(), error.to_string());
    match error.retry_after() {
        Some(wait) => problem.retry_after(wait),
        None => problem,
    }
}
