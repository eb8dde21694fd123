//! API tokens.

use actix_web::HttpResponse;
use actix_web::web::{Data, Json, Path, Query};
use chrono::{DateTime, Utc};
use entity::Id;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use super::users::{name, visible};
use crate::http::app::App;
use crate::http::caller::Caller;
use crate::http::cursor::{self, List};
use crate::http::idempotency::{IdempotencyKey, once, once_shown};
use crate::http::problem::Problem;
use crate::http::token::NewToken;
use crate::model::access::TokenScope;
use crate::store::read::{Access, Credential, Role, TokenView};
use crate::store::write::{AddToken, KeyAnswer, RevokeToken, StoredAnswer};

/// Route groups that one token may name.
const MOST_GROUPS: usize = 32;

/// Which tokens.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct TokenQuery {
    /// Whose; without it all that one may see.
    user_id: Option<Id>,
    limit: Option<u64>,
    cursor: Option<String>,
}

/// `GET /api/tokens`: one's own tokens, an admin those of the organisation, newest first.
#[utoipa::path(
    get, path = "/api/tokens", tag = "identity",
    params(TokenQuery),
    responses((status = 200, description = "Tokens, newest first, without what they are checked by.", body = List<TokenView>)),
)]
pub async fn list(app: Data<App>, caller: Caller, query: Query<TokenQuery>) -> Result<Json<List<TokenView>>, Problem> {
    let before = cursor::read(query.cursor.as_deref())?;
    let limit = cursor::limit(query.limit)?;
    Ok(Json(
        app.reader
            .tokens(&caller.scope, query.user_id, before, limit)
            .await?
            .into(),
    ))
}

/// A token to be made.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenRequest {
    /// What it is for.
    name: String,
    /// `read`, `write` (the default) or `admin`: what it may do at most. Its user's role is a limit too.
    scope: Option<String>,
    /// Route groups that it may use, such as `jobs` and `exclusions`: what follows `/api/`. Default: all.
    groups: Option<Vec<String>>,
    expires_at: Option<DateTime<Utc>>,
    /// Whose; default: one's own.
    user_id: Option<Id>,
}

/// A token that was just made.
#[derive(Debug, Serialize, ToSchema)]
pub struct CreatedToken {
    /// Shown once; an answer that is given again does not hold it.
    token: Option<String>,
    #[serde(flatten)]
    view: TokenView,
}

fn groups(given: Option<&[String]>, caller: &Caller) -> Result<Option<Vec<String>>, Problem> {
    let Some(given) = given else {
        // One that is limited makes none that is not.
        return Ok(caller.scope.groups().map(<[String]>::to_vec));
    };
    let is_name = |name: &String| {
        (1..=40).contains(&name.len()) && name.bytes().all(|byte| byte == b'-' || byte.is_ascii_lowercase())
    };
    if !(1..=MOST_GROUPS).contains(&given.len()) || !given.iter().all(is_name) {
        return Err(Problem::bad_request(format!(
            "'groups' must be 1 to {MOST_GROUPS} names such as 'jobs' and 'batch-runs'"
        )));
    }
    if let Some(own) = caller.scope.groups()
        && let Some(more) = given.iter().find(|group| !own.contains(group))
    {
        return Err(Problem::forbidden(format!("this token is not for '{more}' itself")));
    }
    Ok(Some(given.to_vec()))
}

/// `POST /api/tokens`: makes a token. For admins, who may make them for others of the organisation.
#[utoipa::path(
    post, path = "/api/tokens", tag = "identity",
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "Carried out once for each key, for 24 hours."),
    ),
    request_body = TokenRequest,
    responses((status = 201, description = "The token, which is shown once.", body = CreatedToken)),
)]
pub async fn create(
    app: Data<App>,
    caller: Caller,
    key: IdempotencyKey,
    body: Json<TokenRequest>,
) -> Result<HttpResponse, Problem> {
    caller.require(Role::Admin)?;
    let scope = match body.scope.as_deref() {
        None => TokenScope::Write,
        Some(text) => text
            .parse()
            .map_err(|error| Problem::bad_request(format!("'scope': {error}")))?,
    };
    let user = visible(&app, &caller, body.user_id.unwrap_or(caller.scope.user_id)).await?;
    let role: Role = user.role.parse().map_err(|error| Problem::internal(&error))?;
    if role.limited_by(scope) > caller.scope.role {
        return Err(Problem::forbidden("this token could do more than you may"));
    }
    if body.expires_at.is_some_and(|expires_at| expires_at <= Utc::now()) {
        return Err(Problem::bad_request("'expires_at' must lie in the future"));
    }
    let Some(name) = name(Some(&body.name))? else {
        return Err(Problem::bad_request("'name' must say what the token is for"));
    };
    let token = NewToken::random();
    let view = TokenView {
        id: Id::now(),
        organisation_id: user.organisation_id,
        user_id: user.id,
        name,
        scope: scope.to_string(),
        groups: groups(body.groups.as_deref(), &caller)?,
        created_at: Utc::now(),
        expires_at: body.expires_at,
        last_used_at: None,
        revoked_at: None,
    };
    let answer = |token: Option<String>| {
        json!(CreatedToken {
            token,
            view: view.clone()
        })
    };
    let (shown, stored) = (answer(Some(token.text)), answer(None));
    let (shared, origin, token_hash) = (app.clone(), caller.origin(), token.hash);
    let response = once(
        &app,
        &caller,
        key,
        "POST /api/tokens",
        &*body,
        move |request_key| async move {
            let answer = StoredAnswer {
                status: 201,
                location: None,
                body: stored.to_string(),
            };
            let command = AddToken {
                id: view.id,
                organisation_id: view.organisation_id,
                user_id: view.user_id,
                name: view.name,
                token_hash,
                scope,
                groups: view.groups,
                expires_at: view.expires_at,
                origin,
                answer: request_key.map(|request| KeyAnswer {
                    request,
                    answer: answer.clone(),
                }),
            };
            shared.command(command).await?;
            Ok(answer)
        },
    )
    .await?;
    Ok(once_shown(response, || shown))
}

/// `DELETE /api/tokens/{id}`: ends a token, at once. One's own, or as an admin one of the organisation; a token that only reads
/// ends itself alone.
#[utoipa::path(
    delete, path = "/api/tokens/{id}", tag = "identity",
    params(("id" = Id, Path, description = "The token.")),
    responses((status = 204, description = "It works no longer.")),
)]
pub async fn revoke(app: Data<App>, caller: Caller, id: Path<Id>) -> Result<HttpResponse, Problem> {
    match app.reader.token(&caller.scope, *id).await? {
        Access::Granted(_) => {}
        Access::Forbidden => return Err(Problem::forbidden("this token belongs to somebody else")),
        Access::Missing => return Err(Problem::not_found("token")),
    }
    if caller.scope.only_reads() && caller.scope.credential() != Credential::Token(*id) {
        return Err(Problem::forbidden(
            "a token that only reads ends no other token than itself",
        ));
    }
    let origin = caller.origin();
    app.command(RevokeToken { id: *id, origin }).await?;
    app.credentials.forget();
    Ok(HttpResponse::NoContent().finish())
}
