//! Schedules of registration batches: as people see them, and what is due.

use chrono::{DateTime, SecondsFormat, Utc};
use entity::{Id, batch_schedules, batch_templates};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, DbBackend, DbErr, EntityTrait, Iterable as _, QueryFilter, QueryOrder,
    QuerySelect, Select,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::batch_templates::readable;
use super::directory::matching;
use super::engine::EngineReader;
use super::jobs::Page;
use super::reader::Reader;
use super::scope::{Access, Scope};
use crate::model::batch_template::{BatchSettings, TemplateSource};
use crate::model::registration::filter::{Registered, RestaurantFilter};
use crate::model::registration::profile::Directory;
use crate::model::schedule::{MissedPolicy, OverlapPolicy, Timetable};
use crate::store::Hq;

/// Runs that are shown ahead.
const RUNS_SHOWN: usize = 10;
/// Restaurants beyond the limit of a batch, in the place of those that are being registered by the time it is made.
const SPARE: usize = 200;

/// Schedules whose filter and settings are null where SQLite, which takes any text for JSON, holds something else: such a row stands in
/// the way of no other.
pub(in crate::store) fn schedules(backend: DbBackend) -> Select<batch_schedules::Entity> {
    use batch_schedules::Column;
    if backend != DbBackend::Sqlite {
        return batch_schedules::Entity::find();
    }
    let plain = Column::iter().filter(|column| !matches!(column, Column::Filter | Column::Settings));
    let checked = |name: &str| Expr::cust(format!("case when json_valid(\"{name}\") then \"{name}\" end"));
    batch_schedules::Entity::find()
        .select_only()
        .columns(plain)
        .column_as(checked("filter"), "filter")
        .column_as(checked("settings"), "settings")
}

/// A run to come.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct NextRun {
    pub utc: DateTime<Utc>,
    /// As clocks in the schedule's time zone show it, with what they are off UTC.
    pub local: String,
}

/// A schedule as the API shows it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct BatchScheduleView {
    pub id: Id,
    pub name: String,
    /// `null` where the schedule has a filter and settings of its own.
    pub template_id: Option<Id>,
    pub filter: Option<RestaurantFilter>,
    pub settings: Option<BatchSettings>,
    pub cron: String,
    pub time_zone: String,
    /// Restaurants that one batch takes at most.
    pub limit: Option<i32>,
    pub only_unregistered: bool,
    pub overlap: OverlapPolicy,
    pub missed: MissedPolicy,
    pub enabled: bool,
    pub next_run_at: Option<DateTime<Utc>>,
    /// The next ten; none while the schedule is off.
    pub next_runs: Vec<NextRun>,
    /// The run that is due waits since then for an earlier batch.
    pub waits_since: Option<DateTime<Utc>>,
    pub last_run_at: Option<DateTime<Utc>>,
    pub last_batch_id: Option<Id>,
    /// What came of the last run.
    pub last_outcome: Option<String>,
    pub created_by: Option<Id>,
    /// What `If-Match` of a change compares, as the ETag.
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// The run that is due next and those after it.
fn next_runs(row: &batch_schedules::Model) -> Vec<NextRun> {
    let (Some(first), Ok(timetable)) = (row.next_run_at, Timetable::read(&row.cron, &row.time_zone)) else {
        return Vec::new();
    };
    let following = timetable.next_runs(first, RUNS_SHOWN - 1);
    let show = |utc: DateTime<Utc>| NextRun {
        utc,
        local: utc
            .with_timezone(&timetable.zone())
            .to_rfc3339_opts(SecondsFormat::Secs, false),
    };
    std::iter::once(first).chain(following).map(show).collect()
}

impl TryFrom<batch_schedules::Model> for BatchScheduleView {
    type Error = DbErr;

