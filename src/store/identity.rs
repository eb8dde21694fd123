//! Setting up organisations, users and tokens.
//!
//! These rows belong to no batch and stand in no journal, so the commands that make them write in a transaction of
//! their own, also beside a running daemon.

use std::time::Duration;

use chrono::{DateTime, Utc};
use entity::{Id, api_tokens, audit_log, one_time_links, organisations, users};
use sea_orm::{ActiveValue, ConnectionTrait as _, DbErr, EntityTrait, QueryFilter, Value};

use super::Hq;
use super::fault::is_transient;
use super::lock::Ownership;
use super::read::{Role, Scope};
use super::rows::statement;
use super::tx::{WriteTx, write_tx};
use super::write::LinkKind;
use crate::model::access::TokenScope;
use crate::model::audit::DONE;

/// How often a transaction is tried while a busy daemon holds the lock.
const TRIES: u32 = 20;

/// Why an identity was not made.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    #[error("there is a user with the e-mail address {0} already")]
    UserExists(String),
    #[error("there is no user with the e-mail address {0}; make one with `batchdesk user add`")]
    NoSuchUser(String),
    #[error("{0} is disabled, and a link would let nobody in")]
    Disabled(String),
    #[error("{0} signs in at an outside issuer, and has no password here")]
    NoPassword(String),
    #[error("there is no token {0}; `batchdesk token list` shows those that there are")]
    NoSuchToken(Id),
    #[error("the database could not be written")]
    Database(#[from] DbErr),
}

/// A user to be made.
#[derive(Clone, Debug)]
pub struct NewUser {
    pub email: String,
    pub role: Role,
    /// Made if there is none of that name.
    pub organisation: String,
    /// In PHC form.
    pub password_hash: Option<String>,
}

/// Makes a user, and its organisation if need be. Case does not matter in an e-mail address.
///
/// # Errors
/// See [`IdentityError`].
pub async fn add_user(hq: &Hq, user: &NewUser) -> Result<Id, IdentityError> {
    insisting(hq, async |tx| insert_user(tx, user).await).await
}

/// Stores the hash of a token for the user with that e-mail address.
///
/// # Errors
/// See [`IdentityError`].
pub async fn add_token(hq: &Hq, email: &str, name: &str, token_hash: &str) -> Result<Id, IdentityError> {
    insisting(hq, async |tx| insert_token(tx, email, name, token_hash).await).await
}

/// A user as the command line shows it.
#[derive(Clone, Debug)]
pub struct ListedUser {
    pub email: String,
    pub role: String,
    pub organisation: String,
    pub disabled: bool,
    pub has_password: bool,
}

/// All users, by organisation and address.
///
/// # Errors
/// Where the database cannot be read.
pub async fn list_users(hq: &Hq) -> Result<Vec<ListedUser>, DbErr> {
    const SQL: &str = "select u.email, u.role, o.name, u.disabled_at is not null, u.password_hash is not null \
        from users u join organisations o on o.id = u.organisation_id where u.removed_at is null \
        order by o.name, u.email";
    let rows = hq.query_all_raw(statement(hq.get_database_backend(), SQL, [])).await?;
    rows.iter()
        .map(|row| {
            Ok(ListedUser {
                email: row.try_get_by_index(0)?,
                role: row.try_get_by_index(1)?,
                organisation: row.try_get_by_index(2)?,
                disabled: row.try_get_by_index(3)?,
                has_password: row.try_get_by_index(4)?,
            })
        })
        .collect()
}

/// Refuses the credentials of a user from now on. The last operator may be disabled too: whoever has the database can
/// make another.
///
/// # Errors
/// See [`IdentityError`].
pub async fn disable_user(hq: &Hq, email: &str) -> Result<(), IdentityError> {
    insisting(hq, async |tx| {
        let user = user_of(tx, email).await?;
        let now = Utc::now();
        let sql = "update users set disabled_at = coalesce(disabled_at, ?), updated_at = ? where id = ?";
        run(tx, sql, [now.into(), now.into(), user.id.into()]).await?;
        end_sessions(tx, user.id).await?;
        note(tx, &user, "batchdesk user disable", format!("user {}", user.id)).await
    })
    .await
}

/// Gives a user another password and ends its sessions.
///
/// # Errors
/// See [`IdentityError`].
pub async fn set_password(hq: &Hq, email: &str, password_hash: &str) -> Result<(), IdentityError> {
    insisting(hq, async |tx| {
        let user = user_of(tx, email).await?;
        let sql = "update users set password_hash = ?, updated_at = ? where id = ?";
        run(tx, sql, [password_hash.into(), Utc::now().into(), user.id.into()]).await?;
        end_sessions(tx, user.id).await?;
        note(tx, &user, "batchdesk user password", format!("user {}", user.id)).await
    })
    .await
}

