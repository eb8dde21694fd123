//! Users, for whoever administers them.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Json, Path, Query};
use chrono::{DateTime, Utc};
use entity::Id;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use crate::http::app::App;
use crate::http::auth::one_time::{Link, password_page};
use crate::http::auth::{Letter, LinkPost};
use crate::http::caller::Caller;
use crate::http::cursor::{self, List};
use crate::http::idempotency::{IdempotencyKey, once, once_shown};
use crate::http::problem::Problem;
use crate::store::read::{Access, Role, UserFilter, UserView};
use crate::store::write::{
    AddUser, ChangeUser, KeyAnswer, LinkKind, OpenLink, StoredAnswer, UserAdded, UserChange, UserChanged,
};

/// The longest name of a user or an organisation, in characters.
pub(super) const LONGEST_NAME: usize = 200;
const LONGEST_EMAIL: usize = 254;

/// Which users.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct UserQuery {
    /// For operators, who see all organisations.
    organisation_id: Option<Id>,
    /// The beginning of an e-mail address or a name.
    q: Option<String>,
    limit: Option<u64>,
    cursor: Option<String>,
}

/// The user, if the caller may see it.
pub(super) async fn visible(app: &App, caller: &Caller, id: Id) -> Result<UserView, Problem> {
    match app.reader.user(&caller.scope, id).await? {
        Access::Granted(user) => Ok(user),
        Access::Forbidden => Err(Problem::forbidden("this user is not yours to see")),
        Access::Missing => Err(Problem::not_found("user")),
    }
}

/// The user, if the caller may change it: an admin those of the organisation who may do no more than an admin.
async fn changeable(app: &App, caller: &Caller, id: Id) -> Result<UserView, Problem> {
    caller.require(Role::Admin)?;
    let user = visible(app, caller, id).await?;
    within_own_role(caller, &user.role)?;
    Ok(user)
}

fn within_own_role(caller: &Caller, role: &str) -> Result<(), Problem> {
    let role = role.parse::<Role>().map_err(|error| Problem::internal(&error))?;
    if role <= caller.scope.role {
        return Ok(());
    }
    let own = caller.scope.role;
    Err(Problem::forbidden(format!(
        "an {own} does not decide on the role '{role}'"
    )))
}

fn role(text: &str) -> Result<Role, Problem> {
    text.parse()
        .map_err(|error| Problem::bad_request(format!("'role': {error}")))
}

/// `GET /api/users`: the organisation's users, newest first; an operator sees those of all.
#[utoipa::path(
    get, path = "/api/users", tag = "identity",
    params(UserQuery),
    responses((status = 200, description = "Users, newest first.", body = List<UserView>)),
)]
pub async fn list(app: Data<App>, caller: Caller, query: Query<UserQuery>) -> Result<Json<List<UserView>>, Problem> {
    caller.require(Role::Admin)?;
    let filter = UserFilter {
        organisation_id: query.organisation_id,
        prefix: query.q.clone().filter(|prefix| !prefix.is_empty()),
        before: cursor::read(query.cursor.as_deref())?,
        limit: cursor::limit(query.limit)?,
    };
    Ok(Json(app.reader.users(&caller.scope, filter).await?.into()))
}

/// A user to be made.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUser {
    email: String,
    name: Option<String>,
    /// `viewer`, `member`, `admin` or `operator`.
    role: String,
    /// For operators; else one's own.
    organisation_id: Option<Id>,
}

/// A link that sets a password, once.
#[derive(Debug, Serialize, ToSchema)]
pub struct Invitation {
    /// Where the user sets the password. Shown once; an answer that is given again does not hold it.
    link: Option<String>,
    /// What `POST /api/accept-invitation` takes. Shown once.
    token: Option<String>,
    expires_at: DateTime<Utc>,
    /// Whether it is also sent to `auth.link_webhook_url`, once the answer is given. Not there where that is not set, or where
    /// too many links wait already.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    sent: bool,
}

impl Invitation {
    fn shown(app: &App, link: &Link) -> Self {
        Self {
            link: Some(password_page(&app.public_url, &link.token)),
            token: Some(link.token.clone()),
            expires_at: link.kept.expires_at,
            sent: false,
        }
    }

    /// Sends it to whoever passes links on. Only once it is kept.
    fn send(self, app: &App, link: &Link, user: &UserView) -> Self {
        let letter = |post: &LinkPost| {
            post.hand_in(Letter {
                kind: link.kept.kind,
                user_id: user.id,
                organisation_id: user.organisation_id,
                email: user.email.clone(),
                name: user.name.clone(),
                link: password_page(&app.public_url, &link.token).into(),
                expires_at: link.kept.expires_at,
            })
        };
        let sent = app.links.as_ref().is_some_and(letter);
        Self { sent, ..self }
    }

