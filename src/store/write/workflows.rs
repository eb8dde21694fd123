//! Workflow rows, and what they said at each of their versions.

use chrono::{DateTime, Utc};
use entity::Id;
use entity::db_driven_enrichment_workflows as workflows;
use sea_orm::{ColumnTrait as _, DbErr, EntityTrait, QueryFilter};

use super::group::Group;
use crate::model::workflow_diff::WorkflowDiff;
use crate::model::workflow_spec::WorkflowSpec;
use crate::store::Hq;
use crate::store::lock::Ownership;
use crate::store::read::shared_workflow;
use crate::store::rows::{in_list, statement};
use crate::store::tx::write_tx;

/// Who changes a row: the files, or requests.
pub const OF_FILE: &str = "file";
pub const OF_API: &str = "api";

/// Makes the shared workflows what the files say: creates, updates (raising the version), disables those whose file is
/// gone. Answered with how many rows changed.
#[derive(Clone, Debug)]
pub struct ApplyWorkflows {
    pub workflows: Vec<WorkflowSpec>,
}

impl ApplyWorkflows {
    pub(super) fn bytes(&self) -> usize {
        let one = |spec: &WorkflowSpec| serde_json::Value::from(spec.fields()).to_string().len();
        self.workflows.iter().map(one).sum()
    }

    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<u64, DbErr> {
        let rows = workflows::Entity::find()
            .filter(workflows::Column::OrganisationId.is_null())
            .all(group.tx)
            .await?;
        let shared: Vec<_> = rows.iter().map(shared_workflow).collect();
        let diff = WorkflowDiff::between(&shared, &self.workflows);
        let created: Vec<&str> = diff.created.iter().map(|row| row.workflow_slug.as_str()).collect();
        for spec in self
            .workflows
            .iter()
            .filter(|spec| created.contains(&spec.slug.as_str()))
        {
            let row = workflow_row(Id::now(), None, OF_FILE, spec, group.now);
            insert(group, &row).await?;
        }
        for change in &diff.changed {
            let row = rows.iter().find(|row| row.workflow_slug == change.workflow_slug);
            let spec = self.workflows.iter().find(|spec| spec.slug == change.workflow_slug);
            if let (Some(row), Some(spec)) = (row, spec) {
                let mut row = revised(row, spec, group.now);
                row.managed_by = OF_FILE.to_owned();
                update(group, &row).await?;
            }
        }
        for row in rows.iter().filter(|row| diff.disabled.contains(&row.workflow_slug)) {
            let mut row = row.clone();
            row.enabled = false;
            row.version += 1;
            row.updated_at = group.now;
            update(group, &row).await?;
        }
        warn_of_clashes(group, &created).await?;
        record_missing_versions(group).await?;
        Ok(diff.rows() as u64)
    }

    /// As the command of a process that owns the database and has no writer.
    ///
    /// # Errors
    /// Where the database cannot be written; then nothing has changed.
    pub async fn apply_alone(&self, hq: &Hq, _owned: &Ownership) -> Result<u64, DbErr> {
        let tx = write_tx(hq).await?;
        // It writes neither to the journal nor practices, so the numbers are nobody's.
        let mut group = Group::new(&tx, Utc::now(), 0, 0);
        match self.apply(&mut group).await {
            Ok(changed) => {
                tx.commit().await?;
                Ok(changed)
            }
            Err(error) => {
                tx.rollback().await?;
                Err(error)
            }
        }
    }
}

/// A new row.
#[must_use]
pub fn workflow_row(
    id: Id,
    organisation_id: Option<Id>,
    managed_by: &str,
    spec: &WorkflowSpec,
    now: DateTime<Utc>,
) -> workflows::Model {
    workflows::Model {
        id,
        organisation_id,
        workflow_slug: spec.slug.clone(),
        title: spec.title.clone(),
        overall_step_number: spec.number,
        provider: spec.provider.clone(),
        destination_db: spec.destination_db.clone(),
        destination_table_name: spec.destination_table.clone(),
        destination_field_mappings: spec.destination_field_mappings.clone().into(),
        play_name: spec.play.clone(),
        mode: spec.mode.clone(),
        settings: spec.settings.clone().into(),
        enabled: spec.enabled,
        managed_by: managed_by.to_owned(),
        version: 1,
        created_at: now,
        updated_at: now,
    }
}

