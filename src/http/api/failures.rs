//! `GET /api/failed-jobs`.

use actix_web::web::{Data, Json, Query};
use entity::Id;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::http::app::App;
use crate::http::caller::Caller;
use crate::http::cursor::{self, List};
use crate::http::problem::Problem;
use crate::store::read::FailureView;

/// Which failures.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct FailureQuery {
    job_id: Option<Id>,
    limit: Option<u64>,
    cursor: Option<String>,
}

/// What failed for good in the jobs that the caller sees, newest first.
#[utoipa::path(
    get, path = "/api/failed-jobs", tag = "jobs",
    params(FailureQuery),
    responses(
        (status = 200, description = "What failed for good, newest first.", body = List<FailureView>),
    ),
)]
pub async fn list(
    app: Data<App>,
    caller: Caller,
    query: Query<FailureQuery>,
) -> Result<Json<List<FailureView>>, Problem> {
    let before = cursor::read(query.cursor.as_deref())?;
    let limit = cursor::limit(query.limit)?;
    if let Some(job) = query.job_id {
        app.job(&caller, job).await?;
    }
    Ok(Json(
        app.reader
            .failures(&caller.scope, query.job_id, before, limit)
            .await?
            .into(),
    ))
}
