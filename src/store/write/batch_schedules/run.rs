//! A run of a schedule: whether it takes place, the batch that it makes and the next run are one transaction.

use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};
use entity::{Id, batch_schedules};
use sea_orm::{ConnectionTrait, DbErr, TryGetable};
use serde_json::json;

use super::change::load;
use crate::model::journal::Origin;
use crate::model::schedule::{Decision, Occasion, OverlapPolicy, Timetable, decide};
use crate::store::rows::{statement, uuid};
use crate::store::write::group::Group;
use crate::store::write::registrations::{NewBatch, make_of_free};
use crate::store::write::{KeyAnswer, RequestKey, StoredAnswer};

/// When a run that waits for an earlier batch is looked at again.
const LOOK_AGAIN: TimeDelta = TimeDelta::seconds(15);

/// Runs a schedule, if nobody has run what is due before.
#[derive(Clone, Debug)]
pub struct RunSchedule {
    pub schedule_id: Id,
    pub trigger: Trigger,
    pub now: DateTime<Utc>,
    /// What to make a batch of, or why none can be made.
    pub batch: Result<ScheduledBatch, String>,
    /// Who wants the run.
    pub origin: Origin,
}

/// Why a schedule runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// This run of it is due.
    Due(DateTime<Utc>),
    /// Somebody asked for it, with this key. What is due stays due.
    Asked(Option<RequestKey>),
}

/// The batch that a run makes.
#[derive(Clone, Debug)]
pub struct ScheduledBatch {
    pub id: Id,
    pub name: String,
    pub parallel: bool,
    pub settings: serde_json::Value,
    /// Restaurants in the order of the batch, with some to spare: those that are being registered meanwhile are left out.
    pub restaurants: Vec<Id>,
    /// Restaurants that the batch takes at most.
    pub most: usize,
}

/// The answer to [`RunSchedule`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunOutcome {
    Made {
        batch_id: Id,
        jobs: usize,
    },
    NothingMatched,
    /// An earlier batch is open, so the run was left out or waits.
    Overlaps(Id),
    /// Its time has passed, and such runs are left out.
    LetPass,
    /// It is not due, or somebody has run it.
    NotDue,
    Impossible(String),
    NotFound,
}

/// A batch of the schedule that has not ended.
struct OpenBatch {
    id: Id,
    name: String,
}

impl RunSchedule {
    pub(in crate::store::write) fn bytes(&self) -> usize {
        let of = |batch: &ScheduledBatch| batch.restaurants.len() * 512 + batch.settings.to_string().len();
        self.batch.as_ref().map_or(0, of)
    }

    pub(in crate::store::write) async fn apply(&self, group: &mut Group<'_>) -> Result<RunOutcome, DbErr> {
        let Some(schedule) = load(group, self.schedule_id).await? else {
            return Ok(RunOutcome::NotFound);
        };
        match &self.trigger {
            Trigger::Asked(key) => self.asked(group, &schedule, key.as_ref()).await,
            Trigger::Due(planned) if schedule.next_run_at == Some(*planned) => {
                self.due(group, &schedule, *planned).await
            }
            Trigger::Due(_) => Ok(RunOutcome::NotDue),
        }
    }

    async fn due(
        &self,
        group: &mut Group<'_>,
        schedule: &batch_schedules::Model,
        planned: DateTime<Utc>,
    ) -> Result<RunOutcome, DbErr> {
        let timetable = match Timetable::read(&schedule.cron, &schedule.time_zone) {
            Ok(timetable) => timetable,
            Err(error) => return self.switch_off(group, schedule, &error.to_string()).await,
        };
        let open = open_batch(group, schedule.id).await?;
        let occasion = Occasion {
            planned,
            now: self.now,
            has_waited: schedule.waits_since.is_some(),
            overlaps: open.is_some(),
        };
        let decision = decide(policy(&schedule.overlap)?, policy(&schedule.missed)?, occasion);
        let (outcome, told) = match (decision, open) {
            (Decision::NotYet, _) => return Ok(RunOutcome::NotDue),
            (Decision::Wait, Some(open)) => {
                self.wait(group, schedule, &open).await?;
                return Ok(RunOutcome::Overlaps(open.id));
            }
            (Decision::LeaveOut, Some(open)) => {
                let told = format!("skipped: the batch '{}' still runs", open.name);
                (RunOutcome::Overlaps(open.id), told)
            }
            (Decision::LetPass, _) => {
                let told = format!("skipped: the run of {} was missed", shown(planned, &timetable));
                (RunOutcome::LetPass, told)
            }
            (Decision::Run | Decision::Wait | Decision::LeaveOut, _) => self.make(group, schedule).await?,
        };
        self.record(group, schedule, &outcome, &told).await?;
        self.plan_next(group, schedule, timetable.next_after(self.now.max(planned)))
            .await?;
        Ok(outcome)
    }

    async fn asked(
        &self,
        group: &mut Group<'_>,
        schedule: &batch_schedules::Model,
        key: Option<&RequestKey>,
    ) -> Result<RunOutcome, DbErr> {
        if policy::<OverlapPolicy>(&schedule.overlap)? != OverlapPolicy::Allow
            && let Some(open) = open_batch(group, schedule.id).await?
        {
            return Ok(RunOutcome::Overlaps(open.id));
        }
        let (outcome, told) = self.make(group, schedule).await?;
        let RunOutcome::Made { batch_id, jobs } = outcome else {
            return Ok(outcome);
        };
        self.record(group, schedule, &outcome, &told).await?;
        if let Some(request) = key {
            let answer = KeyAnswer {
                request: request.clone(),
                answer: Self::answer(batch_id, jobs),
            };
            answer.write(group).await?;
        }
        Ok(outcome)
    }

