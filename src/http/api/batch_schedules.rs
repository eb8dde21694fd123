//! `/api/batch-schedules`: batches that are made by themselves.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Json, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use chrono::Utc;
use entity::{Id, batch_schedules};
use serde_json::{Map, Value, json};

use super::batch_body::{BatchPageQuery, TRIES, name_taken, no_restaurant_matches, read, too_many};
use super::batch_schedule_body::{BatchScheduleBody, BatchSchedulePatch};
use super::batch_template_use::MadeBatch;
use crate::actors::{RegistrationsChanged, RunFailed, run_schedule};
use crate::http::app::App;
use crate::http::caller::Caller;
use crate::http::cursor::{self, List};
use crate::http::etag::{expected_version, tagged};
use crate::http::idempotency::{IdempotencyKey, once};
use crate::http::problem::Problem;
use crate::model::merge_patch::merge;
use crate::store::read::{Access, BatchScheduleView, Role};
use crate::store::write::{
    ChangeBatchSchedule, CreateBatchSchedule, DeleteBatchSchedule, KeyAnswer, MOST_SCHEDULES, RunOutcome, RunSchedule,
    ScheduleChanged, StoredAnswer, Trigger,
};

/// `GET /api/batch-schedules`: newest first, with their next runs.
#[utoipa::path(
    get, path = "/api/batch-schedules", tag = "registration batches",
    params(BatchPageQuery),
    responses(
        (status = 200, description = "The organisation's schedules, newest first.", body = List<BatchScheduleView>),
    ),
)]
pub async fn list(
    app: Data<App>,
    caller: Caller,
    query: Query<BatchPageQuery>,
) -> Result<Json<List<BatchScheduleView>>, Problem> {
    let before = cursor::read(query.cursor.as_deref())?;
    let limit = cursor::limit(query.limit)?;
    Ok(Json(
        app.reader.batch_schedules(&caller.scope, before, limit).await?.into(),
    ))
}

/// `POST /api/batch-schedules`.
#[utoipa::path(
    post, path = "/api/batch-schedules", tag = "registration batches",
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "Carried out once for each key, for 24 hours."),
    ),
    request_body = BatchScheduleBody,
    responses((status = 201, description = "The schedule.", body = BatchScheduleView)),
)]
pub async fn create(
    app: Data<App>,
    caller: Caller,
    key: IdempotencyKey,
    body: Json<Map<String, Value>>,
) -> Result<HttpResponse, Problem> {
    caller.require(Role::Member)?;
    let new: BatchScheduleBody = read(body.clone())?;
    let timetable = new.check(&app, &caller).await?;
    let (shared, asker) = (app.clone(), caller.clone());
    const ROUTE: &str = "POST /api/batch-schedules";
    once(&app, &asker, key, ROUTE, &*body, move |request_key| async move {
        let mut row = new.row(Id::now(), &caller);
        if row.enabled {
            row.next_run_at = timetable.next_after(Utc::now());
            row.look_at = row.next_run_at;
        }
        let answer = StoredAnswer {
            status: 201,
            location: Some(format!("/api/batch-schedules/{}", row.id)),
            body: json!(BatchScheduleView::try_from(row.clone())?).to_string(),
        };
        let name = row.name.clone();
        let command = CreateBatchSchedule {
            row,
            origin: caller.origin(),
            answer: request_key.map(|request| KeyAnswer {
                request,
                answer: answer.clone(),
            }),
        };
        match shared.command(command).await? {
            ScheduleChanged::Accepted => Ok(answer),
            refusal => Err(refused(&refusal, &name)),
        }
    })
    .await
}

/// The schedule, if the caller may see it.
async fn visible(app: &App, caller: &Caller, id: Id) -> Result<batch_schedules::Model, Problem> {
    match app.reader.batch_schedule(&caller.scope, id).await? {
        Access::Granted(schedule) => Ok(schedule),
        Access::Forbidden => Err(Problem::forbidden("this schedule belongs to another organisation")),
        Access::Missing => Err(Problem::not_found("schedule")),
    }
}

fn refused(refusal: &ScheduleChanged, name: &str) -> Problem {
    match refusal {
        ScheduleChanged::Stale { version } => Problem::stale(*version),
        ScheduleChanged::NameTaken => name_taken("schedule", name),
        ScheduleChanged::TooMany => too_many("schedule", MOST_SCHEDULES),
        ScheduleChanged::NoTemplate => Problem::not_found("template"),
        ScheduleChanged::Accepted | ScheduleChanged::NotFound => Problem::not_found("schedule"),
    }
}

/// `GET /api/batch-schedules/{id}`, with its version as the ETag.
#[utoipa::path(
    get, path = "/api/batch-schedules/{id}", tag = "registration batches",
    params(("id" = Id, Path, description = "The schedule.")),
    responses(
        (
            status = 200,
            description = "The schedule, with its next ten runs.",
            body = BatchScheduleView,
            headers(("ETag" = String, description = "Its version, for If-Match. Runs do not change it.")),
        ),
    ),
)]
pub async fn detail(app: Data<App>, caller: Caller, id: Path<Id>) -> Result<HttpResponse, Problem> {
    let row = visible(&app, &caller, *id).await?;
    Ok(tagged(row.version, &BatchScheduleView::try_from(row)?))
}

