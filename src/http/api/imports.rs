//! `/api/imports`: a list is looked at, and kept for an hour, before a job is made of it.

use std::path::PathBuf;

use actix_web::http::header::CONTENT_DISPOSITION;
use actix_web::web::{Bytes, Data, Json, Path, Payload, Query};
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use entity::{Id, imports};
use futures_util::TryStreamExt as _;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tempfile::TempPath;
use utoipa::{IntoParams, ToSchema};

use crate::actors::import::{ImportError, Preview, preview, rejected};
use crate::http::app::App;
use crate::http::caller::Caller;
use crate::http::idempotency::{IdempotencyKey, once};
use crate::http::intake::{ListForm, ListJson, ListOptions, Workbook, receive};
use crate::http::problem::Problem;
use crate::store::read::{Access, Role};
use crate::store::write::{ForgetPreviews, KeepPreview, KeyAnswer, StoredAnswer};

/// How long a list is kept.
const KEPT_FOR: TimeDelta = TimeDelta::hours(1);

/// A list that is kept, looked at.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportView {
    import_id: Id,
    filename: String,
    /// What the list had been before it became text.
    source: Value,
    created_at: DateTime<Utc>,
    /// Until then `POST /api/jobs` takes the `import_id`.
    expires_at: DateTime<Utc>,
    #[serde(flatten)]
    preview: Preview,
}

/// `POST /api/imports`: takes a list in every form that `POST /api/jobs` takes, and starts nothing.
#[utoipa::path(
    post, path = "/api/imports", tag = "imports",
    params(
        ListOptions,
        ("Idempotency-Key" = Option<String>, Header, description = "Carried out once for each key, for 24 hours."),
    ),
    request_body(
        description = "A form with a field `file`, a text file, an Excel workbook, or JSON: `{\"practices\": [...]}`",
        content(
            (ListForm = "multipart/form-data"),
            (String = "text/csv"),
            (Workbook = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            (ListJson = "application/json"),
        ),
    ),
    responses((status = 201, description = "The list, looked at and kept for an hour.", body = ImportView)),
)]
pub async fn create(
    app: Data<App>,
    caller: Caller,
    request: HttpRequest,
    key: IdempotencyKey,
    query: Query<ListOptions>,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    caller.require(Role::Member)?;
    let received = receive(&app, &request, query.into_inner(), payload).await?;
    let asked = (received.digest.clone(), received.options.clone());
    let filename = received.filename();
    let url_column = received.options.url_column;
    let Some(list) = received.list else {
        return Err(Problem::bad_request("send a list; 'import_id' goes to POST /api/jobs"));
    };
    let (shared, scope) = (app.clone(), caller.scope.clone());
    once(
        &app,
        &caller,
        key,
        "POST /api/imports",
        &asked,
        move |request_key| async move {
            let app = shared;
            let organisation_id = scope.organisation_id;
            let preview = preview(&app.engine, &app.reader, organisation_id, list.file.path(), url_column).await?;
            let now = Utc::now().trunc_subsecs(3);
            let view = ImportView {
                import_id: Id::now(),
                filename: filename.clone(),
                source: list.source.clone(),
                created_at: now,
                expires_at: now + KEPT_FOR,
                preview,
            };
            let path = kept_path(&app, view.import_id);
            let directory = app.kept_lists.clone();
            // On the disk before the row says that it is there.
            let keeping = tokio::task::spawn_blocking(move || {
                list.file.as_file().sync_all()?;
                list.file.persist(path).map_err(|error| error.error)?;
                std::fs::File::open(directory)?.sync_all()
            });
            keeping
                .await
                .map_err(|error| Problem::internal(&error))?
                .map_err(|error| Problem::no_space(&error))?;
            let answer = StoredAnswer {
                status: 201,
                location: Some(format!("/api/imports/{}", view.import_id)),
                body: json!(view).to_string(),
            };
            let command = KeepPreview {
                id: view.import_id,
                organisation_id,
                user_id: scope.user_id,
                filename,
                source: list.source,
                expires_at: view.expires_at,
                answer: request_key.map(|request| KeyAnswer {
                    request,
                    answer: answer.clone(),
                }),
            };
            app.command(command).await?;
            Ok(answer)
        },
    )
    .await
}

/// How to look at a list that is kept.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct LookQuery {
    url_column: Option<String>,
}

