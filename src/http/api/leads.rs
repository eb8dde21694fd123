//! `/api/leads`: who may become a lead.

use std::collections::HashSet;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Json, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use chrono::Utc;
use entity::Id;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::{IntoParams, ToSchema};

use super::batch_refusals::{busy, outcome_unknown, refusal};
use super::directory::{self, MOST, NewProfile, ProfilePatch};
use super::registration_batches::{ExecutionMode, batch_name, common_config};
use crate::actors::RegistrationsChanged;
use crate::http::app::App;
use crate::http::caller::Caller;
use crate::http::cursor::List;
use crate::http::idempotency::{IdempotencyKey, once};
use crate::http::problem::Problem;
use crate::model::registration::filter::RestaurantFilter;
use crate::model::registration::profile::{Directory, Kind, Stage};
use crate::model::workflow_spec::Mistake;
use crate::store::read::{LeadView, Role};
use crate::store::write::{BatchOfLeads, ConvertLeads, ConvertedLead, LeadsConverted};

/// Leads whose places an answer tells, of each kind.
const PLACES_TOLD: usize = 100;

/// Which leads.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct LeadQuery {
    #[serde(rename = "type")]
    kind: Option<Kind>,
    stage: Option<Stage>,
    status: Option<String>,
    city: Option<String>,
    region: Option<String>,
    country: Option<String>,
    icp_min: Option<i32>,
    icp_max: Option<i32>,
    /// The beginning of a name.
    q: Option<String>,
    converted: Option<bool>,
    limit: Option<u64>,
    cursor: Option<String>,
}

/// `GET /api/leads`: the organisation's leads, newest first.
#[utoipa::path(
    get, path = "/api/leads", tag = "leads",
    params(LeadQuery),
    responses(
        (status = 200, description = "The organisation's leads, newest first.", body = List<LeadView>),
    ),
)]
pub async fn list(app: Data<App>, caller: Caller, query: Query<LeadQuery>) -> Result<Json<List<LeadView>>, Problem> {
    let query = query.into_inner();
    let filter = RestaurantFilter {
        kind: query.kind,
        stage: query.stage,
        status: query.status,
        city: query.city,
        region: query.region,
        country: query.country,
        icp_min: query.icp_min,
        icp_max: query.icp_max,
        q: query.q,
        converted: query.converted,
        registered: None,
        outcome_unknown: None,
    };
    directory::list(&app, &caller, filter, query.cursor.as_deref(), query.limit).await
}

/// One lead, or up to 1,000.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it describes what is read member by member")]
pub enum NewLeads {
    One(NewProfile),
    Listed(Vec<NewProfile>),
    Many { leads: Vec<NewProfile> },
}

/// What was made: the one, or several.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it describes what the command answers")]
pub enum LeadsMade {
    One(LeadView),
    Many { created: u64, leads: Vec<LeadView> },
}

/// `POST /api/leads`: makes leads, all of them or none.
#[utoipa::path(
    post, path = "/api/leads", tag = "leads",
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "Carried out once for each key, for 24 hours."),
    ),
    request_body = NewLeads,
    responses((status = 201, description = "What was made.", body = LeadsMade)),
)]
pub async fn create(
    app: Data<App>,
    caller: Caller,
    key: IdempotencyKey,
    body: Json<Value>,
) -> Result<HttpResponse, Problem> {
    directory::create(&app, caller, key, Directory::Leads, "POST /api/leads", &body).await
}

/// `GET /api/leads/{id}`, with its version as the ETag.
#[utoipa::path(
    get, path = "/api/leads/{id}", tag = "leads",
    params(("id" = Id, Path, description = "The lead.")),
    responses(
        (
            status = 200,
            description = "The lead.",
            body = LeadView,
            headers(("ETag" = String, description = "Its version, for If-Match.")),
        ),
    ),
)]
pub async fn detail(app: Data<App>, caller: Caller, id: Path<Id>) -> Result<HttpResponse, Problem> {
    directory::detail::<LeadView>(&app, &caller, *id).await
}

/// `PATCH /api/leads/{id}`: a merge patch. With `If-Match` only if nobody has changed it since.
#[utoipa::path(
    patch, path = "/api/leads/{id}", tag = "leads",
    params(
        ("id" = Id, Path, description = "The lead."),
        ("If-Match" = Option<String>, Header, description = "The version that is changed."),
    ),
    request_body = ProfilePatch,
    responses(
        (
            status = 200,
            description = "The lead as it is now.",
            body = LeadView,
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
    directory::change::<LeadView>(&app, &caller, &request, *id, body.into_inner()).await
}

/// `DELETE /api/leads/{id}`. The restaurant that it has become stays.
#[utoipa::path(
    delete, path = "/api/leads/{id}", tag = "leads",
    params(
        ("id" = Id, Path, description = "The lead."),
        ("If-Match" = Option<String>, Header, description = "The version that is deleted."),
    ),
    responses((status = 204, description = "It is gone.")),
)]
pub async fn delete(
    app: Data<App>,
    caller: Caller,
    request: HttpRequest,
    id: Path<Id>,
) -> Result<HttpResponse, Problem> {
    directory::delete::<LeadView>(&app, &caller, &request, *id).await
}

