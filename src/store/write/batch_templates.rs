//! Templates of registration batches.

use entity::{Id, batch_templates};
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, TryGetable};

use super::audit;
use super::group::Group;
use super::idempotency::KeyAnswer;
use crate::model::journal::Origin;
use crate::store::rows::statement;

/// Templates that one organisation may have.
pub const MOST_TEMPLATES: i64 = 500;

/// What came of a change of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TemplateChanged {
    Accepted,
    /// Somebody has changed it meanwhile.
    Stale {
        version: i32,
    },
    /// Another one of the organisation is called so.
    NameTaken,
    /// Schedules go by it: their names.
    InUse(Vec<String>),
    /// The organisation has [`MOST_TEMPLATES`].
    TooMany,
    NotFound,
}

/// Makes a template.
#[derive(Clone, Debug)]
pub struct CreateBatchTemplate {
    pub row: batch_templates::Model,
    pub origin: Origin,
    pub answer: Option<KeyAnswer>,
}

impl CreateBatchTemplate {
    pub(super) fn bytes(&self) -> usize {
        self.row.filter.to_string().len() + self.row.settings.to_string().len()
    }

    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<TemplateChanged, DbErr> {
        const COUNT: &str = "select count(*) from batch_templates where organisation_id = ?";
        const SQL: &str = "insert into batch_templates (id, organisation_id, name, source, filter, settings, \
            restaurant_limit, created_by, version, created_at, updated_at) values (?,?,?,?,?,?,?,?,?,?,?)";
        let row = &self.row;
        if count(group, COUNT, row.organisation_id).await? >= MOST_TEMPLATES {
            return Ok(TemplateChanged::TooMany);
        }
        if is_taken(group, row).await? {
            return Ok(TemplateChanged::NameTaken);
        }
        let values = [
            row.id.into(),
            row.organisation_id.into(),
            row.name.clone().into(),
            row.source.clone().into(),
            row.filter.clone().into(),
            row.settings.clone().into(),
            row.restaurant_limit.into(),
            row.created_by.into(),
            row.version.into(),
            row.created_at.into(),
            row.updated_at.into(),
        ];
        group.execute(SQL, values).await?;
        noted(group, &self.origin, row.id).await?;
        if let Some(answer) = &self.answer {
            answer.write(group).await?;
        }
        Ok(TemplateChanged::Accepted)
    }
}

/// Makes a template what `row` says, if it is still at the version that `row` has.
#[derive(Clone, Debug)]
pub struct ChangeBatchTemplate {
    pub row: batch_templates::Model,
    pub origin: Origin,
}

impl ChangeBatchTemplate {
    pub(super) fn bytes(&self) -> usize {
        self.row.filter.to_string().len() + self.row.settings.to_string().len()
    }

    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<TemplateChanged, DbErr> {
        const SQL: &str = "update batch_templates set name = ?, source = ?, filter = ?, settings = ?, \
            restaurant_limit = ?, version = version + 1, updated_at = ? where id = ?";
        let row = &self.row;
        let Some(known) = load(group, row.id).await? else {
            return Ok(TemplateChanged::NotFound);
        };
        if known.version != row.version {
            return Ok(TemplateChanged::Stale { version: known.version });
        }
        if is_taken(group, row).await? {
            return Ok(TemplateChanged::NameTaken);
        }
        let values = [
            row.name.clone().into(),
            row.source.clone().into(),
            row.filter.clone().into(),
            row.settings.clone().into(),
            row.restaurant_limit.into(),
            group.now.into(),
            row.id.into(),
        ];
        group.execute(SQL, values).await?;
        noted(group, &self.origin, row.id).await?;
        Ok(TemplateChanged::Accepted)
    }
}

/// Deletes a template that no schedule goes by. Batches that were made of it stay.
#[derive(Clone, Debug)]
pub struct DeleteBatchTemplate {
    pub id: Id,
    /// `None`: whatever is there.
    pub version: Option<i32>,
    pub origin: Origin,
}

impl DeleteBatchTemplate {
    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<TemplateChanged, DbErr> {
        const USED: &str = "select name from batch_schedules where template_id = ? order by name limit 10";
        const SQL: &str = "delete from batch_templates where id = ?";
        let Some(known) = load(group, self.id).await? else {
            return Ok(TemplateChanged::NotFound);
        };
        if self.version.is_some_and(|version| version != known.version) {
            return Ok(TemplateChanged::Stale { version: known.version });
        }
        let used = statement(group.backend, USED, [self.id.into()]);
        let rows = group.tx.query_all_raw(used).await?;
        if !rows.is_empty() {
            let names: Result<Vec<String>, _> = rows.iter().map(|row| String::try_get_by(row, 0)).collect();
            return Ok(TemplateChanged::InUse(names?));
        }
        group.execute(SQL, [self.id.into()]).await?;
        noted(group, &self.origin, self.id).await?;
        Ok(TemplateChanged::Accepted)
    }
}

async fn load(group: &Group<'_>, id: Id) -> Result<Option<batch_templates::Model>, DbErr> {
    batch_templates::Entity::find_by_id(id).one(group.tx).await
}

async fn is_taken(group: &Group<'_>, row: &batch_templates::Model) -> Result<bool, DbErr> {
    const SQL: &str = "select 1 from batch_templates where organisation_id = ? and name = ? and id <> ?";
    let values = [row.organisation_id.into(), row.name.clone().into(), row.id.into()];
    let found = group.tx.query_one_raw(statement(group.backend, SQL, values)).await?;
    Ok(found.is_some())
}

/// How many rows an organisation has.
pub(super) async fn count(group: &Group<'_>, sql: &str, organisation: Id) -> Result<i64, DbErr> {
    let counted = statement(group.backend, sql, [organisation.into()]);
    let row = group.tx.query_one_raw(counted).await?;
    Ok(row.map_or(Ok(0), |row| i64::try_get_by(&row, 0))?)
}

async fn noted(group: &Group<'_>, origin: &Origin, id: Id) -> Result<(), DbErr> {
    audit::note(group, origin, format!("batch template {id}")).await
}
