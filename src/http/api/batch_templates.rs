//! `/api/batch-templates`: saved choices of restaurants with the settings of their batches.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Json, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use chrono::{SubsecRound as _, Utc};
use entity::{Id, batch_templates};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::batch_body::{
    BatchPageQuery, TRIES, filter_mistakes, limit_mistakes, name_mistakes, name_taken, read, refuse, too_many,
};
use crate::http::app::App;
use crate::http::caller::Caller;
use crate::http::cursor::{self, List};
use crate::http::etag::{expected_version, tagged};
use crate::http::idempotency::{IdempotencyKey, once};
use crate::http::problem::Problem;
use crate::model::batch_template::{BatchSettings, TemplateSource};
use crate::model::merge_patch::merge;
use crate::model::registration::filter::RestaurantFilter;
use crate::store::read::{Access, BatchTemplateView, Role};
use crate::store::write::{
    ChangeBatchTemplate, CreateBatchTemplate, DeleteBatchTemplate, KeyAnswer, MOST_TEMPLATES, StoredAnswer,
    TemplateChanged,
};

/// What a template says.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchTemplateBody {
    /// Unique in the organisation.
    name: String,
    #[serde(default)]
    source: TemplateSource,
    #[serde(default)]
    filter: RestaurantFilter,
    #[serde(default)]
    settings: BatchSettings,
    /// Restaurants that one batch takes at most. Default: `registration.max_restaurants`.
    limit: Option<i32>,
}

/// What to change of a template, a merge patch (RFC 7396).
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "it describes what `change` merges")]
pub struct BatchTemplatePatch {
    name: Option<String>,
    source: Option<TemplateSource>,
    filter: Option<RestaurantFilter>,
    settings: Option<BatchSettings>,
    limit: Option<i32>,
}

impl BatchTemplateBody {
    fn of(view: &BatchTemplateView) -> Self {
        Self {
            name: view.name.clone(),
            source: view.source,
            filter: view.filter.clone(),
            settings: view.settings.clone(),
            limit: view.limit,
        }
    }

    fn check(&self, app: &App) -> Result<(), Problem> {
        let max = app.engine.settings().registration.max_restaurants;
        let mut mistakes: Vec<_> = name_mistakes(&self.name).into_iter().collect();
        mistakes.extend(filter_mistakes(&self.filter, self.source));
        mistakes.extend(self.settings.mistakes("/settings"));
        mistakes.extend(limit_mistakes(self.limit, max));
        refuse(&mistakes)
    }

    fn row(self, id: Id, caller: &Caller) -> batch_templates::Model {
        let now = Utc::now().trunc_subsecs(3);
        batch_templates::Model {
            id,
            organisation_id: caller.scope.organisation_id,
            name: self.name.trim().to_owned(),
            source: self.source.as_str().to_owned(),
            filter: json!(self.filter),
            settings: json!(self.settings),
            restaurant_limit: self.limit,
            created_by: Some(caller.scope.user_id),
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }
}

/// `GET /api/batch-templates`: newest first.
#[utoipa::path(
    get, path = "/api/batch-templates", tag = "registration batches",
    params(BatchPageQuery),
    responses(
        (status = 200, description = "The organisation's templates, newest first.", body = List<BatchTemplateView>),
    ),
)]
pub async fn list(
    app: Data<App>,
    caller: Caller,
    query: Query<BatchPageQuery>,
) -> Result<Json<List<BatchTemplateView>>, Problem> {
    let before = cursor::read(query.cursor.as_deref())?;
    let limit = cursor::limit(query.limit)?;
    Ok(Json(
        app.reader.batch_templates(&caller.scope, before, limit).await?.into(),
    ))
}

/// `POST /api/batch-templates`.
#[utoipa::path(
    post, path = "/api/batch-templates", tag = "registration batches",
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "Carried out once for each key, for 24 hours."),
    ),
    request_body = BatchTemplateBody,
    responses((status = 201, description = "The template.", body = BatchTemplateView)),
)]
pub async fn create(
    app: Data<App>,
    caller: Caller,
    key: IdempotencyKey,
    body: Json<Map<String, Value>>,
) -> Result<HttpResponse, Problem> {
    caller.require(Role::Member)?;
    let new: BatchTemplateBody = read(body.clone())?;
    new.check(&app)?;
    let (shared, asker) = (app.clone(), caller.clone());
    const ROUTE: &str = "POST /api/batch-templates";
    once(&app, &asker, key, ROUTE, &*body, move |request_key| async move {
        let row = new.row(Id::now(), &caller);
        let answer = StoredAnswer {
            status: 201,
            location: Some(format!("/api/batch-templates/{}", row.id)),
            body: json!(BatchTemplateView::try_from(row.clone())?).to_string(),
        };
        let name = row.name.clone();
        let command = CreateBatchTemplate {
            row,
            origin: caller.origin(),
            answer: request_key.map(|request| KeyAnswer {
                request,
                answer: answer.clone(),
            }),
        };
        match shared.command(command).await? {
            TemplateChanged::Accepted => Ok(answer),
            refusal => Err(refused(&refusal, &name)),
        }
    })
    .await
}

