//! Signing in and out, and what one is signed in as.

use std::time::{Duration, Instant};

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, LOCATION, SET_COOKIE, USER_AGENT};
use actix_web::web::{Bytes, Data, Json, Path, Query};
use actix_web::{Error, HttpRequest, HttpResponse};
use chrono::{DateTime, TimeDelta, Utc};
use entity::Id;
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use crate::http::app::App;
use crate::http::audit::Asked;
use crate::http::auth::address::Client;
use crate::http::auth::cookies::{self, Secret, csrf_token};
use crate::http::auth::password::Checked;
use crate::http::auth::throttle::Attempt;
use crate::http::caller::Caller;
use crate::http::cursor::{self, List};
use crate::http::problem::Problem;
use crate::http::token;
use crate::store::read::{Access, Credential, OrganisationView, SessionView, UserView};
use crate::store::write::{CloseSession, OpenSession, SetPassword};

/// The longest address that is looked up.
const LONGEST_EMAIL: usize = 254;
/// Characters of a `User-Agent` that are kept.
const KEPT_OF_AGENT: usize = 200;

/// Who signs in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    email: String,
    #[schema(value_type = String)]
    password: SecretString,
    /// Forms only: the path that the browser goes to afterwards; default: `/docs`.
    next: Option<String>,
    /// Forms only, where there is a session already.
    #[serde(rename = "csrf_token")]
    _csrf_token: Option<String>,
}

/// Reads a body as JSON or as a form sends it, and says which it was. Nothing of it gets into an error.
pub(super) fn read_form<T: DeserializeOwned>(
    request: &HttpRequest,
    body: Result<Bytes, Error>,
) -> Result<(T, bool), Problem> {
    let body = body.map_err(|error| match error.as_response_error().status_code() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::too_large("the body is larger than what this route takes"),
        _ => Problem::bad_request("the body broke off"),
    })?;
    let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default();
    let unreadable = || Problem::bad_request("the body does not have the fields that this route takes");
    match kind.trim().to_ascii_lowercase().as_str() {
        "application/json" => Ok((serde_json::from_slice(&body).map_err(|_| unreadable())?, false)),
        "application/x-www-form-urlencoded" => {
            let fields: Map<String, Value> = url::form_urlencoded::parse(&body)
                .map(|(name, value)| (name.into_owned(), value.into_owned().into()))
                .collect();
            Ok((serde_json::from_value(fields.into()).map_err(|_| unreadable())?, true))
        }
        _ => Err(Problem::not_json()),
    }
}

/// What one is signed in as.
#[derive(Debug, Serialize, ToSchema)]
pub struct Me {
    pub user: UserView,
    pub organisation: OrganisationView,
    /// What this credential may do: the user's role, or less where the credential is limited.
    pub role: String,
    /// `session`, `token` or `issuer`.
    pub credential: String,
    /// Route groups that the token may use; `null`: all.
    pub groups: Option<Vec<String>>,
    /// Of a session: what `X-CSRF-Token`, or the field `csrf_token` of a form, must hold where a browser does not say from
    /// where it sends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub csrf_token: Option<String>,
}

/// `GET /api/me`: who the caller is.
#[utoipa::path(
    get, path = "/api/me", tag = "identity",
    responses((status = 200, description = "The user, the organisation, and what this credential may do.", body = Me)),
)]
pub async fn me(app: Data<App>, caller: Caller) -> Result<Json<Me>, Problem> {
    let scope = &caller.scope;
    let user = app.reader.user(scope, scope.user_id).await?;
    let organisation = app.reader.organisation(scope, scope.organisation_id).await?;
    let (Access::Granted(user), Access::Granted(organisation)) = (user, organisation) else {
        return Err(Problem::unauthorized());
    };
    let credential = match scope.credential() {
        Credential::Session(_) => "session",
        Credential::Issuer => "issuer",
        Credential::Token(_) | Credential::Database => "token",
    };
    Ok(Json(Me {
        user,
        organisation,
        role: scope.role.to_string(),
        credential: credential.to_owned(),
        groups: scope.groups().map(<[String]>::to_vec),
        csrf_token: caller.session().map(csrf_token),
    }))
}

/// A session that has begun.
#[derive(Debug, Serialize, ToSchema)]
pub struct SignedIn {
    session_id: Id,
    user_id: Id,
    /// The end of it, however much it is used.
    expires_at: DateTime<Utc>,
    csrf_token: String,
}

fn wrong() -> Problem {
    let detail = "this e-mail address and password do not belong together";
    Problem::new(StatusCode::UNAUTHORIZED, "wrong_password", detail)
}

fn too_many(wait: Duration) -> Problem {
    let detail = "too many attempts from here; wait before the next one";
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_attempts", detail)
        .retry_after(wait.max(Duration::from_secs(1)))
}

