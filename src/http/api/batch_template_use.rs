//! What a template would take, and a batch of it.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Data, Json, Path};
use chrono::Utc;
use entity::Id;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::batch_body::{limit_mistakes, name_mistakes, no_restaurant_matches, refuse};
use super::batch_templates::visible;
use crate::actors::RegistrationsChanged;
use crate::http::app::App;
use crate::http::body::optional;
use crate::http::caller::Caller;
use crate::http::idempotency::{IdempotencyKey, once};
use crate::http::problem::Problem;
use crate::model::batch_template::TemplateSource;
use crate::model::registration::filter::RestaurantFilter;
use crate::model::registration::profile::Directory;
use crate::store::read::{BatchTemplateView, Role, SelectedRestaurant};
use crate::store::write::{
    BatchOfLeads, ChooseRegistrationBatch, ConvertLeads, LeadsConverted, RegistrationBatchChosen, RequestKey,
    RunSchedule, StoredAnswer,
};

/// Restaurants that a preview names.
const SHOWN: usize = 10;
/// Restaurants that a preview counts; beyond it says that there are more.
const COUNTED: usize = 10_000;
/// Restaurants beyond those of a batch, in the place of those that are being registered by the time it is made.
const SPARE: usize = 200;

/// Whom a template takes now.
#[derive(Debug, Serialize, ToSchema)]
pub struct TemplatePreview {
    /// Restaurants that match, counted up to 10,000.
    matched: usize,
    /// There are more than `matched` says.
    more: bool,
    /// Restaurants that a batch would have.
    batch_of: usize,
    /// The first ten of them.
    restaurants: Vec<SelectedRestaurant>,
}

/// Restaurants that a batch of the template may have.
fn most(app: &App, limit: Option<i32>) -> usize {
    let max = app.engine.settings().registration.max_restaurants;
    let limit = limit.and_then(|limit| usize::try_from(limit).ok());
    limit.map_or(max, |limit| limit.min(max))
}

/// Whom a template takes, oldest first: restaurants, or leads that are none yet.
async fn chosen(app: &App, caller: &Caller, template: &BatchTemplateView, most: usize) -> Result<Vec<Id>, Problem> {
    Ok(match template.source {
        TemplateSource::Restaurants => app.reader.template_restaurants(&caller.scope, template, most).await?,
        TemplateSource::Leads => {
            let filter = RestaurantFilter {
                converted: Some(false),
                ..template.filter.clone()
            };
            app.reader.leads_matching(&caller.scope, &filter, most).await?
        }
    })
}

fn directory(template: &BatchTemplateView) -> Directory {
    match template.source {
        TemplateSource::Restaurants => Directory::Restaurants,
        TemplateSource::Leads => Directory::Leads,
    }
}

/// A schedule makes no restaurants.
pub(super) fn leads_unconverted() -> Problem {
    let detail = "a schedule takes restaurants: convert the leads, and give it a template over restaurants";
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "leads_unconverted", detail)
}

/// `POST /api/batch-templates/{id}/preview`: changes nothing.
#[utoipa::path(
    post, path = "/api/batch-templates/{id}/preview", tag = "registration batches",
    params(("id" = Id, Path, description = "The template.")),
    responses((status = 200, description = "Whom it takes now.", body = TemplatePreview)),
)]
pub async fn preview(app: Data<App>, caller: Caller, id: Path<Id>) -> Result<Json<TemplatePreview>, Problem> {
    let template = visible(&app, &caller, *id).await?;
    let found = chosen(&app, &caller, &template, COUNTED + 1).await?;
    let matched = found.len().min(COUNTED);
    let first = &found[..found.len().min(SHOWN)];
    Ok(Json(TemplatePreview {
        matched,
        more: found.len() > COUNTED,
        batch_of: matched.min(most(&app, template.limit)),
        restaurants: app
            .reader
            .selected_restaurants(&caller.scope, directory(&template), first)
            .await?,
    }))
}

/// How the batch differs from what the template says.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TemplateStart {
    /// Default: as the template's `settings.name` has it.
    name: Option<String>,
    /// Restaurants at most. Default: as the template has it.
    limit: Option<i32>,
    /// `false` leaves the batch a draft.
    start: Option<bool>,
}

/// A batch that was made.
#[derive(Debug, Serialize, ToSchema)]
pub struct MadeBatch {
    batch_id: Id,
    jobs_count: usize,
}

