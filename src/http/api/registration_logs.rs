//! What happened to a registration batch: its journal, as a list and as it grows.

use actix_web::http::Method;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::{Data, Json, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use entity::Id;
use serde::Deserialize;
use utoipa::IntoParams;

use super::events::{EventQuery, opening};
use super::logs::operation;
use crate::http::app::App;
use crate::http::caller::Caller;
use crate::http::cursor::{self, List};
use crate::http::job_feed::Opening;
use crate::http::problem::Problem;
use crate::http::registration_feed::RegistrationFeed;
use crate::http::sse::{self, Frames};
use crate::store::read::{Access, RegistrationLogFilter, RegistrationLogView};

/// Which rows.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct LogQuery {
    operation: Option<String>,
    registration_job_id: Option<Id>,
    limit: Option<u64>,
    cursor: Option<String>,
}

/// What happened to the batch and its registrations, newest first.
#[utoipa::path(
    get, path = "/api/registration-batches/{id}/logs", tag = "registration batches",
    params(("id" = Id, Path, description = "The batch."), LogQuery),
    responses((status = 200, description = "The batch's journal, newest first.", body = List<RegistrationLogView>)),
)]
pub async fn list(
    app: Data<App>,
    caller: Caller,
    id: Path<Id>,
    query: Query<LogQuery>,
) -> Result<Json<List<RegistrationLogView>>, Problem> {
    let filter = RegistrationLogFilter {
        operation: query.operation.as_deref().map(operation).transpose()?,
        registration: query.registration_job_id,
        before: cursor::read(query.cursor.as_deref())?,
        limit: cursor::limit(query.limit)?,
    };
    let batch = app.registration_batch(&caller, *id).await?;
    Ok(Json(app.reader.registration_journal(&batch, filter).await?.into()))
}

/// Follows a batch until it has ended.
#[utoipa::path(
    get, path = "/api/registration-batches/{id}/events", tag = "registration batches",
    params(
        ("id" = Id, Path, description = "The batch."),
        EventQuery,
        ("Last-Event-ID" = Option<i64>, Header, description = "The last event that the client has seen."),
    ),
    responses(
        (
            status = 200,
            description = "Server-sent events: `progress`, `batch`, `item`, `done`, `reset`.",
            body = String, content_type = "text/event-stream",
        ),
        (status = 204, description = "The batch has ended, and the client has seen all of it."),
    ),
)]
pub async fn follow(
    app: Data<App>,
    caller: Caller,
    id: Path<Id>,
    query: Query<EventQuery>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let items = query.items()?;
    let last = query.last_event_id(request.headers())?;
    let batch = match app.reader.registration_progress(&caller.scope, *id).await? {
        Access::Granted(batch) => batch,
        Access::Forbidden => return Err(Problem::forbidden("this batch belongs to another organisation")),
        Access::Missing => return Err(Problem::not_found("registration batch")),
    };
    let opening = opening(last, batch.head, batch.status.has_ended(), None);
    if opening == Opening::Nothing {
        return Ok(HttpResponse::NoContent()
            .insert_header((CACHE_CONTROL, "no-store"))
            .finish());
    }
    if request.method() == Method::HEAD {
        return Ok(sse::head().finish());
    }
    let place = app.streams.enter(caller.scope.user_id, &app.engine.settings().http)?;
    let engine = app.engine.clone();
    let mut feed = RegistrationFeed::new(app, caller, batch, items);
    let mut first = Frames::default();
    feed.open(opening, last, &mut first)
        .map_err(|error| Problem::internal(&error))?;
    Ok(sse::answer(feed, first, &engine, place))
}
