//! Reading jobs and their practices.

use actix_web::web::{Data, Json, Path, Query};
use chrono::{DateTime, Utc};
use entity::{Id, enrichment_jobs};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::selection::JobSelection;
use crate::http::app::App;
use crate::http::caller::Caller;
use crate::http::cursor::{self, List};
use crate::http::problem::Problem;
use crate::model::counts::StatusCounts;
use crate::model::practice::PracticeStatus;
use crate::providers::host_limits::Standing;
use crate::store::read::{JobFilter, JobView, PracticeDetail, PracticeFilter, PracticeView, WAITING_ITS_TURN};

/// The status that a query names.
pub(super) fn status<S: std::str::FromStr>(text: Option<&str>, all: &[&str]) -> Result<Option<S>, Problem> {
    text.map(|text| {
        text.parse()
            .map_err(|_| Problem::bad_request(format!("'status' must be one of {}", all.join(", "))))
    })
    .transpose()
}

pub(super) fn practice_status(text: Option<&str>) -> Result<Option<PracticeStatus>, Problem> {
    status(text, &PracticeStatus::ALL.map(PracticeStatus::as_str))
}

/// Which jobs.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct JobQuery {
    status: Option<String>,
    q: Option<String>,
    created_after: Option<DateTime<Utc>>,
    created_before: Option<DateTime<Utc>>,
    limit: Option<u64>,
    cursor: Option<String>,
}

/// `GET /api/jobs`: the caller's jobs, newest first.
#[utoipa::path(
    get, path = "/api/jobs", tag = "jobs",
    params(JobQuery),
    responses((status = 200, description = "The caller's jobs, newest first.", body = List<JobView>)),
)]
pub async fn list(app: Data<App>, caller: Caller, query: Query<JobQuery>) -> Result<Json<List<JobView>>, Problem> {
    let limit = cursor::limit(query.limit)?;
    let before = cursor::read(query.cursor.as_deref())?;
    let query = query.into_inner();
    let selection = JobSelection {
        status: query.status,
        q: query.q,
        created_after: query.created_after,
        created_before: query.created_before,
    };
    let filter = JobFilter {
        before,
        ..selection.read(limit)?
    };
    Ok(Json(app.reader.jobs(&caller.scope, filter).await?.into()))
}

/// Which practices.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct PracticeQuery {
    status: Option<String>,
    q: Option<String>,
    limit: Option<u64>,
    cursor: Option<String>,
}

impl PracticeQuery {
    fn filter(&self) -> Result<PracticeFilter, Problem> {
        Ok(PracticeFilter {
            status: practice_status(self.status.as_deref())?,
            prefix: self.q.clone().filter(|prefix| !prefix.is_empty()),
            after: cursor::read(self.cursor.as_deref())?,
            limit: cursor::limit(self.limit)?,
        })
    }
}

/// A page of a job's practices, each that does not move with the reason.
async fn page(app: &App, job: &enrichment_jobs::Model, filter: &PracticeFilter) -> Result<List<PracticeView>, Problem> {
    let mut page = app.reader.practices(job, filter).await?;
    for practice in &mut page.data {
        tell_host(app, practice);
    }
    Ok(page.into())
}

/// Who is at which host is known in memory alone, where queries do not see it.
fn tell_host(app: &App, practice: &mut PracticeView) {
    let Some(host) = practice.host_key.as_deref() else {
        return;
    };
    if practice.blocked_by.as_deref() != Some(WAITING_ITS_TURN) {
        return;
    }
    match app.engine.hosts.standing(host, practice.id) {
        Standing::Entered => practice.blocked_by = None,
        Standing::HeldBack => practice.blocked_by = Some("host limit".to_owned()),
        Standing::Welcome => {}
    }
}

/// A job with the first page of its practices.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobDetail {
    #[serde(flatten)]
    job: JobView,
    practices: List<PracticeView>,
}

/// `GET /api/jobs/{id}`.
#[utoipa::path(
    get, path = "/api/jobs/{id}", tag = "jobs",
    params(("id" = Id, Path, description = "The job.")),
    responses(
        (status = 200, description = "The job, its counts and its first practices.", body = JobDetail),
    ),
)]
pub async fn detail(app: Data<App>, caller: Caller, id: Path<Id>) -> Result<Json<JobDetail>, Problem> {
    let job = app.job(&caller, *id).await?;
    let practices = page(&app, &job, &PracticeQuery::default().filter()?).await?;
    Ok(Json(JobDetail {
        job: job.into(),
        practices,
    }))
}

/// `GET /api/jobs/{id}/practices`.
#[utoipa::path(
    get, path = "/api/jobs/{id}/practices", tag = "jobs",
    params(("id" = Id, Path, description = "The job."), PracticeQuery),
    responses(
        (status = 200, description = "Practices in the order of the list.", body = List<PracticeView>),
    ),
)]
pub async fn practices(
    app: Data<App>,
    caller: Caller,
    id: Path<Id>,
    query: Query<PracticeQuery>,
) -> Result<Json<List<PracticeView>>, Problem> {
    let filter = query.filter()?;
    let job = app.job(&caller, *id).await?;
    Ok(Json(page(&app, &job, &filter).await?))
}

/// `GET /api/jobs/{id}/practices/{practice}`: one practice with all that its steps gave.
#[utoipa::path(
    get, path = "/api/jobs/{id}/practices/{practice}", tag = "jobs",
    params(("id" = Id, Path, description = "The job."), ("practice" = i64, Path, description = "The practice.")),
    responses(
        (status = 200, description = "One practice with all that its steps gave.", body = PracticeDetail),
    ),
)]
pub async fn practice(app: Data<App>, caller: Caller, path: Path<(Id, i64)>) -> Result<Json<PracticeDetail>, Problem> {
    let (id, practice) = path.into_inner();
    let job = app.job(&caller, id).await?;
    let Some(mut found) = app.reader.practice(&job, practice).await? else {
        return Err(Problem::not_found("practice in this job"));
    };
    tell_host(&app, &mut found.practice);
    Ok(Json(found))
}

/// Which job.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct StatusQuery {
    job_id: Id,
}

/// How far a job has come.
#[derive(Debug, Serialize, ToSchema)]
pub struct StatusAnswer {
    job_id: Id,
    status: String,
    total_practices: i32,
    counts: StatusCounts,
}

/// `GET /api/check-job-status`.
#[utoipa::path(
    get, path = "/api/check-job-status", tag = "jobs",
    params(StatusQuery),
    responses((status = 200, description = "Status and counts.", body = StatusAnswer)),
)]
pub async fn check_status(
    app: Data<App>,
    caller: Caller,
    query: Query<StatusQuery>,
) -> Result<Json<StatusAnswer>, Problem> {
    let job = JobView::from(app.job(&caller, query.job_id).await?);
    Ok(Json(StatusAnswer {
        job_id: job.job_id,
        status: job.status,
        total_practices: job.total_practices,
        counts: job.counts,
    }))
}
