//! Plays, as the workflow rows make them.

use entity::Id;
use entity::db_driven_enrichment_workflows as workflows;
use sea_orm::{ColumnTrait, Condition, DbErr, EntityTrait, QueryFilter};

use crate::model::play::{Play, PlayStep};
use crate::store::Hq;

/// The play of that name as an organisation sees it, or `None` where it has no enabled step.
///
/// # Errors
/// Where the database cannot be read.
pub async fn play(readers: &Hq, organisation: Id, name: &str) -> Result<Option<Play>, DbErr> {
    let columns = &workflows::COLUMN;
    let owner = Condition::any()
        .add(columns.organisation_id.is_null())
        .add(columns.organisation_id.eq(organisation));
    let rows = workflows::Entity::find()
        .filter(columns.play_name.eq(name))
        .filter(columns.enabled.eq(true))
        .filter(owner)
        .all(readers)
        .await?;
    let steps = rows.into_iter().map(step).collect();
    Ok(Play::new(name.to_owned(), steps).ok())
}

fn step(row: workflows::Model) -> PlayStep {
    let setting = |key: &str| row.settings.get(key).and_then(serde_json::Value::as_str);
    PlayStep {
        handler: setting("handler").unwrap_or(&row.provider).to_owned(),
        done_status: setting("done_status").and_then(|status| status.parse().ok()),
        workflow_id: row.id,
        slug: row.workflow_slug,
        number: row.overall_step_number,
        result_table: row.destination_table_name,
    }
}
