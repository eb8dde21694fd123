//! Plays, as the workflow rows make them.

use entity::Id;
use entity::{db_driven_enrichment_workflows as workflows, workflow_versions};
use sea_orm::{ColumnTrait, Condition, DbErr, EntityTrait, QueryFilter};
use serde_json::{Map, Value};

use crate::model::play::{Play, Selection};
use crate::model::workflow::{Destination, Flow, Mode, Workflow};
use crate::store::Hq;
use crate::store::destinations::destination_of;

/// The play of that name as an organisation sees it, or `None` where it has no enabled step.
///
/// # Errors
/// Where the database cannot be read.
pub async fn play(readers: &Hq, organisation: Id, name: &str, selection: &Selection) -> Result<Option<Play>, DbErr> {
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
    let workflows = rows.iter().map(workflow).collect();
    Ok(Play::new(name.to_owned(), workflows, selection).ok())
}

/// The workflow as it was at `version`, or `None` where that is not known.
///
/// # Errors
/// Where the database cannot be read.
pub async fn workflow_at(readers: &Hq, id: Id, version: i32) -> Result<Option<Workflow>, DbErr> {
    let row = workflow_versions::Entity::find_by_id((id, version))
        .one(readers)
        .await?;
    Ok(row
        .and_then(|row| serde_json::from_value::<workflows::Model>(row.spec).ok())
        .map(|row| workflow(&row)))
}

/// What a workflow row says. Keys of `settings` that make no sense count as absent: `check` tells of them, and rows come
/// from people's own SQL too.
#[must_use]
pub fn workflow(row: &workflows::Model) -> Workflow {
    let settings = row.settings.as_object().cloned().unwrap_or_default();
    let flow = Flow::read(&settings).unwrap_or_else(|mistakes| {
        tracing::warn!(
            workflow = row.workflow_slug,
            ?mistakes,
            "settings of a workflow make no sense"
        );
        readable(&settings)
    });
    Workflow {
        id: row.id,
        version: row.version,
        slug: row.workflow_slug.clone(),
        title: row.title.clone(),
        play: row.play_name.clone(),
        number: row.overall_step_number,
        provider: row.provider.clone(),
        mode: if row.mode == "async" { Mode::Async } else { Mode::Sync },
        destination: destination(row),
        flow,
        settings,
    }
}

/// The keys that can be read.
fn readable(settings: &Map<String, Value>) -> Flow {
    let right = |key: &&&str| {
        let value = settings.get(**key).cloned().unwrap_or(Value::Null);
        !value.is_null() && Flow::read(&Map::from_iter([((**key).to_owned(), value)])).is_ok()
    };
    let keys = Flow::KEYS.iter().filter(right);
    let kept = keys.map(|key| ((*key).to_owned(), settings[*key].clone())).collect();
    Flow::read(&kept).unwrap_or_default()
}

fn destination(row: &workflows::Model) -> Option<Destination> {
    destination_of(row).unwrap_or_else(|mistakes| {
        let told: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
        tracing::warn!(
            workflow = row.workflow_slug,
            ?told,
            "the destination of a workflow makes no sense"
        );
        None
    })
}
