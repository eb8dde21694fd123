//! Passwords, and the one-time links that set them.

use chrono::{DateTime, Utc};
use entity::Id;
use sea_orm::{ConnectionTrait, DbErr, TryGetable};

use super::audit;
use super::group::Group;
use super::users::{UserRow, insert_organisation, insert_user};
use crate::model::journal::Origin;
use crate::store::read::Role;
use crate::store::rows::{statement, uuid};

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkKind {
    /// Makes the first user.
    Setup,
    /// Sets the first password.
    Invitation,
    /// Sets another password.
    PasswordReset,
}

impl LinkKind {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Setup => "setup",
            Self::Invitation => "invitation",
            Self::PasswordReset => "password_reset",
        }
    }
}

/// A link to be kept, as a hash.
#[derive(Clone, Debug)]
pub struct NewLink {
    pub kind: LinkKind,
    pub token_hash: String,
    pub created_by: Option<Id>,
    pub expires_at: DateTime<Utc>,
}

impl NewLink {
    /// Keeps it in place of all earlier ones of the same user.
    pub(super) async fn insert(&self, group: &Group<'_>, user_id: Option<Id>) -> Result<(), DbErr> {
        match user_id {
            Some(user_id) => {
                let sql = "delete from one_time_links where user_id = ?";
                group.execute(sql, [user_id.into()]).await?;
            }
            None => {
                group
                    .execute("delete from one_time_links where user_id is null", [])
                    .await?;
            }
        }
        let (user, by) = (uuid(group.backend, "?"), uuid(group.backend, "?"));
        let sql = format!(
            "insert into one_time_links (token_hash, user_id, kind, created_by, created_at, expires_at) \
             values (?,{user},?,{by},?,?)"
        );
        let values = [
            self.token_hash.clone().into(),
            user_id.into(),
            self.kind.as_str().into(),
            self.created_by.into(),
            group.now.into(),
            self.expires_at.into(),
        ];
        group.execute(&sql, values).await?;
        Ok(())
    }
}

/// Keeps a link for a user, or the one that sets the daemon up.
#[derive(Clone, Debug)]
pub struct OpenLink {
    pub user_id: Option<Id>,
    pub link: NewLink,
    pub origin: Origin,
}

impl OpenLink {
    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<(), DbErr> {
        self.link.insert(group, self.user_id).await?;
        match self.user_id {
            Some(user_id) => audit::note(group, &self.origin, format!("user {user_id}")).await,
            None => Ok(()),
        }
    }
}

/// Sets the password of whoever the link was made for, and ends all sessions. The link is spent. Answered with the user;
/// `None` where there is no such link any more.
#[derive(Clone, Debug)]
pub struct AcceptLink {
    pub token_hash: String,
    /// In PHC form.
    pub password_hash: String,
    pub origin: Origin,
}

impl AcceptLink {
    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<Option<Id>, DbErr> {
        const FIND: &str = "select l.user_id from one_time_links l join users u on u.id = l.user_id \
            where l.token_hash = ? and l.expires_at > ? and u.disabled_at is null and u.removed_at is null";
        let values = [self.token_hash.clone().into(), group.now.into()];
        let found = statement(group.backend, FIND, values);
        let Some(row) = group.tx.query_one_raw(found).await? else {
            return Ok(None);
        };
        let user_id = Id::try_get_by(&row, 0)?;
        set_password(group, user_id, &self.password_hash, None).await?;
        // Nobody is recognised by a link until it has been used.
        let mut origin = self.origin.clone();
        if let Some(record) = &mut origin.audit {
            record.user_id = Some(user_id);
            record.organisation_id = organisation_of(group, user_id).await?;
        }
        audit::note(group, &origin, format!("user {user_id}")).await?;
        Ok(Some(user_id))
    }
}

async fn organisation_of(group: &Group<'_>, user_id: Id) -> Result<Option<Id>, DbErr> {
    let sql = "select organisation_id from users where id = ?";
    let found = statement(group.backend, sql, [user_id.into()]);
    let row = group.tx.query_one_raw(found).await?;
    row.map(|row| Id::try_get_by(&row, 0).map_err(DbErr::from)).transpose()
}

