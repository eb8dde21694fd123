//! Batches of whoever can be registered of some: as templates and schedules make them.

use entity::Id;
use sea_orm::DbErr;

use super::create::{NewBatch, NewRegistration, free_restaurants, make_batch};
use crate::model::journal::Origin;
use crate::store::write::audit;
use crate::store::write::group::Group;
use crate::store::write::{KeyAnswer, RequestKey, RunSchedule};

/// Makes a batch of the first of these restaurants that nothing stands against.
#[derive(Clone, Debug)]
pub struct ChooseRegistrationBatch {
    pub id: Id,
    pub organisation_id: Id,
    pub name: String,
    /// Whether executions go side by side.
    pub parallel: bool,
    /// What all restaurants have in common, an object.
    pub settings: serde_json::Value,
    /// In the order of the batch, some of them to spare: others may have begun to register them meanwhile.
    pub candidates: Vec<Id>,
    /// Restaurants that the batch takes at most.
    pub most: usize,
    pub created_by: Option<Id>,
    pub template_id: Id,
    pub start: bool,
    /// Where this ends a request that carried a key.
    pub key: Option<RequestKey>,
    pub origin: Origin,
}

/// The answer to [`ChooseRegistrationBatch`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegistrationBatchChosen {
    /// With so many restaurants.
    Created(usize),
    /// Something stands against each of them.
    Nobody,
}

impl ChooseRegistrationBatch {
    pub(in crate::store::write) async fn apply(&self, group: &mut Group<'_>) -> Result<RegistrationBatchChosen, DbErr> {
        let batch = NewBatch {
            id: self.id,
            organisation_id: self.organisation_id,
            name: &self.name,
            parallel: self.parallel,
            settings: self.settings.clone(),
            total: self.most,
            retry_of: None,
            template_id: Some(self.template_id),
            schedule_id: None,
            created_by: self.created_by,
        };
        let Some(jobs) = make_of_free(group, batch, &self.candidates, self.start, &self.origin).await? else {
            return Ok(RegistrationBatchChosen::Nobody);
        };
        if let Some(request) = &self.key {
            let answer = KeyAnswer {
                request: request.clone(),
                answer: RunSchedule::answer(self.id, jobs),
            };
            answer.write(group).await?;
        }
        Ok(RegistrationBatchChosen::Created(jobs))
    }

    pub(in crate::store::write) fn bytes(&self) -> usize {
        self.candidates.len() * 512 + self.settings.to_string().len()
    }
}

/// Makes the batch of up to its `total` of these restaurants, those that nothing stands against; how many it has, unless there are none.
pub(in crate::store::write) async fn make_of_free(
    group: &mut Group<'_>,
    batch: NewBatch<'_>,
    candidates: &[Id],
    starts: bool,
    origin: &Origin,
) -> Result<Option<usize>, DbErr> {
    let mut restaurants = free_restaurants(group, batch.organisation_id, candidates).await?;
    restaurants.truncate(batch.total);
    if restaurants.is_empty() {
        return Ok(None);
    }
    let (id, total) = (batch.id, restaurants.len());
    let jobs: Vec<NewRegistration> = restaurants.into_iter().map(NewRegistration::of).collect();
    make_batch(group, NewBatch { total, ..batch }, &jobs, starts, origin).await?;
    audit::note(group, origin, format!("registration batch {id}")).await?;
    Ok(Some(total))
}