    /// What somebody is answered who asked for a run.
    #[must_use]
    pub fn answer(batch_id: Id, jobs: usize) -> StoredAnswer {
        StoredAnswer {
            status: 201,
            location: Some(format!("/api/registration-batches/{batch_id}")),
            body: json!({ "batch_id": batch_id, "jobs_count": jobs }).to_string(),
        }
    }

    /// Makes the batch, started, unless nobody is left for it. With what is told of it.
    async fn make(
        &self,
        group: &mut Group<'_>,
        schedule: &batch_schedules::Model,
    ) -> Result<(RunOutcome, String), DbErr> {
        let batch = match &self.batch {
            Ok(batch) => batch,
            Err(why) => return Ok((RunOutcome::Impossible(why.clone()), format!("failed: {why}"))),
        };
        let new = NewBatch {
            id: batch.id,
            organisation_id: schedule.organisation_id,
            name: &batch.name,
            parallel: batch.parallel,
            settings: batch.settings.clone(),
            total: batch.most,
            retry_of: None,
            template_id: schedule.template_id,
            schedule_id: Some(schedule.id),
            created_by: None,
        };
        let Some(jobs) = make_of_free(group, new, &batch.restaurants, true, &self.origin).await? else {
            return Ok((RunOutcome::NothingMatched, "nothing matched".to_owned()));
        };
        let made = RunOutcome::Made {
            batch_id: batch.id,
            jobs,
        };
        let restaurants = if jobs == 1 { "restaurant" } else { "restaurants" };
        let told = format!("made the batch '{}' of {jobs} {restaurants}", batch.name);
        Ok((made, told))
    }

    async fn record(
        &self,
        group: &Group<'_>,
        schedule: &batch_schedules::Model,
        outcome: &RunOutcome,
        told: &str,
    ) -> Result<(), DbErr> {
        let batch = uuid(group.backend, "?");
        let sql = format!(
            "update batch_schedules set last_run_at = ?, last_outcome = ?, \
             last_batch_id = coalesce({batch}, last_batch_id) where id = ?"
        );
        let made = match outcome {
            RunOutcome::Made { batch_id, .. } => Some(*batch_id),
            _ => None,
        };
        let values = [self.now.into(), told.to_owned().into(), made.into(), schedule.id.into()];
        group.execute(&sql, values).await?;
        Ok(())
    }

    async fn plan_next(
        &self,
        group: &Group<'_>,
        schedule: &batch_schedules::Model,
        next: Option<DateTime<Utc>>,
    ) -> Result<(), DbErr> {
        const SQL: &str = "update batch_schedules set next_run_at = ?, look_at = ?, waits_since = null where id = ?";
        group
            .execute(SQL, [next.into(), next.into(), schedule.id.into()])
            .await?;
        Ok(())
    }

    async fn wait(&self, group: &Group<'_>, schedule: &batch_schedules::Model, open: &OpenBatch) -> Result<(), DbErr> {
        const SQL: &str = "update batch_schedules set look_at = ?, waits_since = coalesce(waits_since, ?), \
            last_outcome = ? where id = ?";
        let told = format!("waits: the batch '{}' still runs", open.name);
        let values = [
            (self.now + LOOK_AGAIN).into(),
            self.now.into(),
            told.into(),
            schedule.id.into(),
        ];
        group.execute(SQL, values).await?;
        Ok(())
    }

    /// A schedule that cannot be read would be due for ever.
    async fn switch_off(
        &self,
        group: &Group<'_>,
        schedule: &batch_schedules::Model,
        why: &str,
    ) -> Result<RunOutcome, DbErr> {
        const SQL: &str = "update batch_schedules set enabled = ?, next_run_at = null, look_at = null, \
            waits_since = null, last_outcome = ? where id = ?";
        let told = format!("switched off: its expression or its time zone {why}");
        group
            .execute(SQL, [false.into(), told.clone().into(), schedule.id.into()])
            .await?;
        Ok(RunOutcome::Impossible(told))
    }
}

fn shown(at: DateTime<Utc>, timetable: &Timetable) -> String {
    at.with_timezone(&timetable.zone()).format("%Y-%m-%d %H:%M").to_string()
}

fn policy<P: FromStr>(text: &str) -> Result<P, DbErr>
where
    P::Err: std::fmt::Display,
{
    text.parse().map_err(|error| DbErr::Custom(format!("{error}")))
}

async fn open_batch(group: &Group<'_>, schedule: Id) -> Result<Option<OpenBatch>, DbErr> {
    const SQL: &str = "select id, name from registration_batch_jobs where schedule_id = ? \
        and status in ('pending', 'in_progress', 'paused') order by id limit 1";
    let found = group
        .tx
        .query_one_raw(statement(group.backend, SQL, [schedule.into()]))
        .await?;
    found
        .map(|row| {
            Ok(OpenBatch {
                id: Id::try_get_by(&row, 0)?,
                name: String::try_get_by(&row, 1)?,
            })
        })
        .transpose()
}
