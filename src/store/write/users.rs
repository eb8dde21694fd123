//! Users and organisations.

use chrono::{DateTime, Utc};
use entity::Id;
use sea_orm::{ConnectionTrait, DbErr, TryGetable};

use super::audit;
use super::group::Group;
use super::idempotency::KeyAnswer;
use super::links::NewLink;
use crate::model::journal::Origin;
use crate::store::read::Role;
use crate::store::rows::statement;

/// Makes an organisation.
#[derive(Clone, Debug)]
pub struct AddOrganisation {
    pub id: Id,
    pub name: String,
    pub origin: Origin,
    pub answer: Option<KeyAnswer>,
}

/// Gives an organisation another name.
#[derive(Clone, Debug)]
pub struct RenameOrganisation {
    pub id: Id,
    pub name: String,
    pub origin: Origin,
}

/// The answer to a change of an organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrganisationChanged {
    Accepted,
    NameTaken,
    NotFound,
}

async fn organisation_named(group: &Group<'_>, name: &str) -> Result<Option<Id>, DbErr> {
    let sql = "select id from organisations where name = ?";
    let found = statement(group.backend, sql, [name.into()]);
    let row = group.tx.query_one_raw(found).await?;
    row.map(|row| Id::try_get_by(&row, 0).map_err(DbErr::from)).transpose()
}

pub(super) async fn insert_organisation(group: &Group<'_>, id: Id, name: &str) -> Result<(), DbErr> {
    let sql = "insert into organisations (id, name, created_at) values (?,?,?)";
    group.execute(sql, [id.into(), name.into(), group.now.into()]).await?;
    Ok(())
}

impl AddOrganisation {
    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<OrganisationChanged, DbErr> {
        if organisation_named(group, &self.name).await?.is_some() {
            return Ok(OrganisationChanged::NameTaken);
        }
        insert_organisation(group, self.id, &self.name).await?;
        audit::note(group, &self.origin, format!("organisation {}", self.id)).await?;
        if let Some(answer) = &self.answer {
            answer.write(group).await?;
        }
        Ok(OrganisationChanged::Accepted)
    }
}

impl RenameOrganisation {
    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<OrganisationChanged, DbErr> {
        match organisation_named(group, &self.name).await? {
            Some(id) if id == self.id => return Ok(OrganisationChanged::Accepted),
            Some(_) => return Ok(OrganisationChanged::NameTaken),
            None => {}
        }
        let sql = "update organisations set name = ? where id = ?";
        if group.execute(sql, [self.name.clone().into(), self.id.into()]).await? == 0 {
            return Ok(OrganisationChanged::NotFound);
        }
        audit::note(group, &self.origin, format!("organisation {}", self.id)).await?;
        Ok(OrganisationChanged::Accepted)
    }
}

/// What an outside issuer calls a user.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Subject {
    pub issuer: String,
    pub subject: String,
}

/// Makes a user.
#[derive(Clone, Debug)]
pub struct AddUser {
    pub id: Id,
    pub organisation_id: Id,
    /// In lower case.
    pub email: String,
    pub name: Option<String>,
    pub role: Role,
    pub subject: Option<Subject>,
    /// By which the user sets a password.
    pub link: Option<NewLink>,
    pub origin: Origin,
    pub answer: Option<KeyAnswer>,
}

/// The answer to [`AddUser`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserAdded {
    Accepted,
    /// The issuer's subject is a user already.
    Known,
    EmailTaken,
    NoOrganisation,
}

async fn exists(group: &Group<'_>, sql: &str, values: impl IntoIterator<Item = sea_orm::Value>) -> Result<bool, DbErr> {
    let found = statement(group.backend, sql, values);
    Ok(group.tx.query_one_raw(found).await?.is_some())
}

/// A row of `users` without its password.
pub(super) struct UserRow<'a> {
    pub id: Id,
    pub organisation_id: Id,
    pub email: &'a str,
    pub name: Option<&'a str>,
    pub role: Role,
    pub password_hash: Option<&'a str>,
    pub subject: Option<&'a Subject>,
}

