//! Requests that carry an `Idempotency-Key` are carried out once.
//!
//! A key is claimed before the work begins, and the answer is written in the transaction that makes the work count. So
//! a key without an answer means that nothing has counted: once the process that claimed it is gone, it may be claimed
//! again.

use chrono::{DateTime, TimeDelta, Utc};
use entity::Id;
use sea_orm::{ConnectionTrait, DbErr, QueryResult, TryGetable};

use super::group::Group;
use crate::store::rows::statement;

/// How long an answer is given again.
pub const KEPT_FOR: TimeDelta = TimeDelta::hours(24);

/// What a key belongs to: the same key of another user or for another route is another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestKey {
    pub user_id: Id,
    pub route: &'static str,
    pub key: String,
}

impl RequestKey {
    fn values(&self) -> [sea_orm::Value; 3] {
        [self.user_id.into(), self.route.into(), self.key.clone().into()]
    }
}

/// What a request was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredAnswer {
    /// The HTTP status.
    pub status: u16,
    pub location: Option<String>,
    /// JSON.
    pub body: String,
}

/// The answer to a request with a key, written with the change that it tells of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyAnswer {
    pub request: RequestKey,
    pub answer: StoredAnswer,
}

impl KeyAnswer {
    pub(super) async fn write(&self, group: &Group<'_>) -> Result<(), DbErr> {
        const SQL: &str = "update idempotency_keys set status = ?, location = ?, body = ? \
            where user_id = ? and route = ? and key = ?";
        let values = [
            i32::from(self.answer.status).into(),
            self.answer.location.clone().into(),
            self.answer.body.clone().into(),
        ];
        group
            .execute(SQL, values.into_iter().chain(self.request.values()))
            .await?;
        Ok(())
    }

    pub(super) fn bytes(&self) -> usize {
        self.answer.body.len()
    }
}

/// Claims a key for a request.
#[derive(Clone, Debug)]
pub struct ClaimKey {
    pub request: RequestKey,
    /// Hash of what is asked for.
    pub fingerprint: String,
}

/// The answer to [`ClaimKey`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// Nobody has asked this yet, or whoever did left nothing: go on.
    Granted,
    /// The same request is being carried out.
    Running,
    /// The same request was answered.
    Answered(StoredAnswer),
    /// The key was used for something else.
    Different,
}

struct Known {
    fingerprint: String,
    owner: Id,
    answer: Option<StoredAnswer>,
    created_at: DateTime<Utc>,
}

impl Known {
    fn read(row: &QueryResult) -> Result<Self, DbErr> {
        let status: Option<i32> = row.try_get("", "status")?;
        let answer = match status {
            None => None,
            Some(status) => Some(StoredAnswer {
                status: u16::try_from(status).unwrap_or(200),
                location: row.try_get("", "location")?,
                body: row.try_get::<Option<String>>("", "body")?.unwrap_or_default(),
            }),
        };
        Ok(Self {
            fingerprint: row.try_get("", "fingerprint")?,
            owner: row.try_get("", "owner")?,
            answer,
            created_at: row.try_get("", "created_at")?,
        })
    }
}

impl ClaimKey {
    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<Claimed, DbErr> {
        let owner = owner(group).await?;
        if let Some(known) = self.known(group).await? {
            if group.now - known.created_at < KEPT_FOR {
                if known.fingerprint != self.fingerprint {
                    return Ok(Claimed::Different);
                }
                if let Some(answer) = known.answer {
                    return Ok(Claimed::Answered(answer));
                }
                if known.owner == owner {
                    return Ok(Claimed::Running);
                }
            }
            release(group, &self.request).await?;
        }
        const SQL: &str = "insert into idempotency_keys (user_id, route, key, fingerprint, owner, created_at) \
            values (?,?,?,?,?,?)";
        let values = [self.fingerprint.clone().into(), owner.into(), group.now.into()];
        group
            .execute(SQL, self.request.values().into_iter().chain(values))
            .await?;
        Ok(Claimed::Granted)
    }

    async fn known(&self, group: &Group<'_>) -> Result<Option<Known>, DbErr> {
        const SQL: &str = "select fingerprint, owner, status, location, body, created_at from idempotency_keys \
            where user_id = ? and route = ? and key = ?";
        let row = group
            .tx
            .query_one_raw(statement(group.backend, SQL, self.request.values()))
            .await?;
        row.as_ref().map(Known::read).transpose()
    }
}

/// The process that writes.
async fn owner(group: &Group<'_>) -> Result<Id, DbErr> {
    let sql = "select owner from writer_state where id = 1";
    let row = group.tx.query_one_raw(statement(group.backend, sql, [])).await?;
    match row {
        Some(row) => Ok(Id::try_get_by(&row, 0)?),
        None => Err(DbErr::RecordNotFound("writer_state".to_owned())),
    }
}

async fn release(group: &Group<'_>, request: &RequestKey) -> Result<(), DbErr> {
    let sql = "delete from idempotency_keys where user_id = ? and route = ? and key = ?";
    group.execute(sql, request.values()).await?;
    Ok(())
}

/// Gives a key back whose request came to nothing, so that a better one may use it.
#[derive(Clone, Debug)]
pub struct ReleaseKey {
    pub request: RequestKey,
}

impl ReleaseKey {
    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<(), DbErr> {
        release(group, &self.request).await
    }
}
