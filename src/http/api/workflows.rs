//! `/api/workflows`: which provider does a step, and where its result goes.

use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Data, Json, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use chrono::{SubsecRound as _, Utc};
use entity::{Id, db_driven_enrichment_workflows};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::IntoParams;

use super::workflow_body::{NewWorkflow, WorkflowBody, WorkflowPatch, read_spec};
use crate::actors::WorkflowsChanged;
use crate::http::app::App;
use crate::http::body::optional;
use crate::http::caller::Caller;
use crate::http::cursor::{self, List};
use crate::http::etag::{expected_version, tagged};
use crate::http::idempotency::{IdempotencyKey, once};
use crate::http::problem::Problem;
use crate::model::merge_patch::merge;
use crate::store::read::{Access, Role, WorkflowFilter, WorkflowVersionView, WorkflowView, workflow_spec};
use crate::store::write::{
    ChangeWorkflow, CreateWorkflow, DeleteWorkflow, KeyAnswer, OF_API, OF_FILE, RequestKey, StoredAnswer,
    WorkflowChanged, WorkflowCreated, WriteCommand, workflow_row,
};

/// How often a change without `If-Match` is made anew where somebody else comes between.
const TRIES: usize = 5;
/// Characters that a slug or a title may have.
const LONGEST_NAME: usize = 120;

type Row = db_driven_enrichment_workflows::Model;

/// Which workflows.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct WorkflowQuery {
    /// The name of a play.
    play: Option<String>,
    provider: Option<String>,
    enabled: Option<bool>,
    /// The beginning of a slug or a title.
    q: Option<String>,
    limit: Option<u64>,
    cursor: Option<String>,
}

/// `GET /api/workflows`: the organisation's workflows and the shared ones, play by play, in the order of their steps.
#[utoipa::path(
    get, path = "/api/workflows", tag = "workflows",
    params(WorkflowQuery),
    responses(
        (
            status = 200,
            description = "The organisation's workflows and the shared ones, play by play.",
            body = List<WorkflowView>,
        ),
    ),
)]
pub async fn list(
    app: Data<App>,
    caller: Caller,
    query: Query<WorkflowQuery>,
) -> Result<Json<List<WorkflowView>>, Problem> {
    let after = cursor::read(query.cursor.as_deref())?;
    let limit = cursor::limit(query.limit)?;
    let query = query.into_inner();
    let filter = WorkflowFilter {
        play: query.play,
        provider: query.provider,
        enabled: query.enabled,
        prefix: query.q.filter(|prefix| !prefix.is_empty()),
        after,
        limit,
    };
    Ok(Json(app.reader.workflows(&caller.scope, &filter).await?.into()))
}

/// `POST /api/workflows`. Steps that start from now on go by it.
#[utoipa::path(
    post, path = "/api/workflows", tag = "workflows",
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "Carried out once for each key, for 24 hours."),
    ),
    request_body = WorkflowBody,
    responses((status = 201, description = "The workflow.", body = WorkflowView)),
)]
pub async fn create(
    app: Data<App>,
    caller: Caller,
    key: IdempotencyKey,
    body: Json<Map<String, Value>>,
) -> Result<HttpResponse, Problem> {
    caller.require(Role::Admin)?;
    let new = NewWorkflow::read(body.clone())?;
    let (shared, asker) = (app.clone(), caller.clone());
    once(
        &app,
        &asker,
        key,
        "POST /api/workflows",
        &*body,
        move |request_key| async move { make(&shared, &caller, new, request_key).await },
    )
    .await
}

