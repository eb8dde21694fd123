//! Workflow rows that people make and change by request.

use entity::Id;
use entity::db_driven_enrichment_workflows as workflows;
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, TryGetable};

use super::audit;
use super::group::Group;
use super::idempotency::KeyAnswer;
use super::workflows::{OF_FILE, insert, revised, update};
use crate::model::journal::Origin;
use crate::model::workflow_spec::WorkflowSpec;
use crate::store::read::workflow_spec;
use crate::store::rows::statement;

/// Makes a workflow.
#[derive(Clone, Debug)]
pub struct CreateWorkflow {
    pub row: workflows::Model,
    pub origin: Origin,
    /// Where this ends a request that carried a key.
    pub answer: Option<KeyAnswer>,
}

/// The answer to [`CreateWorkflow`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkflowCreated {
    Accepted,
    /// A workflow of the organisation, or a shared one, has the slug.
    SlugTaken,
    /// There is a workflow with that id, or its versions are noted already.
    IdTaken,
}

impl CreateWorkflow {
    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<WorkflowCreated, DbErr> {
        const VERSION: &str = "select version from workflow_versions where workflow_id = ? and version >= ? limit 1";
        let noted = statement(group.backend, VERSION, [self.row.id.into(), self.row.version.into()]);
        if find(group, self.row.id).await?.is_some() || group.tx.query_one_raw(noted).await?.is_some() {
            return Ok(WorkflowCreated::IdTaken);
        }
        if slug_is_taken(group, &self.row).await? {
            return Ok(WorkflowCreated::SlugTaken);
        }
        insert(group, &self.row).await?;
        audit::note(group, &self.origin, object(self.row.id)).await?;
        if let Some(answer) = &self.answer {
            answer.write(group).await?;
        }
        Ok(WorkflowCreated::Accepted)
    }
}

/// Changes a workflow, if nobody has changed it since `version`.
#[derive(Clone, Debug)]
pub struct ChangeWorkflow {
    pub id: Id,
    /// What the sender believes to change; `None`: whatever is there.
    pub version: Option<i32>,
    pub spec: WorkflowSpec,
    pub origin: Origin,
}

/// Deletes a workflow, if nobody has changed it since `version`. What it said at each version stays: steps that have begun
/// end under it.
#[derive(Clone, Debug)]
pub struct DeleteWorkflow {
    pub id: Id,
    /// What the sender believes to delete; `None`: whatever is there.
    pub version: Option<i32>,
    pub origin: Origin,
}

/// The answer to [`ChangeWorkflow`] and [`DeleteWorkflow`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WorkflowChanged {
    Accepted,
    /// It is what it was asked to be already; its version is the old one.
    Unchanged,
    /// Somebody has changed it meanwhile.
    Stale {
        version: i32,
    },
    SlugTaken,
    /// A file says what it is.
    ManagedByFile,
    NotFound,
}

impl ChangeWorkflow {
    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<WorkflowChanged, DbErr> {
        let row = match changeable(group, self.id, self.version).await? {
            Ok(row) => row,
            Err(refusal) => return Ok(refusal),
        };
        if workflow_spec(&row) == self.spec {
            audit::note(group, &self.origin, object(self.id)).await?;
            return Ok(WorkflowChanged::Unchanged);
        }
        let row = revised(&row, &self.spec, group.now);
        if slug_is_taken(group, &row).await? {
            return Ok(WorkflowChanged::SlugTaken);
        }
        update(group, &row).await?;
        audit::note(group, &self.origin, object(self.id)).await?;
        Ok(WorkflowChanged::Accepted)
    }
}

impl DeleteWorkflow {
    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<WorkflowChanged, DbErr> {
        const SQL: &str = "delete from db_driven_enrichment_workflows where id = ?";
        if let Err(refusal) = changeable(group, self.id, self.version).await? {
            return Ok(refusal);
        }
        group.execute(SQL, [self.id.into()]).await?;
        audit::note(group, &self.origin, object(self.id)).await?;
        Ok(WorkflowChanged::Accepted)
    }
}

fn object(id: Id) -> String {
    format!("workflow {id}")
}

async fn find(group: &Group<'_>, id: Id) -> Result<Option<workflows::Model>, DbErr> {
    workflows::Entity::find_by_id(id).one(group.tx).await
}

/// The row, or why it is not changed.
async fn changeable(
    group: &Group<'_>,
    id: Id,
    version: Option<i32>,
) -> Result<Result<workflows::Model, WorkflowChanged>, DbErr> {
    Ok(match find(group, id).await? {
        None => Err(WorkflowChanged::NotFound),
        Some(row) if row.managed_by == OF_FILE => Err(WorkflowChanged::ManagedByFile),
        Some(row) if version.is_some_and(|version| version != row.version) => {
            Err(WorkflowChanged::Stale { version: row.version })
        }
        Some(row) => Ok(row),
    })
}

/// Whether another row has the slug: of the same organisation, or shared; for a shared one, any.
async fn slug_is_taken(group: &Group<'_>, row: &workflows::Model) -> Result<bool, DbErr> {
    let mut sql = "select count(*) from db_driven_enrichment_workflows where workflow_slug = ? and id <> ?".to_owned();
    let mut values: Vec<sea_orm::Value> = vec![row.workflow_slug.clone().into(), row.id.into()];
    if let Some(organisation) = row.organisation_id {
        sql.push_str(" and (organisation_id is null or organisation_id = ?)");
        values.push(organisation.into());
    }
    let found = group.tx.query_one_raw(statement(group.backend, &sql, values)).await?;
    let count = found.map_or(Ok(0), |row| i64::try_get_by(&row, 0))?;
    Ok(count > 0)
}
