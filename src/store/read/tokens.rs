//! From a bearer token to a scope.

use chrono::Utc;
use entity::{Id, api_tokens, users};
use sea_orm::{DbErr, EntityTrait, QueryFilter};

use super::scope::{Role, Scope};
use crate::store::Hq;

/// Whom a token belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenOwner {
    pub token_id: Id,
    pub organisation_id: Id,
    pub user_id: Id,
    pub role: Role,
}

/// The owner of the token whose hash is `token_hash`, unless it is unknown, revoked or expired.
///
/// # Errors
/// Where the database cannot be read.
pub async fn token_owner(readers: &Hq, token_hash: &str) -> Result<Option<TokenOwner>, DbErr> {
    let token = api_tokens::Entity::find()
        .filter(api_tokens::COLUMN.token_hash.eq(token_hash))
        .one(readers)
        .await?;
    let Some(token) = token.filter(|token| {
        token.revoked_at.is_none() && token.expires_at.is_none_or(|expires_at| expires_at > Utc::now())
    }) else {
        return Ok(None);
    };
    let user = users::Entity::find_by_id(token.user_id).one(readers).await?;
    Ok(user.and_then(|user| {
        Some(TokenOwner {
            token_id: token.id,
            organisation_id: token.organisation_id,
            user_id: user.id,
            role: user.role.parse().ok()?,
        })
    }))
}

impl TokenOwner {
    /// The scope that the token gives.
    #[must_use]
    pub fn scope(&self, shares_jobs: bool) -> Scope {
        Scope::of_token(self, shares_jobs)
    }
}