async fn make(
    app: &App,
    caller: &Caller,
    new: NewWorkflow,
    request_key: Option<RequestKey>,
) -> Result<StoredAnswer, Problem> {
    if new.shared {
        caller.require(Role::Operator)?;
    }
    let owner = (!new.shared).then_some(caller.scope.organisation_id);
    let id = new.id.unwrap_or_else(Id::now);
    let mut row = workflow_row(id, owner, OF_API, &new.spec, Utc::now().trunc_subsecs(3));
    if new.id.is_some() {
        // One that was deleted may come back; its versions go on.
        let last = app.reader.last_version(&caller.scope, owner, id).await?;
        row.version = last.map_or(1, |last| last.saturating_add(1));
    }
    let answer = StoredAnswer {
        status: 201,
        location: Some(format!("/api/workflows/{id}")),
        body: json!(WorkflowView::from(row.clone())).to_string(),
    };
    let command = CreateWorkflow {
        row,
        origin: caller.origin(),
        answer: request_key.map(|request| KeyAnswer {
            request,
            answer: answer.clone(),
        }),
    };
    match write(app, command, &WorkflowCreated::Accepted).await? {
        WorkflowCreated::Accepted => Ok(answer),
        WorkflowCreated::SlugTaken => Err(slug_taken(&new.spec.slug)),
        WorkflowCreated::IdTaken => {
            let detail = "there is a workflow with this id; send another id, or none";
            Err(Problem::new(StatusCode::CONFLICT, "id_taken", detail))
        }
    }
}

/// Every change of a workflow takes this way: jobs hear of those that took place.
async fn write<C>(app: &App, command: C, accepted: &C::Answer) -> Result<C::Answer, Problem>
where
    C: WriteCommand,
    C::Answer: PartialEq,
{
    let answer = app.command(command).await?;
    if answer == *accepted {
        app.overseer.do_send(WorkflowsChanged);
    }
    Ok(answer)
}

fn slug_taken(slug: &str) -> Problem {
    let detail = format!("there is a workflow '{slug}', of the organisation or shared; give this one another slug");
    Problem::new(StatusCode::CONFLICT, "slug_taken", detail)
}

fn managed_by_file() -> Problem {
    let detail =
        "this workflow comes from a file, which says what it is; POST to its 'copy' makes one that you can change";
    Problem::new(StatusCode::CONFLICT, "managed_by_file", detail)
}

/// The workflow, if the caller may see it.
pub(super) async fn visible(app: &App, caller: &Caller, id: Id) -> Result<Row, Problem> {
    match app.reader.workflow(&caller.scope, id).await? {
        Access::Granted(row) => Ok(row),
        Access::Forbidden => Err(Problem::forbidden("this workflow belongs to another organisation")),
        Access::Missing => Err(Problem::not_found("workflow")),
    }
}

/// The workflow, if the caller may change it.
async fn changeable(app: &App, caller: &Caller, id: Id) -> Result<Row, Problem> {
    caller.require(Role::Admin)?;
    let row = visible(app, caller, id).await?;
    if row.managed_by == OF_FILE {
        return Err(managed_by_file());
    }
    if row.organisation_id.is_none() {
        caller.require(Role::Operator)?;
    }
    Ok(row)
}

fn tagged_row(row: Row) -> HttpResponse {
    tagged(row.version, &WorkflowView::from(row))
}

/// `GET /api/workflows/{id}`, with its version as the ETag.
#[utoipa::path(
    get, path = "/api/workflows/{id}", tag = "workflows",
    params(("id" = Id, Path, description = "The workflow.")),
    responses(
        (
            status = 200,
            description = "The workflow.",
            body = WorkflowView,
            headers(("ETag" = String, description = "Its version, for If-Match.")),
        ),
    ),
)]
pub async fn detail(app: Data<App>, caller: Caller, id: Path<Id>) -> Result<HttpResponse, Problem> {
    Ok(tagged_row(visible(&app, &caller, *id).await?))
}