    fn try_from(row: batch_schedules::Model) -> Result<Self, DbErr> {
        let unknown = |error: &dyn std::fmt::Display| DbErr::Custom(format!("batch schedule: {error}"));
        Ok(Self {
            next_runs: next_runs(&row),
            id: row.id,
            name: row.name,
            template_id: row.template_id,
            // What cannot be read is said anew; until then the schedule's runs fail.
            filter: row.filter.and_then(|filter| readable(filter).ok()),
            settings: row.settings.and_then(|settings| readable(settings).ok()),
            cron: row.cron,
            time_zone: row.time_zone,
            limit: row.restaurant_limit,
            only_unregistered: row.only_unregistered,
            overlap: row.overlap.parse().map_err(|error| unknown(&error))?,
            missed: row.missed.parse().map_err(|error| unknown(&error))?,
            enabled: row.enabled,
            next_run_at: row.next_run_at,
            waits_since: row.waits_since,
            last_run_at: row.last_run_at,
            last_batch_id: row.last_batch_id,
            last_outcome: row.last_outcome,
            created_by: row.created_by,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

/// Whom a run of a schedule takes now.
#[derive(Clone, Debug, PartialEq)]
pub struct ScheduleSelection {
    pub settings: BatchSettings,
    /// Oldest first, with some to spare.
    pub restaurants: Vec<Id>,
    /// Restaurants that the batch takes at most.
    pub most: usize,
}

/// Why a schedule selects nobody.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unselectable {
    #[error("its template is gone; give the schedule another one")]
    NoTemplate,
    #[error("its template takes leads, which have to become restaurants first; give the schedule another template")]
    Leads,
    #[error("its filter or its settings cannot be read ({0}); say them anew")]
    Unreadable(String),
}

/// Whom a schedule takes, in batches of up to `max`.
async fn selection(
    hq: &Hq,
    row: &batch_schedules::Model,
    max: usize,
) -> Result<Result<ScheduleSelection, Unselectable>, DbErr> {
    let mut limit = row.restaurant_limit;
    let (filter, settings) = match (row.template_id, &row.filter, &row.settings) {
        (Some(template), _, _) => {
            let Some(template) = batch_templates::Entity::find_by_id(template).one(hq).await? else {
                return Ok(Err(Unselectable::NoTemplate));
            };
            if template.source == TemplateSource::Leads.as_str() {
                return Ok(Err(Unselectable::Leads));
            }
            limit = limit.or(template.restaurant_limit);
            (template.filter, template.settings)
        }
        (None, Some(filter), Some(settings)) => (filter.clone(), settings.clone()),
        (None, _, _) => {
            let missing = "they are missing, or are no JSON".to_owned();
            return Ok(Err(Unselectable::Unreadable(missing)));
        }
    };
    let read =
        readable::<RestaurantFilter>(filter).and_then(|filter| Ok((filter, readable::<BatchSettings>(settings)?)));
    let (mut filter, settings) = match read {
        Ok(read) => read,
        Err(error) => return Ok(Err(Unselectable::Unreadable(error.to_string()))),
    };
    filter.outcome_unknown = Some(false);
    if row.only_unregistered {
        filter.registered = Some(Registered::None);
    }
    let most = limit
        .and_then(|limit| usize::try_from(limit).ok())
        .map_or(max, |limit| limit.min(max));
    let at_most = most.saturating_add(SPARE);
    let restaurants = matching(hq, Directory::Restaurants, row.organisation_id, &filter, at_most).await?;
    Ok(Ok(ScheduleSelection {
        settings,
        restaurants,
        most,
    }))
}

impl EngineReader {
    /// Schedules in the order in which they are to be looked at, the due ones first.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn next_schedules(&self, rows: u64) -> Result<Vec<batch_schedules::Model>, DbErr> {
        let columns = &batch_schedules::COLUMN;
        schedules(self.hq.get_database_backend())
            .filter(columns.look_at.is_not_null())
            .order_by_asc(batch_schedules::Column::LookAt)
            .limit(rows)
            .all(&self.hq)
            .await
    }

    /// Whom a schedule takes now, in batches of up to `max`.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn schedule_selection(
        &self,
        schedule: &batch_schedules::Model,
        max: usize,
    ) -> Result<Result<ScheduleSelection, Unselectable>, DbErr> {
        selection(&self.hq, schedule, max).await
    }
}

impl Reader {
    /// The organisation's schedules, newest first.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn batch_schedules(
        &self,
        scope: &Scope,
        before: Option<Id>,
        limit: u64,
    ) -> Result<Page<BatchScheduleView>, DbErr> {
        let columns = &batch_schedules::COLUMN;
        let mut query = schedules(self.backend()).filter(columns.organisation_id.eq(scope.organisation_id));
        if let Some(before) = before {
            query = query.filter(columns.id.lt(before));
        }
        let found = query
            .order_by_desc(batch_schedules::Column::Id)
            .limit(limit + 1)
            .all(&self.seen_by(scope))
            .await?;
        let views: Result<Vec<_>, DbErr> = found.into_iter().map(BatchScheduleView::try_from).collect();
        Ok(Page::cut(views?, limit, |schedule: &BatchScheduleView| {
            schedule.id.to_string()
        }))
    }

    /// One schedule, if the scope may see it.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn batch_schedule(&self, scope: &Scope, id: Id) -> Result<Access<batch_schedules::Model>, DbErr> {
        let found = schedules(self.backend())
            .filter(batch_schedules::COLUMN.id.eq(id))
            .one(&self.seen_by(scope))
            .await?;
        Ok(match found {
            None => self.unseen(scope, "batch_schedules", id).await?,
            Some(row) if row.organisation_id == scope.organisation_id => Access::Granted(row),
            Some(_) => Access::Forbidden,
        })
    }
}
