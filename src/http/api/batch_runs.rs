//! `GET /api/batch-runs`: one per upload.

use actix_web::web::{Data, Json, Path, Query};
use entity::Id;
use serde::Deserialize;

use crate::http::app::App;
use crate::http::caller::Caller;
use crate::http::cursor::{self, List};
use crate::http::problem::Problem;
use crate::store::read::{Access, BatchRunView};

/// Which page.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PageQuery {
    limit: Option<u64>,
    cursor: Option<String>,
}

/// The caller's uploads, newest start first, those not started before all others.
pub async fn list(
    app: Data<App>,
    caller: Caller,
    query: Query<PageQuery>,
) -> Result<Json<List<BatchRunView>>, Problem> {
    let after = cursor::read(query.cursor.as_deref())?;
    let limit = cursor::limit(query.limit)?;
    Ok(Json(app.reader.batch_runs(&caller.scope, after, limit).await?.into()))
}

/// One upload.
pub async fn detail(app: Data<App>, caller: Caller, id: Path<Id>) -> Result<Json<BatchRunView>, Problem> {
    match app.reader.batch_run(&caller.scope, *id).await? {
        Access::Granted(run) => Ok(Json(run)),
        Access::Forbidden => Err(Problem::forbidden("this batch run belongs to somebody else")),
        Access::Missing => Err(Problem::not_found("batch run")),
    }
}