/// Keeps the hash of a one-time link by which a user sets a password, in place of earlier ones. Says whether it is the first
/// password.
///
/// # Errors
/// See [`IdentityError`].
pub async fn add_link(
    hq: &Hq,
    email: &str,
    token_hash: &str,
    expires_at: DateTime<Utc>,
) -> Result<LinkKind, IdentityError> {
    insisting(hq, async |tx| {
        let user = user_of(tx, email).await?;
        if user.disabled_at.is_some() {
            return Err(IdentityError::Disabled(user.email));
        }
        if user.subject.is_some() {
            return Err(IdentityError::NoPassword(user.email));
        }
        let kind = match user.password_hash {
            Some(_) => LinkKind::PasswordReset,
            None => LinkKind::Invitation,
        };
        let sql = "delete from one_time_links where user_id = ?";
        run(tx, sql, [user.id.into()]).await?;
        let link = one_time_links::ActiveModel {
            token_hash: ActiveValue::Set(token_hash.to_owned()),
            user_id: ActiveValue::Set(Some(user.id)),
            kind: ActiveValue::Set(kind.as_str().to_owned()),
            created_by: ActiveValue::Set(None),
            created_at: ActiveValue::Set(Utc::now()),
            expires_at: ActiveValue::Set(expires_at),
        };
        one_time_links::Entity::insert(link).exec_without_returning(tx).await?;
        note(tx, &user, "batchdesk user link", format!("user {}", user.id)).await?;
        Ok(kind)
    })
    .await
}

/// A token as the command line shows it.
#[derive(Clone, Debug)]
pub struct ListedToken {
    pub id: Id,
    pub email: String,
    pub name: String,
    pub scope: String,
    pub created_at: DateTime<Utc>,
    pub last_used_at: Option<DateTime<Utc>>,
}

/// Tokens that have not ended, the oldest first.
///
/// # Errors
/// Where the database cannot be read.
pub async fn list_tokens(hq: &Hq) -> Result<Vec<ListedToken>, DbErr> {
    const SQL: &str = "select t.id, u.email, t.name, t.scope, t.created_at, t.last_used_at from api_tokens t \
        join users u on u.id = t.user_id where t.revoked_at is null and (t.expires_at is null or t.expires_at > ?) \
        order by t.id";
    let now = Utc::now();
    let rows = hq
        .query_all_raw(statement(hq.get_database_backend(), SQL, [now.into()]))
        .await?;
    rows.iter()
        .map(|row| {
            Ok(ListedToken {
                id: row.try_get_by_index(0)?,
                email: row.try_get_by_index(1)?,
                name: row.try_get_by_index(2)?,
                scope: row.try_get_by_index(3)?,
                created_at: row.try_get_by_index(4)?,
                last_used_at: row.try_get_by_index(5)?,
            })
        })
        .collect()
}

/// Ends a token.
///
/// # Errors
/// See [`IdentityError`].
pub async fn revoke_token(hq: &Hq, id: Id) -> Result<(), IdentityError> {
    insisting(hq, async |tx| {
        let token = api_tokens::Entity::find_by_id(id).one(tx).await?;
        let token = token.ok_or(IdentityError::NoSuchToken(id))?;
        let sql = "update api_tokens set revoked_at = coalesce(revoked_at, ?) where id = ?";
        run(tx, sql, [Utc::now().into(), id.into()]).await?;
        let user = users::Entity::find_by_id(token.user_id).one(tx).await?;
        match user {
            Some(user) => note(tx, &user, "batchdesk token revoke", format!("token {id}")).await,
            None => Ok(()),
        }
    })
    .await
}

async fn user_of(tx: &WriteTx, email: &str) -> Result<users::Model, IdentityError> {
    let user = users::Entity::find()
        .filter(users::COLUMN.email.eq(email.trim().to_lowercase()))
        .one(tx)
        .await?;
    user.ok_or_else(|| IdentityError::NoSuchUser(email.to_owned()))
}

async fn run(tx: &WriteTx, sql: &str, values: impl IntoIterator<Item = Value>) -> Result<(), DbErr> {
    tx.execute_raw(statement(tx.get_database_backend(), sql, values))
        .await?;
    Ok(())
}

async fn end_sessions(tx: &WriteTx, user_id: Id) -> Result<(), DbErr> {
    for sql in [
        "delete from sessions where user_id = ?",
        "delete from one_time_links where user_id = ?",
        "delete from known_devices where user_id = ?",
    ] {
        run(tx, sql, [user_id.into()]).await?;
    }
    Ok(())
}

/// Writes the row of the audit log.
async fn note(tx: &WriteTx, user: &users::Model, action: &str, object: String) -> Result<(), IdentityError> {
    let row = audit_log::ActiveModel {
        id: ActiveValue::Set(Id::now()),
        request: ActiveValue::Set(Id::now()),
        organisation_id: ActiveValue::Set(Some(user.organisation_id)),
        user_id: ActiveValue::Set(None),
        actor: ActiveValue::Set("command line".to_owned()),
        source: ActiveValue::Set("command line".to_owned()),
        action: ActiveValue::Set(action.to_owned()),
        object: ActiveValue::Set(object),
        outcome: ActiveValue::Set(DONE.to_owned()),
        details: ActiveValue::Set(serde_json::json!({})),
        created_at: ActiveValue::Set(Utc::now()),
    };
    audit_log::Entity::insert(row).exec_with_returning(tx).await?;
    Ok(())
}