/// `POST /api/session`: signs in with a password, as JSON or as a form sends it.
#[utoipa::path(
    post, path = "/api/session", tag = "identity", security(()),
    request_body(content(
        (SignIn = "application/json"),
        (SignIn = "application/x-www-form-urlencoded"),
    )),
    responses(
        (
            status = 201,
            description = "Signed in; the session is in a cookie.",
            body = SignedIn,
            headers(("Set-Cookie" = String, description = "The session, and a mark by which the browser is known later.")),
        ),
        (status = 303, description = "The same, of a form: the browser goes on to `next`."),
    ),
)]
pub async fn sign_in(
    app: Data<App>,
    request: HttpRequest,
    body: Result<Bytes, Error>,
) -> Result<HttpResponse, Problem> {
    let (given, is_form) = read_form::<SignIn>(&request, body)?;
    let client = Client::of(&request, &app.engine.settings().http);
    let asked = Asked::by_anybody(&request, client.address);
    let email = given.email.trim().to_lowercase();
    if email.len() > LONGEST_EMAIL {
        return Err(wrong());
    }
    let user = app.reader.password_of(&email).await?;
    let device = cookies::device_of(&request, &client);
    // Asked also of nobody, so that this takes as long.
    let user_id = user.as_ref().map_or_else(Id::now, |user| user.user_id);
    let known_device = match device {
        Some(device) if app.reader.knows_device(user_id, &device).await? => Some(device),
        _ => None,
    };
    let begun = app
        .throttle
        .begin(&email, client.address, known_device.as_deref(), Instant::now());
    let attempt = begun.map_err(too_many)?;
    if !attempt.hold.is_zero() {
        tokio::time::sleep(attempt.hold).await;
    }
    let whose = user.as_ref().map(|user| (user.organisation_id, user.user_id));
    let enabled = user.filter(|user| user.enabled);
    let stored = enabled.as_ref().and_then(|user| user.password_hash.as_deref());
    let checked = app.passwords.check(given.password, stored).await;
    let checked = checked.inspect_err(|_| app.throttle.take_back(&attempt))?;
    let (Some(user), Checked::Right { rehashed }) = (enabled, checked) else {
        let mut record = asked.record().with_outcome("wrong_password");
        // Whose account it was, for the admins of it. Whoever failed is still anybody.
        (record.organisation_id, record.user_id) = whose.unzip();
        app.audit.append_failure(record, &email);
        return Err(wrong());
    };
    let asked = asked.known(user.organisation_id, user.user_id);
    let (secret, mark) = (Secret::random(), Secret::random());
    let most = Duration::from_millis(app.engine.settings().auth.session_max_ms);
    let expires_at = Utc::now() + TimeDelta::from_std(most).unwrap_or(TimeDelta::MAX);
    let command = OpenSession {
        id: Id::now(),
        user_id: user.user_id,
        token_hash: secret.hash.clone(),
        expires_at,
        address: client.address.map(|address| address.to_string()),
        user_agent: agent(&request),
        instead_of: cookies::session_of(&request, &client).map(|session| token::hash(&session)),
        checked: user.password_hash.unwrap_or_default(),
        rehashed,
        device_hash: mark.hash.clone(),
        known_device,
        origin: asked.origin(),
    };
    let session_id = command.id;
    if !app
        .command(command)
        .await
        .inspect_err(|_| app.throttle.take_back(&attempt))?
    {
        return Err(wrong());
    }
    succeed(&app, &attempt);
    let mut response = if is_form {
        let mut response = HttpResponse::SeeOther();
        response.insert_header((LOCATION, own_path(given.next.as_deref())));
        response
    } else {
        HttpResponse::Created()
    };
    response.append_header((SET_COOKIE, cookies::session(&client, &secret, most)));
    response.append_header((SET_COOKIE, cookies::device(&client, &mark)));
    if is_form {
        return Ok(response.finish());
    }
    Ok(response.json(SignedIn {
        session_id,
        user_id: user.user_id,
        expires_at,
        csrf_token: csrf_token(&secret.value),
    }))
}

fn succeed(app: &App, attempt: &Attempt) {
    app.throttle.succeed(attempt);
    app.credentials.forget();
}

fn agent(request: &HttpRequest) -> Option<String> {
    let agent = request.headers().get(USER_AGENT)?.to_str().ok()?;
    Some(agent.chars().take(KEPT_OF_AGENT).collect())
}

/// Where a form leads that names no page.
const USUAL_PAGE: &str = "/docs";

/// A path of this host; anything that could lead elsewhere becomes the usual one.
fn own_path(next: Option<&str>) -> String {
    let is_plain = |path: &&str| {
        path.starts_with('/')
            && !path.starts_with("//")
            && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
    };
    next.filter(is_plain).unwrap_or(USUAL_PAGE).to_owned()
}

/// `DELETE /api/session`: signs out.
#[utoipa::path(
    delete, path = "/api/session", tag = "identity",
    responses((status = 204, description = "Signed out; the cookie is taken back.")),
)]
pub async fn sign_out(app: Data<App>, caller: Caller) -> Result<HttpResponse, Problem> {
    let Credential::Session(id) = caller.scope.credential() else {
        return Err(Problem::bad_request(
            "this request is made with a token, which DELETE /api/tokens/{id} ends",
        ));
    };
    let origin = caller.origin();
    app.command(CloseSession { id, origin }).await?;
    app.credentials.forget();
    let cookie = cookies::no_session(&caller.client());
    Ok(HttpResponse::NoContent().append_header((SET_COOKIE, cookie)).finish())
}

