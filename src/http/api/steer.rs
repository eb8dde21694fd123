//! Killing, pausing, resuming and redoing: one job, or all that match.

use actix_web::web::{Data, Json};
use entity::Id;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::selection::{JobSelection, PracticeSelection};
use crate::actors::{Redo, Steer};
use crate::http::app::App;
use crate::http::caller::Caller;
use crate::http::problem::Problem;
use crate::model::batch::{JobEvent, JobStatus};
use crate::model::practice::PracticeStatus;
use crate::store::failed::Failed;
use crate::store::read::{JobFilter, Role};
use crate::store::write::{ChangeJob, Changed, RedoJob, Redone};

/// Jobs that one request changes. What is left matches again.
const MOST_JOBS: u64 = 500;
/// Practices that one request may name.
const MOST_PRACTICES: usize = 1_000;

/// Which job, or which jobs.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JobCommand {
    job_id: Option<Id>,
    job_ids: Option<Vec<Id>>,
    filter: Option<JobSelection>,
    /// Only count.
    #[serde(default)]
    dry_run: bool,
}

/// `POST /api/kill-job`.
#[utoipa::path(
    post, path = "/api/kill-job", tag = "jobs",
    description = "Ends jobs; a late result never brings them back.",
    request_body = JobCommand,
    responses((status = 200, description = "What became of it.", body = Steered)),
)]
pub async fn kill(app: Data<App>, caller: Caller, body: Json<JobCommand>) -> Result<Json<Steered>, Problem> {
    steer(&app, &caller, &body, JobEvent::Kill, Some("killed")).await
}

/// `POST /api/pause-job`.
#[utoipa::path(
    post, path = "/api/pause-job", tag = "jobs",
    description = "Starts no new step; running ones end and count.",
    request_body = JobCommand,
    responses((status = 200, description = "What became of it.", body = Steered)),
)]
pub async fn pause(app: Data<App>, caller: Caller, body: Json<JobCommand>) -> Result<Json<Steered>, Problem> {
    steer(&app, &caller, &body, JobEvent::Pause, None).await
}

/// `POST /api/resume-job`.
#[utoipa::path(
    post, path = "/api/resume-job", tag = "jobs",
    description = "Goes on.",
    request_body = JobCommand,
    responses((status = 200, description = "What became of it.", body = Steered)),
)]
pub async fn resume(app: Data<App>, caller: Caller, body: Json<JobCommand>) -> Result<Json<Steered>, Problem> {
    steer(&app, &caller, &body, JobEvent::Resume, None).await
}

async fn steer(
    app: &App,
    caller: &Caller,
    body: &JobCommand,
    event: JobEvent,
    reason: Option<&'static str>,
) -> Result<Json<Steered>, Problem> {
    caller.require(Role::Member)?;
    match (body.job_id, &body.job_ids, &body.filter) {
        (Some(job_id), None, None) => {
            app.job(caller, job_id).await?;
            if body.dry_run {
                return Ok(counted(1, false));
            }
            let status = change(app, caller, job_id, event, reason).await?;
            Ok(Json(Steered::One { job_id, status }))
        }
        (None, Some(job_ids), None) => {
            if job_ids.is_empty() || job_ids.len() as u64 > MOST_JOBS {
                return Err(Problem::bad_request(format!("name 1 to {MOST_JOBS} jobs at a time")));
            }
            all(app, caller, job_ids, false, body.dry_run, event, reason).await
        }
        (None, None, Some(filter)) => {
            // Only those that it changes, so that what is left matches again and what is done does not.
            let changeable = JobStatus::ALL.into_iter().filter(|status| status.next(event).is_ok());
            let filter = JobFilter {
                among: Some(changeable.collect()),
                ..filter.read(MOST_JOBS)?
            };
            if body.dry_run {
                let matched = app.reader.count_jobs(&caller.scope, &filter).await?;
                return Ok(counted(
                    usize::try_from(matched).unwrap_or(usize::MAX),
                    matched > MOST_JOBS,
                ));
            }
            let page = app.reader.jobs(&caller.scope, filter).await?;
            let job_ids: Vec<Id> = page.data.iter().map(|job| job.job_id).collect();
            all(app, caller, &job_ids, page.last.is_some(), body.dry_run, event, reason).await
        }
        _ => Err(Problem::bad_request(
            "name the jobs by one of 'job_id', 'job_ids' and 'filter'",
        )),
    }
}

/// What became of a command to one job or to many.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Steered {
    One {
        job_id: Id,
        status: &'static str,
    },
    Many {
        matched: usize,
        /// Whether more jobs match than one request changes.
        more: bool,
        changed: Vec<Id>,
        refused: Vec<Refused>,
    },
    /// With `dry_run`.
    Counted {
        matched: usize,
        more: bool,
        dry_run: bool,
    },
}

fn counted(matched: usize, more: bool) -> Json<Steered> {
    Json(Steered::Counted {
        matched,
        more,
        dry_run: true,
    })
}

