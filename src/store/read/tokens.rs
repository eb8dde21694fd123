//! Lists of tokens and sessions, without what they are checked by.

use chrono::{DateTime, Utc};
use entity::{Id, api_tokens, sessions};
use sea_orm::{ColumnTrait as _, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::Serialize;
use utoipa::ToSchema;

use super::jobs::Page;
use super::reader::Reader;
use super::scope::{Access, Credential, Role, Scope};

/// A token as the API shows it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TokenView {
    pub id: Id,
    pub organisation_id: Id,
    pub user_id: Id,
    pub name: String,
    /// `read`, `write` or `admin`: what it may do at most.
    pub scope: String,
    /// Route groups that it may use; `null`: all.
    pub groups: Option<Vec<String>>,
    pub created_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    /// To the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
}

impl From<api_tokens::Model> for TokenView {
    fn from(token: api_tokens::Model) -> Self {
        Self {
            id: token.id,
            organisation_id: token.organisation_id,
            user_id: token.user_id,
            name: token.name,
            scope: token.scope,
            groups: token
                .groups
                .map(|groups| groups.split(',').map(str::to_owned).collect()),
            created_at: token.created_at,
            expires_at: token.expires_at,
            last_used_at: token.last_used_at,
            revoked_at: token.revoked_at,
        }
    }
}

/// A session as the API shows it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SessionView {
    pub id: Id,
    pub user_id: Id,
    /// From where the user signed in.
    pub address: Option<String>,
    pub user_agent: Option<String>,
    pub created_at: DateTime<Utc>,
    /// To the minute.
    pub last_used_at: DateTime<Utc>,
    /// The end of it, however much it is used.
    pub expires_at: DateTime<Utc>,
    /// Whether this request is made with it.
    pub current: bool,
}

impl SessionView {
    fn of(session: sessions::Model, scope: &Scope) -> Self {
        Self {
            current: scope.credential() == Credential::Session(session.id),
            id: session.id,
            user_id: session.user_id,
            address: session.address,
            user_agent: session.user_agent,
            created_at: session.created_at,
            last_used_at: session.last_used_at,
            expires_at: session.expires_at,
        }
    }
}

impl Reader {
    /// Tokens, newest first: those of `user_id`, or all that the scope may see.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn tokens(
        &self,
        scope: &Scope,
        user_id: Option<Id>,
        before: Option<Id>,
        limit: u64,
    ) -> Result<Page<TokenView>, DbErr> {
        let columns = &api_tokens::COLUMN;
        let mut query = api_tokens::Entity::find();
        if scope.role < Role::Operator {
            query = query.filter(columns.organisation_id.eq(scope.organisation_id));
        }
        if scope.role < Role::Admin {
            query = query.filter(columns.user_id.eq(scope.user_id));
        }
        if let Some(user_id) = user_id {
            query = query.filter(columns.user_id.eq(user_id));
        }
        if let Some(before) = before {
            query = query.filter(columns.id.lt(before));
        }
        let found = query
            .order_by_desc(api_tokens::Column::Id)
            .limit(limit + 1)
            .all(&self.administered_by(scope))
            .await?;
        let views = found.into_iter().map(TokenView::from).collect();
        Ok(Page::cut(views, limit, |token: &TokenView| token.id.to_string()))
    }

    /// The token, if the scope may see it.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn token(&self, scope: &Scope, id: Id) -> Result<Access<TokenView>, DbErr> {
        let token = api_tokens::Entity::find_by_id(id)
            .one(&self.administered_by(scope))
            .await?;
        Ok(match token {
            None => self.unseen(scope, "api_tokens", id).await?,
            Some(token) if token.user_id == scope.user_id || scope.administers(token.organisation_id) => {
                Access::Granted(token.into())
            }
            Some(_) => Access::Forbidden,
        })
    }

    /// Sessions of a user that are not over, newest first.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn sessions(
        &self,
        scope: &Scope,
        user_id: Id,
        idle_since: DateTime<Utc>,
        before: Option<Id>,
        limit: u64,
    ) -> Result<Page<SessionView>, DbErr> {
        let columns = &sessions::COLUMN;
        let mut query = sessions::Entity::find()
            .filter(columns.user_id.eq(user_id))
            .filter(columns.expires_at.gt(Utc::now()))
            .filter(columns.last_used_at.gt(idle_since));
        if scope.role < Role::Operator {
            query = query.filter(columns.organisation_id.eq(scope.organisation_id));
        }
        if let Some(before) = before {
            query = query.filter(columns.id.lt(before));
        }
        let found = query
            .order_by_desc(sessions::Column::Id)
            .limit(limit + 1)
            .all(&self.administered_by(scope))
            .await?;
        let views = found
            .into_iter()
            .map(|session| SessionView::of(session, scope))
            .collect();
        Ok(Page::cut(views, limit, |session: &SessionView| session.id.to_string()))
    }

    /// The session, if the scope may see it.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn session(&self, scope: &Scope, id: Id) -> Result<Access<SessionView>, DbErr> {
        let session = sessions::Entity::find_by_id(id)
            .one(&self.administered_by(scope))
            .await?;
        Ok(match session {
            None => self.unseen(scope, "sessions", id).await?,
            Some(session) if session.user_id == scope.user_id || scope.administers(session.organisation_id) => {
                Access::Granted(SessionView::of(session, scope))
            }
            Some(_) => Access::Forbidden,
        })
    }
}
