//! What people change of schedules.

use chrono::{DateTime, TimeDelta, Utc};
use entity::{Id, batch_schedules};
use sea_orm::{ColumnTrait as _, ConnectionTrait, DbErr, QueryFilter as _};

use crate::model::journal::Origin;
use crate::model::schedule::Timetable;
use crate::store::read::schedules;
use crate::store::rows::{json, statement, uuid};
use crate::store::write::KeyAnswer;
use crate::store::write::audit;
use crate::store::write::batch_templates::count;
use crate::store::write::group::Group;

/// Schedules that one organisation may have.
pub const MOST_SCHEDULES: i64 = 200;

/// What came of a change of a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScheduleChanged {
    Accepted,
    /// Somebody has changed it meanwhile.
    Stale {
        version: i32,
    },
    /// Another one of the organisation is called so.
    NameTaken,
    /// The organisation has no such template.
    NoTemplate,
    /// The organisation has [`MOST_SCHEDULES`].
    TooMany,
    NotFound,
}

/// Makes a schedule.
#[derive(Clone, Debug)]
pub struct CreateBatchSchedule {
    /// With its first run.
    pub row: batch_schedules::Model,
    pub origin: Origin,
    pub answer: Option<KeyAnswer>,
}

impl CreateBatchSchedule {
    pub(in crate::store::write) fn bytes(&self) -> usize {
        bytes(&self.row)
    }

    pub(in crate::store::write) async fn apply(&self, group: &mut Group<'_>) -> Result<ScheduleChanged, DbErr> {
        const COUNT: &str = "select count(*) from batch_schedules where organisation_id = ?";
        let row = &self.row;
        if count(group, COUNT, row.organisation_id).await? >= MOST_SCHEDULES {
            return Ok(ScheduleChanged::TooMany);
        }
        if let Some(refusal) = obstacle(group, row).await? {
            return Ok(refusal);
        }
        let (template, object) = (uuid(group.backend, "?"), json(group.backend, "?"));
        let sql = format!(
            "insert into batch_schedules (id, organisation_id, name, template_id, filter, settings, cron, time_zone, \
             restaurant_limit, only_unregistered, overlap, missed, enabled, next_run_at, look_at, created_by, version, \
             created_at, updated_at) values (?,?,?,{template},{object},{object},?,?,?,?,?,?,?,?,?,?,?,?,?)"
        );
        let identity = [row.id.into(), row.organisation_id.into()];
        let ends = [
            row.next_run_at.into(),
            row.look_at.into(),
            row.created_by.into(),
            row.version.into(),
            row.created_at.into(),
            row.updated_at.into(),
        ];
        group
            .execute(&sql, identity.into_iter().chain(said(row)).chain(ends))
            .await?;
        noted(group, &self.origin, row.id).await?;
        if let Some(answer) = &self.answer {
            answer.write(group).await?;
        }
        Ok(ScheduleChanged::Accepted)
    }
}

/// Makes a schedule what `row` says, if it is still at the version that `row` has. Where its times change, the next run is the
/// first one after now and after the last run.
#[derive(Clone, Debug)]
pub struct ChangeBatchSchedule {
    pub row: batch_schedules::Model,
    pub origin: Origin,
}

impl ChangeBatchSchedule {
    pub(in crate::store::write) fn bytes(&self) -> usize {
        bytes(&self.row)
    }

    pub(in crate::store::write) async fn apply(&self, group: &mut Group<'_>) -> Result<ScheduleChanged, DbErr> {
        let row = &self.row;
        let Some(known) = load(group, row.id).await? else {
            return Ok(ScheduleChanged::NotFound);
        };
        if known.version != row.version {
            return Ok(ScheduleChanged::Stale { version: known.version });
        }
        if let Some(refusal) = obstacle(group, row).await? {
            return Ok(refusal);
        }
        let next = next_run(&known, row, group.now)?;
        let (template, object) = (uuid(group.backend, "?"), json(group.backend, "?"));
        let sql = format!(
            "update batch_schedules set name = ?, template_id = {template}, filter = {object}, settings = {object}, \
             cron = ?, time_zone = ?, restaurant_limit = ?, only_unregistered = ?, overlap = ?, missed = ?, enabled = ?, \
             next_run_at = ?, look_at = ?, waits_since = case when ? then waits_since else null end, \
             version = version + 1, updated_at = ? where id = ?"
        );
        let ends = [
            next.into(),
            // A run that waits is looked at anew: what it waits for may count no more.
            next.into(),
            (next == known.next_run_at && next.is_some()).into(),
            group.now.into(),
            row.id.into(),
        ];
        group.execute(&sql, said(row).into_iter().chain(ends)).await?;
        noted(group, &self.origin, row.id).await?;
        Ok(ScheduleChanged::Accepted)
    }
}