    fn hidden(link: &Link) -> Self {
        Self {
            link: None,
            token: None,
            expires_at: link.kept.expires_at,
            sent: false,
        }
    }
}

/// A user who was made, and how it gets in.
#[derive(Debug, Serialize, ToSchema)]
pub struct Invited {
    user: UserView,
    invitation: Invitation,
}

fn new_link(app: &App, caller: &Caller, kind: LinkKind) -> Link {
    let expires_at = Utc::now() + app.engine.settings().auth.link_lifetime();
    Link::random(kind, Some(caller.scope.user_id), expires_at)
}

/// The address in lower case.
pub(super) fn email(text: &str) -> Result<String, Problem> {
    let email = text.trim().to_lowercase();
    let parts = email
        .split_once('@')
        .filter(|(name, host)| !name.is_empty() && !host.is_empty());
    if parts.is_none() || email.len() > LONGEST_EMAIL || email.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(Problem::bad_request("'email' must be an e-mail address"));
    }
    Ok(email)
}

/// A name without space around it; `None` for none.
pub(super) fn name(text: Option<&str>) -> Result<Option<String>, Problem> {
    let name = text.map(str::trim).filter(|name| !name.is_empty());
    if name.is_some_and(|name| name.chars().count() > LONGEST_NAME) {
        return Err(Problem::bad_request(format!(
            "'name' may have {LONGEST_NAME} characters"
        )));
    }
    Ok(name.map(str::to_owned))
}

/// `POST /api/users`: makes a user and a link by which it sets a password.
#[utoipa::path(
    post, path = "/api/users", tag = "identity",
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "Carried out once for each key, for 24 hours."),
    ),
    request_body = NewUser,
    responses((status = 201, description = "The user, and a link for it that is shown once.", body = Invited)),
)]
pub async fn create(
    app: Data<App>,
    caller: Caller,
    key: IdempotencyKey,
    body: Json<NewUser>,
) -> Result<HttpResponse, Problem> {
    caller.require(Role::Admin)?;
    let role = role(&body.role)?;
    within_own_role(&caller, role.as_str())?;
    let organisation_id = body.organisation_id.unwrap_or(caller.scope.organisation_id);
    if !caller.scope.administers(organisation_id) {
        return Err(Problem::forbidden("this organisation is not yours to administer"));
    }
    let link = new_link(&app, &caller, LinkKind::Invitation);
    let user = UserView {
        id: Id::now(),
        organisation_id,
        email: email(&body.email)?,
        name: name(body.name.as_deref())?,
        role: role.to_string(),
        status: "invited".to_owned(),
        issuer: None,
        created_at: Utc::now(),
        last_login_at: None,
    };
    let location = format!("/api/users/{}", user.id);
    let stored = json!(Invited {
        user: user.clone(),
        invitation: Invitation::hidden(&link),
    });
    let (shared, origin) = (app.clone(), caller.origin());
    let (invited, kept) = (user.clone(), link.kept.clone());
    let response = once(
        &app,
        &caller,
        key,
        "POST /api/users",
        &*body,
        move |request_key| async move {
            let answer = StoredAnswer {
                status: 201,
                location: Some(location),
                body: stored.to_string(),
            };
            let command = AddUser {
                id: user.id,
                organisation_id,
                email: user.email,
                name: user.name,
                role,
                subject: None,
                link: Some(kept),
                origin,
                answer: request_key.map(|request| KeyAnswer {
                    request,
                    answer: answer.clone(),
                }),
            };
            match shared.command(command).await? {
                UserAdded::Accepted => Ok(answer),
                UserAdded::EmailTaken | UserAdded::Known => Err(email_taken()),
                UserAdded::NoOrganisation => Err(Problem::not_found("organisation")),
            }
        },
    )
    .await?;
    let shown = || {
        let invitation = Invitation::shown(&app, &link).send(&app, &link, &invited);
        json!(Invited {
            user: invited,
            invitation
        })
    };
    Ok(once_shown(response, shown))
}

fn email_taken() -> Problem {
    let detail = "there is a user with this e-mail address already";
    Problem::new(StatusCode::CONFLICT, "email_taken", detail)
}

