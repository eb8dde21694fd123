//! Workflow rows that come from files.

use entity::Id;
use sea_orm::DbErr;

use super::group::Group;

/// A workflow as a file gives it.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkflowRow {
    pub slug: String,
    pub title: String,
    pub play: String,
    pub step_number: i32,
    pub provider: String,
    pub mode: String,
    pub destination_db: String,
    pub destination_table: Option<String>,
    pub destination_field_mappings: serde_json::Value,
    pub settings: serde_json::Value,
    pub enabled: bool,
}

/// Makes the shared workflows what the files say: creates, updates (raising the version), disables those whose file is
/// gone. Answered with how many rows changed.
#[derive(Clone, Debug)]
pub struct ApplyWorkflows {
    pub rows: Vec<WorkflowRow>,
}

impl ApplyWorkflows {
    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<u64, DbErr> {
        const UPSERT: &str = "insert into db_driven_enrichment_workflows (id, workflow_slug, title, play_name, \
            overall_step_number, provider, mode, destination_db, destination_table_name, destination_field_mappings, \
            settings, enabled, managed_by, created_at, updated_at) values (?,?,?,?,?,?,?,?,?,?,?,?,'file',?,?) \
            on conflict (workflow_slug) where organisation_id is null do update set title = excluded.title, \
            play_name = excluded.play_name, overall_step_number = excluded.overall_step_number, \
            provider = excluded.provider, mode = excluded.mode, destination_db = excluded.destination_db, \
            destination_table_name = excluded.destination_table_name, \
            destination_field_mappings = excluded.destination_field_mappings, settings = excluded.settings, \
            enabled = excluded.enabled, version = db_driven_enrichment_workflows.version + 1, \
            updated_at = excluded.updated_at where \
            db_driven_enrichment_workflows.title <> excluded.title \
            or db_driven_enrichment_workflows.play_name <> excluded.play_name \
            or db_driven_enrichment_workflows.overall_step_number <> excluded.overall_step_number \
            or db_driven_enrichment_workflows.provider <> excluded.provider \
            or db_driven_enrichment_workflows.mode <> excluded.mode \
            or db_driven_enrichment_workflows.destination_db <> excluded.destination_db \
            or coalesce(db_driven_enrichment_workflows.destination_table_name, '') \
               <> coalesce(excluded.destination_table_name, '') \
            or db_driven_enrichment_workflows.destination_field_mappings <> excluded.destination_field_mappings \
            or db_driven_enrichment_workflows.settings <> excluded.settings \
            or db_driven_enrichment_workflows.enabled <> excluded.enabled";
        let mut changed = 0;
        for row in &self.rows {
            changed += group
                .execute(
                    UPSERT,
                    [
                        Id::now().into(),
                        row.slug.clone().into(),
                        row.title.clone().into(),
                        row.play.clone().into(),
                        row.step_number.into(),
                        row.provider.clone().into(),
                        row.mode.clone().into(),
                        row.destination_db.clone().into(),
                        row.destination_table.clone().into(),
                        row.destination_field_mappings.clone().into(),
                        row.settings.clone().into(),
                        row.enabled.into(),
                        group.now.into(),
                        group.now.into(),
                    ],
                )
                .await?;
        }
        let slugs = vec!["?"; self.rows.len().max(1)].join(",");
        let gone = format!(
            "update db_driven_enrichment_workflows set enabled = false, version = version + 1, updated_at = ? \
             where organisation_id is null and managed_by = 'file' and enabled and workflow_slug not in ({slugs})"
        );
        let mut values: Vec<sea_orm::Value> = vec![group.now.into()];
        values.extend(self.rows.iter().map(|row| row.slug.clone().into()));
        values.resize(self.rows.len().max(1) + 1, String::new().into());
        changed += group.execute(&gone, values).await?;
        Ok(changed)
    }
}
