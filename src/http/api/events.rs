//! `GET /api/jobs/{id}/events`: a job as it goes on, from its journal alone.

use actix_web::http::Method;
use actix_web::http::header::{CACHE_CONTROL, HeaderMap};
use actix_web::web::{Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use entity::Id;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::http::app::App;
use crate::http::caller::Caller;
use crate::http::job_feed::{JobFeed, Opening};
use crate::http::problem::Problem;
use crate::http::sse::{self, Frames};

/// What to tell, and from where on.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct EventQuery {
    /// `1`: also what happens to each practice.
    items: Option<String>,
    /// As the header, for clients that cannot set one.
    last_event_id: Option<String>,
}

impl EventQuery {
    pub(super) fn items(&self) -> Result<bool, Problem> {
        match self.items.as_deref() {
            None | Some("0" | "false") => Ok(false),
            Some("1" | "true") => Ok(true),
            Some(_) => Err(Problem::bad_request("'items' must be 1 or 0")),
        }
    }

    /// The header wins: a browser keeps the query of its first request when it connects again.
    pub(super) fn last_event_id(&self, headers: &HeaderMap) -> Result<Option<i64>, Problem> {
        let text = match headers.get("Last-Event-ID") {
            Some(value) => Some(value.to_str().unwrap_or("?")),
            None => self.last_event_id.as_deref(),
        };
        let Some(text) = text else { return Ok(None) };
        match text.parse() {
            Ok(id @ 0..) => Ok(Some(id)),
            _ => Err(Problem::bad_request(
                "'Last-Event-ID' must be the id of an event of this job, a number from 0 on",
            )),
        }
    }
}

/// How to begin for a client that has seen `last`, where the job's journal ends at `head` and what stood before
/// `pruned` is gone.
pub(super) fn opening(last: Option<i64>, head: i64, has_ended: bool, pruned: Option<i64>) -> Opening {
    match last {
        None => Opening::After(head),
        Some(last) if last == head && has_ended => Opening::Nothing,
        Some(last) if pruned.is_some_and(|pruned| last < pruned) => Opening::Reset { reason: "pruned" },
        // The database is an earlier copy of the one that gave this id.
        Some(last) if last > head => Opening::Reset { reason: "unknown" },
        Some(last) => Opening::After(last),
    }
}

/// Follows a job until it has ended.
#[utoipa::path(
    get, path = "/api/jobs/{id}/events", tag = "jobs",
    params(
        ("id" = Id, Path, description = "The job."),
        EventQuery,
        ("Last-Event-ID" = Option<i64>, Header, description = "The last event that the client has seen."),
    ),
    responses(
        (
            status = 200,
            description = "Server-sent events: `progress`, `job`, `item`, `done`, `reset`.",
            body = String, content_type = "text/event-stream",
        ),
        (status = 204, description = "The job has ended, and the client has seen all of it."),
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
    let job = app.job_progress(&caller, *id).await?;
    let pruned = match last {
        Some(_) if job.is_pruned => Some(app.reader.journal_begin(&job).await?.unwrap_or(i64::MAX)),
        _ => None,
    };
    let opening = opening(last, job.head, !job.status.is_open(), pruned);
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
    let mut feed = JobFeed::new(app, caller, job, items);
    let mut first = Frames::default();
    feed.open(opening, last, &mut first)
        .map_err(|error| Problem::internal(&error))?;
    Ok(sse::answer(feed, first, &engine, place))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_goes_on_where_it_was_or_is_told_that_it_cannot() {
        let (pruned, unknown) = (
            Opening::Reset { reason: "pruned" },
            Opening::Reset { reason: "unknown" },
        );
        let (open, ended) = (false, true);
        for (last, head, has_ended, gone, expected) in [
            (None, 90, open, None, Opening::After(90)),
            (None, 90, ended, None, Opening::After(90)),
            (Some(0), 90, open, None, Opening::After(0)),
            (Some(90), 90, open, None, Opening::After(90)),
            (Some(91), 90, open, None, unknown),
            (Some(89), 90, ended, None, Opening::After(89)),
            (Some(90), 90, ended, None, Opening::Nothing),
            (Some(91), 90, ended, None, unknown),
            (None, 0, ended, None, Opening::After(0)),
            (Some(40), 0, ended, Some(i64::MAX), pruned),
            // The id of such a reset itself.
            (Some(0), 0, ended, Some(i64::MAX), Opening::Nothing),
            (Some(40), 90, open, Some(80), pruned),
            (Some(80), 90, open, Some(80), Opening::After(80)),
        ] {
            assert_eq!(opening(last, head, has_ended, gone), expected, "{last:?} of {head}");
        }
    }
}