pub(super) async fn insert_user(group: &Group<'_>, user: UserRow<'_>) -> Result<(), DbErr> {
    const SQL: &str = "insert into users (id, organisation_id, email, name, role, password_hash, issuer, subject, \
        created_at, updated_at) values (?,?,?,?,?,?,?,?,?,?)";
    let values = [
        user.id.into(),
        user.organisation_id.into(),
        user.email.into(),
        user.name.map(str::to_owned).into(),
        user.role.as_str().into(),
        user.password_hash.map(str::to_owned).into(),
        user.subject.map(|subject| subject.issuer.clone()).into(),
        user.subject.map(|subject| subject.subject.clone()).into(),
        group.now.into(),
        group.now.into(),
    ];
    group.execute(SQL, values).await?;
    Ok(())
}

impl AddUser {
    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<UserAdded, DbErr> {
        let organisation = [self.organisation_id.into()];
        if !exists(group, "select 1 from organisations where id = ?", organisation).await? {
            return Ok(UserAdded::NoOrganisation);
        }
        let mut email = self.email.clone();
        if let Some(Subject { issuer, subject }) = &self.subject {
            let known = "select 1 from users where issuer = ? and subject = ? and organisation_id = ?";
            let values = [issuer.into(), subject.into(), self.organisation_id.into()];
            if exists(group, known, values).await? {
                return Ok(UserAdded::Known);
            }
        }
        if exists(group, "select 1 from users where email = ?", [email.clone().into()]).await? {
            if self.subject.is_none() {
                return Ok(UserAdded::EmailTaken);
            }
            // Whoever has that address here may be somebody else: an issuer's word does not open another's account.
            email = format!("{}@users.invalid", self.id);
        }
        let row = UserRow {
            id: self.id,
            organisation_id: self.organisation_id,
            email: &email,
            name: self.name.as_deref(),
            role: self.role,
            password_hash: None,
            subject: self.subject.as_ref(),
        };
        insert_user(group, row).await?;
        if let Some(link) = &self.link {
            link.insert(group, Some(self.id)).await?;
        }
        audit::note(group, &self.origin, format!("user {}", self.id)).await?;
        if let Some(answer) = &self.answer {
            answer.write(group).await?;
        }
        Ok(UserAdded::Accepted)
    }
}

/// What becomes of a user.
#[derive(Clone, Debug)]
pub enum UserChange {
    Edit {
        name: Option<String>,
        role: Option<Role>,
        disabled: Option<bool>,
    },
    /// Nothing is kept but the id, which jobs and the journal name.
    Remove,
}

/// Changes a user. Answered with whether that was possible.
#[derive(Clone, Debug)]
pub struct ChangeUser {
    pub id: Id,
    pub change: UserChange,
    /// Whether the change comes from an operator other than the user.
    pub by_other_operator: bool,
    pub origin: Origin,
}

/// The answer to [`ChangeUser`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserChanged {
    Accepted,
    NotFound,
    /// Nobody would be left who may do what only an operator may.
    LastOperator,
    /// Nobody would be left who may administer the organisation.
    LastAdmin,
}

struct Standing {
    organisation_id: Id,
    role: Role,
    disabled_at: Option<DateTime<Utc>>,
}

impl ChangeUser {
    async fn load(&self, group: &Group<'_>) -> Result<Option<Standing>, DbErr> {
        const SQL: &str = "select organisation_id, role, disabled_at from users where id = ? and removed_at is null";
        let found = statement(group.backend, SQL, [self.id.into()]);
        let Some(row) = group.tx.query_one_raw(found).await? else {
            return Ok(None);
        };
        let role: String = row.try_get("", "role")?;
        Ok(Some(Standing {
            organisation_id: row.try_get("", "organisation_id")?,
            role: role.parse().map_err(|error| DbErr::Custom(format!("{error}")))?,
            disabled_at: row.try_get("", "disabled_at")?,
        }))
    }