/// `PUT /api/workflows/{id}`: what is absent takes its default. With `If-Match` only if nobody has changed it since.
#[utoipa::path(
    put, path = "/api/workflows/{id}", tag = "workflows",
    params(
        ("id" = Id, Path, description = "The workflow."),
        ("If-Match" = Option<String>, Header, description = "The version that is changed."),
    ),
    request_body = WorkflowBody,
    responses(
        (
            status = 200,
            description = "The workflow as it is now.",
            body = WorkflowView,
            headers(("ETag" = String, description = "Its version.")),
        ),
    ),
)]
pub async fn replace(
    app: Data<App>,
    caller: Caller,
    request: HttpRequest,
    id: Path<Id>,
    body: Json<Map<String, Value>>,
) -> Result<HttpResponse, Problem> {
    changeable(&app, &caller, *id).await?;
    let command = ChangeWorkflow {
        id: *id,
        version: expected_version(&request)?,
        spec: read_spec(body.into_inner())?,
        origin: caller.origin(),
    };
    let slug = command.spec.slug.clone();
    match write(&app, command, &WorkflowChanged::Accepted).await? {
        WorkflowChanged::Accepted | WorkflowChanged::Unchanged => Ok(tagged_row(visible(&app, &caller, *id).await?)),
        refusal => Err(refused(&refusal, &slug)),
    }
}

/// `PATCH /api/workflows/{id}`: a merge patch. With `If-Match` only if nobody has changed it since.
#[utoipa::path(
    patch, path = "/api/workflows/{id}", tag = "workflows",
    params(
        ("id" = Id, Path, description = "The workflow."),
        ("If-Match" = Option<String>, Header, description = "The version that is changed."),
    ),
    request_body = WorkflowPatch,
    responses(
        (
            status = 200,
            description = "The workflow as it is now.",
            body = WorkflowView,
            headers(("ETag" = String, description = "Its version.")),
        ),
    ),
)]
pub async fn change(
    app: Data<App>,
    caller: Caller,
    request: HttpRequest,
    id: Path<Id>,
    body: Json<Map<String, Value>>,
) -> Result<HttpResponse, Problem> {
    let expected = expected_version(&request)?;
    let patch = Value::Object(body.into_inner());
    let mut outcome = WorkflowChanged::NotFound;
    let mut slug = String::new();
    for _ in 0..TRIES {
        let row = changeable(&app, &caller, *id).await?;
        if let Some(expected) = expected.filter(|expected| *expected != row.version) {
            tracing::debug!(workflow = %id, expected, version = row.version, "a change of a version that is gone");
            return Err(Problem::stale(row.version));
        }
        let command = ChangeWorkflow {
            id: *id,
            version: Some(row.version),
            spec: read_spec(patched(&row, &patch))?,
            origin: caller.origin(),
        };
        slug.clone_from(&command.spec.slug);
        outcome = write(&app, command, &WorkflowChanged::Accepted).await?;
        let again = expected.is_none() && matches!(outcome, WorkflowChanged::Stale { .. });
        if !again {
            break;
        }
    }
    match outcome {
        WorkflowChanged::Accepted | WorkflowChanged::Unchanged => Ok(tagged_row(visible(&app, &caller, *id).await?)),
        refusal => Err(refused(&refusal, &slug)),
    }
}

fn patched(row: &Row, patch: &Value) -> Map<String, Value> {
    let mut fields = Value::Object(workflow_spec(row).fields());
    merge(&mut fields, patch);
    match fields {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

fn refused(refusal: &WorkflowChanged, slug: &str) -> Problem {
    match refusal {
        WorkflowChanged::Stale { version } => Problem::stale(*version),
        WorkflowChanged::SlugTaken => slug_taken(slug),
        WorkflowChanged::ManagedByFile => managed_by_file(),
        WorkflowChanged::Accepted | WorkflowChanged::Unchanged | WorkflowChanged::NotFound => {
            Problem::not_found("workflow")
        }
    }
}

/// `DELETE /api/workflows/{id}`. Steps that have begun end under the version that they began with.
#[utoipa::path(
    delete, path = "/api/workflows/{id}", tag = "workflows",
    params(
        ("id" = Id, Path, description = "The workflow."),
        ("If-Match" = Option<String>, Header, description = "The version that is deleted."),
    ),
    responses((status = 204, description = "It is gone.")),
)]
pub async fn delete(
    app: Data<App>,
    caller: Caller,
    request: HttpRequest,
    id: Path<Id>,
) -> Result<HttpResponse, Problem> {
    let row = changeable(&app, &caller, *id).await?;
    let command = DeleteWorkflow {
        id: row.id,
        version: expected_version(&request)?,
        origin: caller.origin(),
    };
    match write(&app, command, &WorkflowChanged::Accepted).await? {
        WorkflowChanged::Accepted => Ok(HttpResponse::NoContent().finish()),
        refusal => Err(refused(&refusal, &row.workflow_slug)),
    }
}