/// `GET /api/users/{id}`: one user; everybody may see oneself.
#[utoipa::path(
    get, path = "/api/users/{id}", tag = "identity",
    params(("id" = Id, Path, description = "The user.")),
    responses((status = 200, description = "The user.", body = UserView)),
)]
pub async fn detail(app: Data<App>, caller: Caller, id: Path<Id>) -> Result<Json<UserView>, Problem> {
    Ok(Json(visible(&app, &caller, *id).await?))
}

/// What to change of a user.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserPatch {
    name: Option<String>,
    role: Option<String>,
    /// Whether its credentials are refused. Sessions and links end for good; tokens work again when it is enabled.
    disabled: Option<bool>,
}

fn refused(changed: UserChanged) -> Result<(), Problem> {
    let conflict = |code, detail| Err(Problem::new(StatusCode::CONFLICT, code, detail));
    match changed {
        UserChanged::Accepted => Ok(()),
        UserChanged::NotFound => Err(Problem::not_found("user")),
        UserChanged::LastOperator => conflict(
            "last_operator",
            "this is the last operator: without one nobody could administer this daemon; make another one first",
        ),
        UserChanged::LastAdmin => conflict(
            "last_admin",
            "this is the last admin of the organisation: nobody in it could let anybody in any more; make another one first",
        ),
    }
}

async fn apply(app: &App, caller: &Caller, id: Id, change: UserChange) -> Result<(), Problem> {
    let command = ChangeUser {
        id,
        change,
        by_other_operator: caller.scope.role == Role::Operator && caller.scope.user_id != id,
        origin: caller.origin(),
    };
    refused(app.command(command).await?)?;
    app.credentials.forget();
    Ok(())
}

/// `PATCH /api/users/{id}`: name, role, and whether it may come in.
#[utoipa::path(
    patch, path = "/api/users/{id}", tag = "identity",
    params(("id" = Id, Path, description = "The user.")),
    request_body = UserPatch,
    responses((status = 200, description = "The user as it is now.", body = UserView)),
)]
pub async fn change(
    app: Data<App>,
    caller: Caller,
    id: Path<Id>,
    body: Json<UserPatch>,
) -> Result<Json<UserView>, Problem> {
    changeable(&app, &caller, *id).await?;
    let role = body.role.as_deref().map(role).transpose()?;
    if let Some(role) = role {
        within_own_role(&caller, role.as_str())?;
    }
    let change = UserChange::Edit {
        name: name(body.name.as_deref())?,
        role,
        disabled: body.disabled,
    };
    apply(&app, &caller, *id, change).await?;
    // One who takes the own rights away no longer sees more than oneself.
    Ok(Json(visible(&app, &caller, *id).await?))
}

/// `DELETE /api/users/{id}`: removes a user. What it did stays, without its name.
#[utoipa::path(
    delete, path = "/api/users/{id}", tag = "identity",
    params(("id" = Id, Path, description = "The user.")),
    responses((status = 204, description = "The user is gone, and all its credentials. One of the outside issuer is refused from then on.")),
)]
pub async fn remove(app: Data<App>, caller: Caller, id: Path<Id>) -> Result<HttpResponse, Problem> {
    changeable(&app, &caller, *id).await?;
    apply(&app, &caller, *id, UserChange::Remove).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// `POST /api/users/{id}/invitation`: another link by which the user sets a password, in place of earlier ones.
#[utoipa::path(
    post, path = "/api/users/{id}/invitation", tag = "identity",
    params(("id" = Id, Path, description = "The user.")),
    responses((status = 201, description = "The link. Shown once.", body = Invitation)),
)]
pub async fn invite(app: Data<App>, caller: Caller, id: Path<Id>) -> Result<HttpResponse, Problem> {
    let user = changeable(&app, &caller, *id).await?;
    if user.status == "disabled" {
        let detail = "this user is disabled; enable it first";
        return Err(Problem::new(StatusCode::CONFLICT, "disabled", detail));
    }
    if user.issuer.is_some() {
        let detail = "this user signs in at an outside issuer, and has no password here";
        return Err(Problem::new(StatusCode::CONFLICT, "no_password", detail));
    }
    let kind = if user.status == "invited" {
        LinkKind::Invitation
    } else {
        LinkKind::PasswordReset
    };
    let link = new_link(&app, &caller, kind);
    let command = OpenLink {
        user_id: Some(user.id),
        link: link.kept.clone(),
        origin: caller.origin(),
    };
    app.command(command).await?;
    let invitation = Invitation::shown(&app, &link).send(&app, &link, &user);
    Ok(HttpResponse::Created().json(invitation))
}