    /// Whether the user is the only one left with the rights that the change takes away.
    async fn locks_out(&self, group: &Group<'_>, now: &Standing) -> Result<Option<UserChanged>, DbErr> {
        const OTHER_OPERATOR: &str = "select 1 from users where id <> ? and role = 'operator' and disabled_at is null \
            and removed_at is null";
        const OTHER_ADMIN: &str = "select 1 from users where id <> ? and organisation_id = ? \
            and role in ('admin', 'operator') and disabled_at is null and removed_at is null";
        let role = match &self.change {
            UserChange::Edit {
                role,
                disabled: Some(false) | None,
                ..
            } => role.unwrap_or(now.role),
            // Less than any role.
            _ => Role::Viewer,
        };
        if now.disabled_at.is_some() {
            return Ok(None);
        }
        if now.role == Role::Operator
            && role < Role::Operator
            && !exists(group, OTHER_OPERATOR, [self.id.into()]).await?
        {
            return Ok(Some(UserChanged::LastOperator));
        }
        let values = [self.id.into(), now.organisation_id.into()];
        if now.role >= Role::Admin
            && role < Role::Admin
            && !self.by_other_operator
            && !exists(group, OTHER_ADMIN, values).await?
        {
            return Ok(Some(UserChanged::LastAdmin));
        }
        Ok(None)
    }

    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<UserChanged, DbErr> {
        const EDIT: &str = "update users set name = ?, role = ?, disabled_at = ?, updated_at = ? where id = ?";
        const NAME: &str = "select name from users where id = ?";
        // Whose tokens the outside issuer goes on to give stays known, so that they are refused.
        const REMOVE: &str = "update users set email = ?, name = null, password_hash = null, \
            disabled_at = coalesce(disabled_at, ?), removed_at = ?, updated_at = ? where id = ?";
        let Some(now) = self.load(group).await? else {
            return Ok(UserChanged::NotFound);
        };
        if let Some(refused) = self.locks_out(group, &now).await? {
            return Ok(refused);
        }
        let at = group.now;
        match &self.change {
            UserChange::Edit { name, role, disabled } => {
                let name = match name {
                    Some(name) => Some(name.clone()),
                    None => {
                        let row = group
                            .tx
                            .query_one_raw(statement(group.backend, NAME, [self.id.into()]))
                            .await?;
                        row.map(|row| Option::<String>::try_get_by(&row, 0))
                            .transpose()?
                            .flatten()
                    }
                };
                let disabled_at = match disabled {
                    Some(true) => now.disabled_at.or(Some(at)),
                    Some(false) => None,
                    None => now.disabled_at,
                };
                let role = role.unwrap_or(now.role);
                let values = [
                    name.into(),
                    role.as_str().into(),
                    disabled_at.into(),
                    at.into(),
                    self.id.into(),
                ];
                group.execute(EDIT, values).await?;
                if *disabled == Some(true) {
                    end_credentials(group, self.id, false).await?;
                }
            }
            UserChange::Remove => {
                let nobody = format!("{}@removed.invalid", self.id);
                let values = [nobody.into(), at.into(), at.into(), at.into(), self.id.into()];
                group.execute(REMOVE, values).await?;
                end_credentials(group, self.id, true).await?;
            }
        }
        audit::note(group, &self.origin, format!("user {}", self.id)).await?;
        Ok(UserChanged::Accepted)
    }
}

/// Ends sessions and links of a user; of one who is removed, tokens too.
async fn end_credentials(group: &Group<'_>, user_id: Id, for_good: bool) -> Result<(), DbErr> {
    for sql in [
        "delete from sessions where user_id = ?",
        "delete from one_time_links where user_id = ?",
        "delete from known_devices where user_id = ?",
    ] {
        group.execute(sql, [user_id.into()]).await?;
    }
    if for_good {
        let sql = "update api_tokens set revoked_at = ? where user_id = ? and revoked_at is null";
        group.execute(sql, [group.now.into(), user_id.into()]).await?;
    }
    Ok(())
}
