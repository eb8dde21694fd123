//! Making a batch: a job a restaurant, a row a step.

use std::collections::{HashMap, HashSet};

use entity::Id;
use sea_orm::{ConnectionTrait, DbErr, TryGetable};

use super::batch::{BatchRow, enter, note};
use super::change::open_jobs;
use super::unknown::{UnknownCalls, unknown_calls};
use crate::model::journal::{Operation, Origin};
use crate::model::registration::batch::{BatchEvent, BatchStatus};
use crate::model::registration::step::StepNumber;
use crate::store::rows::{in_list, statement, uuid};
use crate::store::write::KeyAnswer;
use crate::store::write::audit;
use crate::store::write::group::Group;

/// Makes a batch of these restaurants, a draft unless it is started.
#[derive(Clone, Debug)]
pub struct CreateRegistrationBatch {
    pub id: Id,
    pub organisation_id: Id,
    pub name: String,
    /// Whether executions go side by side.
    pub parallel: bool,
    /// What all restaurants have in common, an object.
    pub settings: serde_json::Value,
    /// In the order of the batch, each restaurant once, at least one.
    pub jobs: Vec<NewRegistration>,
    pub created_by: Option<Id>,
    pub template_id: Option<Id>,
    pub schedule_id: Option<Id>,
    pub start: bool,
    /// Also where nobody knows what a call of an ended registration has done.
    pub despite_unknown_outcomes: bool,
    pub origin: Origin,
    pub answer: Option<KeyAnswer>,
}

/// A job of a batch that is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewRegistration {
    pub id: Id,
    pub restaurant_id: Id,
}

impl NewRegistration {
    #[must_use]
    pub fn of(restaurant_id: Id) -> Self {
        Self {
            id: Id::now(),
            restaurant_id,
        }
    }
}

/// The answer to [`CreateRegistrationBatch`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegistrationBatchCreated {
    Created,
    /// Nothing was made.
    Refused(BatchRefused),
}

/// Which restaurants stand against it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BatchRefused {
    pub unknown: Vec<Id>,
    /// Those of another organisation.
    pub foreign: Vec<Id>,
    /// Those that are being registered: the restaurant and the batch that does.
    pub busy: Vec<(Id, Id)>,
    /// Calls of ended registrations of which nobody knows what they did.
    pub doubtful: Vec<UnknownCalls>,
}

impl BatchRefused {
    fn is_empty(&self) -> bool {
        self.unknown.is_empty() && self.foreign.is_empty() && self.busy.is_empty() && self.doubtful.is_empty()
    }
}

/// What stands against registering these restaurants from the beginning.
pub(in crate::store::write) async fn obstacles(
    group: &Group<'_>,
    organisation_id: Id,
    restaurants: &[Id],
) -> Result<BatchRefused, DbErr> {
    let mut refused = BatchRefused::default();
    if restaurants.is_empty() {
        return Ok(refused);
    }
    let (list, values) = in_list(restaurants);
    let sql = format!(
        "select r.id, r.organisation_id, o.batch_job_id from restaurants r \
         left join registration_jobs o on o.restaurant_id = r.id and o.is_open where r.id in ({list})"
    );
    let rows = group.tx.query_all_raw(statement(group.backend, &sql, values)).await?;
    let mut known: HashMap<Id, (Id, Option<Id>)> = HashMap::with_capacity(rows.len());
    for row in &rows {
        let id = Id::try_get_by(row, 0)?;
        known.insert(id, (Id::try_get_by(row, 1)?, Option::<Id>::try_get_by(row, 2)?));
    }
    let mut free = Vec::with_capacity(restaurants.len());
    for id in restaurants {
        match known.get(id) {
            None => refused.unknown.push(*id),
            Some((of, _)) if *of != organisation_id => refused.foreign.push(*id),
            Some((_, Some(batch))) => refused.busy.push((*id, *batch)),
            Some(_) => free.push(*id),
        }
    }
    refused.doubtful = unknown_calls(group, &free).await?;
    Ok(refused)
}

/// Those of these restaurants that a new batch of the organisation can take, in the same order.
pub(super) async fn free_restaurants(
    group: &Group<'_>,
    organisation_id: Id,
    restaurants: &[Id],
) -> Result<Vec<Id>, DbErr> {
    let refused = obstacles(group, organisation_id, restaurants).await?;
    let busy = refused.busy.iter().map(|(restaurant, _)| restaurant);
    let taken = busy.chain(refused.doubtful.iter().map(|calls| &calls.restaurant_id));
    let out: HashSet<&Id> = refused.unknown.iter().chain(&refused.foreign).chain(taken).collect();
    Ok(restaurants.iter().filter(|id| !out.contains(id)).copied().collect())
}

/// Makes a batch of restaurants that nothing stands against, and starts it if it is to be.
pub(in crate::store::write) async fn make_batch(
    group: &mut Group<'_>,
    batch: NewBatch<'_>,
    jobs: &[NewRegistration],
    starts: bool,
    origin: &Origin,
) -> Result<(), DbErr> {
    let row = insert_batch(group, batch, origin).await?;
    for (position, job) in jobs.iter().enumerate() {
        insert_job(group, row.organisation_id, row.id, *job, position).await?;
    }
    if starts {
        start(group, &row, origin).await?;
    }
    Ok(())
}