/// Whom a command works for that runs jobs on a database of its own. `.invalid` reaches nobody (RFC 2606, 2).
const LOCAL_EMAIL: &str = "local@batchdesk.invalid";

/// The scope of whoever runs jobs on the command line. The database itself is the credential; its user is made if there
/// is none yet.
///
/// # Errors
/// See [`IdentityError`].
pub async fn local_scope(hq: &Hq, _owned: &Ownership) -> Result<Scope, IdentityError> {
    insisting(hq, async |tx| {
        let find = || {
            users::Entity::find()
                .filter(users::COLUMN.email.eq(LOCAL_EMAIL))
                .one(tx)
        };
        let user = match find().await? {
            Some(user) => Some(user),
            None => {
                let user = NewUser {
                    email: LOCAL_EMAIL.to_owned(),
                    role: Role::Operator,
                    organisation: "Local".to_owned(),
                    password_hash: None,
                };
                insert_user(tx, &user).await?;
                find().await?
            }
        };
        let user = user.ok_or_else(|| IdentityError::NoSuchUser(LOCAL_EMAIL.to_owned()))?;
        Ok(Scope::of_owner(user.organisation_id, user.id))
    })
    .await
}

/// Runs `work` in a write transaction, again while the daemon keeps the database locked.
async fn insisting<T>(hq: &Hq, work: impl AsyncFn(&WriteTx) -> Result<T, IdentityError>) -> Result<T, IdentityError> {
    let mut tries = 0;
    loop {
        tries += 1;
        match once(hq, &work).await {
            Err(IdentityError::Database(error)) if is_transient(&error) && tries < TRIES => {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            outcome => return outcome,
        }
    }
}

async fn once<T>(hq: &Hq, work: &impl AsyncFn(&WriteTx) -> Result<T, IdentityError>) -> Result<T, IdentityError> {
    let tx = write_tx(hq).await?;
    match work(&tx).await {
        Ok(made) => {
            tx.commit().await?;
            Ok(made)
        }
        Err(error) => {
            tx.rollback().await?;
            Err(error)
        }
    }
}

async fn insert_user(tx: &WriteTx, user: &NewUser) -> Result<Id, IdentityError> {
    let email = user.email.trim().to_lowercase();
    if users::Entity::find()
        .filter(users::COLUMN.email.eq(&email))
        .one(tx)
        .await?
        .is_some()
    {
        return Err(IdentityError::UserExists(email));
    }
    let now = Utc::now();
    let known = organisations::Entity::find()
        .filter(organisations::COLUMN.name.eq(&user.organisation))
        .one(tx)
        .await?;
    let organisation_id = match known {
        Some(organisation) => organisation.id,
        None => {
            let organisation = organisations::ActiveModel {
                id: ActiveValue::Set(Id::now()),
                name: ActiveValue::Set(user.organisation.clone()),
                created_at: ActiveValue::Set(now),
            };
            organisations::Entity::insert(organisation)
                .exec_with_returning(tx)
                .await?
                .id
        }
    };
    let row = users::ActiveModel {
        id: ActiveValue::Set(Id::now()),
        organisation_id: ActiveValue::Set(organisation_id),
        email: ActiveValue::Set(email),
        password_hash: ActiveValue::Set(user.password_hash.clone()),
        name: ActiveValue::Set(None),
        role: ActiveValue::Set(user.role.to_string()),
        created_at: ActiveValue::Set(now),
        updated_at: ActiveValue::Set(now),
        ..users::ActiveModel::default()
    };
    let made = users::Entity::insert(row).exec_with_returning(tx).await?;
    note(tx, &made, "batchdesk user add", format!("user {}", made.id)).await?;
    Ok(made.id)
}

async fn insert_token(tx: &WriteTx, email: &str, name: &str, token_hash: &str) -> Result<Id, IdentityError> {
    let user = user_of(tx, email).await?;
    let row = api_tokens::ActiveModel {
        id: ActiveValue::Set(Id::now()),
        organisation_id: ActiveValue::Set(user.organisation_id),
        user_id: ActiveValue::Set(user.id),
        name: ActiveValue::Set(name.to_owned()),
        token_hash: ActiveValue::Set(token_hash.to_owned()),
        created_at: ActiveValue::Set(Utc::now()),
        scope: ActiveValue::Set(TokenScope::Admin.to_string()),
        ..api_tokens::ActiveModel::default()
    };
    let made = api_tokens::Entity::insert(row).exec_with_returning(tx).await?;
    note(tx, &user, "batchdesk token create", format!("token {}", made.id)).await?;
    Ok(made.id)
}
