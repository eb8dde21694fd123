//! Calls of ended registrations of which nobody knows what they did.

use std::collections::HashMap;

use entity::{Id, registration_job_steps as steps, registration_jobs as jobs};
use sea_orm::{ColumnTrait as _, ConnectionTrait as _, DbErr, EntityTrait as _, QueryFilter as _, TryGetable as _};
use serde_json::Value;

use crate::model::registration::step::StepNumber;
use crate::model::registration::sub_step::Progress;
use crate::store::rows::{in_list, statement};
use crate::store::write::group::Group;

/// The restaurants whose last registration has such a call, each with that registration, in the order asked. One that is still open
/// speaks for itself.
pub(super) async fn doubtful(group: &Group<'_>, restaurants: &[Id]) -> Result<Vec<(Id, Id)>, DbErr> {
    if restaurants.is_empty() {
        return Ok(Vec::new());
    }
    let (list, values) = in_list(restaurants);
    let sql = format!(
        "select j.restaurant_id, j.id, s.sub_step_progress from registration_jobs j \
         join registration_job_steps s on s.registration_job_id = j.id and s.step_number = {} \
         where j.restaurant_id in ({list}) and j.started_at is not null and not j.is_open and s.sub_step_progress is not null \
         and not exists (select 1 from registration_jobs n where n.restaurant_id = j.restaurant_id \
         and (n.started_at > j.started_at or (n.started_at = j.started_at and n.id > j.id)))",
        StepNumber::Execution.number()
    );
    let rows = group.tx.query_all_raw(statement(group.backend, &sql, values)).await?;
    let mut found = HashMap::new();
    for row in &rows {
        if !of_nobody_known(Value::try_get_by(row, 2)?)?.is_empty() {
            found.insert(Id::try_get_by(row, 0)?, Id::try_get_by(row, 1)?);
        }
    }
    let asked = restaurants.iter();
    Ok(asked.filter_map(|id| Some((*id, *found.get(id)?))).collect())
}

/// The sub-steps of which nobody knows what their calls have done.
pub(super) async fn unknown_outcomes(group: &Group<'_>, taken: &[jobs::Model]) -> Result<Vec<(Id, String)>, DbErr> {
    let executions = steps::Entity::find()
        .filter(steps::Column::RegistrationJobId.is_in(taken.iter().map(|job| job.id)))
        .filter(steps::Column::StepNumber.eq(StepNumber::Execution.number()))
        .all(group.tx)
        .await?;
    let mut unknown = Vec::new();
    for execution in executions {
        let Some(progress) = execution.sub_step_progress else {
            continue;
        };
        let open = of_nobody_known(progress)?.into_iter();
        unknown.extend(open.map(|sub_step| (execution.registration_job_id, sub_step)));
    }
    Ok(unknown)
}

fn of_nobody_known(progress: Value) -> Result<Vec<String>, DbErr> {
    let progress: Progress = serde_json::from_value(progress).map_err(|error| DbErr::Json(error.to_string()))?;
    let open = progress.0.into_iter().filter(|each| each.outcome_unknown);
    Ok(open.map(|each| each.sub_step).collect())
}
