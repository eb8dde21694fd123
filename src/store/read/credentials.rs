//! From a credential to a scope.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use entity::{Id, api_tokens, sessions, users};
use sea_orm::{ColumnTrait as _, DbErr, EntityTrait, QueryFilter};

use super::scope::{Credential, Role, Scope};
use crate::model::access::TokenScope;
use crate::store::Hq;
use crate::store::write::Subject;

/// What a credential gives, as the database says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    pub credential: Credential,
    pub organisation_id: Id,
    pub user_id: Id,
    /// The user's, as far as the credential lets it.
    pub role: Role,
    /// Route groups that may be used; `None`: all.
    pub groups: Option<Arc<[String]>>,
    /// When it ends by itself.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was last used, as far as the database knows.
    pub used_at: Option<DateTime<Utc>>,
}

impl Grant {
    /// The scope that it gives.
    #[must_use]
    pub fn scope(&self, shares_jobs: bool) -> Scope {
        Scope::of_grant(self, shares_jobs)
    }

    /// Whether its time is over.
    #[must_use]
    pub fn is_over(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_some_and(|expires_at| expires_at <= now)
    }
}

async fn enabled_user(readers: &Hq, id: Id) -> Result<Option<users::Model>, DbErr> {
    let user = users::Entity::find_by_id(id).one(readers).await?;
    Ok(user.filter(|user| user.disabled_at.is_none() && user.removed_at.is_none()))
}

/// What the token whose hash is `token_hash` gives; `None` where it is unknown, revoked or expired.
///
/// # Errors
/// Where the database cannot be read.
pub async fn token_grant(readers: &Hq, token_hash: &str) -> Result<Option<Grant>, DbErr> {
    let token = api_tokens::Entity::find()
        .filter(api_tokens::COLUMN.token_hash.eq(token_hash))
        .one(readers)
        .await?;
    let Some(token) = token.filter(|token| token.revoked_at.is_none()) else {
        return Ok(None);
    };
    let user = enabled_user(readers, token.user_id).await?;
    let scope: Option<TokenScope> = token.scope.parse().ok();
    let grant = user.zip(scope).and_then(|(user, scope)| {
        let role: Role = user.role.parse().ok()?;
        let groups = token.groups.as_deref();
        Some(Grant {
            credential: Credential::Token(token.id),
            organisation_id: token.organisation_id,
            user_id: user.id,
            role: role.limited_by(scope),
            groups: groups.map(|groups| groups.split(',').map(str::to_owned).collect()),
            expires_at: token.expires_at,
            used_at: token.last_used_at,
        })
    });
    Ok(grant.filter(|grant| !grant.is_over(Utc::now())))
}

/// What the session whose hash is `token_hash` gives; `None` where it is unknown or over.
///
/// # Errors
/// Where the database cannot be read.
pub async fn session_grant(readers: &Hq, token_hash: &str) -> Result<Option<Grant>, DbErr> {
    let session = sessions::Entity::find()
        .filter(sessions::COLUMN.token_hash.eq(token_hash))
        .one(readers)
        .await?;
    let Some(session) = session else { return Ok(None) };
    let user = enabled_user(readers, session.user_id).await?;
    let grant = user.and_then(|user| {
        Some(Grant {
            credential: Credential::Session(session.id),
            organisation_id: user.organisation_id,
            user_id: user.id,
            role: user.role.parse().ok()?,
            groups: None,
            expires_at: Some(session.expires_at),
            used_at: Some(session.last_used_at),
        })
    });
    Ok(grant.filter(|grant| !grant.is_over(Utc::now())))
}

/// What a subject of an outside issuer is given in an organisation; `None` where it is no user yet.
///
/// # Errors
/// Where the database cannot be read.
pub async fn issued_grant(
    readers: &Hq,
    subject: &Subject,
    organisation_id: Id,
) -> Result<Option<Result<Grant, Refused>>, DbErr> {
    let columns = &users::COLUMN;
    let user = users::Entity::find()
        .filter(columns.issuer.eq(Some(subject.issuer.clone())))
        .filter(columns.subject.eq(Some(subject.subject.clone())))
        .filter(columns.organisation_id.eq(organisation_id))
        .one(readers)
        .await?;
    let Some(user) = user else { return Ok(None) };
    let role = user.role.parse().ok();
    let Some(role) = role.filter(|_| user.disabled_at.is_none() && user.removed_at.is_none()) else {
        return Ok(Some(Err(Refused)));
    };
    Ok(Some(Ok(Grant {
        credential: Credential::Issuer,
        organisation_id,
        user_id: user.id,
        role,
        groups: None,
        expires_at: None,
        used_at: None,
    })))
}

/// The user is disabled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused;
