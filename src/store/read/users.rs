//! Users and organisations.

use chrono::{DateTime, Utc};
use entity::{Id, known_devices, one_time_links, organisations, users};
use sea_orm::sea_query::{Expr, ExprTrait as _, Func, LikeExpr};
use sea_orm::{ColumnTrait as _, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::jobs::Page;
use super::reader::Reader;
use super::scope::{Access, Role, Scope};
use crate::store::rows::like_prefix;

/// An organisation as the API shows it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct OrganisationView {
    pub id: Id,
    pub name: String,
    pub created_at: DateTime<Utc>,
}

impl From<organisations::Model> for OrganisationView {
    fn from(organisation: organisations::Model) -> Self {
        Self {
            id: organisation.id,
            name: organisation.name,
            created_at: organisation.created_at,
        }
    }
}

/// A user as the API shows it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct UserView {
    pub id: Id,
    pub organisation_id: Id,
    pub email: String,
    pub name: Option<String>,
    /// `viewer`, `member`, `admin` or `operator`.
    pub role: String,
    /// `active`, `invited` (has no password yet) or `disabled`.
    pub status: String,
    /// Who vouches for the user, where that is somebody else.
    pub issuer: Option<String>,
    pub created_at: DateTime<Utc>,
    pub last_login_at: Option<DateTime<Utc>>,
}

impl From<users::Model> for UserView {
    fn from(user: users::Model) -> Self {
        let status = if user.disabled_at.is_some() {
            "disabled"
        } else if user.password_hash.is_none() && user.issuer.is_none() {
            "invited"
        } else {
            "active"
        };
        Self {
            id: user.id,
            organisation_id: user.organisation_id,
            email: user.email,
            name: user.name,
            role: user.role,
            status: status.to_owned(),
            issuer: user.issuer,
            created_at: user.created_at,
            last_login_at: user.last_login_at,
        }
    }
}

/// Which users.
#[derive(Clone, Debug, Default)]
pub struct UserFilter {
    /// Counts for operators; others see their own organisation.
    pub organisation_id: Option<Id>,
    /// Prefix of the e-mail address or the name.
    pub prefix: Option<String>,
    pub before: Option<Id>,
    pub limit: u64,
}

/// What a password is checked against.
#[derive(Clone)]
pub struct PasswordCheck {
    pub user_id: Id,
    pub organisation_id: Id,
    /// In PHC form.
    pub password_hash: Option<String>,
    pub enabled: bool,
}

impl From<users::Model> for PasswordCheck {
    fn from(user: users::Model) -> Self {
        Self {
            user_id: user.id,
            organisation_id: user.organisation_id,
            enabled: user.disabled_at.is_none() && user.removed_at.is_none(),
            password_hash: user.password_hash,
        }
    }
}