/// `PATCH /api/batch-schedules/{id}`: a merge patch. With `If-Match` only if nobody has changed it since.
#[utoipa::path(
    patch, path = "/api/batch-schedules/{id}", tag = "registration batches",
    params(
        ("id" = Id, Path, description = "The schedule."),
        ("If-Match" = Option<String>, Header, description = "The version that is changed."),
    ),
    request_body = BatchSchedulePatch,
    responses(
        (
            status = 200,
            description = "The schedule as it is now.",
            body = BatchScheduleView,
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
    caller.require(Role::Member)?;
    let expected = expected_version(&request)?;
    let patch = Value::Object(body.into_inner());
    let (mut outcome, mut name) = (ScheduleChanged::NotFound, String::new());
    for _ in 0..TRIES {
        let known = visible(&app, &caller, *id).await?;
        let version = known.version;
        if expected.is_some_and(|expected| expected != version) {
            return Err(Problem::stale(version));
        }
        let mut said = json!(BatchScheduleBody::of(&BatchScheduleView::try_from(known)?));
        merge(&mut said, &patch);
        let changed: BatchScheduleBody = read(said.as_object().cloned().unwrap_or_default())?;
        changed.check(&app, &caller).await?;
        let mut row = changed.row(*id, &caller);
        row.version = version;
        name.clone_from(&row.name);
        let origin = caller.origin();
        outcome = app.command(ChangeBatchSchedule { row, origin }).await?;
        if expected.is_some() || !matches!(outcome, ScheduleChanged::Stale { .. }) {
            break;
        }
    }
    match outcome {
        ScheduleChanged::Accepted => detail(app, caller, id).await,
        refusal => Err(refused(&refusal, &name)),
    }
}

/// `DELETE /api/batch-schedules/{id}`.
#[utoipa::path(
    delete, path = "/api/batch-schedules/{id}", tag = "registration batches",
    params(
        ("id" = Id, Path, description = "The schedule."),
        ("If-Match" = Option<String>, Header, description = "The version that is deleted."),
    ),
    responses((status = 204, description = "It is gone; its batches stay.")),
)]
pub async fn delete(
    app: Data<App>,
    caller: Caller,
    request: HttpRequest,
    id: Path<Id>,
) -> Result<HttpResponse, Problem> {
    caller.require(Role::Member)?;
    let schedule = visible(&app, &caller, *id).await?;
    let command = DeleteBatchSchedule {
        id: schedule.id,
        version: expected_version(&request)?,
        origin: caller.origin(),
    };
    match app.command(command).await? {
        ScheduleChanged::Accepted => Ok(HttpResponse::NoContent().finish()),
        refusal => Err(refused(&refusal, &schedule.name)),
    }
}

/// `POST /api/batch-schedules/{id}/run-now`: makes a batch at once, also while the schedule is off. Its next run stays.
#[utoipa::path(
    post, path = "/api/batch-schedules/{id}/run-now", tag = "registration batches",
    params(
        ("id" = Id, Path, description = "The schedule."),
        ("Idempotency-Key" = Option<String>, Header, description = "Carried out once for each key, for 24 hours."),
    ),
    responses((status = 201, description = "The batch is made and started.", body = MadeBatch)),
)]
pub async fn run_now(
    app: Data<App>,
    caller: Caller,
    key: IdempotencyKey,
    id: Path<Id>,
) -> Result<HttpResponse, Problem> {
    caller.require(Role::Member)?;
    let schedule = visible(&app, &caller, *id).await?;
    let (shared, asker, id) = (app.clone(), caller.clone(), *id);
    const ROUTE: &str = "POST /api/batch-schedules/{id}/run-now";
    once(&app, &asker, key, ROUTE, &id, move |request_key| async move {
        let trigger = Trigger::Asked(request_key);
        let running = run_schedule(&shared.engine, &schedule, trigger, Utc::now(), caller.origin());
        let outcome = tokio::time::timeout(shared.command_timeout(), running).await;
        match outcome.map_err(|_| Problem::unavailable())?? {
            RunOutcome::Made { batch_id, jobs } => {
                shared.overseer.do_send(RegistrationsChanged(batch_id));
                Ok(RunSchedule::answer(batch_id, jobs))
            }
            RunOutcome::NothingMatched => Err(no_restaurant_matches()),
            RunOutcome::Overlaps(batch) => {
                let detail = "a batch of this schedule still runs; wait for its end, cancel it, or let runs overlap";
                Err(Problem::new(StatusCode::CONFLICT, "still_open", detail).with("batch_id", batch.to_string()))
            }
            RunOutcome::Impossible(why) => {
                let detail = format!("the schedule cannot run: {why}");
                Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "cannot_run", detail))
            }
            RunOutcome::LetPass | RunOutcome::NotDue | RunOutcome::NotFound => Err(Problem::not_found("schedule")),
        }
    })
    .await
}

impl From<RunFailed> for Problem {
    fn from(error: RunFailed) -> Self {
        match error {
            RunFailed::Read(error) => error.into(),
            RunFailed::Write(error) => error.into(),
        }
    }
}
