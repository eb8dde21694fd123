//! Organisations.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Json, Path, Query};
use chrono::Utc;
use entity::Id;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use super::users::LONGEST_NAME;
use crate::http::app::App;
use crate::http::caller::Caller;
use crate::http::cursor::{self, List};
use crate::http::idempotency::{IdempotencyKey, once};
use crate::http::problem::Problem;
use crate::store::read::{Access, OrganisationView, Role};
use crate::store::write::{AddOrganisation, KeyAnswer, OrganisationChanged, RenameOrganisation, StoredAnswer};

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct OrganisationQuery {
    limit: Option<u64>,
    cursor: Option<String>,
}

/// `GET /api/organisations`: one's own; an operator sees all, newest first.
#[utoipa::path(
    get, path = "/api/organisations", tag = "identity",
    params(OrganisationQuery),
    responses((status = 200, description = "Organisations, newest first.", body = List<OrganisationView>)),
)]
pub async fn list(
    app: Data<App>,
    caller: Caller,
    query: Query<OrganisationQuery>,
) -> Result<Json<List<OrganisationView>>, Problem> {
    let before = cursor::read(query.cursor.as_deref())?;
    let limit = cursor::limit(query.limit)?;
    Ok(Json(
        app.reader.organisations(&caller.scope, before, limit).await?.into(),
    ))
}

/// The name of an organisation.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrganisationBody {
    name: String,
}

pub(super) fn organisation_name(text: &str) -> Result<String, Problem> {
    let name = text.trim();
    if (1..=LONGEST_NAME).contains(&name.chars().count()) && !name.chars().any(char::is_control) {
        return Ok(name.to_owned());
    }
    Err(Problem::bad_request(format!(
        "an organisation needs a name of 1 to {LONGEST_NAME} characters"
    )))
}

fn name_taken() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "name_taken",
        "there is an organisation of this name already",
    )
}

/// `POST /api/organisations`: makes an organisation. For operators.
#[utoipa::path(
    post, path = "/api/organisations", tag = "identity",
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "Carried out once for each key, for 24 hours."),
    ),
    request_body = OrganisationBody,
    responses((status = 201, description = "The organisation.", body = OrganisationView)),
)]
pub async fn create(
    app: Data<App>,
    caller: Caller,
    key: IdempotencyKey,
    body: Json<OrganisationBody>,
) -> Result<HttpResponse, Problem> {
    caller.require(Role::Operator)?;
    let organisation = OrganisationView {
        id: Id::now(),
        name: organisation_name(&body.name)?,
        created_at: Utc::now(),
    };
    let (shared, origin) = (app.clone(), caller.origin());
    once(
        &app,
        &caller,
        key,
        "POST /api/organisations",
        &*body,
        move |request_key| async move {
            let answer = StoredAnswer {
                status: 201,
                location: None,
                body: json!(organisation).to_string(),
            };
            let command = AddOrganisation {
                id: organisation.id,
                name: organisation.name,
                origin,
                answer: request_key.map(|request| KeyAnswer {
                    request,
                    answer: answer.clone(),
                }),
            };
            match shared.command(command).await? {
                OrganisationChanged::Accepted => Ok(answer),
                OrganisationChanged::NameTaken | OrganisationChanged::NotFound => Err(name_taken()),
            }
        },
    )
    .await
}

/// `PATCH /api/organisations/{id}`: gives it another name. For operators; secrets in the settings go by that name.
#[utoipa::path(
    patch, path = "/api/organisations/{id}", tag = "identity",
    params(("id" = Id, Path, description = "The organisation.")),
    request_body = OrganisationBody,
    responses((status = 200, description = "The organisation as it is now.", body = OrganisationView)),
)]
pub async fn rename(
    app: Data<App>,
    caller: Caller,
    id: Path<Id>,
    body: Json<OrganisationBody>,
) -> Result<Json<OrganisationView>, Problem> {
    caller.require(Role::Operator)?;
    let command = RenameOrganisation {
        id: *id,
        name: organisation_name(&body.name)?,
        origin: caller.origin(),
    };
    match app.command(command).await? {
        OrganisationChanged::Accepted => {}
        OrganisationChanged::NameTaken => return Err(name_taken()),
        OrganisationChanged::NotFound => return Err(Problem::not_found("organisation")),
    }
    match app.reader.organisation(&caller.scope, *id).await? {
        Access::Granted(organisation) => Ok(Json(organisation)),
        Access::Forbidden | Access::Missing => Err(Problem::not_found("organisation")),
    }
}
