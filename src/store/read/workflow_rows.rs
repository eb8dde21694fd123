//! Workflow rows as people see them.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use entity::{Id, db_driven_enrichment_workflows as workflows, workflow_versions};
use sea_orm::sea_query::{Expr, ExprTrait as _, Func, LikeExpr};
use sea_orm::{ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::jobs::Page;
use super::reader::Reader;
use super::scope::{Access, Scope};
use crate::model::workflow_diff::SharedWorkflow;
use crate::model::workflow_spec::WorkflowSpec;
use crate::store::rows::like_prefix;

/// A workflow as the API shows it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct WorkflowView {
    pub id: Id,
    pub workflow_slug: String,
    pub title: String,
    pub play_name: String,
    pub overall_step_number: i32,
    pub provider: String,
    pub mode: String,
    pub destination_db: String,
    pub destination_table_name: Option<String>,
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    pub destination_field_mappings: Value,
    #[schema(value_type = Object)]
    pub settings: Value,
    pub enabled: bool,
    /// All organisations use it.
    pub shared: bool,
    /// `file` or `api`.
    pub managed_by: String,
    /// What `If-Match` of a change compares, as the ETag.
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl From<workflows::Model> for WorkflowView {
    fn from(row: workflows::Model) -> Self {
        Self {
            id: row.id,
            workflow_slug: row.workflow_slug,
            title: row.title,
            play_name: row.play_name,
            overall_step_number: row.overall_step_number,
            provider: row.provider,
            mode: row.mode,
            destination_db: row.destination_db,
            destination_table_name: row.destination_table_name,
            destination_field_mappings: row.destination_field_mappings,
            settings: row.settings,
            enabled: row.enabled,
            shared: row.organisation_id.is_none(),
            managed_by: row.managed_by,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// What its author says of the workflow.
#[must_use]
pub fn workflow_spec(row: &workflows::Model) -> WorkflowSpec {
    let members = |value: &Value| value.as_object().cloned().unwrap_or_else(Map::new);
    WorkflowSpec {
        slug: row.workflow_slug.clone(),
        title: row.title.clone(),
        play: row.play_name.clone(),
        number: row.overall_step_number,
        provider: row.provider.clone(),
        mode: row.mode.clone(),
        destination_db: row.destination_db.clone(),
        destination_table: row.destination_table_name.clone(),
        destination_field_mappings: members(&row.destination_field_mappings),
        settings: members(&row.settings),
        enabled: row.enabled,
    }
}

/// A shared row, to be compared with what files say.
#[must_use]
pub fn shared_workflow(row: &workflows::Model) -> SharedWorkflow {
    SharedWorkflow {
        spec: workflow_spec(row),
        of_file: row.managed_by == "file",
    }
}

/// All shared rows, for those who serve all organisations.
///
/// # Errors
/// Where the database cannot be read.
pub async fn shared_workflows(hq: &impl ConnectionTrait) -> Result<Vec<SharedWorkflow>, DbErr> {
    let rows = workflows::Entity::find()
        .filter(workflows::Column::OrganisationId.is_null())
        .order_by_asc(workflows::Column::PlayName)
        .order_by_asc(workflows::Column::OverallStepNumber)
        .all(hq)
        .await?;
    Ok(rows.iter().map(shared_workflow).collect())
}

/// Which workflows.
#[derive(Clone, Debug, Default)]
pub struct WorkflowFilter {
    pub play: Option<String>,
    pub provider: Option<String>,
    pub enabled: Option<bool>,
    /// Beginning of a slug or a title.
    pub prefix: Option<String>,
    pub after: Option<WorkflowKey>,
    pub limit: u64,
}

/// A place in the list: plays by name, in each the order of its steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkflowKey {
    play: String,
    number: i32,
    id: Id,
}

impl WorkflowKey {
    fn of(row: &WorkflowView) -> String {
        format!("{} {} {}", row.id, row.overall_step_number, row.play_name)
    }
}

impl FromStr for WorkflowKey {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.splitn(3, ' ');
        let mut next = || parts.next().ok_or(());
        Ok(Self {
            id: next()?.parse().map_err(drop)?,
            number: next()?.parse().map_err(drop)?,
            play: next()?.to_owned(),
        })
    }
}

/// What a workflow said at one version.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WorkflowVersionView {
    pub version: i32,
    pub created_at: DateTime<Utc>,
    /// The workflow as it was.
    #[schema(value_type = Object)]
    pub workflow: Value,
}

fn visible(scope: &Scope) -> Condition {
    let columns = &workflows::COLUMN;
    Condition::any()
        .add(workflows::Column::OrganisationId.is_null())
        .add(columns.organisation_id.eq(scope.organisation_id))
}

impl Reader {
    /// The organisation's workflows and the shared ones, play by play, in the order of their steps.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn workflows(&self, scope: &Scope, filter: &WorkflowFilter) -> Result<Page<WorkflowView>, DbErr> {
        let columns = &workflows::COLUMN;
        let mut query = workflows::Entity::find().filter(visible(scope));
        if let Some(play) = &filter.play {
            query = query.filter(columns.play_name.eq(play.as_str()));
        }
        if let Some(provider) = &filter.provider {
            query = query.filter(columns.provider.eq(provider.as_str()));
        }
        if let Some(enabled) = filter.enabled {
            query = query.filter(columns.enabled.eq(enabled));
        }
        if let Some(prefix) = &filter.prefix {
            let begins = |column| {
                Expr::expr(Func::lower(Expr::col(column))).like(LikeExpr::new(like_prefix(prefix)).escape('\\'))
            };
            query = query.filter(begins(workflows::Column::WorkflowSlug).or(begins(workflows::Column::Title)));
        }
        if let Some(WorkflowKey { play, number, id }) = &filter.after {
            let same_play = || columns.play_name.eq(play.as_str());
            let beyond = Condition::any()
                .add(columns.play_name.gt(play.as_str()))
                .add(
                    Condition::all()
                        .add(same_play())
                        .add(columns.overall_step_number.gt(*number)),
                )
                .add(
                    Condition::all()
                        .add(same_play())
                        .add(columns.overall_step_number.eq(*number))
                        .add(columns.id.gt(*id)),
                );
            query = query.filter(beyond);
        }
        let found = query
            .order_by_asc(workflows::Column::PlayName)
            .order_by_asc(workflows::Column::OverallStepNumber)
            .order_by_asc(workflows::Column::Id)
            .limit(filter.limit + 1)
            .all(&self.seen_by(scope))
            .await?;
        let views = found.into_iter().map(WorkflowView::from).collect();
        Ok(Page::cut(views, filter.limit, WorkflowKey::of))
    }

    /// One workflow, if the scope may see it.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn workflow(&self, scope: &Scope, id: Id) -> Result<Access<workflows::Model>, DbErr> {
        let row = workflows::Entity::find_by_id(id).one(&self.seen_by(scope)).await?;
        Ok(match row {
            None => self.unseen(scope, "db_driven_enrichment_workflows", id).await?,
            Some(row) if row.organisation_id.is_none_or(|owner| owner == scope.organisation_id) => Access::Granted(row),
            Some(_) => Access::Forbidden,
        })
    }

    /// What a workflow said at each of its versions, newest first.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn workflow_versions(
        &self,
        scope: &Scope,
        id: Id,
        before: Option<i32>,
        limit: u64,
    ) -> Result<Page<WorkflowVersionView>, DbErr> {
        let columns = &workflow_versions::COLUMN;
        let mut query = workflow_versions::Entity::find().filter(columns.workflow_id.eq(id));
        if let Some(before) = before {
            query = query.filter(columns.version.lt(before));
        }
        let found = query
            .order_by_desc(workflow_versions::Column::Version)
            .limit(limit + 1)
            .all(&self.seen_by(scope))
            .await?;
        let views = found.into_iter().map(|row| WorkflowVersionView {
            version: row.version,
            created_at: row.created_at,
            workflow: serde_json::from_value::<workflows::Model>(row.spec.clone())
                .map_or(row.spec, |row| serde_json::json!(WorkflowView::from(row))),
        });
        Ok(Page::cut(views.collect(), limit, |row: &WorkflowVersionView| {
            row.version.to_string()
        }))
    }

    /// The last version of a workflow that is no longer there, if the organisation had it.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn last_version(&self, scope: &Scope, owner: Option<Id>, id: Id) -> Result<Option<i32>, DbErr> {
        let last = workflow_versions::Entity::find()
            .filter(workflow_versions::COLUMN.workflow_id.eq(id))
            .order_by_desc(workflow_versions::Column::Version)
            .one(&self.seen_by(scope))
            .await?;
        let owned = |row: &workflow_versions::Model| {
            let spec = serde_json::from_value::<workflows::Model>(row.spec.clone());
            spec.is_ok_and(|spec| spec.organisation_id == owner)
        };
        Ok(last.filter(owned).map(|row| row.version))
    }

    /// Those of the slugs that begin like this which the organisation cannot give again.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn taken_slugs(&self, scope: &Scope, prefix: &str) -> Result<Vec<String>, DbErr> {
        const MOST: u64 = 1_000;
        let found = workflows::Entity::find()
            .filter(visible(scope))
            .filter(
                Expr::expr(Func::lower(Expr::col(workflows::Column::WorkflowSlug)))
                    .like(LikeExpr::new(like_prefix(prefix)).escape('\\')),
            )
            .limit(MOST)
            .all(&self.seen_by(scope))
            .await?;
        Ok(found.into_iter().map(|row| row.workflow_slug).collect())
    }

    /// Names of the plays that the organisation has workflows of, in order.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn play_names(&self, scope: &Scope, after: Option<&str>, limit: u64) -> Result<Page<String>, DbErr> {
        let mut query = workflows::Entity::find()
            .select_only()
            .column(workflows::Column::PlayName)
            .filter(visible(scope));
        if let Some(after) = after {
            query = query.filter(workflows::COLUMN.play_name.gt(after));
        }
        let names: Vec<String> = query
            .distinct()
            .order_by_asc(workflows::Column::PlayName)
            .limit(limit + 1)
            .into_tuple()
            .all(&self.seen_by(scope))
            .await?;
        Ok(Page::cut(names, limit, Clone::clone))
    }

    /// All workflows of these plays that the organisation has, disabled ones too.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn workflows_of_plays(&self, scope: &Scope, plays: &[String]) -> Result<Vec<workflows::Model>, DbErr> {
        workflows::Entity::find()
            .filter(visible(scope))
            .filter(workflows::Column::PlayName.is_in(plays.iter().map(String::as_str)))
            .order_by_asc(workflows::Column::PlayName)
            .order_by_asc(workflows::Column::OverallStepNumber)
            .all(&self.seen_by(scope))
            .await
    }
}
