//! Setting up organisations, users and tokens.
//!
//! These rows belong to no batch and stand in no journal, so the commands that make them write in a transaction of
//! their own, also beside a running daemon.

use std::time::Duration;

use chrono::Utc;
use entity::{Id, api_tokens, organisations, users};
use sea_orm::{ActiveValue, DbErr, EntityTrait, QueryFilter};

use super::Hq;
use super::fault::is_transient;
use super::lock::Ownership;
use super::read::{Role, Scope};
use super::tx::{WriteTx, write_tx};

/// How often a transaction is tried while a busy daemon holds the lock.
const TRIES: u32 = 20;

/// Why an identity was not made.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    #[error("there is a user with the e-mail address {0} already")]
    UserExists(String),
    #[error("there is no user with the e-mail address {0}; make one with `batchdesk user add`")]
    NoSuchUser(String),
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
    };
    Ok(users::Entity::insert(row).exec_with_returning(tx).await?.id)
}

async fn insert_token(tx: &WriteTx, email: &str, name: &str, token_hash: &str) -> Result<Id, IdentityError> {
    let user = users::Entity::find()
        .filter(users::COLUMN.email.eq(email.trim().to_lowercase()))
        .one(tx)
        .await?;
    let user = user.ok_or_else(|| IdentityError::NoSuchUser(email.to_owned()))?;
    let row = api_tokens::ActiveModel {
        id: ActiveValue::Set(Id::now()),
        organisation_id: ActiveValue::Set(user.organisation_id),
        user_id: ActiveValue::Set(user.id),
        name: ActiveValue::Set(name.to_owned()),
        token_hash: ActiveValue::Set(token_hash.to_owned()),
        created_at: ActiveValue::Set(Utc::now()),
        expires_at: ActiveValue::Set(None),
        revoked_at: ActiveValue::Set(None),
    };
    Ok(api_tokens::Entity::insert(row).exec_with_returning(tx).await?.id)
}