/// Which leads become restaurants: one of `lead_ids` and `filter`.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConvertBody {
    /// Up to 1,000; with a batch as many as one may have.
    lead_ids: Option<Vec<Id>>,
    /// Those that match and are not converted yet, oldest first, as many at a time.
    filter: Option<RestaurantFilter>,
    /// How many leads match the filter, as the sender has been told. Without it they are only counted.
    confirm_count: Option<u64>,
    /// Only count.
    #[serde(default)]
    dry_run: bool,
    /// Whether the restaurants come into a registration batch at once.
    #[serde(default)]
    create_registration_batch: bool,
    /// How the batch is to be.
    batch: Option<BatchToMake>,
}

/// How a batch of converted leads is to be.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BatchToMake {
    name: Option<String>,
    execution_mode: ExecutionMode,
    #[schema(value_type = Option<Object>)]
    common_config: Option<Value>,
    /// Start it at once.
    start: bool,
    /// Also where an ended registration of a restaurant that a lead has become before made a call of which nobody knows what it did.
    despite_unknown_outcomes: bool,
}

/// What the leads have become.
#[derive(Serialize, ToSchema)]
pub struct Converted {
    /// In the order of the leads.
    restaurants: Vec<ConvertedLead>,
    /// Whether more leads match than one request converts.
    more: bool,
    /// The batch; null where none was asked for.
    #[schema(value_type = Option<Object>)]
    registration_batch: Option<Value>,
}

/// How many leads a conversion is about.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConversionCounted {
    matched: u64,
    /// Whether that is more than one request converts.
    more: bool,
    dry_run: bool,
}

/// `POST /api/leads/convert`: makes restaurants of leads, all of them or none. A lead that is a restaurant already keeps it.
#[utoipa::path(
    post, path = "/api/leads/convert", tag = "leads",
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "Carried out once for each key, for 24 hours."),
    ),
    request_body = ConvertBody,
    responses(
        (status = 200, description = "The restaurants; or with `dry_run`, or a filter that is not confirmed, their number.",
            content((Converted = "application/json"), (ConversionCounted = "application/json"))),
    ),
)]
pub async fn convert(
    app: Data<App>,
    caller: Caller,
    key: IdempotencyKey,
    body: Json<ConvertBody>,
) -> Result<HttpResponse, Problem> {
    caller.require(Role::Member)?;
    let body = body.into_inner();
    let batch = batch_of_converted(&caller, &body)?;
    let most = match body.create_registration_batch {
        true => MOST.min(app.engine.settings().registration.max_restaurants),
        false => MOST,
    };
    let chosen = Chosen::of(&body, most)?;
    if body.dry_run || chosen.wants_confirmation() {
        let matched = chosen.count(&app, &caller).await?;
        return Ok(HttpResponse::Ok().json(ConversionCounted {
            matched,
            more: matched > most as u64,
            dry_run: true,
        }));
    }
    let (shared, asker) = (app.clone(), caller.clone());
    once(
        &app,
        &asker,
        key,
        "POST /api/leads/convert",
        &body,
        move |request_key| async move {
            let (lead_ids, more) = chosen.leads(&shared, &caller, most).await?;
            let command = ConvertLeads {
                organisation_id: caller.scope.organisation_id,
                lead_ids,
                more,
                batch: batch.clone(),
                key: request_key,
                origin: caller.origin(),
            };
            match shared.command(command).await? {
                LeadsConverted::Accepted { answer, .. } => {
                    if let Some(batch) = batch {
                        shared.overseer.do_send(RegistrationsChanged(batch.id));
                    }
                    Ok(answer)
                }
                LeadsConverted::Refused { missing, foreign } => Err(unconverted(&missing, &foreign)),
                LeadsConverted::Busy(restaurants) => Err(busy(&restaurants)),
                LeadsConverted::OutcomeUnknown(calls) => Err(outcome_unknown(&calls)),
            }
        },
    )
    .await
}

