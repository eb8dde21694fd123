//! Calls of ended registrations of which nobody knows what they did: to register the restaurant anew might do it again.

use std::collections::HashMap;

use entity::{Id, registration_jobs as jobs};
use sea_orm::{ConnectionTrait as _, DbErr, TryGetable as _};
use serde_json::Value;

use crate::model::registration::step::StepNumber;
use crate::model::registration::sub_step::Progress;
use crate::store::rows::{in_list, statement};
use crate::store::unsettled::UNSETTLED;
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

/// Those that stand against registering these restaurants from the beginning, in the order asked.
pub(super) async fn unknown_calls(group: &Group<'_>, restaurants: &[Id]) -> Result<Vec<UnknownCalls>, DbErr> {
    let found = unsettled(group, restaurants).await?;
    Ok(found.into_iter().map(|(calls, _)| calls).collect())
}

/// Those that stand against taking up these registrations: of later ones. Its own each of them finds out about itself, and those
/// before it were asked about when it began.
pub(super) async fn unknown_since(group: &Group<'_>, taken: &[jobs::Model]) -> Result<Vec<UnknownCalls>, DbErr> {
    let since: HashMap<Id, i64> = taken.iter().map(|job| (job.restaurant_id, job.since_seq)).collect();
    let restaurants: Vec<Id> = taken.iter().map(|job| job.restaurant_id).collect();
    let found = unsettled(group, &restaurants).await?.into_iter();
    let later = found.filter(|(calls, seq)| since.get(&calls.restaurant_id).is_some_and(|since| seq > since));
    Ok(later.map(|(calls, _)| calls).collect())
}

/// The calls with what orders their registrations, the earliest of a restaurant first.
async fn unsettled(group: &Group<'_>, restaurants: &[Id]) -> Result<Vec<(UnknownCalls, i64)>, DbErr> {
    if restaurants.is_empty() {
        return Ok(Vec::new());
    }
    let (list, values) = in_list(restaurants);
    let sql = format!(
        "select j.restaurant_id, j.id, j.since_seq, s.sub_step_progress from registration_jobs j \
         join registration_job_steps s on s.registration_job_id = j.id and s.step_number = {} \
         where j.restaurant_id in ({list}) and {UNSETTLED} order by j.since_seq",
        StepNumber::Execution.number(),
    );
    let rows = group.tx.query_all_raw(statement(group.backend, &sql, values)).await?;
    let mut found: HashMap<Id, Vec<(UnknownCalls, i64)>> = HashMap::new();
    for row in &rows {
        let calls = UnknownCalls {
            restaurant_id: Id::try_get_by(row, 0)?,
            registration_id: Id::try_get_by(row, 1)?,
            sub_steps: unknown_in(&read_progress(Value::try_get_by(row, 3)?)?),
        };
        let of_restaurant = found.entry(calls.restaurant_id).or_default();
        of_restaurant.push((calls, i64::try_get_by(row, 2)?));
    }
    Ok(restaurants.iter().filter_map(|id| found.remove(id)).flatten().collect())
}

/// Keeps whether the execution has such calls where it can be asked of many registrations at once.
pub(super) async fn note_unknown(group: &Group<'_>, job: Id, progress: &Progress) -> Result<(), DbErr> {
    const SQL: &str = "update registration_jobs set outcome_unknown = ? where id = ? and outcome_unknown <> ?";
    let unknown = !unknown_in(progress).is_empty();
    group.execute(SQL, [unknown.into(), job.into(), unknown.into()]).await?;
    Ok(())
}

pub(super) fn read_progress(progress: Value) -> Result<Progress, DbErr> {
    serde_json::from_value(progress).map_err(|error| DbErr::Json(error.to_string()))
}

fn unknown_in(progress: &Progress) -> Vec<String> {
    let unknown = progress.0.iter().filter(|each| each.outcome_unknown);
    unknown.map(|each| each.sub_step.clone()).collect()
}