/// Which sessions.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct SessionQuery {
    /// Whose; an admin may name somebody of the organisation.
    user_id: Option<Id>,
    limit: Option<u64>,
    cursor: Option<String>,
}

/// `GET /api/sessions`: where somebody is signed in, newest first.
#[utoipa::path(
    get, path = "/api/sessions", tag = "identity",
    params(SessionQuery),
    responses((status = 200, description = "Sessions that are not over, newest first.", body = List<SessionView>)),
)]
pub async fn list(
    app: Data<App>,
    caller: Caller,
    query: Query<SessionQuery>,
) -> Result<Json<List<SessionView>>, Problem> {
    let before = cursor::read(query.cursor.as_deref())?;
    let limit = cursor::limit(query.limit)?;
    let user_id = query.user_id.unwrap_or(caller.scope.user_id);
    super::users::visible(&app, &caller, user_id).await?;
    let idle_since = app.credentials.idle_since();
    Ok(Json(
        app.reader
            .sessions(&caller.scope, user_id, idle_since, before, limit)
            .await?
            .into(),
    ))
}

/// `DELETE /api/sessions/{id}`: ends a session of one's own; an admin may end those of the organisation, a token that only reads
/// none.
#[utoipa::path(
    delete, path = "/api/sessions/{id}", tag = "identity",
    params(("id" = Id, Path, description = "The session.")),
    responses((status = 204, description = "It has ended.")),
)]
pub async fn end(app: Data<App>, caller: Caller, id: Path<Id>) -> Result<HttpResponse, Problem> {
    match app.reader.session(&caller.scope, *id).await? {
        Access::Granted(_) => {}
        Access::Forbidden => return Err(Problem::forbidden("this session belongs to somebody else")),
        Access::Missing => return Err(Problem::not_found("session")),
    }
    if caller.scope.only_reads() {
        return Err(Problem::forbidden("a token that only reads ends no session"));
    }
    let origin = caller.origin();
    app.command(CloseSession { id: *id, origin }).await?;
    app.credentials.forget();
    Ok(HttpResponse::NoContent().finish())
}

/// One's password and the next one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPassword {
    #[schema(value_type = String)]
    current: SecretString,
    #[schema(value_type = String)]
    new: SecretString,
}

/// `POST /api/me/password`: takes another password. All other sessions end.
#[utoipa::path(
    post, path = "/api/me/password", tag = "identity",
    request_body = NewPassword,
    responses((status = 204, description = "The password is changed; all other sessions have ended.")),
)]
pub async fn change_password(
    app: Data<App>,
    caller: Caller,
    request: HttpRequest,
    body: Result<Bytes, Error>,
) -> Result<HttpResponse, Problem> {
    let (given, _) = read_form::<NewPassword>(&request, body)?;
    let scope = &caller.scope;
    let stored = app
        .reader
        .own_password(scope)
        .await?
        .and_then(|user| user.password_hash);
    let Some(stored) = stored else {
        let detail =
            "this user has no password; an admin can make a link that sets one (POST /api/users/{id}/invitation)";
        return Err(Problem::new(StatusCode::CONFLICT, "no_password", detail));
    };
    let Access::Granted(user) = app.reader.user(scope, scope.user_id).await? else {
        return Err(Problem::unauthorized());
    };
    crate::http::auth::password::check(&given.new, &user.email)?;
    let attempt = app
        .throttle
        .begin(&user.email, caller.client().address, None, Instant::now())
        .map_err(too_many)?;
    let checked = app.passwords.check(given.current, Some(&stored)).await;
    let checked = checked.inspect_err(|_| app.throttle.take_back(&attempt))?;
    if matches!(checked, Checked::Wrong) {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "wrong_password",
            "'current' is not the password of this user",
        ));
    }
    app.throttle.succeed(&attempt);
    let keep_session = match scope.credential() {
        Credential::Session(id) => Some(id),
        _ => None,
    };
    let command = SetPassword {
        user_id: scope.user_id,
        instead_of: stored,
        password_hash: app.passwords.hash(given.new).await?,
        keep_session,
        origin: caller.origin(),
    };
    if !app.command(command).await? {
        let detail = "the password was changed meanwhile; sign in again";
        return Err(Problem::new(StatusCode::CONFLICT, "stale", detail));
    }
    app.credentials.forget();
    Ok(HttpResponse::NoContent().finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_leads_nowhere_else() {
        assert_eq!(own_path(Some("/jobs?status=running")), "/jobs?status=running");
        for elsewhere in [
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "/a\r\nx: y",
            "",
        ] {
            assert_eq!(own_path(Some(elsewhere)), USUAL_PAGE, "{elsewhere}");
        }
    }
}
