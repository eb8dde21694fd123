//! `/api/restaurants`: who can be registered.

use actix_web::web::{Data, Json, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use entity::Id;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use super::directory::{self, NewProfile, ProfilePatch};
use crate::http::app::App;
use crate::http::caller::Caller;
use crate::http::cursor::List;
use crate::http::idempotency::IdempotencyKey;
use crate::http::problem::Problem;
use crate::model::registration::filter::{Registered, RestaurantFilter};
use crate::model::registration::profile::{Directory, Kind, Stage};
use crate::store::read::RestaurantView;

/// Which restaurants.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct RestaurantQuery {
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
    registered: Option<Registered>,
    /// Whether an ended registration made calls of which nobody knows what they did.
    outcome_unknown: Option<bool>,
    limit: Option<u64>,
    cursor: Option<String>,
}

/// `GET /api/restaurants`: the organisation's restaurants, newest first.
#[utoipa::path(
    get, path = "/api/restaurants", tag = "restaurants",
    params(RestaurantQuery),
    responses(
        (status = 200, description = "The organisation's restaurants, newest first.", body = List<RestaurantView>),
    ),
)]
pub async fn list(
    app: Data<App>,
    caller: Caller,
    query: Query<RestaurantQuery>,
) -> Result<Json<List<RestaurantView>>, Problem> {
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
        converted: None,
        registered: query.registered,
        outcome_unknown: query.outcome_unknown,
    };
    directory::list(&app, &caller, filter, query.cursor.as_deref(), query.limit).await
}

/// One restaurant, or up to 1,000.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it describes what is read member by member")]
pub enum NewRestaurants {
    One(NewProfile),
    Listed(Vec<NewProfile>),
    Many { restaurants: Vec<NewProfile> },
}

/// What was made: the one, or several.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it describes what the command answers")]
pub enum RestaurantsMade {
    One(RestaurantView),
    Many {
        created: u64,
        restaurants: Vec<RestaurantView>,
    },
}

/// `POST /api/restaurants`: makes restaurants, all of them or none.
#[utoipa::path(
    post, path = "/api/restaurants", tag = "restaurants",
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "Carried out once for each key, for 24 hours."),
    ),
    request_body = NewRestaurants,
    responses((status = 201, description = "What was made.", body = RestaurantsMade)),
)]
pub async fn create(
    app: Data<App>,
    caller: Caller,
    key: IdempotencyKey,
    body: Json<Value>,
) -> Result<HttpResponse, Problem> {
    directory::create(
        &app,
        caller,
        key,
        Directory::Restaurants,
        "POST /api/restaurants",
        &body,
    )
    .await
}

/// `GET /api/restaurants/{id}`, with its version as the ETag.
#[utoipa::path(
    get, path = "/api/restaurants/{id}", tag = "restaurants",
    params(("id" = Id, Path, description = "The restaurant.")),
    responses(
        (
            status = 200,
            description = "The restaurant.",
            body = RestaurantView,
            headers(("ETag" = String, description = "Its version, for If-Match.")),
        ),
    ),
)]
pub async fn detail(app: Data<App>, caller: Caller, id: Path<Id>) -> Result<HttpResponse, Problem> {
    directory::detail::<RestaurantView>(&app, &caller, *id).await
}

/// `PATCH /api/restaurants/{id}`: a merge patch. With `If-Match` only if nobody has changed it since.
#[utoipa::path(
    patch, path = "/api/restaurants/{id}", tag = "restaurants",
    params(
        ("id" = Id, Path, description = "The restaurant."),
        ("If-Match" = Option<String>, Header, description = "The version that is changed."),
    ),
    request_body = ProfilePatch,
    responses(
        (
            status = 200,
            description = "The restaurant as it is now.",
            body = RestaurantView,
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
    directory::change::<RestaurantView>(&app, &caller, &request, *id, body.into_inner()).await
}

/// `DELETE /api/restaurants/{id}`, unless it has registrations or a lead has become it.
#[utoipa::path(
    delete, path = "/api/restaurants/{id}", tag = "restaurants",
    params(
        ("id" = Id, Path, description = "The restaurant."),
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
    directory::delete::<RestaurantView>(&app, &caller, &request, *id).await
}