/// A job that could not be changed.
#[derive(Debug, Serialize, ToSchema)]
pub struct Refused {
    job_id: Id,
    code: &'static str,
    detail: String,
}

/// Changes the jobs one after the other; one that refuses does not stop the others.
async fn all(
    app: &App,
    caller: &Caller,
    job_ids: &[Id],
    more: bool,
    dry_run: bool,
    event: JobEvent,
    reason: Option<&'static str>,
) -> Result<Json<Steered>, Problem> {
    if dry_run {
        return Ok(counted(job_ids.len(), more));
    }
    let mut changed = Vec::new();
    let mut refused = Vec::new();
    for job_id in job_ids {
        let seen = app.job(caller, *job_id).await;
        let outcome = match seen {
            Ok(_) => change(app, caller, *job_id, event, reason).await,
            Err(problem) => Err(problem),
        };
        match outcome {
            Ok(_) => changed.push(*job_id),
            Err(problem) if problem.is_server_error() => return Err(problem),
            Err(problem) => refused.push(Refused {
                job_id: *job_id,
                code: problem.code(),
                detail: problem.detail().to_owned(),
            }),
        }
    }
    Ok(Json(Steered::Many {
        matched: job_ids.len(),
        more,
        changed,
        refused,
    }))
}

async fn change(
    app: &App,
    caller: &Caller,
    job_id: Id,
    event: JobEvent,
    reason: Option<&'static str>,
) -> Result<&'static str, Problem> {
    let command = ChangeJob {
        job_id,
        event,
        origin: caller.origin(),
        reason: reason.map(str::to_owned),
    };
    // The command stands in the writer's queue also when this wait is over.
    let answer = tokio::time::timeout(app.command_timeout(), app.overseer.send(Steer(command))).await;
    match answer.map_err(|_| Problem::unavailable())??? {
        Changed::Accepted(status) | Changed::Already(status) => Ok(status.as_str()),
        Changed::Illegal { from, event } => Err(Problem::illegal(from, event)),
        Changed::Unfinished | Changed::NotFound => Err(Problem::not_found("job")),
    }
}

/// Which practices in error begin anew.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RedoCommand {
    job_id: Id,
    practice_ids: Option<Vec<i64>>,
    filter: Option<PracticeSelection>,
    /// Only count.
    #[serde(default)]
    dry_run: bool,
}

impl RedoCommand {
    fn failed(&self) -> Result<Failed, Problem> {
        match (&self.practice_ids, &self.filter) {
            (None, None) => Ok(Failed::All),
            (Some(ids), None) if (1..=MOST_PRACTICES).contains(&ids.len()) => Ok(Failed::Practices(ids.clone())),
            (Some(_), None) => Err(Problem::bad_request(format!(
                "name 1 to {MOST_PRACTICES} practices at a time"
            ))),
            (None, Some(filter)) => {
                let filter = filter.read()?;
                if filter.status.is_some_and(|status| status != PracticeStatus::Error) {
                    return Err(Problem::bad_request("only practices in 'error' begin anew"));
                }
                Ok(filter.prefix.map_or(Failed::All, Failed::Prefix))
            }
            (Some(_), Some(_)) => Err(Problem::bad_request(
                "name the practices by 'practice_ids' or by 'filter', not both",
            )),
        }
    }
}

/// What a redo resets.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum RedoAnswer {
    Reset {
        job_id: Id,
        /// Practices that begin a new life.
        reset: u64,
    },
    /// With `dry_run`.
    Counted { job_id: Id, matched: u64, dry_run: bool },
}

/// `POST /api/redo-job`: all practices in error, or those that are named.
#[utoipa::path(
    post, path = "/api/redo-job", tag = "jobs",
    request_body = RedoCommand,
    responses((status = 200, description = "What begins anew.", body = RedoAnswer)),
)]
pub async fn redo(app: Data<App>, caller: Caller, body: Json<RedoCommand>) -> Result<Json<RedoAnswer>, Problem> {
    caller.require(Role::Member)?;
    let job_id = body.job_id;
    let failed = body.failed()?;
    let job = app.job(&caller, job_id).await?;
    if body.dry_run {
        let matched = app.reader.count_failed(&job, &failed).await?;
        return Ok(Json(RedoAnswer::Counted {
            job_id,
            matched,
            dry_run: true,
        }));
    }
    let command = RedoJob {
        job_id,
        failed,
        origin: caller.origin(),
    };
    let answer = tokio::time::timeout(app.command_timeout(), app.overseer.send(Redo(command))).await;
    match answer.map_err(|_| Problem::unavailable())??? {
        Redone::Accepted { reset } => Ok(Json(RedoAnswer::Reset { job_id, reset })),
        Redone::Illegal { from } => Err(Problem::illegal(from, JobEvent::Redo)),
        Redone::Archived => Err(Problem::archived()),
        Redone::NotFound => Err(Problem::not_found("job")),
    }
}
