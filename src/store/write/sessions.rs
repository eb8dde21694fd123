//! Sessions, devices that are known, and when credentials were last used.

use chrono::{DateTime, TimeDelta, Utc};
use entity::Id;
use sea_orm::{ConnectionTrait, DbErr};

use super::audit;
use super::group::Group;
use crate::model::journal::Origin;
use crate::store::rows::statement;

/// Devices that are remembered of one user.
const DEVICES: u64 = 20;
/// How long a device is remembered that is not used.
const DEVICE_KEPT_FOR: TimeDelta = TimeDelta::days(180);

/// Signs a user in. Answered with whether the user is still there, enabled, with the password that was checked.
#[derive(Clone, Debug)]
pub struct OpenSession {
    pub id: Id,
    pub user_id: Id,
    pub token_hash: String,
    pub expires_at: DateTime<Utc>,
    pub address: Option<String>,
    pub user_agent: Option<String>,
    /// The session that the browser had before; it ends.
    pub instead_of: Option<String>,
    /// The hash that the password was checked against.
    pub checked: String,
    /// The password hashed anew, where the parameters have changed.
    pub rehashed: Option<String>,
    /// The device that is known from now on, and the one whose place it takes.
    pub device_hash: String,
    pub known_device: Option<String>,
    pub origin: Origin,
}

impl OpenSession {
    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<bool, DbErr> {
        const USER: &str = "select organisation_id from users where id = ? and password_hash = ? \
            and disabled_at is null and removed_at is null";
        const SESSION: &str = "insert into sessions (id, organisation_id, user_id, token_hash, address, user_agent, \
            created_at, last_used_at, expires_at) values (?,?,?,?,?,?,?,?,?)";
        let user = statement(group.backend, USER, [self.user_id.into(), self.checked.clone().into()]);
        let Some(row) = group.tx.query_one_raw(user).await? else {
            return Ok(false);
        };
        let organisation_id: Id = row.try_get("", "organisation_id")?;
        if let Some(hash) = &self.instead_of {
            let sql = "delete from sessions where token_hash = ?";
            group.execute(sql, [hash.into()]).await?;
        }
        let values = [
            self.id.into(),
            organisation_id.into(),
            self.user_id.into(),
            self.token_hash.clone().into(),
            self.address.clone().into(),
            self.user_agent.clone().into(),
            group.now.into(),
            group.now.into(),
            self.expires_at.into(),
        ];
        group.execute(SESSION, values).await?;
        let hash = self.rehashed.clone().unwrap_or_else(|| self.checked.clone());
        let sql = "update users set last_login_at = ?, password_hash = ? where id = ?";
        group
            .execute(sql, [group.now.into(), hash.into(), self.user_id.into()])
            .await?;
        self.remember_device(group).await?;
        audit::note(group, &self.origin, format!("session {}", self.id)).await?;
        Ok(true)
    }

    async fn remember_device(&self, group: &Group<'_>) -> Result<(), DbErr> {
        const OLDEST: &str = "delete from known_devices where user_id = ? and token_hash not in \
            (select token_hash from known_devices where user_id = ? order by last_used_at desc limit ?)";
        if let Some(known) = &self.known_device {
            let sql = "delete from known_devices where token_hash = ? and user_id = ?";
            group.execute(sql, [known.into(), self.user_id.into()]).await?;
        }
        let sql = "insert into known_devices (token_hash, user_id, last_used_at) values (?,?,?)";
        let values = [self.device_hash.clone().into(), self.user_id.into(), group.now.into()];
        group.execute(sql, values).await?;
        let most = i64::try_from(DEVICES).unwrap_or(i64::MAX);
        group
            .execute(OLDEST, [self.user_id.into(), self.user_id.into(), most.into()])
            .await?;
        Ok(())
    }
}

/// Ends one session. Answered with whether there was one.
#[derive(Clone, Debug)]
pub struct CloseSession {
    pub id: Id,
    pub origin: Origin,
}

impl CloseSession {
    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<bool, DbErr> {
        let ended = group
            .execute("delete from sessions where id = ?", [self.id.into()])
            .await?
            > 0;
        if ended {
            audit::note(group, &self.origin, format!("session {}", self.id)).await?;
        }
        Ok(ended)
    }
}

/// A credential whose use is noted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UsedCredential {
    Token(Id),
    Session(Id),
}

/// Notes that a credential was used.
#[derive(Clone, Copy, Debug)]
pub struct NoteUse {
    pub credential: UsedCredential,
    pub at: DateTime<Utc>,
}

impl NoteUse {
    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<(), DbErr> {
        let (sql, id) = match self.credential {
            UsedCredential::Token(id) => (
                "update api_tokens set last_used_at = ? where id = ? and coalesce(last_used_at, created_at) < ?",
                id,
            ),
            UsedCredential::Session(id) => (
                "update sessions set last_used_at = ? where id = ? and last_used_at < ?",
                id,
            ),
        };
        group.execute(sql, [self.at.into(), id.into(), self.at.into()]).await?;
        Ok(())
    }
}

/// Deletes sessions, links and devices whose time is over. Answered with how many.
#[derive(Clone, Copy, Debug)]
pub struct ForgetCredentials {
    /// Sessions that were last used before this are over.
    pub idle_since: DateTime<Utc>,
}

impl ForgetCredentials {
    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<u64, DbErr> {
        let mut forgotten = group
            .execute(
                "delete from sessions where expires_at <= ? or last_used_at <= ?",
                [group.now.into(), self.idle_since.into()],
            )
            .await?;
        forgotten += group
            .execute("delete from one_time_links where expires_at <= ?", [group.now.into()])
            .await?;
        let before = group.now - DEVICE_KEPT_FOR;
        forgotten += group
            .execute("delete from known_devices where last_used_at <= ?", [before.into()])
            .await?;
        Ok(forgotten)
    }
}
