//! Calls of ended registrations of which nobody knows what they did.

use std::collections::HashMap;

use entity::{Id, registration_job_steps as steps, registration_jobs as jobs};
use sea_orm::{ColumnTrait as _, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _};

use crate::model::registration::step::StepNumber;
use crate::model::registration::sub_step::Progress;
use crate::store::write::group::Group;

/// The restaurants whose last registration has such a call, each with that registration. One that is still open speaks for itself.
pub(super) async fn doubtful(group: &Group<'_>, restaurants: &[Id]) -> Result<Vec<(Id, Id)>, DbErr> {
    let ended = jobs::Entity::find()
        .filter(jobs::Column::RestaurantId.is_in(restaurants.iter().copied()))
        .filter(jobs::Column::StartedAt.is_not_null())
        .order_by_asc(jobs::Column::Id)
        .all(group.tx)
        .await?;
    let last: HashMap<Id, jobs::Model> = ended.into_iter().map(|job| (job.restaurant_id, job)).collect();
    let last: Vec<jobs::Model> = last.into_values().filter(|job| !job.is_open).collect();
    let unknown = unknown_outcomes(group, &last).await?;
    let of = |id: &Id| last.iter().find(|job| job.id == *id).map(|job| job.restaurant_id);
    let mut doubtful: Vec<(Id, Id)> = unknown.iter().filter_map(|(job, _)| Some((of(job)?, *job))).collect();
    doubtful.dedup();
    Ok(doubtful)
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
        let progress: Progress = serde_json::from_value(progress).map_err(|error| DbErr::Json(error.to_string()))?;
        let open = progress.0.into_iter().filter(|each| each.outcome_unknown);
        unknown.extend(open.map(|each| (execution.registration_job_id, each.sub_step)));
    }
    Ok(unknown)
}