/// How far the last run may lie ahead of the clock and still count.
const CLOCK_PUT_RIGHT: TimeDelta = TimeDelta::days(1);

fn next_run(
    known: &batch_schedules::Model,
    row: &batch_schedules::Model,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, DbErr> {
    if !row.enabled {
        return Ok(None);
    }
    let same_times = known.cron == row.cron && known.time_zone == row.time_zone;
    if known.enabled && same_times && known.next_run_at.is_some() {
        return Ok(known.next_run_at);
    }
    let timetable = Timetable::read(&row.cron, &row.time_zone).map_err(|error| DbErr::Custom(error.to_string()))?;
    // Nothing is repeated where the clock was put right a little; a run far ahead took place while it was wrong.
    let last = known.last_run_at.filter(|last| *last <= now + CLOCK_PUT_RIGHT);
    Ok(timetable.next_after(last.map_or(now, |last| last.max(now))))
}

/// Deletes a schedule. Its batches stay.
#[derive(Clone, Debug)]
pub struct DeleteBatchSchedule {
    pub id: Id,
    /// `None`: whatever is there.
    pub version: Option<i32>,
    pub origin: Origin,
}

impl DeleteBatchSchedule {
    pub(in crate::store::write) async fn apply(&self, group: &mut Group<'_>) -> Result<ScheduleChanged, DbErr> {
        const SQL: &str = "delete from batch_schedules where id = ?";
        let Some(known) = load(group, self.id).await? else {
            return Ok(ScheduleChanged::NotFound);
        };
        if self.version.is_some_and(|version| version != known.version) {
            return Ok(ScheduleChanged::Stale { version: known.version });
        }
        group.execute(SQL, [self.id.into()]).await?;
        noted(group, &self.origin, self.id).await?;
        Ok(ScheduleChanged::Accepted)
    }
}

fn bytes(row: &batch_schedules::Model) -> usize {
    let of = |value: &Option<serde_json::Value>| value.as_ref().map_or(0, |value| value.to_string().len());
    of(&row.filter) + of(&row.settings)
}

/// What people say of a schedule, as its columns.
fn said(row: &batch_schedules::Model) -> [sea_orm::Value; 11] {
    let text = |value: &Option<serde_json::Value>| value.as_ref().map(ToString::to_string).into();
    [
        row.name.clone().into(),
        row.template_id.into(),
        text(&row.filter),
        text(&row.settings),
        row.cron.clone().into(),
        row.time_zone.clone().into(),
        row.restaurant_limit.into(),
        row.only_unregistered.into(),
        row.overlap.clone().into(),
        row.missed.clone().into(),
        row.enabled.into(),
    ]
}

pub(super) async fn load(group: &Group<'_>, id: Id) -> Result<Option<batch_schedules::Model>, DbErr> {
    schedules(group.backend)
        .filter(batch_schedules::COLUMN.id.eq(id))
        .one(group.tx)
        .await
}

/// What stands against a schedule with this name and template.
async fn obstacle(group: &Group<'_>, row: &batch_schedules::Model) -> Result<Option<ScheduleChanged>, DbErr> {
    const TAKEN: &str = "select 1 from batch_schedules where organisation_id = ? and name = ? and id <> ?";
    const TEMPLATE: &str = "select 1 from batch_templates where id = ? and organisation_id = ?";
    let values = [row.organisation_id.into(), row.name.clone().into(), row.id.into()];
    let taken = statement(group.backend, TAKEN, values);
    if group.tx.query_one_raw(taken).await?.is_some() {
        return Ok(Some(ScheduleChanged::NameTaken));
    }
    if let Some(template) = row.template_id {
        let known = statement(group.backend, TEMPLATE, [template.into(), row.organisation_id.into()]);
        if group.tx.query_one_raw(known).await?.is_none() {
            return Ok(Some(ScheduleChanged::NoTemplate));
        }
    }
    Ok(None)
}

async fn noted(group: &Group<'_>, origin: &Origin, id: Id) -> Result<(), DbErr> {
    audit::note(group, origin, format!("batch schedule {id}")).await
}
