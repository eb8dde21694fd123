//! `GET /api/audit`: what people did.

use actix_web::web::{Data, Json, Query};
use chrono::{DateTime, Utc};
use entity::Id;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::http::app::App;
use crate::http::caller::Caller;
use crate::http::cursor::{self, List};
use crate::http::problem::Problem;
use crate::store::read::{AuditFilter, AuditView, Role};

/// Which rows.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct AuditQuery {
    /// For operators, who see all organisations.
    organisation_id: Option<Id>,
    user_id: Option<Id>,
    /// Method and route, such as `POST /api/kill-job`.
    action: Option<String>,
    /// What was changed, such as `job ID`.
    object: Option<String>,
    /// `done`, or the code of a refusal.
    outcome: Option<String>,
    created_after: Option<DateTime<Utc>>,
    created_before: Option<DateTime<Utc>>,
    limit: Option<u64>,
    cursor: Option<String>,
}

/// `GET /api/audit`: what people, tokens and sessions did or tried, newest first. For admins.
#[utoipa::path(
    get, path = "/api/audit", tag = "identity",
    params(AuditQuery),
    responses((status = 200, description = "The audit log, newest first.", body = List<AuditView>)),
)]
pub async fn list(app: Data<App>, caller: Caller, query: Query<AuditQuery>) -> Result<Json<List<AuditView>>, Problem> {
    caller.require(Role::Admin)?;
    let query = query.into_inner();
    let filter = AuditFilter {
        organisation_id: query.organisation_id,
        user_id: query.user_id,
        action: query.action,
        object: query.object,
        outcome: query.outcome,
        created_after: query.created_after,
        created_before: query.created_before,
        before: cursor::read(query.cursor.as_deref())?,
        limit: cursor::limit(query.limit)?,
    };
    Ok(Json(app.reader.audit(&caller.scope, filter).await?.into()))
}