/// `GET /api/imports/{id}`: the list looked at again, with another URL column perhaps.
#[utoipa::path(
    get, path = "/api/imports/{id}", tag = "imports",
    params(("id" = Id, Path, description = "The import."), LookQuery),
    responses((status = 200, description = "The list, looked at again.", body = ImportView)),
)]
pub async fn detail(
    app: Data<App>,
    caller: Caller,
    id: Path<Id>,
    query: Query<LookQuery>,
) -> Result<Json<ImportView>, Problem> {
    let (kept, path) = link_kept(&app, &caller, *id).await?;
    let preview = preview(
        &app.engine,
        &app.reader,
        kept.organisation_id,
        &path,
        query.into_inner().url_column,
    )
    .await?;
    Ok(Json(ImportView {
        import_id: kept.id,
        filename: kept.filename,
        source: kept.source,
        created_at: kept.created_at,
        expires_at: kept.expires_at,
        preview,
    }))
}

/// `GET /api/imports/{id}/rejected`: the rows that would be in error as CSV, each with the reason.
#[utoipa::path(
    get, path = "/api/imports/{id}/rejected", tag = "imports",
    params(("id" = Id, Path, description = "The import."), LookQuery),
    responses(
        (
            status = 200,
            description = "The rows that would be in error, each with the reason.",
            body = String,
            content_type = "text/csv",
        ),
    ),
)]
pub async fn rejected_rows(
    app: Data<App>,
    caller: Caller,
    id: Path<Id>,
    query: Query<LookQuery>,
) -> Result<HttpResponse, Problem> {
    let (kept, path) = link_kept(&app, &caller, *id).await?;
    let rows = rejected(&app.engine, PathBuf::from(&*path), query.into_inner().url_column).await?;
    let pieces = rows.pieces().map_ok(Bytes::from).map_err(broken_off);
    let disposition = format!("attachment; filename=\"{}-rejected.csv\"", kept.id);
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8; header=present")
        .insert_header((CONTENT_DISPOSITION, disposition))
        // The link lives as long as the answer.
        .streaming(Box::pin(pieces.inspect_ok(move |_| {
            let _ = &path;
        }))))
}

fn broken_off(error: ImportError) -> Problem {
    tracing::warn!(%error, "a file of rejected rows broke off");
    Problem::unavailable()
}

/// `DELETE /api/imports/{id}`.
#[utoipa::path(
    delete, path = "/api/imports/{id}", tag = "imports",
    params(("id" = Id, Path, description = "The import.")),
    responses((status = 204, description = "It is gone.")),
)]
pub async fn delete(app: Data<App>, caller: Caller, id: Path<Id>) -> Result<HttpResponse, Problem> {
    caller.require(Role::Member)?;
    let kept = kept(&app, &caller, *id).await?;
    app.command(ForgetPreviews { ids: vec![kept.id] }).await?;
    let path = kept_path(&app, kept.id);
    // What is left here the daemon removes when it looks for lists that nobody knows.
    drop(tokio::fs::remove_file(path).await);
    Ok(HttpResponse::NoContent().finish())
}

fn kept_path(app: &App, id: Id) -> PathBuf {
    app.kept_lists.join(id.to_string())
}

async fn kept(app: &App, caller: &Caller, id: Id) -> Result<imports::Model, Problem> {
    match app.reader.kept_list(&caller.scope, id).await? {
        Access::Granted(kept) => Ok(kept),
        Access::Forbidden => Err(Problem::forbidden("this import belongs to somebody else")),
        Access::Missing => Err(Problem::not_found("import, or its hour is over; send the list again")),
    }
}

/// A list that is kept, under a second name of its own, so that it can be read to its end whatever becomes of the first.
pub(super) async fn link_kept(app: &App, caller: &Caller, id: Id) -> Result<(imports::Model, TempPath), Problem> {
    let kept = kept(app, caller, id).await?;
    let (from, to) = (kept_path(app, id), app.spool.join(Id::now().to_string()));
    let linking = tokio::task::spawn_blocking(move || {
        std::fs::hard_link(from, &to)?;
        TempPath::try_from_path(to)
    });
    match linking.await.map_err(|error| Problem::internal(&error))? {
        Ok(path) => Ok((kept, path)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(Problem::not_found("import, or its hour is over; send the list again"))
        }
        Err(error) => Err(Problem::no_space(&error)),
    }
}
