//! `GET /api/jobs/{id}/logs`: the journal of a job.

use actix_web::web::{Data, Json, Path, Query};
use entity::Id;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::http::app::App;
use crate::http::caller::Caller;
use crate::http::cursor::{self, List};
use crate::http::problem::Problem;
use crate::model::journal::Operation;
use crate::store::read::{JournalFilter, JournalView};

/// Which rows.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct LogQuery {
    operation: Option<String>,
    practice: Option<i64>,
    limit: Option<u64>,
    cursor: Option<String>,
}

pub(super) fn operation(text: &str) -> Result<Operation, Problem> {
    text.parse().map_err(|_| {
        let all = Operation::ALL.map(Operation::as_str).join(", ");
        Problem::bad_request(format!("'operation' must be one of {all}"))
    })
}

/// What happened to the job and its practices, newest first.
#[utoipa::path(
    get, path = "/api/jobs/{id}/logs", tag = "jobs",
    params(("id" = Id, Path, description = "The job."), LogQuery),
    responses((status = 200, description = "The job's journal, newest first.", body = List<JournalView>)),
)]
pub async fn list(
    app: Data<App>,
    caller: Caller,
    id: Path<Id>,
    query: Query<LogQuery>,
) -> Result<Json<List<JournalView>>, Problem> {
    let filter = JournalFilter {
        operation: query.operation.as_deref().map(operation).transpose()?,
        practice: query.practice,
        before: cursor::read(query.cursor.as_deref())?,
        limit: cursor::limit(query.limit)?,
    };
    let job = app.job(&caller, *id).await?;
    Ok(Json(app.reader.journal(&job, filter).await?.into()))
}