/// A batch's row as it is made.
pub(in crate::store::write) struct NewBatch<'a> {
    pub id: Id,
    pub organisation_id: Id,
    pub name: &'a str,
    pub parallel: bool,
    pub settings: serde_json::Value,
    pub total: usize,
    pub retry_of: Option<Id>,
    pub template_id: Option<Id>,
    pub schedule_id: Option<Id>,
    pub created_by: Option<Id>,
}

/// Writes the batch's row, a draft, and says so in the journal.
pub(super) async fn insert_batch(
    group: &mut Group<'_>,
    batch: NewBatch<'_>,
    origin: &Origin,
) -> Result<BatchRow, DbErr> {
    let ids = ["retry_of", "template_id", "schedule_id", "created_by"].map(|_| uuid(group.backend, "?"));
    let sql = format!(
        "insert into registration_batch_jobs (id, organisation_id, name, execution_mode, status, total_restaurants, \
         settings, retry_of, template_id, schedule_id, created_by, created_at, updated_at) \
         values (?,?,?,?,'draft',?,?,{},?,?)",
        ids.join(",")
    );
    let mode = if batch.parallel { "parallel" } else { "sequential" };
    let values = [
        batch.id.into(),
        batch.organisation_id.into(),
        batch.name.to_owned().into(),
        mode.into(),
        i32::try_from(batch.total).unwrap_or(i32::MAX).into(),
        batch.settings.into(),
        batch.retry_of.into(),
        batch.template_id.into(),
        batch.schedule_id.into(),
        batch.created_by.into(),
        group.now.into(),
        group.now.into(),
    ];
    group.execute(&sql, values).await?;
    let row = BatchRow::load(group, batch.id)
        .await?
        .ok_or_else(|| DbErr::RecordNotInserted)?;
    let details = serde_json::json!({ "total": batch.total, "retry_of": batch.retry_of });
    note(
        group,
        &row,
        Operation::BatchCreated,
        BatchStatus::Draft.as_str(),
        BatchStatus::Draft.as_str(),
        origin,
        details,
    );
    Ok(row)
}

/// Starts a batch that was just made.
pub(super) async fn start(group: &mut Group<'_>, row: &BatchRow, origin: &Origin) -> Result<(), DbErr> {
    open_jobs(group, row.id).await?;
    enter(group, row, BatchStatus::Pending, BatchEvent::Start, origin, None).await
}

/// Writes a job that has done nothing, and its six steps.
pub(super) async fn insert_job(
    group: &Group<'_>,
    organisation_id: Id,
    batch: Id,
    job: NewRegistration,
    position: usize,
) -> Result<(), DbErr> {
    const JOB: &str = "insert into registration_jobs (id, batch_job_id, organisation_id, restaurant_id, position, \
        reference, since_seq, created_at, updated_at) values (?,?,?,?,?,?,?,?,?)";
    let NewRegistration { id, restaurant_id } = job;
    let values = [
        id.into(),
        batch.into(),
        organisation_id.into(),
        restaurant_id.into(),
        i32::try_from(position).unwrap_or(i32::MAX).into(),
        id.into(),
        group.next_seq().into(),
        group.now.into(),
        group.now.into(),
    ];
    group.execute(JOB, values).await?;
    let places = vec!["(?,?,?,?,?,?,?,?)"; StepNumber::ALL.len()].join(",");
    let sql = format!(
        "insert into registration_job_steps (id, registration_job_id, organisation_id, step_number, step_name, \
         step_type, created_at, updated_at) values {places}"
    );
    let steps = StepNumber::ALL.into_iter().flat_map(|step| {
        [
            Id::now().into(),
            id.into(),
            organisation_id.into(),
            step.number().into(),
            step.name().into(),
            step.kind().into(),
            group.now.into(),
            group.now.into(),
        ]
    });
    group.execute(&sql, steps).await?;
    Ok(())
}

impl CreateRegistrationBatch {
    pub(in crate::store::write) async fn apply(
        &self,
        group: &mut Group<'_>,
    ) -> Result<RegistrationBatchCreated, DbErr> {
        let restaurants: Vec<Id> = self.jobs.iter().map(|job| job.restaurant_id).collect();
        let mut refused = obstacles(group, self.organisation_id, &restaurants).await?;
        if self.despite_unknown_outcomes {
            refused.doubtful.clear();
        }
        if !refused.is_empty() {
            return Ok(RegistrationBatchCreated::Refused(refused));
        }
        let batch = NewBatch {
            id: self.id,
            organisation_id: self.organisation_id,
            name: &self.name,
            parallel: self.parallel,
            settings: self.settings.clone(),
            total: self.jobs.len(),
            retry_of: None,
            template_id: self.template_id,
            schedule_id: self.schedule_id,
            created_by: self.created_by,
        };
        make_batch(group, batch, &self.jobs, self.start, &self.origin).await?;
        audit::note(group, &self.origin, format!("registration batch {}", self.id)).await?;
        if let Some(answer) = &self.answer {
            answer.write(group).await?;
        }
        Ok(RegistrationBatchCreated::Created)
    }

    pub(in crate::store::write) fn bytes(&self) -> usize {
        self.jobs.len() * 512 + self.settings.to_string().len()
    }
}