impl Reader {
    /// Users, newest first.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn users(&self, scope: &Scope, filter: UserFilter) -> Result<Page<UserView>, DbErr> {
        let columns = &users::COLUMN;
        let organisation = match scope.role {
            Role::Operator => filter.organisation_id,
            _ => Some(scope.organisation_id),
        };
        let mut query = users::Entity::find().filter(columns.removed_at.is_null());
        if let Some(organisation) = organisation {
            query = query.filter(columns.organisation_id.eq(organisation));
        }
        if let Some(prefix) = &filter.prefix {
            let pattern = LikeExpr::new(like_prefix(prefix)).escape('\\');
            let begins = |column: users::Column| Expr::expr(Func::lower(Expr::col(column))).like(pattern.clone());
            query = query.filter(begins(users::Column::Email).or(begins(users::Column::Name)));
        }
        if let Some(before) = filter.before {
            query = query.filter(columns.id.lt(before));
        }
        let found = query
            .order_by_desc(users::Column::Id)
            .limit(filter.limit + 1)
            .all(&self.administered_by(scope))
            .await?;
        let views = found.into_iter().map(UserView::from).collect();
        Ok(Page::cut(views, filter.limit, |user: &UserView| user.id.to_string()))
    }

    /// The user, if the scope may see it.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn user(&self, scope: &Scope, id: Id) -> Result<Access<UserView>, DbErr> {
        let user = users::Entity::find_by_id(id).one(&self.administered_by(scope)).await?;
        Ok(match user {
            None => self.unseen(scope, "users", id).await?,
            Some(user) if user.removed_at.is_some() => Access::Missing,
            Some(user) if user.id == scope.user_id || scope.administers(user.organisation_id) => {
                Access::Granted(user.into())
            }
            Some(_) => Access::Forbidden,
        })
    }

    /// The organisation, if the scope may see it.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn organisation(&self, scope: &Scope, id: Id) -> Result<Access<OrganisationView>, DbErr> {
        let organisation = organisations::Entity::find_by_id(id)
            .one(&self.administered_by(scope))
            .await?;
        Ok(match organisation {
            None => self.unseen(scope, "organisations", id).await?,
            Some(organisation) if organisation.id == scope.organisation_id || scope.role == Role::Operator => {
                Access::Granted(organisation.into())
            }
            Some(_) => Access::Forbidden,
        })
    }

    /// Organisations, newest first: all for an operator, else one's own.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn organisations(
        &self,
        scope: &Scope,
        before: Option<Id>,
        limit: u64,
    ) -> Result<Page<OrganisationView>, DbErr> {
        let columns = &organisations::COLUMN;
        let mut query = organisations::Entity::find();
        if scope.role < Role::Operator {
            query = query.filter(columns.id.eq(scope.organisation_id));
        }
        if let Some(before) = before {
            query = query.filter(columns.id.lt(before));
        }
        let found = query
            .order_by_desc(organisations::Column::Id)
            .limit(limit + 1)
            .all(&self.administered_by(scope))
            .await?;
        let views = found.into_iter().map(OrganisationView::from).collect();
        Ok(Page::cut(views, limit, |organisation: &OrganisationView| {
            organisation.id.to_string()
        }))
    }

    /// What the password of whoever signs in with that address is checked against. No scope: nobody is known yet.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn password_of(&self, email: &str) -> Result<Option<PasswordCheck>, DbErr> {
        let user = users::Entity::find()
            .filter(users::COLUMN.email.eq(email))
            .one(self.before_sign_in())
            .await?;
        Ok(user.map(PasswordCheck::from))
    }

    /// What the caller's own password is checked against.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn own_password(&self, scope: &Scope) -> Result<Option<PasswordCheck>, DbErr> {
        let user = users::Entity::find_by_id(scope.user_id)
            .one(&self.seen_by(scope))
            .await?;
        Ok(user.map(PasswordCheck::from))
    }

    /// Whether that user has signed in before from the device whose cookie has this hash.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn knows_device(&self, user_id: Id, token_hash: &str) -> Result<bool, DbErr> {
        let device = known_devices::Entity::find_by_id(token_hash.to_owned())
            .one(self.before_sign_in())
            .await?;
        Ok(device.is_some_and(|device| device.user_id == user_id))
    }

    /// The organisation that a claim names, by id or by name.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn organisation_claimed(&self, claim: &str) -> Result<Option<Id>, DbErr> {
        let query = match claim.parse::<Id>() {
            Ok(id) => organisations::Entity::find_by_id(id),
            Err(_) => organisations::Entity::find().filter(organisations::COLUMN.name.eq(claim)),
        };
        Ok(query
            .one(self.before_sign_in())
            .await?
            .map(|organisation| organisation.id))
    }

    /// The e-mail address of whoever a link was made for, if there is such a link and it has not expired. Only then is a password
    /// hashed for it.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn address_of_link(&self, token_hash: &str) -> Result<Option<String>, DbErr> {
        let Some(user_id) = self.link(token_hash).await?.and_then(|link| link.user_id) else {
            return Ok(None);
        };
        let user = users::Entity::find_by_id(user_id).one(self.before_sign_in()).await?;
        Ok(user.map(|user| user.email))
    }

    /// Whether this is the link that sets the daemon up, and it has not expired.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn has_setup_link(&self, token_hash: &str) -> Result<bool, DbErr> {
        Ok(self.link(token_hash).await?.is_some_and(|link| link.user_id.is_none()))
    }

    async fn link(&self, token_hash: &str) -> Result<Option<one_time_links::Model>, DbErr> {
        let link = one_time_links::Entity::find_by_id(token_hash.to_owned())
            .one(self.before_sign_in())
            .await?;
        Ok(link.filter(|link| link.expires_at > Utc::now()))
    }

    /// Whether there is any user.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn has_users(&self) -> Result<bool, DbErr> {
        Ok(users::Entity::find().one(self.before_sign_in()).await?.is_some())
    }
}