/// `POST /api/workflows/{id}/copy`: makes one that can be changed, disabled unless the body says otherwise.
#[utoipa::path(
    post, path = "/api/workflows/{id}/copy", tag = "workflows",
    params(
        ("id" = Id, Path, description = "The workflow to copy."),
        ("Idempotency-Key" = Option<String>, Header, description = "Carried out once for each key, for 24 hours."),
    ),
    request_body(content = Option<WorkflowPatch>, description = "What is different in the copy. It may be left out."),
    responses((status = 201, description = "The copy.", body = WorkflowView)),
)]
pub async fn copy(
    app: Data<App>,
    caller: Caller,
    key: IdempotencyKey,
    id: Path<Id>,
    body: Result<Bytes, actix_web::Error>,
) -> Result<HttpResponse, Problem> {
    caller.require(Role::Admin)?;
    let body = body.map_err(|error| Problem::bad_request(format!("the body cannot be read: {error}")))?;
    let changes: Map<String, Value> = optional(&body)?;
    let source = visible(&app, &caller, *id).await?;
    let asked = (*id, &changes);
    let new = copied(&app, &caller, &source, changes.clone()).await?;
    let (shared, asker) = (app.clone(), caller.clone());
    once(
        &app,
        &asker,
        key,
        "POST /api/workflows/copy",
        &asked,
        move |request_key| async move { make(&shared, &caller, new, request_key).await },
    )
    .await
}

async fn copied(app: &App, caller: &Caller, source: &Row, changes: Map<String, Value>) -> Result<NewWorkflow, Problem> {
    let mut copy = Value::Object(workflow_spec(source).fields());
    let slug = free_slug(app, caller, &source.workflow_slug).await?;
    let title: String = source.title.chars().take(LONGEST_NAME - " (copy)".len()).collect();
    merge(
        &mut copy,
        &json!({ "workflow_slug": slug, "title": format!("{title} (copy)"), "enabled": false }),
    );
    merge(&mut copy, &Value::Object(changes));
    NewWorkflow::read(copy.as_object().cloned().unwrap_or_default())
}

/// `SLUG-copy`, or with the first number that is free.
async fn free_slug(app: &App, caller: &Caller, slug: &str) -> Result<String, Problem> {
    const ROOM: usize = "-copy-1000".len();
    let stem: String = slug.chars().take(LONGEST_NAME - ROOM).collect();
    let stem = format!("{stem}-copy");
    let taken = app.reader.taken_slugs(&caller.scope, &stem).await?;
    let numbered = (2..).map(|number| format!("{stem}-{number}"));
    let free = std::iter::once(stem.clone())
        .chain(numbered)
        .take(taken.len() + 1)
        .find(|slug| !taken.contains(slug));
    Ok(free.unwrap_or(stem))
}

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct PageQuery {
    limit: Option<u64>,
    cursor: Option<String>,
}

/// `GET /api/workflows/{id}/versions`: what the workflow said at each version, newest first.
#[utoipa::path(
    get, path = "/api/workflows/{id}/versions", tag = "workflows",
    params(("id" = Id, Path, description = "The workflow."), PageQuery),
    responses(
        (
            status = 200,
            description = "What the workflow said at each version, newest first.",
            body = List<WorkflowVersionView>,
        ),
    ),
)]
pub async fn versions(
    app: Data<App>,
    caller: Caller,
    id: Path<Id>,
    query: Query<PageQuery>,
) -> Result<Json<List<WorkflowVersionView>>, Problem> {
    let before = cursor::read(query.cursor.as_deref())?;
    let limit = cursor::limit(query.limit)?;
    let row = visible(&app, &caller, *id).await?;
    Ok(Json(
        app.reader
            .workflow_versions(&caller.scope, row.id, before, limit)
            .await?
            .into(),
    ))
}