/// The registration batch that the restaurants come into; none where none is asked for.
fn batch_of_converted(caller: &Caller, body: &ConvertBody) -> Result<Option<BatchOfLeads>, Problem> {
    if !body.create_registration_batch {
        return match &body.batch {
            None => Ok(None),
            Some(_) => Err(Problem::bad_request(
                "'batch' says how a batch is made; send 'create_registration_batch': true with it",
            )),
        };
    }
    let said = body.batch.clone().unwrap_or_default();
    let usual = || format!("Registration of leads, {}", Utc::now().format("%Y-%m-%d"));
    let (name, settings) = match (
        batch_name(said.name.as_deref(), usual),
        common_config(said.common_config),
    ) {
        (Ok(name), Ok(settings)) => (name, settings),
        (name, settings) => {
            let against = [name.err(), settings.err()].into_iter().flatten();
            return Err(refusal(against.map(|each| each.within("/batch")).collect()));
        }
    };
    Ok(Some(BatchOfLeads {
        id: Id::now(),
        name,
        parallel: said.execution_mode == ExecutionMode::Parallel,
        settings,
        created_by: Some(caller.scope.user_id),
        template_id: None,
        start: said.start,
        despite_unknown_outcomes: said.despite_unknown_outcomes,
    }))
}

/// The leads that a request is about.
enum Chosen {
    /// Each once.
    Named(Vec<Id>),
    Matching {
        filter: RestaurantFilter,
        confirmed: Option<u64>,
    },
}

impl Chosen {
    fn of(body: &ConvertBody, most: usize) -> Result<Self, Problem> {
        match (&body.lead_ids, &body.filter, body.confirm_count) {
            (Some(ids), None, None) => {
                if !(1..=most).contains(&ids.len()) {
                    return Err(Problem::bad_request(format!(
                        "'lead_ids' must have 1 to {most} ids here"
                    )));
                }
                let mut met = HashSet::new();
                if let Some(twice) = ids.iter().position(|id| !met.insert(*id)) {
                    let mistake = Mistake::new(format!("/lead_ids/{twice}"), "stands there twice");
                    return Err(Problem::mistakes(&[mistake]));
                }
                Ok(Self::Named(ids.clone()))
            }
            (None, Some(filter), confirmed) => {
                let mut filter = directory::checked(filter.clone(), Directory::Leads)?;
                if filter.converted == Some(true) {
                    return Err(Problem::bad_request("leads that are converted stay what they are"));
                }
                // Only those that it changes, so that what is left matches again and what is done does not.
                filter.converted = Some(false);
                Ok(Self::Matching { filter, confirmed })
            }
            _ => Err(Problem::bad_request(
                "name the leads by 'lead_ids', or by 'filter' with the number that match as 'confirm_count'",
            )),
        }
    }

    fn wants_confirmation(&self) -> bool {
        matches!(self, Self::Matching { confirmed: None, .. })
    }

    async fn count(&self, app: &App, caller: &Caller) -> Result<u64, Problem> {
        match self {
            Self::Named(ids) => Ok(ids.len() as u64),
            Self::Matching { filter, .. } => Ok(app.reader.count_leads(&caller.scope, filter).await?),
        }
    }

    /// Up to `most` of them, and whether there are more.
    async fn leads(self, app: &App, caller: &Caller, most: usize) -> Result<(Vec<Id>, bool), Problem> {
        let matched = self.count(app, caller).await?;
        match self {
            Self::Named(ids) => Ok((ids, false)),
            Self::Matching { confirmed, .. } if confirmed.is_some_and(|confirmed| confirmed != matched) => {
                let detail = format!("{matched} leads match by now; look again, and confirm that number");
                Err(Problem::new(StatusCode::CONFLICT, "count_changed", detail).with("matched", matched))
            }
            Self::Matching { filter, .. } => {
                let ids = app.reader.leads_matching(&caller.scope, &filter, most).await?;
                Ok((ids, matched > most as u64))
            }
        }
    }
}

/// Leads that are not there, or belong to others, with their places.
fn unconverted(missing: &[usize], foreign: &[usize]) -> Problem {
    let told = |places: &[usize], detail: &'static str| -> Vec<Mistake> {
        let told = places.iter().take(PLACES_TOLD);
        told.map(|place| Mistake::new(format!("/lead_ids/{place}"), detail))
            .collect()
    };
    let mut errors = told(missing, "is no lead");
    errors.extend(told(foreign, "belongs to another organisation"));
    let problem = if missing.is_empty() {
        Problem::forbidden("some of the leads belong to another organisation; nothing was converted")
    } else {
        let detail = "some of the leads are not there; nothing was converted";
        Problem::new(StatusCode::NOT_FOUND, "not_found", detail)
    };
    problem.with("errors", json!(errors))
}