/// `POST /api/batch-templates/{id}/start`: makes a batch of those whom the template takes now, and starts it.
#[utoipa::path(
    post, path = "/api/batch-templates/{id}/start", tag = "registration batches",
    params(
        ("id" = Id, Path, description = "The template."),
        ("Idempotency-Key" = Option<String>, Header, description = "Carried out once for each key, for 24 hours."),
    ),
    request_body(content = Option<TemplateStart>, description = "What is different. It may be left out."),
    responses((status = 201, description = "The batch is made.", body = MadeBatch)),
)]
pub async fn start(
    app: Data<App>,
    caller: Caller,
    key: IdempotencyKey,
    id: Path<Id>,
    body: Bytes,
) -> Result<HttpResponse, Problem> {
    caller.require(Role::Member)?;
    let asked: TemplateStart = optional(&body)?;
    let max = app.engine.settings().registration.max_restaurants;
    let mut mistakes: Vec<_> = asked.name.as_deref().and_then(name_mistakes).into_iter().collect();
    mistakes.extend(limit_mistakes(asked.limit, max));
    refuse(&mistakes)?;
    let template = visible(&app, &caller, *id).await?;
    let (shared, asker) = (app.clone(), caller.clone());
    const ROUTE: &str = "POST /api/batch-templates/{id}/start";
    let same = (*id, asked.clone());
    once(&app, &asker, key, ROUTE, &same, move |request_key| async move {
        make(&shared, &caller, &template, &asked, request_key).await
    })
    .await
}

async fn make(
    app: &App,
    caller: &Caller,
    template: &BatchTemplateView,
    asked: &TemplateStart,
    key: Option<RequestKey>,
) -> Result<StoredAnswer, Problem> {
    let most = most(app, asked.limit.or(template.limit));
    let usual = template.settings.batch_name(&template.name, Utc::now(), chrono_tz::UTC);
    let name = asked.name.as_deref().map_or(usual, |name| name.trim().to_owned());
    let id = Id::now();
    if template.source == TemplateSource::Leads {
        let batch = BatchOfLeads {
            id,
            name,
            parallel: template.settings.is_parallel(),
            settings: template.settings.common_config.clone().into(),
            created_by: Some(caller.scope.user_id),
            template_id: Some(template.id),
            start: asked.start.unwrap_or(true),
            despite_unknown_outcomes: false,
        };
        return of_leads(app, caller, template, most, batch, key).await;
    }
    let command = ChooseRegistrationBatch {
        id,
        organisation_id: caller.scope.organisation_id,
        name,
        parallel: template.settings.is_parallel(),
        settings: template.settings.common_config.clone().into(),
        candidates: chosen(app, caller, template, most.saturating_add(SPARE)).await?,
        most,
        created_by: Some(caller.scope.user_id),
        template_id: template.id,
        start: asked.start.unwrap_or(true),
        key,
        origin: caller.origin(),
    };
    match app.command(command).await? {
        RegistrationBatchChosen::Created(jobs) => {
            app.overseer.do_send(RegistrationsChanged(id));
            Ok(RunSchedule::answer(id, jobs))
        }
        RegistrationBatchChosen::Nobody => Err(no_restaurant_matches()),
    }
}

/// Makes restaurants of the template's leads, and the batch of those.
async fn of_leads(
    app: &App,
    caller: &Caller,
    template: &BatchTemplateView,
    most: usize,
    batch: BatchOfLeads,
    key: Option<RequestKey>,
) -> Result<StoredAnswer, Problem> {
    let lead_ids = chosen(app, caller, template, most).await?;
    if lead_ids.is_empty() {
        return Err(no_restaurant_matches());
    }
    let (id, made) = (batch.id, lead_ids.len());
    let command = ConvertLeads {
        organisation_id: caller.scope.organisation_id,
        lead_ids,
        more: false,
        batch: Some(batch),
        key,
        origin: caller.origin(),
    };
    match app.command(command).await? {
        LeadsConverted::Accepted { .. } => {
            app.overseer.do_send(RegistrationsChanged(id));
            Ok(RunSchedule::answer(id, made))
        }
        LeadsConverted::Refused { .. } | LeadsConverted::Busy(_) | LeadsConverted::OutcomeUnknown(_) => {
            let detail = "the leads have changed at this moment; try again";
            Err(Problem::new(StatusCode::CONFLICT, "restaurants_busy", detail))
        }
    }
}