/// Gives a user another password and ends all sessions but one, links and known devices.
#[derive(Clone, Debug)]
pub struct SetPassword {
    pub user_id: Id,
    /// The hash that the current password was checked against: of two changes at once one is refused.
    pub instead_of: String,
    pub password_hash: String,
    pub keep_session: Option<Id>,
    pub origin: Origin,
}

impl SetPassword {
    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<bool, DbErr> {
        const SQL: &str = "select 1 from users where id = ? and password_hash = ?";
        let values = [self.user_id.into(), self.instead_of.clone().into()];
        let found = statement(group.backend, SQL, values);
        if group.tx.query_one_raw(found).await?.is_none() {
            return Ok(false);
        }
        set_password(group, self.user_id, &self.password_hash, self.keep_session).await?;
        audit::note(group, &self.origin, format!("user {}", self.user_id)).await?;
        Ok(true)
    }
}

async fn set_password(group: &Group<'_>, user_id: Id, hash: &str, keep_session: Option<Id>) -> Result<(), DbErr> {
    let sql = "update users set password_hash = ?, updated_at = ? where id = ?";
    group
        .execute(sql, [hash.into(), group.now.into(), user_id.into()])
        .await?;
    for sql in [
        "delete from one_time_links where user_id = ?",
        "delete from known_devices where user_id = ?",
    ] {
        group.execute(sql, [user_id.into()]).await?;
    }
    match keep_session {
        Some(session) => {
            let sql = "delete from sessions where user_id = ? and id <> ?";
            group.execute(sql, [user_id.into(), session.into()]).await?;
        }
        None => {
            group
                .execute("delete from sessions where user_id = ?", [user_id.into()])
                .await?;
        }
    }
    Ok(())
}

/// Makes the first organisation and its operator. Possible only while there is no user.
#[derive(Clone, Debug)]
pub struct SetUp {
    /// The link that was given; `None` where the environment says it.
    pub token_hash: Option<String>,
    pub user_id: Id,
    pub email: String,
    pub password_hash: String,
    pub organisation: String,
    pub origin: Origin,
}

/// The answer to [`SetUp`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetUpDone {
    Accepted,
    /// There is a user already.
    TooLate,
    /// The link is unknown or has expired.
    NoLink,
}

impl SetUp {
    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<SetUpDone, DbErr> {
        const ANY: &str = "select 1 from users limit 1";
        const LINK: &str = "select 1 from one_time_links where token_hash = ? and kind = 'setup' and expires_at > ?";
        if group
            .tx
            .query_one_raw(statement(group.backend, ANY, []))
            .await?
            .is_some()
        {
            return Ok(SetUpDone::TooLate);
        }
        if let Some(hash) = &self.token_hash {
            let link = statement(group.backend, LINK, [hash.into(), group.now.into()]);
            if group.tx.query_one_raw(link).await?.is_none() {
                return Ok(SetUpDone::NoLink);
            }
        }
        let named = statement(
            group.backend,
            "select id from organisations where name = ?",
            [self.organisation.clone().into()],
        );
        let organisation_id = match group.tx.query_one_raw(named).await? {
            Some(row) => Id::try_get_by(&row, 0)?,
            None => {
                let id = Id::now();
                insert_organisation(group, id, &self.organisation).await?;
                id
            }
        };
        let row = UserRow {
            id: self.user_id,
            organisation_id,
            email: &self.email,
            name: None,
            role: Role::Operator,
            password_hash: Some(&self.password_hash),
            subject: None,
        };
        insert_user(group, row).await?;
        group
            .execute("delete from one_time_links where kind = 'setup'", [])
            .await?;
        let mut origin = self.origin.clone();
        if let Some(record) = &mut origin.audit {
            record.user_id = Some(self.user_id);
            record.organisation_id = Some(organisation_id);
        }
        audit::note(group, &origin, format!("user {}", self.user_id)).await?;
        Ok(SetUpDone::Accepted)
    }
}
