//! Calls of ended registrations of which nobody knows what they did: to register the restaurant anew might do it again.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::{Id, registration_jobs as jobs};
use sea_orm::{ConnectionTrait as _, DbErr, QueryResult, TryGetable as _};
use serde_json::Value;

use crate::model::registration::step::StepNumber;
use crate::model::registration::sub_step::Progress;
use crate::store::rows::{in_list, statement};
use crate::store::write::group::Group;

/// Such calls of one registration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownCalls {
    pub restaurant_id: Id,
    /// A retry of it finds out what they did.
    pub registration_id: Id,
    /// Short names, at least one.
    pub sub_steps: Vec<String>,
}

/// The calls, and since when their registration has run.
struct Dated {
    calls: UnknownCalls,
    since: DateTime<Utc>,
}

/// Those that stand against registering these restaurants from the beginning, in the order asked.
pub(super) async fn unknown_calls(group: &Group<'_>, restaurants: &[Id]) -> Result<Vec<UnknownCalls>, DbErr> {
    let found = dated(group, restaurants).await?;
    Ok(found.into_iter().map(|found| found.calls).collect())
}

/// Those that stand against taking up these registrations: of later ones. Its own each of them finds out about itself, and those
/// before it were asked about when it began.
pub(super) async fn unknown_since(group: &Group<'_>, taken: &[jobs::Model]) -> Result<Vec<UnknownCalls>, DbErr> {
    let since: HashMap<Id, DateTime<Utc>> = taken
        .iter()
        .map(|job| (job.restaurant_id, job.started_at.unwrap_or(job.created_at)))
        .collect();
    let restaurants: Vec<Id> = taken.iter().map(|job| job.restaurant_id).collect();
    let found = dated(group, &restaurants).await?.into_iter();
    let later = found.filter(|found| {
        since
            .get(&found.calls.restaurant_id)
            .is_some_and(|since| found.since > *since)
    });
    Ok(later.map(|found| found.calls).collect())
}

/// A registration that is open speaks for itself, one that was taken up has handed its calls on, and one that was completed has left
/// out what may fail: that ends the doubt about those before it too.
async fn dated(group: &Group<'_>, restaurants: &[Id]) -> Result<Vec<Dated>, DbErr> {
    if restaurants.is_empty() {
        return Ok(Vec::new());
    }
    let (list, values) = in_list(restaurants);
    let sql = format!(
        "select j.restaurant_id, j.id, coalesce(j.started_at, j.created_at), s.sub_step_progress from registration_jobs j \
         join registration_job_steps s on s.registration_job_id = j.id and s.step_number = {} \
         where j.restaurant_id in ({list}) and not j.is_open and j.status <> 'completed' and s.sub_step_progress is not null \
         and not exists (select 1 from registration_jobs n where n.restaurant_id = j.restaurant_id and (n.source_job_id = j.id \
         or (n.status = 'completed' and n.started_at > coalesce(j.started_at, j.created_at)))) \
         order by 3, 2",
        StepNumber::Execution.number(),
    );
    let rows = group.tx.query_all_raw(statement(group.backend, &sql, values)).await?;
    let mut found: HashMap<Id, Vec<Dated>> = HashMap::new();
    for row in &rows {
        let dated = Dated::read(row)?;
        if !dated.calls.sub_steps.is_empty() {
            found.entry(dated.calls.restaurant_id).or_default().push(dated);
        }
    }
    Ok(restaurants.iter().filter_map(|id| found.remove(id)).flatten().collect())
}

impl Dated {
    fn read(row: &QueryResult) -> Result<Self, DbErr> {
        let progress: Progress =
            serde_json::from_value(Value::try_get_by(row, 3)?).map_err(|error| DbErr::Json(error.to_string()))?;
        let unknown = progress.0.into_iter().filter(|each| each.outcome_unknown);
        Ok(Self {
            calls: UnknownCalls {
                restaurant_id: Id::try_get_by(row, 0)?,
                registration_id: Id::try_get_by(row, 1)?,
                sub_steps: unknown.map(|each| each.sub_step).collect(),
            },
            since: DateTime::<Utc>::try_get_by(row, 2)?,
        })
    }
}