/// The row's next version.
pub(super) fn revised(row: &workflows::Model, spec: &WorkflowSpec, now: DateTime<Utc>) -> workflows::Model {
    workflows::Model {
        version: row.version + 1,
        created_at: row.created_at,
        ..workflow_row(row.id, row.organisation_id, &row.managed_by, spec, now)
    }
}

/// Makes the row and notes its version.
pub(super) async fn insert(group: &Group<'_>, row: &workflows::Model) -> Result<(), DbErr> {
    const SQL: &str = "insert into db_driven_enrichment_workflows (id, organisation_id, workflow_slug, title, play_name, \
        overall_step_number, provider, mode, destination_db, destination_table_name, destination_field_mappings, \
        settings, enabled, managed_by, version, created_at, updated_at) values (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)";
    let identity = [row.id.into(), row.organisation_id.into()];
    let ends = [row.version.into(), row.created_at.into(), row.updated_at.into()];
    group
        .execute(SQL, identity.into_iter().chain(columns(row)).chain(ends))
        .await?;
    record_version(group, row).await
}

/// Writes the row's new version and notes it.
pub(super) async fn update(group: &Group<'_>, row: &workflows::Model) -> Result<(), DbErr> {
    const SQL: &str = "update db_driven_enrichment_workflows set workflow_slug = ?, title = ?, play_name = ?, \
        overall_step_number = ?, provider = ?, mode = ?, destination_db = ?, destination_table_name = ?, \
        destination_field_mappings = ?, settings = ?, enabled = ?, managed_by = ?, version = ?, updated_at = ? \
        where id = ?";
    let ends = [row.version.into(), row.updated_at.into(), row.id.into()];
    group.execute(SQL, columns(row).into_iter().chain(ends)).await?;
    record_version(group, row).await
}

fn columns(row: &workflows::Model) -> [sea_orm::Value; 12] {
    [
        row.workflow_slug.clone().into(),
        row.title.clone().into(),
        row.play_name.clone().into(),
        row.overall_step_number.into(),
        row.provider.clone().into(),
        row.mode.clone().into(),
        row.destination_db.clone().into(),
        row.destination_table_name.clone().into(),
        row.destination_field_mappings.clone().into(),
        row.settings.clone().into(),
        row.enabled.into(),
        row.managed_by.clone().into(),
    ]
}

async fn record_version(group: &Group<'_>, row: &workflows::Model) -> Result<(), DbErr> {
    const SQL: &str = "insert into workflow_versions (workflow_id, version, spec, created_at) values (?,?,?,?) \
        on conflict (workflow_id, version) do update set spec = excluded.spec, created_at = excluded.created_at";
    let values = [
        row.id.into(),
        row.version.into(),
        serde_json::json!(row).into(),
        group.now.into(),
    ];
    group.execute(SQL, values).await?;
    Ok(())
}

/// Notes the versions of rows that came from elsewhere, such as an author's own SQL.
async fn record_missing_versions(group: &Group<'_>) -> Result<(), DbErr> {
    const SQL: &str = "select w.* from db_driven_enrichment_workflows w where not exists (select 1 \
        from workflow_versions v where v.workflow_id = w.id and v.version = w.version)";
    let missing = workflows::Entity::find()
        .from_raw_sql(statement(group.backend, SQL, []))
        .all(group.tx)
        .await?;
    for row in &missing {
        record_version(group, row).await?;
    }
    Ok(())
}

/// A file may bring a slug that an organisation has used for a workflow of its own.
async fn warn_of_clashes(group: &Group<'_>, slugs: &[&str]) -> Result<(), DbErr> {
    if slugs.is_empty() {
        return Ok(());
    }
    let (list, values) = in_list(slugs);
    let sql = format!(
        "select w.* from db_driven_enrichment_workflows w where w.organisation_id is not null and w.workflow_slug in ({list})"
    );
    let clashes = workflows::Entity::find()
        .from_raw_sql(statement(group.backend, &sql, values))
        .all(group.tx)
        .await?;
    for row in clashes {
        tracing::warn!(
            workflow = row.workflow_slug,
            organisation = ?row.organisation_id,
            "an organisation's own workflow has the slug of a new shared one; give one of them another slug"
        );
    }
    Ok(())
}