/// The template, if the caller may see it.
pub(super) async fn visible(app: &App, caller: &Caller, id: Id) -> Result<BatchTemplateView, Problem> {
    match app.reader.batch_template(&caller.scope, id).await? {
        Access::Granted(template) => Ok(template),
        Access::Forbidden => Err(Problem::forbidden("this template belongs to another organisation")),
        Access::Missing => Err(Problem::not_found("template")),
    }
}

fn refused(refusal: &TemplateChanged, name: &str) -> Problem {
    match refusal {
        TemplateChanged::Stale { version } => Problem::stale(*version),
        TemplateChanged::NameTaken => name_taken("template", name),
        TemplateChanged::TooMany => too_many("template", MOST_TEMPLATES),
        TemplateChanged::InUse(schedules) => {
            let names = schedules.join("', '");
            let detail = format!("schedules go by this template: '{names}'; change or delete them first");
            Problem::new(StatusCode::CONFLICT, "in_use", detail).with("schedules", schedules.clone())
        }
        TemplateChanged::Accepted | TemplateChanged::NotFound => Problem::not_found("template"),
    }
}

/// `GET /api/batch-templates/{id}`, with its version as the ETag.
#[utoipa::path(
    get, path = "/api/batch-templates/{id}", tag = "registration batches",
    params(("id" = Id, Path, description = "The template.")),
    responses(
        (
            status = 200,
            description = "The template.",
            body = BatchTemplateView,
            headers(("ETag" = String, description = "Its version, for If-Match.")),
        ),
    ),
)]
pub async fn detail(app: Data<App>, caller: Caller, id: Path<Id>) -> Result<HttpResponse, Problem> {
    let template = visible(&app, &caller, *id).await?;
    Ok(tagged(template.version, &template))
}

/// `PATCH /api/batch-templates/{id}`: a merge patch. With `If-Match` only if nobody has changed it since.
#[utoipa::path(
    patch, path = "/api/batch-templates/{id}", tag = "registration batches",
    params(
        ("id" = Id, Path, description = "The template."),
        ("If-Match" = Option<String>, Header, description = "The version that is changed."),
    ),
    request_body = BatchTemplatePatch,
    responses(
        (
            status = 200,
            description = "The template as it is now.",
            body = BatchTemplateView,
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
    let (mut outcome, mut name) = (TemplateChanged::NotFound, String::new());
    for _ in 0..TRIES {
        let known = visible(&app, &caller, *id).await?;
        if expected.is_some_and(|expected| expected != known.version) {
            return Err(Problem::stale(known.version));
        }
        let mut said = json!(BatchTemplateBody::of(&known));
        merge(&mut said, &patch);
        let changed: BatchTemplateBody = read(said.as_object().cloned().unwrap_or_default())?;
        changed.check(&app)?;
        let mut row = changed.row(known.id, &caller);
        row.version = known.version;
        name.clone_from(&row.name);
        let origin = caller.origin();
        outcome = app.command(ChangeBatchTemplate { row, origin }).await?;
        if expected.is_some() || !matches!(outcome, TemplateChanged::Stale { .. }) {
            break;
        }
    }
    match outcome {
        TemplateChanged::Accepted => detail(app, caller, id).await,
        refusal => Err(refused(&refusal, &name)),
    }
}

/// `DELETE /api/batch-templates/{id}`.
#[utoipa::path(
    delete, path = "/api/batch-templates/{id}", tag = "registration batches",
    params(
        ("id" = Id, Path, description = "The template."),
        ("If-Match" = Option<String>, Header, description = "The version that is deleted."),
    ),
    responses((status = 204, description = "It is gone; batches that were made of it stay.")),
)]
pub async fn delete(
    app: Data<App>,
    caller: Caller,
    request: HttpRequest,
    id: Path<Id>,
) -> Result<HttpResponse, Problem> {
    caller.require(Role::Member)?;
    let template = visible(&app, &caller, *id).await?;
    let command = DeleteBatchTemplate {
        id: template.id,
        version: expected_version(&request)?,
        origin: caller.origin(),
    };
    match app.command(command).await? {
        TemplateChanged::Accepted => Ok(HttpResponse::NoContent().finish()),
        refusal => Err(refused(&refusal, &template.name)),
    }
}
