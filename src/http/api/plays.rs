//! `/api/plays`: the workflows of one name, as the steps that they make.

use actix_web::web::{Data, Json, Query};
use entity::{Id, db_driven_enrichment_workflows};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::http::app::App;
use crate::http::caller::Caller;
use crate::http::cursor::{self, List};
use crate::http::problem::Problem;
use crate::model::play::{Play, Selection};
use crate::store::read::workflow;

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct PlayQuery {
    limit: Option<u64>,
    cursor: Option<String>,
}

/// A play as the organisation sees it.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlayView {
    play: String,
    /// Whether any of its steps can run.
    enabled: bool,
    steps: Vec<PlayStepView>,
}

/// A step of a play.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlayStepView {
    step: i32,
    /// Whether any of its workflows is.
    enabled: bool,
    /// In the order in which they are asked, each where the one before found nothing. Disabled ones are passed over.
    workflows: Vec<PlayWorkflowView>,
}

/// A workflow as a part of a play.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlayWorkflowView {
    id: Id,
    workflow_slug: String,
    title: String,
    provider: String,
    mode: String,
    enabled: bool,
    /// All organisations use it.
    shared: bool,
    /// `file` or `api`.
    managed_by: String,
    version: i32,
}

/// `GET /api/plays`: by name, with their steps, disabled ones too.
#[utoipa::path(
    get, path = "/api/plays", tag = "workflows",
    params(PlayQuery),
    responses((status = 200, description = "Plays by name, with their steps.", body = List<PlayView>)),
)]
pub async fn list(app: Data<App>, caller: Caller, query: Query<PlayQuery>) -> Result<Json<List<PlayView>>, Problem> {
    let after: Option<String> = cursor::read(query.cursor.as_deref())?;
    let limit = cursor::limit(query.limit)?;
    let names = app.reader.play_names(&caller.scope, after.as_deref(), limit).await?;
    let rows = app.reader.workflows_of_plays(&caller.scope, &names.data).await?;
    let names = List::from(names);
    Ok(Json(List {
        data: names.data.into_iter().filter_map(|name| view(name, &rows)).collect(),
        next_cursor: names.next_cursor,
    }))
}

fn view(name: String, rows: &[db_driven_enrichment_workflows::Model]) -> Option<PlayView> {
    let own = rows.iter().filter(|row| row.play_name == name).map(workflow).collect();
    let play = Play::new(name, own, &Selection::default()).ok()?;
    let steps: Vec<PlayStepView> = play
        .steps()
        .iter()
        .map(|step| {
            let ids = step.alternatives.iter().map(|workflow| workflow.id);
            let found = ids.filter_map(|id| rows.iter().find(|row| row.id == id));
            let workflows: Vec<PlayWorkflowView> = found.map(PlayWorkflowView::of).collect();
            PlayStepView {
                step: step.number,
                enabled: workflows.iter().any(|workflow| workflow.enabled),
                workflows,
            }
        })
        .collect();
    Some(PlayView {
        enabled: steps.iter().any(|step| step.enabled),
        play: play.name,
        steps,
    })
}

impl PlayWorkflowView {
    fn of(row: &db_driven_enrichment_workflows::Model) -> Self {
        Self {
            id: row.id,
            workflow_slug: row.workflow_slug.clone(),
            title: row.title.clone(),
            provider: row.provider.clone(),
            mode: row.mode.clone(),
            enabled: row.enabled,
            shared: row.organisation_id.is_none(),
            managed_by: row.managed_by.clone(),
            version: row.version,
        }
    }
}
