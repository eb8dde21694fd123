//! What a one-time link does: sets a password, or sets the daemon up.

use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Data};
use actix_web::{Error, HttpRequest, HttpResponse};
use entity::Id;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::organisations::organisation_name;
use super::sessions::read_form;
use super::users::email;
use super::welcome::done;
use crate::http::app::App;
use crate::http::audit::Asked;
use crate::http::auth::address::Client;
use crate::http::auth::password;
use crate::http::problem::Problem;
use crate::http::token::hash;
use crate::store::write::{AcceptLink, SetUp, SetUpDone};

fn no_link() -> Problem {
    let detail = "this link was used, has expired or was replaced by a later one; ask an admin for another";
    Problem::new(StatusCode::GONE, "no_such_link", detail)
}

fn asked(app: &App, request: &HttpRequest) -> Asked {
    let client = Client::of(request, &app.engine.settings().http);
    Asked::by_anybody(request, client.address)
}

/// A link and the password that it sets.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Acceptance {
    /// What the link holds.
    #[schema(value_type = String)]
    token: SecretString,
    #[schema(value_type = String)]
    password: SecretString,
}

/// `POST /api/accept-invitation`: sets the password of whoever the link was made for, once. All sessions end.
#[utoipa::path(
    post, path = "/api/accept-invitation", tag = "identity", security(()),
    request_body(content(
        (Acceptance = "application/json"),
        (Acceptance = "application/x-www-form-urlencoded"),
    )),
    responses(
        (status = 204, description = "The password is set; sign in with it."),
        (status = 200, description = "The same, of a form.", body = String, content_type = "text/html"),
    ),
)]
pub async fn accept(app: Data<App>, request: HttpRequest, body: Result<Bytes, Error>) -> Result<HttpResponse, Problem> {
    let (given, is_form) = read_form::<Acceptance>(&request, body)?;
    let token_hash = hash(given.token.expose_secret());
    let Some(email) = app.reader.address_of_link(&token_hash).await? else {
        return Err(no_link());
    };
    password::check(&given.password, &email)?;
    let command = AcceptLink {
        token_hash,
        password_hash: app.passwords.hash(given.password).await?,
        origin: asked(&app, &request).origin(),
    };
    if app.command(command).await?.is_none() {
        return Err(no_link());
    }
    app.credentials.forget();
    if is_form {
        return Ok(done("The password is set. Sign in with it."));
    }
    Ok(HttpResponse::NoContent().finish())
}

/// The first user of a daemon.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Setup {
    /// What the daemon printed when it started.
    #[schema(value_type = String)]
    token: SecretString,
    email: String,
    #[schema(value_type = String)]
    password: SecretString,
    /// The name of the first organisation.
    organisation: String,
}

/// The first user.
#[derive(Debug, Serialize, ToSchema)]
pub struct SetupAnswer {
    user_id: Id,
}

/// `POST /api/setup`: makes the first organisation and its operator, while there is no user.
#[utoipa::path(
    post, path = "/api/setup", tag = "identity", security(()),
    request_body(content(
        (Setup = "application/json"),
        (Setup = "application/x-www-form-urlencoded"),
    )),
    responses(
        (status = 201, description = "The operator; sign in with the password.", body = SetupAnswer),
        (status = 200, description = "The same, of a form.", body = String, content_type = "text/html"),
    ),
)]
pub async fn set_up(app: Data<App>, request: HttpRequest, body: Result<Bytes, Error>) -> Result<HttpResponse, Problem> {
    let (given, is_form) = read_form::<Setup>(&request, body)?;
    let email = email(&given.email)?;
    let organisation = organisation_name(&given.organisation)?;
    password::check(&given.password, &email)?;
    let token_hash = hash(given.token.expose_secret());
    if !app.reader.has_setup_link(&token_hash).await? {
        return Err(no_link());
    }
    let command = SetUp {
        token_hash: Some(token_hash),
        user_id: Id::now(),
        email,
        password_hash: app.passwords.hash(given.password).await?,
        organisation,
        origin: asked(&app, &request).origin(),
    };
    let user_id = command.user_id;
    match app.command(command).await? {
        SetUpDone::Accepted if is_form => Ok(done("The daemon is set up. Sign in with this password.")),
        SetUpDone::Accepted => Ok(HttpResponse::Created().json(SetupAnswer { user_id })),
        SetUpDone::TooLate | SetUpDone::NoLink => Err(no_link()),
    }
}
